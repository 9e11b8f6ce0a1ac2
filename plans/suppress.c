/* SPDX-License-Identifier: Apache-2.0
 *
 * suppress. */
#include <string.h>

#include "plan.h"

static weir_buffer_limits read_limits(weir__plan_build *b, yyjson_val *op)
{
    bool records = yyjson_obj_get(op, "max_records") != NULL;
    bool bytes = yyjson_obj_get(op, "max_bytes") != NULL;
    int64_t max_records = weir__member_number(b, op, "max_records");
    int64_t max_bytes = weir__member_number(b, op, "max_bytes");
    return records && bytes ? weir_max_records_and_bytes(max_records, max_bytes)
           : records        ? weir_max_records(max_records)
           : bytes          ? weir_max_bytes(max_bytes)
                            : weir_unbounded();
}

/* True: a full buffer emits early. */
static bool emits_early(weir__plan_build *b, yyjson_val *op)
{
    const char *full = weir__member_text(b, op, "full");
    bool emits = full != NULL && strcmp(full, "emit") == 0;
    if (full != NULL && !emits && strcmp(full, "shut_down") != 0) {
        weir__build_fail(b, WEIR_EINVAL, "'full' must be emit or shut_down, not '%s'", full);
    }
    return emits;
}

static weir_suppressed read_until(weir__plan_build *b, yyjson_val *op)
{
    const char *until = weir__needed_text(b, op, "until");
    weir_buffer_limits limits = read_limits(b, op);
    bool early = emits_early(b, op);
    if (until != NULL && strcmp(until, "window_closes") == 0) {
        if (early) {
            weir__build_fail(b, WEIR_EINVAL,
                             "'full' must be shut_down, not 'emit', until the window closes");
        }
        return weir_until_window_closes(limits);
    }
    if (until != NULL && strcmp(until, "time_limit") != 0) {
        weir__build_fail(b, WEIR_EINVAL, "'until' must be window_closes or time_limit, not '%s'",
                         until);
    }
    return weir_until_time_limit(weir__member_number(b, op, "limit_ms"),
                                 early ? weir_emit_early_when_full(limits)
                                       : weir_shut_down_when_full(limits));
}

static void build_suppress(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    weir_suppress_opts opts = {.name = weir__needed_text(b, op, "id")};
    weir_suppressed until = read_until(b, op);
    opts.logging = weir__member_bool(b, op, "logging", true) ? WEIR_ON : WEIR_OFF;
    if (weir__build_ok(b)) {
        weir_table out = weir_suppress((weir_table){b->builder, of->node}, until, &opts);
        weir__handle_add(b, opts.name, HANDLE_TABLE, out.node, of->key, of->value);
    }
}

const weir__op weir__ops_suppress[] = {
    {"suppress", build_suppress, false, HANDLE_TABLE},
    {NULL, NULL, false, HANDLE_STREAM},
};
