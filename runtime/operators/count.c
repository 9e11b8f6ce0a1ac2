/* SPDX-License-Identifier: Apache-2.0
 *
 * count of a stream. */
#include "operators/aggregation.h"
#include "process/typed_store.h"

/* A count's row is always a timestamp and an i64: no need to go through serdes. */
#define COUNT_ROW_SIZE (WEIR__TIMESTAMP_SIZE + sizeof(int64_t))

static weir_err count(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    if (weir__drop_nulls(ctx, in, true)) {
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
        timestamp_ms = weir__later(timestamp_ms, (int64_t)weir__load_u64(row.data));
        before = (int64_t)weir__load_u64((const uint8_t *)row.data + WEIR__TIMESTAMP_SIZE);
    }
    int64_t after = before + 1;
    weir__change change = {.new_value = &after, .old_value = &before};
    if (kv->spec->kind->versions) {
        return weir__table_put(ctx, in->key, change, timestamp_ms);
    }
    uint8_t bytes[COUNT_ROW_SIZE];
    weir__store_u64(bytes, (uint64_t)timestamp_ms);
    weir__store_u64(bytes + WEIR__TIMESTAMP_SIZE, (uint64_t)after);
    err = weir__typed_put_row(kv, key, (weir_slice){bytes, sizeof bytes});
    if (err != WEIR_OK || kv->cached) {
        return err;
    }
    return weir__table_forward(ctx, in->key, change, timestamp_ms);
}

static const weir__operator count_operator = {
    .work = {"count", NULL, count, NULL},
    .prefix = "KSTREAM-AGGREGATE-",
    .facts = WEIR__GIVES_TABLE,
};

weir_table weir_count(weir_grouped in, const char *store, const weir_store_opts *opts)
{
    if (store == NULL && weir__builder_ok(in.builder)) {
        weir__builder_skip_numbers(in.builder, WEIR__UNNAMED_STORE_OF_COUNT);
    }
    return weir__aggregation_add(
        in, &(weir__aggregation){
                .kind = &count_operator, .value = &weir_i64, .store = store, .opts = opts});
}
