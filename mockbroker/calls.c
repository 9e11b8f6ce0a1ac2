/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of mockbroker.h that inspect the cluster or change it while it runs. */
#include <string.h>

#include "apis/apis.h"
#include "brokers/topics.h"
#include "core/clock.h"
#include "core/error.h"
#include "group/offsets.h"
#include "server/server.h"

/* ---- Brokers ---- */

const char *weir_mock_bootstrap(const weir_mock *mock)
{
    return mock == NULL ? NULL : (const char *)mock->bootstrap.data;
}

int weir_mock_broker_port(const weir_mock *mock, int32_t broker)
{
    const weir__broker *found = weir__broker_find(mock, broker);
    return found != NULL ? found->port : -1;
}

int32_t weir_mock_broker_count(const weir_mock *mock)
{
    return mock != NULL ? mock->opts.brokers : 0;
}

bool weir_mock_broker_is_up(const weir_mock *mock, int32_t broker)
{
    const weir__broker *found = weir__broker_find(mock, broker);
    if (found == NULL) {
        return false;
    }
    weir__mock_lock(mock);
    bool up = found->listener >= 0;
    weir__mock_unlock(mock);
    return up;
}

weir_err weir_mock_broker_set_up(weir_mock *mock, int32_t broker, bool up)
{
    weir__broker *found = weir__broker_find(mock, broker);
    if (found == NULL) {
        return mock != NULL ? WEIR_ENOTFOUND : WEIR_EINVAL;
    }
    weir__mock_lock(mock);
    found->should_be_up = up;
    weir__mock_wake(mock);
    while ((found->listener >= 0) != up && found->should_be_up == up) {
        pthread_cond_wait(&mock->applied, &mock->lock);
    }
    weir_err err = (found->listener >= 0) == up ? WEIR_OK : WEIR_EIO;
    weir__mock_unlock(mock);
    return err;
}

weir_err weir_mock_broker_set_rtt(weir_mock *mock, int32_t broker, int64_t ms)
{
    weir__broker *found = weir__broker_find(mock, broker);
    if (found == NULL) {
        return mock != NULL ? WEIR_ENOTFOUND : WEIR_EINVAL;
    }
    if (ms < 0 || ms > INT32_MAX) {
        return WEIR_EINVAL;
    }
    weir__mock_lock(mock);
    found->rtt_us = ms * 1000;
    weir__mock_unlock(mock);
    return WEIR_OK;
}

const char *weir_mock_failure(const weir_mock *mock)
{
    if (mock == NULL) {
        return NULL;
    }
    weir__mock_lock(mock);
    const char *failure = mock->first_failure;
    weir__mock_unlock(mock);
    return failure;
}

/* ---- Topics ---- */

static weir_err err_of(int16_t code)
{
    switch (code) {
    case 0:
        return WEIR_OK;
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS:
        return WEIR_EEXISTS;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
        return WEIR_ENOTFOUND;
    case RD_KAFKA_RESP_ERR_UNKNOWN:
        return WEIR_EBROKER;
    default:
        return WEIR_EINVAL;
    }
}

weir_err weir_mock_topic_create(weir_mock *mock, const char *topic, int32_t partitions,
                                int16_t replication_factor, const char *const *config,
                                weir_error *error)
{
    weir__topic_setting settings[WEIR__TOPIC_SETTINGS_MAX];
    weir__topic_spec spec = {.name = weir_slice_of(topic),
                             .partitions = partitions,
                             .replication_factor = replication_factor,
                             .settings = settings};
    if (mock == NULL || topic == NULL) {
        return weir__error_null(error, __func__, mock == NULL ? "mock" : "topic");
    }
    for (; config != NULL && config[0] != NULL; config += 2) {
        if (config[1] == NULL) {
            return weir__error_set(error, WEIR_EINVAL, "config of topic '%s': '%s' has no value",
                                   topic, config[0]);
        }
        if (spec.setting_count == WEIR__TOPIC_SETTINGS_MAX) {
            return weir__error_set(error, WEIR_EINVAL,
                                   "config of topic '%s': more than %d settings", topic,
                                   WEIR__TOPIC_SETTINGS_MAX);
        }
        settings[spec.setting_count++] =
            (weir__topic_setting){weir_slice_of(config[0]), weir_slice_of(config[1])};
    }
    weir_error message = {0};
    weir__mock_lock(mock);
    weir_err err = err_of(weir__topic_create(mock, &spec, &message));
    weir__mock_wake(mock);
    weir__mock_unlock(mock);
    if (err != WEIR_OK) {
        weir__error_set(error, err, "topic '%s': %s", topic, message.message);
    }
    return err;
}

weir_err weir_mock_topic_grow(weir_mock *mock, const char *topic, int32_t partitions,
                              weir_error *error)
{
    if (mock == NULL || topic == NULL) {
        return weir__error_null(error, __func__, mock == NULL ? "mock" : "topic");
    }
    weir_error message = {0};
    const weir__topic_growth growth = {.name = weir_slice_of(topic), .partitions = partitions};
    weir__mock_lock(mock);
    weir_err err = err_of(weir__topic_grow(mock, &growth, &message));
    weir__mock_wake(mock);
    weir__mock_unlock(mock);
    if (err != WEIR_OK) {
        weir__error_set(error, err, "topic '%s': %s", topic, message.message);
    }
    return err;
}

weir_err weir_mock_topic_delete(weir_mock *mock, const char *topic)
{
    if (mock == NULL || topic == NULL) {
        return WEIR_EINVAL;
    }
    weir__mock_lock(mock);
    weir_err err = err_of(weir__topic_delete(mock, weir_slice_of(topic)));
    weir__mock_wake(mock);
    weir__mock_unlock(mock);
    return err;
}

int32_t weir_mock_topic_partitions(const weir_mock *mock, const char *topic)
{
    if (mock == NULL || topic == NULL) {
        return -1;
    }
    weir__mock_lock(mock);
    const weir__topic *found = weir__topic_find(mock, weir_slice_of(topic));
    int32_t count = found != NULL ? found->partition_count : -1;
    weir__mock_unlock(mock);
    return count;
}

const char *weir_mock_topic_config(const weir_mock *mock, const char *topic, const char *name)
{
    if (mock == NULL || topic == NULL || name == NULL) {
        return NULL;
    }
    weir__mock_lock(mock);
    const weir__topic *found = weir__topic_find(mock, weir_slice_of(topic));
    const char *value = found != NULL ? weir__map_get_text(&found->config, name) : NULL;
    weir__mock_unlock(mock);
    return value;
}

void weir_mock_topics(const weir_mock *mock,
                      void (*fn)(const char *topic, int32_t partitions, void *user), void *user)
{
    if (mock == NULL || fn == NULL) {
        return;
    }
    weir__mock_lock(mock);
    for (weir__map_entry *entry = mock->topics.first; entry != NULL; entry = entry->next) {
        const weir__topic *topic = entry->value;
        fn(topic->name, topic->partition_count, user);
    }
    weir__mock_unlock(mock);
}

weir_err weir_mock_partition_set_leader(weir_mock *mock, const char *topic, int32_t partition,
                                        int32_t broker)
{
    if (mock == NULL || topic == NULL ||
        (broker != -1 && weir__broker_find(mock, broker) == NULL)) {
        return WEIR_EINVAL;
    }
    weir__mock_lock(mock);
    weir__partition *found = weir__partition_find(mock, weir_slice_of(topic), partition);
    weir_err err = found != NULL ? weir__partition_lead(mock, found, broker) : WEIR_ENOTFOUND;
    weir__mock_wake(mock);
    weir__mock_unlock(mock);
    return err;
}

int32_t weir_mock_partition_leader(const weir_mock *mock, const char *topic, int32_t partition)
{
    if (mock == NULL || topic == NULL) {
        return -1;
    }
    weir__mock_lock(mock);
    const weir__partition *found = weir__partition_find(mock, weir_slice_of(topic), partition);
    int32_t leader = found != NULL ? found->leader : -1;
    weir__mock_unlock(mock);
    return leader;
}

weir_err weir_mock_topic_hide(weir_mock *mock, const char *topic, int32_t broker)
{
    if (mock == NULL || topic == NULL || (broker != 0 && weir__broker_find(mock, broker) == NULL)) {
        return WEIR_EINVAL;
    }
    weir__mock_lock(mock);
    weir__topic *found = weir__topic_find(mock, weir_slice_of(topic));
    if (found != NULL) {
        found->hidden_on = broker;
        mock->fetches_due = true;
        weir__mock_wake(mock);
    }
    weir__mock_unlock(mock);
    return found != NULL ? WEIR_OK : WEIR_ENOTFOUND;
}

int32_t weir_mock_topic_hidden(const weir_mock *mock, const char *topic)
{
    if (mock == NULL || topic == NULL) {
        return 0;
    }
    weir__mock_lock(mock);
    const weir__topic *found = weir__topic_find(mock, weir_slice_of(topic));
    int32_t hidden = found != NULL ? found->hidden_on : 0;
    weir__mock_unlock(mock);
    return hidden;
}

weir_err weir_mock_partition_offsets(const weir_mock *mock, const char *topic, int32_t partition,
                                     int64_t *start, int64_t *end)
{
    if (mock == NULL || topic == NULL || start == NULL || end == NULL) {
        return WEIR_EINVAL;
    }
    weir__mock_lock(mock);
    const weir__partition *found = weir__partition_find(mock, weir_slice_of(topic), partition);
    if (found != NULL) {
        *start = found->log.start;
        *end = found->log.end;
    }
    weir__mock_unlock(mock);
    return found != NULL ? WEIR_OK : WEIR_ENOTFOUND;
}

weir_err weir_mock_partition_trim(weir_mock *mock, const char *topic, int32_t partition,
                                  int64_t before)
{
    if (mock == NULL || topic == NULL) {
        return WEIR_EINVAL;
    }
    weir__mock_lock(mock);
    weir__partition *found = weir__partition_find(mock, weir_slice_of(topic), partition);
    weir_err err =
        found != NULL ? err_of(weir__partition_trim(mock, found, before)) : WEIR_ENOTFOUND;
    weir__mock_wake(mock);
    weir__mock_unlock(mock);
    return err;
}

/* ---- Groups ---- */

weir_err weir_mock_coordinator_set(weir_mock *mock, const char *group, int32_t broker)
{
    weir__broker *to = weir__broker_find(mock, broker);
    if (to == NULL || group == NULL || *group == '\0') {
        return WEIR_EINVAL;
    }
    weir__mock_lock(mock);
    bool moves = weir__coordinator_of(mock, weir_slice_of(group)) != to;
    weir_err err = weir__map_put_text(&mock->coordinators, group, to);
    if (err == WEIR_OK && moves) {
        weir__groups_moved(&mock->groups, weir_slice_of(group), weir__monotonic_us());
        weir__mock_event(mock, &(weir_mock_event){.kind = WEIR_MOCK_COORDINATOR,
                                                  .group = weir_slice_of(group),
                                                  .broker = broker});
    }
    weir__mock_wake(mock);
    weir__mock_unlock(mock);
    return err;
}

int32_t weir_mock_coordinator(const weir_mock *mock, const char *group)
{
    if (mock == NULL || group == NULL) {
        return -1;
    }
    weir__mock_lock(mock);
    int32_t broker = weir__coordinator_of(mock, weir_slice_of(group))->id;
    weir__mock_unlock(mock);
    return broker;
}

int64_t weir_mock_committed(const weir_mock *mock, const char *group, const char *topic,
                            int32_t partition, char *metadata, size_t metadata_size)
{
    int64_t offset = -1;
    if (metadata != NULL && metadata_size > 0) {
        metadata[0] = '\0';
    }
    if (mock == NULL || group == NULL || topic == NULL) {
        return -1;
    }
    weir__mock_lock(mock);
    const weir__group *found = weir__groups_find(&mock->groups, weir_slice_of(group));
    const weir__offset *committed =
        found != NULL ? weir__offsets_find(&found->offsets, weir_slice_of(topic), partition) : NULL;
    if (committed != NULL) {
        offset = committed->offset;
    }
    if (metadata != NULL && metadata_size > 0) {
        size_t len = committed != NULL ? committed->metadata.len : 0;
        len = len < metadata_size ? len : metadata_size - 1;
        if (len > 0) {
            memcpy(metadata, committed->metadata.data, len);
        }
        metadata[len] = '\0';
    }
    weir__mock_unlock(mock);
    return offset;
}

weir_err weir_mock_group(const weir_mock *mock, const char *group, weir_mock_group_info *out)
{
    if (mock == NULL || group == NULL || out == NULL) {
        return WEIR_EINVAL;
    }
    weir__mock_lock(mock);
    const weir__group *found = weir__groups_find(&mock->groups, weir_slice_of(group));
    if (found != NULL) {
        *out = (weir_mock_group_info){.state = weir__group_state_name(found->state),
                                      .generation = found->generation,
                                      .members = found->member_count};
    }
    weir__mock_unlock(mock);
    return found != NULL ? WEIR_OK : WEIR_ENOTFOUND;
}
