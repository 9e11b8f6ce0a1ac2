/* SPDX-License-Identifier: Apache-2.0
 *
 * The processors that plans name, as the conformance suite's FUNCTIONS.md defines them. */
#ifndef WEIR_TESTS_CONFORMANCE_PROCESSORS_H
#define WEIR_TESTS_CONFORMANCE_PROCESSORS_H

#include <stdlib.h>

#include "conformance/functions.h"

#define KEPT_MAX 256

struct processor_state;

/* One use of a processor in a plan; `user` of its node. */
typedef struct processor_use {
    const char *processor;
    weir_err (*open)(weir_ctx *ctx, struct processor_state *state);
    weir_err (*process)(weir_ctx *ctx, const weir_record *in, struct processor_state *state);
    const weir_serde *key;
    const weir_serde *value;
    const char *store;
    int64_t interval_ms;
    int64_t start_ms;
    int64_t add_ms;
    int64_t ttl_ms;
    int64_t range_ms;
    int64_t gap_ms;
    weir_time_kind clock;
    const char *first;
    const char *second;
    const char *mode;
    const char *global;
    bool put_if_absent;
} processor_use;

typedef struct processor_state {
    const processor_use *use;
    int64_t count;
    weir_punctuator active;
    bool kept_key;
    bool kept_value;
    char key_bytes[KEPT_MAX];
    char value_bytes[KEPT_MAX];
    weir_slice key;
    weir_slice value;
} processor_state;

CASE_FN datum key_of(const processor_state *state, const weir_record *in)
{
    return datum_of(state->use->key, in->key);
}

CASE_FN datum value_of(const processor_state *state, const weir_record *in)
{
    return datum_of(state->use->value, in->value);
}

CASE_FN weir_err forward_value(weir_ctx *ctx, const weir_record *in, datum value)
{
    weir_record out = *in;
    out.value = datum_pointer(&value);
    out.headers = weir_headers_copy(ctx, in->headers);
    return weir_forward(ctx, &out);
}

CASE_FN weir_err forward_pair(weir_ctx *ctx, const char *key, int64_t number, int64_t timestamp_ms)
{
    datum key_text = datum_text(key);
    weir_slice digits = text_of(ctx, datum_i64(number));
    return weir_forward(ctx, &(weir_record){&key_text.bytes, &digits, timestamp_ms, NULL});
}

/* ---- Without stores ----------------------------------------------------------------------- */

CASE_FN weir_err p_uppercase(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    return forward_value(ctx, in, value_upper(ctx, datum_null(), value_of(state, in)));
}

CASE_FN weir_err p_fail_on_x(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    datum value = value_of(state, in);
    if (!is_null(value) && weir_slice_equal(value.bytes, weir_slice_of("x"))) {
        return weir_fail(ctx, WEIR_EUSER, "the value is x");
    }
    return weir_forward(ctx, in);
}

CASE_FN weir_err p_set_timestamp(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    weir_record out = *in;
    out.timestamp_ms += state->use->add_ms;
    if (out.timestamp_ms < 0) {
        out.timestamp_ms = 0;
    }
    out.headers = weir_headers_copy(ctx, in->headers);
    return weir_forward(ctx, &out);
}

CASE_FN weir_err p_clock_reader(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    (void)state;
    weir_slice stream = text_of(ctx, datum_i64(weir_ctx_stream_time_ms(ctx)));
    weir_slice wall = text_of(ctx, datum_i64(weir_ctx_wall_clock_ms(ctx)));
    return forward_value(ctx, in, join_texts(ctx, stream, "/", wall));
}

CASE_FN weir_err p_tag_headers(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    weir_headers_remove(in->headers, "drop");
    weir_headers_add(in->headers, "seen", text_of(ctx, datum_i64(++state->count)));
    weir_headers_add(in->headers, "from", weir_slice_of(weir_ctx_metadata(ctx).topic));
    return weir_forward(ctx, in);
}

CASE_FN weir_err p_route_by_value(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    datum value = value_of(state, in);
    if (is_null(value)) {
        return weir_forward(ctx, in);
    }
    bool first = value.bytes.len > 0 && at(value)[0] == 'a';
    return weir_forward_to(ctx, in, first ? state->use->first : state->use->second);
}

CASE_FN bool keep(weir_slice *kept, char room[KEPT_MAX], const void *value)
{
    if (value == NULL) {
        return false;
    }
    *kept = *(const weir_slice *)value;
    weir_assert(kept->len <= KEPT_MAX);
    memcpy(room, kept->data, kept->len);
    kept->data = room;
    return true;
}

CASE_FN weir_err p_drop_then_emit_two(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    if (++state->count % 2 == 1) {
        state->kept_key = keep(&state->key, state->key_bytes, in->key);
        state->kept_value = keep(&state->value, state->value_bytes, in->value);
        return WEIR_OK;
    }
    weir_record first = *in;
    first.key = state->kept_key ? &state->key : NULL;
    first.value = state->kept_value ? &state->value : NULL;
    first.headers = weir_headers_copy(ctx, in->headers);
    weir_err err = weir_forward(ctx, &first);
    return err == WEIR_OK ? weir_forward(ctx, in) : err;
}

/* ---- Punctuations ------------------------------------------------------------------------- */

CASE_FN weir_err p_forward(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    (void)state;
    return weir_forward(ctx, in);
}

CASE_FN weir_err fire_cancel_after(weir_ctx *ctx, int64_t now_ms, void *user)
{
    processor_state *state = user;
    weir_err err = forward_pair(ctx, "tick", ++state->count, now_ms);
    if (state->count == 3) {
        weir_punctuator_cancel(state->active);
    }
    return err;
}

CASE_FN weir_err open_cancel_after(weir_ctx *ctx, processor_state *state)
{
    return weir_schedule(ctx, state->use->clock, state->use->interval_ms, fire_cancel_after,
                         &state->active);
}

CASE_FN weir_err fire_tick(weir_ctx *ctx, int64_t now_ms, void *user)
{
    processor_state *state = user;
    return forward_pair(ctx, "tick", ++state->count, now_ms);
}

CASE_FN weir_err open_anchored_tick(weir_ctx *ctx, processor_state *state)
{
    return weir_schedule_from(ctx, state->use->clock, state->use->start_ms, state->use->interval_ms,
                              fire_tick, NULL);
}

CASE_FN weir_err fire_alarm(weir_ctx *ctx, int64_t now_ms, void *user)
{
    processor_state *state = user;
    return forward_pair(ctx, "alarm", ++state->count, now_ms);
}

CASE_FN weir_err p_alarm(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    datum value = value_of(state, in);
    if (is_null(value)) {
        return WEIR_OK;
    }
    if (weir_slice_equal(value.bytes, weir_slice_of("go")) && state->active.number == 0) {
        return weir_schedule(ctx, state->use->clock, state->use->interval_ms, fire_alarm,
                             &state->active);
    }
    if (weir_slice_equal(value.bytes, weir_slice_of("stop")) && state->active.number != 0) {
        weir_punctuator_cancel(state->active);
        state->active = (weir_punctuator){0};
    }
    return WEIR_OK;
}

/* ---- Stores ------------------------------------------------------------------------------- */

/* Calls `each` for every row in order of the store. */
CASE_FN weir_err for_rows(weir_ctx *ctx, const processor_state *state, int64_t now_ms,
                          weir_err (*each)(weir_ctx *ctx, weir_kv *kv, const weir_record *row,
                                           int64_t now_ms, const processor_state *state))
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

CASE_FN weir_err forward_row(weir_ctx *ctx, weir_kv *kv, const weir_record *row, int64_t now_ms,
                             const processor_state *state)
{
    (void)kv, (void)state;
    return weir_forward(ctx, &(weir_record){row->key, row->value, now_ms, NULL});
}

CASE_FN weir_err delete_row(weir_ctx *ctx, weir_kv *kv, const weir_record *row, int64_t now_ms,
                            const processor_state *state)
{
    (void)ctx, (void)now_ms, (void)state;
    return weir_kv_delete(kv, row->key);
}

CASE_FN weir_err fire_totals(weir_ctx *ctx, int64_t now_ms, void *state)
{
    return for_rows(ctx, state, now_ms, forward_row);
}

CASE_FN weir_err open_running_total(weir_ctx *ctx, processor_state *state)
{
    return weir_schedule(ctx, WEIR_STREAM_TIME, state->use->interval_ms, fire_totals, NULL);
}

CASE_FN weir_err p_running_total(weir_ctx *ctx, const weir_record *in, processor_state *state)
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
    datum total = plus(datum_of(&weir_i64, before), value_of(state, in));
    return weir_kv_put(kv, in->key, &total.number, in->timestamp_ms);
}

CASE_FN weir_err fire_flush(weir_ctx *ctx, int64_t now_ms, void *state)
{
    weir_err err = for_rows(ctx, state, now_ms, forward_row);
    return err == WEIR_OK ? for_rows(ctx, state, now_ms, delete_row) : err;
}

CASE_FN weir_err open_wall_clock_flush(weir_ctx *ctx, processor_state *state)
{
    return weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, state->use->interval_ms, fire_flush, NULL);
}

/* put_shared too. */
CASE_FN weir_err p_put(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    weir_kv *kv = weir_store(ctx, state->use->store);
    if (kv == NULL) {
        return weir_ctx_error(ctx);
    }
    return in->key != NULL ? weir_kv_put(kv, in->key, in->value, in->timestamp_ms) : WEIR_OK;
}

CASE_FN weir_err p_dedupe(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    weir_kv *kv = weir_store(ctx, state->use->store);
    const void *before = NULL;
    if (in->key == NULL) {
        return weir_forward(ctx, in);
    }
    weir_err err = kv != NULL ? weir_kv_get(kv, in->key, &before, NULL) : weir_ctx_error(ctx);
    datum old = datum_of(state->use->value, before);
    if (err != WEIR_OK ||
        (is_null(old) == (in->value == NULL) && datum_compare(old, value_of(state, in)) == 0)) {
        return err;
    }
    err = weir_kv_put(kv, in->key, in->value, in->timestamp_ms);
    return err == WEIR_OK ? weir_forward(ctx, in) : err;
}

CASE_FN weir_err p_seen_count(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    weir_kv *kv = weir_store(ctx, state->use->store);
    const void *before = NULL;
    weir_slice text = text_of(ctx, value_of(state, in));
    if (in->key == NULL) {
        return forward_value(ctx, in, join_texts(ctx, text, "#", weir_slice_of("0")));
    }
    weir_err err = kv != NULL ? weir_kv_get(kv, in->key, &before, NULL) : weir_ctx_error(ctx);
    if (err != WEIR_OK) {
        return err;
    }
    datum count = plus(datum_of(&weir_i64, before), datum_i64(1));
    err = weir_kv_put(kv, in->key, &count.number, in->timestamp_ms);
    return err == WEIR_OK ? forward_value(ctx, in, join_texts(ctx, text, "#", text_of(ctx, count)))
                          : err;
}

CASE_FN weir_err expire_row(weir_ctx *ctx, weir_kv *kv, const weir_record *row, int64_t now_ms,
                            const processor_state *state)
{
    if (row->timestamp_ms + state->use->ttl_ms >= now_ms) {
        return WEIR_OK;
    }
    weir_err err = weir_kv_delete(kv, row->key);
    return err == WEIR_OK ? weir_forward(ctx, &(weir_record){row->key, NULL, now_ms, NULL}) : err;
}

CASE_FN weir_err fire_expire(weir_ctx *ctx, int64_t now_ms, void *state)
{
    return for_rows(ctx, state, now_ms, expire_row);
}

CASE_FN weir_err open_ttl_expire(weir_ctx *ctx, processor_state *state)
{
    return weir_schedule(ctx, WEIR_STREAM_TIME, state->use->interval_ms, fire_expire, NULL);
}

CASE_FN weir_err p_ttl_expire(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    weir_err err = p_put(ctx, in, state);
    return err == WEIR_OK && in->key != NULL ? weir_forward(ctx, in) : err;
}

/* get_shared and reads_global: value | what the store has under `key`. */
CASE_FN weir_err lookup(weir_ctx *ctx, const weir_record *in, const processor_state *state,
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
    return forward_value(ctx, in,
                         join_texts(ctx, text_of(ctx, value_of(state, in)), "|",
                                    text_of(ctx, datum_of(&weir_string, found))));
}

CASE_FN weir_err p_get_shared(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    return in->key != NULL ? lookup(ctx, in, state, state->use->store, in->key) : WEIR_OK;
}

CASE_FN weir_err p_reads_global(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    return lookup(ctx, in, state, state->use->global, in->value);
}

/* ---- Scans -------------------------------------------------------------------------------- */

CASE_FN weir_err scan_range(weir_kv *kv, const weir_record *in, const char *mode,
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

CASE_FN weir_err p_kv_scan(weir_ctx *ctx, const weir_record *in, processor_state *state)
{
    const char *mode = state->use->mode;
    weir_kv *kv = weir_store(ctx, state->use->store);
    weir_kv_iter *iter = NULL;
    const void *key = NULL;
    const void *value = NULL;
    datum rows = datum_text("");
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
        datum row = join_texts(ctx, *found, "=", *(const weir_slice *)value);
        rows = rows.bytes.len == 0 ? row : join_texts(ctx, rows.bytes, ";", row.bytes);
    }
    weir_err closed = weir_kv_iter_close(iter);
    err = err != WEIR_OK ? err : closed;
    return err == WEIR_OK ? forward_value(ctx, in, rows) : err;
}

#endif
