/* SPDX-License-Identifier: Apache-2.0
 *
 * Produce, Fetch, ListOffsets and OffsetForLeaderEpoch byte by byte: what librdkafka does not ask
 * for, or does not show. */
#include "brokers/topics.h"
#include "support/raw.h"
#include "unit/log_kit.h"

#define P 7 /* a producer id */

/* Broker 1 leads "t", partition 0. */
typedef struct session {
    weir_mock *mock;
    int fd;
    weir_buf buf;
    kit text; /* only its text is used */
} session;

static session open_session(void **state, const char *const *config, int16_t replicas)
{
    weir_error error;
    if (weir_mock_topic_create(*state, "t", 1, replicas, config, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
    return (session){.mock = *state, .fd = raw_connect_to(*state, 1)};
}

static void close_session(session *s)
{
    close(s->fd);
    weir__buf_fini(&s->buf);
    assert_no_failure(s->mock);
}

static weir__reader ask(session *s)
{
    raw_send_frame(s->fd, &s->buf);
    return raw_receive_frame(s->fd, &s->buf);
}

/* Up to the fields of the only partition of the only topic. */
static void skip_to_partition(weir__reader *in)
{
    assert_int_equal(weir__read_i32(in), 1);
    weir__read_string(in);
    assert_int_equal(weir__read_i32(in), 1);
}

/* ---- Produce ---- */

typedef struct produced {
    int16_t error;
    int64_t base;
    int64_t append_time_ms;
} produced;

static produced produce(session *s, int16_t acks, const how *sender, const char *records)
{
    weir_buf batch = {0};
    kit_write(&batch, sender, records);
    raw_begin(&s->buf, 0, 7);
    weir__put_string(&s->buf, (weir_slice){0});
    weir__buf_put_i16(&s->buf, acks);
    weir__buf_put_i32(&s->buf, 1000);
    weir__buf_put_i32(&s->buf, 1);
    weir__put_cstring(&s->buf, "t");
    weir__buf_put_i32(&s->buf, 1);
    weir__buf_put_i32(&s->buf, 0);
    weir__put_blob(&s->buf, weir__buf_slice(&batch));
    weir__buf_fini(&batch);
    weir__reader in = ask(s);
    skip_to_partition(&in);
    weir__read_i32(&in);
    produced answer = {.error = weir__read_i16(&in)};
    answer.base = weir__read_i64(&in);
    answer.append_time_ms = weir__read_i64(&in);
    assert_false(in.failed);
    return answer;
}

static void must_produce(session *s, const char *records)
{
    assert_int_equal(produce(s, -1, &(how){0}, records).error, 0);
}

static void a_batch_sent_again_is_answered_with_its_offset_after_a_leader_move(void **state)
{
    session s = open_session(state, NULL, 1);
    const how sender = {.producer = P};
    const how gap = {.producer = P, .sequence = 2};
    must_produce(&s, "x=0");
    assert_int_equal(produce(&s, -1, &sender, "a=1").base, 1);
    assert_int_equal(weir_mock_partition_set_leader(s.mock, "t", 0, 2), WEIR_OK);
    assert_int_equal(produce(&s, -1, &sender, "a=1").error,
                     RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
    close(s.fd);
    s.fd = raw_connect_to(s.mock, 2);
    assert_int_equal(produce(&s, -1, &sender, "a=1").base, 1);
    assert_int_equal(produce(&s, -1, &gap, "c=3").error,
                     RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_offsets(s.mock, "t", 0, 0, 2);
    close_session(&s);
}

static void log_append_time_is_in_the_answer(void **state)
{
    session s =
        open_session(state, (const char *[]){"message.timestamp.type", "LogAppendTime", NULL}, 1);
    int64_t now_ms = weir__mock_now_ms(s.mock);
    produced answer = produce(&s, -1, &(how){0}, "a=1@5");
    assert_true(answer.append_time_ms >= now_ms && answer.append_time_ms < now_ms + 1000);
    close_session(&s);
}

static void acks_all_needs_min_insync_replicas(void **state)
{
    session s = open_session(state, (const char *[]){"min.insync.replicas", "2", NULL}, 2);
    must_produce(&s, "a=1");
    assert_int_equal(weir_mock_broker_set_up(s.mock, 2, false), WEIR_OK);
    assert_int_equal(produce(&s, -1, &(how){0}, "b=2").error,
                     RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
    assert_int_equal(produce(&s, 1, &(how){0}, "b=2").error, 0);
    assert_int_equal(weir_mock_broker_set_up(s.mock, 2, true), WEIR_OK);
    must_produce(&s, "c=3");
    assert_int_equal(produce(&s, 5, &(how){0}, "d=4").error,
                     RD_KAFKA_RESP_ERR_INVALID_REQUIRED_ACKS);
    assert_offsets(s.mock, "t", 0, 0, 3);
    close_session(&s);
}

/* ---- Fetch ---- */

typedef struct fetch {
    int64_t offset;
    int32_t partition_bytes;
    int32_t bytes;
    bool committed;
    int32_t session_epoch;
    int32_t leader_epoch;
} fetch;

typedef struct fetched {
    int16_t request_error;
    int16_t error;
    int64_t high;
    int64_t stable;
    int64_t start;
    int32_t aborted; /* how many; -1: null */
    int64_t aborted_first;
    const char *text;
} fetched;

static const fetch all = {.partition_bytes = 1 << 20, .bytes = 1 << 20, .leader_epoch = -1};

static void put_fetch(weir_buf *frame, const fetch *with)
{
    raw_begin(frame, 1, 11);
    weir__buf_put_i32(frame, -1); /* replica id */
    weir__buf_put_i32(frame, 0);  /* max wait */
    weir__buf_put_i32(frame, 1);  /* min bytes */
    weir__buf_put_i32(frame, with->bytes);
    weir__buf_put_u8(frame, with->committed);
    weir__buf_put_i32(frame, with->session_epoch > 0 ? 9 : 0); /* session id */
    weir__buf_put_i32(frame, with->session_epoch);
    weir__buf_put_i32(frame, 1);
    weir__put_cstring(frame, "t");
    weir__buf_put_i32(frame, 1);
    weir__buf_put_i32(frame, 0);
    weir__buf_put_i32(frame, with->leader_epoch);
    weir__buf_put_i64(frame, with->offset);
    weir__buf_put_i64(frame, -1); /* log start offset */
    weir__buf_put_i32(frame, with->partition_bytes);
    weir__buf_put_i32(frame, 0); /* forgotten topics */
    weir__put_cstring(frame, "");
}

static fetched run_fetch(session *s, fetch with)
{
    fetched answer = {0};
    put_fetch(&s->buf, &with);
    weir__reader in = ask(s);
    weir__read_i32(&in);
    answer.request_error = weir__read_i16(&in);
    assert_int_equal(weir__read_i32(&in), 0); /* session id */
    if (answer.request_error != 0) {
        assert_int_equal(weir__read_i32(&in), 0);
        return answer;
    }
    skip_to_partition(&in);
    weir__read_i32(&in);
    answer.error = weir__read_i16(&in);
    answer.high = weir__read_i64(&in);
    answer.stable = weir__read_i64(&in);
    answer.start = weir__read_i64(&in);
    answer.aborted = weir__read_count(&in);
    for (int32_t i = 0; i < answer.aborted; i++) {
        assert_int_equal(weir__read_i64(&in), P);
        answer.aborted_first = weir__read_i64(&in);
    }
    weir__read_i32(&in); /* preferred read replica */
    answer.text = kit_text_of(&s->text, weir__read_blob(&in));
    assert_false(in.failed);
    return answer;
}

static void an_answer_has_several_batches_up_to_the_limits(void **state)
{
    session s = open_session(state, NULL, 1);
    fetch with = all;
    for (int i = 0; i < 3; i++) {
        must_produce(&s, "k=v"); /* 70 bytes */
    }
    assert_string_equal(run_fetch(&s, with).text, "0:k=v 1:k=v 2:k=v");
    with.partition_bytes = 150;
    assert_string_equal(run_fetch(&s, with).text, "0:k=v 1:k=v");
    with.partition_bytes = 1; /* one batch at least */
    assert_string_equal(run_fetch(&s, with).text, "0:k=v");
    with = all;
    with.bytes = 150;
    with.offset = 1;
    assert_string_equal(run_fetch(&s, with).text, "1:k=v 2:k=v");
    with.bytes = 0;
    assert_string_equal(run_fetch(&s, with).text, "1:k=v");
    close_session(&s);
}

static void offsets_outside_the_log_are_refused(void **state)
{
    session s = open_session(state, NULL, 1);
    fetch with = all;
    must_produce(&s, "a=1 b=2");
    assert_int_equal(weir_mock_partition_trim(s.mock, "t", 0, 1), WEIR_OK);
    assert_int_equal(run_fetch(&s, with).error, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
    with.offset = 3;
    assert_int_equal(run_fetch(&s, with).error, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
    with.offset = 1;
    fetched answer = run_fetch(&s, with);
    assert_int_equal(answer.error, 0);
    assert_int_equal(answer.start, 1);
    assert_int_equal(answer.high, 2);
    assert_string_equal(answer.text, "0:a=1 1:b=2"); /* a batch is whole */
    close_session(&s);
}

static void fetch_sessions_are_refused(void **state)
{
    session s = open_session(state, NULL, 1);
    fetch with = all;
    with.session_epoch = 1;
    assert_int_equal(run_fetch(&s, with).request_error,
                     RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND);
    with.session_epoch = -1;
    assert_int_equal(run_fetch(&s, with).request_error, 0);
    close_session(&s);
}

static void mark(session *s, bool commit)
{
    const weir__marker marker = {.producer_id = P, .commit = commit};
    pthread_mutex_lock(&s->mock->lock);
    weir__partition *partition = weir__partition_find(s->mock, weir_slice_of("t"), 0);
    assert_int_equal(weir__log_append_marker(&partition->log, &marker, 1, NULL), 0);
    pthread_mutex_unlock(&s->mock->lock);
}

static void read_committed_ends_at_the_last_stable_offset(void **state)
{
    session s = open_session(state, NULL, 1);
    fetch committed = all;
    committed.committed = true;
    pthread_mutex_lock(&s.mock->lock);
    weir_buf batch = {0};
    weir__appended appended;
    kit_write(&batch, &(how){.producer = P, .transactional = true}, "a=1");
    weir__partition *partition = weir__partition_find(s.mock, weir_slice_of("t"), 0);
    assert_int_equal(weir__log_append(&partition->log, weir__buf_slice(&batch), 1, &appended), 0);
    weir__buf_fini(&batch);
    pthread_mutex_unlock(&s.mock->lock);
    must_produce(&s, "b=2");

    fetched answer = run_fetch(&s, committed);
    assert_string_equal(answer.text, "");
    assert_int_equal(answer.stable, 0);
    assert_int_equal(answer.high, 2);
    answer = run_fetch(&s, all);
    assert_string_equal(answer.text, "0:a=1 1:b=2");
    assert_int_equal(answer.aborted, -1);
    mark(&s, false);
    answer = run_fetch(&s, committed);
    assert_string_equal(answer.text, "0:a=1 1:b=2 2:abort:7");
    assert_int_equal(answer.stable, 3);
    assert_int_equal(answer.aborted, 1);
    assert_int_equal(answer.aborted_first, 0);
    close_session(&s);
}

/* ---- Leader epochs ---- */

static void old_and_unknown_leader_epochs_are_refused(void **state)
{
    session s = open_session(state, NULL, 1);
    fetch with = all;
    must_produce(&s, "a=1");
    assert_int_equal(weir_mock_partition_set_leader(s.mock, "t", 0, 2), WEIR_OK);
    assert_int_equal(weir_mock_partition_set_leader(s.mock, "t", 0, 1), WEIR_OK);
    with.leader_epoch = 0;
    assert_int_equal(run_fetch(&s, with).error, RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH);
    with.leader_epoch = 3;
    assert_int_equal(run_fetch(&s, with).error, RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH);
    with.leader_epoch = 2;
    assert_string_equal(run_fetch(&s, with).text, "0:a=1");
    close_session(&s);
}

static void the_end_of_an_epoch_is_told(void **state)
{
    session s = open_session(state, NULL, 1);
    must_produce(&s, "a=1");
    assert_int_equal(weir_mock_partition_set_leader(s.mock, "t", 0, 2), WEIR_OK);
    assert_int_equal(weir_mock_partition_set_leader(s.mock, "t", 0, 1), WEIR_OK);
    must_produce(&s, "b=2");
    static const struct {
        int32_t asked;
        int32_t epoch;
        int64_t end;
    } rows[] = {{0, 0, 1}, {1, 0, 1}, {2, 2, 2}, {3, -1, -1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        raw_begin(&s.buf, 23, 3);
        weir__buf_put_i32(&s.buf, -1);
        weir__buf_put_i32(&s.buf, 1);
        weir__put_cstring(&s.buf, "t");
        weir__buf_put_i32(&s.buf, 1);
        weir__buf_put_i32(&s.buf, 0);
        weir__buf_put_i32(&s.buf, 2); /* the present epoch */
        weir__buf_put_i32(&s.buf, rows[i].asked);
        weir__reader in = ask(&s);
        weir__read_i32(&in);
        skip_to_partition(&in);
        assert_int_equal(weir__read_i16(&in), 0);
        assert_int_equal(weir__read_i32(&in), 0);
        assert_int_equal(weir__read_i32(&in), rows[i].epoch);
        assert_int_equal(weir__read_i64(&in), rows[i].end);
        assert_false(in.failed);
    }
    close_session(&s);
}

/* ---- ListOffsets ---- */

typedef struct listed {
    int16_t error;
    int64_t timestamp_ms;
    int64_t offset;
    int32_t epoch;
} listed;

/* Version 7 is flexible, version 5 is not. */
static listed list(session *s, int16_t version, bool committed, int64_t timestamp)
{
    bool flexible = version >= 6;
    raw_begin(&s->buf, 2, version);
    weir__buf_put_i32(&s->buf, -1);
    weir__buf_put_u8(&s->buf, committed);
    if (flexible) {
        weir__put_uvarint(&s->buf, 2);
        weir__put_compact_string(&s->buf, weir_slice_of("t"));
        weir__put_uvarint(&s->buf, 2);
    } else {
        weir__buf_put_i32(&s->buf, 1);
        weir__put_cstring(&s->buf, "t");
        weir__buf_put_i32(&s->buf, 1);
    }
    weir__buf_put_i32(&s->buf, 0);
    weir__buf_put_i32(&s->buf, -1);
    weir__buf_put_i64(&s->buf, timestamp);
    weir_put(&s->buf, "\0\0", flexible ? 2 : 0); /* tags */
    weir_put(&s->buf, "\0", flexible ? 1 : 0);
    weir__reader in = ask(s);
    if (flexible) {
        weir__skip_tags(&in); /* of the header */
    }
    weir__read_i32(&in); /* throttle time */
    if (flexible) {
        assert_int_equal(weir__read_compact_count(&in), 1);
        weir__read_compact_string(&in);
        assert_int_equal(weir__read_compact_count(&in), 1);
    } else {
        skip_to_partition(&in);
    }
    weir__read_i32(&in);
    listed answer = {.error = weir__read_i16(&in)};
    answer.timestamp_ms = weir__read_i64(&in);
    answer.offset = weir__read_i64(&in);
    answer.epoch = weir__read_i32(&in);
    assert_false(in.failed);
    return answer;
}

static void offsets_are_listed_by_time_and_isolation(void **state)
{
    session s = open_session(state, NULL, 1);
    must_produce(&s, "a=1@10 b=2@30 c=3@20");
    assert_int_equal(list(&s, 5, false, -1).offset, 3);
    assert_int_equal(list(&s, 7, false, -2).offset, 0);
    listed answer = list(&s, 5, false, 11);
    assert_int_equal(answer.offset, 1);
    assert_int_equal(answer.timestamp_ms, 30);
    assert_int_equal(answer.epoch, 0);
    assert_int_equal(list(&s, 7, false, 31).offset, -1);
    assert_int_equal(list(&s, 7, false, -3).offset, 1);
    assert_int_equal(list(&s, 5, false, -3).error, RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION);
    close_session(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        mock_test(a_batch_sent_again_is_answered_with_its_offset_after_a_leader_move),
        mock_test(log_append_time_is_in_the_answer),
        mock_test(acks_all_needs_min_insync_replicas),
        mock_test(an_answer_has_several_batches_up_to_the_limits),
        mock_test(offsets_outside_the_log_are_refused),
        mock_test(fetch_sessions_are_refused),
        mock_test(read_committed_ends_at_the_last_stable_offset),
        mock_test(old_and_unknown_leader_epochs_are_refused),
        mock_test(the_end_of_an_epoch_is_told),
        mock_test(offsets_are_listed_by_time_and_isolation),
    };
    return cmocka_run_group_tests_name("mock_requests", tests, NULL, NULL);
}
