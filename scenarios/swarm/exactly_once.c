/* SPDX-License-Identifier: Apache-2.0
 *
 * Exactly once under everything at the same time: instances crash, freeze, are cut off and
 * restarted, leaders and coordinators move, and requests of transactions are lost, or carried out
 * without the client being told. */
#include "scenarios/swarm/workload.h"

#define TROUBLES 7   /* kinds, below */
#define ROUNDS_MAX 9 /* with up to two acts each, and one at the end for each instance */
#define SOON_MS 6000
#define AWAY_MS 60000 /* more than most sessions */
#define DELAY_MS 20000
#define REQUEST_MAX 25 /* the number of the first request that a rule is for */
#define IN_A_ROW_MAX 2
#define TIMEOUT_MIN_MS 5000 /* of transactions; more than any commit interval */

static const swarm_workload *const workloads[] = {
    &swarm_word_count, &swarm_id_mapping, &swarm_windows,    &swarm_closed_windows,
    &swarm_inner_join, &swarm_left_join,  &swarm_outer_join,
};

static const char *const requests[] = {
    "InitProducerId", "AddPartitionsToTxn", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn",
    "Produce",
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Most are carried out, and the client does not know. */
static void draw_fault(swarm_plan *plan)
{
    static const char *const clients[WEIR_SWARM_INSTANCES_MAX] = {"a-*", "b-*", "c-*"};
    static const weir_mock_action actions[] = {
        WEIR_MOCK_DISCONNECT_AFTER, WEIR_MOCK_DISCONNECT_AFTER, WEIR_MOCK_DROP_ANSWER,
        WEIR_MOCK_DROP_REQUEST,     WEIR_MOCK_DISCONNECT,       WEIR_MOCK_DELAY,
    };
    weir_mock_fault *fault = &plan->faults[plan->fault_count++];
    *fault = (weir_mock_fault){
        .client_id = clients[swarm_pick(plan, (uint64_t)plan->instances)],
        .api = requests[swarm_pick(plan, COUNT(requests))],
        .action = actions[swarm_pick(plan, COUNT(actions))],
        .optional = true,
    };
    bool first = swarm_pick(plan, 3) == 0; /* there are few requests of some kinds */
    fault->from = 1 + (int)swarm_pick(plan, first ? 3 : REQUEST_MAX);
    fault->times = 1 + (int)swarm_pick(plan, IN_A_ROW_MAX);
    fault->delay_ms =
        fault->action == WEIR_MOCK_DELAY ? 1 + (int64_t)swarm_pick(plan, DELAY_MS) : 0;
}

/* What ends the trouble of an instance. */
static void recover(swarm_plan *plan, weir_act *end)
{
    end->after_ms = (int64_t)swarm_pick(plan, swarm_pick(plan, 2) == 0 ? AWAY_MS : SOON_MS);
    swarm_act(plan, *end);
    end->kind = WEIR_ACT_CRASH; /* none */
}

static void trouble(swarm_plan *plan, int victim, weir_act *end)
{
    int32_t broker = 1 + (int32_t)swarm_pick(plan, (uint64_t)plan->brokers);
    bool all = swarm_pick(plan, 3) > 0;
    *end = (weir_act){.kind = WEIR_ACT_CRASH, .instance = victim};
    switch (swarm_pick(plan, TROUBLES)) {
    case 0:
        swarm_act_soon(plan, swarm_pick(plan, 4) == 0 ? WEIR_ACT_CRASH_WIPED : WEIR_ACT_CRASH,
                       victim, SOON_MS);
        end->kind = WEIR_ACT_RESTART;
        break;
    case 1:
        swarm_act_soon(plan, WEIR_ACT_PAUSE, victim, SOON_MS);
        end->kind = WEIR_ACT_RESUME;
        break;
    case 2:
        end->broker = all ? 0 : broker;
        swarm_act_soon(plan, WEIR_ACT_PARTITION, victim, SOON_MS)->broker = end->broker;
        end->kind = WEIR_ACT_HEAL;
        break;
    case 3:
        swarm_act(plan, (weir_act){.kind = WEIR_ACT_CLOSE,
                                   .instance = victim,
                                   .after_ms = (int64_t)swarm_pick(plan, SOON_MS)});
        end->kind = WEIR_ACT_RESTART;
        break;
    case 4: {
        weir_act *act = swarm_act_soon(plan, WEIR_ACT_LEADERS, victim, SOON_MS);
        act->broker = broker;
        act->partition = (int32_t)swarm_pick(plan, 4);
        break;
    }
    case 5:
        swarm_act_soon(plan, WEIR_ACT_COORDINATOR, victim, SOON_MS)->broker = broker;
        break;
    default:
        swarm_act_soon(plan, WEIR_ACT_TRANSACTIONS, victim, SOON_MS)->broker = broker;
        break;
    }
}

void swarm_draw_exactly_once(swarm_plan *plan)
{
    weir_act ends[WEIR_SWARM_INSTANCES_MAX] = {0}; /* of kind "crash": none */
    int rounds = 3 + (int)swarm_pick(plan, ROUNDS_MAX - 2);
    size_t faults = swarm_pick(plan, WEIR_SWARM_FAULTS_MAX + 1);
    plan->exactly_once = true;
    plan->brokers += plan->brokers == 1 ? 1 : 0;
    plan->transaction_timeout_ms = TIMEOUT_MIN_MS + (int64_t)swarm_pick(plan, 25000);
    plan->workload = workloads[swarm_pick(plan, COUNT(workloads))];
    for (size_t i = 0; i < faults; i++) {
        draw_fault(plan);
    }
    for (int i = 0; i < rounds; i++) {
        int victim = (int)swarm_pick(plan, (uint64_t)plan->instances);
        if (ends[victim].kind != WEIR_ACT_CRASH) {
            recover(plan, &ends[victim]);
        } else {
            trouble(plan, victim, &ends[victim]);
        }
    }
    for (int i = 0; i < plan->instances; i++) {
        if (ends[i].kind != WEIR_ACT_CRASH) {
            recover(plan, &ends[i]);
        }
    }
}
