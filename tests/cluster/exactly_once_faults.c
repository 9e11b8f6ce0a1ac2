/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests of transactions that fail, or whose answers are lost: what is committed stays exact. */
#include "support/exactly_once.h"

#define ROUND EXACTLY_ONCE_ROUND

/* Kafka's numbers. */
enum {
    COORDINATOR_LOAD_IN_PROGRESS = 14,
    COORDINATOR_NOT_AVAILABLE = 15,
    NOT_COORDINATOR = 16,
    ILLEGAL_GENERATION = 22,
    TOPIC_AUTHORIZATION_FAILED = 29,
    INVALID_PRODUCER_EPOCH = 47,
    INVALID_TXN_STATE = 48,
    CONCURRENT_TRANSACTIONS = 51,
    PRODUCER_FENCED = 90,
};

/* It happens to a request of the second instance. */
static scenario *count_with(void **state, weir_mock_fault fault)
{
    weir_instance *instances[2];
    scenario *all = exactly_once_start(state, instances, 2);
    weir_cluster *cluster = scenario_cluster(all);
    int id = weir_cluster_fault_add(cluster, instances[1], &fault);
    scenario_feed(all, ROUND);
    scenario_settle(all);
    scenario_feed(all, ROUND);
    exactly_once_check(all);
    assert_true(weir_cluster_fault_fired(cluster, id) > 0);
    return all;
}

#define FAULT_TEST(name, ...)                                                                      \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)count_with(state, (weir_mock_fault){__VA_ARGS__});                                   \
    }
#define ERROR(code) .action = WEIR_MOCK_ERROR, .error_code = (code)

/* ---- Lost answers: applied, but the client does not know ---- */

FAULT_TEST(partitions_were_added_but_the_answer_is_lost, .api = "AddPartitionsToTxn",
           .action = WEIR_MOCK_DISCONNECT_AFTER)
FAULT_TEST(offsets_were_added_but_the_answer_is_lost, .api = "AddOffsetsToTxn",
           .action = WEIR_MOCK_DISCONNECT_AFTER)
FAULT_TEST(offsets_were_sent_but_the_answer_is_lost, .api = "TxnOffsetCommit",
           .action = WEIR_MOCK_DISCONNECT_AFTER)
FAULT_TEST(a_commit_was_carried_out_but_the_answer_is_lost, .api = "EndTxn",
           .action = WEIR_MOCK_DISCONNECT_AFTER)
FAULT_TEST(a_commit_was_carried_out_but_the_connection_is_silent, .api = "EndTxn",
           .action = WEIR_MOCK_DROP_ANSWER)
FAULT_TEST(records_were_written_but_the_answer_is_lost, .api = "Produce", .topic = "word-counts",
           .action = WEIR_MOCK_DISCONNECT_AFTER)

/* ---- Lost requests ---- */

FAULT_TEST(a_commit_is_lost, .api = "EndTxn", .action = WEIR_MOCK_DISCONNECT)
FAULT_TEST(offsets_are_lost, .api = "TxnOffsetCommit", .action = WEIR_MOCK_DISCONNECT)
FAULT_TEST(records_wait_until_the_transaction_has_timed_out, .api = "Produce",
           .topic = "word-counts", .action = WEIR_MOCK_DELAY, .delay_ms = 8000)

/* ---- Temporary failures ---- */

FAULT_TEST(the_coordinator_loads, .api = "EndTxn", ERROR(COORDINATOR_LOAD_IN_PROGRESS), .times = 3)
FAULT_TEST(the_coordinator_is_not_available, .api = "AddPartitionsToTxn",
           ERROR(COORDINATOR_NOT_AVAILABLE), .times = 3)
FAULT_TEST(the_coordinator_has_moved, .api = "AddOffsetsToTxn", ERROR(NOT_COORDINATOR), .times = 3)
FAULT_TEST(the_last_transaction_still_ends, .api = "AddPartitionsToTxn",
           ERROR(CONCURRENT_TRANSACTIONS), .times = 3)

/* ---- Failures that end the transaction ---- */

static void a_refused_topic_aborts_the_transaction(void **state)
{
    scenario *all = count_with(
        state, (weir_mock_fault){.api = "AddPartitionsToTxn", ERROR(TOPIC_AUTHORIZATION_FAILED)});
    assert_true(scenario_seen(all, "abort-transaction") > 0);
    assert_true(scenario_warnings(all, "the transaction is aborted") > 0);
}

static void an_old_generation_gives_the_tasks_up(void **state)
{
    scenario *all =
        count_with(state, (weir_mock_fault){.api = "TxnOffsetCommit", ERROR(ILLEGAL_GENERATION)});
    assert_true(scenario_warnings(all, "it joins the group again") > 0);
}

static void a_fenced_producer_gives_the_tasks_up(void **state)
{
    scenario *all =
        count_with(state, (weir_mock_fault){.api = "EndTxn", ERROR(INVALID_PRODUCER_EPOCH)});
    assert_true(scenario_warnings(all, "it joins the group again") > 0);
}

static void a_producer_that_has_failed_is_replaced(void **state)
{
    scenario *all = count_with(state, (weir_mock_fault){.api = "EndTxn", ERROR(INVALID_TXN_STATE)});
    assert_true(scenario_warnings(all, "its producer is replaced") > 0);
}

FAULT_TEST(a_producer_is_fenced_when_it_writes, .api = "Produce", ERROR(INVALID_PRODUCER_EPOCH))
FAULT_TEST(a_producer_is_fenced_when_it_adds_partitions, .api = "AddPartitionsToTxn",
           ERROR(PRODUCER_FENCED))

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(partitions_were_added_but_the_answer_is_lost),
        cluster_test(offsets_were_added_but_the_answer_is_lost),
        cluster_test(offsets_were_sent_but_the_answer_is_lost),
        cluster_test(a_commit_was_carried_out_but_the_answer_is_lost),
        cluster_test(a_commit_was_carried_out_but_the_connection_is_silent),
        cluster_test(records_were_written_but_the_answer_is_lost),
        cluster_test(a_commit_is_lost),
        cluster_test(offsets_are_lost),
        cluster_test(records_wait_until_the_transaction_has_timed_out),
        cluster_test(the_coordinator_loads),
        cluster_test(the_coordinator_is_not_available),
        cluster_test(the_coordinator_has_moved),
        cluster_test(the_last_transaction_still_ends),
        cluster_test(a_refused_topic_aborts_the_transaction),
        cluster_test(an_old_generation_gives_the_tasks_up),
        cluster_test(a_fenced_producer_gives_the_tasks_up),
        cluster_test(a_producer_that_has_failed_is_replaced),
        cluster_test(a_producer_is_fenced_when_it_writes),
        cluster_test(a_producer_is_fenced_when_it_adds_partitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
