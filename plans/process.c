/* SPDX-License-Identifier: Apache-2.0
 *
 * Processors, and nodes added by hand. */
#include <string.h>

#include "plan.h"

/* ---- Uses of processors ------------------------------------------------------------------- */

static void read_params(weir__plan_build *b, yyjson_val *op, weir__processor_use *use)
{
    yyjson_val *params = weir__member_object(b, op, "params");
    const char *clock = weir__member_text(b, params, "clock");
    use->interval_ms = weir__member_number(b, params, "interval_ms");
    use->start_ms = weir__member_number(b, params, "start_ms");
    use->add_ms = weir__member_number(b, params, "add_ms");
    use->ttl_ms = weir__member_number(b, params, "ttl_ms");
    use->range_ms = weir__member_number(b, params, "range_ms");
    use->gap_ms = weir__member_number(b, params, "gap_ms");
    use->back_ms = weir__member_number(b, params, "back_ms");
    use->put_if_absent = weir__member_bool(b, params, "put_if_absent", false);
    use->clock =
        clock != NULL && strcmp(clock, "wall") == 0 ? WEIR_WALL_CLOCK_TIME : WEIR_STREAM_TIME;
    if (clock != NULL && strcmp(clock, "wall") != 0 && strcmp(clock, "stream") != 0) {
        weir__build_fail(b, WEIR_EINVAL, "'clock' must be stream or wall, not '%s'", clock);
    }
    for (size_t i = 0; i < WEIR__PROCESSOR_TEXTS_MAX && use->processor->texts[i] != NULL; i++) {
        use->texts[i] = weir__needed_text(b, params, use->processor->texts[i]);
    }
}

/* The store is checked when all stores are known. */
static void note_store(weir__plan_build *b, yyjson_val *op, weir__processor_use *use)
{
    const weir__processor *processor = use->processor;
    const char *const *stores = weir__member_texts(b, op, "stores");
    if (processor->store_key == TYPE_ANY || stores == NULL) {
        return;
    }
    bool named = processor->texts[0] != NULL && strcmp(processor->texts[0], "global") == 0;
    use->store = named ? use->texts[0] : stores[0];
    if (use->store == NULL) { /* a global store's processor has that one */
        use->store = weir__member_text(b, weir__member_object(b, op, "store"), "name");
    }
    if (use->store == NULL) {
        weir__build_fail(b, WEIR_EINVAL, "'stores' must name the store of %s", processor->name);
    } else {
        b->store_uses[b->store_use_count++] = (weir__store_use){
            b->name,
            processor->name,
            use->store,
            weir__type_of(processor->store_key, use->key, use->value),
            weir__type_of(processor->store_value, use->key, use->value),
        };
    }
}

weir__processor_use *weir__build_processor(weir__plan_build *b, yyjson_val *op,
                                           const weir__handle *of, weir__handle *gives)
{
    const char *name = weir__needed_text(b, op, "processor");
    const weir__processor *processor = weir__processor_named(name);
    weir__processor_use *use = weir__build_alloc(b, sizeof *use);
    if (processor == NULL || use == NULL) {
        weir__unknown(b, "processor", name);
        return NULL;
    }
    weir__check_takes(b, name, "keys", processor->takes_key, of->key);
    weir__check_takes(b, name, "values", processor->takes, of->value);
    use->processor = processor;
    use->key = of->key;
    use->value = of->value;
    read_params(b, op, use);
    note_store(b, op, use);
    gives->key = weir__stated_type(b, op, "key", of->key);
    gives->value =
        weir__stated_type(b, op, "value", weir__type_of(processor->gives, of->key, of->value));
    return weir__build_ok(b) ? use : NULL;
}

static void build_any_process(weir__plan_build *b, yyjson_val *op, const weir__handle *of,
                              bool values)
{
    weir__handle gives = {0};
    weir_process_opts opts = {.name = weir__needed_text(b, op, "id"),
                              .stores = weir__member_texts(b, op, "stores")};
    weir__processor_use *use = weir__build_processor(b, op, of, &gives);
    weir_stream in = {b->builder, of->node};
    if (use == NULL) {
        return;
    }
    weir_stream out =
        values ? weir_process_values(in, gives.value, &weir__plan_processor_ops, use, &opts)
               : weir_process(in, gives.key, gives.value, &weir__plan_processor_ops, use, &opts);
    weir__handle_add(b, opts.name, HANDLE_STREAM, out.node, gives.key, gives.value);
}

static void build_process(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    build_any_process(b, op, of, false);
}

static void build_process_values(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    build_any_process(b, op, of, true);
}

const weir__op weir__ops_process[] = {
    {"process", build_process, false, HANDLE_STREAM},
    {"process_values", build_process_values, false, HANDLE_STREAM},
    {NULL, NULL, false, HANDLE_STREAM},
};

/* ---- By hand ------------------------------------------------------------------------------ */

static void build_add_source(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    (void)of;
    const char *id = weir__needed_text(b, op, "id");
    const weir_serde *key = weir__needed_type(b, op, "key");
    const weir_serde *value = weir__needed_type(b, op, "value");
    const char *const *topics = weir__member_texts(b, op, "topics");
    const char *pattern = weir__member_text(b, op, "pattern");
    weir_source_opts opts = weir__source_opts(b, op, value);
    if (weir__build_ok(b)) {
        if (pattern != NULL) {
            weir_add_source_pattern(b->builder, id, pattern, key, value, &opts);
        } else {
            weir_add_source(b->builder, id, topics, key, value, &opts);
        }
        weir__handle_add(b, id, HANDLE_NODE, -1, key, value);
    }
}

/* The types that the parents forward, which must agree. Parents that no operator is named after
 * are an error of the topology; any types do then. */
static weir__handle parents_of(weir__plan_build *b, const char *const *parents)
{
    weir__handle types = {.key = &weir_string, .value = &weir_string};
    bool first = true;
    for (size_t i = 0; parents != NULL && parents[i] != NULL; i++) {
        const weir__handle *of = weir__handle_find(b, parents[i]);
        if (of == NULL) {
            continue;
        }
        if (of->kind != HANDLE_NODE && of->kind != HANDLE_STREAM) {
            weir__build_unsupported(b, "a node by hand below a %s",
                                    weir__handle_kind_text(of->kind));
        } else if (first) {
            types = *of;
            first = false;
        } else {
            weir__check_same(b, "the keys of all parents", types.key, of->key);
            weir__check_same(b, "the values of all parents", types.value, of->value);
        }
    }
    return types;
}

static void build_add_processor(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    (void)of;
    weir__handle gives = {0};
    const char *id = weir__needed_text(b, op, "id");
    const char *const *parents = weir__member_texts(b, op, "parents");
    weir__handle from = parents_of(b, parents);
    weir__processor_use *use = weir__build_processor(b, op, &from, &gives);
    if (use != NULL) {
        weir_add_processor(b->builder, id, parents, &weir__plan_processor_ops, use);
        weir__handle_add(b, id, HANDLE_NODE, -1, gives.key, gives.value);
    }
}

static void build_add_sink(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    (void)of;
    const char *id = weir__needed_text(b, op, "id");
    const char *const *parents = weir__member_texts(b, op, "parents");
    weir__handle from = parents_of(b, parents);
    weir__stated_type(b, op, "key", from.key);
    weir__stated_type(b, op, "value", from.value);
    const char *topic;
    weir_sink_opts opts = weir__sink_opts(b, op, from.value, &topic);
    if (weir__build_ok(b)) {
        weir_add_sink(b->builder, id, parents, topic, from.key, from.value, &opts);
        /* As a parent it is an error of the topology. */
        weir__handle_add(b, id, HANDLE_NODE, -1, from.key, from.value);
    }
}

static void build_add_connect(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    (void)of;
    const char *processor = weir__needed_text(b, op, "processor");
    const char *const *stores = weir__member_texts(b, op, "stores");
    for (size_t i = 0; weir__build_ok(b) && stores[i] != NULL; i++) {
        weir_connect(b->builder, processor, stores[i]);
    }
}

const weir__op weir__ops_by_hand[] = {
    {"add_source", build_add_source, true, HANDLE_NODE},
    {"add_processor", build_add_processor, true, HANDLE_NODE},
    {"add_sink", build_add_sink, true, HANDLE_NODE},
    {"add_connect", build_add_connect, true, HANDLE_NODE},
    {NULL, NULL, false, HANDLE_STREAM},
};
