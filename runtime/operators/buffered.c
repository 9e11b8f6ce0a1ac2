/* SPDX-License-Identifier: Apache-2.0
 *
 * Records in buffers. A record that a punctuator made has no place in a topic: the row's topic is
 * empty then. */
#include "operators/buffered.h"

#include "process/headers.h"

int weir__buffer_add(weir_builder *builder, int node, const char *name, const weir__edge *edge,
                     const weir__store_kind *kind, const weir_store_opts *opts)
{
    weir_store_opts of = {.key = edge->key, .value = edge->value};
    of.backend = kind->by_place ? WEIR_BACKEND_MEMORY : WEIR_BACKEND_DEFAULT;
    if (opts != NULL) {
        of.logging = opts->logging;
        of.changelog_config = opts->changelog_config;
    }
    int store = weir__builder_store(builder, name, &of, false);
    if (store >= 0) {
        builder->stores[store]->spec.kind = kind;
        weir__builder_use_store(builder, node, store);
    }
    return store;
}

weir_err weir__buffered_put(weir_ctx *ctx, const weir_record *in,
                            const weir__buffered_value *values, weir_buf *out)
{
    weir__buffered_value value = *values;
    size_t count = weir_headers_count(in->headers);
    weir_header *headers = weir__arena_alloc(ctx->arena, (count + 1) * sizeof *headers);
    if (headers == NULL) {
        return weir__ctx_out_of_memory(ctx);
    }
    for (size_t i = 0; i < count; i++) {
        headers[i] = weir_headers_at(in->headers, i);
    }
    value.timestamp_ms = in->timestamp_ms;
    value.offset = ctx->at.offset;
    value.topic = weir_slice_of(ctx->at.topic != NULL ? ctx->at.topic : "");
    value.partition = ctx->at.partition;
    value.headers = headers;
    value.header_count = count;
    weir__buffered_value_put(out, &value);
    return out->err == WEIR_OK ? WEIR_OK : weir__ctx_out_of_memory(ctx);
}

weir_err weir__buffered_damaged(weir_ctx *ctx, const weir_kv *kv)
{
    return weir_fail(ctx, WEIR_ECORRUPT, "the buffer '%s' has a row that cannot be read",
                     kv->spec->name);
}

weir_err weir__buffered_read(weir_ctx *ctx, const weir_kv *kv, weir_slice row,
                             weir__buffered_value *out)
{
    weir_err err = weir__buffered_value_read(row, ctx->arena, out);
    if (err == WEIR_ENOMEM) {
        return weir__ctx_out_of_memory(ctx);
    }
    return err != WEIR_OK ? weir__buffered_damaged(ctx, kv) : WEIR_OK;
}

static weir_err read_record(weir_ctx *ctx, const weir_kv *kv, weir_slice key, weir_slice row,
                            weir__buffered *out)
{
    if (weir__arena_copy(ctx->arena, key, &key) != WEIR_OK ||
        weir__arena_copy(ctx->arena, row, &row) != WEIR_OK) {
        return weir__ctx_out_of_memory(ctx);
    }
    weir_err err = weir__buffered_read(ctx, kv, row, &out->value);
    if (err != WEIR_OK) {
        return err;
    }
    out->record.timestamp_ms = out->value.timestamp_ms;
    out->record.headers =
        weir__headers_new(ctx->arena, out->value.headers, out->value.header_count);
    return out->record.headers != NULL ? weir__decode(ctx, kv->spec->key, key, &out->record.key)
                                       : weir__ctx_out_of_memory(ctx);
}

weir_err weir__buffered_begin(weir_ctx *ctx, const weir_kv *kv, weir_slice key, weir_slice row,
                              weir__buffered *out)
{
    *out = (weir__buffered){.outer = ctx->record,
                            .outer_at = ctx->at,
                            .outer_time_ms = ctx->time_ms,
                            .mark = weir__arena_mark_take(ctx->arena)};
    weir_record_metadata at = {NULL, -1, -1};
    weir_err err = read_record(ctx, kv, key, row, out);
    if (err == WEIR_OK && out->value.topic.len > 0) {
        at = (weir_record_metadata){weir__topic_kept(ctx, out->value.topic), out->value.partition,
                                    out->value.offset};
        err = at.topic != NULL ? WEIR_OK : weir__ctx_out_of_memory(ctx);
    }
    if (err != WEIR_OK) {
        weir__arena_mark_reset(ctx->arena, out->mark);
        return err;
    }
    ctx->record = &out->record;
    ctx->at = at;
    ctx->time_ms = out->record.timestamp_ms;
    return WEIR_OK;
}

void weir__buffered_end(weir_ctx *ctx, const weir__buffered *of)
{
    ctx->record = of->outer;
    ctx->at = of->outer_at;
    ctx->time_ms = of->outer_time_ms;
    weir__arena_mark_reset(ctx->arena, of->mark);
}
