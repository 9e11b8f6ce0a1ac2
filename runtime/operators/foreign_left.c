/* SPDX-License-Identifier: Apache-2.0
 *
 * The left side of a foreign-key join. A row subscribes to the right row that its foreign key
 * names; the answers become results. An answer has the hash of the left value that subscribed. One
 * to a value that has been replaced is dropped: the new value has subscribed, too. */
#include <string.h>

#include "operators/foreign.h"
#include "operators/join.h"
#include "process/graph_internal.h"

/* ---- Subscriptions ------------------------------------------------------------------------ */

/* A change of a left row. */
typedef struct change_keys {
    const void *old_key; /* foreign keys; NULL: none */
    const void *new_key;
    weir_buf primary_key; /* encoded */
    uint8_t hash[WEIR__MURMUR3_SIZE];
    bool hashed; /* false: the row is deleted */
} change_keys;

static weir_err foreign_key(weir_ctx *ctx, const weir__foreign_op *op, const weir_record *in,
                            const void *value, const void **out)
{
    *out = NULL;
    if (value == NULL) {
        return WEIR_OK;
    }
    const weir_serde *serde = ctx->node->spec->key;
    weir_record row = *in;
    row.value = value;
    void *key = weir__out_new(ctx, serde);
    weir_err err = key != NULL ? op->fn.foreign_key(ctx, &row, key, op->fn.user) : WEIR_ENOMEM;
    err = weir__guards_check(ctx, "the foreign key function", err);
    if (err == WEIR_OK) {
        *out = weir__out_take(ctx, serde, key);
    }
    return err;
}

static weir_err hash_of(weir_ctx *ctx, const weir__foreign_op *op, const void *value,
                        uint8_t out[WEIR__MURMUR3_SIZE])
{
    weir_buf bytes = {0};
    weir_err err = weir__encode(ctx, weir__table_node(ctx, op->left)->value, value, &bytes);
    if (err == WEIR_OK) {
        weir__murmur3(weir__buf_slice(&bytes), out);
    }
    weir__buf_fini(&bytes);
    return err;
}

/* Sets what the subscriptions of a change need; `keys->primary_key` is to be freed. */
static weir_err read_change(weir_ctx *ctx, const weir__foreign_op *op, const weir_record *in,
                            change_keys *keys)
{
    const weir__change *change = in->value;
    weir_err err = foreign_key(ctx, op, in, change->old_value, &keys->old_key);
    if (err == WEIR_OK) {
        err = foreign_key(ctx, op, in, change->new_value, &keys->new_key);
    }
    if (err == WEIR_OK) {
        const weir_serde *serde = weir__table_node(ctx, op->left)->key;
        err = weir__encode(ctx, serde, in->key, &keys->primary_key);
    }
    keys->hashed = change->new_value != NULL;
    return err == WEIR_OK && keys->hashed ? hash_of(ctx, op, change->new_value, keys->hash) : err;
}

static weir_err send(weir_ctx *ctx, const weir_record *in, const change_keys *keys,
                     const void *foreign_key, uint8_t instruction)
{
    weir__subscription subscription = {.instruction = instruction,
                                       .hash = keys->hashed ? keys->hash : NULL,
                                       .primary_key = weir__buf_slice(&keys->primary_key),
                                       .partition = ctx->graph->host.partition};
    return weir__forward_new(ctx, foreign_key, &subscription, in->timestamp_ms);
}

static weir_err has_moved(weir_ctx *ctx, const change_keys *keys, bool *out)
{
    bool same = false;
    weir_err err = WEIR_OK;
    if (keys->old_key != NULL && keys->new_key != NULL) {
        err = weir__same_key(ctx, keys->old_key, keys->new_key, &same);
    }
    *out = keys->old_key != NULL && !same;
    return err;
}

/* Kafka asks for no answer if the foreign key is the same or new, and there is no right row: then
 * there should be no result. But there is one if the right row is deleted while the left row
 * changes: the answer to the deletion has the hash of the earlier left value, and is dropped. Both
 * often are in one flush of a record cache, which must not change the final rows. So with a cache
 * each subscription is answered. */
static uint8_t asks_for(const weir_ctx *ctx, bool moved)
{
    return moved || ctx->graph->host.cached ? WEIR__ANSWER_ALWAYS : WEIR__ANSWER_IF_ROW;
}

static weir_err subscribe_inner(weir_ctx *ctx, const weir_record *in, const change_keys *keys)
{
    bool moved = false;
    weir_err err = has_moved(ctx, keys, &moved);
    if (err == WEIR_OK && keys->new_key == NULL) {
        if (keys->hashed) {
            weir__drop(ctx, WEIR_DROP_NULL_FOREIGN_KEY, NULL);
        }
        return moved || ctx->graph->host.cached
                   ? send(ctx, in, keys, keys->old_key, WEIR__UNSUBSCRIBE_AND_TELL)
                   : WEIR_OK;
    }
    if (err == WEIR_OK && moved) {
        err = send(ctx, in, keys, keys->old_key, WEIR__UNSUBSCRIBE);
    }
    return err == WEIR_OK ? send(ctx, in, keys, keys->new_key, asks_for(ctx, moved)) : err;
}

static weir_err subscribe_outer(weir_ctx *ctx, const weir_record *in, const change_keys *keys)
{
    const weir__change *change = in->value;
    bool moved = false;
    if (change->old_value == NULL && change->new_value == NULL) {
        return WEIR_OK;
    }
    weir_err err = has_moved(ctx, keys, &moved);
    if (err == WEIR_OK && moved) {
        err = send(ctx, in, keys, keys->old_key, WEIR__UNSUBSCRIBE);
    }
    return err == WEIR_OK ? send(ctx, in, keys, keys->new_key, WEIR__ANSWER_ALWAYS) : err;
}

static weir_err subscribe(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir__foreign_op *op = state;
    change_keys keys = {0};
    weir_err err = read_change(ctx, op, in, &keys);
    if (err == WEIR_OK) {
        err = op->outer ? subscribe_outer(ctx, in, &keys) : subscribe_inner(ctx, in, &keys);
    }
    weir__buf_fini(&keys.primary_key);
    return err;
}

const weir__operator weir__foreign_subscribe = {
    .work = {"foreign_join subscription", NULL, subscribe, NULL},
    .prefix = "KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-",
    .facts = WEIR__NEEDS_OLD_VALUES | WEIR__DROPS_OUT_OF_ORDER,
};

/* ---- Results ------------------------------------------------------------------------------ */

static weir_err resolve(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir__foreign_op *op = state;
    const weir__foreign_answer *from = in->value;
    uint8_t hash[WEIR__MURMUR3_SIZE];
    const void *joined = NULL;
    weir__timed left;
    if (in->key == NULL || from == NULL) {
        return weir_fail(ctx, WEIR_EDECODE, "an answer of a foreign-key join has no %s",
                         in->key == NULL ? "key" : "value");
    }
    weir_err err = weir__table_read_forwarded(ctx, op->left, in->key, &left);
    if (err == WEIR_OK && left.value != NULL) {
        err = hash_of(ctx, op, left.value, hash);
    }
    if (err != WEIR_OK) {
        return err;
    }
    bool current = left.value == NULL
                       ? from->hash == NULL
                       : from->hash != NULL && memcmp(from->hash, hash, sizeof hash) == 0;
    if (!current) {
        weir__drop(ctx, WEIR_DROP_STALE_ANSWER, NULL);
        return WEIR_OK;
    }
    if (left.value != NULL && (op->outer || from->value != NULL)) {
        weir__join_input both = {in->key, left.value, from->value, in->timestamp_ms};
        err = weir__joiner_call(ctx, ctx->node->spec->value, op->fn.joiner, op->fn.user, &both,
                                &joined);
    }
    return err == WEIR_OK ? weir__forward_new(ctx, in->key, joined, in->timestamp_ms) : err;
}

const weir__operator weir__foreign_resolve = {
    .work = {"foreign_join resolver", NULL, resolve, NULL},
    .prefix = "KTABLE-FK-JOIN-SUBSCRIPTION-RESPONSE-RESOLVER-PROCESSOR-",
};
