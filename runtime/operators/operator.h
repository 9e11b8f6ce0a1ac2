/* SPDX-License-Identifier: Apache-2.0
 *
 * What the files of the operators share: the edges behind handles, adding a node, repartition
 * topics, and, at run time, rows and changes of tables. */
#ifndef WEIR_OPERATORS_OPERATOR_H
#define WEIR_OPERATORS_OPERATOR_H

#include "core/saturate.h"
#include "process/change.h"
#include "process/context.h"
#include "topology/builder.h"

/* ---- Building ----------------------------------------------------------------------------- */

/* The edge of a handle; NULL after an error or if the handle has another kind. */
const weir__edge *weir__edge_of(weir_builder *builder, int node, weir__edge_kind kind);
/* Adds a copy of the edge and returns its index; -1 after an error. */
int weir__edge_add(weir_builder *builder, const weir__edge *edge);
/* True if records of the edge may be in other partitions than their keys belong to. */
bool weir__edge_key_changed(const weir_builder *builder, const weir__edge *edge);

/* Of two edges that become one: the windows that close later. */
const weir__windowing *weir__windows_later(const weir__windowing *a, const weir__windowing *b);

/* False, and an error that names the join. */
bool weir__join_windows_check(weir_builder *builder, const char *name,
                              const weir_join_windows *windows);

/* Where an operator is added, and what it gives. */
typedef struct weir__operator_at {
    const char *name;        /* NULL: numbered */
    bool named;              /* `name` is from weir__builder_name: it takes no other number */
    const weir__edge *in;    /* the first parent */
    const weir__edge *other; /* the second one, or NULL */
    const weir_serde *key;   /* of the output; NULL: as the first parent's */
    const weir_serde *value;
    const char *what;   /* for errors; NULL: kind and name */
    const char *result; /* for errors: where `value` is said; NULL: "its value" */
} weir__operator_at;

#define WEIR__SOURCE_PREFIX "KSTREAM-SOURCE-" /* of names of sources without one */
#define WEIR__RESULT_OF_OPTS "its result (weir_store_opts.value)"

/* Adds a node with a copy of `op` (`size` bytes; 0: none) for its `user`; -1 after an error. */
int weir__operator_add(weir_builder *builder, const weir__operator *kind, const void *op,
                       size_t size, const weir__operator_at *at);
/* The same for an operator with one parent that gives a stream; `at->in` is set here. */
weir_stream weir__stream_add(weir_stream in, const weir__operator *kind, const void *op,
                             size_t size, weir__operator_at at);
/* False, and an error that names the operator, if it lacks its function. */
bool weir__has_function(weir_builder *builder, const weir__operator *kind, const char *name, int in,
                        bool given);

/* What errors call an operator (label.c): "filter 'f' below 'in'"; `name` NULL: "filter below
 * 'in'". `in` is the edge of its input; -1: not known. NULL after an error. */
const char *weir__label(weir_builder *builder, const char *kind, const char *name, int in);
/* Puts that in front of the builder's error. */
void weir__label_error(weir_builder *builder, const char *kind, const char *name, int in);
/* An operator with two inputs. */
typedef struct weir__pair {
    const char *kind; /* "left_join" */
    const char *name; /* NULL: numbered */
    struct weir__pair_input {
        const char *is; /* "stream", "table" */
        weir_builder *builder;
        int edge;
    } left, right;
} weir__pair;
/* "left_join 'j' of stream 'orders' and table 'customers'". NULL after an error: also if the
 * handles are of two builders, which is an error of both. */
const char *weir__pair_label(const weir__pair *pair);

/* weir__builder_store for a node, which errors name; -1 after an error. */
int weir__node_store(weir_builder *builder, int node, const char *store,
                     const weir_store_opts *opts, bool caching);

/* A copy in the builder's memory. */
void *weir__op_copy(weir_builder *builder, const void *op, size_t size);

/* The internal topic of a repartition, and its nodes. */
typedef struct weir__repartition_names {
    const char *topic;
    const char *sink;
    const char *source;
} weir__repartition_names;

/* "<name>-repartition", unless the name ends so. */
const char *weir__repartition_topic(weir_builder *builder, const char *name);
/* Adds the topic below node `parent`, with sink and source; returns the edge behind it. */
const weir__edge *weir__repartition_nodes(weir_builder *builder, const weir__edge *in, int parent,
                                          const weir__repartition_names *names,
                                          const weir_repartition_opts *opts);
/* Adds the topic <name>-repartition with filter, sink and source; returns the edge behind it. */
const weir__edge *weir__repartition(weir_builder *builder, const weir__edge *in, const char *name,
                                    const weir_repartition_opts *opts);
/* The source of a table and the node that keeps it, without a store; the edge's node is -1 after an
 * error. */
weir__edge weir__table_nodes(weir_builder *builder, const weir__operator *kind, const char *topic,
                             const weir_serde *key, const weir_serde *value,
                             const weir_store_opts *opts);
/* Moves these nodes and the store that they fill to the global task. */
void weir__global_nodes(weir_builder *builder, const weir__edge *table, int store);
/* Adds the store of a table's node; -1 after an error. `caching` if the options leave it open. */
int weir__table_store(weir_builder *builder, const weir__edge *table, const char *store,
                      const weir_store_opts *opts, bool caching);

static inline const char *weir__name_of(const weir_named *named)
{
    return named != NULL ? named->name : NULL;
}

static inline const weir_serde *weir__key_or_default(const weir_serde *given)
{
    return given != NULL ? given : &weir__default_key;
}

static inline const weir_serde *weir__value_or_default(const weir_serde *given)
{
    return given != NULL ? given : &weir__default_value;
}

/* False, and an error that names the operator, if the options ask for versions without a store. */
bool weir__history_has_store(weir_builder *builder, const char *what, const char *store,
                             const weir_store_opts *opts);

extern const weir__operator weir__table_source_operator;

/* ---- Running ------------------------------------------------------------------------------ */

/* Sets *out if two keys of the running node's output have the same bytes. */
weir_err weir__same_key(weir_ctx *ctx, const void *a, const void *b, bool *out);
/* Forwards the record to all children: merge, a branch of a split. */
weir_err weir__pass(weir_ctx *ctx, const weir_record *in, void *state);

/* Drops a record without key (first) or, if `values`, without value: true if it was dropped. */
bool weir__drop_nulls(weir_ctx *ctx, const weir_record *in, bool values);

/* The row of a key in the table of a node (an index): from its store, else computed from the tables
 * above it. Only for nodes that declared it with weir__builder_read, and for tables that the node's
 * own table is computed from. */
weir_err weir__table_read(weir_ctx *ctx, int table, const void *key, weir__timed *out);
/* The row as of a time if the table has a history, else its latest one. */
weir_err weir__table_read_as_of(weir_ctx *ctx, int table, const void *key, int64_t time_ms,
                                weir__timed *out);
/* The row as the table has forwarded it: changes that are only in a cache are not seen. */
weir_err weir__table_read_forwarded(weir_ctx *ctx, int table, const void *key, weir__timed *out);
/* True if that row may be newer than the changes that the table has forwarded: a store that it is
 * read from has a cache. */
bool weir__table_is_ahead(const weir_ctx *ctx, int table);
/* The node of a table, for its serdes. */
const weir__node *weir__table_node(const weir_ctx *ctx, int table);
/* Forwards a change of the running node's table, with its old value only if that is needed. */
weir_err weir__table_forward(weir_ctx *ctx, const void *key, weir__change change,
                             int64_t timestamp_ms);
/* Puts the new value into the running node's own store, and forwards the change: now, or with a
 * cache when it is flushed or evicted. A versioned store says if it is out of order; it is not
 * forwarded if it is before the history. */
weir_err weir__table_put(weir_ctx *ctx, const void *key, weir__change change, int64_t timestamp_ms);
/* Sets *out to the value in that store if it must be forwarded as the old one; else unchanged. */
weir_err weir__table_old(weir_ctx *ctx, const void *key, const void **out);
/* Keeps a record as the row of its key, in the running node's store if it has one, and forwards the
 * change. Records without a key are dropped. */
weir_err weir__table_keep(weir_ctx *ctx, const weir_record *in);

#endif
