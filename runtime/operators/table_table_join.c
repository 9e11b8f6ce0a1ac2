/* SPDX-License-Identifier: Apache-2.0
 *
 * join, left_join and outer_join of two tables. Three nodes: each side joins its changes with the
 * rows of the other table, and a third one has both results, and the store if there is one.
 *
 *     left  --> <j>-join-this  --> <j>
 *     right --> <j>-join-other --> <j> */
#include "operators/aggregation.h"
#include "operators/join.h"

typedef struct side_op {
    weir_joiner_fn fn;
    void *user;
    int other;        /* the node of the other table */
    bool swapped;     /* this side is the right one */
    bool needs_other; /* no result without a row of the other table */
    bool takes_null;  /* joined also without a row of its own, if the other table has one */
} side_op;

/* Of one side's value and the other side's row, both of that key. */
static weir_err call(weir_ctx *ctx, const weir__node *node, const void *key, weir__timed own,
                     weir__timed other, const void **out)
{
    const side_op *op = node->user;
    *out = NULL;
    if (own.value == NULL && (!op->takes_null || other.value == NULL)) {
        return WEIR_OK;
    }
    weir__join_input both = {key, op->swapped ? other.value : own.value,
                             op->swapped ? own.value : other.value,
                             weir__later(own.timestamp_ms, other.timestamp_ms)};
    return weir__joiner_call(ctx, node->value, op->fn, op->user, &both, out);
}

/* For a change while the other table has no row. Without caches an inner join has no result then:
 * if it had one, the deletion of the other row has deleted it. With a cache, both rows may be
 * deleted before either change is forwarded, so the result is deleted here. */
static bool changes_nothing(const weir_ctx *ctx, const side_op *op, const weir__change *change)
{
    if (change->new_value != NULL) {
        return op->needs_other;
    }
    return op->needs_other ? !weir__table_is_ahead(ctx, op->other) : change->old_value == NULL;
}

static weir_err side(weir_ctx *ctx, const weir_record *in, void *state)
{
    const side_op *op = state;
    const weir__node *node = ctx->node->spec;
    const weir__change *change = in->value;
    weir__change out = {0};
    weir__timed other;
    if (weir__drop_nulls(ctx, in, false)) {
        return WEIR_OK;
    }
    weir_err err = weir__table_read(ctx, op->other, in->key, &other);
    if (err == WEIR_OK && other.value == NULL && changes_nothing(ctx, op, change)) {
        return WEIR_OK;
    }
    if (err == WEIR_OK) {
        weir__timed own = {change->new_value, in->timestamp_ms};
        err = call(ctx, node, in->key, own, other, &out.new_value);
    }
    if (err == WEIR_OK && node->send_old) {
        weir__timed own = {change->old_value, in->timestamp_ms};
        err = call(ctx, node, in->key, own, other, &out.old_value);
    }
    return err == WEIR_OK ? weir__table_forward(ctx, in->key, out,
                                                weir__later(in->timestamp_ms, other.timestamp_ms))
                          : err;
}

static weir_err side_read(weir_ctx *ctx, const weir__node *table, const void *key, weir__timed *out)
{
    const side_op *op = table->user;
    weir__timed own;
    weir__timed other = {NULL, -1};
    weir_err err = weir__table_read(ctx, table->parents[0], key, &own);
    if (err == WEIR_OK) {
        err = weir__table_read(ctx, op->other, key, &other);
    }
    if (err != WEIR_OK || (op->needs_other && other.value == NULL)) {
        return err;
    }
    out->timestamp_ms = weir__later(own.timestamp_ms, other.timestamp_ms);
    return call(ctx, table, key, own, other, &out->value);
}

static weir_err result(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    const weir__change *change = in->value;
    return ctx->node->spec->table_store >= 0
               ? weir__table_put(ctx, in->key, *change, in->timestamp_ms)
               : weir__table_forward(ctx, in->key, *change, in->timestamp_ms);
}

static weir_err result_read(weir_ctx *ctx, const weir__node *table, const void *key,
                            weir__timed *out)
{
    return weir__table_read(ctx, table->parents[0], key, out);
}

#define SIDE_FACTS (WEIR__GIVES_TABLE | WEIR__READS_PARENTS | WEIR__JOINS_TABLES)

#define SIDE(of_prefix, more)                                                                      \
    {                                                                                              \
        .work = {"table_join", NULL, side, NULL}, .prefix = (of_prefix),                           \
        .facts = SIDE_FACTS | WEIR__DROPS_OUT_OF_ORDER | (more), .read = side_read,                \
    }

/* By `outer`: an outer side knows from the old value that a deletion of a row that was not there
 * changes nothing. */
static const weir__operator this_operators[] = {
    SIDE("KTABLE-JOINTHIS-", 0U),
    SIDE("KTABLE-JOINTHIS-", WEIR__NEEDS_OLD_VALUES),
};
static const weir__operator other_operators[] = {
    SIDE("KTABLE-JOINOTHER-", 0U),
    SIDE("KTABLE-JOINOTHER-", WEIR__NEEDS_OLD_VALUES),
};

static const weir__operator result_operator = {
    .work = {"table_join", NULL, result, NULL},
    .prefix = "KTABLE-MERGE-",
    .facts = SIDE_FACTS,
    .read = result_read,
};

typedef enum kind { INNER, LEFT, OUTER } kind;

static const char *const labels[] = {"join", "left_join", "outer_join"};

typedef struct joined {
    const weir__edge *left;
    const weir__edge *right;
    weir_joiner_fn fn;
    void *user;
    const weir_serde *value;
    kind of;
    const char *name; /* of the result */
    const char *what; /* for errors */
} joined;

/* Adds the node of one side; its edge is *out. */
static void add_side(weir_builder *builder, const joined *j, bool swapped, weir__edge *out)
{
    const weir__edge *own = swapped ? j->right : j->left;
    const weir__edge *other = swapped ? j->left : j->right;
    bool outer = j->of == OUTER || (j->of == LEFT && !swapped);
    side_op op = {.fn = j->fn,
                  .user = j->user,
                  .other = other->node,
                  .swapped = swapped,
                  .needs_other = !outer,
                  .takes_null = j->of == OUTER || (j->of == LEFT && swapped)};
    const char *given = j->name == NULL ? NULL
                        : swapped       ? weir__builder_text(builder, "%s-join-other", j->name)
                                        : weir__builder_text(builder, "%s-join-this", j->name);
    weir__operator_at at = {.name = given,
                            .in = own,
                            .value = j->value,
                            .what = j->what,
                            .result = WEIR__RESULT_OF_OPTS};
    *out = *own;
    out->value = at.value;
    out->node = weir__operator_add(
        builder, swapped ? &other_operators[outer] : &this_operators[outer], &op, sizeof op, &at);
    if (out->node >= 0) {
        weir__builder_read(builder, out->node, other->node);
    }
}

static bool check(weir_table left, weir_table right, joined *j)
{
    weir__pair pair = {labels[j->of],
                       j->name,
                       {"table", left.builder, left.node},
                       {"table", right.builder, right.node}};
    j->what = weir__pair_label(&pair);
    if (j->what != NULL && j->fn == NULL) {
        weir__builder_fail(left.builder, WEIR_EINVAL, "%s needs a function", j->what);
    }
    return weir__builder_ok(left.builder);
}

static weir_table add(weir_table left, weir_table right, joined j, const char *store,
                      const weir_store_opts *opts)
{
    weir_builder *builder = left.builder;
    weir_table failed = {builder, -1};
    j.name = opts != NULL ? opts->node : NULL;
    if (!check(left, right, &j)) {
        return failed;
    }
    j.left = weir__edge_of(builder, left.node, WEIR__TABLE);
    j.right = weir__edge_of(builder, right.node, WEIR__TABLE);
    j.value = weir__value_or_default(opts != NULL ? opts->value : NULL);
    if (j.left == NULL || j.right == NULL ||
        !weir__history_has_store(builder, j.what, store, opts)) {
        return failed;
    }
    const char *name = weir__builder_name(builder, j.name, result_operator.prefix);
    weir__builder_check_types(
        builder, &(weir__type_check){j.left->key, j.right->key, j.what, "left key", "right key"});
    weir__edge this_side;
    weir__edge other_side;
    add_side(builder, &j, false, &this_side);
    add_side(builder, &j, true, &other_side);
    if (!weir__builder_ok(builder)) {
        return failed;
    }
    weir__operator_at at = {
        .name = name, .named = true, .in = &this_side, .other = &other_side, .what = j.what};
    weir__edge edge = {
        .kind = WEIR__TABLE, .key = j.left->key, .value = this_side.value, .repartitioned = -1};
    edge.windows = weir__windows_later(j.left->windows, j.right->windows);
    edge.node = weir__operator_add(builder, &result_operator, NULL, 0, &at);
    weir__ints_add_all(builder, &edge.sources, &j.left->sources);
    weir__ints_add_all(builder, &edge.sources, &j.right->sources);
    weir__builder_copartition(builder, &edge.sources, j.what);
    weir__aggregation spec = {.kind = &result_operator, .value = edge.value, .opts = opts};
    weir__aggregation_check(builder, &edge, &spec, name);
    if (store != NULL && edge.node >= 0) {
        weir__table_store(builder, &edge, store, opts, true);
    }
    return (weir_table){builder, weir__builder_ok(builder) ? weir__edge_add(builder, &edge) : -1};
}

weir_table weir_table_join(weir_table left, weir_table right, weir_joiner_fn fn, void *user,
                           const char *store, const weir_store_opts *opts)
{
    return add(left, right, (joined){.fn = fn, .user = user, .of = INNER}, store, opts);
}

weir_table weir_table_left_join(weir_table left, weir_table right, weir_joiner_fn fn, void *user,
                                const char *store, const weir_store_opts *opts)
{
    return add(left, right, (joined){.fn = fn, .user = user, .of = LEFT}, store, opts);
}

weir_table weir_table_outer_join(weir_table left, weir_table right, weir_joiner_fn fn, void *user,
                                 const char *store, const weir_store_opts *opts)
{
    return add(left, right, (joined){.fn = fn, .user = user, .of = OUTER}, store, opts);
}
