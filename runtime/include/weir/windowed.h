/* SPDX-License-Identifier: Apache-2.0
 *
 * The DSL: aggregations of windows. weir/dsl.h includes it. A windowed table has keys of the type
 * weir_windowed, whose serde the operator makes; below it NULL stands for that serde. Its rows
 * expire: weir_store_opts.retention_ms. */
#ifndef WEIR_WINDOWED_H
#define WEIR_WINDOWED_H

#include <weir/dsl.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A grouped stream with windows by time (Kafka's TimeWindowedKStream). */
typedef struct weir_windowed_stream {
    weir_builder *builder;
    int node;
} weir_windowed_stream;
/* A grouped stream with sessions (SessionWindowedKStream). */
typedef struct weir_session_stream {
    weir_builder *builder;
    int node;
} weir_session_stream;

/* NULL or zeros: defaults. */
typedef struct weir_windowed_opts {
    weir_emit_strategy emit;
} weir_windowed_opts;

/* Divides the records of each key into windows (KGroupedStream.windowedBy). The same grouping may
 * have several. */
WEIR_API weir_windowed_stream weir_windowed_by(weir_grouped in, weir_windows windows,
                                               const weir_windowed_opts *opts);
/* Divides the records of each key into sessions (KGroupedStream.windowedBy). */
WEIR_API weir_session_stream weir_session_windowed_by(weir_grouped in, weir_session_windows windows,
                                                      const weir_windowed_opts *opts);

/* Aggregations of windows by time. They have a timestamped window store; `store` and opts as in
 * weir_count. A record without a key is dropped. So is, for each of its windows that has closed, a
 * late record (WEIR_DROP_LATE): its end and grace are not after the stream time of the operator in
 * its task. A row's timestamp is the greatest of its records. */

/* Counts records, also those without a value. */
WEIR_API weir_table weir_windowed_count(weir_windowed_stream in, const char *store,
                                        const weir_store_opts *opts);
/* The first value of a window is stored as it is. fn gets NULL for a value that is null. */
WEIR_API weir_table weir_windowed_reduce(weir_windowed_stream in, weir_reducer_fn fn, void *user,
                                         const char *store, const weir_store_opts *opts);
/* Each window begins with the initializer's aggregate. `fn` gets records without a value, too; a
 * null result deletes the window's row. opts->value is the aggregate's serde. */
WEIR_API weir_table weir_windowed_aggregate(weir_windowed_stream in, weir_initializer_fn init,
                                            weir_aggregator_fn fn, void *user, const char *store,
                                            const weir_store_opts *opts);

/* Aggregations of sessions. They have a session store, whose rows have no timestamp: that of a
 * result is the session's end. A record joins the sessions of its key that it is at most the gap
 * away from; they become one, and each of them is deleted from the table, unless the session stays
 * as it was. Records without a key are dropped. A record is late (WEIR_DROP_LATE) when the session
 * that it would give ends more than gap and grace before the stream time of the operator in its
 * task. */

/* Counts records, also those without a value. */
WEIR_API weir_table weir_session_windowed_count(weir_session_stream in, const char *store,
                                                const weir_store_opts *opts);
/* Also merges sessions: fn gets the aggregates of two. */
WEIR_API weir_table weir_session_windowed_reduce(weir_session_stream in, weir_reducer_fn fn,
                                                 void *user, const char *store,
                                                 const weir_store_opts *opts);
/* The sessions that a record joins are merged by `merger`, beginning with the initializer's
 * aggregate, in the order of their ends; then the record is added. `user` is that of all three. */
WEIR_API weir_table weir_session_windowed_aggregate(weir_session_stream in,
                                                    weir_initializer_fn init, weir_aggregator_fn fn,
                                                    weir_merger_fn merger, void *user,
                                                    const char *store, const weir_store_opts *opts);

/* ---- Cogroups ----------------------------------------------------------------------------- */

/* A cogroup with windows by time (Kafka's TimeWindowedCogroupedKStream). */
typedef struct weir_windowed_cogroup {
    weir_builder *builder;
    int node;
} weir_windowed_cogroup;
/* A cogroup with sessions (SessionWindowedCogroupedKStream). */
typedef struct weir_session_cogroup {
    weir_builder *builder;
    int node;
} weir_session_cogroup;

/* Divides the records of each key, of all streams of the cogroup, into windows
 * (CogroupedKStream.windowedBy). As in Kafka they are emitted on update, and each stream has its
 * own stream time, by which its records are late. */
WEIR_API weir_windowed_cogroup weir_cogroup_windowed_by(weir_cogrouped in, weir_windows windows);
/* Divides them into sessions (SessionWindowedCogroupedKStream), with the same stream times. */
WEIR_API weir_session_cogroup weir_cogroup_session_windowed_by(weir_cogrouped in,
                                                               weir_session_windows windows);
/* As weir_cogroup_aggregate, with the windows of weir_windowed_aggregate. */
WEIR_API weir_table weir_windowed_cogroup_aggregate(weir_windowed_cogroup in,
                                                    weir_initializer_fn init, void *user,
                                                    const char *store, const weir_store_opts *opts);
/* As weir_cogroup_aggregate, with the sessions of weir_session_windowed_aggregate. `user` is that
 * of the initializer and the merger. */
WEIR_API weir_table weir_session_cogroup_aggregate(weir_session_cogroup in,
                                                   weir_initializer_fn init, weir_merger_fn merger,
                                                   void *user, const char *store,
                                                   const weir_store_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
