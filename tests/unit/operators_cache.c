/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators on tables with the record cache on and off: the final rows are the same, although the
 * cache forwards fewer changes, and forwards them later. */
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

#define RECORDS 200
#define SEEDS 20
#define TOPICS_OF_TABLES 5
#define TOPICS_OF_WINDOWS 4
#define KEYS 7
#define CACHE_BYTES ((size_t)1 << 20)
#define SMALL_CACHE_BYTES ((size_t)600) /* evicts in the middle of records */

/* ---- The topology ---- */

static weir_err is_short(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)
{
    (void)ctx;
    (void)user;
    *keep = ((const weir_slice *)in->value)->len < 3;
    return WEIR_OK;
}

static weir_err first_byte(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx;
    (void)user;
    const weir_slice *value = in->value;
    *(weir_slice *)out = (weir_slice){value->data, 1};
    return WEIR_OK;
}

static weir_err by_first_byte(weir_ctx *ctx, const weir_record *in, void *key, void *value,
                              void *user)
{
    *(weir_slice *)value = *(const weir_slice *)in->value;
    return first_byte(ctx, in, key, user);
}

static weir_err both(weir_ctx *ctx, const void *key, const void *left, const void *right, void *out,
                     void *user)
{
    (void)key;
    (void)user;
    const weir_slice none = weir_slice_of("-");
    const weir_slice *a = left != NULL ? left : &none;
    const weir_slice *b = right != NULL ? right : &none;
    char *text = weir_alloc(ctx, a->len + b->len);
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    memcpy(text, a->data, a->len);
    memcpy(text + a->len, b->data, b->len);
    *(weir_slice *)out = (weir_slice){text, a->len + b->len};
    return WEIR_OK;
}

static weir_err no_text(weir_ctx *ctx, void *out, void *user)
{
    (void)user;
    weir_out_null(ctx, out);
    return WEIR_OK;
}

static weir_err latest(weir_ctx *ctx, const weir_record *in, const void *aggregate, void *out,
                       void *user)
{
    (void)ctx;
    (void)aggregate;
    (void)user;
    *(weir_slice *)out = *(const weir_slice *)in->value;
    return WEIR_OK;
}

/* The latest value of two streams; below are operators that need its old values and its rows. */
static void add_cogroup(weir_builder *b, weir_table left)
{
    weir_store_opts text = {.value = &weir_string};
    weir_stream one = weir_source(b, "one", &weir_string, &weir_string, NULL);
    weir_stream two = weir_source(b, "two", &weir_string, &weir_string, NULL);
    weir_cogrouped cogroup =
        weir_cogroup_add(weir_cogroup(weir_group_by_key(one, NULL), latest, NULL),
                         weir_group_by_key(two, NULL), latest, NULL);
    weir_table all = weir_cogroup_aggregate(cogroup, no_text, NULL, "latest", &text);
    weir_grouped_table by =
        weir_table_group_by(all, "by-latest", &weir_string, &weir_string, by_first_byte, NULL);
    weir_to(weir_to_stream(all, NULL), "latest", NULL);
    weir_to(weir_to_stream(weir_table_count(by, "latest-heads", NULL), NULL), "latest-heads", NULL);
    weir_to(weir_to_stream(weir_table_join(all, left, both, NULL, "latest-left", &text), NULL),
            "latest-left", NULL);
}

/* A change of "direct" is forwarded at once; the stores below may then evict one of "left". */
static void add_suppress(weir_builder *b, weir_table left, weir_table heads)
{
    weir_store_opts text = {.value = &weir_string};
    weir_suppressed at_once = weir_until_time_limit(0, weir_emit_early_when_full(weir_unbounded()));
    weir_table direct = weir_table_source(b, "direct", "direct", &weir_string, &weir_string,
                                          &(weir_store_opts){.caching = WEIR_OFF});
    weir_table slow =
        weir_suppress(weir_table_outer_join(left, direct, both, NULL, NULL, &text), at_once, NULL);
    weir_to(weir_to_stream(slow, NULL), "slow", NULL);
    weir_table slow_kept = weir_table_filter_not(slow, is_short, NULL, "slow-kept", NULL);
    weir_to(weir_to_stream(slow_kept, NULL), "slow-kept", NULL);
    weir_to(weir_to_stream(weir_table_join(slow, heads, both, NULL, "slow-join", &text), NULL),
            "slow-join", NULL);
    weir_to(weir_to_stream(weir_table_left_join(heads, slow, both, NULL, NULL, &text), NULL),
            "slow-left", NULL);
}

/* A key of the topics: the first byte of the value chooses it. "c" has none. */
static weir_err key_by_value(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)user;
    const weir_slice *value = in->value;
    char first = ((const char *)value->data)[0];
    char *key = first != 'c' ? weir_alloc(ctx, 2) : NULL;
    if (key != NULL) {
        key[0] = 'k';
        key[1] = (char)('0' + (first + (int)value->len) % KEYS);
        *(weir_slice *)out = (weir_slice){key, 2};
    }
    return first != 'c' && key == NULL ? WEIR_ENOMEM : WEIR_OK;
}

static void foreign_joins(weir_table left, weir_table kept, weir_table right, weir_table heads)
{
    const weir_foreign_joiner fn = {.foreign_key = key_by_value, .joiner = both};
    const weir_store_opts opts[] = {{.value = &weir_string, .node = "f-inner"},
                                    {.value = &weir_string, .node = "f-left"},
                                    {.value = &weir_string, .node = "f-self"}};
    weir_table tables[] = {weir_table_foreign_join(left, heads, &fn, "f-inner", &opts[0]),
                           weir_table_foreign_left_join(kept, right, &fn, NULL, &opts[1]),
                           weir_table_foreign_left_join(left, left, &fn, "f-self", &opts[2])};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        weir_to(weir_to_stream(tables[i], NULL), opts[i].node, NULL);
    }
}

/* Half of the tables have a store, so that changes come from caches and from nodes above. */
static weir_topology *tables(void)
{
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_store_opts text = {.value = &weir_string};
    weir_table left = weir_table_source(b, "left", "left", &weir_string, &weir_string, NULL);
    weir_table right = weir_table_source(b, "right", NULL, &weir_string, &weir_string, NULL);
    weir_table kept = weir_table_filter(left, is_short, NULL, "kept", NULL);
    weir_table passed = weir_table_filter_not(left, is_short, NULL, NULL, NULL);
    weir_table heads = weir_table_map_values(right, &weir_string, first_byte, NULL, NULL, NULL);
    weir_grouped_table by =
        weir_table_group_by(kept, "by", &weir_string, &weir_string, by_first_byte, NULL);
    weir_grouped_table by_head =
        weir_table_group_by(passed, "by-head", &weir_string, &weir_string, by_first_byte, NULL);
    weir_to(weir_to_stream(kept, NULL), "kept", NULL);
    weir_to(weir_to_stream(weir_table_count(by, "counts", NULL), NULL), "counts", NULL);
    weir_to(weir_to_stream(weir_table_count(by_head, "heads", NULL), NULL), "heads", NULL);
    weir_to(weir_to_stream(weir_table_join(left, heads, both, NULL, "inner", &text), NULL), "inner",
            NULL);
    weir_to(weir_to_stream(weir_table_left_join(kept, heads, both, NULL, NULL, &text), NULL),
            "left-join", NULL);
    weir_to(weir_to_stream(weir_table_outer_join(kept, heads, both, NULL, "outer", &text), NULL),
            "outer", NULL);
    add_cogroup(b, left);
    add_suppress(b, left, heads);
    foreign_joins(left, kept, right, heads);
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_string_equal(error.message, "");
    return topology;
}

/* ---- Windows ---- */

static weir_err inner_key(weir_ctx *ctx, const weir_record *in, void *key, void *value, void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)key = *(const weir_slice *)((const weir_windowed *)in->key)->key;
    *(int64_t *)value = *(const int64_t *)in->value;
    return WEIR_OK;
}

static weir_err none(weir_ctx *ctx, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(int64_t *)out = 0;
    return WEIR_OK;
}

static weir_err one_more(weir_ctx *ctx, const weir_record *in, const void *aggregate, void *out,
                         void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    *(int64_t *)out = *(const int64_t *)aggregate + 1;
    return WEIR_OK;
}

static weir_err minus(weir_ctx *ctx, const weir_record *in, const void *aggregate, void *out,
                      void *user)
{
    (void)ctx;
    (void)user;
    *(int64_t *)out = *(const int64_t *)aggregate - *(const int64_t *)in->value;
    return WEIR_OK;
}

static weir_err plus(weir_ctx *ctx, const weir_record *in, const void *aggregate, void *out,
                     void *user)
{
    (void)ctx;
    (void)user;
    *(int64_t *)out = *(const int64_t *)aggregate + *(const int64_t *)in->value;
    return WEIR_OK;
}

static weir_err sum_of_two(weir_ctx *ctx, const void *key, const void *left, const void *right,
                           void *out, void *user)
{
    (void)ctx;
    (void)key;
    (void)user;
    *(int64_t *)out = *(const int64_t *)left + *(const int64_t *)right;
    return WEIR_OK;
}

/* The table to "<name>", and the sum of its rows for each key inside to "<name>-sums": that needs
 * old values. */
static void add_outputs(weir_table table, const char *name)
{
    char sums[32];
    snprintf(sums, sizeof sums, "%s-sums", name);
    const weir_table_aggregator fn = {plus, minus, NULL};
    weir_grouped_table by =
        weir_table_group_by(table, sums, &weir_string, &weir_i64, inner_key, NULL);
    weir_to(weir_to_stream(table, NULL), name, NULL);
    weir_to(weir_to_stream(
                weir_table_aggregate(by, none, &fn, sums, &(weir_store_opts){.value = &weir_i64}),
                NULL),
            sums, NULL);
}

/* Records come in the order of their times, a ms apart. */
static weir_topology *windows(void)
{
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_store_opts number = {.value = &weir_i64};
    static const char *const topics[] = {"left", "right", NULL};
    weir_grouped both_topics =
        weir_group_by_key(weir_source_many(b, topics, &weir_string, &weir_string, NULL), NULL);
    weir_grouped one =
        weir_group_by_key(weir_source(b, "one", &weir_string, &weir_string, NULL), NULL);
    weir_grouped two =
        weir_group_by_key(weir_source(b, "two", &weir_string, &weir_string, NULL), NULL);
    weir_cogrouped cogroup =
        weir_cogroup_add(weir_cogroup(one, one_more, NULL), two, one_more, NULL);
    add_outputs(weir_windowed_count(weir_windowed_by(both_topics, weir_hopping(20, 10, 0), NULL),
                                    "hopping", NULL),
                "hopping");
    /* Not the sums: as in Kafka the first change of a left window has the value of the window that
     * it was made of as its old value, which a cache replaces by that in the store. */
    weir_table sliding =
        weir_windowed_count(weir_windowed_by(one, weir_sliding(30, 0), NULL), "sliding", NULL);
    weir_to(weir_to_stream(sliding, NULL), "sliding", NULL);
    add_outputs(
        weir_session_windowed_count(
            weir_session_windowed_by(both_topics, weir_session_gap(8, 0), NULL), "sessions", NULL),
        "sessions");
    add_outputs(weir_session_cogroup_aggregate(
                    weir_cogroup_session_windowed_by(cogroup, weir_session_gap(9, 0)), none,
                    sum_of_two, NULL, "cogroup", &number),
                "cogroup");
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_string_equal(error.message, "");
    return topology;
}

/* ---- Runs ---- */

static void pipe_all(driven *task, size_t topic_count, uint64_t seed)
{
    static const char *const topics[] = {"left", "right", "one", "two", "direct"};
    static const char *const values[] = {"a", "ab", "abc", "b", "bcd", "cc", NULL, "c"};
    for (int i = 0; i < RECORDS; i++) {
        char key[8];
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        unsigned draw = (unsigned)(seed >> 40);
        snprintf(key, sizeof key, "k%u", draw % KEYS);
        weir_err err =
            driven_pipe(task, topics[(draw >> 8) % topic_count], key, values[(draw >> 12) % 8], i);
        if (err == WEIR_OK && task->cache_bytes > 0 && i % 17 == 0) {
            err = driven_commit(task);
        }
        if (err != WEIR_OK) {
            fail_msg("%s", task->error.message);
        }
    }
    /* The first commit writes to repartition topics, whose groups the second one flushes. */
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
        char name[64];
        if (task->sent[i]->internal) {
            continue;
        }
        snprintf(name, sizeof name, "%s %.*s", sent->topic, (int)sent->key.len,
                 (const char *)sent->key.data);
        assert_int_equal(weir__map_put_text(rows, name, (void *)(uintptr_t)sent), WEIR_OK);
    }
}

/* A group that was empty in between keeps a count of 0; with a cache it may have had no row. */
static bool same(weir_slice plain, weir_slice cached)
{
    static const uint8_t zero[sizeof(int64_t)];
    return weir_slice_equal(plain, cached) ||
           (cached.data == NULL && weir_slice_equal(plain, (weir_slice){zero, sizeof zero}));
}

static void compare(const weir__map *expected, const weir__map *actual)
{
    for (const weir__map_entry *e = expected->first; e != NULL; e = e->next) {
        const weir__message_view *one = e->value;
        const weir__message_view *other = weir__map_get(actual, e->key);
        weir_slice value = other != NULL ? other->value : (weir_slice){0};
        if (!same(one->value, value)) {
            fail_msg("%.*s: '%.*s' without cache, '%.*s' with", (int)e->key.len,
                     (const char *)e->key.data, (int)one->value.len, (const char *)one->value.data,
                     (int)value.len, (const char *)value.data);
        }
    }
}

static void compare_with_cache(weir_topology *topology, size_t topics, size_t cache_bytes,
                               uint64_t seed)
{
    driven plain = {0};
    driven cached = {.cache_bytes = cache_bytes};
    weir__map expected = {0};
    weir__map actual = {0};
    assert_int_equal(driven_open(&plain, topology, 0), WEIR_OK);
    assert_int_equal(driven_open(&cached, topology, 0), WEIR_OK);
    pipe_all(&plain, topics, seed);
    pipe_all(&cached, topics, seed);
    collect(&plain, &expected);
    collect(&cached, &actual);
    assert_true(expected.count > 3 * KEYS);
    compare(&expected, &actual);
    assert_true(cached.sent_count < plain.sent_count);
    weir__map_fini(&expected, NULL);
    weir__map_fini(&actual, NULL);
    driven_close(&plain);
    driven_close(&cached);
    weir_topology_free(topology);
}

static void final_rows_do_not_depend_on_the_cache(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        compare_with_cache(tables(), TOPICS_OF_TABLES, CACHE_BYTES, seed);
    }
}

static void final_rows_do_not_depend_on_evictions(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        compare_with_cache(tables(), TOPICS_OF_TABLES, SMALL_CACHE_BYTES, seed);
    }
}

static void final_rows_of_windows_do_not_depend_on_the_cache(void **state)
{
    (void)state;
    compare_with_cache(windows(), TOPICS_OF_WINDOWS, CACHE_BYTES, 1);
}

static void final_rows_of_windows_do_not_depend_on_evictions(void **state)
{
    (void)state;
    compare_with_cache(windows(), TOPICS_OF_WINDOWS, SMALL_CACHE_BYTES, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(final_rows_do_not_depend_on_the_cache),
        cmocka_unit_test(final_rows_do_not_depend_on_evictions),
        cmocka_unit_test(final_rows_of_windows_do_not_depend_on_the_cache),
        cmocka_unit_test(final_rows_of_windows_do_not_depend_on_evictions),
    };
    return cmocka_run_group_tests_name("tables and cache", tests, NULL, NULL);
}
