/* SPDX-License-Identifier: Apache-2.0
 *
 * Internal topics, with the names, partition counts and settings that Kafka Streams gives them. */
#include "cluster/internal_topics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/missing_topics.h"
#include "cluster/topic_watch.h"
#include "core/error.h"
#include "core/saturate.h"
#include "topology/pattern.h"

/* The text of Java. */
#define MISSING_SOURCES "One or more source topics were missing during rebalance"

static const char *const assignment_config[] = {"cleanup.policy", "delete", "retention.ms",
                                                "3600000", NULL};
static const char *const repartition_config[] = {"cleanup.policy",
                                                 "delete",
                                                 "retention.ms",
                                                 "-1",
                                                 "segment.bytes",
                                                 "52428800",
                                                 "message.timestamp.type",
                                                 "CreateTime",
                                                 NULL};
static const char *const changelog_config[] = {"message.timestamp.type", "CreateTime", NULL};

/* The clocks of brokers and of records may differ. Kafka has a constant for versioned stores. */
#define ADDITIONAL_RETENTION "windowstore.changelog.additional.retention.ms"
#define VERSIONED_ADDITIONAL_MS ((int64_t)86400000)
#define RETENTION_TEXT_MAX 24

/* Topics with their partition counts; -1: the topic does not exist. */
typedef struct topic_counts {
    const char **names; /* borrowed, or in an arena */
    int32_t *partitions;
    size_t count;
} topic_counts;

static int32_t find_count(const char *topic, void *user)
{
    const topic_counts *all = user;
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->names[i], topic) == 0) {
            return all->partitions[i];
        }
    }
    return -1;
}

static void counts_fini(topic_counts *counts)
{
    free(counts->names);
    free(counts->partitions);
}

static weir_err describe_sources(const weir__instance *instance, const weir_topology *topology,
                                 topic_counts *out, weir_error *error)
{
    out->names = weir__topology_source_topics(topology, &out->count);
    out->partitions = calloc(out->count + 1, sizeof(*out->partitions));
    if (out->names == NULL || out->partitions == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "source topics");
    }
    return weir__admin_describe_topics(instance->admin, out->names, out->count, out->partitions,
                                       error);
}

static weir_err check_present(const weir__instance *instance, const topic_counts *sources,
                              weir_error *error)
{
    weir_buf missing = {0};
    for (size_t i = 0; i < sources->count; i++) {
        if (sources->partitions[i] < 0 &&
            weir__topology_matching(instance->topology, instance->application, sources->names[i],
                                    NULL) != NULL) {
            weir__buf_fini(&missing);
            return weir__error_set(error, WEIR_ERETRY, "topic %s was deleted meanwhile",
                                   sources->names[i]);
        }
        if (sources->partitions[i] < 0) {
            weir__buf_printf(&missing, "%s%s", missing.len > 0 ? ", " : "", sources->names[i]);
            weir__missing_topic_hint(instance, sources->names[i], &missing);
        }
    }
    weir_err err = missing.len > 0
                       ? weir__error_set(error, WEIR_EMISSING_TOPIC, MISSING_SOURCES ": %s",
                                         weir__buf_text(&missing))
                       : WEIR_OK;
    weir__buf_fini(&missing);
    return err;
}

weir_err weir__source_topics_check(const weir__instance *instance, weir_error *error)
{
    topic_counts sources = {0};
    weir_err err = describe_sources(instance, instance->topology, &sources, error);
    if (err == WEIR_OK) {
        err = check_present(instance, &sources, error);
    }
    counts_fini(&sources);
    return err;
}

/* ---- The required internal topics ---- */

typedef struct topic_list {
    weir__new_topic *items;
    size_t count;
    size_t repartitions; /* the first of them */
} topic_list;

static char *keep(weir__arena *arena, char *text)
{
    char *kept = text != NULL ? weir__arena_strdup(arena, text) : NULL;
    free(text);
    return kept;
}

static size_t count_texts(const char *const *config)
{
    size_t count = 0;
    while (config != NULL && config[count] != NULL) {
        count++;
    }
    return count;
}

/* The defaults, overridden and extended by the settings of the store. */
static const char *const *merge_config(weir__arena *arena, const char *const *defaults,
                                       const char *const *own)
{
    size_t owned = count_texts(own);
    size_t count = 0;
    if (owned == 0) {
        return defaults;
    }
    const char **all = weir__arena_alloc(arena, (owned + count_texts(defaults) + 1) * sizeof(*all));
    if (all == NULL) {
        return NULL;
    }
    for (; count < owned; count++) {
        all[count] = own[count];
    }
    for (size_t i = 0; defaults[i] != NULL; i += 2) {
        bool overridden = false;
        for (size_t k = 0; k < owned; k += 2) {
            overridden = overridden || strcmp(all[k], defaults[i]) == 0;
        }
        if (!overridden) {
            all[count++] = defaults[i];
            all[count++] = defaults[i + 1];
        }
    }
    return all; /* the arena is zeroed: NULL ends the list */
}

typedef struct topic_settings {
    const char **at; /* name, value, ..., NULL; borrowed from the configuration */
    size_t count;
} topic_settings;

static void count_setting(const char *name, const char *value, void *user)
{
    (void)name;
    (void)value;
    ((topic_settings *)user)->count += 2;
}

static void add_setting(const char *name, const char *value, void *user)
{
    topic_settings *all = user;
    all->at[all->count++] = name;
    all->at[all->count++] = value;
}

/* The settings of a store's changelog that its kind gives. NULL: out of memory. */
static const char *const *kind_config(const weir__instance *instance, const weir__store_spec *store,
                                      weir__arena *arena)
{
    const char **config = weir__arena_alloc(arena, 5 * sizeof *config);
    char *retention = weir__arena_alloc(arena, RETENTION_TEXT_MAX);
    if (config == NULL || retention == NULL) {
        return NULL;
    }
    config[0] = "cleanup.policy";
    config[1] = store->kind->cleanup_policy;
    if (store->kind->retention_setting != NULL) {
        int64_t additional_ms = store->kind->versions
                                    ? VERSIONED_ADDITIONAL_MS
                                    : weir__config_i64(instance->config, ADDITIONAL_RETENTION);
        snprintf(retention, RETENTION_TEXT_MAX, "%" PRId64,
                 weir__add_sat(store->retention_ms, additional_ms));
        config[2] = store->kind->retention_setting;
        config[3] = retention;
    }
    return config;
}

/* The changelog's settings: Weir's, the kind's, those of `topic.`, and the store's own. NULL: out
 * of memory. */
static const char *const *store_config(const weir__instance *instance,
                                       const weir__store_spec *store, const char *const *settings,
                                       weir__arena *arena)
{
    const char *const *of_kind = kind_config(instance, store, arena);
    const char *const *all =
        of_kind != NULL ? merge_config(arena, changelog_config, of_kind) : NULL;
    all = all != NULL ? merge_config(arena, all, settings) : NULL;
    return all != NULL ? merge_config(arena, all, store->changelog_config) : NULL;
}

/* The settings behind `topic.`. NULL: out of memory. */
static const char *const *topic_config(const weir_config *config, weir__arena *arena)
{
    topic_settings all = {0};
    weir__config_each(config, "topic.", count_setting, &all);
    all.at = weir__arena_alloc(arena, (all.count + 1) * sizeof(*all.at));
    if (all.at != NULL) {
        all.count = 0;
        weir__config_each(config, "topic.", add_setting, &all);
    }
    return all.at;
}

/* Topics for which a pattern must match a topic first have no partitions yet. */
static weir_err want_internal(const weir__instance *instance, const int32_t *counts,
                              const int32_t *tasks, weir__arena *arena, topic_list *out)
{
    const weir_topology *topology = instance->topology;
    out->items = weir__arena_alloc(
        arena, (topology->repartition_count + topology->store_count + 1) * sizeof(*out->items));
    if (out->items == NULL) {
        return WEIR_ENOMEM;
    }
    /* `topic.`: between the defaults and a store's own. */
    const char *const *settings = topic_config(instance->config, arena);
    if (settings == NULL) {
        return WEIR_ENOMEM;
    }
    const char *const *repartition = merge_config(arena, repartition_config, settings);
    if (repartition == NULL) {
        return WEIR_ENOMEM;
    }
    for (size_t i = 0; i < topology->repartition_count; i++) {
        weir__topic_ref ref = {.name = topology->repartitions[i].name, .internal = true};
        if (counts[i] < 1) {
            continue;
        }
        out->items[out->count++] =
            (weir__new_topic){.name = keep(arena, weir__topic_name(instance->application, ref)),
                              .partitions = counts[i],
                              .replication_factor = instance->replication_factor,
                              .config = repartition};
    }
    out->repartitions = out->count;
    for (size_t i = 0; i < topology->store_count; i++) {
        const weir__store_spec *store = &topology->stores[i];
        if (!store->logging || store->subtopology < 0 || tasks[store->subtopology] < 1) {
            continue;
        }
        out->items[out->count++] = (weir__new_topic){
            .name = keep(arena, weir__changelog_name(instance->application, store->name)),
            .partitions = tasks[store->subtopology],
            .replication_factor = instance->replication_factor,
            .config = store_config(instance, store, settings, arena)};
    }
    for (size_t i = 0; i < out->count; i++) {
        if (out->items[i].name == NULL || out->items[i].config == NULL) {
            return WEIR_ENOMEM;
        }
    }
    return WEIR_OK;
}

/* Creates the missing topics; the others must have the right number of partitions. */
static weir_err make_missing(const weir__instance *instance, const topic_list *wanted,
                             weir__arena *arena, weir_error *error)
{
    size_t size = wanted->count + 1;
    const char **names = weir__arena_alloc(arena, size * sizeof(*names));
    int32_t *partitions = weir__arena_alloc(arena, size * sizeof(*partitions));
    weir__new_topic *missing = weir__arena_alloc(arena, size * sizeof(*missing));
    if (names == NULL || partitions == NULL || missing == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "internal topics");
    }
    for (size_t i = 0; i < wanted->count; i++) {
        names[i] = wanted->items[i].name;
    }
    if (wanted->count == 0) {
        return WEIR_OK;
    }
    weir_err err =
        weir__admin_describe_topics(instance->admin, names, wanted->count, partitions, error);
    if (err != WEIR_OK) {
        return err;
    }
    size_t count = 0;
    for (size_t i = 0; i < wanted->count; i++) {
        if (partitions[i] < 0) {
            missing[count++] = wanted->items[i];
        } else if (partitions[i] != wanted->items[i].partitions) {
            return weir__error_set(
                error, WEIR_ETOPOLOGY,
                "Existing internal topic %s has invalid partitions: expected: %d; actual: %d. Use "
                "'org.apache.kafka.tools.StreamsResetter' tool to clean up invalid topics before "
                "processing.",
                names[i], wanted->items[i].partitions, partitions[i]);
        }
    }
    return count > 0 ? weir__admin_create_topics(instance->admin, missing, count, error) : WEIR_OK;
}

static int by_topic(const void *a, const void *b)
{
    return strcmp(((const weir__topic_count *)a)->topic, ((const weir__topic_count *)b)->topic);
}

static weir_err make_plan(const topic_counts *sources, const topic_list *wanted, weir__arena *arena,
                          weir__topic_plan *out)
{
    size_t count = 0;
    size_t repartitions = wanted->repartitions;
    weir__topic_count *topics =
        weir__arena_alloc(arena, (sources->count + repartitions + 1) * sizeof(*topics));
    if (topics == NULL) {
        return WEIR_ENOMEM;
    }
    for (size_t i = 0; i < sources->count; i++) {
        topics[count++] = (weir__topic_count){weir__arena_strdup(arena, sources->names[i]),
                                              sources->partitions[i]};
        if (topics[i].topic == NULL) {
            return WEIR_ENOMEM;
        }
    }
    for (size_t i = 0; i < repartitions; i++) {
        topics[count++] = (weir__topic_count){wanted->items[i].name, wanted->items[i].partitions};
    }
    qsort(topics, count, sizeof(*topics), by_topic);
    out->topics = topics;
    out->topic_count = count;
    return WEIR_OK;
}

weir_err weir__internal_topics_prepare(const weir__instance *instance, weir__arena *arena,
                                       weir__topic_plan *out, weir_error *error)
{
    const weir_topology *topology = NULL;
    topic_counts sources = {0};
    int32_t *counts = NULL;
    int32_t *tasks = NULL;
    topic_list wanted = {0};
    weir_err err = weir__existing_topics(instance, arena, &topology, error);
    if (err == WEIR_OK) {
        err = describe_sources(instance, topology, &sources, error);
    }
    if (err == WEIR_OK) {
        err = check_present(instance, &sources, error);
    }
    if (err == WEIR_OK) {
        err = weir__topology_resolve(topology, find_count, &sources, &counts, &tasks, error);
    }
    if (err != WEIR_OK) {
        goto done;
    }
    err = want_internal(instance, counts, tasks, arena, &wanted);
    if (err != WEIR_OK) {
        weir__error_set(error, err, "internal topics");
        goto done;
    }
    err = make_missing(instance, &wanted, arena, error);
    if (err != WEIR_OK) {
        goto done;
    }
    int32_t *kept = weir__arena_alloc(arena, (topology->subtopology_count + 1) * sizeof(*kept));
    err = kept != NULL ? make_plan(&sources, &wanted, arena, out) : WEIR_ENOMEM;
    if (err != WEIR_OK) {
        weir__error_set(error, err, "internal topics");
        goto done;
    }
    memcpy(kept, tasks, topology->subtopology_count * sizeof(*kept));
    out->tasks = kept;
done:
    free(counts);
    free(tasks);
    counts_fini(&sources);
    return err;
}

/* ---- The assignment topic ---- */

char *weir__assignment_topic_name(const char *application)
{
    return weir__topic_name(application,
                            (weir__topic_ref){.name = WEIR__ASSIGNMENT_TOPIC, .internal = true});
}

weir_err weir__assignment_topic_prepare(const weir__instance *instance, const char *name,
                                        weir_error *error)
{
    int32_t partitions = -1;
    weir_err err = weir__admin_describe_topics(instance->admin, &name, 1, &partitions, error);
    if (err != WEIR_OK || partitions == 1) {
        return err;
    }
    if (partitions > 1) {
        return weir__error_set(error, WEIR_ETOPOLOGY, "topic %s has %d partitions, not 1", name,
                               partitions);
    }
    weir__new_topic topic = {.name = name,
                             .partitions = 1,
                             .replication_factor = instance->replication_factor,
                             .config = assignment_config};
    return weir__admin_create_topics(instance->admin, &topic, 1, error);
}
