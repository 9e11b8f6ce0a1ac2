/* SPDX-License-Identifier: Apache-2.0
 *
 * What administrators change: settings of topics, offsets of groups; and what they ask about the
 * cluster. */
#include "support/raw_commit.h"

#define TOPIC 2
#define BROKER 4

enum { SET, DELETE, APPEND, SUBTRACT };

typedef struct change {
    const char *name;
    uint8_t op;
    const char *value; /* NULL: null */
} change;

static void put_text(weir_buf *out, const char *text)
{
    weir__put_string(out, text != NULL ? weir_slice_of(text) : (weir_slice){0});
}

/* IncrementalAlterConfigs; `changes` end with a name NULL. Its error; `message` gets the text. */
static int alter(const weir_mock *mock, uint8_t type, const char *resource, const change *changes,
                 bool validate_only, char *message)
{
    weir_buf frame = {0};
    weir_buf answer = {0};
    int fd = raw_connect_to(mock, 1);
    raw_begin(&frame, 44, 0);
    weir__buf_put_i32(&frame, 1);
    weir__buf_put_u8(&frame, type);
    weir__put_cstring(&frame, resource);
    size_t begin = weir__array_begin(&frame);
    int32_t count = 0;
    for (; changes[count].name != NULL; count++) {
        weir__put_cstring(&frame, changes[count].name);
        weir__buf_put_u8(&frame, changes[count].op);
        put_text(&frame, changes[count].value);
    }
    weir__array_end(&frame, begin, count);
    weir__put_bool(&frame, validate_only);
    raw_send_frame(fd, &frame);
    weir__reader in = raw_receive_frame(fd, &answer);
    assert_int_equal(weir__read_i32(&in), 0);
    assert_int_equal(weir__read_i32(&in), 1);
    int error = weir__read_i16(&in);
    weir_slice text = weir__read_string(&in);
    snprintf(message, 256, "%.*s", (int)text.len, text.len > 0 ? (const char *)text.data : "");
    assert_int_equal(weir__read_u8(&in), type);
    assert_true(weir_slice_equal(weir__read_string(&in), weir_slice_of(resource)));
    assert_false(in.failed);
    close(fd);
    weir__buf_fini(&frame);
    weir__buf_fini(&answer);
    return error;
}

#define CHANGES(...) ((const change[]){__VA_ARGS__, {0}})

static void assert_setting(const weir_mock *mock, const char *name, const char *value)
{
    const char *now = weir_mock_topic_config(mock, "t", name);
    if (value == NULL) {
        assert_null(now);
    } else {
        assert_non_null(now);
        assert_string_equal(now, value);
    }
}

static void settings_are_set_deleted_and_lists_extended(void **state)
{
    weir_mock *mock = *state;
    char message[256];
    mock_create(mock, "t", 1);
    assert_code(alter(mock, TOPIC, "t",
                      CHANGES({"retention.ms", SET, "5000"}, {"segment.ms", SET, "7000"}), false,
                      message),
                0);
    assert_setting(mock, "retention.ms", "5000");
    assert_setting(mock, "segment.ms", "7000");
    assert_code(
        alter(mock, TOPIC, "t",
              CHANGES({"retention.ms", DELETE, NULL}, {"cleanup.policy", APPEND, "compact"}), false,
              message),
        0);
    assert_setting(mock, "retention.ms", NULL);
    assert_setting(mock, "segment.ms", "7000");
    assert_setting(mock, "cleanup.policy", "delete,compact");
    assert_code(
        alter(mock, TOPIC, "t", CHANGES({"cleanup.policy", APPEND, "compact"}), false, message), 0);
    assert_setting(mock, "cleanup.policy", "delete,compact");
    assert_code(
        alter(mock, TOPIC, "t", CHANGES({"cleanup.policy", SUBTRACT, "delete"}), false, message),
        0);
    assert_setting(mock, "cleanup.policy", "compact");
    assert_no_failure(mock);
}

/* The next batch meets the new limit. */
static void an_altered_setting_has_its_effect(void **state)
{
    weir_mock *mock = *state;
    char message[256];
    mock_create(mock, "t", 1);
    rd_kafka_t *rk = client_producer(mock, "p", NULL);
    client_must_produce(rk, "t", 0, "k", "a value of some length");
    assert_code(alter(mock, TOPIC, "t", CHANGES({"max.message.bytes", SET, "80"}), false, message),
                0);
    assert_code(
        client_produce(rk, "t", 0, weir_slice_of("k"), weir_slice_of("a value of some length")),
        RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    assert_code(
        alter(mock, TOPIC, "t", CHANGES({"max.message.bytes", DELETE, NULL}), false, message), 0);
    client_must_produce(rk, "t", 0, "k", "a value of some length");
    rd_kafka_destroy(rk);
}

static void of_wrong_changes_none_is_made(void **state)
{
    static const struct {
        change changes[3];
        int error;
        const char *message;
    } rows[] = {
        {{{"segment.ms", SET, "9"}, {"retention.ms", SET, "soon"}},
         RD_KAFKA_RESP_ERR_INVALID_CONFIG,
         "Invalid value soon for configuration retention.ms"},
        {{{"segment.ms", SET, "9"}, {"nothing", SET, "1"}},
         RD_KAFKA_RESP_ERR_INVALID_CONFIG,
         "Unknown topic config name: nothing"},
        {{{"segment.ms", SET, "9"}, {"nothing", DELETE, NULL}},
         RD_KAFKA_RESP_ERR_INVALID_CONFIG,
         "Unknown topic config name: nothing"},
        {{{"segment.ms", APPEND, "9"}},
         RD_KAFKA_RESP_ERR_INVALID_CONFIG,
         "Setting 'segment.ms' is not a list."},
        {{{"cleanup.policy", SUBTRACT, "delete"}},
         RD_KAFKA_RESP_ERR_INVALID_CONFIG,
         "Invalid value  for configuration cleanup.policy"},
        {{{"segment.ms", SET, NULL}},
         RD_KAFKA_RESP_ERR_INVALID_REQUEST,
         "Setting 'segment.ms' needs a value."},
        {{{"segment.ms", 9, "9"}}, RD_KAFKA_RESP_ERR_INVALID_REQUEST, "Unknown operation 9."},
    };
    weir_mock *mock = *state;
    char message[256];
    mock_create(mock, "t", 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_code(alter(mock, TOPIC, "t", rows[i].changes, false, message), rows[i].error);
        assert_string_equal(message, rows[i].message);
        assert_setting(mock, "segment.ms", NULL);
    }
    assert_code(alter(mock, TOPIC, "t", CHANGES({"segment.ms", SET, "9"}), true, message), 0);
    assert_setting(mock, "segment.ms", NULL);
    assert_code(alter(mock, TOPIC, "nowhere", CHANGES({"segment.ms", SET, "9"}), false, message),
                RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    assert_code(alter(mock, BROKER, "1", CHANGES({"segment.ms", SET, "9"}), false, message),
                RD_KAFKA_RESP_ERR_INVALID_REQUEST);
    assert_string_equal(message, "The mock cluster changes settings of topics.");
    assert_no_failure(mock);
}

/* The older request, as librdkafka sends it: what it does not name gets its default again. */
static void altered_configs_replace_all_settings(void **state)
{
    weir_mock *mock = *state;
    const char *const config[] = {"segment.ms", "7000", NULL};
    assert_int_equal(weir_mock_topic_create(mock, "t", 1, 1, config, NULL), WEIR_OK);
    rd_kafka_t *rk = client_new(RD_KAFKA_PRODUCER, mock, "admin", NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, "t");
    rd_kafka_ConfigResource_set_config(resource, "retention.ms", "5000");
    rd_kafka_AlterConfigs(rk, &resource, 1, NULL, queue);
    rd_kafka_event_t *event = admin_result(queue);
    size_t count;
    const rd_kafka_ConfigResource_t **results =
        rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event), &count);
    assert_int_equal(count, 1);
    assert_code(rd_kafka_ConfigResource_error(results[0]), 0);
    assert_setting(mock, "retention.ms", "5000");
    assert_setting(mock, "segment.ms", NULL);
    rd_kafka_event_destroy(event);
    rd_kafka_ConfigResource_destroy(resource);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(rk);
    assert_no_failure(mock);
}

/* ---- Groups ---- */

static rd_kafka_resp_err_t reset_offset(rd_kafka_t *admin, int64_t offset)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(admin);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, "t", 0)->offset = offset;
    rd_kafka_AlterConsumerGroupOffsets_t *request =
        rd_kafka_AlterConsumerGroupOffsets_new("g", list);
    rd_kafka_AlterConsumerGroupOffsets(admin, &request, 1, NULL, queue);
    rd_kafka_event_t *event = admin_result(queue);
    size_t count;
    const rd_kafka_group_result_t **results = rd_kafka_AlterConsumerGroupOffsets_result_groups(
        rd_kafka_event_AlterConsumerGroupOffsets_result(event), &count);
    assert_int_equal(count, 1);
    const rd_kafka_error_t *error = rd_kafka_group_result_error(results[0]);
    rd_kafka_resp_err_t err = error != NULL
                                  ? rd_kafka_error_code(error)
                                  : rd_kafka_group_result_partitions(results[0])->elems[0].err;
    rd_kafka_event_destroy(event);
    rd_kafka_AlterConsumerGroupOffsets_destroy(request);
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_queue_destroy(queue);
    return err;
}

static void offsets_of_a_group_are_reset_when_it_is_empty(void **state)
{
    weir_mock *mock = *state;
    mock_create(mock, "t", 1);
    rd_kafka_t *admin = client_new(RD_KAFKA_PRODUCER, mock, "admin", NULL);
    rd_kafka_t *member =
        client_new(RD_KAFKA_CONSUMER, mock, "a", (const char *[]){"group.id", "g", NULL});
    rd_kafka_topic_partition_list_t *assigned = NULL;
    client_subscribe(member, "t");
    for (int i = 0; i < CLIENT_POLLS_MAX && (assigned == NULL || assigned->cnt == 0); i++) {
        if (assigned != NULL) {
            rd_kafka_topic_partition_list_destroy(assigned);
        }
        rd_kafka_message_t *message = rd_kafka_consumer_poll(member, CLIENT_POLL_MS);
        assert_null(message);
        rd_kafka_assignment(member, &assigned);
    }
    assert_int_equal(assigned->cnt, 1);
    rd_kafka_topic_partition_list_destroy(assigned);
    assert_code(reset_offset(admin, 3), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    rd_kafka_destroy(member); /* leaves the group */
    assert_code(reset_offset(admin, 3), 0);
    assert_int_equal(weir_mock_committed(mock, "g", "t", 0, NULL, 0), 3);
    rd_kafka_destroy(admin);
    assert_no_failure(mock);
}

static void a_commit_to_another_broker_than_the_coordinator_is_refused(void **state)
{
    weir_mock *mock = *state;
    weir_buf answer = {0};
    mock_create(mock, "t", 1);
    int fd = raw_connect_to(mock, weir_mock_coordinator(mock, "g") % 3 + 1);
    send_commit(fd, 1, 5);
    weir__reader in = raw_receive_frame(fd, &answer);
    weir__read_bytes(&in, 4 + 2 + strlen("t") + 4 + 4);
    assert_code(weir__read_i16(&in), RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
    assert_int_equal(weir_mock_committed(mock, "g", "t", 0, NULL, 0), -1);
    close(fd);
    weir__buf_fini(&answer);
    assert_no_failure(mock);
}

/* ---- The cluster ---- */

static void the_cluster_is_described(void **state)
{
    weir_mock *mock = *state;
    weir_buf frame = {0};
    weir_buf answer = {0};
    assert_int_equal(weir_mock_broker_set_up(mock, 1, false), WEIR_OK);
    int fd = raw_connect_to(mock, 2);
    raw_begin(&frame, 60, 0);
    weir__put_bool(&frame, true);
    weir__put_tags(&frame);
    raw_send_frame(fd, &frame);
    weir__reader in = raw_receive_frame(fd, &answer);
    weir__skip_tags(&in);
    assert_int_equal(weir__read_i32(&in), 0);
    assert_int_equal(weir__read_i16(&in), 0);
    assert_null(weir__read_compact_string(&in).data);
    assert_true(
        weir_slice_equal(weir__read_compact_string(&in), weir_slice_of("weir-mock-cluster")));
    assert_int_equal(weir__read_i32(&in), 2); /* controller: the lowest that is up */
    assert_int_equal(weir__read_compact_count(&in), 2);
    for (int32_t id = 2; id <= 3; id++) {
        assert_int_equal(weir__read_i32(&in), id);
        assert_true(weir_slice_equal(weir__read_compact_string(&in), weir_slice_of("127.0.0.1")));
        assert_int_equal(weir__read_i32(&in), weir_mock_broker_port(mock, id));
        assert_null(weir__read_compact_string(&in).data);
        weir__skip_tags(&in);
    }
    assert_int_equal(weir__read_i32(&in), INT32_MIN);
    weir__skip_tags(&in);
    assert_false(in.failed);
    assert_int_equal(weir__reader_left(&in), 0);
    close(fd);
    weir__buf_fini(&frame);
    weir__buf_fini(&answer);
    assert_no_failure(mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        mock_test(settings_are_set_deleted_and_lists_extended),
        mock_test(an_altered_setting_has_its_effect),
        mock_test(of_wrong_changes_none_is_made),
        mock_test(altered_configs_replace_all_settings),
        mock_test(offsets_of_a_group_are_reset_when_it_is_empty),
        mock_test(a_commit_to_another_broker_than_the_coordinator_is_refused),
        mock_test(the_cluster_is_described),
    };
    return cmocka_run_group_tests_name("mock_admin", tests, NULL, NULL);
}
