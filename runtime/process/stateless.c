/* SPDX-License-Identifier: Apache-2.0
 *
 * The stateless operators: filter, map, flat_map, select_key, for_each, split and so on. */
#include "process/change.h"
#include "process/context.h"
#include "process/operators.h"

static weir_err filter(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir__filter *op = state;
    bool keep = false;
    weir_err err = op->fn(ctx, in, &keep, op->user);
    err = weir__guards_check(ctx, "the predicate", err);
    return err == WEIR_OK && keep != op->negate ? weir__forward(ctx, in) : err;
}
const weir_processor_ops weir__filter_ops = {"filter", NULL, filter, NULL};

static weir_err map(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir__map_op *op = state;
    const weir__node *node = ctx->node->spec;
    void *key = weir__out_new(ctx, node->key);
    void *value = weir__out_new(ctx, node->value);
    if (key == NULL || value == NULL) {
        return WEIR_ENOMEM;
    }
    weir_err err = op->fn(ctx, in, key, value, op->user);
    err = weir__guards_check(ctx, "the map function", err);
    if (err != WEIR_OK) {
        return err;
    }
    const void *new_key = weir__out_take(ctx, node->key, key);
    return weir__forward_new(ctx, new_key, weir__out_take(ctx, node->value, value),
                             in->timestamp_ms);
}
const weir_processor_ops weir__map_ops = {"map", NULL, map, NULL};

static weir_err map_values(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir__map_values *op = state;
    const weir_serde *serde = ctx->node->spec->value;
    void *out = weir__out_new(ctx, serde);
    if (out == NULL) {
        return WEIR_ENOMEM;
    }
    weir_err err = op->fn(ctx, in, out, op->user);
    err = weir__guards_check(ctx, "the map_values function", err);
    return err == WEIR_OK
               ? weir__forward_new(ctx, in->key, weir__out_take(ctx, serde, out), in->timestamp_ms)
               : err;
}
const weir_processor_ops weir__map_values_ops = {"map_values", NULL, map_values, NULL};

static weir_err select_key(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir__select_key *op = state;
    const weir_serde *serde = ctx->node->spec->key;
    void *out = weir__out_new(ctx, serde);
    if (out == NULL) {
        return WEIR_ENOMEM;
    }
    weir_err err = op->fn(ctx, in, out, op->user);
    err = weir__guards_check(ctx, "the key function", err);
    return err == WEIR_OK ? weir__forward_new(ctx, weir__out_take(ctx, serde, out), in->value,
                                              in->timestamp_ms)
                          : err;
}
const weir_processor_ops weir__select_key_ops = {"select_key", NULL, select_key, NULL};

static weir_err flat_map(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir__flat_map *op = state;
    return op->fn(ctx, in, op->user);
}
const weir_processor_ops weir__flat_map_ops = {"flat_map", NULL, flat_map, NULL};

static weir_err for_each(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir__for_each *op = state;
    weir_err err = op->fn(ctx, in, op->user);
    return err == WEIR_OK && op->forward ? weir__forward(ctx, in) : err;
}
const weir_processor_ops weir__for_each_ops = {"for_each", NULL, for_each, NULL};

static weir_err pass(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir__forward(ctx, in);
}
const weir_processor_ops weir__pass_ops = {"pass", NULL, pass, NULL};

static weir_err split(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir__split *op = state;
    for (size_t i = 0; i < op->count; i++) {
        const weir_branch *branch = &op->branches[i];
        bool taken = branch->fn == NULL;
        weir_err err = taken ? WEIR_OK : branch->fn(ctx, in, &taken, branch->user);
        if (err != WEIR_OK || taken) {
            return err != WEIR_OK ? err : weir__forward_child(ctx, i, in);
        }
    }
    return WEIR_OK;
}
const weir_processor_ops weir__split_ops = {"split", NULL, split, NULL};

static weir_err repartition_filter(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir__repartition_filter *op = state;
    if (in->key == NULL && !op->keep_null_keys) {
        weir__drop(ctx, WEIR_DROP_NULL_KEY, NULL);
        return WEIR_OK;
    }
    return weir__forward(ctx, in);
}
const weir_processor_ops weir__repartition_filter_ops = {"repartition_filter", NULL,
                                                         repartition_filter, NULL};

static weir_err to_stream(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    const weir__change *change = in->value;
    return weir__forward_new(ctx, in->key, change->new_value, in->timestamp_ms);
}
const weir_processor_ops weir__to_stream_ops = {"to_stream", NULL, to_stream, NULL};
