/* SPDX-License-Identifier: Apache-2.0
 *
 * reduce of windows. */
#include "operators/windowed.h"

static const weir__operator reduce_operator = {
    .work = {"windowed_reduce", weir__windowed_open, weir__windowed_process, weir__windowed_close},
    .prefix = "KSTREAM-REDUCE-",
    .facts = WEIR__GIVES_TABLE,
};

weir_table weir_windowed_reduce(weir_windowed_stream in, weir_reducer_fn fn, void *user,
                                const char *store, const weir_store_opts *opts)
{
    const weir__edge *from = weir__edge_of(in.builder, in.node, WEIR__WINDOWED_STREAM);
    if (from == NULL ||
        !weir__aggregation_given(in.builder, fn != NULL, "windowed_reduce", store, in.node)) {
        return (weir_table){in.builder, -1};
    }
    weir__fold fold = {.type = WEIR__REDUCE, .reduce = fn, .user = user};
    weir__aggregation spec = {
        .kind = &reduce_operator, .value = from->value, .store = store, .opts = opts};
    return weir__windowed_add(in.builder, in.node, WEIR__WINDOWED_STREAM, fold, spec);
}
