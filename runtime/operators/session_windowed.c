/* SPDX-License-Identifier: Apache-2.0
 *
 * count, reduce and aggregate of sessions. */
#include "operators/windowed.h"

#define WORK(name)                                                                                 \
    {                                                                                              \
        (name), weir__windowed_open, weir__windowed_process, weir__windowed_close                  \
    }

static const weir__operator count_operator = {
    .work = WORK("session_windowed_count"),
    .prefix = "KSTREAM-AGGREGATE-",
    .facts = WEIR__GIVES_TABLE,
};
static const weir__operator reduce_operator = {
    .work = WORK("session_windowed_reduce"),
    .prefix = "KSTREAM-REDUCE-",
    .facts = WEIR__GIVES_TABLE,
};
static const weir__operator aggregate_operator = {
    .work = WORK("session_windowed_aggregate"),
    .prefix = "KSTREAM-AGGREGATE-",
    .facts = WEIR__GIVES_TABLE,
};

static weir_table add(weir_session_stream in, const weir__operator *kind, weir__fold fold,
                      const weir_serde *value, const char *store, const weir_store_opts *opts)
{
    weir__aggregation spec = {.kind = kind, .value = value, .store = store, .opts = opts};
    return weir__windowed_add(in.builder, in.node, WEIR__SESSION_STREAM, fold, spec);
}

weir_table weir_session_windowed_count(weir_session_stream in, const char *store,
                                       const weir_store_opts *opts)
{
    if (store == NULL && weir__builder_ok(in.builder)) {
        weir__builder_skip_numbers(in.builder, WEIR__UNNAMED_STORE_OF_COUNT);
    }
    return add(in, &count_operator, (weir__fold){.type = WEIR__COUNT}, &weir_i64, store, opts);
}

weir_table weir_session_windowed_reduce(weir_session_stream in, weir_reducer_fn fn, void *user,
                                        const char *store, const weir_store_opts *opts)
{
    const weir__edge *from = weir__edge_of(in.builder, in.node, WEIR__SESSION_STREAM);
    if (from == NULL || !weir__aggregation_given(in.builder, fn != NULL, reduce_operator.work.name,
                                                 store, in.node)) {
        return (weir_table){in.builder, -1};
    }
    weir__fold fold = {.type = WEIR__REDUCE, .reduce = fn, .user = user};
    return add(in, &reduce_operator, fold, from->value, store, opts);
}

weir_table weir_session_windowed_aggregate(weir_session_stream in, weir_initializer_fn init,
                                           weir_aggregator_fn fn, weir_merger_fn merger, void *user,
                                           const char *store, const weir_store_opts *opts)
{
    bool given = init != NULL && fn != NULL && merger != NULL;
    if (!weir__builder_ok(in.builder) ||
        !weir__aggregation_given(in.builder, given, aggregate_operator.work.name, store, in.node)) {
        return (weir_table){in.builder, -1};
    }
    weir__fold fold = {.type = WEIR__AGGREGATE,
                       .init = init,
                       .merge = merger,
                       .init_user = user,
                       .add = fn,
                       .user = user};
    const weir_serde *value = weir__value_or_default(opts != NULL ? opts->value : NULL);
    return add(in, &aggregate_operator, fold, value, store, opts);
}
