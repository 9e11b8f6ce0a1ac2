/* SPDX-License-Identifier: Apache-2.0
 *
 * The DSL: streams, tables and their operators, with Kafka Streams' names and meaning. Handles
 * are two words by value, owned by the builder; distinct types, so that the compiler refuses what
 * makes no sense.
 *
 * Names: every operator takes an optional name (Kafka's Named); without one it is numbered as
 * Kafka does. Topics of the repartitions that operators imply must have one.
 * Serdes: NULL means the configured default.
 * Records without a key are dropped by tables, aggregations, repartitions and inner joins, those
 * without a value by aggregations and joins; weir_app_dropped_records counts them.
 * Callbacks return a code (text by weir_fail); inputs are borrowed until they return; results go
 * into zeroed storage of the output serde's size; weir_out_null makes the result null. A callback
 * that writes past the end of that storage, or of what weir_alloc gave it, ends the thread with
 * WEIR_EOVERRUN, which no handler skips. */
#ifndef WEIR_DSL_H
#define WEIR_DSL_H

#include <weir/processor.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_stream {
    weir_builder *builder;
    int node;
} weir_stream;
typedef struct weir_table {
    weir_builder *builder;
    int node;
} weir_table;
typedef struct weir_global_table {
    weir_builder *builder;
    int node;
} weir_global_table;
typedef struct weir_grouped {
    weir_builder *builder;
    int node;
} weir_grouped;

/* ---- Callbacks ---------------------------------------------------------------------------- */

typedef weir_err (*weir_filter_fn)(weir_ctx *ctx, const weir_record *in, bool *keep, void *user);
typedef weir_err (*weir_map_values_fn)(weir_ctx *ctx, const weir_record *in, void *out, void *user);
typedef weir_err (*weir_select_key_fn)(weir_ctx *ctx, const weir_record *in, void *key_out,
                                       void *user);
typedef weir_err (*weir_map_fn)(weir_ctx *ctx, const weir_record *in, void *key_out,
                                void *value_out, void *user);
/* Gives any number of records with weir_emit or weir_emit_value. */
typedef weir_err (*weir_flat_map_fn)(weir_ctx *ctx, const weir_record *in, void *user);
typedef weir_err (*weir_for_each_fn)(weir_ctx *ctx, const weir_record *in, void *user);
typedef weir_err (*weir_initializer_fn)(weir_ctx *ctx, void *out, void *user);
typedef weir_err (*weir_aggregator_fn)(weir_ctx *ctx, const weir_record *in, const void *aggregate,
                                       void *out, void *user);
typedef weir_err (*weir_reducer_fn)(weir_ctx *ctx, const void *aggregate, const void *value,
                                    void *out, void *user);
/* `right` is NULL in left joins without a match. */
typedef weir_err (*weir_joiner_fn)(weir_ctx *ctx, const void *key, const void *left,
                                   const void *right, void *out, void *user);

/* Makes the result that goes into `out` (the callback's out parameter) null. A weir_string or
 * weir_bytes left with data == NULL is null too. */
WEIR_API void weir_out_null(weir_ctx *ctx, void *out);
/* In flat_map: a record with the input's timestamp and headers; key or value may be NULL (null).
 * The record is passed on during the call, so both may lie on the caller's stack. */
WEIR_API weir_err weir_emit(weir_ctx *ctx, const void *key, const void *value);
/* In flat_map_values: with the input's key. */
WEIR_API weir_err weir_emit_value(weir_ctx *ctx, const void *value);

/* Optional name of a node. */
typedef struct weir_named {
    const char *name;
} weir_named;

/* ---- Sources ------------------------------------------------------------------------------ */

WEIR_API weir_stream weir_source(weir_builder *builder, const char *topic, const weir_serde *key,
                                 const weir_serde *value, const weir_source_opts *opts);
WEIR_API weir_stream weir_source_many(weir_builder *builder, const char *const *topics,
                                      const weir_serde *key, const weir_serde *value,
                                      const weir_source_opts *opts);
/* opts->source says how the topic is read.
 * `store` names the table's store; NULL: it has one only if an operator needs it, numbered as
 * Kafka does. The nodes are <opts->node>-source and <opts->node>. */
WEIR_API weir_table weir_table_source(weir_builder *builder, const char *topic, const char *store,
                                      const weir_serde *key, const weir_serde *value,
                                      const weir_store_opts *opts);
/* Read whole by every instance (KIP-99). */
WEIR_API weir_global_table weir_global_table_source(weir_builder *builder, const char *topic,
                                                    const char *store, const weir_serde *key,
                                                    const weir_serde *value,
                                                    const weir_store_opts *opts);

/* ---- Stateless operators ------------------------------------------------------------------ */

WEIR_API weir_stream weir_filter(weir_stream in, weir_filter_fn fn, void *user,
                                 const weir_named *named);
WEIR_API weir_stream weir_filter_not(weir_stream in, weir_filter_fn fn, void *user,
                                     const weir_named *named);
WEIR_API weir_stream weir_map(weir_stream in, const weir_serde *key, const weir_serde *value,
                              weir_map_fn fn, void *user, const weir_named *named);
WEIR_API weir_stream weir_map_values(weir_stream in, const weir_serde *value, weir_map_values_fn fn,
                                     void *user, const weir_named *named);
WEIR_API weir_stream weir_flat_map(weir_stream in, const weir_serde *key, const weir_serde *value,
                                   weir_flat_map_fn fn, void *user, const weir_named *named);
WEIR_API weir_stream weir_flat_map_values(weir_stream in, const weir_serde *value,
                                          weir_flat_map_fn fn, void *user, const weir_named *named);
WEIR_API weir_stream weir_select_key(weir_stream in, const weir_serde *key, weir_select_key_fn fn,
                                     void *user, const weir_named *named);
WEIR_API weir_stream weir_peek(weir_stream in, weir_for_each_fn fn, void *user,
                               const weir_named *named);
WEIR_API void weir_for_each(weir_stream in, weir_for_each_fn fn, void *user,
                            const weir_named *named);
WEIR_API weir_stream weir_merge(weir_stream left, weir_stream right, const weir_named *named);

/* One branch of a split: the first whose predicate holds gets the record. fn NULL: the default
 * branch, which must be last. */
typedef struct weir_branch {
    const char *name; /* the node is named <split name><branch name> */
    weir_filter_fn fn;
    void *user;
} weir_branch;
/* `out` has room for `count` handles. */
WEIR_API void weir_split(weir_stream in, const weir_branch *branches, size_t count,
                         weir_stream *out, const weir_named *named);

/* NULL serdes: the stream's. */
typedef struct weir_repartition_opts {
    int32_t partitions; /* 0: as the upstream's largest input */
    const weir_serde *key;
    const weir_serde *value;
    weir_partitioner_fn partitioner;
    void *user;
} weir_repartition_opts;
/* Through the topic <application.id>-<name>-repartition. */
WEIR_API weir_stream weir_repartition(weir_stream in, const char *name,
                                      const weir_repartition_opts *opts);
/* A record of time 0 is written with time 1 (weir_forward). */
WEIR_API void weir_to(weir_stream in, const char *topic, const weir_sink_opts *opts);

typedef struct weir_process_opts {
    const char *name;
    const char *const *stores; /* NULL-terminated: what this processor may open */
} weir_process_opts;
WEIR_API weir_stream weir_process(weir_stream in, const weir_serde *key, const weir_serde *value,
                                  const weir_processor_ops *ops, void *user,
                                  const weir_process_opts *opts);
/* A processor that keeps keys: what it forwards gets the input's key, and needs no repartition. It
 * forwards only while it processes a record. */
WEIR_API weir_stream weir_process_values(weir_stream in, const weir_serde *value,
                                         const weir_processor_ops *ops, void *user,
                                         const weir_process_opts *opts);

/* ---- Grouping and aggregation ------------------------------------------------------------- */

/* `name`: of the repartition topic <name>-repartition if one is needed; NULL: that of the
 * aggregation's store. In group_by also of the node. */
WEIR_API weir_grouped weir_group_by_key(weir_stream in, const char *name);
WEIR_API weir_grouped weir_group_by(weir_stream in, const char *name, const weir_serde *key,
                                    weir_select_key_fn fn, void *user);
/* `store` NULL: numbered as Kafka does, so that its changelog's name depends on what was built
 * before: only for topologies that never change. opts->node names the node. */
WEIR_API weir_table weir_count(weir_grouped in, const char *store, const weir_store_opts *opts);
WEIR_API weir_table weir_reduce(weir_grouped in, weir_reducer_fn fn, void *user, const char *store,
                                const weir_store_opts *opts);
/* opts->value is the aggregate's serde. */
WEIR_API weir_table weir_aggregate(weir_grouped in, weir_initializer_fn init, weir_aggregator_fn fn,
                                   void *user, const char *store, const weir_store_opts *opts);

/* The table's changes as a stream. */
WEIR_API weir_stream weir_to_stream(weir_table in, const weir_named *named);

/* ---- Joins -------------------------------------------------------------------------------- */

/* The name is also that of the left side's repartition topic, and required when it needs one. Both
 * sides must have a key in the partition of the same number: as many partitions (checked), filled
 * by the same partitioner (a sample of the keys is compared with murmur2; a difference is a
 * warning). */
WEIR_API weir_stream weir_join_table(weir_stream left, weir_table right, const weir_serde *value,
                                     weir_joiner_fn fn, void *user, const weir_named *named);
WEIR_API weir_stream weir_left_join_table(weir_stream left, weir_table right,
                                          const weir_serde *value, weir_joiner_fn fn, void *user,
                                          const weir_named *named);
typedef struct weir_global_join_opts {
    const char *name;
    weir_select_key_fn key_fn; /* gives the global table's key; NULL: the record's key */
} weir_global_join_opts;
/* `user` goes to both callbacks. */
WEIR_API weir_stream weir_join_global(weir_stream left, weir_global_table right,
                                      const weir_serde *value, weir_joiner_fn fn, void *user,
                                      const weir_global_join_opts *opts);
WEIR_API weir_stream weir_left_join_global(weir_stream left, weir_global_table right,
                                           const weir_serde *value, weir_joiner_fn fn, void *user,
                                           const weir_global_join_opts *opts);

#ifdef __cplusplus
}
#endif
#endif
