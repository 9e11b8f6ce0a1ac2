/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators that read topics or write them, and stores for processors. */
#include <string.h>

#include "plan.h"

/* ---- Sources ------------------------------------------------------------------------------ */

weir_source_opts weir__source_opts(weir__plan_build *b, yyjson_val *op, const weir_serde *value)
{
    weir_source_opts opts = {.name = weir__member_text(b, op, "id"),
                             .auto_offset_reset = weir__member_text(b, op, "reset")};
    const char *name = weir__member_text(b, op, "timestamp");
    const weir__extractor *extractor = weir__extractor_named(name);
    if (extractor == NULL) {
        weir__unknown(b, "timestamp extractor", name);
        return opts;
    }
    weir__fn_use *use = weir__build_use(b, NULL);
    if (use != NULL) {
        use->value = value;
        opts.user = use;
        opts.timestamp = extractor->fn;
    }
    return opts;
}

static void build_stream(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    (void)of;
    const char *id = weir__needed_text(b, op, "id");
    const weir_serde *key = weir__needed_type(b, op, "key");
    const weir_serde *value = weir__needed_type(b, op, "value");
    const char *const *topics = weir__member_texts(b, op, "topics");
    weir_source_opts opts = weir__source_opts(b, op, value);
    const char *pattern = weir__member_text(b, op, "pattern");
    if (pattern != NULL && topics != NULL && topics[0] != NULL) {
        weir__build_fail(b, WEIR_EINVAL, "'topics' and 'pattern' exclude each other");
    }
    if (weir__build_ok(b)) {
        weir_stream out = pattern != NULL
                              ? weir_source_pattern(b->builder, pattern, key, value, &opts)
                              : weir_source_many(b->builder, topics, key, value, &opts);
        weir__handle_add(b, id, HANDLE_STREAM, out.node, key, value);
    }
}

static void build_any_table(weir__plan_build *b, yyjson_val *op, bool global)
{
    const char *store;
    const char *id = weir__needed_text(b, op, "id");
    const char *topic = weir__needed_text(b, op, "topic");
    const weir_serde *key = weir__needed_type(b, op, "key");
    const weir_serde *value = weir__needed_type(b, op, "value");
    weir_store_opts opts = weir__store_opts(b, op, id, &store);
    weir_source_opts source = weir__source_opts(b, op, value);
    source.name = NULL;
    opts.source = &source;
    if (!weir__build_ok(b)) {
        return;
    }
    int node = global ? weir_global_table_source(b->builder, topic, store, key, value, &opts).node
                      : weir_table_source(b->builder, topic, store, key, value, &opts).node;
    weir__handle_add(b, id, global ? HANDLE_GLOBAL_TABLE : HANDLE_TABLE, node, key, value);
    weir__store_add(b, store, key, value);
}

static void build_table(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    (void)of;
    build_any_table(b, op, false);
}

static void build_global_table(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    (void)of;
    build_any_table(b, op, true);
}

/* ---- Sinks -------------------------------------------------------------------------------- */

weir_sink_opts weir__sink_opts(weir__plan_build *b, yyjson_val *op, const weir_serde *value,
                               const char **topic)
{
    weir_sink_opts opts = {0};
    const char *rule = weir__member_text(b, op, "topic_fn");
    *topic = NULL;
    if (rule == NULL) {
        *topic = weir__needed_text(b, op, "topic");
        return opts;
    }
    if (strcmp(rule, "by_first_char") != 0) {
        weir__unknown(b, "topic function", rule);
        return opts;
    }
    weir__check_takes(b, rule, "values", TYPE_STRING, value);
    weir__fn_use *use = weir__build_use(b, NULL);
    if (use != NULL) {
        use->value = value;
        opts = (weir_sink_opts){.topic_fn = weir__call_topic, .topic_rule = rule, .user = use};
    }
    return opts;
}

static void build_to(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *topic;
    const char *id = weir__needed_text(b, op, "id");
    weir_sink_opts opts = weir__sink_opts(b, op, of->value, &topic);
    opts.name = id;
    if (weir__build_ok(b)) {
        weir_to((weir_stream){b->builder, of->node}, topic, &opts);
    }
}

static void build_table_to(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *topic;
    const char *id = weir__needed_text(b, op, "id");
    weir_named changes = {weir__build_text(b, id, "-changes")};
    weir_sink_opts opts = weir__sink_opts(b, op, of->value, &topic);
    opts.name = id;
    if (weir__build_ok(b)) {
        weir_to(weir_to_stream((weir_table){b->builder, of->node}, &changes), topic, &opts);
    }
}

/* ---- Stores ------------------------------------------------------------------------------- */

static void build_store(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    (void)of;
    const char *name;
    weir__plan_store_kind kind;
    const char *const *processors = weir__member_texts(b, op, "processors");
    weir_store_opts opts = weir__any_store_opts(b, op, NULL, &name, &kind);
    opts.key = weir__needed_type(b, op, "key");
    opts.value = weir__needed_type(b, op, "value");
    yyjson_val *member = weir__member_object(b, op, "store");
    int64_t retention_ms = weir__member_number(b, member, "retention_ms");
    weir_window_opts windows = {.window_ms = weir__member_number(b, member, "window_ms"),
                                .retention_ms = retention_ms};
    if (name == NULL) {
        weir__build_fail(b, WEIR_EINVAL, "'store' needs a 'name'");
    }
    if (!weir__build_ok(b)) {
        return;
    }
    switch (kind) {
    case STORE_KEY_VALUE:
        weir_add_store(b->builder, name, &opts, processors);
        break;
    case STORE_WINDOW:
        weir_add_window_store(b->builder, name, &windows, &opts, processors);
        break;
    case STORE_SESSION:
        weir_add_session_store(b->builder, name, retention_ms, &opts, processors);
        break;
    }
    weir__store_add(b, name, opts.key, opts.value);
}

const weir__op weir__ops_sources[] = {
    {"stream", build_stream, true, HANDLE_STREAM},
    {"table", build_table, true, HANDLE_TABLE},
    {"global_table", build_global_table, true, HANDLE_GLOBAL_TABLE},
    {"add_store", build_store, true, HANDLE_NODE},
    {"add_state_store", build_store, true, HANDLE_NODE},
    {"to", build_to, false, HANDLE_STREAM},
    {"to", build_table_to, false, HANDLE_TABLE},
    {NULL, NULL, false, HANDLE_STREAM},
};
