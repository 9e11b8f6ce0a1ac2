/* SPDX-License-Identifier: Apache-2.0
 *
 * Consumer groups of librdkafka clients on the mock cluster, in virtual time. */
#include "support/mock.h"

#define PARTITIONS 4
#define POLL_MS 10
#define SESSION_US ((int64_t)45000000) /* session.timeout.ms of librdkafka */
#define HEARTBEAT_US ((int64_t)3000000)

static int set_up(void **state)
{
    *state = mock_start(NULL);
    mock_create(*state, "lines", PARTITIONS);
    return 0;
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, mock_tear_down)

static rd_kafka_t *member_new(const weir_mock *mock, const char *id)
{
    const char *settings[] = {
        "group.id", "g", "auto.offset.reset", "earliest", "enable.auto.commit", "false", NULL};
    rd_kafka_t *rk = client_new(RD_KAFKA_CONSUMER, mock, id, settings);
    client_subscribe(rk, "lines");
    return rk;
}

/* Polls all members until each has `each` partitions. */
static void await_assigned(rd_kafka_t *const *members, int count, int each)
{
    for (int64_t i = 0; i < 2 * SESSION_US / (POLL_MS * 1000); i++) {
        int done = 0;
        for (int j = 0; j < count; j++) {
            rd_kafka_message_t *message = rd_kafka_consumer_poll(members[j], POLL_MS);
            if (message != NULL) {
                rd_kafka_message_destroy(message);
            }
            done += client_assigned(members[j]) == each ? 1 : 0;
        }
        if (done == count) {
            return;
        }
    }
    fail_msg("not assigned");
}

static void two_members_share_the_partitions_and_one_takes_over(void **state)
{
    weir_mock *mock = *state;
    rd_kafka_t *members[] = {member_new(mock, "a"), member_new(mock, "b")};
    await_assigned(members, 2, PARTITIONS / 2);
    weir_mock_group_info info;
    assert_int_equal(weir_mock_group(mock, "g", &info), WEIR_OK);
    assert_string_equal(info.state, "Stable");
    assert_int_equal(info.members, 2);
    rd_kafka_consumer_close(members[0]);
    await_assigned(&members[1], 1, PARTITIONS);
    rd_kafka_destroy(members[0]);
    rd_kafka_destroy(members[1]);
    assert_no_failure(mock);
    assert_int_equal(weir_mock_group(mock, "g", &info), WEIR_OK);
    assert_string_equal(info.state, "Empty");
}

static void a_restarted_member_continues_at_the_committed_offset(void **state)
{
    weir_mock *mock = *state;
    rd_kafka_t *producer = client_producer(mock, "p", NULL);
    client_must_produce(producer, "lines", 2, "k", "a");
    client_must_produce(producer, "lines", 2, "k", "b");
    rd_kafka_t *member = member_new(mock, "a");
    client_must_consume(member, "lines", 2, 0, "a");
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *part = rd_kafka_topic_partition_list_add(list, "lines", 2);
    part->offset = 1;
    part->metadata = strdup("note");
    part->metadata_size = strlen("note");
    assert_int_equal(rd_kafka_commit(member, list, 0), 0);
    rd_kafka_topic_partition_list_destroy(list);
    char note[16];
    assert_int_equal(weir_mock_committed(mock, "g", "lines", 2, note, sizeof note), 1);
    assert_string_equal(note, "note");
    assert_int_equal(weir_mock_committed(mock, "g", "lines", 3, NULL, 0), -1);
    rd_kafka_consumer_close(member);
    rd_kafka_destroy(member);
    member = member_new(mock, "a");
    client_must_consume(member, "lines", 2, 1, "b");
    rd_kafka_destroy(member);
    rd_kafka_destroy(producer);
    assert_no_failure(mock);
}

/* ---- Loss of a member ---- */

static void poll_for_ever(void *arg)
{
    rd_kafka_t *rk = member_new(arg, "b");
    for (;;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, 1000);
        if (message != NULL) {
            rd_kafka_message_destroy(message);
        }
    }
}

static void a_crashed_member_is_replaced_when_its_session_is_over(void **state)
{
    weir_mock *mock = *state;
    rd_kafka_t *a = member_new(mock, "a");
    weir_host *host = weir_sim_host_new("b");
    assert_int_equal(weir_sim_host_run(host, "b", poll_for_ever, mock), WEIR_OK);
    await_assigned(&a, 1, PARTITIONS / 2);
    weir_sim_sleep_us(10000000);
    weir_sim_host_crash(host);
    int64_t crashed_us = weir_sim_now_us();
    await_assigned(&a, 1, PARTITIONS);
    assert_in_range(weir_sim_now_us() - crashed_us, SESSION_US - HEARTBEAT_US,
                    SESSION_US + HEARTBEAT_US + 1000000);
    rd_kafka_destroy(a);
    assert_no_failure(mock);
}

/* On librdkafka's mock cluster a rebalance lasts the session timeout less a second. */
static void a_rebalance_lasts_a_heartbeat_and_no_longer(void **state)
{
    weir_mock *mock = *state;
    rd_kafka_t *members[] = {member_new(mock, "a"), NULL};
    await_assigned(members, 1, PARTITIONS);
    int64_t before_us = weir_sim_now_us();
    members[1] = member_new(mock, "b");
    await_assigned(members, 2, PARTITIONS / 2);
    assert_true(weir_sim_now_us() - before_us < HEARTBEAT_US + 1000000);
    rd_kafka_destroy(members[0]);
    rd_kafka_destroy(members[1]);
}

/* ---- The coordinator moves ---- */

static void members_follow_a_coordinator_that_moves(void **state)
{
    weir_mock *mock = *state;
    weir_mock_group_info info;
    assert_int_equal(weir_mock_coordinator_set(mock, "g", 1), WEIR_OK);
    rd_kafka_t *members[] = {member_new(mock, "a"), member_new(mock, "b")};
    await_assigned(members, 2, PARTITIONS / 2);
    assert_int_equal(weir_mock_group(mock, "g", &info), WEIR_OK);
    int32_t generation = info.generation;
    assert_int_equal(weir_mock_coordinator_set(mock, "g", 2), WEIR_OK);
    weir_sim_sleep_us(2 * SESSION_US);
    assert_int_equal(weir_mock_group(mock, "g", &info), WEIR_OK);
    assert_int_equal(info.members, 2);
    assert_int_equal(info.generation, generation); /* no rebalance happened */
    rd_kafka_destroy(members[0]);
    rd_kafka_destroy(members[1]);
    assert_no_failure(mock);
}

/* On librdkafka's mock cluster this aborts the process. */
static void a_coordinator_may_move_and_fail_while_members_join(void **state)
{
    weir_mock *mock = *state;
    weir_mock_group_info info = {0};
    assert_int_equal(weir_mock_coordinator_set(mock, "g", 1), WEIR_OK);
    rd_kafka_t *members[] = {member_new(mock, "a"), NULL};
    await_assigned(members, 1, PARTITIONS);
    members[1] = member_new(mock, "b");
    for (int i = 0; i < 10000 && (info.state == NULL || info.members < 2); i++) {
        weir_sim_sleep_us(1000);
        assert_int_equal(weir_mock_group(mock, "g", &info), WEIR_OK);
    }
    assert_string_equal(info.state, "PreparingRebalance");
    assert_int_equal(weir_mock_coordinator_set(mock, "g", 3), WEIR_OK);
    assert_int_equal(weir_mock_broker_set_up(mock, 1, false), WEIR_OK);
    await_assigned(members, 2, PARTITIONS / 2);
    rd_kafka_destroy(members[0]);
    rd_kafka_destroy(members[1]);
    assert_no_failure(mock);
}

/* ---- Requests of admin clients ---- */

static void a_group_is_described_with_its_members_and_assignments(void **state)
{
    weir_mock *mock = *state;
    rd_kafka_t *member = member_new(mock, "a");
    await_assigned(&member, 1, PARTITIONS);
    rd_kafka_t *admin = client_new(RD_KAFKA_PRODUCER, mock, "admin", NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin);
    rd_kafka_DescribeConsumerGroups(admin, (const char *[]){"g", "nobody"}, 2, NULL, queue);
    rd_kafka_event_t *event = admin_result(queue);
    size_t count;
    const rd_kafka_ConsumerGroupDescription_t **groups =
        rd_kafka_DescribeConsumerGroups_result_groups(
            rd_kafka_event_DescribeConsumerGroups_result(event), &count);
    assert_int_equal(count, 2);
    assert_null(rd_kafka_ConsumerGroupDescription_error(groups[0]));
    assert_int_equal(rd_kafka_ConsumerGroupDescription_state(groups[0]),
                     RD_KAFKA_CONSUMER_GROUP_STATE_STABLE);
    assert_string_equal(rd_kafka_ConsumerGroupDescription_partition_assignor(groups[0]), "range");
    assert_int_equal(rd_kafka_ConsumerGroupDescription_member_count(groups[0]), 1);
    const rd_kafka_MemberDescription_t *described =
        rd_kafka_ConsumerGroupDescription_member(groups[0], 0);
    assert_string_equal(rd_kafka_MemberDescription_client_id(described), "a");
    assert_string_equal(rd_kafka_MemberDescription_consumer_id(described),
                        "a-00000001-0000-4000-8000-000000000000");
    assert_int_equal(
        rd_kafka_MemberAssignment_partitions(rd_kafka_MemberDescription_assignment(described))->cnt,
        PARTITIONS);
    assert_int_equal(rd_kafka_ConsumerGroupDescription_state(groups[1]),
                     RD_KAFKA_CONSUMER_GROUP_STATE_DEAD);
    rd_kafka_event_destroy(event);

    rd_kafka_AdminOptions_t *options = admin_options(admin, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS);
    const rd_kafka_consumer_group_state_t stable = RD_KAFKA_CONSUMER_GROUP_STATE_STABLE;
    rd_kafka_error_t *error =
        rd_kafka_AdminOptions_set_match_consumer_group_states(options, &stable, 1);
    assert_null(error);
    rd_kafka_ListConsumerGroups(admin, options, queue);
    event = admin_result(queue);
    const rd_kafka_ConsumerGroupListing_t **listed = rd_kafka_ListConsumerGroups_result_valid(
        rd_kafka_event_ListConsumerGroups_result(event), &count);
    assert_int_equal(count, 1);
    assert_string_equal(rd_kafka_ConsumerGroupListing_group_id(listed[0]), "g");
    rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(admin);
    rd_kafka_destroy(member);
    assert_no_failure(mock);
}

static rd_kafka_resp_err_t delete_group(rd_kafka_t *admin)
{
    size_t count;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin);
    rd_kafka_DeleteGroup_t *group = rd_kafka_DeleteGroup_new("g");
    rd_kafka_DeleteGroups(admin, &group, 1, NULL, queue);
    rd_kafka_event_t *event = admin_result(queue);
    const rd_kafka_group_result_t **results =
        rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event), &count);
    assert_int_equal(count, 1);
    const rd_kafka_error_t *error = rd_kafka_group_result_error(results[0]);
    rd_kafka_resp_err_t err = error != NULL ? rd_kafka_error_code(error) : 0;
    rd_kafka_event_destroy(event);
    rd_kafka_DeleteGroup_destroy(group);
    rd_kafka_queue_destroy(queue);
    return err;
}

static rd_kafka_resp_err_t delete_offset(rd_kafka_t *admin, int32_t partition)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "lines", partition);
    rd_kafka_DeleteConsumerGroupOffsets_t *request =
        rd_kafka_DeleteConsumerGroupOffsets_new("g", list);
    rd_kafka_DeleteConsumerGroupOffsets(admin, &request, 1, NULL, queue);
    rd_kafka_event_t *event = admin_result(queue);
    size_t count;
    const rd_kafka_group_result_t **results = rd_kafka_DeleteConsumerGroupOffsets_result_groups(
        rd_kafka_event_DeleteConsumerGroupOffsets_result(event), &count);
    const rd_kafka_error_t *error = rd_kafka_group_result_error(results[0]);
    rd_kafka_resp_err_t err = error != NULL ? rd_kafka_error_code(error) : 0;
    rd_kafka_event_destroy(event);
    rd_kafka_DeleteConsumerGroupOffsets_destroy(request);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_queue_destroy(queue);
    return err;
}

static void offsets_and_groups_can_be_deleted_when_there_are_no_members(void **state)
{
    weir_mock *mock = *state;
    rd_kafka_t *admin = client_new(RD_KAFKA_PRODUCER, mock, "admin", NULL);
    rd_kafka_t *member = member_new(mock, "a");
    await_assigned(&member, 1, PARTITIONS);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(2);
    rd_kafka_topic_partition_list_add(list, "lines", 0)->offset = 5;
    rd_kafka_topic_partition_list_add(list, "lines", 1)->offset = 6;
    assert_code(rd_kafka_commit(member, list, 0), 0);
    rd_kafka_topic_partition_list_destroy(list);
    assert_code(delete_group(admin), RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP);
    rd_kafka_destroy(member);
    assert_code(delete_offset(admin, 0), 0);
    assert_int_equal(weir_mock_committed(mock, "g", "lines", 0, NULL, 0), -1);
    assert_int_equal(weir_mock_committed(mock, "g", "lines", 1, NULL, 0), 6);
    assert_code(delete_group(admin), 0);
    assert_int_equal(weir_mock_committed(mock, "g", "lines", 1, NULL, 0), -1);
    assert_code(delete_group(admin), RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND);
    rd_kafka_destroy(admin);
    assert_no_failure(mock);
}

static void a_commit_for_a_topic_that_does_not_exist_fails(void **state)
{
    rd_kafka_t *member = member_new(*state, "a");
    await_assigned(&member, 1, PARTITIONS);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "nowhere", 0)->offset = 5;
    assert_code(rd_kafka_commit(member, list, 0), RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_destroy(member);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(two_members_share_the_partitions_and_one_takes_over),
        test(a_restarted_member_continues_at_the_committed_offset),
        test(a_crashed_member_is_replaced_when_its_session_is_over),
        test(a_rebalance_lasts_a_heartbeat_and_no_longer),
        test(members_follow_a_coordinator_that_moves),
        test(a_coordinator_may_move_and_fail_while_members_join),
        test(a_group_is_described_with_its_members_and_assignments),
        test(offsets_and_groups_can_be_deleted_when_there_are_no_members),
        test(a_commit_for_a_topic_that_does_not_exist_fails),
    };
    return cmocka_run_group_tests_name("mock_members", tests, NULL, NULL);
}
