/* SPDX-License-Identifier: Apache-2.0
 *
 * Windows: what they are, and the keys of windowed tables. Times are in ms. A window contains the
 * times from its start up to, but not including, its end; sliding windows and sessions include
 * their end.
 *
 * Windows are small values made by the functions below. Grace is how long, by the operator's stream
 * time, a window accepts records after its end; it is always said explicitly (KIP-633). Stream time
 * is the greatest timestamp of the records that reached the operator, in its task. A value that is
 * not allowed is an error of weir_build that names the operator which got it. */
#ifndef WEIR_WINDOWS_H
#define WEIR_WINDOWS_H

#include <weir/serde.h>

#ifdef __cplusplus
extern "C" {
#endif

/* As the grace of windows: a record is late as soon as stream time has reached the window's end. */
#define WEIR_NO_GRACE ((int64_t)0)

typedef enum weir_windows_type {
    WEIR_WINDOWS_HOPPING, /* tumbling windows are hopping ones whose advance is their size */
    WEIR_WINDOWS_SLIDING,
    WEIR_WINDOWS_UNLIMITED,
} weir_windows_type;

/* Windows by time (Kafka's TimeWindows, SlidingWindows, UnlimitedWindows). */
typedef struct weir_windows {
    weir_windows_type type;
    int64_t size_ms;    /* sliding: the time difference; unlimited: INT64_MAX */
    int64_t advance_ms; /* of hopping windows */
    int64_t start_ms;   /* of unlimited windows */
    int64_t grace_ms;
} weir_windows;

/* Windows that follow each other without gap or overlap, from time 0 (TimeWindows.of). size_ms >
 * 0, grace_ms >= 0. */
WEIR_API weir_windows weir_tumbling(int64_t size_ms, int64_t grace_ms);
/* Windows of size_ms that begin every advance_ms, from time 0, and overlap (TimeWindows.advanceBy).
 * 0 < advance_ms <= size_ms, grace_ms >= 0. A record is in each window that contains its time. */
WEIR_API weir_windows weir_hopping(int64_t size_ms, int64_t advance_ms, int64_t grace_ms);
/* For each record the windows of the records of its key that are at most difference_ms apart: the
 * one that ends with the record, and the one that begins just after it (SlidingWindows, KIP-450).
 * Both ends are included. difference_ms >= 0, grace_ms >= 0; as in Kafka, an operator with a
 * difference of 0 fails at its first record. */
WEIR_API weir_windows weir_sliding(int64_t difference_ms, int64_t grace_ms);
/* One window from start_ms (>= 0) on that never ends (UnlimitedWindows). Earlier records are in no
 * window, uncounted. Its end is INT64_MAX. */
WEIR_API weir_windows weir_unlimited(int64_t start_ms);

/* Sessions (Kafka's SessionWindows): records of a key that are at most gap_ms apart. */
typedef struct weir_session_windows {
    int64_t gap_ms;
    int64_t grace_ms;
} weir_session_windows;

/* gap_ms >= 0, grace_ms >= 0. */
WEIR_API weir_session_windows weir_session_gap(int64_t gap_ms, int64_t grace_ms);

/* Which records two streams join (Kafka's JoinWindows): a right one from before_ms before to
 * after_ms after the left one. */
typedef struct weir_join_windows {
    int64_t before_ms;
    int64_t after_ms;
    int64_t grace_ms;
} weir_join_windows;

/* One of the first two may be negative, but not their sum; grace_ms >= 0. */
WEIR_API weir_join_windows weir_join_within(int64_t before_ms, int64_t after_ms, int64_t grace_ms);

/* When a windowed aggregation forwards results (EmitStrategy, KIP-825). */
typedef enum weir_emit_strategy {
    WEIR_EMIT_ON_UPDATE, /* each change of a window, or with a record cache the last one */
    /* One result a window, when stream time has passed its end and grace; the store has no cache.
     * A window that has expired by then is lost, as in Kafka (but for sessions in RocksDB): set
     * retention_ms (weir_store_opts) above size and grace by as much as stream time may advance
     * from one record to the next. Closed windows are looked for once a second of wall clock, or as
     * often as
     * __emit.interval.ms.kstreams.windowed.aggregation__ says; in weir_sync after each record. */
    WEIR_EMIT_ON_CLOSE,
} weir_emit_strategy;

/* ---- Windowed keys ------------------------------------------------------------------------ */

/* The decoded key of a windowed table (Kafka's Windowed). */
typedef struct weir_windowed {
    const void *key; /* decoded, of the type that was grouped by; never NULL in a decoded key */
    int64_t start_ms;
    int64_t end_ms; /* INT64_MAX for unlimited windows */
} weir_windowed;

/* What a serde of windowed keys is made of: its `user`. */
typedef struct weir_wrapped {
    const weir_serde *inner; /* of the key inside */
    int64_t size_ms;         /* of the windows; their bytes lack the end. Sessions: 0 */
} weir_wrapped;

/* Operators make the serdes of their windowed keys, which is what NULL stands for below them. To
 * read or write a topic with windowed keys, to name such keys for a processor, or in a test:
 *
 *     WEIR_TIME_WINDOWED_SERDE(by_minute, weir_string, 60000)
 *     WEIR_SESSION_WINDOWED_SERDE(by_session, weir_string)
 *     ...
 *     weir_stream counts = weir_source(b, "counts", &by_minute, &weir_i64, NULL);
 *
 * Each defines a static serde object. Serdes of windowed keys are the same type when their inner
 * serdes are and both are of sessions, or both of windows by time. On a topic a key is followed by
 * the window's start, 8 bytes big-endian; in a session by its end and its start
 * (TimeWindowedSerializer, SessionWindowedSerializer). */
#define WEIR_TIME_WINDOWED_SERDE(name, inner_serde, size_in_ms)                                    \
    static const weir_wrapped name##_wrapped = {&(inner_serde), (size_in_ms)};                     \
    static const weir_serde name __attribute__((unused)) =                                         \
        WEIR_TIME_WINDOWED(#name, &name##_wrapped);                                                \
    typedef weir_windowed name##_type;
#define WEIR_SESSION_WINDOWED_SERDE(name, inner_serde)                                             \
    static const weir_wrapped name##_wrapped = {&(inner_serde), 0};                                \
    static const weir_serde name __attribute__((unused)) =                                         \
        WEIR_SESSION_WINDOWED(#name, &name##_wrapped);                                             \
    typedef weir_windowed name##_type;

/* Initializers of a weir_serde in memory of your own; `wrapped` points to a weir_wrapped that lives
 * as long. */
#define WEIR_TIME_WINDOWED(name, wrapped)                                                          \
    {                                                                                              \
        (name), sizeof(weir_windowed), weir_time_windowed_decode, weir_time_windowed_encode,       \
            (void *)(wrapped), weir_windowed_print                                                 \
    }
#define WEIR_SESSION_WINDOWED(name, wrapped)                                                       \
    {                                                                                              \
        (name), sizeof(weir_windowed), weir_session_windowed_decode, weir_session_windowed_encode, \
            (void *)(wrapped), weir_windowed_print                                                 \
    }

/* What a serde of windowed keys wraps; NULL: `serde` is NULL or of another type. */
WEIR_API const weir_wrapped *weir_windowed_wrapped(const weir_serde *serde);

/* Reads a key with the start of its window (WEIR_TIME_WINDOWED); `user` of these functions is a
 * weir_wrapped. WEIR_EDECODE: the bytes are too short, or end with a time that is negative. */
WEIR_API weir_err weir_time_windowed_decode(weir_ctx *ctx, weir_slice in, void *out, void *user);
/* Writes such a key with the start of its window. WEIR_EINVAL: no key, or a negative start. */
WEIR_API weir_err weir_time_windowed_encode(weir_ctx *ctx, const void *in, weir_buf *out,
                                            void *user);
/* Reads a key with the start and the end of a session (WEIR_SESSION_WINDOWED). Errors as of
 * weir_time_windowed_decode. */
WEIR_API weir_err weir_session_windowed_decode(weir_ctx *ctx, weir_slice in, void *out, void *user);
/* Writes such a key with the end and the start of its session. WEIR_EINVAL: no key, a negative
 * start, or an end before the start. */
WEIR_API weir_err weir_session_windowed_encode(weir_ctx *ctx, const void *in, weir_buf *out,
                                               void *user);
/* Prints a key of either kind: "key@start/end". */
WEIR_API weir_err weir_windowed_print(weir_ctx *ctx, const void *in, weir_buf *out, void *user);

#ifdef __cplusplus
}
#endif
#endif
