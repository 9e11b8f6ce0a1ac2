/* SPDX-License-Identifier: Apache-2.0
 *
 * Record batches as producers might send them, in a log: whatever is accepted can be read, looked
 * up and compacted, and the offsets stay in order. */
#include <stdlib.h>

#include "bytes/target.h"
#include "log/partition_log.h"

#define BATCHES_MAX 16
#define ATTRIBUTES_AT 21

static void must(bool condition)
{
    if (!condition) {
        abort();
    }
}

static weir_err see(const weir_mock_record *record, void *user)
{
    int64_t *last = user;
    must(record->offset > *last);
    *last = record->offset;
    return WEIR_OK;
}

/* Returns how many bytes there are. */
static size_t read_all(const weir__log *log)
{
    weir_buf bytes = {0};
    int64_t last = -1;
    weir__log_read(log, log->start, log->end, &bytes);
    weir_slice left = weir__buf_slice(&bytes);
    while (left.len > 0) {
        weir__batch_header batch;
        must(weir__batch_read(left, &batch) == WEIR_OK);
        weir_slice one = {left.data, batch.bytes};
        must(weir__batch_is_sealed(one) && batch.base_offset > last);
        must(weir__batch_records(one, &(weir_mock_record){0}, INT64_MIN, see, &last) == WEIR_OK);
        must(last <= batch.base_offset + batch.last_offset_delta);
        last = batch.base_offset + batch.last_offset_delta;
        left = (weir_slice){(const uint8_t *)left.data + batch.bytes, left.len - batch.bytes};
    }
    size_t len = bytes.len;
    weir__buf_fini(&bytes);
    return len;
}

/* With a right checksum, so that the rest of it is looked at. */
static void append(weir__log *log, weir_slice bytes, int64_t now_ms)
{
    weir__appended appended;
    uint8_t *copy = malloc(bytes.len + 1);
    must(copy != NULL);
    if (bytes.len > 0) {
        memcpy(copy, bytes.data, bytes.len);
    }
    if (bytes.len > ATTRIBUTES_AT) {
        weir__batch_seal(copy, bytes.len);
    }
    int64_t end = log->end;
    int16_t code = weir__log_append(log, (weir_slice){copy, bytes.len}, now_ms, &appended);
    must(code != 0 || appended.duplicate ? log->end == end : appended.base == end);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    target_bytes from = {data, size};
    uint8_t flags = take_byte(&from);
    const weir__log_config config = {.append_time = flags & 1,
                                     .deletes = true,
                                     .compacts = flags & 2,
                                     .retention_ms = 1000,
                                     .retention_bytes = -1,
                                     .segment_bytes = 200,
                                     .segment_ms = 1000,
                                     .max_message_bytes = 1 << 20,
                                     .delete_retention_ms = 10,
                                     .min_cleanable_dirty_ratio = 0.5};
    weir__log_budget budget = {.max = (size_t)1 << 20};
    weir__log log;
    weir__log_init(&log, &config, &budget);
    must(weir__log_lead(&log, 0) == WEIR_OK);
    for (int i = 0; i < BATCHES_MAX && from.left > 0; i++) {
        append(&log, take_slice(&from), i);
        if (flags & 4) {
            const weir__marker marker = {.producer_id = 0, .epoch = INT16_MAX, .commit = i & 1};
            must(weir__log_append_marker(&log, &marker, i, NULL) == 0);
        }
    }
    weir__log_time found;
    must(read_all(&log) == budget.used);
    must(weir__log_find_time(&log, 0, &found) == WEIR_OK);
    must(weir__log_find_max_time(&log, &found) == WEIR_OK);
    must(weir__log_compact(&log, log.end, 100, NULL) == WEIR_OK);
    must(read_all(&log) == budget.used);
    weir__log_retain(&log, INT64_MAX);
    weir__log_fini(&log);
    must(budget.used == 0);
    return 0;
}
