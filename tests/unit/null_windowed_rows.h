/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows for windows: as in null_builder_rows.h, and for the serdes of windowed keys. */
#ifndef WEIR_TESTS_NULL_WINDOWED_ROWS_H
#define WEIR_TESTS_NULL_WINDOWED_ROWS_H

#include <weir/dsl.h>

#define WINDOWED weir_windowed_by(by, weir_tumbling(10, 0), NULL)
#define NO_WINDOWED ((weir_windowed_stream){0})

#define WINDOWED_ROWS(X)                                                                           \
    X(weir_windowed_by, in, NULL, weir_windowed_by((weir_grouped){0}, weir_tumbling(9, 0), NULL))  \
    X(weir_windowed_by, windows, "the size of its windows is 0 ms",                                \
      weir_windowed_by(by, (weir_windows){0}, NULL))                                               \
    X(weir_windowed_by, opts, NULL, weir_windowed_by(by, weir_tumbling(9, 0), NULL))               \
    X(weir_session_windowed_by, in, NULL,                                                          \
      weir_session_windowed_by((weir_grouped){0}, weir_session_gap(9, 0), NULL))                   \
    X(weir_session_windowed_by, windows, NULL,                                                     \
      weir_session_windowed_by(by, (weir_session_windows){0}, NULL))                               \
    X(weir_session_windowed_by, opts, NULL,                                                        \
      weir_session_windowed_by(by, weir_session_gap(9, 0), NULL))                                  \
    X(weir_windowed_count, in, NULL, weir_windowed_count(NO_WINDOWED, "x", NULL))                  \
    X(weir_windowed_count, store, NULL, weir_windowed_count(WINDOWED, NULL, NULL))                 \
    X(weir_windowed_count, opts, NULL, weir_windowed_count(WINDOWED, "x", NULL))                   \
    X(weir_windowed_reduce, in, NULL, weir_windowed_reduce(NO_WINDOWED, reduce, NULL, "x", NULL))  \
    X(weir_windowed_reduce, fn, "windowed_reduce 'x' below",                                       \
      weir_windowed_reduce(WINDOWED, NULL, NULL, "x", NULL))                                       \
    X(weir_windowed_reduce, store, NULL, weir_windowed_reduce(WINDOWED, reduce, 0, NULL, NULL))    \
    X(weir_windowed_reduce, opts, NULL, weir_windowed_reduce(WINDOWED, reduce, NULL, "x", NULL))   \
    X(weir_windowed_aggregate, in, NULL,                                                           \
      weir_windowed_aggregate(NO_WINDOWED, first, add, NULL, "x", NULL))                           \
    X(weir_windowed_aggregate, init, "windowed_aggregate 'x' below",                               \
      weir_windowed_aggregate(WINDOWED, NULL, add, NULL, "x", NULL))                               \
    X(weir_windowed_aggregate, fn, "windowed_aggregate 'x' below",                                 \
      weir_windowed_aggregate(WINDOWED, first, NULL, NULL, "x", NULL))                             \
    X(weir_windowed_aggregate, store, NULL,                                                        \
      weir_windowed_aggregate(WINDOWED, first, add, NULL, NULL, COUNTS))                           \
    X(weir_windowed_aggregate, opts, "default.value",                                              \
      weir_windowed_aggregate(WINDOWED, first, add, NULL, "x", NULL))                              \
    SESSION_STREAM_ROWS(X)                                                                         \
    WINDOWED_COGROUP_ROWS(X)

static weir_err merge(weir_ctx *ctx, const void *key, const void *left, const void *right,
                      void *out, void *user)
{
    (void)ctx;
    (void)key;
    (void)left;
    (void)right;
    (void)out;
    (void)user;
    return WEIR_OK;
}

#define SESSIONS weir_session_windowed_by(by, weir_session_gap(9, 0), NULL)
#define NO_SESSIONS ((weir_session_stream){0})
#define CO_WINDOWED weir_cogroup_windowed_by(COGROUP, weir_tumbling(9, 0))
#define CO_SESSIONS weir_cogroup_session_windowed_by(COGROUP, weir_session_gap(9, 0))

#define SESSION_STREAM_ROWS(X)                                                                     \
    X(weir_session_windowed_count, in, NULL, weir_session_windowed_count(NO_SESSIONS, "x", NULL))  \
    X(weir_session_windowed_count, store, NULL, weir_session_windowed_count(SESSIONS, NULL, NULL)) \
    X(weir_session_windowed_count, opts, NULL, weir_session_windowed_count(SESSIONS, "x", NULL))   \
    X(weir_session_windowed_reduce, in, NULL,                                                      \
      weir_session_windowed_reduce(NO_SESSIONS, reduce, NULL, "x", NULL))                          \
    X(weir_session_windowed_reduce, fn, "session_windowed_reduce 'x' below",                       \
      weir_session_windowed_reduce(SESSIONS, NULL, NULL, "x", NULL))                               \
    X(weir_session_windowed_reduce, store, NULL,                                                   \
      weir_session_windowed_reduce(SESSIONS, reduce, NULL, NULL, NULL))                            \
    X(weir_session_windowed_reduce, opts, NULL,                                                    \
      weir_session_windowed_reduce(SESSIONS, reduce, NULL, "x", NULL))                             \
    X(weir_session_windowed_aggregate, in, NULL,                                                   \
      weir_session_windowed_aggregate(NO_SESSIONS, first, add, merge, NULL, "x", COUNTS))          \
    X(weir_session_windowed_aggregate, init, "session_windowed_aggregate 'x' below",               \
      weir_session_windowed_aggregate(SESSIONS, NULL, add, merge, NULL, "x", COUNTS))              \
    X(weir_session_windowed_aggregate, fn, "lacks a function",                                     \
      weir_session_windowed_aggregate(SESSIONS, first, NULL, merge, NULL, "x", COUNTS))            \
    X(weir_session_windowed_aggregate, merger, "lacks a function",                                 \
      weir_session_windowed_aggregate(SESSIONS, first, add, NULL, NULL, "x", COUNTS))              \
    X(weir_session_windowed_aggregate, store, NULL,                                                \
      weir_session_windowed_aggregate(SESSIONS, first, add, merge, NULL, NULL, COUNTS))            \
    X(weir_session_windowed_aggregate, opts, "default.value",                                      \
      weir_session_windowed_aggregate(SESSIONS, first, add, merge, NULL, "x", NULL))

#define WINDOWED_COGROUP_ROWS(X)                                                                   \
    X(weir_cogroup_windowed_by, in, NULL,                                                          \
      weir_cogroup_windowed_by((weir_cogrouped){0}, weir_tumbling(9, 0)))                          \
    X(weir_cogroup_windowed_by, windows, "the size of its windows is 0 ms",                        \
      weir_cogroup_windowed_by(COGROUP, (weir_windows){0}))                                        \
    X(weir_cogroup_session_windowed_by, in, NULL,                                                  \
      weir_cogroup_session_windowed_by((weir_cogrouped){0}, weir_session_gap(9, 0)))               \
    X(weir_cogroup_session_windowed_by, windows, NULL,                                             \
      weir_cogroup_session_windowed_by(COGROUP, (weir_session_windows){0}))                        \
    X(weir_windowed_cogroup_aggregate, in, NULL,                                                   \
      weir_windowed_cogroup_aggregate((weir_windowed_cogroup){0}, first, NULL, "x", COUNTS))       \
    X(weir_windowed_cogroup_aggregate, init, "windowed_cogroup 'x' below",                         \
      weir_windowed_cogroup_aggregate(CO_WINDOWED, NULL, NULL, "x", COUNTS))                       \
    X(weir_windowed_cogroup_aggregate, store, NULL,                                                \
      weir_windowed_cogroup_aggregate(CO_WINDOWED, first, NULL, NULL, COUNTS))                     \
    X(weir_windowed_cogroup_aggregate, opts, "default.value",                                      \
      weir_windowed_cogroup_aggregate(CO_WINDOWED, first, NULL, "x", NULL))                        \
    X(weir_session_cogroup_aggregate, in, NULL,                                                    \
      weir_session_cogroup_aggregate((weir_session_cogroup){0}, first, merge, 0, "x", COUNTS))     \
    X(weir_session_cogroup_aggregate, init, "session_cogroup 'x' below",                           \
      weir_session_cogroup_aggregate(CO_SESSIONS, NULL, merge, NULL, "x", COUNTS))                 \
    X(weir_session_cogroup_aggregate, merger, "session_cogroup 'x' below",                         \
      weir_session_cogroup_aggregate(CO_SESSIONS, first, NULL, NULL, "x", COUNTS))                 \
    X(weir_session_cogroup_aggregate, store, NULL,                                                 \
      weir_session_cogroup_aggregate(CO_SESSIONS, first, merge, NULL, NULL, COUNTS))               \
    X(weir_session_cogroup_aggregate, opts, "default.value",                                       \
      weir_session_cogroup_aggregate(CO_SESSIONS, first, merge, NULL, "x", NULL))

#define BYTES weir_slice_of("k12345678")
#define WRAPPED ((void *)(uintptr_t)&wrapped)

#define WINDOWED_KEY_ROWS(X)                                                                       \
    X(weir_windowed_wrapped, serde, assert_null(weir_windowed_wrapped(NULL)))                      \
    X(weir_time_windowed_decode, ctx,                                                              \
      refused(weir_time_windowed_decode(NULL, BYTES, &read, WRAPPED)))                             \
    X(weir_time_windowed_decode, out,                                                              \
      reported(weir_time_windowed_decode(ctx, BYTES, NULL, WRAPPED)))                              \
    X(weir_time_windowed_encode, ctx,                                                              \
      refused(weir_time_windowed_encode(NULL, &of_a, &buf, WRAPPED)))                              \
    X(weir_time_windowed_encode, in,                                                               \
      reported(weir_time_windowed_encode(ctx, NULL, &buf, WRAPPED)))                               \
    X(weir_time_windowed_encode, out,                                                              \
      reported(weir_time_windowed_encode(ctx, &of_a, NULL, WRAPPED)))                              \
    X(weir_session_windowed_decode, ctx,                                                           \
      refused(weir_session_windowed_decode(NULL, BYTES, &read, WRAPPED)))                          \
    X(weir_session_windowed_decode, out,                                                           \
      reported(weir_session_windowed_decode(ctx, BYTES, NULL, WRAPPED)))                           \
    X(weir_session_windowed_encode, ctx,                                                           \
      refused(weir_session_windowed_encode(NULL, &of_a, &buf, WRAPPED)))                           \
    X(weir_session_windowed_encode, in,                                                            \
      reported(weir_session_windowed_encode(ctx, NULL, &buf, WRAPPED)))                            \
    X(weir_session_windowed_encode, out,                                                           \
      reported(weir_session_windowed_encode(ctx, &of_a, NULL, WRAPPED)))                           \
    X(weir_windowed_print, ctx, refused(weir_windowed_print(NULL, &of_a, &buf, WRAPPED)))          \
    X(weir_windowed_print, in, reported(weir_windowed_print(ctx, NULL, &buf, WRAPPED)))            \
    X(weir_windowed_print, out, reported(weir_windowed_print(ctx, &of_a, NULL, WRAPPED)))

#endif
