/* SPDX-License-Identifier: Apache-2.0
 *
 * The requests of transactions over a bare socket, in any version, for the tests of their
 * answers. */
#ifndef WEIR_TESTS_CLUSTER_MOCK_TXN_REQUESTS_KIT_H
#define WEIR_TESTS_CLUSTER_MOCK_TXN_REQUESTS_KIT_H

#include "support/raw.h"

#define OFFSET_FETCH 9
#define FIND_COORDINATOR 10
#define INIT_PRODUCER_ID 22
#define ADD_PARTITIONS 24
#define ADD_OFFSETS 25
#define END_TXN 26
#define TXN_OFFSET_COMMIT 28
#define DESCRIBE_TRANSACTIONS 65
#define LIST_TRANSACTIONS 66

#define TIMEOUT_MS 60000
#define GROUP 0
#define TRANSACTION 1

/* One request and its answer at a time, to the broker that coordinates "x" and "g". */
typedef struct asker {
    weir_mock *mock;
    int fd;
    bool flexible;
    weir_buf frame;
    weir_buf answer;
    weir__reader in;
    int64_t producer_id; /* of the producer "x" */
    int16_t epoch;
} asker;

RAW_FN asker *start(weir_mock *mock)
{
    asker *it = calloc(1, sizeof *it);
    assert_non_null(it);
    mock_create(mock, "t", 2);
    assert_int_equal(weir_mock_coordinator_set(mock, "g", 1), WEIR_OK);
    assert_int_equal(weir_mock_transaction_coordinator_set(mock, "x", 1), WEIR_OK);
    it->mock = mock;
    it->fd = raw_connect_to(mock, 1);
    return it;
}

RAW_FN void end(asker *it)
{
    assert_no_failure(it->mock);
    close(it->fd);
    weir__buf_fini(&it->frame);
    weir__buf_fini(&it->answer);
    free(it);
}

/* ---- Writing and reading ---- */

RAW_FN void begin(asker *it, int16_t key, int16_t version)
{
    raw_begin(&it->frame, key, version);
    it->flexible = version >= weir__api_find(key)->flexible_from;
}

RAW_FN void put_text(asker *it, const char *text)
{
    weir_slice slice = text != NULL ? weir_slice_of(text) : (weir_slice){0};
    (it->flexible ? weir__put_compact_string : weir__put_string)(&it->frame, slice);
}

RAW_FN void put_count(asker *it, int32_t count)
{
    if (it->flexible) {
        weir__put_uvarint(&it->frame, (uint64_t)(count + 1));
    } else {
        weir__buf_put_i32(&it->frame, count);
    }
}

RAW_FN void put_tags(asker *it)
{
    if (it->flexible) {
        weir__put_tags(&it->frame);
    }
}

/* Behind the tags of the header. */
RAW_FN void ask(asker *it)
{
    put_tags(it);
    raw_send_frame(it->fd, &it->frame);
    it->in = raw_receive_frame(it->fd, &it->answer);
    if (it->flexible) {
        weir__skip_tags(&it->in);
    }
    assert_false(it->in.failed);
}

RAW_FN weir_slice take_text(asker *it)
{
    return it->flexible ? weir__read_compact_string(&it->in) : weir__read_string(&it->in);
}

RAW_FN void assert_text(asker *it, const char *text)
{
    assert_true(weir_slice_equal(take_text(it), weir_slice_of(text)));
}

RAW_FN int32_t take_count(asker *it)
{
    return it->flexible ? weir__read_compact_count(&it->in) : weir__read_count(&it->in);
}

RAW_FN void take_tags(asker *it)
{
    if (it->flexible) {
        weir__skip_tags(&it->in);
    }
}

/* Nothing is left. */
RAW_FN void assert_end(asker *it)
{
    take_tags(it);
    assert_false(it->in.failed);
    assert_int_equal(weir__reader_left(&it->in), 0);
}

/* ---- The requests ---- */

RAW_FN int16_t init_with(asker *it, int16_t version, const char *id, int32_t timeout_ms)
{
    begin(it, INIT_PRODUCER_ID, version);
    put_text(it, id);
    weir__buf_put_i32(&it->frame, timeout_ms);
    if (version >= 3) {
        weir__buf_put_i64(&it->frame, -1);
        weir__buf_put_i16(&it->frame, -1);
    }
    ask(it);
    assert_int_equal(weir__read_i32(&it->in), 0); /* throttle */
    int16_t error = weir__read_i16(&it->in);
    it->producer_id = weir__read_i64(&it->in);
    it->epoch = weir__read_i16(&it->in);
    assert_end(it);
    return error;
}

RAW_FN int16_t init(asker *it, int16_t version)
{
    return init_with(it, version, "x", TIMEOUT_MS);
}

RAW_FN void put_producer(asker *it)
{
    put_text(it, "x");
    weir__buf_put_i64(&it->frame, it->producer_id);
    weir__buf_put_i16(&it->frame, it->epoch);
}

/* The errors of [topic, [partition]], an expected one for each partition. */
RAW_FN void assert_parts(asker *it, const char *topic, int32_t count, const int16_t *errors)
{
    assert_int_equal(weir__read_i32(&it->in), 0); /* throttle */
    assert_int_equal(take_count(it), 1);
    assert_text(it, topic);
    assert_int_equal(take_count(it), count);
    for (int32_t i = 0; i < count; i++) {
        assert_int_equal(weir__read_i32(&it->in), i);
        assert_int_equal(weir__read_i16(&it->in), errors[i]);
        take_tags(it);
    }
    take_tags(it);
    assert_end(it);
}

/* Partitions 0 to count - 1 of "t". */
RAW_FN void add_partitions(asker *it, int16_t version, int32_t count, const int16_t *errors)
{
    begin(it, ADD_PARTITIONS, version);
    put_producer(it);
    put_count(it, 1);
    put_text(it, "t");
    put_count(it, count);
    for (int32_t i = 0; i < count; i++) {
        weir__buf_put_i32(&it->frame, i);
    }
    put_tags(it);
    ask(it);
    assert_parts(it, "t", count, errors);
}

/* Reads an answer of throttle time and error. */
RAW_FN int16_t take_error(asker *it)
{
    assert_int_equal(weir__read_i32(&it->in), 0);
    int16_t error = weir__read_i16(&it->in);
    assert_end(it);
    return error;
}

RAW_FN int16_t add_offsets(asker *it, int16_t version)
{
    begin(it, ADD_OFFSETS, version);
    put_producer(it);
    put_text(it, "g");
    ask(it);
    return take_error(it);
}

RAW_FN int16_t end_txn(asker *it, int16_t version, bool commit)
{
    begin(it, END_TXN, version);
    put_producer(it);
    weir__put_bool(&it->frame, commit);
    ask(it);
    return take_error(it);
}

/* An offset for each of the partitions 0 to count - 1 of "t". */
RAW_FN void send_offsets(asker *it, int16_t version, int64_t offset, int32_t count,
                         const int16_t *errors)
{
    begin(it, TXN_OFFSET_COMMIT, version);
    put_text(it, "x");
    put_text(it, "g");
    weir__buf_put_i64(&it->frame, it->producer_id);
    weir__buf_put_i16(&it->frame, it->epoch);
    if (version >= 3) {
        weir__buf_put_i32(&it->frame, -1);
        put_text(it, "");
        put_text(it, NULL);
    }
    put_count(it, 1);
    put_text(it, "t");
    put_count(it, count);
    for (int32_t i = 0; i < count; i++) {
        weir__buf_put_i32(&it->frame, i);
        weir__buf_put_i64(&it->frame, offset);
        if (version >= 2) {
            weir__buf_put_i32(&it->frame, 7); /* leader epoch */
        }
        put_text(it, "meta");
        put_tags(it);
    }
    put_tags(it);
    ask(it);
    assert_parts(it, "t", count, errors);
}

/* The offset of partition 0 of "t", or minus its error; `all`: the request names no topics. */
RAW_FN int64_t fetch_offset(asker *it, int16_t version, bool require_stable, bool all)
{
    begin(it, OFFSET_FETCH, version);
    put_text(it, "g");
    put_count(it, all ? -1 : 1);
    if (!all) {
        put_text(it, "t");
        put_count(it, 1);
        weir__buf_put_i32(&it->frame, 0);
        put_tags(it);
    }
    if (version >= 7) {
        weir__put_bool(&it->frame, require_stable);
    }
    ask(it);
    weir__read_bytes(&it->in, version >= 3 ? 4 : 0); /* throttle */
    int32_t topics = take_count(it);
    int64_t offset = -1;
    for (int32_t i = 0; i < topics; i++) {
        assert_text(it, "t");
        assert_int_equal(take_count(it), 1);
        assert_int_equal(weir__read_i32(&it->in), 0);
        offset = weir__read_i64(&it->in);
        weir__read_bytes(&it->in, version >= 5 ? 4 : 0); /* leader epoch */
        take_text(it);
        int16_t error = weir__read_i16(&it->in);
        offset = error != 0 ? -error : offset;
        take_tags(it);
        take_tags(it);
    }
    assert_int_equal(version >= 2 ? weir__read_i16(&it->in) : 0, 0);
    assert_end(it);
    return offset;
}

RAW_FN int16_t lower(int16_t a, int16_t b)
{
    return a < b ? a : b;
}

#endif
