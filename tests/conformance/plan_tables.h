/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators on tables, and the functions that only they use. */
#ifndef WEIR_TESTS_CONFORMANCE_PLAN_TABLES_H
#define WEIR_TESTS_CONFORMANCE_PLAN_TABLES_H

#include "conformance/plan.h"

/* ---- subtractor(value, aggregate) --------------------------------------------------------- */

CASE_FN datum remove_comma_token(weir_ctx *ctx, datum value, datum aggregate)
{
    weir_slice token = text_of(ctx, value);
    size_t len = is_null(aggregate) ? 0 : aggregate.bytes.len;
    const char *text = len > 0 ? aggregate.bytes.data : "";
    for (size_t start = 0; start <= len;) {
        size_t end = start;
        while (end < len && text[end] != ',') {
            end++;
        }
        if (weir_slice_equal((weir_slice){text + start, end - start}, token)) {
            char *rest = case_alloc(ctx, len + 1);
            size_t from = end < len ? end + 1 : end;
            size_t before = end < len || start == 0 ? start : start - 1;
            memcpy(rest, text, before);
            memcpy(rest + before, text + from, len - from);
            return datum_string(rest, before + len - from);
        }
        start = end + 1;
    }
    return datum_string(text, len);
}

CASE_FN datum minus_i64(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx;
    return minus(aggregate, value);
}

CASE_FN datum minus_null_at_zero(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx;
    datum rest = minus(aggregate, value);
    return rest.number == 0 ? datum_null() : rest;
}

CASE_FN datum minus_chars(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx;
    return minus(aggregate, datum_i64((int64_t)value.bytes.len));
}

CASE_FN datum minus_one(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx, (void)value;
    return minus(aggregate, datum_i64(1));
}

CASE_FN datum remove_token(weir_ctx *ctx, datum aggregate, datum value)
{
    return remove_comma_token(ctx, value, aggregate);
}

static const aggregator_name subtractor_names[] = {
    {"remove_comma_token", remove_comma_token, &weir_string},
    {"minus_i64", minus_i64, &weir_i64},
    {"minus_null_at_zero", minus_null_at_zero, &weir_i64},
    {"minus_chars", minus_chars, &weir_i64},
    {"minus_one", minus_one, &weir_i64},
};

/* ---- Grouping and aggregation ------------------------------------------------------------- */

CASE_FN weir_table as_table(plan *p, const plan_id *id)
{
    return (weir_table){p->builder, id->node};
}

CASE_FN weir_err call_group(weir_ctx *ctx, const weir_record *in, void *key_out, void *value_out,
                            void *user)
{
    const fn_use *use = user;
    datum key = datum_of(use->key, in->key);
    datum value = datum_of(use->value, in->value);
    datum_out(ctx, use->key_fn(ctx, key, value), key_out);
    datum_out(ctx, use->fn(ctx, key, value), value_out);
    return WEIR_OK;
}

CASE_FN weir_err call_subtractor(weir_ctx *ctx, const weir_record *in, const void *aggregate,
                                 void *out, void *user)
{
    const fn_use *use = user;
    datum_out(
        ctx, use->subtractor(ctx, datum_of(use->value, in->value), datum_of(use->right, aggregate)),
        out);
    return WEIR_OK;
}

CASE_FN weir_err call_undo_reducer(weir_ctx *ctx, const void *aggregate, const void *value,
                                   void *out, void *user)
{
    const fn_use *use = user;
    datum_out(ctx, use->undo(ctx, datum_of(use->value, aggregate), datum_of(use->value, value)),
              out);
    return WEIR_OK;
}

CASE_FN void plan_table_group(plan *p, yyjson_val *op, const plan_id *of)
{
    const char *id = text_member(op, "id");
    const char *value_fn_name = text_member(op, "value_fn");
    const value_name *found = FIND(value_names, value_fn_name);
    fn_use *use = new_use(p, of);
    use->key_fn = key_function(p, text_member(op, "fn"));
    use->fn = found != NULL ? found->fn : value_same;
    const weir_serde *key = type_of(op, "key", of->key);
    const weir_serde *value =
        type_of(op, "value", found != NULL && found->gives != NULL ? found->gives : of->value);
    if (value_fn_name != NULL && found == NULL) {
        plan_skip(p, "value function", value_fn_name);
    }
    weir_grouped_table out = weir_table_group_by(as_table(p, of), id, key, value, call_group, use);
    plan_add(p, id, PLAN_GROUPED_TABLE, out.node, key, value);
}

CASE_FN void plan_table_aggregate(plan *p, yyjson_val *op, const plan_id *of, const char *kind)
{
    yyjson_val *stored = yyjson_obj_get(op, "store");
    const char *id = text_member(op, "id");
    const char *store = text_member(stored, "name");
    weir_store_opts opts = store_opts(p, stored, id);
    weir_grouped_table in = {p->builder, of->node};
    fn_use *use = new_use(p, of);
    const weir_serde *value = of->value;
    weir_table out;
    if (strcmp(kind, "count") == 0) {
        value = &weir_i64;
        out = weir_table_count(in, store, &opts);
    } else if (strcmp(kind, "reduce") == 0) {
        const reducer_name *adder = FIND(reducer_names, text_member(op, "adder"));
        const reducer_name *undo = FIND(reducer_names, text_member(op, "subtractor"));
        weir_assert(adder != NULL);
        use->reducer = adder->fn;
        use->undo = undo != NULL ? undo->fn : remove_token;
        out = weir_table_reduce(in, call_reducer, call_undo_reducer, use, store, &opts);
    } else {
        const aggregator_name *adder = FIND(aggregator_names, text_member(op, "adder"));
        const aggregator_name *subtractor = FIND(subtractor_names, text_member(op, "subtractor"));
        weir_assert(adder != NULL && subtractor != NULL);
        value = type_of(op, "value", adder->gives);
        use->right = opts.value = value;
        use->aggregator = adder->fn;
        use->subtractor = subtractor->fn;
        use->initializer = initializer_named(text_member(op, "initializer"));
        weir_table_aggregator fn = {call_aggregator, call_subtractor, use};
        out = weir_table_aggregate(in, call_initializer, &fn, store, &opts);
    }
    plan_add(p, id, PLAN_TABLE, out.node, of->key, value);
}

/* ---- Joins -------------------------------------------------------------------------------- */

/* Kafka's joiners of tables get no key. */
CASE_FN weir_err call_table_joiner(weir_ctx *ctx, const void *key, const void *left,
                                   const void *right, void *out, void *user)
{
    (void)key;
    const fn_use *use = user;
    datum_out(
        ctx,
        use->joiner(ctx, datum_null(), datum_of(use->value, left), datum_of(use->right, right)),
        out);
    return WEIR_OK;
}

CASE_FN void plan_table_join(plan *p, yyjson_val *op, const plan_id *of, const char *kind)
{
    yyjson_val *store = yyjson_obj_get(op, "store");
    const char *id = text_member(op, "id");
    const char *name = text_member(store, "name");
    const plan_id *with = plan_find(p, text_member(op, "with"));
    const joiner_name *found = FIND(joiner_names, text_member(op, "joiner"));
    if (with == NULL || with->kind != PLAN_TABLE || found == NULL) {
        plan_skip(p, "join of tables of this kind", NULL);
        return;
    }
    fn_use *use = new_use(p, of);
    use->right = with->value;
    use->joiner = found->fn;
    weir_store_opts opts = store_opts(p, store, id);
    opts.value = type_of(op, "value", of->value);
    weir_table left = as_table(p, of);
    weir_table right = as_table(p, with);
    weir_table out = strcmp(kind, "join") == 0
                         ? weir_table_join(left, right, call_table_joiner, use, name, &opts)
                     : strcmp(kind, "left_join") == 0
                         ? weir_table_left_join(left, right, call_table_joiner, use, name, &opts)
                         : weir_table_outer_join(left, right, call_table_joiner, use, name, &opts);
    plan_add(p, id, PLAN_TABLE, out.node, of->key, opts.value);
}

#endif
