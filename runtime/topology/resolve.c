/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of topics, and partition counts of internal topics. A repartition topic without a given
 * count has as many partitions as the largest input of the sub-topology that writes it; that input
 * may be a repartition topic itself. Co-partitioned topics get the count of the external one among
 * them, or else the largest count. */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/map.h"
#include "topology/topology.h"

#define UNKNOWN (-1)
#define TOPIC_NAME_MAX 249

static char *print_name(const char *application, const char *name, const char *suffix)
{
    weir_buf buf = {0};
    weir__buf_printf(&buf, "%s-%s%s", application, name, suffix);
    char *out = buf.err == WEIR_OK ? strdup(weir__buf_text(&buf)) : NULL;
    weir__buf_fini(&buf);
    return out;
}

char *weir__topic_name(const char *application, weir__topic_ref topic)
{
    return topic.internal ? print_name(application, topic.name, "") : strdup(topic.name);
}

char *weir__changelog_name(const char *application, const char *store)
{
    return print_name(application, store, "-changelog");
}

static weir_err check_length(const char *application, const char *name, const char *suffix,
                             const char *what, weir_error *error)
{
    size_t length = strlen(application) + 1 + strlen(name) + strlen(suffix);
    return length <= TOPIC_NAME_MAX
               ? WEIR_OK
               : weir__error_set(error, WEIR_ETOPOLOGY,
                                 "%s '%.250s': its topic '<application.id>-<name>%s' has a name of "
                                 "%zu characters with application.id '%s'; Kafka allows %d",
                                 what, name, suffix, length, application, TOPIC_NAME_MAX);
}

weir_err weir__topology_check_names(const weir_topology *topology, const char *application,
                                    weir_error *error)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < topology->repartition_count && err == WEIR_OK; i++) {
        err = check_length(application, topology->repartitions[i].name, "", "repartition", error);
    }
    for (size_t i = 0; i < topology->store_count && err == WEIR_OK; i++) {
        const weir__store_spec *store = &topology->stores[i];
        if (store->logging && store->subtopology >= 0) {
            err = check_length(application, store->name, "-changelog", "store", error);
        }
    }
    return err;
}

bool weir__topology_has_globals(const weir_topology *topology)
{
    for (size_t i = 0; i < topology->node_count; i++) {
        if (topology->nodes[i].subtopology == WEIR__GLOBAL_TASK) {
            return true;
        }
    }
    return false;
}

bool weir__topology_has_persistent(const weir_topology *topology, bool memory_stores)
{
    for (size_t i = 0; i < topology->store_count; i++) {
        weir_backend backend = topology->stores[i].backend;
        if (topology->stores[i].subtopology == WEIR__NOT_RUN) {
            continue;
        }
        if (backend == WEIR_BACKEND_ROCKSDB ||
            (backend == WEIR_BACKEND_DEFAULT && !memory_stores)) {
            return true;
        }
    }
    return false;
}

const char **weir__topology_source_topics(const weir_topology *topology, size_t *count)
{
    size_t total = 0;
    for (size_t i = 0; i < topology->node_count; i++) {
        total += topology->nodes[i].topic_count;
    }
    const char **topics = calloc(total + 1, sizeof *topics);
    size_t used = 0;
    for (size_t i = 0; topics != NULL && i < topology->node_count; i++) {
        const weir__node *node = &topology->nodes[i];
        if (node->kind != WEIR__SOURCE || node->subtopology < 0) {
            continue;
        }
        for (size_t t = 0; t < node->topic_count; t++) {
            if (!node->topics[t].internal) {
                topics[used++] = node->topics[t].name;
            }
        }
    }
    *count = used;
    return topics;
}

typedef struct resolving {
    const weir_topology *topology;
    weir__map external; /* name of a source topic -> its count, as a number */
    weir__map internal; /* name -> weir__repartition_spec * */
    int32_t *counts;    /* of the repartition topics; UNKNOWN */
    int32_t *before;    /* counts of the previous pass, from which a pass derives its counts */
    int32_t *largest;   /* inputs of the sub-topologies, by `before` */
    bool unmatched;     /* a pattern matches no topic: counts that depend on it stay unknown */
} resolving;

/* -1: there is none. */
static int repartition_index(const resolving *r, const char *name)
{
    const weir__repartition_spec *spec = weir__map_get_text(&r->internal, name);
    return spec != NULL ? (int)(spec - r->topology->repartitions) : -1;
}

static int32_t partitions(const resolving *r, const int32_t *counts, weir__topic_ref topic)
{
    int index = topic.internal ? repartition_index(r, topic.name) : -1;
    if (!topic.internal) {
        const void *count = weir__map_get_text(&r->external, topic.name);
        return count != NULL ? (int32_t)(intptr_t)count : UNKNOWN;
    }
    return index >= 0 ? counts[index] : UNKNOWN;
}

static void find_largest(resolving *r, const int32_t *counts)
{
    for (size_t s = 0; s < r->topology->subtopology_count; s++) {
        const weir__subtopology *of = &r->topology->subtopologies[s];
        r->largest[s] = UNKNOWN;
        for (size_t i = 0; i < of->source_count; i++) {
            const weir__node *source = &r->topology->nodes[of->sources[i]];
            for (size_t t = 0; t < source->topic_count; t++) {
                int32_t count = partitions(r, counts, source->topics[t]);
                r->largest[s] = count > r->largest[s] ? count : r->largest[s];
            }
        }
    }
}

static weir_err find_external(resolving *r, int32_t (*partitions_of)(const char *topic, void *user),
                              void *user, weir_error *error)
{
    weir_buf missing = {0};
    size_t count = 0;
    const char **topics = weir__topology_source_topics(r->topology, &count);
    weir_err err = topics != NULL ? WEIR_OK : WEIR_ENOMEM;
    for (size_t i = 0; i < count && err == WEIR_OK; i++) {
        int32_t of_topic = partitions_of(topics[i], user);
        if (of_topic < 1) {
            weir__buf_printf(&missing, "%s%s", missing.len == 0 ? "" : ", ", topics[i]);
        }
        err = missing.err;
        if (err == WEIR_OK && of_topic > 0) {
            err = weir__map_put_text(&r->external, topics[i], (void *)(intptr_t)of_topic);
        }
    }
    if (err != WEIR_OK) {
        weir__error_set(error, err, "source topics: out of memory");
    } else if (missing.len != 0) {
        err = weir__error_set(error, WEIR_EMISSING_TOPIC, "source topics are missing: %s",
                              weir__buf_text(&missing));
    }
    weir__buf_fini(&missing);
    free(topics);
    return err;
}

static weir_err find_internal(resolving *r, weir_error *error)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < r->topology->repartition_count && err == WEIR_OK; i++) {
        const weir__repartition_spec *spec = &r->topology->repartitions[i];
        r->counts[i] = spec->partitions > 0 ? spec->partitions : UNKNOWN;
        err = weir__map_put_text(&r->internal, spec->name, (void *)(uintptr_t)spec);
    }
    return err == WEIR_OK ? WEIR_OK
                          : weir__error_set(error, err, "repartition topics: out of memory");
}

/* True for a topic with a given count: an external topic, or a repartition topic with its own
 * count. */
static bool is_given(const resolving *r, weir__topic_ref topic)
{
    return !topic.internal ||
           r->topology->repartitions[repartition_index(r, topic.name)].partitions > 0;
}

static int32_t group_count(const resolving *r, const weir__copartition_group *group)
{
    int32_t given = UNKNOWN;
    int32_t largest = UNKNOWN;
    for (size_t i = 0; i < group->count; i++) {
        int32_t count = partitions(r, r->counts, group->topics[i]);
        largest = count > largest ? count : largest;
        if (given == UNKNOWN && is_given(r, group->topics[i])) {
            given = count;
        }
    }
    return given != UNKNOWN ? given : largest;
}

/* False: all counts are as before, and will be after each further pass. */
static bool one_pass(resolving *r)
{
    const weir_topology *topology = r->topology;
    int32_t *old = r->counts;
    r->counts = r->before;
    r->before = old;
    find_largest(r, old);
    for (size_t i = 0; i < topology->repartition_count; i++) {
        const weir__repartition_spec *spec = &topology->repartitions[i];
        r->counts[i] = spec->partitions > 0 ? spec->partitions : r->largest[spec->writer];
    }
    for (size_t g = 0; g < topology->copartition_count; g++) {
        const weir__copartition_group *group = &topology->copartitions[g];
        int32_t count = group_count(r, group);
        for (size_t i = 0; i < group->count; i++) {
            if (!is_given(r, group->topics[i])) {
                r->counts[repartition_index(r, group->topics[i].name)] = count;
            }
        }
    }
    return memcmp(r->counts, old, topology->repartition_count * sizeof *old) != 0;
}

static weir_err check_copartitions(const resolving *r, weir_error *error)
{
    for (size_t g = 0; g < r->topology->copartition_count; g++) {
        const weir__copartition_group *group = &r->topology->copartitions[g];
        for (size_t i = 1; i < group->count; i++) {
            int32_t first = partitions(r, r->counts, group->topics[0]);
            int32_t other = partitions(r, r->counts, group->topics[i]);
            if (first != other && first > 0 && other > 0) {
                return weir__error_set(error, WEIR_ETOPOLOGY,
                                       "%s: its topics must have the same number of partitions, "
                                       "but '%s' has %d and '%s' has %d",
                                       group->reason, group->topics[0].name, first,
                                       group->topics[i].name, other);
            }
        }
    }
    return WEIR_OK;
}

static weir_err check_known(const resolving *r, weir_error *error)
{
    for (size_t i = 0; i < r->topology->repartition_count; i++) {
        if (r->counts[i] < 1 && !r->unmatched) {
            return weir__error_set(error, WEIR_ETOPOLOGY,
                                   "the number of partitions of '%s' cannot be derived: give it "
                                   "one",
                                   r->topology->repartitions[i].name);
        }
    }
    return WEIR_OK;
}

static bool has_unmatched(const weir_topology *topology)
{
    for (size_t i = 0; i < topology->node_count; i++) {
        if (topology->nodes[i].pattern != NULL && topology->nodes[i].topic_count == 0) {
            return true;
        }
    }
    return false;
}

/* Each pass derives counts one sub-topology further. */
static weir_err find_counts(resolving *r, weir_error *error)
{
    bool changes = true;
    for (size_t pass = 0; pass <= r->topology->repartition_count && changes; pass++) {
        changes = one_pass(r);
    }
    weir_err err = check_known(r, error);
    return err == WEIR_OK ? check_copartitions(r, error) : err;
}

/* The numbers of tasks are the largest inputs. */
static void finish(resolving *r)
{
    int32_t least = r->topology->one_task ? 1 : 0; /* also if a pattern matches no topic yet */
    find_largest(r, r->counts);
    for (size_t i = 0; i < r->topology->subtopology_count; i++) {
        r->largest[i] = r->largest[i] > least ? r->largest[i] : least;
    }
    for (size_t i = 0; i < r->topology->repartition_count; i++) {
        r->counts[i] = r->counts[i] > 0 ? r->counts[i] : 0;
    }
}

weir_err weir__topology_resolve(const weir_topology *topology,
                                int32_t (*partitions_of)(const char *topic, void *user), void *user,
                                int32_t **counts, int32_t **tasks, weir_error *error)
{
    resolving r = {.topology = topology, .unmatched = has_unmatched(topology)};
    r.largest = calloc(topology->subtopology_count + 1, sizeof *r.largest);
    r.counts = calloc(topology->repartition_count + 1, sizeof *r.counts);
    r.before = calloc(topology->repartition_count + 1, sizeof *r.before);
    weir_err err = WEIR_OK;
    if (r.largest == NULL || r.counts == NULL || r.before == NULL) {
        err = weir__error_set(error, WEIR_ENOMEM, "partition counts: out of memory");
    }
    err = err == WEIR_OK ? find_external(&r, partitions_of, user, error) : err;
    err = err == WEIR_OK ? find_internal(&r, error) : err;
    err = err == WEIR_OK ? find_counts(&r, error) : err;
    if (err == WEIR_OK) {
        finish(&r);
        *counts = r.counts;
        *tasks = r.largest;
    } else {
        free(r.counts);
        free(r.largest);
    }
    free(r.before);
    weir__map_fini(&r.external, NULL);
    weir__map_fini(&r.internal, NULL);
    return err;
}
