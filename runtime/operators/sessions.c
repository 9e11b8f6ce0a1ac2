/* SPDX-License-Identifier: Apache-2.0
 *
 * Sessions (KStreamSessionWindowAggregate of Kafka Streams). A record joins the sessions of its key
 * that end at most the gap before it or start at most the gap after it. These become one session,
 * and each of them is deleted. */
#include <stdlib.h>

#include "core/saturate.h"
#include "operators/windowed.h"
#include "process/headers.h"
#include "process/typed_iter.h"
#include "state/tree.h"

/* ---- Sessions of a record ----------------------------------------------------------------- */

typedef struct stored {
    weir_windowed session;
    const void *aggregate;
    struct stored *next;
} stored;

/* The session that a record gives. */
typedef struct joined {
    weir_windowed session;
    const void *aggregate; /* of the sessions found, without the record */
    stored *first;         /* in the order of their ends */
    stored **end;
} joined;

static weir_err join_row(weir_ctx *ctx, const weir__windowed *w, const weir__session_key *at,
                         weir_slice row, joined *all)
{
    const weir_kv *kv = w->kv;
    stored *found = weir__arena_alloc(ctx->arena, sizeof *found);
    if (found == NULL) {
        return weir__ctx_out_of_memory(ctx);
    }
    *found = (stored){.session = {all->session.key, at->start_ms, at->end_ms}};
    weir_err err = weir__typed_keep_row(kv, row, &found->aggregate, NULL);
    if (err == WEIR_OK) {
        err = weir__fold_merge(ctx, &w->op->fold, kv->spec->value, all->session.key, all->aggregate,
                               found->aggregate, &all->aggregate);
    }
    if (err != WEIR_OK) {
        return err;
    }
    weir_windowed *session = &all->session;
    session->start_ms = at->start_ms < session->start_ms ? at->start_ms : session->start_ms;
    session->end_ms = weir__later(session->end_ms, at->end_ms);
    *all->end = found;
    all->end = &found->next;
    return WEIR_OK;
}

/* Finds the sessions that the record joins, and merges them by their end. */
static weir_err join_stored(weir_ctx *ctx, const weir__windowed *w, const weir_record *in,
                            joined *all)
{
    int64_t gap_ms = w->op->windows->session.gap_ms;
    weir_session_iter *iter = NULL;
    weir__session_key at;
    weir_slice row;
    weir_err err = weir__fold_init(ctx, &w->op->fold, w->kv->spec->value, &all->aggregate);
    if (err == WEIR_OK) {
        err = weir_session_find((weir_session *)w->kv, in->key,
                                weir__sub_sat(in->timestamp_ms, gap_ms),
                                weir__add_sat(in->timestamp_ms, gap_ms), false, &iter);
    }
    while (err == WEIR_OK && weir__session_iter_next(iter, &row, &at)) {
        err = join_row(ctx, w, &at, row, all);
    }
    weir_err end = weir_session_iter_close(iter);
    return err != WEIR_OK ? err : end;
}

/* ---- Changes ------------------------------------------------------------------------------ */

/* As in Kafka, without headers. */
static weir_err forward(weir_ctx *ctx, const weir_windowed *session, weir__change change)
{
    weir_record out = {session, &change, session->end_ms, weir__headers_new(ctx->arena, NULL, 0)};
    if (!ctx->node->spec->send_old) {
        change.old_value = NULL;
    }
    return out.headers != NULL ? weir__forward(ctx, &out) : weir__ctx_out_of_memory(ctx);
}

/* `removes`: unlike a null aggregate that is put, it does not move the store's stream time. */
static weir_err put(weir_ctx *ctx, const weir__windowed *w, const weir_windowed *session,
                    weir__change change, bool removes)
{
    weir_session *store = (weir_session *)w->kv;
    weir_err err =
        removes ? weir_session_remove(store, session->key, session->start_ms, session->end_ms)
                : weir_session_put(store, session->key, change.new_value, session->start_ms,
                                   session->end_ms);
    if (err != WEIR_OK || w->kv->cached || w->op->windows->emit == WEIR_EMIT_ON_CLOSE) {
        return err;
    }
    return forward(ctx, session, change);
}

weir_err weir__sessions(weir_ctx *ctx, weir__windowed *w, const weir_record *in, int64_t close_ms)
{
    joined all = {.session = {in->key, in->timestamp_ms, in->timestamp_ms}};
    all.end = &all.first;
    weir__change change = {0};
    weir_err err = join_stored(ctx, w, in, &all);
    if (err == WEIR_OK && all.session.end_ms < close_ms) {
        weir__window_late(ctx, w, all.session);
        return WEIR_OK;
    }
    /* A session of the same time is only overwritten. */
    bool grows = all.session.start_ms < all.session.end_ms;
    for (stored *s = all.first; err == WEIR_OK && grows && s != NULL; s = s->next) {
        err = put(ctx, w, &s->session, (weir__change){.old_value = s->aggregate}, true);
    }
    if (err == WEIR_OK) {
        err = weir__fold_add(ctx, &w->op->fold, w->kv->spec->value, in, all.aggregate,
                             &change.new_value);
    }
    return err == WEIR_OK ? put(ctx, w, &all.session, change, false) : err;
}

/* ---- Emit on close ------------------------------------------------------------------------ */

typedef struct ended {
    weir__session_key at;
    weir_slice row;
} ended;

/* Sessions that end at the same time. */
typedef struct ended_group {
    ended *at; /* in the arena, behind the mark */
    size_t count;
    size_t capacity;
    weir__arena_mark mark;
} ended_group;

static int by_start(const void *left, const void *right)
{
    const ended *a = left;
    const ended *b = right;
    if (a->at.start_ms != b->at.start_ms) {
        return a->at.start_ms < b->at.start_ms ? -1 : 1;
    }
    return weir__key_compare(a->at.key, b->at.key);
}

static weir_err emit_session(weir_ctx *ctx, const weir__windowed *w, const ended *s)
{
    weir_windowed session = {NULL, s->at.start_ms, s->at.end_ms};
    weir__change change = {0};
    weir_err err = weir__decode(ctx, w->kv->spec->key, s->at.key, &session.key);
    if (err == WEIR_OK) {
        err = weir__typed_keep_row(w->kv, s->row, &change.new_value, NULL);
    }
    return err == WEIR_OK ? weir__table_forward(ctx, &session, change, session.end_ms) : err;
}

/* Rows come in the order of their keys; Kafka's store on RocksDB has them in that of their start.
 */
static weir_err emit_group(weir_ctx *ctx, const weir__windowed *w, ended_group *group)
{
    weir_err err = WEIR_OK;
    if (group->count > 1 && weir__kv_is_persistent(w->kv->layers.below)) {
        qsort(group->at, group->count, sizeof *group->at, by_start);
    }
    for (size_t i = 0; err == WEIR_OK && i < group->count; i++) {
        err = emit_session(ctx, w, &group->at[i]);
    }
    weir__arena_mark_reset(ctx->arena, group->mark);
    *group = (ended_group){.mark = group->mark};
    return err;
}

/* Adds copies. */
static weir_err append(weir_ctx *ctx, ended_group *group, const weir__session_key *at,
                       weir_slice row)
{
    if (group->count == group->capacity) {
        size_t more = group->capacity != 0 ? group->capacity * 2 : 16;
        ended *grown = weir__arena_alloc(ctx->arena, more * sizeof *grown);
        if (grown == NULL) {
            return weir__ctx_out_of_memory(ctx);
        }
        if (group->count > 0) {
            memcpy(grown, group->at, group->count * sizeof *grown);
        }
        group->at = grown;
        group->capacity = more;
    }
    ended *s = &group->at[group->count];
    s->at = *at;
    if (weir__arena_copy(ctx->arena, at->key, &s->at.key) != WEIR_OK ||
        weir__arena_copy(ctx->arena, row, &s->row) != WEIR_OK) {
        return weir__ctx_out_of_memory(ctx);
    }
    group->count++;
    return WEIR_OK;
}

weir_err weir__sessions_emit(weir_ctx *ctx, const weir__windowed *w, int64_t first_ms,
                             int64_t last_ms)
{
    ended_group group = {.mark = weir__arena_mark_take(ctx->arena)};
    weir_kv_iter *iter = NULL;
    weir_slice key;
    weir_slice row;
    weir__session_key at;
    weir_err err = weir__session_scan(w->kv, first_ms, last_ms, &iter);
    while (err == WEIR_OK && weir__iter_next(iter, &key, &row)) {
        if (!weir__session_store_key_read(key, &at)) {
            err = weir_fail(ctx, WEIR_ECORRUPT, "a key of %zu bytes in a session store", key.len);
        } else if (group.count > 0 && at.end_ms != group.at[0].at.end_ms) {
            err = emit_group(ctx, w, &group);
        }
        err = err == WEIR_OK ? append(ctx, &group, &at, row) : err;
    }
    err = err == WEIR_OK ? emit_group(ctx, w, &group) : err;
    weir_err end = weir_kv_iter_close(iter);
    return err != WEIR_OK ? err : end;
}
