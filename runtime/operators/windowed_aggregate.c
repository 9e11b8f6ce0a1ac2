/* SPDX-License-Identifier: Apache-2.0
 *
 * aggregate of windows. */
#include "operators/windowed.h"

static const weir__operator aggregate_operator = {
    .work = {"windowed_aggregate", weir__windowed_open, weir__windowed_process,
             weir__windowed_close},
    .prefix = "KSTREAM-AGGREGATE-",
    .facts = WEIR__GIVES_TABLE,
};

weir_table weir_windowed_aggregate(weir_windowed_stream in, weir_initializer_fn init,
                                   weir_aggregator_fn fn, void *user, const char *store,
                                   const weir_store_opts *opts)
{
    if (!weir__builder_ok(in.builder) ||
        !weir__aggregation_given(in.builder, init != NULL && fn != NULL, "windowed_aggregate",
                                 store, in.node)) {
        return (weir_table){in.builder, -1};
    }
    weir__fold fold = {
        .type = WEIR__AGGREGATE, .init = init, .init_user = user, .add = fn, .user = user};
    const weir_serde *value = weir__value_or_default(opts != NULL ? opts->value : NULL);
    weir__aggregation spec = {
        .kind = &aggregate_operator, .value = value, .store = store, .opts = opts};
    return weir__windowed_add(in.builder, in.node, WEIR__WINDOWED_STREAM, fold, spec);
}
