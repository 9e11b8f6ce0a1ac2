/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows and their changelog records. The timestamp of a row becomes the record's timestamp:
 *
 *     row   1700000000000 31      <->   record  value 31, timestamp 1700000000000 */
#include "state/kind.h"

#include "core/error.h"
#include "state/keys.h"
#include "state/segments.h"
#include "state/versioned.h"

static weir_err plain_to_log(weir_slice key, weir_slice row, int64_t now_ms, weir__log_record *out,
                             weir_error *error)
{
    (void)error;
    *out = (weir__log_record){key, row, now_ms};
    return WEIR_OK;
}

static weir_err plain_from_log(const weir__log_record *in, weir__arena *arena, weir__row *out)
{
    (void)arena;
    *out = (weir__row){in->key, in->value};
    return WEIR_OK;
}

/* A deletion has no row that could have a timestamp. */
static weir_err timestamped_to_log(weir_slice key, weir_slice row, int64_t now_ms,
                                   weir__log_record *out, weir_error *error)
{
    if (row.data == NULL) {
        *out = (weir__log_record){key, row, now_ms};
        return WEIR_OK;
    }
    if (row.len < WEIR__TIMESTAMP_SIZE) {
        return weir__error_set(error, WEIR_EINVAL, "row of %zu bytes has no timestamp", row.len);
    }
    weir_slice plain = {(const uint8_t *)row.data + WEIR__TIMESTAMP_SIZE,
                        row.len - WEIR__TIMESTAMP_SIZE};
    *out = (weir__log_record){key, plain, (int64_t)weir__load_u64(row.data)};
    return WEIR_OK;
}

static weir_err timestamped_from_log(const weir__log_record *in, weir__arena *arena, weir__row *out)
{
    if (in->value.data == NULL) {
        return plain_from_log(in, arena, out);
    }
    uint8_t *bytes = weir__arena_alloc(arena, WEIR__TIMESTAMP_SIZE + in->value.len);
    if (bytes == NULL) {
        return WEIR_ENOMEM;
    }
    weir__store_u64(bytes, (uint64_t)in->timestamp_ms);
    memcpy(bytes + WEIR__TIMESTAMP_SIZE, in->value.data, in->value.len);
    *out = (weir__row){in->key, {bytes, WEIR__TIMESTAMP_SIZE + in->value.len}};
    return WEIR_OK;
}

/* The changelog does not know segments; weir__kv_restore adds them. */
static weir_err segment_to_log(weir_slice key, weir_slice row, int64_t now_ms,
                               weir__log_record *out, weir_error *error)
{
    return plain_to_log(weir__segment_log_key(key), row, now_ms, out, error);
}

static weir_err timestamped_segment_to_log(weir_slice key, weir_slice row, int64_t now_ms,
                                           weir__log_record *out, weir_error *error)
{
    return timestamped_to_log(weir__segment_log_key(key), row, now_ms, out, error);
}

/* A put of a version: its timestamp is behind the key, and that of the record, of a deletion, too.
 */
static weir_err version_to_log(weir_slice key, weir_slice row, int64_t now_ms,
                               weir__log_record *out, weir_error *error)
{
    (void)now_ms;
    if (key.len < WEIR__VERSION_SUFFIX) {
        return weir__error_set(error, WEIR_EINVAL, "key of %zu bytes has no timestamp", key.len);
    }
    weir_slice plain = {key.data, key.len - WEIR__VERSION_SUFFIX};
    int64_t timestamp_ms = (int64_t)weir__load_u64((const uint8_t *)key.data + plain.len);
    *out = (weir__log_record){plain, row, timestamp_ms};
    return WEIR_OK;
}

static weir_err version_from_log(const weir__log_record *in, weir__arena *arena, weir__row *out)
{
    uint8_t *bytes = weir__arena_alloc(arena, in->key.len + WEIR__VERSION_SUFFIX);
    if (bytes == NULL) {
        return WEIR_ENOMEM;
    }
    if (in->key.len > 0) {
        memcpy(bytes, in->key.data, in->key.len);
    }
    weir__store_u64(bytes + in->key.len, (uint64_t)in->timestamp_ms);
    *out = (weir__row){{bytes, in->key.len + WEIR__VERSION_SUFFIX}, in->value};
    return WEIR_OK;
}

const weir__store_kind weir__kind_key_value = {
    .type = WEIR__TYPE_KEY_VALUE,
    .family = "default",
    .cleanup_policy = "compact",
    .to_log = plain_to_log,
    .from_log = plain_from_log,
};

const weir__store_kind weir__kind_timestamped_key_value = {
    .type = WEIR__TYPE_KEY_VALUE,
    .family = "keyValueWithTimestamp",
    .cleanup_policy = "compact",
    .timestamped = true,
    .to_log = timestamped_to_log,
    .from_log = timestamped_from_log,
};

const weir__store_kind weir__kind_window = {
    .type = WEIR__TYPE_WINDOW,
    .family = "default",
    .cleanup_policy = "compact,delete",
    .retention_setting = "retention.ms",
    .suffix = WEIR__WINDOW_SUFFIX,
    .to_log = segment_to_log,
    .from_log = plain_from_log,
};

const weir__store_kind weir__kind_timestamped_window = {
    .type = WEIR__TYPE_WINDOW,
    .family = "keyValueWithTimestamp",
    .cleanup_policy = "compact,delete",
    .retention_setting = "retention.ms",
    .timestamped = true,
    .suffix = WEIR__WINDOW_SUFFIX,
    .to_log = timestamped_segment_to_log,
    .from_log = timestamped_from_log,
};

const weir__store_kind weir__kind_duplicates = {
    .type = WEIR__TYPE_WINDOW,
    .family = "default",
    .cleanup_policy = "delete",
    .retention_setting = "retention.ms",
    .suffix = WEIR__WINDOW_SUFFIX,
    .numbered = true,
    .to_log = segment_to_log,
    .from_log = plain_from_log,
};

const weir__store_kind weir__kind_session = {
    .type = WEIR__TYPE_SESSION,
    .family = "default",
    .cleanup_policy = "compact,delete",
    .retention_setting = "retention.ms",
    .suffix = WEIR__SESSION_SUFFIX,
    .free_deletions = true,
    .ordered_first_ms = 1,
    .to_log = segment_to_log,
    .from_log = plain_from_log,
};

const weir__store_kind weir__kind_versioned = {
    .type = WEIR__TYPE_VERSIONED,
    .family = "default",
    .cleanup_policy = "compact",
    .retention_setting = "min.compaction.lag.ms",
    .timestamped = true,
    .versions = true,
    .to_log = version_to_log,
    .from_log = version_from_log,
};
