/* SPDX-License-Identifier: Apache-2.0
 *
 * Compares the rows of a window or session store with those of Kafka Streams: sorted by key, then
 * by start and end. */
#ifndef WEIR_TESTS_CONFORMANCE_COMPARE_WINDOWS_H
#define WEIR_TESTS_CONFORMANCE_COMPARE_WINDOWS_H

#include <stdlib.h>

#include "conformance/compare_bytes.h"
#include "state/keys.h"
#include "state/tree.h"

#define TIMED_ROWS_MAX 1000

typedef struct timed_row {
    weir_slice key;
    int64_t start_ms;
    int64_t end_ms; /* of a session; of a window its start */
    weir_slice value;
} timed_row;

CASE_FN int by_key_and_time(const void *a, const void *b)
{
    const timed_row *one = a;
    const timed_row *other = b;
    int order = weir__key_compare(one->key, other->key);
    if (order == 0) {
        order = (one->start_ms > other->start_ms) - (one->start_ms < other->start_ms);
    }
    return order != 0 ? order : (one->end_ms > other->end_ms) - (one->end_ms < other->end_ms);
}

CASE_FN timed_row timed_row_of(weir__arena *arena, const weir__store_kind *kind, weir_slice key,
                               weir_slice row)
{
    timed_row out = {0};
    weir__window_key window;
    weir__session_key session;
    weir_slice log_key;
    weir_assert(weir__arena_copy(arena, weir__segment_log_key(key), &log_key) == WEIR_OK);
    weir_assert(weir__arena_copy(arena, row, &out.value) == WEIR_OK);
    if (kind->type == WEIR__TYPE_WINDOW) {
        weir_assert(weir__window_store_key_read(log_key, &window));
        out.key = window.key;
        out.start_ms = out.end_ms = window.start_ms;
    } else {
        weir_assert(weir__session_store_key_read(log_key, &session));
        out.key = session.key;
        out.start_ms = session.start_ms;
        out.end_ms = session.end_ms;
    }
    return out;
}

/* An entry is [key, start, value, timestamp], or [key, start, end, value] of a session. */
CASE_FN bool is_timed_entry(weir__arena *arena, const weir__store_kind *kind, yyjson_val *entry,
                            const timed_row *row)
{
    bool window = kind->type == WEIR__TYPE_WINDOW;
    size_t value_at = window ? 2 : 3;
    weir_slice value = row->value;
    yyjson_val *ts = yyjson_arr_get(entry, 3);
    if (kind->timestamped) {
        if (yyjson_is_int(ts) && yyjson_get_sint(ts) != (int64_t)weir__load_u64(value.data)) {
            return false;
        }
        value.data = (const uint8_t *)value.data + WEIR__TIMESTAMP_SIZE;
        value.len -= WEIR__TIMESTAMP_SIZE;
    }
    return weir_slice_equal(row->key, case_bytes(arena, yyjson_arr_get(entry, 0))) &&
           row->start_ms == yyjson_get_sint(yyjson_arr_get(entry, 1)) &&
           (window || row->end_ms == yyjson_get_sint(yyjson_arr_get(entry, 2))) &&
           weir_slice_equal(value, case_bytes(arena, yyjson_arr_get(entry, value_at)));
}

CASE_FN void compare_timed_rows(weir__arena *arena, const weir__store_spec *spec,
                                weir__kv_iter *iter, yyjson_val *entries, difference *d)
{
    timed_row rows[TIMED_ROWS_MAX];
    weir_slice key;
    weir_slice row;
    size_t count = 0;
    while (iter->ops->next(iter, &key, &row)) {
        weir_assert(count < TIMED_ROWS_MAX);
        rows[count++] = timed_row_of(arena, spec->kind, key, row);
    }
    qsort(rows, count, sizeof *rows, by_key_and_time);
    for (size_t i = 0; i < count; i++) {
        char text[128];
        if (!is_timed_entry(arena, spec->kind, yyjson_arr_get(entries, i), &rows[i])) {
            differ(d, "store %s: another row at %zu: %s@%lld", spec->name, i,
                   show(text, rows[i].key), (long long)rows[i].start_ms);
        }
    }
    if (count != yyjson_arr_size(entries)) {
        differ(d, "store %s: %zu rows instead of %zu", spec->name, count, yyjson_arr_size(entries));
    }
}

#endif
