/* SPDX-License-Identifier: Apache-2.0
 *
 * A topology being built: nodes, stores and the checks for when all of them are known. The DSL
 * (operators/) and the Processor API (papi.c) fill it; build.c makes the topology of it. All memory
 * is in one arena, which the topology then owns. */
#ifndef WEIR_TOPOLOGY_BUILDER_H
#define WEIR_TOPOLOGY_BUILDER_H

#include "core/arena.h"
#include "core/map.h"
#include "topology/pattern.h"

typedef struct weir__ints {
    int *at;
    size_t count;
    size_t capacity;
} weir__ints;

typedef struct weir__draft {
    weir__node node; /* its lists are filled at the end, but for `topics` */
    size_t topic_capacity;
    weir__ints parents;
    weir__ints children;
    weir__ints stores;
    weir__ints reads;
    int position;                /* in the builder's order */
    int connected_to;            /* the last node that its stores were given to; -1: none yet */
    bool removed;                /* by a pass */
    bool reads_history;          /* the tables that it reads must have a history */
    int64_t history_ms;          /* of at least so long */
    const char *what;            /* for errors; NULL: kind and name */
    const char *result;          /* for errors; NULL: "its value" */
    const char *store_if_needed; /* of a table without a store that can have one: its name */
} weir__draft;

typedef struct weir__store_draft {
    weir__store_spec spec;
    bool removed;     /* by a pass */
    weir__ints users; /* connected nodes */
    bool history;     /* its options ask for versions */
} weir__store_draft;

/* Two types that must be the same, checked when default serdes are known. */
typedef struct weir__type_check {
    const weir_serde *left;
    const weir_serde *right;
    const char *what; /* "left_join 'j' of stream 's' and table 't'" */
    const char *left_role;
    const char *right_role;
} weir__type_check;

typedef struct weir__connection {
    const char *processor;
    const char *store;
} weir__connection;

/* Types of a processor (types.c). */
typedef struct weir__declared {
    const char *processor;
    weir_processor_types types;
} weir__declared;

typedef struct weir__repartition_draft {
    const char *topic;
    int32_t partitions;
    int filter; /* the node in front of the sink */
    int sink;
    int source;
    bool implied; /* by an operator that needs the records by key */
} weir__repartition_draft;

/* A join of two streams, for topology.optimization: if both are the same stream, one node and one
 * store are enough. */
typedef struct weir__stream_join_draft {
    int windowed[2]; /* the node that stores the records of this side, and of the other one */
    int joins[2];    /* the node that joins them */
    int merge;
    int stores[2];
    int shared;                      /* the store of records that wait; -1: none */
    const weir__operator *self_join; /* the work of the one node */
    void *user;                      /* of it */
} weir__stream_join_draft;

typedef struct weir__copartition_draft {
    weir__ints sources;
    const char *reason;
} weir__copartition_draft;

typedef enum weir__edge_kind {
    WEIR__STREAM,
    WEIR__TABLE,
    WEIR__GLOBAL_TABLE,
    WEIR__GROUPED,
    WEIR__GROUPED_TABLE,
    WEIR__COGROUPED,
    WEIR__WINDOWED_STREAM, /* grouped, with windows by time */
    WEIR__SESSION_STREAM,
    WEIR__WINDOWED_COGROUP,
    WEIR__SESSION_COGROUP,
} weir__edge_kind;

/* An input of a cogroup. */
typedef struct weir__cogroup_input {
    int grouped; /* its edge */
    weir_aggregator_fn fn;
    void *user;
} weir__cogroup_input;

/* The windows of a windowed stream, and of the tables and streams below it. */
typedef struct weir__windowing {
    bool sessions; /* which of the two it has */
    weir_windows time;
    weir_session_windows session;
    weir_emit_strategy emit;
    /* How long after its end a window may still change, by stream time: the grace; of sessions gap
     * and grace. */
    int64_t closes_after_ms;
} weir__windowing;

/* The stream, table or group of a DSL handle. Facts are those of its node. */
typedef struct weir__edge {
    weir__edge_kind kind;
    int node;
    const weir_serde *key;
    const weir_serde *value;
    weir__ints sources; /* source nodes above, up to the next repartition topic */
    const char *name;   /* grouped: of the repartition topic */
    int repartitioned;  /* grouped: the edge behind its named repartition topic; -1: none yet */
    const weir__cogroup_input *inputs; /* cogrouped */
    size_t input_count;
    /* Of a windowed stream; else of the aggregation that gave the windowed keys, the one that
     * closes last where there are several, and kept below operators that change keys. NULL: no
     * windows above. `key` of a windowed stream is the key inside; of what is below a serde for
     * which weir_windowed_wrapped is not NULL. */
    const weir__windowing *windows;
    int grouping; /* of a windowed stream: the edge of what was grouped */
} weir__edge;

/* A serde made of another one. Its `user` points to `of`. */
typedef struct weir__wrapped {
    weir_wrapped of; /* its inner serde is a default until weir_build */
    weir_serde serde;
} weir__wrapped;

struct weir_builder {
    weir__arena arena;
    weir_error error; /* the first one */
    weir__draft **nodes;
    size_t node_count;
    size_t node_capacity;
    weir__store_draft **stores;
    size_t store_count;
    size_t store_capacity;
    weir__edge **edges;
    size_t edge_count;
    size_t edge_capacity;
    weir__type_check *checks;
    size_t check_count;
    size_t check_capacity;
    weir__connection *connections;
    size_t connection_count;
    size_t connection_capacity;
    weir__declared *declared;
    size_t declared_count;
    size_t declared_capacity;
    weir__repartition_draft *repartitions;
    size_t repartition_count;
    size_t repartition_capacity;
    weir__copartition_draft *copartitions;
    size_t copartition_count;
    size_t copartition_capacity;
    weir__stream_join_draft *stream_joins;
    size_t stream_join_count;
    size_t stream_join_capacity;
    weir__wrapped **wrapped;
    size_t wrapped_count;
    size_t wrapped_capacity;
    weir__map node_names;    /* -> weir__draft * */
    weir__map store_names;   /* -> weir__store_draft * */
    weir__map sources;       /* topic -> weir__draft * that reads it */
    weir__pattern *patterns; /* the first one */
    int *order;              /* of the nodes, while it is built: that of creation, or of a pass */
    size_t order_count;
    const char **generated; /* all generated names */
    size_t generated_count;
    size_t generated_capacity;
    int name_counter;             /* number of the next generated name */
    const weir__wrapper *wrapper; /* around all processors; NULL: none */
};

/* Placeholders for the configured default until weir_build. */
extern const weir_serde weir__default_key;
extern const weir_serde weir__default_value;

/* True while nothing has failed; the builder may be NULL. */
bool weir__builder_ok(const weir_builder *builder);
/* Keeps the first error. */
void weir__builder_fail(weir_builder *builder, weir_err code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* False, and an error that names function and argument, when that was not given; false also after
 * an earlier error. */
bool weir__builder_given(weir_builder *builder, bool given, const char *function,
                         const char *argument);

/* Text in the builder's arena; NULL after an error. */
const char *weir__builder_text(weir_builder *builder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void *weir__builder_alloc(weir_builder *builder, size_t size);
/* Room for one more item; the array may move. False after an error. */
bool weir__builder_grow(weir_builder *builder, void *items, size_t count, size_t *capacity,
                        size_t item_size);
void weir__ints_add(weir_builder *builder, weir__ints *ints, int value);
void weir__ints_add_all(weir_builder *builder, weir__ints *ints, const weir__ints *more);

/* Returns `given`, checked, or else a name generated as in Kafka: "KSTREAM-FILTER-0000000003". A
 * number is used in both cases. */
const char *weir__builder_name(weir_builder *builder, const char *given, const char *prefix);
/* Where Kafka takes numbers that appear in no name. */
typedef enum weir__unnamed {
    WEIR__UNNAMED_STORE_OF_COUNT,     /* a count without a named store */
    WEIR__UNNAMED_SHARED_REPARTITION, /* another aggregation of a grouping that has its topic */
} weir__unnamed;
void weir__builder_skip_numbers(weir_builder *builder, weir__unnamed what);
void weir__builder_skip(weir_builder *builder, int numbers);
/* Letters, digits, '.', '_' and '-', 1 to 249 of them. `what`: "node", "store", ... */
bool weir__builder_check_name(weir_builder *builder, const char *what, const char *name);

/* A copy of `of` (name, size, functions) whose `user` is a weir_wrapped around `inner`; NULL after
 * an error. */
const weir_serde *weir__builder_wrap(weir_builder *builder, const weir_serde *of,
                                     const weir_serde *inner);
/* The serde of windowed keys around `key`. */
const weir_serde *weir__builder_windowed(weir_builder *builder, const weir__windowing *windows,
                                         const weir_serde *key);

/* Adds a node with an unused name; returns its index, -1 after an error. `name` is copied. */
int weir__builder_node(weir_builder *builder, weir__node_kind kind, const char *name);
void weir__builder_parent(weir_builder *builder, int child, int parent);
/* Sets serdes and options of a source. `opts` is copied; NULL: defaults. */
void weir__builder_read_as(weir_builder *builder, int source, const weir_serde *key,
                           const weir_serde *value, const weir_source_opts *opts);
/* Adds a source node; topics are copied. A topic may be read by one source only. */
int weir__builder_source(weir_builder *builder, const char *name, const char *const *topics,
                         bool internal);
/* Adds a source node that reads the topics that match. */
int weir__builder_pattern(weir_builder *builder, const char *name, const char *pattern);
void weir__builder_topic(weir_builder *builder, int node, const char *topic, bool internal);
/* Sets topic and options of a sink outside of the application. `opts` may be NULL; its strings are
 * copied. Fails, naming `function`, unless there is either a topic or opts->topic_fn. */
void weir__builder_sink_to(weir_builder *builder, int sink, const char *topic,
                           const weir_sink_opts *opts, const char *function);
/* Adds a store. If opts leave it open, logging is the default and caching is `caching`. -1 after an
 * error. */
int weir__builder_store(weir_builder *builder, const char *name, const weir_store_opts *opts,
                        bool caching);
void weir__builder_use_store(weir_builder *builder, int node, int store);
/* The store has the rows of the table `node`. */
void weir__builder_own_store(weir_builder *builder, int node, int store);
/* `node` reads rows of the table `table`; weir_build connects it with the stores that has them. */
void weir__builder_read(weir_builder *builder, int node, int table);
/* The name of the store that a table has, or will have as it is read; else that of its node. */
const char *weir__builder_table_name(const weir_builder *builder, int table);
void weir__builder_check_types(weir_builder *builder, const weir__type_check *check);
/* The sources' topics must have the same number of partitions. */
void weir__builder_copartition(weir_builder *builder, const weir__ints *sources,
                               const char *reason);
#endif
