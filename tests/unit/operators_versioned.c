/* SPDX-License-Identifier: Apache-2.0
 *
 * Versioned tables (KIP-914): which tables are versioned, what operators do with changes that are
 * out of order, rows as of a time, and mistakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/dsl.h>

#define STRINGS &weir_string, &weir_string
#define TEXT_MAX 512

static const weir_history history = {.retention_ms = 100};
static const weir_store_opts versioned = {.history = &history};

/* ---- Callbacks ---------------------------------------------------------------------------- */

/* Values that begin with 'x' are refused. */
static weir_err not_x(weir_ctx *ctx, const weir_record *in, bool *out, void *user)
{
    const weir_slice *value = in->value;
    (void)ctx, (void)user;
    *out = value->len == 0 || *(const char *)value->data != 'x';
    return WEIR_OK;
}

static weir_err same(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)user;
    if (in->value == NULL) {
        weir_out_null(ctx, out);
    } else {
        *(weir_slice *)out = *(const weir_slice *)in->value;
    }
    return WEIR_OK;
}

static weir_err into_one_group(weir_ctx *ctx, const weir_record *in, void *key, void *value,
                               void *user)
{
    (void)ctx, (void)user;
    *(weir_slice *)key = weir_slice_of("g");
    *(weir_slice *)value = *(const weir_slice *)in->value;
    return WEIR_OK;
}

static weir_err newest(weir_ctx *ctx, const void *aggregate, const void *value, void *out,
                       void *user)
{
    (void)ctx, (void)aggregate, (void)user;
    *(weir_slice *)out = *(const weir_slice *)value;
    return WEIR_OK;
}

/* "left+right", "-" for a missing side. */
static weir_err both(weir_ctx *ctx, const void *key, const void *left, const void *right, void *out,
                     void *user)
{
    static const weir_slice none = {"-", 1};
    const weir_slice *l = left != NULL ? left : &none;
    const weir_slice *r = right != NULL ? right : &none;
    char *text = weir_alloc(ctx, l->len + r->len + 1);
    (void)key, (void)user;
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    memcpy(text, l->data, l->len);
    text[l->len] = '+';
    memcpy(text + l->len + 1, r->data, r->len);
    *(weir_slice *)out = (weir_slice){text, l->len + 1 + r->len};
    return WEIR_OK;
}

/* ---- Runs --------------------------------------------------------------------------------- */

static weir_sync *made(weir_topology_fn topology)
{
    weir_error error = {0};
    weir_sync *sync =
        weir_sync_new(topology, &(weir_sync_opts){.on_failure = weir_cmocka_failure}, &error);
    if (sync == NULL) {
        fail_msg("%s", error.message);
    }
    return sync;
}

static void send(weir_sync *sync, const char *topic, const char *value, int64_t time_ms)
{
    weir_slice k = weir_slice_of("k");
    weir_slice v = weir_slice_of(value);
    weir_input_send(weir_sync_input(sync, topic, STRINGS),
                    &(weir_input_record){
                        .key = &k, .value = value != NULL ? &v : NULL, .at = WEIR_AT(time_ms)});
}

/* In any order: 5 "a", 20 "c", 10 "b", 15 "x", all of the key "k". */
static void pipe_rows(weir_sync *sync, const char *topic)
{
    send(sync, topic, "a", 5);
    send(sync, topic, "c", 20);
    send(sync, topic, "b", 10);
    send(sync, topic, "x", 15);
}

/* The records of a topic as "value@time value@time". */
static void assert_output(weir_sync *sync, const char *topic, const char *expected)
{
    char text[TEXT_MAX] = "";
    size_t used = 0;
    weir_rows *rows = weir_output_all(weir_sync_output(sync, topic, STRINGS));
    for (size_t i = 0; i < weir_rows_size(rows); i++) {
        const weir_row *row = weir_rows_at(rows, i);
        const weir_slice *value = row->value;
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%.*s@%lld",
                                 used > 0 ? " " : "", value != NULL ? (int)value->len : 4,
                                 value != NULL ? (const char *)value->data : "null",
                                 (long long)row->timestamp_ms);
        assert_true(used < sizeof text);
    }
    assert_string_equal(text, expected);
}

static uint64_t dropped(const weir_sync *sync, const char *node, weir_drop_reason reason)
{
    weir_dropped_records all[32];
    size_t count = weir_sync_dropped_records(sync, all, 32);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(all[i].node, node) == 0 && all[i].reason == reason) {
            return all[i].count;
        }
    }
    return 0;
}

/* ---- Versioned or not --------------------------------------------------------------------- */

static weir_table source(weir_builder *b)
{
    return weir_table_source(b, "rows", "rows", STRINGS, &versioned);
}

static void group_to(weir_table in, const char *name)
{
    weir_grouped_table by = weir_table_group_by(in, name, STRINGS, into_one_group, NULL);
    weir_table newer = weir_table_reduce(by, newest, newest, NULL, name, NULL);
    weir_to(weir_to_stream(newer, NULL), name, NULL);
}

/* The same table in several forms, each grouped. */
static weir_topology *forms(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_table rows = source(b);
    group_to(rows, "plain");
    group_to(weir_table_filter(rows, not_x, NULL, NULL, NULL), "filtered");
    group_to(weir_table_map_values(rows, &weir_string, same, NULL, NULL, NULL), "mapped");
    group_to(weir_table_transform_values(rows, &weir_string, same, NULL, NULL, NULL),
             "transformed");
    group_to(weir_table_map_values(rows, &weir_string, same, NULL, "kept", NULL), "in-store");
    group_to(weir_table_map_values(rows, &weir_string, same, NULL, "versions", &versioned),
             "in-versions");
    return weir_build(b, config, error);
}

static void group_by_ignores_changes_out_of_order_of_versioned_tables(void **state)
{
    (void)state;
    weir_sync *sync = made(forms);
    pipe_rows(sync, "rows");
    assert_output(sync, "plain", "a@5 c@20");
    assert_output(sync, "filtered", "a@5 c@20");
    assert_output(sync, "mapped", "a@5 c@20");
    assert_output(sync, "in-versions", "a@5 c@20");
    /* Tables that are not versioned take each change as the latest. */
    assert_output(sync, "transformed", "a@5 c@20 b@20 x@20");
    assert_output(sync, "in-store", "a@5 c@20 b@20 x@20");
    assert_int_equal(dropped(sync, "plain", WEIR_DROP_OUT_OF_ORDER), 0);
    weir_sync_free(sync);
}

static weir_topology *streams(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_table rows = source(b);
    weir_to(weir_to_stream(rows, NULL), "all", NULL);
    weir_to(weir_to_stream(weir_table_filter(rows, not_x, NULL, NULL, NULL), NULL), "filtered",
            NULL);
    return weir_build(b, config, error);
}

static void streams_have_all_changes_but_those_before_the_history(void **state)
{
    (void)state;
    weir_sync *sync = made(streams);
    pipe_rows(sync, "rows");
    send(sync, "rows", NULL, 12);
    send(sync, "rows", "d", 120);
    send(sync, "rows", "e", 19);
    send(sync, "rows", "f", 20);
    assert_output(sync, "all", "a@5 c@20 b@10 x@15 null@12 d@120 f@20");
    assert_output(sync, "filtered", "a@5 c@20 b@10 null@15 null@12 d@120 f@20");
    assert_output(sync, "app-rows-changelog", "a@5 c@20 b@10 x@15 null@12 d@120 e@19 f@20");
    assert_int_equal(dropped(sync, "KTABLE-SOURCE-0000000001", WEIR_DROP_EXPIRED), 1);
    weir_sync_free(sync);
}

/* ---- Joins -------------------------------------------------------------------------------- */

static weir_topology *table_joins(const weir_config *config, weir_error *error)
{
    weir_store_opts opts = {.value = &weir_string, .node = "joined"};
    weir_builder *b = weir_builder_new();
    weir_table rows = source(b);
    weir_table other = weir_table_source(b, "other", "other", STRINGS, &versioned);
    weir_table joined = weir_table_outer_join(rows, other, both, NULL, NULL, &opts);
    weir_to(weir_to_stream(joined, NULL), "joined", NULL);
    group_to(joined, "of-join");
    return weir_build(b, config, error);
}

static void joins_of_tables_drop_changes_out_of_order(void **state)
{
    (void)state;
    weir_sync *sync = made(table_joins);
    pipe_rows(sync, "rows");
    send(sync, "other", "1", 30);
    send(sync, "other", "2", 29);
    assert_output(sync, "joined", "a+-@5 c+-@20 c+1@30");
    assert_output(sync, "of-join", "a+-@5 c+-@20 c+1@30");
    assert_int_equal(dropped(sync, "joined-join-this", WEIR_DROP_OUT_OF_ORDER), 2);
    assert_int_equal(dropped(sync, "joined-join-other", WEIR_DROP_OUT_OF_ORDER), 1);
    assert_string_equal(weir_drop_reason_str(WEIR_DROP_OUT_OF_ORDER), "a later version is known");
    weir_sync_free(sync);
}

static void join_to(weir_stream in, weir_table table, const char *topic)
{
    weir_to(weir_left_join_table(in, table, &weir_string, both, NULL, NULL), topic, NULL);
}

/* Rows of which a stream reads those of its own time. */
static weir_topology *stream_joins(const weir_config *config, weir_error *error)
{
    weir_store_opts opts = {.value = &weir_string};
    weir_builder *b = weir_builder_new();
    weir_table rows = source(b);
    weir_table other = weir_table_source(b, "other", NULL, STRINGS, NULL);
    weir_stream in = weir_source(b, "in", STRINGS, NULL);
    weir_table filtered = weir_table_filter(rows, not_x, NULL, NULL, NULL);
    join_to(in, rows, "plain");
    join_to(in, weir_table_map_values(filtered, &weir_string, same, NULL, NULL, NULL), "computed");
    join_to(in, weir_table_transform_values(rows, &weir_string, same, NULL, NULL, NULL),
            "transformed");
    join_to(in, weir_table_map_values(rows, &weir_string, same, NULL, "kept", NULL), "in-store");
    join_to(in, weir_table_left_join(rows, other, both, NULL, NULL, &opts), "joined");
    return weir_build(b, config, error);
}

static void a_stream_is_joined_with_the_row_of_its_time(void **state)
{
    (void)state;
    weir_sync *sync = made(stream_joins);
    pipe_rows(sync, "rows");
    for (int64_t time_ms = 4; time_ms <= 24; time_ms += 5) {
        send(sync, "in", "s", time_ms);
    }
    const char *as_of = "s+-@4 s+a@9 s+b@14 s+x@19 s+c@24";
    assert_output(sync, "plain", as_of);
    assert_output(sync, "transformed", as_of);
    assert_output(sync, "computed", "s+-@4 s+a@9 s+b@14 s+-@19 s+c@24");
    /* Rows of tables without a history are the latest: what came last, or is valid now. */
    assert_output(sync, "in-store", "s+x@4 s+x@9 s+x@14 s+x@19 s+x@24");
    assert_output(sync, "joined", "s+c+-@4 s+c+-@9 s+c+-@14 s+c+-@19 s+c+-@24");
    weir_sync_free(sync);
}

/* ---- Aggregations ------------------------------------------------------------------------- */

static weir_err as_text(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    char *text = weir_alloc(ctx, 24);
    (void)user;
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    int len = snprintf(text, 24, "%lld", (long long)*(const int64_t *)in->value);
    *(weir_slice *)out = (weir_slice){text, (size_t)len};
    return WEIR_OK;
}

static weir_topology *aggregations(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_grouped in = weir_group_by_key(weir_source(b, "in", STRINGS, NULL), NULL);
    weir_table counts = weir_count(in, "counts", &versioned);
    weir_to(weir_map_values(weir_to_stream(counts, NULL), &weir_string, as_text, NULL, NULL),
            "counts", NULL);
    weir_to(weir_to_stream(weir_reduce(in, newest, NULL, "last", &versioned), NULL), "last", NULL);
    return weir_build(b, config, error);
}

static void aggregates_can_be_read_as_of_a_time(void **state)
{
    (void)state;
    weir_sync *sync = made(aggregations);
    pipe_rows(sync, "in");
    assert_output(sync, "counts", "1@5 2@20 3@20 4@20");
    assert_output(sync, "last", "a@5 c@20 b@20 x@20");
    weir_slice key = weir_slice_of("k");
    weir_store_view counts = weir_sync_store(sync, "counts", &weir_string, &weir_i64);
    const weir_row *row = weir_store_view_get(weir_store_view_as_of(counts, 19), &key);
    assert_non_null(row);
    assert_int_equal(*(const int64_t *)row->value, 1);
    assert_int_equal(row->timestamp_ms, 5);
    assert_null(weir_store_view_get(weir_store_view_as_of(counts, 4), &key));
    assert_int_equal(*(const int64_t *)weir_store_view_get(counts, &key)->value, 4);
    weir_sync_free(sync);
}

static void a_versioned_store_is_not_cached(void **state)
{
    (void)state;
    weir_sync_opts opts = {.commit_interval = true,
                           .config =
                               (const char *const[]){"commit.interval.ms", "100000",
                                                     "statestore.cache.max.bytes", "1000000", NULL},
                           .on_failure = weir_cmocka_failure};
    weir_sync *sync = weir_sync_new(aggregations, &opts, NULL);
    pipe_rows(sync, "in");
    assert_output(sync, "last", "a@5 c@20 b@20 x@20");
    weir_sync_free(sync);
}

/* ---- A global store ----------------------------------------------------------------------- */

static weir_err keep_version(weir_ctx *ctx, const weir_record *in, void *state)
{
    weir_versioned *v = weir_versioned_store(ctx, "g");
    (void)state;
    return weir_versioned_put(v, in->key, in->value, in->timestamp_ms, NULL);
}

static const weir_processor_ops keep_version_ops = {.name = "keep", .process = keep_version};

/* Forwards the versions of the key up to the time of the record. */
static weir_err list_versions(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir_versioned *v = weir_versioned_store(ctx, "g");
    weir_versioned_iter *iter = NULL;
    weir_versioned_row row;
    (void)state;
    weir_err err = weir_versioned_history(v, in->key, 0, in->timestamp_ms, false, &iter);
    while (err == WEIR_OK && weir_versioned_next(iter, &row)) {
        err = weir_forward(ctx, &(weir_record){in->key, row.value, row.valid_from_ms, NULL});
    }
    weir_err end = weir_versioned_iter_close(iter);
    err = err != WEIR_OK ? err : end;
    if (err == WEIR_OK) {
        err = weir_versioned_get_as_of(v, in->key, in->timestamp_ms, &row);
    }
    return err == WEIR_OK
               ? weir_forward(ctx, &(weir_record){in->key, row.value, in->timestamp_ms, NULL})
               : err;
}

static const weir_processor_ops list_versions_ops = {.name = "list", .process = list_versions};

static weir_topology *global_versions(const weir_config *config, weir_error *error)
{
    weir_store_opts opts = {.key = &weir_string, .value = &weir_string};
    weir_builder *b = weir_builder_new();
    weir_add_versioned_store(b, "g", 100, &opts, NULL);
    weir_add_global_store(b, "rows", "g", STRINGS, &keep_version_ops, NULL, NULL);
    weir_stream in = weir_source(b, "in", STRINGS, NULL);
    weir_to(weir_process(in, STRINGS, &list_versions_ops, NULL, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static void a_global_store_may_be_versioned(void **state)
{
    (void)state;
    weir_sync *sync = made(global_versions);
    weir_slice key = weir_slice_of("k");
    pipe_rows(sync, "rows");
    send(sync, "in", "s", 16);
    assert_output(sync, "out", "a@5 b@10 x@15 x@16");
    weir_store_view rows = weir_sync_store(sync, "g", STRINGS);
    assert_int_equal(weir_store_view_get(weir_store_view_as_of(rows, 12), &key)->timestamp_ms, 10);
    weir_sync_free(sync);
}

/* ---- The driver --------------------------------------------------------------------------- */

static void a_test_reads_and_writes_versions(void **state)
{
    (void)state;
    weir_sync *sync = made(streams);
    weir_slice key = weir_slice_of("k");
    weir_slice value = weir_slice_of("v");
    weir_store_view rows = weir_sync_store(sync, "rows", STRINGS);
    weir_sync_store_put(rows, &key, &value, 10);
    weir_sync_store_put(rows, &key, NULL, 20);
    assert_int_equal(weir_store_view_size(rows), 0);
    weir_rows *as_of = weir_store_view_all(weir_store_view_as_of(rows, 19));
    assert_int_equal(weir_rows_size(as_of), 1);
    assert_int_equal(weir_rows_at(as_of, 0)->timestamp_ms, 10);
    assert_int_equal(weir_store_view_size(weir_store_view_as_of(rows, 20)), 0);
    assert_output(sync, "app-rows-changelog", "v@10 null@20");
    weir_sync_free(sync);
}

/* ---- Mistakes ----------------------------------------------------------------------------- */

static void keep_failure(const char *file, int line, const char *message, void *user)
{
    (void)file, (void)line;
    snprintf(user, TEXT_MAX, "%s", message);
}

static weir_topology *without_history(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_table rows = weir_table_source(b, "rows", "rows", STRINGS, NULL);
    weir_to(weir_to_stream(rows, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static void a_view_as_of_a_time_needs_a_versioned_store(void **state)
{
    (void)state;
    char text[TEXT_MAX] = "";
    weir_sync_opts opts = {.on_failure = keep_failure, .user = text};
    weir_sync *sync = weir_sync_new(without_history, &opts, NULL);
    weir_store_view rows = weir_sync_store(sync, "rows", STRINGS);
    assert_int_equal(weir_store_view_size(weir_store_view_as_of(rows, 5)), 0);
    assert_non_null(strstr(text, "store 'rows': it is not versioned, so it has no history"));
    weir_sync_free(sync);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(group_by_ignores_changes_out_of_order_of_versioned_tables),
        cmocka_unit_test(streams_have_all_changes_but_those_before_the_history),
        cmocka_unit_test(joins_of_tables_drop_changes_out_of_order),
        cmocka_unit_test(a_stream_is_joined_with_the_row_of_its_time),
        cmocka_unit_test(aggregates_can_be_read_as_of_a_time),
        cmocka_unit_test(a_versioned_store_is_not_cached),
        cmocka_unit_test(a_global_store_may_be_versioned),
        cmocka_unit_test(a_test_reads_and_writes_versions),
        cmocka_unit_test(a_view_as_of_a_time_needs_a_versioned_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
