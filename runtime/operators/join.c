/* SPDX-License-Identifier: Apache-2.0
 *
 * A record of a stream is joined with the row that its table has by then. */
#include "operators/join.h"

static weir_err table_key(weir_ctx *ctx, const weir__join *op, const weir_record *in,
                          const void **key)
{
    *key = in->key;
    if (op->key_fn == NULL) {
        return WEIR_OK;
    }
    const weir_serde *serde = weir__table_node(ctx, op->table)->key;
    void *out = weir__out_new(ctx, serde);
    weir_err err = out != NULL ? op->key_fn(ctx, in, out, op->user) : WEIR_ENOMEM;
    err = weir__guards_check(ctx, "the key function", err);
    if (err == WEIR_OK) {
        *key = weir__out_take(ctx, serde, out);
    }
    return err;
}

weir_err weir__joiner_call(weir_ctx *ctx, const weir_serde *serde, weir_joiner_fn fn, void *user,
                           const weir__join_input *in, const void **out)
{
    int64_t time_ms = ctx->time_ms;
    void *result = weir__out_new(ctx, serde);
    ctx->time_ms = in->timestamp_ms;
    weir_err err =
        result != NULL ? fn(ctx, in->key, in->left, in->right, result, user) : WEIR_ENOMEM;
    ctx->time_ms = time_ms;
    err = weir__guards_check(ctx, "the joiner", err);
    if (err == WEIR_OK) {
        *out = weir__out_take(ctx, serde, result);
    }
    return err;
}

bool weir__join_drops(weir_ctx *ctx, const weir__join *op, const weir_record *in, const void *key)
{
    if (in->value != NULL && (key != NULL || op->left)) {
        return false;
    }
    weir__drop(ctx, in->value == NULL ? WEIR_DROP_NULL_VALUE : WEIR_DROP_NULL_KEY, NULL);
    return true;
}

weir_err weir__join_process(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir__join *op = state;
    const void *key = NULL;
    weir_err err = table_key(ctx, op, in, &key);
    return err != WEIR_OK || weir__join_drops(ctx, op, in, key) ? err
                                                                : weir__join_row(ctx, op, in, key);
}

weir_err weir__join_row(weir_ctx *ctx, const weir__join *op, const weir_record *in, const void *key)
{
    const void *joined = NULL;
    weir__timed right = {NULL, -1};
    weir_err err = WEIR_OK;
    if (key != NULL) {
        err = weir__table_read_as_of(ctx, op->table, key, in->timestamp_ms, &right);
    }
    if (err != WEIR_OK || (right.value == NULL && !op->left)) {
        return err;
    }
    weir__join_input both = {in->key, in->value, right.value, in->timestamp_ms};
    err = weir__joiner_call(ctx, ctx->node->spec->value, op->fn, op->user, &both, &joined);
    return err == WEIR_OK ? weir__forward_new(ctx, in->key, joined, in->timestamp_ms) : err;
}

const char *weir__join_label(const weir__join *op)
{
    return op->left ? "left_join" : "join";
}

const char *weir__join_check(const weir__join *op, const weir__pair *pair)
{
    const char *what = weir__pair_label(pair);
    if (what != NULL && op->fn == NULL) {
        weir__builder_fail(pair->left.builder, WEIR_EINVAL, "%s needs a function", what);
    }
    return weir__builder_ok(pair->left.builder) ? what : NULL;
}
