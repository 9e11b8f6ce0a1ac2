/* SPDX-License-Identifier: Apache-2.0
 *
 * Metadata: topics, leaders, and the front's addresses. */
#include "apis.h"
#include "brokers/topics.h"
#include "core/error.h"
#include "names.h"
#include "server/faults.h"

int32_t weir__brokers_told(const weir_mock *mock)
{
    int32_t count = 0;
    for (int i = 0; i < mock->opts.brokers; i++) {
        count += weir__broker_is_told(&mock->brokers[i]) ? 1 : 0;
    }
    return count;
}

int32_t weir__controller(const weir_mock *mock)
{
    for (int i = 0; i < mock->opts.brokers; i++) {
        if (weir__broker_is_told(&mock->brokers[i])) {
            return mock->brokers[i].id;
        }
    }
    return -1;
}

/* The broker that leads first and the ones after it, as assigned at the topic's creation. */
static void put_replicas(const weir_mock *mock, const weir__partition *partition, weir_buf *out)
{
    int32_t count = partition->topic->replication_factor;
    weir__buf_put_i32(out, count);
    for (int32_t i = 0; i < count; i++) {
        weir__buf_put_i32(out, 1 + (partition->id + i) % mock->opts.brokers);
    }
}

/* Those of them that are up, or those that are not. */
static void put_replicas_up(const weir_mock *mock, const weir__partition *partition, bool up,
                            weir_buf *out)
{
    size_t begin = weir__array_begin(out);
    int32_t count = 0;
    for (int32_t i = 0; i < partition->topic->replication_factor; i++) {
        const weir__broker *broker = &mock->brokers[(partition->id + i) % mock->opts.brokers];
        if ((broker->listener >= 0) == up) {
            weir__buf_put_i32(out, broker->id);
            count++;
        }
    }
    weir__array_end(out, begin, count);
}

static void put_partition(const weir__request *request, const weir__partition *partition,
                          weir_buf *out)
{
    const weir__broker *leader = weir__broker_find(request->mock, partition->leader);
    bool led = leader != NULL && weir__broker_is_told(leader);
    weir__buf_put_i16(out, led ? 0 : RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
    weir__buf_put_i32(out, partition->id);
    weir__buf_put_i32(out, led ? leader->id : -1);
    if (request->version >= 7) {
        weir__buf_put_i32(out, partition->log.leader_epoch);
    }
    put_replicas(request->mock, partition, out);
    put_replicas_up(request->mock, partition, true, out); /* in sync */
    if (request->version >= 5) {
        put_replicas_up(request->mock, partition, false, out); /* offline */
    }
}

static void put_topic(const weir__request *request, weir_buf *out, const weir__topic *topic,
                      weir_slice name)
{
    if (topic != NULL && topic->hidden_on == request->conn->broker->id) {
        topic = NULL;
    }
    int16_t fault = weir__fault_error(request, name, -1);
    int16_t error = topic == NULL ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART : 0;
    weir__buf_put_i16(out, fault != 0 ? fault : error);
    weir__put_string(out, name);
    if (request->version >= 1) {
        weir__put_bool(out, false); /* internal */
    }
    int32_t count = topic != NULL && fault == 0 ? topic->partition_count : 0;
    weir__buf_put_i32(out, count);
    for (int32_t i = 0; i < count; i++) {
        put_partition(request, topic->partitions[i], out);
    }
}

static void put_brokers(const weir__request *request, weir_buf *out)
{
    const weir_mock *mock = request->mock;
    weir__buf_put_i32(out, weir__brokers_told(mock));
    for (int i = 0; i < mock->opts.brokers; i++) {
        if (!weir__broker_is_told(&mock->brokers[i])) {
            continue;
        }
        weir__buf_put_i32(out, mock->brokers[i].id);
        weir__put_cstring(out, WEIR__HOST);
        weir__buf_put_i32(out, mock->brokers[i].port);
        if (request->version >= 1) {
            weir__put_string(out, (weir_slice){0}); /* rack */
        }
    }
    if (request->version >= 2) {
        weir__put_cstring(out, WEIR__CLUSTER_ID);
    }
    if (request->version >= 1) {
        weir__buf_put_i32(out, weir__controller(mock));
    }
}

static const weir__topic *look_up(weir__request *request, weir_slice name, bool create)
{
    const weir__topic *topic = weir__topic_find(request->mock, name);
    if (topic == NULL && create && weir__fault_error(request, name, -1) == 0) {
        weir_error ignored; /* an invalid name stays unknown */
        (void)weir__topic_create(
            request->mock,
            &(weir__topic_spec){.name = name, .partitions = -1, .replication_factor = -1},
            &ignored);
        topic = weir__topic_find(request->mock, name);
    }
    return topic;
}

typedef struct named_topics {
    weir__reader names;
    int32_t count;
    bool create;
} named_topics;

/* A topic that is named twice is described once, as Kafka does
 * (KafkaApis.handleTopicMetadataRequest takes the names as a set). */
static void put_named_topics(weir__request *request, named_topics *asked)
{
    weir_buf *out = &request->answer;
    weir__names names = {0};
    for (int32_t i = 0; i < asked->count && out->err == WEIR_OK; i++) {
        out->err = weir__names_add(&names, weir__read_string(&asked->names));
    }
    weir__buf_put_i32(out, (int32_t)weir__names_count(&names));
    for (const weir__map_entry *entry = names.counts.first; entry != NULL; entry = entry->next) {
        put_topic(request, out, look_up(request, entry->key, asked->create), entry->key);
    }
    weir__names_fini(&names);
}

void weir__handle_metadata(weir__request *request, weir__reader *in)
{
    weir_mock *mock = request->mock;
    weir_buf *out = &request->answer;
    int32_t count;
    weir__reader names = weir__read_strings(in, &count);
    bool create = (request->version < 4 || weir__read_bool(in)) && mock->opts.auto_create_topics;
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    weir__put_throttle(request, 3);
    put_brokers(request, out);
    if (count < 0 || (count == 0 && request->version == 0)) {
        weir__buf_put_i32(out, (int32_t)mock->topics.count);
        for (weir__map_entry *entry = mock->topics.first; entry != NULL; entry = entry->next) {
            put_topic(request, out, entry->value, entry->key);
        }
    } else {
        put_named_topics(request, &(named_topics){names, count, create});
    }
    weir__request_answer(request);
}
