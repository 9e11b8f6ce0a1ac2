/* SPDX-License-Identifier: Apache-2.0
 *
 * global_store: a store that every instance fills whole, by a processor of the user's. */
#include "operators/operator.h"

static const weir__operator global_store_operator = {.work = {.name = "global_store"},
                                                     .prefix = "KTABLE-SOURCE-"};

/* The store, if a global one can be made of it; NULL after an error. */
static weir__store_draft *find_store(weir_builder *builder, const char *store, const char *topic)
{
    weir__store_draft *found = weir__map_get_text(&builder->store_names, store);
    if (found == NULL) {
        weir__builder_fail(builder, WEIR_ENOTFOUND,
                           "global store '%s' of topic '%s' is not there: add it before, with "
                           "weir_add_store or its like",
                           store, topic);
    } else if (found->spec.global_topic != NULL) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY,
                           "global store '%s' is filled from topic '%s' and from topic '%s'", store,
                           found->spec.global_topic, topic);
        found = NULL;
    } else if (found->users.count > 0) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY,
                           "global store '%s' of topic '%s' is the store of '%s', too", store,
                           topic, builder->nodes[found->users.at[0]]->node.name);
        found = NULL;
    }
    return found;
}

void weir_add_global_store(weir_builder *builder, const char *topic, const char *store,
                           const weir_serde *key, const weir_serde *value,
                           const weir_processor_ops *ops, void *user,
                           const weir_global_store_opts *opts)
{
    if (!weir__builder_given(builder, topic != NULL, __func__, "topic") ||
        !weir__builder_given(builder, store != NULL, __func__, "store")) {
        return;
    }
    if (ops == NULL || ops->process == NULL) {
        weir__builder_fail(builder, WEIR_EINVAL, "global store '%s' needs a process function",
                           store);
        return;
    }
    weir__store_draft *kept = find_store(builder, store, topic);
    weir_store_opts named = {.node = opts != NULL ? opts->name : NULL,
                             .source = opts != NULL ? opts->source : NULL};
    weir__edge edge = {.node = -1};
    if (kept != NULL) {
        edge = weir__table_nodes(builder, &global_store_operator, topic, key, value, &named);
    }
    if (edge.node < 0) {
        return;
    }
    weir__node *node = &builder->nodes[edge.node]->node;
    node->ops = ops;
    node->user = user;
    if (opts != NULL && opts->types != NULL) {
        weir_declare_types(builder, node->name, opts->types);
    }
    weir__global_nodes(builder, &edge, kept->spec.index);
    weir__builder_use_store(builder, edge.node, kept->spec.index);
}
