/* SPDX-License-Identifier: Apache-2.0
 *
 * Appending to a log and reading from it.
 *
 *   batches   [base, last]  [base, last] | [base, last]  ...     sorted by offset
 *   segments  0                          | 1 (active)            begin at the base of a batch
 *   offsets   start .......... last stable offset ........ end
 *
 * Reads find their batch by a binary search. Compaction leaves gaps between batches. */
#include "partition_log.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/saturate.h"

#define CAPACITY_FIRST 16

void weir__log_init(weir__log *log, const weir__log_config *config, weir__log_budget *budget)
{
    *log = (weir__log){.config = *config, .budget = budget};
}

void weir__log_batch_drop(weir__log *log, weir__log_batch *batch)
{
    log->budget->used -= batch->bytes;
    free(batch->data);
    batch->data = NULL;
}

void weir__log_fini(weir__log *log)
{
    for (size_t i = 0; i < log->batch_count; i++) {
        weir__log_batch_drop(log, weir__log_at(log, i));
    }
    free(log->batches);
    free(log->segments);
    free(log->aborted);
    weir__log_producers_fini(&log->producers);
    weir__leader_epochs_fini(&log->epochs);
    *log = (weir__log){.budget = log->budget};
}

/* ---- Room ---- */

/* Makes room for one more item at the end of an array. */
static weir_err grow(void **items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return WEIR_OK;
    }
    size_t more = *capacity != 0 ? *capacity * 2 : CAPACITY_FIRST;
    void *moved = realloc(*items, more * size);
    if (moved == NULL) {
        return WEIR_ENOMEM;
    }
    *items = moved;
    *capacity = more;
    return WEIR_OK;
}

static weir_err reserve_batch(weir__log *log)
{
    if (log->oldest > log->batch_capacity / 2) {
        memmove(log->batches, log->batches + log->oldest, log->batch_count * sizeof *log->batches);
        log->oldest = 0;
    }
    void *items = log->batches;
    weir_err err =
        grow(&items, log->oldest + log->batch_count, &log->batch_capacity, sizeof *log->batches);
    log->batches = items;
    return err;
}

/* Room for a batch, for a segment that it may begin, and for a transaction that it may abort. */
static weir_err reserve(weir__log *log)
{
    weir_err err = reserve_batch(log);
    void *segments = log->segments;
    void *aborted = log->aborted;
    if (err == WEIR_OK) {
        err = grow(&segments, log->segment_count, &log->segment_capacity, sizeof *log->segments);
    }
    if (err == WEIR_OK) {
        err = grow(&aborted, log->aborted_count, &log->aborted_capacity, sizeof *log->aborted);
    }
    log->segments = segments;
    log->aborted = aborted;
    return err;
}

/* ---- Segments ---- */

/* As LogSegment.shouldRoll: by size, or by the time that its records span. */
static bool must_roll(const weir__log *log, const weir__log_batch *batch)
{
    if (log->segment_count == 0) {
        return true;
    }
    const weir__segment *active = &log->segments[log->segment_count - 1];
    if (active->bytes == 0) {
        return false;
    }
    int64_t since_ms = weir__sub_sat(batch->max_timestamp_ms, active->first_timestamp_ms);
    return (int64_t)(active->bytes + batch->bytes) > log->config.segment_bytes ||
           since_ms > log->config.segment_ms;
}

/* The room has been reserved. */
static void add_batch(weir__log *log, weir__log_batch batch)
{
    if (must_roll(log, &batch)) {
        log->segments[log->segment_count++] =
            (weir__segment){.base = batch.base, .max_timestamp_ms = INT64_MIN};
    }
    weir__segment *active = &log->segments[log->segment_count - 1];
    if (active->bytes == 0) {
        active->first_timestamp_ms = batch.max_timestamp_ms;
    }
    active->bytes += batch.bytes;
    active->max_timestamp_ms = weir__later(active->max_timestamp_ms, batch.max_timestamp_ms);
    batch.position = log->position;
    batch.greatest_ms = batch.max_timestamp_ms;
    if (log->batch_count > 0) {
        batch.greatest_ms =
            weir__later(batch.greatest_ms, weir__log_at(log, log->batch_count - 1)->greatest_ms);
    }
    log->batches[log->oldest + log->batch_count++] = batch;
    log->position += batch.bytes;
    log->budget->used += batch.bytes;
    log->end = batch.last + 1;
}

/* ---- Appending ---- */

static int16_t code_of(weir_err err)
{
    switch (err) {
    case WEIR_OK:
        return 0;
    case WEIR_ENOMEM:
        return RD_KAFKA_RESP_ERR_UNKNOWN;
    case WEIR_EUNSUPPORTED:
        return RD_KAFKA_RESP_ERR_UNSUPPORTED_COMPRESSION_TYPE;
    case WEIR_ELIMIT:
        return RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    default:
        return RD_KAFKA_RESP_ERR_INVALID_RECORD;
    }
}

/* What a walk over the records of a new batch found. */
typedef struct inspection {
    bool needs_keys;
    bool wrong;
    int64_t first; /* offsets, as the client wrote them */
    int64_t next;
    int64_t max_timestamp_ms;
} inspection;

static weir_err inspect_record(const weir_mock_record *record, void *user)
{
    inspection *found = user;
    if (found->next == found->first || record->timestamp_ms > found->max_timestamp_ms) {
        found->max_timestamp_ms = record->timestamp_ms;
    }
    found->wrong = found->wrong || record->offset != found->next ||
                   (found->needs_keys && record->key.data == NULL);
    found->next = weir__add_sat(found->next, 1);
    return WEIR_OK;
}

/* The records themselves, as LogValidator does: offsets one after the other; in a compacted topic
 * each has a key. */
static int16_t inspect(const weir__log *log, weir_slice bytes, const weir__batch_header *batch,
                       inspection *found)
{
    *found = (inspection){.needs_keys = log->config.compacts,
                          .first = batch->base_offset,
                          .next = batch->base_offset};
    weir_err err =
        weir__batch_records(bytes, &(weir_mock_record){0}, INT64_MIN, inspect_record, found);
    if (err != WEIR_OK) {
        return code_of(err);
    }
    return found->wrong ? RD_KAFKA_RESP_ERR_INVALID_RECORD : 0;
}

/* The header: one whole batch of the current format, as every client since 0.11 sends. */
static int16_t check_header(const weir__log *log, weir_slice bytes, weir__batch_header *batch)
{
    weir_err err = weir__batch_read(bytes, batch);
    if (err == WEIR_EUNSUPPORTED) {
        return RD_KAFKA_RESP_ERR_UNSUPPORTED_FOR_MESSAGE_FORMAT;
    }
    if (err != WEIR_OK && weir__batch_length(bytes) < WEIR__BATCH_HEADER_BYTES) {
        return RD_KAFKA_RESP_ERR_INVALID_MSG;
    }
    bool transactional = (batch->attributes & WEIR__BATCH_TRANSACTIONAL) != 0;
    if (err != WEIR_OK || batch->bytes != bytes.len || batch->base_offset != 0 ||
        batch->count < 1 || batch->last_offset_delta != batch->count - 1 ||
        (batch->attributes & WEIR__BATCH_CONTROL) != 0 ||
        (batch->producer_id >= 0 ? batch->sequence < 0 || batch->producer_epoch < 0
                                 : transactional)) {
        return RD_KAFKA_RESP_ERR_INVALID_RECORD;
    }
    if ((int64_t)bytes.len > log->config.max_message_bytes) {
        return RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    }
    if ((int64_t)bytes.len > log->config.segment_bytes) {
        return RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE;
    }
    return weir__batch_is_sealed(bytes) ? 0 : RD_KAFKA_RESP_ERR_INVALID_MSG;
}

/* Copies the batch and writes into it what the broker decides. */
static weir_err copy_batch(const weir__log *log, weir_slice bytes, const inspection *found,
                           int64_t now_ms, weir__log_batch *out)
{
    uint8_t *data = malloc(bytes.len);
    if (data == NULL) {
        return WEIR_ENOMEM;
    }
    memcpy(data, bytes.data, bytes.len);
    int64_t count = found->next - found->first;
    *out = (weir__log_batch){.base = log->end,
                             .last = log->end + count - 1,
                             .max_timestamp_ms =
                                 log->config.append_time ? now_ms : found->max_timestamp_ms,
                             .appended_ms = now_ms,
                             .data = data,
                             .bytes = bytes.len};
    weir__batch_place(data, log->end, log->leader_epoch);
    weir__batch_set_max_timestamp(data, bytes.len, out->max_timestamp_ms, log->config.append_time);
    return WEIR_OK;
}

int16_t weir__log_append(weir__log *log, weir_slice bytes, int64_t now_ms, weir__appended *out)
{
    weir__batch_header batch;
    const weir__sent_batch *sent = NULL;
    int16_t code = check_header(log, bytes, &batch);
    if (code == 0 && batch.producer_id >= 0) {
        code = weir__log_producer_check(&log->producers, &batch, &sent);
    }
    if (code == 0 && sent != NULL) {
        *out = (weir__appended){sent->base, sent->timestamp_ms, true};
        return 0;
    }
    inspection found = {0};
    if (code == 0) {
        code = inspect(log, bytes, &batch, &found);
    }
    if (code == 0 && bytes.len > log->budget->max - log->budget->used) {
        code = RD_KAFKA_RESP_ERR_POLICY_VIOLATION;
    }
    if (code != 0) {
        return code;
    }
    weir__log_batch added;
    weir__log_producer *producer =
        batch.producer_id >= 0 ? weir__log_producer_add(&log->producers, batch.producer_id) : NULL;
    if ((batch.producer_id >= 0 && producer == NULL) || reserve(log) != WEIR_OK ||
        copy_batch(log, bytes, &found, now_ms, &added) != WEIR_OK) {
        return RD_KAFKA_RESP_ERR_UNKNOWN;
    }
    add_batch(log, added);
    *out = (weir__appended){added.base, log->config.append_time ? now_ms : -1, false};
    if (producer != NULL) {
        weir__log_producer_sent(&log->producers, producer, &batch, out->base,
                                log->config.append_time ? now_ms : found.max_timestamp_ms, now_ms);
    }
    return 0;
}

int16_t weir__log_append_marker(weir__log *log, const weir__marker *marker, int64_t now_ms,
                                int64_t *offset)
{
    int16_t code = weir__log_producer_check_marker(&log->producers, marker);
    if (code != 0) {
        return code;
    }
    weir_buf bytes = {0};
    weir__batch_control(&bytes,
                        &(weir__batch_control_spec){.base = log->end,
                                                    .leader_epoch = log->leader_epoch,
                                                    .timestamp_ms = now_ms,
                                                    .producer_id = marker->producer_id,
                                                    .producer_epoch = marker->epoch,
                                                    .coordinator_epoch = marker->coordinator_epoch,
                                                    .commit = marker->commit});
    weir__log_producer *producer = weir__log_producer_add(&log->producers, marker->producer_id);
    if (bytes.err != WEIR_OK || producer == NULL || reserve(log) != WEIR_OK) {
        weir__buf_fini(&bytes);
        return RD_KAFKA_RESP_ERR_UNKNOWN;
    }
    int64_t at = log->end;
    add_batch(log, (weir__log_batch){.base = at,
                                     .last = at,
                                     .max_timestamp_ms = now_ms,
                                     .appended_ms = now_ms,
                                     .data = bytes.data,
                                     .bytes = bytes.len});
    int64_t first = weir__log_producer_ended(&log->producers, producer, marker, now_ms);
    if (first >= 0 && !marker->commit) {
        log->aborted[log->aborted_count++] =
            (weir__aborted){marker->producer_id, first, at, weir__log_last_stable(log)};
    }
    if (offset != NULL) {
        *offset = at;
    }
    return 0;
}

weir_err weir__log_lead(weir__log *log, int32_t epoch)
{
    weir_err err = weir__leader_epochs_add(&log->epochs, epoch, log->end);
    if (err == WEIR_OK && epoch > log->leader_epoch) {
        log->leader_epoch = epoch;
    }
    return err;
}

/* ---- Reading ---- */

int64_t weir__log_last_stable(const weir__log *log)
{
    const weir__log_producer *open = log->producers.open_first;
    return open != NULL ? weir__later(open->txn_first, log->start) : log->end;
}

size_t weir__log_find(const weir__log *log, int64_t offset)
{
    size_t low = 0;
    size_t high = log->batch_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (weir__log_at(log, middle)->last < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int64_t weir__log_span(const weir__log *log, int64_t offset, int64_t upto, size_t bytes_max,
                       bool one_at_least)
{
    size_t bytes = 0;
    for (size_t i = weir__log_find(log, offset); i < log->batch_count; i++) {
        const weir__log_batch *batch = weir__log_at(log, i);
        bool fits = bytes <= bytes_max && batch->bytes <= bytes_max - bytes;
        if (batch->base >= upto || (!fits && !(one_at_least && bytes == 0))) {
            break;
        }
        bytes += batch->bytes;
        offset = batch->last + 1;
    }
    return offset;
}

void weir__log_read(const weir__log *log, int64_t offset, int64_t upto, weir_buf *out)
{
    for (size_t i = weir__log_find(log, offset); i < log->batch_count; i++) {
        const weir__log_batch *batch = weir__log_at(log, i);
        if (batch->base >= upto) {
            break;
        }
        weir_put(out, batch->data, batch->bytes);
    }
}

size_t weir__log_bytes(const weir__log *log, int64_t offset, int64_t upto)
{
    size_t first = weir__log_find(log, offset);
    size_t after = weir__log_find(log, upto);
    uint64_t end = after < log->batch_count ? weir__log_at(log, after)->position : log->position;
    return first < after ? (size_t)(end - weir__log_at(log, first)->position) : 0;
}

/* The index of the first aborted transaction that ended at `offset` or later. */
static size_t find_aborted(const weir__log *log, int64_t offset)
{
    size_t low = 0;
    size_t high = log->aborted_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (log->aborted[middle].last_offset < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void weir__log_aborted(const weir__log *log, int64_t from, int64_t upto,
                       void (*fn)(const weir__aborted *aborted, void *user), void *user)
{
    for (size_t i = find_aborted(log, from); i < log->aborted_count; i++) {
        const weir__aborted *at = &log->aborted[i];
        if (at->first_offset < upto) {
            fn(at, user);
        }
        if (at->last_stable_offset >= upto) {
            break;
        }
    }
}

bool weir__log_is_aborted(const weir__log *log, int64_t producer_id, int64_t offset)
{
    for (size_t i = find_aborted(log, offset); i < log->aborted_count; i++) {
        const weir__aborted *at = &log->aborted[i];
        if (at->producer_id == producer_id) {
            return at->first_offset <= offset;
        }
        if (at->last_stable_offset > offset) {
            break; /* everything below was ended by then */
        }
    }
    return false;
}

size_t weir__log_open_transactions(const weir__log *log, weir__open_transaction *out, size_t max)
{
    size_t count = 0;
    for (const weir__log_producer *at = log->producers.open_first; at != NULL; at = at->open_next) {
        if (count < max) {
            out[count] =
                (weir__open_transaction){at->id, at->epoch, at->txn_first, at->txn_began_ms};
        }
        count++;
    }
    return count;
}

int32_t weir__log_epoch_at(const weir__log *log, int64_t offset)
{
    return weir__leader_epochs_at(&log->epochs, offset);
}
