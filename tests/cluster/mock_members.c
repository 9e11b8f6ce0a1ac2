/* SPDX-License-Identifier: Apache-2.0
 *
 * Consumer groups of librdkafka clients on the mock cluster, in virtual time. */
#include "support/clients.h"

#include "sim/sim.h"

#define PARTITIONS 4

static int set_up(void **state)
{
    weir_error error;
    const weir_sim_opts opts = {.seed = 1};
    if (weir_sim_start(&opts, &error) != WEIR_OK ||
        (*state = weir_mock_new(NULL, &error)) == NULL) {
        print_error("%s\n", error.message);
        return -1;
    }
    return weir_mock_topic_create(*state, "lines", PARTITIONS, 1, NULL, NULL) == WEIR_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    weir_mock_free(*state);
    weir_sim_stop();
    return 0;
}

static rd_kafka_t *member_new(const weir_mock *mock, const char *id)
{
    const char *settings[] = {
        "group.id", "g", "auto.offset.reset", "earliest", "enable.auto.commit", "false", NULL};
    rd_kafka_t *rk = client_new(RD_KAFKA_CONSUMER, mock, id, settings);
    client_subscribe(rk, "lines");
    return rk;
}

static int assigned(rd_kafka_t *rk)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    assert_int_equal(rd_kafka_assignment(rk, &list), 0);
    int count = list->cnt;
    rd_kafka_topic_partition_list_destroy(list);
    return count;
}

/* Polls all members until each has `each` partitions. */
static void await_assigned(rd_kafka_t *const *members, int count, int each)
{
    for (int i = 0; i < CLIENT_POLLS_MAX; i++) {
        int done = 0;
        for (int j = 0; j < count; j++) {
            rd_kafka_message_t *message = rd_kafka_consumer_poll(members[j], 10);
            if (message != NULL) {
                rd_kafka_message_destroy(message);
            }
            done += assigned(members[j]) == each ? 1 : 0;
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
    assert_null(weir_mock_failure(mock));
    assert_int_equal(weir_mock_group(mock, "g", &info), WEIR_OK);
    assert_string_equal(info.state, "Empty");
}

static void a_restarted_member_reads_on_from_what_was_committed(void **state)
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
    assert_null(weir_mock_failure(mock));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(two_members_share_the_partitions_and_one_takes_over, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_restarted_member_reads_on_from_what_was_committed, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("mock_members", tests, NULL, NULL);
}
