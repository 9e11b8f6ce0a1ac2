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

#ifdef __cplusplus
}
#endif
#endif
