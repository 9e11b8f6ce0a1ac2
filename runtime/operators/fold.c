/* SPDX-License-Identifier: Apache-2.0 */
#include "operators/fold.h"

static weir_err take(weir_ctx *ctx, const weir_serde *serde, const char *callback, weir_err err,
                     const void *result, const void **out)
{
    err = weir__guards_check(ctx, callback, err);
    if (err == WEIR_OK) {
        *out = weir__out_take(ctx, serde, result);
    }
    return err;
}

static weir_err count(weir_ctx *ctx, int64_t number, const void **out)
{
    int64_t *counted = weir__arena_alloc(ctx->arena, sizeof *counted);
    if (counted == NULL) {
        return weir__ctx_out_of_memory(ctx);
    }
    *counted = number;
    *out = counted;
    return WEIR_OK;
}

weir_err weir__fold_init(weir_ctx *ctx, const weir__fold *fold, const weir_serde *serde,
                         const void **out)
{
    if (fold->type == WEIR__COUNT) {
        return count(ctx, 0, out);
    }
    if (fold->type == WEIR__REDUCE) {
        *out = NULL;
        return WEIR_OK;
    }
    void *result = weir__out_new(ctx, serde);
    weir_err err = result != NULL ? fold->init(ctx, result, fold->init_user) : WEIR_ENOMEM;
    return take(ctx, serde, "the initializer", err, result, out);
}

weir_err weir__fold_add(weir_ctx *ctx, const weir__fold *fold, const weir_serde *serde,
                        const weir_record *in, const void *aggregate, const void **out)
{
    if (fold->type == WEIR__COUNT) {
        return count(ctx, *(const int64_t *)aggregate + 1, out);
    }
    if (fold->type == WEIR__REDUCE && aggregate == NULL) {
        *out = in->value;
        return WEIR_OK;
    }
    void *result = weir__out_new(ctx, serde);
    if (result == NULL) {
        return WEIR_ENOMEM;
    }
    if (fold->type == WEIR__REDUCE) {
        weir_err err = fold->reduce(ctx, aggregate, in->value, result, fold->user);
        return take(ctx, serde, "the reducer", err, result, out);
    }
    weir_err err = fold->add(ctx, in, aggregate, result, fold->user);
    return take(ctx, serde, "the aggregator", err, result, out);
}

weir_err weir__fold_merge(weir_ctx *ctx, const weir__fold *fold, const weir_serde *serde,
                          const void *key, const void *left, const void *right, const void **out)
{
    if (fold->type == WEIR__COUNT) {
        return count(ctx, *(const int64_t *)left + *(const int64_t *)right, out);
    }
    if (fold->type == WEIR__REDUCE && left == NULL) {
        *out = right;
        return WEIR_OK;
    }
    void *result = weir__out_new(ctx, serde);
    if (result == NULL) {
        return WEIR_ENOMEM;
    }
    if (fold->type == WEIR__REDUCE) {
        weir_err err = fold->reduce(ctx, left, right, result, fold->user);
        return take(ctx, serde, "the reducer", err, result, out);
    }
    weir_err err = fold->merge(ctx, key, left, right, result, fold->init_user);
    return take(ctx, serde, "the merger", err, result, out);
}
