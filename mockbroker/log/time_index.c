/* SPDX-License-Identifier: Apache-2.0
 *
 * Lookups by time. Each batch knows the greatest timestamp up to its end, which never decreases: a
 * binary search finds where to begin. Batches that were deleted may still count in it, so the
 * search may begin too early and goes on from there. */
#include "partition_log.h"

typedef struct search {
    int64_t time_ms;
    int64_t start;
    weir__log_time *out;
} search;

static weir_err take_first(const weir_mock_record *record, void *user)
{
    const search *at = user;
    if (at->out->offset < 0 && record->timestamp_ms >= at->time_ms && record->offset >= at->start) {
        at->out->offset = record->offset;
        at->out->timestamp_ms = record->timestamp_ms;
    }
    return WEIR_OK;
}

static size_t find_time(const weir__log *log, int64_t time_ms)
{
    size_t low = 0;
    size_t high = log->batch_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (weir__log_at(log, middle)->greatest_ms < time_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

weir_err weir__log_find_time(const weir__log *log, int64_t time_ms, weir__log_time *out)
{
    *out = (weir__log_time){.offset = -1, .timestamp_ms = -1, .leader_epoch = -1};
    search at = {time_ms, log->start, out};
    weir_err err = WEIR_OK;
    for (size_t i = find_time(log, time_ms); i < log->batch_count && out->offset < 0; i++) {
        const weir__log_batch *batch = weir__log_at(log, i);
        if (batch->max_timestamp_ms < time_ms) {
            continue;
        }
        err = weir__batch_records((weir_slice){batch->data, batch->bytes}, &(weir_mock_record){0},
                                  INT64_MIN, take_first, &at);
        if (err != WEIR_OK) {
            return err;
        }
    }
    if (out->offset >= 0) {
        out->leader_epoch = weir__log_epoch_at(log, out->offset);
    }
    return WEIR_OK;
}

weir_err weir__log_find_max_time(const weir__log *log, weir__log_time *out)
{
    const weir__log_batch *greatest = NULL;
    for (size_t i = 0; i < log->batch_count; i++) {
        const weir__log_batch *batch = weir__log_at(log, i);
        if (greatest == NULL || batch->max_timestamp_ms > greatest->max_timestamp_ms) {
            greatest = batch;
        }
    }
    if (greatest == NULL) {
        *out = (weir__log_time){.offset = -1, .timestamp_ms = -1, .leader_epoch = -1};
        return WEIR_OK;
    }
    return weir__log_find_time(log, greatest->max_timestamp_ms, out);
}
