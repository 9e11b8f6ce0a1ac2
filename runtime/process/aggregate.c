/* SPDX-License-Identifier: Apache-2.0
 *
 * count, reduce and aggregate of a stream. With a cache, a change is forwarded when it is flushed
 * or evicted from the cache; without one, at once. */
#include "process/change.h"
#include "process/context.h"
#include "process/operators.h"
#include "process/typed_store.h"

static bool takes_part(weir_ctx *ctx, const weir_record *in)
{
    if (in->key == NULL || in->value == NULL) {
        weir__drop(ctx, in->key == NULL ? WEIR_DROP_NULL_KEY : WEIR_DROP_NULL_VALUE, NULL);
        return false;
    }
    return true;
}

static weir_err forward_change(weir_ctx *ctx, const void *key, weir__change change,
                               int64_t timestamp_ms)
{
    if (!ctx->node->spec->send_old) {
        change.old_value = NULL;
    }
    return weir__forward_new(ctx, key, &change, timestamp_ms);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* A count's row is always a timestamp and an i64: no need to go through serdes. */
#define COUNT_ROW_SIZE (WEIR__TIMESTAMP_SIZE + sizeof(int64_t))

static weir_err count(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    if (!takes_part(ctx, in)) {
        return WEIR_OK;
    }
    weir_kv *kv = weir__store_at(ctx, 0);
    weir_slice key;
    weir_slice row;
    weir_err err = weir__typed_key(kv, in->key, &key);
    if (err == WEIR_OK) {
        err = weir__typed_get_row(kv, key, &row);
    }
    if (err != WEIR_OK) {
        return err;
    }
    int64_t timestamp_ms = in->timestamp_ms;
    int64_t before = 0;
    if (row.data != NULL) {
        if (row.len != COUNT_ROW_SIZE) {
            return weir_fail(ctx, WEIR_ECORRUPT, "a count of %zu bytes in store '%s'", row.len,
                             kv->spec->name);
        }
        timestamp_ms = later(timestamp_ms, (int64_t)weir__load_u64(row.data));
        before = (int64_t)weir__load_u64((const uint8_t *)row.data + WEIR__TIMESTAMP_SIZE);
    }
    int64_t after = before + 1;
    uint8_t bytes[COUNT_ROW_SIZE];
    weir__store_u64(bytes, (uint64_t)timestamp_ms);
    weir__store_u64(bytes + WEIR__TIMESTAMP_SIZE, (uint64_t)after);
    err = weir__typed_put_row(kv, key, (weir_slice){bytes, sizeof bytes});
    if (err != WEIR_OK || kv->cached) {
        return err;
    }
    return forward_change(ctx, in->key, (weir__change){&after, &before}, timestamp_ms);
}
const weir_processor_ops weir__count_ops = {"count", NULL, count, NULL};

static weir_err store_result(weir_ctx *ctx, weir_kv *kv, const void *key, weir__change change,
                             int64_t timestamp_ms)
{
    weir_err err = weir_kv_put(kv, key, change.new_value, timestamp_ms);
    return err == WEIR_OK && !kv->cached ? forward_change(ctx, key, change, timestamp_ms) : err;
}

/* The first value of a key is stored without a call of the reducer. */
static weir_err reduce(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir__reduce *op = state;
    if (!takes_part(ctx, in)) {
        return WEIR_OK;
    }
    weir_kv *kv = weir__store_at(ctx, 0);
    weir__change change = {in->value, NULL};
    int64_t timestamp_ms = in->timestamp_ms;
    int64_t row_timestamp_ms = -1;
    weir_err err = weir__typed_load(kv, in->key, &change.old_value, &row_timestamp_ms);
    if (err == WEIR_OK && change.old_value != NULL) {
        timestamp_ms = later(timestamp_ms, row_timestamp_ms);
        void *out = weir__out_new(ctx, kv->spec->value);
        err = out != NULL ? op->fn(ctx, change.old_value, in->value, out, op->user) : WEIR_ENOMEM;
        err = weir__guards_check(ctx, "the reducer", err);
        if (err == WEIR_OK) {
            change.new_value = weir__out_take(ctx, kv->spec->value, out);
        }
    }
    return err == WEIR_OK ? store_result(ctx, kv, in->key, change, timestamp_ms) : err;
}
const weir_processor_ops weir__reduce_ops = {"reduce", NULL, reduce, NULL};

static weir_err initialize(weir_ctx *ctx, const weir__aggregate *op, const weir_serde *serde,
                           const void **aggregate)
{
    void *out = weir__out_new(ctx, serde);
    weir_err err = out != NULL ? op->init(ctx, out, op->user) : WEIR_ENOMEM;
    err = weir__guards_check(ctx, "the initializer", err);
    if (err == WEIR_OK) {
        *aggregate = weir__out_take(ctx, serde, out);
    }
    return err;
}

static weir_err aggregate(weir_ctx *ctx, const weir_record *in, void *state)
{
    const weir__aggregate *op = state;
    if (!takes_part(ctx, in)) {
        return WEIR_OK;
    }
    weir_kv *kv = weir__store_at(ctx, 0);
    weir__change change = {0};
    int64_t timestamp_ms = in->timestamp_ms;
    int64_t row_timestamp_ms = -1;
    weir_err err = weir__typed_load(kv, in->key, &change.old_value, &row_timestamp_ms);
    if (err == WEIR_OK && change.old_value != NULL) {
        timestamp_ms = later(timestamp_ms, row_timestamp_ms);
    } else if (err == WEIR_OK) {
        err = initialize(ctx, op, kv->spec->value, &change.old_value);
    }
    void *out = err == WEIR_OK ? weir__out_new(ctx, kv->spec->value) : NULL;
    if (out == NULL) {
        return err != WEIR_OK ? err : WEIR_ENOMEM;
    }
    err = op->fn(ctx, in, change.old_value, out, op->user);
    err = weir__guards_check(ctx, "the aggregator", err);
    if (err != WEIR_OK) {
        return err;
    }
    change.new_value = weir__out_take(ctx, kv->spec->value, out);
    return store_result(ctx, kv, in->key, change, timestamp_ms);
}
const weir_processor_ops weir__aggregate_ops = {"aggregate", NULL, aggregate, NULL};
