/* SPDX-License-Identifier: Apache-2.0
 *
 * DescribeTransactions. */
#include <stdlib.h>

#include "core/clock.h"
#include "core/map.h"
#include "txn_requests.h"

#define TRANSACTIONAL_ID_NOT_FOUND 105 /* librdkafka 2.0 has no name for it */
/* Where the offsets of groups are in Kafka; offsets.topic.num.partitions is 50 by default. */
#define OFFSETS_TOPIC "__consumer_offsets"
#define OFFSETS_PARTITIONS 50

typedef struct topic_parts {
    weir_slice topic;
    weir_buf partitions; /* i32 each */
} topic_parts;

static void topic_free(void *value)
{
    topic_parts *topic = value;
    weir__buf_fini(&topic->partitions);
    free(topic);
}

/* As Kafka's: Java's hash of the string, which is this one for ASCII. */
static int32_t offsets_partition(weir_slice group)
{
    const uint8_t *bytes = group.data;
    uint32_t hash = 0;
    for (size_t i = 0; i < group.len; i++) {
        hash = hash * 31 + bytes[i];
    }
    return (int32_t)((hash & INT32_MAX) % OFFSETS_PARTITIONS);
}

static weir_err add_part(weir__map *topics, const weir__txn_part *part)
{
    bool offsets = part->partition == WEIR__TXN_OFFSETS;
    weir_slice name = offsets ? weir_slice_of(OFFSETS_TOPIC) : part->name;
    topic_parts *topic = weir__map_get(topics, name);
    if (topic == NULL) {
        topic = calloc(1, sizeof *topic);
        if (topic == NULL || weir__map_put(topics, name, topic) != WEIR_OK) {
            free(topic);
            return WEIR_ENOMEM;
        }
        topic->topic = name;
    }
    return weir__buf_put_i32(&topic->partitions,
                             offsets ? offsets_partition(part->name) : part->partition);
}

static void put_topics(weir__request *request, const weir__txn *txn)
{
    weir_buf *out = &request->answer;
    weir__map topics = {0};
    const weir__map_entry *at = txn->parts.first;
    for (; at != NULL && out->err == WEIR_OK; at = at->next) {
        out->err = add_part(&topics, at->value);
    }
    weir__give_count(request, topics.count);
    for (at = topics.first; at != NULL; at = at->next) {
        const topic_parts *topic = at->value;
        weir__give_string(request, topic->topic);
        weir__give_count(request, topic->partitions.len / sizeof(int32_t));
        weir_put(out, topic->partitions.data, topic->partitions.len);
        weir__give_tags(request);
    }
    weir__map_fini(&topics, topic_free);
}

static void put_described(weir__request *request, weir_slice id)
{
    static const weir__txn none;
    const weir_mock *mock = request->mock;
    weir_buf *out = &request->answer;
    int16_t error = weir__check_txn_coordinator(request, id);
    const weir__txn *txn = error == 0 ? weir__txns_find(&mock->txns, id) : NULL;
    if (error == 0 && txn == NULL) {
        error = TRANSACTIONAL_ID_NOT_FOUND;
    }
    const char *state = txn != NULL ? weir__txn_state_name(txn->state) : "";
    txn = txn != NULL ? txn : &none;
    int64_t age_ms = (mock->now_us - txn->start_us) / 1000;
    weir__buf_put_i16(out, error);
    weir__give_string(request, id);
    weir__give_string(request, weir_slice_of(state));
    weir__buf_put_i32(out, txn->timeout_ms);
    weir__buf_put_i64(out, txn == &none ? 0 : txn->start_us < 0 ? -1 : weir__wall_ms() - age_ms);
    weir__buf_put_i64(out, txn->producer_id);
    weir__buf_put_i16(out, txn->epoch);
    put_topics(request, txn);
    weir__give_tags(request);
}

void weir__handle_describe_transactions(weir__request *request, weir__reader *in)
{
    int32_t count = weir__take_count(request, in);
    weir__reader ids = *in;
    for (int32_t i = 0; i < count && !in->failed; i++) {
        weir__take_text(request, in);
    }
    weir__take_tags(request, in);
    if (in->failed || count < 0) {
        weir__request_malformed(request);
        return;
    }
    weir__put_throttle(request, 0);
    weir__give_count(request, (size_t)count);
    for (int32_t i = 0; i < count; i++) {
        put_described(request, weir__take_text(request, &ids));
    }
    weir__give_tags(request);
    weir__request_answer(request);
}
