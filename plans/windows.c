/* SPDX-License-Identifier: Apache-2.0
 *
 * Windows: windowed_by, and aggregations of windows by time and of sessions. */
#include <string.h>

#include "plan.h"

/* The serde of windowed keys, in the plan's memory. */
static const weir_serde *windowed_key(weir__plan_build *b, const weir__handle *of, bool sessions,
                                      int64_t size_ms)
{
    weir_wrapped *wrapped = weir__build_alloc(b, sizeof *wrapped);
    weir_serde *serde = weir__build_alloc(b, sizeof *serde);
    if (wrapped == NULL || serde == NULL) {
        return NULL;
    }
    *wrapped = (weir_wrapped){of->key, size_ms};
    const weir_serde by_time = WEIR_TIME_WINDOWED("time_windowed", wrapped);
    const weir_serde by_session = WEIR_SESSION_WINDOWED("session_windowed", wrapped);
    *serde = sessions ? by_session : by_time;
    return serde;
}

static bool read_emit(weir__plan_build *b, yyjson_val *op, weir_windowed_opts *out)
{
    const char *emit = weir__member_text(b, op, "emit");
    bool closes = emit != NULL && strcmp(emit, "on_window_close") == 0;
    *out = (weir_windowed_opts){closes ? WEIR_EMIT_ON_CLOSE : WEIR_EMIT_ON_UPDATE};
    if (emit != NULL && !closes && strcmp(emit, "on_window_update") != 0) {
        weir__build_fail(b, WEIR_EINVAL,
                         "'emit' must be on_window_update or on_window_close, not '%s'", emit);
    }
    return weir__build_ok(b);
}

static weir_windows read_windows(weir__plan_build *b, yyjson_val *windows, const char *type)
{
    int64_t grace_ms = weir__member_number(b, windows, "grace_ms");
    int64_t size_ms = weir__member_number(b, windows, "size_ms");
    if (strcmp(type, "tumbling") == 0) {
        return weir_tumbling(size_ms, grace_ms);
    }
    if (strcmp(type, "hopping") == 0) {
        return weir_hopping(size_ms, weir__member_number(b, windows, "advance_ms"), grace_ms);
    }
    if (strcmp(type, "sliding") == 0) {
        return weir_sliding(weir__member_number(b, windows, "difference_ms"), grace_ms);
    }
    if (strcmp(type, "unlimited") != 0) {
        weir__build_fail(b, WEIR_EINVAL, "no windows are named '%s'", type);
    }
    return weir_unlimited(weir__member_number(b, windows, "start_ms"));
}

bool weir__read_windows(weir__plan_build *b, yyjson_val *op, const weir__handle *of,
                        weir__plan_windows *out)
{
    yyjson_val *windows = weir__member_object(b, op, "windows");
    const char *type = weir__needed_text(b, windows, "type");
    if (!weir__build_ok(b)) {
        return false;
    }
    *out = (weir__plan_windows){.sessions = strcmp(type, "session") == 0};
    if (out->sessions) {
        int64_t gap_ms = weir__member_number(b, windows, "gap_ms");
        out->session = weir_session_gap(gap_ms, weir__member_number(b, windows, "grace_ms"));
    } else {
        out->time = read_windows(b, windows, type);
    }
    out->key = windowed_key(b, of, out->sessions, out->time.size_ms);
    return weir__build_ok(b);
}

void weir__windowed_handle(weir__plan_build *b, const weir__handle *of, weir__handle_kind kind,
                           int node, const weir_serde *key)
{
    weir__handle_add(b, b->name, kind, node, of->key, of->value);
    if (weir__build_ok(b)) {
        b->handles[b->handle_count - 1].windowed = key;
    }
}

static void build_windowed_by(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    (void)weir__needed_text(b, op, "id");
    weir__plan_windows windows;
    weir_windowed_opts opts;
    if (!read_emit(b, op, &opts) || !weir__read_windows(b, op, of, &windows)) {
        return;
    }
    weir_grouped in = {b->builder, of->node};
    int node = windows.sessions ? weir_session_windowed_by(in, windows.session, &opts).node
                                : weir_windowed_by(in, windows.time, &opts).node;
    weir__windowed_handle(b, of, windows.sessions ? HANDLE_SESSION_STREAM : HANDLE_WINDOWED_STREAM,
                          node, windows.key);
}

weir_store_opts weir__windowed_store_opts(weir__plan_build *b, yyjson_val *op, const char **store)
{
    weir_store_opts opts = weir__store_opts(b, op, weir__needed_text(b, op, "id"), store);
    yyjson_val *member = weir__member_object(b, op, "store");
    opts.retention_ms = weir__member_number(b, member, "retention_ms");
    return opts;
}

static weir_windowed_stream windowed_of(const weir__plan_build *b, const weir__handle *of)
{
    return (weir_windowed_stream){b->builder, of->node};
}

void weir__windowed_table(weir__plan_build *b, const weir__handle *of, weir_table out,
                          const weir_store_opts *opts, const weir_serde *value)
{
    weir__handle_add(b, opts->node, HANDLE_TABLE, out.node, of->windowed, value);
}

static weir_session_stream sessions_of(const weir__plan_build *b, const weir__handle *of)
{
    return (weir_session_stream){b->builder, of->node};
}

static void build_count(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *store;
    weir_store_opts opts = weir__windowed_store_opts(b, op, &store);
    if (weir__build_ok(b)) {
        weir_table out = of->kind == HANDLE_SESSION_STREAM
                             ? weir_session_windowed_count(sessions_of(b, of), store, &opts)
                             : weir_windowed_count(windowed_of(b, of), store, &opts);
        weir__windowed_table(b, of, out, &opts, &weir_i64);
    }
}

static void build_reduce(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *store;
    weir_store_opts opts = weir__windowed_store_opts(b, op, &store);
    weir__fn_use *use = weir__reducer_use(b, op, of);
    weir_reducer_fn fn = weir__call_reducer;
    if (weir__build_ok(b)) {
        weir_table out =
            of->kind == HANDLE_SESSION_STREAM
                ? weir_session_windowed_reduce(sessions_of(b, of), fn, use, store, &opts)
                : weir_windowed_reduce(windowed_of(b, of), fn, use, store, &opts);
        weir__windowed_table(b, of, out, &opts, of->value);
    }
}

bool weir__use_merger(weir__plan_build *b, yyjson_val *op, weir__fn_use *use)
{
    const char *name = weir__needed_text(b, op, "merger");
    const weir__merger *merger = weir__merger_named(name);
    if (merger == NULL || use == NULL) {
        weir__unknown(b, "merger", name);
        return false;
    }
    weir__check_takes(b, name, "aggregates", merger->takes, use->gives);
    use->merger = merger;
    return weir__build_ok(b);
}

static void build_session_aggregate(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *store;
    weir_store_opts opts = weir__windowed_store_opts(b, op, &store);
    weir__fn_use *use = weir__aggregator_use(b, op, of);
    if (weir__use_merger(b, op, use)) {
        opts.value = use->gives;
        weir_table out = weir_session_windowed_aggregate(sessions_of(b, of), weir__call_initializer,
                                                         weir__call_aggregator, weir__call_merger,
                                                         use, store, &opts);
        weir__windowed_table(b, of, out, &opts, use->gives);
    }
}

static void build_aggregate(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *store;
    weir_store_opts opts = weir__windowed_store_opts(b, op, &store);
    weir__fn_use *use = weir__aggregator_use(b, op, of);
    if (weir__build_ok(b)) {
        opts.value = use->gives;
        weir_table out = weir_windowed_aggregate(windowed_of(b, of), weir__call_initializer,
                                                 weir__call_aggregator, use, store, &opts);
        weir__windowed_table(b, of, out, &opts, use->gives);
    }
}

const weir__op weir__ops_windows[] = {
    {"windowed_by", build_windowed_by, false, HANDLE_GROUPED_STREAM},
    {"count", build_count, false, HANDLE_WINDOWED_STREAM},
    {"reduce", build_reduce, false, HANDLE_WINDOWED_STREAM},
    {"aggregate", build_aggregate, false, HANDLE_WINDOWED_STREAM},
    {"count", build_count, false, HANDLE_SESSION_STREAM},
    {"reduce", build_reduce, false, HANDLE_SESSION_STREAM},
    {"aggregate", build_session_aggregate, false, HANDLE_SESSION_STREAM},
    {NULL, NULL, false, HANDLE_STREAM},
};
