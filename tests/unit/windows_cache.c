/* SPDX-License-Identifier: Apache-2.0
 *
 * Aggregations of windows and sessions with the record cache on and off (KIP-63): the final rows
 * are the same, fewer changes are forwarded, and a window that is emitted when it closes is
 * forwarded once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <weir/dsl.h>

#include "core/map.h"
#include "support/driven.h"

#define RECORDS 400
#define KEYS 5
#define CACHE_BYTES ((size_t)1 << 20)
#define SMALL_CACHE_BYTES ((size_t)700) /* evicts in the middle of records */
#define KEY_MAX 128

/* ---- The topology ---- */

static weir_err is_even(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)
{
    (void)ctx;
    (void)user;
    *keep = *(const int64_t *)in->value % 2 == 0;
    return WEIR_OK;
}

static weir_err greater(weir_ctx *ctx, const void *aggregate, const void *value, void *out,
                        void *user)
{
    (void)ctx;
    (void)user;
    const weir_slice *a = aggregate;
    const weir_slice *b = value;
    *(weir_slice *)out = b == NULL || a->len >= b->len ? *a : *b;
    return WEIR_OK;
}

/* Deletes a window's row now and then. */
static weir_err none(weir_ctx *ctx, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(int64_t *)out = 0;
    return WEIR_OK;
}

static weir_err up_to_three(weir_ctx *ctx, const weir_record *in, const void *aggregate, void *out,
                            void *user)
{
    (void)in;
    (void)user;
    *(int64_t *)out = *(const int64_t *)aggregate + 1;
    if (*(int64_t *)out == 4) {
        weir_out_null(ctx, out);
    }
    return WEIR_OK;
}

static weir_err by_inner_key(weir_ctx *ctx, const weir_record *in, void *key, void *value,
                             void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)key = *(const weir_slice *)((const weir_windowed *)in->key)->key;
    *(weir_slice *)value = *(const weir_slice *)in->value;
    return WEIR_OK;
}

static void to(weir_table table, const char *topic)
{
    weir_to(weir_to_stream(table, NULL), topic, NULL);
}

static weir_topology *windowed(weir_backend backend)
{
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_store_opts opts = {.backend = backend, .retention_ms = 200000};
    weir_store_opts numbers = {.backend = backend, .retention_ms = 200000, .value = &weir_i64};
    weir_grouped grouped =
        weir_group_by_key(weir_source(b, "in", &weir_string, &weir_string, NULL), NULL);
    weir_windowed_stream tens = weir_windowed_by(grouped, weir_tumbling(10, 100), NULL);
    weir_windowed_stream hops = weir_windowed_by(grouped, weir_hopping(10, 4, 100), NULL);
    weir_windowed_stream finals =
        weir_windowed_by(grouped, weir_tumbling(20, 7), &(weir_windowed_opts){WEIR_EMIT_ON_CLOSE});
    weir_table counts = weir_windowed_count(tens, "counts", &opts);
    to(counts, "counts");
    weir_table longest = weir_windowed_reduce(hops, greater, NULL, "longest", &opts);
    to(longest, "longest");
    to(weir_windowed_aggregate(tens, none, up_to_three, NULL, "threes", &numbers), "threes");
    to(weir_windowed_count(finals, "finals", &opts), "finals");
    weir_windowed_stream sliding = weir_windowed_by(grouped, weir_sliding(10, 100), NULL);
    to(weir_windowed_count(sliding, "sliding", &opts), "sliding");
    weir_session_stream sessions =
        weir_session_windowed_by(grouped, weir_session_gap(6, 100), NULL);
    weir_table by_session = weir_session_windowed_count(sessions, "sessions", &opts);
    to(by_session, "sessions");
    to(weir_session_windowed_reduce(sessions, greater, NULL, "longest-of", &opts), "longest-of");
    to(weir_table_filter(by_session, is_even, NULL, "even-sessions", NULL), "even-sessions");
    to(weir_table_filter(counts, is_even, NULL, "even", NULL), "even");
    /* Of a reduce: the first old value is null. A count's is 0, so a group loses one for each
     * window whose first change is forwarded, as in Kafka Streams. */
    weir_grouped_table by =
        weir_table_group_by(longest, "by", &weir_string, &weir_string, by_inner_key, NULL);
    to(weir_table_count(by, "windows", NULL), "windows");
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_string_equal(error.message, "");
    return topology;
}

/* ---- Runs ---- */

static void pipe_all(driven *task)
{
    static const char *const values[] = {"a", "ab", "abc", NULL};
    uint64_t seed = 1;
    for (int i = 0; i < RECORDS; i++) {
        char key[8];
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        unsigned draw = (unsigned)(seed >> 40);
        snprintf(key, sizeof key, "k%u", draw % KEYS);
        int64_t time_ms = i + (int64_t)((draw >> 8) % 16);
        weir_err err = driven_pipe(task, "in", key, values[(draw >> 12) % 4], time_ms);
        if (err == WEIR_OK && task->cache_bytes > 0 && i % 23 == 0) {
            err = driven_commit(task);
        }
        if (err != WEIR_OK) {
            fail_msg("%s", task->error.message);
        }
    }
    /* The first commit writes to the repartition topic, whose groups the second one flushes. */
    for (int i = 0; task->cache_bytes > 0 && i < 2; i++) {
        assert_int_equal(driven_commit(task), WEIR_OK);
        assert_int_equal(driven_advance(task, 1), WEIR_OK);
    }
}

/* The last record of each topic and key. */
static void collect(const driven *task, weir__map *rows)
{
    for (size_t i = 0; i < task->sent_count; i++) {
        const weir__message_view *sent = driven_sent(task, i);
        char name[KEY_MAX];
        size_t used = strlen(sent->topic) + 1;
        if (task->sent[i]->internal) {
            continue;
        }
        assert_true(used + sent->key.len <= sizeof name);
        memcpy(name, sent->topic, used);
        memcpy(name + used, sent->key.data, sent->key.len);
        weir_slice key = {name, used + sent->key.len};
        assert_int_equal(weir__map_put(rows, key, (void *)(uintptr_t)sent), WEIR_OK);
    }
}

static void compare(const weir__map *expected, const weir__map *actual)
{
    for (const weir__map_entry *e = expected->first; e != NULL; e = e->next) {
        const weir__message_view *one = e->value;
        const weir__message_view *other = weir__map_get(actual, e->key);
        /* A row that was put and deleted in the cache is not forwarded. */
        weir_slice value = other != NULL ? other->value : (weir_slice){0};
        if (!weir_slice_equal(one->value, value) ||
            (value.data != NULL && one->timestamp_ms != other->timestamp_ms)) {
            fail_msg("%s: a row of '%.2s' differs", one->topic, (const char *)one->key.data);
        }
    }
    assert_true(actual->count <= expected->count);
}

static size_t sent_to(const driven *task, const char *topic)
{
    size_t count = 0;
    for (size_t i = 0; i < task->sent_count; i++) {
        count += strcmp(driven_sent(task, i)->topic, topic) == 0;
    }
    return count;
}

static void compare_with_cache(weir_backend backend, size_t cache_bytes)
{
    weir_topology *topology = windowed(backend);
    const char *const *settings =
        DRIVEN_SETTINGS("__emit.interval.ms.kstreams.windowed.aggregation__", "0");
    driven plain = {.settings = settings};
    driven cached = {.settings = settings, .cache_bytes = cache_bytes};
    weir__map expected = {0};
    weir__map actual = {0};
    assert_int_equal(driven_open(&plain, topology, 0), WEIR_OK);
    assert_int_equal(driven_open(&cached, topology, 0), WEIR_OK);
    pipe_all(&plain);
    pipe_all(&cached);
    collect(&plain, &expected);
    collect(&cached, &actual);
    assert_true(expected.count > 100);
    compare(&expected, &actual);
    assert_true(sent_to(&cached, "counts") < sent_to(&plain, "counts"));
    assert_true(sent_to(&plain, "finals") > KEYS);
    assert_int_equal(sent_to(&cached, "finals"), sent_to(&plain, "finals"));
    assert_int_equal(driven_dropped(&cached), driven_dropped(&plain));
    weir__map_fini(&expected, NULL);
    weir__map_fini(&actual, NULL);
    driven_close(&plain);
    driven_close(&cached);
    weir_topology_free(topology);
}

static void final_windows_in_memory_do_not_depend_on_the_cache(void **state)
{
    (void)state;
    compare_with_cache(WEIR_BACKEND_MEMORY, CACHE_BYTES);
    compare_with_cache(WEIR_BACKEND_MEMORY, SMALL_CACHE_BYTES);
}

static void final_windows_on_disk_do_not_depend_on_the_cache(void **state)
{
    (void)state;
    compare_with_cache(WEIR_BACKEND_ROCKSDB, CACHE_BYTES);
    compare_with_cache(WEIR_BACKEND_ROCKSDB, SMALL_CACHE_BYTES);
}

/* ---- What a flush forwards ---- */

static void the_cache_forwards_the_last_change_of_a_window_with_its_metadata(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_grouped grouped =
        weir_group_by_key(weir_source(b, "in", &weir_string, &weir_string, NULL), NULL);
    weir_windowed_stream tens = weir_windowed_by(grouped, weir_tumbling(10, 100), NULL);
    to(weir_windowed_count(tens, "counts", NULL), "counts");
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_string_equal(error.message, "");
    driven task = {.cache_bytes = CACHE_BYTES};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    weir_header header = {"h", weir_slice_of("last")};
    weir_slice key = weir_slice_of("k");
    assert_int_equal(driven_pipe(&task, "in", "k", "v", 15), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "k", "v", 3), WEIR_OK);
    assert_int_equal(driven_pipe_record(&task, "in", key, key, 12, &header, 1), WEIR_OK);
    assert_int_equal(sent_to(&task, "counts"), 0);
    assert_int_equal(driven_commit(&task), WEIR_OK);
    assert_int_equal(sent_to(&task, "counts"), 2);

    const weir__message_view *last = NULL;
    for (size_t i = 0; i < task.sent_count; i++) {
        const weir__message_view *sent = driven_sent(&task, i);
        last = strcmp(sent->topic, "counts") == 0 ? sent : last;
    }
    assert_memory_equal(last->key.data, "k\0\0\0\0\0\0\0\012", 9);
    assert_memory_equal(last->value.data, "\0\0\0\0\0\0\0\2", 8);
    assert_int_equal(last->timestamp_ms, 15); /* the greatest of the window */
    assert_int_equal(last->header_count, 1);  /* of the record that came last */
    driven_close(&task);
    weir_topology_free(topology);
}

static void a_session_that_is_merged_in_the_cache_is_never_forwarded(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_grouped grouped =
        weir_group_by_key(weir_source(b, "in", &weir_string, &weir_string, NULL), NULL);
    weir_session_stream sessions =
        weir_session_windowed_by(grouped, weir_session_gap(5, 100), NULL);
    to(weir_session_windowed_count(sessions, "sessions", NULL), "sessions");
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_string_equal(error.message, "");
    driven task = {.cache_bytes = CACHE_BYTES};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "k", "v", 1), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "k", "v", 4), WEIR_OK);
    assert_int_equal(driven_commit(&task), WEIR_OK);
    assert_int_equal(sent_to(&task, "sessions"), 1);
    /* The session that the last commit has forwarded is deleted. */
    assert_int_equal(driven_pipe(&task, "in", "k", "v", 8), WEIR_OK);
    assert_int_equal(driven_commit(&task), WEIR_OK);
    assert_int_equal(sent_to(&task, "sessions"), 3);

    const weir__message_view *of[3] = {NULL};
    for (size_t i = 0, at = 0; i < task.sent_count; i++) {
        const weir__message_view *sent = driven_sent(&task, i);
        if (strcmp(sent->topic, "sessions") == 0) {
            of[at++] = sent;
        }
    }
    assert_memory_equal(of[0]->key.data, "k\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0\1", 17);
    assert_int_equal(of[0]->timestamp_ms, 4); /* the end of the session */
    assert_memory_equal(of[1]->key.data, of[0]->key.data, 17);
    assert_null(of[1]->value.data);
    assert_int_equal(of[1]->timestamp_ms, 4);
    assert_memory_equal(of[2]->key.data, "k\0\0\0\0\0\0\0\10\0\0\0\0\0\0\0\1", 17);
    assert_memory_equal(of[2]->value.data, "\0\0\0\0\0\0\0\3", 8);
    assert_int_equal(of[2]->timestamp_ms, 8);
    driven_close(&task);
    weir_topology_free(topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(final_windows_in_memory_do_not_depend_on_the_cache),
        cmocka_unit_test(final_windows_on_disk_do_not_depend_on_the_cache),
        cmocka_unit_test(the_cache_forwards_the_last_change_of_a_window_with_its_metadata),
        cmocka_unit_test(a_session_that_is_merged_in_the_cache_is_never_forwarded),
    };
    return cmocka_run_group_tests_name("windows and cache", tests, NULL, NULL);
}
