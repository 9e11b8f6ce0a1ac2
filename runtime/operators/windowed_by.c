/* SPDX-License-Identifier: Apache-2.0
 *
 * Windows, and windowed_by of a grouped stream. Like a grouping it is no node. */
#include "core/saturate.h"
#include "operators/windowed.h"

weir_windows weir_hopping(int64_t size_ms, int64_t advance_ms, int64_t grace_ms)
{
    return (weir_windows){.type = WEIR_WINDOWS_HOPPING,
                          .size_ms = size_ms,
                          .advance_ms = advance_ms,
                          .grace_ms = grace_ms};
}

weir_windows weir_tumbling(int64_t size_ms, int64_t grace_ms)
{
    return weir_hopping(size_ms, size_ms, grace_ms);
}

weir_windows weir_sliding(int64_t difference_ms, int64_t grace_ms)
{
    return (weir_windows){
        .type = WEIR_WINDOWS_SLIDING, .size_ms = difference_ms, .grace_ms = grace_ms};
}

weir_windows weir_unlimited(int64_t start_ms)
{
    return (weir_windows){
        .type = WEIR_WINDOWS_UNLIMITED, .size_ms = INT64_MAX, .start_ms = start_ms};
}

weir_session_windows weir_session_gap(int64_t gap_ms, int64_t grace_ms)
{
    return (weir_session_windows){gap_ms, grace_ms};
}

weir_join_windows weir_join_within(int64_t before_ms, int64_t after_ms, int64_t grace_ms)
{
    return (weir_join_windows){before_ms, after_ms, grace_ms};
}

/* ---- Checks ------------------------------------------------------------------------------- */

static void at_least(weir_builder *builder, const char *operator_name, const char *what,
                     int64_t value, int64_t least)
{
    if (value < least) {
        weir__builder_fail(builder, WEIR_EINVAL, "%s: the %s is %lld ms, less than %lld",
                           operator_name, what, (long long)value, (long long)least);
    }
}

static bool check_windows(weir_builder *builder, const char *name, const weir_windows *windows)
{
    switch (windows->type) {
    case WEIR_WINDOWS_HOPPING:
        at_least(builder, name, "size of its windows", windows->size_ms, 1);
        at_least(builder, name, "advance of its windows", windows->advance_ms, 1);
        if (windows->advance_ms > windows->size_ms) {
            weir__builder_fail(builder, WEIR_EINVAL,
                               "%s: its windows advance by %lld ms, more than their size, which is "
                               "%lld ms",
                               name, (long long)windows->advance_ms, (long long)windows->size_ms);
        }
        break;
    case WEIR_WINDOWS_SLIDING:
        at_least(builder, name, "time difference of its windows", windows->size_ms, 0);
        break;
    case WEIR_WINDOWS_UNLIMITED:
        at_least(builder, name, "start of its windows", windows->start_ms, 0);
        break;
    default:
        weir__builder_fail(builder, WEIR_EINVAL, "%s: there are no windows of type %d", name,
                           (int)windows->type);
    }
    at_least(builder, name, "grace", windows->grace_ms, 0);
    return weir__builder_ok(builder);
}

bool weir__join_windows_check(weir_builder *builder, const char *name,
                              const weir_join_windows *windows)
{
    int64_t sum_ms = weir__add_sat(windows->before_ms, windows->after_ms);
    if (sum_ms < 0) {
        weir__builder_fail(builder, WEIR_EINVAL,
                           "%s: before_ms is %lld and after_ms %lld: their sum is negative", name,
                           (long long)windows->before_ms, (long long)windows->after_ms);
    }
    at_least(builder, name, "grace", windows->grace_ms, 0);
    return weir__builder_ok(builder);
}

/* ---- windowed_by -------------------------------------------------------------------------- */

int weir__windowed_edge(weir_builder *builder, int grouping, weir__edge_kind kind,
                        weir__windowing windows, const weir_windowed_opts *opts)
{
    weir__edge edge = *builder->edges[grouping];
    windows.emit = opts != NULL ? opts->emit : WEIR_EMIT_ON_UPDATE;
    if (windows.emit != WEIR_EMIT_ON_UPDATE && windows.emit != WEIR_EMIT_ON_CLOSE) {
        weir__builder_fail(builder, WEIR_EINVAL, "windowed_by below '%s': there is no emit %d",
                           builder->nodes[edge.node]->node.name, (int)windows.emit);
    }
    edge.kind = kind;
    edge.grouping = grouping;
    edge.windows = weir__op_copy(builder, &windows, sizeof windows);
    return weir__builder_ok(builder) ? weir__edge_add(builder, &edge) : -1;
}

/* "windowed_by below '<node>'" */
static const char *describe(weir_builder *builder, const weir__edge *grouped)
{
    return weir__builder_text(builder, "windowed_by below '%s'",
                              builder->nodes[grouped->node]->node.name);
}

bool weir__windowing_by_time(weir_builder *builder, const weir__edge *grouped,
                             const weir_windows *windows, weir__windowing *out)
{
    *out = (weir__windowing){.time = *windows, .closes_after_ms = windows->grace_ms};
    return check_windows(builder, describe(builder, grouped), windows);
}

bool weir__windowing_by_session(weir_builder *builder, const weir__edge *grouped,
                                const weir_session_windows *windows, weir__windowing *out)
{
    const char *name = describe(builder, grouped);
    at_least(builder, name, "gap of its sessions", windows->gap_ms, 0);
    at_least(builder, name, "grace", windows->grace_ms, 0);
    *out = (weir__windowing){.sessions = true, .session = *windows};
    out->closes_after_ms = weir__add_sat(windows->gap_ms, windows->grace_ms);
    return weir__builder_ok(builder);
}

weir_windowed_stream weir_windowed_by(weir_grouped in, weir_windows windows,
                                      const weir_windowed_opts *opts)
{
    weir_builder *builder = in.builder;
    const weir__edge *grouped = weir__edge_of(builder, in.node, WEIR__GROUPED);
    weir__windowing windowing;
    if (grouped == NULL || !weir__windowing_by_time(builder, grouped, &windows, &windowing)) {
        return (weir_windowed_stream){builder, -1};
    }
    return (weir_windowed_stream){
        builder, weir__windowed_edge(builder, in.node, WEIR__WINDOWED_STREAM, windowing, opts)};
}

weir_session_stream weir_session_windowed_by(weir_grouped in, weir_session_windows windows,
                                             const weir_windowed_opts *opts)
{
    weir_builder *builder = in.builder;
    const weir__edge *grouped = weir__edge_of(builder, in.node, WEIR__GROUPED);
    weir__windowing windowing;
    if (grouped == NULL || !weir__windowing_by_session(builder, grouped, &windows, &windowing)) {
        return (weir_session_stream){builder, -1};
    }
    return (weir_session_stream){
        builder, weir__windowed_edge(builder, in.node, WEIR__SESSION_STREAM, windowing, opts)};
}
