/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows and changes of tables at run time. */
#include "core/error.h"
#include "operators/operator.h"
#include "process/typed_store.h"

const weir__node *weir__table_node(const weir_ctx *ctx, int table)
{
    return &ctx->graph->topology->nodes[table];
}

/* The row of a table in its store, whose keys inside of windows are not windowed. */
static weir_err load(const weir_ctx *ctx, const weir_kv *kv, const void *key, weir__timed *out)
{
    const weir_windowed *window = key;
    switch (kv->spec->kind->type) {
    case WEIR__TYPE_WINDOW:
        return weir__window_load(kv, window->key, window->start_ms, &out->value,
                                 &out->timestamp_ms);
    case WEIR__TYPE_SESSION:
        out->timestamp_ms = window->end_ms;
        return weir__session_load(kv, window->key, window->start_ms, window->end_ms, &out->value);
    case WEIR__TYPE_VERSIONED:
        return weir__typed_load_as_of(kv, key, ctx->as_of_ms != NULL ? *ctx->as_of_ms : INT64_MAX,
                                      &out->value, &out->timestamp_ms);
    case WEIR__TYPE_KEY_VALUE:
    case WEIR__TYPE_BUFFER: /* never that of a table */
        break;
    }
    return weir__typed_load(kv, key, &out->value, &out->timestamp_ms);
}

weir_err weir__table_read(weir_ctx *ctx, int table, const void *key, weir__timed *out)
{
    const weir__node *node = weir__table_node(ctx, table);
    *out = (weir__timed){NULL, -1};
    if (node->table_store >= 0) {
        weir_kv *kv = ctx->graph->stores[node->table_store];
        if (kv == NULL) {
            return weir_fail(ctx, WEIR_ESTATE, "the table's store is not there");
        }
        kv->reads_flushed = ctx->reads_forwarded;
        weir_err err = load(ctx, kv, key, out);
        kv->reads_flushed = false;
        out->timestamp_ms = out->value != NULL ? out->timestamp_ms : -1;
        return err;
    }
    weir_assert(node->made_by != NULL && node->made_by->read != NULL);
    /* Its callbacks run as those of the table's node, for its stores and for what errors name. */
    weir__running *reader = ctx->node;
    ctx->node = ctx->graph->nodes[table];
    weir_err err = node->made_by->read(ctx, node, key, out);
    ctx->node = reader;
    if (out->value == NULL) {
        out->timestamp_ms = -1; /* there is no such row, whatever it was computed from */
    }
    return err;
}

weir_err weir__table_read_as_of(weir_ctx *ctx, int table, const void *key, int64_t time_ms,
                                weir__timed *out)
{
    bool has_history = (weir__table_node(ctx, table)->facts & WEIR__HAS_HISTORY) != 0;
    ctx->as_of_ms = has_history ? &time_ms : NULL;
    weir_err err = weir__table_read(ctx, table, key, out);
    ctx->as_of_ms = NULL;
    return err;
}

weir_err weir__table_read_forwarded(weir_ctx *ctx, int table, const void *key, weir__timed *out)
{
    ctx->reads_forwarded = true;
    weir_err err = weir__table_read(ctx, table, key, out);
    ctx->reads_forwarded = false;
    return err;
}

bool weir__table_is_ahead(const weir_ctx *ctx, int table)
{
    const weir__node *node = weir__table_node(ctx, table);
    if (node->table_store >= 0) {
        const weir_kv *kv = ctx->graph->stores[node->table_store];
        return kv != NULL && kv->cached;
    }
    bool ahead = false;
    for (size_t i = 0; i < node->parent_count && !ahead; i++) {
        ahead = weir__table_is_ahead(ctx, node->parents[i]);
    }
    for (size_t i = 0; i < node->read_count && !ahead; i++) {
        ahead = weir__table_is_ahead(ctx, node->reads[i]);
    }
    return ahead;
}

weir_err weir__same_key(weir_ctx *ctx, const void *a, const void *b, bool *out)
{
    const weir_serde *serde = ctx->node->spec->key;
    weir_buf one = {0};
    weir_buf other = {0};
    weir_err err = weir__encode(ctx, serde, a, &one);
    if (err == WEIR_OK) {
        err = weir__encode(ctx, serde, b, &other);
    }
    *out = err == WEIR_OK && weir_slice_equal(weir__buf_slice(&one), weir__buf_slice(&other));
    weir__buf_fini(&one);
    weir__buf_fini(&other);
    return err;
}

weir_err weir__table_forward(weir_ctx *ctx, const void *key, weir__change change,
                             int64_t timestamp_ms)
{
    if (!ctx->node->spec->send_old) {
        change.old_value = NULL;
    }
    return weir__forward_new(ctx, key, &change, timestamp_ms);
}

weir_err weir__table_put(weir_ctx *ctx, const void *key, weir__change change, int64_t timestamp_ms)
{
    weir_kv *kv = ctx->graph->stores[ctx->node->spec->table_store];
    weir__put_result result = WEIR__PUT_LATEST;
    weir_err err = weir__typed_put_table(kv, key, change.new_value, timestamp_ms, &result);
    change.out_of_order = result == WEIR__PUT_OUT_OF_ORDER;
    return err == WEIR_OK && !kv->cached && result != WEIR__PUT_EXPIRED
               ? weir__table_forward(ctx, key, change, timestamp_ms)
               : err;
}

weir_err weir__table_old(weir_ctx *ctx, const void *key, const void **out)
{
    weir_kv *kv = ctx->graph->stores[ctx->node->spec->table_store];
    /* A cache compares with what it has flushed. */
    return ctx->node->spec->send_old && !kv->cached ? weir__typed_load(kv, key, out, NULL)
                                                    : WEIR_OK;
}

weir_err weir__table_keep(weir_ctx *ctx, const weir_record *in)
{
    if (weir__drop_nulls(ctx, in, false)) {
        return WEIR_OK;
    }
    weir__change change = {.new_value = in->value};
    if (ctx->node->spec->table_store < 0) {
        return weir__forward_new(ctx, in->key, &change, in->timestamp_ms);
    }
    weir_err err = weir__table_old(ctx, in->key, &change.old_value);
    return err == WEIR_OK ? weir__table_put(ctx, in->key, change, in->timestamp_ms) : err;
}
