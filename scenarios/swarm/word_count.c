/* SPDX-License-Identifier: Apache-2.0
 *
 * The word count of a text. Checked: safety all the time (lib/checker.h), and the result
 * (final_check.h). */
#include <stdlib.h>

#include "fixtures/text.h"
#include "fixtures/word_count.h"
#include "scenarios/lib/checker.h"
#include "scenarios/swarm/final_check.h"
#include "scenarios/swarm/workload.h"

typedef struct word_count {
    swarm_plan plan;
    weir_cluster *cluster;
    safety_checker *checker;
    fixture_text text;
    weir_input lines;
} word_count;

static void on_event(const weir_event *event, void *user)
{
    checker_event(user, event);
}

static void close_count(void *work)
{
    word_count *count = work;
    fixture_text_fini(&count->text);
    checker_free(count->checker);
    free(count);
}

static void *open_count(const swarm_scenario *scenario, const swarm_plan *plan,
                        weir_cluster *cluster)
{
    word_count *count = calloc(1, sizeof *count);
    if (count == NULL) {
        return NULL;
    }
    count->plan = *plan;
    count->cluster = cluster;
    count->checker = checker_new(scenario->zombies);
    if (count->checker == NULL ||
        fixture_text_make(&count->text, plan->lines, plan->seed, NULL) != WEIR_OK) {
        close_count(count);
        return NULL;
    }
    weir_cluster_on_event(cluster, on_event, count->checker);
    count->lines = weir_cluster_input(cluster, checker_topic_name(CHECKER_LINES),
                                      CHECKER_PARTITIONS, &weir_string, &weir_string);
    weir_cluster_input(cluster, checker_topic_name(CHECKER_COUNTS), CHECKER_PARTITIONS,
                       &weir_string, &weir_i64);
    return count;
}

static void send_lines(void *work, int burst)
{
    const word_count *count = work;
    size_t to = swarm_burst_end(&count->plan, burst);
    for (size_t i = swarm_burst_end(&count->plan, burst - 1); i < to; i++) {
        weir_input_pipe(count->lines, NULL, &count->text.lines[i]);
    }
}

static void note_step(void *work, const weir_step *step)
{
    checker_step(((word_count *)work)->checker, step);
}

static void note_crash(void *work, const char *instance)
{
    checker_crash(((word_count *)work)->checker, instance);
}

static const char *violation(const void *work)
{
    return checker_violation(((const word_count *)work)->checker);
}

static void check_counts(void *work)
{
    const word_count *count = work;
    final_check_run(&(final_check){.cluster = count->cluster,
                                   .checker = count->checker,
                                   .lines = count->text.lines,
                                   .line_count = count->text.count,
                                   .purged = count->plan.purge_ms > 0});
}

const swarm_workload swarm_word_count = {
    .name = "word count",
    .topology = fixture_word_count,
    .open = open_count,
    .close = close_count,
    .send = send_lines,
    .on_step = note_step,
    .on_crash = note_crash,
    .violation = violation,
    .check = check_counts,
};
