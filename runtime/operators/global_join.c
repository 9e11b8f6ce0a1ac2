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

/* The key that is looked for: what key_fn gives, or the record's. */
static void check_key(weir_builder *builder, const char *what, const weir_global_join_opts *opts,
                      const weir__edge *from, const weir__edge *table)
{
    bool given = opts != NULL && opts->key_fn != NULL;
    weir__type_check check = {from->key, table->key, what, "left key", "table key"};
    if (given) {
        check.left = opts->key != NULL ? opts->key : table->key;
        check.left_role = "what key_fn gives";
    } else if (opts != NULL && opts->key != NULL) {
        weir__builder_fail(builder, WEIR_EINVAL, "%s: `key` is for a key_fn, which is NULL", what);
    }
    weir__builder_check_types(builder, &check);
}

static weir_stream add(weir_stream left, weir_global_table right, const weir_serde *value,
                       weir__join op, const weir_global_join_opts *opts)
{
    weir_builder *builder = left.builder;
    weir_stream failed = {builder, -1};
    const char *name = opts != NULL ? opts->name : NULL;
    op.key_fn = opts != NULL ? opts->key_fn : NULL;
    weir__pair pair = {weir__join_label(&op),
                       name,
                       {"stream", builder, left.node},
                       {"global table", right.builder, right.node}};
    const char *what = weir__join_check(&op, &pair);
    if (what == NULL) {
        return failed;
    }
    const weir__edge *from = weir__edge_of(builder, left.node, WEIR__STREAM);
    const weir__edge *table = weir__edge_of(builder, right.node, WEIR__GLOBAL_TABLE);
    if (from == NULL || table == NULL) {
        return failed;
    }
    op.table = table->node;
    check_key(builder, what, opts, from, table);
    weir__operator_at at = {
        .name = name, .value = weir__value_or_default(value), .what = what, .result = "its result"};
    return weir__stream_add(left, op.left ? &left_join_operator : &join_operator, &op, sizeof op,
                            at);
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
