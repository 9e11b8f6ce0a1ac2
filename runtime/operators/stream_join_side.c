/* SPDX-License-Identifier: Apache-2.0
 *
 * One side of a join of two streams: it finds the partners of its records. A record of an outer
 * side without a partner waits in a store that both sides share until its window has closed
 * (KAFKA-10847). */
#include "operators/stream_join.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/saturate.h"
#include "process/typed_store.h"
#include "state/keys.h"
#include "state/values.h"

/* What both sides of a task know. */
typedef struct join_times {
    int64_t stream_ms;     /* greatest timestamp of the records of both sides; -1: none yet */
    int64_t first_wait_ms; /* no record that waits is older */
    int64_t next_emit_ms;  /* wall clock: the waiting records are not looked at before */
} join_times;

typedef struct side {
    const weir__stream_side *op;
    join_times *times;
    join_times own_times; /* of the left side */
    weir_buf key;         /* of the shared store */
    weir_buf value;       /* of a record that waits */
    weir_buf values;      /* a row of the shared store */
} side;

static weir_kv *store_of(const weir_ctx *ctx, int store)
{
    return ctx->graph->stores[store];
}

/* Stream time continues at that of the restored stores. Which records wait is not known yet: the
 * first record looks. */
static join_times first_times(const weir_ctx *ctx, const weir__stream_side *op)
{
    join_times times = {-1, INT64_MIN, INT64_MIN};
    for (int i = 0; i < WEIR__JOIN_SIDES; i++) {
        const weir_kv *kv = store_of(ctx, op->windows[i]);
        times.stream_ms = weir__later(times.stream_ms, weir__segments_stream_ms(kv->layers.base));
    }
    return times;
}

weir_err weir__stream_side_open(weir_ctx *ctx, void *user, void **state)
{
    const weir__stream_side *op = user;
    side *s = calloc(1, sizeof *s);
    if (s == NULL) {
        *state = NULL;
        return weir__ctx_out_of_memory(ctx);
    }
    s->op = op;
    s->times = &s->own_times;
    if (op->own == WEIR__LEFT_SIDE) {
        s->own_times = first_times(ctx, op);
    } else {
        s->times = ((side *)ctx->graph->nodes[op->left_node]->state)->times;
    }
    *state = s;
    return WEIR_OK;
}

void weir__stream_side_close(void *state)
{
    side *s = state;
    if (s != NULL) {
        weir__buf_fini(&s->key);
        weir__buf_fini(&s->value);
        weir__buf_fini(&s->values);
        free(s);
    }
}

/* Joins a record with its partner (NULL: none) and forwards the result. */
static weir_err forward_joined(weir_ctx *ctx, const weir__stream_side *op, weir__join_side of,
                               const weir_record *own, const void *partner)
{
    const void *joined = NULL;
    bool left = of == WEIR__LEFT_SIDE;
    weir__join_input both = {own->key, left ? own->value : partner, left ? partner : own->value,
                             own->timestamp_ms};
    weir_err err = weir__joiner_call(ctx, ctx->node->spec->value, op->fn, op->user, &both, &joined);
    return err == WEIR_OK ? weir__forward_new(ctx, own->key, joined, own->timestamp_ms) : err;
}

/* ---- Records that wait ----------------------------------------------------------- */

static weir_err corrupt(weir_ctx *ctx, const weir_kv *shared, const char *what, weir_slice bytes)
{
    return weir_fail(ctx, WEIR_ECORRUPT, "store '%s': a %s of %zu bytes", shared->spec->name, what,
                     bytes.len);
}

/* The key of the shared store: valid until the next call. */
static weir_err waiting_key(weir_ctx *ctx, side *s, weir__join_side of, const void *key,
                            int64_t time_ms, weir_slice *out)
{
    const weir__join_key prefix = {time_ms, of == WEIR__LEFT_SIDE, {"", 0}};
    weir__buf_reset(&s->key);
    weir__shared_join_key(&s->key, &prefix);
    weir_err err = weir__encode(ctx, store_of(ctx, s->op->windows[of])->spec->key, key, &s->key);
    if (err == WEIR_OK) {
        *out = weir__buf_slice(&s->key);
    }
    return err;
}

/* Adds the record to those of its key, time and side that wait. */
static weir_err wait_for_partner(weir_ctx *ctx, side *s, const weir_record *in)
{
    const weir__stream_side *op = s->op;
    weir_kv *shared = store_of(ctx, op->shared);
    weir_slice key;
    weir_slice row = {0};
    weir__buf_reset(&s->value);
    weir__buf_reset(&s->values);
    weir_err err =
        weir__encode(ctx, store_of(ctx, op->windows[op->own])->spec->value, in->value, &s->value);
    if (err == WEIR_OK) {
        err = waiting_key(ctx, s, op->own, in->key, in->timestamp_ms, &key);
    }
    if (err == WEIR_OK) {
        err = weir__typed_get_row(shared, key, &row);
    }
    if (err != WEIR_OK) {
        return err;
    }
    const weir__join_value item = {op->own == WEIR__LEFT_SIDE, weir__buf_slice(&s->value)};
    if (!weir__join_values_add(&s->values, row, &item)) {
        return corrupt(ctx, shared, "row", row);
    }
    if (s->values.err != WEIR_OK) {
        return weir_fail(ctx, s->values.err, "store '%s': the records of a key and time do not fit",
                         shared->spec->name);
    }
    s->times->first_wait_ms =
        in->timestamp_ms < s->times->first_wait_ms ? in->timestamp_ms : s->times->first_wait_ms;
    return weir__typed_put_row(shared, key, weir__buf_slice(&s->values));
}

/* The partner of that time has met this side's record. */
static weir_err end_wait(weir_ctx *ctx, side *s, const void *key, int64_t time_ms)
{
    weir_kv *shared = store_of(ctx, s->op->shared);
    weir_slice bytes;
    weir_slice row = {0};
    weir__join_side partner = weir__other_side(s->op->own);
    weir_err err = waiting_key(ctx, s, partner, key, time_ms, &bytes);
    if (err == WEIR_OK) {
        err = weir__typed_get_row(shared, bytes, &row);
    }
    return err == WEIR_OK && row.data != NULL ? weir__typed_put_row(shared, bytes, (weir_slice){0})
                                              : err;
}

/* Forwards the results of the records of a row that have waited in vain. */
static weir_err emit_row(weir_ctx *ctx, const side *s, const weir__join_key *at, weir_slice row)
{
    const weir_kv *shared = store_of(ctx, s->op->shared);
    weir__join_side of = at->left ? WEIR__LEFT_SIDE : WEIR__RIGHT_SIDE;
    const weir__store_spec *windows = store_of(ctx, s->op->windows[of])->spec;
    weir_record waited = {.timestamp_ms = at->time_ms};
    weir__join_values values;
    weir__join_value item;
    if (!weir__join_values_open(row, &values)) {
        return corrupt(ctx, shared, "row", row);
    }
    weir_err err = weir__decode(ctx, windows->key, at->key, &waited.key);
    while (err == WEIR_OK && weir__join_values_next(&values, &item)) {
        err = weir__decode(ctx, windows->value, item.value, &waited.value);
        if (err == WEIR_OK) {
            err = forward_joined(ctx, s->op, of, &waited, NULL);
        }
    }
    return err == WEIR_OK && values.reader.failed ? corrupt(ctx, shared, "row", row) : err;
}

static bool has_closed(const side *s, const weir__join_key *at)
{
    int64_t wait_ms = s->op->wait_ms[at->left ? WEIR__LEFT_SIDE : WEIR__RIGHT_SIDE];
    return weir__add_sat(at->time_ms, wait_ms) < s->times->stream_ms;
}

typedef struct look {
    bool open[WEIR__JOIN_SIDES]; /* whether an open row of that side was met */
    bool done;
} look;

static bool both_open(const look *l)
{
    return l->open[WEIR__LEFT_SIDE] && l->open[WEIR__RIGHT_SIDE];
}

/* Notes that a row is open. Kafka looks at each value of a row for itself, and ends at the value
 * after that which has opened the second side: it may be the next one of the same row. */
static weir_err note_open(weir_ctx *ctx, const side *s, bool left, weir_slice row, look *l)
{
    weir__join_values values;
    if (!weir__join_values_open(row, &values)) {
        return corrupt(ctx, store_of(ctx, s->op->shared), "row", row);
    }
    l->open[left ? WEIR__LEFT_SIDE : WEIR__RIGHT_SIDE] = true;
    l->done = both_open(l) && values.left > 1;
    return WEIR_OK;
}

/* Looks at a row: emits and deletes it if its window has closed. */
static weir_err look_at(weir_ctx *ctx, side *s, weir_slice key, weir_slice row, look *l)
{
    weir_kv *shared = store_of(ctx, s->op->shared);
    weir__join_key at;
    if (!weir__shared_join_key_read(key, &at)) {
        return corrupt(ctx, shared, "key", key);
    }
    s->times->first_wait_ms = at.time_ms;
    if (both_open(l)) {
        l->done = true;
        return WEIR_OK;
    }
    if (!has_closed(s, &at)) {
        return note_open(ctx, s, at.left, row, l);
    }
    /* The memory of the results is not needed until the record's end: there may be many. */
    weir__arena_mark mark = weir__arena_mark_take(ctx->arena);
    weir_err err = emit_row(ctx, s, &at, row);
    weir__arena_mark_reset(ctx->arena, mark);
    return err == WEIR_OK ? weir__typed_put_row(shared, key, (weir_slice){0}) : err;
}

/* Emits the records whose window has closed, in order of their times. The rows of a side close in
 * that order, so the look ends when each side has an open one. */
static weir_err emit_closed(weir_ctx *ctx, side *s)
{
    join_times *times = s->times;
    if (weir__add_sat(times->first_wait_ms, s->op->wait_ms[s->op->own]) >= times->stream_ms ||
        !weir__emit_is_due(ctx, ctx->graph->host.join_emit_interval_ms, &times->next_emit_ms)) {
        return WEIR_OK;
    }
    weir_kv_iter *iter = NULL;
    const void *key;
    const void *row;
    look l = {{false, false}, false};
    times->first_wait_ms = INT64_MAX;
    weir_err err = weir_kv_range(store_of(ctx, s->op->shared), NULL, NULL, false, &iter);
    while (err == WEIR_OK && !l.done && weir_kv_next(iter, &key, &row, NULL)) {
        err = look_at(ctx, s, *(const weir_slice *)key, *(const weir_slice *)row, &l);
    }
    weir_err end = weir_kv_iter_close(iter);
    return err != WEIR_OK ? err : end;
}

/* ---- Records --------------------------------------------------------------------- */

static weir_err join_partners(weir_ctx *ctx, side *s, const weir_record *in, bool *found)
{
    const weir__stream_side *op = s->op;
    weir__join_side partners = weir__other_side(op->own);
    weir_window_iter *iter = NULL;
    weir_window_row row;
    weir_err err = weir_window_fetch(
        (weir_window *)store_of(ctx, op->windows[partners]), in->key,
        weir__join_time(weir__sub_sat(in->timestamp_ms, op->before_ms)),
        weir__join_time(weir__add_sat(in->timestamp_ms, op->after_ms)), false, &iter);
    while (err == WEIR_OK && weir_window_next(iter, &row)) {
        weir_record own = *in;
        own.timestamp_ms = weir__later(in->timestamp_ms, row.start_ms);
        *found = true;
        if (op->shared >= 0) {
            err = end_wait(ctx, s, in->key, row.start_ms);
        }
        if (err == WEIR_OK) {
            err = forward_joined(ctx, op, op->own, &own, row.value);
        }
    }
    weir_err end = weir_window_iter_close(iter);
    return err != WEIR_OK ? err : end;
}

weir_err weir__stream_side_process(weir_ctx *ctx, const weir_record *in, void *state)
{
    side *s = state;
    const weir__stream_side *op = s->op;
    join_times *times = s->times;
    bool found = false;
    times->stream_ms = weir__later(times->stream_ms, in->timestamp_ms);
    if (in->key == NULL && in->value != NULL && op->outer) {
        return forward_joined(ctx, op, op->own, in, NULL); /* KIP-962 */
    }
    if (weir__drop_nulls(ctx, in, true)) {
        return WEIR_OK;
    }
    weir_err err = WEIR_OK;
    if (op->shared >= 0 && in->timestamp_ms == times->stream_ms) {
        err = emit_closed(ctx, s);
    }
    if (err == WEIR_OK) {
        err = join_partners(ctx, s, in, &found);
    }
    if (err != WEIR_OK || found || !op->outer) {
        return err;
    }
    int64_t end_ms = weir__join_time(weir__add_sat(in->timestamp_ms, op->after_ms));
    return end_ms < times->stream_ms ? forward_joined(ctx, op, op->own, in, NULL)
                                     : wait_for_partner(ctx, s, in);
}
