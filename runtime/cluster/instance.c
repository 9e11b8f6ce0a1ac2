/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the settings of an instance. */
#include "cluster/instance.h"

#include <string.h>

#include "cluster/cleaner.h"
#include "task/restore.h"

static weir__invalid_time invalid_time_of(const weir_config *config)
{
    const char *extractor = weir__config_text(config, "default.timestamp.extractor");
    return strcmp(extractor, "log_and_skip") == 0         ? WEIR__INVALID_TIME_SKIPS
           : strcmp(extractor, "use_partition_time") == 0 ? WEIR__INVALID_TIME_PARTITION
           : strcmp(extractor, "wall_clock") == 0         ? WEIR__TIME_WALL_CLOCK
                                                          : WEIR__INVALID_TIME_FAILS;
}

void weir__instance_read(weir__instance *instance)
{
    const weir_config *config = instance->config;
    instance->application = weir__config_text(config, "application.id");
    instance->commit_interval_ms = weir__config_i64(config, "commit.interval.ms");
    instance->purge_interval_ms = weir__config_i64(config, "repartition.purge.interval.ms");
    instance->note_used_ms =
        weir__cleaner_round_ms(weir__config_i64(config, "state.cleanup.delay.ms"));
    instance->poll_ms = weir__config_i64(config, "poll.ms");
    instance->task_timeout_ms = weir__config_i64(config, "task.timeout.ms");
    instance->poll_records_max = (size_t)weir__config_i64(config, "max.poll.records");
    instance->replication_factor = (int16_t)weir__config_i64(config, "replication.factor");
    instance->settings = (weir__task_settings){
        .skip_undecodable =
            strcmp(weir__config_text(config, "deserialization.exception.handler"), "continue") == 0,
        .skip_failing =
            strcmp(weir__config_text(config, "processing.exception.handler"), "continue") == 0,
        .skip_failing_global =
            strcmp(weir__config_text(config, "processing.exception.handler"), "continue") == 0 &&
            strcmp(weir__config_text(config, "processing.exception.handler.global.enabled"),
                   "true") == 0,
        .skip_unwritable =
            strcmp(weir__config_text(config, "production.exception.handler"), "continue") == 0,
        .dead_letters = weir_config_get(config, "errors.dead.letter.queue.topic.name"),
        .memory_stores = strcmp(weir__config_text(config, "dsl.store"), "memory") == 0,
        .uncommitted_stores = weir__config_is_exactly_once(config),
        .invalid_time = invalid_time_of(config),
        .emit_interval_ms =
            weir__config_i64(config, "__emit.interval.ms.kstreams.windowed.aggregation__"),
        .join_emit_interval_ms = weir__config_i64(
            config, "__emit.interval.ms.kstreams.outer.join.spurious.results.fix__"),
        .reset = weir__reset_of(weir__config_text(config, "auto.offset.reset")),
        .idle_ms = weir__config_i64(config, "max.task.idle.ms"),
        /* A store's own changelog_config is applied when it is restored. */
        .state_age_max_ms =
            weir__state_age_limit(weir__config_i64(config, "state.cleanup.dir.max.age.ms"),
                                  weir_config_get(config, "topic.delete.retention.ms")),
        .buffered_max = (size_t)weir__config_i64(config, "buffered.records.per.partition")};
    instance->log = (weir__log){.level = weir__log_level_of(config),
                                .fn = instance->opts.on_log,
                                .user = instance->opts.user};
}

void weir__instance_share_memory(weir__instance *instance, size_t threads)
{
    size_t parts = threads + (weir__topology_has_globals(instance->topology) ? 1 : 0);
    parts = parts > 0 ? parts : 1;
    size_t bytes = (size_t)weir__config_i64(instance->config, "statestore.cache.max.bytes");
    /* A cache of no size would still hide the deletion of a row that is not there. */
    instance->cache_bytes = bytes > 0 ? bytes / parts : WEIR__NO_CACHE;
    int64_t max = weir__config_i64(instance->config, "statestore.uncommitted.max.bytes");
    instance->uncommitted_bytes = max >= 0 ? (size_t)max / parts : SIZE_MAX;
}
