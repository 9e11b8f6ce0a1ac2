/* SPDX-License-Identifier: Apache-2.0
 *
 * Builds a plan with the DSL. A plan with an operator that Weir does not have is skipped, and the
 * operator is named. */
#ifndef WEIR_TESTS_CONFORMANCE_PLAN_H
#define WEIR_TESTS_CONFORMANCE_PLAN_H

#include <yyjson.h>

#include "conformance/names.h"
#include "core/arena.h"

#define PLAN_IDS_MAX 128
#define PLAN_LIST_MAX 16

typedef enum plan_kind {
    PLAN_STREAM,
    PLAN_TABLE,
    PLAN_GLOBAL,
    PLAN_GROUPED,
    PLAN_GROUPED_TABLE,
} plan_kind;

typedef struct plan_id {
    const char *id;
    plan_kind kind;
    int node;
    const weir_serde *key;
    const weir_serde *value;
} plan_id;

typedef struct plan {
    weir_builder *builder;
    weir__arena arena; /* what the topology's `user` pointers point to */
    plan_id ids[PLAN_IDS_MAX];
    size_t id_count;
    char unsupported[128]; /* "": all of it is supported */
} plan;

CASE_FN void plan_skip(plan *p, const char *what, const char *detail)
{
    if (p->unsupported[0] == '\0') {
        snprintf(p->unsupported, sizeof p->unsupported, "%s%s%s", what, detail != NULL ? " " : "",
                 detail != NULL ? detail : "");
    }
}

CASE_FN const char *text_member(yyjson_val *op, const char *name)
{
    return yyjson_get_str(yyjson_obj_get(op, name));
}

CASE_FN plan_id *plan_find(plan *p, const char *id)
{
    for (size_t i = 0; id != NULL && i < p->id_count; i++) {
        if (strcmp(p->ids[i].id, id) == 0) {
            return &p->ids[i];
        }
    }
    return NULL;
}

CASE_FN void plan_add(plan *p, const char *id, plan_kind kind, int node, const weir_serde *key,
                      const weir_serde *value)
{
    weir_assert(p->id_count < PLAN_IDS_MAX);
    p->ids[p->id_count++] = (plan_id){id, kind, node, key, value};
}

CASE_FN weir_stream as_stream(plan *p, const plan_id *id)
{
    return (weir_stream){p->builder, id->node};
}

CASE_FN const weir_serde *type_of(yyjson_val *op, const char *member, const weir_serde *other)
{
    const weir_serde *given = serde_named(text_member(op, member));
    return given != NULL ? given : other;
}

CASE_FN fn_use *new_use(plan *p, const plan_id *of)
{
    fn_use *use = weir__arena_alloc(&p->arena, sizeof *use);
    weir_assert(use != NULL);
    if (of != NULL) {
        use->key = of->key;
        use->value = of->value;
    }
    return use;
}

/* NULL: it gives null. */
CASE_FN initializer_fn initializer_named(const char *name)
{
    return strcmp(name, "empty") == 0  ? initializer_empty
           : strcmp(name, "zero") == 0 ? initializer_zero
                                       : NULL;
}

/* A NULL-terminated list of strings in the plan's memory. */
CASE_FN const char *const *text_list(plan *p, yyjson_val *op, const char *name)
{
    yyjson_val *list = yyjson_obj_get(op, name);
    const char **out = weir__arena_alloc(&p->arena, PLAN_LIST_MAX * sizeof *out);
    weir_assert(out != NULL && yyjson_arr_size(list) < PLAN_LIST_MAX);
    for (size_t i = 0; i < yyjson_arr_size(list); i++) {
        out[i] = yyjson_get_str(yyjson_arr_get(list, i));
    }
    return out;
}

CASE_FN weir_store_opts store_opts(plan *p, yyjson_val *store, const char *node)
{
    const char *kind = text_member(store, "kind");
    if (kind != NULL && strcmp(kind, "kv") != 0 && strcmp(kind, "timestamped_kv") != 0) {
        plan_skip(p, "store of kind", kind);
    }
    return (weir_store_opts){
        .node = node,
        .backend = WEIR_BACKEND_MEMORY,
        .logging = yyjson_is_false(yyjson_obj_get(store, "logging")) ? WEIR_OFF : WEIR_ON};
}

/* ---- Sources and sinks -------------------------------------------------------------------- */

CASE_FN weir_source_opts source_opts(plan *p, yyjson_val *op)
{
    weir_source_opts opts = {.name = text_member(op, "id"),
                             .auto_offset_reset = text_member(op, "reset")};
    const char *extractor = text_member(op, "timestamp");
    if (extractor == NULL) {
        return opts;
    }
    fn_use *use = new_use(p, NULL);
    use->value = serde_named(text_member(op, "value"));
    opts.user = use;
    if (strcmp(extractor, "log_and_skip") == 0) {
        opts.timestamp = extract_log_and_skip;
    } else if (strcmp(extractor, "use_partition_time") == 0) {
        opts.timestamp = extract_use_partition_time;
    } else if (strcmp(extractor, "value_i64") == 0) {
        opts.timestamp = extract_value_i64;
    } else if (strcmp(extractor, "partition_time_plus_1") == 0) {
        opts.timestamp = extract_partition_time_plus_1;
    } else {
        plan_skip(p, "timestamp extractor", extractor);
    }
    return opts;
}

CASE_FN void plan_stream(plan *p, yyjson_val *op)
{
    if (yyjson_obj_get(op, "pattern") != NULL) {
        plan_skip(p, "stream with", "pattern");
        return;
    }
    const weir_serde *key = serde_named(text_member(op, "key"));
    const weir_serde *value = serde_named(text_member(op, "value"));
    weir_source_opts opts = source_opts(p, op);
    weir_stream out = weir_source_many(p->builder, text_list(p, op, "topics"), key, value, &opts);
    plan_add(p, opts.name, PLAN_STREAM, out.node, key, value);
}

CASE_FN void plan_table(plan *p, yyjson_val *op, bool global)
{
    yyjson_val *store = yyjson_obj_get(op, "store");
    const char *id = text_member(op, "id");
    const char *topic = text_member(op, "topic");
    const weir_serde *key = serde_named(text_member(op, "key"));
    const weir_serde *value = serde_named(text_member(op, "value"));
    weir_store_opts opts = store_opts(p, store, id);
    weir_source_opts source = source_opts(p, op);
    source.name = NULL;
    opts.source = &source;
    if (global) {
        weir_global_table out = weir_global_table_source(
            p->builder, topic, text_member(store, "name"), key, value, &opts);
        plan_add(p, id, PLAN_GLOBAL, out.node, key, value);
    } else {
        weir_table out =
            weir_table_source(p->builder, topic, text_member(store, "name"), key, value, &opts);
        plan_add(p, id, PLAN_TABLE, out.node, key, value);
    }
}

CASE_FN weir_sink_opts sink_opts(plan *p, yyjson_val *op, const weir_serde *value)
{
    weir_sink_opts opts = {0};
    const char *rule = text_member(op, "topic_fn");
    if (rule != NULL && strcmp(rule, "by_first_char") != 0) {
        plan_skip(p, "topic_fn", rule);
    } else if (rule != NULL) {
        fn_use *use = new_use(p, NULL);
        use->value = value;
        opts = (weir_sink_opts){.topic_fn = call_by_first_char, .topic_rule = rule, .user = use};
    }
    return opts;
}

CASE_FN void plan_to(plan *p, yyjson_val *op, const plan_id *of)
{
    const char *id = text_member(op, "id");
    weir_stream in = as_stream(p, of);
    if (of->kind == PLAN_TABLE) {
        char *name = weir__arena_alloc(&p->arena, strlen(id) + sizeof "-changes");
        weir_assert(name != NULL);
        snprintf(name, strlen(id) + sizeof "-changes", "%s-changes", id);
        in = weir_to_stream((weir_table){p->builder, of->node}, &(weir_named){name});
    }
    weir_sink_opts opts = sink_opts(p, op, of->value);
    opts.name = id;
    weir_to(in, text_member(op, "topic"), &opts);
}

/* ---- Stateless ---------------------------------------------------------------------------- */

CASE_FN void plan_filter(plan *p, yyjson_val *op, const plan_id *of, bool negate)
{
    weir_named named = {text_member(op, "id")};
    fn_use *use = new_use(p, of);
    const predicate_name *found = FIND(predicate_names, text_member(op, "predicate"));
    if (found == NULL) {
        plan_skip(p, "predicate", text_member(op, "predicate"));
        return;
    }
    use->predicate = found->fn;
    if (of->kind == PLAN_TABLE) {
        yyjson_val *store = yyjson_obj_get(op, "store");
        weir_store_opts opts = store_opts(p, store, named.name);
        weir_table in = {p->builder, of->node};
        weir_table table =
            negate
                ? weir_table_filter_not(in, call_predicate, use, text_member(store, "name"), &opts)
                : weir_table_filter(in, call_predicate, use, text_member(store, "name"), &opts);
        plan_add(p, named.name, PLAN_TABLE, table.node, of->key, of->value);
        return;
    }
    weir_stream out = negate ? weir_filter_not(as_stream(p, of), call_predicate, use, &named)
                             : weir_filter(as_stream(p, of), call_predicate, use, &named);
    plan_add(p, named.name, PLAN_STREAM, out.node, of->key, of->value);
}

CASE_FN void plan_map_values(plan *p, yyjson_val *op, const plan_id *of)
{
    weir_named named = {text_member(op, "id")};
    fn_use *use = new_use(p, of);
    const value_name *found = FIND(value_names, text_member(op, "fn"));
    if (found == NULL) {
        plan_skip(p, "value function", text_member(op, "fn"));
        return;
    }
    use->fn = found->fn;
    const weir_serde *value = type_of(op, "value", found->gives != NULL ? found->gives : of->value);
    if (of->kind == PLAN_TABLE) {
        yyjson_val *store = yyjson_obj_get(op, "store");
        weir_store_opts opts = store_opts(p, store, named.name);
        bool transform = strcmp(text_member(op, "op"), "transform_values") == 0;
        weir_table in = {p->builder, of->node};
        const char *name = text_member(store, "name");
        weir_table table =
            transform ? weir_table_transform_values(in, value, call_value, use, name, &opts)
                      : weir_table_map_values(in, value, call_value, use, name, &opts);
        plan_add(p, named.name, PLAN_TABLE, table.node, of->key, value);
        return;
    }
    weir_stream out = weir_map_values(as_stream(p, of), value, call_value, use, &named);
    plan_add(p, named.name, PLAN_STREAM, out.node, of->key, value);
}

CASE_FN value_fn key_function(plan *p, const char *name)
{
    const value_name *found = FIND(key_names, name);
    if (found == NULL) {
        plan_skip(p, "key function", name);
    }
    return found != NULL ? found->fn : NULL;
}

CASE_FN void plan_select_key(plan *p, yyjson_val *op, weir_stream in, const plan_id *of,
                             const char *name)
{
    fn_use *use = new_use(p, of);
    use->fn = key_function(p, text_member(op, "fn"));
    const weir_serde *key = type_of(op, "key", of->key);
    weir_stream out = weir_select_key(in, key, call_value, use, &(weir_named){name});
    plan_add(p, text_member(op, "id"), PLAN_STREAM, out.node, key, of->value);
}

CASE_FN void plan_map(plan *p, yyjson_val *op, const plan_id *of)
{
    weir_named named = {text_member(op, "id")};
    fn_use *use = new_use(p, of);
    use->pair = text_member(op, "fn");
    const weir_serde *key = type_of(op, "key", of->key);
    const weir_serde *value = type_of(op, "value", of->value);
    weir_stream out = weir_map(as_stream(p, of), key, value, call_pair, use, &named);
    plan_add(p, named.name, PLAN_STREAM, out.node, key, value);
}

CASE_FN void plan_flat_map(plan *p, yyjson_val *op, const plan_id *of, bool values)
{
    weir_named named = {text_member(op, "id")};
    fn_use *use = new_use(p, of);
    const emit_name *found = FIND(emit_names, text_member(op, "fn"));
    if (found == NULL) {
        plan_skip(p, "function", text_member(op, "fn"));
        return;
    }
    use->emit = found->fn;
    const weir_serde *key = type_of(op, "key", of->key);
    const weir_serde *value = type_of(op, "value", of->value);
    weir_stream out = values ? weir_flat_map_values(as_stream(p, of), value, call_emit, use, &named)
                             : weir_flat_map(as_stream(p, of), key, value, call_emit, use, &named);
    plan_add(p, named.name, PLAN_STREAM, out.node, values ? of->key : key, value);
}

CASE_FN void plan_split(plan *p, yyjson_val *op, const plan_id *of)
{
    yyjson_val *list = yyjson_obj_get(op, "branches");
    const char *other = text_member(op, "default");
    const char *id = text_member(op, "id");
    weir_branch branches[PLAN_LIST_MAX] = {{0}};
    weir_stream out[PLAN_LIST_MAX];
    size_t count = yyjson_arr_size(list);
    weir_assert(count + 1 < PLAN_LIST_MAX);
    for (size_t i = 0; i < count; i++) {
        yyjson_val *branch = yyjson_arr_get(list, i);
        fn_use *use = new_use(p, of);
        const predicate_name *found = FIND(predicate_names, text_member(branch, "predicate"));
        use->predicate = found != NULL ? found->fn : predicate_never;
        branches[i] = (weir_branch){text_member(branch, "id"), call_predicate, use};
    }
    if (other != NULL) {
        branches[count++] = (weir_branch){other, NULL, NULL};
    }
    weir_split(as_stream(p, of), branches, count, out, &(weir_named){id});
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(id) + strlen(branches[i].name) + 1;
        char *name = weir__arena_alloc(&p->arena, size);
        weir_assert(name != NULL);
        snprintf(name, size, "%s%s", id, branches[i].name);
        plan_add(p, name, PLAN_STREAM, out[i].node, of->key, of->value);
    }
}

#endif
