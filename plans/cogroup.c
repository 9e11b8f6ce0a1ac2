/* SPDX-License-Identifier: Apache-2.0
 *
 * Cogroup. */
#include "plan.h"

/* The grouped stream of an input; NULL after a failure. */
static const weir__handle *grouped_of(weir__plan_build *b, yyjson_val *input)
{
    const weir__handle *of = weir__handle_named(b, input, "of");
    if (of != NULL && of->kind != HANDLE_GROUPED_STREAM) {
        weir__build_unsupported(b, "cogroup of a %s", weir__handle_kind_text(of->kind));
        return NULL;
    }
    return of;
}

static void add_input(weir__plan_build *b, yyjson_val *input, const weir_serde *gives,
                      weir_cogrouped *cogroup, const weir_serde **key)
{
    const weir__handle *of = grouped_of(b, input);
    const char *name = weir__needed_text(b, input, "aggregator");
    const weir__aggregator *aggregator = weir__aggregator_named(name);
    weir__fn_use *use = of != NULL ? weir__build_use(b, of) : NULL;
    if (aggregator == NULL || use == NULL) {
        weir__unknown(b, "aggregator", name);
        return;
    }
    bool first = *key == NULL;
    *key = first ? of->key : *key;
    weir__check_takes(b, name, "values", aggregator->takes, of->value);
    weir__check_same(b, "the keys of cogroup", *key, of->key);
    weir__check_same(b, name, weir__type_of(aggregator->gives, of->key, of->value), gives);
    use->aggregator = aggregator;
    use->gives = gives;
    if (weir__build_ok(b)) {
        weir_grouped in = {b->builder, of->node};
        *cogroup = first ? weir_cogroup(in, weir__call_aggregator, use)
                         : weir_cogroup_add(*cogroup, in, weir__call_aggregator, use);
    }
}

static void build_cogroup(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    (void)of;
    const char *id = weir__needed_text(b, op, "id");
    const weir_serde *gives = weir__needed_type(b, op, "value");
    yyjson_val *inputs = weir__member_list(b, op, "inputs");
    const weir_serde *key = NULL;
    weir_cogrouped cogroup = {b->builder, -1};
    for (size_t i = 0; i < yyjson_arr_size(inputs) && weir__build_ok(b); i++) {
        add_input(b, yyjson_arr_get(inputs, i), gives, &cogroup, &key);
    }
    if (weir__build_ok(b) && key == NULL) {
        weir__build_fail(b, WEIR_EINVAL, "'inputs' must have at least one grouped stream");
    }
    weir__handle_add(b, id, HANDLE_COGROUPED, cogroup.node, key, gives);
}

static void build_windowed_by(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    (void)weir__needed_text(b, op, "id");
    weir__plan_windows windows;
    if (yyjson_obj_get(op, "emit") != NULL) {
        weir__build_unsupported(b, "'emit' of a cogroup");
    }
    if (!weir__read_windows(b, op, of, &windows)) {
        return;
    }
    weir_cogrouped in = {b->builder, of->node};
    int node = windows.sessions ? weir_cogroup_session_windowed_by(in, windows.session).node
                                : weir_cogroup_windowed_by(in, windows.time).node;
    weir__windowed_handle(b, of,
                          windows.sessions ? HANDLE_SESSION_COGROUP : HANDLE_WINDOWED_COGROUP, node,
                          windows.key);
}

/* The initializer, for aggregates of the cogroup's type; NULL after a failure. */
static weir__fn_use *aggregate_use(weir__plan_build *b, yyjson_val *op, const weir__handle *of,
                                   weir_store_opts *opts)
{
    const char *name = weir__needed_text(b, op, "initializer");
    const weir__initializer *initializer = weir__initializer_named(name);
    weir__fn_use *use = weir__build_use(b, of);
    if (initializer == NULL || use == NULL) {
        weir__unknown(b, "initializer", name);
        return NULL;
    }
    use->initializer = initializer;
    use->gives = weir__stated_type(b, op, "value", of->value);
    weir__check_takes(b, name, "aggregates", initializer->gives, use->gives);
    opts->value = use->gives;
    return weir__build_ok(b) ? use : NULL;
}

static void build_aggregate(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *store;
    weir_store_opts opts = weir__store_opts(b, op, weir__needed_text(b, op, "id"), &store);
    weir__fn_use *use = aggregate_use(b, op, of, &opts);
    if (use != NULL) {
        weir_cogrouped in = {b->builder, of->node};
        weir_table out = weir_cogroup_aggregate(in, weir__call_initializer, use, store, &opts);
        weir__handle_add(b, opts.node, HANDLE_TABLE, out.node, of->key, use->gives);
        weir__store_add(b, store, of->key, use->gives);
    }
}

static void build_windowed(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *store;
    weir_store_opts opts = weir__windowed_store_opts(b, op, &store);
    weir__fn_use *use = aggregate_use(b, op, of, &opts);
    if (use != NULL) {
        weir_windowed_cogroup in = {b->builder, of->node};
        weir_table out =
            weir_windowed_cogroup_aggregate(in, weir__call_initializer, use, store, &opts);
        weir__windowed_table(b, of, out, &opts, use->gives);
    }
}

static void build_sessions(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *store;
    weir_store_opts opts = weir__windowed_store_opts(b, op, &store);
    weir__fn_use *use = aggregate_use(b, op, of, &opts);
    if (use != NULL && weir__use_merger(b, op, use)) {
        weir_session_cogroup in = {b->builder, of->node};
        weir_table out = weir_session_cogroup_aggregate(in, weir__call_initializer,
                                                        weir__call_merger, use, store, &opts);
        weir__windowed_table(b, of, out, &opts, use->gives);
    }
}

const weir__op weir__ops_cogroup[] = {
    {"cogroup", build_cogroup, true, HANDLE_STREAM},
    {"windowed_by", build_windowed_by, false, HANDLE_COGROUPED},
    {"aggregate", build_aggregate, false, HANDLE_COGROUPED},
    {"aggregate", build_windowed, false, HANDLE_WINDOWED_COGROUP},
    {"aggregate", build_sessions, false, HANDLE_SESSION_COGROUP},
    {NULL, NULL, false, HANDLE_STREAM},
};
