/* SPDX-License-Identifier: Apache-2.0
 *
 * Processors with a key-value store. */
#include <string.h>

#include "processors.h"

/* ---- Stores ------------------------------------------------------------------------------- */

/* Calls `each` for every row in order of the store. */
static weir_err for_rows(weir_ctx *ctx, const weir__processor_state *state, int64_t now_ms,
                         weir_err (*each)(weir_ctx *ctx, weir_kv *kv, const weir_record *row,
                                          int64_t now_ms, const weir__processor_state *state))
{
    weir_kv *kv = weir_store(ctx, state->use->store);
    weir_kv_iter *iter = NULL;
    weir_record row = {0};
    if (kv == NULL) {
        return weir_ctx_error(ctx);
    }
    weir_err err = weir_kv_range(kv, NULL, NULL, false, &iter);
    while (err == WEIR_OK && weir_kv_next(iter, &row.key, &row.value, &row.timestamp_ms)) {
        err = each(ctx, kv, &row, now_ms, state);
    }
    weir_err closed = weir_kv_iter_close(iter);
    return err != WEIR_OK ? err : closed;
}

static weir_err forward_row(weir_ctx *ctx, weir_kv *kv, const weir_record *row, int64_t now_ms,
                            const weir__processor_state *state)
{
    (void)kv, (void)state;
    return weir_forward(ctx, &(weir_record){row->key, row->value, now_ms, NULL});
}

static weir_err delete_row(weir_ctx *ctx, weir_kv *kv, const weir_record *row, int64_t now_ms,
                           const weir__processor_state *state)
{
    (void)ctx, (void)now_ms, (void)state;
    return weir_kv_delete(kv, row->key);
}

static weir_err fire_totals(weir_ctx *ctx, int64_t now_ms, void *state)
{
    return for_rows(ctx, state, now_ms, forward_row);
}

static weir_err open_running_total(weir_ctx *ctx, weir__processor_state *state)
{
    return weir_schedule(ctx, WEIR_STREAM_TIME, state->use->interval_ms, fire_totals, NULL);
}

static weir_err p_running_total(weir_ctx *ctx, const weir_record *in, weir__processor_state *state)
{
    weir_kv *kv = weir_store(ctx, state->use->store);
    const void *before = NULL;
    if (in->key == NULL || in->value == NULL) {
        return WEIR_OK;
    }
    weir_err err = kv != NULL ? weir_kv_get(kv, in->key, &before, NULL) : weir_ctx_error(ctx);
    if (err != WEIR_OK) {
        return err;
    }
    datum total = plus(weir__datum_of(&weir_i64, before), weir__state_value(state, in));
    return weir_kv_put(kv, in->key, &total.number, in->timestamp_ms);
}

static weir_err fire_flush(weir_ctx *ctx, int64_t now_ms, void *state)
{
    weir_err err = for_rows(ctx, state, now_ms, forward_row);
    return err == WEIR_OK ? for_rows(ctx, state, now_ms, delete_row) : err;
}

static weir_err open_wall_clock_flush(weir_ctx *ctx, weir__processor_state *state)
{
    return weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, state->use->interval_ms, fire_flush, NULL);
}

/* put_shared too. */
static weir_err p_put(weir_ctx *ctx, const weir_record *in, weir__processor_state *state)
{
    weir_kv *kv = weir_store(ctx, state->use->store);
    if (kv == NULL) {
        return weir_ctx_error(ctx);
    }
    return in->key != NULL ? weir_kv_put(kv, in->key, in->value, in->timestamp_ms) : WEIR_OK;
}

static weir_err p_dedupe(weir_ctx *ctx, const weir_record *in, weir__processor_state *state)
{
    weir_kv *kv = weir_store(ctx, state->use->store);
    const void *before = NULL;
    if (in->key == NULL) {
        return weir_forward(ctx, in);
    }
    weir_err err = kv != NULL ? weir_kv_get(kv, in->key, &before, NULL) : weir_ctx_error(ctx);
    datum old = weir__datum_of(state->use->value, before);
    if (err != WEIR_OK || (is_null(old) == (in->value == NULL) &&
                           weir__datum_compare(old, weir__state_value(state, in)) == 0)) {
        return err;
    }
    err = weir_kv_put(kv, in->key, in->value, in->timestamp_ms);
    return err == WEIR_OK ? weir_forward(ctx, in) : err;
}

static weir_err p_seen_count(weir_ctx *ctx, const weir_record *in, weir__processor_state *state)
{
    weir_kv *kv = weir_store(ctx, state->use->store);
    const void *before = NULL;
    weir_slice text = weir__datum_show(ctx, weir__state_value(state, in));
    if (in->key == NULL) {
        return weir__forward_value(ctx, in, weir__datum_join(ctx, text, "#", weir_slice_of("0")));
    }
    weir_err err = kv != NULL ? weir_kv_get(kv, in->key, &before, NULL) : weir_ctx_error(ctx);
    if (err != WEIR_OK) {
        return err;
    }
    datum count = plus(weir__datum_of(&weir_i64, before), datum_i64(1));
    err = weir_kv_put(kv, in->key, &count.number, in->timestamp_ms);
    return err == WEIR_OK
               ? weir__forward_value(ctx, in,
                                     weir__datum_join(ctx, text, "#", weir__datum_show(ctx, count)))
               : err;
}

static weir_err expire_row(weir_ctx *ctx, weir_kv *kv, const weir_record *row, int64_t now_ms,
                           const weir__processor_state *state)
{
    int64_t end_ms;
    if (__builtin_add_overflow(row->timestamp_ms, state->use->ttl_ms, &end_ms) ||
        end_ms >= now_ms) {
        return WEIR_OK;
    }
    weir_err err = weir_kv_delete(kv, row->key);
    return err == WEIR_OK ? weir_forward(ctx, &(weir_record){row->key, NULL, now_ms, NULL}) : err;
}

static weir_err fire_expire(weir_ctx *ctx, int64_t now_ms, void *state)
{
    return for_rows(ctx, state, now_ms, expire_row);
}

static weir_err open_ttl_expire(weir_ctx *ctx, weir__processor_state *state)
{
    return weir_schedule(ctx, WEIR_STREAM_TIME, state->use->interval_ms, fire_expire, NULL);
}

static weir_err p_ttl_expire(weir_ctx *ctx, const weir_record *in, weir__processor_state *state)
{
    weir_err err = p_put(ctx, in, state);
    return err == WEIR_OK && in->key != NULL ? weir_forward(ctx, in) : err;
}

/* get_shared and reads_global: value | what the store has under `key`. */
static weir_err lookup(weir_ctx *ctx, const weir_record *in, const weir__processor_state *state,
                       const char *store, const void *key)
{
    weir_kv *kv = weir_store(ctx, store);
    const void *found = NULL;
    weir_err err = kv == NULL ? weir_ctx_error(ctx) : WEIR_OK;
    if (err == WEIR_OK && key != NULL) {
        err = weir_kv_get(kv, key, &found, NULL);
    }
    if (err != WEIR_OK) {
        return err;
    }
    return weir__forward_value(
        ctx, in,
        weir__datum_join(ctx, weir__datum_show(ctx, weir__state_value(state, in)), "|",
                         weir__datum_show(ctx, weir__datum_of(&weir_string, found))));
}

static weir_err p_get_shared(weir_ctx *ctx, const weir_record *in, weir__processor_state *state)
{
    return in->key != NULL ? lookup(ctx, in, state, state->use->store, in->key) : WEIR_OK;
}

static weir_err p_reads_global(weir_ctx *ctx, const weir_record *in, weir__processor_state *state)
{
    return lookup(ctx, in, state, state->use->texts[0], in->value);
}

static weir_err p_global_put(weir_ctx *ctx, const weir_record *in, weir__processor_state *state)
{
    weir_kv *kv = weir_store(ctx, state->use->store);
    if (kv == NULL || in->key == NULL) {
        return kv == NULL ? weir_ctx_error(ctx) : WEIR_OK;
    }
    datum upper = weir__upper(ctx, weir__datum_of(&weir_string, in->value));
    return upper.kind == DATUM_FAILED
               ? WEIR_ENOMEM
               : weir_kv_put(kv, in->key, weir__datum_pointer(&upper), in->timestamp_ms);
}

/* ---- Scans -------------------------------------------------------------------------------- */

static weir_err scan_range(weir_kv *kv, const weir_record *in, const char *mode,
                           weir_kv_iter **iter)
{
    bool reverse = strncmp(mode, "reverse", 7) == 0;
    const weir_slice *key = in->key;
    if (strcmp(mode, "range") == 0) {
        return weir_kv_range(kv, key, NULL, reverse, iter);
    }
    if (strcmp(mode, "reverse_range") == 0) {
        return weir_kv_range(kv, NULL, key, reverse, iter);
    }
    weir_slice prefix = {key->data, key->len < 1 ? 0 : 1};
    bool from_prefix = strcmp(mode, "prefix") == 0 && prefix.len == 1;
    return weir_kv_range(kv, from_prefix ? &prefix : NULL, NULL, reverse, iter);
}

static weir_err p_kv_scan(weir_ctx *ctx, const weir_record *in, weir__processor_state *state)
{
    const char *mode = state->use->texts[0];
    weir_kv *kv = weir_store(ctx, state->use->store);
    weir_kv_iter *iter = NULL;
    const void *key = NULL;
    const void *value = NULL;
    datum rows = weir__datum_text("");
    if (in->key == NULL) {
        return WEIR_OK;
    }
    weir_err err = kv != NULL ? weir_kv_get(kv, in->key, &value, NULL) : weir_ctx_error(ctx);
    if (err == WEIR_OK && !(state->use->put_if_absent && (value != NULL || in->value == NULL))) {
        err = weir_kv_put(kv, in->key, in->value, in->timestamp_ms);
    }
    if (err == WEIR_OK) {
        err = scan_range(kv, in, mode, &iter);
    }
    const weir_slice *wanted = in->key;
    while (err == WEIR_OK && weir_kv_next(iter, &key, &value, NULL)) {
        const weir_slice *found = key;
        if (strcmp(mode, "prefix") == 0 && wanted->len > 0 &&
            (found->len == 0 || *(const char *)found->data != *(const char *)wanted->data)) {
            break;
        }
        datum row = weir__datum_join(ctx, *found, "=", *(const weir_slice *)value);
        rows = rows.bytes.len == 0 ? row : weir__datum_join(ctx, rows.bytes, ";", row.bytes);
    }
    weir_err closed = weir_kv_iter_close(iter);
    err = err != WEIR_OK ? err : closed;
    return err == WEIR_OK ? weir__forward_value(ctx, in, rows) : err;
}

/* ---- Names -------------------------------------------------------------------------------- */

static const weir__processor processors[] = {
    {"dedupe", NULL, p_dedupe, TYPE_ANY, TYPE_ANY, TYPE_VALUE, TYPE_KEY, TYPE_VALUE, {NULL}},
    {"running_total",
     open_running_total,
     p_running_total,
     TYPE_ANY,
     TYPE_I64,
     TYPE_I64,
     TYPE_KEY,
     TYPE_I64,
     {NULL}},
    {"wall_clock_flush",
     open_wall_clock_flush,
     p_put,
     TYPE_ANY,
     TYPE_ANY,
     TYPE_VALUE,
     TYPE_KEY,
     TYPE_VALUE,
     {NULL}},
    {"seen_count", NULL, p_seen_count, TYPE_ANY, TYPE_ANY, TYPE_STRING, TYPE_KEY, TYPE_I64, {NULL}},
    {"ttl_expire",
     open_ttl_expire,
     p_ttl_expire,
     TYPE_ANY,
     TYPE_ANY,
     TYPE_VALUE,
     TYPE_KEY,
     TYPE_VALUE,
     {NULL}},
    {"kv_scan",
     NULL,
     p_kv_scan,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_STRING,
     {"mode"}},
    {"put_shared", NULL, p_put, TYPE_ANY, TYPE_ANY, TYPE_VALUE, TYPE_KEY, TYPE_VALUE, {NULL}},
    {"get_shared",
     NULL,
     p_get_shared,
     TYPE_ANY,
     TYPE_ANY,
     TYPE_STRING,
     TYPE_KEY,
     TYPE_STRING,
     {NULL}},
    /* Its store is that of a global table, which it names itself. */
    {"reads_global",
     NULL,
     p_reads_global,
     TYPE_ANY,
     TYPE_ANY,
     TYPE_STRING,
     TYPE_VALUE,
     TYPE_STRING,
     {"global"}},
    {"global_put",
     NULL,
     p_global_put,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_STRING,
     {NULL}},
};

const weir__processor *weir__store_processor_named(const char *name)
{
    return WEIR__NAMED(processors, name);
}
