/* SPDX-License-Identifier: Apache-2.0
 *
 * The records whose processing was begun, in order. A record that was processed once has each
 * result once; one that was processed again, after a crash, may have it more often. */
#ifndef WEIR_SCENARIOS_SWARM_BEGUN_H
#define WEIR_SCENARIOS_SWARM_BEGUN_H

#include <weir/driver.h>

#define SWARM_BEGUN_TOPICS_MAX 8
#define SWARM_BEGUN_TOPIC_MAX ((size_t)64)

typedef struct swarm_begun_record {
    int topic; /* index in `topics` */
    int32_t partition;
    int64_t offset;
} swarm_begun_record;

/* Zero-initialised: nothing was begun. */
typedef struct swarm_begun {
    char topics[SWARM_BEGUN_TOPICS_MAX][SWARM_BEGUN_TOPIC_MAX];
    int topic_count;
    swarm_begun_record *records;
    size_t count;
    size_t capacity;
    bool lost; /* out of memory, or more topics than fit */
} swarm_begun;

/* Takes each step of each instance. */
void swarm_begun_note(swarm_begun *begun, const weir_step *step);
/* True if it is that record of that topic. */
bool swarm_begun_is(const swarm_begun *begun, const swarm_begun_record *record, const char *topic,
                    int32_t partition, int64_t offset);
void swarm_begun_fini(swarm_begun *begun);

#endif
