/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings in the properties file of a Java application that are not in settings.c. Names and their
 * meaning are those of StreamsConfig, ConsumerConfig, ProducerConfig and AdminClientConfig. */
#include "core/java_settings.h"

#include <ctype.h>
#include <string.h>

#include "core/client_settings.h"
#include "core/settings.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const weir__other_name other_names[] = {
    {"cache.max.bytes.buffering", "statestore.cache.max.bytes", true, -1},
    {"default.deserialization.exception.handler", "deserialization.exception.handler", true, -1},
    {"default.production.exception.handler", "production.exception.handler", true, -1},
    {"default.dsl.store", "dsl.store", false, 0},
    {"max.block.ms", "producer.max.block.ms", false, -1},
    {"consumer.auto.offset.reset", "auto.offset.reset", false, 1},
    {"main.consumer.auto.offset.reset", "auto.offset.reset", false, 2},
    {"consumer.max.poll.records", "max.poll.records", false, 1},
    {"main.consumer.max.poll.records", "max.poll.records", false, 2},
};

#define JAVA_CLASS "names a Java class, which Weir cannot run; leave it out"
#define NO_METRICS "Weir records no metrics yet; leave it out"
#define NO_STANDBYS "there are no standby tasks yet; leave it out"
#define TRUST_STORE "write ssl.ca.location=<file of certificates in PEM> (keytool -exportcert -rfc)"
#define KEY_STORE                                                                                  \
    "write ssl.certificate.location and ssl.key.location (files in PEM), or "                      \
    "ssl.keystore.location (PKCS#12) and ssl.keystore.password"
#define SASL_LOGIN "write sasl.username=<name> and sasl.password=<password> (PLAIN, SCRAM)"

#define COMPRESSION_LEVEL                                                                          \
    "write producer.compression.level, which is for the codec of compression.type"
#define KERBEROS_RENEWAL                                                                           \
    "librdkafka runs sasl.kerberos.kinit.cmd each sasl.kerberos.min.time.before.relogin; leave "   \
    "it "                                                                                          \
    "out"
#define LOGIN_RENEWAL "librdkafka renews a login by itself; leave it out"
#define TOKEN_CHECK "librdkafka does not look into tokens; leave it out"

static const weir__refused_setting refused[] = {
    /* Settings of Kafka Streams. */
    {"acceptable.recovery.lag", false, true, NULL, NO_STANDBYS},
    {"allow.os.group.write.access", false, true, "false",
     "folders are made with the permissions that umask leaves; leave it out"},
    {"application.server", false, true, "", "stores cannot be asked from other instances yet"},
    {"auto.include.jmx.reporter", true, false, NULL, "there is no JMX; leave it out"},
    {"built.in.metrics.version", false, true, NULL, NO_METRICS},
    {"config.providers", true, false, NULL, JAVA_CLASS},
    {"default.client.supplier", false, false, NULL, JAVA_CLASS},
    {"default.list.key.serde.inner", false, true, NULL, "register a serde of your own for lists"},
    {"default.list.key.serde.type", false, true, NULL, "register a serde of your own for lists"},
    {"default.list.value.serde.inner", false, true, NULL, "register a serde of your own for lists"},
    {"default.list.value.serde.type", false, true, NULL, "register a serde of your own for lists"},
    {"dsl.store.format", false, true, "DEFAULT", "stores keep no headers yet"},
    {"dsl.store.suppliers.class", false, false, NULL,
     "names a Java class; write dsl.store=rocksdb or dsl.store=memory"},
    {"enable.metrics.push", true, true, "false", NO_METRICS},
    {"group.protocol", true, true, "classic", "Weir uses the classic protocol; leave it out"},
    {"input.buffer.max.bytes", false, true, NULL, "write buffered.records.per.partition"},
    {"log.summary.interval.ms", false, true, NULL, "Weir logs no summaries yet; leave it out"},
    {"max.warmup.replicas", false, true, NULL, NO_STANDBYS},
    {"metadata.recovery.rebootstrap.trigger.ms", true, true, NULL,
     "clients do not go back to bootstrap.servers yet; leave it out"},
    {"metadata.recovery.strategy", true, true, "none",
     "clients do not go back to bootstrap.servers yet; leave it out"},
    {"metric.reporters", true, false, "", JAVA_CLASS},
    {"metrics.num.samples", true, true, NULL, NO_METRICS},
    {"metrics.recording.level", true, true, NULL, NO_METRICS},
    {"metrics.sample.window.ms", true, true, NULL, NO_METRICS},
    {"num.standby.replicas", false, true, "0", NO_STANDBYS},
    {"partition.grouper", false, false, NULL, JAVA_CLASS},
    {"probing.rebalance.interval.ms", false, true, NULL, NO_STANDBYS},
    {"processor.wrapper.class", false, false, NULL, JAVA_CLASS},
    {"rack.aware.assignment.non_overlap_cost", false, true, NULL, NO_STANDBYS},
    {"rack.aware.assignment.strategy", false, true, "none", NO_STANDBYS},
    {"rack.aware.assignment.tags", false, true, "", NO_STANDBYS},
    {"rack.aware.assignment.traffic_cost", false, true, NULL, NO_STANDBYS},
    {"rocksdb.config.setter", false, false, NULL, JAVA_CLASS},
    {"task.assignor.class", false, false, NULL, JAVA_CLASS},
    {"upgrade.from", false, false, NULL,
     "is for rolling upgrades of Kafka Streams; the first instance of Weir needs a group without "
     "other members; leave it out"},
    {"window.size.ms", false, true, NULL,
     "the serde of windowed keys has the size: WEIR_TIME_WINDOWED_SERDE; leave it out"},
    {"windowed.inner.class.serde", false, true, NULL,
     "the serde of windowed keys has the inner serde: WEIR_TIME_WINDOWED_SERDE; leave it out"},
    /* Settings of the clients. */
    {"admin.retries", false, false, NULL,
     "requests are repeated until task.timeout.ms; leave it out"},
    {"bootstrap.controllers", true, false, "",
     "the admin client talks to brokers: write bootstrap.servers"},
    {"compression.gzip.level", true, false, NULL, COMPRESSION_LEVEL},
    {"compression.lz4.level", true, false, NULL, COMPRESSION_LEVEL},
    {"compression.zstd.level", true, false, NULL, COMPRESSION_LEVEL},
    {"group.remote.assignor", true, false, "", "Weir assigns tasks itself; leave it out"},
    {"internal.leave.group.on.close", true, false, "true",
     "an instance that is closed leaves the group; leave it out"},
    {"internal.throw.on.fetch.stable.offset.unsupported", true, false, "false",
     "offsets of open transactions are asked for again; leave it out"},
    {"partitioner.ignore.keys", true, false, "false",
     "give the sink a partitioner (weir_sink_opts)"},
    {"transaction.two.phase.commit.enable", true, true, "false",
     "a transaction is committed by the thread that began it; leave it out"},
    {"allow.auto.create.topics", true, false, "false",
     "Weir creates internal topics only; leave it out"},
    {"default.api.timeout.ms", true, false, NULL, "write task.timeout.ms"},
    {"exclude.internal.topics", true, false, "true",
     "patterns of topics never match internal topics; leave it out"},
    {"interceptor.classes", true, false, "", JAVA_CLASS},
    {"key.deserializer", true, false, NULL, "write default.key.serde"},
    {"key.serializer", true, false, NULL, "write default.key.serde"},
    {"partitioner.class", true, false, NULL, "give the sink a partitioner (weir_sink_opts)"},
    {"security.providers", true, false, NULL, JAVA_CLASS},
    {"value.deserializer", true, false, NULL, "write default.value.serde"},
    {"value.serializer", true, false, NULL, "write default.value.serde"},
    /* Settings of security. */
    {"sasl.jaas.config", true, false, NULL, "Weir has no JAAS; " SASL_LOGIN},
    {"sasl.client.callback.handler.class", true, false, NULL, JAVA_CLASS},
    {"sasl.login.callback.handler.class", true, false, NULL, JAVA_CLASS},
    {"sasl.login.class", true, false, NULL, JAVA_CLASS},
    {"sasl.kerberos.ticket.renew.jitter", true, false, NULL, KERBEROS_RENEWAL},
    {"sasl.kerberos.ticket.renew.window.factor", true, false, NULL, KERBEROS_RENEWAL},
    {"sasl.login.connect.timeout.ms", true, false, NULL, LOGIN_RENEWAL},
    {"sasl.login.read.timeout.ms", true, false, NULL, LOGIN_RENEWAL},
    {"sasl.login.refresh.buffer.seconds", true, false, NULL, LOGIN_RENEWAL},
    {"sasl.login.refresh.min.period.seconds", true, false, NULL, LOGIN_RENEWAL},
    {"sasl.login.refresh.window.factor", true, false, NULL, LOGIN_RENEWAL},
    {"sasl.login.refresh.window.jitter", true, false, NULL, LOGIN_RENEWAL},
    {"sasl.login.retry.backoff.max.ms", true, false, NULL, LOGIN_RENEWAL},
    {"sasl.login.retry.backoff.ms", true, false, NULL, LOGIN_RENEWAL},
    {"sasl.oauthbearer.clock.skew.seconds", true, false, NULL, TOKEN_CHECK},
    {"sasl.oauthbearer.expected.audience", true, false, NULL, TOKEN_CHECK},
    {"sasl.oauthbearer.expected.issuer", true, false, NULL, TOKEN_CHECK},
    {"sasl.oauthbearer.header.urlencode", true, false, "false", TOKEN_CHECK},
    {"sasl.oauthbearer.jwks.endpoint.refresh.ms", true, false, NULL, TOKEN_CHECK},
    {"sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", true, false, NULL, TOKEN_CHECK},
    {"sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", true, false, NULL, TOKEN_CHECK},
    {"sasl.oauthbearer.jwks.endpoint.url", true, false, NULL, TOKEN_CHECK},
    {"sasl.oauthbearer.jwt.retriever.class", true, false, NULL, JAVA_CLASS},
    {"sasl.oauthbearer.jwt.validator.class", true, false, NULL, JAVA_CLASS},
    {"sasl.oauthbearer.scope.claim.name", true, false, "scope", TOKEN_CHECK},
    {"sasl.oauthbearer.sub.claim.name", true, false, "sub", TOKEN_CHECK},
    {"ssl.engine.factory.class", true, false, NULL, JAVA_CLASS},
    {"ssl.keystore.certificate.chain", true, false, NULL, "write ssl.certificate.pem"},
    {"ssl.keystore.key", true, false, NULL, "write ssl.key.pem"},
    {"ssl.keystore.type", true, false, "PKCS12", KEY_STORE},
    {"ssl.truststore.certificates", true, false, NULL, "write ssl.ca.pem"},
    {"ssl.truststore.location", true, false, NULL,
     "Weir reads no trust stores of Java; " TRUST_STORE},
    {"ssl.truststore.password", true, false, NULL,
     "Weir reads no trust stores of Java; " TRUST_STORE},
    {"ssl.truststore.type", true, false, NULL, "Weir reads no trust stores of Java; " TRUST_STORE},
    {"ssl.enabled.protocols", true, false, NULL, "OpenSSL chooses the protocol; leave it out"},
    {"ssl.keymanager.algorithm", true, false, NULL, "is of Java's security; leave it out"},
    {"ssl.protocol", true, false, NULL, "OpenSSL chooses the protocol; leave it out"},
    {"ssl.provider", true, false, NULL, "is of Java's security; leave it out"},
    {"ssl.secure.random.implementation", true, false, NULL, "is of Java's security; leave it out"},
    {"ssl.trustmanager.algorithm", true, false, NULL, "is of Java's security; leave it out"},
};

static const struct {
    const char *class_name; /* without the package */
    const char *serde;
} serdes[] = {
    {"Serdes$StringSerde", "string"}, {"Serdes$ByteArraySerde", "bytes"},
    {"Serdes$BytesSerde", "bytes"},   {"Serdes$ByteBufferSerde", "bytes"},
    {"Serdes$IntegerSerde", "i32"},   {"Serdes$LongSerde", "i64"},
    {"Serdes$DoubleSerde", "f64"},
};

const weir__other_name *weir__other_name_find(const char *other)
{
    for (size_t i = 0; i < COUNT(other_names); i++) {
        if (strcmp(other_names[i].other, other) == 0) {
            return &other_names[i];
        }
    }
    return NULL;
}

const weir__refused_setting *weir__refused_setting_find(const char *name, const char *rest)
{
    for (size_t i = 0; i < COUNT(refused); i++) {
        if (strcmp(refused[i].name, name) == 0 ||
            (refused[i].client && rest != NULL && strcmp(refused[i].name, rest) == 0)) {
            return &refused[i];
        }
    }
    return NULL;
}

const char *weir__java_serde(const char *class_name)
{
    static const char package[] = "org.apache.kafka.common.serialization.";
    size_t len = sizeof package - 1;
    const char *name = strncmp(class_name, package, len) == 0 ? class_name + len : class_name;
    for (size_t i = 0; i < COUNT(serdes); i++) {
        if (strcmp(serdes[i].class_name, name) == 0) {
            return serdes[i].serde;
        }
    }
    return NULL;
}

bool weir__is_java_class(const char *value)
{
    const char *last = strrchr(value, '.');
    return last != NULL && last != value && isupper((unsigned char)last[1]);
}

/* ---- docs/config.md ----------------------------------------------------------------------- */

static void put_refused(weir_buf *out, bool later)
{
    weir__buf_put_text(out, "| name | what to do instead |\n|---|---|\n");
    for (size_t i = 0; i < COUNT(refused); i++) {
        const weir__refused_setting *setting = &refused[i];
        if (setting->later == later && weir__setting_find(setting->name) == NULL) {
            weir__buf_printf(out, "| `%s` | %s", setting->name, setting->instead);
            if (setting->accepts != NULL) {
                weir__buf_printf(out, " (taken: `%s`)",
                                 setting->accepts[0] != '\0' ? setting->accepts : "<empty>");
            }
            weir__buf_put_text(out, " |\n");
        }
    }
}

/* These rules are those of runtime/client/conf_rules.c. */
static void put_between_settings(weir_buf *out)
{
    weir__buf_put_text(
        out,
        "\nWhere two values do not fit together, one of them is changed, and a warning names "
        "both:\n\n"
        "- `reconnect.backoff.ms` and `retry.backoff.ms` are at most `reconnect.backoff.max.ms` "
        "and\n  `retry.backoff.max.ms`. As in Java, `reconnect.backoff.ms` alone gives "
        "`reconnect.backoff.max.ms` the\n  same value.\n"
        "- `max.poll.interval.ms` is at least `session.timeout.ms`, and `fetch.max.bytes` at least "
        "librdkafka's\n  `message.max.bytes`.\n"
        "- `delivery.timeout.ms` is at least `linger.ms` + `request.timeout.ms`, if it is not more "
        "than `linger.ms`.\n"
        "- `heartbeat.interval.ms` must be less than `session.timeout.ms`: as in Java it is "
        "refused otherwise.\n"
        "- Producers are idempotent: `acks` is `all`, `retries` at least 1,\n"
        "  `max.in.flight.requests.per.connection` at most 5. Other values need "
        "`enable.idempotence=false`; with\n  `enable.idempotence=true` they are refused. (Java "
        "turns idempotence off without a word instead.)\n");
}

weir_err weir__java_settings_markdown(weir_buf *out)
{
    weir__buf_put_text(
        out,
        "\n## Properties files of Java applications\n\n"
        "`weir_config_load` reads such a file line by line. A line that Weir cannot honour is "
        "refused with what to\nwrite instead; the other lines are taken. `weir_config_load_with` "
        "reports each refused line.\nBlanks around a value are removed, as in Java, except those "
        "of the program's own settings (`app.`).\n\n"
        "These are other names of settings above. The setting's own name wins. For an old name a "
        "warning is logged.\n\n| name | stands for | |\n|---|---|---|\n");
    for (size_t i = 0; i < COUNT(other_names); i++) {
        weir__buf_printf(out, "| `%s` | `%s` | %s |\n", other_names[i].other, other_names[i].name,
                         other_names[i].old ? "old" : "");
    }
    weir__buf_put_text(out, "\nClasses that stand for serdes: ");
    for (size_t i = 0; i < COUNT(serdes); i++) {
        weir__buf_printf(out, "%s`%s` for `%s`", i > 0 ? ",\n" : "", serdes[i].class_name,
                         serdes[i].serde);
    }
    weir__buf_put_text(out, ".\n\nSettings of Kafka's clients have their Java names, with a prefix "
                            "or without. Every value that Java\nallows is taken. A number that "
                            "librdkafka does not take becomes the nearest one that it takes, and\n"
                            "a warning names both.\n\n");
    weir__client_settings_markdown(out);
    put_between_settings(out);
    weir__buf_put_text(out, "\nWeir does not have these settings of Kafka Streams and its clients "
                            "yet:\n\n");
    put_refused(out, true);
    weir__buf_put_text(out, "\nThese have no meaning for a program in C, or another form:\n\n");
    put_refused(out, false);
    return out->err;
}
