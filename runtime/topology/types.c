/* SPDX-License-Identifier: Apache-2.0
 *
 * The types that processors say they have, compared with those of the nodes around them. */
#include "topology/build.h"

void weir_declare_types(weir_builder *builder, const char *processor,
                        const weir_processor_types *types)
{
    if (!weir__builder_given(builder, processor != NULL, __func__, "processor") ||
        !weir__builder_given(builder, types != NULL, __func__, "types")) {
        return;
    }
    if (weir__builder_grow(builder, &builder->declared, builder->declared_count,
                           &builder->declared_capacity, sizeof *builder->declared)) {
        const char *name = weir__builder_text(builder, "%s", processor);
        builder->declared[builder->declared_count++] = (weir__declared){name, *types};
    }
}

/* NULL, and an error: there is no such processor. */
static weir__draft *find(weir_builder *builder, const weir__declared *declared)
{
    weir__draft *draft = weir__map_get_text(&builder->node_names, declared->processor);
    if (draft == NULL || draft->node.kind != WEIR__PROCESSOR) {
        weir__builder_fail(builder, WEIR_ENOTFOUND,
                           "types are declared for processor '%s', which is not there",
                           declared->processor);
        return NULL;
    }
    const weir__node *node = &draft->node;
    if (node->made_by != NULL && node->ops == &node->made_by->work) {
        weir__builder_fail(
            builder, WEIR_ETOPOLOGY,
            "types are declared for '%s', an operator: it has those of its arguments",
            declared->processor);
        return NULL;
    }
    return draft;
}

/* Either may be unknown. */
static void compare(weir_builder *builder, const char *what, const weir_serde *left,
                    const char *left_role, const weir_serde *right, const char *right_role)
{
    if (left != NULL && right != NULL) {
        weir__builder_check_types(builder,
                                  &(weir__type_check){left, right, what, left_role, right_role});
    }
}

/* What the processor forwards: a processor added by hand has no other types. */
static void set_output(weir_builder *builder, weir__draft *draft, const weir_processor_types *types)
{
    weir__node *node = &draft->node;
    const char *what = weir__builder_text(builder, "processor '%s'", node->name);
    if ((node->facts & WEIR__GLOBAL) != 0) {
        return; /* it forwards to nobody */
    }
    if (node->made_by == NULL) {
        node->key = types->out_key;
        node->value = types->out_value;
        return;
    }
    compare(builder, what, node->key, "the key of its records", types->out_key,
            "what it forwards as key");
    compare(builder, what, node->value, "the value of its records", types->out_value,
            "what it forwards as value");
}

static void compare_input(weir_builder *builder, const weir__draft *draft,
                          const weir_processor_types *types)
{
    for (size_t i = 0; i < draft->parents.count; i++) {
        const weir__node *parent = &builder->nodes[draft->parents.at[i]]->node;
        const char *what = weir__builder_text(builder, "processor '%s' below '%s'",
                                              draft->node.name, parent->name);
        compare(builder, what, parent->key, "its parent's key", types->key, "the key it takes");
        compare(builder, what, parent->value, "its parent's value", types->value,
                "the value it takes");
    }
}

/* weir_add_sink compares itself with parents whose types are known by then. */
static void compare_sinks(weir_builder *builder, const weir__draft *draft,
                          const weir_processor_types *types)
{
    for (size_t i = 0; i < draft->children.count && draft->node.made_by == NULL; i++) {
        const weir__node *child = &builder->nodes[draft->children.at[i]]->node;
        if (child->kind != WEIR__SINK) {
            continue;
        }
        const char *what =
            weir__builder_text(builder, "sink '%s' below '%s'", child->name, draft->node.name);
        compare(builder, what, types->out_key, "its parent's key", child->key, "its key");
        compare(builder, what, types->out_value, "its parent's value", child->value, "its value");
    }
}

void weir__declared_types(weir_builder *builder)
{
    for (size_t i = 0; i < builder->declared_count && weir__builder_ok(builder); i++) {
        weir__draft *draft = find(builder, &builder->declared[i]);
        if (draft != NULL) {
            set_output(builder, draft, &builder->declared[i].types);
        }
    }
    for (size_t i = 0; i < builder->declared_count && weir__builder_ok(builder); i++) {
        const weir__draft *draft = find(builder, &builder->declared[i]);
        compare_input(builder, draft, &builder->declared[i].types);
        compare_sinks(builder, draft, &builder->declared[i].types);
    }
}
