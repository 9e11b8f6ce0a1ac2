/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of foreign-key joins: hashes, and bytes on internal topics and in the store that nobody
 * should have written. */
#include <stdio.h>
#include <string.h>

#include "foreign_kit.h"
#include "state/murmur3.h"
#include "state_hex.h"
#include "support/driven.h"

#define REGISTRATION "conformance-j-subscription-registration-topic"
#define RESPONSE "conformance-j-subscription-response-topic"

/* Made by the Python package mmh3, seed 104729, from bytes (37 * i + 11) mod 256. */
static void hashes_are_those_of_murmur3(void **state)
{
    (void)state;
    static const struct {
        size_t len;
        const char *hash;
    } vectors[] = {
        {0, "9d2764a018e329428c3cf3b035938518"},  {1, "acf4cc867fbb6de44457c00e27b49b3e"},
        {7, "2606fab1b288cf747f57b58d42d73d40"},  {8, "7c625bc1ee2929d56029a42486d66b95"},
        {9, "faae5a34eea452a88343c5cf3100f72a"},  {15, "785327df9c5b009b1105e89be63d997f"},
        {16, "d3b91f9d3a2554c0a556f38caafe89b1"}, {17, "0e9fe7c0add95267d8375b4b70581a60"},
        {24, "f3403d9bc9d24c3e0362ccf5c364d669"}, {25, "80ad6b61df9dd1e9fd527feb8b5ccb3e"},
        {31, "9178370064743e1176b6bb193fa77448"}, {32, "6e4ce6bd41085a45441cf09d69a0acf9"},
        {33, "40ab83516a43d6fb03cdc08cb0fa050f"}, {64, "5989f125035139e838c6da1b44ecaa6a"},
    };
    uint8_t bytes[64];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 37 + 11);
    }
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint8_t hash[WEIR__MURMUR3_SIZE];
        weir__murmur3((weir_slice){bytes, vectors[i].len}, hash);
        const weir_slice made = {hash, sizeof hash};
        assert_hex(made, vectors[i].hash);
    }
}

static const char *const refused[][3] = {
    /* topic, value, what the error says */
    {REGISTRATION, "", "these 0 bytes are no subscription of a foreign-key join, version 1"},
    {REGISTRATION, "81", "these 1 bytes are no subscription"},
    {REGISTRATION, "00038fcddcf69451e798b08f9eddfc30e0057000000000", "no subscription"},
    {REGISTRATION, "02038fcddcf69451e798b08f9eddfc30e0057000000000", "no subscription"},
    {REGISTRATION, "01048fcddcf69451e798b08f9eddfc30e0057000000000", "no subscription"},
    {REGISTRATION, "01038fcddcf69451e798b08f9eddfc30", "no subscription"},
    {REGISTRATION, "0103cddcf69451e798b08f9eddfc30e005700000", "no subscription"},
    {REGISTRATION, NULL, "a subscription of a foreign-key join is null"},
    {REGISTRATION, "01028fcddcf69451e798b08f9eddfc30e0057000000001",
     "the subscription is from partition 1, but " RESPONSE " has 1 partitions"},
    {REGISTRATION, "01028fcddcf69451e798b08f9eddfc30e00570ffffffff",
     "the subscription is from partition -1"},
    {RESPONSE, "", "these 0 bytes are no answer of a foreign-key join, version 0"},
    {RESPONSE, "018fcddcf69451e798b08f9eddfc30e005", "no answer"},
    {RESPONSE, "008fcddcf69451e798b08f9eddfc30e0", "no answer"},
    {RESPONSE, "81", "no answer"},
    {RESPONSE, NULL, "an answer of a foreign-key join has no value"},
};

static void other_bytes_on_internal_topics_are_errors(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_topology *topology = inner(NULL, &error);
    assert_string_equal(error.message, "");
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        driven task = {0};
        uint8_t bytes[HEX_BYTES_MAX];
        weir_slice value = {NULL, 0};
        if (refused[i][1] != NULL) {
            value = hex_bytes(refused[i][1], bytes);
        }
        assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
        weir_err err =
            driven_pipe_record(&task, refused[i][0], weir_slice_of("k"), value, 7, NULL, 0);
        assert_int_equal(err, WEIR_EDECODE);
        if (strstr(task.error.message, refused[i][2]) == NULL) {
            fail_msg("%s, %s: %s", refused[i][0], refused[i][1], task.error.message);
        }
        char place[128];
        snprintf(place, sizeof place, "%s-0@0", refused[i][0]);
        assert_non_null(strstr(task.error.message, place));
        driven_close(&task);
    }
    weir_topology_free(topology);
}

static void an_answer_without_a_key_is_an_error(void **state)
{
    (void)state;
    weir_error error = {0};
    driven task = {0};
    weir_topology *topology = inner(NULL, &error);
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    assert_int_equal(
        driven_pipe_record(&task, RESPONSE, (weir_slice){0}, (weir_slice){"\x80", 1}, 7, NULL, 0),
        WEIR_EDECODE);
    assert_non_null(strstr(task.error.message, "an answer of a foreign-key join has no key"));
    driven_close(&task);
    weir_topology_free(topology);
}

/* A left join's subscription without a foreign key has instruction 2. */
static void a_subscription_without_a_foreign_key_is_dropped(void **state)
{
    (void)state;
    weir_error error = {0};
    driven task = {0};
    uint8_t bytes[HEX_BYTES_MAX];
    weir_slice value = hex_bytes("01038fcddcf69451e798b08f9eddfc30e0057000000000", bytes);
    weir_topology *topology = inner(NULL, &error);
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    assert_int_equal(driven_pipe_record(&task, REGISTRATION, (weir_slice){0}, value, 7, NULL, 0),
                     WEIR_OK);
    assert_int_equal(driven_dropped(&task), 1);
    assert_int_equal(task.sent_count, 0);
    driven_close(&task);
    weir_topology_free(topology);
}

static void a_damaged_row_of_the_store_is_an_error_of_the_change(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync = made(inner, NULL);
    const weir_slice key = {"\0\0\0\3anno1", 9};
    weir_store_view store = weir_sync_store(sync, "j-subscription-store", &weir_bytes, &weir_bytes);
    weir_sync_store_put(store, &key, weir_text("damaged"), 5);
    weir_err err = weir_input_try_send(
        weir_sync_input(sync, "customers", STRINGS),
        &(weir_input_record){.key = weir_text("ann"), .value = weir_text("Ann")}, &error);
    assert_int_equal(err, WEIR_EDECODE);
    assert_non_null(strstr(error.message, "node 'j-foreign-join-subscription'"));
    assert_non_null(strstr(error.message, "these 7 bytes are no subscription"));
    weir_sync_free(sync);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_murmur3),
        cmocka_unit_test(other_bytes_on_internal_topics_are_errors),
        cmocka_unit_test(an_answer_without_a_key_is_an_error),
        cmocka_unit_test(a_subscription_without_a_foreign_key_is_dropped),
        cmocka_unit_test(a_damaged_row_of_the_store_is_an_error_of_the_change),
    };
    return cmocka_run_group_tests_name("bytes of foreign joins", tests, NULL, NULL);
}
