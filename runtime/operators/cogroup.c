/* SPDX-License-Identifier: Apache-2.0
 *
 * cogroup: several grouped streams into one aggregate (KIP-150). A cogroup is no node. Its
 * aggregation adds a node for each input, which share one store, and a node below them, which is
 * the table:
 *
 *     <input 0> --> <name>-cogroup-agg-0 --> <name>-cogroup-merge
 *     <input 1> --> <name>-cogroup-agg-1 -->                        */
#include "operators/cogroup.h"

#include "operators/windowed.h"

/* ---- The inputs --------------------------------------------------------------------------- */

static bool has_aggregator(weir_builder *builder, const weir__edge *grouped, weir_aggregator_fn fn)
{
    if (fn == NULL) {
        weir__builder_fail(builder, WEIR_EINVAL,
                           "cogroup of the grouping below '%s' needs an aggregator",
                           builder->nodes[grouped->node]->node.name);
    }
    return weir__builder_ok(builder);
}

/* A cogroup with the inputs of `from` (NULL: none) and one more. */
static weir_cogrouped add(weir_builder *builder, const weir__edge *from,
                          const weir__cogroup_input *input)
{
    size_t count = from != NULL ? from->input_count : 0;
    weir__cogroup_input *inputs = weir__builder_alloc(builder, (count + 1) * sizeof *inputs);
    if (inputs == NULL) {
        return (weir_cogrouped){builder, -1};
    }
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        inputs[i] = from->inputs[i];
        at += at == i && inputs[i].grouped != input->grouped;
    }
    inputs[at] = *input;
    weir__edge edge = from != NULL ? *from : *builder->edges[input->grouped];
    edge.kind = WEIR__COGROUPED;
    edge.inputs = inputs;
    edge.input_count = at == count ? count + 1 : count;
    return (weir_cogrouped){builder, weir__edge_add(builder, &edge)};
}

weir_cogrouped weir_cogroup(weir_grouped in, weir_aggregator_fn fn, void *user)
{
    weir_builder *builder = in.builder;
    const weir__edge *grouped = weir__edge_of(builder, in.node, WEIR__GROUPED);
    if (grouped == NULL || !has_aggregator(builder, grouped, fn)) {
        return (weir_cogrouped){builder, -1};
    }
    return add(builder, NULL, &(weir__cogroup_input){in.node, fn, user});
}

weir_cogrouped weir_cogroup_add(weir_cogrouped in, weir_grouped grouped, weir_aggregator_fn fn,
                                void *user)
{
    weir_builder *builder = in.builder;
    weir_cogrouped failed = {builder, -1};
    weir__pair pair = {"cogroup",
                       NULL,
                       {"grouping", builder, in.node},
                       {"grouping", grouped.builder, grouped.node}};
    if (weir__pair_label(&pair) == NULL) {
        return failed;
    }
    const weir__edge *from = weir__edge_of(builder, in.node, WEIR__COGROUPED);
    const weir__edge *more = weir__edge_of(builder, grouped.node, WEIR__GROUPED);
    if (from == NULL || more == NULL || !has_aggregator(builder, more, fn)) {
        return failed;
    }
    return add(builder, from, &(weir__cogroup_input){grouped.node, fn, user});
}

/* ---- The table ---------------------------------------------------------------------------- */

/* The rows are those of the store that the inputs share. */
static weir_err read_input(weir_ctx *ctx, const weir__node *table, const void *key,
                           weir__timed *out)
{
    return weir__table_read(ctx, table->parents[0], key, out);
}

static const weir__operator merge_operator = {
    .work = {"cogroup_merge", NULL, weir__pass, NULL},
    .prefix = "COGROUPKSTREAM-MERGE-",
    .facts = WEIR__GIVES_TABLE | WEIR__READS_PARENTS | WEIR__PASSES_VERSIONS | WEIR__PASSES_HISTORY,
    .read = read_input,
};

/* The inputs, behind their repartition topics; NULL after an error. */
static const weir__edge **find_inputs(weir_builder *builder, const weir__edge *cogroup,
                                      const char *what, const char *store)
{
    size_t count = cogroup->input_count;
    const weir__edge **inputs = weir__builder_alloc(builder, count * sizeof(weir__edge *));
    weir__ints sources = {0};
    for (size_t i = 0; i < count && weir__builder_ok(builder); i++) {
        weir__edge *grouped = builder->edges[cogroup->inputs[i].grouped];
        inputs[i] = weir__aggregation_input(builder, grouped, store);
        if (inputs[i] == NULL) {
            return NULL;
        }
        weir__ints_add_all(builder, &sources, &inputs[i]->sources);
        weir__builder_check_types(
            builder,
            &(weir__type_check){inputs[0]->key, inputs[i]->key, what, "the key of its first input",
                                weir__builder_text(builder, "the key of input %zu", i)});
    }
    weir__builder_copartition(builder, &sources, what);
    return weir__builder_ok(builder) ? inputs : NULL;
}

static int add_node(weir_builder *builder, const weir__edge *cogroup, size_t index,
                    const weir__edge *in, const weir__edge *table, const weir__cogroup *spec)
{
    const weir__cogroup_input *input = &cogroup->inputs[index];
    const char *name = spec->opts != NULL ? spec->opts->node : NULL;
    weir__operator_at at = {
        .in = in, .key = table->key, .value = table->value, .result = WEIR__RESULT_OF_OPTS};
    if (name != NULL) {
        at.name = weir__builder_text(builder, "%s-cogroup-agg-%zu", name, index);
    }
    if (cogroup->windows == NULL) {
        weir__aggregate_op op = {spec->init, spec->user, input->fn, input->user};
        return weir__operator_add(builder, spec->kind, &op, sizeof op, &at);
    }
    weir__fold fold = {.type = WEIR__AGGREGATE,
                       .init = spec->init,
                       .merge = spec->merge,
                       .init_user = spec->user,
                       .add = input->fn,
                       .user = input->user};
    weir__windowed_op op = {fold, cogroup->windows};
    return weir__operator_add(builder, spec->kind, &op, sizeof op, &at);
}

/* The cache forwards changes by the node of the last input, as in Kafka. */
static weir__ints add_inputs(weir_builder *builder, const weir__edge *cogroup,
                             const weir__edge **inputs, weir__edge table, const char *store,
                             const weir__cogroup *spec)
{
    weir__ints nodes = {0};
    int store_index = -1;
    for (size_t i = 0; i < cogroup->input_count; i++) {
        table.node = add_node(builder, cogroup, i, inputs[i], &table, spec);
        if (table.node < 0) {
            break;
        }
        weir__ints_add(builder, &nodes, table.node);
        if (i > 0) {
            weir__builder_own_store(builder, table.node, store_index);
        } else if (cogroup->windows != NULL) {
            store_index = weir__windowed_store(builder, &table, inputs[0]->key, store, spec->opts);
        } else {
            store_index = weir__table_store(builder, &table, store, spec->opts, true);
        }
    }
    return nodes;
}

/* The node of the table, below those of the inputs. */
static weir_table add_table(weir_builder *builder, weir__edge *table, const weir__ints *nodes,
                            const char *name)
{
    weir_table failed = {builder, -1};
    weir__edge first = *table;
    first.node = nodes->at[0];
    weir__operator_at at = {
        .name = name != NULL ? weir__builder_text(builder, "%s-cogroup-merge", name) : NULL,
        .in = &first};
    table->node = weir__operator_add(builder, &merge_operator, NULL, 0, &at);
    for (size_t i = 1; i < nodes->count && table->node >= 0; i++) {
        weir__builder_parent(builder, table->node, nodes->at[i]);
    }
    return table->node >= 0 ? (weir_table){builder, weir__edge_add(builder, table)} : failed;
}

weir_table weir__cogroup_add(weir_builder *builder, const weir__edge *cogroup,
                             const weir__cogroup *spec)
{
    weir_table failed = {builder, -1};
    const weir__windowing *windows = cogroup->windows;
    const char *name = spec->opts != NULL ? spec->opts->node : NULL;
    const char *store = spec->store;
    if (store == NULL) {
        store = weir__builder_name(builder, NULL, WEIR__COGROUP_PREFIX "STATE-STORE-");
    }
    const char *label = name != NULL ? name : store;
    const char *what = weir__builder_text(builder, "cogroup '%s'", label);
    const weir__edge **inputs =
        weir__builder_ok(builder) ? find_inputs(builder, cogroup, what, spec->store) : NULL;
    if (inputs == NULL) {
        return failed;
    }
    const weir_serde *key = inputs[0]->key;
    weir__aggregation types = {.kind = spec->kind, .value = spec->value, .opts = spec->opts};
    weir__aggregation_check(builder, inputs[0], &types, label);
    weir__edge table = {.kind = WEIR__TABLE,
                        .key =
                            windows != NULL ? weir__builder_windowed(builder, windows, key) : key,
                        .value = spec->value,
                        .repartitioned = -1,
                        .windows = windows};
    for (size_t i = 0; i < cogroup->input_count; i++) {
        weir__ints_add_all(builder, &table.sources, &inputs[i]->sources);
    }
    weir__ints nodes = add_inputs(builder, cogroup, inputs, table, store, spec);
    return weir__builder_ok(builder) ? add_table(builder, &table, &nodes, name) : failed;
}

/* ---- Without windows ---------------------------------------------------------------------- */

static const weir__operator cogroup_operator = {
    .work = {"cogroup", NULL, weir__aggregate, NULL},
    .prefix = WEIR__COGROUP_PREFIX,
    .facts = WEIR__GIVES_TABLE,
};

weir_table weir_cogroup_aggregate(weir_cogrouped in, weir_initializer_fn init, void *user,
                                  const char *store, const weir_store_opts *opts)
{
    const weir__edge *cogroup = weir__edge_of(in.builder, in.node, WEIR__COGROUPED);
    if (cogroup == NULL || !weir__aggregation_given(in.builder, init != NULL,
                                                    cogroup_operator.work.name, store, in.node)) {
        return (weir_table){in.builder, -1};
    }
    weir__cogroup spec = {.kind = &cogroup_operator,
                          .init = init,
                          .user = user,
                          .value = weir__value_or_default(opts != NULL ? opts->value : NULL),
                          .store = store,
                          .opts = opts};
    return weir__cogroup_add(in.builder, cogroup, &spec);
}
