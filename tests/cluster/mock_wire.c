/* SPDX-License-Identifier: Apache-2.0
 *
 * The front and bytes that librdkafka never sends: invalid frames, truncated requests, old and
 * unknown versions, connections that open and close. */
#include "support/raw.h"
#include "unit/log_kit.h"

#define ROUNDS 40
#define BODY_MAX 200

static void assert_closed(int fd)
{
    char byte;
    assert_true(read(fd, &byte, 1) <= 0);
}

static void assert_serves(const weir_mock *mock)
{
    weir_buf buf = {0};
    int fd = raw_connect_to(mock, 1);
    raw_begin(&buf, 3, 1); /* Metadata */
    weir__buf_put_i32(&buf, -1);
    raw_send_frame(fd, &buf);
    weir__reader in = raw_receive_frame(fd, &buf);
    assert_int_equal(weir__read_i32(&in), weir_mock_broker_count(mock));
    close(fd);
    weir__buf_fini(&buf);
}

/* ---- Frames ---- */

static void invalid_frames_close_the_connection(void **state)
{
    const uint32_t lengths[] = {0,          9,          WEIR__REQUEST_BYTES_MAX + 1,
                                0x7fffffff, 0x80000000, 0xffffffff};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        weir_buf buf = {0};
        int fd = raw_connect_to(*state, 1);
        weir__buf_put_i32(&buf, (int32_t)lengths[i]);
        weir_put(&buf, "GET / HTTP/1.1\r\n\r\n", 18);
        raw_send_bytes(fd, &buf);
        assert_closed(fd);
        close(fd);
        weir__buf_fini(&buf);
        assert_serves(*state);
    }
    assert_non_null(weir_mock_failure(*state));
}

static void a_frame_may_arrive_in_pieces_or_stay_incomplete(void **state)
{
    weir_buf buf = {0};
    weir_buf answer = {0};
    raw_begin(&buf, 3, 1);
    weir__buf_put_i32(&buf, -1);
    weir__store_u32(buf.data, (uint32_t)(buf.len - 4));
    int fd = raw_connect_to(*state, 2);
    for (size_t i = 0; i < buf.len; i++) {
        assert_int_equal(write(fd, buf.data + i, 1), 1);
        weir_sim_sleep_us(1000);
    }
    assert_false(raw_receive_frame(fd, &answer).failed);
    assert_int_equal(write(fd, buf.data, 7), 7);
    close(fd);
    weir_sim_sleep_us(1000);
    assert_serves(*state);
    assert_no_failure(*state);
    weir__buf_fini(&answer);
    weir__buf_fini(&buf);
}

static void requests_sent_ahead_are_answered_in_order(void **state)
{
    weir_buf buf = {0};
    weir_buf answer = {0};
    int fd = raw_connect_to(*state, 1);
    for (int i = 0; i < 20; i++) {
        raw_begin(&buf, 18, 0);
        weir__store_u32(buf.data + 8, (uint32_t)i);
        raw_send_frame(fd, &buf);
    }
    for (uint32_t i = 0; i < 20; i++) {
        assert_true(raw_receive_bytes(fd, &answer, 4));
        assert_true(raw_receive_bytes(fd, &answer, weir__load_u32(answer.data)));
        assert_int_equal(weir__load_u32(answer.data), i);
    }
    close(fd);
    weir__buf_fini(&answer);
    weir__buf_fini(&buf);
}

/* ---- Versions ---- */

static void versions_and_keys_that_are_not_offered_close_the_connection(void **state)
{
    const int16_t requests[][2] = {{-1, 0}, {4, 0}, {999, 0}, {3, 5}, {3, -1}, {0, 8}, {11, 6}};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        weir_buf buf = {0};
        int fd = raw_connect_to(*state, 1);
        raw_begin(&buf, requests[i][0], requests[i][1]);
        raw_send_frame(fd, &buf);
        assert_closed(fd);
        close(fd);
        weir__buf_fini(&buf);
    }
    assert_non_null(strstr(weir_mock_failure(*state), "API key -1 version 0"));
    assert_serves(*state);
}

static void a_newer_client_gets_the_supported_versions(void **state)
{
    weir_buf buf = {0};
    int fd = raw_connect_to(*state, 1);
    raw_begin(&buf, 18, 9);
    raw_send_frame(fd, &buf);
    weir__reader in = raw_receive_frame(fd, &buf);
    assert_int_equal(weir__read_i16(&in), RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION);
    assert_int_equal(weir__read_i32(&in), 1);
    assert_int_equal(weir__read_i16(&in), 18);
    close(fd);
    weir__buf_fini(&buf);
    assert_no_failure(*state);
}

static void every_row_of_the_table_gives_its_reason(void **state)
{
    (void)state;
    size_t count;
    const weir__api *apis = weir__apis(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || apis[i - 1].key < apis[i].key);
        assert_true(apis[i].version_min <= apis[i].version_max);
        assert_non_null(apis[i].handle);
        assert_int_equal(apis[i].kind == WEIR__FORWARD, apis[i].gap[0] == '\0');
    }
}

/* ---- Bodies ---- */

/* Random numbers with many small ones and many minus ones, so that counts and lengths fit often. */
static void put_random(weir_buf *frame)
{
    uint64_t len = weir_sim_random(WEIR_SIM_TEST) % BODY_MAX;
    while (len-- > 0) {
        uint64_t random = weir_sim_random(WEIR_SIM_TEST);
        uint8_t byte = random % 4 == 0 ? (uint8_t)(random >> 8) : (uint8_t)((random >> 8) % 3);
        weir__buf_put_u8(frame, random % 16 == 1 ? 0xff : byte);
    }
}

static void no_body_harms_the_cluster(void **state)
{
    size_t count;
    const weir__api *apis = weir__apis(&count);
    weir_buf frame = {0};
    mock_create(*state, "t", 1);
    for (size_t i = 0; i < count; i++) {
        for (int16_t version = apis[i].version_min; version <= apis[i].version_max; version++) {
            for (int round = 0; round < ROUNDS; round++) {
                int fd = raw_connect_to(*state, 1);
                raw_begin(&frame, apis[i].key, version);
                put_random(&frame);
                raw_send_frame(fd, &frame);
                weir_sim_sleep_us(10);
                close(fd);
            }
        }
    }
    weir_sim_sleep_us(60000000);
    assert_serves(*state);
    weir__buf_fini(&frame);
}

static void put_produce(weir_buf *frame, weir_slice records)
{
    raw_begin(frame, 0, 7);
    weir__put_string(frame, (weir_slice){0});
    weir__buf_put_i16(frame, -1);
    weir__buf_put_i32(frame, 1000);
    weir__buf_put_i32(frame, 1);
    weir__put_cstring(frame, "t");
    weir__buf_put_i32(frame, 1);
    weir__buf_put_i32(frame, 0);
    weir__put_blob(frame, records);
}

/* A batch of one record, of 70 bytes, with a header that says something else. */
static void put_batch(weir_buf *batch, uint8_t magic, int32_t length, int32_t count)
{
    weir__buf_reset(batch);
    kit_write(batch, &(how){0}, "k=v");
    weir__store_u32(batch->data + 8, (uint32_t)length);
    batch->data[16] = magic;
    weir__store_u32(batch->data + 23, (uint32_t)(count - 1));
    weir__store_u32(batch->data + 57, (uint32_t)count);
    weir__batch_seal(batch->data, batch->len);
}

static void invalid_batches_are_refused(void **state)
{
    mock_create(*state, "t", 1);
    const struct {
        uint8_t magic;
        int32_t length;
        int32_t count;
        int16_t error;
    } cases[] = {
        {2, 58, 1, 0},
        {1, 58, 1, RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT},
        {2, 57, 1, RD_KAFKA_RESP_ERR_INVALID_RECORD},
        {2, 59, 1, RD_KAFKA_RESP_ERR_INVALID_RECORD},
        {2, -1, 1, RD_KAFKA_RESP_ERR_INVALID_RECORD},
        {2, 58, 0, RD_KAFKA_RESP_ERR_INVALID_RECORD},
        {2, 58, 50, RD_KAFKA_RESP_ERR_INVALID_RECORD}, /* more than there are */
    };
    weir_buf frame = {0};
    weir_buf batch = {0};
    int fd = raw_connect_to(*state, 1);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_batch(&batch, cases[i].magic, cases[i].length, cases[i].count);
        put_produce(&frame, weir__buf_slice(&batch));
        raw_send_frame(fd, &frame);
        weir__reader in = raw_receive_frame(fd, &frame);
        weir__read_i32(&in);
        weir__read_string(&in);
        weir__read_bytes(&in, 8);
        assert_int_equal(weir__read_i16(&in), cases[i].error);
        assert_false(in.failed);
    }
    assert_offsets(*state, "t", 0, 0, 1);
    close(fd);
    weir__buf_fini(&batch);
    weir__buf_fini(&frame);
}

/* ---- Groups ---- */

static void put_join(weir_buf *frame, const char *member, const char *protocol)
{
    raw_begin(frame, 11, 5);
    weir__put_cstring(frame, "g");
    weir__buf_put_i32(frame, 6000);
    weir__buf_put_i32(frame, 60000);
    weir__put_cstring(frame, member);
    weir__put_string(frame, (weir_slice){0});
    weir__put_cstring(frame, "consumer");
    weir__buf_put_i32(frame, 1);
    weir__put_cstring(frame, protocol);
    weir__put_blob(frame, weir_slice_of("m"));
}

/* The error; the member id into `member`, of 64 bytes. */
static int16_t receive_join(int fd, weir_buf *buf, char *member)
{
    weir__reader in = raw_receive_frame(fd, buf);
    weir__read_i32(&in);
    int16_t error = weir__read_i16(&in);
    weir__read_i32(&in);
    weir__read_string(&in);
    weir__read_string(&in);
    weir_slice id = weir__read_string(&in);
    assert_false(in.failed);
    snprintf(member, 64, "%.*s", (int)id.len, (const char *)id.data);
    return error;
}

/* Two inputs on which librdkafka's mock cluster aborts the process. */
static void a_second_join_replaces_the_first_and_other_protocols_are_refused(void **state)
{
    char first[64];
    char second[64];
    weir_buf buf = {0};
    assert_int_equal(weir_mock_coordinator_set(*state, "g", 1), WEIR_OK);
    int a = raw_connect_to(*state, 1);
    int b = raw_connect_to(*state, 1);
    put_join(&buf, "", "range");
    raw_send_frame(a, &buf);
    assert_int_equal(receive_join(a, &buf, first), RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED);
    put_join(&buf, "", "range");
    raw_send_frame(b, &buf);
    assert_int_equal(receive_join(b, &buf, second), RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED);
    put_join(&buf, first, "range");
    raw_send_frame(a, &buf);
    assert_int_equal(receive_join(a, &buf, first), 0); /* alone */
    put_join(&buf, second, "range");
    raw_send_frame(b, &buf);
    int again = raw_connect_to(*state, 1);
    put_join(&buf, second, "range");
    raw_send_frame(again, &buf);
    assert_closed(b);
    int other = raw_connect_to(*state, 1);
    char nobody[64];
    put_join(&buf, "", "roundrobin");
    raw_send_frame(other, &buf);
    assert_int_equal(receive_join(other, &buf, nobody),
                     RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL);
    put_join(&buf, first, "range");
    raw_send_frame(a, &buf);
    assert_int_equal(receive_join(a, &buf, first), 0);
    assert_int_equal(receive_join(again, &buf, second), 0);
    close(a);
    close(b);
    close(again);
    close(other);
    weir__buf_fini(&buf);
    assert_no_failure(*state);
}

static void group_requests_to_another_broker_are_sent_on(void **state)
{
    char member[64];
    weir_buf buf = {0};
    assert_int_equal(weir_mock_coordinator_set(*state, "g", 1), WEIR_OK);
    int fd = raw_connect_to(*state, 2);
    put_join(&buf, "", "range");
    raw_send_frame(fd, &buf);
    assert_int_equal(receive_join(fd, &buf, member), RD_KAFKA_RESP_ERR_NOT_COORDINATOR);
    close(fd);
    weir__buf_fini(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        mock_test(invalid_frames_close_the_connection),
        mock_test(a_frame_may_arrive_in_pieces_or_stay_incomplete),
        mock_test(requests_sent_ahead_are_answered_in_order),
        mock_test(versions_and_keys_that_are_not_offered_close_the_connection),
        mock_test(a_newer_client_gets_the_supported_versions),
        cmocka_unit_test(every_row_of_the_table_gives_its_reason),
        mock_test(no_body_harms_the_cluster),
        mock_test(invalid_batches_are_refused),
        mock_test(a_second_join_replaces_the_first_and_other_protocols_are_refused),
        mock_test(group_requests_to_another_broker_are_sent_on),
    };
    return cmocka_run_group_tests_name("mock_wire", tests, NULL, NULL);
}
