/* SPDX-License-Identifier: Apache-2.0
 *
 * Patterns of topics: what they match, what is refused, and what the synchronous driver reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/dsl.h>

#include "support/refused.h"
#include "topology/pattern.h"

#define STRINGS &weir_string, &weir_string

/* ---- What matches ---- */

static bool matches(const char *text, const char *topic)
{
    weir__pattern *list = NULL;
    weir__arena arena = {0};
    const weir__pattern *pattern = NULL;
    weir_error error;
    if (weir__pattern_add(&list, &arena, text, &pattern, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
    bool found = weir__pattern_matches(pattern, topic);
    weir__patterns_free(list);
    weir__arena_fini(&arena);
    return found;
}

/* As java.util.regex.Pattern.matches. */
static void a_pattern_matches_whole_names(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *topic;
        bool expected;
    } rows[] = {
        {"in-.*", "in-1", true},
        {"in-.*", "in-", true},
        {"in-.*", "main-1", false},
        {"in", "in-1", false},
        {"in", "main", false},
        {"a|ab", "ab", true},
        {"a|b", "ab", false},
        {"(orders|users)-v[0-9]+", "users-v12", true},
        {"(orders|users)-v[0-9]+", "users-v", false},
        {"x\\.y", "x.y", true},
        {"x\\.y", "x-y", false},
        {"\\d+-\\w*", "12-a_b9", true},
        {"\\D\\W\\S", "a-b", true},
        {"\\D\\W\\S", "1-b", false},
        {"[\\w.-]+", "a.b-c_d", true},
        {"[\\d\\.]+", "1.2", true},
        {"[^\\d]+", "ab1", false},
        {"[-\\d]+", "1-2", true},
        {"[^-\\d]+", "a-2", false},
        {"\\<in\\>", "in", false},
        {"\\`in\\'", "in", false},
        {"a\\-b\\_\\]", "a-b_]", true},
        {"\\$\\^\\(\\{\\|\\*", "$^({|*", true},
        {"[]a]+", "a", true},
        {"[[:digit:]-]+", "1-2", true},
        {"a{2,3}", "aaa", true},
        {"a{2,3}", "aaaa", false},
        {"a{2}", "a", false},
        {"a{2,}b", "aaaab", true},
        {"a+?b", "aab", true},
        {"a+?b", "b", false},
        {"a??b", "b", true},
        {"a{2,3}?", "aa", true},
        {"^in$", "in", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (matches(rows[i].pattern, rows[i].topic) != rows[i].expected) {
            fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].topic);
        }
    }
}

static void what_posix_lacks_is_refused_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *words;
    } rows[] = {
        {"(?:a|b)", "a group '(?...'"},
        {"a*+", "a possessive quantifier"},
        {"a{2}+", "a possessive quantifier"},
        {"\\Qa.b\\E", "a backslash before a letter or digit other than"},
        {"(a)\\1", "a backslash before a letter or digit other than"},
        {"a\\", "it ends with a backslash"},
        {"[a\\Q]", "a backslash in [...]"},
        {"[a&&b]", "'&&' in [...]"},
        {"[a[bc]]", "'[' in [...]"},
        {"[abc", "a '[' without ']'"},
        {"[[:alpha", "a '[:' without ':]'"},
        {"a{x}", "a '{' that is no repetition"},
        {"a{1,2", "a '{' that is no repetition"},
        {"*a", "a quantifier with nothing before it"},
        {"(+a)", "a quantifier with nothing before it"},
        {"a|{2}", "a quantifier with nothing before it"},
        {"[\\w-z]", "a range that begins with"},
        {"[!-\\d]", "a range that ends with"},
        {"[^a-\\s]", "a range that ends with"},
        {"a**", "two quantifiers after each other"},
        {"a{32}{32}", "two quantifiers after each other"},
        {"(a{100}){100}", "repetitions {n,m} whose product is above WEIR_PATTERN_REPEATS_MAX"},
        {"(a", ""},
        {"a)|(b", ""},
        {"", "a pattern of topics must have 1 to 1000 characters, not 0"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        weir__pattern *list = NULL;
        weir__arena arena = {0};
        const weir__pattern *pattern = NULL;
        weir_error error = {0};
        assert_int_equal(weir__pattern_add(&list, &arena, rows[i].pattern, &pattern, &error),
                         WEIR_EINVAL);
        if (strstr(error.message, rows[i].words) == NULL ||
            strstr(error.message, rows[i].pattern) == NULL) {
            fail_msg("'%s': %s", rows[i].pattern, error.message);
        }
        assert_null(pattern);
        weir__patterns_free(list);
        weir__arena_fini(&arena);
    }
}

static void a_pattern_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char text[1002];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    weir_builder *b = weir_builder_new();
    weir_error error;
    weir_source_pattern(b, text, STRINGS, &(weir_source_opts){.name = "s"});
    assert_null(weir_build(b, NULL, &error));
    assert_int_equal(error.code, WEIR_EINVAL);
    assert_string_equal(error.message,
                        "source 's': a pattern of topics must have 1 to 1000 characters, not 1001");
    text[1000] = '\0';
    b = weir_builder_new();
    weir_source_pattern(b, text, STRINGS, NULL);
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_non_null(topology);
    weir_topology_free(topology);
}

/* ---- weir_build ---- */

static weir_stream matching(weir_builder *b, const char *pattern, const char *name)
{
    return weir_source_pattern(b, pattern, STRINGS, &(weir_source_opts){.name = name});
}

static void a_pattern_must_not_match_a_topic_of_an_earlier_source(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_source(b, "in-1", STRINGS, &(weir_source_opts){.name = "named"});
    matching(b, "in-.*", "all");
    refused(b, WEIR_ETOPOLOGY,
            "the pattern 'in-.*' of source 'all' matches topic 'in-1', which source 'named' reads");
}

static void a_later_source_must_not_read_a_topic_that_a_pattern_matches(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    matching(b, "in-.*", "all");
    weir_table_source(b, "in-1", NULL, STRINGS, &(weir_store_opts){.node = "t"});
    refused(b, WEIR_ETOPOLOGY,
            "the pattern 'in-.*' of source 'all' matches topic 'in-1', which source 't-source' "
            "reads");
}

static void a_pattern_must_not_match_the_topic_of_a_global_table(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_global_table_source(b, "in-1", "g", STRINGS, &(weir_store_opts){.node = "g"});
    matching(b, "in-.*", "all");
    refused(b, WEIR_ETOPOLOGY,
            "the pattern 'in-.*' of source 'all' matches topic 'in-1', which source 'g-source' "
            "reads");
}

static void internal_topics_are_not_matched(void **state)
{
    (void)state;
    static const struct {
        const char *topic;
        bool expected;
    } rows[] = {
        {"__consumer_offsets", false},       {"__transaction_state", false},
        {"__share_group_state", false},      {"__mine", true},
        {"app-assignment", false},           {"app-counts-changelog", false},
        {"app-by-value-repartition", false}, {"app-others-changelog", true},
        {"counts-changelog", true},
    };
    weir_builder *b = weir_builder_new();
    weir_error error = {0};
    weir_stream moved = weir_repartition(matching(b, ".*", "all"), "by-value", NULL);
    weir_count(weir_group_by_key(moved, NULL), "counts", NULL);
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_string_equal(error.message, "");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((weir__topology_matching(topology, "app", rows[i].topic, NULL) != NULL) !=
            rows[i].expected) {
            fail_msg("%s", rows[i].topic);
        }
    }
    weir_topology_free(topology);
}

static void two_streams_of_one_pattern_share_a_source(void **state)
{
    (void)state;
    weir_builder *b = weir_builder_new();
    weir_error error = {0};
    weir_to(matching(b, "in-.*", "all"), "a", &(weir_sink_opts){.name = "to-a"});
    weir_to(matching(b, "in-.*", "again"), "b", &(weir_sink_opts){.name = "to-b"});
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_string_equal(error.message, "");
    char *text = weir_topology_describe(topology);
    assert_non_null(strstr(text, "Source: all (topics: in-.*)\n      --> to-a, to-b\n"));
    free(text);
    weir_topology_free(topology);
    b = weir_builder_new();
    matching(b, "in-.*", "all");
    weir_source_pattern(b, "in-.*", &weir_i64, &weir_string, NULL);
    refused(b, WEIR_ETYPE,
            "pattern 'in-.*' read by two streams: its first key is string, its second key is i64");
}

/* ---- The synchronous driver ---- */

static weir_topology *count_all(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = matching(b, "in-.*", "all");
    weir_to(weir_to_stream(weir_count(weir_group_by_key(in, NULL), "n", NULL), NULL), "counts",
            NULL);
    return weir_build(b, config, error);
}

static weir_topology *two_patterns(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(matching(b, "in-.*", "all"), "out", NULL);
    weir_to(matching(b, ".*-1", "first"), "out", &(weir_sink_opts){.name = "other"});
    return weir_build(b, config, error);
}

static weir_err topic_of_value(weir_ctx *ctx, const weir_record *record, weir_buf *topic,
                               void *user)
{
    (void)ctx, (void)user;
    const weir_slice *value = record->value;
    weir_put_format(topic, "%.*s", (int)value->len, (const char *)value->data);
    return WEIR_OK;
}

/* A record of topic "first" is written to the topic that its value names. */
static weir_topology *makes_its_inputs(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "first", STRINGS, NULL), NULL,
            &(weir_sink_opts){.topic_fn = topic_of_value});
    weir_to(matching(b, "in-.*", "all"), "out", NULL);
    return weir_build(b, config, error);
}

static weir_sync *open_sync(weir_topology_fn topology, int32_t partitions)
{
    weir_sync_opts opts = {.partitions = partitions, .on_failure = weir_cmocka_failure};
    weir_sync *sync = weir_sync_new(topology, &opts, NULL);
    assert_non_null(sync);
    return sync;
}

/* Its state stays when a topic is found. */
static void new_topics_are_read_when_a_record_is_sent(void **state)
{
    (void)state;
    for (int32_t partitions = 1; partitions <= 3; partitions += 2) {
        weir_sync *sync = open_sync(count_all, partitions);
        static const char *const topics[] = {"in-1", "in-2", "in-1", "in-3"};
        for (size_t i = 0; i < 4; i++) {
            weir_input_text(weir_sync_input(sync, topics[i], STRINGS), "k", "v");
        }
        weir_rows *expected = weir_sync_rows(sync, &weir_string, &weir_i64);
        for (int64_t i = 1; i <= 4; i++) {
            weir_rows_add(expected, weir_text("k"), &i);
        }
        weir_assert_same_list(
            weir_output_all(weir_sync_output(sync, "counts", &weir_string, &weir_i64)), expected);
        weir_sync_free(sync);
    }
}

static void a_topic_that_matches_nothing_is_an_error(void **state)
{
    (void)state;
    weir_sync *sync = open_sync(count_all, 1);
    weir_input_record record = {.key = weir_text("k"), .value = weir_text("v")};
    weir_error error = {0};
    assert_int_equal(weir_input_try_send(weir_sync_input(sync, "other", STRINGS), &record, &error),
                     WEIR_ENOTFOUND);
    assert_non_null(strstr(error.message, "no source reads topic 'other'"));
    weir_sync_free(sync);
}

static void a_topic_of_two_patterns_is_an_error(void **state)
{
    (void)state;
    weir_sync *sync = open_sync(two_patterns, 1);
    weir_input_record record = {.key = weir_text("k"), .value = weir_text("v")};
    weir_error error = {0};
    weir_input_text(weir_sync_input(sync, "in-2", STRINGS), "k", "v");
    assert_int_equal(weir_input_try_send(weir_sync_input(sync, "in-1", STRINGS), &record, &error),
                     WEIR_ETOPOLOGY);
    assert_non_null(strstr(error.message,
                           "topic 'in-1' matches the pattern 'in-.*' of source 'all' and the "
                           "pattern '.*-1' of source 'first'"));
    weir_sync_free(sync);
}

static void a_topic_that_the_topology_makes_is_read_too(void **state)
{
    (void)state;
    weir_sync *sync = open_sync(makes_its_inputs, 1);
    weir_input first = weir_sync_input(sync, "first", STRINGS);
    weir_input_text(first, "a", "in-x");
    weir_input_text(first, "b", "elsewhere");
    weir_input_text(first, "c", "in-x");
    weir_rows *expected = weir_sync_rows(sync, STRINGS);
    weir_rows_add(expected, weir_text("a"), weir_text("in-x"));
    weir_rows_add(expected, weir_text("c"), weir_text("in-x"));
    weir_assert_same_list(weir_output_all(weir_sync_output(sync, "out", STRINGS)), expected);
    weir_sync_free(sync);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_matches_whole_names),
        cmocka_unit_test(what_posix_lacks_is_refused_by_name),
        cmocka_unit_test(a_pattern_that_is_too_long_is_refused),
        cmocka_unit_test(a_pattern_must_not_match_a_topic_of_an_earlier_source),
        cmocka_unit_test(a_later_source_must_not_read_a_topic_that_a_pattern_matches),
        cmocka_unit_test(a_pattern_must_not_match_the_topic_of_a_global_table),
        cmocka_unit_test(internal_topics_are_not_matched),
        cmocka_unit_test(two_streams_of_one_pattern_share_a_source),
        cmocka_unit_test(new_topics_are_read_when_a_record_is_sent),
        cmocka_unit_test(a_topic_that_matches_nothing_is_an_error),
        cmocka_unit_test(a_topic_of_two_patterns_is_an_error),
        cmocka_unit_test(a_topic_that_the_topology_makes_is_read_too),
    };
    return cmocka_run_group_tests_name("topic_patterns", tests, NULL, NULL);
}
