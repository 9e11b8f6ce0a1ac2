/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows and their changelog records. The timestamp of a row becomes the record's timestamp:
 *
 *     row   1700000000000 31      <->   record  value 31, timestamp 1700000000000 */
#include "state/kind.h"

#include "core/error.h"
#include "state/keys.h"
#include "state/segments.h"
#include "state/values.h"
#include "state/versioned.h"

static weir_err plain_to_log(weir_slice key, weir_slice row, int64_t now_ms, weir__log_record *out,
                             weir_error *error)
{
    (void)error;
    *out = (weir__log_record){.key = key, .value = row, .timestamp_ms = now_ms};
    return WEIR_OK;
}

static weir_err plain_from_log(const weir__log_record *in, weir__arena *arena, weir__row *out,
                               weir_error *error)
{
    (void)arena;
    (void)error;
    *out = (weir__row){in->key, in->value};
    return WEIR_OK;
}

/* A deletion has no row that could have a timestamp. */
static weir_err timestamped_to_log(weir_slice key, weir_slice row, int64_t now_ms,
                                   weir__log_record *out, weir_error *error)
{
    if (row.data == NULL) {
        *out = (weir__log_record){.key = key, .value = row, .timestamp_ms = now_ms};
        return WEIR_OK;
    }
    if (row.len < WEIR__TIMESTAMP_SIZE) {
        return weir__error_set(error, WEIR_EINVAL, "row of %zu bytes has no timestamp", row.len);
    }
    weir_slice plain = {(const uint8_t *)row.data + WEIR__TIMESTAMP_SIZE,
                        row.len - WEIR__TIMESTAMP_SIZE};
    *out = (weir__log_record){
        .key = key, .value = plain, .timestamp_ms = (int64_t)weir__load_u64(row.data)};
    return WEIR_OK;
}

static weir_err timestamped_from_log(const weir__log_record *in, weir__arena *arena, weir__row *out,
                                     weir_error *error)
{
    if (in->value.data == NULL) {
        return plain_from_log(in, arena, out, error);
    }
    uint8_t *bytes = weir__arena_alloc(arena, WEIR__TIMESTAMP_SIZE + in->value.len);
    if (bytes == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "out of memory");
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
    *out = (weir__log_record){.key = plain, .value = row, .timestamp_ms = timestamp_ms};
    return WEIR_OK;
}

static weir_err version_from_log(const weir__log_record *in, weir__arena *arena, weir__row *out,
                                 weir_error *error)
{
    uint8_t *bytes = weir__arena_alloc(arena, in->key.len + WEIR__VERSION_SUFFIX);
    if (bytes == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "out of memory");
    }
    if (in->key.len > 0) {
        memcpy(bytes, in->key.data, in->key.len);
    }
    weir__store_u64(bytes + in->key.len, (uint64_t)in->timestamp_ms);
    *out = (weir__row){{bytes, in->key.len + WEIR__VERSION_SUFFIX}, in->value};
    return WEIR_OK;
}

/* ---- Buffers ------------------------------------------------------------------------------ */

#define BUFFER_VERSION 3
#define BUFFER_VERSION_HEADER "v"

/* The layout is Kafka's V_3; its name is in a header. A tombstone has none. */
static weir_err suppress_to_log(weir_slice key, weir_slice row, int64_t now_ms,
                                weir__log_record *out, weir_error *error)
{
    static const uint8_t version = BUFFER_VERSION;
    static const weir_header header = {BUFFER_VERSION_HEADER, {&version, sizeof version}};
    (void)now_ms;
    (void)error;
    *out = (weir__log_record){
        .key = key, .value = row, .timestamp_ms = WEIR__LOG_TIME_NOT_GIVEN, .headers = &header};
    out->header_count = row.data != NULL ? 1 : 0;
    return WEIR_OK;
}

static weir_err check_buffered(const weir__log_record *in, weir__arena *arena, weir_error *error)
{
    weir__buffered_value value;
    weir_err err = weir__buffered_value_read(in->value, arena, &value);
    if (err == WEIR_ENOMEM) {
        return weir__error_set(error, err, "no memory for a row of a buffer");
    }
    return err == WEIR_OK && value.timestamp_ms >= 0
               ? WEIR_OK
               : weir__error_set(error, WEIR_EDECODE,
                                 "a value of %zu bytes is not a row of a buffer", in->value.len);
}

/* The last header of that name counts, as in Kafka. */
static bool has_version(const weir__log_record *in)
{
    for (size_t i = in->header_count; i-- > 0;) {
        if (strcmp(in->headers[i].name, BUFFER_VERSION_HEADER) == 0) {
            weir_slice version = in->headers[i].value;
            return version.len == 1 && *(const uint8_t *)version.data == BUFFER_VERSION;
        }
    }
    return false;
}

static weir_err suppress_from_log(const weir__log_record *in, weir__arena *arena, weir__row *out,
                                  weir_error *error)
{
    weir_err err = WEIR_OK;
    if (in->value.data != NULL && !has_version(in)) {
        err = weir__error_set(error, WEIR_EDECODE,
                              "the record lacks the header '" BUFFER_VERSION_HEADER
                              "' with the value %d: its layout is unknown",
                              BUFFER_VERSION);
    } else if (in->value.data != NULL) {
        err = check_buffered(in, arena, error);
    }
    return err == WEIR_OK ? plain_from_log(in, arena, out, error) : err;
}

static weir_err join_buffer_to_log(weir_slice key, weir_slice row, int64_t now_ms,
                                   weir__log_record *out, weir_error *error)
{
    (void)now_ms;
    return plain_to_log(key, row, WEIR__LOG_TIME_NOT_GIVEN, out, error);
}

static weir_err join_buffer_from_log(const weir__log_record *in, weir__arena *arena, weir__row *out,
                                     weir_error *error)
{
    weir__buffer_key key;
    weir_err err = WEIR_OK;
    if (!weir__grace_buffer_key_read(in->key, &key)) {
        err = weir__error_set(error, WEIR_EDECODE, "a key of %zu bytes is not one of a join buffer",
                              in->key.len);
    } else if (in->value.data != NULL) {
        err = check_buffered(in, arena, error);
    }
    return err == WEIR_OK ? plain_from_log(in, arena, out, error) : err;
}

/* ---- Keys on topics ------------------------------------------------------------------------ */

weir_slice weir__kind_topic_key(const weir__store_kind *kind, weir_slice key)
{
    if (kind->suffix == 0) {
        return key;
    }
    weir_slice shown = weir__segment_log_key(key);
    if (kind->type == WEIR__TYPE_WINDOW && shown.len >= WEIR__WINDOW_SUFFIX) {
        shown.len -= sizeof(int32_t);
    }
    return shown;
}

bool weir__kind_topic_key_read(const weir__store_kind *kind, weir_slice topic_key, int64_t *time_ms,
                               weir_slice *inner)
{
    weir__window_key window;
    weir__session_key session;
    if (kind->type == WEIR__TYPE_WINDOW && weir__window_topic_key_read(topic_key, &window)) {
        *time_ms = window.start_ms;
        *inner = window.key;
        return true;
    }
    if (kind->type == WEIR__TYPE_SESSION && weir__session_store_key_read(topic_key, &session)) {
        *time_ms = session.end_ms;
        *inner = session.key;
        return true;
    }
    return false;
}

/* ---- Kinds -------------------------------------------------------------------------------- */

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

const weir__store_kind weir__kind_suppress_buffer = {
    .type = WEIR__TYPE_BUFFER,
    .family = "default",
    .cleanup_policy = "compact",
    .by_place = true,
    .logged_at_flush = true,
    .to_log = suppress_to_log,
    .from_log = suppress_from_log,
};

const weir__store_kind weir__kind_join_buffer = {
    .type = WEIR__TYPE_BUFFER,
    .family = "default",
    .cleanup_policy = "compact",
    .to_log = join_buffer_to_log,
    .from_log = join_buffer_from_log,
};
