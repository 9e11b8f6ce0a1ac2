/* SPDX-License-Identifier: Apache-2.0
 *
 * The internals of a graph, shared by the files that implement it. */
#ifndef WEIR_PROCESS_GRAPH_INTERNAL_H
#define WEIR_PROCESS_GRAPH_INTERNAL_H

#include <pthread.h>

#include "core/map.h"
#include "process/context.h"
#include "process/punctuate.h"

struct weir__graph {
    const weir_topology *topology;
    weir__graph_host host;
    weir_ctx ctx;
    weir__arena scratch;    /* memory of calls without a record: open, punctuate, flush */
    weir__running **nodes;  /* by index in the topology; NULL: not of this graph */
    weir__running *running; /* parents first */
    size_t node_count;
    weir__kept_time *kept_times; /* in order of name */
    weir_kv **stores; /* by index in the topology; global ones are views of the global graph's */
    weir__punctuations punctuations[2]; /* by weir_time_kind */
    uint64_t punctuations_scheduled;    /* so far */
    weir_buf topic;                     /* chosen for a record */
    weir_buf key;                       /* of the record that a sink sends */
    weir_buf value;
    weir_buf headers; /* of the current record, for the cache */
    weir__map topics; /* names that weir__topic_kept copied, by themselves */
    bool global;
    bool open;            /* all processors are: a child of one that opens may not be */
    bool flushes;         /* a store has a layer above its base, a cache, that is flushed */
    pthread_mutex_t lock; /* of the global graph: other threads read its stores */
};

/* Closes the processors that are open, and ends their punctuations. Also after an open that failed:
 * the next one opens all processors again. */
void weir__graph_close_nodes(weir__graph *graph);

/* Encodes the record and gives it to the host. */
weir_err weir__sink_send(weir_ctx *ctx, const weir__node *sink, const weir_record *record);

/* Runs one node with a record; on return the context has its former node and record. */
weir_err weir__graph_run(weir_ctx *ctx, weir__running *node, const weir_record *record);

/* Runs the wrapper of a node that has one, which runs the node or its punctuator: wrapper.c. */
weir_err weir__wrapper_process(weir_ctx *ctx, weir__running *node, const weir_record *record);
weir_err weir__wrapper_punctuate(weir_ctx *ctx, weir__running *node, weir_punctuate_fn fn,
                                 int64_t now_ms);

/* Called after a callback of `node` returned `err`: stores the first failed_node, and ensures that
 * the error has a text. */
weir_err weir__graph_callback_failed(weir_ctx *ctx, weir__running *node, weir_err err);

/* Calls the handler after the running node failed with a record or a punctuation. The handler is
 * called for the node that failed first; the nodes above it return the same error. WEIR_OK: the
 * record was counted as dropped. */
weir_err weir__graph_node_failed(weir_ctx *ctx, weir__running *node, weir_err err);

/* Ends a call into the graph: moves the context's error, with node and place in front, to *error.
 */
weir_err weir__graph_report(weir__graph *graph, weir_err err, weir_error *error);

#endif
