/* SPDX-License-Identifier: Apache-2.0
 *
 * The word count of a text. Checked: the result (final_check.h). */
#include <stdlib.h>

#include "fixtures/text.h"
#include "fixtures/word_count.h"
#include "scenarios/swarm/final_check.h"
#include "scenarios/swarm/workload.h"

typedef struct word_count {
    swarm_plan plan;
    weir_cluster *cluster;
    weir_checker *checker;
    fixture_text text;
    weir_input lines;
} word_count;

static void close_count(void *work)
{
    word_count *count = work;
    fixture_text_fini(&count->text);
    free(count);
}

static void *open_count(const swarm_plan *plan, weir_cluster *cluster, weir_checker *checker)
{
    word_count *count = calloc(1, sizeof *count);
    if (count == NULL) {
        return NULL;
    }
    count->plan = *plan;
    count->cluster = cluster;
    count->checker = checker;
    if (fixture_text_make(&count->text, plan->lines, plan->seed, NULL) != WEIR_OK) {
        close_count(count);
        return NULL;
    }
    count->lines = weir_cluster_input(cluster, FINAL_CHECK_LINES, FINAL_CHECK_PARTITIONS,
                                      &weir_string, &weir_string);
    weir_cluster_input(cluster, FINAL_CHECK_COUNTS, FINAL_CHECK_PARTITIONS, &weir_string,
                       &weir_i64);
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

static void check_counts(void *work)
{
    const word_count *count = work;
    final_check_run(&(final_check){.cluster = count->cluster,
                                   .checker = count->checker,
                                   .lines = count->text.lines,
                                   .line_count = count->text.count,
                                   .purged = count->plan.purge_ms > 0,
                                   .exactly_once = count->plan.exactly_once});
}

static int64_t count_duplicates(void *work)
{
    const word_count *count = work;
    return final_check_duplicates(&(final_check){
        .cluster = count->cluster, .lines = count->text.lines, .line_count = count->text.count});
}

static const weir_written_topic written[] = {{FINAL_CHECK_COUNTS, 1}, {NULL, 0}};

const swarm_workload swarm_word_count = {
    .name = "word count",
    .topology = fixture_word_count,
    .written = written,
    .open = open_count,
    .close = close_count,
    .send = send_lines,
    .check = check_counts,
    .duplicates = count_duplicates,
};
