/* SPDX-License-Identifier: Apache-2.0
 *
 * Asks the brokers for their topics, and matches them with the patterns. */
#include "cluster/topic_watch.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "topology/pattern.h"

#define INTERVAL_MS 300000 /* the default of Kafka's clients */

typedef struct matching {
    const weir__instance *instance;
    weir__arena *arena;
    weir__topic_count *topics; /* -1 partitions: the brokers could not tell */
    size_t count;
    size_t capacity;
    weir_err err;
} matching;

static weir_err make_room(matching *all)
{
    if (all->count < all->capacity) {
        return WEIR_OK;
    }
    size_t more = all->capacity > 0 ? 2 * all->capacity : 16;
    weir__topic_count *grown = weir__arena_alloc(all->arena, more * sizeof *grown);
    if (grown == NULL) {
        return WEIR_ENOMEM;
    }
    for (size_t i = 0; i < all->count; i++) {
        grown[i] = all->topics[i];
    }
    all->topics = grown;
    all->capacity = more;
    return WEIR_OK;
}

static void look_at(const char *topic, int32_t partitions, void *user)
{
    matching *all = user;
    const weir__instance *instance = all->instance;
    if (all->err != WEIR_OK ||
        weir__topology_matching(instance->topology, instance->application, topic, NULL) == NULL) {
        return;
    }
    const char *kept = weir__arena_strdup(all->arena, topic);
    all->err = kept != NULL ? make_room(all) : WEIR_ENOMEM;
    if (all->err == WEIR_OK) {
        all->topics[all->count++] = (weir__topic_count){.topic = kept, .partitions = partitions};
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const weir__topic_count *)a)->topic, ((const weir__topic_count *)b)->topic);
}

/* Sorted. */
static weir_err find_matching(matching *all, weir_error *error)
{
    weir_err err = weir__admin_list_topics(all->instance->admin, look_at, all, error);
    if (err == WEIR_OK && all->err != WEIR_OK) {
        err = weir__error_set(error, all->err, "topics of patterns");
    }
    if (err == WEIR_OK && all->count > 0) {
        qsort(all->topics, all->count, sizeof *all->topics, by_name);
    }
    return err;
}

weir_err weir__existing_topics(const weir__instance *instance, weir__arena *arena,
                               const weir_topology **out, weir_error *error)
{
    matching all = {.instance = instance, .arena = arena};
    if (!weir__topology_has_patterns(instance->topology)) {
        *out = instance->topology;
        return WEIR_OK;
    }
    weir_err err = find_matching(&all, error);
    const char **names =
        err == WEIR_OK ? weir__arena_alloc(arena, (all.count + 1) * sizeof *names) : NULL;
    if (err == WEIR_OK && names == NULL) {
        err = weir__error_set(error, WEIR_ENOMEM, "topics of patterns");
    }
    for (size_t i = 0; err == WEIR_OK && i < all.count; i++) {
        names[i] = all.topics[i].topic;
    }
    return err == WEIR_OK ? weir__topology_expand(instance->topology, instance->application, names,
                                                  all.count, arena, out, error)
                          : err;
}

/* The topics of the assignment are sorted by name, too. */
static bool differ(const matching *all, const weir__assignment *assignment)
{
    size_t next = 0;
    for (size_t i = 0; i < assignment->topic_count; i++) {
        const weir__topic_count *topic = &assignment->topics[i];
        if (weir__topology_matching(all->instance->topology, all->instance->application,
                                    topic->topic, NULL) == NULL) {
            continue;
        }
        if (next == all->count || strcmp(all->topics[next].topic, topic->topic) != 0 ||
            all->topics[next].partitions != topic->partitions) {
            return true;
        }
        next++;
    }
    return next < all->count;
}

static weir_err check_known(const matching *all, weir_error *error)
{
    for (size_t i = 0; i < all->count; i++) {
        if (all->topics[i].partitions < 0) {
            return weir__error_set(error, WEIR_ERETRY, "the partitions of %s are not known now",
                                   all->topics[i].topic);
        }
    }
    return WEIR_OK;
}

weir_err weir__matching_topics_changed(const weir__instance *instance,
                                       const weir__assignment *assignment, bool *out,
                                       weir_error *error)
{
    weir__arena arena = {0};
    matching all = {.instance = instance, .arena = &arena};
    weir_err err = find_matching(&all, error);
    err = err == WEIR_OK ? check_known(&all, error) : err;
    if (err == WEIR_OK) {
        *out = differ(&all, assignment);
    }
    weir__arena_fini(&arena);
    return err;
}

int64_t weir__topic_watch_interval_ms(const weir__instance *instance)
{
    static const char *const names[] = {"main.consumer.metadata.max.age.ms",
                                        "consumer.metadata.max.age.ms",
                                        "metadata.max.age.ms",
                                        "main.consumer.topic.metadata.refresh.interval.ms",
                                        "consumer.topic.metadata.refresh.interval.ms",
                                        "topic.metadata.refresh.interval.ms"};
    if (!weir__topology_has_patterns(instance->topology)) {
        return INT64_MAX;
    }
    const char *text = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && text == NULL; i++) {
        text = weir_config_get(instance->config, names[i]);
    }
    int64_t interval_ms = text != NULL ? strtoll(text, NULL, 10) : INTERVAL_MS;
    return interval_ms >= 0 ? interval_ms : INT64_MAX;
}
