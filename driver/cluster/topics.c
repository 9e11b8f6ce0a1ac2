/* SPDX-License-Identifier: Apache-2.0
 *
 * Topics of the mock cluster: their administration, and what inputs and outputs need of them.
 * Records are sent by a producer on the driver's own host. */
#include "cluster/cluster.h"
#include "core/error.h"
#include "core/saturate.h"

#define CLIENT_ID "driver-input"

/* librdkafka takes a timestamp of 0 for "not given". So the producer adds this to all timestamps,
 * and the brokers subtract it. The one timestamp that cannot be sent is its negative. */
#define TIME_SHIFT_MS ((int64_t)1 << 62)

static weir_err producer_start(weir_cluster *cluster, weir_error *error)
{
    if (cluster->producer != NULL) {
        return WEIR_OK;
    }
    weir_config *config = weir__must(weir_config_new());
    weir__client_opts opts = {.config = config, .client_id = CLIENT_ID};
    opts.log.level = WEIR__LOG_ERROR;
    const char *bootstrap = weir_mock_bootstrap(cluster->mock);
    weir_err err = weir_config_set(config, "application.id", "driver", error);
    err = err != WEIR_OK ? err : weir_config_set(config, "bootstrap.servers", bootstrap, error);
    err = err != WEIR_OK ? err : weir__producer_new(&opts, &cluster->producer, error);
    weir_config_free(config);
    if (err == WEIR_OK) {
        err = weir_mock_shift_timestamps(cluster->mock, CLIENT_ID, -TIME_SHIFT_MS);
        weir__error_set(error, err, "%s", weir_err_str(err));
    }
    return err;
}

static weir_err topic_start(weir_cluster *cluster, const char *topic, int32_t partitions,
                            weir_error *error)
{
    int32_t there = weir_mock_topic_partitions(cluster->mock, topic);
    if (there < 0) {
        return weir_mock_topic_create(cluster->mock, topic, partitions, 1, NULL, error);
    }
    return there == partitions
               ? WEIR_OK
               : weir__error_set(error, WEIR_EEXISTS, "it has %d partitions, not %d", (int)there,
                                 (int)partitions);
}

void weir_cluster_topic_create(weir_cluster *cluster, const char *topic, int32_t partitions)
{
    weir_error error;
    if (!weir__given(cluster != NULL, __func__, "cluster") ||
        !weir__given(topic != NULL, __func__, "topic")) {
        return;
    }
    if (topic_start(cluster, topic, partitions, &error) != WEIR_OK) {
        weir__cluster_fail(cluster, "cannot create topic %s: %s", topic, error.message);
    }
}

void weir_cluster_topic_grow(weir_cluster *cluster, const char *topic, int32_t partitions)
{
    weir_error error;
    if (!weir__given(cluster != NULL, __func__, "cluster") ||
        !weir__given(topic != NULL, __func__, "topic")) {
        return;
    }
    weir__inputs_flush(cluster);
    weir_err err = weir_mock_topic_grow(cluster->mock, topic, partitions, &error);
    if (err == WEIR_OK && cluster->producer != NULL) {
        /* A new producer reads the new number of partitions at once. */
        weir__producer_close(cluster->producer);
        cluster->producer = NULL;
        err = producer_start(cluster, &error);
    }
    if (err != WEIR_OK) {
        weir__cluster_fail(cluster, "cannot add partitions: %s", error.message);
    }
}

void weir_cluster_topic_delete(weir_cluster *cluster, const char *topic)
{
    if (!weir__given(cluster != NULL, __func__, "cluster") ||
        !weir__given(topic != NULL, __func__, "topic")) {
        return;
    }
    weir__inputs_flush(cluster);
    weir_err err = weir_mock_topic_delete(cluster->mock, topic);
    if (err != WEIR_OK) {
        weir__cluster_fail(cluster, "cannot delete topic %s: %s", topic, weir_err_str(err));
    }
}

void weir_cluster_topic_trim(weir_cluster *cluster, const char *topic, int32_t partition,
                             int64_t left)
{
    int64_t start = 0;
    int64_t end = 0;
    if (!weir__given(cluster != NULL, __func__, "cluster") ||
        !weir__given(topic != NULL, __func__, "topic")) {
        return;
    }
    if (left < 0) {
        weir__cluster_fail(cluster, "%s: left is negative: %lld", __func__, (long long)left);
        return;
    }
    weir__inputs_flush(cluster);
    weir_err err = weir_mock_partition_offsets(cluster->mock, topic, partition, &start, &end);
    if (err == WEIR_OK && end - start > left) {
        err = weir_mock_partition_trim(cluster->mock, topic, partition, weir__sub_sat(end, left));
    }
    if (err != WEIR_OK) {
        weir__cluster_fail(cluster, "cannot trim %s-%d: %s", topic, (int)partition,
                           weir_err_str(err));
    }
}

void weir_cluster_topic_compact(weir_cluster *cluster, const char *topic)
{
    weir_error error = {0};
    if (!weir__given(cluster != NULL, __func__, "cluster") ||
        !weir__given(topic != NULL, __func__, "topic")) {
        return;
    }
    weir__inputs_flush(cluster);
    int32_t partitions = weir_mock_topic_partitions(cluster->mock, topic);
    weir_err err = partitions >= 0
                       ? WEIR_OK
                       : weir__error_set(&error, WEIR_ENOTFOUND, "there is no topic '%s'", topic);
    for (int32_t i = 0; i < partitions && err == WEIR_OK; i++) {
        err = weir_mock_partition_compact(cluster->mock, topic, i, &error);
    }
    if (err != WEIR_OK) {
        weir__cluster_fail(cluster, "cannot compact topic %s: %s", topic, error.message);
    }
}

weir_input weir_cluster_input(weir_cluster *cluster, const char *topic, int32_t partitions,
                              const weir_serde *key, const weir_serde *value)
{
    weir_error error;
    if (!weir__given(cluster != NULL, __func__, "cluster") ||
        !weir__given(topic != NULL, __func__, "topic") ||
        !weir__serdes_given(key, value, __func__)) {
        return (weir_input){0};
    }
    weir_err err = topic_start(cluster, topic, partitions, &error);
    err = err != WEIR_OK ? err : producer_start(cluster, &error);
    if (err != WEIR_OK) {
        weir__cluster_fail(cluster, "input topic %s: %s", topic, error.message);
        return (weir_input){0};
    }
    return weir__input_make(&cluster->driver, topic, key, value);
}

weir_output weir_cluster_output(weir_cluster *cluster, const char *topic, const weir_serde *key,
                                const weir_serde *value)
{
    if (!weir__given(cluster != NULL, __func__, "cluster") ||
        !weir__given(topic != NULL, __func__, "topic") ||
        !weir__serdes_given(key, value, __func__)) {
        return (weir_output){0};
    }
    return weir__output_make(&cluster->driver, topic, key, value);
}

weir_rows *weir_rows_new(weir_cluster *cluster, const weir_serde *key, const weir_serde *value)
{
    if (!weir__given(cluster != NULL, __func__, "cluster") ||
        !weir__serdes_given(key, value, __func__)) {
        return NULL;
    }
    return weir__rows_make(&cluster->driver, key, value);
}

void weir__inputs_flush(weir_cluster *cluster)
{
    weir_error error;
    weir_sim_order_writes();
    if (!cluster->unflushed) {
        return;
    }
    cluster->unflushed = false;
    if (weir__producer_flush(cluster->producer, 60000, &error) != WEIR_OK &&
        !weir__brokers_failed(cluster)) {
        weir__cluster_fail(cluster, "input was not delivered: %s", error.message);
    }
}

void weir__inputs_close(weir_cluster *cluster)
{
    if (cluster->producer != NULL) {
        weir__producer_close(cluster->producer);
    }
}

/* ---- Operations for weir__driver ---- */

static weir_cluster *cluster_of(weir__driver *driver)
{
    return (weir_cluster *)driver;
}

static const char *fail_head(const weir__driver *driver)
{
    return weir__seed_line((const weir_cluster *)driver);
}

static void fail_end(const weir__driver *driver, weir_buf *message)
{
    const weir_cluster *cluster = (const weir_cluster *)driver;
    weir__buf_printf(message, "\nat %lld ms of virtual time",
                     (long long)weir_cluster_now_ms(cluster));
    if (cluster->trace != NULL) {
        fflush(cluster->trace); /* on_failure may end the process */
    }
}

/* The warnings of the instances: rows are often missing because records were dropped. */
static void remark(weir__driver *driver, weir_buf *out)
{
    const weir_cluster *cluster = (const weir_cluster *)driver;
    for (size_t i = 0; i < cluster->instance_count; i++) {
        weir_instance *instance = cluster->instances[i];
        weir_buf said = {0};
        weir__instance_put_warnings(&said, instance, "    said: ");
        if (said.len > 0) {
            weir__buf_printf(out, "\n  %s:\n%s", instance->name, weir__buf_text(&said));
        }
        weir__buf_fini(&said);
    }
}

static int64_t now_ms(const weir__driver *driver)
{
    (void)driver;
    return weir_sim_wall_ms();
}

static int32_t partitions(weir__driver *driver, const char *topic)
{
    return weir_mock_topic_partitions(cluster_of(driver)->mock, topic);
}

static void each_topic(weir__driver *driver,
                       void (*fn)(const char *topic, int32_t partitions, void *user), void *user)
{
    weir_mock_topics(cluster_of(driver)->mock, fn, user);
}

static weir_err send_record(weir__driver *driver, const weir__outgoing *record, weir_error *error)
{
    weir_cluster *cluster = cluster_of(driver);
    weir__outgoing shifted = *record;
    if (record->timestamp_ms == -TIME_SHIFT_MS) {
        return weir__error_set(error, WEIR_EUNSUPPORTED, "the time %lld cannot be sent",
                               (long long)record->timestamp_ms);
    }
    shifted.timestamp_ms = weir__add_wrap(record->timestamp_ms, TIME_SHIFT_MS);
    cluster->unflushed = true;
    weir_sim_order_writes();
    return weir__producer_send(cluster->producer, &shifted, NULL, error);
}

static weir_err offsets(weir__driver *driver, const char *topic, int32_t partition, int64_t *start,
                        int64_t *end)
{
    return weir_mock_partition_offsets(cluster_of(driver)->mock, topic, partition, start, end);
}

struct reading {
    weir_cluster *cluster;
    const char *topic;
    weir_err (*fn)(const weir__message_view *record, void *user);
    void *user;
};

static weir_err pass_record(const weir_mock_record *record, void *user)
{
    const struct reading *reading = user;
    weir__arena *scratch = &reading->cluster->driver.scratch;
    weir_header *headers =
        weir__must(weir__arena_alloc(scratch, (record->header_count + 1) * sizeof *headers));
    for (size_t i = 0; i < record->header_count; i++) {
        headers[i] = (weir_header){record->headers[i].name, record->headers[i].value};
    }
    weir__message_view view = {.topic = reading->topic,
                               .partition = record->partition,
                               .offset = record->offset,
                               .timestamp_ms = record->timestamp_ms,
                               .key = record->key,
                               .value = record->value,
                               .headers = headers,
                               .header_count = record->header_count};
    weir_err err = reading->fn(&view, reading->user);
    weir__arena_reset(scratch);
    return err;
}

static weir_err read_records(weir__driver *driver, const char *topic, int32_t partition,
                             int64_t offset,
                             weir_err (*fn)(const weir__message_view *record, void *user),
                             void *user, weir_error *error)
{
    struct reading reading = {cluster_of(driver), topic, fn, user};
    return weir_mock_partition_read(cluster_of(driver)->mock, topic, partition, offset, pass_record,
                                    &reading, error);
}

static void flush_inputs(weir__driver *driver)
{
    weir__inputs_flush(cluster_of(driver));
}

static bool on_own_thread(const weir__driver *driver)
{
    (void)driver;
    return weir_sim_on_test_thread();
}

const weir__driver_ops weir__cluster_driver_ops = {
    .on_own_thread = on_own_thread,
    .fail_thread = weir_sim_fail_thread,
    .fail_head = fail_head,
    .fail_end = fail_end,
    .remark = remark,
    .now_ms = now_ms,
    .partitions = partitions,
    .each_topic = each_topic,
    .send = send_record,
    .offsets = offsets,
    .read = read_records,
    .flush = flush_inputs,
    .look = weir__cluster_look,
};
