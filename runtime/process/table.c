/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables: a topic kept as a table, and the join of a stream with one. */
#include "process/change.h"
#include "process/context.h"
#include "process/operators.h"
#include "process/typed_store.h"

static weir_err table_source(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    if (in->key == NULL) {
        weir__drop(ctx, WEIR_DROP_NULL_KEY, NULL);
        return WEIR_OK;
    }
    weir__change change = {in->value, NULL};
    if (ctx->node->spec->store_count == 0) {
        return weir__forward_new(ctx, in->key, &change, in->timestamp_ms);
    }
    weir_kv *kv = weir__store_at(ctx, 0);
    weir_err err = WEIR_OK;
    if (ctx->node->spec->send_old && !kv->cached) {
        err = weir__typed_load(kv, in->key, &change.old_value, NULL);
    }
    if (err == WEIR_OK) {
        err = weir_kv_put(kv, in->key, in->value, in->timestamp_ms);
    }
    if (err != WEIR_OK || kv->cached) {
        return err;
    }
    return weir__forward_new(ctx, in->key, &change, in->timestamp_ms);
}
const weir_processor_ops weir__table_source_ops = {"table_source", NULL, table_source, NULL};

/* ---- Stream-table join -------------------------------------------------------------------- */

static weir_err join_open(weir_ctx *ctx, void *user, void **state)
{
    const weir__join *op = user;
    *state = user;
    return ctx->graph->stores[op->store] != NULL
               ? WEIR_OK
               : weir_fail(ctx, WEIR_ESTATE, "the table's store is not there");
}

static weir_err table_key(weir_ctx *ctx, const weir__join *op, const weir_serde *serde,
                          const weir_record *in, const void **key)
{
    *key = in->key;
    if (op->key_fn == NULL) {
        return WEIR_OK;
    }
    void *out = weir__out_new(ctx, serde);
    weir_err err = out != NULL ? op->key_fn(ctx, in, out, op->user) : WEIR_ENOMEM;
    err = weir__guards_check(ctx, "the key function", err);
    if (err == WEIR_OK) {
        *key = weir__out_take(ctx, serde, out);
    }
    return err;
}

static weir_err join_process(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir__join *op = state;
    weir_kv *kv = ctx->graph->stores[op->store];
    const void *key = NULL;
    const void *right = NULL;
    weir_err err = table_key(ctx, op, kv->spec->key, in, &key);
    if (err == WEIR_OK && (in->value == NULL || (key == NULL && !op->left))) {
        weir__drop(ctx, in->value == NULL ? WEIR_DROP_NULL_VALUE : WEIR_DROP_NULL_KEY, NULL);
        return WEIR_OK;
    }
    if (err == WEIR_OK && key != NULL) {
        err = weir__typed_load(kv, key, &right, NULL);
    }
    if (err != WEIR_OK || (right == NULL && !op->left)) {
        return err;
    }
    const weir_serde *serde = ctx->node->spec->value;
    void *out = weir__out_new(ctx, serde);
    err = out != NULL ? op->fn(ctx, in->key, in->value, right, out, op->user) : WEIR_ENOMEM;
    err = weir__guards_check(ctx, "the joiner", err);
    return err == WEIR_OK
               ? weir__forward_new(ctx, in->key, weir__out_take(ctx, serde, out), in->timestamp_ms)
               : err;
}

const weir_processor_ops weir__join_ops = {"join", join_open, join_process, NULL};
