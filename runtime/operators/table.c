/* SPDX-License-Identifier: Apache-2.0
 *
 * Tables that are computed from the table above. With a store the old value is the one in it, else
 * it is computed from the old value above (KTableFilter, KTableMapValues of Kafka Streams). */
#include "operators/table.h"

#include "operators/aggregation.h"

weir_table weir__table_derive(weir_table in, const weir__operator *kind, const void *op,
                              size_t size, const weir_serde *value, const char *store,
                              const weir_store_opts *opts)
{
    weir_builder *builder = in.builder;
    weir_table failed = {builder, -1};
    const weir__edge *from = weir__edge_of(builder, in.node, WEIR__TABLE);
    const char *name = opts != NULL ? opts->node : NULL;
    if (from == NULL ||
        !weir__history_has_store(builder, weir__label(builder, kind->work.name, name, in.node),
                                 store, opts)) {
        return failed;
    }
    weir__operator_at at = {.name = name, .in = from, .value = value};
    weir__edge edge = *from;
    edge.node = weir__operator_add(builder, kind, op, size, &at);
    if (edge.node < 0) {
        return failed;
    }
    edge.value = builder->nodes[edge.node]->node.value;
    weir__aggregation spec = {.kind = kind, .value = edge.value, .opts = opts};
    weir__aggregation_check(builder, from, &spec, builder->nodes[edge.node]->node.name);
    if (store != NULL) {
        weir__table_store(builder, &edge, store, opts, true);
    }
    return (weir_table){builder, weir__edge_add(builder, &edge)};
}

weir_err weir__table_derived(weir_ctx *ctx, const weir_record *in, weir__table_compute_fn compute,
                             bool changes_only)
{
    const weir__node *node = ctx->node->spec;
    const weir__change *change = in->value;
    weir_record above = *in;
    weir__change out = {.out_of_order = change->out_of_order};
    weir__timed row = {NULL, -1};
    above.value = change->new_value;
    weir_err err = compute(ctx, node, &above, &out.new_value);
    if (err == WEIR_OK && node->send_old && node->table_store >= 0) {
        err = weir__table_read(ctx, node->index, in->key, &row);
        out.old_value = row.value;
    } else if (err == WEIR_OK && node->send_old) {
        above.value = change->old_value;
        err = compute(ctx, node, &above, &out.old_value);
    }
    /* An older version that is deleted has no effect on the latest one, and so no old value. */
    changes_only = changes_only && (node->facts & WEIR__INPUT_VERSIONED) == 0;
    if (err != WEIR_OK ||
        (changes_only && node->send_old && out.new_value == NULL && out.old_value == NULL)) {
        return err;
    }
    return node->table_store >= 0 ? weir__table_put(ctx, in->key, out, in->timestamp_ms)
                                  : weir__table_forward(ctx, in->key, out, in->timestamp_ms);
}

weir_err weir__table_derived_read(weir_ctx *ctx, const weir__node *table, const void *key,
                                  weir__timed *out, weir__table_compute_fn compute)
{
    weir__timed row;
    weir_err err = weir__table_read(ctx, table->parents[0], key, &row);
    if (err != WEIR_OK) {
        return err;
    }
    const weir_record above = {key, row.value, row.timestamp_ms, ctx->record->headers};
    err = compute(ctx, table, &above, &out->value);
    out->timestamp_ms = row.timestamp_ms;
    return err;
}
