/* SPDX-License-Identifier: Apache-2.0
 *
 * Versioned stores as processors use them: puts, reads, changelog and errors. */
#include "window_kit.h"

#include "process/context.h"
#include "state/versioned.h"

#define RETENTION_MS 100

static void add_versions(weir_builder *b, weir_backend backend)
{
    weir_store_opts opts = {.backend = backend, .key = &weir_string, .value = &weir_string};
    weir_add_versioned_store(b, "w", RETENTION_MS, &opts, LIST("p"));
}

static int64_t put(weir_versioned *w, const char *key, const char *value, int64_t time_ms)
{
    weir_slice k = weir_slice_of(key);
    weir_slice v = weir_slice_of(value);
    int64_t end_ms = 7;
    assert_int_equal(weir_versioned_put(w, &k, value != NULL ? &v : NULL, time_ms, &end_ms),
                     WEIR_OK);
    return end_ms;
}

static void note_row(const weir_versioned_row *row)
{
    if (row->value == NULL) {
        assert_int_equal(row->valid_from_ms, -1);
        assert_int_equal(row->valid_to_ms, -1);
        note("none ");
        return;
    }
    note("%.*s[%lld,", (int)text_of(row->value).len, (const char *)text_of(row->value).data,
         (long long)row->valid_from_ms);
    note(row->valid_to_ms == INT64_MAX ? "..) " : "%lld) ", (long long)row->valid_to_ms);
}

static void get_as_of(const weir_versioned *w, int64_t time_ms)
{
    weir_slice key = weir_slice_of("a");
    weir_versioned_row row;
    assert_int_equal(weir_versioned_get_as_of(w, &key, time_ms, &row), WEIR_OK);
    note_row(&row);
}

static void history(const weir_versioned *w, int64_t from_ms, int64_t to_ms, bool reverse)
{
    weir_slice key = weir_slice_of("a");
    weir_versioned_iter *iter = NULL;
    weir_versioned_row row;
    assert_int_equal(weir_versioned_history(w, &key, from_ms, to_ms, reverse, &iter), WEIR_OK);
    while (weir_versioned_next(iter, &row)) {
        note_row(&row);
    }
    assert_int_equal(weir_versioned_iter_close(iter), WEIR_OK);
    note("| ");
}

static void use_versions(weir_ctx *ctx, const weir_record *in)
{
    weir_versioned *w = weir_versioned_store(ctx, "w");
    weir_slice key = weir_slice_of("a");
    weir_versioned_row row;
    (void)in;
    assert_non_null(w);
    assert_int_equal(put(w, "a", "1", 10), INT64_MAX);
    assert_int_equal(put(w, "a", "3", 30), INT64_MAX);
    assert_int_equal(put(w, "a", "2", 20), 30);
    assert_int_equal(put(w, "ab", "x", 25), INT64_MAX);
    assert_int_equal(put(w, "a", NULL, 40), INT64_MAX);
    assert_int_equal(put(w, "a", "5", 50), INT64_MAX);
    assert_int_equal(put(w, "a", "2b", 20), 30);
    get_as_of(w, 9);
    get_as_of(w, 29);
    get_as_of(w, 30);
    get_as_of(w, 45);
    get_as_of(w, INT64_MAX);
    assert_int_equal(weir_versioned_get(w, &key, &row), WEIR_OK);
    note_row(&row);
    note("| ");
    history(w, INT64_MIN, INT64_MAX, false);
    history(w, 20, 30, true);
    history(w, 41, 49, false);
    assert_int_equal(put(w, "b", "later", 125), INT64_MAX);
    assert_int_equal(put(w, "a", "too late", 24), -1);
    history(w, 0, INT64_MAX, false);
    get_as_of(w, 24);
    get_as_of(w, 25);
    assert_int_equal(weir_versioned_delete(w, &key, 130), WEIR_OK);
    assert_int_equal(weir_versioned_get(w, &key, &row), WEIR_OK);
    note_row(&row);
}

static void versions_are_found_by_key_and_time(void **state)
{
    (void)state;
    run_on_both(add_versions, use_versions,
                "none 2b[20,30) 3[30,40) none 5[50,..) 5[50,..) | "
                "1[10,20) 2b[20,30) 3[30,40) 5[50,..) | 3[30,40) 2b[20,30) | | "
                "2b[20,30) 3[30,40) 5[50,..) | none 2b[20,30) none ");
}

static void put_and_delete(weir_ctx *ctx, const weir_record *in)
{
    weir_versioned *w = weir_versioned_store(ctx, "w");
    assert_int_equal(weir_versioned_put(w, in->key, in->value, 500, NULL), WEIR_OK);
    assert_int_equal(weir_versioned_delete(w, in->key, 450), WEIR_OK);
    assert_int_equal(weir_versioned_put(w, in->key, in->value, 399, NULL), WEIR_OK);
}

static void versions_are_logged_by_key_with_their_timestamps(void **state)
{
    (void)state;
    work todo = {put_and_delete};
    driven task = {0};
    weir_topology *topology = topology_with(add_versions, WEIR_BACKEND_ROCKSDB, &todo);
    pipe_all(&task, topology, once);
    assert_int_equal(task.sent_count, 3);
    check_sent(&task, 0, "k", 1, "v", 500);
    check_sent(&task, 1, "k", 1, NULL, 450);
    check_sent(&task, 2, "k", 1, "v", 399);
    assert_int_equal(driven_dropped(&task), 1); /* the last one, which has expired */
    driven_close(&task);
    weir_topology_free(topology);
}

static void make_mistakes(weir_ctx *ctx, const weir_record *in)
{
    weir_versioned *w = weir_versioned_store(ctx, "w");
    weir_slice null_key = {0};
    weir_versioned_row row;
    weir_versioned_iter *iter = NULL;
    assert_int_equal(weir_versioned_put(w, &null_key, in->value, 1, NULL), WEIR_EINVAL);
    assert_int_equal(weir_versioned_get(w, NULL, &row), WEIR_EINVAL);
    assert_int_equal(weir_versioned_history(w, NULL, 0, 1, false, &iter), WEIR_EINVAL);
    assert_int_equal(weir_versioned_put(w, in->key, in->value, -1, NULL), WEIR_EINVAL);
    assert_non_null(strstr(ctx->error.message, "store 'w': a version with the negative time"));
    assert_null(weir_store(ctx, "w"));
    assert_non_null(strstr(ctx->error.message, "is a versioned store: use weir_versioned_store"));
    assert_null(weir_session_store(ctx, "w"));
    assert_null(weir_versioned_store(ctx, "x"));
    note("all");
}

static void mistakes_are_errors(void **state)
{
    (void)state;
    run_on_both(add_versions, make_mistakes, "all");
}

static void read_damaged(weir_ctx *ctx, const weir_record *in)
{
    weir_versioned *w = weir_versioned_store(ctx, "w");
    weir_versioned_row row;
    assert_int_equal(weir_versioned_put(w, in->key, in->value, 5, NULL), WEIR_OK);
    weir__kv *versions = weir__graph_store_layers(ctx->graph, 0);
    while (strcmp(versions->ops->name, "versioned") != 0) {
        versions = versions->inner;
    }
    assert_int_equal(
        weir__kv_put(versions->inner, (weir_slice){"\x80k", 2}, weir_slice_of("short"), NULL),
        WEIR_OK);
    assert_int_equal(weir_versioned_get(w, in->key, &row), WEIR_ECORRUPT);
    assert_string_equal(ctx->error.message, "store 'w': a row of 5 bytes is no version");
    assert_int_equal(weir_versioned_put(w, in->key, in->value, 6, NULL), WEIR_ECORRUPT);
    assert_string_equal(ctx->error.message, "store 'w': a row of 5 bytes is no version");
    note("all");
}

static void a_damaged_row_names_its_store(void **state)
{
    (void)state;
    run_on_both(add_versions, read_damaged, "all");
}

static void leave_open(weir_ctx *ctx, const weir_record *in)
{
    weir_versioned *w = weir_versioned_store(ctx, "w");
    weir_versioned_iter *iter = NULL;
    assert_int_equal(weir_versioned_put(w, in->key, in->value, 5, NULL), WEIR_OK);
    assert_int_equal(weir_versioned_history(w, in->key, 0, 9, false, &iter), WEIR_OK);
    note("left");
}

static void an_iterator_that_is_left_open_is_closed(void **state)
{
    (void)state;
    run_on_both(add_versions, leave_open, "left");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_are_found_by_key_and_time),
        cmocka_unit_test(versions_are_logged_by_key_with_their_timestamps),
        cmocka_unit_test(mistakes_are_errors),
        cmocka_unit_test(a_damaged_row_names_its_store),
        cmocka_unit_test(an_iterator_that_is_left_open_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
