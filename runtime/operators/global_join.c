/* SPDX-License-Identifier: Apache-2.0
 *
 * join and left_join of a stream with a global table. */
#include "operators/join.h"

/* Kafka uses this prefix for both kinds. */
static const weir__operator join_operator = {
    .work = {"join", NULL, weir__join_process, NULL},
    .prefix = "KSTREAM-LEFTJOIN-",
};

static const weir__operator left_join_operator = {
    .work = {"join", NULL, weir__join_process, NULL},
    .prefix = "KSTREAM-LEFTJOIN-",
    .facts = WEIR__KEEPS_NULL_KEYS,
};

static void check_key(weir_builder *builder, const weir__join *op, const weir__edge *from,
                      const weir__edge *table, int node)
{
    const char *what = weir__builder_text(builder, "%s '%s' with global table '%s'",
                                          weir__join_label(op), builder->nodes[node]->node.name,
                                          weir__builder_table_name(builder, table->node));
    weir__builder_check_types(
        builder, &(weir__type_check){from->key, table->key, what, "left key", "table key"});
}

static weir_stream add(weir_stream left, weir_global_table right, const weir_serde *value,
                       weir__join op, const weir_global_join_opts *opts)
{
    weir_builder *builder = left.builder;
    weir_stream failed = {builder, -1};
    const char *name = opts != NULL ? opts->name : NULL;
    op.key_fn = opts != NULL ? opts->key_fn : NULL;
    if (!weir__join_check(builder, right.builder, &op, name)) {
        return failed;
    }
    const weir__edge *from = weir__edge_of(builder, left.node, WEIR__STREAM);
    const weir__edge *table = weir__edge_of(builder, right.node, WEIR__GLOBAL_TABLE);
    if (from == NULL || table == NULL) {
        return failed;
    }
    op.table = table->node;
    weir_stream out =
        weir__stream_add(left, op.left ? &left_join_operator : &join_operator, &op, sizeof op,
                         (weir__operator_at){.name = name, .value = weir__value_or_default(value)});
    const weir__edge *made = weir__edge_of(builder, out.node, WEIR__STREAM);
    if (made != NULL && op.key_fn == NULL) {
        check_key(builder, &op, from, table, made->node);
    }
    return out;
}

weir_stream weir_join_global(weir_stream left, weir_global_table right, const weir_serde *value,
                             weir_joiner_fn fn, void *user, const weir_global_join_opts *opts)
{
    return add(left, right, value, (weir__join){.fn = fn, .user = user}, opts);
}

weir_stream weir_left_join_global(weir_stream left, weir_global_table right,
                                  const weir_serde *value, weir_joiner_fn fn, void *user,
                                  const weir_global_join_opts *opts)
{
    return add(left, right, value, (weir__join){.fn = fn, .user = user, .left = true}, opts);
}
