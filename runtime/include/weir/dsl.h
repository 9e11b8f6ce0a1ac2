/* SPDX-License-Identifier: Apache-2.0
 *
 * The DSL: streams, tables and their operators, with Kafka Streams' names and meaning: weir_source
 * is StreamsBuilder.stream, weir_filter is KStream.filter, and so on. Handles (weir_stream,
 * weir_table, ...) are two words, passed by value; what they refer to belongs to the builder. Each
 * kind has its own type, so that the compiler rejects an operator on the wrong kind.
 *
 * Names: every operator takes an optional name (Kafka's Named); without one it is numbered as in
 * Kafka. The repartition topics that operators imply must have a name. Serdes: NULL means the
 * configured default. Tables, aggregations, repartitions and inner joins drop records without a
 * key; aggregations and joins also drop records without a value. weir_app_dropped_records counts
 * them. The callbacks of all other operators get NULL for a null key or value. Callbacks return a
 * code; weir_fail adds a text. Inputs are borrowed until the callback returns. A callback writes
 * its result into zeroed storage of the output serde's size; weir_out_null makes the result null. A
 * callback that writes past the end of that storage, or of memory from weir_alloc, ends the thread
 * with WEIR_EOVERRUN, which no exception handler skips. */
#ifndef WEIR_DSL_H
#define WEIR_DSL_H

#include <weir/processor.h>
#include <weir/windows.h>

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
typedef struct weir_grouped_table {
    weir_builder *builder;
    int node;
} weir_grouped_table;
typedef struct weir_cogrouped {
    weir_builder *builder;
    int node;
} weir_cogrouped;

/* ---- Callbacks ---------------------------------------------------------------------------- */

typedef weir_err (*weir_filter_fn)(weir_ctx *ctx, const weir_record *in, bool *keep, void *user);
typedef weir_err (*weir_map_values_fn)(weir_ctx *ctx, const weir_record *in, void *out, void *user);
typedef weir_err (*weir_select_key_fn)(weir_ctx *ctx, const weir_record *in, void *key_out,
                                       void *user);
typedef weir_err (*weir_map_fn)(weir_ctx *ctx, const weir_record *in, void *key_out,
                                void *value_out, void *user);
/* Emits any number of records with weir_emit or weir_emit_value. */
typedef weir_err (*weir_flat_map_fn)(weir_ctx *ctx, const weir_record *in, void *user);
typedef weir_err (*weir_for_each_fn)(weir_ctx *ctx, const weir_record *in, void *user);
typedef weir_err (*weir_initializer_fn)(weir_ctx *ctx, void *out, void *user);
typedef weir_err (*weir_aggregator_fn)(weir_ctx *ctx, const weir_record *in, const void *aggregate,
                                       void *out, void *user);
typedef weir_err (*weir_reducer_fn)(weir_ctx *ctx, const void *aggregate, const void *value,
                                    void *out, void *user);
/* `right` is NULL in left joins without a match; in outer joins `left` may be NULL, too.
 * weir_ctx_timestamp_ms and weir_ctx_headers give the timestamp and the headers of the result. */
typedef weir_err (*weir_joiner_fn)(weir_ctx *ctx, const void *key, const void *left,
                                   const void *right, void *out, void *user);

/* The aggregate of two sessions that become one, the earlier one first. */
typedef weir_err (*weir_merger_fn)(weir_ctx *ctx, const void *key, const void *left,
                                   const void *right, void *out, void *user);

/* Makes the result of a callback null. `out` is the out parameter that the callback got. A result
 * of weir_string or weir_bytes whose data stays NULL is null too. */
WEIR_API void weir_out_null(weir_ctx *ctx, void *out);
/* In flat_map: forwards a record with the input's timestamp and headers; key or value may be NULL
 * (null). The record is forwarded during the call, so both may be on the caller's stack. */
WEIR_API weir_err weir_emit(weir_ctx *ctx, const void *key, const void *value);
/* In flat_map_values: forwards a record with the input's key, timestamp and headers. */
WEIR_API weir_err weir_emit_value(weir_ctx *ctx, const void *value);

/* Optional name of a node. */
typedef struct weir_named {
    const char *name;
} weir_named;

/* ---- Sources ------------------------------------------------------------------------------ */

/* Reads one topic as a stream (StreamsBuilder.stream). */
WEIR_API weir_stream weir_source(weir_builder *builder, const char *topic, const weir_serde *key,
                                 const weir_serde *value, const weir_source_opts *opts);
/* The same for several topics (a NULL-terminated list) as one stream. */
WEIR_API weir_stream weir_source_many(weir_builder *builder, const char *const *topics,
                                      const weir_serde *key, const weir_serde *value,
                                      const weir_source_opts *opts);
/* Reads all topics that match a pattern as a stream: weir_add_source_pattern says what a pattern
 * is, and when new topics are noticed. */
WEIR_API weir_stream weir_source_pattern(weir_builder *builder, const char *pattern,
                                         const weir_serde *key, const weir_serde *value,
                                         const weir_source_opts *opts);
/* Reads a topic as a table (StreamsBuilder.table). `store` names the table's store; NULL: the table
 * has a store only if an operator needs one, with a number in its name as in Kafka. opts->source
 * says how the topic is read. The nodes are named <opts->node>-source and <opts->node>. */
WEIR_API weir_table weir_table_source(weir_builder *builder, const char *topic, const char *store,
                                      const weir_serde *key, const weir_serde *value,
                                      const weir_store_opts *opts);
/* Reads a topic as a global table (StreamsBuilder.globalTable, KIP-99): every instance reads all
 * partitions that the topic has when the instance starts. As in Kafka Streams, partitions that are
 * added later are read after the next start of the instance. */
WEIR_API weir_global_table weir_global_table_source(weir_builder *builder, const char *topic,
                                                    const char *store, const weir_serde *key,
                                                    const weir_serde *value,
                                                    const weir_store_opts *opts);

/* ---- Stateless operators ------------------------------------------------------------------ */

/* Forwards the records for which fn is true (KStream.filter). */
WEIR_API weir_stream weir_filter(weir_stream in, weir_filter_fn fn, void *user,
                                 const weir_named *named);
/* Forwards the records for which fn is false (KStream.filterNot). */
WEIR_API weir_stream weir_filter_not(weir_stream in, weir_filter_fn fn, void *user,
                                     const weir_named *named);
/* Replaces key and value (KStream.map). A grouping or a join by key then repartitions. `key` and
 * `value` are the serdes of the results. */
WEIR_API weir_stream weir_map(weir_stream in, const weir_serde *key, const weir_serde *value,
                              weir_map_fn fn, void *user, const weir_named *named);
/* Replaces the value (KStream.mapValues). fn is called for null values, too. */
WEIR_API weir_stream weir_map_values(weir_stream in, const weir_serde *value, weir_map_values_fn fn,
                                     void *user, const weir_named *named);
/* Any number of records for each one: those that fn passes to weir_emit (KStream.flatMap). A
 * grouping or a join by key then repartitions. */
WEIR_API weir_stream weir_flat_map(weir_stream in, const weir_serde *key, const weir_serde *value,
                                   weir_flat_map_fn fn, void *user, const weir_named *named);
/* Any number of values for each record: those that fn passes to weir_emit_value
 * (KStream.flatMapValues). They keep the key. */
WEIR_API weir_stream weir_flat_map_values(weir_stream in, const weir_serde *value,
                                          weir_flat_map_fn fn, void *user, const weir_named *named);
/* Replaces the key (KStream.selectKey). A grouping or a join by key then repartitions. */
WEIR_API weir_stream weir_select_key(weir_stream in, const weir_serde *key, weir_select_key_fn fn,
                                     void *user, const weir_named *named);
/* Calls fn for each record, then forwards the record unchanged (KStream.peek). */
WEIR_API weir_stream weir_peek(weir_stream in, weir_for_each_fn fn, void *user,
                               const weir_named *named);
/* Calls fn for each record, and ends the stream there (KStream.foreach). */
WEIR_API void weir_for_each(weir_stream in, weir_for_each_fn fn, void *user,
                            const weir_named *named);
/* The records of both streams, which have the same serdes (KStream.merge). Records of different
 * streams come in no particular order. */
WEIR_API weir_stream weir_merge(weir_stream left, weir_stream right, const weir_named *named);

/* One branch of a split. The record is forwarded to the first branch whose predicate is true. fn
 * NULL: the default branch, which must be last. */
typedef struct weir_branch {
    const char *name; /* the node is named <split name><branch name> */
    weir_filter_fn fn;
    void *user;
} weir_branch;
/* Sets out[i] to the stream of branches[i]. `out` has room for `count` handles. */
WEIR_API void weir_split(weir_stream in, const weir_branch *branches, size_t count,
                         weir_stream *out, const weir_named *named);

/* Options of a repartition (Kafka's Repartitioned). A NULL serde: the stream's. */
typedef struct weir_repartition_opts {
    int32_t partitions; /* 0: as many as the upstream topic with the most partitions */
    const weir_serde *key;
    const weir_serde *value;
    weir_partitioner_fn partitioner;
    void *user;
} weir_repartition_opts;
/* Writes the stream to the topic <application.id>-<name>-repartition and reads it from there. */
WEIR_API weir_stream weir_repartition(weir_stream in, const char *name,
                                      const weir_repartition_opts *opts);
/* Writes the stream to a topic; `topic` is NULL if opts->topic_fn chooses it. A record with
 * timestamp 0 is written with timestamp 1 (weir_forward). */
WEIR_API void weir_to(weir_stream in, const char *topic, const weir_sink_opts *opts);

typedef struct weir_process_opts {
    const char *name;
    const char *const *stores; /* NULL-terminated: stores that this processor may open */
    const weir_processor_types
        *types; /* compared by weir_build (weir_declare_types); NULL: not said */
} weir_process_opts;
/* A processor in the DSL (KStream.process); the result has the records that it forwards. */
WEIR_API weir_stream weir_process(weir_stream in, const weir_serde *key, const weir_serde *value,
                                  const weir_processor_ops *ops, void *user,
                                  const weir_process_opts *opts);
/* A processor that cannot change keys (KStream.processValues, Kafka's FixedKeyProcessor): each
 * record that it forwards gets the input's key, and no repartition follows. It may forward only
 * while it processes a record. */
WEIR_API weir_stream weir_process_values(weir_stream in, const weir_serde *value,
                                         const weir_processor_ops *ops, void *user,
                                         const weir_process_opts *opts);

/* ---- Grouping and aggregation ------------------------------------------------------------- */

/* Groups by the present key (KStream.groupByKey). `name` names the repartition topic
 * <name>-repartition if one is needed; NULL: the name of the aggregation's store. */
WEIR_API weir_grouped weir_group_by_key(weir_stream in, const char *name);
/* Groups by the key that fn gives (KStream.groupBy); records without one are dropped. `name` names
 * the node, and the repartition topic as in weir_group_by_key. */
WEIR_API weir_grouped weir_group_by(weir_stream in, const char *name, const weir_serde *key,
                                    weir_select_key_fn fn, void *user);
/* The number of records of each key (KGroupedStream.count, values weir_i64). `store` NULL: the
 * store is numbered as in Kafka. The name of its changelog then depends on the nodes added before,
 * so use it only for topologies that never change. opts->node names the node. */
WEIR_API weir_table weir_count(weir_grouped in, const char *store, const weir_store_opts *opts);
/* Combines the values of a key; the first value is taken as it is (KGroupedStream.reduce). `store`
 * and `opts` as in weir_count. */
WEIR_API weir_table weir_reduce(weir_grouped in, weir_reducer_fn fn, void *user, const char *store,
                                const weir_store_opts *opts);
/* The same with an aggregate of another type, which begins with the result of `init`
 * (KGroupedStream.aggregate). opts->value is its serde. */
WEIR_API weir_table weir_aggregate(weir_grouped in, weir_initializer_fn init, weir_aggregator_fn fn,
                                   void *user, const char *store, const weir_store_opts *opts);

/* ---- Cogroup ------------------------------------------------------------------------------ */

/* Several grouped streams into one aggregate (KIP-150). Their keys have the same type; each has its
 * values and an aggregator of its own. The streams are co-partitioned. */

/* Begins a cogroup with a grouped stream (KGroupedStream.cogroup). */
WEIR_API weir_cogrouped weir_cogroup(weir_grouped in, weir_aggregator_fn fn, void *user);
/* A cogroup with one more grouped stream (CogroupedKStream.cogroup); `in` stays as it is. Adding
 * the same handle `grouped` again replaces its aggregator, as in Kafka. */
WEIR_API weir_cogrouped weir_cogroup_add(weir_cogrouped in, weir_grouped grouped,
                                         weir_aggregator_fn fn, void *user);
/* Aggregates the streams into one store (CogroupedKStream.aggregate). Records without key or value
 * are dropped. `user` is that of the initializer. opts->value is the aggregate's serde; the nodes
 * are named <opts->node>-cogroup-agg-<number of the input, from 0> and <opts->node>-cogroup-merge.
 * `store` names the repartition topics of groupings without a name. */
WEIR_API weir_table weir_cogroup_aggregate(weir_cogrouped in, weir_initializer_fn init, void *user,
                                           const char *store, const weir_store_opts *opts);

/* The stream's records as the changes of a table, a record with a null value as a deletion
 * (KIP-523). Records without a key are dropped and counted. `store` as in weir_table_source. If the
 * stream must be repartitioned, opts->node or else `store` names the topic. */
WEIR_API weir_table weir_to_table(weir_stream in, const char *store, const weir_store_opts *opts);
/* The table's changes as a stream. */
WEIR_API weir_stream weir_to_stream(weir_table in, const weir_named *named);

/* ---- Operators on tables ------------------------------------------------------------------ */

/* `store` NULL: the result has no store, and its rows are computed from those of `in` when an
 * operator reads them. opts->node names the node; the other options are those of the store.
 * Callbacks may be called again for the same row: for old values, and when the table is read. */

/* The rows for which fn is true (KTable.filter). A row that becomes false is deleted. Without old
 * values there is a deletion for each change that fails, also for rows that did not pass before;
 * old values are known if `in` has a store. */
WEIR_API weir_table weir_table_filter(weir_table in, weir_filter_fn fn, void *user,
                                      const char *store, const weir_store_opts *opts);
/* The rows for which fn is false (KTable.filterNot); deletions as in weir_table_filter. */
WEIR_API weir_table weir_table_filter_not(weir_table in, weir_filter_fn fn, void *user,
                                          const char *store, const weir_store_opts *opts);
/* Other values (KTable.mapValues). fn is not called for deleted rows. */
WEIR_API weir_table weir_table_map_values(weir_table in, const weir_serde *value,
                                          weir_map_values_fn fn, void *user, const char *store,
                                          const weir_store_opts *opts);
/* The same, with stores that weir_connect connects to the node (KTable.transformValues, KIP-149).
 * fn is also called for deleted rows, with a NULL value. */
WEIR_API weir_table weir_table_transform_values(weir_table in, const weir_serde *value,
                                                weir_map_values_fn fn, void *user,
                                                const char *store, const weir_store_opts *opts);

/* Groups the rows by another key (KTable.groupBy): fn gives the key and the value of a row in its
 * group; a row for which one of them is null is in no group. `name` names the node and the
 * repartition topic, which there always is; NULL: the topic is named by the aggregation's store. */
WEIR_API weir_grouped_table weir_table_group_by(weir_table in, const char *name,
                                                const weir_serde *key, const weir_serde *value,
                                                weir_map_fn fn, void *user);
/* What an aggregation of a grouped table needs: when a row changes, its old value is subtracted
 * from its group, and the new one is added. `user` is passed to the initializer, too. */
typedef struct weir_table_aggregator {
    weir_aggregator_fn adder;
    weir_aggregator_fn subtractor;
    void *user;
} weir_table_aggregator;
/* The number of rows of each group (KGroupedTable.count); `store` and `opts` as in weir_count. */
WEIR_API weir_table weir_table_count(weir_grouped_table in, const char *store,
                                     const weir_store_opts *opts);
/* Combines the values of each group: `adder` adds a row's new value, after `subtractor` has
 * subtracted its old one (KGroupedTable.reduce). */
WEIR_API weir_table weir_table_reduce(weir_grouped_table in, weir_reducer_fn adder,
                                      weir_reducer_fn subtractor, void *user, const char *store,
                                      const weir_store_opts *opts);
/* The same with an aggregate of another type (KGroupedTable.aggregate). opts->value is its serde.
 * `fn` is copied. */
WEIR_API weir_table weir_table_aggregate(weir_grouped_table in, weir_initializer_fn init,
                                         const weir_table_aggregator *fn, const char *store,
                                         const weir_store_opts *opts);

/* ---- Joins -------------------------------------------------------------------------------- */

/* Joins each record of the stream with the table's row of the same key (KStream.join). The name
 * also names the left side's repartition topic, and is required when one is needed. Both sides must
 * be co-partitioned. They need the same number of partitions; otherwise a stream thread fails with
 * WEIR_ETOPOLOGY. They also need the same partitioner: Weir compares a sample of the keys with
 * murmur2 and logs a warning if they differ. */
WEIR_API weir_stream weir_join_table(weir_stream left, weir_table right, const weir_serde *value,
                                     weir_joiner_fn fn, void *user, const weir_named *named);
/* The same for a record without a row, too: fn then gets a NULL `right` (KStream.leftJoin with a
 * table, KIP-962 for records without key). */
WEIR_API weir_stream weir_left_join_table(weir_stream left, weir_table right,
                                          const weir_serde *value, weir_joiner_fn fn, void *user,
                                          const weir_named *named);
/* Options of a join with grace. NULL or zeros: defaults. */
typedef struct weir_grace_join_opts {
    const char
        *name; /* of the node; its buffer is the store <name>-Buffer. As for weir_join_table */
    int64_t grace_ms; /* >= 0, at most the history of the table */
} weir_grace_join_opts;
/* The same with a versioned table, whose rows may come later than the records that they are for
 * (Kafka's Joined.withGracePeriod, KIP-923): a record is joined with the row that was valid at its
 * timestamp, when a record has come whose timestamp is greater by grace_ms. Until then it is in a
 * buffer, a store with a changelog; `left` must have keys. Records are joined in order of their
 * timestamps, then of the bytes of their keys. A record that is later than the grace is joined at
 * once. weir_build fails with WEIR_ETOPOLOGY if the table is not versioned, or has too short a
 * history (weir_store_opts.history). */
WEIR_API weir_stream weir_join_table_with_grace(weir_stream left, weir_table right,
                                                const weir_serde *value, weir_joiner_fn fn,
                                                void *user, const weir_grace_join_opts *opts);
/* A record without a key is a failure here, since a buffer has no null keys. */
WEIR_API weir_stream weir_left_join_table_with_grace(weir_stream left, weir_table right,
                                                     const weir_serde *value, weir_joiner_fn fn,
                                                     void *user, const weir_grace_join_opts *opts);
typedef struct weir_global_join_opts {
    const char *name;
    weir_select_key_fn key_fn; /* returns the global table's key; NULL: the record's key */
    /* The serde of what key_fn gives, as the other calls with a weir_select_key_fn have it:
     * weir_build compares it with that of the table's key. NULL: not compared; key_fn must give
     * what the table's key is. */
    const weir_serde *key;
} weir_global_join_opts;
/* Joins each record of the stream with the row of a global table. `user` is passed to both
 * callbacks. */
WEIR_API weir_stream weir_join_global(weir_stream left, weir_global_table right,
                                      const weir_serde *value, weir_joiner_fn fn, void *user,
                                      const weir_global_join_opts *opts);
/* The same for a record without a row or without a key for the table, too: fn then gets a NULL
 * `right`. */
WEIR_API weir_stream weir_left_join_global(weir_stream left, weir_global_table right,
                                           const weir_serde *value, weir_joiner_fn fn, void *user,
                                           const weir_global_join_opts *opts);

/* Options of a join of two streams (Kafka's StreamJoined). NULL or zeros: defaults. Strings are
 * copied. */
typedef struct weir_stream_join_opts {
    /* What the names of the nodes begin with (<name>-this-join, ...), and those of the repartition
     * topics <name>-left-repartition and <name>-right-repartition: required if a side needs one.
     * NULL: the nodes are numbered as in Kafka. */
    const char *name;
    /* What the names of the stores begin with (<store>-this-join-store, ...); NULL: numbered. The
     * names of their changelogs then depend on the nodes added before. */
    const char *store;
    weir_backend backend;
    weir_toggle logging;                 /* changelog topics; default on */
    const char *const *changelog_config; /* as in weir_store_opts */
} weir_stream_join_opts;
/* Joins records of two streams that have the same key and whose times lie in the window
 * (KStream.join, leftJoin, outerJoin): a right one from windows.before_ms before to
 * windows.after_ms after the left one. Each pair gives a result, with the greater timestamp of
 * the two. Both sides are stored until stream time has passed the window and its grace; a record
 * that comes later is joined with what is still stored, and not stored itself (WEIR_DROP_EXPIRED).
 *
 * In a left join a left record without a partner gives a result with a NULL `right`, in an outer
 * join a right one gives one with a NULL `left`, too: when stream time has passed its window and
 * the grace, so that no partner can come (KAFKA-10847); at once if stream time has passed its
 * window, without grace, when it comes (a later partner then gives a result, too), or if its key is
 * null (KIP-962). It has the record's timestamp, and the headers of the record that moved stream
 * time. Such results are looked for when a record moves stream time, at most once in
 * `__emit.interval.ms.kstreams.outer.join.spurious.results.fix__`. Other records without key, and
 * all without value, are dropped. Stream time is that of the join: the greatest timestamp of both
 * sides' records in the task.
 *
 * Both sides must be co-partitioned, as for weir_join_table. `value` is the serde of the results. A
 * stream may be joined with itself: then each record is joined with itself, too. WEIR_EINVAL of
 * weir_build: before_ms + after_ms or grace_ms is negative. */
WEIR_API weir_stream weir_join(weir_stream left, weir_stream right, weir_join_windows windows,
                               const weir_serde *value, weir_joiner_fn fn, void *user,
                               const weir_stream_join_opts *opts);
/* weir_join, with a result for each left record that has no partner, too (KStream.leftJoin). */
WEIR_API weir_stream weir_left_join(weir_stream left, weir_stream right, weir_join_windows windows,
                                    const weir_serde *value, weir_joiner_fn fn, void *user,
                                    const weir_stream_join_opts *opts);
/* weir_join, with a result for each record of either side that has no partner, too
 * (KStream.outerJoin). */
WEIR_API weir_stream weir_outer_join(weir_stream left, weir_stream right, weir_join_windows windows,
                                     const weir_serde *value, weir_joiner_fn fn, void *user,
                                     const weir_stream_join_opts *opts);

/* Joins of two tables by key: a change of either gives a change of the result (KTable.join,
 * leftJoin, outerJoin). In a left join `right` may be NULL, in an outer join either; a change of
 * the right table of a left join that deletes its row calls fn with the left row. The result's
 * timestamp is the greater one of the two rows. opts->value is the serde of the result; `store`
 * NULL: it is not kept, and computed again where it is read. Both tables must be co-partitioned. */
WEIR_API weir_table weir_table_join(weir_table left, weir_table right, weir_joiner_fn fn,
                                    void *user, const char *store, const weir_store_opts *opts);
/* weir_table_join, with a result for each row of the left table that has no partner, too. */
WEIR_API weir_table weir_table_left_join(weir_table left, weir_table right, weir_joiner_fn fn,
                                         void *user, const char *store,
                                         const weir_store_opts *opts);
/* weir_table_join, with a result for each row of either table that has no partner, too. */
WEIR_API weir_table weir_table_outer_join(weir_table left, weir_table right, weir_joiner_fn fn,
                                          void *user, const char *store,
                                          const weir_store_opts *opts);

/* What a join by foreign key needs. `user` is passed to all its callbacks. */
typedef struct weir_foreign_joiner {
    /* Gives the key of the right table's row for a left row, from key and value (KIP-1104); null:
     * the row has none. Called again for the same row, with its old value. */
    weir_select_key_fn foreign_key;
    /* The serde of the foreign key (`name_key` of WEIR_TYPED_SELECT_KEY): weir_build compares it
     * with that of the right table's key. NULL: not compared; foreign_key must give what the right
     * table's key is. */
    const weir_serde *key;
    weir_joiner_fn joiner; /* gets the left table's key; `right` is NULL only in a left join */
    void *user;
    /* If the topics of the tables were not filled by Kafka's default partitioner (TableJoined,
     * KIP-775): place a key of the left table, and one of the right table. The record has a NULL
     * value; in a left join the foreign key may be NULL, too. NULL: an answer is sent to the
     * partition of the left row that asked for it; a foreign key is placed by murmur2. */
    weir_partitioner_fn partitioner;
    weir_partitioner_fn other_partitioner;
} weir_foreign_joiner;
/* Joins each row of the left table with the row of the right table that its foreign key names
 * (KTable.join and leftJoin with a foreign key, KIP-213): a change of either gives changes of the
 * result, whose key is that of the left table. The tables may have different numbers of partitions.
 * Timestamps: the greater one of both rows after a change on the left; that of the right row after
 * a change on the right.
 *
 * opts->node names the join: its topics are <node>-subscription-registration-topic and
 * <node>-subscription-response-topic, its store is <node>-subscription-store, the node of the
 * result is <node>-result. Without a name they are numbered as in Kafka, and depend on the nodes
 * added before. opts->value is the serde of the result. opts->backend is also that of the store of
 * subscriptions, which is neither cached nor left out. `store` NULL: the result is not kept, unless
 * an operator needs it. `fn` is copied.
 *
 * Of a versioned table, changes for which later ones are known are dropped and counted (KIP-914).
 * Rows of the left table without a foreign key have no result in an inner join, and are counted as
 * dropped (WEIR_DROP_NULL_FOREIGN_KEY); a left join calls the joiner with a NULL right. A right
 * value that is encoded to no bytes is taken for null. Values of the left table are compared by a
 * hash of their encoded bytes: a serde must encode equal values equally. */
WEIR_API weir_table weir_table_foreign_join(weir_table left, weir_table right,
                                            const weir_foreign_joiner *fn, const char *store,
                                            const weir_store_opts *opts);
/* weir_table_foreign_join, with a result for each row of the left table that has no partner or no
 * foreign key, too. */
WEIR_API weir_table weir_table_foreign_left_join(weir_table left, weir_table right,
                                                 const weir_foreign_joiner *fn, const char *store,
                                                 const weir_store_opts *opts);

#ifdef __cplusplus
}
#endif

#include <weir/suppress.h>
#include <weir/windowed.h>

#endif
