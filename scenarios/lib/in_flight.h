/* SPDX-License-Identifier: Apache-2.0
 *
 * How far the instances of a word count have come in each partition, so that after a crash one can
 * say which records may count twice: those that the dead one had processed and not committed. */
#ifndef WEIR_SCENARIOS_IN_FLIGHT_H
#define WEIR_SCENARIOS_IN_FLIGHT_H

#include <weir/driver.h>

#define WEIR_IN_FLIGHT_PLACES_MAX 16
#define WEIR_IN_FLIGHT_TOPIC_MAX ((size_t)128)

/* Where processing has come to in one partition. */
typedef struct weir_place {
    char topic[WEIR_IN_FLIGHT_TOPIC_MAX];
    int32_t partition;
    int64_t processed; /* next offset */
    int64_t committed; /* at the crash */
    const weir_instance *by;
} weir_place;

typedef struct weir_in_flight {
    weir_place places[WEIR_IN_FLIGHT_PLACES_MAX];
    size_t count;
} weir_in_flight;

/* A step of kind "process" was passed. Right as long as no record is processed twice, so until the
 * first crash. False: more partitions than fit. */
bool weir_in_flight_note(weir_in_flight *all, const weir_instance *by, const weir_step *step);
/* Call it just before `victim` crashes; forgets what others have processed. */
void weir_in_flight_crash(weir_in_flight *all, weir_cluster *cluster, const weir_instance *victim);
/* Word -> how often it may count too much. Call it before records are deleted from the brokers. */
weir_rows *weir_in_flight_words(const weir_in_flight *all, weir_cluster *cluster);
/* Without a crash: fails the test unless what was committed is what was processed, once. */
void weir_in_flight_check_once(const weir_in_flight *all, weir_cluster *cluster);

#endif
