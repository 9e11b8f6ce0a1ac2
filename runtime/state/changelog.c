/* SPDX-License-Identifier: Apache-2.0
 *
 * The layer that writes each change of a store to its changelog topic, and the conversion of a
 * changelog record to a row. The timestamp of a row becomes the record's timestamp:
 *
 *     row     0000018bcfe56800 31   <->   record  value 31, timestamp 1700000000000 */
#include <stdlib.h>

#include "core/error.h"
#include "state/store.h"

typedef struct changelog {
    weir__kv base;
    bool timestamped;
    weir__changelog_sink sink;
} changelog;

static weir_err changelog_put(weir__kv *kv, weir_slice key, weir_slice value, weir_error *error)
{
    changelog *log = (changelog *)kv;
    const weir__changelog_sink *sink = &log->sink;
    bool split = log->timestamped && value.data != NULL;
    if (split && value.len < WEIR__TIMESTAMP_SIZE) {
        return weir__error_set(error, WEIR_EINVAL, "row of %zu bytes has no timestamp", value.len);
    }
    weir_err err = weir__kv_put(kv->inner, key, value, error);
    if (err != WEIR_OK) {
        return err;
    }
    if (!split) {
        return sink->log(sink->user, key, value, sink->now_ms(sink->user), error);
    }
    weir_slice plain = {(const uint8_t *)value.data + WEIR__TIMESTAMP_SIZE,
                        value.len - WEIR__TIMESTAMP_SIZE};
    return sink->log(sink->user, key, plain, (int64_t)weir__load_u64(value.data), error);
}

static void changelog_close(weir__kv *kv)
{
    free(kv);
}

static const weir__kv_ops changelog_ops = {
    .name = "changelog",
    .put = changelog_put,
    .close = changelog_close,
};

weir_err weir__changelog_wrap(weir__kv *inner, bool timestamped, const weir__changelog_sink *sink,
                              weir__kv **out, weir_error *error)
{
    changelog *log = malloc(sizeof *log);
    if (log == NULL) {
        weir__kv_close(inner);
        return weir__error_set(error, WEIR_ENOMEM, "no memory for a changelog");
    }
    *log = (changelog){{.ops = &changelog_ops, .inner = inner}, timestamped, *sink};
    *out = &log->base;
    return WEIR_OK;
}

weir_err weir__changelog_row(bool timestamped, weir_slice key, weir_slice value,
                             int64_t timestamp_ms, weir__arena *arena, weir__row *out)
{
    if (!timestamped || value.data == NULL) {
        *out = (weir__row){key, value};
        return WEIR_OK;
    }
    uint8_t *bytes = weir__arena_alloc(arena, WEIR__TIMESTAMP_SIZE + value.len);
    if (bytes == NULL) {
        return WEIR_ENOMEM;
    }
    weir__store_u64(bytes, (uint64_t)timestamp_ms);
    memcpy(bytes + WEIR__TIMESTAMP_SIZE, value.data, value.len);
    *out = (weir__row){key, {bytes, WEIR__TIMESTAMP_SIZE + value.len}};
    return WEIR_OK;
}
