/* SPDX-License-Identifier: Apache-2.0
 *
 * Groupings and aggregations. */
#include "plan.h"

static void build_group_by_key(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *id = weir__needed_text(b, op, "id");
    if (weir__build_ok(b)) {
        weir_grouped out = weir_group_by_key((weir_stream){b->builder, of->node}, id);
        weir__handle_add(b, id, HANDLE_GROUPED_STREAM, out.node, of->key, of->value);
    }
}

/* The configured serde of keys; NULL: not one that plans know. */
static const weir_serde *default_key(weir__plan_build *b)
{
    const char *name = b->config != NULL ? weir_config_get(b->config, "default.key.serde") : NULL;
    return weir__type_named(name);
}

static void build_group_by(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *id = weir__needed_text(b, op, "id");
    const weir__value_fn *fn = weir__build_key_fn(b, op, "fn", of);
    weir__fn_use *use = weir__build_use(b, of);
    if (fn == NULL || use == NULL) {
        return;
    }
    bool standard = weir__member_bool(b, op, "default_serdes", false);
    use->fn = fn;
    use->gives_key = weir__stated_type(b, op, "key", weir__type_of(fn->gives, of->key, of->value));
    const weir_serde *configured = standard ? default_key(b) : NULL;
    if (configured != NULL) {
        weir__check_same(b, "default.key.serde", use->gives_key, configured);
    }
    if (weir__build_ok(b)) {
        weir_stream in = {b->builder, of->node};
        weir_grouped out =
            weir_group_by(in, id, standard ? NULL : use->gives_key, weir__call_select_key, use);
        weir__handle_add(b, id, HANDLE_GROUPED_STREAM, out.node, use->gives_key, of->value);
    }
}

static void add_table(weir__plan_build *b, const weir__handle *of, weir_table out,
                      const weir_store_opts *opts, const char *store, const weir_serde *value)
{
    weir__handle_add(b, opts->node, HANDLE_TABLE, out.node, of->key, value);
    weir__store_add(b, store, of->key, value);
}

static void build_count(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *store;
    weir_store_opts opts = weir__store_opts(b, op, weir__needed_text(b, op, "id"), &store);
    if (weir__build_ok(b)) {
        weir_table out = weir_count((weir_grouped){b->builder, of->node}, store, &opts);
        add_table(b, of, out, &opts, store, &weir_i64);
    }
}

weir__fn_use *weir__reducer_use(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *name = weir__needed_text(b, op, "reducer");
    const weir__reducer *reducer = weir__reducer_named(name);
    weir__fn_use *use = weir__build_use(b, of);
    if (reducer == NULL || use == NULL) {
        weir__unknown(b, "reducer", name);
        return NULL;
    }
    weir__check_takes(b, name, "values", reducer->takes, of->value);
    use->reducer = reducer;
    return use;
}

static void build_reduce(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *store;
    weir_store_opts opts = weir__store_opts(b, op, weir__needed_text(b, op, "id"), &store);
    weir__fn_use *use = weir__reducer_use(b, op, of);
    if (weir__build_ok(b)) {
        weir_grouped in = {b->builder, of->node};
        weir_table out = weir_reduce(in, weir__call_reducer, use, store, &opts);
        add_table(b, of, out, &opts, store, of->value);
    }
}

weir__fn_use *weir__aggregator_use(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *name = weir__needed_text(b, op, "aggregator");
    const char *first = weir__needed_text(b, op, "initializer");
    const weir__aggregator *aggregator = weir__aggregator_named(name);
    const weir__initializer *initializer = weir__initializer_named(first);
    weir__fn_use *use = weir__build_use(b, of);
    if (aggregator == NULL || initializer == NULL || use == NULL) {
        weir__unknown(b, aggregator == NULL ? "aggregator" : "initializer",
                      aggregator == NULL ? name : first);
        return NULL;
    }
    weir__check_takes(b, name, "values", aggregator->takes, of->value);
    use->aggregator = aggregator;
    use->initializer = initializer;
    use->gives =
        weir__stated_type(b, op, "value", weir__type_of(aggregator->gives, of->key, of->value));
    weir__check_takes(b, name, "aggregates", initializer->gives, use->gives);
    return use;
}

static void build_aggregate(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *store;
    weir_store_opts opts = weir__store_opts(b, op, weir__needed_text(b, op, "id"), &store);
    weir__fn_use *use = weir__aggregator_use(b, op, of);
    if (weir__build_ok(b)) {
        opts.value = use->gives;
        weir_grouped in = {b->builder, of->node};
        weir_table out =
            weir_aggregate(in, weir__call_initializer, weir__call_aggregator, use, store, &opts);
        add_table(b, of, out, &opts, store, use->gives);
    }
}

const weir__op weir__ops_aggregate[] = {
    {"group_by_key", build_group_by_key, false, HANDLE_STREAM},
    {"group_by", build_group_by, false, HANDLE_STREAM},
    {"count", build_count, false, HANDLE_GROUPED_STREAM},
    {"reduce", build_reduce, false, HANDLE_GROUPED_STREAM},
    {"aggregate", build_aggregate, false, HANDLE_GROUPED_STREAM},
    {NULL, NULL, false, HANDLE_STREAM},
};
