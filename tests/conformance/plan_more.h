/* SPDX-License-Identifier: Apache-2.0
 *
 * Processors, aggregations, joins and nodes added by hand; and the table of all operators. */
#ifndef WEIR_TESTS_CONFORMANCE_PLAN_MORE_H
#define WEIR_TESTS_CONFORMANCE_PLAN_MORE_H

#include "conformance/plan_tables.h"

/* ---- Processors --------------------------------------------------------------------------- */

CASE_FN weir_err use_open(weir_ctx *ctx, void *user, void **out)
{
    const processor_use *use = user;
    processor_state *state = calloc(1, sizeof *state);
    weir_assert(state != NULL);
    state->use = use;
    *out = state;
    return use->open != NULL ? use->open(ctx, state) : WEIR_OK;
}

CASE_FN weir_err use_process(weir_ctx *ctx, const weir_record *in, void *state)
{
    processor_state *of = state;
    return of->use->process(ctx, in, of);
}

static const weir_processor_ops processor_ops = {"plan", use_open, use_process, free};

CASE_FN int64_t number_member(yyjson_val *params, const char *name)
{
    return yyjson_get_sint(yyjson_obj_get(params, name));
}

CASE_FN processor_use *new_processor(plan *p, yyjson_val *op, const plan_id *of,
                                     const weir_serde **gives)
{
    const char *name = text_member(op, "processor");
    const processor_name *found = FIND(processor_names, name);
    if (found == NULL) {
        plan_skip(p, "processor", name);
        return NULL;
    }
    yyjson_val *params = yyjson_obj_get(op, "params");
    const char *clock = text_member(params, "clock");
    processor_use *use = weir__arena_alloc(&p->arena, sizeof *use);
    weir_assert(use != NULL);
    *use = (processor_use){
        .processor = name,
        .open = found->open,
        .process = found->process,
        .key = of != NULL ? of->key : &weir_string,
        .value = of != NULL ? of->value : &weir_string,
        .store = text_list(p, op, "stores")[0],
        .interval_ms = number_member(params, "interval_ms"),
        .start_ms = number_member(params, "start_ms"),
        .add_ms = number_member(params, "add_ms"),
        .ttl_ms = number_member(params, "ttl_ms"),
        .range_ms = number_member(params, "range_ms"),
        .gap_ms = number_member(params, "gap_ms"),
        .clock =
            clock != NULL && strcmp(clock, "wall") == 0 ? WEIR_WALL_CLOCK_TIME : WEIR_STREAM_TIME,
        .first = text_member(params, "first"),
        .second = text_member(params, "second"),
        .mode = text_member(params, "mode"),
        .global = text_member(params, "global"),
        .put_if_absent = yyjson_is_true(yyjson_obj_get(params, "put_if_absent")),
    };
    *gives = found->gives != NULL ? found->gives : use->value;
    return use;
}

CASE_FN void plan_process(plan *p, yyjson_val *op, const plan_id *of, bool values)
{
    const weir_serde *gives = NULL;
    processor_use *use = new_processor(p, op, of, &gives);
    if (use == NULL) {
        return;
    }
    weir_process_opts opts = {text_member(op, "id"), text_list(p, op, "stores")};
    const weir_serde *value = type_of(op, "value", gives);
    const weir_serde *key = type_of(op, "key", of->key);
    weir_stream out = values
                          ? weir_process_values(as_stream(p, of), value, &processor_ops, use, &opts)
                          : weir_process(as_stream(p, of), key, value, &processor_ops, use, &opts);
    plan_add(p, opts.name, PLAN_STREAM, out.node, values ? of->key : key, value);
}

/* The backend of such a store can be seen: its rows expire differently. */
CASE_FN weir_store_opts timed_store_opts(yyjson_val *store)
{
    const char *backend = text_member(store, "backend");
    bool rocksdb = backend != NULL && strcmp(backend, "rocksdb") == 0;
    return (weir_store_opts){
        .backend = rocksdb ? WEIR_BACKEND_ROCKSDB : WEIR_BACKEND_MEMORY,
        .logging = yyjson_is_false(yyjson_obj_get(store, "logging")) ? WEIR_OFF : WEIR_ON};
}

CASE_FN void plan_store(plan *p, yyjson_val *op)
{
    yyjson_val *store = yyjson_obj_get(op, "store");
    const char *name = text_member(store, "name");
    const char *kind = text_member(store, "kind");
    const char *const *processors = text_list(p, op, "processors");
    bool window = kind != NULL && strcmp(kind, "window") == 0;
    bool session = kind != NULL && strcmp(kind, "session") == 0;
    weir_store_opts opts = window || session ? timed_store_opts(store) : store_opts(p, store, NULL);
    opts.key = serde_named(text_member(op, "key"));
    opts.value = serde_named(text_member(op, "value"));
    if (window) {
        weir_window_opts windows = {.window_ms = number_member(store, "window_ms"),
                                    .retention_ms = number_member(store, "retention_ms")};
        weir_add_window_store(p->builder, name, &windows, &opts, processors);
    } else if (session) {
        weir_add_session_store(p->builder, name, number_member(store, "retention_ms"), &opts,
                               processors);
    } else {
        weir_add_store(p->builder, name, &opts, processors);
    }
}

/* ---- By hand ------------------------------------------------------------------------------ */

CASE_FN void plan_add_source(plan *p, yyjson_val *op)
{
    const weir_serde *key = serde_named(text_member(op, "key"));
    const weir_serde *value = serde_named(text_member(op, "value"));
    weir_source_opts opts = source_opts(p, op);
    weir_add_source(p->builder, opts.name, text_list(p, op, "topics"), key, value, &opts);
    plan_add(p, opts.name, PLAN_STREAM, -1, key, value);
}

CASE_FN void plan_add_processor(plan *p, yyjson_val *op)
{
    const char *const *parents = text_list(p, op, "parents");
    const plan_id *of = plan_find(p, parents[0]);
    const weir_serde *gives = NULL;
    processor_use *use = new_processor(p, op, of, &gives);
    if (use != NULL) {
        weir_add_processor(p->builder, text_member(op, "id"), parents, &processor_ops, use);
        plan_add(p, text_member(op, "id"), PLAN_STREAM, -1,
                 type_of(op, "key", of != NULL ? of->key : NULL), type_of(op, "value", gives));
    }
}

CASE_FN void plan_add_sink(plan *p, yyjson_val *op)
{
    weir_sink_opts opts = sink_opts(p, op, serde_named(text_member(op, "value")));
    weir_add_sink(p->builder, text_member(op, "id"), text_list(p, op, "parents"),
                  text_member(op, "topic"), serde_named(text_member(op, "key")),
                  serde_named(text_member(op, "value")), &opts);
}

CASE_FN void plan_connect(plan *p, yyjson_val *op)
{
    const char *const *stores = text_list(p, op, "stores");
    for (size_t i = 0; stores[i] != NULL; i++) {
        weir_connect(p->builder, text_member(op, "processor"), stores[i]);
    }
}

/* ---- Aggregations and joins --------------------------------------------------------------- */

CASE_FN void plan_group(plan *p, yyjson_val *op, const plan_id *of, bool by_key)
{
    const char *id = text_member(op, "id");
    weir_grouped out;
    const weir_serde *key = type_of(op, "key", of->key);
    if (by_key) {
        out = weir_group_by_key(as_stream(p, of), id);
    } else {
        fn_use *use = new_use(p, of);
        use->fn = key_function(p, text_member(op, "fn"));
        bool standard = yyjson_is_true(yyjson_obj_get(op, "default_serdes"));
        out = weir_group_by(as_stream(p, of), id, standard ? NULL : key, call_value, use);
    }
    plan_add(p, id, PLAN_GROUPED, out.node, key, of->value);
}

CASE_FN void plan_aggregate(plan *p, yyjson_val *op, const plan_id *of, const char *kind)
{
    yyjson_val *stored = yyjson_obj_get(op, "store");
    const char *id = text_member(op, "id");
    const char *store = text_member(stored, "name");
    weir_store_opts opts = store_opts(p, stored, id);
    weir_grouped in = {p->builder, of->node};
    fn_use *use = new_use(p, of);
    const weir_serde *value = of->value;
    weir_table out = {p->builder, -1};
    if (strcmp(kind, "count") == 0) {
        value = &weir_i64;
        out = weir_count(in, store, &opts);
    } else if (strcmp(kind, "reduce") == 0) {
        const reducer_name *found = FIND(reducer_names, text_member(op, "reducer"));
        weir_assert(found != NULL);
        use->reducer = found->fn;
        out = weir_reduce(in, call_reducer, use, store, &opts);
    } else {
        const aggregator_name *found = FIND(aggregator_names, text_member(op, "aggregator"));
        weir_assert(found != NULL);
        value = type_of(op, "value", found->gives);
        use->right = opts.value = value;
        use->aggregator = found->fn;
        use->initializer = initializer_named(text_member(op, "initializer"));
        out = weir_aggregate(in, call_initializer, call_aggregator, use, store, &opts);
    }
    plan_add(p, id, PLAN_TABLE, out.node, of->key, value);
}

CASE_FN void plan_join(plan *p, yyjson_val *op, const plan_id *of, bool left)
{
    const char *id = text_member(op, "id");
    const plan_id *with = plan_find(p, text_member(op, "with"));
    const joiner_name *found = FIND(joiner_names, text_member(op, "joiner"));
    if (of->kind != PLAN_STREAM || with == NULL || with->kind == PLAN_STREAM ||
        yyjson_obj_get(op, "grace_ms") != NULL || found == NULL) {
        plan_skip(p, "join of this kind", NULL);
        return;
    }
    fn_use *use = new_use(p, of);
    use->right = with->value;
    use->joiner = found->fn;
    const weir_serde *value = type_of(op, "value", of->value);
    weir_stream in = as_stream(p, of);
    weir_stream out;
    if (with->kind == PLAN_GLOBAL) {
        use->key_fn = key_function(p, text_member(op, "key_fn"));
        weir_global_table table = {p->builder, with->node};
        weir_global_join_opts opts = {id, call_key};
        out = left ? weir_left_join_global(in, table, value, call_joiner, use, &opts)
                   : weir_join_global(in, table, value, call_joiner, use, &opts);
    } else {
        weir_table table = {p->builder, with->node};
        weir_named named = {id};
        out = left ? weir_left_join_table(in, table, value, call_joiner, use, &named)
                   : weir_join_table(in, table, value, call_joiner, use, &named);
    }
    plan_add(p, id, PLAN_STREAM, out.node, of->key, value);
}

CASE_FN void plan_merge(plan *p, yyjson_val *op, const plan_id *of)
{
    const char *id = text_member(op, "id");
    const plan_id *with = plan_find(p, text_member(op, "with"));
    weir_assert(with != NULL);
    weir_stream out = weir_merge(as_stream(p, of), as_stream(p, with), &(weir_named){id});
    plan_add(p, id, PLAN_STREAM, out.node, of->key, of->value);
}

CASE_FN void plan_repartition(plan *p, yyjson_val *op, const plan_id *of)
{
    const char *id = text_member(op, "id");
    weir_repartition_opts opts = {.partitions = (int32_t)number_member(op, "partitions")};
    weir_stream out = weir_repartition(as_stream(p, of), id, &opts);
    plan_add(p, id, PLAN_STREAM, out.node, of->key, of->value);
}

CASE_FN void plan_to_stream(plan *p, yyjson_val *op, const plan_id *of)
{
    const char *id = text_member(op, "id");
    weir_stream out = weir_to_stream((weir_table){p->builder, of->node}, &(weir_named){id});
    if (yyjson_obj_get(op, "fn") != NULL) {
        plan_select_key(p, op, out, of, NULL);
    } else {
        plan_add(p, id, PLAN_STREAM, out.node, of->key, of->value);
    }
}

CASE_FN void plan_to_table(plan *p, yyjson_val *op, const plan_id *of)
{
    yyjson_val *store = yyjson_obj_get(op, "store");
    const char *id = text_member(op, "id");
    weir_store_opts opts = store_opts(p, store, id);
    weir_table out = weir_to_table(as_stream(p, of), text_member(store, "name"), &opts);
    plan_add(p, id, PLAN_TABLE, out.node, of->key, of->value);
}

/* ---- All ---------------------------------------------------------------------------------- */

/* Operators that start something, or add nodes by hand. False: not one of them. */
CASE_FN bool plan_root(plan *p, yyjson_val *op, const char *kind)
{
    if (strcmp(kind, "stream") == 0) {
        plan_stream(p, op);
    } else if (strcmp(kind, "table") == 0 || strcmp(kind, "global_table") == 0) {
        plan_table(p, op, kind[0] == 'g');
    } else if (strcmp(kind, "add_store") == 0 || strcmp(kind, "add_state_store") == 0) {
        plan_store(p, op);
    } else if (strcmp(kind, "add_source") == 0) {
        plan_add_source(p, op);
    } else if (strcmp(kind, "add_processor") == 0) {
        plan_add_processor(p, op);
    } else if (strcmp(kind, "add_sink") == 0) {
        plan_add_sink(p, op);
    } else if (strcmp(kind, "add_connect") == 0) {
        plan_connect(p, op);
    } else {
        return false;
    }
    return true;
}

CASE_FN bool plan_of_stream(plan *p, yyjson_val *op, const char *kind, const plan_id *of)
{
    if (strcmp(kind, "filter") == 0 || strcmp(kind, "filter_not") == 0) {
        plan_filter(p, op, of, strcmp(kind, "filter_not") == 0);
    } else if (strcmp(kind, "map_values") == 0) {
        plan_map_values(p, op, of);
    } else if (strcmp(kind, "select_key") == 0) {
        plan_select_key(p, op, as_stream(p, of), of, text_member(op, "id"));
    } else if (strcmp(kind, "map") == 0) {
        plan_map(p, op, of);
    } else if (strcmp(kind, "flat_map") == 0 || strcmp(kind, "flat_map_values") == 0) {
        plan_flat_map(p, op, of, strcmp(kind, "flat_map_values") == 0);
    } else if (strcmp(kind, "peek") == 0) {
        weir_named named = {text_member(op, "id")};
        weir_stream out = weir_peek(as_stream(p, of), call_nothing, NULL, &named);
        plan_add(p, named.name, PLAN_STREAM, out.node, of->key, of->value);
    } else if (strcmp(kind, "foreach") == 0) {
        weir_for_each(as_stream(p, of), call_nothing, NULL, &(weir_named){text_member(op, "id")});
    } else if (strcmp(kind, "merge") == 0) {
        plan_merge(p, op, of);
    } else if (strcmp(kind, "split") == 0) {
        plan_split(p, op, of);
    } else if (strcmp(kind, "repartition") == 0) {
        plan_repartition(p, op, of);
    } else if (strcmp(kind, "process") == 0 || strcmp(kind, "process_values") == 0) {
        plan_process(p, op, of, strcmp(kind, "process_values") == 0);
    } else if (strcmp(kind, "group_by_key") == 0 || strcmp(kind, "group_by") == 0) {
        plan_group(p, op, of, strcmp(kind, "group_by_key") == 0);
    } else if (strcmp(kind, "to_table") == 0) {
        plan_to_table(p, op, of);
    } else if (strcmp(kind, "join") == 0 || strcmp(kind, "left_join") == 0) {
        plan_join(p, op, of, strcmp(kind, "left_join") == 0);
    } else {
        return false;
    }
    return true;
}

CASE_FN bool plan_of_table(plan *p, yyjson_val *op, const char *kind, const plan_id *of)
{
    if (strcmp(kind, "to_stream") == 0) {
        plan_to_stream(p, op, of);
    } else if (strcmp(kind, "filter") == 0 || strcmp(kind, "filter_not") == 0) {
        plan_filter(p, op, of, strcmp(kind, "filter_not") == 0);
    } else if (strcmp(kind, "map_values") == 0 || strcmp(kind, "transform_values") == 0) {
        plan_map_values(p, op, of);
    } else if (strcmp(kind, "group_by") == 0) {
        plan_table_group(p, op, of);
    } else if (strcmp(kind, "join") == 0 || strcmp(kind, "left_join") == 0 ||
               strcmp(kind, "outer_join") == 0) {
        plan_table_join(p, op, of, kind);
    } else {
        return false;
    }
    return true;
}

CASE_FN void plan_operator(plan *p, yyjson_val *op)
{
    const char *kind = text_member(op, "op");
    if (plan_root(p, op, kind)) {
        return;
    }
    const plan_id *of = plan_find(p, text_member(op, "of"));
    if (of != NULL && strcmp(kind, "to") == 0) {
        plan_to(p, op, of);
    } else if (of != NULL && of->kind == PLAN_TABLE && plan_of_table(p, op, kind, of)) {
        return;
    } else if (of != NULL && of->kind == PLAN_GROUPED &&
               (strcmp(kind, "count") == 0 || strcmp(kind, "reduce") == 0 ||
                strcmp(kind, "aggregate") == 0)) {
        plan_aggregate(p, op, of, kind);
    } else if (of != NULL && of->kind == PLAN_GROUPED_TABLE) {
        plan_table_aggregate(p, op, of, kind);
    } else if (of == NULL || of->kind != PLAN_STREAM || !plan_of_stream(p, op, kind, of)) {
        static const char *const kinds[] = {"stream", "table", "global table", "group",
                                            "grouped table"};
        char of_what[32];
        snprintf(of_what, sizeof of_what, "of a %s", of != NULL ? kinds[of->kind] : "nothing");
        plan_skip(p, kind, of_what);
    }
}

/* The whole plan; p->unsupported names what is missing. */
CASE_FN void plan_build(plan *p, yyjson_val *list)
{
    p->builder = weir_builder_new();
    for (size_t i = 0; i < yyjson_arr_size(list) && p->unsupported[0] == '\0'; i++) {
        plan_operator(p, yyjson_arr_get(list, i));
    }
}

#endif
