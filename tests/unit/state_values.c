/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of Kafka Streams' values, as Java 4.3 wrote them. */
#include "state_hex.h"

#include "state/values.h"

#define HASH "8fcddcf69451e798b08f9eddfc30e005"
#define COUNT_0 "0000000000000000"
#define COUNT_1 "0000000000000001"
#define COUNT_2 "0000000000000002"

static uint8_t bytes_of_hash[HEX_BYTES_MAX];

static const uint8_t *hash(void)
{
    return hex_bytes(HASH, bytes_of_hash).data;
}

/* ---- Foreign-key joins -------------------------------------------------------------------- */

static void a_subscription_has_version_instruction_hash_key_and_partition(void **state)
{
    (void)state;
    weir_buf out = {0};
    weir__subscription read;
    weir__subscription_put(&out, &(weir__subscription){2, hash(), s("p4"), 0});
    assert_hex(weir__buf_slice(&out), "01 02" HASH "7034 00000000");
    assert_true(weir__subscription_read(weir__buf_slice(&out), &read));
    assert_int_equal(read.instruction, 2);
    assert_memory_equal(read.hash, hash(), WEIR__FOREIGN_HASH_SIZE);
    assert_slice(read.primary_key, "p4");
    assert_int_equal(read.partition, 0);
    weir__buf_fini(&out);
}

static void a_subscription_without_a_hash_sets_the_highest_bit(void **state)
{
    (void)state;
    weir_buf out = {0};
    weir__subscription read;
    weir__subscription_put(&out, &(weir__subscription){0, NULL, s("p1"), 3});
    assert_hex(weir__buf_slice(&out), "81 00 7031 00000003");
    assert_true(weir__subscription_read(weir__buf_slice(&out), &read));
    assert_null(read.hash);
    assert_slice(read.primary_key, "p1");
    assert_int_equal(read.partition, 3);
    weir__buf_fini(&out);
}

static void check_answer(const uint8_t *of, const char *value, const char *hex)
{
    weir_buf out = {0};
    weir__subscription_answer read;
    weir__subscription_answer_put(&out, &(weir__subscription_answer){of, s(value)});
    assert_hex(weir__buf_slice(&out), hex);
    assert_true(weir__subscription_answer_read(weir__buf_slice(&out), &read));
    assert_int_equal(read.hash != NULL, of != NULL);
    assert_slice(read.value, value);
    weir__buf_fini(&out);
}

static void an_answer_has_version_hash_and_value(void **state)
{
    (void)state;
    check_answer(hash(), "a", "00" HASH "61");
    check_answer(hash(), NULL, "00" HASH);
    check_answer(NULL, NULL, "80");
}

static void an_empty_value_of_an_answer_arrives_as_null(void **state)
{
    (void)state;
    weir_buf out = {0};
    weir__subscription_answer read;
    weir__subscription_answer_put(&out, &(weir__subscription_answer){hash(), s("")});
    assert_true(weir__subscription_answer_read(weir__buf_slice(&out), &read));
    assert_slice(read.value, NULL);
    weir__buf_fini(&out);
}

static void bytes_that_are_no_subscription_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "01",
                                        "0102",
                                        "01 04" HASH "00000000",
                                        "02 00" HASH "00000000",
                                        "01 02" HASH "000000",
                                        "81 00 000000"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        uint8_t bytes[HEX_BYTES_MAX];
        weir__subscription read;
        assert_false(weir__subscription_read(hex_bytes(wrong[i], bytes), &read));
    }
    weir__subscription_answer answer;
    assert_false(weir__subscription_answer_read((weir_slice){"\0short", 6}, &answer));
    assert_false(weir__subscription_answer_read((weir_slice){"\x81", 1}, &answer));
}

/* ---- Joins of streams --------------------------------------------------------------------- */

static void shared_join_values_are_a_list_with_sides(void **state)
{
    (void)state;
    weir_buf out = {0};
    weir__join_values values;
    weir__join_value item;
    const weir__join_value items[] = {{true, s("m")}, {false, s("")}};
    weir__join_values_put(&out, items, 2);
    assert_hex(weir__buf_slice(&out), "01 00000002 00000002 016d 00000001 00");
    assert_true(weir__join_values_open(weir__buf_slice(&out), &values));
    assert_true(weir__join_values_next(&values, &item));
    assert_true(item.left);
    assert_slice(item.value, "m");
    assert_true(weir__join_values_next(&values, &item));
    assert_false(item.left);
    assert_slice(item.value, "");
    assert_false(weir__join_values_next(&values, &item));
    assert_false(values.reader.failed);
    weir__buf_fini(&out);
}

static void an_item_is_added_to_a_list(void **state)
{
    (void)state;
    weir_buf one = {0};
    weir_buf both = {0};
    uint8_t bytes[HEX_BYTES_MAX];
    const weir__join_value items[] = {{true, s("m")}, {false, s("no")}};
    assert_true(weir__join_values_add(&one, (weir_slice){0}, &items[0]));
    assert_hex(weir__buf_slice(&one), "01 00000001 00000002 016d");
    assert_true(weir__join_values_add(&both, weir__buf_slice(&one), &items[1]));
    assert_hex(weir__buf_slice(&both), "01 00000002 00000002 016d 00000003 006e6f");
    assert_false(weir__join_values_add(&one, hex_bytes("00 00000000", bytes), &items[1]));
    weir__buf_fini(&one);
    weir__buf_fini(&both);
}

static void a_list_that_is_cut_fails(void **state)
{
    (void)state;
    static const char *const wrong[] = {"01 00000001 00000002 01", "01 00000001 ffffffff 01",
                                        "01 00000001 00000000 01"};
    uint8_t bytes[HEX_BYTES_MAX];
    weir__join_values values;
    weir__join_value item;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_true(weir__join_values_open(hex_bytes(wrong[i], bytes), &values));
        assert_false(weir__join_values_next(&values, &item));
        assert_true(values.reader.failed);
    }
    assert_false(weir__join_values_open(hex_bytes("01 ffffffff", bytes), &values));
    assert_false(weir__join_values_open(hex_bytes("01 00000001 00000001", bytes), &values));
    assert_false(weir__join_values_open(hex_bytes("01 00000002 0000000101", bytes), &values));
    assert_false(weir__join_values_open(hex_bytes("00 00000000", bytes), &values));
}

/* ---- Buffers ------------------------------------------------------------------------------ */

typedef struct buffered_case {
    const char *hex;
    weir__buffered_value value;
    const char *prior; /* in hexadecimal; NULL: null */
    const char *old_value;
    const char *new_value;
} buffered_case;

static const weir_header dropped[] = {{"drop", {0}}};

static const buffered_case buffered[] = {
    /* The first of its key: old is prior. */
    {"0000000000000006 0000000000000000 00000002 696e 00000000 00000000"
     "00000008" COUNT_0 "fffffffe 00000008" COUNT_1 "0000000000000006",
     {.timestamp_ms = 6, .offset = 0, .place_ms = 6},
     COUNT_0,
     COUNT_0,
     COUNT_1},
    {"0000000000000006 0000000000000001 00000002 696e 00000000 00000000"
     "00000008" COUNT_0 "00000008" COUNT_1 "00000008" COUNT_2 "0000000000000006",
     {.timestamp_ms = 6, .offset = 1, .place_ms = 6},
     COUNT_0,
     COUNT_1,
     COUNT_2},
    /* A tombstone. */
    {"0000000000000000 0000000000000001 00000002 696e 00000000 00000000"
     "00000008" COUNT_0 "fffffffe ffffffff 000000000000000a",
     {.timestamp_ms = 0, .offset = 1, .place_ms = 10},
     COUNT_0,
     COUNT_0,
     NULL},
    /* A header without a value. */
    {"000000000000000d 0000000000000001 00000002 696e 00000000"
     "00000001 00000004 64726f70 ffffffff"
     "00000008" COUNT_0 "fffffffe 00000008" COUNT_1 "0000000000000014",
     {.timestamp_ms = 13, .offset = 1, .place_ms = 20, .headers = dropped, .header_count = 1},
     COUNT_0,
     COUNT_0,
     COUNT_1},
    /* Of a join with grace: there are no old values. */
    {"0000000000000010 0000000000000000 00000002 696e 00000000 00000000"
     "ffffffff ffffffff 00000001 64 0000000000000000",
     {.timestamp_ms = 16, .offset = 0, .place_ms = 0},
     NULL,
     NULL,
     "64"},
};
#define BUFFERED_COUNT (sizeof buffered / sizeof buffered[0])

static weir_slice hex_or_null(const char *hex, uint8_t out[HEX_BYTES_MAX])
{
    return hex != NULL ? hex_bytes(hex, out) : (weir_slice){0};
}

static void a_buffered_value_has_its_context_three_values_and_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < BUFFERED_COUNT; i++) {
        const buffered_case *one = &buffered[i];
        uint8_t memory[3][HEX_BYTES_MAX];
        weir__buffered_value value = one->value;
        weir__buffered_value read;
        weir__arena arena = {0};
        weir_buf out = {0};
        value.topic = s("in");
        value.prior_value = hex_or_null(one->prior, memory[0]);
        value.old_value = hex_or_null(one->old_value, memory[1]);
        value.new_value = hex_or_null(one->new_value, memory[2]);
        weir__buffered_value_put(&out, &value);
        assert_hex(weir__buf_slice(&out), one->hex);
        assert_int_equal(weir__buffered_value_read(weir__buf_slice(&out), &arena, &read), WEIR_OK);
        assert_int_equal(read.timestamp_ms, value.timestamp_ms);
        assert_int_equal(read.offset, value.offset);
        assert_int_equal(read.place_ms, value.place_ms);
        assert_slice(read.topic, "in");
        assert_true(weir_slice_equal(read.prior_value, value.prior_value));
        assert_true(weir_slice_equal(read.old_value, value.old_value));
        assert_true(weir_slice_equal(read.new_value, value.new_value));
        assert_int_equal(read.header_count, value.header_count);
        if (value.header_count > 0) {
            assert_string_equal(read.headers[0].name, "drop");
            assert_null(read.headers[0].value.data);
        }
        weir__arena_fini(&arena);
        weir__buf_fini(&out);
    }
}

static void a_buffered_value_that_is_cut_or_longer_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < BUFFERED_COUNT; i++) {
        uint8_t bytes[HEX_BYTES_MAX] = {0};
        weir__buffered_value read;
        weir__arena arena = {0};
        size_t len = hex_bytes(buffered[i].hex, bytes).len;
        for (size_t cut = 0; cut < len; cut++) {
            assert_int_equal(weir__buffered_value_read((weir_slice){bytes, cut}, &arena, &read),
                             WEIR_ECORRUPT);
        }
        assert_int_equal(weir__buffered_value_read((weir_slice){bytes, len + 1}, &arena, &read),
                         WEIR_ECORRUPT);
        weir__arena_fini(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_subscription_has_version_instruction_hash_key_and_partition),
        cmocka_unit_test(a_subscription_without_a_hash_sets_the_highest_bit),
        cmocka_unit_test(an_answer_has_version_hash_and_value),
        cmocka_unit_test(an_empty_value_of_an_answer_arrives_as_null),
        cmocka_unit_test(bytes_that_are_no_subscription_are_refused),
        cmocka_unit_test(shared_join_values_are_a_list_with_sides),
        cmocka_unit_test(an_item_is_added_to_a_list),
        cmocka_unit_test(a_list_that_is_cut_fails),
        cmocka_unit_test(a_buffered_value_has_its_context_three_values_and_its_place),
        cmocka_unit_test(a_buffered_value_that_is_cut_or_longer_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
