/* SPDX-License-Identifier: Apache-2.0
 *
 * Keeps the steps of kind "process". */
#include "scenarios/swarm/begun.h"

#include <stdlib.h>
#include <string.h>

/* -1: there is no room. */
static int index_of(swarm_begun *begun, const char *topic)
{
    for (int i = 0; i < begun->topic_count; i++) {
        if (strcmp(begun->topics[i], topic) == 0) {
            return i;
        }
    }
    if (begun->topic_count == SWARM_BEGUN_TOPICS_MAX || strlen(topic) >= SWARM_BEGUN_TOPIC_MAX) {
        return -1;
    }
    snprintf(begun->topics[begun->topic_count], SWARM_BEGUN_TOPIC_MAX, "%s", topic);
    return begun->topic_count++;
}

static bool make_room(swarm_begun *begun)
{
    if (begun->count < begun->capacity) {
        return true;
    }
    size_t capacity = 2 * begun->capacity + 64;
    swarm_begun_record *records = realloc(begun->records, capacity * sizeof *records);
    if (records == NULL) {
        return false;
    }
    begun->records = records;
    begun->capacity = capacity;
    return true;
}

void swarm_begun_note(swarm_begun *begun, const weir_step *step)
{
    if (step->kind != WEIR_STEP_PROCESS) {
        return;
    }
    int topic = index_of(begun, step->topic);
    if (topic < 0 || !make_room(begun)) {
        begun->lost = true;
        return;
    }
    begun->records[begun->count++] = (swarm_begun_record){topic, step->partition, step->offset};
}

bool swarm_begun_is(const swarm_begun *begun, const swarm_begun_record *record, const char *topic,
                    int32_t partition, int64_t offset)
{
    return record->offset == offset && record->partition == partition &&
           strcmp(begun->topics[record->topic], topic) == 0;
}

void swarm_begun_fini(swarm_begun *begun)
{
    free(begun->records);
    *begun = (swarm_begun){0};
}
