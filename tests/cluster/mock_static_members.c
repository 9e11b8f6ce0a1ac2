/* SPDX-License-Identifier: Apache-2.0
 *
 * Static members as librdkafka's consumers are them, and requests that name them. */
#include "support/raw.h"

#define PARTITIONS 4
#define POLL_MS 10
#define POLLS_MAX 6000

static int set_up(void **state)
{
    *state = mock_start(NULL);
    mock_create(*state, "lines", PARTITIONS);
    return 0;
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, mock_tear_down)

static rd_kafka_t *member_new(const weir_mock *mock, const char *instance)
{
    const char *settings[] = {"group.id", "g", "group.instance.id", instance, NULL};
    rd_kafka_t *rk = client_new(RD_KAFKA_CONSUMER, mock, instance, settings);
    client_subscribe(rk, "lines");
    return rk;
}

static void poll_all(rd_kafka_t *const *members, int count)
{
    for (int i = 0; i < count; i++) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(members[i], POLL_MS);
        if (message != NULL) {
            rd_kafka_message_destroy(message);
        }
    }
}

static void await_shares(rd_kafka_t *const *members)
{
    for (int i = 0; i < POLLS_MAX; i++) {
        poll_all(members, 2);
        if (client_assigned(members[0]) == 2 && client_assigned(members[1]) == 2) {
            return;
        }
    }
    fail_msg("not assigned");
}

static int32_t generation(const weir_mock *mock)
{
    weir_mock_group_info info;
    assert_int_equal(weir_mock_group(mock, "g", &info), WEIR_OK);
    return info.generation;
}

static void a_consumer_that_restarts_keeps_its_partitions(void **state)
{
    weir_mock *mock = *state;
    rd_kafka_t *members[] = {member_new(mock, "one"), member_new(mock, "two")};
    await_shares(members);
    int32_t before = generation(mock);
    rd_kafka_destroy(members[1]); /* does not leave the group */
    members[1] = member_new(mock, "two");
    await_shares(members);
    assert_int_equal(generation(mock), before);
    rd_kafka_destroy(members[0]);
    rd_kafka_destroy(members[1]);
    assert_no_failure(mock);
}

static void of_two_consumers_with_one_instance_id_the_older_one_fails(void **state)
{
    weir_mock *mock = *state;
    rd_kafka_t *members[] = {member_new(mock, "one"), member_new(mock, "two")};
    await_shares(members);
    rd_kafka_t *second = member_new(mock, "two");
    rd_kafka_resp_err_t error = 0;
    char text[256];
    for (int i = 0; i < POLLS_MAX && error == 0; i++) {
        rd_kafka_t *const all[] = {members[0], members[1], second};
        poll_all(all, 3);
        error = rd_kafka_fatal_error(members[1], text, sizeof text);
    }
    assert_code(error, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    rd_kafka_destroy(members[1]);
    members[1] = second;
    await_shares(members);
    rd_kafka_destroy(members[0]);
    rd_kafka_destroy(members[1]);
    assert_no_failure(mock);
}

/* ---- LeaveGroup ---- */

static weir__reader leave_group(const weir_mock *mock, const char *group, const char *instance,
                                weir_buf *answer)
{
    weir_buf frame = {0};
    int fd = raw_connect_to(mock, weir_mock_coordinator(mock, group));
    raw_begin(&frame, 13, 3);
    weir__put_cstring(&frame, group);
    weir__buf_put_i32(&frame, 2);
    weir__put_cstring(&frame, "");
    weir__put_cstring(&frame, instance);
    weir__put_cstring(&frame, "unknown");
    weir__put_string(&frame, (weir_slice){0});
    raw_send_frame(fd, &frame);
    weir__reader in = raw_receive_frame(fd, answer);
    close(fd);
    weir__buf_fini(&frame);
    weir__read_i32(&in);
    return in;
}

static void an_administrator_removes_members_by_instance_id(void **state)
{
    weir_mock *mock = *state;
    weir_buf answer = {0};
    rd_kafka_t *members[] = {member_new(mock, "one"), member_new(mock, "two")};
    await_shares(members);
    weir__reader in = leave_group(mock, "g", "two", &answer);
    assert_int_equal(weir__read_i16(&in), 0);
    assert_int_equal(weir__read_i32(&in), 2);
    assert_int_equal(weir__read_string(&in).len, 0);
    assert_true(weir_slice_equal(weir__read_string(&in), weir_slice_of("two")));
    assert_int_equal(weir__read_i16(&in), 0);
    assert_true(weir_slice_equal(weir__read_string(&in), weir_slice_of("unknown")));
    assert_null(weir__read_string(&in).data);
    assert_int_equal(weir__read_i16(&in), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_false(in.failed);
    in = leave_group(mock, "", "two", &answer);
    assert_int_equal(weir__read_i16(&in), RD_KAFKA_RESP_ERR_INVALID_GROUP_ID);
    assert_int_equal(weir__read_i32(&in), 0);
    rd_kafka_destroy(members[0]);
    rd_kafka_destroy(members[1]);
    weir__buf_fini(&answer);
    assert_no_failure(mock);
}

static void static_members_are_described_with_their_instance_id(void **state)
{
    weir_mock *mock = *state;
    weir_buf frame = {0};
    weir_buf answer = {0};
    rd_kafka_t *members[] = {member_new(mock, "one"), member_new(mock, "two")};
    await_shares(members);
    int fd = raw_connect_to(mock, weir_mock_coordinator(mock, "g"));
    raw_begin(&frame, 15, 4);
    weir__buf_put_i32(&frame, 1);
    weir__put_cstring(&frame, "g");
    weir__put_bool(&frame, false);
    raw_send_frame(fd, &frame);
    weir__reader in = raw_receive_frame(fd, &answer);
    weir__read_i32(&in); /* throttle */
    assert_int_equal(weir__read_i32(&in), 1);
    assert_int_equal(weir__read_i16(&in), 0);
    for (int i = 0; i < 4; i++) { /* group, state, protocol type, protocol */
        weir__read_string(&in);
    }
    assert_int_equal(weir__read_i32(&in), 2);
    weir__read_string(&in);
    assert_true(weir_slice_equal(weir__read_string(&in), weir_slice_of("one")));
    close(fd);
    weir__buf_fini(&frame);
    weir__buf_fini(&answer);
    rd_kafka_destroy(members[0]);
    rd_kafka_destroy(members[1]);
    assert_no_failure(mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_consumer_that_restarts_keeps_its_partitions),
        test(of_two_consumers_with_one_instance_id_the_older_one_fails),
        test(an_administrator_removes_members_by_instance_id),
        test(static_members_are_described_with_their_instance_id),
    };
    return cmocka_run_group_tests_name("mock_static_members", tests, NULL, NULL);
}
