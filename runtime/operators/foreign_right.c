/* SPDX-License-Identifier: Apache-2.0
 *
 * The right side of a foreign-key join: the task of a right row keeps the subscriptions to it, and
 * answers a new one, and all of them when the row changes. */
#include <string.h>

#include "operators/foreign.h"
#include "process/typed_store.h"
#include "state/keys.h"

static weir_err store_subscription(weir_ctx *ctx, const weir_record *in)
{
    const weir__subscription *subscription = in->value;
    weir_kv *store = weir__store_at(ctx, 0);
    weir_buf foreign = {0};
    weir_buf key = {0};
    weir_err err = weir__encode(ctx, ctx->node->spec->key, in->key, &foreign);
    if (err == WEIR_OK) {
        weir__subscription_store_key(
            &key, &(weir__subscription_key){weir__buf_slice(&foreign), subscription->primary_key});
        const weir_slice bytes = weir__buf_slice(&key);
        err = key.err != WEIR_OK ? weir__ctx_out_of_memory(ctx)
              : subscription->instruction >= WEIR__ANSWER_ALWAYS
                  ? weir_kv_put(store, &bytes, subscription, in->timestamp_ms)
                  : weir_kv_delete(store, &bytes);
    }
    weir__buf_fini(&foreign);
    weir__buf_fini(&key);
    return err;
}

/* A subscription without a foreign key is not stored: no right row will answer it. */
static weir_err receive(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    const weir__subscription *subscription = in->value;
    if (subscription == NULL) {
        return weir_fail(ctx, WEIR_EDECODE, "a subscription of a foreign-key join is null");
    }
    if (in->key == NULL && subscription->instruction != WEIR__ANSWER_ALWAYS) {
        weir__drop(ctx, WEIR_DROP_NULL_FOREIGN_KEY, NULL);
        return WEIR_OK;
    }
    weir_err err = in->key != NULL ? store_subscription(ctx, in) : WEIR_OK;
    return err == WEIR_OK ? weir__forward(ctx, in) : err;
}

const weir__operator weir__foreign_receive = {
    .work = {"foreign_join receive", NULL, receive, NULL},
    .prefix = "KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-",
};

static weir_err answer(weir_ctx *ctx, const weir__foreign_op *op, const weir_record *in,
                       const weir__subscription *to, weir__timed right)
{
    weir__foreign_answer value = {to->hash, right.value, to->partition};
    weir_record out = {NULL, &value, right.timestamp_ms, in->headers};
    weir_err err =
        weir__decode(ctx, weir__table_node(ctx, op->left)->key, to->primary_key, &out.key);
    return err == WEIR_OK ? weir__forward(ctx, &out) : err;
}

static weir_err answer_subscription(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir__foreign_op *op = state;
    const weir__subscription *to = in->value;
    weir__timed right = {NULL, -1};
    weir_err err =
        in->key != NULL ? weir__table_read_forwarded(ctx, op->right, in->key, &right) : WEIR_OK;
    bool answered = to->instruction == WEIR__ANSWER_IF_ROW ? right.value != NULL
                                                           : to->instruction != WEIR__UNSUBSCRIBE;
    if (err != WEIR_OK || !answered) {
        return err;
    }
    right.timestamp_ms = weir__later(right.timestamp_ms, in->timestamp_ms);
    if (to->instruction == WEIR__UNSUBSCRIBE_AND_TELL) {
        right.value = NULL;
    }
    return answer(ctx, op, in, to, right);
}

const weir__operator weir__foreign_answer_one = {
    .work = {"foreign_join answer", NULL, answer_subscription, NULL},
    .prefix = "KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-",
};

static bool begins_with(weir_slice bytes, weir_slice prefix)
{
    return bytes.len >= prefix.len && memcmp(bytes.data, prefix.data, prefix.len) == 0;
}

/* Answers to all subscribers of a right row, in order of their keys' bytes. */
static weir_err answer_all(weir_ctx *ctx, const weir__foreign_op *op, const weir_record *in,
                           weir_slice prefix)
{
    const weir__change *change = in->value;
    const void *key;
    const void *subscription;
    weir_kv_iter *iter = NULL;
    weir_err err = weir_kv_range(weir__store_at(ctx, 0), &prefix, NULL, false, &iter);
    while (err == WEIR_OK && weir_kv_next(iter, &key, &subscription, NULL) &&
           begins_with(*(const weir_slice *)key, prefix)) {
        weir__arena_mark mark = weir__arena_mark_take(ctx->arena);
        err = answer(ctx, op, in, subscription, (weir__timed){change->new_value, in->timestamp_ms});
        weir__arena_mark_reset(ctx->arena, mark);
    }
    weir_err end = weir_kv_iter_close(iter);
    return err != WEIR_OK ? err : end;
}

static weir_err answer_change(weir_ctx *ctx, const weir_record *in, void *state)
{
    weir_buf foreign = {0};
    weir_buf prefix = {0};
    if (weir__drop_nulls(ctx, in, false)) {
        return WEIR_OK;
    }
    const weir__foreign_op *op = state;
    weir_err err = weir__encode(ctx, weir__table_node(ctx, op->right)->key, in->key, &foreign);
    if (err == WEIR_OK) {
        weir__subscription_prefix(&prefix, weir__buf_slice(&foreign));
        err = prefix.err == WEIR_OK ? answer_all(ctx, op, in, weir__buf_slice(&prefix))
                                    : weir__ctx_out_of_memory(ctx);
    }
    weir__buf_fini(&foreign);
    weir__buf_fini(&prefix);
    return err;
}

/* Old values are not used; the table remembers its rows, as in Kafka. */
const weir__operator weir__foreign_answer_all = {
    .work = {"foreign_join answers", NULL, answer_change, NULL},
    .prefix = "KTABLE-FK-JOIN-SUBSCRIPTION-PROCESSOR-",
    .facts = WEIR__NEEDS_OLD_VALUES | WEIR__DROPS_OUT_OF_ORDER,
};
