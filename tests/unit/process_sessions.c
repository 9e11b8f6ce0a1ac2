/* SPDX-License-Identifier: Apache-2.0
 *
 * Session stores as processors use them: puts, reads, changelog and errors. */
#include "window_kit.h"

static void put_session(weir_session *w, const char *key, const char *value, int64_t start_ms,
                        int64_t end_ms)
{
    weir_slice k = weir_slice_of(key);
    weir_slice v = weir_slice_of(value);
    assert_int_equal(weir_session_put(w, &k, &v, start_ms, end_ms), WEIR_OK);
}

static void find_sessions(const weir_session *w, const char *key, int64_t earliest_end_ms,
                          int64_t latest_start_ms, bool reverse)
{
    weir_slice k = weir_slice_of(key);
    weir_session_iter *iter = NULL;
    weir_session_row row;
    assert_int_equal(weir_session_find(w, key != NULL ? &k : NULL, earliest_end_ms, latest_start_ms,
                                       reverse, &iter),
                     WEIR_OK);
    while (weir_session_next(iter, &row)) {
        note("%.*s[%lld,%lld]=%.*s ", (int)text_of(row.key).len,
             (const char *)text_of(row.key).data, (long long)row.start_ms, (long long)row.end_ms,
             (int)text_of(row.value).len, (const char *)text_of(row.value).data);
    }
    assert_int_equal(weir_session_iter_close(iter), WEIR_OK);
    note("| ");
}

static void use_sessions(weir_ctx *ctx, const weir_record *in)
{
    weir_session *w = weir_session_store(ctx, "w");
    weir_slice key = weir_slice_of("b");
    const void *value = NULL;
    (void)in;
    assert_non_null(w);
    put_session(w, "b", "1", 10, 20);
    put_session(w, "b", "2", 15, 20);
    put_session(w, "a", "3", 30, 30);
    put_session(w, "b", "4", 40, 60);
    put_session(w, "b", "gone", 70, 80);
    assert_int_equal(weir_session_remove(w, &key, 70, 80), WEIR_OK);
    assert_int_equal(weir_session_get(w, &key, 40, 60, &value), WEIR_OK);
    note("%.*s ", (int)text_of(value).len, (const char *)text_of(value).data);
    assert_int_equal(weir_session_get(w, &key, 41, 60, &value), WEIR_OK);
    assert_null(value);
    note("| ");
    find_sessions(w, "b", 0, 100, false);
    find_sessions(w, "b", 21, 100, false);
    find_sessions(w, "b", 0, 14, false);
    find_sessions(w, "b", INT64_MIN, INT64_MAX, true);
    find_sessions(w, NULL, 20, 30, false);
}

static void sessions_are_found_by_earliest_end_and_latest_start(void **state)
{
    (void)state;
    run_on_each(add_sessions, use_sessions,
                "4 | b[10,20]=1 b[15,20]=2 b[40,60]=4 | b[40,60]=4 | b[10,20]=1 | "
                "b[40,60]=4 b[15,20]=2 b[10,20]=1 | b[10,20]=1 b[15,20]=2 a[30,30]=3 | ",
                /* All of one segment: in order of keys. */
                "4 | b[10,20]=1 b[15,20]=2 b[40,60]=4 | b[40,60]=4 | b[10,20]=1 | "
                "b[40,60]=4 b[15,20]=2 b[10,20]=1 | a[30,30]=3 b[10,20]=1 b[15,20]=2 | ");
}

static void put_and_remove_session(weir_ctx *ctx, const weir_record *in)
{
    weir_session *w = weir_session_store(ctx, "w");
    weir_slice key = weir_slice_of("a");
    assert_int_equal(weir_session_put(w, &key, in->value, 20, 30), WEIR_OK);
    assert_int_equal(weir_session_remove(w, &key, 20, 30), WEIR_OK);
}

static void a_session_is_logged_by_key_end_and_start(void **state)
{
    (void)state;
    static const char key[] = "a\0\0\0\0\0\0\0\x1e\0\0\0\0\0\0\0\x14";
    work todo = {put_and_remove_session};
    driven task = {0};
    weir_topology *topology = topology_with(add_sessions, WEIR_BACKEND_ROCKSDB, &todo);
    pipe_all(&task, topology, once);
    assert_int_equal(task.sent_count, 2);
    check_sent(&task, 0, key, 17, "v", 7);
    check_sent(&task, 1, key, 17, NULL, 7);
    driven_close(&task);
    weir_topology_free(topology);
}

static void make_session_mistakes(weir_ctx *ctx, const weir_record *in)
{
    weir_session *w = weir_session_store(ctx, "w");
    const void *value = NULL;
    assert_int_equal(weir_session_put(w, NULL, in->value, 1, 1), WEIR_EINVAL);
    assert_int_equal(weir_session_put(w, in->key, in->value, -1, 1), WEIR_EINVAL);
    assert_int_equal(weir_session_put(w, in->key, in->value, 2, 1), WEIR_EINVAL);
    assert_int_equal(weir_session_get(w, in->key, 2, 1, &value), WEIR_EINVAL);
    assert_null(weir_window_store(ctx, "w"));
    assert_int_equal(weir_ctx_error(ctx), WEIR_EINVAL);
    note("done");
}

static void mistakes_with_sessions_are_errors(void **state)
{
    (void)state;
    run_on_both(add_sessions, make_session_mistakes, "done");
}

static void a_negative_retention_is_an_error_of_the_build(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_add_session_store(b, "w", -1, NULL, NULL);
    assert_null(weir_build(b, NULL, &error));
    assert_non_null(strstr(error.message, "store 'w': retention_ms is -1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_are_found_by_earliest_end_and_latest_start),
        cmocka_unit_test(a_session_is_logged_by_key_end_and_start),
        cmocka_unit_test(mistakes_with_sessions_are_errors),
        cmocka_unit_test(a_negative_retention_is_an_error_of_the_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
