/* SPDX-License-Identifier: Apache-2.0
 *
 * What count, reduce and aggregate do with the values of a window, whatever windows there are. */
#ifndef WEIR_OPERATORS_FOLD_H
#define WEIR_OPERATORS_FOLD_H

#include "operators/operator.h"

typedef enum weir__fold_type { WEIR__COUNT, WEIR__REDUCE, WEIR__AGGREGATE } weir__fold_type;

typedef struct weir__fold {
    weir__fold_type type;
    weir_reducer_fn reduce; /* of a reduce */
    weir_initializer_fn init;
    weir_merger_fn merge; /* of an aggregate of sessions */
    void *init_user;      /* of these two */
    weir_aggregator_fn add;
    void *user;
} weir__fold;

/* The aggregate without values: 0 of a count, null of a reduce. `serde` is the aggregate's. The
 * results live as long as the current record. */
weir_err weir__fold_init(weir_ctx *ctx, const weir__fold *fold, const weir_serde *serde,
                         const void **out);
/* The aggregate with the record's value, which may be null; `aggregate` is one of init or add. */
weir_err weir__fold_add(weir_ctx *ctx, const weir__fold *fold, const weir_serde *serde,
                        const weir_record *in, const void *aggregate, const void **out);
/* The aggregate of two sessions of a key that become one, the earlier one first. */
weir_err weir__fold_merge(weir_ctx *ctx, const weir__fold *fold, const weir_serde *serde,
                          const void *key, const void *left, const void *right, const void **out);

#endif
