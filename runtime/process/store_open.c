/* SPDX-License-Identifier: Apache-2.0
 *
 * Opening of typed stores, and the listener of their cache. The cache keeps the origin of each
 * change, and the listener forwards the change when it is flushed or evicted. */
#include <stdlib.h>

#include "core/error.h"
#include "process/change.h"
#include "process/headers.h"
#include "process/typed_store.h"

static weir__origin current_origin(void *user)
{
    weir_kv *kv = user;
    weir_ctx *ctx = kv->ctx;
    weir_buf *headers = &ctx->graph->headers;
    weir__buf_reset(headers);
    if (ctx->record != NULL) {
        weir__headers_encode(ctx->record->headers, headers);
    }
    return (weir__origin){ctx->at.topic, ctx->at.partition, ctx->at.offset, ctx->time_ms,
                          headers->len != 0 ? weir__buf_slice(headers) : (weir_slice){0}};
}

/* Rows of sessions have no timestamp: it is their end. */
static int64_t time_of(const weir_kv *kv, const void *key, int64_t row_ms)
{
    return kv->spec->kind->type == WEIR__TYPE_SESSION ? ((const weir_windowed *)key)->end_ms
                                                      : row_ms;
}

static weir_err forward_flushed(weir_kv *kv, const weir__flushed *flushed)
{
    weir_ctx *ctx = kv->ctx;
    weir__change change = {0};
    weir_record record = {NULL, &change, flushed->origin->timestamp_ms, NULL};
    weir_slice key;
    bool has_segment = kv->spec->kind->suffix != 0;
    weir_slice bytes = has_segment ? weir__segment_log_key(flushed->key) : flushed->key;
    if (weir__arena_copy(ctx->arena, bytes, &key) != WEIR_OK) {
        return weir__ctx_out_of_memory(ctx);
    }
    weir_err err = weir__typed_decode_key(kv, key, &record.key);
    if (err == WEIR_OK) {
        err = weir__typed_keep_row(kv, flushed->new_row, &change.new_value, &record.timestamp_ms);
    }
    if (err == WEIR_OK && kv->owner->spec->send_old) {
        err = weir__typed_keep_row(kv, flushed->old_row, &change.old_value, NULL);
    }
    if (err != WEIR_OK) {
        return err;
    }
    record.timestamp_ms = time_of(kv, record.key, record.timestamp_ms);
    record.headers = weir__headers_decode(ctx->arena, flushed->origin->headers);
    if (record.headers == NULL) {
        return weir__ctx_out_of_memory(ctx);
    }
    ctx->time_ms = record.timestamp_ms;
    return weir__forward(ctx, &record);
}

/* The state of the context before a change is flushed or evicted from the cache: no record in a
 * commit, the current record in a put. It is in the arena until the change is processed. */
typedef struct weir__frame {
    struct weir__frame *below;
    weir__running *node;
    const weir_record *record;
    weir_record_metadata at;
    int64_t time_ms;
    weir__arena_mark mark;
} weir__frame;

static void enter(weir_kv *kv, const weir__origin *origin)
{
    weir_ctx *ctx = kv->ctx;
    weir__arena_mark mark = weir__arena_mark_take(ctx->arena);
    weir__frame *frame = weir__arena_alloc(ctx->arena, sizeof *frame);
    if (frame == NULL) {
        kv->lost = true;
        return;
    }
    *frame = (weir__frame){ctx->frames, ctx->node, ctx->record, ctx->at, ctx->time_ms, mark};
    ctx->frames = frame;
    ctx->node = kv->owner;
    ctx->record = NULL;
    ctx->at = (weir_record_metadata){origin->topic, origin->partition, origin->offset};
    ctx->time_ms = origin->timestamp_ms;
}

static void leave(weir_kv *kv)
{
    weir_ctx *ctx = kv->ctx;
    if (kv->lost) {
        kv->lost = false;
        return;
    }
    weir__frame frame = *ctx->frames;
    ctx->frames = frame.below;
    ctx->node = frame.node;
    ctx->record = frame.record;
    ctx->at = frame.at;
    ctx->time_ms = frame.time_ms;
    weir__arena_mark_reset(ctx->arena, frame.mark);
}

static void set_origin(void *user, const weir__origin *origin)
{
    if (origin != NULL) {
        enter(user, origin);
    } else {
        leave(user);
    }
}

static weir_err on_flush(void *user, const weir__flushed *flushed, weir_error *error)
{
    weir_kv *kv = user;
    weir_ctx *ctx = kv->ctx;
    weir_err err = kv->lost ? weir__ctx_out_of_memory(ctx) : forward_flushed(kv, flushed);
    if (err != WEIR_OK) {
        weir__graph_callback_failed(ctx, kv->owner, err);
        if (error != &ctx->error) {
            *error = ctx->error;
        }
    }
    return err;
}

/* The store without its layers, with memory for reads; NULL: out of memory. */
static weir_kv *new_store(void)
{
    weir_kv *kv = calloc(1, sizeof *kv);
    weir__typed_scratch *scratch = calloc(1, sizeof *scratch);
    if (kv == NULL || scratch == NULL) {
        free(kv);
        free(scratch);
        return NULL;
    }
    kv->scratch = scratch;
    return kv;
}

static void free_store(weir_kv *kv)
{
    weir__buf_fini(&kv->scratch->key);
    weir__buf_fini(&kv->scratch->row);
    weir__arena_fini(&kv->scratch->arena);
    free(kv->scratch);
    free(kv);
}

/* The node that put the row; of a row that the cache flushes, the first one that uses the store. */
static int node_of(const weir_kv *kv)
{
    const weir_topology *topology = kv->ctx->graph->topology;
    if (kv->ctx->node != NULL) {
        return kv->ctx->node->spec->index;
    }
    for (size_t i = 0; i < topology->node_count; i++) {
        const weir__node *node = &topology->nodes[i];
        for (size_t s = 0; s < node->store_count; s++) {
            if (node->stores[s] == kv->spec->index) {
                return node->index;
            }
        }
    }
    return 0;
}

static void on_expired(void *user)
{
    const weir_kv *kv = user;
    const weir__graph_host *host = &kv->ctx->graph->host;
    if (host->dropped != NULL) {
        weir__dropped dropped = {
            .node = node_of(kv), .reason = WEIR_DROP_EXPIRED, .at = kv->ctx->at};
        host->dropped(host->user, &dropped);
    }
}

weir_err weir__typed_open(weir__graph *graph, int store, const weir__store_plan *plan,
                          weir_kv **out, weir_error *error)
{
    const weir__store_spec *spec = &graph->topology->stores[store];
    weir_kv *kv = new_store();
    if (kv == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "store '%s': out of memory", spec->name);
    }
    kv->ctx = &graph->ctx;
    kv->spec = spec;
    kv->lock = graph->global ? &graph->lock : NULL;
    kv->owner = spec->owner >= 0 ? graph->nodes[spec->owner] : NULL;
    weir__cache_client client = {.origin = current_origin, .set_origin = set_origin, .user = kv};
    weir__store_plan whole = *plan;
    whole.kind = spec->kind;
    whole.retention_ms = spec->retention_ms;
    whole.time_ordered = spec->time_ordered;
    whole.on_expired = on_expired;
    whole.user = kv;
    whole.client = &client;
    if (!spec->caching) {
        whole.cache = NULL;
    }
    if (kv->owner != NULL) {
        client.on_flush = on_flush;
        client.old_rows = kv->owner->spec->send_old;
        kv->cached = whole.cache != NULL;
    }
    weir_err err = weir__store_open(&whole, &kv->layers, error);
    if (err != WEIR_OK) {
        free_store(kv);
        return err;
    }
    *out = kv;
    return WEIR_OK;
}

weir_kv *weir__typed_view(weir__graph *graph, const weir_kv *global)
{
    weir_kv *kv = new_store();
    if (kv != NULL) {
        kv->ctx = &graph->ctx;
        kv->spec = global->spec;
        kv->layers = global->layers;
        kv->lock = global->lock;
        kv->view = true;
    }
    return kv;
}

void weir__typed_close(weir_kv *kv)
{
    if (kv == NULL) {
        return;
    }
    if (!kv->view) {
        weir__kv_close(kv->layers.top);
    }
    free_store(kv);
}
