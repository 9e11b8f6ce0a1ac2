/* SPDX-License-Identifier: Apache-2.0
 *
 * The topics that the tasks of an instance read: named ones, and those that patterns match now. */
#include <stdlib.h>

#include "cluster/cluster.h"
#include "topology/pattern.h"

typedef struct matching {
    const weir_instance *instance;
    const char **names;
    size_t count;
    size_t capacity;
} matching;

static void look_at(const char *topic, int32_t partitions, void *user)
{
    matching *all = user;
    const weir_instance *instance = all->instance;
    (void)partitions;
    if (weir__topology_matching(instance->topology, instance->cluster->opts.application, topic,
                                NULL) == NULL) {
        return;
    }
    if (all->count == all->capacity) {
        all->capacity = all->capacity > 0 ? 2 * all->capacity : 16;
        all->names = weir__must(realloc(all->names, all->capacity * sizeof *all->names));
    }
    all->names[all->count++] = topic;
}

void weir__instance_each_topic(const weir_instance *instance,
                               void (*fn)(const char *topic, void *user), void *user)
{
    for (size_t i = 0; i < instance->topic_count; i++) {
        fn(instance->topics[i], user);
    }
    if (instance->topology == NULL || !weir__topology_has_patterns(instance->topology)) {
        return;
    }
    matching all = {.instance = instance};
    weir_mock_topics(instance->cluster->mock, look_at, &all);
    for (size_t i = 0; i < all.count; i++) {
        fn(all.names[i], user);
    }
    free(all.names);
}
