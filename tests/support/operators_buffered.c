/* SPDX-License-Identifier: Apache-2.0
 *
 * suppress, and joins with grace: with limits of 0, so that no record waits. */
#include "support/operators_buffered.h"

static weir_err keep(weir_ctx *ctx, const weir_record *in, bool *out, void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    *out = true;
    return WEIR_OK;
}

weir_stream operators_suppress(const operators_inputs *at)
{
    weir_suppressed at_once = weir_until_time_limit(0, weir_emit_early_when_full(weir_unbounded()));
    weir_suppress_opts opts = {.name = at->name};
    return weir_to_stream(weir_suppress(at->rows, at_once, &opts), NULL);
}

/* All rows of all times. */
static weir_table versioned_rows(const operators_inputs *at)
{
    static const weir_history history = {.retention_ms = INT64_MAX};
    weir_store_opts opts = {.history = &history};
    return weir_table_filter(at->rows, keep, NULL, at->name, &opts);
}

weir_stream operators_join_with_grace(const operators_inputs *at)
{
    weir_table rows = versioned_rows(at);
    weir_grace_join_opts opts = {.name = "joined-with-grace"};
    return weir_join_table_with_grace(at->in, rows, &weir_string, operators_left_side, NULL, &opts);
}

weir_stream operators_left_join_with_grace(const operators_inputs *at)
{
    weir_table rows = versioned_rows(at);
    weir_grace_join_opts opts = {.name = "left-joined-with-grace"};
    return weir_left_join_table_with_grace(at->in, rows, &weir_string, operators_left_side, NULL,
                                           &opts);
}
