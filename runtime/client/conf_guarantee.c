/* SPDX-License-Identifier: Apache-2.0
 *
 * What processing.guarantee=exactly_once_v2 needs of the clients. As Kafka Streams does
 * (StreamsConfig), it takes its own value instead of another isolation.level and
 * enable.idempotence, and refuses timeouts with which no transaction would end. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/kafka.h"
#include "core/client_settings.h"

#define VALUE_BYTES_MAX 64
#define GUARANTEE "processing.guarantee=exactly_once_v2"
/* Before the transaction ends, a request must have its answer. As librdkafka's own defaults. */
#define REQUEST_MARGIN_MS 100
#define REQUEST_MIN_MS 900

static weir_err set(rd_kafka_conf_t *conf, const char *name, const char *value, weir_error *error)
{
    char reason[WEIR_ERROR_MESSAGE_MAX / 2];
    if (rd_kafka_conf_set(conf, name, value, reason, sizeof reason) != RD_KAFKA_CONF_OK) {
        return weir__error_set(error, WEIR_ECONFIG, "%s=%s: %s", name, value, reason);
    }
    return WEIR_OK;
}

static weir_err set_number(rd_kafka_conf_t *conf, const char *name, int64_t value,
                           weir_error *error)
{
    char text[VALUE_BYTES_MAX];
    snprintf(text, sizeof text, "%" PRId64, value);
    return set(conf, name, text, error);
}

static int64_t number_of(const rd_kafka_conf_t *conf, const char *name)
{
    char value[VALUE_BYTES_MAX];
    size_t size = sizeof value;
    rd_kafka_conf_res_t result = rd_kafka_conf_get(conf, name, value, &size);
    weir_assert(result == RD_KAFKA_CONF_OK);
    return strtoll(value, NULL, 10);
}

/* Replaces the value; a note names another one that the user has set. */
static weir_err replace(rd_kafka_conf_t *conf, const weir_config *config, unsigned role,
                        const char *name, const char *value, weir_buf *notes, weir_error *error)
{
    char now[VALUE_BYTES_MAX];
    size_t size = sizeof now;
    if (weir__kafka_conf_is_set(config, name, role) &&
        rd_kafka_conf_get(conf, name, now, &size) == RD_KAFKA_CONF_OK && strcmp(now, value) != 0) {
        weir__kafka_conf_note(notes, "%s=%s becomes %s: " GUARANTEE " needs it", name, now, value);
    }
    return set(conf, name, value, error);
}

/* librdkafka refuses a record or a request that may take longer than the transaction; 0 is no limit
 * for a record. */
static weir_err fit_timeout(rd_kafka_conf_t *conf, const weir_config *config, const char *name,
                            int64_t most, weir_buf *notes, weir_error *error)
{
    int64_t value = number_of(conf, name);
    if (value > 0 && value <= most) {
        return WEIR_OK;
    }
    if (weir__kafka_conf_is_set(config, name, WEIR__FOR_PRODUCER)) {
        weir__kafka_conf_note(notes,
                              "%s=%" PRId64 " becomes %" PRId64
                              ": more than transaction.timeout.ms is of no use",
                              name, value, most);
    }
    return set_number(conf, name, most, error);
}

static weir_err fit_producer(rd_kafka_conf_t *conf, const weir_config *config, weir_buf *notes,
                             weir_error *error)
{
    int64_t timeout_ms = number_of(conf, "transaction.timeout.ms");
    int64_t interval_ms = weir__config_i64(config, "commit.interval.ms");
    if (timeout_ms < interval_ms) {
        return weir__error_set(error, WEIR_ECONFIG,
                               "producer.transaction.timeout.ms=%" PRId64
                               " is less than commit.interval.ms=%" PRId64
                               ": each transaction would time out; write a smaller "
                               "commit.interval.ms, or a greater producer.transaction.timeout.ms",
                               timeout_ms, interval_ms);
    }
    int64_t request_ms = timeout_ms - REQUEST_MARGIN_MS;
    request_ms = request_ms > REQUEST_MIN_MS ? request_ms : REQUEST_MIN_MS;
    weir_err err = fit_timeout(conf, config, "delivery.timeout.ms", timeout_ms, notes, error);
    return err == WEIR_OK ? fit_timeout(conf, config, "socket.timeout.ms", request_ms, notes, error)
                          : err;
}

weir_err weir__kafka_conf_guarantee(rd_kafka_conf_t *conf, const weir_config *config, unsigned role,
                                    weir_buf *notes, weir_error *error)
{
    if (!weir__config_is_exactly_once(config)) {
        return WEIR_OK;
    }
    if ((role & WEIR__FOR_CONSUMERS) != 0) {
        return replace(conf, config, role, "isolation.level", "read_committed", notes, error);
    }
    if (role != WEIR__FOR_PRODUCER) {
        return WEIR_OK;
    }
    weir_err err = replace(conf, config, role, "enable.idempotence", "true", notes, error);
    return err == WEIR_OK ? fit_producer(conf, config, notes, error) : err;
}

weir_err weir__kafka_conf_transactional_id(rd_kafka_conf_t *conf, const char *id, weir_error *error)
{
    weir_err err = set(conf, "transactional.id", id, error);
    if (err != WEIR_OK) {
        rd_kafka_conf_destroy(conf);
    }
    return err;
}
