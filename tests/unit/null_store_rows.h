/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows for the functions of stores: X(function, argument, call). */
#ifndef WEIR_TESTS_NULL_STORE_ROWS_H
#define WEIR_TESTS_NULL_STORE_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/processor.h>

#define OF_ROWS(X, of, store, serde)                                                               \
    X(of, ctx, assert_null(of(NULL, store, serde, serde)))                                         \
    X(of, name, assert_null(of(ctx, NULL, serde, serde)); reported(weir_ctx_error(ctx)))           \
    X(of, key, assert_null(of(ctx, store, NULL, serde)); reported(weir_ctx_error(ctx)))            \
    X(of, value, assert_null(of(ctx, store, serde, NULL)); reported(weir_ctx_error(ctx)))

#define STORE_ROWS(X)                                                                              \
    X(weir_kv_get, store, refused(weir_kv_get(NULL, &number, &found, NULL)))                       \
    X(weir_kv_get, key, refused(weir_kv_get(kv, NULL, &found, NULL)))                              \
    X(weir_kv_get, value, reported(weir_kv_get(kv, &number, NULL, NULL)))                          \
    X(weir_kv_get, timestamp_ms, assert_int_equal(weir_kv_get(kv, &number, &found, 0), WEIR_OK))   \
    X(weir_kv_put, store, refused(weir_kv_put(NULL, &number, &number, 1)))                         \
    X(weir_kv_put, key, refused(weir_kv_put(kv, NULL, &number, 1)))                                \
    X(weir_kv_put, value, assert_int_equal(weir_kv_put(kv, &number, NULL, 1), WEIR_OK))            \
    X(weir_kv_delete, store, refused(weir_kv_delete(NULL, &number)))                               \
    X(weir_kv_delete, key, refused(weir_kv_delete(kv, NULL)))                                      \
    X(weir_kv_range, store, refused(weir_kv_range(NULL, NULL, NULL, false, &iter)))                \
    X(weir_kv_range, from,                                                                         \
      assert_int_equal(weir_kv_range(kv, NULL, &number, false, &iter), WEIR_OK);                   \
      (void)weir_kv_iter_close(iter))                                                              \
    X(weir_kv_range, to, assert_int_equal(weir_kv_range(kv, &number, 0, 0, &iter), WEIR_OK);       \
      (void)weir_kv_iter_close(iter))                                                              \
    X(weir_kv_range, out, reported(weir_kv_range(kv, NULL, NULL, false, NULL)))                    \
    X(weir_kv_next, iter, assert_false(weir_kv_next(NULL, &found, &found, NULL)))                  \
    X(weir_kv_next, key, one_row(kv, NULL, &found, &time_ms))                                      \
    X(weir_kv_next, value, one_row(kv, &found, NULL, &time_ms))                                    \
    X(weir_kv_next, timestamp_ms, one_row(kv, &found, &found, NULL))                               \
    X(weir_kv_iter_close, iter, assert_int_equal(weir_kv_iter_close(NULL), WEIR_OK))

#define WINDOW_ROWS(X)                                                                             \
    OF_ROWS(X, weir_store_of, "st", &weir_i64)                                                     \
    OF_ROWS(X, weir_window_store_of, "w", &weir_i64)                                               \
    OF_ROWS(X, weir_session_store_of, "se", &weir_i64)                                             \
    OF_ROWS(X, weir_versioned_store_of, "v", &weir_i64)                                            \
    X(weir_window_store, ctx, assert_null(weir_window_store(NULL, "w")))                           \
    X(weir_window_store, name, assert_null(weir_window_store(ctx, NULL));                          \
      reported(weir_ctx_error(ctx)))                                                               \
    X(weir_window_put, store, refused(weir_window_put(NULL, &number, &number, 1, 1)))              \
    X(weir_window_put, key, refused(weir_window_put(windows, NULL, &number, 1, 1)))                \
    X(weir_window_put, value,                                                                      \
      assert_int_equal(weir_window_put(windows, &number, NULL, 1, 1), WEIR_OK))                    \
    X(weir_window_get, store, refused(weir_window_get(NULL, &number, 1, &found, NULL)))            \
    X(weir_window_get, key, refused(weir_window_get(windows, NULL, 1, &found, NULL)))              \
    X(weir_window_get, value, reported(weir_window_get(windows, &number, 1, NULL, NULL)))          \
    X(weir_window_get, timestamp_ms,                                                               \
      assert_int_equal(weir_window_get(windows, &number, 1, &found, NULL), WEIR_OK))               \
    X(weir_window_fetch, store, refused(weir_window_fetch(NULL, &number, 0, 1, false, &rows)))     \
    X(weir_window_fetch, key, refused(weir_window_fetch(windows, NULL, 0, 1, false, &rows)))       \
    X(weir_window_fetch, out, reported(weir_window_fetch(windows, &number, 0, 1, false, NULL)))    \
    X(weir_window_fetch_all, store, refused(weir_window_fetch_all(NULL, 0, 1, false, &rows)))      \
    X(weir_window_fetch_all, out, reported(weir_window_fetch_all(windows, 0, 1, false, NULL)))     \
    X(weir_window_next, iter, assert_false(weir_window_next(NULL, &window)))                       \
    X(weir_window_next, row, one_window(windows))                                                  \
    X(weir_window_iter_close, iter, assert_int_equal(weir_window_iter_close(NULL), WEIR_OK))

#define SESSION_ROWS(X)                                                                            \
    X(weir_session_store, ctx, assert_null(weir_session_store(NULL, "s")))                         \
    X(weir_session_store, name, assert_null(weir_session_store(ctx, NULL));                        \
      reported(weir_ctx_error(ctx)))                                                               \
    X(weir_session_put, store, refused(weir_session_put(NULL, &number, &number, 1, 1)))            \
    X(weir_session_put, key, refused(weir_session_put(sessions, NULL, &number, 1, 1)))             \
    X(weir_session_put, value,                                                                     \
      assert_int_equal(weir_session_put(sessions, &number, NULL, 1, 1), WEIR_OK))                  \
    X(weir_session_remove, store, refused(weir_session_remove(NULL, &number, 1, 1)))               \
    X(weir_session_remove, key, refused(weir_session_remove(sessions, NULL, 1, 1)))                \
    X(weir_session_get, store, refused(weir_session_get(NULL, &number, 1, 1, &found)))             \
    X(weir_session_get, key, refused(weir_session_get(sessions, NULL, 1, 1, &found)))              \
    X(weir_session_get, value, reported(weir_session_get(sessions, &number, 1, 1, NULL)))          \
    X(weir_session_find, store, refused(weir_session_find(NULL, &number, 0, 1, false, &found_s)))  \
    X(weir_session_find, key,                                                                      \
      assert_int_equal(weir_session_find(sessions, NULL, 0, 1, false, &found_s), WEIR_OK);         \
      (void)weir_session_iter_close(found_s))                                                      \
    X(weir_session_find, out, reported(weir_session_find(sessions, &number, 0, 1, false, NULL)))   \
    X(weir_session_next, iter, assert_false(weir_session_next(NULL, &session)))                    \
    X(weir_session_next, row, one_session(sessions))                                               \
    X(weir_session_iter_close, iter, assert_int_equal(weir_session_iter_close(NULL), WEIR_OK))

#define VERSION_ROWS(X)                                                                            \
    X(weir_versioned_store, ctx, assert_null(weir_versioned_store(NULL, "v")))                     \
    X(weir_versioned_store, name, assert_null(weir_versioned_store(ctx, NULL));                    \
      reported(weir_ctx_error(ctx)))                                                               \
    X(weir_versioned_put, store, refused(weir_versioned_put(NULL, &number, &number, 1, &time_ms))) \
    X(weir_versioned_put, key, refused(weir_versioned_put(versions, NULL, &number, 1, &time_ms)))  \
    X(weir_versioned_put, value,                                                                   \
      assert_int_equal(weir_versioned_put(versions, &number, NULL, 1, &time_ms), WEIR_OK))         \
    X(weir_versioned_put, valid_to_ms,                                                             \
      assert_int_equal(weir_versioned_put(versions, &number, &number, 1, NULL), WEIR_OK))          \
    X(weir_versioned_delete, store, refused(weir_versioned_delete(NULL, &number, 1)))              \
    X(weir_versioned_delete, key, refused(weir_versioned_delete(versions, NULL, 1)))               \
    X(weir_versioned_get, store, refused(weir_versioned_get(NULL, &number, &version)))             \
    X(weir_versioned_get, key, refused(weir_versioned_get(versions, NULL, &version)))              \
    X(weir_versioned_get, out, reported(weir_versioned_get(versions, &number, NULL)))              \
    X(weir_versioned_get_as_of, store,                                                             \
      refused(weir_versioned_get_as_of(NULL, &number, 1, &version)))                               \
    X(weir_versioned_get_as_of, key,                                                               \
      refused(weir_versioned_get_as_of(versions, NULL, 1, &version)))                              \
    X(weir_versioned_get_as_of, out,                                                               \
      reported(weir_versioned_get_as_of(versions, &number, 1, NULL)))                              \
    X(weir_versioned_history, store,                                                               \
      refused(weir_versioned_history(NULL, &number, 0, 1, false, &found_v)))                       \
    X(weir_versioned_history, key,                                                                 \
      refused(weir_versioned_history(versions, NULL, 0, 1, false, &found_v)))                      \
    X(weir_versioned_history, out,                                                                 \
      reported(weir_versioned_history(versions, &number, 0, 1, false, NULL)))                      \
    X(weir_versioned_next, iter, assert_false(weir_versioned_next(NULL, &version)))                \
    X(weir_versioned_next, row, one_version(versions))                                             \
    X(weir_versioned_iter_close, iter, assert_int_equal(weir_versioned_iter_close(NULL), WEIR_OK))

static inline void one_row(weir_kv *kv, const void **key, const void **value, int64_t *time_ms)
{
    const int64_t number = 7;
    weir_kv_iter *iter = NULL;
    assert_int_equal(weir_kv_put(kv, &number, &number, 5), WEIR_OK);
    assert_int_equal(weir_kv_range(kv, NULL, NULL, false, &iter), WEIR_OK);
    assert_true(weir_kv_next(iter, key, value, time_ms));
    assert_int_equal(weir_kv_iter_close(iter), WEIR_OK);
}

static inline void one_window(weir_window *windows)
{
    const int64_t number = 7;
    weir_window_iter *iter = NULL;
    assert_int_equal(weir_window_put(windows, &number, &number, 5, 5), WEIR_OK);
    assert_int_equal(weir_window_fetch(windows, &number, 5, 5, false, &iter), WEIR_OK);
    assert_true(weir_window_next(iter, NULL));
    assert_int_equal(weir_window_iter_close(iter), WEIR_OK);
}

static inline void one_version(weir_versioned *versions)
{
    const int64_t number = 7;
    weir_versioned_iter *iter = NULL;
    assert_int_equal(weir_versioned_put(versions, &number, &number, 5, NULL), WEIR_OK);
    assert_int_equal(weir_versioned_history(versions, &number, 6, 6, false, &iter), WEIR_OK);
    assert_true(weir_versioned_next(iter, NULL));
    assert_int_equal(weir_versioned_iter_close(iter), WEIR_OK);
}

static inline void one_session(weir_session *sessions)
{
    const int64_t number = 7;
    weir_session_iter *iter = NULL;
    assert_int_equal(weir_session_put(sessions, &number, &number, 5, 6), WEIR_OK);
    assert_int_equal(weir_session_find(sessions, &number, 6, 5, false, &iter), WEIR_OK);
    assert_true(weir_session_next(iter, NULL));
    assert_int_equal(weir_session_iter_close(iter), WEIR_OK);
}

#endif
