/* SPDX-License-Identifier: Apache-2.0
 *
 * A grouping of a stream is no node. Its first aggregation adds the repartition topic, and all its
 * aggregations share that topic. */
#include "operators/aggregation.h"

#include "core/saturate.h"

const weir__edge *weir__aggregation_input(weir_builder *builder, weir__edge *grouped,
                                          const char *store)
{
    if (!weir__edge_key_changed(builder, grouped)) {
        return grouped;
    }
    if (grouped->repartitioned >= 0) {
        weir__builder_skip_numbers(builder, WEIR__UNNAMED_SHARED_REPARTITION);
        return builder->edges[grouped->repartitioned];
    }
    const char *name = grouped->name != NULL ? grouped->name : store;
    if (name == NULL) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY,
                           "the grouping below '%s' must be repartitioned: name it, or the store "
                           "of its aggregation",
                           builder->nodes[grouped->node]->node.name);
        return NULL;
    }
    const weir__edge *edge = weir__repartition(builder, grouped, name, NULL);
    if (edge != NULL && grouped->name != NULL) {
        grouped->repartitioned = (int)builder->edge_count - 1;
    }
    return edge;
}

void weir__aggregation_check(weir_builder *builder, const weir__edge *in,
                             const weir__aggregation *spec, const char *name)
{
    const weir_store_opts *opts = spec->opts;
    const char *what = weir__builder_text(builder, "%s '%s'", spec->kind->work.name, name);
    if (opts != NULL && opts->key != NULL) {
        weir__builder_check_types(
            builder,
            &(weir__type_check){in->key, opts->key, what, "the stream's key", "the store's key"});
    }
    if (opts != NULL && opts->value != NULL) {
        weir__builder_check_types(builder, &(weir__type_check){spec->value, opts->value, what,
                                                               "its result", "the store's value"});
    }
}

bool weir__aggregation_given(weir_builder *builder, bool given, const char *kind, const char *store,
                             int in)
{
    if (!given) {
        weir__builder_fail(builder, WEIR_EINVAL, "%s lacks a function",
                           weir__label(builder, kind, store, in));
    }
    return weir__builder_ok(builder);
}

/* ---- Windows ------------------------------------------------------------------------------ */

/* How long after its start (sessions: end) a window may change. */
static int64_t retention_min(const weir__windowing *windows)
{
    return windows->sessions ? windows->closes_after_ms
                             : weir__add_sat(windows->time.size_ms, windows->closes_after_ms);
}

/* Sliding windows make other windows of those before them. */
static int64_t retention_default(const weir__windowing *windows)
{
    bool sliding = !windows->sessions && windows->time.type == WEIR_WINDOWS_SLIDING;
    int64_t least_ms = retention_min(windows);
    return sliding ? weir__add_sat(least_ms, windows->time.size_ms) : least_ms;
}

int weir__windowed_store(weir_builder *builder, const weir__edge *table, const weir_serde *key,
                         const char *store, const weir_store_opts *opts)
{
    const weir__windowing *windows = table->windows;
    int64_t least_ms = retention_min(windows);
    int64_t retention_ms = opts != NULL ? opts->retention_ms : 0;
    weir_store_opts typed = opts != NULL ? *opts : (weir_store_opts){0};
    typed.key = key;
    typed.value = table->value;
    typed.retention_ms = 0;
    if (retention_ms != 0 && retention_ms < least_ms) {
        weir__builder_fail(builder, WEIR_EINVAL,
                           "store '%s': retention_ms is %lld, but its windows may change for %lld "
                           "ms after their %s",
                           store, (long long)retention_ms, (long long)least_ms,
                           windows->sessions ? "end" : "start");
    }
    int index = weir__node_store(builder, table->node, store, &typed, true);
    if (index < 0) {
        return -1;
    }
    weir__store_spec *spec = &builder->stores[index]->spec;
    spec->kind = windows->sessions ? &weir__kind_session : &weir__kind_timestamped_window;
    spec->retention_ms = retention_ms != 0 ? retention_ms : retention_default(windows);
    spec->window_ms = windows->sessions ? 0 : windows->time.size_ms;
    spec->time_ordered = windows->emit == WEIR_EMIT_ON_CLOSE;
    /* As in Kafka. Closed windows are read from the store itself. */
    spec->caching = spec->caching && windows->emit != WEIR_EMIT_ON_CLOSE;
    weir__builder_own_store(builder, table->node, index);
    return index;
}

/* ---- Adding ------------------------------------------------------------------------------- */

/* The node of the aggregation; `windows` NULL: none. */
static weir_table add(weir_builder *builder, weir__edge *grouped, const weir__windowing *windows,
                      const weir__aggregation *spec)
{
    weir_table failed = {builder, -1};
    const char *store = spec->store;
    if (store == NULL) {
        const char *prefix = weir__builder_text(builder, "%sSTATE-STORE-", spec->kind->prefix);
        store = weir__builder_name(builder, NULL, prefix);
    }
    const char *given = spec->opts != NULL ? spec->opts->node : NULL;
    const char *name = weir__builder_name(builder, given, spec->kind->prefix);
    const weir__edge *from =
        weir__builder_ok(builder) ? weir__aggregation_input(builder, grouped, spec->store) : NULL;
    if (from == NULL) {
        return failed;
    }
    weir__aggregation_check(builder, from, spec, name);
    weir__edge edge = *from;
    edge.kind = WEIR__TABLE;
    edge.key = windows != NULL ? weir__builder_windowed(builder, windows, from->key) : from->key;
    edge.value = spec->value;
    edge.windows = windows;
    weir__operator_at at = {.name = name,
                            .named = true,
                            .in = from,
                            .key = edge.key,
                            .value = edge.value,
                            .result = WEIR__RESULT_OF_OPTS};
    edge.node = weir__operator_add(builder, spec->kind, spec->op, spec->size, &at);
    if (edge.node < 0) {
        return failed;
    }
    int added = windows != NULL ? weir__windowed_store(builder, &edge, from->key, store, spec->opts)
                                : weir__table_store(builder, &edge, store, spec->opts, true);
    return added >= 0 ? (weir_table){builder, weir__edge_add(builder, &edge)} : failed;
}

weir_table weir__aggregation_add(weir_grouped in, const weir__aggregation *spec)
{
    if (weir__edge_of(in.builder, in.node, WEIR__GROUPED) == NULL) {
        return (weir_table){in.builder, -1};
    }
    return add(in.builder, in.builder->edges[in.node], NULL, spec);
}

weir_table weir__aggregation_add_windowed(weir_builder *builder, int node, weir__edge_kind of,
                                          const weir__aggregation *spec)
{
    const weir__edge *windowed = weir__edge_of(builder, node, of);
    if (windowed == NULL) {
        return (weir_table){builder, -1};
    }
    return add(builder, builder->edges[windowed->grouping], windowed->windows, spec);
}
