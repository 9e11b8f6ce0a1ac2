/* SPDX-License-Identifier: Apache-2.0
 *
 * merge: the records of two streams. */
#include "operators/operator.h"

static const weir__operator merge_operator = {
    .work = {"pass", NULL, weir__pass, NULL},
    .prefix = "KSTREAM-MERGE-",
};

weir_stream weir_merge(weir_stream left, weir_stream right, const weir_named *named)
{
    weir_builder *builder = left.builder;
    weir_stream failed = {builder, -1};
    if (!weir__same_builder(builder, right.builder, "merge of streams")) {
        return failed;
    }
    const weir__edge *one = weir__edge_of(builder, left.node, WEIR__STREAM);
    const weir__edge *other = weir__edge_of(builder, right.node, WEIR__STREAM);
    if (one == NULL || other == NULL) {
        return failed;
    }
    weir_stream merged =
        weir__stream_add(left, &merge_operator, NULL, 0,
                         (weir__operator_at){.name = weir__name_of(named), .other = other});
    const weir__edge *edge = weir__edge_of(builder, merged.node, WEIR__STREAM);
    if (edge == NULL) {
        return failed;
    }
    const char *what =
        weir__builder_text(builder, "merge '%s'", builder->nodes[edge->node]->node.name);
    weir__builder_check_types(
        builder, &(weir__type_check){one->key, other->key, what, "left key", "right key"});
    weir__builder_check_types(
        builder, &(weir__type_check){one->value, other->value, what, "left value", "right value"});
    return merged;
}
