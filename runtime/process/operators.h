/* SPDX-License-Identifier: Apache-2.0
 *
 * The DSL's operators. Each is a weir_processor_ops whose `user` is the struct named beside it,
 * shared by all tasks and never changed. Types come from the node and its stores. */
#ifndef WEIR_PROCESS_OPERATORS_H
#define WEIR_PROCESS_OPERATORS_H

#include <weir/dsl.h>

typedef struct weir__filter {
    weir_filter_fn fn;
    void *user;
    bool negate;
} weir__filter;
extern const weir_processor_ops weir__filter_ops;

typedef struct weir__map_op {
    weir_map_fn fn;
    void *user;
} weir__map_op;
extern const weir_processor_ops weir__map_ops;

typedef struct weir__map_values {
    weir_map_values_fn fn;
    void *user;
} weir__map_values;
extern const weir_processor_ops weir__map_values_ops;

typedef struct weir__select_key {
    weir_select_key_fn fn;
    void *user;
} weir__select_key;
extern const weir_processor_ops weir__select_key_ops;

typedef struct weir__flat_map {
    weir_flat_map_fn fn;
    void *user;
} weir__flat_map;
extern const weir_processor_ops weir__flat_map_ops; /* flat_map_values too */

typedef struct weir__for_each {
    weir_for_each_fn fn;
    void *user;
    bool forward; /* peek */
} weir__for_each;
extern const weir_processor_ops weir__for_each_ops;

extern const weir_processor_ops weir__pass_ops; /* merge, a branch; no user */

typedef struct weir__split {
    const weir_branch *branches; /* child i gets the records of branch i */
    size_t count;
} weir__split;
extern const weir_processor_ops weir__split_ops;

/* The filter in front of a repartition topic. It forwards null keys only for a left join below. */
typedef struct weir__repartition_filter {
    bool keep_null_keys;
} weir__repartition_filter;
extern const weir_processor_ops weir__repartition_filter_ops;

/* Aggregations keep their table in the node's first store. */
extern const weir_processor_ops weir__count_ops; /* no user */

typedef struct weir__reduce {
    weir_reducer_fn fn;
    void *user;
} weir__reduce;
extern const weir_processor_ops weir__reduce_ops;

typedef struct weir__aggregate {
    weir_initializer_fn init;
    weir_aggregator_fn fn;
    void *user;
} weir__aggregate;
extern const weir_processor_ops weir__aggregate_ops;

extern const weir_processor_ops weir__table_source_ops; /* into the first store, if any; no user */
extern const weir_processor_ops weir__to_stream_ops;    /* no user */

/* A join of a stream with a table or a global table. */
typedef struct weir__join {
    weir_joiner_fn fn;
    weir_select_key_fn key_fn; /* NULL: the record's key */
    void *user;
    int store; /* index of the table's store */
    bool left;
} weir__join;
extern const weir_processor_ops weir__join_ops;

#endif
