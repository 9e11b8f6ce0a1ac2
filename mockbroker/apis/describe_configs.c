/* SPDX-License-Identifier: Apache-2.0
 *
 * DescribeConfigs, of topics and brokers. */
#include <stdio.h>

#include "apis.h"
#include "brokers/topics.h"

#define RESOURCE_TOPIC 2
#define RESOURCE_BROKER 4
#define SOURCE_TOPIC 1
#define SOURCE_STATIC_BROKER 4
#define SOURCE_DEFAULT 5

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
