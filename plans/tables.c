/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators on tables. */
#include <string.h>

#include "plan.h"

static weir_table table_of(const weir__plan_build *b, const weir__handle *of)
{
    return (weir_table){b->builder, of->node};
}

/* The operator gives a table of these values; its store is kept in mind for processors. */
static void add_table(weir__plan_build *b, const weir__handle *of, weir_table out,
                      const weir_store_opts *opts, const char *store, const weir_serde *value)
{
    weir__handle_add(b, opts->node, HANDLE_TABLE, out.node, of->key, value);
    weir__store_add(b, store, of->key, value);
}

/* ---- Filters and values ------------------------------------------------------------------- */

static void build_any_filter(weir__plan_build *b, yyjson_val *op, const weir__handle *of,
                             bool negate)
{
    const char *store;
    weir_store_opts opts = weir__store_opts(b, op, weir__needed_text(b, op, "id"), &store);
    weir__fn_use *use = weir__build_use(b, of);
    const weir__predicate *predicate = weir__build_predicate(b, op, of);
    if (!weir__build_ok(b)) {
        return;
    }
    use->predicate = predicate;
    weir_table in = table_of(b, of);
    weir_table out = negate ? weir_table_filter_not(in, weir__call_predicate, use, store, &opts)
                            : weir_table_filter(in, weir__call_predicate, use, store, &opts);
    add_table(b, of, out, &opts, store, of->value);
}

static void build_filter(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    build_any_filter(b, op, of, false);
}

static void build_filter_not(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    build_any_filter(b, op, of, true);
}

static void build_any_values(weir__plan_build *b, yyjson_val *op, const weir__handle *of,
                             bool transform)
{
    const char *store;
    weir_store_opts opts = weir__store_opts(b, op, weir__needed_text(b, op, "id"), &store);
    const char *name = weir__needed_text(b, op, "fn");
    const weir__value_fn *fn = weir__value_fn_named(name);
    weir__fn_use *use = weir__build_use(b, of);
    if (fn == NULL || use == NULL) {
        weir__unknown(b, "value function", name);
        return;
    }
    weir__check_takes(b, name, "values", fn->takes, of->value);
    use->fn = fn;
    use->gives = weir__stated_type(b, op, "value", weir__type_of(fn->gives, of->key, of->value));
    if (weir__build_ok(b)) {
        weir_table in = table_of(b, of);
        weir_table out =
            transform
                ? weir_table_transform_values(in, use->gives, weir__call_value, use, store, &opts)
                : weir_table_map_values(in, use->gives, weir__call_value, use, store, &opts);
        add_table(b, of, out, &opts, store, use->gives);
    }
}

static void build_map_values(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    build_any_values(b, op, of, false);
}

static void build_transform_values(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    build_any_values(b, op, of, true);
}

static void build_to_table(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *store;
    weir_store_opts opts = weir__store_opts(b, op, weir__needed_text(b, op, "id"), &store);
    if (weir__build_ok(b)) {
        weir_table out = weir_to_table((weir_stream){b->builder, of->node}, store, &opts);
        add_table(b, of, out, &opts, store, of->value);
    }
}

/* ---- Grouping and aggregation ------------------------------------------------------------- */

/* The function of the member "value_fn"; the values themselves without it. NULL after a failure. */
static const weir__value_fn *group_value_fn(weir__plan_build *b, yyjson_val *op,
                                            const weir__handle *of)
{
    const char *given = weir__member_text(b, op, "value_fn");
    const char *name = given != NULL ? given : "same";
    const weir__value_fn *fn = weir__value_fn_named(name);
    if (fn == NULL) {
        weir__unknown(b, "value function", name);
        return NULL;
    }
    weir__check_takes(b, name, "values", fn->takes, of->value);
    return fn;
}

static void build_group_by(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *id = weir__needed_text(b, op, "id");
    const weir__value_fn *key_fn = weir__build_key_fn(b, op, "fn", of);
    const weir__value_fn *fn = group_value_fn(b, op, of);
    weir__fn_use *use = weir__build_use(b, of);
    if (key_fn == NULL || fn == NULL || use == NULL) {
        return;
    }
    use->key_fn = key_fn;
    use->fn = fn;
    use->gives_key =
        weir__stated_type(b, op, "key", weir__type_of(key_fn->gives, of->key, of->value));
    use->gives = weir__stated_type(b, op, "value", weir__type_of(fn->gives, of->key, of->value));
    if (weir__build_ok(b)) {
        weir_grouped_table out = weir_table_group_by(table_of(b, of), id, use->gives_key,
                                                     use->gives, weir__call_group, use);
        weir__handle_add(b, id, HANDLE_GROUPED_TABLE, out.node, use->gives_key, use->gives);
    }
}

static weir_grouped_table grouped_of(const weir__plan_build *b, const weir__handle *of)
{
    return (weir_grouped_table){b->builder, of->node};
}

static void build_count(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *store;
    weir_store_opts opts = weir__store_opts(b, op, weir__needed_text(b, op, "id"), &store);
    if (weir__build_ok(b)) {
        weir_table out = weir_table_count(grouped_of(b, of), store, &opts);
        add_table(b, of, out, &opts, store, &weir_i64);
    }
}

static void build_reduce(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *store;
    weir_store_opts opts = weir__store_opts(b, op, weir__needed_text(b, op, "id"), &store);
    const char *adder_name = weir__needed_text(b, op, "adder");
    const char *undo_name = weir__needed_text(b, op, "subtractor");
    const weir__reducer *adder = weir__reducer_named(adder_name);
    const weir__reducer *undo = weir__reducer_named(undo_name);
    weir__fn_use *use = weir__build_use(b, of);
    if (adder == NULL || undo == NULL || use == NULL) {
        weir__unknown(b, "reducer", adder == NULL ? adder_name : undo_name);
        return;
    }
    weir__check_takes(b, adder_name, "values", adder->takes, of->value);
    weir__check_takes(b, undo_name, "values", undo->takes, of->value);
    use->reducer = adder;
    use->undo = undo;
    if (weir__build_ok(b)) {
        weir_table out = weir_table_reduce(grouped_of(b, of), weir__call_reducer, weir__call_undo,
                                           use, store, &opts);
        add_table(b, of, out, &opts, store, of->value);
    }
}

static void build_aggregate(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *store;
    weir_store_opts opts = weir__store_opts(b, op, weir__needed_text(b, op, "id"), &store);
    const char *names[] = {weir__needed_text(b, op, "adder"),
                           weir__needed_text(b, op, "subtractor")};
    const char *first = weir__needed_text(b, op, "initializer");
    const weir__aggregator *adder = weir__aggregator_named(names[0]);
    const weir__aggregator *subtractor = weir__subtractor_named(names[1]);
    const weir__initializer *initializer = weir__initializer_named(first);
    weir__fn_use *use = weir__build_use(b, of);
    if (adder == NULL || subtractor == NULL || initializer == NULL || use == NULL) {
        weir__unknown(b,
                      adder == NULL        ? "adder"
                      : subtractor == NULL ? "subtractor"
                                           : "initializer",
                      adder == NULL        ? names[0]
                      : subtractor == NULL ? names[1]
                                           : first);
        return;
    }
    weir__check_takes(b, names[0], "values", adder->takes, of->value);
    weir__check_takes(b, names[1], "values", subtractor->takes, of->value);
    use->aggregator = adder;
    use->subtractor = subtractor;
    use->initializer = initializer;
    use->gives = weir__stated_type(b, op, "value", weir__type_of(adder->gives, of->key, of->value));
    weir__check_takes(b, names[0], "aggregates", initializer->gives, use->gives);
    weir__check_takes(b, names[1], "aggregates", subtractor->gives, use->gives);
    opts.value = use->gives;
    if (weir__build_ok(b)) {
        weir_table_aggregator fn = {weir__call_aggregator, weir__call_subtractor, use};
        weir_table out =
            weir_table_aggregate(grouped_of(b, of), weir__call_initializer, &fn, store, &opts);
        add_table(b, of, out, &opts, store, use->gives);
    }
}

const weir__op weir__ops_tables[] = {
    {"filter", build_filter, false, HANDLE_TABLE},
    {"filter_not", build_filter_not, false, HANDLE_TABLE},
    {"map_values", build_map_values, false, HANDLE_TABLE},
    {"transform_values", build_transform_values, false, HANDLE_TABLE},
    {"to_table", build_to_table, false, HANDLE_STREAM},
    {"group_by", build_group_by, false, HANDLE_TABLE},
    {"count", build_count, false, HANDLE_GROUPED_TABLE},
    {"reduce", build_reduce, false, HANDLE_GROUPED_TABLE},
    {"aggregate", build_aggregate, false, HANDLE_GROUPED_TABLE},
    {NULL, NULL, false, HANDLE_STREAM},
};
