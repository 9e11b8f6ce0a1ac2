/* SPDX-License-Identifier: Apache-2.0
 *
 * Drawing a plan, and printing it. */
#include "scenarios/swarm/workload.h"

#include <inttypes.h>
#include <string.h>

/* splitmix64 */
static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

uint64_t swarm_pick(swarm_plan *plan, uint64_t below)
{
    return next(&plan->random) % below;
}

size_t swarm_burst_end(const swarm_plan *plan, int burst)
{
    return plan->lines * (size_t)(burst + 1) / (size_t)plan->bursts;
}

weir_act *swarm_act(swarm_plan *plan, weir_act act)
{
    weir_act *slot = &plan->acts[plan->act_count];
    *slot = act;
    plan->act_count += plan->act_count + 1 < WEIR_SWARM_ACTS_MAX ? 1 : 0;
    return slot;
}

weir_act *swarm_act_soon(swarm_plan *plan, weir_act_kind kind, int instance, uint64_t within_ms)
{
    weir_act *act = swarm_act(plan, (weir_act){.kind = kind, .instance = instance});
    act->after_ms = (int64_t)swarm_pick(plan, within_ms);
    if (swarm_pick(plan, 2) == 0) {
        act->at_step = 1 + swarm_pick(plan, 400);
    }
    return act;
}

static const swarm_workload *draw_workload(swarm_plan *plan)
{
    size_t more = 0;
    while (swarm_workload_at(more + 1) != NULL) {
        more++;
    }
    return swarm_workload_at(swarm_pick(plan, 2) == 0 ? 0 : 1 + swarm_pick(plan, more));
}

swarm_plan swarm_plan_draw(const swarm_scenario *scenario, uint64_t seed)
{
    static const int64_t cache_sizes[] = {0, 1000, 10 << 20};
    static const weir_policy policies[] = {WEIR_POLICY_FIFO, WEIR_POLICY_RANDOM, WEIR_POLICY_RANDOM,
                                           WEIR_POLICY_PCT};
    swarm_plan drawn = {.seed = seed, .random = seed};
    swarm_plan *plan = &drawn;
    plan->policy = policies[swarm_pick(plan, 4)];
    plan->brokers = 1 + (int)swarm_pick(plan, 3);
    plan->instances = 2 + (int)swarm_pick(plan, WEIR_SWARM_INSTANCES_MAX - 1);
    for (int i = 0; i < plan->instances; i++) {
        plan->threads[i] = 1 + (int)swarm_pick(plan, 3);
        plan->latency_ms[i] = swarm_pick(plan, 3) == 0 ? (int64_t)swarm_pick(plan, 30) : 0;
    }
    plan->lines = 20 + swarm_pick(plan, 300);
    plan->bursts = 1 + (int)swarm_pick(plan, 20);
    plan->burst_ms = (int64_t)swarm_pick(plan, swarm_pick(plan, 4) == 0 ? 10000 : 500);
    plan->commit_interval_ms = 50 + (int64_t)swarm_pick(plan, 4000);
    plan->cache_bytes = cache_sizes[swarm_pick(plan, 3)];
    plan->session_ms = 6000 + (int64_t)swarm_pick(plan, 40000);
    plan->purge_ms = swarm_pick(plan, 4) == 0 ? 5000 : 0;
    plan->memory_stores = swarm_pick(plan, 2) == 0;
    scenario->draw(plan);
    plan->slow_ms = swarm_pick(plan, 3) == 0 ? 1 + (int64_t)swarm_pick(plan, 40) : 0;
    plan->buffered = swarm_pick(plan, 2) == 0 ? 1 + (int64_t)swarm_pick(plan, 20) : 1000;
    if (plan->workload == NULL) {
        plan->workload = scenario->all_workloads ? draw_workload(plan) : swarm_workload_at(0);
    }
    return drawn;
}

static size_t print_act(const swarm_plan *plan, const weir_act *act, char *text, size_t size)
{
    static const char *const names[] = {
#define X(name, text) text,
        WEIR_ACT_MAP(X)
#undef X
    };
    char more[128] = "";
    size_t used = 0;
    bool of_brokers = act->kind >= WEIR_ACT_LEADERS;
    (void)plan;
    if (act->at_step > 0) {
        used += (size_t)snprintf(more + used, sizeof more - used,
                                 ", or earlier at step %" PRIu64 " of %c", act->at_step,
                                 'a' + act->instance);
    }
    if (act->broker > 0 && !of_brokers) {
        used +=
            (size_t)snprintf(more + used, sizeof more - used, ", only broker %d", (int)act->broker);
    }
    if (act->threads > 0) {
        snprintf(more + used, sizeof more - used, ", threads %d", act->threads);
    }
    char whom[64];
    if (act->kind == WEIR_ACT_LEADERS) {
        snprintf(whom, sizeof whom, "of partitions %d to broker %d", (int)act->partition,
                 (int)act->broker);
    } else if (of_brokers) {
        snprintf(whom, sizeof whom, "to broker %d", (int)act->broker);
    } else {
        snprintf(whom, sizeof whom, "%c", 'a' + act->instance);
    }
    int len = snprintf(text, size, "\n    %" PRId64 " ms later: %s %s%s", act->after_ms,
                       names[act->kind], whom, more);
    return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

static size_t print_fault(const weir_mock_fault *fault, char *text, size_t size)
{
    static const char *const actions[] = {
        [WEIR_MOCK_ERROR] = "refused",
        [WEIR_MOCK_DELAY] = "delayed",
        [WEIR_MOCK_DROP_REQUEST] = "lost",
        [WEIR_MOCK_DROP_ANSWER] = "carried out, the answer is lost",
        [WEIR_MOCK_DISCONNECT] = "lost with its connection",
        [WEIR_MOCK_DISCONNECT_AFTER] = "carried out, the answer is lost with its connection",
    };
    int len = snprintf(
        text, size, "\n    %s of %s, number %d and %d more: %s, %" PRId64 " ms later", fault->api,
        fault->client_id, fault->from, fault->times - 1, actions[fault->action], fault->delay_ms);
    return len > 0 && (size_t)len < size ? (size_t)len : 0;
}

void swarm_plan_describe(const swarm_plan *plan, char *text, size_t size)
{
    static const char *const policies[] = {"default", "fifo", "random", "pct"};
    size_t used =
        (size_t)snprintf(text, size,
                         "%s, policy %s, %d brokers, %zu lines in %d bursts %" PRId64
                         " ms apart, commit every %" PRId64 " ms, cache %" PRId64
                         " bytes, %s stores, session %" PRId64 " ms, purge every %" PRId64
                         " ms, %" PRId64 " ms a record, buffers of %" PRId64,
                         plan->workload->name, policies[plan->policy], plan->brokers, plan->lines,
                         plan->bursts, plan->burst_ms, plan->commit_interval_ms, plan->cache_bytes,
                         plan->memory_stores ? "memory" : "rocksdb", plan->session_ms,
                         plan->purge_ms, plan->slow_ms, plan->buffered);
    for (int i = 0; i < plan->instances && used < size; i++) {
        used += (size_t)snprintf(text + used, size - used,
                                 "\n    %c: %d threads, latency %" PRId64 " ms", 'a' + i,
                                 plan->threads[i], plan->latency_ms[i]);
    }
    if (plan->transaction_timeout_ms > 0 && used < size) {
        used += (size_t)snprintf(
            text + used, size - used, "\n    %s, transactions time out after %" PRId64 " ms",
            plan->exactly_once ? "exactly once" : "at least once", plan->transaction_timeout_ms);
    }
    for (size_t i = 0; i < plan->fault_count && used < size; i++) {
        used += print_fault(&plan->faults[i], text + used, size - used);
    }
    for (size_t i = 0; i < plan->act_count && used < size; i++) {
        used += print_act(plan, &plan->acts[i], text + used, size - used);
    }
}
