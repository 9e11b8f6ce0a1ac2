/* SPDX-License-Identifier: Apache-2.0
 *
 * The rebalance scenario. A crash may happen at any step; then the script stops there and the run
 * proceeds to its end. */
#include "scenarios/lib/rebalance.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <weir/checkers.h>

#include "fixtures/text.h"
#include "fixtures/word_count.h"
#include "scenarios/lib/committed.h"
#include "scenarios/lib/counts.h"
#include "scenarios/lib/in_flight.h"
#include "scenarios/lib/setup.h"

#define BOUND WEIR_MINUTES(5)
#define TOPIC_AUTHORIZATION_FAILED 29
#define REFUSED_REQUEST 3 /* of those that add partitions to a transaction: it is aborted */
#define AFTERWARDS_MS WEIR_SECONDS(1) /* for the steps after the last commit of offsets */

static const weir_written_topic written_topics[] = {{"word-counts", 1}, {NULL, 0}};

struct weir_rebalance {
    weir_cluster *cluster;
    weir_rebalance_plan plan;
    fixture_text text;
    weir_input lines;
    size_t sent;
    weir_rebalance_phase phase;
    weir_in_flight in_flight;
    bool crashed;
    bool over; /* the end has begun: no more branches */
    bool restart;
    weir_instance *victim;
};

weir_rebalance *weir_rebalance_new(void)
{
    return calloc(1, sizeof(weir_rebalance));
}

void weir_rebalance_free(weir_rebalance *run)
{
    if (run != NULL) {
        fixture_text_fini(&run->text);
        free(run);
    }
}

weir_rebalance_phase weir_rebalance_phase_now(const weir_rebalance *run)
{
    return run->phase;
}

/* ---- Steps, the crash --------------------------------------------------------------------- */

static void on_step(weir_rebalance *run, const char *name, const weir_step *step)
{
    weir_instance *instance = weir_cluster_instance(run->cluster, name);
    if (!run->over && run->plan.on_step != NULL) {
        run->plan.on_step(run, instance, step, run->plan.user);
    }
    if (!run->crashed && step->kind == WEIR_STEP_PROCESS &&
        !weir_in_flight_note(&run->in_flight, instance, step)) {
        weir_cluster_fail(run->cluster, "too many partitions");
    }
}

static void on_step_of_a(const weir_step *step, void *user)
{
    on_step(user, "a", step);
}

static void on_step_of_b(const weir_step *step, void *user)
{
    on_step(user, "b", step);
}

void weir_rebalance_crash(weir_rebalance *run, weir_instance *instance, bool restart)
{
    run->restart = restart;
    run->victim = instance;
    weir_in_flight_crash(&run->in_flight, run->cluster, instance); /* others may run meanwhile */
    run->crashed = true;
    weir_host_crash(weir_instance_host(instance), WEIR_DISK_AS_IT_WAS);
}

/* ---- The script --------------------------------------------------------------------------- */

static void start(weir_rebalance *run, const char *name)
{
    const weir_rebalance_plan *plan = &run->plan;
    weir_scenario_setup setup = {plan->threads, plan->commit_interval_ms, plan->cache_bytes,
                                 plan->memory_stores, plan->exactly_once};
    weir_app_opts app = {.on_step = strcmp(name, "a") == 0 ? on_step_of_a : on_step_of_b,
                         .user = run};
    weir_scenario_start(run->cluster, name, fixture_word_count_with_clock, &setup, &app);
}

static void send(weir_rebalance *run, size_t until)
{
    while (run->sent < until) {
        weir_input_pipe(run->lines, NULL, &run->text.lines[run->sent++]);
    }
}

/* Caught up, or the wait is over because of a crash. */
static bool settled(weir_cluster *cluster, void *arg)
{
    const weir_rebalance *run = arg;
    return run->crashed || weir_caught_up(cluster, NULL);
}

/* False: an instance has crashed. */
static bool settle(weir_rebalance *run)
{
    weir_run_until_with(run->cluster, settled, run, BOUND);
    return !run->crashed;
}

/* Some of the records sent last are processed and not yet committed. */
static bool half_way(weir_cluster *cluster, void *arg)
{
    const weir_rebalance *run = arg;
    int64_t processed = 0;
    (void)cluster;
    for (size_t i = 0; i < run->in_flight.count; i++) {
        const weir_place *at = &run->in_flight.places[i];
        processed += strcmp(at->topic, "lines") == 0 ? at->next : 0;
    }
    return run->crashed || processed + (int64_t)run->plan.lines / 6 >= (int64_t)run->sent;
}

static bool has_crashed(weir_cluster *cluster, void *arg)
{
    (void)cluster;
    return ((const weir_rebalance *)arg)->crashed;
}

/* It may crash meanwhile. */
static void close_one(weir_rebalance *run, const char *name)
{
    weir_instance *instance = weir_cluster_instance(run->cluster, name);
    if (weir_instance_close(instance, WEIR_MINUTES(1)) != WEIR_OK && !run->crashed) {
        weir_cluster_fail(run->cluster, "%s does not close\n%s", name,
                          weir_cluster_explain(run->cluster));
    }
}

static void play(weir_rebalance *run)
{
    size_t count = run->text.count;
    start(run, "a");
    send(run, count / 3);
    if (run->crashed || !settle(run)) {
        return;
    }
    run->phase = WEIR_REBALANCE_JOINING;
    send(run, 2 * count / 3);
    start(run, "b");
    if (run->crashed || !settle(run)) {
        return;
    }
    run->phase = WEIR_REBALANCE_LEAVING;
    send(run, count);
    weir_run_until_with(run->cluster, half_way, run, BOUND);
    if (run->crashed) {
        return;
    }
    if (run->plan.crash_b) {
        weir_rebalance_crash(run, weir_cluster_instance(run->cluster, "b"), false);
    } else {
        close_one(run, "b");
    }
    if (settle(run) && !weir_cluster_run_until(run->cluster, has_crashed, run, AFTERWARDS_MS) &&
        run->plan.close_all) {
        close_one(run, "a");
    }
}

/* ---- The end ------------------------------------------------------------------------------ */

static void bring_back(weir_rebalance *run)
{
    weir_instance *a = weir_cluster_instance(run->cluster, "a");
    weir_instance *b = weir_cluster_instance(run->cluster, "b");
    weir_instance *other = run->victim == a ? b : a;
    if (run->restart) {
        weir_instance_restart(run->victim);
    } else if (other == NULL) {
        start(run, "b");
    } else if (weir_instance_state(other) == WEIR_STATE_NOT_RUNNING) {
        weir_instance_restart(other);
    }
}

static void check_committed(weir_rebalance *run)
{
    weir_cluster *cluster = run->cluster;
    const weir_rows *expected = weir_scenario_counts(cluster, run->text.lines, run->text.count);
    weir_store_view store = weir_cluster_store(cluster, "counts", &weir_string, &weir_i64);
    weir_assert_same_rows(weir_store_view_all(store), expected);
    weir_assert_same_rows(weir_scenario_committed_counts(cluster, "app-counts-changelog"),
                          expected);
    weir_assert_same_rows(weir_scenario_committed_counts(cluster, "word-counts"), expected);
}

static void check(weir_rebalance *run, const weir_rows *extra)
{
    weir_cluster *cluster = run->cluster;
    weir_output output = weir_cluster_output(cluster, "word-counts", &weir_string, &weir_i64);
    weir_output changelog =
        weir_cluster_output(cluster, "app-counts-changelog", &weir_string, &weir_i64);
    weir_store_view store = weir_cluster_store(cluster, "counts", &weir_string, &weir_i64);
    weir_rows *counted = weir_store_view_all(store);
    weir_scenario_check_counts(
        cluster, counted, weir_scenario_counts(cluster, run->text.lines, run->text.count), extra);
    weir_assert_same_rows(counted, weir_output_table(changelog));
    weir_assert_same_rows(counted, weir_output_table(output));
}

static void check_at_least_once(weir_rebalance *run, const weir_rows *extra)
{
    if (!run->crashed) {
        extra = weir_rows_new(run->cluster, &weir_string, &weir_i64);
        weir_in_flight_check_once(&run->in_flight, run->cluster);
    }
    check(run, extra);
}

static void prepare(weir_rebalance *run)
{
    weir_cluster *cluster = run->cluster;
    const weir_rebalance_plan *plan = &run->plan;
    weir_error error = {0};
    weir_cluster_checker(cluster, &(weir_checker_opts){.no_stale_writes = true,
                                                       .exactly_once = plan->exactly_once,
                                                       .written = written_topics});
    if (fixture_text_make(&run->text, plan->lines, weir_cluster_seed(cluster), &error) != WEIR_OK) {
        weir_cluster_fail(cluster, "%s", error.message);
    }
    run->lines = weir_cluster_input(cluster, "lines", plan->partitions, &weir_string, &weir_string);
    weir_cluster_input(cluster, "word-counts", plan->partitions, &weir_string, &weir_i64);
    if (plan->exactly_once) {
        weir_cluster_fault_add(cluster, NULL,
                               &(weir_mock_fault){.api = "AddPartitionsToTxn",
                                                  .from = REFUSED_REQUEST,
                                                  .action = WEIR_MOCK_ERROR,
                                                  .error_code = TOPIC_AUTHORIZATION_FAILED});
    }
}

void weir_rebalance_run(weir_rebalance *run, weir_cluster *cluster, const weir_rebalance_plan *plan)
{
    const weir_rows *extra = NULL;
    run->cluster = cluster;
    run->plan = *plan;
    prepare(run);
    play(run);
    run->over = !run->crashed;
    if (run->crashed && !plan->exactly_once) {
        extra = weir_in_flight_words(&run->in_flight, cluster);
    }
    if (run->crashed) {
        send(run, run->text.count);
        bring_back(run);
    } else if (plan->close_all) {
        weir_instance_restart(weir_cluster_instance(cluster, "a"));
    }
    weir_run_until(cluster, weir_caught_up, BOUND);
    run->over = true;
    if (plan->exactly_once) {
        check_committed(run);
    } else {
        check_at_least_once(run, extra);
    }
}
