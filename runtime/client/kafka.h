/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by the files of this folder: conversion of librdkafka's errors, configuration and log
 * lines. */
#ifndef WEIR_CLIENT_KAFKA_H
#define WEIR_CLIENT_KAFKA_H

#include <librdkafka/rdkafka.h>

#include "client/port.h"
#include "core/error.h"

/* Converts librdkafka's error code to Weir's. */
weir_err weir__kafka_code(rd_kafka_resp_err_t err);
/* Fills *error with "<text>: <librdkafka's text>"; returns the code. */
weir_err weir__kafka_fail(weir_error *error, rd_kafka_resp_err_t err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for an error object, which is freed; WEIR_OK for NULL. What the object says decides, in
 * this order: fenced (by its code), fatal, abortable, retriable, else its code. */
weir_err weir__kafka_fail_with(weir_error *error, rd_kafka_error_t *cause, const char *what);

typedef enum weir__kafka_role {
    WEIR__KAFKA_MAIN,
    WEIR__KAFKA_RESTORE,
    WEIR__KAFKA_GLOBAL,
    WEIR__KAFKA_PRODUCER,
    WEIR__KAFKA_ADMIN,
    WEIR__KAFKA_ROLE_COUNT,
} weir__kafka_role;

/* Makes librdkafka's configuration of a client. `log` becomes the opaque of the callbacks: it must
 * be the first member of the object, which must outlive the client. Free with rd_kafka_conf_destroy
 * unless weir__kafka_new consumed it. */
weir_err weir__kafka_conf(const weir_config *config, weir__kafka_role role, const char *client_id,
                          weir__log *log, rd_kafka_conf_t **out, weir_error *error);

/* Makes settings of a client (`role`: its bit) fit together: librdkafka refuses some pairs of
 * values that Java takes. WEIR_ECONFIG: a pair that Java refuses too. `notes`: weir__client_check.
 */
weir_err weir__kafka_conf_rules(rd_kafka_conf_t *conf, const weir_config *config, unsigned role,
                                weir_buf *notes, weir_error *error);
/* The settings that exactly-once needs; nothing at least once. WEIR_ECONFIG, `notes`: the same. */
weir_err weir__kafka_conf_guarantee(rd_kafka_conf_t *conf, const weir_config *config, unsigned role,
                                    weir_buf *notes, weir_error *error);
/* Consumes `conf` on failure. */
weir_err weir__kafka_conf_transactional_id(rd_kafka_conf_t *conf, const char *id,
                                           weir_error *error);
/* True if the user has set it for this client, with a prefix or without. */
bool weir__kafka_conf_is_set(const weir_config *config, const char *name, unsigned role);
/* Appends a line to `notes` (NULL allowed), unless it is there already. */
void weir__kafka_conf_note(weir_buf *notes, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Length of the client.id in rd_kafka_name(rk), for "%.*s". The rest of the name, "#consumer-1", is
 * a count of the handles of the process, and an admin client is a consumer there. */
int weir__kafka_id_len(const rd_kafka_t *rk);

/* The error callback of these configurations. It logs an error unless it is of a connection, which
 * librdkafka has logged already. Without an error callback librdkafka logs all errors again when
 * they are polled, possibly much later. `opaque`: the log. */
void weir__kafka_on_error(rd_kafka_t *rk, int cause, const char *reason, void *opaque);

/* Makes the client. Always consumes `conf`. */
weir_err weir__kafka_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **out,
                         weir_error *error);

/* Constructors of the three clients, for weir__kafka_client. */
weir_err weir__kafka_consumer_new(const weir__client_opts *opts, weir__consumer_role role,
                                  const weir__consumer_events *events, weir__consumer **out,
                                  weir_error *error);
weir_err weir__kafka_producer_new(const weir__client_opts *opts, weir__producer **out,
                                  weir_error *error);
weir_err weir__kafka_admin_new(const weir__client_opts *opts, weir__admin **out, weir_error *error);

/* Takes ownership of `message`. NULL: out of memory (then it is freed). */
weir__message *weir__message_wrap(rd_kafka_message_t *message);

/* Converts a timeout to librdkafka's int. */
static inline int weir__kafka_timeout(int64_t timeout_ms)
{
    return timeout_ms < 0 ? 0 : timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms;
}

#endif
