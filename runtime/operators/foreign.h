/* SPDX-License-Identifier: Apache-2.0
 *
 * The nodes of a foreign-key join, from its left table to the result. */
#ifndef WEIR_OPERATORS_FOREIGN_H
#define WEIR_OPERATORS_FOREIGN_H

#include "operators/foreign_serdes.h"
#include "operators/operator.h"
#include "state/murmur3.h"

/* The `user` of the nodes of a join. */
typedef struct weir__foreign_op {
    weir_foreign_joiner fn;
    int left; /* the nodes of the tables */
    int right;
    bool outer; /* a left join */
} weir__foreign_op;

/* Left: changes of the table to subscriptions; answers to results. */
extern const weir__operator weir__foreign_subscribe;
extern const weir__operator weir__foreign_resolve;
/* Right: keeps subscriptions; answers a subscription; answers to a change of the table. The first
 * and the third have the store of subscriptions as their first store. */
extern const weir__operator weir__foreign_receive;
extern const weir__operator weir__foreign_answer_one;
extern const weir__operator weir__foreign_answer_all;

#endif
