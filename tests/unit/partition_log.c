/* SPDX-License-Identifier: Apache-2.0
 *
 * The log of a partition alone: offsets, sizes, times, retention, leader epochs. */
#include "unit/log_kit.h"

#define BATCH_BYTES ((int64_t)70) /* of one record "k=v" */

static void batches_get_offsets_one_after_the_other_and_are_read_back(void **state)
{
    (void)state;
    kit k;
    kit_open(&k, &kit_config);

    assert_int_equal(kit_put(&k, "a=1 b=2"), 0);
    assert_int_equal(kit_put(&k, "c=3"), 2);

    assert_string_equal(kit_read(&k), "0:a=1 1:b=2 2:c=3");
    assert_int_equal(k.log.start, 0);
    assert_int_equal(k.log.end, 3);
    kit_close(&k);
}

static void a_read_begins_with_the_batch_that_holds_the_offset(void **state)
{
    (void)state;
    kit k;
    kit_open(&k, &kit_config);
    kit_put(&k, "a=1 b=2");
    kit_put(&k, "c=3 d=4");

    assert_string_equal(kit_read_some(&k, 3, 4, SIZE_MAX), "2:c=3 3:d=4");
    assert_string_equal(kit_read_some(&k, 1, 2, SIZE_MAX), "0:a=1 1:b=2");
    assert_string_equal(kit_read_some(&k, 4, 4, SIZE_MAX), "");
    kit_close(&k);
}

static void a_read_is_limited_in_bytes_and_gives_one_batch_at_least(void **state)
{
    (void)state;
    kit k;
    kit_open(&k, &kit_config);
    for (int i = 0; i < 3; i++) {
        kit_put(&k, "k=v");
    }

    assert_string_equal(kit_read_some(&k, 0, 3, (size_t)(2 * BATCH_BYTES)), "0:k=v 1:k=v");
    assert_string_equal(kit_read_some(&k, 0, 3, 1), "0:k=v");
    assert_int_equal(weir__log_span(&k.log, 0, 3, 1, false), 0);
    assert_int_equal(weir__log_bytes(&k.log, 1, 3), 2 * BATCH_BYTES);
    assert_int_equal(weir__log_bytes(&k.log, 3, 3), 0);
    kit_close(&k);
}

static void the_broker_writes_offset_and_leader_epoch_into_a_batch(void **state)
{
    (void)state;
    kit k;
    weir_buf bytes = {0};
    weir__batch_header batch;
    kit_open(&k, &kit_config);
    kit_put(&k, "a=1");
    assert_int_equal(weir__log_lead(&k.log, 7), WEIR_OK);
    kit_put(&k, "b=2");

    weir__log_read(&k.log, 1, 2, &bytes);
    assert_int_equal(weir__batch_read(weir__buf_slice(&bytes), &batch), WEIR_OK);
    assert_int_equal(batch.base_offset, 1);
    assert_int_equal(weir__load_u32(bytes.data + 12), 7);
    assert_true(weir__batch_is_sealed(weir__buf_slice(&bytes)));
    weir__buf_fini(&bytes);
    kit_close(&k);
}

static weir_err is_at_1000(const weir_mock_record *record, void *user)
{
    int *count = user;
    assert_int_equal(record->timestamp_ms, 1000);
    (*count)++;
    return WEIR_OK;
}

static void log_append_time_replaces_the_timestamps_and_the_checksum(void **state)
{
    (void)state;
    kit k;
    weir__log_config config = kit_config;
    weir__appended appended;
    weir_buf bytes = {0};
    int count = 0;
    config.append_time = true;
    kit_open(&k, &config);

    assert_int_equal(kit_append(&k, &(how){0}, "a=1@5 b=2@9", &appended), 0);

    assert_int_equal(appended.append_time_ms, 1000);
    weir__log_read(&k.log, 0, 2, &bytes);
    assert_true(weir__batch_is_sealed(weir__buf_slice(&bytes)));
    assert_int_equal(
        weir__batch_records(weir__buf_slice(&bytes), &(weir_mock_record){0}, 0, is_at_1000, &count),
        WEIR_OK);
    assert_int_equal(count, 2);
    weir__buf_fini(&bytes);
    kit_close(&k);
}

static int16_t append_bytes(kit *k, const weir_buf *bytes)
{
    weir__appended appended;
    return weir__log_append(&k->log, weir__buf_slice(bytes), k->now_ms, &appended);
}

static void damaged_batches_are_refused_and_leave_the_log_as_it_is(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
        bool sealed;
        int16_t code;
    } rows[] = {
        {62, 0x55, false, RD_KAFKA_RESP_ERR_INVALID_MSG}, /* checksum */
        {16, 1, true, RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT},
        {60, 2, true, RD_KAFKA_RESP_ERR_INVALID_RECORD},    /* count */
        {61, 0x20, true, RD_KAFKA_RESP_ERR_INVALID_RECORD}, /* length of the record */
        {64, 2, true, RD_KAFKA_RESP_ERR_INVALID_RECORD},    /* offset in the batch */
        {22, 0x20, true, RD_KAFKA_RESP_ERR_INVALID_RECORD}, /* a control batch */
        {22, 0x10, true, RD_KAFKA_RESP_ERR_INVALID_RECORD}, /* transactional, no producer */
        {22, 7, true, RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE},
        {22, 4, true, RD_KAFKA_RESP_ERR_INVALID_RECORD}, /* not zstd's bytes */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        kit k;
        weir_buf bytes = {0};
        kit_open(&k, &kit_config);
        kit_write(&bytes, &(how){0}, "k=v");
        bytes.data[rows[i].at] = rows[i].value;
        if (rows[i].sealed) {
            weir__batch_seal(bytes.data, bytes.len);
        }
        assert_int_equal(append_bytes(&k, &bytes), rows[i].code);
        assert_int_equal(k.log.end, 0);
        weir__buf_fini(&bytes);
        kit_close(&k);
    }
}

static void batches_that_are_cut_or_too_long_are_refused(void **state)
{
    (void)state;
    kit k;
    weir_buf bytes = {0};
    weir__log_config config = kit_config;
    config.max_message_bytes = BATCH_BYTES;
    kit_open(&k, &config);
    kit_write(&bytes, &(how){0}, "k=v");
    assert_int_equal(append_bytes(&k, &bytes), 0);
    bytes.len--;
    assert_int_equal(append_bytes(&k, &bytes), RD_KAFKA_RESP_ERR_INVALID_RECORD);
    weir__buf_reset(&bytes);
    kit_write(&bytes, &(how){0}, "k=vv");
    assert_int_equal(append_bytes(&k, &bytes), RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
    k.log.config.max_message_bytes = 1000;
    k.log.config.segment_bytes = BATCH_BYTES;
    assert_int_equal(append_bytes(&k, &bytes), RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE);
    weir__buf_fini(&bytes);
    kit_close(&k);
}

static void a_compacted_topic_refuses_records_without_a_key(void **state)
{
    (void)state;
    kit k;
    weir__appended appended;
    weir__log_config config = kit_config;
    config.compacts = true;
    kit_open(&k, &config);
    assert_int_equal(kit_append(&k, &(how){0}, "a=1 =2", &appended),
                     RD_KAFKA_RESP_ERR_INVALID_RECORD);
    kit_close(&k);
}

static void the_budget_is_shared_by_all_logs_and_deleted_records_give_it_back(void **state)
{
    (void)state;
    kit k;
    weir__log other;
    weir__appended appended;
    kit_open(&k, &kit_config);
    weir__log_init(&other, &kit_config, &k.budget);
    k.budget.max = (size_t)(2 * BATCH_BYTES);
    weir_buf bytes = {0};
    kit_write(&bytes, &(how){0}, "k=v");
    assert_int_equal(weir__log_append(&other, weir__buf_slice(&bytes), 0, &appended), 0);
    kit_put(&k, "k=v");

    assert_int_equal(append_bytes(&k, &bytes), RD_KAFKA_RESP_ERR_POLICY_VIOLATION);
    assert_int_equal(weir__log_trim(&k.log, -1), 0);
    assert_int_equal(append_bytes(&k, &bytes), 0);
    weir__buf_fini(&bytes);
    weir__log_fini(&other);
    kit_close(&k);
}

/* ---- Deleting ---- */

static void deleted_records_move_the_start_and_a_batch_in_the_middle_stays_whole(void **state)
{
    (void)state;
    kit k;
    kit_open(&k, &kit_config);
    kit_put(&k, "a=1 b=2");
    kit_put(&k, "c=3 d=4");

    assert_int_equal(weir__log_trim(&k.log, 3), 0);
    assert_int_equal(k.log.start, 3);
    assert_string_equal(kit_read(&k), "2:c=3 3:d=4");
    assert_int_equal(weir__log_trim(&k.log, 1), 0); /* below the start: nothing */
    assert_int_equal(k.log.start, 3);
    assert_int_equal(weir__log_trim(&k.log, 5), RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
    assert_int_equal(weir__log_trim(&k.log, -2), RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE);
    assert_int_equal(weir__log_trim(&k.log, -1), 0);
    assert_int_equal(k.log.start, 4);
    assert_int_equal(kit_put(&k, "e=5"), 4);
    assert_string_equal(kit_read(&k), "4:e=5");
    kit_close(&k);
}

static void retention_by_time_deletes_whole_segments(void **state)
{
    (void)state;
    kit k;
    weir__log_config config = kit_config;
    config.retention_ms = 500;
    config.segment_bytes = 2 * BATCH_BYTES;
    kit_open(&k, &config);
    kit_put(&k, "k=v@100");
    kit_put(&k, "k=v@200");
    kit_put(&k, "k=v@900");

    assert_int_equal(k.log.segment_count, 2);
    assert_int_equal(weir__log_retention_due_ms(&k.log, 600), 701);
    assert_false(weir__log_retain(&k.log, 700));
    assert_true(weir__log_retain(&k.log, 701));
    assert_int_equal(k.log.start, 2);
    assert_int_equal(weir__log_retention_due_ms(&k.log, 701), 1401);
    assert_true(weir__log_retain(&k.log, 1401)); /* the active segment, too */
    assert_int_equal(k.log.start, 3);
    assert_int_equal(k.log.end, 3);
    assert_int_equal(weir__log_retention_due_ms(&k.log, 1401), INT64_MAX);
    assert_int_equal(kit_put(&k, "k=v@2000"), 3);
    kit_close(&k);
}

static void retention_by_size_leaves_as_much_as_it_says(void **state)
{
    (void)state;
    kit k;
    weir__log_config config = kit_config;
    config.retention_bytes = 2 * BATCH_BYTES;
    config.segment_bytes = BATCH_BYTES;
    kit_open(&k, &config);
    for (int i = 0; i < 5; i++) {
        kit_put(&k, "k=v@1000");
    }
    assert_int_equal(weir__log_retention_due_ms(&k.log, 1000), 1000);
    assert_true(weir__log_retain(&k.log, 1000));
    assert_int_equal(k.log.start, 3);
    assert_false(weir__log_retain(&k.log, 1000));
    kit_close(&k);
}

static void a_compacted_topic_has_no_retention_unless_its_policy_says_so(void **state)
{
    (void)state;
    kit k;
    weir__log_config config = kit_config;
    config.deletes = false;
    config.compacts = true;
    config.retention_ms = 1;
    kit_open(&k, &config);
    kit_put(&k, "k=v@100");
    assert_false(weir__log_retain(&k.log, DAY_MS));
    assert_int_equal(weir__log_retention_due_ms(&k.log, DAY_MS), INT64_MAX);
    k.log.config.deletes = true;
    assert_true(weir__log_retain(&k.log, DAY_MS));
    kit_close(&k);
}

static void a_segment_ends_by_the_time_that_its_records_span(void **state)
{
    (void)state;
    kit k;
    weir__log_config config = kit_config;
    config.segment_ms = 100;
    kit_open(&k, &config);
    kit_put(&k, "k=v@1000");
    kit_put(&k, "k=v@1100");
    assert_int_equal(k.log.segment_count, 1);
    kit_put(&k, "k=v@1101");
    assert_int_equal(k.log.segment_count, 2);
    kit_close(&k);
}

/* ---- Times ---- */

static int64_t offset_at(kit *k, int64_t time_ms)
{
    weir__log_time found;
    assert_int_equal(weir__log_find_time(&k->log, time_ms, &found), WEIR_OK);
    return found.offset;
}

static void a_time_is_found_to_the_record_in_batches_of_every_compression(void **state)
{
    (void)state;
    for (int codec = 0; codec <= WEIR__CODEC_ZSTD; codec++) {
        kit k;
        weir__appended appended;
        kit_open(&k, &kit_config);
        assert_int_equal(kit_append(&k, &(how){.codec = codec}, "a=1@10 b=2@40 c=3@20", &appended),
                         0);
        assert_int_equal(kit_append(&k, &(how){.codec = codec}, "d=4@30 e=5@50", &appended), 0);

        assert_int_equal(offset_at(&k, -5), 0);
        assert_int_equal(offset_at(&k, 11), 1);
        assert_int_equal(offset_at(&k, 40), 1);
        assert_int_equal(offset_at(&k, 41), 4);
        assert_int_equal(offset_at(&k, 51), -1);
        kit_close(&k);
    }
}

static void times_are_looked_up_from_the_log_start_offset_on(void **state)
{
    (void)state;
    kit k;
    weir__log_time found;
    kit_open(&k, &kit_config);
    kit_put(&k, "a=1@90 b=2@80");
    kit_put(&k, "c=3@10");
    kit_put(&k, "d=4@60");
    assert_int_equal(weir__log_trim(&k.log, 1), 0);
    assert_int_equal(offset_at(&k, 0), 1);
    assert_int_equal(offset_at(&k, 85), -1);
    assert_int_equal(weir__log_trim(&k.log, 2), 0);
    assert_int_equal(offset_at(&k, 50), 3); /* though a deleted batch was later */
    assert_int_equal(weir__log_lead(&k.log, 3), WEIR_OK);
    kit_put(&k, "e=5@60");
    assert_int_equal(weir__log_find_max_time(&k.log, &found), WEIR_OK);
    assert_int_equal(found.offset, 3);
    assert_int_equal(found.timestamp_ms, 60);
    assert_int_equal(found.leader_epoch, 0);
    assert_int_equal(weir__log_trim(&k.log, -1), 0);
    assert_int_equal(weir__log_find_max_time(&k.log, &found), WEIR_OK);
    assert_int_equal(found.offset, -1);
    kit_close(&k);
}

/* ---- Leader epochs ---- */

static void assert_epoch_end(const kit *k, int32_t asked, int32_t epoch, int64_t end)
{
    weir__leader_epoch found = weir__leader_epochs_end(&k->log.epochs, asked, k->log.end);
    assert_int_equal(found.epoch, epoch);
    assert_int_equal(found.start, end);
}

static void the_end_of_a_leader_epoch_is_the_beginning_of_the_next_one(void **state)
{
    (void)state;
    kit k;
    kit_open(&k, &kit_config);
    kit_put(&k, "a=1 b=2");
    assert_int_equal(weir__log_lead(&k.log, 1), WEIR_OK); /* without records: forgotten */
    assert_int_equal(weir__log_lead(&k.log, 4), WEIR_OK);
    kit_put(&k, "c=3");
    assert_int_equal(weir__log_lead(&k.log, 3), WEIR_OK); /* old */

    assert_epoch_end(&k, 0, 0, 2);
    assert_epoch_end(&k, 2, 0, 2);
    assert_epoch_end(&k, 4, 4, 3);
    assert_epoch_end(&k, 5, -1, -1);
    assert_int_equal(weir__log_epoch_at(&k.log, 1), 0);
    assert_int_equal(weir__log_epoch_at(&k.log, 2), 4);
    assert_int_equal(weir__log_trim(&k.log, -1), 0);
    assert_epoch_end(&k, 0, 0, 3);
    assert_epoch_end(&k, 4, 4, 3);
    kit_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_get_offsets_one_after_the_other_and_are_read_back),
        cmocka_unit_test(a_read_begins_with_the_batch_that_holds_the_offset),
        cmocka_unit_test(a_read_is_limited_in_bytes_and_gives_one_batch_at_least),
        cmocka_unit_test(the_broker_writes_offset_and_leader_epoch_into_a_batch),
        cmocka_unit_test(log_append_time_replaces_the_timestamps_and_the_checksum),
        cmocka_unit_test(damaged_batches_are_refused_and_leave_the_log_as_it_is),
        cmocka_unit_test(batches_that_are_cut_or_too_long_are_refused),
        cmocka_unit_test(a_compacted_topic_refuses_records_without_a_key),
        cmocka_unit_test(the_budget_is_shared_by_all_logs_and_deleted_records_give_it_back),
        cmocka_unit_test(deleted_records_move_the_start_and_a_batch_in_the_middle_stays_whole),
        cmocka_unit_test(retention_by_time_deletes_whole_segments),
        cmocka_unit_test(retention_by_size_leaves_as_much_as_it_says),
        cmocka_unit_test(a_compacted_topic_has_no_retention_unless_its_policy_says_so),
        cmocka_unit_test(a_segment_ends_by_the_time_that_its_records_span),
        cmocka_unit_test(a_time_is_found_to_the_record_in_batches_of_every_compression),
        cmocka_unit_test(times_are_looked_up_from_the_log_start_offset_on),
        cmocka_unit_test(the_end_of_a_leader_epoch_is_the_beginning_of_the_next_one),
    };
    return cmocka_run_group_tests_name("partition_log", tests, NULL, NULL);
}
