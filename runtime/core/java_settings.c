/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings in the properties file of a Java application that are not in settings.c. Names and their
 * meaning are those of StreamsConfig, ConsumerConfig, ProducerConfig and AdminClientConfig. */
#include "core/java_settings.h"

#include <ctype.h>
#include <string.h>

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

static const weir__client_setting client_settings[] = {
    {WEIR__FOR_ALL, "client.rack", "client.rack", 0},
    {WEIR__FOR_ALL, "connections.max.idle.ms", "connections.max.idle.ms", 0},
    {WEIR__FOR_ALL, "metadata.max.age.ms", "metadata.max.age.ms", 0},
    {WEIR__FOR_ALL, "receive.buffer.bytes", "socket.receive.buffer.bytes", 0},
    {WEIR__FOR_ALL, "reconnect.backoff.max.ms", "reconnect.backoff.max.ms", 0},
    {WEIR__FOR_ALL, "reconnect.backoff.ms", "reconnect.backoff.ms", 0},
    {WEIR__FOR_ALL, "request.timeout.ms", "socket.timeout.ms", 0},
    {WEIR__FOR_PRODUCER, "request.timeout.ms", "request.timeout.ms", 0},
    {WEIR__FOR_ALL, "send.buffer.bytes", "socket.send.buffer.bytes", 0},
    {WEIR__FOR_ALL, "socket.connection.setup.timeout.ms", "socket.connection.setup.timeout.ms", 0},
    {WEIR__FOR_PRODUCER, "retry.backoff.ms", "retry.backoff.ms", 0},

    {WEIR__FOR_MAIN, "heartbeat.interval.ms", "heartbeat.interval.ms", 0},
    {WEIR__FOR_MAIN, "max.poll.interval.ms", "max.poll.interval.ms", 0},
    {WEIR__FOR_MAIN, "session.timeout.ms", "session.timeout.ms", 0},
    {WEIR__FOR_CONSUMERS, "check.crcs", "check.crcs", 0},
    {WEIR__FOR_CONSUMERS, "fetch.max.bytes", "fetch.max.bytes", 0},
    {WEIR__FOR_CONSUMERS, "fetch.max.wait.ms", "fetch.wait.max.ms", 0},
    {WEIR__FOR_CONSUMERS, "fetch.min.bytes", "fetch.min.bytes", 0},
    {WEIR__FOR_CONSUMERS, "isolation.level", "isolation.level", 0},
    {WEIR__FOR_CONSUMERS, "max.partition.fetch.bytes", "fetch.message.max.bytes", 0},

    {WEIR__FOR_PRODUCER, "acks", "acks", 0},
    {WEIR__FOR_PRODUCER, "batch.size", "batch.size", 0},
    {WEIR__FOR_PRODUCER, "buffer.memory", "queue.buffering.max.kbytes", 1024},
    {WEIR__FOR_PRODUCER, "compression.type", "compression.type", 0},
    {WEIR__FOR_PRODUCER, "delivery.timeout.ms", "delivery.timeout.ms", 0},
    {WEIR__FOR_PRODUCER, "enable.idempotence", "enable.idempotence", 0},
    {WEIR__FOR_PRODUCER, "linger.ms", "linger.ms", 0},
    {WEIR__FOR_PRODUCER, "max.in.flight.requests.per.connection",
     "max.in.flight.requests.per.connection", 0},
    {WEIR__FOR_PRODUCER, "max.request.size", "message.max.bytes", 0},
    {WEIR__FOR_PRODUCER, "retries", "retries", 0},
};

#define JAVA_CLASS "names a Java class, which Weir cannot run; leave it out"
#define NO_METRICS "Weir records no metrics yet; leave it out"
#define NO_STANDBYS "there are no standby tasks yet; leave it out"
#define TRUST_STORE "write ssl.ca.location=<file of certificates in PEM> (keytool -exportcert -rfc)"
#define KEY_STORE                                                                                  \
    "write ssl.certificate.location and ssl.key.location (files in PEM), or "                      \
    "ssl.keystore.location (PKCS#12) and ssl.keystore.password"
#define SASL_LOGIN "write sasl.username=<name> and sasl.password=<password> (PLAIN, SCRAM)"

static const weir__refused_setting refused[] = {
    /* Settings of Kafka Streams. */
    {"acceptable.recovery.lag", false, true, NULL, NO_STANDBYS},
    {"allow.os.group.write.access", false, true, "false",
     "folders are made with the permissions that umask leaves; leave it out"},
    {"application.server", false, true, "", "stores cannot be asked from other instances yet"},
    {"auto.include.jmx.reporter", false, false, NULL, "there is no JMX; leave it out"},
    {"built.in.metrics.version", false, true, NULL, NO_METRICS},
    {"config.providers", false, false, NULL, JAVA_CLASS},
    {"default.client.supplier", false, false, NULL, JAVA_CLASS},
    {"default.list.key.serde.inner", false, true, NULL, "register a serde of your own for lists"},
    {"default.list.key.serde.type", false, true, NULL, "register a serde of your own for lists"},
    {"default.list.value.serde.inner", false, true, NULL, "register a serde of your own for lists"},
    {"default.list.value.serde.type", false, true, NULL, "register a serde of your own for lists"},
    {"dsl.store.format", false, true, "DEFAULT", "stores keep no headers yet"},
    {"dsl.store.suppliers.class", false, false, NULL,
     "names a Java class; write dsl.store=rocksdb or dsl.store=memory"},
    {"enable.metrics.push", true, true, "false", NO_METRICS},
    {"ensure.explicit.internal.resource.naming", false, true, "false",
     "give names to stores and repartitions yourself; leave it out"},
    {"errors.dead.letter.queue.topic.name", false, true, NULL,
     "there is no dead letter queue yet; set the exception handlers to continue"},
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
    {"processing.exception.handler.global.enabled", false, true, "false",
     "global tables drop what they cannot decode; leave it out"},
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
    {"window.size.ms", false, true, NULL, "there are no windowed serdes yet; leave it out"},
    {"windowed.inner.class.serde", false, true, NULL,
     "there are no windowed serdes yet; leave it out"},
    {"windowstore.changelog.additional.retention.ms", false, true, "86400000",
     "there are no window stores yet; leave it out"},
    /* Settings of the clients. */
    {"admin.retries", false, false, NULL,
     "requests are repeated until task.timeout.ms; leave it out"},
    {"allow.auto.create.topics", true, false, "false", "Weir creates internal topics only"},
    {"default.api.timeout.ms", true, false, NULL, "write task.timeout.ms"},
    {"exclude.internal.topics", true, false, NULL, "topics are named, not matched; leave it out"},
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

const weir__client_setting *weir__client_setting_next(const char *java, unsigned roles,
                                                      const weir__client_setting *after)
{
    size_t i = after != NULL ? (size_t)(after - client_settings) + 1 : 0;
    for (; i < COUNT(client_settings); i++) {
        const weir__client_setting *setting = &client_settings[i];
        if ((setting->roles & roles) != 0 && strcmp(setting->java, java) == 0) {
            return setting;
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

static void put_client_settings(weir_buf *out)
{
    static const char *const names[] = {"main consumers", "restore consumers", "global consumers",
                                        "producers", "admin client"};
    weir__buf_put_text(out,
                       "| name | librdkafka's | without a prefix it goes to |\n|---|---|---|\n");
    for (size_t i = 0; i < COUNT(client_settings); i++) {
        const weir__client_setting *setting = &client_settings[i];
        weir__buf_printf(out, "| `%s` | `%s`%s | ", setting->java, setting->kafka,
                         setting->divisor > 0 ? " (in KiB)" : "");
        if (setting->roles == WEIR__FOR_ALL) {
            weir__buf_put_text(out, "all clients");
        } else if (setting->roles == WEIR__FOR_CONSUMERS) {
            weir__buf_put_text(out, "all consumers");
        } else {
            for (size_t role = 0; role < COUNT(names); role++) {
                weir__buf_put_text(out, (setting->roles & 1u << role) != 0 ? names[role] : "");
            }
        }
        weir__buf_put_text(out, " |\n");
    }
}

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

weir_err weir__java_settings_markdown(weir_buf *out)
{
    weir__buf_put_text(
        out,
        "\n## Properties files of Java applications\n\n"
        "`weir_config_load` takes them as they are, line by line; a line that Weir cannot "
        "honour is refused\nwith what to write instead, and the other lines are taken. "
        "`weir_config_load_with` tells each such line.\nBlanks around a value are left out, as "
        "Java does; only those of the program's own settings (`app.`) stay.\n\n"
        "These are other names of settings above. A warning is logged for an old one; the "
        "setting's own name wins.\n\n| name | stands for | |\n|---|---|---|\n");
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
                            "or without:\n\n");
    put_client_settings(out);
    weir__buf_put_text(out, "\nWeir does not have these settings of Kafka Streams and its clients "
                            "yet:\n\n");
    put_refused(out, true);
    weir__buf_put_text(out, "\nThese have no meaning for a program in C, or another form:\n\n");
    put_refused(out, false);
    return out->err;
}
