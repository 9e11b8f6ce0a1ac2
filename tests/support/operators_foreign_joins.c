/* SPDX-License-Identifier: Apache-2.0 */
#include "support/operators_foreign_joins.h"

/* The key of no row. */
static weir_err no_row(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    *(weir_slice *)out = weir_slice_of("no row");
    return WEIR_OK;
}

static const weir_foreign_joiner with_no_row = {.foreign_key = no_row,
                                                .joiner = operators_left_side};

/* A subscription for each row, and no result. With a partner the number of results would depend on
 * when the answers arrive: those to earlier rows are dropped. */
weir_stream operators_foreign_join(const operators_inputs *at)
{
    weir_store_opts opts = {.value = &weir_string, .node = at->name};
    return weir_to_stream(weir_table_foreign_join(at->rows, at->rows, &with_no_row, NULL, &opts),
                          NULL);
}

weir_stream operators_foreign_left_join(const operators_inputs *at)
{
    weir_store_opts opts = {.value = &weir_string, .node = at->name};
    return weir_to_stream(
        weir_table_foreign_left_join(at->rows, at->rows, &with_no_row, at->name, &opts), NULL);
}
