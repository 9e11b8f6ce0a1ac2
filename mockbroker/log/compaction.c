/* SPDX-License-Identifier: Apache-2.0
 *
 * Log compaction. Two passes: the first finds the last offset of each key, the second makes a new
 * batch for each one that loses records. Only when all are made is the log changed.
 *
 *     offset      0 1 2 3 4 5 6 7 8 9
 *     key         a b a c b b a c d d
 *     compacted             b a c   d
 *
 * As in Kafka (LogCleaner) a batch keeps its range of offsets; a batch without records is dropped,
 * except the last one of the log: consumers take the next offset from it. */
#include <stdlib.h>

#include "core/saturate.h"
#include "partition_log.h"

/* What becomes of a batch. */
typedef struct cleaned_batch {
    bool changed;
    weir_buf bytes; /* of a changed one; empty: dropped */
    bool ends_aborted;
} cleaned_batch;

typedef struct compaction {
    const weir__log *log;
    size_t count; /* batches that are compacted */
    int64_t tombstones_before_ms;
    weir__map last;     /* key -> offset + 1 of its last record, as a pointer */
    weir__map has_data; /* producer id -> its open transaction has records that stay */
    cleaned_batch *batches;
    size_t index; /* of the batch in work */
    weir_buf kept;
    int32_t kept_count;
    int64_t kept_max_ms;
} compaction;

static weir_slice bytes_of(const weir__log_batch *batch)
{
    return (weir_slice){batch->data, batch->bytes};
}

static bool is_removed(const weir__log *log, const weir__batch_header *batch)
{
    return (batch->attributes & WEIR__BATCH_TRANSACTIONAL) != 0 &&
           weir__log_is_aborted(log, batch->producer_id, batch->base_offset);
}

/* ---- The last record of each key ---- */

static weir_err note_key(const weir_mock_record *record, void *user)
{
    compaction *work = user;
    void *offset = (void *)(uintptr_t)(record->offset + 1);
    return record->key.data != NULL ? weir__map_put(&work->last, record->key, offset) : WEIR_OK;
}

static weir_err find_last(compaction *work)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < work->count && err == WEIR_OK; i++) {
        weir_slice bytes = bytes_of(weir__log_at(work->log, i));
        weir__batch_header batch;
        err = weir__batch_read(bytes, &batch);
        if (err == WEIR_OK && !(batch.attributes & WEIR__BATCH_CONTROL) &&
            !is_removed(work->log, &batch)) {
            err = weir__batch_records(bytes, &(weir_mock_record){0}, INT64_MIN, note_key, work);
        }
    }
    return err;
}

/* ---- New batches ---- */

static weir_err keep_record(const weir_mock_record *record, weir_slice bytes, void *user)
{
    compaction *work = user;
    const weir__log_batch *batch = weir__log_at(work->log, work->index);
    bool last = record->key.data != NULL &&
                weir__map_get(&work->last, record->key) == (void *)(uintptr_t)(record->offset + 1);
    bool old_tombstone =
        record->value.data == NULL && batch->appended_ms <= work->tombstones_before_ms;
    if (!last || old_tombstone) {
        return WEIR_OK;
    }
    if (work->kept_count == 0 || record->timestamp_ms > work->kept_max_ms) {
        work->kept_max_ms = record->timestamp_ms;
    }
    work->kept_count++;
    return weir_put(&work->kept, bytes.data, bytes.len);
}

/* True: the batch stays only to hold the end of the log. */
static bool is_last(const compaction *work)
{
    return work->index + 1 == work->log->batch_count;
}

static weir_err rewrite(compaction *work, weir_slice bytes, int64_t max_timestamp_ms)
{
    cleaned_batch *out = &work->batches[work->index];
    out->changed = true;
    if (work->kept_count > 0 || is_last(work)) {
        weir__batch_keep(&out->bytes, bytes, weir__buf_slice(&work->kept), work->kept_count,
                         work->kept_count > 0 ? work->kept_max_ms : max_timestamp_ms);
    }
    return out->bytes.err;
}

static weir_slice id_of(const weir__batch_header *batch)
{
    return (weir_slice){&batch->producer_id, sizeof batch->producer_id};
}

/* A marker stays while its transaction has records, and for delete.retention.ms. */
static weir_err clean_marker(compaction *work, weir_slice bytes, const weir__batch_header *batch)
{
    const weir__log_batch *at = weir__log_at(work->log, work->index);
    bool has_data = weir__map_remove(&work->has_data, id_of(batch)) != NULL;
    if (has_data || at->appended_ms > work->tombstones_before_ms || batch->count == 0) {
        return WEIR_OK;
    }
    work->batches[work->index].ends_aborted = true;
    return rewrite(work, bytes, batch->max_timestamp_ms);
}

static weir_err clean_batch(compaction *work)
{
    weir_slice bytes = bytes_of(weir__log_at(work->log, work->index));
    weir__batch_header batch;
    weir_err err = weir__batch_read(bytes, &batch);
    weir__buf_reset(&work->kept);
    work->kept_count = 0;
    if (err != WEIR_OK) {
        return err;
    }
    if (batch.attributes & WEIR__BATCH_CONTROL) {
        return clean_marker(work, bytes, &batch);
    }
    if (!is_removed(work->log, &batch)) {
        err = weir__batch_each(bytes, &(weir_mock_record){0}, keep_record, work);
    }
    if (err == WEIR_OK && work->kept_count > 0 && (batch.attributes & WEIR__BATCH_TRANSACTIONAL)) {
        err = weir__map_put(&work->has_data, id_of(&batch), work);
    }
    bool same = work->kept_count == batch.count && (batch.count > 0 || is_last(work));
    return err == WEIR_OK && !same ? rewrite(work, bytes, batch.max_timestamp_ms) : err;
}

/* ---- The changed log ---- */

/* The transaction that the marker at that offset aborted has neither records nor marker left. */
static void forget_aborted(weir__log *log, int64_t marker)
{
    for (size_t i = 0; i < log->aborted_count; i++) {
        if (log->aborted[i].last_offset == marker) {
            log->aborted_count--;
            memmove(&log->aborted[i], &log->aborted[i + 1],
                    (log->aborted_count - i) * sizeof *log->aborted);
            return;
        }
    }
}

/* Segments without batches join the one before, except the active one. */
static void join_segments(weir__log *log)
{
    size_t left = 0;
    for (size_t i = 0; i < log->segment_count; i++) {
        if (log->segments[i].bytes > 0 || i + 1 == log->segment_count) {
            log->segments[left++] = log->segments[i];
        }
    }
    log->segment_count = left;
}

/* Counts the bytes anew. */
static void measure(weir__log *log)
{
    size_t segment = 0;
    for (size_t i = 0; i < log->segment_count; i++) {
        log->segments[i].bytes = 0;
    }
    uint64_t position = log->batch_count > 0 ? weir__log_at(log, 0)->position : log->position;
    for (size_t i = 0; i < log->batch_count; i++) {
        weir__log_batch *batch = weir__log_at(log, i);
        while (segment + 1 < log->segment_count && log->segments[segment + 1].base <= batch->base) {
            segment++;
        }
        log->segments[segment].bytes += batch->bytes;
        batch->position = position;
        position += batch->bytes;
    }
    log->position = position;
    join_segments(log);
}

/* True: something changed. The buffers are taken over. */
static bool apply(weir__log *log, compaction *work)
{
    size_t left = 0;
    bool changed = false;
    for (size_t i = 0; i < log->batch_count; i++) {
        weir__log_batch *batch = weir__log_at(log, i);
        cleaned_batch *now = i < work->count ? &work->batches[i] : NULL;
        if (now != NULL && now->changed) {
            changed = true;
            if (now->ends_aborted) {
                forget_aborted(log, batch->base);
            }
            weir__log_batch_drop(log, batch);
            batch->data = now->bytes.data;
            batch->bytes = now->bytes.len;
            log->budget->used += batch->bytes;
            now->bytes = (weir_buf){0};
        }
        if (batch->bytes > 0) {
            *weir__log_at(log, left++) = *batch;
        }
    }
    log->batch_count = left;
    if (changed) {
        measure(log);
    }
    return changed;
}

/* New batches with room to spare give it back. */
static void shrink(compaction *work)
{
    for (size_t i = 0; i < work->count; i++) {
        weir_buf *bytes = &work->batches[i].bytes;
        void *smaller = bytes->len > 0 ? realloc(bytes->data, bytes->len) : NULL;
        if (smaller != NULL) {
            bytes->data = smaller;
        }
    }
}

static void compaction_fini(compaction *work)
{
    for (size_t i = 0; work->batches != NULL && i < work->count; i++) {
        weir__buf_fini(&work->batches[i].bytes);
    }
    free(work->batches);
    weir__map_fini(&work->last, NULL);
    weir__map_fini(&work->has_data, NULL);
    weir__buf_fini(&work->kept);
}

weir_err weir__log_compact(weir__log *log, int64_t upto, int64_t now_ms, bool *changed)
{
    int64_t stable = weir__log_last_stable(log);
    upto = upto < stable ? upto : stable;
    compaction work = {.log = log,
                       .count = weir__log_find(log, upto),
                       .tombstones_before_ms =
                           weir__sub_sat(now_ms, log->config.delete_retention_ms)};
    work.batches = calloc(work.count + 1, sizeof *work.batches);
    weir_err err = work.batches != NULL ? find_last(&work) : WEIR_ENOMEM;
    for (; work.index < work.count && err == WEIR_OK; work.index++) {
        err = clean_batch(&work);
    }
    bool any = false;
    if (err == WEIR_OK) {
        shrink(&work);
        any = apply(log, &work);
        log->cleaned = weir__later(log->cleaned, upto);
    }
    if (err == WEIR_OK && changed != NULL) {
        *changed = any;
    }
    compaction_fini(&work);
    return err;
}

/* ---- When the cleaner has something to do ---- */

/* The first offset that may not be compacted yet (LogCleanerManager.cleanableOffsets). */
static int64_t first_uncleanable(const weir__log *log, int64_t now_ms)
{
    int64_t upto = log->segments[log->segment_count - 1].base;
    int64_t stable = weir__log_last_stable(log);
    upto = stable < upto ? stable : upto;
    if (log->config.min_compaction_lag_ms > 0) {
        int64_t before_ms = weir__sub_sat(now_ms, log->config.min_compaction_lag_ms);
        for (size_t i = 0; i < log->segment_count && log->segments[i].base < upto; i++) {
            if (log->segments[i].max_timestamp_ms > before_ms) {
                upto = log->segments[i].base;
            }
        }
    }
    return upto;
}

int64_t weir__log_cleanable(const weir__log *log, int64_t now_ms)
{
    if (!log->config.compacts || log->segment_count == 0) {
        return -1;
    }
    int64_t upto = first_uncleanable(log, now_ms);
    int64_t from = weir__later(log->cleaned, log->start);
    double dirty = (double)weir__log_bytes(log, from, upto);
    double all = (double)weir__log_bytes(log, log->start, upto);
    return upto > from && dirty > log->config.min_cleanable_dirty_ratio * all ? upto : -1;
}
