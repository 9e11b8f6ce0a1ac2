/* SPDX-License-Identifier: Apache-2.0
 *
 * Creating, extending and deleting topics with the checks of Kafka's controller, and the record of
 * the batches that each partition's log in the mock cluster holds. */
#include "topics.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "group/offsets.h"
#include "group/txn_offsets.h"

#define TOO_MANY_PARTITIONS "The mock cluster has at most 1024 partitions a topic."
#define ALIAS_MAX 24 /* ":", a number */

static void topic_free(void *value)
{
    weir__topic *topic = value;
    for (int32_t i = 0; i < topic->partition_count; i++) {
        free(topic->partitions[i]->batches);
        weir__times_fini(&topic->partitions[i]->times);
        weir__known_producers_fini(&topic->partitions[i]->known);
        weir__compacted_fini(&topic->partitions[i]->compacted);
        free(topic->partitions[i]);
    }
    free(topic->partitions);
    while (topic->upstreams != NULL) {
        weir__upstream *next = topic->upstreams->next;
        free(topic->upstreams);
        topic->upstreams = next;
    }
    weir__map_fini(&topic->config, free);
    free(topic);
}

void weir__topics_fini(weir_mock *mock)
{
    weir__map_fini(&mock->topics, topic_free);
    while (mock->deleted != NULL) {
        weir__topic *next = mock->deleted->next_deleted;
        topic_free(mock->deleted);
        mock->deleted = next;
    }
}

weir__topic *weir__topic_find(const weir_mock *mock, weir_slice name)
{
    return name.data != NULL ? weir__map_get(&mock->topics, name) : NULL;
}

weir__partition *weir__partition_find(const weir_mock *mock, weir_slice topic_name,
                                      int32_t partition)
{
    weir__topic *topic = weir__topic_find(mock, topic_name);
    bool exists = topic != NULL && partition >= 0 && partition < topic->partition_count;
    return exists ? topic->partitions[partition] : NULL;
}

int16_t weir__partition_trim(weir_mock *mock, weir__partition *partition, int64_t before)
{
    const char *policy = weir__topic_config_get(partition->topic, "cleanup.policy");
    if (strcmp(policy, "compact") == 0) {
        return RD_KAFKA_RESP_ERR_POLICY_VIOLATION;
    }
    before = before == -1 ? partition->end : before;
    if (before < 0 || before > partition->end) {
        return RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
    }
    if (before > partition->start) {
        partition->start = before;
        mock->fetches_due = true;
        weir__mock_event(mock, &(weir_mock_event){.kind = WEIR_MOCK_DELETE_RECORDS,
                                                  .topic = weir_slice_of(partition->topic->name),
                                                  .partition = partition->id,
                                                  .offset = before});
    }
    return 0;
}

/* ---- Creation ---- */

static bool valid_name(weir_slice name)
{
    const char *text = name.data;
    if (name.len == 0 || name.len > WEIR__TOPIC_NAME_MAX ||
        weir_slice_equal(name, weir_slice_of(".")) || weir_slice_equal(name, weir_slice_of(".."))) {
        return false;
    }
    for (size_t i = 0; i < name.len; i++) {
        if (!isalnum((unsigned char)text[i]) && strchr("._-", text[i]) == NULL) {
            return false;
        }
        if (text[i] == '\0') {
            return false;
        }
    }
    return true;
}

static int16_t refuse(weir_error *message, int16_t code, const char *text)
{
    weir__error_set(message, WEIR_EINVAL, "%s", text);
    return code;
}

/* Names that differ only in '.' and '_' share their metrics' names: Kafka refuses the second one
 * (ReplicationControlManager.validateNewTopicNames). */
static bool collides(weir_slice a, weir_slice b)
{
    const char *x = a.data;
    const char *y = b.data;
    if (a.len != b.len || weir_slice_equal(a, b)) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if ((x[i] == '.' ? '_' : x[i]) != (y[i] == '.' ? '_' : y[i])) {
            return false;
        }
    }
    return true;
}

static const char *colliding_topic(const weir_mock *mock, weir_slice name)
{
    for (const weir__map_entry *entry = mock->topics.first; entry != NULL; entry = entry->next) {
        if (collides(name, entry->key)) {
            return ((const weir__topic *)entry->value)->name;
        }
    }
    return NULL;
}

static int16_t check(const weir_mock *mock, const weir__topic_spec *spec, weir_error *message)
{
    if (!valid_name(spec->name)) {
        return refuse(message, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
                      "Topic name is invalid: 1 to 249 of a-z A-Z 0-9 . _ -");
    }
    const char *colliding = colliding_topic(mock, spec->name);
    if (colliding != NULL) {
        weir__error_set(message, WEIR_EINVAL, "Topic '%.*s' collides with existing topic: %s",
                        (int)spec->name.len, (const char *)spec->name.data, colliding);
        return RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION;
    }
    if (weir__topic_find(mock, spec->name) != NULL) {
        weir__error_set(message, WEIR_EEXISTS, "Topic '%.*s' already exists.", (int)spec->name.len,
                        (const char *)spec->name.data);
        return RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
    }
    if (spec->partitions == 0 || spec->partitions < -1) {
        return refuse(message, RD_KAFKA_RESP_ERR_INVALID_PARTITIONS,
                      "Number of partitions must be larger than 0.");
    }
    if (spec->partitions > WEIR__PARTITIONS_MAX) {
        return refuse(message, RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, TOO_MANY_PARTITIONS);
    }
    if (spec->replication_factor == 0 || spec->replication_factor < -1) {
        return refuse(message, RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR,
                      "Replication factor must be larger than 0.");
    }
    if (spec->replication_factor > mock->opts.brokers) {
        return refuse(message, RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR,
                      "Replication factor is larger than the number of brokers.");
    }
    for (size_t i = 0; i < spec->setting_count; i++) {
        int16_t error =
            weir__topic_config_check(spec->settings[i].name, spec->settings[i].value, message);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

/* The mock cluster can neither extend nor delete a topic. So partitions that are added, and topics
 * whose name was in use before, are stored there under a name that is invalid for clients. */
static weir__upstream *upstream_new(weir_mock *mock, const weir__topic *topic)
{
    bool used = topic->upstreams != NULL;
    for (const weir__topic *old = mock->deleted; old != NULL; old = old->next_deleted) {
        used = used || strcmp(old->name, topic->name) == 0;
    }
    size_t size = strlen(topic->name) + ALIAS_MAX;
    weir__upstream *upstream = calloc(1, sizeof *upstream + size);
    if (upstream != NULL && used) {
        snprintf(upstream->name, size, "%s:%lld", topic->name, (long long)++mock->upstream_aliases);
    } else if (upstream != NULL) {
        snprintf(upstream->name, size, "%s", topic->name);
    }
    return upstream;
}

/* Up to `count` of them in all. */
static rd_kafka_resp_err_t add_partitions(weir_mock *mock, weir__topic *topic, int32_t count)
{
    int32_t before = topic->partition_count;
    weir__partition **partitions =
        realloc(topic->partitions, (size_t)count * sizeof *topic->partitions);
    weir__upstream *upstream = partitions != NULL ? upstream_new(mock, topic) : NULL;
    rd_kafka_resp_err_t err = upstream != NULL ? 0 : RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
    int32_t made = before;
    topic->partitions = partitions != NULL ? partitions : topic->partitions;
    for (; made < count && err == 0; made++) {
        weir__partition *partition = calloc(1, sizeof *partition);
        if (partition == NULL) {
            err = RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE;
            break;
        }
        *partition = (weir__partition){.topic = topic,
                                       .id = made,
                                       .upstream = upstream->name,
                                       .upstream_id = made - before,
                                       .leader = 1 + made % mock->opts.brokers};
        partitions[made] = partition;
    }
    if (err == 0) {
        err = rd_kafka_mock_topic_create(mock->cluster, upstream->name, count - before, 1);
    }
    if (err != 0) {
        while (made > before) {
            free(partitions[--made]);
        }
        free(upstream);
        return err;
    }
    upstream->next = topic->upstreams;
    topic->upstreams = upstream;
    topic->partition_count = count;
    return 0;
}

static weir__topic *topic_new(const weir__topic_spec *spec)
{
    weir__topic *topic = calloc(1, sizeof *topic + spec->name.len + 1);
    if (topic == NULL) {
        return NULL;
    }
    memcpy(topic + 1, spec->name.data, spec->name.len);
    topic->name = (const char *)(topic + 1);
    topic->replication_factor = spec->replication_factor == -1 ? 1 : spec->replication_factor;
    bool ok = true;
    for (size_t i = 0; i < spec->setting_count && ok; i++) {
        weir_slice value = spec->settings[i].value;
        char *copy = strndup(value.data, value.len);
        char *old = weir__map_get(&topic->config, spec->settings[i].name);
        ok = copy != NULL && weir__map_put(&topic->config, spec->settings[i].name, copy) == WEIR_OK;
        free(ok ? old : copy);
    }
    if (!ok) {
        topic_free(topic);
        return NULL;
    }
    return topic;
}

int16_t weir__topic_create(weir_mock *mock, const weir__topic_spec *spec, weir_error *message)
{
    int16_t error = check(mock, spec, message);
    if (error != 0 || spec->validate_only) {
        return error;
    }
    weir__topic *topic = topic_new(spec);
    if (topic == NULL || weir__map_put(&mock->topics, spec->name, topic) != WEIR_OK) {
        if (topic != NULL) {
            topic_free(topic);
        }
        return refuse(message, RD_KAFKA_RESP_ERR_UNKNOWN, "out of memory");
    }
    int32_t count = spec->partitions == -1 ? mock->opts.default_partitions : spec->partitions;
    rd_kafka_resp_err_t err = add_partitions(mock, topic, count);
    if (err != 0) {
        topic_free(weir__map_remove(&mock->topics, spec->name));
        return refuse(message, (int16_t)err, rd_kafka_err2str(err));
    }
    mock->fetches_due = true;
    weir__mock_event(mock, &(weir_mock_event){.kind = WEIR_MOCK_CREATE_TOPIC,
                                              .topic = weir_slice_of(topic->name),
                                              .count = topic->partition_count});
    return 0;
}

/* ---- Adding partitions, deletion ---- */

int16_t weir__topic_grow(weir_mock *mock, const weir__topic_growth *growth, weir_error *message)
{
    weir__topic *topic = weir__topic_find(mock, growth->name);
    if (topic == NULL) {
        weir__error_set(message, WEIR_ENOTFOUND, "This server does not host this topic-partition.");
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    }
    if (growth->partitions <= topic->partition_count) {
        weir__error_set(message, WEIR_EINVAL,
                        "The topic %s currently has %d partition(s); %d would not be an increase.",
                        topic->name, (int)topic->partition_count, (int)growth->partitions);
        return RD_KAFKA_RESP_ERR_INVALID_PARTITIONS;
    }
    if (growth->partitions > WEIR__PARTITIONS_MAX) {
        return refuse(message, RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, TOO_MANY_PARTITIONS);
    }
    if (growth->validate_only) {
        return 0;
    }
    rd_kafka_resp_err_t err = add_partitions(mock, topic, growth->partitions);
    if (err != 0) {
        return refuse(message, RD_KAFKA_RESP_ERR_UNKNOWN, rd_kafka_err2str(err));
    }
    mock->fetches_due = true;
    weir__mock_event(mock, &(weir_mock_event){.kind = WEIR_MOCK_CREATE_PARTITIONS,
                                              .topic = weir_slice_of(topic->name),
                                              .count = topic->partition_count});
    return 0;
}

int16_t weir__topic_delete(weir_mock *mock, weir_slice name)
{
    weir__topic *topic = name.data != NULL ? weir__map_remove(&mock->topics, name) : NULL;
    if (topic == NULL) {
        return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    }
    topic->next_deleted = mock->deleted;
    mock->deleted = topic;
    /* As Kafka's coordinators do. */
    for (weir__map_entry *at = mock->groups.groups.first; at != NULL; at = at->next) {
        weir__group *group = at->value;
        for (int32_t i = 0; i < topic->partition_count; i++) {
            weir__offsets_remove(&group->offsets, weir_slice_of(topic->name), i);
            weir__txn_offsets_remove(group->txn_offsets, weir_slice_of(topic->name), i);
        }
    }
    mock->fetches_due = true;
    weir__mock_event(mock, &(weir_mock_event){.kind = WEIR_MOCK_DELETE_TOPIC,
                                              .topic = weir_slice_of(topic->name)});
    return 0;
}

/* ---- The batches of a log ---- */

bool weir__partition_admits(const weir__partition *partition, size_t bytes)
{
    size_t log_bytes = partition->bytes + partition->bytes_in_flight + bytes;
    size_t count = partition->batch_count + partition->batches_in_flight + 1;
    size_t at = partition->oldest;
    while (count > 1 && (count > WEIR__LOG_BATCHES_MAX || log_bytes > WEIR__LOG_BYTES_MAX)) {
        bool known = at < partition->oldest + partition->batch_count;
        if (!known || partition->batches[at].last_offset >= partition->start) {
            return false;
        }
        log_bytes -= partition->batches[at++].bytes;
        count--;
    }
    return true;
}

/* Makes room for one more at the end of the array. */
static weir_err reserve(weir__partition *partition)
{
    if (partition->oldest + partition->batch_count < partition->batch_capacity) {
        return WEIR_OK;
    }
    if (partition->oldest > partition->batch_capacity / 2) {
        memmove(partition->batches, partition->batches + partition->oldest,
                partition->batch_count * sizeof *partition->batches);
        partition->oldest = 0;
        return WEIR_OK;
    }
    size_t capacity = partition->batch_capacity != 0 ? partition->batch_capacity * 2 : 16;
    weir__batch *batches = realloc(partition->batches, capacity * sizeof *batches);
    if (batches == NULL) {
        return WEIR_ENOMEM;
    }
    partition->batches = batches;
    partition->batch_capacity = capacity;
    return WEIR_OK;
}

weir_err weir__partition_appended(weir__partition *partition, int64_t base, int32_t records,
                                  size_t bytes, int64_t now_us)
{
    weir_err err = reserve(partition);
    if (err != WEIR_OK) {
        return err;
    }
    if (base + records > partition->end) {
        partition->end = base + records;
    }
    weir__batch *at = partition->batches + partition->oldest + partition->batch_count++;
    while (at > partition->batches + partition->oldest && at[-1].last_offset >= base) {
        *at = at[-1];
        at--;
    }
    *at = (weir__batch){.last_offset = base + records - 1, .bytes = bytes, .appended_us = now_us};
    partition->bytes += bytes;
    while (partition->batch_count > 1 && (partition->batch_count > WEIR__LOG_BATCHES_MAX ||
                                          partition->bytes > WEIR__LOG_BYTES_MAX)) {
        weir__times_trim(&partition->times, partition->batches[partition->oldest].last_offset);
        partition->bytes -= partition->batches[partition->oldest++].bytes;
        partition->batch_count--;
    }
    return WEIR_OK;
}

size_t weir__partition_bytes_from(const weir__partition *partition, int64_t offset, size_t enough)
{
    size_t bytes = 0;
    for (size_t i = partition->oldest + partition->batch_count; i > partition->oldest; i--) {
        const weir__batch *batch = &partition->batches[i - 1];
        if (batch->last_offset < offset || bytes >= enough) {
            break;
        }
        bytes += batch->bytes;
    }
    return bytes;
}
