/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules between two settings of librdkafka. Java takes some pairs of values that librdkafka
 * refuses: one of them is then changed, and a note names both. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/kafka.h"
#include "core/client_settings.h"

#define VALUE_BYTES_MAX 64
#define NOTE_BYTES_MAX 512
#define IDEMPOTENT_IN_FLIGHT_MAX 5
#define IN_FLIGHT_DEFAULT 1000000 /* librdkafka's */

/* `low` must not be greater than `high`. */
static const struct {
    unsigned roles;
    const char *low;
    const char *high;
    bool raise; /* raise `high`; else lower `low` */
} pairs[] = {
    {WEIR__FOR_ALL, "reconnect.backoff.ms", "reconnect.backoff.max.ms", false},
    {WEIR__FOR_ALL, "retry.backoff.ms", "retry.backoff.max.ms", false},
    {WEIR__FOR_CONSUMERS, "session.timeout.ms", "max.poll.interval.ms", true},
    {WEIR__FOR_CONSUMERS, "message.max.bytes", "fetch.max.bytes", true},
};

/* What an idempotent producer needs. */
static const struct {
    const char *name;
    weir__range range;
} idempotent[] = {
    {"acks", {-1, -1}},
    {"retries", {1, INT32_MAX}},
    {"max.in.flight.requests.per.connection", {1, IDEMPOTENT_IN_FLIGHT_MAX}},
};

void weir__kafka_conf_note(weir_buf *notes, const char *format, ...)
{
    char line[NOTE_BYTES_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    strncat(line, "\n", sizeof line - strlen(line) - 1);
    if (notes != NULL && strstr(weir__buf_text(notes), line) == NULL) {
        weir__buf_put_text(notes, line);
    }
}

/* False: this version of librdkafka does not have the setting. */
static bool get_number(const rd_kafka_conf_t *conf, const char *name, double *out)
{
    char value[VALUE_BYTES_MAX];
    size_t size = sizeof value;
    if (rd_kafka_conf_get(conf, name, value, &size) != RD_KAFKA_CONF_OK) {
        return false;
    }
    *out = strcmp(value, "all") == 0 ? -1 : strtod(value, NULL);
    return true;
}

static weir_err set_number(rd_kafka_conf_t *conf, const char *name, int64_t value,
                           weir_error *error)
{
    char text[VALUE_BYTES_MAX];
    char reason[NOTE_BYTES_MAX];
    snprintf(text, sizeof text, "%" PRId64, value);
    if (rd_kafka_conf_set(conf, name, text, reason, sizeof reason) != RD_KAFKA_CONF_OK) {
        return weir__error_set(error, WEIR_ECONFIG, "%s=%s: %s", name, text, reason);
    }
    return WEIR_OK;
}

typedef struct finding {
    const char *name;
    unsigned role;
    bool found;
} finding;

static void find_one(const char *name, const char *value, void *user)
{
    finding *f = user;
    const char *rest = NULL;
    (void)value;
    f->found = f->found ||
               ((weir__client_roles(name, &rest) & f->role) != 0 && strcmp(rest, f->name) == 0);
}

bool weir__kafka_conf_is_set(const weir_config *config, const char *name, unsigned role)
{
    finding f = {.name = name, .role = role};
    weir__config_each(config, "", find_one, &f);
    return f.found;
}

static weir_err fit_pairs(rd_kafka_conf_t *conf, unsigned role, weir_buf *notes, weir_error *error)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0] && err == WEIR_OK; i++) {
        const char *low = pairs[i].low;
        const char *high = pairs[i].high;
        double least;
        double most;
        if ((pairs[i].roles & role) == 0 || !get_number(conf, low, &least) ||
            !get_number(conf, high, &most) || least <= most) {
            continue;
        }
        double taken = pairs[i].raise ? least : most;
        const char *changed = pairs[i].raise ? high : low;
        weir__kafka_conf_note(notes, "%s=%.0f is greater than %s=%.0f: %s becomes %.0f", low, least,
                              high, most, changed, taken);
        err = set_number(conf, changed, (int64_t)taken, error);
    }
    return err;
}

/* Java: reconnect.backoff.ms alone is the time between all attempts. */
static weir_err fit_reconnect(rd_kafka_conf_t *conf, const weir_config *config, unsigned role,
                              weir_error *error)
{
    double backoff;
    if (!weir__kafka_conf_is_set(config, "reconnect.backoff.ms", role) ||
        weir__kafka_conf_is_set(config, "reconnect.backoff.max.ms", role) ||
        !get_number(conf, "reconnect.backoff.ms", &backoff)) {
        return WEIR_OK;
    }
    return set_number(conf, "reconnect.backoff.max.ms", (int64_t)backoff, error);
}

/* Java's consumer refuses it too: the member would leave the group between two heartbeats. */
static weir_err check_heartbeat(const rd_kafka_conf_t *conf, weir_error *error)
{
    double heartbeat;
    double session;
    if (!get_number(conf, "heartbeat.interval.ms", &heartbeat) ||
        !get_number(conf, "session.timeout.ms", &session) || heartbeat < session) {
        return WEIR_OK;
    }
    return weir__error_set(error, WEIR_ECONFIG,
                           "heartbeat.interval.ms=%.0f is not less than session.timeout.ms=%.0f: "
                           "write a third of it, or a greater session.timeout.ms",
                           heartbeat, session);
}

static weir_err fit_idempotence(rd_kafka_conf_t *conf, const weir_config *config, weir_buf *notes,
                                weir_error *error)
{
    char enabled[VALUE_BYTES_MAX];
    size_t size = sizeof enabled;
    if (rd_kafka_conf_get(conf, "enable.idempotence", enabled, &size) != RD_KAFKA_CONF_OK ||
        (strcmp(enabled, "true") != 0 && !weir__config_is_exactly_once(config))) {
        return WEIR_OK;
    }
    bool exactly_once = weir__config_is_exactly_once(config);
    bool wanted =
        exactly_once || weir__kafka_conf_is_set(config, "enable.idempotence", WEIR__FOR_PRODUCER);
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < sizeof idempotent / sizeof idempotent[0] && err == WEIR_OK; i++) {
        const char *name = idempotent[i].name;
        weir__range range = idempotent[i].range;
        double value;
        if (!get_number(conf, name, &value) ||
            (value >= (double)range.min && value <= (double)range.max) ||
            (value == IN_FLIGHT_DEFAULT &&
             !weir__kafka_conf_is_set(config, name, WEIR__FOR_PRODUCER))) {
            continue; /* librdkafka lowers its own default */
        }
        int64_t taken = value < (double)range.min ? range.min : range.max;
        if (wanted) {
            return weir__error_set(
                error, WEIR_ECONFIG, "%s=%.0f does not fit %s: write %s=%" PRId64 "%s", name, value,
                exactly_once ? "processing.guarantee=exactly_once_v2" : "enable.idempotence=true",
                name, taken, exactly_once ? "" : ", or enable.idempotence=false");
        }
        weir__kafka_conf_note(notes,
                              "%s=%.0f becomes %" PRId64 ", which idempotent producers need: write "
                              "producer.enable.idempotence=false to have %.0f",
                              name, value, taken, value);
        err = set_number(conf, name, taken, error);
    }
    return err;
}

/* Java: delivery.timeout.ms is at least linger.ms + request.timeout.ms. librdkafka needs only more
 * than linger.ms; 0 is no limit. */
static weir_err fit_delivery(rd_kafka_conf_t *conf, weir_buf *notes, weir_error *error)
{
    double delivery;
    double linger;
    double request;
    if (!get_number(conf, "delivery.timeout.ms", &delivery) ||
        !get_number(conf, "linger.ms", &linger) ||
        !get_number(conf, "request.timeout.ms", &request) || delivery == 0 || delivery > linger) {
        return WEIR_OK;
    }
    double taken = linger + request;
    weir__kafka_conf_note(notes,
                          "delivery.timeout.ms=%.0f is not greater than linger.ms=%.0f: it becomes "
                          "%.0f, linger.ms + request.timeout.ms",
                          delivery, linger, taken);
    return set_number(conf, "delivery.timeout.ms", (int64_t)taken, error);
}

weir_err weir__kafka_conf_rules(rd_kafka_conf_t *conf, const weir_config *config, unsigned role,
                                weir_buf *notes, weir_error *error)
{
    weir_err err = fit_reconnect(conf, config, role, error);
    if (err == WEIR_OK) {
        err = fit_pairs(conf, role, notes, error);
    }
    if (err == WEIR_OK && role == WEIR__FOR_MAIN) {
        err = check_heartbeat(conf, error);
    }
    if (err == WEIR_OK && role == WEIR__FOR_PRODUCER) {
        err = fit_idempotence(conf, config, notes, error);
    }
    if (err == WEIR_OK && role == WEIR__FOR_PRODUCER) {
        err = fit_delivery(conf, notes, error);
    }
    return err == WEIR_OK ? weir__kafka_conf_guarantee(conf, config, role, notes, error) : err;
}
