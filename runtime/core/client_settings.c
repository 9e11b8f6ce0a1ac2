/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of settings of Kafka's Java clients, and the translation of their values. Names and the
 * values that Java allows are those of ConsumerConfig, ProducerConfig and AdminClientConfig. */
#include "core/client_settings.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define ALL WEIR__FOR_ALL
#define MAIN WEIR__FOR_MAIN
#define CONSUMERS WEIR__FOR_CONSUMERS
#define PRODUCER WEIR__FOR_PRODUCER
#define ADMIN WEIR__FOR_ADMIN
#define NUMBER .kind = WEIR__CLIENT_NUMBER
#define BOOLEAN .kind = WEIR__CLIENT_BOOLEAN
#define CHOICE(...) .kind = WEIR__CLIENT_CHOICE, .choices = {__VA_ARGS__}
#define TEXT .kind = WEIR__CLIENT_TEXT
/* Java's type and smallest value. */
#define INT(least) .legal = {least, INT32_MAX}
#define LONG(least) .legal = {least, INT64_MAX}
#define TAKES(least, most) .taken = {least, most}
/* Java refreshes no more often than retry.backoff.ms, 100. */
#define METADATA_REFRESH_MIN_MS 100

static const weir__client_setting client_settings[] = {
    {ALL, "client.dns.lookup", "client.dns.lookup",
     CHOICE("use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"),
     .older = "use_all_dns_ips"},
    {ALL, "client.rack", "client.rack", TEXT},
    {ALL, "connections.max.idle.ms", "connections.max.idle.ms", NUMBER, LONG(INT64_MIN),
     TAKES(0, INT32_MAX), .same_below = true, .zero = "that idle connections stay open"},
    {ALL, "metadata.max.age.ms", "topic.metadata.refresh.interval.ms", NUMBER, LONG(0),
     TAKES(METADATA_REFRESH_MIN_MS, 3600000)},
    {ALL, "receive.buffer.bytes", "socket.receive.buffer.bytes", NUMBER, INT(-1),
     TAKES(0, 100000000), .same_below = true},
    {ALL, "reconnect.backoff.max.ms", "reconnect.backoff.max.ms", NUMBER, LONG(0),
     TAKES(0, 3600000)},
    {ALL, "reconnect.backoff.ms", "reconnect.backoff.ms", NUMBER, LONG(0), TAKES(0, 3600000)},
    {ALL, "request.timeout.ms", "socket.timeout.ms", NUMBER, INT(0), TAKES(10, 300000)},
    {PRODUCER, "request.timeout.ms", "request.timeout.ms", NUMBER, INT(0), TAKES(1, 900000)},
    {ALL, "retry.backoff.max.ms", "retry.backoff.max.ms", NUMBER, LONG(0), TAKES(1, 300000),
     .older = "1000"},
    {PRODUCER, "retry.backoff.ms", "retry.backoff.ms", NUMBER, LONG(0), TAKES(1, 300000)},
    {CONSUMERS | ADMIN, "retry.backoff.ms", NULL, NUMBER, LONG(0),
     .remark = "only producers have it"},
    {ALL, "send.buffer.bytes", "socket.send.buffer.bytes", NUMBER, INT(-1), TAKES(0, 100000000),
     .same_below = true},
    {ALL, "socket.connection.setup.timeout.ms", "socket.connection.setup.timeout.ms", NUMBER,
     LONG(INT64_MIN), TAKES(1000, INT32_MAX)},
    {ALL, "socket.connection.setup.timeout.max.ms", NULL, NUMBER, LONG(INT64_MIN),
     .remark = "socket.connection.setup.timeout.ms is the limit of each attempt"},

    {CONSUMERS, "heartbeat.interval.ms", "heartbeat.interval.ms", NUMBER, INT(INT32_MIN),
     TAKES(1, 3600000)},
    {CONSUMERS, "max.poll.interval.ms", "max.poll.interval.ms", NUMBER, INT(1), TAKES(1, 86400000)},
    {CONSUMERS, "session.timeout.ms", "session.timeout.ms", NUMBER, INT(INT32_MIN),
     TAKES(1, 3600000)},
    {CONSUMERS, "check.crcs", "check.crcs", BOOLEAN},
    {CONSUMERS, "fetch.max.bytes", "fetch.max.bytes", NUMBER, INT(0), TAKES(0, 2147483135)},
    {CONSUMERS, "fetch.max.wait.ms", "fetch.wait.max.ms", NUMBER, INT(0), TAKES(0, 300000)},
    {CONSUMERS, "fetch.min.bytes", "fetch.min.bytes", NUMBER, INT(0), TAKES(1, 100000000)},
    {CONSUMERS, "isolation.level", "isolation.level", CHOICE("read_uncommitted", "read_committed")},
    {CONSUMERS, "max.partition.fetch.bytes", "fetch.message.max.bytes", NUMBER, INT(0),
     TAKES(1, 1000000000)},

    {PRODUCER, "acks", "acks", CHOICE("all", "-1", "0", "1")},
    {PRODUCER, "batch.size", "batch.size", NUMBER, INT(0), TAKES(1, INT32_MAX), .same_below = true},
    {PRODUCER, "buffer.memory", "queue.buffering.max.kbytes", NUMBER, LONG(0), TAKES(1, INT32_MAX),
     .divisor = 1024},
    {PRODUCER, "compression.type", "compression.type",
     CHOICE("none", "gzip", "snappy", "lz4", "zstd")},
    {PRODUCER, "delivery.timeout.ms", "delivery.timeout.ms", NUMBER, INT(0), TAKES(0, INT32_MAX),
     .zero = "no limit"},
    {PRODUCER, "enable.idempotence", "enable.idempotence", BOOLEAN},
    {PRODUCER, "linger.ms", "linger.ms", .kind = WEIR__CLIENT_FRACTION, LONG(0), TAKES(0, 900000)},
    {PRODUCER, "max.in.flight.requests.per.connection", "max.in.flight.requests.per.connection",
     NUMBER, INT(1), TAKES(1, 1000000)},
    {PRODUCER, "max.request.size", "message.max.bytes", NUMBER, INT(0), TAKES(1000, 1000000000)},
    {PRODUCER, "metadata.max.idle.ms", NULL, NUMBER, LONG(5000),
     .remark = "a producer keeps the metadata of every topic to which it has written"},
    {PRODUCER, "partitioner.adaptive.partitioning.enable", NULL, BOOLEAN,
     .remark = "librdkafka chooses the partitions of records without a key"},
    {PRODUCER, "partitioner.availability.timeout.ms", NULL, NUMBER, LONG(0),
     .remark = "librdkafka chooses the partitions of records without a key"},
    {PRODUCER, "retries", "retries", NUMBER, INT(0), TAKES(0, INT32_MAX)},
    {PRODUCER, "transaction.timeout.ms", "transaction.timeout.ms", NUMBER, INT(INT32_MIN),
     TAKES(1000, INT32_MAX)},
    {ALL, "sasl.kerberos.min.time.before.relogin", "sasl.kerberos.min.time.before.relogin", NUMBER,
     LONG(INT64_MIN), TAKES(0, 86400000), .same_below = true},
};

static const struct {
    const char *prefix;
    unsigned roles;
} prefixes[] = {
    {"consumer.", CONSUMERS},
    {"main.consumer.", MAIN},
    {"restore.consumer.", WEIR__FOR_RESTORE},
    {"global.consumer.", WEIR__FOR_GLOBAL},
    {"producer.", PRODUCER},
    {"admin.", ADMIN},
};

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

unsigned weir__client_roles(const char *name, const char **rest)
{
    for (size_t i = 0; i < COUNT(prefixes); i++) {
        size_t len = strlen(prefixes[i].prefix);
        if (strncmp(name, prefixes[i].prefix, len) == 0) {
            *rest = name + len;
            return prefixes[i].roles;
        }
    }
    *rest = name;
    return WEIR__FOR_ALL;
}

/* ---- Values ------------------------------------------------------------------------------- */

static bool is_fraction(const weir__client_setting *setting, const char *value)
{
    char *end = NULL;
    double number = strtod(value, &end);
    return setting->kind == WEIR__CLIENT_FRACTION && end != value && *end == '\0' &&
           isfinite(number) && number >= (double)setting->taken.min &&
           number <= (double)setting->taken.max;
}

static weir_err number_value(const weir__client_setting *setting, const char *name,
                             const char *value, char number[WEIR__CLIENT_VALUE_MAX],
                             const char **out, weir_error *error)
{
    char *end = NULL;
    errno = 0;
    long long parsed = strtoll(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0 || parsed < setting->legal.min ||
        parsed > setting->legal.max) {
        if (is_fraction(setting, value)) {
            *out = value;
            return WEIR_OK;
        }
        return weir__error_set(error, WEIR_ECONFIG,
                               "%s: '%s' is not a number from %" PRId64 " to %" PRId64, name, value,
                               setting->legal.min, setting->legal.max);
    }
    int64_t taken = setting->divisor > 0 ? parsed / setting->divisor : parsed;
    taken = taken < setting->taken.min ? setting->taken.min : taken;
    taken = taken > setting->taken.max ? setting->taken.max : taken;
    snprintf(number, WEIR__CLIENT_VALUE_MAX, "%" PRId64, taken);
    *out = number;
    return WEIR_OK;
}

static weir_err choice_value(const weir__client_setting *setting, const char *name,
                             const char *value, weir_error *error)
{
    char allowed[128] = "";
    for (size_t i = 0; i < WEIR__CLIENT_CHOICES_MAX && setting->choices[i] != NULL; i++) {
        if (strcasecmp(value, setting->choices[i]) == 0) {
            return WEIR_OK;
        }
        weir__error_list(allowed, sizeof allowed, setting->choices[i]);
    }
    return weir__error_set(error, WEIR_ECONFIG, "%s: '%s' is not one of %s", name, value, allowed);
}

static weir_err boolean_value(const char *name, const char *value, weir_error *error)
{
    if (strcasecmp(value, "true") == 0 || strcasecmp(value, "false") == 0) {
        return WEIR_OK;
    }
    return weir__error_set(error, WEIR_ECONFIG, "%s: '%s' is not one of true, false", name, value);
}

weir_err weir__client_setting_value(const weir__client_setting *setting, const char *name,
                                    const char *value, char number[WEIR__CLIENT_VALUE_MAX],
                                    const char **out, weir_error *error)
{
    *out = value;
    switch (setting->kind) {
    case WEIR__CLIENT_NUMBER:
    case WEIR__CLIENT_FRACTION:
        return number_value(setting, name, value, number, out, error);
    case WEIR__CLIENT_CHOICE:
        return choice_value(setting, name, value, error);
    case WEIR__CLIENT_BOOLEAN:
        return boolean_value(name, value, error);
    case WEIR__CLIENT_TEXT:
        break;
    }
    return WEIR_OK;
}

/* True if the number that librdkafka gets means something else. `taken` is that number. */
static bool is_changed(const weir__client_setting *setting, const char *value, const char *taken)
{
    if (taken == value) {
        return false;
    }
    int64_t given = strtoll(value, NULL, 10);
    given = setting->divisor > 0 ? given / setting->divisor : given;
    return given != strtoll(taken, NULL, 10) &&
           !(setting->same_below && given < setting->taken.min);
}

weir_err weir__client_setting_check(const char *name, const char *value, weir_buf *note,
                                    weir_error *error)
{
    const char *rest = NULL;
    unsigned roles = weir__client_roles(name, &rest);
    const weir__client_setting *at = NULL;
    const char *remark = NULL;
    bool has_effect = false;
    size_t before = note->len;
    while ((at = weir__client_setting_next(rest, roles, at)) != NULL) {
        char number[WEIR__CLIENT_VALUE_MAX];
        const char *taken = NULL;
        weir_err err = weir__client_setting_value(at, name, value, number, &taken, error);
        if (err != WEIR_OK) {
            return err;
        }
        if (at->kafka == NULL) {
            remark = at->remark;
            continue;
        }
        has_effect = true;
        if (is_changed(at, value, taken)) {
            weir__buf_printf(note, note->len == before ? "%s: %s becomes " : ", ", name, value);
            weir__buf_printf(note, "%s=%s", at->kafka, taken);
        } else if (at->zero != NULL && strcmp(taken, "0") == 0 && strcmp(value, "0") == 0) {
            weir__buf_printf(note, "%s: 0 means %s", name, at->zero);
            return note->err;
        }
    }
    if (note->len > before) {
        weir__buf_put_text(note, ", the nearest that librdkafka takes");
    } else if (remark != NULL && !has_effect) {
        weir__buf_printf(note, "%s: has no effect: %s", name, remark);
    }
    return note->err;
}

/* ---- docs/config.md ----------------------------------------------------------------------- */

static void put_clients(weir_buf *out, unsigned roles)
{
    static const char *const names[] = {"main consumers", "restore consumers", "global consumers",
                                        "producers", "admin client"};
    if (roles == WEIR__FOR_ALL) {
        weir__buf_put_text(out, "all clients");
    } else if (roles == WEIR__FOR_CONSUMERS) {
        weir__buf_put_text(out, "all consumers");
    } else {
        for (size_t role = 0; role < COUNT(names); role++) {
            weir__buf_put_text(out, (roles & 1u << role) != 0 ? names[role] : "");
        }
    }
}

static void put_taken(weir_buf *out, const weir__client_setting *setting)
{
    switch (setting->kind) {
    case WEIR__CLIENT_NUMBER:
    case WEIR__CLIENT_FRACTION:
        weir__buf_printf(out, "%" PRId64 " to %" PRId64, setting->taken.min, setting->taken.max);
        break;
    case WEIR__CLIENT_BOOLEAN:
        weir__buf_put_text(out, "`true`, `false`");
        break;
    case WEIR__CLIENT_CHOICE:
        for (size_t i = 0; i < WEIR__CLIENT_CHOICES_MAX && setting->choices[i] != NULL; i++) {
            weir__buf_printf(out, "%s`%s`", i > 0 ? ", " : "", setting->choices[i]);
        }
        break;
    case WEIR__CLIENT_TEXT:
        weir__buf_put_text(out, "text");
        break;
    }
    if (setting->zero != NULL) {
        weir__buf_printf(out, "; 0 means %s", setting->zero);
    }
}

void weir__client_settings_markdown(weir_buf *out)
{
    weir__buf_put_text(out, "| name | librdkafka's | it takes | without a prefix it goes to |\n"
                            "|---|---|---|---|\n");
    for (size_t i = 0; i < COUNT(client_settings); i++) {
        const weir__client_setting *setting = &client_settings[i];
        if (setting->kafka != NULL) {
            weir__buf_printf(out, "| `%s` | `%s`%s | ", setting->java, setting->kafka,
                             setting->divisor > 0 ? " (in KiB)" : "");
            put_taken(out, setting);
            weir__buf_put_text(out, " | ");
            put_clients(out, setting->roles);
            weir__buf_put_text(out, " |\n");
        }
    }
    weir__buf_put_text(out, "\nThese are taken and have no effect; a warning is logged:\n\n"
                            "| name | why |\n|---|---|\n");
    for (size_t i = 0; i < COUNT(client_settings); i++) {
        const weir__client_setting *setting = &client_settings[i];
        if (setting->kafka == NULL) {
            bool elsewhere =
                weir__client_setting_next(setting->java, ~setting->roles, NULL) != NULL;
            weir__buf_printf(out, "| `%s`%s | %s |\n", setting->java,
                             elsewhere ? " of consumers and the admin client" : "",
                             setting->remark);
        }
    }
}
