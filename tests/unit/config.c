/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings: the table, refused values, properties files, the document made from the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/config.h"
#include "core/log.h"
#include "core/settings.h"

static int set_up(void **state)
{
    *state = weir_config_new();
    return *state != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    weir_config_free(*state);
    return 0;
}

/* Sets a value that must be refused; returns the message. */
static const char *refusal(weir_config *config, const char *name, const char *value)
{
    static weir_error error;
    assert_int_equal(weir_config_set(config, name, value, &error), WEIR_ECONFIG);
    assert_int_equal(error.code, WEIR_ECONFIG);
    return error.message;
}

static void assert_set(weir_config *config, const char *name, const char *value)
{
    weir_error error = {0};
    if (weir_config_set(config, name, value, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
}

#define assert_holds(text, part)                                                                   \
    do {                                                                                           \
        if (strstr((text), (part)) == NULL) {                                                      \
            fail_msg("'%s' is not in '%s'", (part), (text));                                       \
        }                                                                                          \
    } while (0)

static void defaults_are_those_of_kafka_streams(void **state)
{
    assert_int_equal(weir__config_i64(*state, "num.stream.threads"), 1);
    assert_int_equal(weir__config_i64(*state, "commit.interval.ms"), 30000);
    assert_int_equal(weir__config_i64(*state, "statestore.cache.max.bytes"), 10 * 1024 * 1024);
    assert_int_equal(weir__config_i64(*state, "max.task.idle.ms"), 0);
    assert_int_equal(weir__config_i64(*state, "max.poll.records"), 1000);
    assert_int_equal(weir__config_i64(*state, "replication.factor"), -1);
    assert_string_equal(weir_config_get(*state, "processing.guarantee"), "at_least_once");
    assert_null(weir_config_get(*state, "application.id"));
    assert_null(weir__config_serde(*state, "default.key.serde"));
}

static void the_last_value_set_wins(void **state)
{
    assert_set(*state, "num.stream.threads", "4");
    assert_set(*state, "num.stream.threads", "2");
    assert_int_equal(weir__config_i64(*state, "num.stream.threads"), 2);
}

static void an_unknown_name_is_answered_with_the_nearest(void **state)
{
    assert_holds(refusal(*state, "num.stream.thread", "2"), "did you mean num.stream.threads?");
    assert_holds(refusal(*state, "aplication.id", "a"), "did you mean application.id?");
    const char *unlike = refusal(*state, "colour.of.the.sky", "1");
    assert_holds(unlike, "no such setting. Settings of librdkafka need 'consumer.'");
}

static void a_refusal_names_setting_value_and_what_is_allowed(void **state)
{
    assert_string_equal(refusal(*state, "num.stream.threads", "none"),
                        "num.stream.threads: 'none' is not a number from 1 to 256");
    assert_string_equal(refusal(*state, "deserialization.exception.handler", "skip"),
                        "deserialization.exception.handler: 'skip' is not one of fail, continue");
    assert_string_equal(refusal(*state, "application.id", ""), "application.id: may not be empty");
    assert_holds(refusal(*state, "num.stream.threads", "0"), "from 1");
    assert_holds(refusal(*state, "num.stream.threads", "1x"), "'1x'");
    assert_holds(refusal(*state, "num.stream.threads", "99999999999999999999"), "to 256");
}

static void a_duration_of_auto_offset_reset_is_checked(void **state)
{
    assert_set(*state, "auto.offset.reset", "by_duration:PT1H30M");
    assert_string_equal(weir_config_get(*state, "auto.offset.reset"), "by_duration:PT1H30M");
    assert_string_equal(refusal(*state, "auto.offset.reset", "by_duration:1h"),
                        "auto.offset.reset: 'by_duration:1h' is not one of earliest, latest, none, "
                        "by_duration:<ISO 8601>, as in by_duration:PT1H");
    assert_holds(refusal(*state, "auto.offset.reset", "by_duration:-PT1H"), "is not one of");
}

static void unsupported_settings_are_refused_with_a_reason(void **state)
{
    assert_string_equal(refusal(*state, "processing.guarantee", "exactly_once_beta"),
                        "processing.guarantee: Kafka Streams has 'exactly_once_beta' no longer; "
                        "write exactly_once_v2");
    assert_string_equal(refusal(*state, "num.standby.replicas", "1"),
                        "num.standby.replicas: Weir does not have this setting yet: there are no "
                        "standby tasks yet; leave it out");
    assert_set(*state, "num.standby.replicas", "0");
}

static void exactly_once_commits_more_often_by_default(void **state)
{
    assert_string_equal(weir_config_get(*state, "commit.interval.ms"), "30000");
    assert_set(*state, "processing.guarantee", "exactly_once_v2");
    assert_string_equal(weir_config_get(*state, "commit.interval.ms"), "100");
    assert_int_equal(weir__config_i64(*state, "commit.interval.ms"), 100);
    assert_set(*state, "commit.interval.ms", "5000");
    assert_string_equal(weir_config_get(*state, "commit.interval.ms"), "5000");
}

static void optimizations_are_a_list(void **state)
{
    static const char *const good[] = {"none", "all", "merge.repartition.topics",
                                       "reuse.ktable.source.topics , merge.repartition.topics",
                                       "single.store.self.join,merge.repartition.topics"};
    static const char *const bad[] = {"",
                                      "some",
                                      "all,merge.repartition.topics",
                                      "none,none",
                                      "merge.repartition.topics,",
                                      ",merge.repartition.topics",
                                      "merge.repartition.topics merge.repartition.topics",
                                      "merge.repartition.topic"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_set(*state, "topology.optimization", good[i]);
        assert_string_equal(weir_config_get(*state, "topology.optimization"), good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_holds(refusal(*state, "topology.optimization", bad[i]), "is not one of none, all");
    }
}

static void names_of_java_classes_are_understood(void **state)
{
    assert_set(*state, "deserialization.exception.handler",
               "org.apache.kafka.streams.errors.LogAndContinueExceptionHandler");
    assert_string_equal(weir_config_get(*state, "deserialization.exception.handler"), "continue");
    assert_set(*state, "default.timestamp.extractor", "LogAndSkipOnInvalidTimestamp");
    assert_string_equal(weir_config_get(*state, "default.timestamp.extractor"), "log_and_skip");
    assert_set(*state, "default.dsl.store", "in_memory");
    assert_string_equal(weir_config_get(*state, "dsl.store"), "memory");
    assert_string_equal(weir_config_get(*state, "default.dsl.store"), "memory");
}

static void default_serdes_are_found_by_name(void **state)
{
    weir_serde own = {.name = "order", .size = 8};
    weir_serde other = {.name = "order", .size = 16};
    weir_error error = {0};
    assert_set(*state, "default.key.serde", "i64");
    assert_ptr_equal(weir__config_serde(*state, "default.key.serde"), &weir_i64);
    assert_holds(refusal(*state, "default.value.serde", "order"), "no serde 'order'");
    assert_int_equal(weir_config_register_serde(*state, &own, &error), WEIR_OK);
    assert_set(*state, "default.value.serde", "order");
    assert_ptr_equal(weir__config_serde(*state, "default.value.serde"), &own);
    assert_int_equal(weir_config_register_serde(*state, &own, &error), WEIR_OK);
    assert_int_equal(weir_config_register_serde(*state, &other, &error), WEIR_EEXISTS);
    assert_holds(error.message, "'order'");
}

/* The error has room for some only. */
static void a_list_of_too_many_names_says_that_there_are_more(void **state)
{
    enum { SERDES = 40 };
    weir_serde serdes[SERDES];
    char names[SERDES][16];
    for (int i = 0; i < SERDES; i++) {
        snprintf(names[i], sizeof names[i], "a-serde-%d", i);
        serdes[i] = (weir_serde){.name = names[i], .size = 8};
        assert_int_equal(weir_config_register_serde(*state, &serdes[i], NULL), WEIR_OK);
    }
    const char *message = refusal(*state, "default.key.serde", "order");
    assert_holds(message, "there are: string, bytes, i32, i64, f64, json, a-serde-0, a-serde-1, ");
    assert_string_equal(message + strlen(message) - 5, ", ...");
}

static void warnings_beyond_the_limit_are_not_left_out_silently(void **state)
{
    static const char last[] = "\nfurther warnings are left out\n";
    for (int i = 0; i < 5000; i++) {
        assert_set(*state, "state.dir", " /a");
    }
    const char *notes = weir__config_notes(*state);
    assert_string_equal(notes + strlen(notes) - strlen(last), last);
}

static void collect(const char *name, const char *value, void *user)
{
    weir__buf_printf(user, "%s=%s ", name, value);
}

static void settings_with_a_prefix_go_through_in_order(void **state)
{
    weir_buf text = {0};
    assert_set(*state, "consumer.session.timeout.ms", "6000");
    assert_set(*state, "producer.linger.ms", "5");
    assert_set(*state, "consumer.fetch.min.bytes", "1");
    assert_set(*state, "app.input", "lines");
    assert_set(*state, "ssl.ca.location", "/ca.pem");
    weir__config_each(*state, "consumer.", collect, &text);
    assert_string_equal(weir__buf_text(&text), "session.timeout.ms=6000 fetch.min.bytes=1 ");
    weir__buf_fini(&text);
    assert_string_equal(weir_config_get(*state, "app.input"), "lines");
    assert_null(weir_config_get(*state, "app.output"));
}

static void settings_that_weir_relies_on_are_refused(void **state)
{
    assert_holds(refusal(*state, "consumer.group.id", "g"), "application.id");
    assert_holds(refusal(*state, "main.consumer.enable.auto.commit", "true"), "cannot be set");
    assert_holds(refusal(*state, "producer.transactional.id", "t"), "cannot be set");
    assert_set(*state, "app.group.id", "the program's own");
}

static void required_settings_are_checked(void **state)
{
    weir_error error = {0};
    assert_int_equal(weir__config_check(*state, &error), WEIR_ECONFIG);
    assert_string_equal(error.message, "application.id: must be set");
    assert_set(*state, "application.id", "count");
    assert_int_equal(weir__config_check(*state, &error), WEIR_ECONFIG);
    assert_string_equal(error.message, "bootstrap.servers: must be set");
    assert_set(*state, "bootstrap.servers", "localhost:9092");
    assert_int_equal(weir__config_check(*state, &error), WEIR_OK);
    assert_set(*state, "application.id", "word count");
    assert_int_equal(weir__config_check(*state, &error), WEIR_ECONFIG);
    assert_holds(error.message, "'word count'");
}

static void servers_that_cannot_be_are_refused(void **state)
{
    assert_holds(refusal(*state, "bootstrap.servers", ","), "'' in ',' is empty");
    assert_holds(refusal(*state, "bootstrap.servers", "a:1,,b:2"), "'' in 'a:1,,b:2' is empty");
    assert_holds(refusal(*state, "bootstrap.servers", "a:b"), "'a:b' in 'a:b' has no number");
    assert_holds(refusal(*state, "bootstrap.servers", "a:"), "has no number as its port");
    assert_holds(refusal(*state, "bootstrap.servers", ":9092"), "':9092' in ':9092' has no host");
    assert_holds(
        refusal(*state, "bootstrap.servers", "a:1, 127.0.0.1:99999"),
        "'127.0.0.1:99999' in 'a:1, 127.0.0.1:99999' has a port that is not from 1 to 65535");
    assert_holds(refusal(*state, "bootstrap.servers", "a:0"), "not from 1 to 65535");
    assert_holds(refusal(*state, "bootstrap.servers", "a b:1"), "has a blank in its host");
    assert_set(*state, "bootstrap.servers", "localhost");
    assert_set(*state, "bootstrap.servers", "a:1 , SASL_SSL://b:65535,[::1]:9092,");
}

static void a_copy_shares_no_values(void **state)
{
    weir_serde own = {.name = "order", .size = 8};
    assert_int_equal(weir_config_register_serde(*state, &own, NULL), WEIR_OK);
    assert_set(*state, "default.key.serde", "order");
    assert_set(*state, "state.dir", "/a");
    weir_config *copy = weir__config_copy(*state);
    assert_non_null(copy);
    assert_set(*state, "state.dir", "/b");
    assert_string_equal(weir_config_get(copy, "state.dir"), "/a");
    assert_ptr_equal(weir__config_serde(copy, "default.key.serde"), &own);
    weir_config_free(copy);
}

/* Loads a file with this text. */
static weir_err load(weir_config *config, const char *text, size_t len, weir_error *error)
{
    char path[] = "/tmp/weir-config-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, len), (ssize_t)len);
    close(fd);
    weir_err err = weir_config_load(config, path, error);
    unlink(path);
    return err;
}

static void assert_loads(weir_config *config, const char *text)
{
    weir_error error = {0};
    if (load(config, text, strlen(text), &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
}

static void properties_files_are_read_as_java_reads_them(void **state)
{
    assert_loads(*state, "# a comment \\\n"
                         "! another\r\n"
                         "\n"
                         "application.id=count\r\n"
                         "  bootstrap.servers : a:1,\\\n"
                         "      b:2\n"
                         "state.dir /tmp/with\\ blank\n"
                         "app.tabs=a\\tb\\\\c\\n\n"
                         "app.unicode = \\u00e9\\u20AC\\ud83d\\ude00\n"
                         "app.is\\=odd\\:name = x = y : z \n"
                         "app.empty\n"
                         "app.last=no newline");
    assert_string_equal(weir_config_get(*state, "application.id"), "count");
    assert_string_equal(weir_config_get(*state, "bootstrap.servers"), "a:1,b:2");
    assert_string_equal(weir_config_get(*state, "state.dir"), "/tmp/with blank");
    assert_string_equal(weir_config_get(*state, "app.tabs"), "a\tb\\c\n");
    assert_string_equal(weir_config_get(*state, "app.unicode"),
                        "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    assert_string_equal(weir_config_get(*state, "app.is=odd:name"), "x = y : z ");
    assert_string_equal(weir_config_get(*state, "app.empty"), "");
    assert_string_equal(weir_config_get(*state, "app.last"), "no newline");
}

static void a_byte_order_mark_is_no_part_of_the_first_name(void **state)
{
    assert_loads(*state, "\xef\xbb\xbf"
                         "application.id=a\n");
    assert_string_equal(weir_config_get(*state, "application.id"), "a");
    weir_error error = {0};
    assert_int_equal(load(*state,
                          "\xff\xfe"
                          "a",
                          3, &error),
                     WEIR_ECONFIG);
    assert_holds(error.message, "UTF-16");
}

static void blanks_around_a_value_are_left_out(void **state)
{
    assert_loads(*state, "num.stream.threads= 2 \n"
                         "state.dir=/tmp/x \n"
                         "commit.interval.ms=\\ 7\\ \t\n"
                         "consumer.fetch.min.bytes=3 \n"
                         "app.kept=x \n");
    assert_int_equal(weir__config_i64(*state, "num.stream.threads"), 2);
    assert_int_equal(weir__config_i64(*state, "commit.interval.ms"), 7);
    assert_string_equal(weir_config_get(*state, "state.dir"), "/tmp/x");
    assert_string_equal(weir_config_get(*state, "consumer.fetch.min.bytes"), "3");
    assert_string_equal(weir_config_get(*state, "app.kept"), "x ");
    assert_holds(weir__config_notes(*state), "state.dir: the blanks around its value");
}

static void a_line_may_be_broken_inside_an_escape(void **state)
{
    assert_loads(*state, "app.a=\\u00\\\n   e9\n"
                         "app.b=\\ud83d\\\n\\ude00\n"
                         "app.\\\n  c \\\n  = d\n");
    assert_string_equal(weir_config_get(*state, "app.a"), "\xc3\xa9");
    assert_string_equal(weir_config_get(*state, "app.b"), "\xf0\x9f\x98\x80");
    assert_string_equal(weir_config_get(*state, "app.c"), "d");
}

static void an_empty_name_is_named_as_such(void **state)
{
    weir_error error = {0};
    assert_int_equal(load(*state, "app.a\n=x\n", 9, &error), WEIR_ECONFIG);
    assert_int_equal(load(*state, "\n = x\n", 6, &error), WEIR_ECONFIG);
    assert_holds(error.message, ":2: the name of the setting is empty");
    assert_string_equal(refusal(*state, "", "x"), "the name of the setting is empty");
}

static void errors_in_files_name_file_and_line(void **state)
{
    weir_error error = {0};
    static const char unknown[] = "# first\napplication.id=a\\\nb\n\nnum.treads=3\n";
    static const char escape[] = "app.x=\\u12\n";
    static const char nul[] = "app.x=\\u0000\n";
    static const char half[] = "app.x=\\ud83d\n";
    assert_int_equal(load(*state, unknown, strlen(unknown), &error), WEIR_ECONFIG);
    assert_holds(error.message, ":5: num.treads: no such setting");
    assert_int_equal(load(*state, escape, strlen(escape), &error), WEIR_ECONFIG);
    assert_holds(error.message, ":1: \\u needs four");
    assert_int_equal(load(*state, nul, strlen(nul), &error), WEIR_ECONFIG);
    assert_int_equal(load(*state, half, strlen(half), &error), WEIR_ECONFIG);
    assert_int_equal(load(*state, "a\0b", 3, &error), WEIR_ECONFIG);
    assert_int_equal(weir_config_load(*state, "/nowhere/x.properties", &error), WEIR_EIO);
    assert_holds(error.message, "/nowhere/x.properties: ");
}

static void a_cut_file_never_harms(void **state)
{
    static const char text[] = "app.a\\u00e9 = \\ud83d\\ude00 \\\n  more \\t\napp.b:c\\";
    for (size_t len = 0; len < sizeof text; len++) {
        weir_err err = load(*state, text, len, NULL);
        assert_true(err == WEIR_OK || err == WEIR_ECONFIG);
    }
}

static void keep_line(int level, const char *text, void *user)
{
    snprintf(user, 64, "%d %s", level, text);
}

static void log_lines_above_the_level_are_dropped(void **state)
{
    char line[64] = "";
    assert_set(*state, "log.level", "warn");
    weir__log log = {.level = weir__log_level_of(*state), .fn = keep_line, .user = line};
    weir__log_write(&log, WEIR__LOG_INFO, "started");
    assert_string_equal(line, "");
    weir__log_write(&log, WEIR__LOG_WARNING, "skipped %d", 3);
    assert_string_equal(line, "4 skipped 3");
    weir__log_write(NULL, WEIR__LOG_ERROR, "nobody listens");
}

#define CONFIG_MD WEIR_SOURCE_DIR "/docs/config.md"

static void the_document_agrees_with_the_table(void **state)
{
    (void)state;
    weir_buf expected = {0};
    char actual[65536];
    assert_int_equal(weir__settings_markdown(&expected), WEIR_OK);
    FILE *file = fopen(CONFIG_MD, "r");
    assert_non_null(file);
    actual[fread(actual, 1, sizeof actual - 1, file)] = '\0';
    fclose(file);
    bool same = strcmp(actual, weir__buf_text(&expected)) == 0;
    weir__buf_fini(&expected);
    if (!same) {
        fail_msg("docs/config.md is not up to date: run test-unit-config --write");
    }
}

static int write_document(void)
{
    weir_buf text = {0};
    FILE *file = fopen(CONFIG_MD, "w");
    bool done = file != NULL && weir__settings_markdown(&text) == WEIR_OK &&
                fputs(weir__buf_text(&text), file) >= 0;
    if (file != NULL) {
        done = fclose(file) == 0 && done;
    }
    weir__buf_fini(&text);
    return done ? 0 : 1;
}

#define test(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        test(defaults_are_those_of_kafka_streams),
        test(the_last_value_set_wins),
        test(an_unknown_name_is_answered_with_the_nearest),
        test(a_refusal_names_setting_value_and_what_is_allowed),
        test(a_duration_of_auto_offset_reset_is_checked),
        test(unsupported_settings_are_refused_with_a_reason),
        test(exactly_once_commits_more_often_by_default),
        test(optimizations_are_a_list),
        test(names_of_java_classes_are_understood),
        test(default_serdes_are_found_by_name),
        test(a_list_of_too_many_names_says_that_there_are_more),
        test(warnings_beyond_the_limit_are_not_left_out_silently),
        test(settings_with_a_prefix_go_through_in_order),
        test(settings_that_weir_relies_on_are_refused),
        test(required_settings_are_checked),
        test(servers_that_cannot_be_are_refused),
        test(a_copy_shares_no_values),
        test(properties_files_are_read_as_java_reads_them),
        test(a_byte_order_mark_is_no_part_of_the_first_name),
        test(blanks_around_a_value_are_left_out),
        test(a_line_may_be_broken_inside_an_escape),
        test(an_empty_name_is_named_as_such),
        test(errors_in_files_name_file_and_line),
        test(a_cut_file_never_harms),
        test(log_lines_above_the_level_are_dropped),
        test(the_document_agrees_with_the_table),
    };
    if (argc == 2 && strcmp(argv[1], "--write") == 0) {
        return write_document();
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
