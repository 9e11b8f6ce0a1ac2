/* SPDX-License-Identifier: Apache-2.0
 *
 * Building a topology node by node (Kafka's Topology). */
#include <string.h>

#include "topology/builder.h"

static bool needs(weir_builder *builder, bool given, const char *what, const char *name)
{
    if (!given) {
        weir__builder_fail(builder, WEIR_EINVAL, "processor '%s' needs %s", name, what);
    }
    return weir__builder_ok(builder);
}

static const weir_serde *or_default(const weir_serde *given, const weir_serde *standard)
{
    return given != NULL ? given : standard;
}

void weir_add_source(weir_builder *builder, const char *name, const char *const *topics,
                     const weir_serde *key, const weir_serde *value, const weir_source_opts *opts)
{
    if (!weir__builder_given(builder, name != NULL, __func__, "name") ||
        !weir__builder_given(builder, topics != NULL, __func__, "topics")) {
        return;
    }
    int index = weir__builder_source(builder, name, topics, false);
    if (index >= 0) {
        weir__builder_read_as(builder, index, or_default(key, &weir__default_key),
                              or_default(value, &weir__default_value), opts);
    }
}

void weir_add_source_pattern(weir_builder *builder, const char *name, const char *pattern,
                             const weir_serde *key, const weir_serde *value,
                             const weir_source_opts *opts)
{
    if (!weir__builder_given(builder, name != NULL, __func__, "name") ||
        !weir__builder_given(builder, pattern != NULL, __func__, "pattern")) {
        return;
    }
    int index = weir__builder_pattern(builder, name, pattern);
    if (index >= 0) {
        weir__builder_read_as(builder, index, or_default(key, &weir__default_key),
                              or_default(value, &weir__default_value), opts);
    }
}

static bool check_parent(weir_builder *builder, const char *child, const char *name,
                         const weir__draft *parent)
{
    if (parent == NULL) {
        weir__builder_fail(builder, WEIR_ENOTFOUND, "the parent '%s' of '%s' is not there%s", name,
                           child, strcmp(name, child) == 0 ? " (it is the node itself)" : "");
    } else if (parent->node.kind == WEIR__SINK) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY, "the parent '%s' of '%s' is a sink", name,
                           child);
    } else if ((parent->node.facts & WEIR__GLOBAL) != 0) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY,
                           "the parent '%s' of '%s' belongs to a global table", name, child);
    } else if ((parent->node.facts & WEIR__GIVES_TABLE) != 0) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY,
                           "the parent '%s' of '%s' is a table: make it a stream with "
                           "weir_to_stream",
                           name, child);
    }
    return weir__builder_ok(builder);
}

static bool add_parents(weir_builder *builder, int child, const char *const *parents)
{
    const char *name = builder->nodes[child]->node.name;
    if (parents == NULL || parents[0] == NULL) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY, "'%s' has no parents", name);
        return false;
    }
    for (size_t i = 0; parents[i] != NULL; i++) {
        weir__draft *parent = weir__map_get_text(&builder->node_names, parents[i]);
        if (parent == builder->nodes[child]) {
            parent = NULL;
        }
        if (!check_parent(builder, name, parents[i], parent)) {
            return false;
        }
        weir__builder_parent(builder, child, parent->node.index);
    }
    return weir__builder_ok(builder);
}

void weir_add_processor(weir_builder *builder, const char *name, const char *const *parents,
                        const weir_processor_ops *ops, void *user)
{
    if (!weir__builder_given(builder, name != NULL, __func__, "name") ||
        !needs(builder, ops != NULL && ops->process != NULL, "a process function", name)) {
        return;
    }
    int index = weir__builder_node(builder, WEIR__PROCESSOR, name);
    if (index >= 0 && add_parents(builder, index, parents)) {
        builder->nodes[index]->node.ops = ops;
        builder->nodes[index]->node.user = user;
    }
}

void weir_connect(weir_builder *builder, const char *processor, const char *store)
{
    if (!weir__builder_given(builder, processor != NULL, __func__, "processor") ||
        !weir__builder_given(builder, store != NULL, __func__, "store")) {
        return;
    }
    if (weir__builder_grow(builder, &builder->connections, builder->connection_count,
                           &builder->connection_capacity, sizeof *builder->connections)) {
        weir__connection *connection = &builder->connections[builder->connection_count++];
        connection->processor = weir__builder_text(builder, "%s", processor);
        connection->store = weir__builder_text(builder, "%s", store);
    }
}

static void connect_all(weir_builder *builder, const char *const *processors, const char *store)
{
    for (size_t i = 0; processors != NULL && processors[i] != NULL; i++) {
        weir_connect(builder, processors[i], store);
    }
}

void weir_add_store(weir_builder *builder, const char *name, const weir_store_opts *opts,
                    const char *const *processors)
{
    if (!weir__builder_given(builder, name != NULL, __func__, "name")) {
        return;
    }
    weir__builder_store(builder, name, opts, false);
    connect_all(builder, processors, name);
}

static bool check_windows(weir_builder *builder, const char *name, const weir_window_opts *windows,
                          bool caching)
{
    if (windows->window_ms < 0) {
        weir__builder_fail(builder, WEIR_EINVAL, "store '%s': window_ms is %lld, less than 0", name,
                           (long long)windows->window_ms);
    } else if (windows->retention_ms < windows->window_ms) {
        weir__builder_fail(builder, WEIR_EINVAL,
                           "store '%s': retention_ms is %lld, less than window_ms, which is %lld",
                           name, (long long)windows->retention_ms, (long long)windows->window_ms);
    } else if (windows->retain_duplicates && (caching || windows->timestamped)) {
        weir__builder_fail(builder, WEIR_EINVAL, "store '%s' retains duplicates and cannot be %s",
                           name, caching ? "cached" : "timestamped");
    }
    return weir__builder_ok(builder);
}

void weir_add_window_store(weir_builder *builder, const char *name, const weir_window_opts *windows,
                           const weir_store_opts *opts, const char *const *processors)
{
    if (!weir__builder_given(builder, name != NULL, __func__, "name") ||
        !weir__builder_given(builder, windows != NULL, __func__, "windows") ||
        !check_windows(builder, name, windows, opts != NULL && opts->caching == WEIR_ON)) {
        return;
    }
    int index = weir__builder_store(builder, name, opts, false);
    if (index >= 0) {
        weir__store_spec *spec = &builder->stores[index]->spec;
        spec->kind = windows->retain_duplicates ? &weir__kind_duplicates
                     : windows->timestamped     ? &weir__kind_timestamped_window
                                                : &weir__kind_window;
        spec->retention_ms = windows->retention_ms;
        spec->window_ms = windows->window_ms;
        spec->duplicates = windows->retain_duplicates;
        connect_all(builder, processors, name);
    }
}

void weir_add_session_store(weir_builder *builder, const char *name, int64_t retention_ms,
                            const weir_store_opts *opts, const char *const *processors)
{
    if (!weir__builder_given(builder, name != NULL, __func__, "name")) {
        return;
    }
    if (retention_ms < 0) {
        weir__builder_fail(builder, WEIR_EINVAL, "store '%s': retention_ms is %lld, less than 0",
                           name, (long long)retention_ms);
    }
    int index = weir__builder_store(builder, name, opts, false);
    if (index >= 0) {
        builder->stores[index]->spec.kind = &weir__kind_session;
        builder->stores[index]->spec.retention_ms = retention_ms;
        connect_all(builder, processors, name);
    }
}

void weir_add_versioned_store(weir_builder *builder, const char *name, int64_t retention_ms,
                              const weir_store_opts *opts, const char *const *processors)
{
    weir_store_opts own = opts != NULL ? *opts : (weir_store_opts){0};
    weir_history history = {retention_ms};
    if (!weir__builder_given(builder, name != NULL, __func__, "name")) {
        return;
    }
    if (own.history != NULL) {
        weir__builder_fail(builder, WEIR_EINVAL,
                           "store '%s': its history is given by retention_ms, not in the options",
                           name);
    }
    own.history = &history;
    weir_add_store(builder, name, &own, processors);
}

static void check_types(weir_builder *builder, const weir__node *sink, const weir__node *parent)
{
    const char *what =
        weir__builder_text(builder, "sink '%s' below '%s'", sink->name, parent->name);
    if (parent->key != NULL) {
        weir__builder_check_types(builder, &(weir__type_check){parent->key, sink->key, what,
                                                               "its parent's key", "its key"});
    }
    if (parent->value != NULL) {
        weir__builder_check_types(builder, &(weir__type_check){parent->value, sink->value, what,
                                                               "its parent's value", "its value"});
    }
}

void weir_add_sink(weir_builder *builder, const char *name, const char *const *parents,
                   const char *topic, const weir_serde *key, const weir_serde *value,
                   const weir_sink_opts *opts)
{
    if (!weir__builder_given(builder, name != NULL, __func__, "name")) {
        return;
    }
    int index = weir__builder_node(builder, WEIR__SINK, name);
    if (index < 0 || !add_parents(builder, index, parents)) {
        return;
    }
    weir__builder_sink_to(builder, index, topic, opts, __func__);
    weir__draft *sink = builder->nodes[index];
    sink->node.key = or_default(key, &weir__default_key);
    sink->node.value = or_default(value, &weir__default_value);
    for (size_t i = 0; i < sink->parents.count; i++) {
        check_types(builder, &sink->node, &builder->nodes[sink->parents.at[i]]->node);
    }
}
