/* SPDX-License-Identifier: Apache-2.0
 *
 * Transactions as librdkafka's producers see them: offsets, fencing, timeouts, coordinators, and
 * the view that tests have. */
#include "mock_transactions_kit.h"

/* ---- Offsets ---- */

static void offsets_are_committed_with_the_transaction_only(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = transactional(mock, "p");
    begin(rk);
    send_offset(rk, 5);
    assert_int_equal(committed_offset(mock), -1);
    commit(rk);
    assert_int_equal(committed_offset(mock), 5);
    begin(rk);
    send_offset(rk, 9);
    rollback(rk);
    assert_int_equal(committed_offset(mock), 5);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

/* A member that joined, and its group metadata. */
static rd_kafka_t *member(const weir_mock *mock, const char *client_id)
{
    rd_kafka_t *rk =
        client_new(RD_KAFKA_CONSUMER, mock, client_id,
                   (const char *[]){"group.id", "g", "auto.offset.reset", "earliest", NULL});
    client_subscribe(rk, "t");
    for (int i = 0; i < CLIENT_POLLS_MAX; i++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, CLIENT_POLL_MS);
        assert_null(message);
        rd_kafka_topic_partition_list_t *list;
        assert_int_equal(rd_kafka_assignment(rk, &list), 0);
        int count = list->cnt;
        rd_kafka_topic_partition_list_destroy(list);
        if (count > 0) {
            return rk;
        }
    }
    fail_msg("no assignment");
    return rk;
}

static void offsets_of_an_older_generation_are_refused(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = transactional(mock, "p");
    rd_kafka_t *old = member(mock, "c1");
    rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(old);
    begin(rk);
    assert_error(try_send_offset(rk, metadata, 1), "NO_ERROR");
    rd_kafka_consumer_close(old);
    rd_kafka_destroy(old);
    rd_kafka_t *new = member(mock, "c2");
    rd_kafka_error_t *error = try_send_offset(rk, metadata, 2);
    assert_non_null(error);
    assert_true(rd_kafka_error_txn_requires_abort(error));
    assert_error(error, "UNKNOWN_MEMBER_ID");
    rollback(rk);
    assert_int_equal(committed_offset(mock), -1);
    rd_kafka_consumer_group_metadata_destroy(metadata);
    rd_kafka_consumer_close(new);
    rd_kafka_destroy(new);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

/* ---- Fencing, timeouts, coordinators ---- */

static void a_zombie_cannot_commit(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *zombie = transactional(mock, "p1");
    begin(zombie);
    send_offset(zombie, 5);
    rd_kafka_t *new = transactional(mock, "p2");
    rd_kafka_error_t *error = rd_kafka_commit_transaction(zombie, CLIENT_TIMEOUT_MS);
    assert_non_null(error);
    assert_true(rd_kafka_error_is_fatal(error));
    rd_kafka_error_destroy(error);
    assert_int_equal(committed_offset(mock), -1);
    begin(new);
    send_offset(new, 6);
    commit(new);
    assert_int_equal(committed_offset(mock), 6);
    rd_kafka_destroy(zombie);
    rd_kafka_destroy(new);
    assert_no_failure(mock);
}

static void a_transaction_over_its_timeout_is_aborted(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = transactional(mock, "p");
    begin(rk);
    send_offset(rk, 5);
    weir_sim_sleep_us(TXN_TIMEOUT_US + 1000);
    rd_kafka_error_t *error = rd_kafka_commit_transaction(rk, CLIENT_TIMEOUT_MS);
    assert_non_null(error);
    rd_kafka_error_destroy(error);
    assert_int_equal(committed_offset(mock), -1);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void a_transaction_survives_the_move_of_its_coordinator(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = transactional(mock, "p");
    begin(rk);
    send_offset(rk, 5);
    int32_t to = 1 + weir_mock_transaction_coordinator(mock, "x") % 3;
    assert_int_equal(weir_mock_transaction_coordinator_set(mock, "x", to), WEIR_OK);
    commit(rk);
    assert_int_equal(committed_offset(mock), 5);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

/* ---- Markers that have to wait, and the view of tests ---- */

typedef struct seen {
    int count;
    int64_t age_ms;
    char text[200];
} seen;

static void see(const weir_mock_transaction *it, void *user)
{
    seen *s = user;
    int len = snprintf(s->text, sizeof s->text, "%s %lld/%d %s %d:", it->transactional_id,
                       (long long)it->producer_id, it->epoch, it->state, (int)it->timeout_ms);
    for (size_t i = 0; i < it->part_count && len < (int)sizeof s->text; i++) {
        const weir_mock_transaction_part *part = &it->parts[i];
        len += snprintf(s->text + len, sizeof s->text - (size_t)len, " %s%s%d",
                        part->topic != NULL ? part->topic : "",
                        part->group != NULL ? part->group : "", (int)part->partition);
    }
    s->age_ms = it->age_ms;
    s->count++;
}

static void assert_seen(const weir_mock *mock, int count, const char *text)
{
    seen s = {0};
    assert_int_equal(weir_mock_transactions(mock, see, &s), WEIR_OK);
    assert_string_equal(s.text, text);
    assert_int_equal(s.count, count);
}

static void a_marker_waits_for_its_partition_to_have_a_leader(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = transactional(mock, "p");
    assert_seen(mock, 0, "");
    begin(rk);
    client_must_produce(rk, "t", 0, "k", "v");
    send_offset(rk, 5);
    assert_seen(mock, 1, "x 0/0 Ongoing 10000: t0 g-1");
    assert_int_equal(weir_mock_partition_set_leader(mock, "t", 0, -1), WEIR_OK);
    commit(rk);
    assert_seen(mock, 1, "x 0/0 PrepareCommit 10000: t0");
    assert_int_equal(committed_offset(mock), 5);
    assert_int_equal(weir_mock_partition_set_leader(mock, "t", 0, 1), WEIR_OK);
    weir_sim_sleep_us(1000);
    assert_seen(mock, 0, "");
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void offsets_wait_for_a_group_coordinator_that_is_down(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    assert_int_equal(weir_mock_coordinator_set(mock, "g", 1), WEIR_OK);
    assert_int_equal(weir_mock_transaction_coordinator_set(mock, "x", 2), WEIR_OK);
    rd_kafka_t *rk = transactional(mock, "p");
    begin(rk);
    send_offset(rk, 5);
    assert_int_equal(weir_mock_broker_set_up(mock, 1, false), WEIR_OK);
    commit(rk);
    assert_int_equal(committed_offset(mock), -1);
    assert_int_equal(weir_mock_broker_set_up(mock, 1, true), WEIR_OK);
    weir_sim_sleep_us(1000);
    assert_int_equal(committed_offset(mock), 5);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void a_slow_broker_delays_its_markers(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    assert_int_equal(weir_mock_coordinator_set(mock, "g", 1), WEIR_OK);
    assert_int_equal(weir_mock_transaction_coordinator_set(mock, "x", 2), WEIR_OK);
    rd_kafka_t *rk = transactional(mock, "p");
    begin(rk);
    send_offset(rk, 5);
    assert_int_equal(weir_mock_broker_set_rtt(mock, 1, 500), WEIR_OK);
    commit(rk);
    assert_int_equal(committed_offset(mock), -1);
    weir_sim_sleep_us(501000); /* the brokers wait in whole ms */
    assert_int_equal(committed_offset(mock), 5);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void the_age_of_a_transaction_is_that_of_its_first_partition(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 2);
    rd_kafka_t *rk = transactional(mock, "p");
    begin(rk);
    client_must_produce(rk, "t", 0, "k", "v");
    seen before = {0};
    assert_int_equal(weir_mock_transactions(mock, see, &before), WEIR_OK);
    weir_sim_sleep_us(3000000);
    client_must_produce(rk, "t", 1, "k", "v");
    seen after = {0};
    assert_int_equal(weir_mock_transactions(mock, see, &after), WEIR_OK);
    assert_true(after.age_ms >= before.age_ms + 3000);
    commit(rk);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

static void a_deleted_topic_does_not_hold_up_the_transaction(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    mock_create(mock, "u", 1);
    rd_kafka_t *rk = transactional(mock, "p");
    begin(rk);
    client_must_produce(rk, "u", 0, "k", "v");
    send_offset(rk, 5);
    assert_int_equal(weir_mock_topic_delete(mock, "u"), WEIR_OK);
    commit(rk);
    assert_int_equal(committed_offset(mock), 5);
    assert_seen(mock, 0, "");
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        mock_test(offsets_are_committed_with_the_transaction_only),
        mock_test(offsets_of_an_older_generation_are_refused),
        mock_test(a_zombie_cannot_commit),
        mock_test(a_transaction_over_its_timeout_is_aborted),
        mock_test(a_transaction_survives_the_move_of_its_coordinator),
        mock_test(a_marker_waits_for_its_partition_to_have_a_leader),
        mock_test(offsets_wait_for_a_group_coordinator_that_is_down),
        mock_test(a_slow_broker_delays_its_markers),
        mock_test(the_age_of_a_transaction_is_that_of_its_first_partition),
        mock_test(a_deleted_topic_does_not_hold_up_the_transaction),
    };
    return cmocka_run_group_tests_name("mock_transactions", tests, NULL, NULL);
}
