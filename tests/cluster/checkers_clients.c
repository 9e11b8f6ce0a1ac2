/* SPDX-License-Identifier: Apache-2.0
 *
 * A checker that watches the brokers while clients of librdkafka run transactions: right ones are
 * clean, and what a defective application does is found. */
#include <weir/checkers.h>

#include "support/mock.h"

#define TOPICS 2

typedef struct watched {
    weir_mock *mock;
    weir_checker *checker;
} watched;

static void on_event(const weir_mock_event *broker, void *user)
{
    char topic[64];
    snprintf(topic, sizeof topic, "%.*s", (int)broker->topic.len,
             broker->topic.data != NULL ? (const char *)broker->topic.data : "");
    weir_checker_event(((watched *)user)->checker,
                       &(weir_event){.kind = WEIR_EVENT_BROKER,
                                     .name = weir_mock_event_name(broker->kind),
                                     .topic = topic[0] != '\0' ? topic : NULL,
                                     .partition = broker->partition,
                                     .offset = broker->offset,
                                     .broker = broker});
}

static int set_up(void **state)
{
    watched *all = calloc(1, sizeof *all);
    assert_non_null(all);
    all->checker = weir_checker_new(
        &(weir_checker_opts){.application = "g", .exactly_once = true, .may_skip = true});
    assert_non_null(all->checker);
    all->mock = mock_start(&(weir_mock_opts){.on_event = on_event, .user = all});
    mock_create(all->mock, "t", 1);
    mock_create(all->mock, "u", 1);
    *state = all;
    return 0;
}

static int tear_down(void **state)
{
    watched *all = *state;
    weir_mock_free(all->mock);
    weir_sim_stop();
    weir_checker_free(all->checker);
    free(all);
    return 0;
}

static rd_kafka_t *transactional(const watched *all, const char *client_id)
{
    rd_kafka_t *rk = client_producer(
        all->mock, client_id, (const char *[]){"transactional.id", "x", "log_level", "0", NULL});
    assert_null(rd_kafka_init_transactions(rk, CLIENT_TIMEOUT_MS));
    return rk;
}

/* A record in each topic, and the offset `offset` of t. */
static void fill(rd_kafka_t *rk, int64_t offset)
{
    assert_null(rd_kafka_begin_transaction(rk));
    client_must_produce(rk, "t", 0, "k", "v");
    client_must_produce(rk, "u", 0, "k", "v");
    rd_kafka_consumer_group_metadata_t *group = rd_kafka_consumer_group_metadata_new("g");
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0)->offset = offset;
    assert_null(rd_kafka_send_offsets_to_transaction(rk, list, group, CLIENT_TIMEOUT_MS));
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_consumer_group_metadata_destroy(group);
}

static void assert_clean(const watched *all)
{
    if (weir_checker_violation(all->checker) != NULL) {
        fail_msg("%s", weir_checker_violation(all->checker));
    }
}

static bool is_visible(const watched *all, const char *topic, int64_t offset)
{
    return weir_checker_is_visible(all->checker, topic, 0, offset);
}

static void transactions_of_a_client_are_clean(void **state)
{
    const watched *all = *state;
    rd_kafka_t *rk = transactional(all, "p");
    fill(rk, 1);
    assert_false(is_visible(all, "t", 0)); /* open */
    assert_null(rd_kafka_commit_transaction(rk, CLIENT_TIMEOUT_MS));
    fill(rk, 2);
    assert_null(rd_kafka_abort_transaction(rk, CLIENT_TIMEOUT_MS));
    rd_kafka_destroy(rk);
    static const char *const topics[] = {"t", "u"};
    for (size_t i = 0; i < TOPICS; i++) {
        assert_true(is_visible(all, topics[i], 0));
        assert_false(is_visible(all, topics[i], 1)); /* a marker */
        assert_false(is_visible(all, topics[i], 2)); /* aborted */
        assert_false(is_visible(all, topics[i], 3));
    }
    assert_clean(all);
}

static void a_fenced_producer_writes_nothing(void **state)
{
    const watched *all = *state;
    rd_kafka_t *zombie = transactional(all, "p1");
    fill(zombie, 1);
    rd_kafka_t *new = transactional(all, "p2");
    assert_int_not_equal(client_produce(zombie, "u", 0, weir_slice_of("k"), weir_slice_of("v")), 0);
    fill(new, 2);
    assert_null(rd_kafka_commit_transaction(new, CLIENT_TIMEOUT_MS));
    rd_kafka_destroy(zombie);
    rd_kafka_destroy(new);
    assert_false(is_visible(all, "u", 0)); /* the zombie's, aborted */
    assert_clean(all);
}

/* An application that reads uncommitted, and takes an aborted record. */
static void a_reader_of_an_aborted_record_is_found(void **state)
{
    const watched *all = *state;
    rd_kafka_t *rk = transactional(all, "p");
    fill(rk, 1);
    assert_null(rd_kafka_abort_transaction(rk, CLIENT_TIMEOUT_MS));
    rd_kafka_destroy(rk);
    const weir_step step = {.kind = WEIR_STEP_PROCESS, .task = "0_0", .topic = "t"};
    weir_checker_event(all->checker, &(weir_event){.kind = WEIR_EVENT_STEP,
                                                   .name = "process",
                                                   .instance = "a",
                                                   .task = step.task,
                                                   .topic = step.topic,
                                                   .generation = -1,
                                                   .stream_thread = "a-StreamThread-1",
                                                   .step = &step});
    assert_int_equal(weir_checker_found(all->checker, WEIR_ABORTED_READ), 1);
}

static void commit_offset(rd_kafka_t *rk, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0)->offset = offset;
    assert_int_equal(rd_kafka_commit(rk, list, 0), 0);
    rd_kafka_topic_partition_list_destroy(list);
}

/* A member that commits its offsets beside its transaction. */
static void an_offset_beside_the_transaction_is_found(void **state)
{
    const watched *all = *state;
    rd_kafka_t *input = client_producer(all->mock, "p", NULL);
    client_must_produce(input, "t", 0, "k", "v");
    rd_kafka_destroy(input);
    rd_kafka_t *rk = client_new(RD_KAFKA_CONSUMER, all->mock, "c",
                                (const char *[]){"group.id", "g", "auto.offset.reset", "earliest",
                                                 "enable.auto.commit", "false", NULL});
    client_subscribe(rk, "t");
    client_must_consume(rk, "t", 0, 0, "v");
    commit_offset(rk, 1);
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    assert_int_equal(weir_checker_found(all->checker, WEIR_OUTSIDE_TRANSACTION), 1);
}

/* An operator who resets the offsets of a group without members. */
static void a_reset_of_offsets_is_clean(void **state)
{
    const watched *all = *state;
    rd_kafka_t *rk =
        client_new(RD_KAFKA_CONSUMER, all->mock, "c", (const char *[]){"group.id", "g", NULL});
    commit_offset(rk, 1);
    commit_offset(rk, 0);
    rd_kafka_destroy(rk);
    assert_clean(all);
}

int main(void)
{
#define WATCHED_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WATCHED_TEST(transactions_of_a_client_are_clean),
        WATCHED_TEST(a_fenced_producer_writes_nothing),
        WATCHED_TEST(a_reader_of_an_aborted_record_is_found),
        WATCHED_TEST(an_offset_beside_the_transaction_is_found),
        WATCHED_TEST(a_reset_of_offsets_is_clean),
    };
    return cmocka_run_group_tests_name("checkers_clients", tests, NULL, NULL);
}
