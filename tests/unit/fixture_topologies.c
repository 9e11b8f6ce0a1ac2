/* SPDX-License-Identifier: Apache-2.0
 *
 * The topologies of the fixtures, their settings, and their expected results. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fixtures/id_mapping.h"
#include "fixtures/text.h"
#include "fixtures/topics.h"
#include "fixtures/word_count.h"

static weir_config *config_with(const char *name, const char *value)
{
    weir_config *config = weir_config_new();
    assert_non_null(config);
    assert_int_equal(weir_config_set(config, name, value, NULL), WEIR_OK);
    return config;
}

/* The description of the topology has this text. */
static void assert_described(weir_topology_fn build, const weir_config *config, const char *part)
{
    weir_error error;
    weir_topology *topology = build(config, &error);
    assert_non_null(topology);
    char *text = weir_topology_describe(topology);
    assert_non_null(text);
    if (strstr(text, part) == NULL) {
        print_error("'%s' is not in\n%s", part, text);
        fail();
    }
    free(text);
    weir_topology_free(topology);
}

static void words_are_counted_behind_the_topic_by_word(void **state)
{
    (void)state;
    assert_described(fixture_word_count, NULL, "(topics: [lines])");
    assert_described(fixture_word_count, NULL, "(topics: [by-word-repartition])");
    assert_described(fixture_word_count, NULL, "(stores: [counts])");
    assert_described(fixture_word_count, NULL, "(topic: word-counts)");
}

static void registrations_are_a_table_by_phone(void **state)
{
    (void)state;
    assert_described(fixture_id_mapping, NULL, "(topics: [registrations])");
    assert_described(fixture_id_mapping, NULL, "(topic: registrations-by-phone)");
    assert_described(fixture_id_mapping, NULL, "(topics: [registrations-by-phone])");
}

static void events_meet_it_behind_a_topic_of_their_own(void **state)
{
    (void)state;
    assert_described(fixture_id_mapping, NULL,
                     "Processor: events-by-phone (stores: [registrations-by-phone])");
    assert_described(fixture_id_mapping, NULL, "(topics: [events-by-phone-repartition])");
    assert_described(fixture_id_mapping, NULL, "(topic: identities)");
}

static void topics_are_named_by_settings(void **state)
{
    (void)state;
    weir_config *config = config_with("app.topic.events", "events-v2");
    assert_described(fixture_id_mapping, config, "(topics: [events-v2])");
    weir_config_free(config);
}

static void partitions_and_replicas_are_settings(void **state)
{
    (void)state;
    weir_config *config = config_with("app.topic.events.partitions", "8");
    weir_topic_spec topic;
    assert_int_equal(fixture_topic(config, "events", &topic, NULL), WEIR_OK);
    assert_string_equal(topic.name, "events");
    assert_int_equal(topic.partitions, 8);
    assert_int_equal(topic.replication_factor, -1);
    assert_int_equal(weir_config_set(config, "app.topic.events.replication.factor", "3", NULL),
                     WEIR_OK);
    assert_int_equal(fixture_topic(config, "events", &topic, NULL), WEIR_OK);
    assert_int_equal(topic.replication_factor, 3);
    assert_int_equal(fixture_topic(config, "identities", &topic, NULL), WEIR_OK);
    assert_int_equal(topic.partitions, WEIR_FIXTURE_PARTITIONS);
    weir_config_free(config);
}

static void a_wrong_number_of_partitions_is_named(void **state)
{
    (void)state;
    const char *const wrong[] = {"0", "-1", "four", "4 ", "10001", ""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        weir_config *config = config_with("app.topic.lines.partitions", wrong[i]);
        weir_topic_spec topic;
        weir_error error;
        assert_int_equal(fixture_topic(config, "lines", &topic, &error), WEIR_ECONFIG);
        assert_non_null(strstr(error.message, "app.topic.lines.partitions"));
        weir_config_free(config);
    }
}

static void a_direct_count_has_each_word_once_in_order(void **state)
{
    (void)state;
    const weir_slice lines[] = {weir_slice_of("To be, or not to be"), weir_slice_of(""),
                                weir_slice_of("that is; THAT")};
    static const struct {
        const char *word;
        int64_t count;
    } expected[] = {{"be", 2}, {"is", 1}, {"not", 1}, {"or", 1}, {"that", 2}, {"to", 2}};
    fixture_counts counts;
    assert_int_equal(fixture_count_directly(lines, 3, &counts), WEIR_OK);
    assert_int_equal(counts.count, 6);
    for (size_t i = 0; i < counts.count; i++) {
        assert_true(weir_slice_equal(counts.rows[i].word, weir_slice_of(expected[i].word)));
        assert_int_equal(counts.rows[i].count, expected[i].count);
        assert_int_equal(fixture_counts_get(&counts, weir_slice_of(expected[i].word)),
                         expected[i].count);
    }
    assert_int_equal(fixture_counts_get(&counts, weir_slice_of("question")), 0);
    fixture_counts_fini(&counts);
}

static void a_direct_count_of_a_long_text_misses_no_word(void **state)
{
    (void)state;
    fixture_text text = {0};
    fixture_counts counts;
    int64_t words = 0;
    int64_t counted = 0;
    assert_int_equal(fixture_text_make(&text, 1000, 1, NULL), WEIR_OK);
    assert_int_equal(fixture_count_directly(text.lines, text.count, &counts), WEIR_OK);
    for (size_t i = 0; i < text.count; i++) {
        weir_slice rest = text.lines[i];
        char word[WEIR_FIXTURE_WORD_MAX];
        size_t len;
        while ((len = fixture_word_next(&rest, word)) > 0) {
            assert_true(fixture_counts_get(&counts, (weir_slice){word, len}) > 0);
            words++;
        }
    }
    for (size_t i = 0; i < counts.count; i++) {
        counted += counts.rows[i].count;
        assert_true(i == 0 || !weir_slice_equal(counts.rows[i - 1].word, counts.rows[i].word));
    }
    assert_true(counts.count > 1000); /* the table grew */
    assert_int_equal(counted, words);
    fixture_counts_fini(&counts);
    fixture_text_fini(&text);
}

static void no_lines_have_no_words(void **state)
{
    (void)state;
    fixture_counts counts;
    assert_int_equal(fixture_count_directly(NULL, 0, &counts), WEIR_OK);
    assert_int_equal(counts.count, 0);
    assert_int_equal(fixture_counts_get(&counts, weir_slice_of("word")), 0);
    fixture_counts_fini(&counts);
}

static void expected_identities_are_filled_where_the_phone_is_known(void **state)
{
    (void)state;
    char registration[WEIR_FIXTURE_JSON_MAX], event[WEIR_FIXTURE_JSON_MAX];
    char identity[WEIR_FIXTURE_JSON_MAX];
    const struct {
        size_t index;
        const char *registration;
        const char *event;
        const char *identity;
    } cases[] = {
        /* all fields but the phone are those of the registration */
        {0, "{\"deviceId\":\"device-0\",\"idCard\":\"card-0\",\"phone\":\"+14150000000\"}",
         "{\"phone\":\"+14150000000\"}",
         "{\"deviceId\":\"device-0\",\"idCard\":\"card-0\",\"phone\":\"+14150000000\"}"},
        /* fields that the event has are kept */
        {1, "{\"deviceId\":\"device-1\",\"idCard\":\"card-1\",\"phone\":\"+14150000001\"}",
         "{\"deviceId\":\"visit-1\",\"phone\":\"+14150000001\"}",
         "{\"deviceId\":\"visit-1\",\"idCard\":\"card-1\",\"phone\":\"+14150000001\"}"},
        /* neither has the device */
        {4, "{\"idCard\":\"card-4\",\"phone\":\"+14150000004\"}", "{\"phone\":\"+14150000004\"}",
         "{\"idCard\":\"card-4\",\"phone\":\"+14150000004\"}"},
        /* a registration without a phone is ignored */
        {6, "{\"deviceId\":\"device-6\",\"idCard\":\"card-6\"}", "{\"phone\":\"+14150000006\"}",
         "{\"phone\":\"+14150000006\"}"},
        /* an event without a phone stays as it is */
        {10, "{\"deviceId\":\"device-10\",\"idCard\":\"card-10\",\"phone\":\"+14150000010\"}", "{}",
         "{}"},
        /* registered too late */
        {12, "{\"deviceId\":\"device-12\",\"idCard\":\"card-12\",\"phone\":\"+14150000012\"}",
         "{\"phone\":\"+14150000012\"}", "{\"phone\":\"+14150000012\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_string_equal(fixture_registration(cases[i].index, registration),
                            cases[i].registration);
        assert_string_equal(fixture_event(cases[i].index, 20, event), cases[i].event);
        assert_string_equal(fixture_expected_identity(cases[i].index, 20, 12, identity),
                            cases[i].identity);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_counted_behind_the_topic_by_word),
        cmocka_unit_test(registrations_are_a_table_by_phone),
        cmocka_unit_test(events_meet_it_behind_a_topic_of_their_own),
        cmocka_unit_test(topics_are_named_by_settings),
        cmocka_unit_test(partitions_and_replicas_are_settings),
        cmocka_unit_test(a_wrong_number_of_partitions_is_named),
        cmocka_unit_test(a_direct_count_has_each_word_once_in_order),
        cmocka_unit_test(a_direct_count_of_a_long_text_misses_no_word),
        cmocka_unit_test(no_lines_have_no_words),
        cmocka_unit_test(expected_identities_are_filled_where_the_phone_is_known),
    };
    return cmocka_run_group_tests_name("fixture_topologies", tests, NULL, NULL);
}
