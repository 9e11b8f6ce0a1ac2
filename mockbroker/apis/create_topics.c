/* SPDX-License-Identifier: Apache-2.0
 *
 * CreateTopics. */
#include "apis.h"
#include "brokers/topics.h"
#include "core/error.h"
#include "names.h"
#include "server/faults.h"

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
    int16_t fault = weir__fault_error(request, topic->spec.name, -1);
    if (fault != 0) {
        return fault;
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
