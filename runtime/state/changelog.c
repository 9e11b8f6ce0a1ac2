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
    weir__kv *inner;
    bool timestamped;
    weir__changelog_sink sink;
} changelog;

static weir__kv *inner_of(weir__kv *kv)
{
    return ((changelog *)kv)->inner;
}

static weir_err changelog_get(weir__kv *kv, weir_slice key, weir_slice *value, weir_error *error)
{
    return inner_of(kv)->ops->get(inner_of(kv), key, value, error);
}

static weir_err changelog_put(weir__kv *kv, weir_slice key, weir_slice value, weir_error *error)
{
    changelog *log = (changelog *)kv;
    const weir__changelog_sink *sink = &log->sink;
    bool split = log->timestamped && value.data != NULL;
    if (split && value.len < WEIR__TIMESTAMP_SIZE) {
        return weir__error_set(error, WEIR_EINVAL, "row of %zu bytes has no timestamp", value.len);
    }
    weir_err err = log->inner->ops->put(log->inner, key, value, error);
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

static weir_err changelog_range(weir__kv *kv, weir_slice from, weir_slice to, bool reverse,
                                weir__kv_iter **out, weir_error *error)
{
    return inner_of(kv)->ops->range(inner_of(kv), from, to, reverse, out, error);
}

static weir_err changelog_restore(weir__kv *kv, const weir__row *rows, size_t count, int64_t offset,
                                  weir_error *error)
{
    return inner_of(kv)->ops->restore(inner_of(kv), rows, count, offset, error);
}

static weir_err changelog_flush(weir__kv *kv, weir_error *error)
{
    return inner_of(kv)->ops->flush(inner_of(kv), error);
}

static int64_t changelog_offset(weir__kv *kv)
{
    return inner_of(kv)->ops->offset(inner_of(kv));
}

static weir_err changelog_set_offset(weir__kv *kv, int64_t offset, weir_error *error)
{
    return inner_of(kv)->ops->set_offset(inner_of(kv), offset, error);
}

static void changelog_close(weir__kv *kv)
{
    inner_of(kv)->ops->close(inner_of(kv));
    free(kv);
}

static const weir__kv_ops changelog_ops = {
    .name = "changelog",
    .get = changelog_get,
    .put = changelog_put,
    .range = changelog_range,
    .restore = changelog_restore,
    .flush = changelog_flush,
    .offset = changelog_offset,
    .set_offset = changelog_set_offset,
    .close = changelog_close,
};

weir_err weir__changelog_wrap(weir__kv *inner, bool timestamped, const weir__changelog_sink *sink,
                              weir__kv **out, weir_error *error)
{
    changelog *log = malloc(sizeof *log);
    if (log == NULL) {
        inner->ops->close(inner);
        return weir__error_set(error, WEIR_ENOMEM, "no memory for a changelog");
    }
    *log = (changelog){{.ops = &changelog_ops}, inner, timestamped, *sink};
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
