/* SPDX-License-Identifier: Apache-2.0
 *
 * The topics that sources with patterns read at a moment. */
#include <string.h>

#include "core/error.h"
#include "topology/pattern.h"

bool weir__topology_has_patterns(const weir_topology *topology)
{
    for (size_t i = 0; i < topology->node_count; i++) {
        if (topology->nodes[i].pattern != NULL) {
            return true;
        }
    }
    return false;
}

/* "<store>-changelog", without the application's prefix. */
static bool is_changelog(const char *name, const weir__store_spec *store)
{
    size_t length = strlen(store->name);
    return strncmp(name, store->name, length) == 0 && strcmp(name + length, "-changelog") == 0;
}

/* Those of the brokers (Topic.isInternal of Kafka): other names that begin with "__" are topics as
 * any. */
static bool is_of_brokers(const char *topic)
{
    static const char *const names[] = {"__consumer_offsets", "__transaction_state",
                                        "__share_group_state"};
    bool found = false;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !found; i++) {
        found = strcmp(topic, names[i]) == 0;
    }
    return found;
}

static bool is_internal(const weir_topology *topology, const char *application, const char *topic)
{
    size_t length = strlen(application);
    if (is_of_brokers(topic)) {
        return true;
    }
    if (strncmp(topic, application, length) != 0 || topic[length] != '-') {
        return false;
    }
    const char *name = topic + length + 1;
    bool internal = strcmp(name, WEIR__ASSIGNMENT_TOPIC) == 0;
    for (size_t i = 0; i < topology->repartition_count && !internal; i++) {
        internal = strcmp(topology->repartitions[i].name, name) == 0;
    }
    for (size_t i = 0; i < topology->store_count && !internal; i++) {
        internal = is_changelog(name, &topology->stores[i]);
    }
    return internal;
}

const weir__node *weir__topology_matching(const weir_topology *topology, const char *application,
                                          const char *topic, const weir__node **second)
{
    const weir__node *first = NULL;
    const weir__node *other = NULL;
    for (size_t i = 0; i < topology->node_count; i++) {
        const weir__node *node = &topology->nodes[i];
        if (node->pattern != NULL && weir__pattern_matches(node->pattern, topic)) {
            other = first != NULL && other == NULL ? node : other;
            first = first == NULL ? node : first;
        }
    }
    if (first != NULL && is_internal(topology, application, topic)) {
        first = other = NULL;
    }
    if (second != NULL) {
        *second = other;
    }
    return first;
}

static weir_err add_topics(const weir_topology *topology, weir__node *node, const char *application,
                           const char *const *topics, size_t count, weir__arena *arena,
                           weir_error *error)
{
    weir__topic_ref *read = weir__arena_alloc(arena, (count + 1) * sizeof *read);
    if (read == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "topics of source '%s'", node->name);
    }
    node->topics = read;
    node->topic_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!weir__pattern_matches(node->pattern, topics[i])) {
            continue;
        }
        const weir__node *second;
        const weir__node *first =
            weir__topology_matching(topology, application, topics[i], &second);
        if (second != NULL) {
            return weir__error_set(
                error, WEIR_ETOPOLOGY,
                "topic '%s' matches the pattern '%s' of source '%s' and the pattern '%s' of source "
                "'%s'",
                topics[i], weir__pattern_text(first->pattern), first->name,
                weir__pattern_text(second->pattern), second->name);
        }
        if (first != NULL && first->index == node->index) {
            read[node->topic_count++] = (weir__topic_ref){.name = topics[i]};
        }
    }
    return WEIR_OK;
}

static weir_err expand_group(weir__copartition_group *group, const weir__node *nodes,
                             weir__arena *arena, weir_error *error)
{
    size_t count = 0;
    for (size_t i = 0; i < group->source_count; i++) {
        count += nodes[group->sources[i]].topic_count;
    }
    weir__topic_ref *topics = weir__arena_alloc(arena, (count + 1) * sizeof *topics);
    if (topics == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "topics of %s", group->reason);
    }
    group->topics = topics;
    group->count = 0;
    for (size_t i = 0; i < group->source_count; i++) {
        const weir__node *source = &nodes[group->sources[i]];
        for (size_t t = 0; t < source->topic_count; t++) {
            topics[group->count++] = source->topics[t];
        }
    }
    return WEIR_OK;
}

weir_err weir__topology_expand(const weir_topology *topology, const char *application,
                               const char *const *topics, size_t count, weir__arena *arena,
                               const weir_topology **out, weir_error *error)
{
    weir_topology *made = weir__arena_alloc(arena, sizeof *made);
    weir__node *nodes = weir__arena_alloc(arena, (topology->node_count + 1) * sizeof *nodes);
    weir__copartition_group *groups =
        weir__arena_alloc(arena, (topology->copartition_count + 1) * sizeof *groups);
    if (made == NULL || nodes == NULL || groups == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "topics of patterns");
    }
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < topology->node_count && err == WEIR_OK; i++) {
        nodes[i] = topology->nodes[i];
        if (nodes[i].pattern != NULL) {
            err = add_topics(topology, &nodes[i], application, topics, count, arena, error);
        }
    }
    for (size_t i = 0; i < topology->copartition_count && err == WEIR_OK; i++) {
        groups[i] = topology->copartitions[i];
        err = expand_group(&groups[i], nodes, arena, error);
    }
    if (err == WEIR_OK) {
        *made = *topology;
        made->nodes = nodes;
        made->copartitions = groups;
        *out = made;
    }
    return err;
}
