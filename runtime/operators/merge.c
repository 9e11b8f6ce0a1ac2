/* SPDX-License-Identifier: Apache-2.0
 *
 * merge: the records of two streams. */
#include "operators/operator.h"

static const weir__operator merge_operator = {
    .work = {"merge", NULL, weir__pass, NULL},
    .prefix = "KSTREAM-MERGE-",
};

weir_stream weir_merge(weir_stream left, weir_stream right, const weir_named *named)
{
    weir_builder *builder = left.builder;
    weir_stream failed = {builder, -1};
    weir__pair pair = {"merge",
                       weir__name_of(named),
                       {"stream", builder, left.node},
                       {"stream", right.builder, right.node}};
    const char *what = weir__pair_label(&pair);
    if (what == NULL) {
        return failed;
    }
    const weir__edge *one = weir__edge_of(builder, left.node, WEIR__STREAM);
    const weir__edge *other = weir__edge_of(builder, right.node, WEIR__STREAM);
    if (one == NULL || other == NULL) {
        return failed;
    }
    weir__builder_check_types(
        builder, &(weir__type_check){one->key, other->key, what, "left key", "right key"});
    weir__builder_check_types(
        builder, &(weir__type_check){one->value, other->value, what, "left value", "right value"});
    weir__operator_at at = {.name = pair.name, .other = other, .what = what};
    return weir__stream_add(left, &merge_operator, NULL, 0, at);
}
