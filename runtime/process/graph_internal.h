/* SPDX-License-Identifier: Apache-2.0
 *
 * A graph from the inside, shared by the files that make it work. */
#ifndef WEIR_PROCESS_GRAPH_INTERNAL_H
#define WEIR_PROCESS_GRAPH_INTERNAL_H

#include <pthread.h>

#include "process/context.h"
#include "process/punctuate.h"

struct weir__graph {
    const weir_topology *topology;
    weir__graph_host host;
    weir_ctx ctx;
    weir__arena scratch;    /* for what happens outside of records: open, punctuate, flush */
    weir__running **nodes;  /* by index in the topology; NULL: not of this graph */
    weir__running *running; /* parents first */
    size_t node_count;
    weir_kv **stores; /* by index in the topology; global ones are views of the global graph's */
    weir__punctuations punctuations[2]; /* by weir_time_kind */
    weir_buf key;                       /* of the record that a sink sends */
    weir_buf value;
    weir_buf headers; /* of the current record, for the cache */
    bool global;
    pthread_mutex_t lock; /* of the global graph: its stores are read by other threads */
};

/* Runs one node on a record; on return the context is as before. */
weir_err weir__graph_run(weir_ctx *ctx, weir__running *node, const weir_record *record);

/* A callback of `node` returned this: remembers the first failed_node, makes sure that there is a
 * text.
 */
weir_err weir__graph_callback_failed(weir_ctx *ctx, weir__running *node, weir_err err);

/* The running node failed with a record or a punctuation: asks the handler. The node that fails
 * first decides; nodes above it only pass its error on. WEIR_OK: it was counted as dropped. */
weir_err weir__graph_node_failed(weir_ctx *ctx, weir__running *node, weir_err err);

/* Ends a call into the graph: moves the context's error, with node and place in front, to *error.
 */
weir_err weir__graph_report(weir__graph *graph, weir_err err, weir_error *error);

#endif
