/* SPDX-License-Identifier: Apache-2.0
 *
 * Watches a word count from its steps and from what the brokers tell, and says at once when one of
 * these does not hold:
 *
 *   - in a generation a task has one owner, and only its owner processes its records;
 *   - no record is passed over: the one before it has been processed;
 *   - no record is processed again that was committed when its owner's generation began;
 *   - an offset is committed only when all before it is processed, and never goes back;
 *   - who has lost a task writes nothing to its changelog or output any more (with at-least-once a
 *     zombie may: then it is only noted what it wrote). */
#ifndef WEIR_SCENARIOS_SWARM_WITNESS_H
#define WEIR_SCENARIOS_SWARM_WITNESS_H

#include <weir/driver.h>

#define WEIR_WITNESS_PARTITIONS 4 /* of every topic */

/* The topics of the word count. */
typedef enum weir_witness_topic {
    WEIR_WITNESS_LINES,
    WEIR_WITNESS_WORDS, /* the repartition topic */
    WEIR_WITNESS_CHANGELOG,
    WEIR_WITNESS_COUNTS, /* the output */
    WEIR_WITNESS_TOPICS,
} weir_witness_topic;

typedef struct weir_witness weir_witness;

/* Takes the cluster's events (weir_cluster_on_event). It must outlive the cluster. NULL: out of
 * memory. */
weir_witness *weir_witness_new(weir_cluster *cluster, bool zombies);
void weir_witness_free(weir_witness *witness); /* NULL allowed */

/* Each step of each instance, on its thread. */
void weir_witness_step(weir_witness *witness, const weir_step *step);
/* The instance is about to crash: what its threads have begun they will not end. */
void weir_witness_crash(weir_witness *witness, const char *instance);

/* The first thing that did not hold, or NULL. */
const char *weir_witness_violation(const weir_witness *witness);
const char *weir_witness_topic_name(weir_witness_topic topic);
/* How often the processing of a record (lines, words) has begun. */
int64_t weir_witness_begun(const weir_witness *witness, weir_witness_topic topic, int32_t partition,
                           int64_t offset);
/* The record (changelog, counts) was written by one that had lost the task. */
bool weir_witness_is_stale(const weir_witness *witness, weir_witness_topic topic, int32_t partition,
                           int64_t offset);

#endif
