/* SPDX-License-Identifier: Apache-2.0
 *
 * The failover scenario. At-least-once allows a record to count twice only if it was in flight: b
 * had processed it, and the offset behind it was not committed when b crashed. */
#include "scenarios/lib/failover.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures/word_count.h"
#include "scenarios/lib/counts.h"
#include "scenarios/lib/setup.h"

#define PARTITIONS 4
#define TOPIC_MAX 128
#define TAKEOVER_BOUND WEIR_MINUTES(5)

enum { LINES, WORDS, TOPICS };

struct weir_failover {
    weir_cluster *cluster;
    weir_failover_plan plan;
    fixture_text text;
    weir_instance *b;
    /* Written by b's threads. */
    _Atomic int64_t processed[TOPICS][PARTITIONS];
    _Atomic uint64_t steps; /* since the first burst */
    atomic_bool armed;
    atomic_bool crashed;
};

weir_failover_plan weir_failover_plan_plain(size_t lines)
{
    return (weir_failover_plan){
        .lines = lines,
        .threads = 2,
        .commit_interval_ms = 1000,
        .cache_bytes = 10 << 20,
        .bursts = 10,
        .burst_ms = 200,
        .crash_ms = 1000,
    };
}

/* ---- Progress of b ------------------------------------------------------------------------ */

/* A step of task "1_2" that takes a record takes it from partition 2; sub-topology 0 reads lines.
 * Nothing was written before b got its tasks, so that the records it took are the first ones. */
static void note_processed(weir_failover *run, const char *task)
{
    char *partition;
    long subtopology = strtol(task, &partition, 10);
    long number = *partition == '_' ? strtol(partition + 1, NULL, 10) : -1;
    if (subtopology >= 0 && subtopology < TOPICS && number >= 0 && number < PARTITIONS) {
        atomic_fetch_add(&run->processed[subtopology][number], 1);
    }
}

static void crash(weir_failover *run)
{
    run->crashed = true;
    weir_host_crash(weir_instance_host(run->b), WEIR_DISK_AS_IT_WAS);
}

static void on_step(const weir_step *step, void *user)
{
    weir_failover *run = user;
    if (step->kind == WEIR_STEP_PROCESS) {
        note_processed(run, step->task);
    }
    if (run->armed && atomic_fetch_add(&run->steps, 1) + 1 == run->plan.crash_at) {
        crash(run); /* does not return: this thread belongs to b */
    }
}

/* ---- What may count twice ----------------------------------------------------------------- */

struct allowance {
    weir_rows *extra;
    bool lines; /* values are lines; else keys are words */
    int64_t before;
};

static weir_err allow_record(const weir_mock_record *record, void *user)
{
    struct allowance *allowance = user;
    if (record->offset < allowance->before) {
        weir_scenario_count_line(allowance->extra, allowance->lines ? record->value : record->key,
                                 1);
    }
    return WEIR_OK;
}

static void allow_partition(weir_failover *run, weir_rows *extra, int topic, int32_t partition)
{
    weir_cluster *cluster = run->cluster;
    weir_mock *mock = weir_cluster_mock(cluster);
    const char *application = weir_cluster_application(cluster);
    char name[TOPIC_MAX] = "lines";
    weir_error error;
    if (topic == WORDS) {
        snprintf(name, sizeof name, "%s-by-word-repartition", application);
    }
    int64_t committed = weir_mock_committed(mock, application, name, partition, NULL, 0);
    struct allowance allowance = {extra, topic == LINES, run->processed[topic][partition]};
    if (allowance.before > committed &&
        weir_mock_partition_read(mock, name, partition, committed < 0 ? 0 : committed, allow_record,
                                 &allowance, &error) != WEIR_OK) {
        weir_cluster_fail(cluster, "cannot read %s: %s", name, error.message);
    }
}

static weir_rows *may_count_twice(weir_failover *run)
{
    weir_rows *extra = weir_rows_new(run->cluster, &weir_string, &weir_i64);
    for (int32_t partition = 0; partition < PARTITIONS; partition++) {
        allow_partition(run, extra, LINES, partition);
        allow_partition(run, extra, WORDS, partition);
    }
    return extra;
}

/* ---- The run ------------------------------------------------------------------------------ */

static weir_instance *start(weir_failover *run, const char *name, const weir_app_opts *app)
{
    const weir_failover_plan *plan = &run->plan;
    weir_scenario_setup setup = {plan->threads, plan->commit_interval_ms, plan->cache_bytes,
                                 plan->memory_stores, false};
    return weir_scenario_start(run->cluster, name, fixture_word_count, &setup, app);
}

static bool burst_or_crash(weir_cluster *cluster, void *arg)
{
    const weir_failover *run = arg;
    (void)cluster;
    return run->crashed;
}

/* Sends the lines in bursts and crashes b at its time. */
static void feed(weir_failover *run, weir_input lines)
{
    const weir_failover_plan *plan = &run->plan;
    weir_cluster *cluster = run->cluster;
    int64_t begin = weir_cluster_now_ms(cluster);
    run->armed = true;
    for (int burst = 0; burst < plan->bursts || !run->crashed; burst++) {
        size_t from =
            burst < plan->bursts ? plan->lines * (size_t)burst / (size_t)plan->bursts : plan->lines;
        size_t to = burst < plan->bursts ? plan->lines * (size_t)(burst + 1) / (size_t)plan->bursts
                                         : plan->lines;
        for (size_t i = from; i < to; i++) {
            weir_input_pipe(lines, NULL, &run->text.lines[i]);
        }
        int64_t now = weir_cluster_now_ms(cluster) - begin;
        int64_t next = burst + 1 < plan->bursts ? (burst + 1) * plan->burst_ms : plan->crash_ms;
        if (!run->crashed && plan->crash_ms <= next) {
            int64_t left = plan->crash_ms - now;
            if (!weir_cluster_run_until(cluster, burst_or_crash, run, left > 0 ? left : 0)) {
                crash(run);
            }
            now = weir_cluster_now_ms(cluster) - begin;
        }
        weir_cluster_run_for(cluster, next > now ? next - now : 0);
    }
}

weir_failover *weir_failover_new(void)
{
    return calloc(1, sizeof(weir_failover));
}

void weir_failover_free(weir_failover *run)
{
    if (run != NULL) {
        fixture_text_fini(&run->text);
        free(run);
    }
}

void weir_failover_run(weir_failover *run, weir_cluster *cluster, const weir_failover_plan *plan)
{
    weir_error error = {0};
    run->cluster = cluster;
    run->plan = *plan;
    if (fixture_text_make(&run->text, plan->lines, weir_cluster_seed(cluster), &error) != WEIR_OK) {
        weir_cluster_fail(cluster, "%s", error.message);
    }
    weir_input lines = weir_cluster_input(cluster, "lines", PARTITIONS, &weir_string, &weir_string);
    weir_cluster_input(cluster, "word-counts", PARTITIONS, &weir_string, &weir_i64);
    start(run, "a", &(weir_app_opts){0});
    run->b = start(run, "b", &(weir_app_opts){.on_step = on_step, .user = run});
    weir_run_until(cluster, weir_all_running, WEIR_SECONDS(60));
    feed(run, lines);
    weir_rows *extra = may_count_twice(run);
    weir_run_until(cluster, weir_caught_up, TAKEOVER_BOUND);

    weir_output output = weir_cluster_output(cluster, "word-counts", &weir_string, &weir_i64);
    weir_rows *counted = weir_output_table(output);
    weir_scenario_check_counts(
        cluster, counted, weir_scenario_counts(cluster, run->text.lines, run->text.count), extra);
    weir_store_view store = weir_cluster_store(cluster, "counts", &weir_string, &weir_i64);
    weir_assert_same_rows(weir_store_view_all(store), counted);
}
