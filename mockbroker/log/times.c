/* SPDX-License-Identifier: Apache-2.0
 *
 * One entry a record, sorted by offset. Batches may be answered out of order, so an entry is moved
 * to its place from the end. */
#include "times.h"

#include <stdlib.h>
#include <string.h>

#include "wire/records.h"

#define CAPACITY_FIRST 16

void weir__times_fini(weir__times *times)
{
    free(times->items);
    *times = (weir__times){0};
}

static weir_err insert(weir__times *times, weir__time entry)
{
    if (times->count == times->capacity) {
        size_t capacity = times->capacity != 0 ? times->capacity * 2 : CAPACITY_FIRST;
        weir__time *items = realloc(times->items, capacity * sizeof *items);
        if (items == NULL) {
            return WEIR_ENOMEM;
        }
        times->items = items;
        times->capacity = capacity;
    }
    size_t at = times->count++;
    for (; at > 0 && times->items[at - 1].offset > entry.offset; at--) {
        times->items[at] = times->items[at - 1];
    }
    times->items[at] = entry;
    return WEIR_OK;
}

typedef struct adding {
    weir__times *times;
    int64_t shift; /* from the offsets in the batch to those in the log */
} adding;

static weir_err add_record(const weir_mock_record *record, void *user)
{
    const adding *add = user;
    return insert(add->times, (weir__time){.offset = record->offset + add->shift,
                                           .timestamp_ms = record->timestamp_ms});
}

weir_err weir__times_add(weir__times *times, weir_slice batch, int64_t base)
{
    weir__batch_header header;
    weir_mock_record at = {0};
    weir_err err = weir__batch_read(batch, &header);
    if (err != WEIR_OK) {
        return err;
    }
    if ((header.attributes & WEIR__BATCH_COMPRESSION) != 0) {
        bool several = header.first_timestamp_ms != header.max_timestamp_ms;
        return insert(times, (weir__time){base, header.max_timestamp_ms, several});
    }
    adding add = {.times = times, .shift = base - header.base_offset};
    return weir__batch_records(batch, &at, header.base_offset, add_record, &add);
}

void weir__times_trim(weir__times *times, int64_t last_offset)
{
    size_t gone = 0;
    while (gone < times->count && times->items[gone].offset <= last_offset) {
        gone++;
    }
    times->count -= gone;
    if (gone > 0) {
        memmove(times->items, times->items + gone, times->count * sizeof *times->items);
    }
}

weir_err weir__times_find(const weir__times *times, int64_t start, int64_t time_ms, int64_t *offset)
{
    *offset = -1;
    for (size_t i = 0; i < times->count; i++) {
        const weir__time *at = &times->items[i];
        if (at->offset >= start && at->timestamp_ms >= time_ms) {
            *offset = at->offset;
            return at->compressed ? WEIR_EUNSUPPORTED : WEIR_OK;
        }
    }
    return WEIR_OK;
}
