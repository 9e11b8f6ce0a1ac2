/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of topics in requests: the mock cluster refuses a name that is there twice, and one that
 * collides with an existing topic, as a real broker does. */
#include "support/raw.h"

#define CREATE_TOPICS 19
#define DELETE_TOPICS 20
#define CREATE_PARTITIONS 37
#define METADATA 3

/* The answer to a request of that body, begun with raw_begin. */
static weir__reader ask(const weir_mock *mock, weir_buf *frame, weir_buf *answer)
{
    int fd = raw_connect_to(mock, 1);
    raw_send_frame(fd, frame);
    weir__reader in = raw_receive_frame(fd, answer);
    close(fd);
    assert_false(in.failed);
    return in;
}

static void put_new_topic(weir_buf *frame, const char *name, int32_t partitions)
{
    weir__put_cstring(frame, name);
    weir__buf_put_i32(frame, partitions);
    weir__buf_put_i16(frame, 1);
    weir__buf_put_i32(frame, 0); /* assignments */
    weir__buf_put_i32(frame, 0); /* settings */
}

static void assert_next_name(weir__reader *in, const char *name, int16_t error)
{
    assert_true(weir_slice_equal(weir__read_string(in), weir_slice_of(name)));
    assert_int_equal(weir__read_i16(in), error);
}

static void a_topic_named_twice_is_not_created(void **state)
{
    const weir_mock *mock = *state;
    weir_buf frame = {0};
    weir_buf answer = {0};
    raw_begin(&frame, CREATE_TOPICS, 1);
    weir__buf_put_i32(&frame, 3);
    put_new_topic(&frame, "twice", 1);
    put_new_topic(&frame, "once", 1);
    put_new_topic(&frame, "twice", 2);
    weir__buf_put_i32(&frame, 1000);
    weir__put_bool(&frame, false);
    weir__reader in = ask(mock, &frame, &answer);
    assert_int_equal(weir__read_i32(&in), 2);
    assert_next_name(&in, "once", 0);
    (void)weir__read_string(&in);
    assert_next_name(&in, "twice", RD_KAFKA_RESP_ERR_INVALID_REQUEST);
    assert_true(weir_slice_equal(weir__read_string(&in), weir_slice_of("Duplicate topic name.")));
    assert_int_equal(weir_mock_topic_partitions(mock, "once"), 1);
    assert_int_equal(weir_mock_topic_partitions(mock, "twice"), -1);
    weir__buf_fini(&frame);
    weir__buf_fini(&answer);
}

static void put_growth(weir_buf *frame, const char *name, int32_t partitions)
{
    weir__put_cstring(frame, name);
    weir__buf_put_i32(frame, partitions);
    weir__buf_put_i32(frame, -1);
}

static void a_topic_named_twice_does_not_grow(void **state)
{
    weir_mock *mock = *state;
    weir_buf frame = {0};
    weir_buf answer = {0};
    mock_create(mock, "twice", 1);
    mock_create(mock, "once", 1);
    raw_begin(&frame, CREATE_PARTITIONS, 0);
    weir__buf_put_i32(&frame, 3);
    put_growth(&frame, "twice", 2);
    put_growth(&frame, "once", 4);
    put_growth(&frame, "twice", 3);
    weir__buf_put_i32(&frame, 1000);
    weir__put_bool(&frame, false);
    weir__reader in = ask(mock, &frame, &answer);
    assert_int_equal(weir__read_i32(&in), 0); /* throttle */
    assert_int_equal(weir__read_i32(&in), 2);
    assert_next_name(&in, "once", 0);
    (void)weir__read_string(&in);
    assert_next_name(&in, "twice", RD_KAFKA_RESP_ERR_INVALID_REQUEST);
    assert_int_equal(weir_mock_topic_partitions(mock, "once"), 4);
    assert_int_equal(weir_mock_topic_partitions(mock, "twice"), 1);
    weir__buf_fini(&frame);
    weir__buf_fini(&answer);
}

static void a_topic_named_twice_is_not_deleted(void **state)
{
    weir_mock *mock = *state;
    weir_buf frame = {0};
    weir_buf answer = {0};
    mock_create(mock, "twice", 1);
    mock_create(mock, "once", 1);
    raw_begin(&frame, DELETE_TOPICS, 0);
    weir__buf_put_i32(&frame, 3);
    weir__put_cstring(&frame, "twice");
    weir__put_cstring(&frame, "once");
    weir__put_cstring(&frame, "twice");
    weir__buf_put_i32(&frame, 1000);
    weir__reader in = ask(mock, &frame, &answer);
    assert_int_equal(weir__read_i32(&in), 2);
    assert_next_name(&in, "once", 0);
    assert_next_name(&in, "twice", RD_KAFKA_RESP_ERR_INVALID_REQUEST);
    assert_int_equal(weir_mock_topic_partitions(mock, "once"), -1);
    assert_int_equal(weir_mock_topic_partitions(mock, "twice"), 1);
    weir__buf_fini(&frame);
    weir__buf_fini(&answer);
}

static void a_topic_named_twice_is_described_once(void **state)
{
    weir_mock *mock = *state;
    weir_buf frame = {0};
    weir_buf answer = {0};
    mock_create(mock, "twice", 1);
    raw_begin(&frame, METADATA, 0);
    weir__buf_put_i32(&frame, 2);
    weir__put_cstring(&frame, "twice");
    weir__put_cstring(&frame, "twice");
    weir__reader in = ask(mock, &frame, &answer);
    int32_t brokers = weir__read_i32(&in);
    for (int32_t i = 0; i < brokers; i++) {
        weir__read_i32(&in);
        (void)weir__read_string(&in);
        weir__read_i32(&in);
    }
    assert_int_equal(weir__read_i32(&in), 1);
    assert_int_equal(weir__read_i16(&in), 0);
    assert_true(weir_slice_equal(weir__read_string(&in), weir_slice_of("twice")));
    weir__buf_fini(&frame);
    weir__buf_fini(&answer);
}

static void names_that_differ_in_dots_and_underscores_collide(void **state)
{
    weir_mock *mock = *state;
    weir_error error;
    mock_create(mock, "col.li_de", 1);
    assert_int_equal(weir_mock_topic_create(mock, "col_li.de", 1, 1, NULL, &error), WEIR_EINVAL);
    assert_non_null(
        strstr(error.message, "Topic 'col_li.de' collides with existing topic: col.li_de"));
    assert_int_equal(weir_mock_topic_create(mock, "col.li_de", 1, 1, NULL, &error), WEIR_EEXISTS);
    mock_create(mock, "col-li-de", 1);
    mock_create(mock, "col.li_dex", 1);
    assert_int_equal(weir_mock_topic_partitions(mock, "col_li.de"), -1);
}

static void a_colliding_name_is_refused_over_the_wire(void **state)
{
    weir_mock *mock = *state;
    weir_buf frame = {0};
    weir_buf answer = {0};
    mock_create(mock, "col_li_de", 1);
    raw_begin(&frame, CREATE_TOPICS, 1);
    weir__buf_put_i32(&frame, 1);
    put_new_topic(&frame, "col.li.de", 1);
    weir__buf_put_i32(&frame, 1000);
    weir__put_bool(&frame, true); /* only validated: refused, too */
    weir__reader in = ask(mock, &frame, &answer);
    assert_int_equal(weir__read_i32(&in), 1);
    assert_next_name(&in, "col.li.de", RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
    assert_true(weir_slice_equal(
        weir__read_string(&in),
        weir_slice_of("Topic 'col.li.de' collides with existing topic: col_li_de")));
    weir__buf_fini(&frame);
    weir__buf_fini(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        mock_test(a_topic_named_twice_is_not_created),
        mock_test(a_topic_named_twice_does_not_grow),
        mock_test(a_topic_named_twice_is_not_deleted),
        mock_test(a_topic_named_twice_is_described_once),
        mock_test(names_that_differ_in_dots_and_underscores_collide),
        mock_test(a_colliding_name_is_refused_over_the_wire),
    };
    return cmocka_run_group_tests_name("mock_names", tests, NULL, NULL);
}
