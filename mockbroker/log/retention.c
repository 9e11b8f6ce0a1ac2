/* SPDX-License-Identifier: Apache-2.0
 *
 * Deleting the oldest records of a log: DeleteRecords by offset, retention by whole segments
 * (UnifiedLog.deleteOldSegments). */
#include <librdkafka/rdkafka.h>

#include "core/saturate.h"
#include "partition_log.h"

/* producer.id.expiration.ms */
#define PRODUCER_EXPIRATION_MS ((int64_t)24 * 60 * 60 * 1000)
/* log.cleaner.backoff.ms: how long the cleaner waits before it looks again. */
#define CLEANER_BACKOFF_MS ((int64_t)15000)

static void drop_segments(weir__log *log, size_t count)
{
    if (count > 0) {
        log->segment_count -= count;
        memmove(log->segments, log->segments + count, log->segment_count * sizeof *log->segments);
    }
}

/* Segments that end below the start; the active one stays. */
static void trim_segments(weir__log *log)
{
    size_t gone = 0;
    while (gone + 1 < log->segment_count && log->segments[gone + 1].base <= log->start) {
        gone++;
    }
    drop_segments(log, gone);
}

static void trim_aborted(weir__log *log)
{
    size_t gone = 0;
    while (gone < log->aborted_count && log->aborted[gone].last_offset < log->start) {
        gone++;
    }
    if (gone > 0) {
        log->aborted_count -= gone;
        memmove(log->aborted, log->aborted + gone, log->aborted_count * sizeof *log->aborted);
    }
}

/* Moves the start; a batch that begins below it and ends above it stays whole. */
static void start_at(weir__log *log, int64_t start)
{
    log->start = start;
    size_t gone = weir__log_find(log, start);
    size_t segment = 0;
    for (size_t i = 0; i < gone; i++) {
        weir__log_batch *batch = weir__log_at(log, i);
        while (segment + 1 < log->segment_count && log->segments[segment + 1].base <= batch->base) {
            segment++;
        }
        log->segments[segment].bytes -= batch->bytes;
        weir__log_batch_drop(log, batch);
    }
    log->oldest += gone;
    log->batch_count -= gone;
    trim_segments(log);
    trim_aborted(log);
    weir__leader_epochs_trim(&log->epochs, start);
}

int16_t weir__log_trim(weir__log *log, int64_t before)
{
    before = before == -1 ? log->end : before;
    if (before < 0 || before > log->end) {
        return RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
    }
    if (before > log->start) {
        start_at(log, before);
    }
    return 0;
}

static int64_t segment_end(const weir__log *log, size_t segment)
{
    return segment + 1 < log->segment_count ? log->segments[segment + 1].base : log->end;
}

/* How many of the oldest segments are too old. */
static size_t over_time(const weir__log *log, int64_t now_ms)
{
    size_t count = 0;
    if (log->config.retention_ms >= 0) {
        int64_t before_ms = weir__sub_sat(now_ms, log->config.retention_ms);
        while (count < log->segment_count && log->segments[count].bytes > 0 &&
               log->segments[count].max_timestamp_ms < before_ms) {
            count++;
        }
    }
    return count;
}

static size_t bytes_of(const weir__log *log)
{
    size_t bytes = 0;
    for (size_t i = 0; i < log->segment_count; i++) {
        bytes += log->segments[i].bytes;
    }
    return bytes;
}

/* How many of the oldest segments can be deleted and leave retention.bytes. */
static size_t over_size(const weir__log *log)
{
    size_t count = 0;
    if (log->config.retention_bytes >= 0) {
        int64_t over = (int64_t)bytes_of(log) - log->config.retention_bytes;
        while (count < log->segment_count && log->segments[count].bytes > 0 &&
               (int64_t)log->segments[count].bytes <= over) {
            over -= (int64_t)log->segments[count++].bytes;
        }
    }
    return count;
}

bool weir__log_retain(weir__log *log, int64_t now_ms)
{
    weir__log_producers_expire(&log->producers, weir__sub_sat(now_ms, PRODUCER_EXPIRATION_MS));
    if (!log->config.deletes) {
        return false;
    }
    size_t by_time = over_time(log, now_ms);
    size_t by_size = over_size(log);
    size_t gone = by_time > by_size ? by_time : by_size;
    if (gone == 0) {
        return false;
    }
    bool all = gone == log->segment_count;
    start_at(log, weir__later(segment_end(log, gone - 1), log->start));
    if (all) {
        drop_segments(log, log->segment_count); /* the next append begins one */
    }
    return true;
}

int64_t weir__log_retention_due_ms(const weir__log *log, int64_t now_ms)
{
    if (!log->config.deletes || log->segment_count == 0 || log->segments[0].bytes == 0) {
        return INT64_MAX;
    }
    if (over_size(log) > 0) {
        return now_ms;
    }
    if (log->config.retention_ms < 0) {
        return INT64_MAX;
    }
    int64_t kept_until_ms =
        weir__add_sat(log->segments[0].max_timestamp_ms, log->config.retention_ms);
    return weir__add_sat(kept_until_ms, 1);
}

int64_t weir__log_cleaning_due_ms(const weir__log *log, int64_t now_ms)
{
    return weir__log_cleanable(log, now_ms) >= 0 ? weir__add_sat(now_ms, CLEANER_BACKOFF_MS)
                                                 : INT64_MAX;
}
