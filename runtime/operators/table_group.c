/* SPDX-License-Identifier: Apache-2.0
 *
 * group_by of a table. Each change becomes one message, or two if the old and the new row have
 * different keys: the old value is subtracted from its group, the new one is added to its own
 * (Kafka's KTableRepartitionMap). The groups are always behind a repartition topic. */
#include "operators/table_group.h"

#include "operators/change_serde.h"

typedef struct group_op {
    weir_map_fn fn;
    void *user;
} group_op;

typedef struct pair {
    const void *key;
    const void *value; /* NULL: this side is absent */
} pair;

static weir_err map(weir_ctx *ctx, const group_op *op, const weir_record *in, const void *value,
                    pair *out)
{
    const weir__node *node = ctx->node->spec;
    *out = (pair){0};
    if (value == NULL) {
        return WEIR_OK;
    }
    weir_record row = *in;
    row.value = value;
    void *key = weir__out_new(ctx, node->key);
    void *mapped = weir__out_new(ctx, node->value);
    weir_err err =
        key != NULL && mapped != NULL ? op->fn(ctx, &row, key, mapped, op->user) : WEIR_ENOMEM;
    err = weir__guards_check(ctx, "the group_by function", err);
    if (err == WEIR_OK) {
        pair made = {weir__out_take(ctx, node->key, key), weir__out_take(ctx, node->value, mapped)};
        *out = made.key != NULL && made.value != NULL ? made : (pair){0};
    }
    return err;
}

static weir_err send(weir_ctx *ctx, const void *key, weir__change change, const weir_record *in)
{
    return weir__forward_new(ctx, key, &change, in->timestamp_ms);
}

static weir_err group(weir_ctx *ctx, const weir_record *in, void *state)
{
    const group_op *op = state;
    const weir__change *change = in->value;
    pair new_pair;
    pair old_pair;
    bool same = false;
    weir_err err = map(ctx, op, in, change->new_value, &new_pair);
    if (err == WEIR_OK) {
        err = map(ctx, op, in, change->old_value, &old_pair);
    }
    if (err == WEIR_OK && new_pair.value != NULL && old_pair.value != NULL) {
        err = weir__same_key(ctx, new_pair.key, old_pair.key, &same);
    }
    if (err == WEIR_OK && same) {
        return send(ctx, new_pair.key,
                    (weir__change){.new_value = new_pair.value, .old_value = old_pair.value}, in);
    }
    if (err == WEIR_OK && old_pair.value != NULL) {
        err = send(ctx, old_pair.key, (weir__change){.old_value = old_pair.value}, in);
    }
    if (err == WEIR_OK && new_pair.value != NULL) {
        err = send(ctx, new_pair.key, (weir__change){.new_value = new_pair.value}, in);
    }
    return err;
}

static const weir__operator group_operator = {
    .work = {"table_group_by", NULL, group, NULL},
    .prefix = "KTABLE-SELECT-",
    .facts = WEIR__NEEDS_OLD_VALUES | WEIR__IGNORES_OUT_OF_ORDER,
};

weir_grouped_table weir_table_group_by(weir_table in, const char *name, const weir_serde *key,
                                       const weir_serde *value, weir_map_fn fn, void *user)
{
    weir_builder *builder = in.builder;
    weir_grouped_table failed = {builder, -1};
    const weir__edge *from = weir__edge_of(builder, in.node, WEIR__TABLE);
    if (from == NULL || !weir__has_function(builder, &group_operator, name, in.node, fn != NULL)) {
        return failed;
    }
    group_op op = {fn, user};
    weir__operator_at at = {.name = name,
                            .in = from,
                            .key = weir__key_or_default(key),
                            .value = weir__value_or_default(value)};
    weir__edge edge = {.kind = WEIR__GROUPED_TABLE, .repartitioned = -1};
    edge.node = weir__operator_add(builder, &group_operator, &op, sizeof op, &at);
    edge.key = at.key;
    edge.value = at.value;
    edge.name = name != NULL ? weir__builder_text(builder, "%s", name) : NULL;
    return edge.node >= 0 ? (weir_grouped_table){builder, weir__edge_add(builder, &edge)} : failed;
}

/* ---- Aggregations ------------------------------------------------------------------------- */

const weir__edge *weir__grouped_table_of(weir_grouped_table in)
{
    return weir__edge_of(in.builder, in.node, WEIR__GROUPED_TABLE);
}

/* Kafka takes the numbers of sink and source also when the topic is shared. */
static const weir__edge *input_of(weir_builder *builder, weir__edge *grouped, const char *store,
                                  const char *node)
{
    const char *sink = node != NULL ? weir__builder_text(builder, "%s-sink", node) : NULL;
    const char *source = node != NULL ? weir__builder_text(builder, "%s-source", node) : NULL;
    weir__repartition_names names = {NULL, weir__builder_name(builder, sink, "KSTREAM-SINK-"),
                                     weir__builder_name(builder, source, "KSTREAM-SOURCE-")};
    if (!weir__builder_ok(builder)) {
        return NULL;
    }
    if (grouped->repartitioned >= 0) {
        return builder->edges[grouped->repartitioned];
    }
    const char *name = grouped->name != NULL ? grouped->name : store;
    if (name == NULL) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY,
                           "the grouping '%s' has a repartition topic: name it, or the store of "
                           "its aggregation",
                           builder->nodes[grouped->node]->node.name);
        return NULL;
    }
    names.topic = weir__repartition_topic(builder, name);
    weir__edge sent = *grouped;
    sent.value = weir__builder_wrap(builder, &weir__change_serde, grouped->value);
    const weir__edge *edge =
        sent.value != NULL ? weir__repartition_nodes(builder, &sent, grouped->node, &names, NULL)
                           : NULL;
    if (edge != NULL && grouped->name != NULL) {
        grouped->repartitioned = (int)builder->edge_count - 1;
    }
    return edge;
}

weir_table weir__table_aggregation_add(weir_grouped_table in, const weir__aggregation *spec)
{
    weir_builder *builder = in.builder;
    weir_table failed = {builder, -1};
    if (weir__grouped_table_of(in) == NULL) {
        return failed;
    }
    const char *store = spec->store;
    if (store == NULL) {
        const char *prefix = weir__builder_text(builder, "%sSTATE-STORE-", spec->kind->prefix);
        store = weir__builder_name(builder, NULL, prefix);
    }
    const char *given = spec->opts != NULL ? spec->opts->node : NULL;
    const weir__edge *from = input_of(builder, builder->edges[in.node], spec->store, given);
    const char *name = weir__builder_name(builder, given, spec->kind->prefix);
    if (from == NULL || name == NULL) {
        return failed;
    }
    weir__aggregation_check(builder, from, spec, name);
    weir__operator_at at = {.name = name,
                            .named = true,
                            .in = from,
                            .value = spec->value,
                            .result = WEIR__RESULT_OF_OPTS};
    weir__edge edge = *from;
    edge.kind = WEIR__TABLE;
    edge.node = weir__operator_add(builder, spec->kind, spec->op, spec->size, &at);
    edge.value = spec->value;
    if (edge.node < 0 || weir__table_store(builder, &edge, store, spec->opts, true) < 0) {
        return failed;
    }
    return (weir_table){builder, weir__edge_add(builder, &edge)};
}

weir_err weir__table_aggregate(weir_ctx *ctx, const weir_record *in, weir__table_step_fn step)
{
    const weir__change *change = in->value;
    weir__timed row;
    weir_record part = *in;
    int64_t timestamp_ms = in->timestamp_ms;
    if (in->key == NULL || change == NULL) {
        return weir_fail(ctx, WEIR_EINVAL, "a change of a grouped table has no key or no value");
    }
    weir_err err = weir__table_read(ctx, ctx->node->spec->index, in->key, &row);
    const void *aggregate = row.value;
    bool took_row = row.value != NULL && (change->old_value != NULL || change->new_value != NULL);
    if (err == WEIR_OK && row.value != NULL && change->old_value != NULL) {
        part.value = change->old_value;
        err = step(ctx, &part, false, aggregate, &aggregate);
    }
    if (err == WEIR_OK && change->new_value != NULL) {
        part.value = change->new_value;
        err = step(ctx, &part, true, aggregate, &aggregate);
    }
    if (took_row) {
        timestamp_ms = weir__later(timestamp_ms, row.timestamp_ms);
    }
    weir__change result = {.new_value = aggregate, .old_value = row.value};
    return err == WEIR_OK ? weir__table_put(ctx, in->key, result, timestamp_ms) : err;
}
