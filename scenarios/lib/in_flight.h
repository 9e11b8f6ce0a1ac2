/* SPDX-License-Identifier: Apache-2.0
 *
 * The progress of the instances of a word count in each partition. After a crash it gives the
 * records that may count twice: those that the crashed instance had processed and not committed. */
#ifndef WEIR_SCENARIOS_IN_FLIGHT_H
#define WEIR_SCENARIOS_IN_FLIGHT_H

#include <weir/driver.h>

#define WEIR_IN_FLIGHT_PLACES_MAX 16
#define WEIR_IN_FLIGHT_TOPIC_MAX ((size_t)128)

/* Progress in one partition. */
typedef struct weir_place {
    char topic[WEIR_IN_FLIGHT_TOPIC_MAX];
    int32_t partition;
    int64_t processed; /* records; at least once the next offset, too */
    int64_t next;      /* offset */
    int64_t committed; /* at the crash */
    const weir_instance *by;
} weir_place;

typedef struct weir_in_flight {
    weir_place places[WEIR_IN_FLIGHT_PLACES_MAX];
    size_t count;
} weir_in_flight;

/* Call it at each step of kind "process". Correct as long as no record is processed twice, so until
 * the first crash. False: more partitions than fit. */
bool weir_in_flight_note(weir_in_flight *all, const weir_instance *by, const weir_step *step);
/* Call it just before `victim` crashes; drops the progress of the others. */
void weir_in_flight_crash(weir_in_flight *all, weir_cluster *cluster, const weir_instance *victim);
/* Word -> how often it may be counted again. Call it before records are deleted from the brokers.
 */
weir_rows *weir_in_flight_words(const weir_in_flight *all, weir_cluster *cluster);
/* Without a crash: fails the test unless all processed records are committed, each once. */
void weir_in_flight_check_once(const weir_in_flight *all, weir_cluster *cluster);

#endif
