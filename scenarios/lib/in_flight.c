/* SPDX-License-Identifier: Apache-2.0
 *
 * The records that were taken, by topic and partition. */
#include "scenarios/lib/in_flight.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/lib/counts.h"

static weir_place *place_of(weir_in_flight *all, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < all->count; i++) {
        weir_place *at = &all->places[i];
        if (at->partition == partition && strcmp(at->topic, topic) == 0) {
            return at;
        }
    }
    if (all->count == WEIR_IN_FLIGHT_PLACES_MAX || strlen(topic) >= WEIR_IN_FLIGHT_TOPIC_MAX) {
        return NULL;
    }
    weir_place *at = &all->places[all->count++];
    snprintf(at->topic, sizeof at->topic, "%s", topic);
    at->partition = partition;
    return at;
}

bool weir_in_flight_note(weir_in_flight *all, const weir_instance *by, const weir_step *step)
{
    weir_place *at = place_of(all, step->topic, step->partition);
    if (at != NULL) {
        at->processed++;
        at->next = step->offset + 1;
        at->by = by;
    }
    return at != NULL;
}

static int64_t committed(weir_cluster *cluster, const weir_place *at)
{
    int64_t offset =
        weir_mock_committed(weir_cluster_mock(cluster), weir_cluster_application(cluster),
                            at->topic, at->partition, NULL, 0);
    return offset < 0 ? 0 : offset;
}

void weir_in_flight_crash(weir_in_flight *all, weir_cluster *cluster, const weir_instance *victim)
{
    for (size_t i = 0; i < all->count; i++) {
        weir_place *at = &all->places[i];
        at->committed = at->by == victim ? committed(cluster, at) : at->processed;
    }
}

struct words {
    weir_rows *rows;
    bool lines; /* values are lines; else keys are words */
    int64_t before;
};

static weir_err add_record(const weir_mock_record *record, void *user)
{
    const struct words *words = user;
    if (record->offset < words->before) {
        weir_scenario_count_line(words->rows, words->lines ? record->value : record->key, 1);
    }
    return WEIR_OK;
}

weir_rows *weir_in_flight_words(const weir_in_flight *all, weir_cluster *cluster)
{
    weir_rows *rows = weir_rows_new(cluster, &weir_string, &weir_i64);
    for (size_t i = 0; i < all->count; i++) {
        const weir_place *at = &all->places[i];
        struct words words = {rows, strcmp(at->topic, "lines") == 0, at->processed};
        weir_error error;
        if (at->processed > at->committed &&
            weir_mock_partition_read(weir_cluster_mock(cluster), at->topic, at->partition,
                                     at->committed, add_record, &words, &error) != WEIR_OK) {
            weir_cluster_fail(cluster, "cannot read %s: %s", at->topic, error.message);
        }
    }
    return rows;
}

void weir_in_flight_check_once(const weir_in_flight *all, weir_cluster *cluster)
{
    for (size_t i = 0; i < all->count; i++) {
        const weir_place *at = &all->places[i];
        int64_t done = committed(cluster, at);
        if (at->processed != done) {
            weir_cluster_fail(cluster,
                              "%s-%d: %" PRId64 " records were processed, %" PRId64 " committed",
                              at->topic, (int)at->partition, at->processed, done);
        }
    }
}
