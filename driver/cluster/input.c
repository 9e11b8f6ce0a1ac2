/* SPDX-License-Identifier: Apache-2.0
 *
 * Input topics: typed records, sent by a producer on the driver's own host. */
#include <errno.h>
#include <stdlib.h>

#include "cluster/cluster.h"
#include "core/error.h"
#include "core/saturate.h"
#include "process/headers.h"

#define CLIENT_ID "driver-input"

/* librdkafka takes a timestamp of 0 for "not given". So the producer adds this to all timestamps,
 * and the brokers subtract it. The one timestamp that cannot be sent is its negative. */
#define TIME_SHIFT_MS ((int64_t)1 << 62)
#define BY_KEY (-1)

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
        !weir__serde_given(key, __func__, "key") || !weir__serde_given(value, __func__, "value")) {
        return (weir_input){cluster, NULL};
    }
    weir__input_topic *input = weir__must(weir__arena_alloc(&cluster->arena, sizeof *input));
    *input = (weir__input_topic){
        .cluster = cluster,
        .name = weir__must(weir__arena_strdup(&cluster->arena, topic)),
        .key = key,
        .value = value,
    };
    weir_err err = topic_start(cluster, topic, partitions, &error);
    err = err != WEIR_OK ? err : producer_start(cluster, &error);
    if (err != WEIR_OK) {
        weir__cluster_fail(cluster, "input topic %s: %s", topic, error.message);
        return (weir_input){cluster, NULL};
    }
    return (weir_input){cluster, input};
}

void weir_input_set_time(weir_input input, int64_t next_ms, int64_t advance_ms)
{
    if (!weir__given(input.topic != NULL, __func__, "input")) {
        return;
    }
    input.topic->timed = true;
    input.topic->next_ms = next_ms;
    input.topic->advance_ms = advance_ms;
}

void weir_input_follow_clock(weir_input input)
{
    if (!weir__given(input.topic != NULL, __func__, "input")) {
        return;
    }
    input.topic->timed = false;
}

static int64_t next_time(weir__input_topic *topic)
{
    if (!topic->timed) {
        return weir_sim_wall_ms();
    }
    int64_t now = topic->next_ms;
    topic->next_ms = weir__add_sat(now, topic->advance_ms);
    return now;
}

static weir_err time_of(weir__input_topic *topic, weir_input_time time, int64_t *sent_ms,
                        weir_error *error)
{
    if (!time.given && time.ms != 0) {
        return weir__error_set(error, WEIR_EINVAL, "a time is given with WEIR_AT(%lld)",
                               (long long)time.ms);
    }
    int64_t ms = time.given ? time.ms : next_time(topic);
    if (ms == -TIME_SHIFT_MS) {
        return weir__error_set(error, WEIR_EUNSUPPORTED, "the time %lld cannot be sent",
                               (long long)ms);
    }
    *sent_ms = weir__add_wrap(ms, TIME_SHIFT_MS);
    return WEIR_OK;
}

static weir_err encode_side(weir__arena *scratch, const weir_serde *serde, const void *decoded,
                            const char *side, weir_slice *out, weir_error *error)
{
    weir_err err = weir__codec_check_slice(serde, decoded, error);
    err = err != WEIR_OK ? err : weir__codec_encode(scratch, serde, decoded, out, error);
    return err != WEIR_OK ? weir__error_prefix(error, err, "%s", side) : WEIR_OK;
}

static weir_err send_record(weir__input_topic *topic, int32_t partition,
                            const weir_input_record *record, weir_error *error)
{
    weir__arena *scratch = &topic->cluster->scratch;
    weir__outgoing out = {.topic = topic->name, .partition = partition};
    weir_err err = encode_side(scratch, topic->key, record->key, "key", &out.key, error);
    err = err != WEIR_OK
              ? err
              : encode_side(scratch, topic->value, record->value, "value", &out.value, error);
    if (err != WEIR_OK) {
        return err;
    }
    if (partition < 0 && record->key == NULL) {
        int32_t there = weir_mock_topic_partitions(topic->cluster->mock, topic->name);
        out.partition = topic->turn;
        topic->turn = (topic->turn + 1) % (there > 0 ? there : 1);
    }
    err = time_of(topic, record->at, &out.timestamp_ms, error);
    if (err != WEIR_OK) {
        return err;
    }
    if (record->header_count > 0) {
        out.headers = weir__must(weir__headers_new(scratch, record->headers, record->header_count));
    }
    return weir__producer_send(topic->cluster->producer, &out, NULL, error);
}

static bool headers_given(const weir_input_record *record, const char *function)
{
    if (!weir__given(record->headers != NULL || record->header_count == 0, function,
                     "record->headers")) {
        return false;
    }
    for (size_t i = 0; i < record->header_count; i++) {
        if (!weir__given(record->headers[i].name != NULL, function, "a header's name")) {
            return false;
        }
    }
    return true;
}

/* `partition` BY_KEY: the partition by murmur2 of the key. */
static void send_to(weir_input input, int32_t partition, const weir_input_record *record,
                    const char *function)
{
    weir_error error;
    if (!weir__given(input.topic != NULL, function, "input") ||
        !weir__given(record != NULL, function, "record") || !headers_given(record, function)) {
        return;
    }
    weir_err err = send_record(input.topic, partition, record, &error);
    weir__arena_reset(&input.cluster->scratch);
    input.cluster->unflushed = true;
    if (err != WEIR_OK) {
        weir__cluster_fail(input.cluster, "cannot send to %s: %s", input.topic->name,
                           error.message);
    }
}

void weir_input_send_to(weir_input input, int32_t partition, const weir_input_record *record)
{
    if (partition < 0) {
        weir__cluster_fail(weir__cluster_current(), "%s: there is no partition %d", __func__,
                           (int)partition);
        return;
    }
    send_to(input, partition, record, __func__);
}

void weir_input_send(weir_input input, const weir_input_record *record)
{
    send_to(input, BY_KEY, record, __func__);
}

void weir_input_pipe(weir_input input, const void *key, const void *value)
{
    send_to(input, BY_KEY, &(weir_input_record){.key = key, .value = value}, __func__);
}

void weir_input_list(weir_input input, const void *keys, const void *values, size_t count)
{
    if (!weir__given(input.topic != NULL, __func__, "input") ||
        !weir__given(values != NULL || count == 0, __func__, "values")) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const char *key = keys != NULL ? (const char *)keys + i * input.topic->key->size : NULL;
        weir_input_pipe(input, key, (const char *)values + i * input.topic->value->size);
    }
}

/* False, and the test fails: the serde does not decode to a text. */
static bool takes_text(weir_input input, const char *helper, const char *side,
                       const weir_serde *serde)
{
    if (weir__codec_takes_text(serde)) {
        return true;
    }
    weir__cluster_fail(input.cluster,
                       "%s: the %ss of topic %s are %s, not texts; use weir_input_pipe, or give "
                       "weir_string to weir_cluster_input to send the bytes of texts",
                       helper, side, input.topic->name, serde->name);
    return false;
}

void weir_input_text(weir_input input, const char *key, const char *value)
{
    if (!weir__given(input.topic != NULL, __func__, "input")) {
        return;
    }
    if ((key != NULL && !takes_text(input, "weir_input_text", "key", input.topic->key)) ||
        (value != NULL && !takes_text(input, "weir_input_text", "value", input.topic->value))) {
        return;
    }
    weir_slice key_text = weir_slice_of(key);
    weir_slice value_text = weir_slice_of(value);
    weir_input_record record = {.key = key != NULL ? &key_text : NULL,
                                .value = value != NULL ? &value_text : NULL};
    send_to(input, BY_KEY, &record, __func__);
}

static void send_line(weir_input input, const char *line, size_t len)
{
    while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r')) {
        len--;
    }
    weir_input_pipe(input, NULL, &(weir_slice){line, len});
}

size_t weir_input_lines(weir_input input, const char *text)
{
    size_t count = 0;
    if (!weir__given(input.topic != NULL, __func__, "input") ||
        !weir__given(text != NULL, __func__, "text")) {
        return 0;
    }
    if (!takes_text(input, "weir_input_lines", "value", input.topic->value)) {
        return 0;
    }
    while (*text != '\0') {
        size_t len = strcspn(text, "\n");
        len += text[len] == '\n' ? 1 : 0;
        send_line(input, text, len);
        text += len;
        count++;
    }
    return count;
}

size_t weir_input_file(weir_input input, const char *path)
{
    if (!weir__given(input.topic != NULL, __func__, "input") ||
        !weir__given(path != NULL, __func__, "path")) {
        return 0;
    }
    if (!takes_text(input, "weir_input_file", "value", input.topic->value)) {
        return 0;
    }
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        weir__cluster_fail(input.cluster, "cannot read %s: %s", path, strerror(errno));
        return 0;
    }
    char *line = NULL;
    size_t size = 0;
    size_t count = 0;
    ssize_t len;
    while ((len = getline(&line, &size, file)) > 0) {
        send_line(input, line, (size_t)len);
        count++;
    }
    free(line);
    fclose(file);
    return count;
}

void weir__inputs_flush(weir_cluster *cluster)
{
    weir_error error;
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
