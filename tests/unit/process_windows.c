/* SPDX-License-Identifier: Apache-2.0
 *
 * Window stores as processors use them: puts, reads, options, changelog and errors. */
#include "window_kit.h"

static void add_timestamped_windows(weir_builder *b, weir_backend backend)
{
    weir_window_opts windows = {.window_ms = 10, .retention_ms = 100000, .timestamped = true};
    weir_store_opts opts = {.backend = backend, .key = &weir_string, .value = &weir_string};
    weir_add_window_store(b, "w", &windows, &opts, LIST("p"));
}

static void add_short_windows(weir_builder *b, weir_backend backend)
{
    weir_window_opts windows = {.window_ms = 10, .retention_ms = 20};
    weir_store_opts opts = {.backend = backend, .key = &weir_string, .value = &weir_string};
    weir_add_window_store(b, "w", &windows, &opts, LIST("p"));
}

static void add_duplicates(weir_builder *b, weir_backend backend)
{
    weir_window_opts windows = {.window_ms = 10, .retention_ms = 100000, .retain_duplicates = true};
    weir_store_opts opts = {.backend = backend, .key = &weir_string, .value = &weir_string};
    weir_add_window_store(b, "w", &windows, &opts, LIST("p"));
}

static void add_cached_windows(weir_builder *b, weir_backend backend)
{
    weir_window_opts windows = {.window_ms = 10, .retention_ms = 100000};
    weir_store_opts opts = {
        .backend = backend, .caching = WEIR_ON, .key = &weir_string, .value = &weir_string};
    weir_add_window_store(b, "w", &windows, &opts, LIST("p"));
}

/* ---- Windows ------------------------------------------------------------------------------ */

static void put_window(weir_window *w, const char *key, const char *value, int64_t start_ms)
{
    weir_slice k = weir_slice_of(key);
    weir_slice v = weir_slice_of(value);
    assert_int_equal(weir_window_put(w, &k, value != NULL ? &v : NULL, start_ms, start_ms + 1),
                     WEIR_OK);
}

static void read_windows(weir_window_iter *iter)
{
    weir_window_row row;
    while (weir_window_next(iter, &row)) {
        note("%.*s@%lld=%.*s/%lld ", (int)text_of(row.key).len, (const char *)text_of(row.key).data,
             (long long)row.start_ms, (int)text_of(row.value).len,
             (const char *)text_of(row.value).data, (long long)row.timestamp_ms);
    }
    assert_int_equal(weir_window_iter_close(iter), WEIR_OK);
}

static void fill_windows(weir_window *w)
{
    put_window(w, "b", "1", 10);
    put_window(w, "a", "2", 20);
    put_window(w, "b", "3", 20);
    put_window(w, "b", "4", 30);
    put_window(w, "b", "gone", 40);
    put_window(w, "b", NULL, 40);
}

static void use_windows(weir_ctx *ctx, const weir_record *in)
{
    weir_window *w = weir_window_store(ctx, "w");
    weir_window_iter *iter = NULL;
    weir_slice key = weir_slice_of("b");
    const void *value = NULL;
    int64_t time_ms = 0;
    (void)in;
    assert_non_null(w);
    fill_windows(w);
    assert_int_equal(weir_window_get(w, &key, 20, &value, &time_ms), WEIR_OK);
    note("%.*s/%lld ", (int)text_of(value).len, (const char *)text_of(value).data,
         (long long)time_ms);
    assert_int_equal(weir_window_get(w, &key, 40, &value, &time_ms), WEIR_OK);
    assert_null(value);
    note("| ");
    assert_int_equal(weir_window_fetch(w, &key, 11, 30, false, &iter), WEIR_OK);
    read_windows(iter);
    note("| ");
    assert_int_equal(weir_window_fetch(w, &key, INT64_MIN, INT64_MAX, true, &iter), WEIR_OK);
    read_windows(iter);
}

static void windows_of_a_key_are_read_in_order_of_time(void **state)
{
    (void)state;
    run_on_both(add_windows, use_windows,
                "3/-1 | b@20=3/-1 b@30=4/-1 | b@30=4/-1 b@20=3/-1 b@10=1/-1 ");
}

static void a_timestamped_window_has_the_timestamp_of_its_put(void **state)
{
    (void)state;
    run_on_both(add_timestamped_windows, use_windows,
                "3/21 | b@20=3/21 b@30=4/31 | b@30=4/31 b@20=3/21 b@10=1/11 ");
}

static void a_cached_window_store_reads_the_same(void **state)
{
    (void)state;
    static const size_t sizes[] = {1 << 20, 100};
    for (size_t i = 0; i < 2; i++) {
        work todo = {use_windows};
        driven task = {.cache_bytes = sizes[i]};
        weir_topology *topology = topology_with(add_cached_windows, WEIR_BACKEND_ROCKSDB, &todo);
        pipe_all(&task, topology, once);
        assert_string_equal(seen, "3/-1 | b@20=3/-1 b@30=4/-1 | b@30=4/-1 b@20=3/-1 b@10=1/-1 ");
        driven_close(&task);
        weir_topology_free(topology);
    }
}

static void fetch_all(weir_ctx *ctx, const weir_record *in)
{
    weir_window *w = weir_window_store(ctx, "w");
    weir_window_iter *iter = NULL;
    (void)in;
    fill_windows(w);
    assert_int_equal(weir_window_fetch_all(w, 10, 25, false, &iter), WEIR_OK);
    read_windows(iter);
}

static void windows_of_all_keys_are_in_order_of_time_or_of_segment_and_key(void **state)
{
    (void)state;
    run_on_each(add_windows, fetch_all, "b@10=1/-1 a@20=2/-1 b@20=3/-1 ",
                "a@20=2/-1 b@10=1/-1 b@20=3/-1 "); /* all are of one segment */
}

static void use_duplicates(weir_ctx *ctx, const weir_record *in)
{
    weir_window *w = weir_window_store(ctx, "w");
    weir_window_iter *iter = NULL;
    weir_slice key = weir_slice_of("b");
    const void *value = NULL;
    (void)in;
    put_window(w, "b", "first", 10);
    put_window(w, "b", "second", 10);
    put_window(w, "b", NULL, 10);
    put_window(w, "b", "third", 10);
    assert_int_equal(weir_window_fetch(w, &key, 10, 10, false, &iter), WEIR_OK);
    read_windows(iter);
    assert_int_equal(weir_window_get(w, &key, 10, &value, NULL), WEIR_EINVAL);
}

static void duplicates_are_kept_in_order_of_their_puts(void **state)
{
    (void)state;
    run_on_both(add_duplicates, use_duplicates, "b@10=first/-1 b@10=second/-1 b@10=third/-1 ");
}

static void put_at_time(weir_ctx *ctx, const weir_record *in)
{
    weir_window *w = weir_window_store(ctx, "w");
    assert_int_equal(weir_window_put(w, in->key, in->value, in->timestamp_ms, 0), WEIR_OK);
}

static void a_refused_window_is_a_dropped_record_and_is_logged(void **state)
{
    (void)state;
    static const int64_t times_ms[] = {100, 80, 81, NO_TIME};
    work todo = {put_at_time};
    driven task = {0};
    weir_topology *topology = topology_with(add_short_windows, WEIR_BACKEND_MEMORY, &todo);
    pipe_all(&task, topology, times_ms);
    assert_int_equal(driven_dropped(&task), 1);
    assert_int_equal(task.sent_count, 3);
    driven_close(&task);
    weir_topology_free(topology);
}

/* ---- The changelog ------------------------------------------------------------------------ */

static void two_puts_of_a_window(weir_ctx *ctx, const weir_record *in)
{
    weir_window *w = weir_window_store(ctx, "w");
    (void)in;
    put_window(w, "a", "x", 20);
    put_window(w, "a", NULL, 20);
}

static void a_window_is_logged_by_key_start_and_sequence(void **state)
{
    (void)state;
    static const struct {
        add_fn add;
        const char *keys[2];
        int64_t time_ms;
    } rows[] = {
        {add_windows, {"a\0\0\0\0\0\0\0\x14\0\0\0\0", "a\0\0\0\0\0\0\0\x14\0\0\0\0"}, 7},
        {add_timestamped_windows,
         {"a\0\0\0\0\0\0\0\x14\0\0\0\0", "a\0\0\0\0\0\0\0\x14\0\0\0\0"},
         21},
        {add_duplicates, {"a\0\0\0\0\0\0\0\x14\0\0\0\1", "a\0\0\0\0\0\0\0\x14\0\0\0\2"}, 7},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        work todo = {two_puts_of_a_window};
        driven task = {0};
        weir_topology *topology = topology_with(rows[i].add, WEIR_BACKEND_ROCKSDB, &todo);
        pipe_all(&task, topology, once);
        assert_int_equal(task.sent_count, 2);
        check_sent(&task, 0, rows[i].keys[0], 13, "x", rows[i].time_ms);
        check_sent(&task, 1, rows[i].keys[1], 13, NULL, 7);
        driven_close(&task);
        weir_topology_free(topology);
    }
}

/* ---- Mistakes ----------------------------------------------------------------------------- */

static void make_window_mistakes(weir_ctx *ctx, const weir_record *in)
{
    weir_window *w = weir_window_store(ctx, "w");
    weir_window_iter *iter = NULL;
    const void *value = NULL;
    assert_int_equal(weir_window_put(w, NULL, in->value, 1, 1), WEIR_EINVAL);
    assert_int_equal(weir_window_put(w, in->key, in->value, -1, 1), WEIR_EINVAL);
    assert_int_equal(weir_window_put(w, in->key, in->value, 1, -1), WEIR_EINVAL);
    assert_int_equal(weir_window_get(w, in->key, -1, &value, NULL), WEIR_EINVAL);
    assert_int_equal(weir_window_fetch(w, NULL, 0, 1, false, &iter), WEIR_EINVAL);
    assert_null(weir_store(ctx, "w"));
    assert_int_equal(weir_ctx_error(ctx), WEIR_EINVAL);
    assert_null(weir_session_store(ctx, "w"));
    assert_int_equal(weir_ctx_error(ctx), WEIR_EINVAL);
    assert_null(weir_window_store(ctx, "other"));
    assert_int_equal(weir_ctx_error(ctx), WEIR_ENOTFOUND);
    note("done");
}

static void mistakes_with_windows_are_errors(void **state)
{
    (void)state;
    run_on_both(add_timestamped_windows, make_window_mistakes, "done");
}

static void leave_open(weir_ctx *ctx, const weir_record *in)
{
    weir_window *w = weir_window_store(ctx, "w");
    static weir_window_iter *left;
    weir_window_row row;
    if (left != NULL) {
        assert_false(weir_window_next(left, &row));
        assert_int_equal(weir_window_iter_close(left), WEIR_ESTATE);
        left = NULL;
        note("closed");
        return;
    }
    assert_int_equal(weir_window_fetch(w, in->key, 0, 9, false, &left), WEIR_OK);
}

static void an_iterator_that_a_callback_left_open_is_closed(void **state)
{
    (void)state;
    static const int64_t twice[] = {7, 8, NO_TIME};
    work todo = {leave_open};
    driven task = {0};
    weir_topology *topology = topology_with(add_windows, WEIR_BACKEND_ROCKSDB, &todo);
    pipe_all(&task, topology, twice);
    assert_string_equal(seen, "closed");
    driven_close(&task);
    weir_topology_free(topology);
}

static void check_build(const weir_window_opts *windows, weir_toggle caching, const char *expected)
{
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_store_opts opts = {.key = &weir_string, .value = &weir_string, .caching = caching};
    weir_add_window_store(b, "w", windows, &opts, NULL);
    assert_null(weir_build(b, NULL, &error));
    if (strstr(error.message, expected) == NULL) {
        fail_msg("'%s' is not in '%s'", expected, error.message);
    }
}

static void options_that_contradict_each_other_are_errors_of_the_build(void **state)
{
    (void)state;
    check_build(&(weir_window_opts){.window_ms = -1, .retention_ms = 5}, WEIR_OFF,
                "store 'w': window_ms is -1");
    check_build(&(weir_window_opts){.window_ms = 10, .retention_ms = 9}, WEIR_OFF,
                "store 'w': retention_ms is 9, less than window_ms, which is 10");
    check_build(&(weir_window_opts){.window_ms = 1, .retention_ms = 9, .retain_duplicates = true},
                WEIR_ON, "store 'w' retains duplicates and cannot be cached");
    check_build(
        &(weir_window_opts){
            .window_ms = 1, .retention_ms = 9, .retain_duplicates = true, .timestamped = true},
        WEIR_OFF, "store 'w' retains duplicates and cannot be timestamped");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_of_a_key_are_read_in_order_of_time),
        cmocka_unit_test(a_timestamped_window_has_the_timestamp_of_its_put),
        cmocka_unit_test(a_cached_window_store_reads_the_same),
        cmocka_unit_test(windows_of_all_keys_are_in_order_of_time_or_of_segment_and_key),
        cmocka_unit_test(duplicates_are_kept_in_order_of_their_puts),
        cmocka_unit_test(a_refused_window_is_a_dropped_record_and_is_logged),
        cmocka_unit_test(a_window_is_logged_by_key_start_and_sequence),
        cmocka_unit_test(mistakes_with_windows_are_errors),
        cmocka_unit_test(an_iterator_that_a_callback_left_open_is_closed),
        cmocka_unit_test(options_that_contradict_each_other_are_errors_of_the_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
