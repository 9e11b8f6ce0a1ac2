/* SPDX-License-Identifier: Apache-2.0
 *
 * Creating, extending and deleting topics with the checks of Kafka's controller, and leaders. */
#include "topics.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "group/offsets.h"
#include "group/txn_offsets.h"

#define TOO_MANY_PARTITIONS "The mock cluster has at most 1024 partitions a topic."

static void topic_free(void *value)
{
    weir__topic *topic = value;
    for (int32_t i = 0; i < topic->partition_count; i++) {
        weir__log_fini(&topic->partitions[i]->log);
        free(topic->partitions[i]);
    }
    free(topic->partitions);
    weir__map_fini(&topic->config, free);
    free(topic);
}

void weir__topics_fini(weir_mock *mock)
{
    weir__map_fini(&mock->topics, topic_free);
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

/* ---- Leaders ---- */

weir_err weir__partition_lead(weir_mock *mock, weir__partition *partition, int32_t broker)
{
    if (partition->leader == broker) {
        return WEIR_OK;
    }
    weir_err err = weir__log_lead(&partition->log, partition->log.leader_epoch + 1);
    if (err == WEIR_OK) {
        partition->leader = broker;
        mock->fetches_due = true;
    }
    return err;
}

/* The broker that leads first and the ones after it, as assigned at the topic's creation. */
bool weir__partition_is_replica(const weir_mock *mock, const weir__partition *partition,
                                int32_t broker)
{
    int32_t brokers = mock->opts.brokers;
    int32_t place = (broker - 1 - partition->id % brokers + brokers) % brokers;
    return place < partition->topic->replication_factor;
}

int32_t weir__partition_in_sync(const weir_mock *mock, const weir__partition *partition)
{
    int32_t count = 0;
    for (int i = 0; i < mock->opts.brokers; i++) {
        const weir__broker *broker = &mock->brokers[i];
        count += broker->id == partition->leader ||
                 (weir__partition_is_replica(mock, partition, broker->id) && broker->listener >= 0);
    }
    return count;
}

int32_t weir__partition_min_in_sync(const weir__partition *partition)
{
    const weir__topic *topic = partition->topic;
    return topic->min_in_sync < topic->replication_factor ? (int32_t)topic->min_in_sync
                                                          : topic->replication_factor;
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

static weir__partition *partition_new(weir_mock *mock, const weir__topic *topic, int32_t id)
{
    weir__partition *partition = calloc(1, sizeof *partition);
    if (partition == NULL) {
        return NULL;
    }
    *partition = (weir__partition){.topic = topic, .id = id, .leader = 1 + id % mock->opts.brokers};
    weir__log_init(&partition->log, &topic->log_config, &mock->budget);
    if (weir__log_lead(&partition->log, 0) != WEIR_OK) {
        free(partition);
        return NULL;
    }
    return partition;
}

/* Up to `count` of them in all. */
static weir_err add_partitions(weir_mock *mock, weir__topic *topic, int32_t count)
{
    int32_t before = topic->partition_count;
    weir__partition **partitions =
        realloc(topic->partitions, (size_t)count * sizeof *topic->partitions);
    if (partitions == NULL) {
        return WEIR_ENOMEM;
    }
    topic->partitions = partitions;
    int32_t made = before;
    while (made < count && (partitions[made] = partition_new(mock, topic, made)) != NULL) {
        made++;
    }
    if (made < count) {
        while (made > before) {
            weir__log_fini(&partitions[--made]->log);
            free(partitions[made]);
        }
        return WEIR_ENOMEM;
    }
    topic->partition_count = count;
    return WEIR_OK;
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
    weir__topic_configure(topic);
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
    if (add_partitions(mock, topic, count) != WEIR_OK) {
        topic_free(weir__map_remove(&mock->topics, spec->name));
        return refuse(message, RD_KAFKA_RESP_ERR_UNKNOWN, "out of memory");
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
    if (add_partitions(mock, topic, growth->partitions) != WEIR_OK) {
        return refuse(message, RD_KAFKA_RESP_ERR_UNKNOWN, "out of memory");
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
    topic_free(topic);
    return 0;
}
