/* SPDX-License-Identifier: Apache-2.0
 *
 * Aggregations of sessions. */
#include "plan.h"

static weir_session_stream sessions_of(const weir__plan_build *b, const weir__handle *of)
{
    return (weir_session_stream){b->builder, of->node};
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

static void build_count(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *store;
    weir_store_opts opts = weir__windowed_store_opts(b, op, &store);
    if (weir__build_ok(b)) {
        weir_table out = weir_session_windowed_count(sessions_of(b, of), store, &opts);
        weir__windowed_table(b, of, out, &opts, &weir_i64);
    }
}

static void build_reduce(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *store;
    weir_store_opts opts = weir__windowed_store_opts(b, op, &store);
    weir__fn_use *use = weir__reducer_use(b, op, of);
    if (weir__build_ok(b)) {
        weir_table out =
            weir_session_windowed_reduce(sessions_of(b, of), weir__call_reducer, use, store, &opts);
        weir__windowed_table(b, of, out, &opts, of->value);
    }
}

static void build_aggregate(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
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

const weir__op weir__ops_sessions[] = {
    {"count", build_count, false, HANDLE_SESSION_STREAM},
    {"reduce", build_reduce, false, HANDLE_SESSION_STREAM},
    {"aggregate", build_aggregate, false, HANDLE_SESSION_STREAM},
    {NULL, NULL, false, HANDLE_STREAM},
};
