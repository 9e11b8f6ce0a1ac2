/* SPDX-License-Identifier: Apache-2.0
 *
 * The Processor API: the layer under the DSL. Every DSL operator is one weir_processor_ops. */
#ifndef WEIR_PROCESSOR_H
#define WEIR_PROCESSOR_H

#include <weir/store.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Headers of a record, in order; names may repeat. Owned by the record. */
typedef struct weir_headers weir_headers;
typedef struct weir_header {
    const char *name;
    weir_slice value; /* data == NULL: null */
} weir_header;
/* How many headers there are; `headers` NULL: 0. */
WEIR_API size_t weir_headers_count(const weir_headers *headers);
/* The header of that index, from 0; zeros: there is none. */
WEIR_API weir_header weir_headers_at(const weir_headers *headers, size_t index);
/* The last one of that name; false when there is none. */
WEIR_API bool weir_headers_last(const weir_headers *headers, const char *name, weir_slice *value);
/* Copies name and value. */
WEIR_API weir_err weir_headers_add(weir_headers *headers, const char *name, weir_slice value);
/* Removes all headers of that name; returns how many there were. */
WEIR_API size_t weir_headers_remove(weir_headers *headers, const char *name);

/* Borrowed for the callback. A record forwarded with the same `headers` shares them;
 * weir_headers_copy makes a list of its own. */
typedef struct weir_record {
    const void *key;   /* decoded; NULL: null */
    const void *value; /* decoded; NULL: null (a tombstone in tables) */
    int64_t timestamp_ms;
    weir_headers *headers; /* never NULL in a record from Weir; NULL in a forwarded record: none */
} weir_record;

/* A copy in the record's arena; an empty list if `headers` is NULL. NULL when out of memory. */
WEIR_API weir_headers *weir_headers_copy(weir_ctx *ctx, const weir_headers *headers);

/* The functions of a processor (Kafka's Processor). */
typedef struct weir_processor_ops {
    const char *name; /* kind, for traces and errors: "dedupe" */
    /* Called once per task, on its thread, before the first record. `*state` is passed to process,
     * punctuators and close; it is `user` until it is set. If a processor of the task asks for a
     * retry (weir_err_is_retriable), all of them are closed, and opened again later. */
    weir_err (*open)(weir_ctx *ctx, void *user, void **state);
    weir_err (*process)(weir_ctx *ctx, const weir_record *in, void *state);
    void (*close)(void *state); /* also after a failed open; NULL allowed */
} weir_processor_ops;

/* The types of a processor: serdes of what it gets and of what it forwards, each NULL if it is not
 * said (a processor that forwards other types to different children). In C a processor gets and
 * forwards pointers to void, so nothing but these says what it takes them for: weir_build compares
 * them with what the nodes above and below have (weir_declare_types, weir_process_opts.types).
 * WEIR_PROCESSOR_TYPES of weir/typed.h defines one together with functions that have these types.
 */
typedef struct weir_processor_types {
    const weir_serde *key;
    const weir_serde *value;
    const weir_serde *out_key;
    const weir_serde *out_value;
} weir_processor_types;

/* ---- Inside process and punctuators ------------------------------------------------------- */

/* Forwards the record to every child, in order. Key and value are of the node's output types.
 * WEIR_EINVAL: a negative timestamp. WEIR_ESTATE: the processor opens, or no node runs. A record
 * with timestamp 0 is written to an output topic with timestamp 1: librdkafka takes 0 for "not
 * given". Repartition topics and changelogs keep 0. */
WEIR_API weir_err weir_forward(weir_ctx *ctx, const weir_record *record);
/* Forwards the record to the child of that name; WEIR_ENOTFOUND lists the node's children. */
WEIR_API weir_err weir_forward_to(weir_ctx *ctx, const weir_record *record, const char *child);

typedef enum weir_time_kind {
    WEIR_STREAM_TIME,     /* greatest timestamp that the task has processed */
    WEIR_WALL_CLOCK_TIME, /* the system's clock */
} weir_time_kind;

/* A punctuator. `now_ms`: the present time of the kind that was given to weir_schedule; `state`:
 * the processor's. */
typedef weir_err (*weir_punctuate_fn)(weir_ctx *ctx, int64_t now_ms, void *state);
/* A scheduled punctuation (Kafka's Cancellable), passed by value; {0} is none. A copy stands for
 * the same punctuation. It may be used on the task's thread until the close callback of its
 * processor has returned, also after the punctuation has ended. The fields are Weir's. */
typedef struct weir_punctuator {
    struct weir__punctuation *place;
    uint64_t number; /* 0: none */
} weir_punctuator;

/* Calls fn once every interval_ms (KIP-138). With stream time the first call is made as soon as
 * stream time is known; with wall-clock time it is made after one interval. Missed calls are
 * skipped. Call weir_schedule in open, process or a punctuator. A punctuation that is already due
 * when a punctuator schedules it is called right after that punctuator; 262144 calls at one time
 * are WEIR_ELIMIT, whatever the handler. *out (NULL allowed) is unchanged on failure. WEIR_EINVAL:
 * fn is NULL, or interval_ms is below 1. WEIR_ELIMIT: the task has 65536 punctuations of that kind
 * of time. fn is not called again if its next time would be beyond INT64_MAX; if it is never
 * called, *out is {0}. If fn fails, processing.exception.handler decides (KIP-1033); after
 * `continue` the schedule continues. */
WEIR_API weir_err weir_schedule(weir_ctx *ctx, weir_time_kind kind, int64_t interval_ms,
                                weir_punctuate_fn fn, weir_punctuator *out);
/* The same with a start time (KIP-1146): the first call is at start_ms (any int64) or, if that has
 * passed, at the next of start_ms + n * interval_ms. */
WEIR_API weir_err weir_schedule_from(weir_ctx *ctx, weir_time_kind kind, int64_t start_ms,
                                     int64_t interval_ms, weir_punctuate_fn fn,
                                     weir_punctuator *out);
/* Ends the punctuation, also from its own call, which is then the last. No effect if it has ended,
 * or is {0}: it may be cancelled any number of times. */
WEIR_API void weir_punctuator_cancel(weir_punctuator punctuator);

/* The store of that name if it is connected to this processor, and of this kind. Otherwise NULL;
 * the callback should then return weir_ctx_error(ctx). The error of a callback that goes on and
 * fails later has the text of its first failure, too. */
WEIR_API weir_kv *weir_store(weir_ctx *ctx, const char *name);
/* As weir_store, for a window store. */
WEIR_API weir_window *weir_window_store(weir_ctx *ctx, const char *name);
/* As weir_store, for a session store. */
WEIR_API weir_session *weir_session_store(weir_ctx *ctx, const char *name);
/* As weir_store, for a versioned store. */
WEIR_API weir_versioned *weir_versioned_store(weir_ctx *ctx, const char *name);
/* As weir_store, of a store whose keys and values have these serdes: otherwise NULL, and WEIR_ETYPE
 * names both. The store itself takes any pointer for a value of its serdes, so call this once, in
 * open. WEIR_TYPED_STORE of weir/typed.h also makes the calls of the store typed. */
WEIR_API weir_kv *weir_store_of(weir_ctx *ctx, const char *name, const weir_serde *key,
                                const weir_serde *value);
/* As weir_window_store, of a store with these serdes (`key`: without the window). */
WEIR_API weir_window *weir_window_store_of(weir_ctx *ctx, const char *name, const weir_serde *key,
                                           const weir_serde *value);
/* As weir_session_store, of a store with these serdes (`key`: without the session). */
WEIR_API weir_session *weir_session_store_of(weir_ctx *ctx, const char *name, const weir_serde *key,
                                             const weir_serde *value);
/* As weir_versioned_store, of a store with these serdes. */
WEIR_API weir_versioned *weir_versioned_store_of(weir_ctx *ctx, const char *name,
                                                 const weir_serde *key, const weir_serde *value);
/* The code of the last call with this context that failed; WEIR_OK: none. */
WEIR_API weir_err weir_ctx_error(const weir_ctx *ctx);

/* Topic, partition and offset of the current input record. In a punctuator: topic NULL, others -1.
 */
typedef struct weir_record_metadata {
    const char *topic;
    int32_t partition;
    int64_t offset;
} weir_record_metadata;
/* The metadata of the current input record, borrowed for the callback. */
WEIR_API weir_record_metadata weir_ctx_metadata(const weir_ctx *ctx);
/* Timestamp, ms, of the record that the running node processes; in a joiner that of the result; in
 * a punctuator the punctuation's time; in open 0. -1: `ctx` is NULL. */
WEIR_API int64_t weir_ctx_timestamp_ms(const weir_ctx *ctx);
/* Headers of that record; the result of a joiner gets a copy. Borrowed for the callback. NULL:
 * there is no record (open, punctuators), or `ctx` is NULL. */
WEIR_API const weir_headers *weir_ctx_headers(const weir_ctx *ctx);
/* The name of the task, "0_1": the subtopology and the partition. */
WEIR_API const char *weir_ctx_task(const weir_ctx *ctx);
/* The application.id. Valid while the application is. */
WEIR_API const char *weir_ctx_application(const weir_ctx *ctx);
/* The name of the running node. */
WEIR_API const char *weir_ctx_node(const weir_ctx *ctx);
/* The greatest timestamp, ms, that the task has processed; -1: none yet. */
WEIR_API int64_t weir_ctx_stream_time_ms(const weir_ctx *ctx);
/* The wall clock, in ms since 1970. The thread reads the clock once in each round of its loop, so
 * the value does not change while a callback runs: a callback must not wait in a loop until it
 * changes. */
WEIR_API int64_t weir_ctx_wall_clock_ms(const weir_ctx *ctx);
/* Asks for a commit as soon as possible. */
WEIR_API void weir_ctx_commit(weir_ctx *ctx);

/* ---- Building a topology of nodes (Kafka's Topology) -------------------------------------- */

typedef struct weir_builder weir_builder;

/* A builder keeps its first error and ignores all later calls; weir_build returns that error. NULL
 * when out of memory. One thread at a time. */
WEIR_API weir_builder *weir_builder_new(void);
/* Frees a builder that was never given to weir_build. NULL allowed. */
WEIR_API void weir_builder_free(weir_builder *builder);
/* The builder's first error so far, which also sets *error; WEIR_OK: none. For a program that
 * builds a topology from data and says which part of the data is wrong. `builder` NULL:
 * WEIR_EINVAL. */
WEIR_API weir_err weir_builder_error(const weir_builder *builder, weir_error *error);

/* Consumes (frees) the builder, also on failure. The default serdes and the settings that change a
 * topology are read from `config` (NULL allowed). NULL on failure: *error has the first error. */
WEIR_API weir_topology *weir_build(weir_builder *builder, const weir_config *config,
                                   weir_error *error) __attribute__((warn_unused_result));

/* The text that Kafka Streams prints (TopologyDescription.toString). Allocated by malloc; the
 * caller frees it with free(). NULL: out of memory, or `topology` is NULL. */
WEIR_API char *weir_topology_describe(const weir_topology *topology);

/* In all functions of this section names and lists are copied; lists are NULL-terminated. A NULL
 * serde: the configured default. `ops`, the strings and functions in it, and `user` must outlive
 * the topology. */

/* Options of a source (Kafka's Consumed). */
typedef struct weir_source_opts {
    const char *name; /* of the node; NULL: numbered as in Kafka */
    /* Returns the timestamp (ms) of a decoded record (Kafka's TimestampExtractor).
     * record->timestamp_ms is the broker's timestamp; partition_time_ms is the greatest timestamp
     * of the partition so far, -1 at first. NULL: the broker's timestamp is used;
     * default.timestamp.extractor decides about a negative one. A record with a negative result is
     * dropped: logged once, then counted (weir_app_dropped_records). */
    int64_t (*timestamp)(weir_ctx *ctx, const weir_record *record, int64_t partition_time_ms,
                         void *user);
    void *user;
    /* Where reading starts when the group has no committed offset: "earliest", "latest", "none" (an
     * error), or "by_duration:PT1H": at the first record that is at most so old, by its timestamp;
     * the duration is one of ISO 8601 (KIP-1106). Copied; NULL: the setting auto.offset.reset. Not
     * for global tables, which are always read from the beginning. */
    const char *auto_offset_reset;
} weir_source_opts;
/* Adds a node that reads these topics (Topology.addSource). */
WEIR_API void weir_add_source(weir_builder *builder, const char *name, const char *const *topics,
                              const weir_serde *key, const weir_serde *value,
                              const weir_source_opts *opts);
/* Adds a node that reads all topics whose whole name matches a regular expression
 * (Topology.addSource with a Pattern): POSIX extended ones, and \d, \D, \w, \W, \s, \S as in
 * Java. Other things of Java's Pattern that POSIX has not, such as (?:...) and possessive
 * quantifiers, are WEIR_EINVAL, as is a pattern of no or of more than WEIR_PATTERN_LENGTH_MAX
 * characters, or whose repetitions {n,m} multiply to more than WEIR_PATTERN_REPEATS_MAX. Topics of
 * the brokers ("__consumer_offsets", "__transaction_state", "__share_group_state") and the
 * application's internal topics never match.
 *
 * There may be no such topic yet. The leader of the group asks the brokers for new topics, and for
 * more partitions, every metadata.max.age.ms of the consumer (5 minutes by default); then there is
 * a rebalance, and each task continues with the topics that it has by then. A topic that no longer
 * exists is left out. A topic that another source reads by its name, or by another pattern, is
 * WEIR_ETOPOLOGY: in weir_build, or when such a topic is found. */
WEIR_API void weir_add_source_pattern(weir_builder *builder, const char *name, const char *pattern,
                                      const weir_serde *key, const weir_serde *value,
                                      const weir_source_opts *opts);
#define WEIR_PATTERN_LENGTH_MAX ((size_t)1000)
#define WEIR_PATTERN_REPEATS_MAX ((size_t)1000)
/* Adds a processor, which gets the records that these parents forward. `user` is passed to
 * ops->open. */
WEIR_API void weir_add_processor(weir_builder *builder, const char *name,
                                 const char *const *parents, const weir_processor_ops *ops,
                                 void *user);
/* Says the types of a processor, added before or after. weir_build compares them with the serdes
 * of its parents, of its own node (weir_process), and of its children that have any: sinks, and
 * processors with types. WEIR_ETYPE names the nodes and both serdes. *types is copied. */
WEIR_API void weir_declare_types(weir_builder *builder, const char *processor,
                                 const weir_processor_types *types);
/* Adds a store and connects it to these processors (NULL: none). */
WEIR_API void weir_add_store(weir_builder *builder, const char *name, const weir_store_opts *opts,
                             const char *const *processors);
/* Adds a window store, with these options, and connects it to these processors (NULL: none). Not
 * cached by default. */
WEIR_API void weir_add_window_store(weir_builder *builder, const char *name,
                                    const weir_window_opts *windows, const weir_store_opts *opts,
                                    const char *const *processors);
/* Adds a session store, whose rows are kept for retention_ms >= 0 (as in weir_window_opts, by the
 * ends of sessions), and connects it. Not cached by default. */
WEIR_API void weir_add_session_store(weir_builder *builder, const char *name, int64_t retention_ms,
                                     const weir_store_opts *opts, const char *const *processors);
/* Options of a global store. */
typedef struct weir_global_store_opts {
    const char *name; /* of the processor's node; NULL: numbered as in Kafka */
    /* How the topic is read; its name NULL: "<name>-source". */
    const weir_source_opts *source;
    const weir_processor_types *types; /* of the processor (weir_declare_types); NULL: not said */
} weir_global_store_opts;
/* Makes a global store of a store that was added before, of any kind, and connected to no processor
 * (StreamsBuilder.addGlobalStore, Topology.addGlobalStore). Each instance reads all partitions of
 * `topic`, records with these serdes, and `ops` puts them into the store. All processors can read
 * it by its name, without a connection; only this one can write it. The topic is its log: the store
 * is not cached, has no changelog, and at each start of an instance the processor gets the records
 * from the beginning of the topic, before the instance runs (KAFKA-7663). So the rows must depend
 * on these records only. Records that cannot be deserialized are dropped, whatever the handler. If
 * the processor fails, the instance fails, whatever the handler, unless the setting
 * processing.exception.handler.global.enabled is true (KIP-1270). The processor runs on the thread
 * of the global stores, forwards to nobody and has no punctuations. */
WEIR_API void weir_add_global_store(weir_builder *builder, const char *topic, const char *store,
                                    const weir_serde *key, const weir_serde *value,
                                    const weir_processor_ops *ops, void *user,
                                    const weir_global_store_opts *opts);
/* Adds a versioned store with this history (store.h), and connects it. The same as weir_add_store
 * with opts->history. */
WEIR_API void weir_add_versioned_store(weir_builder *builder, const char *name,
                                       int64_t retention_ms, const weir_store_opts *opts,
                                       const char *const *processors);
/* Connects a processor with a store, so that weir_store finds it there. */
WEIR_API void weir_connect(weir_builder *builder, const char *processor, const char *store);

/* Chooses the partition of an output record (Kafka's StreamPartitioner; with headers, KIP-1321).
 * `record` is decoded, as the parents forwarded it; `topic` is the real name of the topic, which
 * has `partitions` partitions. *partition is -1 at first; what stays negative means Kafka's
 * default: murmur2 of the encoded key, any partition for a null key. WEIR_EUSER: a partition that
 * the topic does not have. */
typedef weir_err (*weir_partitioner_fn)(weir_ctx *ctx, const weir_record *record, const char *topic,
                                        int32_t partitions, int32_t *partition, void *user);
/* The partition in which Kafka's default partitioner puts a key of these bytes (murmur2), for a
 * partitioner that uses a part of the key. `partitions` is that of the topic. -1: `bytes` is null,
 * or `partitions` is below 1. */
WEIR_API int32_t weir_default_partition(weir_slice bytes, int32_t partitions);
/* Chooses the topic of a record (Kafka's TopicNameExtractor, KIP-303): appends its name with
 * weir_put_format. The topic must exist; the brokers may create it. A sink writes to at most
 * WEIR_SINK_TOPICS_MAX topics; WEIR_EUSER: no name, or one of more than 249 bytes. */
typedef weir_err (*weir_topic_fn)(weir_ctx *ctx, const weir_record *record, weir_buf *topic,
                                  void *user);
#define WEIR_SINK_TOPICS_MAX 10000
/* Options of a sink (Kafka's Produced). */
typedef struct weir_sink_opts {
    const char *name;                /* of the node, in the DSL; NULL: numbered */
    weir_partitioner_fn partitioner; /* NULL: murmur2 of the key; weir_to takes that inside of a
                                        windowed key (Kafka's WindowedStreamPartitioner) */
    void *user;                      /* of the partitioner and of topic_fn */
    weir_topic_fn topic_fn; /* chooses the topic of each record; the argument `topic` is NULL then
                             */
    const char *topic_rule; /* how weir_topology_describe names topic_fn; NULL: "topic_fn" */
} weir_sink_opts;
/* Adds a node that writes the records of these parents to a topic (Topology.addSink); `topic` is
 * NULL if opts->topic_fn chooses it. */
WEIR_API void weir_add_sink(weir_builder *builder, const char *name, const char *const *parents,
                            const char *topic, const weir_serde *key, const weir_serde *value,
                            const weir_sink_opts *opts);

/* ---- A wrapper around every processor (KIP-1112) ------------------------------------------ */

/* Functions that run around every processor of a topology: those of the Processor API, of the
 * DSL's operators, and of global stores and tables; not sources and sinks. With them a program
 * counts or times the work of each node, adds headers, or holds records back, without a change of
 * the topology. weir_ctx_node names the processor. Keys and values are of the node's input types;
 * the values of tables are Weir's own and may only be passed on. All members but `process` may be
 * NULL. */
typedef struct weir_processor_wrapper {
    /* Called for each processor of a task, on its thread, before the processor's own `open`.
     * `*state` is passed to the other functions; it is `user` unless it is set. */
    weir_err (*open)(weir_ctx *ctx, void *user, void **state);
    /* Called instead of the processor with each record; calls weir_call_wrapped, once, never or
     * several times. It may do what a processor may do, weir_forward too. */
    weir_err (*process)(weir_ctx *ctx, const weir_record *in, void *state);
    /* Called instead of a punctuator of the processor; calls weir_call_wrapped_punctuator. NULL:
     * punctuators are called as without a wrapper. */
    weir_err (*punctuate)(weir_ctx *ctx, int64_t now_ms, void *state);
    /* Called after the processor's own `close`, also after a failed open. */
    void (*close)(void *state);
} weir_processor_wrapper;

/* Wraps all processors of the topology, those added before and after. The last wrapper counts.
 * *wrapper is copied; its functions and `user` must outlive the topology, and the threads of all
 * tasks use `user`. WEIR_EINVAL in weir_build: `wrapper` or its `process` is NULL. */
WEIR_API void weir_wrap_processors(weir_builder *builder, const weir_processor_wrapper *wrapper,
                                   void *user);
/* In `process` of a wrapper: calls the processor, with this record or another one of the same
 * types, and returns its result. `record->headers` NULL: none. The key stays where a processor
 * cannot change it (weir_process_values). WEIR_EINVAL: a negative timestamp.
 * WEIR_ESTATE: no wrapper's `process` runs. */
WEIR_API weir_err weir_call_wrapped(weir_ctx *ctx, const weir_record *record);
/* In `punctuate` of a wrapper: calls the punctuator, with this time. WEIR_ESTATE: no wrapper's
 * `punctuate` runs. */
WEIR_API weir_err weir_call_wrapped_punctuator(weir_ctx *ctx, int64_t now_ms);

#ifdef __cplusplus
}
#endif
#endif
