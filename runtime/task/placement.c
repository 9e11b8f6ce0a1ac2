/* SPDX-License-Identifier: Apache-2.0
 *
 * The sample of a topic is its first distinct keys. Two topics of a join are partitioned
 * differently if
 *
 *   - the keys of one are in the partitions of murmur2: too many for a coincidence, with few
 *     exceptions (records from before a partition was added), and
 *   - a considerable part of the keys of the other are not.
 *
 * Two topics that both use another partitioner cause no warning: a custom partitioner is correct as
 * long as both topics have it. */
#include "task/placement.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "client/client.h"
#include "core/error.h"
#include "core/map.h"

#define KEYS_MAX 64          /* distinct ones, of a topic */
#define CHANCE_BITS 12       /* by chance, one of 2^12 topics has that many keys by murmur2 */
#define EXCEPTIONS_PART 16   /* fewer keys than one of so many are exceptions */
#define DIFFERENT_PART 4     /* so many keys or more, one of so many, are no exceptions ... */
#define DIFFERENT_KEYS_MIN 2 /* ... nor are they a stray record */
#define KEY_SHOWN_MAX 48     /* bytes */

typedef struct sample {
    char *topic; /* real name */
    int32_t partitions;
    uint64_t seen[KEYS_MAX]; /* hashes of its keys */
    size_t keys;
    size_t misplaced;
    weir_buf example; /* the first misplaced key; empty: none, or out of memory */
    char *warning;    /* NULL: none */
} sample;

/* A pair of topics of a join. */
typedef struct joined {
    int a;
    int b;
    const char *reason; /* name of the join */
} joined;

struct weir__placement {
    pthread_mutex_t lock; /* of all that is below, but names and pairs */
    sample *samples;
    size_t sample_count;
    joined *pairs;
    size_t pair_count;
};

/* ---- Life ---- */

int weir__placement_find(const weir__placement *placement, const char *topic)
{
    for (size_t i = 0; placement != NULL && i < placement->sample_count; i++) {
        if (strcmp(placement->samples[i].topic, topic) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* Returns the topic's number; -1: out of memory. The array has room. */
static int add_topic(weir__placement *placement, const char *application, weir__topic_ref topic)
{
    char *name = weir__topic_name(application, topic);
    int found = name != NULL ? weir__placement_find(placement, name) : -1;
    if (name == NULL || found >= 0) {
        free(name);
        return found;
    }
    placement->samples[placement->sample_count] = (sample){.topic = name};
    return (int)placement->sample_count++;
}

static weir_err add_group(weir__placement *placement, const char *application,
                          const weir__copartition_group *group)
{
    for (size_t i = 0; i < group->count; i++) {
        int a = add_topic(placement, application, group->topics[i]);
        if (a < 0) {
            return WEIR_ENOMEM;
        }
        for (size_t k = 0; k < i; k++) {
            int b = add_topic(placement, application, group->topics[k]);
            if (b < 0) {
                return WEIR_ENOMEM;
            }
            placement->pairs[placement->pair_count++] = (joined){a, b, group->reason};
        }
    }
    return WEIR_OK;
}

weir_err weir__placement_new(const weir_topology *topology, const char *application,
                             weir__placement **out)
{
    size_t topics = 0;
    size_t pairs = 0;
    *out = NULL;
    for (size_t i = 0; i < topology->copartition_count; i++) {
        size_t count = topology->copartitions[i].count;
        topics += count;
        pairs += count * count / 2;
    }
    if (pairs == 0) {
        return WEIR_OK;
    }
    weir__placement *placement = calloc(1, sizeof *placement);
    if (placement == NULL) {
        return WEIR_ENOMEM;
    }
    pthread_mutex_init(&placement->lock, NULL);
    placement->samples = calloc(topics, sizeof *placement->samples);
    placement->pairs = calloc(pairs, sizeof *placement->pairs);
    weir_err err = placement->samples != NULL && placement->pairs != NULL ? WEIR_OK : WEIR_ENOMEM;
    for (size_t i = 0; i < topology->copartition_count && err == WEIR_OK; i++) {
        err = add_group(placement, application, &topology->copartitions[i]);
    }
    if (err != WEIR_OK) {
        weir__placement_free(placement);
        return err;
    }
    *out = placement;
    return WEIR_OK;
}

void weir__placement_free(weir__placement *placement)
{
    if (placement == NULL) {
        return;
    }
    for (size_t i = 0; placement->samples != NULL && i < placement->sample_count; i++) {
        free(placement->samples[i].topic);
        free(placement->samples[i].warning);
        weir__buf_fini(&placement->samples[i].example);
    }
    free(placement->samples);
    free(placement->pairs);
    pthread_mutex_destroy(&placement->lock);
    free(placement);
}

/* ---- Samples ---- */

static bool was_seen(const sample *of, uint64_t hash)
{
    for (size_t i = 0; i < of->keys; i++) {
        if (of->seen[i] == hash) {
            return true;
        }
    }
    return false;
}

/* Appends 'k1', or 0x0017 for a key that is no plain text. */
static void put_key(weir_buf *out, weir_slice key)
{
    const uint8_t *at = key.data;
    size_t shown = key.len < KEY_SHOWN_MAX ? key.len : KEY_SHOWN_MAX;
    bool text = true;
    for (size_t i = 0; i < shown; i++) {
        text = text && at[i] >= ' ' && at[i] <= '~';
    }
    weir__buf_put_text(out, text ? "'" : "0x");
    for (size_t i = 0; i < shown; i++) {
        if (text) {
            weir__buf_put_u8(out, at[i]);
        } else {
            weir__buf_printf(out, "%02x", at[i]);
        }
    }
    weir__buf_printf(out, "%s%s", shown < key.len ? "..." : "", text ? "'" : "");
}

/* Without memory the example stays empty; the next misplaced key is tried. */
static void put_example(sample *of, const weir__placed_key *key, int32_t expected)
{
    weir__buf_put_text(&of->example, "key ");
    put_key(&of->example, key->key);
    weir__buf_printf(&of->example, " is in partition %d (", key->partition);
    if (key->offset >= 0) {
        weir__buf_printf(&of->example, "%s-%d@%" PRId64, of->topic, key->partition, key->offset);
    } else {
        weir__buf_put_text(&of->example, "in the table's store");
    }
    weir__buf_printf(&of->example, "), by murmur2 in %d", expected);
    (void)weir__buf_text(&of->example); /* allocates the end of the text */
    if (of->example.err != WEIR_OK) {
        weir__buf_reset(&of->example);
    }
}

static bool lies_by_murmur2(const sample *of)
{
    size_t bits = 0; /* that a key takes by chance, rounded down */
    while (of->partitions >> (bits + 1) > 0) {
        bits++;
    }
    return of->keys * bits >= CHANCE_BITS && of->misplaced * EXCEPTIONS_PART <= of->keys;
}

static bool lies_otherwise(const sample *of)
{
    return of->misplaced >= DIFFERENT_KEYS_MIN && of->misplaced * DIFFERENT_PART >= of->keys &&
           of->example.len > 0;
}

/* Without memory the warning is tried again with the next key. */
static void warn(const joined *pair, sample *other, const sample *murmur2, const weir__log *log,
                 const char *thread)
{
    weir_buf text = {0};
    weir__buf_printf(&text,
                     "%s misses records: topic '%s' has %zu of %zu keys in other partitions than "
                     "'%s' would have them: %s. Fill it with partitioner=murmur2_random, which "
                     "kcat and other producers on librdkafka do not do by themselves; or, if it "
                     "has a partitioner of its own, fill '%s' by the same",
                     pair->reason, other->topic, other->misplaced, other->keys, murmur2->topic,
                     weir__buf_text(&other->example), murmur2->topic);
    other->warning = text.err == WEIR_OK ? strdup(weir__buf_text(&text)) : NULL;
    weir__buf_fini(&text);
    if (other->warning != NULL) {
        weir__log_write(log, WEIR__LOG_WARNING, "%s: %s", thread, other->warning);
    }
}

static void compare(weir__placement *placement, const joined *pair, const weir__log *log,
                    const char *thread)
{
    sample *a = &placement->samples[pair->a];
    sample *b = &placement->samples[pair->b];
    sample *other = lies_otherwise(a) ? a : b;
    const sample *murmur2 = other == a ? b : a;
    if (other->warning == NULL && lies_otherwise(other) && lies_by_murmur2(murmur2)) {
        warn(pair, other, murmur2, log, thread);
    }
}

void weir__placement_add(weir__placement *placement, const weir__placed_key *key,
                         const weir__log *log, const char *thread)
{
    uint64_t hash = weir__hash(key->key);
    int32_t expected = weir__murmur2_partition(key->key, key->partitions);
    pthread_mutex_lock(&placement->lock);
    sample *of = &placement->samples[key->topic];
    if (of->partitions != key->partitions) { /* partitions were added, or the topic is new */
        of->partitions = key->partitions;
        of->keys = of->misplaced = 0;
        weir__buf_reset(&of->example);
    }
    if (of->keys == KEYS_MAX || was_seen(of, hash)) {
        pthread_mutex_unlock(&placement->lock);
        return;
    }
    of->seen[of->keys++] = hash;
    of->misplaced += expected != key->partition;
    if (expected != key->partition && of->example.len == 0) {
        put_example(of, key, expected);
    }
    for (size_t i = 0; i < placement->pair_count; i++) {
        const joined *pair = &placement->pairs[i];
        if (pair->a == key->topic || pair->b == key->topic) {
            compare(placement, pair, log, thread);
        }
    }
    pthread_mutex_unlock(&placement->lock);
}

void weir__placement_explain(weir__placement *placement, weir_buf *out)
{
    if (placement == NULL) {
        return;
    }
    pthread_mutex_lock(&placement->lock);
    for (size_t i = 0; i < placement->sample_count; i++) {
        if (placement->samples[i].warning != NULL) {
            weir__buf_printf(out, "%s\n", placement->samples[i].warning);
        }
    }
    pthread_mutex_unlock(&placement->lock);
}
