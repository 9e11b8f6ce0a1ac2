/* SPDX-License-Identifier: Apache-2.0
 *
 * Joins of two streams. */
#include <string.h>

#include "plan.h"

typedef weir_stream (*join_streams_fn)(weir_stream left, weir_stream right,
                                       weir_join_windows windows, const weir_serde *value,
                                       weir_joiner_fn fn, void *user,
                                       const weir_stream_join_opts *opts);

static weir_join_windows windows_of(weir__plan_build *b, yyjson_val *op)
{
    yyjson_val *windows = weir__member_object(b, op, "windows");
    if (windows == NULL) {
        weir__build_fail(b, WEIR_EINVAL, "'windows' is missing");
    }
    return weir_join_within(weir__member_number(b, windows, "before_ms"),
                            weir__member_number(b, windows, "after_ms"),
                            weir__member_number(b, windows, "grace_ms"));
}

static void join_streams(weir__plan_build *b, yyjson_val *op, const weir__handle *of,
                         const weir__handle *with, join_streams_fn join)
{
    const char *prefix;
    const char *id = weir__needed_text(b, op, "id");
    weir_store_opts store = weir__store_opts(b, op, id, &prefix);
    weir_stream_join_opts opts = {
        .name = id, .store = prefix, .backend = store.backend, .logging = store.logging};
    weir_join_windows windows = windows_of(b, op);
    weir__member_refused(b, op, "grace_ms", "a join of two streams: it is a member of 'windows'");
    weir__fn_use *use = weir__build_join_use(b, op, of, with);
    if (use != NULL) {
        weir_stream left = {b->builder, of->node};
        weir_stream right = {b->builder, with->node};
        weir_stream out = join(left, right, windows, use->gives, weir__call_joiner, use, &opts);
        weir__handle_add(b, id, HANDLE_STREAM, out.node, of->key, use->gives);
    }
}

void weir__build_stream_join(weir__plan_build *b, yyjson_val *op, const weir__handle *of,
                             const weir__handle *with, bool left)
{
    join_streams(b, op, of, with, left ? weir_left_join : weir_join);
}

static void build_outer_join(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const weir__handle *with = weir__handle_named(b, op, "with");
    if (with != NULL && with->kind != HANDLE_STREAM) {
        weir__build_unsupported(b, "outer_join of a stream with a %s",
                                weir__handle_kind_text(with->kind));
    } else if (with != NULL) {
        join_streams(b, op, of, with, weir_outer_join);
    }
}

const weir__op weir__ops_stream_join[] = {
    {"outer_join", build_outer_join, false, HANDLE_STREAM},
    {NULL, NULL, false, HANDLE_STREAM},
};
