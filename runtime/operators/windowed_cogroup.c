/* SPDX-License-Identifier: Apache-2.0
 *
 * cogroup with windows by time, and with sessions (TimeWindowedCogroupedKStream,
 * SessionWindowedCogroupedKStream of Kafka Streams). Each input has its own stream time. */
#include "operators/cogroup.h"
#include "operators/windowed.h"

static const weir__operator windowed_operator = {
    .work = {"windowed_cogroup", weir__windowed_open, weir__windowed_process, weir__windowed_close},
    .prefix = WEIR__COGROUP_PREFIX,
    .facts = WEIR__GIVES_TABLE,
};
static const weir__operator session_operator = {
    .work = {"session_cogroup", weir__windowed_open, weir__windowed_process, weir__windowed_close},
    .prefix = WEIR__COGROUP_PREFIX,
    .facts = WEIR__GIVES_TABLE,
};

weir_windowed_cogroup weir_cogroup_windowed_by(weir_cogrouped in, weir_windows windows)
{
    weir_builder *builder = in.builder;
    const weir__edge *cogroup = weir__edge_of(builder, in.node, WEIR__COGROUPED);
    weir__windowing windowing;
    if (cogroup == NULL || !weir__windowing_by_time(builder, cogroup, &windows, &windowing)) {
        return (weir_windowed_cogroup){builder, -1};
    }
    return (weir_windowed_cogroup){
        builder, weir__windowed_edge(builder, in.node, WEIR__WINDOWED_COGROUP, windowing, NULL)};
}

weir_session_cogroup weir_cogroup_session_windowed_by(weir_cogrouped in,
                                                      weir_session_windows windows)
{
    weir_builder *builder = in.builder;
    const weir__edge *cogroup = weir__edge_of(builder, in.node, WEIR__COGROUPED);
    weir__windowing windowing;
    if (cogroup == NULL || !weir__windowing_by_session(builder, cogroup, &windows, &windowing)) {
        return (weir_session_cogroup){builder, -1};
    }
    return (weir_session_cogroup){
        builder, weir__windowed_edge(builder, in.node, WEIR__SESSION_COGROUP, windowing, NULL)};
}

static weir_table add(weir_builder *builder, int node, weir__edge_kind of, weir__cogroup spec)
{
    const weir__edge *cogroup = weir__edge_of(builder, node, of);
    bool given = spec.init != NULL && (of != WEIR__SESSION_COGROUP || spec.merge != NULL);
    if (cogroup == NULL ||
        !weir__aggregation_given(builder, given, spec.kind->work.name, spec.store, node)) {
        return (weir_table){builder, -1};
    }
    spec.value = weir__value_or_default(spec.opts != NULL ? spec.opts->value : NULL);
    return weir__cogroup_add(builder, cogroup, &spec);
}

weir_table weir_windowed_cogroup_aggregate(weir_windowed_cogroup in, weir_initializer_fn init,
                                           void *user, const char *store,
                                           const weir_store_opts *opts)
{
    weir__cogroup spec = {
        .kind = &windowed_operator, .init = init, .user = user, .store = store, .opts = opts};
    return add(in.builder, in.node, WEIR__WINDOWED_COGROUP, spec);
}

weir_table weir_session_cogroup_aggregate(weir_session_cogroup in, weir_initializer_fn init,
                                          weir_merger_fn merger, void *user, const char *store,
                                          const weir_store_opts *opts)
{
    weir__cogroup spec = {.kind = &session_operator,
                          .init = init,
                          .merge = merger,
                          .user = user,
                          .store = store,
                          .opts = opts};
    return add(in.builder, in.node, WEIR__SESSION_COGROUP, spec);
}
