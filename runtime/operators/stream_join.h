/* SPDX-License-Identifier: Apache-2.0
 *
 * The node that joins the records of one side of a join of two streams. */
#ifndef WEIR_OPERATORS_STREAM_JOIN_H
#define WEIR_OPERATORS_STREAM_JOIN_H

#include "operators/join.h"

typedef enum weir__join_side { WEIR__RIGHT_SIDE, WEIR__LEFT_SIDE } weir__join_side;
#define WEIR__JOIN_SIDES 2

static inline weir__join_side weir__other_side(weir__join_side of)
{
    return of == WEIR__LEFT_SIDE ? WEIR__RIGHT_SIDE : WEIR__LEFT_SIDE;
}

/* A time of a join's window: as in Kafka, a window that ends before time 0 contains time 0. */
static inline int64_t weir__join_time(int64_t time_ms)
{
    return weir__later(time_ms, 0);
}

/* The `user` of such a node; the other side's records are its partners. */
typedef struct weir__stream_side {
    weir_joiner_fn fn;
    void *user;
    weir__join_side own;
    int64_t before_ms;                 /* a partner is at most so much earlier */
    int64_t after_ms;                  /* a partner is at most so much later */
    int64_t wait_ms[WEIR__JOIN_SIDES]; /* a record of that side waits so long after its time */
    int windows[WEIR__JOIN_SIDES];     /* stores of that side's records: indexes in the topology */
    int shared;                        /* the store of records that wait; -1: none, an inner join */
    int left_node;                     /* of the left side, which has what both sides know */
    bool outer;                        /* a record without a partner has a result, too */
} weir__stream_side;

/* Its work. */
weir_err weir__stream_side_open(weir_ctx *ctx, void *user, void **state);
weir_err weir__stream_side_process(weir_ctx *ctx, const weir_record *in, void *state);
void weir__stream_side_close(void *state);

/* The `user` of the node that joins a stream with itself. */
typedef struct weir__self_join {
    weir_joiner_fn fn;
    void *user;
    int64_t before_ms;
    int64_t after_ms;
    int64_t retention_ms; /* of the store */
    int windows;          /* the store: index in the topology */
} weir__self_join;

extern const weir__operator weir__self_join_operator;

#endif
