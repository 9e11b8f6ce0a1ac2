/* SPDX-License-Identifier: Apache-2.0
 *
 * Watches a word count by its steps and the brokers' events, and reports at once when one of these
 * rules is violated:
 *
 *   - in a generation a task has one owner, and only its owner processes its records;
 *   - no record is skipped: the one before it has been processed;
 *   - no record is processed again that was committed when its owner's generation began;
 *   - an offset is committed only when all before it is processed, and never goes back;
 *   - a member that has lost a task writes nothing to its changelog or output any more (with
 *     at-least-once a zombie may: then only the keys that it wrote are recorded). */
#ifndef WEIR_SCENARIOS_CHECKER_H
#define WEIR_SCENARIOS_CHECKER_H

#include <weir/driver.h>

#define CHECKER_PARTITIONS 4 /* of every topic */

/* The topics of the word count. */
typedef enum checker_topic {
    CHECKER_LINES,
    CHECKER_WORDS, /* the repartition topic */
    CHECKER_CHANGELOG,
    CHECKER_COUNTS, /* the output */
    CHECKER_TOPICS,
} checker_topic;

typedef struct safety_checker safety_checker;

/* NULL: out of memory. */
safety_checker *checker_new(bool zombies);
void checker_free(safety_checker *checker); /* NULL allowed */

/* Each event of the cluster (weir_cluster_on_event). */
void checker_event(safety_checker *checker, const weir_event *event);
/* Each step of each instance, on its thread. */
void checker_step(safety_checker *checker, const weir_step *step);
/* The instance is about to crash: its threads will not end the records that they process. */
void checker_crash(safety_checker *checker, const char *instance);

/* The first violation, or NULL. */
const char *checker_violation(const safety_checker *checker);
const char *checker_topic_name(checker_topic topic);
/* How often the processing of a record (lines, words) has begun. */
int64_t checker_begun(const safety_checker *checker, checker_topic topic, int32_t partition,
                      int64_t offset);
/* Puts the keys into `keys` (word -> i64) that a former owner wrote to the topic (changelog,
 * counts) after it had lost the task: their last value may be out of date. */
void checker_stale_keys(const safety_checker *checker, weir_cluster *cluster, checker_topic topic,
                        weir_rows *keys);

#endif
