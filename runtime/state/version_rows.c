/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of versioned stores: their layouts, and the latest version of a key. */
#include "state/version_rows.h"

#include "core/error.h"
#include "core/saturate.h"

#define HISTORY_HEAD (sizeof(int64_t) + 1) /* of a row: valid from, and if there is a value */

int64_t weir__versioned_segment_ms(int64_t retention_ms)
{
    static const struct {
        int64_t retention_max_ms;
        int64_t parts;
        int64_t min_ms;
    } rules[] = {
        {60000, 3, 2000}, {300000, 5, 20000}, {3600000, 12, 60000}, {INT64_MAX, 24, 300000}};
    size_t i = 0;
    while (retention_ms > rules[i].retention_max_ms) {
        i++;
    }
    int64_t part_ms = retention_ms / rules[i].parts;
    return part_ms > rules[i].min_ms ? part_ms : rules[i].min_ms;
}

int64_t weir__versioned_oldest(const weir__versioned *store)
{
    return weir__sub_sat(store->stream_ms, store->opts.retention_ms);
}

weir_err weir__version_corrupt(weir_slice row, weir_error *error)
{
    return weir__error_set(error, WEIR_ECORRUPT, "a row of %zu bytes is no version", row.len);
}

bool weir__latest_read(weir_slice row, int64_t *timestamp_ms, weir_slice *value)
{
    if (row.len < WEIR__TIMESTAMP_SIZE) {
        return false;
    }
    *timestamp_ms = (int64_t)weir__load_u64(row.data);
    *value = (weir_slice){(const uint8_t *)row.data + WEIR__TIMESTAMP_SIZE,
                          row.len - WEIR__TIMESTAMP_SIZE};
    return *timestamp_ms >= 0;
}

bool weir__history_read(weir_slice row, int64_t *valid_from_ms, weir_slice *value)
{
    const uint8_t *bytes = row.data;
    if (row.len < HISTORY_HEAD || bytes[sizeof *valid_from_ms] > 1) {
        return false;
    }
    *valid_from_ms = (int64_t)weir__load_u64(bytes);
    *value = bytes[sizeof *valid_from_ms] != 0
                 ? (weir_slice){bytes + HISTORY_HEAD, row.len - HISTORY_HEAD}
                 : (weir_slice){0};
    return *valid_from_ms >= 0;
}

weir_err weir__latest_key(weir_buf *out, weir_slice key)
{
    weir__buf_put_u8(out, WEIR__LATEST_PREFIX);
    return weir_put(out, key.data, key.len);
}

weir_err weir__latest_find(weir__versioned *store, weir_slice key, weir__version *out,
                           weir_error *error)
{
    weir_slice row;
    *out = WEIR__NO_VERSION;
    weir__buf_reset(&store->key);
    if (weir__latest_key(&store->key, key) != WEIR_OK) {
        return weir__error_set(error, WEIR_ENOMEM, "no memory for a version");
    }
    weir_err err = weir__kv_get(store->base.inner, weir__buf_slice(&store->key), &row, error);
    if (err != WEIR_OK || row.data == NULL) {
        return err;
    }
    out->valid_to_ms = WEIR__STILL_VALID;
    return weir__latest_read(row, &out->valid_from_ms, &out->value)
               ? WEIR_OK
               : weir__version_corrupt(row, error);
}
