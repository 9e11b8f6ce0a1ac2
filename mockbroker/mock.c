/* SPDX-License-Identifier: Apache-2.0
 *
 * Creating and destroying the mock cluster. */
#include <stdlib.h>
#include <string.h>

#include "apis/apis.h"
#include "brokers/markers.h"
#include "brokers/topics.h"
#include "core/clock.h"
#include "core/error.h"
#include "server/faults.h"
#include "server/server.h"

#define DEFAULT_BROKERS 3

static weir_err start_cluster(weir_mock *mock, weir_error *error)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    if (rd_kafka_conf_set(conf, "client.id", "mock", text, sizeof text) != RD_KAFKA_CONF_OK ||
        rd_kafka_conf_set(conf, "log_level", "2", text, sizeof text) != RD_KAFKA_CONF_OK) {
        rd_kafka_conf_destroy(conf);
        return weir__error_set(error, WEIR_EBROKER, "%s", text);
    }
    mock->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (mock->rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return weir__error_set(error, WEIR_EBROKER, "%s", text);
    }
    mock->cluster = rd_kafka_mock_cluster_new(mock->rk, 1);
    if (mock->cluster == NULL) {
        return weir__error_set(error, WEIR_EBROKER, "librdkafka cannot make a mock cluster");
    }
    const char *address = rd_kafka_mock_cluster_bootstraps(mock->cluster);
    const char *colon = address != NULL ? strrchr(address, ':') : NULL;
    if (colon == NULL) {
        return weir__error_set(error, WEIR_EBROKER, "the mock cluster has no port");
    }
    mock->upstream_port = (int)strtol(colon + 1, NULL, 10);
    return WEIR_OK;
}

/* 0: the default. */
static weir_err set_log_opts(weir_mock *mock, weir_error *error)
{
    weir_mock_opts *opts = &mock->opts;
    if (opts->log_bytes_max < 0) {
        return weir__error_set(error, WEIR_EINVAL, "log_bytes_max: at least 0");
    }
    if (opts->retention_check_ms > INT32_MAX) {
        return weir__error_set(error, WEIR_EINVAL, "retention_check_ms: at most %d",
                               (int)INT32_MAX);
    }
    opts->retention_check_ms =
        opts->retention_check_ms == 0 ? WEIR__RETENTION_CHECK_MS : opts->retention_check_ms;
    mock->budget.max =
        opts->log_bytes_max == 0 ? WEIR__LOG_BYTES_DEFAULT : (size_t)opts->log_bytes_max;
    mock->started_us = mock->now_us = weir__monotonic_us();
    mock->wall_offset_us = weir__wall_ms() * 1000 - mock->now_us;
    mock->logs_due_us = INT64_MAX;
    return WEIR_OK;
}

static weir_err set_opts(weir_mock *mock, const weir_mock_opts *opts, weir_error *error)
{
    mock->opts = opts != NULL ? *opts : (weir_mock_opts){0};
    if (mock->opts.brokers == 0) {
        mock->opts.brokers = DEFAULT_BROKERS;
    }
    if (mock->opts.default_partitions == 0) {
        mock->opts.default_partitions = 1;
    }
    if (mock->opts.group_initial_delay_ms < 0) {
        mock->opts.group_initial_delay_ms = 0;
    }
    if (mock->opts.group_initial_delay_ms > INT32_MAX) {
        mock->opts.brokers = 0; /* none to close */
        return weir__error_set(error, WEIR_EINVAL, "group_initial_delay_ms: at most %d",
                               (int)INT32_MAX);
    }
    if (mock->opts.brokers < 0 || mock->opts.brokers > WEIR__BROKERS_MAX) {
        mock->opts.brokers = 0; /* none to close */
        return weir__error_set(error, WEIR_EINVAL, "brokers: 1 to %d", WEIR__BROKERS_MAX);
    }
    int port_max = UINT16_MAX + 1 - mock->opts.brokers;
    if (mock->opts.port < 0 || mock->opts.port > port_max) {
        mock->opts.brokers = 0; /* none to close */
        return weir__error_set(error, WEIR_EINVAL, "port: %d is not from 1 to %d (0: any)",
                               mock->opts.port, port_max);
    }
    if (mock->opts.default_partitions < 0 || mock->opts.default_partitions > WEIR__PARTITIONS_MAX) {
        return weir__error_set(error, WEIR_EINVAL, "default_partitions: 1 to %d",
                               WEIR__PARTITIONS_MAX);
    }
    for (int i = 0; i < mock->opts.brokers && mock->opts.port > 0; i++) {
        mock->brokers[i].port = mock->opts.port + i;
    }
    return set_log_opts(mock, error);
}

weir_mock *weir_mock_new(const weir_mock_opts *opts, weir_error *error)
{
    weir_mock *mock = calloc(1, sizeof *mock);
    if (mock == NULL) {
        weir__error_set(error, WEIR_ENOMEM, "out of memory");
        return NULL;
    }
    for (int i = 0; i < WEIR__BROKERS_MAX; i++) {
        mock->brokers[i] = (weir__broker){.id = i + 1, .listener = -1};
    }
    mock->begin = weir__api_begin;
    mock->wake[0] = mock->wake[1] = -1;
    pthread_mutex_init(&mock->lock, NULL);
    pthread_cond_init(&mock->applied, NULL);
    weir_err err = set_opts(mock, opts, error);
    if (err == WEIR_OK) {
        weir__groups_init(&mock->groups, &weir__group_answers, mock,
                          mock->opts.group_initial_delay_ms);
        weir__txns_init(&mock->txns, &weir__txn_markers, mock);
        err = start_cluster(mock, error);
    }
    if (err == WEIR_OK) {
        err = weir__front_start(mock, error);
    }
    for (int i = 0; i < mock->opts.brokers && err == WEIR_OK; i++) {
        err = weir__buf_printf(&mock->bootstrap, "%s127.0.0.1:%d", i > 0 ? "," : "",
                               mock->brokers[i].port);
    }
    if (err != WEIR_OK) {
        weir_mock_free(mock);
        return NULL;
    }
    weir__buf_text(&mock->bootstrap);
    return mock;
}

void weir_mock_free(weir_mock *mock)
{
    if (mock == NULL) {
        return;
    }
    weir__front_stop(mock);
    if (mock->cluster != NULL) {
        rd_kafka_mock_cluster_destroy(mock->cluster);
    }
    if (mock->rk != NULL) {
        rd_kafka_destroy(mock->rk);
    }
    weir__faults_fini(mock);
    weir__groups_fini(&mock->groups);
    weir__txns_fini(&mock->txns);
    weir__topics_fini(mock);
    weir__map_fini(&mock->coordinators, NULL);
    weir__map_fini(&mock->txn_coordinators, NULL);
    weir__map_fini(&mock->failures, NULL);
    weir__map_fini(&mock->shifts, free);
    weir__buf_fini(&mock->bootstrap);
    free(mock->first_failure);
    pthread_cond_destroy(&mock->applied);
    pthread_mutex_destroy(&mock->lock);
    free(mock);
}
