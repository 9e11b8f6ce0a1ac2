/* SPDX-License-Identifier: Apache-2.0 */
#include "support/operators_stream_joins.h"

static weir_err refuse(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    *keep = false;
    return WEIR_OK;
}

typedef weir_stream (*join_fn)(weir_stream left, weir_stream right, weir_join_windows windows,
                               const weir_serde *value, weir_joiner_fn fn, void *user,
                               const weir_stream_join_opts *opts);

static weir_stream beside(const operators_inputs *at, weir_stream right, join_fn join)
{
    /* In memory a row of time 0 expires at the end of time. */
    const weir_stream_join_opts opts = {
        .name = at->name, .store = at->name, .backend = WEIR_BACKEND_ROCKSDB};
    weir_join_windows same_time = weir_join_within(0, 0, INT64_MAX);
    weir_stream joined =
        join(at->in, right, same_time, &weir_string, operators_left_side, NULL, &opts);
    return weir_merge(at->in, weir_filter(joined, refuse, NULL, NULL), NULL);
}

/* Without records. */
static weir_stream nothing(const operators_inputs *at)
{
    return weir_filter(at->in, refuse, NULL, NULL);
}

weir_stream operators_stream_join(const operators_inputs *at)
{
    return beside(at, at->in, weir_join);
}

weir_stream operators_stream_left_join(const operators_inputs *at)
{
    return beside(at, nothing(at), weir_left_join);
}

weir_stream operators_stream_outer_join(const operators_inputs *at)
{
    return beside(at, nothing(at), weir_outer_join);
}
