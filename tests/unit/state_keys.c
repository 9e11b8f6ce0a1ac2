/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of Kafka Streams' keys, as Java 4.3 wrote them. */
#include "state_hex.h"

#include "state/keys.h"

static void a_windowed_key_on_a_topic_is_key_and_start(void **state)
{
    (void)state;
    weir_buf out = {0};
    weir__window_key read;
    weir__window_topic_key(&out, s("a"), 1699999800000);
    assert_hex(weir__buf_slice(&out), "61 0000018bcfe25ac0");
    assert_true(weir__window_topic_key_read(weir__buf_slice(&out), &read));
    assert_slice(read.key, "a");
    assert_int_equal(read.start_ms, 1699999800000);
    weir__buf_fini(&out);
}

static void a_key_of_a_window_store_is_key_start_and_sequence(void **state)
{
    (void)state;
    weir_buf out = {0};
    weir__window_key read;
    weir__window_store_key(&out, &(weir__window_key){s("a"), 1699999800000, 0});
    assert_hex(weir__buf_slice(&out), "61 0000018bcfe25ac0 00000000");
    assert_true(weir__window_store_key_read(weir__buf_slice(&out), &read));
    assert_slice(read.key, "a");
    assert_int_equal(read.start_ms, 1699999800000);
    assert_int_equal(read.sequence, 0);
    weir__buf_fini(&out);
}

static void a_key_of_a_join_store_has_the_number_of_its_put(void **state)
{
    (void)state;
    weir_buf out = {0};
    weir__window_key read;
    weir__window_store_key(&out, &(weir__window_key){s("d"), 7, 2});
    assert_hex(weir__buf_slice(&out), "64 0000000000000007 00000002");
    assert_true(weir__window_store_key_read(weir__buf_slice(&out), &read));
    assert_int_equal(read.sequence, 2);
    weir__buf_fini(&out);
}

static void a_session_key_is_key_end_and_start(void **state)
{
    (void)state;
    weir_buf out = {0};
    weir__session_key read;
    weir__session_store_key(&out, &(weir__session_key){s("b"), 11, 30});
    assert_hex(weir__buf_slice(&out), "62 000000000000001e 000000000000000b");
    assert_true(weir__session_store_key_read(weir__buf_slice(&out), &read));
    assert_slice(read.key, "b");
    assert_int_equal(read.start_ms, 11);
    assert_int_equal(read.end_ms, 30);
    weir__buf_fini(&out);
}

static void a_shared_join_key_is_time_side_and_key(void **state)
{
    (void)state;
    weir_buf out = {0};
    weir__join_key read;
    weir__shared_join_key(&out, &(weir__join_key){5, true, s("b")});
    assert_hex(weir__buf_slice(&out), "0000000000000005 01 62");
    assert_true(weir__shared_join_key_read(weir__buf_slice(&out), &read));
    assert_int_equal(read.time_ms, 5);
    assert_true(read.left);
    assert_slice(read.key, "b");
    weir__buf_reset(&out);
    weir__shared_join_key(&out, &(weir__join_key){5, false, s("b")});
    assert_hex(weir__buf_slice(&out), "0000000000000005 00 62");
    weir__buf_fini(&out);
}

static void a_key_of_a_grace_buffer_is_zero_time_key_and_sequence(void **state)
{
    (void)state;
    weir_buf out = {0};
    weir__buffer_key read;
    weir__grace_buffer_key(&out, &(weir__buffer_key){40, s("a"), 2});
    assert_hex(weir__buf_slice(&out), "00 0000000000000028 61 00000002");
    assert_true(weir__grace_buffer_key_read(weir__buf_slice(&out), &read));
    assert_int_equal(read.time_ms, 40);
    assert_slice(read.key, "a");
    assert_int_equal(read.sequence, 2);
    weir__buf_fini(&out);
}

static void a_subscription_key_is_length_foreign_key_and_primary_key(void **state)
{
    (void)state;
    weir_buf out = {0};
    weir__subscription_key read;
    weir__subscription_store_key(&out, &(weir__subscription_key){s("f1"), s("p1")});
    assert_hex(weir__buf_slice(&out), "00000002 6631 7031");
    assert_true(weir__subscription_store_key_read(weir__buf_slice(&out), &read));
    assert_slice(read.foreign_key, "f1");
    assert_slice(read.primary_key, "p1");
    weir__buf_reset(&out);
    weir__subscription_prefix(&out, s("f1"));
    assert_hex(weir__buf_slice(&out), "00000002 6631");
    weir__buf_fini(&out);
}

/* Every reader, with each length below that of its smallest key. */
static void bytes_that_are_too_short_are_no_key(void **state)
{
    (void)state;
    static const uint8_t zeros[WEIR__SESSION_SUFFIX];
    for (size_t len = 0; len <= sizeof zeros; len++) {
        weir_slice bytes = {zeros, len};
        weir__window_key window;
        weir__session_key session;
        weir__join_key join;
        weir__buffer_key buffer;
        weir__subscription_key subscription;
        assert_int_equal(weir__window_topic_key_read(bytes, &window), len >= 8);
        assert_int_equal(weir__window_store_key_read(bytes, &window), len >= 12);
        assert_int_equal(weir__session_store_key_read(bytes, &session), len >= 16);
        assert_int_equal(weir__shared_join_key_read(bytes, &join), len >= 9);
        assert_int_equal(weir__grace_buffer_key_read(bytes, &buffer), len >= 13);
        assert_int_equal(weir__subscription_store_key_read(bytes, &subscription), len >= 4);
    }
}

static void a_wrong_side_or_length_is_no_key(void **state)
{
    (void)state;
    weir__join_key join;
    weir__subscription_key subscription;
    assert_false(weir__shared_join_key_read((weir_slice){"\0\0\0\0\0\0\0\5\2b", 10}, &join));
    assert_false(weir__subscription_store_key_read((weir_slice){"\0\0\0\3f1", 6}, &subscription));
    assert_false(
        weir__subscription_store_key_read((weir_slice){"\xff\xff\xff\xff", 4}, &subscription));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_windowed_key_on_a_topic_is_key_and_start),
        cmocka_unit_test(a_key_of_a_window_store_is_key_start_and_sequence),
        cmocka_unit_test(a_key_of_a_join_store_has_the_number_of_its_put),
        cmocka_unit_test(a_session_key_is_key_end_and_start),
        cmocka_unit_test(a_shared_join_key_is_time_side_and_key),
        cmocka_unit_test(a_key_of_a_grace_buffer_is_zero_time_key_and_sequence),
        cmocka_unit_test(a_subscription_key_is_length_foreign_key_and_primary_key),
        cmocka_unit_test(bytes_that_are_too_short_are_no_key),
        cmocka_unit_test(a_wrong_side_or_length_is_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
