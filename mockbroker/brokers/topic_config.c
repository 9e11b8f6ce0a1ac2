/* SPDX-License-Identifier: Apache-2.0
 *
 * The settings of a topic, with Kafka's defaults and checks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "topics.h"

#define VALUE_MAX 4096

static const weir__topic_config configs[] = {
    {"cleanup.policy", "delete", 'p'},
    {"compression.gzip.level", "-1", 'n'},
    {"compression.lz4.level", "9", 'n'},
    {"compression.type", "producer", 't'},
    {"compression.zstd.level", "3", 'n'},
    {"delete.retention.ms", "86400000", 'n'},
    {"file.delete.delay.ms", "60000", 'n'},
    {"flush.messages", "9223372036854775807", 'n'},
    {"flush.ms", "9223372036854775807", 'n'},
    {"follower.replication.throttled.replicas", "", 'l'},
    {"index.interval.bytes", "4096", 'n'},
    {"leader.replication.throttled.replicas", "", 'l'},
    {"local.retention.bytes", "-2", 'n'},
    {"local.retention.ms", "-2", 'n'},
    {"max.compaction.lag.ms", "9223372036854775807", 'n'},
    {"max.message.bytes", "1048588", 'n'},
    {"message.timestamp.after.max.ms", "3600000", 'n'},
    {"message.timestamp.before.max.ms", "9223372036854775807", 'n'},
    {"message.timestamp.type", "CreateTime", 'm'},
    {"min.cleanable.dirty.ratio", "0.5", 'd'},
    {"min.compaction.lag.ms", "0", 'n'},
    {"min.insync.replicas", "1", 'n'},
    {"preallocate", "false", 'b'},
    {"remote.log.copy.disable", "false", 'b'},
    {"remote.log.delete.on.disable", "false", 'b'},
    {"remote.storage.enable", "false", 'b'},
    {"retention.bytes", "-1", 'n'},
    {"retention.ms", "604800000", 'n'},
    {"segment.bytes", "1073741824", 'n'},
    {"segment.index.bytes", "10485760", 'n'},
    {"segment.jitter.ms", "0", 'n'},
    {"segment.ms", "604800000", 'n'},
    {"unclean.leader.election.enable", "false", 'b'},
};

const weir__topic_config *weir__topic_configs(size_t *count)
{
    *count = sizeof configs / sizeof *configs;
    return configs;
}

static const weir__topic_config *find(weir_slice name)
{
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        if (weir_slice_equal(weir_slice_of(configs[i].name), name)) {
            return &configs[i];
        }
    }
    return NULL;
}

static bool is_number(const char *text)
{
    char *end;
    errno = 0;
    (void)strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

static bool is_decimal(const char *text)
{
    char *end;
    (void)strtod(text, &end);
    return end != text && *end == '\0';
}

static bool is_one_of(const char *text, const char *const *allowed)
{
    while (*allowed != NULL && strcmp(*allowed, text) != 0) {
        allowed++;
    }
    return *allowed != NULL;
}

static bool is_valid(const weir__topic_config *config, const char *text)
{
    static const char *const booleans[] = {"true", "false", NULL};
    static const char *const policies[] = {"delete", "compact", "compact,delete", "delete,compact",
                                           NULL};
    static const char *const types[] = {"CreateTime", "LogAppendTime", NULL};
    switch (config->kind) {
    case 'n':
        return is_number(text);
    case 'd':
        return is_decimal(text);
    case 'b':
        return is_one_of(text, booleans);
    case 'm':
        return is_one_of(text, types);
    case 'p':
        return is_one_of(text, policies);
    default:
        return true;
    }
}

int16_t weir__topic_config_check(weir_slice name, weir_slice value, weir_error *message)
{
    const weir__topic_config *config = find(name);
    char text[VALUE_MAX];
    if (config == NULL) {
        weir__error_set(message, WEIR_ECONFIG, "Unknown topic config name: %.*s", (int)name.len,
                        (const char *)name.data);
        return RD_KAFKA_RESP_ERR_INVALID_CONFIG;
    }
    bool fits = value.data != NULL && value.len < sizeof text;
    if (fits) {
        memcpy(text, value.data, value.len);
        text[value.len] = '\0';
    }
    if (!fits || strlen(text) != value.len || !is_valid(config, text)) {
        weir__error_set(message, WEIR_ECONFIG, "Invalid value %.*s for configuration %s",
                        (int)value.len, value.data != NULL ? (const char *)value.data : "",
                        config->name);
        return RD_KAFKA_RESP_ERR_INVALID_CONFIG;
    }
    return 0;
}

bool weir__topic_config_is_list(weir_slice name)
{
    const weir__topic_config *config = find(name);
    return config != NULL && (config->kind == 'p' || config->kind == 'l');
}

const char *weir__topic_config_default(weir_slice name)
{
    const weir__topic_config *config = find(name);
    return config != NULL ? config->value : NULL;
}

const char *weir__topic_config_get(const weir__topic *topic, const char *name)
{
    const char *value = weir__map_get_text(&topic->config, name);
    const weir__topic_config *config = value == NULL ? find(weir_slice_of(name)) : NULL;
    return config != NULL ? config->value : value;
}

static int64_t number(const weir__topic *topic, const char *name)
{
    return strtoll(weir__topic_config_get(topic, name), NULL, 10);
}

void weir__topic_configure(weir__topic *topic)
{
    const char *policy = weir__topic_config_get(topic, "cleanup.policy");
    const char *type = weir__topic_config_get(topic, "message.timestamp.type");
    const char *ratio = weir__topic_config_get(topic, "min.cleanable.dirty.ratio");
    topic->min_in_sync = number(topic, "min.insync.replicas");
    topic->log_config =
        (weir__log_config){.append_time = strcmp(type, "LogAppendTime") == 0,
                           .deletes = strstr(policy, "delete") != NULL,
                           .compacts = strstr(policy, "compact") != NULL,
                           .retention_ms = number(topic, "retention.ms"),
                           .retention_bytes = number(topic, "retention.bytes"),
                           .segment_bytes = number(topic, "segment.bytes"),
                           .segment_ms = number(topic, "segment.ms"),
                           .max_message_bytes = number(topic, "max.message.bytes"),
                           .delete_retention_ms = number(topic, "delete.retention.ms"),
                           .min_compaction_lag_ms = number(topic, "min.compaction.lag.ms"),
                           .min_cleanable_dirty_ratio = strtod(ratio, NULL)};
    for (int32_t i = 0; i < topic->partition_count; i++) {
        topic->partitions[i]->log.config = topic->log_config;
    }
}
