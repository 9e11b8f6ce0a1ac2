/* SPDX-License-Identifier: Apache-2.0
 *
 * A built topology: nodes, sub-topologies, stores, internal topics. Immutable, shared by all
 * threads and instances. Names of internal topics are kept without the prefix "<application.id>-":
 * weir__topic_name adds it. */
#ifndef WEIR_TOPOLOGY_TOPOLOGY_H
#define WEIR_TOPOLOGY_TOPOLOGY_H

#include <weir/dsl.h>

#include "state/kind.h"
#include "topology/operator.h"

#define WEIR__ASSIGNMENT_TOPIC "assignment" /* behind "<application.id>-": of the members */

struct weir__pattern;

typedef enum weir__node_kind { WEIR__SOURCE, WEIR__PROCESSOR, WEIR__SINK } weir__node_kind;

typedef struct weir__topic_ref {
    const char *name;
    bool internal; /* repartition topic: its full name begins with the application id */
} weir__topic_ref;

typedef struct weir__node {
    int index; /* in the topology's nodes, in order of creation */
    weir__node_kind kind;
    const char *name;
    int subtopology; /* index in the topology's subtopologies, or one of these: */
#define WEIR__GLOBAL_TASK (-1)
#define WEIR__NOT_RUN (-2) /* a pass has replaced it */
    int group;             /* number in the description, where global tables are numbered too */
    const int *parents;    /* indexes, in order of connection */
    size_t parent_count;
    const int *children;
    size_t child_count;
    /* Source and sink. */
    const weir__topic_ref *topics; /* a sink has one, or none: sink.topic_fn */
    size_t topic_count;
    const struct weir__pattern *pattern; /* a source reads the topics that match; NULL: `topics` */
    /* Of a source or sink; of a processor its output serdes, NULL if unknown. */
    const weir_serde *key;
    const weir_serde *value;
    weir_source_opts source;
    weir_sink_opts sink;
    bool by_inner_key; /* a sink of windowed keys partitions by the key inside of them */
    /* Processor. */
    const weir__operator *made_by; /* NULL: a processor added by hand */
    unsigned facts;                /* of weir__fact */
    const weir_processor_ops *ops;
    void *user;
    const int *stores; /* indexes of connected stores */
    size_t store_count;
    const int *reads; /* indexes of the tables that it reads besides its parents */
    size_t read_count;
    int table_store; /* index of the store of its own table; -1: none */
    bool send_old;   /* of a table: a node below needs the old values of its changes */
} weir__node;

typedef struct weir__wrapper {
    weir_processor_wrapper calls;
    void *user;
} weir__wrapper;

typedef struct weir__store_spec {
    int index;
    const char *name;
    const weir_serde *key;
    const weir_serde *value;
    weir_backend backend; /* WEIR_BACKEND_DEFAULT is resolved by the instance's config */
    bool caching;
    bool logging;
    const weir__store_kind *kind;
    int64_t retention_ms; /* of a kind whose rows or versions expire */
    int64_t window_ms;    /* of a window store: from start to end of its windows */
    bool time_ordered;    /* as in weir__store_plan */
    bool duplicates;      /* a window store keeps all puts of a key and window */
    const char *const
        *changelog_config; /* name, value, ..., NULL; NULL: none beyond the defaults */
    int subtopology;       /* index; -1: global */
    int owner;             /* index of the node whose table this is; -1: a processor's store */
    /* Global tables: the topic that fills it. */
    const char *global_topic;
    /* topology.optimization: the topic that is the changelog of the table, whose source node reads
     * it; it is restored from there. NULL: none. */
    const char *source_topic;
    int source_node; /* index */
} weir__store_spec;

typedef struct weir__subtopology {
    int id; /* in describe and names of tasks; not the index when global tables come before */
    const int *nodes; /* indexes, in the topology's order */
    size_t node_count;
    const int *sources; /* indexes of source nodes */
    size_t source_count;
    const int *stores;
    size_t store_count;
} weir__subtopology;

typedef struct weir__repartition_spec {
    const char *name;   /* "by-word-repartition" */
    int32_t partitions; /* 0: derived */
    int writer;         /* index of the sub-topology that writes it */
    int reader;
} weir__repartition_spec;

/* Topics (as in weir__topic_ref) that must have the same number of partitions. */
typedef struct weir__copartition_group {
    const weir__topic_ref *topics; /* of the sources */
    size_t count;
    const int *sources; /* indexes of nodes */
    size_t source_count;
    const char *reason; /* name of the join, for the error */
} weir__copartition_group;

struct weir_topology {
    const weir__node *nodes;
    size_t node_count;
    const int *order; /* indexes of the nodes that run: parents first, in order of addition */
    size_t order_count;
    const weir__store_spec *stores;
    size_t store_count;
    const weir__subtopology *subtopologies; /* global nodes are in none */
    size_t subtopology_count;
    const weir__repartition_spec *repartitions;
    size_t repartition_count;
    const weir__copartition_group *copartitions;
    size_t copartition_count;
    const weir__wrapper *wrapper;         /* around all processors; NULL: none */
    bool one_task;                        /* made by weir__topology_merged */
    struct weir__topology_memory *memory; /* owns all of the above */
};

/* A serde is a type; those of windowed keys are one type when what they wrap is. */
bool weir__serde_same(const weir_serde *a, const weir_serde *b);

bool weir__topology_has_globals(const weir_topology *topology);
/* A store is on disk; `memory_stores`: those without a backend of their own are not. */
bool weir__topology_has_persistent(const weir_topology *topology, bool memory_stores);

/* The topology with all its sub-topologies as one, for one task with one partition a topic, as
 * Kafka's TopologyTestDriver runs it. Free it with weir_topology_free, before `topology`, from
 * which it borrows. NULL: out of memory. */
weir_topology *weir__topology_merged(const weir_topology *topology);

/* External source topics that have names, of all sub-topologies, each once, in order of first use.
 * Free the array, not the names. */
const char **weir__topology_source_topics(const weir_topology *topology, size_t *count);

/* "<application>-<name>" for internal topics, the name otherwise; malloc'ed. */
char *weir__topic_name(const char *application, weir__topic_ref topic);
/* "<application>-<store>-changelog"; malloc'ed. */
char *weir__changelog_name(const char *application, const char *store);

/* Checks that the internal topics' names, with the prefix "<application>-", are not longer than
 * Kafka allows. WEIR_ETOPOLOGY names the topic and its store or repartition. */
weir_err weir__topology_check_names(const weir_topology *topology, const char *application,
                                    weir_error *error);

/* Partition counts of the repartition topics and numbers of tasks, from those of the external
 * topics. `partitions_of` gives a source topic's count or -1. On success (*counts)[i] is that of
 * repartitions[i], (*tasks)[s] the number of tasks of sub-topology s (its largest input); both
 * malloc'ed. WEIR_EMISSING_TOPIC names the topics; WEIR_ETOPOLOGY: not co-partitioned. A pattern
 * that no topic matches leaves counts and numbers at 0. */
weir_err weir__topology_resolve(const weir_topology *topology,
                                int32_t (*partitions_of)(const char *topic, void *user), void *user,
                                int32_t **counts, int32_t **tasks, weir_error *error);

#endif
