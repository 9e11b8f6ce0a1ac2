/* SPDX-License-Identifier: Apache-2.0
 *
 * Log compaction, and the compressions that it reads. */
#include "unit/log_kit.h"

#define P 7
#define Q 8

static void open_compacted(kit *k)
{
    weir__log_config config = kit_config;
    config.deletes = false;
    config.compacts = true;
    kit_open(k, &config);
}

/* True: something changed. */
static bool compact_at(kit *k, int64_t now_ms)
{
    bool changed = false;
    assert_int_equal(weir__log_compact(&k->log, k->log.end, now_ms, &changed), WEIR_OK);
    return changed;
}

static void the_last_record_of_each_key_stays_at_its_offset(void **state)
{
    (void)state;
    kit k;
    open_compacted(&k);
    kit_put(&k, "a=0 b=1 a=2");
    kit_put(&k, "c=3 b=4");
    kit_put(&k, "a=5 d=6");

    assert_true(compact_at(&k, 1000));
    assert_string_equal(kit_read(&k), "3:c=3 4:b=4 5:a=5 6:d=6");
    assert_int_equal(k.log.start, 0);
    assert_int_equal(k.log.end, 7);
    assert_int_equal(weir__log_bytes(&k.log, 0, 7), k.budget.used);
    assert_false(compact_at(&k, 1000));
    kit_close(&k);
}

static void compressed_batches_are_compacted_like_others(void **state)
{
    (void)state;
    for (int codec = WEIR__CODEC_GZIP; codec <= WEIR__CODEC_ZSTD; codec++) {
        kit k;
        weir__appended appended;
        open_compacted(&k);
        assert_int_equal(kit_append(&k, &(how){.codec = codec}, "a=0 b=1", &appended), 0);
        assert_int_equal(kit_append(&k, &(how){.codec = codec}, "a=2 c=3", &appended), 0);
        assert_true(compact_at(&k, 1000));
        assert_string_equal(kit_read(&k), "1:b=1 2:a=2 3:c=3");
        kit_close(&k);
    }
}

static void tombstones_are_removed_after_delete_retention_ms(void **state)
{
    (void)state;
    kit k;
    open_compacted(&k);
    kit_put(&k, "a=0 b=1");
    kit_put(&k, "a");
    kit_put(&k, "c=3");

    compact_at(&k, k.now_ms + DAY_MS - 1);
    assert_string_equal(kit_read(&k), "1:b=1 2:a 3:c=3");
    compact_at(&k, k.now_ms + DAY_MS);
    assert_string_equal(kit_read(&k), "1:b=1 3:c=3");
    kit_close(&k);
}

static void the_last_batch_stays_empty_and_holds_the_end(void **state)
{
    (void)state;
    kit k;
    weir_buf bytes = {0};
    open_compacted(&k);
    kit_put(&k, "a=0");
    kit_put(&k, "a");
    compact_at(&k, k.now_ms + DAY_MS);

    assert_string_equal(kit_read(&k), "");
    weir__log_read(&k.log, 0, 2, &bytes);
    assert_int_equal(bytes.len, WEIR__BATCH_HEADER_BYTES);
    assert_false(compact_at(&k, k.now_ms + DAY_MS));
    weir__buf_fini(&bytes);
    assert_int_equal(kit_put(&k, "b=2"), 2);
    compact_at(&k, k.now_ms + DAY_MS);
    assert_int_equal(k.log.batch_count, 1);
    kit_close(&k);
}

static void records_of_open_transactions_are_not_compacted(void **state)
{
    (void)state;
    kit k;
    open_compacted(&k);
    kit_put(&k, "a=0");
    kit_put_txn(&k, P, 0, "a=1");
    kit_put(&k, "a=2");

    compact_at(&k, 1000);
    assert_string_equal(kit_read(&k), "0:a=0 1:a=1 2:a=2");
    kit_end(&k, P, true);
    compact_at(&k, 1000);
    assert_string_equal(kit_read(&k), "2:a=2 3:commit:7");
    kit_close(&k);
}

static void aborted_records_are_removed_and_replace_nothing(void **state)
{
    (void)state;
    kit k;
    open_compacted(&k);
    kit_put(&k, "a=0");
    kit_put_txn(&k, P, 0, "a=1 b=2");
    kit_end(&k, P, false);
    kit_put(&k, "c=4");

    compact_at(&k, k.now_ms);
    assert_string_equal(kit_read(&k), "0:a=0 3:abort:7 4:c=4");
    assert_int_equal(k.log.aborted_count, 1);
    kit_close(&k);
}

static void markers_stay_while_their_transaction_has_records(void **state)
{
    (void)state;
    kit k;
    open_compacted(&k);
    kit_put_txn(&k, P, 0, "a=0"); /* replaced */
    kit_end(&k, P, true);
    kit_put_txn(&k, P, 1, "b=2"); /* stays */
    kit_end(&k, P, true);
    kit_put_txn(&k, Q, 0, "a=4");
    kit_end(&k, Q, false);
    kit_put(&k, "a=6");

    compact_at(&k, k.now_ms + DAY_MS - 1);
    assert_string_equal(kit_read(&k), "1:commit:7 2:b=2 3:commit:7 5:abort:8 6:a=6");
    compact_at(&k, k.now_ms + DAY_MS);
    assert_string_equal(kit_read(&k), "2:b=2 3:commit:7 6:a=6");
    assert_int_equal(k.log.aborted_count, 0);
    kit_close(&k);
}

static void the_cleaner_waits_for_enough_dirty_segments_and_leaves_the_active_one(void **state)
{
    (void)state;
    kit k;
    open_compacted(&k);
    k.log.config.segment_bytes = 70;
    kit_put(&k, "a=0");
    assert_int_equal(weir__log_cleanable(&k.log, 1000), -1);
    assert_int_equal(weir__log_cleaning_due_ms(&k.log, 1000), INT64_MAX);
    kit_put(&k, "a=1");
    kit_put(&k, "a=2");
    assert_int_equal(weir__log_cleanable(&k.log, 1000), 2);
    assert_int_equal(weir__log_cleaning_due_ms(&k.log, 1000), 16000);
    k.log.config.min_compaction_lag_ms = 2000;
    assert_int_equal(weir__log_cleanable(&k.log, 1000), -1);
    k.log.config.min_compaction_lag_ms = 0;
    bool changed = false;
    assert_int_equal(weir__log_compact(&k.log, 2, 1000, &changed), WEIR_OK);
    assert_true(changed);
    assert_string_equal(kit_read(&k), "1:a=1 2:a=2");
    assert_int_equal(weir__log_cleanable(&k.log, 1000), -1);
    kit_put(&k, "b=3");
    assert_int_equal(weir__log_cleanable(&k.log, 1000), -1); /* half is dirty, not more */
    kit_put(&k, "c=4");
    assert_int_equal(weir__log_cleanable(&k.log, 1000), 4);
    kit_close(&k);
}

/* ---- Compressions ---- */

static void javas_frames_of_snappy_are_read(void **state)
{
    (void)state;
    static const char magic[16] = "\x82SNAPPY\0\0\0\0\1\0\0\0\1";
    weir_buf framed = {0};
    weir_buf plain = {0};
    weir_put(&framed, magic, sizeof magic);
    for (int i = 0; i < 2; i++) {
        char block[64];
        size_t len = sizeof block;
        assert_int_equal(snappy_compress("hello", 5, block, &len), SNAPPY_OK);
        weir__buf_put_i32(&framed, (int32_t)len);
        weir_put(&framed, block, len);
    }
    assert_int_equal(weir__decompress(WEIR__CODEC_SNAPPY, weir__buf_slice(&framed), &plain),
                     WEIR_OK);
    assert_string_equal(weir__buf_text(&plain), "hellohello");
    framed.len--;
    assert_int_equal(weir__decompress(WEIR__CODEC_SNAPPY, weir__buf_slice(&framed), &plain),
                     WEIR_ECORRUPT);
    weir__buf_fini(&framed);
    weir__buf_fini(&plain);
}

static void what_grows_beyond_the_limit_is_refused_by_every_codec(void **state)
{
    (void)state;
    size_t len = WEIR__DECOMPRESSED_BYTES_MAX + 1;
    char *zeros = calloc(1, len);
    size_t room = snappy_max_compressed_length(len); /* the largest of the four */
    char *small = malloc(room);
    assert_non_null(zeros);
    assert_non_null(small);
    for (int codec = WEIR__CODEC_GZIP; codec <= WEIR__CODEC_ZSTD; codec++) {
        weir_buf plain = {0};
        size_t got = kit_compress(codec, (weir_slice){zeros, len}, small, room);
        assert_int_equal(weir__decompress(codec, (weir_slice){small, got}, &plain), WEIR_ELIMIT);
        weir__buf_fini(&plain);
    }
    free(zeros);
    free(small);
}

static void bytes_that_are_cut_or_foreign_are_corrupt(void **state)
{
    (void)state;
    char small[256];
    for (int codec = WEIR__CODEC_GZIP; codec <= WEIR__CODEC_ZSTD; codec++) {
        weir_buf plain = {0};
        size_t len = kit_compress(codec, weir_slice_of("some text, some text, some text"), small,
                                  sizeof small);
        assert_int_equal(weir__decompress(codec, (weir_slice){small, len}, &plain), WEIR_OK);
        assert_string_equal(weir__buf_text(&plain), "some text, some text, some text");
        assert_int_equal(weir__decompress(codec, (weir_slice){small, len - 2}, &plain),
                         WEIR_ECORRUPT);
        assert_int_equal(weir__decompress(codec, weir_slice_of("\xff\xff\xff\xffxyz"), &plain),
                         WEIR_ECORRUPT);
        assert_int_equal(weir__decompress(codec, weir_slice_of(""), &plain), WEIR_ECORRUPT);
        weir__buf_fini(&plain);
    }
    weir_buf nothing = {0};
    assert_int_equal(weir__decompress(5, weir_slice_of("x"), &nothing), WEIR_EUNSUPPORTED);
    weir__buf_fini(&nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_record_of_each_key_stays_at_its_offset),
        cmocka_unit_test(compressed_batches_are_compacted_like_others),
        cmocka_unit_test(tombstones_are_removed_after_delete_retention_ms),
        cmocka_unit_test(the_last_batch_stays_empty_and_holds_the_end),
        cmocka_unit_test(records_of_open_transactions_are_not_compacted),
        cmocka_unit_test(aborted_records_are_removed_and_replace_nothing),
        cmocka_unit_test(markers_stay_while_their_transaction_has_records),
        cmocka_unit_test(the_cleaner_waits_for_enough_dirty_segments_and_leaves_the_active_one),
        cmocka_unit_test(javas_frames_of_snappy_are_read),
        cmocka_unit_test(what_grows_beyond_the_limit_is_refused_by_every_codec),
        cmocka_unit_test(bytes_that_are_cut_or_foreign_are_corrupt),
    };
    return cmocka_run_group_tests_name("log_compaction", tests, NULL, NULL);
}
