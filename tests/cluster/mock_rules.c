/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules that make requests fail: which requests, which parts of them, and rules that are wrong. */
#include "server/faults.h"
#include "support/raw_commit.h"

#define INVALID_RECORD RD_KAFKA_RESP_ERR_INVALID_RECORD

static rd_kafka_resp_err_t produce(rd_kafka_t *rk, const char *topic, int32_t partition)
{
    return client_produce(rk, topic, partition, weir_slice_of("k"), weir_slice_of("v"));
}

/* ---- Which requests ---- */

static void an_error_is_answered_and_nothing_is_done(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    int id = mock_fault(
        mock, &(weir_mock_fault){.api = "Produce", .error_code = INVALID_RECORD, .times = 2});
    assert_code(produce(rk, "t", 0), INVALID_RECORD);
    assert_code(produce(rk, "t", 0), INVALID_RECORD);
    assert_offsets(mock, "t", 0, 0, 0);
    client_must_produce(rk, "t", 0, "k", "a");
    assert_offsets(mock, "t", 0, 0, 1);
    assert_int_equal(weir_mock_fault_fired(mock, id), 2);
    rd_kafka_destroy(rk);
}

static void a_rule_can_be_for_one_client_or_for_a_prefix(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *a = client_producer(mock, "a-1", NULL);
    rd_kafka_t *b = client_producer(mock, "b-1", NULL);
    int exact = mock_fault(
        mock,
        &(weir_mock_fault){.client_id = "b-1", .api = "Produce", .error_code = INVALID_RECORD});
    client_must_produce(a, "t", 0, "k", "a");
    assert_code(produce(b, "t", 0), INVALID_RECORD);
    assert_int_equal(weir_mock_fault_fired(mock, exact), 1);
    mock_fault(mock, &(weir_mock_fault){
                         .client_id = "b-*", .api = "Produce", .error_code = INVALID_RECORD});
    mock_fault(mock, &(weir_mock_fault){.client_id = "b-1*x",
                                        .api = "Produce",
                                        .error_code = INVALID_RECORD,
                                        .optional = true});
    client_must_produce(a, "t", 0, "k", "a");
    assert_code(produce(b, "t", 0), INVALID_RECORD);
    client_must_produce(b, "t", 0, "k", "a");
    rd_kafka_destroy(b);
    rd_kafka_destroy(a);
}

static void a_rule_is_for_some_of_the_matching_requests(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    const weir_mock_fault fault = {
        .api = "Produce", .error_code = INVALID_RECORD, .from = 3, .times = 2};
    mock_fault(mock, &fault);
    for (int i = 1; i <= 6; i++) {
        assert_code(produce(rk, "t", 0), i == 3 || i == 4 ? INVALID_RECORD : 0);
    }
    rd_kafka_destroy(rk);
}

static void a_removed_rule_fires_no_more(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    int id = mock_fault(mock, &(weir_mock_fault){.api = "Produce",
                                                 .error_code = INVALID_RECORD,
                                                 .times = WEIR_MOCK_ALWAYS});
    for (int i = 0; i < 3; i++) {
        assert_code(produce(rk, "t", 0), INVALID_RECORD);
    }
    assert_int_equal(weir_mock_fault_remove(mock, id), WEIR_OK);
    client_must_produce(rk, "t", 0, "k", "a");
    assert_int_equal(weir_mock_fault_fired(mock, id), 3);
    assert_int_equal(weir_mock_fault_remove(mock, 9), WEIR_ENOTFOUND);
    assert_int_equal(weir_mock_fault_fired(mock, 9), -1);
    rd_kafka_destroy(rk);
}

/* The older rule takes the request; the younger one does not count it. */
static void rules_for_the_same_requests_apply_one_after_the_other(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    mock_fault(mock, &(weir_mock_fault){.api = "Produce", .error_code = INVALID_RECORD});
    mock_fault(mock, &(weir_mock_fault){.api = "Produce",
                                        .error_code = RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE});
    assert_code(produce(rk, "t", 0), INVALID_RECORD);
    assert_code(produce(rk, "t", 0), RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    client_must_produce(rk, "t", 0, "k", "a");
    rd_kafka_destroy(rk);
}

/* Leaders of partition 0 and 1 are the brokers 1 and 2. */
static void a_rule_can_be_for_one_broker_and_for_one_partition(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 2);
    mock_create(mock, "u", 2);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    mock_fault(mock,
               &(weir_mock_fault){.api = "Produce", .broker = 2, .error_code = INVALID_RECORD});
    client_must_produce(rk, "t", 0, "k", "a");
    assert_code(produce(rk, "t", 1), INVALID_RECORD);
    int id = mock_fault(mock, &(weir_mock_fault){.api = "Produce",
                                                 .topic = "u",
                                                 .partition = WEIR_MOCK_PARTITION(0),
                                                 .action = WEIR_MOCK_DISCONNECT});
    client_must_produce(rk, "t", 0, "k", "a");
    client_must_produce(rk, "u", 1, "k", "a");
    assert_int_equal(weir_mock_fault_fired(mock, id), 0);
    client_must_produce(rk, "u", 0, "k", "a"); /* at the second attempt */
    assert_int_equal(weir_mock_fault_fired(mock, id), 1);
    rd_kafka_destroy(rk);
}

/* A rule stays with its broker when a leader moves there; the client finds the new leader. */
static void a_rule_composes_with_a_moved_leader(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    const weir_mock_fault fault = {
        .api = "Produce", .topic = "t", .broker = 3, .action = WEIR_MOCK_DISCONNECT_AFTER};
    int id = mock_fault(mock, &fault);
    client_must_produce(rk, "t", 0, "k", "a");
    assert_int_equal(weir_mock_partition_set_leader(mock, "t", 0, 3), WEIR_OK);
    assert_int_equal(weir_mock_fault_fired(mock, id), 0);
    client_must_produce(rk, "t", 0, "k", "b");
    assert_int_equal(weir_mock_fault_fired(mock, id), 1);
    assert_offsets(mock, "t", 0, 0, 3); /* not idempotent: appended again */
    rd_kafka_destroy(rk);
}

/* Broker 3 leads the topic and denies it, as one with stale metadata. That answer is lost. */
static void a_rule_composes_with_stale_metadata(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    assert_int_equal(weir_mock_partition_set_leader(mock, "t", 0, 3), WEIR_OK);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    client_must_produce(rk, "t", 0, "k", "a");
    assert_int_equal(weir_mock_topic_hide(mock, "t", 3), WEIR_OK);
    const weir_mock_fault sent = {.api = "Produce", .action = WEIR_MOCK_DISCONNECT_AFTER};
    int lost = mock_fault(mock, &sent);
    rd_kafka_resp_err_t result = RD_KAFKA_RESP_ERR__IN_PROGRESS;
    rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("t"), RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_VALUE("v", 1),
                      RD_KAFKA_V_OPAQUE(&result), RD_KAFKA_V_END);
    for (int i = 0; i < CLIENT_POLLS_MAX && weir_mock_fault_fired(mock, lost) == 0; i++) {
        rd_kafka_poll(rk, CLIENT_POLL_MS);
    }
    assert_offsets(mock, "t", 0, 0, 1); /* carried out: the broker denied the topic */
    assert_int_equal(weir_mock_topic_hide(mock, "t", 0), WEIR_OK);
    rd_kafka_flush(rk, CLIENT_TIMEOUT_MS);
    assert_code(result, 0);
    assert_offsets(mock, "t", 0, 0, 2);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

/* ---- Errors of one topic or partition ---- */

static void an_error_can_be_for_one_topic_of_a_request(void **state)
{
    weir_mock *mock = *state;
    weir_buf frame = {0};
    weir_buf answer = {0};
    mock_create(mock, "t", 1);
    mock_create(mock, "u", 1);
    mock_fault(mock, &(weir_mock_fault){.api = "Metadata",
                                        .topic = "t",
                                        .error_code = RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE});
    int fd = raw_connect_to(mock, 1);
    raw_begin(&frame, 3, 0);
    weir__buf_put_i32(&frame, 2);
    weir__put_cstring(&frame, "u");
    weir__put_cstring(&frame, "t");
    raw_send_frame(fd, &frame);
    weir__reader in = raw_receive_frame(fd, &answer);
    for (int32_t brokers = weir__read_i32(&in); brokers > 0; brokers--) {
        weir__read_i32(&in);
        weir__read_string(&in);
        weir__read_i32(&in);
    }
    assert_int_equal(weir__read_i32(&in), 2);
    assert_int_equal(weir__read_i16(&in), 0); /* u */
    weir__read_string(&in);
    assert_int_equal(weir__read_i32(&in), 1);
    weir__read_bytes(&in, 2 + 4 + 4 + 8 + 8);
    assert_int_equal(weir__read_i16(&in), RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
    assert_true(weir_slice_equal(weir__read_string(&in), weir_slice_of("t")));
    assert_int_equal(weir__read_i32(&in), 0);
    assert_false(in.failed);
    close(fd);
    weir__buf_fini(&frame);
    weir__buf_fini(&answer);
}

/* Commits partitions 0 and 1, which get these errors. */
static void assert_commit_errors(const weir_mock *mock, int first, int second)
{
    weir_buf answer = {0};
    int fd = raw_connect_to(mock, weir_mock_coordinator(mock, "g"));
    send_commit(fd, 2, 5);
    weir__reader in = raw_receive_frame(fd, &answer);
    weir__read_i32(&in);
    weir__read_string(&in);
    assert_int_equal(weir__read_i32(&in), 2);
    assert_int_equal(weir__read_i32(&in), 0);
    assert_int_equal(weir__read_i16(&in), first);
    assert_int_equal(weir__read_i32(&in), 1);
    assert_int_equal(weir__read_i16(&in), second);
    assert_false(in.failed);
    close(fd);
    weir__buf_fini(&answer);
}

static void an_error_can_be_for_one_partition_of_a_commit(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 2);
    const weir_mock_fault fault = {.api = "OffsetCommit",
                                   .topic = "t",
                                   .partition = WEIR_MOCK_PARTITION(1),
                                   .error_code = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED};
    mock_fault(mock, &fault);
    assert_commit_errors(mock, 0, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_int_equal(weir_mock_committed(mock, "g", "t", 0, NULL, 0), 5);
    assert_int_equal(weir_mock_committed(mock, "g", "t", 1, NULL, 0), -1);
}

/* Two rules for different parts of a request both apply; two for the same part take turns. */
static void rules_for_parts_of_a_request_compose(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 2);
    for (int i = 0; i < 3; i++) {
        mock_fault(mock, &(weir_mock_fault){
                             .api = "OffsetCommit",
                             .topic = "t",
                             .partition = WEIR_MOCK_PARTITION(i % 2),
                             .error_code = i < 2 ? RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED
                                                 : RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE});
    }
    assert_commit_errors(mock, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
                         RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    assert_commit_errors(mock, RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE, 0);
}

/* ---- Rules that do nothing ---- */

static char reported[2][256];
static size_t reports;

static void take_report(const char *message, void *user)
{
    (void)user;
    assert_true(reports < 2);
    snprintf(reported[reports++], sizeof reported[0], "%s", message);
}

static void a_rule_that_never_fires_is_a_failure_unless_it_is_optional(void **state)
{
    weir_error error;
    const weir_mock_opts opts = {.on_failure = take_report};
    weir_mock_free(*state);
    weir_mock *mock = weir_mock_new(&opts, &error);
    assert_non_null(mock);
    reports = 0;
    mock_fault(mock, &(weir_mock_fault){.api = "Heartbeat",
                                        .error_code = RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
                                        .optional = true});
    assert_int_equal(weir_mock_faults_check(mock, &error), WEIR_OK);
    const weir_mock_fault fault = {.client_id = "a-*",
                                   .api = "Produce",
                                   .topic = "t",
                                   .partition = WEIR_MOCK_PARTITION(2),
                                   .broker = 3,
                                   .from = 4,
                                   .times = 2,
                                   .action = WEIR_MOCK_DISCONNECT_AFTER,
                                   .delay_ms = 30};
    mock_fault(mock, &fault);
    int id = mock_fault(mock, &(weir_mock_fault){.error_code = 16, .times = WEIR_MOCK_ALWAYS});
    weir_mock_fault_remove(mock, id);
    assert_int_equal(weir_mock_faults_check(mock, &error), WEIR_ESTATE);
    assert_string_equal(error.message,
                        "fault 2 (disconnection after Produce of client 'a-*' with topic 't' "
                        "partition 2 to broker 3, by 30 ms, from request 4 on, 2 times) never "
                        "fired");
    weir_mock_free(mock);
    assert_int_equal(reports, 2);
    assert_string_equal(reported[0], error.message);
    assert_string_equal(reported[1],
                        "fault 3 (NOT_COORDINATOR to any request, always) never fired");
    *state = weir_mock_new(NULL, &error);
}

static void a_wrong_rule_is_refused_with_its_field(void **state)
{
    static const struct {
        weir_mock_fault fault;
        const char *message;
    } rows[] = {
        {{.api = "produce", .error_code = 1}, "fault.api: the brokers offer no 'produce'"},
        {{.broker = 4, .error_code = 1}, "fault.broker: there is no broker 4"},
        {{.from = -1, .error_code = 1}, "fault.from: -1 is negative"},
        {{.times = -2, .error_code = 1}, "fault.times: -2 is negative"},
        {{.action = (weir_mock_action)9}, "fault.action: there is no action 9"},
        {{.api = "Fetch"}, "fault.error_code: WEIR_MOCK_ERROR needs one"},
        {{.action = WEIR_MOCK_DISCONNECT, .error_code = 1},
         "fault.error_code: only WEIR_MOCK_ERROR has one"},
        {{.action = WEIR_MOCK_DELAY}, "fault.delay_ms: WEIR_MOCK_DELAY needs one"},
        {{.error_code = 1, .delay_ms = -1}, "fault.delay_ms: -1 is not from 0 to 2147483647"},
        {{.error_code = 1, .partition = WEIR_MOCK_PARTITION(0)},
         "fault.partition: it needs a topic"},
        {{.api = "Produce", .topic = "t", .error_code = 1, .partition = WEIR_MOCK_PARTITION(-1)},
         "fault.partition: -1 is negative"},
        {{.topic = "t", .error_code = 1}, "fault.api: an error for a topic needs one"},
        {{.api = "JoinGroup", .topic = "t", .error_code = 1},
         "fault.topic: a request JoinGroup names no topic"},
        {{.api = "Metadata", .topic = "t", .partition = WEIR_MOCK_PARTITION(0), .error_code = 1},
         "fault.partition: a request Metadata names no partition"},
    };
    weir_error error;
    int id = 77;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(weir_mock_fault_add(*state, &rows[i].fault, &id, &error), WEIR_EINVAL);
        assert_string_equal(error.message, rows[i].message);
    }
    assert_int_equal(id, 77);
}

static void there_are_not_more_rules_than_the_limit(void **state)
{
    weir_error error;
    const weir_mock_fault fault = {.error_code = 1, .client_id = "nobody", .optional = true};
    for (int i = 0; i < WEIR__FAULTS_MAX; i++) {
        assert_int_equal(mock_fault(*state, &fault), i + 1);
    }
    assert_int_equal(weir_mock_fault_add(*state, &fault, NULL, &error), WEIR_ELIMIT);
    assert_string_equal(error.message, "the brokers have 1024 faults, as many as they can");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        mock_test(an_error_is_answered_and_nothing_is_done),
        mock_test(a_rule_can_be_for_one_client_or_for_a_prefix),
        mock_test(a_rule_is_for_some_of_the_matching_requests),
        mock_test(a_removed_rule_fires_no_more),
        mock_test(rules_for_the_same_requests_apply_one_after_the_other),
        mock_test(a_rule_can_be_for_one_broker_and_for_one_partition),
        mock_test(a_rule_composes_with_a_moved_leader),
        mock_test(a_rule_composes_with_stale_metadata),
        mock_test(an_error_can_be_for_one_topic_of_a_request),
        mock_test(an_error_can_be_for_one_partition_of_a_commit),
        mock_test(rules_for_parts_of_a_request_compose),
        mock_test(a_rule_that_never_fires_is_a_failure_unless_it_is_optional),
        mock_test(a_wrong_rule_is_refused_with_its_field),
        mock_test(there_are_not_more_rules_than_the_limit),
    };
    return cmocka_run_group_tests_name("mock_rules", tests, NULL, NULL);
}
