/* SPDX-License-Identifier: Apache-2.0
 *
 * Stateless operators: each is one node. */
#include "dsl/edges.h"

static const weir_serde *or_default(const weir_serde *given, const weir_serde *standard)
{
    return given != NULL ? given : standard;
}

/* A node without its function is an error; the error names the kind of the node. */
static weir_stream add(weir_stream in, weir__node_spec spec, const void *op, size_t size,
                       bool has_function)
{
    weir_builder *builder = in.builder;
    if (weir__builder_ok(builder) && !has_function) {
        weir__builder_fail(builder, WEIR_EINVAL, "%s%s%s%s needs a function", spec.ops->name,
                           spec.name != NULL ? " '" : "", spec.name != NULL ? spec.name : "",
                           spec.name != NULL ? "'" : "");
    }
    if (!weir__builder_ok(builder)) {
        return (weir_stream){builder, -1};
    }
    spec.user = weir__op_copy(builder, op, size);
    return weir__stream_node(in, &spec);
}

static weir_stream add_filter(weir_stream in, weir__filter op, const weir_named *named)
{
    weir__node_spec spec = {
        .name = weir__name_of(named), .prefix = "KSTREAM-FILTER-", .ops = &weir__filter_ops};
    return add(in, spec, &op, sizeof op, op.fn != NULL);
}

weir_stream weir_filter(weir_stream in, weir_filter_fn fn, void *user, const weir_named *named)
{
    return add_filter(in, (weir__filter){fn, user, false}, named);
}

weir_stream weir_filter_not(weir_stream in, weir_filter_fn fn, void *user, const weir_named *named)
{
    return add_filter(in, (weir__filter){fn, user, true}, named);
}

weir_stream weir_map(weir_stream in, const weir_serde *key, const weir_serde *value, weir_map_fn fn,
                     void *user, const weir_named *named)
{
    weir__map_op op = {fn, user};
    weir__node_spec spec = {.name = weir__name_of(named),
                            .prefix = "KSTREAM-MAP-",
                            .ops = &weir__map_ops,
                            .key = or_default(key, &weir__default_key),
                            .value = or_default(value, &weir__default_value),
                            .rekeys = true};
    return add(in, spec, &op, sizeof op, fn != NULL);
}

weir_stream weir_map_values(weir_stream in, const weir_serde *value, weir_map_values_fn fn,
                            void *user, const weir_named *named)
{
    weir__map_values op = {fn, user};
    weir__node_spec spec = {.name = weir__name_of(named),
                            .prefix = "KSTREAM-MAPVALUES-",
                            .ops = &weir__map_values_ops,
                            .value = or_default(value, &weir__default_value)};
    return add(in, spec, &op, sizeof op, fn != NULL);
}

weir_stream weir_flat_map(weir_stream in, const weir_serde *key, const weir_serde *value,
                          weir_flat_map_fn fn, void *user, const weir_named *named)
{
    weir__flat_map op = {fn, user};
    weir__node_spec spec = {.name = weir__name_of(named),
                            .prefix = "KSTREAM-FLATMAP-",
                            .ops = &weir__flat_map_ops,
                            .key = or_default(key, &weir__default_key),
                            .value = or_default(value, &weir__default_value),
                            .rekeys = true};
    return add(in, spec, &op, sizeof op, fn != NULL);
}

weir_stream weir_flat_map_values(weir_stream in, const weir_serde *value, weir_flat_map_fn fn,
                                 void *user, const weir_named *named)
{
    weir__flat_map op = {fn, user};
    weir__node_spec spec = {.name = weir__name_of(named),
                            .prefix = "KSTREAM-FLATMAPVALUES-",
                            .ops = &weir__flat_map_ops,
                            .value = or_default(value, &weir__default_value)};
    return add(in, spec, &op, sizeof op, fn != NULL);
}

weir_stream weir_select_key(weir_stream in, const weir_serde *key, weir_select_key_fn fn,
                            void *user, const weir_named *named)
{
    weir__select_key op = {fn, user};
    weir__node_spec spec = {.name = weir__name_of(named),
                            .prefix = "KSTREAM-KEY-SELECT-",
                            .ops = &weir__select_key_ops,
                            .key = or_default(key, &weir__default_key),
                            .rekeys = true};
    return add(in, spec, &op, sizeof op, fn != NULL);
}

weir_stream weir_peek(weir_stream in, weir_for_each_fn fn, void *user, const weir_named *named)
{
    weir__for_each op = {fn, user, true};
    weir__node_spec spec = {
        .name = weir__name_of(named), .prefix = "KSTREAM-PEEK-", .ops = &weir__for_each_ops};
    return add(in, spec, &op, sizeof op, fn != NULL);
}

void weir_for_each(weir_stream in, weir_for_each_fn fn, void *user, const weir_named *named)
{
    weir__for_each op = {fn, user, false};
    weir__node_spec spec = {
        .name = weir__name_of(named), .prefix = "KSTREAM-FOREACH-", .ops = &weir__for_each_ops};
    add(in, spec, &op, sizeof op, fn != NULL);
}

/* ---- Merge and split ---------------------------------------------------------------------- */

weir_stream weir_merge(weir_stream left, weir_stream right, const weir_named *named)
{
    weir_builder *builder = left.builder;
    weir_stream failed = {builder, -1};
    if (builder != right.builder) {
        /* One of them may be a handle that was never set. */
        weir__builder_fail(builder, WEIR_EINVAL, "merge of streams of two builders");
        weir__builder_fail(right.builder, WEIR_EINVAL, "merge of streams of two builders");
        return failed;
    }
    const weir__edge *one = weir__edge_of(builder, left.node, WEIR__STREAM);
    const weir__edge *other = weir__edge_of(builder, right.node, WEIR__STREAM);
    if (one == NULL || other == NULL) {
        return failed;
    }
    weir_stream merged = weir__stream_node(left, &(weir__node_spec){.name = weir__name_of(named),
                                                                    .prefix = "KSTREAM-MERGE-",
                                                                    .ops = &weir__pass_ops});
    if (!weir__builder_ok(builder)) {
        return failed;
    }
    weir__edge *edge = builder->edges[merged.node];
    weir__builder_parent(builder, edge->node, other->node);
    edge->rekeyed = one->rekeyed || other->rekeyed;
    weir__ints_add_all(builder, &edge->sources, &other->sources);
    const char *what =
        weir__builder_text(builder, "merge '%s'", builder->nodes[edge->node]->node.name);
    weir__builder_check_types(
        builder, &(weir__type_check){one->key, other->key, what, "left key", "right key"});
    weir__builder_check_types(
        builder, &(weir__type_check){one->value, other->value, what, "left value", "right value"});
    return merged;
}

static bool default_is_last(const weir_branch *branches, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++) {
        if (branches[i].fn == NULL) {
            return false;
        }
    }
    return true;
}

/* Kafka numbers branches without a name from 1; the default branch is 0. */
static const char *branch_name(weir_builder *builder, const char *split, const weir_branch *branch,
                               size_t index)
{
    if (branch->name != NULL) {
        return weir__builder_text(builder, "%s%s", split, branch->name);
    }
    return weir__builder_text(builder, "%s%zu", split, branch->fn != NULL ? index + 1 : 0);
}

void weir_split(weir_stream in, const weir_branch *branches, size_t count, weir_stream *out,
                const weir_named *named)
{
    weir_builder *builder = in.builder;
    for (size_t i = 0; out != NULL && i < count; i++) {
        out[i] = (weir_stream){builder, -1};
    }
    if (!weir__builder_given(builder, out != NULL, __func__, "out") ||
        !weir__builder_given(builder, branches != NULL, __func__, "branches")) {
        return;
    }
    if (count == 0 || !default_is_last(branches, count)) {
        weir__builder_fail(builder, WEIR_EINVAL,
                           "split needs branches, and a function for each but the last");
        return;
    }
    weir__split op = {weir__op_copy(builder, branches, count * sizeof *branches), count};
    weir_stream split =
        weir__stream_node(in, &(weir__node_spec){.name = weir__name_of(named),
                                                 .prefix = "KSTREAM-BRANCH-",
                                                 .ops = &weir__split_ops,
                                                 .user = weir__op_copy(builder, &op, sizeof op)});
    for (size_t i = 0; i < count && weir__builder_ok(builder); i++) {
        const char *name = builder->nodes[builder->edges[split.node]->node]->node.name;
        out[i] = weir__stream_node(
            split, &(weir__node_spec){.name = branch_name(builder, name, &branches[i], i),
                                      .ops = &weir__pass_ops});
    }
}

/* ---- Repartition and process -------------------------------------------------------------- */

weir_stream weir_repartition(weir_stream in, const char *name, const weir_repartition_opts *opts)
{
    weir_builder *builder = in.builder;
    weir_stream failed = {builder, -1};
    const weir__edge *from = weir__edge_of(builder, in.node, WEIR__STREAM);
    if (from == NULL) {
        return failed;
    }
    if (name == NULL || (opts != NULL && opts->partitions < 0)) {
        weir__builder_fail(builder, WEIR_EINVAL,
                           "repartition needs a name for its topic and no negative number of "
                           "partitions");
        return failed;
    }
    const char *what = weir__builder_text(builder, "repartition '%s'", name);
    if (opts != NULL && opts->key != NULL) {
        weir__builder_check_types(builder, &(weir__type_check){from->key, opts->key, what,
                                                               "the stream's key", "its key"});
    }
    if (opts != NULL && opts->value != NULL) {
        weir__builder_check_types(builder, &(weir__type_check){from->value, opts->value, what,
                                                               "the stream's value", "its value"});
    }
    const weir__edge *edge = weir__repartition(builder, from, name, opts);
    return edge != NULL ? (weir_stream){builder, weir__edge_add(builder, edge)} : failed;
}

static weir_stream add_process(weir_stream in, weir__node_spec spec, const weir_processor_ops *ops,
                               const weir_process_opts *opts)
{
    weir_builder *builder = in.builder;
    if (weir__builder_ok(builder) && (ops == NULL || ops->process == NULL)) {
        weir__builder_fail(builder, WEIR_EINVAL, "process '%s' needs a process function",
                           opts != NULL && opts->name != NULL ? opts->name : "");
    }
    spec.name = opts != NULL ? opts->name : NULL;
    spec.ops = ops;
    weir_stream out = weir__stream_node(in, &spec);
    for (size_t i = 0; opts != NULL && opts->stores != NULL && opts->stores[i] != NULL &&
                       weir__builder_ok(builder);
         i++) {
        weir_connect(builder, builder->nodes[builder->edges[out.node]->node]->node.name,
                     opts->stores[i]);
    }
    return out;
}

weir_stream weir_process(weir_stream in, const weir_serde *key, const weir_serde *value,
                         const weir_processor_ops *ops, void *user, const weir_process_opts *opts)
{
    weir__node_spec spec = {.prefix = "KSTREAM-PROCESSOR-",
                            .user = user,
                            .key = or_default(key, &weir__default_key),
                            .value = or_default(value, &weir__default_value),
                            .rekeys = true};
    return add_process(in, spec, ops, opts);
}

weir_stream weir_process_values(weir_stream in, const weir_serde *value,
                                const weir_processor_ops *ops, void *user,
                                const weir_process_opts *opts)
{
    weir__node_spec spec = {.prefix = "KSTREAM-PROCESSVALUES-",
                            .user = user,
                            .value = or_default(value, &weir__default_value)};
    weir_stream out = add_process(in, spec, ops, opts);
    if (weir__builder_ok(out.builder)) {
        out.builder->nodes[out.builder->edges[out.node]->node]->node.fixed_key = true;
    }
    return out;
}
