/* SPDX-License-Identifier: Apache-2.0
 *
 * join and left_join of a stream with a table. */
#include "operators/join.h"

static const weir__operator join_operator = {
    .work = {"join", NULL, weir__join_process, NULL},
    .prefix = "KSTREAM-JOIN-",
};

static const weir__operator left_join_operator = {
    .work = {"join", NULL, weir__join_process, NULL},
    .prefix = "KSTREAM-LEFTJOIN-",
    .facts = WEIR__KEEPS_NULL_KEYS,
};

/* The left side, behind a repartition topic if it needs one; NULL after an error. */
static const weir__edge *left_side(weir_builder *builder, const weir__edge *from, const char *name,
                                   const char *what)
{
    if (!weir__edge_key_changed(builder, from)) {
        return from;
    }
    if (name == NULL) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY,
                           "%s: the left side must be repartitioned, so the join needs a name",
                           what);
        return NULL;
    }
    return weir__repartition(builder, from, name, NULL);
}

weir_stream weir__table_join_add(weir_stream left, weir_table right, const weir__table_join *join)
{
    weir_builder *builder = left.builder;
    weir_stream failed = {builder, -1};
    const char *name = join->name;
    weir__pair pair = {weir__join_label(join->op),
                       name,
                       {"stream", builder, left.node},
                       {"table", right.builder, right.node}};
    const char *what = weir__join_check(join->op, &pair);
    if (what == NULL) {
        return failed;
    }
    const weir__edge *from = weir__edge_of(builder, left.node, WEIR__STREAM);
    const weir__edge *table = weir__edge_of(builder, right.node, WEIR__TABLE);
    if (from == NULL || table == NULL) {
        return failed;
    }
    join->op->table = table->node;
    weir__builder_check_types(
        builder, &(weir__type_check){from->key, table->key, what, "left key", "table key"});
    from = left_side(builder, from, name, what);
    weir__operator_at at = {.name = name,
                            .in = from,
                            .value = weir__value_or_default(join->value),
                            .what = what,
                            .result = "its result"};
    int index =
        from != NULL ? weir__operator_add(builder, join->kind, join->op, join->size, &at) : -1;
    if (index < 0) {
        return failed;
    }
    weir__builder_read(builder, index, table->node);
    weir__edge edge = {.kind = WEIR__STREAM,
                       .node = index,
                       .key = from->key,
                       .value = builder->nodes[index]->node.value,
                       .repartitioned = -1,
                       .windows = weir__windows_later(from->windows, table->windows)};
    weir__ints_add_all(builder, &edge.sources, &from->sources);
    weir__ints_add_all(builder, &edge.sources, &table->sources);
    weir__builder_copartition(builder, &edge.sources, what);
    return (weir_stream){builder, weir__edge_add(builder, &edge)};
}

static weir_stream add(weir_stream left, weir_table right, const weir_serde *value, weir__join op,
                       const weir_named *named)
{
    weir__table_join join = {.kind = op.left ? &left_join_operator : &join_operator,
                             .name = weir__name_of(named),
                             .value = value,
                             .op = &op,
                             .size = sizeof op};
    return weir__table_join_add(left, right, &join);
}

weir_stream weir_join_table(weir_stream left, weir_table right, const weir_serde *value,
                            weir_joiner_fn fn, void *user, const weir_named *named)
{
    return add(left, right, value, (weir__join){.fn = fn, .user = user}, named);
}

weir_stream weir_left_join_table(weir_stream left, weir_table right, const weir_serde *value,
                                 weir_joiner_fn fn, void *user, const weir_named *named)
{
    return add(left, right, value, (weir__join){.fn = fn, .user = user, .left = true}, named);
}
