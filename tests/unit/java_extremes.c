/* SPDX-License-Identifier: Apache-2.0
 *
 * Every setting of Kafka's Java clients with the extremes of what Java allows: each is taken, or
 * refused with what to write instead. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include <cmocka.h>

#include "client/kafka.h"
#include "core/buf.h"
#include "core/config.h"

#define VALUES_MAX 6
#define INT_MAX_TEXT "2147483647"
#define INT_MIN_TEXT "-2147483648"
#define LONG_MAX_TEXT "9223372036854775807"
#define LONG_MIN_TEXT "-9223372036854775808"
#define BOOLEANS                                                                                   \
    {                                                                                              \
        "true", "false"                                                                            \
    }

enum { CONSUMER = 1, PRODUCER = 2, ADMIN = 4, CLIENTS = 7 };

/* Names and values are those of ConsumerConfig, ProducerConfig and AdminClientConfig, with
 * withClientSslSupport and withClientSaslSupport. bootstrap.servers and security.protocol, which
 * have tests of their own, are left out. */
static const struct {
    int clients;
    const char *name;
    const char *values[VALUES_MAX];
} taken[] = {
    {CLIENTS, "client.dns.lookup", {"use_all_dns_ips"}},
    {CLIENTS, "client.rack", {"", "rack-1"}},
    {CLIENTS, "connections.max.idle.ms", {LONG_MIN_TEXT, "-1", "0", LONG_MAX_TEXT}},
    {CLIENTS, "metadata.max.age.ms", {"0", "1", LONG_MAX_TEXT}},
    {CLIENTS, "metadata.recovery.strategy", {"none"}},
    {CLIENTS, "receive.buffer.bytes", {"-1", "0", INT_MAX_TEXT}},
    {CLIENTS, "reconnect.backoff.max.ms", {"0", LONG_MAX_TEXT}},
    {CLIENTS, "reconnect.backoff.ms", {"0", "2000", LONG_MAX_TEXT}},
    {CLIENTS, "request.timeout.ms", {"0", INT_MAX_TEXT}},
    {CLIENTS, "retry.backoff.max.ms", {"0", LONG_MAX_TEXT}},
    {CLIENTS, "retry.backoff.ms", {"0", LONG_MAX_TEXT}},
    {CLIENTS, "send.buffer.bytes", {"-1", "0", INT_MAX_TEXT}},
    {CLIENTS, "socket.connection.setup.timeout.ms", {LONG_MIN_TEXT, LONG_MAX_TEXT}},
    {CLIENTS, "socket.connection.setup.timeout.max.ms", {LONG_MIN_TEXT, LONG_MAX_TEXT}},
    {CLIENTS, "enable.metrics.push", {"false"}},
    {CLIENTS, "metric.reporters", {""}},
    {CLIENTS, "sasl.kerberos.min.time.before.relogin", {LONG_MIN_TEXT, LONG_MAX_TEXT}},
    {CLIENTS, "sasl.kerberos.service.name", {"kafka"}},
    {CLIENTS, "sasl.oauthbearer.scope.claim.name", {"scope"}},
    {CLIENTS, "sasl.oauthbearer.sub.claim.name", {"sub"}},
    {CLIENTS, "ssl.endpoint.identification.algorithm", {"", "https"}},
    {CLIENTS, "ssl.keystore.type", {"PKCS12"}},
    {CLIENTS, "ssl.key.password", {"secret"}},

    {CONSUMER, "allow.auto.create.topics", {"false"}},
    {CONSUMER, "auto.offset.reset", {"earliest", "latest", "none", "by_duration:P2DT3H4.5S"}},
    {CONSUMER, "check.crcs", BOOLEANS},
    {CONSUMER, "enable.auto.commit", {"false"}},
    {CONSUMER, "fetch.max.bytes", {"0", INT_MAX_TEXT}},
    {CONSUMER, "fetch.max.wait.ms", {"0", INT_MAX_TEXT}},
    {CONSUMER, "fetch.min.bytes", {"0", INT_MAX_TEXT}},
    {CONSUMER, "group.protocol", {"classic"}},
    {CONSUMER, "heartbeat.interval.ms", {INT_MIN_TEXT, "1"}},
    {CONSUMER, "interceptor.classes", {""}},
    {CONSUMER, "internal.leave.group.on.close", {"true"}},
    {CONSUMER, "isolation.level", {"read_uncommitted", "read_committed"}},
    {CONSUMER, "max.partition.fetch.bytes", {"0", INT_MAX_TEXT}},
    {CONSUMER, "max.poll.interval.ms", {"1", INT_MAX_TEXT}},
    {CONSUMER, "max.poll.records", {"1", INT_MAX_TEXT}},
    {CONSUMER, "session.timeout.ms", {"3001", INT_MAX_TEXT}},

    {PRODUCER, "acks", {"all", "-1", "0", "1"}},
    {PRODUCER, "batch.size", {"0", INT_MAX_TEXT}},
    {PRODUCER, "buffer.memory", {"0", "500", LONG_MAX_TEXT}},
    {PRODUCER, "compression.type", {"none", "gzip", "snappy", "lz4", "zstd"}},
    {PRODUCER, "delivery.timeout.ms", {"0", "1", INT_MAX_TEXT}},
    {PRODUCER, "enable.idempotence", BOOLEANS},
    {PRODUCER, "linger.ms", {"0", "400000", LONG_MAX_TEXT}},
    {PRODUCER, "max.block.ms", {"0", LONG_MAX_TEXT}},
    {PRODUCER, "max.in.flight.requests.per.connection", {"1", "10", INT_MAX_TEXT}},
    {PRODUCER, "max.request.size", {"0", INT_MAX_TEXT}},
    {PRODUCER, "metadata.max.idle.ms", {"5000", LONG_MAX_TEXT}},
    {PRODUCER, "partitioner.adaptive.partitioning.enable", BOOLEANS},
    {PRODUCER, "partitioner.availability.timeout.ms", {"0", LONG_MAX_TEXT}},
    {PRODUCER, "partitioner.ignore.keys", {"false"}},
    {PRODUCER, "retries", {"0", INT_MAX_TEXT}},
    {PRODUCER, "transaction.timeout.ms", {INT_MIN_TEXT, INT_MAX_TEXT}},
};

static const struct {
    int clients;
    const char *name;
    const char *values[VALUES_MAX];
} refused[] = {
    {CLIENTS, "auto.include.jmx.reporter", BOOLEANS},
    {CLIENTS, "client.dns.lookup", {"default"}},
    {CLIENTS, "config.providers", {"file"}},
    {CLIENTS, "enable.metrics.push", {"true"}},
    {CLIENTS, "metadata.recovery.rebootstrap.trigger.ms", {"0", INT_MAX_TEXT}},
    {CLIENTS, "metadata.recovery.strategy", {"rebootstrap"}},
    {CLIENTS, "metric.reporters", {"com.example.Reporter"}},
    {CLIENTS, "metrics.num.samples", {"1", INT_MAX_TEXT}},
    {CLIENTS, "metrics.recording.level", {"INFO", "DEBUG", "TRACE"}},
    {CLIENTS, "metrics.sample.window.ms", {"0", LONG_MAX_TEXT}},
    {CLIENTS, "sasl.client.callback.handler.class", {"com.example.Handler"}},
    {CLIENTS, "sasl.jaas.config", {"com.example.Login required;"}},
    {CLIENTS, "sasl.kerberos.ticket.renew.jitter", {"0.05"}},
    {CLIENTS, "sasl.kerberos.ticket.renew.window.factor", {"0.8"}},
    {CLIENTS, "sasl.login.callback.handler.class", {"com.example.Handler"}},
    {CLIENTS, "sasl.login.class", {"com.example.Login"}},
    {CLIENTS, "sasl.login.connect.timeout.ms", {INT_MAX_TEXT}},
    {CLIENTS, "sasl.login.read.timeout.ms", {INT_MAX_TEXT}},
    {CLIENTS, "sasl.login.refresh.buffer.seconds", {"0", "3600"}},
    {CLIENTS, "sasl.login.refresh.min.period.seconds", {"0", "900"}},
    {CLIENTS, "sasl.login.refresh.window.factor", {"0.5", "1.0"}},
    {CLIENTS, "sasl.login.refresh.window.jitter", {"0.0", "0.25"}},
    {CLIENTS, "sasl.login.retry.backoff.max.ms", {LONG_MAX_TEXT}},
    {CLIENTS, "sasl.login.retry.backoff.ms", {LONG_MAX_TEXT}},
    {CLIENTS, "sasl.oauthbearer.clock.skew.seconds", {INT_MAX_TEXT}},
    {CLIENTS, "sasl.oauthbearer.expected.audience", {"a"}},
    {CLIENTS, "sasl.oauthbearer.expected.issuer", {"a"}},
    {CLIENTS, "sasl.oauthbearer.header.urlencode", {"true"}},
    {CLIENTS, "sasl.oauthbearer.jwks.endpoint.refresh.ms", {LONG_MAX_TEXT}},
    {CLIENTS, "sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", {LONG_MAX_TEXT}},
    {CLIENTS, "sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", {LONG_MAX_TEXT}},
    {CLIENTS, "sasl.oauthbearer.jwks.endpoint.url", {"https://example.com"}},
    {CLIENTS, "security.providers", {"com.example.Provider"}},
    {CLIENTS, "ssl.enabled.protocols", {"TLSv1.2"}},
    {CLIENTS, "ssl.engine.factory.class", {"com.example.Factory"}},
    {CLIENTS, "ssl.keymanager.algorithm", {"SunX509"}},
    {CLIENTS, "ssl.keystore.certificate.chain", {"PEM"}},
    {CLIENTS, "ssl.keystore.key", {"PEM"}},
    {CLIENTS, "ssl.keystore.location", {"/etc/kafka/client.jks"}},
    {CLIENTS, "ssl.keystore.type", {"JKS", "PEM"}},
    {CLIENTS, "ssl.protocol", {"TLSv1.3"}},
    {CLIENTS, "ssl.provider", {"SunJSSE"}},
    {CLIENTS, "ssl.secure.random.implementation", {"SHA1PRNG"}},
    {CLIENTS, "ssl.trustmanager.algorithm", {"PKIX"}},
    {CLIENTS, "ssl.truststore.certificates", {"PEM"}},
    {CLIENTS, "ssl.truststore.location", {"/etc/kafka/trust.jks"}},
    {CLIENTS, "ssl.truststore.password", {"secret"}},
    {CLIENTS, "ssl.truststore.type", {"JKS"}},

    {CONSUMER, "allow.auto.create.topics", {"true"}},
    {CONSUMER, "auto.commit.interval.ms", {"0", INT_MAX_TEXT}},
    {CONSUMER, "default.api.timeout.ms", {"0", INT_MAX_TEXT}},
    {CONSUMER, "enable.auto.commit", {"true"}},
    {CONSUMER, "exclude.internal.topics", {"false"}},
    {CONSUMER, "group.id", {"g"}},
    {CONSUMER, "group.instance.id", {"i"}},
    {CONSUMER, "group.protocol", {"consumer"}},
    {CONSUMER, "group.remote.assignor", {"uniform"}},
    {CONSUMER, "heartbeat.interval.ms", {INT_MAX_TEXT}},
    {CONSUMER, "interceptor.classes", {"com.example.I"}},
    {CONSUMER, "internal.leave.group.on.close", {"false"}},
    {CONSUMER, "internal.throw.on.fetch.stable.offset.unsupported", {"true"}},
    {CONSUMER, "key.deserializer", {"com.example.D"}},
    {CONSUMER, "partition.assignment.strategy", {"com.example.A"}},
    {CONSUMER, "session.timeout.ms", {INT_MIN_TEXT, "1"}},
    {CONSUMER, "value.deserializer", {"com.example.D"}},

    {PRODUCER, "compression.gzip.level", {"-1", "9"}},
    {PRODUCER, "compression.lz4.level", {"1", "17"}},
    {PRODUCER, "compression.zstd.level", {"-131072", "22"}},
    {PRODUCER, "interceptor.classes", {"com.example.I"}},
    {PRODUCER, "key.serializer", {"com.example.S"}},
    {PRODUCER, "partitioner.class", {"com.example.P"}},
    {PRODUCER, "partitioner.ignore.keys", {"true"}},
    {PRODUCER, "transaction.two.phase.commit.enable", {"true"}},
    {PRODUCER, "transactional.id", {"t"}},
    {PRODUCER, "value.serializer", {"com.example.S"}},

    {ADMIN, "bootstrap.controllers", {"127.0.0.1:9093"}},
    {ADMIN, "default.api.timeout.ms", {"0", INT_MAX_TEXT}},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static weir_config *new_config(void)
{
    weir_config *config = weir_config_new();
    assert_non_null(config);
    assert_int_equal(weir_config_set(config, "application.id", "a", NULL), WEIR_OK);
    assert_int_equal(weir_config_set(config, "bootstrap.servers", "127.0.0.1:1", NULL), WEIR_OK);
    return config;
}

/* What weir_app_new does with the setting. */
static weir_err try_value(const char *name, const char *value, weir_error *error)
{
    weir_config *config = new_config();
    weir_err err = weir_config_set(config, name, value, error);
    if (err == WEIR_OK) {
        err = weir__client_check(config, NULL, error);
    }
    weir_config_free(config);
    return err;
}

typedef void (*check_fn)(const char *name, const char *value);

/* Without a prefix, and with that of each client. */
static void check_names(int clients, const char *name, const char *value, check_fn check)
{
    static const char *const prefixes[] = {"consumer.", "producer.", "admin."};
    char whole[128];
    check(name, value);
    for (unsigned i = 0; i < COUNT(prefixes); i++) {
        if ((clients & 1 << i) != 0) {
            snprintf(whole, sizeof whole, "%s%s", prefixes[i], name);
            check(whole, value);
        }
    }
}

static void check_taken(const char *name, const char *value)
{
    weir_error error = {0};
    if (try_value(name, value, &error) != WEIR_OK) {
        fail_msg("%s=%s is refused: %s", name, value, error.message);
    }
}

static void check_refused(const char *name, const char *value)
{
    static const char *const instead[] = {"write ",    "set ",    "leave it out", "is not one of ",
                                          "named by ", "named, ", "give "};
    weir_error error = {0};
    const char *dot = strstr(name, "consumer.") == name   ? name + 9
                      : strstr(name, "producer.") == name ? name + 9
                                                          : name;
    if (try_value(name, value, &error) != WEIR_ECONFIG) {
        fail_msg("%s=%s is not refused", name, value);
    }
    bool says = strstr(error.message, dot) != NULL;
    bool answers = false;
    for (size_t i = 0; i < COUNT(instead); i++) {
        answers = answers || strstr(error.message, instead[i]) != NULL;
    }
    if (!says || !answers) {
        fail_msg("%s=%s: '%s' does not say what to write", name, value, error.message);
    }
}

static void every_legal_extreme_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(taken); i++) {
        for (size_t k = 0; k < VALUES_MAX && taken[i].values[k] != NULL; k++) {
            check_names(taken[i].clients, taken[i].name, taken[i].values[k], check_taken);
        }
    }
}

static void every_other_setting_is_refused_with_what_to_write(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        for (size_t k = 0; k < VALUES_MAX && refused[i].values[k] != NULL; k++) {
            check_names(refused[i].clients, refused[i].name, refused[i].values[k], check_refused);
        }
    }
}

/* ---- What librdkafka gets ----------------------------------------------------------------- */

#define MAIN_CONSUMER WEIR__KAFKA_MAIN
#define THE_PRODUCER WEIR__KAFKA_PRODUCER

static const struct {
    const char *name;
    const char *value;
    weir__kafka_role role;
    const char *kafka;
    const char *given;
    const char *note; /* NULL: none */
} translated[] = {
    {"metadata.max.age.ms", "60000", MAIN_CONSUMER, "topic.metadata.refresh.interval.ms", "60000",
     NULL},
    {"metadata.max.age.ms", LONG_MAX_TEXT, THE_PRODUCER, "topic.metadata.refresh.interval.ms",
     "3600000",
     "metadata.max.age.ms: 9223372036854775807 becomes "
     "topic.metadata.refresh.interval.ms=3600000, the nearest that librdkafka takes\n"},
    {"metadata.max.age.ms", "0", MAIN_CONSUMER, "topic.metadata.refresh.interval.ms", "100",
     "metadata.max.age.ms: 0 becomes topic.metadata.refresh.interval.ms=100, the nearest that "
     "librdkafka takes\n"},
    {"max.poll.interval.ms", INT_MAX_TEXT, MAIN_CONSUMER, "max.poll.interval.ms", "86400000",
     "max.poll.interval.ms: 2147483647 becomes max.poll.interval.ms=86400000, the nearest that "
     "librdkafka takes\n"},
    {"consumer.max.poll.interval.ms", "1000", MAIN_CONSUMER, "max.poll.interval.ms", "45000",
     "session.timeout.ms=45000 is greater than max.poll.interval.ms=1000: max.poll.interval.ms "
     "becomes 45000\n"},
    {"session.timeout.ms", "400000", MAIN_CONSUMER, "max.poll.interval.ms", "400000",
     "session.timeout.ms=400000 is greater than max.poll.interval.ms=300000: "
     "max.poll.interval.ms becomes 400000\n"},
    {"send.buffer.bytes", "-1", MAIN_CONSUMER, "socket.send.buffer.bytes", "0", NULL},
    {"receive.buffer.bytes", "-1", THE_PRODUCER, "socket.receive.buffer.bytes", "0", NULL},
    {"connections.max.idle.ms", "-1", MAIN_CONSUMER, "connections.max.idle.ms", "0", NULL},
    {"connections.max.idle.ms", "0", MAIN_CONSUMER, "connections.max.idle.ms", "0",
     "connections.max.idle.ms: 0 means that idle connections stay open\n"},
    {"batch.size", "0", THE_PRODUCER, "batch.size", "1", NULL},
    {"buffer.memory", "0", THE_PRODUCER, "queue.buffering.max.kbytes", "1",
     "buffer.memory: 0 becomes queue.buffering.max.kbytes=1, the nearest that librdkafka takes\n"},
    {"fetch.max.bytes", "0", MAIN_CONSUMER, "fetch.max.bytes", "1000000",
     "message.max.bytes=1000000 is greater than fetch.max.bytes=0: fetch.max.bytes becomes "
     "1000000\n"},
    {"request.timeout.ms", INT_MAX_TEXT, THE_PRODUCER, "socket.timeout.ms", "300000",
     "request.timeout.ms: 2147483647 becomes socket.timeout.ms=300000, "
     "request.timeout.ms=900000, the nearest that librdkafka takes\n"},
    {"reconnect.backoff.ms", "2000", MAIN_CONSUMER, "reconnect.backoff.max.ms", "2000", NULL},
    {"linger.ms", "0.5", THE_PRODUCER, "linger.ms", "0.5", NULL},
    {"linger.ms", "400000", THE_PRODUCER, "delivery.timeout.ms", "430000",
     "delivery.timeout.ms=300000 is not greater than linger.ms=400000: it becomes 430000, "
     "linger.ms + request.timeout.ms\n"},
    {"delivery.timeout.ms", "0", THE_PRODUCER, "delivery.timeout.ms", "0",
     "delivery.timeout.ms: 0 means no limit\n"},
    {"acks", "1", THE_PRODUCER, "acks", "-1",
     "acks=1 becomes -1, which idempotent producers need: write "
     "producer.enable.idempotence=false to have 1\n"},
    {"retries", "0", THE_PRODUCER, "retries", "1",
     "retries=0 becomes 1, which idempotent producers need: write "
     "producer.enable.idempotence=false to have 0\n"},
    {"max.in.flight.requests.per.connection", "10", THE_PRODUCER,
     "max.in.flight.requests.per.connection", "5",
     "max.in.flight.requests.per.connection=10 becomes 5, which idempotent producers need: write "
     "producer.enable.idempotence=false to have 10\n"},
    {"consumer.retry.backoff.ms", "100", MAIN_CONSUMER, "fetch.min.bytes", "1",
     "consumer.retry.backoff.ms: has no effect: only producers have it\n"},
};

/* In static storage. */
static const char *given(const weir_config *config, weir__kafka_role role, const char *name)
{
    static char value[128];
    size_t size = sizeof value;
    rd_kafka_conf_t *conf = NULL;
    assert_int_equal(weir__kafka_conf(config, role, "test", NULL, &conf, NULL), WEIR_OK);
    assert_int_equal(rd_kafka_conf_get(conf, name, value, &size), RD_KAFKA_CONF_OK);
    rd_kafka_conf_destroy(conf);
    return value;
}

static void librdkafka_gets_the_nearest_value_and_a_warning_names_both(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(translated); i++) {
        const char *wanted = translated[i].note != NULL ? translated[i].note : "";
        weir_config *config = new_config();
        weir_error error = {0};
        weir_buf notes = {0};
        if (weir_config_set(config, translated[i].name, translated[i].value, &error) != WEIR_OK) {
            fail_msg("%s", error.message);
        }
        weir__buf_put_text(&notes, weir__config_notes(config));
        if (weir__client_check(config, &notes, &error) != WEIR_OK) {
            fail_msg("%s", error.message);
        }
        assert_string_equal(weir__buf_text(&notes), wanted);
        assert_string_equal(given(config, translated[i].role, translated[i].kafka),
                            translated[i].given);
        weir__buf_fini(&notes);
        weir_config_free(config);
    }
}

static void without_idempotence_acks_are_as_wanted(void **state)
{
    (void)state;
    weir_config *config = new_config();
    assert_int_equal(weir_config_set(config, "producer.acks", "1", NULL), WEIR_OK);
    assert_int_equal(weir_config_set(config, "producer.enable.idempotence", "false", NULL),
                     WEIR_OK);
    assert_int_equal(weir__client_check(config, NULL, NULL), WEIR_OK);
    assert_string_equal(given(config, THE_PRODUCER, "acks"), "1");
    weir_config_free(config);
}

static void the_greater_backoff_is_lowered_to_its_maximum(void **state)
{
    (void)state;
    weir_config *config = new_config();
    weir_buf notes = {0};
    assert_int_equal(weir_config_set(config, "reconnect.backoff.ms", "2000", NULL), WEIR_OK);
    assert_int_equal(weir_config_set(config, "reconnect.backoff.max.ms", "900", NULL), WEIR_OK);
    assert_int_equal(weir__client_check(config, &notes, NULL), WEIR_OK);
    assert_string_equal(weir__buf_text(&notes),
                        "reconnect.backoff.ms=2000 is greater than reconnect.backoff.max.ms=900: "
                        "reconnect.backoff.ms becomes 900\n");
    assert_string_equal(given(config, WEIR__KAFKA_ADMIN, "reconnect.backoff.ms"), "900");
    weir__buf_fini(&notes);
    weir_config_free(config);
}

static void numbers_of_weir_that_java_allows_are_taken_or_lowered(void **state)
{
    (void)state;
    static const char *const longs[] = {
        "commit.interval.ms", "max.task.idle.ms",      "poll.ms",
        "max.block.ms",       "producer.max.block.ms", "repartition.purge.interval.ms",
        "task.timeout.ms",    "state.cleanup.delay.ms"};
    weir_config *config = new_config();
    for (size_t i = 0; i < COUNT(longs); i++) {
        assert_int_equal(weir_config_set(config, longs[i], LONG_MAX_TEXT, NULL), WEIR_OK);
        assert_string_equal(weir_config_get(config, longs[i]), LONG_MAX_TEXT);
    }
    assert_int_equal(weir_config_set(config, "consumer.max.poll.records", INT_MAX_TEXT, NULL),
                     WEIR_OK);
    assert_int_equal(weir__config_i64(config, "max.poll.records"), 100000);
    assert_int_equal(weir_config_set(config, "buffered.records.per.partition", INT_MAX_TEXT, NULL),
                     WEIR_OK);
    assert_int_equal(weir__config_i64(config, "buffered.records.per.partition"), 1000000);
    assert_string_equal(
        weir__config_notes(config),
        "consumer.max.poll.records: the value becomes the greatest that Weir takes, 100000\n"
        "buffered.records.per.partition: the value becomes the greatest that Weir takes, "
        "1000000\n");
    weir_config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_legal_extreme_is_taken),
        cmocka_unit_test(every_other_setting_is_refused_with_what_to_write),
        cmocka_unit_test(librdkafka_gets_the_nearest_value_and_a_warning_names_both),
        cmocka_unit_test(without_idempotence_acks_are_as_wanted),
        cmocka_unit_test(the_greater_backoff_is_lowered_to_its_maximum),
        cmocka_unit_test(numbers_of_weir_that_java_allows_are_taken_or_lowered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
