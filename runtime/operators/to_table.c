/* SPDX-License-Identifier: Apache-2.0
 *
 * to_table: a stream's records as the changes of a table (KIP-523). */
#include "operators/aggregation.h"

static weir_err to_table(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir__table_keep(ctx, in);
}

static const weir__operator to_table_operator = {
    .work = {"to_table", NULL, to_table, NULL},
    .prefix = "KSTREAM-TOTABLE-",
    .facts = WEIR__GIVES_TABLE,
};

/* The stream, behind a repartition topic if it needs one; NULL after an error. */
static const weir__edge *input_of(weir_builder *builder, const weir__edge *from, const char *name)
{
    if (!weir__edge_key_changed(builder, from)) {
        return from;
    }
    if (name == NULL) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY,
                           "to_table below '%s' must be repartitioned: name its node or its store",
                           builder->nodes[from->node]->node.name);
        return NULL;
    }
    return weir__repartition(builder, from, name, NULL);
}

weir_table weir_to_table(weir_stream in, const char *store, const weir_store_opts *opts)
{
    weir_builder *builder = in.builder;
    weir_table failed = {builder, -1};
    const weir__edge *from = weir__edge_of(builder, in.node, WEIR__STREAM);
    const char *given = opts != NULL ? opts->node : NULL;
    if (from == NULL ||
        !weir__history_has_store(builder,
                                 weir__label(builder, to_table_operator.work.name, given, in.node),
                                 store, opts)) {
        return failed;
    }
    const char *name = weir__builder_name(builder, given, to_table_operator.prefix);
    const char *spare =
        store == NULL ? weir__builder_name(builder, NULL, "KSTREAM-TOTABLE-STATE-STORE-") : NULL;
    from = input_of(builder, from, given != NULL ? given : store);
    if (from == NULL) {
        return failed;
    }
    weir__aggregation spec = {.kind = &to_table_operator, .value = from->value, .opts = opts};
    weir__aggregation_check(builder, from, &spec, name);
    weir__operator_at at = {.name = name, .named = true, .in = from};
    weir__edge edge = *from;
    edge.kind = WEIR__TABLE;
    edge.node = weir__operator_add(builder, &to_table_operator, NULL, 0, &at);
    if (edge.node < 0) {
        return failed;
    }
    builder->nodes[edge.node]->store_if_needed = spare;
    if (store != NULL) {
        weir__table_store(builder, &edge, store, opts, true);
    }
    return (weir_table){builder, weir__edge_add(builder, &edge)};
}
