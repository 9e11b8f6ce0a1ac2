/* SPDX-License-Identifier: Apache-2.0
 *
 * process and process_values: a user's processor in the DSL. */
#include "operators/operator.h"

static const weir__operator process_operator = {
    .work = {.name = "process"}, /* the rest is the user's */
    .prefix = "KSTREAM-PROCESSOR-",
    .facts = WEIR__CHANGES_KEY | WEIR__STOPS_TOPICS,
};

static const weir__operator process_values_operator = {
    .work = {.name = "process_values"},
    .prefix = "KSTREAM-PROCESSVALUES-",
    .facts = WEIR__FIXED_KEY | WEIR__STOPS_TOPICS,
};

static weir_stream add(weir_stream in, const weir__operator *kind, weir__operator_at at,
                       const weir_processor_ops *ops, void *user, const weir_process_opts *opts)
{
    weir_builder *builder = in.builder;
    if (weir__builder_ok(builder) && (ops == NULL || ops->process == NULL)) {
        weir__builder_fail(
            builder, WEIR_EINVAL, "%s needs a process function",
            weir__label(builder, kind->work.name, opts != NULL ? opts->name : NULL, in.node));
    }
    at.name = opts != NULL ? opts->name : NULL;
    weir_stream out = weir__stream_add(in, kind, NULL, 0, at);
    if (!weir__builder_ok(builder)) {
        return out;
    }
    weir__node *node = &builder->nodes[builder->edges[out.node]->node]->node;
    node->ops = ops;
    node->user = user;
    if (opts != NULL && opts->types != NULL) {
        weir_declare_types(builder, node->name, opts->types);
    }
    for (size_t i = 0; opts != NULL && opts->stores != NULL && opts->stores[i] != NULL; i++) {
        weir_connect(builder, node->name, opts->stores[i]);
    }
    return out;
}

weir_stream weir_process(weir_stream in, const weir_serde *key, const weir_serde *value,
                         const weir_processor_ops *ops, void *user, const weir_process_opts *opts)
{
    weir__operator_at at = {.key = weir__key_or_default(key),
                            .value = weir__value_or_default(value)};
    return add(in, &process_operator, at, ops, user, opts);
}

weir_stream weir_process_values(weir_stream in, const weir_serde *value,
                                const weir_processor_ops *ops, void *user,
                                const weir_process_opts *opts)
{
    weir__operator_at at = {.value = weir__value_or_default(value)};
    return add(in, &process_values_operator, at, ops, user, opts);
}
