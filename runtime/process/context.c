/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions that callbacks may call: memory, errors, results, the record's metadata. */
#include "process/context.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/nearest.h"
#include "core/saturate.h"
#include "process/graph_internal.h"
#include "process/headers.h"

void *weir_alloc(weir_ctx *ctx, size_t size)
{
    return ctx != NULL ? weir__guarded_new(ctx, size, NULL) : NULL;
}

weir_err weir__ctx_null(weir_ctx *ctx, const char *function, const char *argument)
{
    return weir_fail(ctx, WEIR_EINVAL, "%s: %s is NULL", function, argument);
}

weir_err weir_defer(weir_ctx *ctx, void (*fn)(void *arg), void *arg)
{
    if (ctx == NULL || fn == NULL) {
        return weir__ctx_null(ctx, __func__, ctx == NULL ? "ctx" : "fn");
    }
    return weir__arena_defer(ctx->arena, fn, arg);
}

weir_err weir_fail(weir_ctx *ctx, weir_err code, const char *format, ...)
{
    if (ctx == NULL) {
        return code;
    }
    if (format == NULL) {
        weir__error_set(&ctx->error, code, "%s", weir_err_str(code));
    } else {
        va_list args;
        va_start(args, format);
        weir__error_vset(&ctx->error, code, format, args);
        va_end(args);
    }
    if (ctx->first_error.code == WEIR_OK) {
        ctx->first_error = ctx->error;
    }
    return code;
}

void weir__ctx_add_first_error(weir_ctx *ctx)
{
    const char *first = ctx->first_error.message;
    if (ctx->first_error.code != WEIR_OK && strstr(ctx->error.message, first) == NULL) {
        weir_error last = ctx->error;
        weir__error_set(&ctx->error, last.code, "%s; the first failure in the callback: %s",
                        last.message, first);
    }
    ctx->first_error.code = WEIR_OK;
}

void weir__ctx_no_store(weir_ctx *ctx, const char *name)
{
    const weir_topology *topology = ctx->graph->topology;
    const char *nearest = NULL;
    size_t distance = strlen(name) / 2 + 1;
    for (size_t i = 0; i < topology->store_count; i++) {
        size_t edits = weir__edit_distance(name, topology->stores[i].name);
        if (edits < distance) {
            distance = edits;
            nearest = topology->stores[i].name;
        }
    }
    if (nearest != NULL && distance == 0) {
        weir_fail(ctx, WEIR_ENOTFOUND, "the store '%s' is not connected to this processor", name);
    } else {
        weir_fail(ctx, WEIR_ENOTFOUND, "the topology has no store '%s'%s%s%s", name,
                  nearest != NULL ? " (did you mean '" : "", nearest != NULL ? nearest : "",
                  nearest != NULL ? "'?)" : "");
    }
}

weir_err weir_ctx_error(const weir_ctx *ctx)
{
    return ctx != NULL ? ctx->error.code : WEIR_EINVAL;
}

weir_err weir__ctx_out_of_memory(weir_ctx *ctx)
{
    return weir_fail(ctx, WEIR_ENOMEM, "out of memory");
}

weir_headers *weir_headers_copy(weir_ctx *ctx, const weir_headers *headers)
{
    return ctx != NULL ? weir__headers_copy(ctx->arena, headers) : NULL;
}

/* Forgets that the result is null; true if it was. */
static bool clear_null(weir_ctx *ctx, const void *out)
{
    for (size_t i = 0; i < WEIR__NULL_OUTS && ctx->null_outs[i] != NULL; i++) {
        if (ctx->null_outs[i] == out) {
            memmove(&ctx->null_outs[i], &ctx->null_outs[i + 1],
                    (WEIR__NULL_OUTS - 1 - i) * sizeof ctx->null_outs[0]);
            ctx->null_outs[WEIR__NULL_OUTS - 1] = NULL;
            return true;
        }
    }
    return false;
}

/* The oldest mark makes room: results that are not taken, of callbacks that failed, may have left
 * marks. */
void weir_out_null(weir_ctx *ctx, void *out)
{
    if (ctx != NULL && out != NULL) {
        (void)clear_null(ctx, out);
        memmove(&ctx->null_outs[1], &ctx->null_outs[0],
                (WEIR__NULL_OUTS - 1) * sizeof ctx->null_outs[0]);
        ctx->null_outs[0] = out;
    }
}

void *weir__out_new(weir_ctx *ctx, const weir_serde *serde)
{
    void *out = weir__guarded_new(ctx, serde->size, serde);
    if (out == NULL) {
        weir__ctx_out_of_memory(ctx);
        return NULL;
    }
    (void)clear_null(ctx, out); /* a mark of an earlier result in the same memory */
    return out;
}

const void *weir__out_take(weir_ctx *ctx, const weir_serde *serde, const void *out)
{
    return clear_null(ctx, out) || weir__is_null(serde, out) ? NULL : out;
}

/* Without a red zone behind it. */
static weir_err decode_number(weir_ctx *ctx, const weir_serde *serde, weir_slice bytes,
                              const void **out)
{
    void *number = weir__arena_alloc_apart(ctx->arena, serde->size);
    if (number == NULL) {
        return weir__ctx_out_of_memory(ctx);
    }
    weir_err err = serde->decode(ctx, bytes, number, serde->user);
    if (err == WEIR_OK) {
        *out = number;
    }
    return err;
}

weir_err weir__decode_value(weir_ctx *ctx, const weir_serde *serde, weir_slice bytes,
                            const void **out)
{
    if (weir__is_number(serde)) {
        return decode_number(ctx, serde, bytes, out);
    }
    size_t outer = weir__guards_begin(ctx);
    void *value = weir__out_new(ctx, serde);
    weir_err err = value != NULL ? serde->decode(ctx, bytes, value, serde->user) : WEIR_ENOMEM;
    err = weir__guards_end(ctx, outer, "decode", err);
    if (err == WEIR_OK) {
        *out = value;
    }
    return err;
}

weir_err weir__encode(weir_ctx *ctx, const weir_serde *serde, const void *value, weir_buf *out)
{
    size_t outer = weir__guards_begin(ctx);
    weir_err err = serde->encode(ctx, value, out, serde->user);
    err = weir__guards_end(ctx, outer, "encode", err);
    if (err == WEIR_OK && out->err != WEIR_OK) {
        return weir_fail(ctx, out->err, "%s: the encoded value %s", serde->name,
                         out->err == WEIR_EINVAL ? "lacks bytes: weir_put got NULL"
                                                 : "does not fit");
    }
    return err;
}

weir_err weir__encode_value(weir_ctx *ctx, const weir_serde *serde, const void *value,
                            weir_buf *buf, weir_slice *out)
{
    weir__buf_reset(buf);
    weir_err err = weir__encode(ctx, serde, value, buf);
    if (err == WEIR_OK) {
        *out = weir__buf_slice(buf);
    }
    return err;
}

weir_record_metadata weir_ctx_metadata(const weir_ctx *ctx)
{
    return ctx != NULL ? ctx->at : (weir_record_metadata){NULL, -1, -1};
}

int64_t weir_ctx_timestamp_ms(const weir_ctx *ctx)
{
    return ctx != NULL ? ctx->time_ms : -1;
}

const weir_headers *weir_ctx_headers(const weir_ctx *ctx)
{
    return ctx != NULL && ctx->record != NULL ? ctx->record->headers : NULL;
}

const char *weir__topic_kept(weir_ctx *ctx, weir_slice name)
{
    weir__map *topics = &ctx->graph->topics;
    char *kept = weir__map_get(topics, name);
    if (kept != NULL) {
        return kept;
    }
    kept = malloc(name.len + 1);
    if (kept == NULL || weir__map_put(topics, name, kept) != WEIR_OK) {
        free(kept);
        return NULL;
    }
    memcpy(kept, name.data, name.len);
    kept[name.len] = '\0';
    return kept;
}

/* The context of a serde that is used outside of a topology has no graph. */
static const weir__graph_host *host_of(const weir_ctx *ctx)
{
    return ctx != NULL && ctx->graph != NULL ? &ctx->graph->host : NULL;
}

const char *weir_ctx_task(const weir_ctx *ctx)
{
    const weir__graph_host *host = host_of(ctx);
    return host != NULL ? host->task : "";
}

const char *weir_ctx_application(const weir_ctx *ctx)
{
    const weir__graph_host *host = host_of(ctx);
    return host != NULL ? host->application : "";
}

const char *weir_ctx_node(const weir_ctx *ctx)
{
    return ctx != NULL && ctx->node != NULL ? ctx->node->spec->name : "";
}

int64_t weir_ctx_stream_time_ms(const weir_ctx *ctx)
{
    const weir__graph_host *host = host_of(ctx);
    return host != NULL ? host->stream_time_ms(host->user) : -1;
}

int64_t weir_ctx_wall_clock_ms(const weir_ctx *ctx)
{
    const weir__graph_host *host = host_of(ctx);
    return host != NULL ? host->wall_clock_ms(host->user) : -1;
}

bool weir__emit_is_due(const weir_ctx *ctx, int64_t interval_ms, int64_t *next_ms)
{
    int64_t now_ms = weir_ctx_wall_clock_ms(ctx);
    if (now_ms < *next_ms) {
        return false;
    }
    *next_ms = weir__add_sat(now_ms, interval_ms);
    return true;
}

void weir_ctx_commit(weir_ctx *ctx)
{
    const weir__graph_host *host = host_of(ctx);
    if (host != NULL) {
        host->request_commit(host->user);
    }
}

void weir__drop(weir_ctx *ctx, weir_drop_reason reason, const char *why)
{
    if (ctx->graph->host.dropped != NULL) {
        weir__dropped dropped = {
            .node = ctx->node->spec->index, .reason = reason, .at = ctx->at, .why = why};
        ctx->graph->host.dropped(ctx->graph->host.user, &dropped);
    }
}

/* ---- Forwarding --------------------------------------------------------------------------- */

weir_err weir__forward(weir_ctx *ctx, const weir_record *record)
{
    weir__running *node = ctx->node;
    for (size_t i = 0; i < node->child_count; i++) {
        weir_err err = weir__graph_run(ctx, node->children[i], record);
        if (err != WEIR_OK) {
            return err;
        }
    }
    return WEIR_OK;
}

weir_err weir__forward_child(weir_ctx *ctx, size_t index, const weir_record *record)
{
    return weir__graph_run(ctx, ctx->node->children[index], record);
}

weir_err weir__forward_new(weir_ctx *ctx, const void *key, const void *value, int64_t timestamp_ms)
{
    weir_record record = {key, value, timestamp_ms, NULL};
    record.headers = weir__headers_copy(ctx->arena, ctx->record->headers);
    if (record.headers == NULL) {
        return weir__ctx_out_of_memory(ctx);
    }
    return weir__forward(ctx, &record);
}

/* Completes a user's record for the children: null slices, headers, the key of process_values. */
static weir_err prepare(weir_ctx *ctx, const weir_record *given, weir_record *out)
{
    if (ctx->node == NULL || !ctx->graph->open) {
        return weir_fail(ctx, WEIR_ESTATE, "records are forwarded in process and punctuators");
    }
    const weir__node *spec = ctx->node->spec;
    *out = *given;
    bool fixed_key = (spec->facts & WEIR__FIXED_KEY) != 0;
    if (fixed_key) {
        if (ctx->record == NULL) {
            return weir_fail(ctx, WEIR_ESTATE, "process_values forwards only while it processes");
        }
        out->key = ctx->record->key;
    } else if (weir__is_null(spec->key, out->key)) {
        out->key = NULL;
    }
    if (weir__is_null(spec->value, out->value)) {
        out->value = NULL;
    }
    if (out->timestamp_ms < 0) {
        return weir_fail(ctx, WEIR_EINVAL, "a record with the negative timestamp %lld",
                         (long long)out->timestamp_ms);
    }
    if (out->headers == NULL || fixed_key) {
        out->headers = weir__headers_copy(ctx->arena, out->headers);
    }
    return out->headers != NULL ? WEIR_OK : weir__ctx_out_of_memory(ctx);
}

weir_err weir_forward(weir_ctx *ctx, const weir_record *record)
{
    if (ctx == NULL || record == NULL) {
        return weir__ctx_null(ctx, __func__, ctx == NULL ? "ctx" : "record");
    }
    weir_record prepared;
    weir_err err = prepare(ctx, record, &prepared);
    return err == WEIR_OK ? weir__forward(ctx, &prepared) : err;
}

static weir_err no_such_child(weir_ctx *ctx, const char *child)
{
    char names[512] = "";
    for (size_t i = 0; i < ctx->node->child_count; i++) {
        weir__error_list(names, sizeof names, ctx->node->children[i]->spec->name);
    }
    return weir_fail(ctx, WEIR_ENOTFOUND, "there is no child '%s'; the children are: %s", child,
                     names[0] != '\0' ? names : "none");
}

weir_err weir_forward_to(weir_ctx *ctx, const weir_record *record, const char *child)
{
    if (ctx == NULL || record == NULL || child == NULL) {
        return weir__ctx_null(ctx, __func__,
                              ctx == NULL      ? "ctx"
                              : record == NULL ? "record"
                                               : "child");
    }
    weir_record prepared;
    weir_err err = prepare(ctx, record, &prepared);
    if (err != WEIR_OK) {
        return err;
    }
    for (size_t i = 0; i < ctx->node->child_count; i++) {
        if (strcmp(ctx->node->children[i]->spec->name, child) == 0) {
            return weir__graph_run(ctx, ctx->node->children[i], &prepared);
        }
    }
    return no_such_child(ctx, child);
}

weir_err weir_emit(weir_ctx *ctx, const void *key, const void *value)
{
    if (ctx == NULL) {
        return WEIR_EINVAL;
    }
    if (ctx->record == NULL) {
        return weir_fail(ctx, WEIR_ESTATE, "weir_emit is for callbacks that have a record");
    }
    weir_record record = {key, value, ctx->record->timestamp_ms,
                          weir__headers_copy(ctx->arena, ctx->record->headers)};
    return weir_forward(ctx, &record);
}

weir_err weir_emit_value(weir_ctx *ctx, const void *value)
{
    if (ctx == NULL) {
        return WEIR_EINVAL;
    }
    if (ctx->record == NULL) {
        return weir_fail(ctx, WEIR_ESTATE, "weir_emit_value is for callbacks that have a record");
    }
    return weir_emit(ctx, ctx->record->key, value);
}
