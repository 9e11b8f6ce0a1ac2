/* SPDX-License-Identifier: Apache-2.0
 *
 * Application instances on a mock cluster in virtual time, for tests of the runtime by itself. */
#ifndef WEIR_TESTS_SUPPORT_APPS_H
#define WEIR_TESTS_SUPPORT_APPS_H

#include <stdio.h>
#include <unistd.h>

#include "cluster/inspect.h"
#include "core/error.h"
#include "core/map.h"
#include "fixtures/word_count.h"
#include "sim/sim.h"
#include "sim/tsan.h"
#include "state/files.h"
#include "support/mock.h"

#define APPS_MAX 4
#define APP_EVENTS_MAX 65536
#define APP_LINE_MS 1000 /* between the timestamps of two lines */

typedef struct apps apps;

typedef struct app {
    apps *all;
    const char *name;
    weir_host *host;
    weir_topology *topology;
    weir_config *config;
    weir_app *app;
    char directory[256];
    weir_uncaught reply;
    weir_error failure; /* the first one passed to on_uncaught */
    int failures;
    int restored; /* records */
    weir_buf states;
    weir_buf steps; /* one a line, if kept */
    bool keep_steps;
    const char *pause_at; /* its host is paused at the first such step; NULL: never */
} app;

struct apps {
    weir_mock *mock;
    rd_kafka_t *producer;
    char directory[128];
    app items[APPS_MAX];
    int count;
    int lines;
    weir_buf log;
};

/* ---- Callbacks: one thread runs at a time, but ThreadSanitizer does not know it. ---- */

CLIENT_FN void app_on_state(weir_state from, weir_state to, void *user)
{
    app *one = user;
    (void)from;
    weir__tsan_ignore_begin();
    weir__buf_printf(&one->states, "%s ", weir_state_name(to));
    weir__tsan_ignore_end();
    weir_sim_trace("state", "%s %s", one->name, weir_state_name(to));
    weir_sim_notify();
}

CLIENT_FN weir_uncaught app_on_uncaught(const char *thread, const weir_error *error, void *user)
{
    app *one = user;
    (void)thread;
    weir__tsan_ignore_begin();
    if (one->failures++ == 0) {
        one->failure = *error;
    }
    weir__tsan_ignore_end();
    return one->reply;
}

CLIENT_FN void app_on_restore(const weir_restore_progress *progress, void *user)
{
    app *one = user;
    if (progress->event == WEIR_RESTORE_BATCH) {
        weir__tsan_ignore_begin();
        one->restored += (int)progress->restored;
        weir__tsan_ignore_end();
    }
}

CLIENT_FN void app_on_step(const weir_step *step, void *user)
{
    app *one = user;
    weir__tsan_ignore_begin();
    if (one->keep_steps && step->kind != WEIR_STEP_POLL) {
        weir__buf_printf(&one->steps, "%s %s\n", weir_step_name(step->kind),
                         step->task != NULL ? step->task : "");
    }
    weir_sim_trace(weir_step_name(step->kind), "%s", step->task != NULL ? step->task : "");
    if (one->pause_at != NULL && strcmp(weir_step_name(step->kind), one->pause_at) == 0) {
        one->pause_at = NULL;
        weir_sim_host_pause(one->host);
        weir_sim_yield();
    }
    weir__tsan_ignore_end();
}

CLIENT_FN void app_on_log(int level, const char *text, void *user)
{
    app *one = user;
    weir__tsan_ignore_begin();
    weir__buf_printf(&one->all->log, "%lld.%03lld %s %d %s\n",
                     (long long)(weir_sim_now_us() / 1000000),
                     (long long)(weir_sim_now_us() / 1000 % 1000), one->name, level, text);
    weir__tsan_ignore_end();
}

/* Each test has directories of its own: a crashed instance still holds RocksDB's locks. */
CLIENT_FN int apps_set_up(void **state)
{
    apps *all = calloc(1, sizeof *all);
    all->mock = mock_start(NULL);
    all->producer = client_producer(all->mock, "input", NULL);
    snprintf(all->directory, sizeof all->directory, "/tmp/weir-apps-XXXXXX");
    assert_non_null(mkdtemp(all->directory));
    *state = all;
    return 0;
}

/* Shown when a test fails. */
CLIENT_FN void apps_explain(apps *all)
{
    weir_buf text = {0};
    for (int i = 0; i < all->count; i++) {
        weir__buf_printf(&text, "%s: ", all->items[i].name);
        if (all->items[i].app != NULL) {
            weir__app_explain(all->items[i].app, 100, &text);
        }
    }
    /* cmocka cuts long messages. */
    fprintf(stderr, "%s%s", weir__buf_text(&all->log), weir__buf_text(&text));
    weir__buf_fini(&text);
}

CLIENT_FN int apps_tear_down(void **state)
{
    apps *all = *state;
    for (int i = 0; i < all->count; i++) {
        app *one = &all->items[i];
        if (weir_sim_host_alive(one->host)) {
            weir_host *before = weir_sim_host_enter(one->host);
            weir_app_free(one->app);
            weir_topology_free(one->topology);
            weir_sim_host_enter(before);
        }
        weir_config_free(one->config);
        weir__buf_fini(&one->states);
        weir__buf_fini(&one->steps);
    }
    rd_kafka_destroy(all->producer);
    weir_mock_free(all->mock);
    weir_sim_stop();
    (void)weir__remove_directory(all->directory, NULL);
    weir__buf_fini(&all->log);
    free(all);
    return 0;
}

#define apps_test(name) cmocka_unit_test_setup_teardown(name, apps_set_up, apps_tear_down)

CLIENT_FN void app_set(app *one, const char *name, const char *value)
{
    weir_error error;
    if (weir_config_set(one->config, name, value, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
}

/* An instance on a host of its own; `settings`: name, value, ..., NULL; NULL: none. */
CLIENT_FN app *app_new(apps *all, const char *name, weir_topology_fn topology,
                       const char *const *settings)
{
    weir_error error = {0};
    app *one = &all->items[all->count++];
    one->all = all;
    one->name = name;
    one->reply = WEIR_SHUTDOWN_CLIENT;
    one->host = weir_sim_host_new(name);
    one->config = weir_config_new();
    snprintf(one->directory, sizeof one->directory, "%s/%s", all->directory, name);
    app_set(one, "application.id", "app");
    app_set(one, "client.id", name);
    app_set(one, "bootstrap.servers", weir_mock_bootstrap(all->mock));
    app_set(one, "state.dir", one->directory);
    app_set(one, "commit.interval.ms", "1000");
    for (; settings != NULL && settings[0] != NULL; settings += 2) {
        app_set(one, settings[0], settings[1]);
    }
    one->topology = topology(one->config, &error);
    weir_app_opts opts = {.on_state = app_on_state,
                          .on_restore = app_on_restore,
                          .on_uncaught = app_on_uncaught,
                          .on_step = app_on_step,
                          .on_log = app_on_log,
                          .user = one};
    one->app =
        one->topology != NULL ? weir_app_new(one->topology, one->config, &opts, &error) : NULL;
    if (one->app == NULL) {
        fail_msg("%s", error.message);
    }
    return one;
}

CLIENT_FN weir_err app_try_start(app *one, weir_error *error)
{
    weir_host *before = weir_sim_host_enter(one->host);
    weir_err err = weir_app_start(one->app, error);
    weir_sim_host_enter(before);
    return err;
}

CLIENT_FN app *app_start(apps *all, const char *name, weir_topology_fn topology,
                         const char *const *settings)
{
    weir_error error;
    app *one = app_new(all, name, topology, settings);
    if (app_try_start(one, &error) != WEIR_OK) {
        apps_explain(all);
        fail_msg("%s", error.message);
    }
    return one;
}

CLIENT_FN void app_close(app *one)
{
    weir_host *before = weir_sim_host_enter(one->host);
    assert_int_equal(weir_app_close(one->app, 60000), WEIR_OK);
    weir_sim_host_enter(before);
}

/* Virtual time passes until the predicate holds. */
#define app_run_until(all, condition, seconds)                                                     \
    do {                                                                                           \
        int64_t app_end_us = weir_sim_now_us() + (int64_t)(seconds)*1000000;                       \
        weir_sim_order_writes();                                                                   \
        while (!(condition)) {                                                                     \
            if (weir_sim_now_us() >= app_end_us) {                                                 \
                apps_explain(all);                                                                 \
                fail_msg("not within %d s: %s", (int)(seconds), #condition);                       \
            }                                                                                      \
            weir_sim_sleep_us(10000);                                                              \
        }                                                                                          \
    } while (0)

CLIENT_FN bool app_is(const app *one, weir_state state)
{
    return weir_app_state(one->app) == state;
}

CLIENT_FN void send_line(apps *all, const char *topic, int32_t partition, const char *line)
{
    assert_code(
        client_produce(all->producer, topic, partition, weir_slice_of("k"), weir_slice_of(line)),
        0);
    all->lines++;
}

/* ---- Output: word -> last count. ---- */

typedef struct counts {
    weir__map last; /* values: the count as a pointer-sized number */
    int records;
} counts;

CLIENT_FN weir_err counts_take(const weir_mock_record *record, void *user)
{
    counts *all = user;
    all->records++;
    if (record->value.data == NULL) {
        (void)weir__map_remove(&all->last, record->key);
        return WEIR_OK;
    }
    assert_int_equal(record->value.len, 8);
    return weir__map_put(&all->last, record->key,
                         (void *)(uintptr_t)weir__load_u64(record->value.data));
}

CLIENT_FN int64_t count_of(apps *all, const char *topic, const char *word, int *records)
{
    counts found = {0};
    weir_error error;
    if (weir_mock_topic_read(all->mock, topic, counts_take, &found, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
    int64_t count = (int64_t)(uintptr_t)weir__map_get_text(&found.last, word);
    if (records != NULL) {
        *records = found.records;
    }
    weir__map_fini(&found.last, NULL);
    return count;
}

CLIENT_FN int64_t committed(apps *all, const char *topic, int32_t partition)
{
    return weir_mock_committed(all->mock, "app", topic, partition, NULL, 0);
}

#endif
