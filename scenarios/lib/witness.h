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
#ifndef WEIR_SCENARIOS_WITNESS_H
#define WEIR_SCENARIOS_WITNESS_H

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

/* NULL: out of memory. */
weir_witness *weir_witness_new(bool zombies);
void weir_witness_free(weir_witness *witness); /* NULL allowed */

/* Each event of the cluster (weir_cluster_on_event). */
void weir_witness_event(weir_witness *witness, const weir_event *event);
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
/* Puts the keys into `keys` (word -> i64) that were written to the topic (changelog, counts) by one
 * that had lost the task: nobody can trust in the last word on them. */
void weir_witness_stale_keys(const weir_witness *witness, weir_cluster *cluster,
                             weir_witness_topic topic, weir_rows *keys);

#endif
