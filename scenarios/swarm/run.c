/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the acts of a plan, each at its time, while the input is sent in bursts. */
#include "scenarios/swarm/run.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "scenarios/lib/committed.h"
#include "scenarios/swarm/brokers.h"
#include "scenarios/swarm/workload.h"
#include "sim/sim.h"

#define START_BOUND WEIR_MINUTES(6)
#define CLOSE_BOUND WEIR_MINUTES(2)
#define QUIET_BOUND WEIR_MINUTES(6)
/* A zombie that is not waited for may still process the records that it holds. */
#define SETTLE_MS WEIR_SECONDS(10)

typedef struct actor {
    struct swarm_run *run;
    int index;
    weir_instance *instance;
} actor;

struct swarm_run {
    const swarm_scenario *scenario;
    swarm_plan plan;
    weir_cluster *cluster;
    const swarm_workload *workload;
    void *work;
    actor actors[WEIR_SWARM_INSTANCES_MAX];
    int64_t duplicates;
    bool armed;       /* the acts have begun */
    size_t act;       /* the next one */
    int64_t since_ms; /* when the act before it happened */
    uint64_t steps;   /* of its instance, since then */
};

/* ---- Instances ---------------------------------------------------------------------------- */

static void on_step(const weir_step *step, void *user);

static weir_uncaught on_uncaught(const char *thread, const weir_error *error, void *user)
{
    (void)thread;
    (void)error;
    (void)user;
    return WEIR_REPLACE_THREAD;
}

/* Starts an actor, or starts it again. */
static void start(actor *self, int threads)
{
    swarm_run *run = self->run;
    const swarm_plan *plan = &run->plan;
    char commit[32];
    char cache[32];
    char session[32];
    char purge[32];
    char buffered[32];
    char timeout[32];
    char name[2] = {(char)('a' + self->index), '\0'};
    snprintf(commit, sizeof commit, "%" PRId64, plan->commit_interval_ms);
    snprintf(cache, sizeof cache, "%" PRId64, plan->cache_bytes);
    snprintf(session, sizeof session, "%" PRId64, plan->session_ms);
    snprintf(purge, sizeof purge, "%" PRId64, plan->purge_ms > 0 ? plan->purge_ms : INT32_MAX);
    snprintf(buffered, sizeof buffered, "%" PRId64, plan->buffered);
    snprintf(timeout, sizeof timeout, "%" PRId64, plan->transaction_timeout_ms);
    const char *const config[] = {"commit.interval.ms",
                                  commit,
                                  "statestore.cache.max.bytes",
                                  cache,
                                  "consumer.session.timeout.ms",
                                  session,
                                  "repartition.purge.interval.ms",
                                  purge,
                                  "buffered.records.per.partition",
                                  buffered,
                                  "dsl.store",
                                  plan->memory_stores ? "memory" : "rocksdb",
                                  "processing.guarantee",
                                  plan->exactly_once ? "exactly_once_v2" : "at_least_once",
                                  plan->exactly_once ? "producer.transaction.timeout.ms" : NULL,
                                  timeout,
                                  NULL};
    weir_instance_opts opts = {
        .threads = threads,
        .config = config,
        .app = {.on_step = on_step, .on_uncaught = on_uncaught, .user = self}};
    if (self->instance == NULL) {
        self->instance = weir_cluster_start(run->cluster, name, run->workload->topology, &opts);
    } else {
        weir_instance_restart_with(self->instance, &opts);
    }
    weir_host_latency(weir_instance_host(self->instance), plan->latency_ms[self->index]);
}

/* ---- Acts --------------------------------------------------------------------------------- */

static void crash(weir_instance *instance, weir_disk disk)
{
    weir_host_crash(weir_instance_host(instance), disk); /* does not return to its own threads */
}

static void cut(weir_host *host, int32_t broker, bool cut)
{
    if (broker == 0) {
        (cut ? weir_host_partition : weir_host_heal)(host);
    } else {
        (cut ? weir_host_partition_from : weir_host_heal_from)(host, broker);
    }
}

static void perform(swarm_run *run)
{
    const weir_act *act = &run->plan.acts[run->act];
    weir_instance *instance = run->actors[act->instance].instance;
    weir_host *host = weir_instance_host(instance);
    run->act++;
    run->steps = 0;
    run->since_ms = weir_cluster_now_ms(run->cluster);
    switch (act->kind) {
    case WEIR_ACT_CRASH:
        crash(instance, WEIR_DISK_AS_IT_WAS);
        break;
    case WEIR_ACT_CRASH_WIPED:
        crash(instance, WEIR_DISK_WIPED);
        break;
    case WEIR_ACT_CLOSE:
        if (weir_instance_close(instance, CLOSE_BOUND) != WEIR_OK) {
            weir_cluster_fail(run->cluster, "%s does not close\n%s", weir_instance_name(instance),
                              weir_cluster_explain(run->cluster));
        }
        break;
    case WEIR_ACT_WIPE:
        weir_instance_wipe(instance);
        break;
    case WEIR_ACT_RESTART:
        start(&run->actors[act->instance],
              act->threads > 0 ? act->threads : run->plan.threads[act->instance]);
        break;
    case WEIR_ACT_PAUSE:
        weir_host_pause(host);
        break;
    case WEIR_ACT_RESUME:
        weir_host_resume(host);
        break;
    case WEIR_ACT_PARTITION:
    case WEIR_ACT_HEAL:
        cut(host, act->broker, act->kind == WEIR_ACT_PARTITION);
        break;
    case WEIR_ACT_RESET:
        weir_host_reset_connections(host);
        break;
    case WEIR_ACT_LEADERS:
        swarm_move_leaders(run->cluster, act->partition, act->broker);
        break;
    case WEIR_ACT_COORDINATOR:
        weir_mock_coordinator_set(weir_cluster_mock(run->cluster),
                                  weir_cluster_application(run->cluster), act->broker);
        break;
    case WEIR_ACT_TRANSACTIONS:
        swarm_move_transactions(run->cluster, act->broker);
        break;
    }
}

static void on_step(const weir_step *step, void *user)
{
    const actor *self = user;
    swarm_run *run = self->run;
    if (run->workload->on_step != NULL) {
        run->workload->on_step(run->work, step);
    }
    if (run->armed && run->act < run->plan.act_count) {
        const weir_act *act = &run->plan.acts[run->act];
        if (act->instance == self->index && ++run->steps == act->at_step) {
            perform(run);
        }
    }
    if (run->plan.slow_ms > 0 && step->kind == WEIR_STEP_PROCESS) {
        weir_sim_sleep_us(run->plan.slow_ms * 1000);
    }
}

/* ---- The run ------------------------------------------------------------------------------ */

struct moment {
    swarm_run *run;
    size_t act;
};

static bool act_happened(weir_cluster *cluster, void *arg)
{
    const struct moment *moment = arg;
    (void)cluster;
    return moment->run->act != moment->act;
}

/* Bursts and acts in the order of their moments. */
static void play(swarm_run *run)
{
    const swarm_plan *plan = &run->plan;
    int64_t begin = weir_cluster_now_ms(run->cluster);
    int burst = 0;
    run->since_ms = begin;
    run->armed = true;
    while (burst < plan->bursts || run->act < plan->act_count) {
        struct moment moment = {run, run->act};
        int64_t burst_ms = burst < plan->bursts ? begin + burst * plan->burst_ms : INT64_MAX;
        int64_t act_ms =
            run->act < plan->act_count ? run->since_ms + plan->acts[run->act].after_ms : INT64_MAX;
        int64_t due_ms = burst_ms < act_ms ? burst_ms : act_ms;
        int64_t left = due_ms - weir_cluster_now_ms(run->cluster);
        bool changed =
            weir_cluster_run_until(run->cluster, act_happened, &moment, left > 0 ? left : 0);
        if (changed) {
            continue;
        }
        if (burst_ms <= act_ms) {
            run->workload->send(run->work, burst++);
        } else {
            perform(run);
        }
    }
}

weir_cluster_opts swarm_cluster_opts(const swarm_plan *plan)
{
    return (weir_cluster_opts){.brokers = plan->brokers,
                               .seed = plan->seed,
                               .policy = plan->policy,
                               .max_virtual_ms = plan->max_virtual_ms,
                               .livelock_ms = plan->max_virtual_ms};
}

swarm_run *swarm_run_new(const swarm_scenario *scenario, const swarm_plan *plan,
                         weir_cluster *cluster)
{
    swarm_run *run = calloc(1, sizeof *run);
    if (run == NULL) {
        return NULL;
    }
    run->scenario = scenario;
    run->plan = *plan;
    run->cluster = cluster;
    run->workload = plan->workload;
    if (scenario->play == NULL) {
        /* Without a zombie no member writes after it has lost its tasks. */
        weir_checker *checker = weir_cluster_checker(
            cluster, &(weir_checker_opts){.no_stale_writes = !scenario->zombies,
                                          .exactly_once = plan->exactly_once,
                                          .written = run->workload->written});
        run->work = run->workload->open(plan, cluster, checker);
        if (run->work == NULL) {
            free(run);
            return NULL;
        }
    }
    return run;
}

void swarm_run_free(swarm_run *run)
{
    if (run != NULL && run->work != NULL) {
        run->workload->close(run->work);
    }
    free(run);
}

void swarm_run_all(swarm_run *run)
{
    weir_cluster *cluster = run->cluster;
    const swarm_plan *plan = &run->plan;
    if (run->scenario->play != NULL) {
        run->scenario->play(cluster, plan);
        return;
    }
    for (size_t i = 0; i < plan->fault_count; i++) {
        weir_cluster_fault_add(cluster, NULL, &plan->faults[i]);
    }
    for (int i = 0; i < plan->instances; i++) {
        run->actors[i] = (actor){.run = run, .index = i};
        start(&run->actors[i], plan->threads[i]);
    }
    weir_run_until(cluster, weir_all_running, START_BOUND);
    play(run);
    weir_run_until(cluster, weir_caught_up, QUIET_BOUND);
    weir_cluster_run_for(cluster, SETTLE_MS);
    weir_run_until(cluster, weir_caught_up, QUIET_BOUND);
    weir_run_until(cluster, weir_scenario_no_transactions, QUIET_BOUND);
    if (run->scenario->exactly_once && !plan->exactly_once) {
        run->duplicates = run->workload->duplicates(run->work);
    } else {
        run->workload->check(run->work);
    }
}

int64_t swarm_run_duplicates(const swarm_run *run)
{
    return run->duplicates;
}
