/* SPDX-License-Identifier: Apache-2.0
 *
 * The layer that refuses, hides and drops expired rows.
 *
 *          dropped          refused       kept, not seen        seen
 *     --------------|------------------|------------------|------------------|-->  time
 *                   dropped_to         first kept         first seen         stream time
 *
 * The first two differ only until the next row is put. */
#include "state/segments.h"

#include <stdlib.h>

#include "core/error.h"
#include "core/saturate.h"
#include "state/tree.h"

#define NO_STREAM_TIME ((int64_t)-1)

/* Keys of rows begin with a byte below 0x80, since times are not negative. The progress of a store
 * is its stream time (8), the greatest number of a put (4) and the order_ms of its keys (8). */
#define PROGRESS_KEY ((weir_slice){"\xff", 1})
#define PROGRESS_SIZE ((size_t)20)
#define AFTER_ALL_ROWS ((weir_slice){"\x80", 1})

typedef struct segments {
    weir__kv base;
    weir__segments_opts opts;
    int64_t stream_ms;
    int64_t saved_ms; /* the stream time that the store below has */
    int32_t number;   /* the greatest one of a put */
    int32_t saved_number;
    int64_t dropped_to_ms;
    int64_t committed_dropped_to_ms;
    int64_t committed_ms; /* stream time and number of the last commit, for a rollback */
    int32_t committed_number;
    weir__arena arena; /* rows of one restore */
} segments;

typedef struct segments_iter {
    weir__kv_iter base;
    weir__kv_iter *inner;
    size_t suffix;
    int64_t first_ms; /* seen */
    bool reverse;
    uint8_t low[WEIR__SEGMENT_PREFIX];
} segments_iter;

/* ---- Times -------------------------------------------------------------------------------- */

weir__retention weir__retention_exact(int64_t retention_ms)
{
    return (weir__retention){.retention_ms = retention_ms,
                             .segment_ms = 1,
                             .order_ms = retention_ms / 2 > 1 ? retention_ms / 2 : 1,
                             .first_ms = 1,
                             .sorted = true};
}

weir__retention weir__retention_exact_time_ordered(int64_t retention_ms)
{
    return (weir__retention){
        .retention_ms = retention_ms, .segment_ms = 1, .order_ms = 1, .first_ms = 1};
}

weir__retention weir__retention_segments(int64_t retention_ms)
{
    int64_t half_ms = retention_ms / 2;
    int64_t segment_ms = half_ms > WEIR__SEGMENT_MS_MIN ? half_ms : WEIR__SEGMENT_MS_MIN;
    return (weir__retention){.retention_ms = retention_ms,
                             .segment_ms = segment_ms,
                             .order_ms = segment_ms,
                             .first_ms = 1};
}

weir__retention weir__retention_time_ordered(int64_t retention_ms, int64_t first_ms)
{
    weir__retention retention = weir__retention_segments(retention_ms);
    retention.order_ms = 1;
    retention.first_ms = first_ms;
    return retention;
}

int64_t weir__retention_first_seen(const weir__retention *retention, int64_t stream_ms)
{
    int64_t oldest_ms = weir__sub_sat(stream_ms, retention->retention_ms);
    int64_t first_ms = weir__add_sat(oldest_ms, retention->first_ms);
    return first_ms > 0 ? first_ms : 0;
}

int64_t weir__retention_first_kept(const weir__retention *retention, int64_t stream_ms)
{
    if (retention->segment_ms == 1) {
        return weir__retention_first_seen(retention, stream_ms);
    }
    int64_t oldest_ms = weir__sub_sat(stream_ms, retention->retention_ms);
    return oldest_ms > 0 ? oldest_ms - oldest_ms % retention->segment_ms : 0;
}

static int64_t time_of(weir_slice key, size_t suffix)
{
    return (int64_t)weir__load_u64((const uint8_t *)key.data + key.len - suffix);
}

void weir__segment_begin(const weir__retention *retention, int64_t time_ms, weir_buf *out)
{
    weir_assert(time_ms >= 0);
    weir__buf_put_i64(out, time_ms / retention->order_ms);
}

void weir__segment_key(const weir__retention *retention, int64_t time_ms, weir_slice log_key,
                       weir_buf *out)
{
    weir__segment_begin(retention, time_ms, out);
    (void)weir_put(out, log_key.data, log_key.len);
}

weir_slice weir__segment_log_key(weir_slice key)
{
    weir_assert(key.len >= WEIR__SEGMENT_PREFIX);
    return (weir_slice){(const uint8_t *)key.data + WEIR__SEGMENT_PREFIX,
                        key.len - WEIR__SEGMENT_PREFIX};
}

/* ---- Expiry ------------------------------------------------------------------------------- */

static int64_t first_kept(const segments *store)
{
    return weir__retention_first_kept(&store->opts.retention, store->stream_ms);
}

static int64_t first_seen(const segments *store)
{
    return weir__retention_first_seen(&store->opts.retention, store->stream_ms);
}

static void note_time(segments *store, int64_t time_ms)
{
    store->stream_ms = time_ms > store->stream_ms ? time_ms : store->stream_ms;
}

static void note_number(segments *store, weir_slice key)
{
    if (store->opts.numbered) {
        const uint8_t *end = (const uint8_t *)key.data + key.len;
        int32_t number = (int32_t)weir__load_u32(end - sizeof number);
        store->number = number > store->number ? number : store->number;
    }
}

static bool moves_time(const segments *store, weir_slice value)
{
    return value.data != NULL || !store->opts.free_deletions;
}

weir_err weir__segments_drop(weir__kv *inner, const weir__retention *retention, int64_t stream_ms,
                             int64_t *dropped_to_ms, weir_error *error)
{
    int64_t first = weir__retention_first_kept(retention, stream_ms) / retention->order_ms;
    if (first * retention->order_ms <= *dropped_to_ms) {
        return WEIR_OK;
    }
    uint8_t end[WEIR__SEGMENT_PREFIX];
    weir__store_u64(end, (uint64_t)first);
    weir_err err =
        weir__kv_drop_range(inner, (weir_slice){"", 0}, (weir_slice){end, sizeof end}, error);
    if (err == WEIR_OK) {
        *dropped_to_ms = first * retention->order_ms;
    }
    return err;
}

static weir_err drop_expired(segments *store, weir_error *error)
{
    return weir__segments_drop(store->base.inner, &store->opts.retention, store->stream_ms,
                               &store->dropped_to_ms, error);
}

static weir_err segments_get(weir__kv *kv, weir_slice key, weir_slice *value, weir_error *error)
{
    const segments *store = (const segments *)kv;
    if (time_of(key, store->opts.suffix) < first_seen(store)) {
        *value = (weir_slice){0};
        return WEIR_OK;
    }
    return weir__kv_get(kv->inner, key, value, error);
}

static weir_err segments_put(weir__kv *kv, weir_slice key, weir_slice value, weir_error *error)
{
    segments *store = (segments *)kv;
    int64_t time_ms = time_of(key, store->opts.suffix);
    bool counts = moves_time(store, value);
    note_number(store, key);
    if (counts) {
        note_time(store, time_ms);
    }
    weir_err err = drop_expired(store, error);
    if (err != WEIR_OK) {
        return err;
    }
    if (time_ms < first_kept(store)) {
        if (counts && store->opts.on_expired != NULL) {
            store->opts.on_expired(store->opts.user);
        }
        return WEIR_OK;
    }
    return weir__kv_put(kv->inner, key, value, error);
}

weir_err weir__segments_note(weir__kv *kv, int64_t time_ms, weir_error *error)
{
    segments *store = (segments *)kv;
    note_time(store, time_ms);
    weir_err err = drop_expired(store, error);
    if (err == WEIR_OK && time_ms < first_kept(store) && store->opts.on_expired != NULL) {
        store->opts.on_expired(store->opts.user);
    }
    return err;
}

/* ---- Restore, stream time ----------------------------------------------------------------- */

static weir_err add_segment(segments *store, const weir__row *row, weir__row *out)
{
    uint8_t *key = weir__arena_alloc(&store->arena, WEIR__SEGMENT_PREFIX + row->key.len);
    if (key == NULL) {
        return WEIR_ENOMEM;
    }
    int64_t time_ms = time_of(row->key, store->opts.suffix);
    weir__store_u64(key, (uint64_t)(time_ms / store->opts.retention.order_ms));
    memcpy(key + WEIR__SEGMENT_PREFIX, row->key.data, row->key.len);
    *out = (weir__row){{key, WEIR__SEGMENT_PREFIX + row->key.len}, row->value};
    return WEIR_OK;
}

static weir_err note_times(segments *store, const weir__row *rows, size_t count, weir_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].key.len < store->opts.suffix) {
            return weir__error_set(error, WEIR_ECORRUPT, "a changelog key of %zu bytes has no time",
                                   rows[i].key.len);
        }
        note_number(store, rows[i].key);
        if (moves_time(store, rows[i].value)) {
            note_time(store, time_of(rows[i].key, store->opts.suffix));
        }
    }
    return WEIR_OK;
}

static weir_slice progress_of(const segments *store, uint8_t out[PROGRESS_SIZE])
{
    weir__store_u64(out, (uint64_t)store->stream_ms);
    weir__store_u32(out + sizeof store->stream_ms, (uint32_t)store->number);
    weir__store_u64(out + PROGRESS_SIZE - sizeof(uint64_t),
                    (uint64_t)store->opts.retention.order_ms);
    return (weir_slice){out, PROGRESS_SIZE};
}

static void note_saved(segments *store)
{
    store->saved_ms = store->stream_ms;
    store->saved_number = store->number;
}

static void note_committed(segments *store)
{
    store->committed_ms = store->stream_ms;
    store->committed_number = store->number;
    store->committed_dropped_to_ms = store->dropped_to_ms;
}

/* Rows that have expired since the commit are there again, as the stream time of then has them. */
static weir_err segments_rollback(weir__kv *kv, weir_error *error)
{
    segments *store = (segments *)kv;
    weir_err err = weir__kv_rollback(kv->inner, error);
    if (err == WEIR_OK) {
        store->stream_ms = store->committed_ms;
        store->number = store->committed_number;
        store->dropped_to_ms = store->committed_dropped_to_ms;
        note_saved(store);
    }
    return err;
}

/* The progress is written with the rows, since the task may be closed before the next commit. */
static weir_err restore_rows(segments *store, const weir__row *rows, size_t count, int64_t offset,
                             weir_error *error)
{
    uint8_t progress[PROGRESS_SIZE];
    size_t kept = 0;
    weir_err err = note_times(store, rows, count, error);
    err = err == WEIR_OK ? drop_expired(store, error) : err;
    if (err != WEIR_OK) {
        return err;
    }
    weir__row *all = weir__arena_alloc(&store->arena, (count + 1) * sizeof *all);
    err = all != NULL ? WEIR_OK : WEIR_ENOMEM;
    for (size_t i = 0; i < count && err == WEIR_OK; i++) {
        if (time_of(rows[i].key, store->opts.suffix) >= first_kept(store)) {
            err = add_segment(store, &rows[i], &all[kept++]);
        }
    }
    if (err == WEIR_OK) {
        all[kept++] = (weir__row){PROGRESS_KEY, progress_of(store, progress)};
        err = weir__kv_restore(store->base.inner, all, kept, offset, error);
    } else {
        weir__error_set(error, err, "no memory to restore %zu rows", count);
    }
    weir__arena_reset(&store->arena);
    return err;
}

static weir_err segments_restore(weir__kv *kv, const weir__row *rows, size_t count, int64_t offset,
                                 weir_error *error)
{
    segments *store = (segments *)kv;
    weir_err err = restore_rows(store, rows, count, offset, error);
    if (err == WEIR_OK) {
        note_saved(store);
        note_committed(store);
    } else {
        (void)segments_rollback(kv, NULL); /* if it can be */
    }
    return err;
}

static weir_err save_progress(segments *store, weir_error *error)
{
    uint8_t progress[PROGRESS_SIZE];
    if (store->saved_ms == store->stream_ms && store->saved_number == store->number) {
        return WEIR_OK;
    }
    weir_err err =
        weir__kv_put(store->base.inner, PROGRESS_KEY, progress_of(store, progress), error);
    if (err == WEIR_OK) {
        note_saved(store);
    }
    return err;
}

/* The offset must not be ahead of the progress. */
static weir_err segments_commit(weir__kv *kv, int64_t offset, int64_t now_ms, weir_error *error)
{
    segments *store = (segments *)kv;
    weir_err err = save_progress(store, error);
    err = err == WEIR_OK ? weir__kv_commit(kv->inner, offset, now_ms, error) : err;
    if (err == WEIR_OK) {
        note_committed(store);
    }
    return err;
}

/* The keys of rows depend on order_ms: rows of another retention cannot be found. */
static weir_err load_progress(segments *store, weir_error *error)
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
        store->number = (int32_t)weir__load_u32(bytes + sizeof store->stream_ms);
        int64_t order_ms = (int64_t)weir__load_u64(bytes + PROGRESS_SIZE - sizeof order_ms);
        if (order_ms != store->opts.retention.order_ms) {
            err = weir__error_set(error, WEIR_ECORRUPT,
                                  "its rows are in segments of %lld ms, not of %lld: its retention "
                                  "has changed",
                                  (long long)order_ms, (long long)store->opts.retention.order_ms);
        }
    }
    note_saved(store);
    note_committed(store);
    return err;
}

/* ---- Iterators ---------------------------------------------------------------------------- */

static bool segments_next(weir__kv_iter *base, weir_slice *key, weir_slice *value)
{
    segments_iter *iter = (segments_iter *)base;
    while (iter->inner->ops->next(iter->inner, key, value)) {
        if (time_of(*key, iter->suffix) >= iter->first_ms) {
            return true;
        }
    }
    return false;
}

static void segments_seek(weir__kv_iter *base, weir_slice key)
{
    segments_iter *iter = (segments_iter *)base;
    weir_slice low = {iter->low, sizeof iter->low};
    bool before = !iter->reverse && weir__key_compare(key, low) < 0;
    iter->inner->ops->seek(iter->inner, before ? low : key);
}

static weir_err segments_iter_close(weir__kv_iter *base)
{
    segments_iter *iter = (segments_iter *)base;
    weir_err err = iter->inner->ops->close(iter->inner);
    free(iter);
    return err;
}

static const weir__kv_iter_ops segments_iter_ops = {segments_next, segments_seek,
                                                    segments_iter_close};

static weir_err segments_range(weir__kv *kv, weir_slice from, weir_slice to, bool reverse,
                               weir__kv_iter **out, weir_error *error)
{
    const segments *store = (const segments *)kv;
    segments_iter *iter = calloc(1, sizeof *iter);
    if (iter == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "no memory for an iterator");
    }
    iter->base.ops = &segments_iter_ops;
    iter->suffix = store->opts.suffix;
    iter->first_ms = first_seen(store);
    iter->reverse = reverse;
    weir__store_u64(iter->low, (uint64_t)(iter->first_ms / store->opts.retention.order_ms));
    weir_slice low = {iter->low, sizeof iter->low};
    if (from.data == NULL || weir__key_compare(from, low) < 0) {
        from = low;
    }
    weir_err err = weir__kv_range(kv->inner, from, to.data != NULL ? to : AFTER_ALL_ROWS, reverse,
                                  &iter->inner, error);
    if (err != WEIR_OK) {
        free(iter);
        return err;
    }
    *out = &iter->base;
    return WEIR_OK;
}

/* ---- Life --------------------------------------------------------------------------------- */

static void segments_close(weir__kv *kv)
{
    weir__arena_fini(&((segments *)kv)->arena);
    free(kv);
}

static const weir__kv_ops segments_ops = {
    .name = "segments",
    .get = segments_get,
    .put = segments_put,
    .range = segments_range,
    .restore = segments_restore,
    .commit = segments_commit,
    .rollback = segments_rollback,
    .close = segments_close,
};

int32_t weir__segments_last_number(const weir__kv *kv)
{
    weir_assert(kv->ops == &segments_ops);
    return ((const segments *)kv)->number;
}

weir_err weir__segments_scan_kept(weir__kv *kv, const weir__retention *retention,
                                  const weir__segments_range *range, weir__kv_iter **out,
                                  weir_error *error)
{
    weir_assert(kv->ops == &segments_ops);
    return weir__segments_scan(kv->inner, retention, range, out, error);
}

int64_t weir__segments_stream_ms(const weir__kv *kv)
{
    weir_assert(kv->ops == &segments_ops);
    return ((const segments *)kv)->stream_ms;
}

weir_err weir__segments_wrap(weir__kv *inner, const weir__segments_opts *opts, weir__kv **out,
                             weir_error *error)
{
    segments *store = calloc(1, sizeof *store);
    if (store == NULL) {
        weir__kv_close(inner);
        return weir__error_set(error, WEIR_ENOMEM, "no memory for a store");
    }
    store->base.ops = &segments_ops;
    store->base.inner = inner;
    store->opts = *opts;
    store->stream_ms = NO_STREAM_TIME;
    weir_err err = load_progress(store, error);
    if (err != WEIR_OK) {
        weir__kv_close(&store->base);
        return err;
    }
    *out = &store->base;
    return WEIR_OK;
}
