/* SPDX-License-Identifier: Apache-2.0
 *
 * Typed stores and tables: what processors see, what a cache changes, what threads share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "process/change.h"
#include "support/driven.h"

#define CACHE_BYTES ((size_t)1 << 20)

static weir_topology *built(weir_builder *b)
{
    weir_error error = {0};
    weir_topology *topology = weir_build(b, NULL, &error);
    if (topology == NULL) {
        fail_msg("%s", error.message);
    }
    return topology;
}

static void opened(driven *task, const weir_topology *topology, size_t cache_bytes)
{
    *task = (driven){.cache_bytes = cache_bytes};
    if (driven_open(task, topology, 0) != WEIR_OK) {
        fail_msg("%s", task->error.message);
    }
}

static void committed(driven *task)
{
    if (driven_commit(task) != WEIR_OK) {
        fail_msg("%s", task->error.message);
    }
}

static void piped(driven *task, const char *topic, const char *key, const char *value, int64_t ts)
{
    if (driven_pipe(task, topic, key, value, ts) != WEIR_OK) {
        fail_msg("%s", task->error.message);
    }
}

static void assert_record(const driven *task, size_t index, const char *topic, const char *key,
                          weir_slice value, int64_t timestamp_ms)
{
    assert_true(index < task->sent_count);
    const weir__message_view *record = driven_sent(task, index);
    assert_string_equal(record->topic, topic);
    assert_true(weir_slice_equal(record->key, weir_slice_of(key)));
    assert_true(weir_slice_equal(record->value, value));
    assert_int_equal(record->timestamp_ms, timestamp_ms);
}

static weir_slice count_of(char number)
{
    static char bytes[4][8];
    static unsigned next;
    char *at = bytes[next++ % 4];
    memset(at, 0, 8);
    at[7] = number;
    return (weir_slice){at, 8};
}

/* ---- Processors and stores ---------------------------------------------------------------- */

static weir_err use_store(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_kv *kv = weir_store(ctx, "s");
    const weir_slice *found = NULL;
    const void *value = NULL;
    int64_t ts = 0;
    weir_slice b = weir_slice_of("b");
    bool good = weir_kv_put(kv, in->key, in->value, in->timestamp_ms) == WEIR_OK &&
                weir_kv_put(kv, &b, in->value, 9) == WEIR_OK &&
                weir_kv_get(kv, in->key, &value, &ts) == WEIR_OK;
    found = value;
    good = good && found != NULL && weir_slice_equal(*found, *(const weir_slice *)in->value) &&
           ts == in->timestamp_ms && weir_kv_get(kv, NULL, &value, NULL) == WEIR_EINVAL &&
           weir_kv_put(kv, NULL, in->value, 1) == WEIR_EINVAL &&
           weir_kv_put(kv, &b, in->value, -1) == WEIR_EINVAL &&
           weir_kv_delete(kv, NULL) == WEIR_EINVAL;
    weir_kv_iter *iter = NULL;
    const void *key = NULL;
    size_t rows = 0;
    good = good && weir_kv_range(kv, in->key, &b, false, &iter) == WEIR_OK;
    while (good && weir_kv_next(iter, &key, &value, &ts)) {
        rows++;
    }
    good = good && weir_kv_iter_close(iter) == WEIR_OK && rows == 2;
    good = good && weir_kv_put(kv, &b, NULL, 0) == WEIR_OK &&
           weir_kv_get(kv, &b, &value, &ts) == WEIR_OK && value == NULL &&
           weir_kv_iter_close(NULL) == WEIR_OK;
    return good ? WEIR_OK : weir_fail(ctx, WEIR_EUSER, "the store is wrong: %zu rows", rows);
}

static const weir_processor_ops use_store_ops = {"use_store", NULL, use_store, NULL};

static void a_processor_reads_what_it_wrote(void **state)
{
    (void)state;
    for (size_t cached = 0; cached <= 1; cached++) {
        weir_builder *b = weir_builder_new();
        weir_add_store(b, "s",
                       &(weir_store_opts){.key = &weir_string,
                                          .value = &weir_string,
                                          .caching = cached ? WEIR_ON : WEIR_OFF},
                       NULL);
        weir_process(weir_source(b, "in", &weir_string, &weir_string, NULL), &weir_string,
                     &weir_string, &use_store_ops, NULL,
                     &(weir_process_opts){.stores = (const char *const[]){"s", NULL}});
        weir_topology *topology = built(b);
        driven task;
        opened(&task, topology, CACHE_BYTES);
        piped(&task, "in", "a", "1", 3);
        committed(&task);
        assert_record(&task, 0, "conformance-s-changelog", "a", weir_slice_of("1"), 3);
        driven_close(&task);
        weir_topology_free(topology);
    }
}

/* ---- The cache ---------------------------------------------------------------------------- */

static weir_topology *word_count(void)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_string, NULL);
    weir_table counts = weir_count(weir_group_by_key(in, NULL), "n", NULL);
    weir_to(weir_to_stream(counts, NULL), "out", NULL);
    return built(b);
}

static void a_cache_sends_one_change_a_key_at_commit(void **state)
{
    (void)state;
    weir_topology *topology = word_count();
    driven task;
    opened(&task, topology, CACHE_BYTES);
    piped(&task, "in", "a", "v", 5);
    piped(&task, "in", "b", "v", 6);
    assert_int_equal(driven_pipe_record(&task, "in", weir_slice_of("a"), weir_slice_of("v"), 4,
                                        &(weir_header){"h", weir_slice_of("last")}, 1),
                     WEIR_OK);
    assert_int_equal(task.sent_count, 0);
    assert_int_equal(driven_commit(&task), WEIR_OK);
    assert_int_equal(task.sent_count, 4);
    /* In order of the last put; the row's timestamp, the last record's headers. */
    assert_record(&task, 0, "conformance-n-changelog", "b", count_of(1), 6);
    assert_record(&task, 1, "out", "b", count_of(1), 6);
    assert_record(&task, 2, "conformance-n-changelog", "a", count_of(2), 5);
    assert_record(&task, 3, "out", "a", count_of(2), 5);
    assert_int_equal(driven_sent(&task, 1)->header_count, 0);
    assert_int_equal(driven_sent(&task, 3)->header_count, 1);
    assert_string_equal(driven_sent(&task, 3)->headers[0].name, "h");
    assert_int_equal(driven_commit(&task), WEIR_OK);
    assert_int_equal(task.sent_count, 4);
    driven_close(&task);
    weir_topology_free(topology);
}

static void a_small_cache_sends_changes_in_the_middle_of_a_record(void **state)
{
    (void)state;
    weir_topology *topology = word_count();
    driven task;
    opened(&task, topology, 200);
    char key[2] = "a";
    for (int i = 0; i < 26; i++) {
        key[0] = (char)('a' + i);
        piped(&task, "in", key, "v", i);
    }
    assert_true(task.sent_count > 0);
    assert_int_equal(driven_commit(&task), WEIR_OK);
    assert_int_equal(task.sent_count, 2 * 26);
    for (int i = 0; i < 26; i++) {
        key[0] = (char)('a' + i);
        assert_record(&task, (size_t)(2 * i + 1), "out", key, count_of(1), i);
    }
    driven_close(&task);
    weir_topology_free(topology);
}

/* ---- Old values --------------------------------------------------------------------------- */

typedef struct changes {
    int64_t new_values[8];
    int64_t old_values[8];
    size_t count;
} changes;

static weir_err see_change(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)ctx;
    changes *seen = state;
    const weir__change *change = in->value;
    seen->new_values[seen->count] = *(const int64_t *)change->new_value;
    seen->old_values[seen->count++] =
        change->old_value != NULL ? *(const int64_t *)change->old_value : -1;
    return WEIR_OK;
}

static weir_err keep_user(weir_ctx *ctx, void *user, void **state)
{
    (void)ctx;
    *state = user;
    return WEIR_OK;
}

static const weir_processor_ops see_change_ops = {"see_change", keep_user, see_change, NULL};

/* A node below the count that reads its changes, as operators on tables do. */
static weir_topology *watched_count(changes *seen, bool send_old)
{
    weir_topology *topology = word_count();
    for (size_t i = 0; i < topology->node_count; i++) {
        weir__node *node = (weir__node *)&topology->nodes[i];
        if (node->kind == WEIR__PROCESSOR && node->store_count == 1) {
            node->send_old = send_old;
        } else if (node->kind == WEIR__PROCESSOR) {
            node->ops = &see_change_ops;
            node->user = seen;
        }
    }
    return topology;
}

static void old_values_travel_only_where_they_are_wanted(void **state)
{
    (void)state;
    for (size_t cached = 0; cached <= 1; cached++) {
        for (int wanted = 0; wanted <= 1; wanted++) {
            changes seen = {0};
            weir_topology *topology = watched_count(&seen, wanted);
            driven task;
            opened(&task, topology, cached * CACHE_BYTES);
            piped(&task, "in", "a", "v", 1);
            committed(&task);
            piped(&task, "in", "a", "v", 2);
            committed(&task);
            assert_int_equal(seen.count, 2);
            assert_int_equal(seen.new_values[1], 2);
            /* Without a cache the first old value is the initializer's. */
            assert_int_equal(seen.old_values[0], wanted && !cached ? 0 : -1);
            assert_int_equal(seen.old_values[1], wanted ? 1 : -1);
            driven_close(&task);
            weir_topology_free(topology);
        }
    }
}

/* ---- Tables ------------------------------------------------------------------------------- */

static weir_err right_or_none(weir_ctx *ctx, const void *key, const void *left, const void *right,
                              void *out, void *user)
{
    (void)ctx;
    (void)key;
    (void)left;
    (void)user;
    *(weir_slice *)out = right != NULL ? *(const weir_slice *)right : weir_slice_of("none");
    return WEIR_OK;
}

static void a_join_sees_rows_that_are_still_in_the_cache(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_table t = weir_table_source(b, "t", "t", &weir_string, &weir_string, NULL);
    weir_stream s = weir_source(b, "s", &weir_string, &weir_string, NULL);
    weir_to(weir_left_join_table(s, t, &weir_string, right_or_none, NULL, NULL), "out", NULL);
    weir_topology *topology = built(b);
    driven task;
    opened(&task, topology, CACHE_BYTES);
    piped(&task, "t", "a", "v", 1);
    piped(&task, "s", "a", "x", 2);
    assert_record(&task, 0, "out", "a", weir_slice_of("v"), 2);
    driven_close(&task);
    weir_topology_free(topology);
}

static weir_err write_global(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_kv *kv = weir_store(ctx, "g");
    const void *value = NULL;
    weir_kv_iter *iter = NULL;
    const void *key = NULL;
    if (kv == NULL || weir_kv_get(kv, in->key, &value, NULL) != WEIR_OK || value == NULL ||
        weir_kv_range(kv, NULL, NULL, true, &iter) != WEIR_OK ||
        !weir_kv_next(iter, &key, &value, NULL) || weir_kv_iter_close(iter) != WEIR_OK) {
        return weir_fail(ctx, WEIR_EUSER, "the global store cannot be read");
    }
    return weir_kv_put(kv, in->key, in->value, 0);
}

static const weir_processor_ops write_global_ops = {"write_global", NULL, write_global, NULL};

static void a_global_store_is_read_by_all_and_written_by_its_topic(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_global_table_source(b, "g", "g", &weir_string, &weir_string, NULL);
    weir_process(weir_source(b, "s", &weir_string, &weir_string, NULL), &weir_string, &weir_string,
                 &write_global_ops, NULL, &(weir_process_opts){.name = "p"});
    weir_topology *topology = built(b);
    driven task;
    opened(&task, topology, 0);
    piped(&task, "g", "a", "1", 0);
    assert_int_equal(driven_pipe(&task, "s", "a", "2", 0), WEIR_ESTATE);
    assert_string_equal(task.error.message, "node 'p', task 0_0, s-0@0: the global store 'g' is "
                                            "written by its topic only");
    driven_close(&task);
    weir_topology_free(topology);
}

static void damaged_rows_are_reported_not_used(void **state)
{
    (void)state;
    weir_topology *topology = word_count();
    driven task;
    opened(&task, topology, 0);
    weir__kv *kv = weir__graph_store_layers(driven_task(&task)->graph, 0);
    weir__row row = {weir_slice_of("a"), weir_slice_of("short")};
    assert_int_equal(weir__kv_restore(kv, &row, 1, 0, &task.error), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "a", "v", 1), WEIR_ECORRUPT);
    assert_non_null(strstr(task.error.message, "a count of 5 bytes in store 'n'"));
    driven_close(&task);
    weir_topology_free(topology);
}

static void processors_read_through_the_cache(void **state)
{
    (void)state;
    weir_topology *topology = word_count();
    driven task;
    opened(&task, topology, CACHE_BYTES);
    piped(&task, "in", "a", "v", 5);
    weir_slice row = {0};
    weir__kv *top = weir__graph_store_top(driven_task(&task)->graph, 0);
    assert_int_equal(weir__kv_get(top, weir_slice_of("a"), &row, &task.error), WEIR_OK);
    assert_int_equal(row.len, 16);
    assert_int_equal(weir__load_u64(row.data), 5);
    driven_close(&task);
    weir_topology_free(topology);
}

static weir_err refuse(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)user;
    return weir_fail(ctx, WEIR_EUSER, "no %lld please", *(const long long *)in->value);
}

static void a_failing_node_below_a_cache_is_named_with_its_record(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_string, NULL);
    weir_table counts = weir_count(weir_group_by_key(in, NULL), "n", NULL);
    weir_for_each(weir_to_stream(counts, NULL), refuse, NULL, &(weir_named){"strict"});
    weir_topology *topology = built(b);
    driven task;
    opened(&task, topology, CACHE_BYTES);
    piped(&task, "in", "a", "v", 5);
    assert_int_equal(driven_commit(&task), WEIR_EUSER);
    assert_string_equal(task.error.message,
                        "task 0_0: flush: node 'strict', task 0_0, in-0@0: no 1 please");
    driven_close(&task);
    weir_topology_free(topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_processor_reads_what_it_wrote),
        cmocka_unit_test(a_cache_sends_one_change_a_key_at_commit),
        cmocka_unit_test(a_small_cache_sends_changes_in_the_middle_of_a_record),
        cmocka_unit_test(old_values_travel_only_where_they_are_wanted),
        cmocka_unit_test(a_join_sees_rows_that_are_still_in_the_cache),
        cmocka_unit_test(a_global_store_is_read_by_all_and_written_by_its_topic),
        cmocka_unit_test(damaged_rows_are_reported_not_used),
        cmocka_unit_test(processors_read_through_the_cache),
        cmocka_unit_test(a_failing_node_below_a_cache_is_named_with_its_record),
    };
    return cmocka_run_group_tests_name("process_stores", tests, NULL, NULL);
}
