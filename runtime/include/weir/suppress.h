/* SPDX-License-Identifier: Apache-2.0
 *
 * suppress: fewer changes of a table (Kafka's Suppressed, KIP-328). Changes are kept in a buffer in
 * memory, with a changelog, and only the last one of a key is forwarded, when its time has come.
 * weir/dsl.h includes this header. */
#ifndef WEIR_SUPPRESS_H
#define WEIR_SUPPRESS_H

#include <weir/dsl.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How much a buffer may have, made by the functions below. A record's size is that of its key, its
 * values (the new and the old one, and the one before the first in the buffer), its headers, the
 * name of its topic, and 28 bytes. */
typedef struct weir_buffer_limits {
    int64_t max_records;
    int64_t max_bytes;
} weir_buffer_limits;

/* No limit but the memory of the machine (BufferConfig.unbounded). */
WEIR_API weir_buffer_limits weir_unbounded(void);
/* At most so many records, of one task (BufferConfig.maxRecords); >= 0. */
WEIR_API weir_buffer_limits weir_max_records(int64_t records);
/* At most so many bytes, of one task (BufferConfig.maxBytes); >= 0. */
WEIR_API weir_buffer_limits weir_max_bytes(int64_t bytes);
/* Both (BufferConfig.withMaxBytes). */
WEIR_API weir_buffer_limits weir_max_records_and_bytes(int64_t records, int64_t bytes);

/* What happens when a record exceeds the limits: made by the next two functions. */
typedef struct weir_buffer {
    weir_buffer_limits limits;
    bool shuts_down;
} weir_buffer;

/* The records that are next in time are forwarded early, until the others are within the limits
 * (BufferConfig.emitEarlyWhenFull). */
WEIR_API weir_buffer weir_emit_early_when_full(weir_buffer_limits limits);
/* The node fails with WEIR_ELIMIT, so that nothing is forwarded early
 * (BufferConfig.shutDownWhenFull). processing.exception.handler decides about the failure; the
 * record stays in the buffer. */
WEIR_API weir_buffer weir_shut_down_when_full(weir_buffer_limits limits);

/* When changes are forwarded: made by the next two functions. */
typedef struct weir_suppressed {
    weir_buffer buffer;
    int64_t limit_ms;
    bool window_closes;
} weir_suppressed;

/* One result a window, when it can change no more: when stream time has reached the end of the
 * window and its grace (Suppressed.untilWindowCloses). For tables whose keys are windowed, by an
 * aggregation of windows above: otherwise weir_build fails with WEIR_ETOPOLOGY. A window that is
 * deleted by then is not forwarded. A full buffer shuts down: with early results there would be
 * several for a window. */
WEIR_API weir_suppressed weir_until_window_closes(weir_buffer_limits limits);
/* The last change of a key within limit_ms (>= 0) of stream time, from the timestamp of the first
 * one in the buffer (Suppressed.untilTimeLimit). Deletions are forwarded, too. */
WEIR_API weir_suppressed weir_until_time_limit(int64_t limit_ms, weir_buffer buffer);

/* NULL or zeros: defaults. */
typedef struct weir_suppress_opts {
    const char *name; /* of the node; its buffer is the store <name>-store. NULL: both are numbered
                         as in Kafka, so use it only for topologies that never change */
    weir_toggle logging; /* changelog topic of the buffer; default on. Without one the buffer is
                            empty after a restart (BufferConfig.withLoggingDisabled) */
    const char *const *changelog_config; /* name, value, ..., NULL: wins over the defaults */
} weir_suppress_opts;

/* Forwards changes of the table later, and fewer of them (KTable.suppress). Stream time is the
 * greatest timestamp of the changes that reached this node, in its task: without changes nothing is
 * forwarded. After each change those that are due are forwarded, in order of time (the end of the
 * window; the timestamp of the key's first change in the buffer), then of the bytes of their keys.
 * A change is forwarded with timestamp, headers and weir_ctx_metadata of its record. `in` remembers
 * its rows. Another operator that reads a row of the result gets the value before the first change
 * in the buffer, without a timestamp, else the row of `in`. The buffer writes its changelog at each
 * commit. */
WEIR_API weir_table weir_suppress(weir_table in, weir_suppressed until,
                                  const weir_suppress_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
