/* SPDX-License-Identifier: Apache-2.0 */
#include "support/exactly_once.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/client.h"
#include "core/map.h"

#define READ_MAX 500
#define READ_POLLS_MAX 1000

/* The transaction of a crashed instance ends before the session does. */
static const char *const settings[] = {"processing.guarantee",
                                       "exactly_once_v2",
                                       "commit.interval.ms",
                                       "100",
                                       "producer.transaction.timeout.ms",
                                       "5000",
                                       NULL};

scenario *exactly_once_start(void **state, weir_instance **instances, size_t count)
{
    static const char *const names[] = {"a", "b", "c"};
    scenario *all = scenario_new(state, NULL);
    for (size_t i = 0; i < count; i++) {
        instances[i] = scenario_start(all, names[i], 1, settings);
    }
    weir_run_until(scenario_cluster(all), weir_all_running, WEIR_MINUTES(2));
    scenario_feed(all, EXACTLY_ONCE_ROUND);
    scenario_settle(all);
    return all;
}

/* ---- The reader of committed records ---- */

typedef struct reader {
    weir_config *config;
    weir__consumer *consumer;
    weir__map last; /* word -> int64_t, malloc'ed: the last count read */
    size_t read;
} reader;

static void no_log(int level, const char *text, void *user)
{
    (void)level, (void)text, (void)user;
}

static void open_reader(reader *r, scenario *all)
{
    weir_error error = {0};
    weir__offset from[SCENARIO_PARTITIONS];
    *r = (reader){.config = weir_config_new()};
    weir_config_set(r->config, "application.id", "reader", NULL);
    weir_config_set(r->config, "bootstrap.servers",
                    weir_mock_bootstrap(weir_cluster_mock(scenario_cluster(all))), NULL);
    weir_config_set(r->config, "processing.guarantee", "exactly_once_v2", NULL);
    weir__client_opts opts = {
        .config = r->config, .client_id = "reader", .log = {WEIR__LOG_ERROR, no_log, NULL}};
    assert_int_equal(weir__consumer_new(&opts, WEIR__RESTORE_CONSUMER, NULL, &r->consumer, &error),
                     WEIR_OK);
    for (int i = 0; i < SCENARIO_PARTITIONS; i++) {
        from[i] = (weir__offset){.at = {"word-counts", i}, .offset = 0};
    }
    assert_int_equal(weir__consumer_assign(r->consumer, from, SCENARIO_PARTITIONS, &error),
                     WEIR_OK);
}

static void take(reader *r, const weir__message_view *view)
{
    uint64_t value = 0;
    assert_int_equal(view->value.len, sizeof value);
    for (size_t i = 0; i < sizeof value; i++) {
        value = value << 8 | ((const uint8_t *)view->value.data)[i];
    }
    int64_t *last = weir__map_get(&r->last, view->key);
    if (last == NULL) {
        last = calloc(1, sizeof *last);
        assert_non_null(last);
        assert_int_equal(weir__map_put(&r->last, view->key, last), WEIR_OK);
    }
    if ((int64_t)value <= *last) {
        fail_msg("word '%.*s' at %s-%d@%" PRId64 ": %" PRIu64 " after %" PRId64, (int)view->key.len,
                 (const char *)view->key.data, view->topic, (int)view->partition, view->offset,
                 value, *last);
    }
    *last = (int64_t)value;
    r->read++;
}

static bool has_read_all(reader *r)
{
    for (int i = 0; i < SCENARIO_PARTITIONS; i++) {
        weir__topic_partition at = {"word-counts", i};
        int64_t end = weir__consumer_end_offset(r->consumer, at);
        if (end < 0 || weir__consumer_position(r->consumer, at) < end) {
            return false;
        }
    }
    return true;
}

/* All that is committed, compared with `expected`, the counts of the store. */
static void check_committed(scenario *all)
{
    weir__message *messages[READ_MAX];
    weir_error error = {0};
    reader r;
    open_reader(&r, all);
    for (int polls = 0; polls < READ_POLLS_MAX && !has_read_all(&r); polls++) {
        size_t count = 0;
        assert_int_equal(weir__consumer_poll(r.consumer, 100, messages, READ_MAX, &count, &error),
                         WEIR_OK);
        for (size_t i = 0; i < count; i++) {
            take(&r, &messages[i]->view);
            weir__message_free(messages[i]);
        }
    }
    assert_true(has_read_all(&r));
    weir_rows *table = weir_output_table(
        weir_cluster_output(scenario_cluster(all), "word-counts", &weir_string, &weir_i64));
    assert_int_equal(r.last.count, weir_rows_size(table));
    for (const weir__map_entry *entry = r.last.first; entry != NULL; entry = entry->next) {
        const weir_row *row = weir_rows_find(table, &entry->key);
        assert_non_null(row);
        assert_int_equal(*(const int64_t *)row->value, *(const int64_t *)entry->value);
    }
    weir__map_fini(&r.last, free);
    weir__consumer_close(r.consumer);
    weir_config_free(r.config);
}

void exactly_once_check(scenario *all)
{
    scenario_check_exact(all);
    check_committed(all);
}
