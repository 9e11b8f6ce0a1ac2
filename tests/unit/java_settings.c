/* SPDX-License-Identifier: Apache-2.0
 *
 * A Java application's properties file: what is taken, what it becomes, and what is refused with
 * what to write instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include <cmocka.h>

#include "client/kafka.h"
#include "core/buf.h"
#include "core/config.h"
#include "core/settings.h"

#define JAVA_FILE WEIR_SOURCE_DIR "/tests/data/java-application.properties"

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

static void assert_set(weir_config *config, const char *name, const char *value)
{
    weir_error error = {0};
    if (weir_config_set(config, name, value, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
}

static void assert_refused(weir_config *config, const char *name, const char *value,
                           const char *part)
{
    weir_error error = {0};
    assert_int_equal(weir_config_set(config, name, value, &error), WEIR_ECONFIG);
    if (strstr(error.message, part) == NULL) {
        fail_msg("'%s' is not in '%s'", part, error.message);
    }
}

/* The value that librdkafka gets for a client; in static storage. */
static const char *given(const weir_config *config, weir__kafka_role role, const char *name)
{
    static char value[128];
    size_t size = sizeof value;
    weir_error error = {0};
    rd_kafka_conf_t *conf = NULL;
    if (weir__kafka_conf(config, role, "test", NULL, &conf, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
    assert_int_equal(rd_kafka_conf_get(conf, name, value, &size), RD_KAFKA_CONF_OK);
    rd_kafka_conf_destroy(conf);
    return value;
}

/* The message for the one setting of the file that Weir may still get. The messages for the other
 * lines do not depend on it. */
#define PROBLEM_21                                                                                 \
    "refused 21 state.cleanup.delay.ms: Weir does not have this setting yet: folders of tasks "    \
    "are "                                                                                         \
    "not removed yet; leave it out\n"

static void keep_problem(const weir_config_problem *problem, void *user)
{
    assert_string_equal(problem->path, JAVA_FILE);
    weir__buf_printf(user, "%s %d %s\n", problem->refused ? "refused" : "warning", problem->line,
                     problem->message);
}

static const char problems_before[] =
    "warning 8 default.deserialization.exception.handler is an old name: write "
    "deserialization.exception.handler\n"
    "refused 12 num.standby.replicas: Weir does not have this setting yet: there are no standby "
    "tasks yet; leave it out\n"
    "warning 15 cache.max.bytes.buffering is an old name: write statestore.cache.max.bytes\n";
static const char problems_behind[] =
    "refused 23 metrics.recording.level: Weir does not have this setting yet: Weir records no "
    "metrics yet; leave it out\n"
    "refused 34 restore.consumer.max.poll.records: cannot be set: only the consumers of stream "
    "threads have it; set max.poll.records\n"
    "refused 41 admin.retries: cannot be honoured: requests are repeated until task.timeout.ms; "
    "leave it out\n"
    "refused 46 sasl.jaas.config: cannot be honoured: Weir has no JAAS; write "
    "sasl.username=<name> and sasl.password=<password> (PLAIN, SCRAM)\n"
    "refused 47 ssl.truststore.location: cannot be honoured: Weir reads no trust stores of Java; "
    "write ssl.ca.location=<file of certificates in PEM> (keytool -exportcert -rfc)\n"
    "refused 48 upgrade.from: cannot be honoured: is for rolling upgrades of Kafka Streams; the "
    "first instance of Weir needs a group without other members; leave it out\n"
    "refused 49 rocksdb.config.setter: cannot be honoured: names a Java class, which Weir cannot "
    "run; leave it out\n";

static void each_line_that_cannot_be_honoured_is_named(void **state)
{
    weir_buf problems = {0};
    weir_error error = {0};
    weir_err err = weir_config_load_with(*state, JAVA_FILE, keep_problem, &problems, &error);
    weir_buf expected = {0};
    bool cleans = weir__setting_find("state.cleanup.delay.ms") != NULL;
    weir__buf_printf(&expected, "%s%s%s", problems_before, cleans ? "" : PROBLEM_21,
                     problems_behind);
    bool same = strcmp(weir__buf_text(&problems), weir__buf_text(&expected)) == 0;
    weir__buf_fini(&expected);
    if (!same) {
        fprintf(stderr, "%s", weir__buf_text(&problems));
    }
    weir__buf_fini(&problems);
    assert_true(same);
    assert_int_equal(err, WEIR_ECONFIG);
    assert_non_null(strstr(error.message,
                           JAVA_FILE ":12: num.standby.replicas: Weir does not have this "
                                     "setting yet: "));
    assert_non_null(strstr(error.message,
                           cleans ? "(7 more refused: line 23" : "(8 more refused: line 21, 23"));
}

/* Name, value, ... */
static const char *const taken[] = {"application.id",
                                    "payments-enricher",
                                    "bootstrap.servers",
                                    "127.0.0.1:9092",
                                    "client.id",
                                    "enricher-1",
                                    "default.key.serde",
                                    "string",
                                    "default.value.serde",
                                    "bytes",
                                    "default.timestamp.extractor",
                                    "fail_on_invalid",
                                    "deserialization.exception.handler",
                                    "continue",
                                    "processing.exception.handler",
                                    "fail",
                                    "num.stream.threads",
                                    "4",
                                    "replication.factor",
                                    "-1",
                                    "commit.interval.ms",
                                    "10000",
                                    "statestore.cache.max.bytes",
                                    "10485760",
                                    "max.task.idle.ms",
                                    "0",
                                    "buffered.records.per.partition",
                                    "1000",
                                    "poll.ms",
                                    "100",
                                    "state.dir",
                                    "/var/lib/kafka-streams",
                                    "request.timeout.ms",
                                    "40000",
                                    "retry.backoff.ms",
                                    "100",
                                    "session.timeout.ms",
                                    "45000",
                                    "heartbeat.interval.ms",
                                    "3000",
                                    "max.poll.records",
                                    "1000",
                                    "max.poll.interval.ms",
                                    "300000",
                                    "auto.offset.reset",
                                    "earliest",
                                    "fetch.max.wait.ms",
                                    "500",
                                    "consumer.fetch.min.bytes",
                                    "1",
                                    "main.consumer.fetch.max.bytes",
                                    "52428800",
                                    "producer.acks",
                                    "all",
                                    "producer.linger.ms",
                                    "100",
                                    "producer.batch.size",
                                    "65536",
                                    "producer.compression.type",
                                    "lz4",
                                    "producer.buffer.memory",
                                    "33554432",
                                    "producer.max.block.ms",
                                    "60000",
                                    "topic.segment.bytes",
                                    "104857600",
                                    "topic.min.insync.replicas",
                                    "2",
                                    "security.protocol",
                                    "SASL_SSL",
                                    "sasl.mechanism",
                                    "PLAIN",
                                    NULL};

static void every_other_line_is_taken(void **state)
{
    (void)weir_config_load(*state, JAVA_FILE, NULL);
    for (size_t i = 0; taken[i] != NULL; i += 2) {
        const char *value = weir_config_get(*state, taken[i]);
        if (value == NULL || strcmp(value, taken[i + 1]) != 0) {
            fail_msg("%s is '%s'", taken[i], value != NULL ? value : "not set");
        }
    }
}

static void the_clients_get_the_accepted_settings(void **state)
{
    (void)weir_config_load(*state, JAVA_FILE, NULL);
    assert_string_equal(given(*state, WEIR__KAFKA_MAIN, "session.timeout.ms"), "45000");
    assert_string_equal(given(*state, WEIR__KAFKA_MAIN, "heartbeat.interval.ms"), "3000");
    assert_string_equal(given(*state, WEIR__KAFKA_MAIN, "fetch.wait.max.ms"), "500");
    assert_string_equal(given(*state, WEIR__KAFKA_MAIN, "fetch.max.bytes"), "52428800");
    assert_string_equal(given(*state, WEIR__KAFKA_RESTORE, "socket.timeout.ms"), "40000");
    assert_string_equal(given(*state, WEIR__KAFKA_ADMIN, "socket.timeout.ms"), "40000");
    assert_string_equal(given(*state, WEIR__KAFKA_PRODUCER, "queue.buffering.max.kbytes"), "32768");
    assert_string_equal(given(*state, WEIR__KAFKA_PRODUCER, "compression.codec"), "lz4");
    assert_string_equal(given(*state, WEIR__KAFKA_PRODUCER, "batch.size"), "65536");
    assert_string_equal(given(*state, WEIR__KAFKA_ADMIN, "security.protocol"), "sasl_ssl");
    assert_string_equal(given(*state, WEIR__KAFKA_ADMIN, "sasl.mechanisms"), "PLAIN");
}

static void java_names_behind_a_prefix_are_translated(void **state)
{
    assert_set(*state, "fetch.max.wait.ms", "400");
    assert_set(*state, "consumer.fetch.max.wait.ms", "300");
    assert_set(*state, "restore.consumer.fetch.max.wait.ms", "200");
    assert_set(*state, "producer.request.timeout.ms", "7000");
    assert_set(*state, "main.consumer.max.poll.records", "5");
    assert_string_equal(given(*state, WEIR__KAFKA_MAIN, "fetch.wait.max.ms"), "300");
    assert_string_equal(given(*state, WEIR__KAFKA_RESTORE, "fetch.wait.max.ms"), "200");
    assert_string_equal(given(*state, WEIR__KAFKA_PRODUCER, "socket.timeout.ms"), "7000");
    assert_int_equal(weir__config_i64(*state, "max.poll.records"), 5);
}

static void a_wrong_value_is_reported_with_the_name_that_was_set(void **state)
{
    weir_error error = {0};
    assert_refused(*state, "consumer.fetch.max.wait.ms", "soon",
                   "consumer.fetch.max.wait.ms: 'soon' is not a number from 0 to 2147483647");
    assert_refused(*state, "consumer.isolation.level", "none",
                   "consumer.isolation.level: 'none' is not one of read_uncommitted, "
                   "read_committed");
    assert_refused(*state, "check.crcs", "yes", "check.crcs: 'yes' is not one of true, false");
    assert_set(*state, "consumer.fetch.wait.max.ms", "soon");
    assert_int_equal(weir__client_check(*state, NULL, &error), WEIR_ECONFIG);
    assert_non_null(strstr(error.message, "consumer.fetch.wait.max.ms=soon"));
}

static void the_own_name_of_a_setting_wins_over_an_old_one(void **state)
{
    assert_set(*state, "cache.max.bytes.buffering", "1");
    assert_int_equal(weir__config_i64(*state, "statestore.cache.max.bytes"), 1);
    assert_set(*state, "cache.max.bytes.buffering", "2");
    assert_int_equal(weir__config_i64(*state, "statestore.cache.max.bytes"), 2);
    assert_set(*state, "statestore.cache.max.bytes", "3");
    assert_set(*state, "cache.max.bytes.buffering", "4");
    assert_int_equal(weir__config_i64(*state, "statestore.cache.max.bytes"), 3);
    assert_non_null(strstr(weir__config_notes(*state),
                           "cache.max.bytes.buffering is not looked at: there is "
                           "statestore.cache.max.bytes"));
    assert_refused(*state, "cache.max.bytes.buffering", "x", "cache.max.bytes.buffering: ");
}

static void classes_of_kafka_stand_for_what_weir_has(void **state)
{
    static const char package[] = "org.apache.kafka.common.serialization.Serdes$";
    static const char *const serdes[] = {"StringSerde", "string", "ByteArraySerde", "bytes",
                                         "BytesSerde",  "bytes",  "IntegerSerde",   "i32",
                                         "LongSerde",   "i64",    "DoubleSerde",    "f64",
                                         NULL};
    for (size_t i = 0; serdes[i] != NULL; i += 2) {
        char name[128];
        snprintf(name, sizeof name, "%s%s", package, serdes[i]);
        assert_set(*state, "default.key.serde", name);
        assert_string_equal(weir_config_get(*state, "default.key.serde"), serdes[i + 1]);
    }
    assert_set(*state, "default.timestamp.extractor",
               "org.apache.kafka.streams.processor.WallclockTimestampExtractor");
    assert_string_equal(weir_config_get(*state, "default.timestamp.extractor"), "wall_clock");
    assert_set(*state, "default.production.exception.handler",
               "org.apache.kafka.streams.errors.DefaultProductionExceptionHandler");
    assert_string_equal(weir_config_get(*state, "production.exception.handler"), "fail");
}

static void a_setting_without_a_counterpart_names_the_alternative(void **state)
{
    assert_refused(*state, "default.timestamp.extractor", "com.example.OrderTime",
                   "is a Java class, which Weir cannot run; write one of fail_on_invalid");
    assert_refused(*state, "default.timestamp.extractor", "com.example.OrderTime",
                   "or give the sources a timestamp function");
    assert_refused(*state, "default.value.serde", "com.example.OrderSerde",
                   "no serde 'com.example.OrderSerde' is registered");
    assert_refused(*state, "processing.guarantee", "exactly_once",
                   "Kafka Streams has 'exactly_once' no longer; write exactly_once_v2");
    assert_refused(*state, "ssl.keystore.location", "/etc/kafka/client.jks",
                   "write ssl.certificate.location and ssl.key.location");
    assert_set(*state, "ssl.keystore.location", "/etc/kafka/client.p12");
    assert_refused(*state, "enable.auto.commit", "true", "Weir commits");
    assert_refused(*state, "consumer.interceptor.classes", "com.example.I", "Java class");
    assert_refused(*state, "state.cleanup.dealy.ms", "1", "no such setting");
}

#define test(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(each_line_that_cannot_be_honoured_is_named),
        test(every_other_line_is_taken),
        test(the_clients_get_the_accepted_settings),
        test(java_names_behind_a_prefix_are_translated),
        test(a_wrong_value_is_reported_with_the_name_that_was_set),
        test(the_own_name_of_a_setting_wins_over_an_old_one),
        test(classes_of_kafka_stand_for_what_weir_has),
        test(a_setting_without_a_counterpart_names_the_alternative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
