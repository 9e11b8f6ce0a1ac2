/* SPDX-License-Identifier: Apache-2.0
 *
 * Adds sources to a builder: topics, or a pattern of topics. A topic has one source. */
#include "core/error.h"
#include "core/reset.h"
#include "topology/builder.h"

/* Topics and patterns must not overlap: fails if a source reads a topic that the pattern of another
 * one matches. Internal topics are matched by no pattern. */
static void check_overlap(weir_builder *builder, const weir__node *named,
                          const weir__node *matching)
{
    for (size_t i = 0; i < named->topic_count; i++) {
        if (!named->topics[i].internal &&
            weir__pattern_matches(matching->pattern, named->topics[i].name)) {
            weir__builder_fail(builder, WEIR_ETOPOLOGY,
                               "the pattern '%s' of source '%s' matches topic '%s', which source "
                               "'%s' reads",
                               weir__pattern_text(matching->pattern), matching->name,
                               named->topics[i].name, named->name);
        }
    }
}

static void check_overlaps(weir_builder *builder, const weir__node *source)
{
    for (size_t i = 0; i < builder->node_count && weir__builder_ok(builder); i++) {
        const weir__node *other = &builder->nodes[i]->node;
        if (other->kind != WEIR__SOURCE) {
            continue;
        }
        if (source->pattern != NULL) {
            check_overlap(builder, other, source);
        } else if (other->pattern != NULL) {
            check_overlap(builder, source, other);
        }
    }
}

int weir__builder_pattern(weir_builder *builder, const char *name, const char *pattern)
{
    int index = weir__builder_node(builder, WEIR__SOURCE, name);
    const char *text = index >= 0 ? weir__builder_text(builder, "%s", pattern) : NULL;
    if (text == NULL) {
        return -1;
    }
    weir__node *node = &builder->nodes[index]->node;
    weir_error error;
    if (weir__pattern_add(&builder->patterns, &builder->arena, text, &node->pattern, &error) !=
        WEIR_OK) {
        weir__builder_fail(builder, error.code, "source '%s': %s", name, error.message);
        return -1;
    }
    check_overlaps(builder, node);
    return weir__builder_ok(builder) ? index : -1;
}

int weir__builder_source(weir_builder *builder, const char *name, const char *const *topics,
                         bool internal)
{
    int index = weir__builder_node(builder, WEIR__SOURCE, name);
    if (index < 0) {
        return -1;
    }
    if (topics == NULL || topics[0] == NULL) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY, "source '%s' reads no topic", name);
        return -1;
    }
    weir__draft *draft = builder->nodes[index];
    for (size_t i = 0; topics[i] != NULL && weir__builder_ok(builder); i++) {
        const weir__draft *other =
            internal ? NULL : weir__map_get_text(&builder->sources, topics[i]);
        if (other != NULL) {
            weir__builder_fail(builder, WEIR_ETOPOLOGY,
                               "topic '%s' is read by two sources, '%s' and '%s'", topics[i],
                               other->node.name, name);
        } else if (!internal &&
                   weir__map_put_text(&builder->sources, topics[i], draft) != WEIR_OK) {
            weir__builder_fail(builder, WEIR_ENOMEM, "out of memory");
        }
        weir__builder_topic(builder, index, topics[i], internal);
    }
    check_overlaps(builder, &draft->node);
    return weir__builder_ok(builder) ? index : -1;
}

void weir__builder_read_as(weir_builder *builder, int source, const weir_serde *key,
                           const weir_serde *value, const weir_source_opts *opts)
{
    weir__node *node = &builder->nodes[source]->node;
    node->key = key;
    node->value = value;
    if (opts == NULL) {
        return;
    }
    node->source = *opts;
    node->source.name = node->name;
    const char *reset = opts->auto_offset_reset;
    if (reset == NULL) {
        return;
    }
    weir__reset parsed;
    if (!weir__reset_parse(reset, &parsed)) {
        weir__builder_fail(builder, WEIR_EINVAL,
                           "source '%s': auto_offset_reset '%s' is not one of " WEIR__RESET_ALLOWED,
                           node->name, reset);
        return;
    }
    node->source.auto_offset_reset = weir__builder_text(builder, "%s", reset);
}
