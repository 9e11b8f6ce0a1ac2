/* SPDX-License-Identifier: Apache-2.0
 *
 * The layer that keeps the versions of keys: puts, reads of one version, expiry, restore. */
#include "state/versioned.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/saturate.h"
#include "state/version_rows.h"

#define NO_STREAM_TIME ((int64_t)-1)
#define PROGRESS_KEY ((weir_slice){"\xff", 1})
#define PROGRESS_SIZE ((size_t)16)

static weir_err no_memory(weir_error *error)
{
    return weir__error_set(error, WEIR_ENOMEM, "no memory for a version");
}

/* ---- Progress ----------------------------------------------------------------------------- */

static weir_slice progress_of(const weir__versioned *store, uint8_t out[PROGRESS_SIZE])
{
    weir__store_u64(out, (uint64_t)store->stream_ms);
    weir__store_u64(out + sizeof store->stream_ms, (uint64_t)store->end_bound_ms);
    return (weir_slice){out, PROGRESS_SIZE};
}

static weir_err save_progress(weir__versioned *store, weir_error *error)
{
    uint8_t progress[PROGRESS_SIZE];
    weir_err err =
        weir__kv_put(store->base.inner, PROGRESS_KEY, progress_of(store, progress), error);
    if (err == WEIR_OK) {
        store->saved_ms = store->stream_ms;
    }
    return err;
}

/* A key loses its latest version. What is saved is written before the key's row, and ahead of it,
 * so that it is rarely written. */
static weir_err note_end(weir__versioned *store, int64_t end_ms, weir_error *error)
{
    store->last_end_ms = weir__later(store->last_end_ms, end_ms);
    if (store->last_end_ms <= store->end_bound_ms) {
        return WEIR_OK;
    }
    store->end_bound_ms = weir__add_sat(store->last_end_ms, store->retention.segment_ms);
    return save_progress(store, error);
}

/* For a rollback. */
static void note_committed(weir__versioned *store)
{
    store->committed = (weir__version_times){.stream_ms = store->stream_ms,
                                             .end_bound_ms = store->end_bound_ms,
                                             .last_end_ms = store->last_end_ms,
                                             .dropped_to_ms = store->dropped_to_ms};
}

static weir_err load_progress(weir__versioned *store, weir_error *error)
{
    weir_slice saved = {0};
    weir_err err = weir__kv_get(store->base.inner, PROGRESS_KEY, &saved, error);
    if (err == WEIR_OK && saved.data != NULL && saved.len != PROGRESS_SIZE) {
        err = weir__error_set(error, WEIR_ECORRUPT, "the stream time of a store has %zu bytes",
                              saved.len);
    }
    if (err == WEIR_OK && saved.data != NULL) {
        const uint8_t *bytes = saved.data;
        store->stream_ms = (int64_t)weir__load_u64(bytes);
        store->end_bound_ms = (int64_t)weir__load_u64(bytes + sizeof store->stream_ms);
    }
    store->last_end_ms = store->end_bound_ms;
    store->saved_ms = store->stream_ms;
    note_committed(store);
    return err;
}

/* ---- Versions ----------------------------------------------------------------------------- */

/* A null value: there is no latest version any more. */
static weir_err put_latest(weir__versioned *store, weir_slice key, weir_slice value,
                           int64_t timestamp_ms, weir_error *error)
{
    weir_slice row = {0};
    weir__buf_reset(&store->key);
    weir__buf_reset(&store->row);
    weir_err err = weir__latest_key(&store->key, key);
    if (err == WEIR_OK && value.data != NULL) {
        weir__buf_put_i64(&store->row, timestamp_ms);
        err = weir_put(&store->row, value.data, value.len);
        row = weir__buf_slice(&store->row);
    }
    if (err != WEIR_OK) {
        return no_memory(error);
    }
    if (value.data == NULL) {
        err = note_end(store, timestamp_ms, error);
    }
    return err == WEIR_OK
               ? weir__kv_put(store->base.inner, weir__buf_slice(&store->key), row, error)
               : err;
}

static weir_err history_key(weir__versioned *store, weir_slice key, int64_t valid_to_ms)
{
    weir__buf_reset(&store->key);
    weir__segment_begin(&store->retention, valid_to_ms, &store->key);
    (void)weir_put(&store->key, key.data, key.len);
    return weir__buf_put_i64(&store->key, valid_to_ms);
}

/* A null value: the key was deleted during that time. */
static weir_err put_history(weir__versioned *store, weir_slice key, const weir__version *version,
                            weir_error *error)
{
    weir_err err = history_key(store, key, version->valid_to_ms);
    weir__buf_reset(&store->row);
    weir__buf_put_i64(&store->row, version->valid_from_ms);
    weir__buf_put_u8(&store->row, version->value.data != NULL);
    if (version->value.data != NULL) {
        (void)weir_put(&store->row, version->value.data, version->value.len);
    }
    if (err != WEIR_OK || store->row.err != WEIR_OK) {
        return no_memory(error);
    }
    return weir__kv_put(store->base.inner, weir__buf_slice(&store->key),
                        weir__buf_slice(&store->row), error);
}

/* The first version in the history that ends after a time; *found: there is one. Its value is a
 * copy in store->found. */
static weir_err find_after(weir__versioned *store, weir_slice key, int64_t time_ms, bool *found,
                           weir__version *out, weir_error *error)
{
    weir__kv_iter *iter = NULL;
    weir_slice at;
    weir_slice row;
    weir__segments_range range = {.key = key,
                                  .suffix = WEIR__VERSION_SUFFIX,
                                  .from_ms = weir__add_sat(time_ms, 1),
                                  .to_ms = INT64_MAX};
    *found = false;
    weir_err err = weir__segments_scan(store->base.inner, &store->retention, &range, &iter, error);
    if (err != WEIR_OK) {
        return err;
    }
    if (iter->ops->next(iter, &at, &row)) {
        *found = true;
        out->valid_to_ms = (int64_t)weir__load_u64((const uint8_t *)at.data + key.len);
        err = weir__history_read(row, &out->valid_from_ms, &out->value) &&
                      out->valid_from_ms <= out->valid_to_ms
                  ? WEIR_OK
                  : weir__version_corrupt(row, error);
    }
    weir__buf_reset(&store->found);
    if (err == WEIR_OK && *found && out->value.data != NULL) {
        err = weir_put(&store->found, out->value.data, out->value.len);
        err = err == WEIR_OK ? WEIR_OK : no_memory(error);
        out->value = weir__buf_slice(&store->found);
    }
    weir_err end = iter->ops->close(iter);
    return err != WEIR_OK || end == WEIR_OK
               ? err
               : weir__error_set(error, end, "the scan of the history broke off");
}

/* ---- Puts --------------------------------------------------------------------------------- */

/* A version to be put: valid_to_ms is not known yet. */
typedef struct put {
    weir__versioned *store;
    weir_slice key;
    weir__version version;
} put;

/* Nothing of the key is later. A deletion of a key without a latest version is an empty interval,
 * unless the history ends there. */
static weir_err put_newest(put *p, weir_error *error)
{
    weir__versioned *store = p->store;
    weir__version end = p->version;
    weir_slice row;
    p->version.valid_to_ms = WEIR__STILL_VALID;
    if (p->version.value.data != NULL) {
        return put_latest(store, p->key, p->version.value, p->version.valid_from_ms, error);
    }
    end.valid_to_ms = end.valid_from_ms;
    if (history_key(store, p->key, end.valid_to_ms) != WEIR_OK) {
        return no_memory(error);
    }
    weir_err err = weir__kv_get(store->base.inner, weir__buf_slice(&store->key), &row, error);
    if (err != WEIR_OK || row.data != NULL) {
        return err;
    }
    err = note_end(store, end.valid_to_ms, error);
    return err == WEIR_OK ? put_history(store, p->key, &end, error) : err;
}

/* The key has a latest version, and the put is not before it. */
static weir_err replace_latest(put *p, const weir__version *latest, weir_error *error)
{
    weir__versioned *store = p->store;
    weir__version ended = *latest;
    if (p->version.valid_from_ms > latest->valid_from_ms) {
        ended.valid_to_ms = p->version.valid_from_ms;
        /* The value is in the store below, which may not copy from itself. */
        weir__buf_reset(&store->found);
        if (weir_put(&store->found, latest->value.data, latest->value.len) != WEIR_OK) {
            return no_memory(error);
        }
        ended.value = weir__buf_slice(&store->found);
        weir_err err = put_history(store, p->key, &ended, error);
        if (err != WEIR_OK) {
            return err;
        }
    }
    p->version.valid_to_ms = WEIR__STILL_VALID;
    return put_latest(store, p->key, p->version.value, p->version.valid_from_ms, error);
}

/* Something of the key may be later: the version ends where that begins. */
static weir_err put_before(put *p, const weir__version *latest, weir_error *error)
{
    weir__version next = WEIR__NO_VERSION;
    bool found;
    int64_t from_ms = p->version.valid_from_ms;
    weir_err err = find_after(p->store, p->key, from_ms, &found, &next, error);
    if (err != WEIR_OK) {
        return err;
    }
    if (!found && latest == NULL) {
        return put_newest(p, error);
    }
    if (!found) {
        p->version.valid_to_ms = latest->valid_from_ms;
    } else if (next.valid_from_ms > from_ms) {
        p->version.valid_to_ms = next.valid_from_ms;
    } else {
        p->version.valid_to_ms = next.valid_to_ms;
        next.valid_to_ms = from_ms;
        if (next.valid_from_ms < from_ms) {
            err = put_history(p->store, p->key, &next, error);
        }
    }
    return err == WEIR_OK ? put_history(p->store, p->key, &p->version, error) : err;
}

static weir_err put_version(put *p, weir_error *error)
{
    weir__versioned *store = p->store;
    int64_t from_ms = p->version.valid_from_ms;
    weir__version latest;
    weir_err err = weir__latest_find(store, p->key, &latest, error);
    if (err != WEIR_OK) {
        return err;
    }
    bool has_latest = latest.value.data != NULL;
    if (has_latest && from_ms >= latest.valid_from_ms) {
        return replace_latest(p, &latest, error);
    }
    if (!has_latest && from_ms >= store->last_end_ms) {
        return put_newest(p, error);
    }
    return put_before(p, has_latest ? &latest : NULL, error);
}

/* *expired: it was not put. */
static weir_err put_row(weir__versioned *store, weir_slice key, weir_slice value, bool *expired,
                        weir_error *error)
{
    *expired = false;
    store->put_end_ms = WEIR__NOT_PUT;
    put p = {.store = store, .version.value = value};
    if (key.len < WEIR__VERSION_SUFFIX) {
        return weir__error_set(error, WEIR_EINVAL, "a key of %zu bytes has no time", key.len);
    }
    p.key = (weir_slice){key.data, key.len - WEIR__VERSION_SUFFIX};
    int64_t from_ms = (int64_t)weir__load_u64((const uint8_t *)key.data + p.key.len);
    if (from_ms < 0) {
        return weir__error_set(error, WEIR_EINVAL, "a version with the negative timestamp %lld",
                               (long long)from_ms);
    }
    if (from_ms < weir__versioned_oldest(store)) {
        *expired = true;
        return WEIR_OK;
    }
    p.version.valid_from_ms = from_ms;
    store->stream_ms = weir__later(store->stream_ms, from_ms);
    weir_err err = weir__segments_drop(store->base.inner, &store->retention, store->stream_ms,
                                       &store->dropped_to_ms, error);
    err = err == WEIR_OK ? put_version(&p, error) : err;
    store->put_end_ms = err == WEIR_OK ? p.version.valid_to_ms : WEIR__NOT_PUT;
    return err;
}

static weir_err versioned_put(weir__kv *kv, weir_slice key, weir_slice value, weir_error *error)
{
    weir__versioned *store = (weir__versioned *)kv;
    bool expired;
    weir_err err = put_row(store, key, value, &expired, error);
    if (expired && store->opts.on_expired != NULL) {
        store->opts.on_expired(store->opts.user);
    }
    return err;
}

int64_t weir__versioned_last_end(const weir__kv *kv)
{
    return ((const weir__versioned *)kv)->put_end_ms;
}

/* ---- Reads -------------------------------------------------------------------------------- */

static weir_err versioned_get(weir__kv *kv, weir_slice key, weir_slice *value, weir_error *error)
{
    weir__versioned *store = (weir__versioned *)kv;
    weir__buf_reset(&store->key);
    return weir__latest_key(&store->key, key) == WEIR_OK
               ? weir__kv_get(kv->inner, weir__buf_slice(&store->key), value, error)
               : no_memory(error);
}

weir_err weir__versioned_as_of(weir__kv *kv, weir_slice key, int64_t time_ms, weir__version *out,
                               weir_error *error)
{
    weir__versioned *store = (weir__versioned *)kv;
    weir__version version;
    bool found = false;
    weir_err err = weir__latest_find(store, key, &version, error);
    if (err != WEIR_OK) {
        return err;
    }
    if (version.value.data != NULL && version.valid_from_ms <= time_ms) {
        *out = version;
        return WEIR_OK;
    }
    /* Without a latest version nothing is valid at the last end or later. */
    if (time_ms >= weir__versioned_oldest(store) &&
        (version.value.data != NULL || time_ms < store->last_end_ms)) {
        err = find_after(store, key, time_ms, &found, &version, error);
    }
    if (err == WEIR_OK) {
        *out = found && version.valid_from_ms <= time_ms ? version : WEIR__NO_VERSION;
    }
    return err;
}

/* ---- Restore, life ------------------------------------------------------------------------ */

static weir_err versioned_rollback(weir__kv *kv, weir_error *error)
{
    weir__versioned *store = (weir__versioned *)kv;
    weir_err err = weir__kv_rollback(kv->inner, error);
    if (err == WEIR_OK) {
        store->stream_ms = store->committed.stream_ms;
        store->end_bound_ms = store->committed.end_bound_ms;
        store->last_end_ms = store->committed.last_end_ms;
        store->dropped_to_ms = store->committed.dropped_to_ms;
        store->saved_ms = store->stream_ms;
        store->put_end_ms = WEIR__NOT_PUT;
    }
    return err;
}

/* A store that cannot be rolled back keeps the rows that were put before a failure. */
static weir_err versioned_restore(weir__kv *kv, const weir__row *rows, size_t count, int64_t offset,
                                  weir_error *error)
{
    weir__versioned *store = (weir__versioned *)kv;
    uint8_t progress[PROGRESS_SIZE];
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < count && err == WEIR_OK; i++) {
        bool expired;
        err = put_row(store, rows[i].key, rows[i].value, &expired, error);
    }
    if (err == WEIR_EINVAL) {
        err = weir__error_set(error, WEIR_ECORRUPT, "a changelog record is no version");
    }
    if (err == WEIR_OK) {
        weir__row row = {PROGRESS_KEY, progress_of(store, progress)};
        err = weir__kv_restore(kv->inner, &row, 1, offset, error);
    }
    if (err == WEIR_OK) {
        store->saved_ms = store->stream_ms;
        note_committed(store);
    } else {
        (void)versioned_rollback(kv, NULL);
    }
    return err;
}

/* The offset must not be ahead of the progress. */
static weir_err versioned_commit(weir__kv *kv, int64_t offset, int64_t now_ms, weir_error *error)
{
    weir__versioned *store = (weir__versioned *)kv;
    weir_err err = store->saved_ms != store->stream_ms ? save_progress(store, error) : WEIR_OK;
    err = err == WEIR_OK ? weir__kv_commit(kv->inner, offset, now_ms, error) : err;
    if (err == WEIR_OK) {
        note_committed(store);
    }
    return err;
}

static void versioned_close(weir__kv *kv)
{
    weir__versioned *store = (weir__versioned *)kv;
    weir__buf_fini(&store->key);
    weir__buf_fini(&store->row);
    weir__buf_fini(&store->found);
    free(store);
}

static const weir__kv_ops versioned_ops = {
    .name = "versioned",
    .get = versioned_get,
    .put = versioned_put,
    .range = weir__versioned_range,
    .restore = versioned_restore,
    .commit = versioned_commit,
    .rollback = versioned_rollback,
    .close = versioned_close,
};

weir_err weir__versioned_wrap(weir__kv *inner, const weir__versioned_opts *opts, weir__kv **out,
                              weir_error *error)
{
    weir__versioned *store = calloc(1, sizeof *store);
    if (store == NULL) {
        weir__kv_close(inner);
        return weir__error_set(error, WEIR_ENOMEM, "no memory for a store");
    }
    int64_t segment_ms = weir__versioned_segment_ms(opts->retention_ms);
    store->base.ops = &versioned_ops;
    store->base.inner = inner;
    store->opts = *opts;
    store->retention = (weir__retention){
        .retention_ms = opts->retention_ms, .segment_ms = segment_ms, .order_ms = segment_ms};
    store->stream_ms = NO_STREAM_TIME;
    store->end_bound_ms = NO_STREAM_TIME;
    store->put_end_ms = WEIR__NOT_PUT;
    weir_err err = load_progress(store, error);
    if (err != WEIR_OK) {
        weir__kv_close(&store->base);
        return err;
    }
    *out = &store->base;
    return WEIR_OK;
}
