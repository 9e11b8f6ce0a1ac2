/* SPDX-License-Identifier: Apache-2.0
 *
 * Records of a changelog, restored into a store of each kind. A row that was restored gives the
 * record again. */
#include <stdlib.h>
#include <string.h>

#include "bytes/target.h"
#include "state/open.h"

#define RETENTION_MS 1000

static const weir__store_kind *const kinds[] = {
    &weir__kind_key_value,       &weir__kind_timestamped_key_value,
    &weir__kind_window,          &weir__kind_timestamped_window,
    &weir__kind_duplicates,      &weir__kind_session,
    &weir__kind_suppress_buffer, &weir__kind_join_buffer,
};

static bool same(weir_slice a, weir_slice b)
{
    return (a.data == NULL) == (b.data == NULL) && a.len == b.len &&
           (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* The last record of a key is that of its row. */
static const weir__log_record *find(const weir__log_record *records, size_t count, weir_slice key)
{
    const weir__log_record *found = NULL;
    for (size_t i = 0; i < count; i++) {
        found = same(records[i].key, key) ? &records[i] : found;
    }
    return found;
}

static void check_rows(const weir__store_kind *kind, weir__kv *store,
                       const weir__log_record *records, size_t count)
{
    const weir_slice open = {NULL, 0};
    weir__kv_iter *iter;
    weir_error error;
    weir_slice key;
    weir_slice row;
    if (weir__kv_range(store, open, open, false, &iter, &error) != WEIR_OK) {
        abort();
    }
    while (iter->ops->next(iter, &key, &row)) {
        weir__log_record log;
        if (kind->to_log(key, row, 0, &log, &error) != WEIR_OK) {
            abort();
        }
        const weir__log_record *from = find(records, count, log.key);
        if (from == NULL || !same(from->value, log.value) ||
            (kind->timestamped && from->timestamp_ms != log.timestamp_ms)) {
            abort();
        }
    }
    iter->ops->close(iter);
}

#define RECORDS_MAX 32

static const uint8_t three[] = {3};
static const weir_header version = {"v", {three, 1}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    target_bytes from = {data, size};
    const weir__store_kind *kind = kinds[take_byte(&from) % (sizeof kinds / sizeof kinds[0])];
    weir__store_plan plan = {.kind = kind, .retention_ms = RETENTION_MS};
    weir__store_layers layers;
    weir__log_record records[RECORDS_MAX];
    weir__arena arena = {0};
    weir_error error;
    size_t count = 0;
    if (weir__store_open(&plan, &layers, &error) != WEIR_OK) {
        abort();
    }
    while (from.left > 0 && count < RECORDS_MAX) {
        weir__row row;
        weir_slice key = take_slice(&from);
        records[count] = (weir__log_record){.key = key, .value = take_slice(&from)};
        records[count].timestamp_ms = take_byte(&from);
        records[count].headers = &version; /* of the rows of suppress; others ignore it */
        records[count].header_count = 1;
        if (key.data != NULL && kind->from_log(&records[count], &arena, &row, &error) == WEIR_OK &&
            weir__kv_restore(layers.base, &row, 1, (int64_t)count, &error) == WEIR_OK) {
            count++;
        } else if (key.data == NULL) {
            break;
        }
    }
    check_rows(kind, layers.base, records, count);
    weir__kv_close(layers.top);
    weir__arena_fini(&arena);
    return 0;
}
