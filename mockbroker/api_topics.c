/* SPDX-License-Identifier: Apache-2.0
 *
 * CreateTopics, DeleteRecords, DescribeConfigs: requests of admin clients. */
#include <stdio.h>

#include "apis.h"
#include "core/error.h"
#include "names.h"
#include "topics.h"

#define RESOURCE_TOPIC 2
#define RESOURCE_BROKER 4
#define SOURCE_TOPIC 1
#define SOURCE_STATIC_BROKER 4
#define SOURCE_DEFAULT 5

/* ---- CreateTopics ---- */

typedef struct new_topic {
    weir__topic_spec spec;
    weir__topic_setting settings[WEIR__TOPIC_SETTINGS_MAX];
    bool too_many;
    bool assigned; /* by replica assignments: not offered */
} new_topic;

static void read_new_topic(weir__reader *in, new_topic *topic)
{
    *topic = (new_topic){0};
    topic->spec.name = weir__read_string(in);
    topic->spec.partitions = weir__read_i32(in);
    topic->spec.replication_factor = weir__read_i16(in);
    topic->spec.settings = topic->settings;
    int32_t assignments = weir__read_count(in);
    topic->assigned = assignments > 0;
    for (int32_t i = 0; i < assignments && !in->failed; i++) {
        weir__read_i32(in);
        int32_t replicas = weir__read_count(in);
        weir__read_bytes(in, replicas > 0 ? (size_t)replicas * sizeof(int32_t) : 0);
    }
    int32_t settings = weir__read_count(in);
    for (int32_t i = 0; i < settings && !in->failed; i++) {
        weir__topic_setting setting;
        setting.name = weir__read_string(in);
        setting.value = weir__read_string(in);
        if (topic->spec.setting_count == WEIR__TOPIC_SETTINGS_MAX) {
            topic->too_many = true;
        } else {
            topic->settings[topic->spec.setting_count++] = setting;
        }
    }
}

static int16_t create(weir__request *request, new_topic *topic, weir_error *message)
{
    message->message[0] = '\0';
    if (request->injected != 0) {
        return request->injected;
    }
    if (topic->assigned) {
        weir__error_set(message, WEIR_EUNSUPPORTED, "The mock cluster assigns replicas itself.");
        return RD_KAFKA_RESP_ERR_INVALID_REPLICA_ASSIGNMENT;
    }
    if (topic->too_many) {
        weir__error_set(message, WEIR_ELIMIT, "At most %d settings.", WEIR__TOPIC_SETTINGS_MAX);
        return RD_KAFKA_RESP_ERR_INVALID_CONFIG;
    }
    return weir__topic_create(request->mock, &topic->spec, message);
}

static void put_duplicate(weir_slice name, void *user)
{
    weir__put_topic_result(user, 1, name, RD_KAFKA_RESP_ERR_INVALID_REQUEST, WEIR__DUPLICATE_TOPIC);
}

void weir__handle_create_topics(weir__request *request, weir__reader *in)
{
    new_topic topic;
    weir__names names = {0};
    weir__reader topics = *in;
    weir_err err = WEIR_OK;
    int32_t count = weir__read_count(in);
    for (int32_t i = 0; i < count && !in->failed && err == WEIR_OK; i++) {
        read_new_topic(in, &topic);
        err = in->failed ? WEIR_OK : weir__names_add(&names, topic.spec.name);
    }
    weir__read_i32(in); /* timeout */
    bool validate_only = request->version >= 1 && weir__read_bool(in);
    if (in->failed || err != WEIR_OK) {
        weir__names_fini(&names);
        weir__request_malformed(request);
        return;
    }
    weir__put_throttle(request, 2);
    weir__buf_put_i32(&request->answer, (int32_t)weir__names_count(&names));
    weir__read_count(&topics);
    for (int32_t i = 0; i < count; i++) {
        weir_error message;
        read_new_topic(&topics, &topic);
        if (weir__names_is_duplicate(&names, topic.spec.name)) {
            continue;
        }
        topic.spec.validate_only = validate_only;
        int16_t error = create(request, &topic, &message);
        weir__put_topic_result(request, 1, topic.spec.name, error, message.message);
    }
    weir__names_each_duplicate(&names, put_duplicate, request);
    weir__names_fini(&names);
    weir__request_answer(request);
}

/* ---- DeleteRecords ---- */

static int16_t delete_records(weir__request *request, weir_slice topic, int32_t id, int64_t before,
                              int64_t *low_watermark)
{
    weir__partition *partition = weir__partition_find(request->mock, topic, id);
    *low_watermark = -1;
    if (request->injected != 0) {
        return request->injected;
    }
    if (partition == NULL) {
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    }
    if (partition->leader != request->conn->broker->id) {
        return RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    }
    int16_t error = weir__partition_trim(request->mock, partition, before);
    if (error == 0) {
        *low_watermark = partition->start;
    }
    return error;
}

/* Reads twice: `out` NULL only checks that the request is whole. */
static void walk_delete_records(weir__request *request, weir__reader *in, weir_buf *out)
{
    int32_t topics = weir__read_count(in);
    if (out != NULL) {
        weir__buf_put_i32(out, topics);
    }
    for (int32_t i = 0; i < topics && !in->failed; i++) {
        weir_slice topic = weir__read_string(in);
        int32_t partitions = weir__read_count(in);
        if (out != NULL) {
            weir__put_string(out, topic);
            weir__buf_put_i32(out, partitions);
        }
        for (int32_t j = 0; j < partitions && !in->failed; j++) {
            int32_t id = weir__read_i32(in);
            int64_t before = weir__read_i64(in);
            if (out != NULL) {
                int64_t low_watermark;
                int16_t error = delete_records(request, topic, id, before, &low_watermark);
                weir__buf_put_i32(out, id);
                weir__buf_put_i64(out, low_watermark);
                weir__buf_put_i16(out, error);
            }
        }
    }
    weir__read_i32(in); /* timeout */
}

void weir__handle_delete_records(weir__request *request, weir__reader *in)
{
    weir__reader again = *in;
    walk_delete_records(request, in, NULL);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    weir__put_throttle(request, 0);
    walk_delete_records(request, &again, &request->answer);
    weir__request_answer(request);
}

/* ---- DescribeConfigs ---- */

/* NULL keys: all. */
static bool is_asked(weir__reader keys, weir_slice name)
{
    int32_t count = weir__read_count(&keys);
    for (int32_t i = 0; i < count; i++) {
        if (weir_slice_equal(weir__read_string(&keys), name)) {
            return true;
        }
    }
    return count < 0;
}

static void put_config(const weir__request *request, weir_buf *out, const char *name,
                       const char *value, uint8_t source)
{
    weir__put_cstring(out, name);
    weir__put_cstring(out, value);
    weir__put_bool(out, source == SOURCE_STATIC_BROKER); /* read only */
    if (request->version >= 1) {
        weir__buf_put_u8(out, source);
    } else {
        weir__put_bool(out, source == SOURCE_DEFAULT);
    }
    weir__put_bool(out, false); /* sensitive */
    if (request->version >= 1) {
        weir__buf_put_i32(out, 0); /* synonyms */
    }
}

static void put_topic_configs(weir__request *request, const weir__topic *topic, weir__reader keys)
{
    weir_buf *out = &request->answer;
    size_t count;
    const weir__topic_config *configs = weir__topic_configs(&count);
    size_t begin = weir__array_begin(out);
    int32_t put = 0;
    for (size_t i = 0; i < count; i++) {
        if (is_asked(keys, weir_slice_of(configs[i].name))) {
            const char *set = weir__map_get_text(&topic->config, configs[i].name);
            put_config(request, out, configs[i].name, set != NULL ? set : configs[i].value,
                       set != NULL ? SOURCE_TOPIC : SOURCE_DEFAULT);
            put++;
        }
    }
    weir__array_end(out, begin, put);
}

static void put_broker_configs(weir__request *request, weir__reader keys)
{
    const weir_mock_opts *opts = &request->mock->opts;
    weir_buf *out = &request->answer;
    char partitions[16];
    char delay[32];
    snprintf(partitions, sizeof partitions, "%d", (int)opts->default_partitions);
    snprintf(delay, sizeof delay, "%lld", (long long)opts->group_initial_delay_ms);
    const char *const configs[][2] = {
        {"auto.create.topics.enable", opts->auto_create_topics ? "true" : "false"},
        {"default.replication.factor", "1"},
        {"group.initial.rebalance.delay.ms", delay},
        {"num.partitions", partitions},
    };
    size_t begin = weir__array_begin(out);
    int32_t put = 0;
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        if (is_asked(keys, weir_slice_of(configs[i][0]))) {
            put_config(request, out, configs[i][0], configs[i][1], SOURCE_STATIC_BROKER);
            put++;
        }
    }
    weir__array_end(out, begin, put);
}

static void put_resource(weir__request *request, uint8_t type, weir_slice name, weir__reader keys)
{
    weir_buf *out = &request->answer;
    const weir__topic *topic =
        type == RESOURCE_TOPIC ? weir__topic_find(request->mock, name) : NULL;
    int16_t error = request->injected;
    if (error == 0 && type == RESOURCE_TOPIC && topic == NULL) {
        error = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    } else if (error == 0 && type != RESOURCE_TOPIC && type != RESOURCE_BROKER) {
        error = RD_KAFKA_RESP_ERR_INVALID_REQUEST;
    }
    weir__buf_put_i16(out, error);
    weir__put_string(out, (weir_slice){0}); /* message */
    weir__buf_put_u8(out, type);
    weir__put_string(out, name);
    if (error != 0) {
        weir__buf_put_i32(out, 0);
    } else if (topic != NULL) {
        put_topic_configs(request, topic, keys);
    } else {
        put_broker_configs(request, keys);
    }
}

/* Afterwards `in` is behind the resource, and *keys at its keys. */
static weir_slice read_resource(weir__reader *in, uint8_t *type, weir__reader *keys)
{
    *type = weir__read_u8(in);
    weir_slice name = weir__read_string(in);
    *keys = *in;
    int32_t count = weir__read_count(in);
    for (int32_t i = 0; i < count && !in->failed; i++) {
        weir__read_string(in);
    }
    return name;
}

void weir__handle_describe_configs(weir__request *request, weir__reader *in)
{
    weir__reader resources = *in;
    weir__reader keys;
    uint8_t type;
    int32_t count = weir__read_count(in);
    for (int32_t i = 0; i < count && !in->failed; i++) {
        read_resource(in, &type, &keys);
    }
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    weir__put_throttle(request, 0);
    weir__buf_put_i32(&request->answer, weir__read_count(&resources));
    for (int32_t i = 0; i < count; i++) {
        weir_slice name = read_resource(&resources, &type, &keys);
        put_resource(request, type, name, keys);
    }
    weir__request_answer(request);
}
