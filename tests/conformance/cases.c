/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the recorded cases of Kafka Streams whose operators Weir has. They lie in the folder that
 * the variable WEIR_CONFORMANCE names, else in ../shared/conformance beside the sources; without
 * them the test is skipped. WEIR_CASE runs the plans whose name holds its value, and says more. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "conformance/compare.h"
#include "conformance/plan_more.h"

#define SEEDS_MAX 9
#define REASONS_MAX 64

typedef struct tally {
    size_t run;
    size_t failed;
    size_t skipped;
    char reasons[REASONS_MAX][128];
    size_t counts[REASONS_MAX];
    size_t reason_count;
} tally;

/* ---- One case ----------------------------------------------------------------------------- */

static weir_config *config_of(const json_t *settings)
{
    static const char *const passed[] = {"application.id", "default.key.serde",
                                         "default.value.serde"};
    weir_config *config = weir_config_new();
    weir_error error = {0};
    assert_non_null(config);
    for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++) {
        const char *value = text_member(settings, passed[i]);
        if (value != NULL && weir_config_set(config, passed[i], value, &error) != WEIR_OK) {
            fail_msg("%s", error.message);
        }
    }
    return config;
}

static weir_err pipe_step(one_task *task, const json_t *step)
{
    const json_t *list = json_object_get(step, "headers");
    weir_header headers[PLAN_LIST_MAX];
    size_t count = json_array_size(list);
    assert_true(count <= PLAN_LIST_MAX);
    for (size_t i = 0; i < count; i++) {
        const json_t *header = json_array_get(list, i);
        headers[i].name = json_string_value(json_array_get(header, 0));
        headers[i].value = case_bytes(&task->memory, json_array_get(header, 1));
    }
    return one_pipe_headers(task, text_member(step, "pipe"),
                            case_bytes(&task->memory, json_object_get(step, "key")),
                            case_bytes(&task->memory, json_object_get(step, "value")),
                            json_integer_value(json_object_get(step, "ts")), headers, count);
}

/* The index of the step that failed; the number of steps when none did. */
static size_t run_steps(one_task *task, const json_t *steps)
{
    for (size_t i = 0; i < json_array_size(steps); i++) {
        const json_t *step = json_array_get(steps, i);
        task->step = (int)i;
        weir_err err = json_object_get(step, "pipe") != NULL
                           ? pipe_step(task, step)
                           : one_advance(task, number_member(step, "advance_ms"));
        if (err != WEIR_OK) {
            return i;
        }
    }
    return json_array_size(steps);
}

static void compare_error(const json_t *error, size_t step, size_t steps, const char *message,
                          difference *d)
{
    const json_t *expected = json_object_get(error, "at");
    if (json_is_integer(expected) && (size_t)json_integer_value(expected) != step) {
        differ(d, "error at step %lld expected, got %s%zu %s", json_integer_value(expected),
               step == steps ? "none; steps: " : "step ", step, message);
    } else if (!json_is_integer(expected) && step != steps) {
        differ(d, "step %zu failed: %s", step, message);
    }
}

static void run_topology(const json_t *root, const weir_topology *topology, difference *d)
{
    const json_t *config = json_object_get(root, "config");
    const char *undecodable = text_member(config, "deserialization.exception.handler");
    const char *failed = text_member(config, "processing.exception.handler");
    const json_t *steps = json_object_get(root, "steps");
    const json_t *error = json_object_get(root, "error");
    one_task task = {.skip_undecodable = undecodable != NULL && undecodable[0] == 'c',
                     .skip_failed = failed != NULL && failed[0] == 'c'};
    if (one_task_open(&task, topology, 0, number_member(root, "start_ms")) != WEIR_OK) {
        differ(d, "open: %s", task.error.message);
        goto done;
    }
    size_t end = run_steps(&task, steps);
    int end_step = (int)end;
    compare_error(error, end, json_array_size(steps), task.error.message, d);
    compare_description(topology, json_object_get(root, "describe"), d);
    compare_sent(&task, json_object_get(root, "outputs"), SENT_OUTPUT, NULL, end_step, d);
    compare_by_topic(&task, json_object_get(root, "repartitions"), SENT_REPARTITION, end_step, d);
    compare_by_topic(&task, json_object_get(root, "changelogs"), SENT_CHANGELOG, end_step, d);
    if (!json_is_object(error)) {
        compare_stores(&task, json_object_get(root, "stores"), d);
    }
    const json_t *dropped =
        json_object_get(json_object_get(root, "metrics"), "dropped-records-total");
    if (json_is_integer(dropped) && (size_t)json_integer_value(dropped) != task.dropped) {
        differ(d, "%lld dropped records expected, got %zu", json_integer_value(dropped),
               task.dropped);
    }

done:
    one_task_close(&task);
}

static void run_case(const json_t *root, char unsupported[128], difference *d)
{
    plan p = {.extractor =
                  text_member(json_object_get(root, "config"), "default.timestamp.extractor")};
    weir_error error = {0};
    const json_t *at_ = json_object_get(json_object_get(root, "error"), "at");
    const char *optimization =
        text_member(json_object_get(root, "config"), "topology.optimization");
    if (optimization != NULL && strcmp(optimization, "all") == 0) {
        plan_skip(&p, "topology.optimization", optimization);
    }
    plan_build(&p, json_object_get(root, "plan"));
    if (p.unsupported[0] != '\0') {
        weir_builder_free(p.builder);
    } else {
        weir_config *config = config_of(json_object_get(root, "config"));
        weir_topology *topology = weir_build(p.builder, config, &error);
        /* What Kafka finds out when it starts, Weir does when it builds. */
        bool fails = json_is_string(at_);
        if (topology == NULL && !fails) {
            differ(d, "weir_build: %s", error.message);
        } else if (topology != NULL && fails) {
            differ(d, "weir_build should have failed: %s",
                   text_member(json_object_get(root, "error"), "message"));
        } else if (topology != NULL) {
            run_topology(root, topology, d);
        }
        weir_topology_free(topology);
        weir_config_free(config);
    }
    snprintf(unsupported, 128, "%s", p.unsupported);
    weir__arena_fini(&p.arena);
}

/* ---- All of them -------------------------------------------------------------------------- */

static void count_skip(tally *t, const char *reason)
{
    t->skipped++;
    for (size_t i = 0; i < t->reason_count; i++) {
        if (strcmp(t->reasons[i], reason) == 0) {
            t->counts[i]++;
            return;
        }
    }
    if (t->reason_count < REASONS_MAX) {
        snprintf(t->reasons[t->reason_count], sizeof t->reasons[0], "%s", reason);
        t->counts[t->reason_count++] = 1;
    }
}

static bool run_file(const char *path, tally *t)
{
    json_t *root = json_load_file(path, JSON_ALLOW_NUL, NULL);
    if (root == NULL) {
        return false;
    }
    char unsupported[128] = "";
    difference d = {""};
    run_case(root, unsupported, &d);
    if (unsupported[0] != '\0') {
        count_skip(t, unsupported);
    } else {
        t->run++;
        if (d.text[0] != '\0') {
            t->failed++;
            print_error("%s: %s\n", text_member(root, "name"), d.text);
        } else if (getenv("WEIR_CASE") != NULL) {
            print_message("%s: ok\n", text_member(root, "name"));
        }
    }
    json_decref(root);
    return true;
}

static void all_cases(const char *folder, tally *t)
{
    struct dirent **plans = NULL;
    const char *only = getenv("WEIR_CASE");
    int count = scandir(folder, &plans, NULL, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        bool wanted =
            plans[i]->d_name[0] != '.' && (only == NULL || strstr(plans[i]->d_name, only) != NULL);
        for (int seed = 1; wanted && seed <= SEEDS_MAX; seed++) {
            char path[1024];
            snprintf(path, sizeof path, "%s/%s/%d.json", folder, plans[i]->d_name, seed);
            if (!run_file(path, t)) {
                break;
            }
        }
        free(plans[i]);
    }
    free(plans);
}

static void plans_give_what_kafka_streams_gives(void **state)
{
    (void)state;
    const char *given = getenv("WEIR_CONFORMANCE");
    char folder[512];
    struct stat found;
    snprintf(folder, sizeof folder, "%s/cases",
             given != NULL ? given : WEIR_SOURCE_DIR "/../shared/conformance");
    if (stat(folder, &found) != 0) {
        print_error("SKIPPED: no conformance cases at %s; set WEIR_CONFORMANCE\n", folder);
        skip();
    }
    tally t = {0};
    all_cases(folder, &t);
    for (size_t i = 0; i < t.reason_count; i++) {
        print_message("skipped %zu: %s\n", t.counts[i], t.reasons[i]);
    }
    print_message("%zu run, %zu failed, %zu skipped\n", t.run, t.failed, t.skipped);
    assert_int_equal(t.failed, 0);
    assert_true(t.run > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_give_what_kafka_streams_gives),
    };
    return cmocka_run_group_tests_name("conformance", tests, NULL, NULL);
}
