/* SPDX-License-Identifier: Apache-2.0
 *
 * reduce of a stream. The first value of a key is stored without a call of the reducer. */
#include "operators/aggregation.h"
#include "process/typed_store.h"

typedef struct reduce_op {
    weir_reducer_fn fn;
    void *user;
} reduce_op;

static weir_err reduce(weir_ctx *ctx, const weir_record *in, void *state)
{
    const reduce_op *op = state;
    if (weir__drop_nulls(ctx, in, true)) {
        return WEIR_OK;
    }
    weir_kv *kv = weir__store_at(ctx, 0);
    weir__change change = {.new_value = in->value};
    int64_t timestamp_ms = in->timestamp_ms;
    int64_t row_timestamp_ms = -1;
    weir_err err = weir__typed_load(kv, in->key, &change.old_value, &row_timestamp_ms);
    if (err == WEIR_OK && change.old_value != NULL) {
        timestamp_ms = weir__later(timestamp_ms, row_timestamp_ms);
        void *out = weir__out_new(ctx, kv->spec->value);
        err = out != NULL ? op->fn(ctx, change.old_value, in->value, out, op->user) : WEIR_ENOMEM;
        err = weir__guards_check(ctx, "the reducer", err);
        if (err == WEIR_OK) {
            change.new_value = weir__out_take(ctx, kv->spec->value, out);
        }
    }
    return err == WEIR_OK ? weir__table_put(ctx, in->key, change, timestamp_ms) : err;
}

static const weir__operator reduce_operator = {
    .work = {"reduce", NULL, reduce, NULL},
    .prefix = "KSTREAM-REDUCE-",
    .facts = WEIR__GIVES_TABLE,
};

weir_table weir_reduce(weir_grouped in, weir_reducer_fn fn, void *user, const char *store,
                       const weir_store_opts *opts)
{
    const weir__edge *from = weir__edge_of(in.builder, in.node, WEIR__GROUPED);
    if (from == NULL ||
        !weir__aggregation_given(in.builder, fn != NULL, "reduce", store, in.node)) {
        return (weir_table){in.builder, -1};
    }
    reduce_op op = {fn, user};
    return weir__aggregation_add(
        in, &(weir__aggregation){&reduce_operator, &op, sizeof op, from->value, store, opts});
}
