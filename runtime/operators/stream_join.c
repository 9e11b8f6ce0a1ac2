/* SPDX-License-Identifier: Apache-2.0
 *
 * join, left_join and outer_join of two streams. Each record is joined with those of the other
 * stream that have its key and lie in its window, and is then stored for those that come later:
 *
 *     left  --> <j>-this-windowed  --> <j>-this-join  --> <j>-merge
 *     right --> <j>-other-windowed --> <j>-other-join --> <j>-merge */
#include <string.h>

#include "core/saturate.h"
#include "operators/stream_join.h"
#include "process/typed_store.h"

/* The record is stored after it was joined, so that a stream that is joined with itself joins each
 * record with itself once. */
static weir_err keep_in_window(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_err err = weir__forward(ctx, in);
    return err == WEIR_OK && in->key != NULL
               ? weir_window_put((weir_window *)weir__store_at(ctx, 0), in->key, in->value,
                                 in->timestamp_ms, in->timestamp_ms)
               : err;
}

typedef enum kind { INNER, LEFT, OUTER } kind;

#define SIDE(of_prefix, more)                                                                      \
    {                                                                                              \
        .work = {"stream_join", weir__stream_side_open, weir__stream_side_process,                 \
                 weir__stream_side_close},                                                         \
        .prefix = (of_prefix), .facts = (more)                                                     \
    }

/* Of each kind of join. Generated names of an outer side, and of the other one in a left join, are
 * different, as in Kafka. */
static const weir__operator side_operators[][WEIR__JOIN_SIDES] = {
    [INNER] = {[WEIR__LEFT_SIDE] = SIDE("KSTREAM-JOINTHIS-", 0U),
               [WEIR__RIGHT_SIDE] = SIDE("KSTREAM-JOINOTHER-", 0U)},
    [LEFT] = {[WEIR__LEFT_SIDE] = SIDE("KSTREAM-JOINTHIS-", WEIR__KEEPS_NULL_KEYS),
              [WEIR__RIGHT_SIDE] = SIDE("KSTREAM-OUTEROTHER-", WEIR__KEEPS_NULL_KEYS)},
    [OUTER] = {[WEIR__LEFT_SIDE] = SIDE("KSTREAM-OUTERTHIS-", WEIR__KEEPS_NULL_KEYS),
               [WEIR__RIGHT_SIDE] = SIDE("KSTREAM-OUTEROTHER-", WEIR__KEEPS_NULL_KEYS)},
};

static const weir__operator windowed_operator = {
    .work = {"stream_join", NULL, keep_in_window, NULL},
    .prefix = "KSTREAM-WINDOWED-",
};

static const weir__operator merge_operator = {
    .work = {"stream_join", NULL, weir__pass, NULL},
    .prefix = "KSTREAM-MERGE-",
};

/* Kafka's words of the kinds, and the ends of names: of this and the other side, and of the shared
 * store. */
static const struct {
    const char *label;
    const char *ends[WEIR__JOIN_SIDES];
    const char *shared;
} words[] = {
    [INNER] = {"join",
               {[WEIR__LEFT_SIDE] = "-this-join", [WEIR__RIGHT_SIDE] = "-other-join"},
               NULL},
    [LEFT] = {"left_join",
              {[WEIR__LEFT_SIDE] = "-this-join", [WEIR__RIGHT_SIDE] = "-outer-other-join"},
              "-left-shared-join-store"},
    [OUTER] = {"outer_join",
               {[WEIR__LEFT_SIDE] = "-outer-this-join", [WEIR__RIGHT_SIDE] = "-outer-other-join"},
               "-outer-shared-join-store"},
};

typedef struct joined {
    kind of;
    weir_join_windows windows;
    const weir_serde *value;
    weir_joiner_fn fn;
    void *user;
    const weir_stream_join_opts *opts; /* never NULL */
    const weir__edge *sides[WEIR__JOIN_SIDES];
    const char *what;                       /* for errors */
    const char *windowed[WEIR__JOIN_SIDES]; /* names of nodes */
    const char *joins[WEIR__JOIN_SIDES];
    const char *merge;
    const char *stores[WEIR__JOIN_SIDES];
    const char *shared; /* NULL: none */
} joined;

static bool check(weir_stream left, weir_stream right, joined *j)
{
    weir__pair pair = {words[j->of].label,
                       j->opts->name,
                       {"stream", left.builder, left.node},
                       {"stream", right.builder, right.node}};
    j->what = weir__pair_label(&pair);
    if (j->what != NULL && j->fn == NULL) {
        weir__builder_fail(left.builder, WEIR_EINVAL, "%s needs a function", j->what);
    }
    return weir__builder_ok(left.builder) &&
           weir__join_windows_check(left.builder, j->what, &j->windows);
}

/* Puts a side behind the repartition topic <name>-left or <name>-right if it needs one. */
static bool repartition_side(weir_builder *builder, joined *j, int of)
{
    bool left = of == WEIR__LEFT_SIDE;
    if (!weir__edge_key_changed(builder, j->sides[of])) {
        return true;
    }
    if (j->opts->name == NULL) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY,
                           "%s: the %s side must be repartitioned, so the join needs a name",
                           j->what, left ? "left" : "right");
        return false;
    }
    const char *name = weir__builder_text(builder, "%s-%s", j->opts->name, left ? "left" : "right");
    j->sides[of] = name != NULL ? weir__repartition(builder, j->sides[of], name, NULL) : NULL;
    return j->sides[of] != NULL;
}

/* `end` behind the join's name; without one a generated name, as it is in either case if *generated
 * is wanted: names of stores have it. */
static const char *node_name(weir_builder *builder, const joined *j, const char *prefix,
                             const char *end, const char **generated)
{
    const char *made = weir__builder_name(builder, NULL, prefix);
    if (generated != NULL) {
        *generated = made;
    }
    return j->opts->name != NULL ? weir__builder_text(builder, "%s%s", j->opts->name, end) : made;
}

/* In the order in which Kafka numbers them. */
static void name_all(weir_builder *builder, joined *j)
{
    const weir__operator *sides = side_operators[j->of];
    const char *prefix = j->opts->store;
    const char *made[WEIR__JOIN_SIDES];
    j->windowed[WEIR__LEFT_SIDE] =
        node_name(builder, j, windowed_operator.prefix, "-this-windowed", NULL);
    j->windowed[WEIR__RIGHT_SIDE] =
        node_name(builder, j, windowed_operator.prefix, "-other-windowed", NULL);
    for (int of = WEIR__LEFT_SIDE; of >= WEIR__RIGHT_SIDE; of--) {
        const char *end = words[j->of].ends[of];
        j->joins[of] = node_name(builder, j, sides[of].prefix, end, &made[of]);
        j->stores[of] = prefix != NULL ? weir__builder_text(builder, "%s%s-store", prefix, end)
                                       : weir__builder_text(builder, "%s-store", made[of]);
    }
    j->merge = node_name(builder, j, merge_operator.prefix, "-merge", NULL);
    if (j->of != INNER && weir__builder_ok(builder)) {
        const char *number = made[WEIR__LEFT_SIDE] + strlen(sides[WEIR__LEFT_SIDE].prefix);
        j->shared = prefix != NULL
                        ? weir__builder_text(builder, "%s%s", prefix, words[j->of].shared)
                        : weir__builder_text(builder, "KSTREAM-OUTERSHARED-%s-store", number);
    }
}

static weir_store_opts store_opts(const joined *j, const weir_serde *key, const weir_serde *value)
{
    return (weir_store_opts){.key = key,
                             .value = value,
                             .backend = j->opts->backend,
                             .logging = j->opts->logging,
                             .changelog_config = j->opts->changelog_config};
}

/* The store of a side's records; -1 after an error. */
static int add_windows(weir_builder *builder, const joined *j, int of)
{
    const weir__edge *side_of = j->sides[of];
    weir_store_opts opts = store_opts(j, side_of->key, side_of->value);
    int index = weir__builder_store(builder, j->stores[of], &opts, false);
    if (index >= 0) {
        weir__store_spec *spec = &builder->stores[index]->spec;
        spec->kind = &weir__kind_duplicates;
        spec->duplicates = true;
        spec->retention_ms = weir__add_sat(weir__add_sat(j->windows.before_ms, j->windows.after_ms),
                                           j->windows.grace_ms);
    }
    return index;
}

/* The store of the records that wait, or -1: an inner join, or an error. */
static int add_shared(weir_builder *builder, const joined *j)
{
    weir_store_opts opts = store_opts(j, &weir_bytes, &weir_bytes);
    int index = j->of != INNER ? weir__builder_store(builder, j->shared, &opts, false) : -1;
    if (index >= 0) {
        builder->stores[index]->spec.kind = &weir__kind_key_value;
    }
    return index;
}

/* Adds the node that stores a side's records; -1 after an error. */
static int add_windowed(weir_builder *builder, const joined *j, int of, int store)
{
    weir__operator_at at = {
        .name = j->windowed[of], .named = true, .in = j->sides[of], .what = j->what};
    int index = weir__operator_add(builder, &windowed_operator, NULL, 0, &at);
    if (index >= 0) {
        weir__builder_use_store(builder, index, store);
    }
    return index;
}

/* Adds the node that joins a side's records; -1 after an error. */
static int add_join(weir_builder *builder, const joined *j, const weir__stream_side *op,
                    int windowed)
{
    weir__edge in = *j->sides[op->own];
    in.node = windowed;
    weir__operator_at at = {.name = j->joins[op->own],
                            .named = true,
                            .in = &in,
                            .value = j->value,
                            .what = j->what,
                            .result = "its result"};
    const weir__operator *made_by = &side_operators[j->of][op->own];
    int index = weir__operator_add(builder, made_by, op, sizeof *op, &at);
    if (index >= 0 && op->shared >= 0) {
        weir__builder_use_store(builder, index, op->shared);
    }
    if (index >= 0) {
        weir__builder_use_store(builder, index, op->windows[weir__other_side(op->own)]);
    }
    return index;
}

/* What topology.optimization needs to make one node of them, if both sides are one stream. */
static void note_join(weir_builder *builder, const joined *j, const weir__stream_side *op,
                      const int *windowed, const int *joins, int merge)
{
    int left_store = op->windows[WEIR__LEFT_SIDE];
    const weir__self_join self = {.fn = j->fn,
                                  .user = j->user,
                                  .before_ms = j->windows.before_ms,
                                  .after_ms = j->windows.after_ms,
                                  .retention_ms = builder->stores[left_store]->spec.retention_ms,
                                  .windows = left_store};
    weir__stream_join_draft draft = {
        .windowed = {windowed[WEIR__LEFT_SIDE], windowed[WEIR__RIGHT_SIDE]},
        .joins = {joins[WEIR__LEFT_SIDE], joins[WEIR__RIGHT_SIDE]},
        .merge = merge,
        .stores = {left_store, op->windows[WEIR__RIGHT_SIDE]},
        .shared = op->shared,
        .self_join = &weir__self_join_operator,
        .user = weir__op_copy(builder, &self, sizeof self)};
    if (weir__builder_grow(builder, &builder->stream_joins, builder->stream_join_count,
                           &builder->stream_join_capacity, sizeof *builder->stream_joins)) {
        builder->stream_joins[builder->stream_join_count++] = draft;
    }
}

/* Adds the nodes and stores; the edge behind them is *out. */
static bool add_nodes(weir_builder *builder, const joined *j, weir__edge *out)
{
    const weir_join_windows *windows = &j->windows;
    int windowed[WEIR__JOIN_SIDES];
    int joins[WEIR__JOIN_SIDES];
    weir__stream_side op = {.fn = j->fn,
                            .user = j->user,
                            .before_ms = windows->before_ms,
                            .after_ms = windows->after_ms,
                            .own = WEIR__LEFT_SIDE,
                            .outer = j->of != INNER};
    op.wait_ms[WEIR__LEFT_SIDE] = weir__add_sat(windows->after_ms, windows->grace_ms);
    op.wait_ms[WEIR__RIGHT_SIDE] = weir__add_sat(windows->before_ms, windows->grace_ms);
    op.windows[WEIR__LEFT_SIDE] = add_windows(builder, j, WEIR__LEFT_SIDE);
    op.windows[WEIR__RIGHT_SIDE] = add_windows(builder, j, WEIR__RIGHT_SIDE);
    op.shared = add_shared(builder, j);
    if (!weir__builder_ok(builder)) {
        return false;
    }
    windowed[WEIR__LEFT_SIDE] =
        add_windowed(builder, j, WEIR__LEFT_SIDE, op.windows[WEIR__LEFT_SIDE]);
    windowed[WEIR__RIGHT_SIDE] =
        add_windowed(builder, j, WEIR__RIGHT_SIDE, op.windows[WEIR__RIGHT_SIDE]);
    joins[WEIR__LEFT_SIDE] =
        weir__builder_ok(builder) ? add_join(builder, j, &op, windowed[WEIR__LEFT_SIDE]) : -1;
    op.left_node = joins[WEIR__LEFT_SIDE];
    op.own = WEIR__RIGHT_SIDE;
    op.before_ms = windows->after_ms;
    op.after_ms = windows->before_ms;
    op.outer = j->of == OUTER;
    joins[WEIR__RIGHT_SIDE] =
        weir__builder_ok(builder) ? add_join(builder, j, &op, windowed[WEIR__RIGHT_SIDE]) : -1;
    if (!weir__builder_ok(builder)) {
        return false;
    }
    weir__edge left = *j->sides[WEIR__LEFT_SIDE];
    weir__edge right = *j->sides[WEIR__RIGHT_SIDE];
    left.node = joins[WEIR__LEFT_SIDE];
    right.node = joins[WEIR__RIGHT_SIDE];
    weir__operator_at at = {.name = j->merge,
                            .named = true,
                            .in = &left,
                            .other = &right,
                            .value = j->value,
                            .what = j->what,
                            .result = "its result"};
    out->node = weir__operator_add(builder, &merge_operator, NULL, 0, &at);
    if (out->node >= 0) {
        note_join(builder, j, &op, windowed, joins, out->node);
    }
    return out->node >= 0;
}

static weir_stream add(weir_stream left, weir_stream right, joined j)
{
    static const weir_stream_join_opts defaults = {0};
    weir_builder *builder = left.builder;
    weir_stream failed = {builder, -1};
    j.opts = j.opts != NULL ? j.opts : &defaults;
    j.value = weir__value_or_default(j.value);
    if (!check(left, right, &j)) {
        return failed;
    }
    j.sides[WEIR__LEFT_SIDE] = weir__edge_of(builder, left.node, WEIR__STREAM);
    j.sides[WEIR__RIGHT_SIDE] = weir__edge_of(builder, right.node, WEIR__STREAM);
    if (!weir__builder_ok(builder)) {
        return failed;
    }
    weir__builder_check_types(builder, &(weir__type_check){j.sides[WEIR__LEFT_SIDE]->key,
                                                           j.sides[WEIR__RIGHT_SIDE]->key, j.what,
                                                           "left key", "right key"});
    if (!repartition_side(builder, &j, WEIR__LEFT_SIDE) ||
        !repartition_side(builder, &j, WEIR__RIGHT_SIDE)) {
        return failed;
    }
    weir__edge edge = {.kind = WEIR__STREAM,
                       .key = j.sides[WEIR__LEFT_SIDE]->key,
                       .value = j.value,
                       .windows = weir__windows_later(j.sides[WEIR__LEFT_SIDE]->windows,
                                                      j.sides[WEIR__RIGHT_SIDE]->windows),
                       .repartitioned = -1};
    name_all(builder, &j);
    if (!weir__builder_ok(builder) || !add_nodes(builder, &j, &edge)) {
        return failed;
    }
    weir__ints_add_all(builder, &edge.sources, &j.sides[WEIR__LEFT_SIDE]->sources);
    weir__ints_add_all(builder, &edge.sources, &j.sides[WEIR__RIGHT_SIDE]->sources);
    weir__builder_copartition(builder, &edge.sources, j.what);
    return (weir_stream){builder, weir__edge_add(builder, &edge)};
}

weir_stream weir_join(weir_stream left, weir_stream right, weir_join_windows windows,
                      const weir_serde *value, weir_joiner_fn fn, void *user,
                      const weir_stream_join_opts *opts)
{
    return add(left, right, (joined){INNER, windows, value, fn, user, .opts = opts});
}

weir_stream weir_left_join(weir_stream left, weir_stream right, weir_join_windows windows,
                           const weir_serde *value, weir_joiner_fn fn, void *user,
                           const weir_stream_join_opts *opts)
{
    return add(left, right, (joined){LEFT, windows, value, fn, user, .opts = opts});
}

weir_stream weir_outer_join(weir_stream left, weir_stream right, weir_join_windows windows,
                            const weir_serde *value, weir_joiner_fn fn, void *user,
                            const weir_stream_join_opts *opts)
{
    return add(left, right, (joined){OUTER, windows, value, fn, user, .opts = opts});
}
