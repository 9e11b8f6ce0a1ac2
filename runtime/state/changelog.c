/* SPDX-License-Identifier: Apache-2.0
 *
 * Logs a change after it was written to the store below: at once, or, for a kind that is logged at
 * a flush, the last row of each key that changed since the flush before. */
#include "state/changelog.h"

#include <stdlib.h>

#include "core/error.h"
#include "state/tree.h"

typedef struct changelog {
    weir__kv base;
    const weir__store_kind *kind;
    weir__changelog_sink sink;
    weir__tree changed; /* keys to be logged by the next flush */
} changelog;

typedef struct changed_key {
    weir__tree_item item;
    uint8_t bytes[];
} changed_key;

static void free_key(weir__tree_item *item)
{
    free(item);
}

static weir_err log_row(changelog *log, const weir__log_record *record, weir_error *error)
{
    return log->sink.log(log->sink.user, record, error);
}

static weir_err changelog_put(weir__kv *kv, weir_slice key, weir_slice value, weir_error *error)
{
    changelog *log = (changelog *)kv;
    const weir__changelog_sink *sink = &log->sink;
    weir__log_record record;
    weir_err err = log->kind->to_log(key, value, sink->now_ms(sink->user), &record, error);
    if (err == WEIR_OK) {
        err = weir__kv_put(kv->inner, key, value, error);
    }
    return err == WEIR_OK ? log_row(log, &record, error) : err;
}

/* ---- At a flush --------------------------------------------------------------------------- */

static weir_err note_key(changelog *log, weir_slice key, weir_error *error)
{
    if (weir__tree_find(&log->changed, key) != NULL) {
        return WEIR_OK;
    }
    changed_key *made = malloc(sizeof *made + key.len);
    if (made != NULL) {
        memcpy(made->bytes, key.data, key.len);
        made->item.key = (weir_slice){made->bytes, key.len};
    }
    if (made == NULL || weir__tree_insert(&log->changed, &made->item) != WEIR_OK) {
        free(made);
        return weir__error_set(error, WEIR_ENOMEM, "no memory for a changelog");
    }
    return WEIR_OK;
}

/* Notes the key first: a key that did not change is logged again, which changes nothing. */
static weir_err late_put(weir__kv *kv, weir_slice key, weir_slice value, weir_error *error)
{
    weir_err err = note_key((changelog *)kv, key, error);
    return err == WEIR_OK ? weir__kv_put(kv->inner, key, value, error) : err;
}

static weir_err late_flush(weir__kv *kv, weir_error *error)
{
    changelog *log = (changelog *)kv;
    weir__tree_item *item;
    const weir_slice first = {0};
    while ((item = weir__tree_at(weir__tree_seek(&log->changed, first, false, false))) != NULL) {
        weir__log_record record;
        weir_slice row = {0};
        int64_t now_ms = log->sink.now_ms(log->sink.user);
        weir_err err = weir__kv_get(kv->inner, item->key, &row, error);
        if (err == WEIR_OK) {
            err = log->kind->to_log(item->key, row, now_ms, &record, error);
        }
        if (err == WEIR_OK) {
            err = log_row(log, &record, error);
        }
        if (err != WEIR_OK) {
            return err; /* the next flush logs this key again */
        }
        free(weir__tree_remove(&log->changed, item->key));
    }
    return weir__kv_flush(kv->inner, error);
}

/* What was logged since the last commit is not part of the changelog, or will be aborted. */
static weir_err late_rollback(weir__kv *kv, weir_error *error)
{
    changelog *log = (changelog *)kv;
    weir__tree_fini(&log->changed, free_key);
    log->changed = (weir__tree){0};
    return weir__kv_rollback(kv->inner, error);
}

/* ---- Life --------------------------------------------------------------------------------- */

static void changelog_close(weir__kv *kv)
{
    weir__tree_fini(&((changelog *)kv)->changed, free_key);
    free(kv);
}

static const weir__kv_ops changelog_ops = {
    .name = "changelog",
    .put = changelog_put,
    .close = changelog_close,
};

static const weir__kv_ops late_ops = {
    .name = "changelog",
    .put = late_put,
    .flush = late_flush,
    .rollback = late_rollback,
    .close = changelog_close,
};

weir_err weir__changelog_wrap(weir__kv *inner, const weir__store_kind *kind,
                              const weir__changelog_sink *sink, weir__kv **out, weir_error *error)
{
    changelog *log = calloc(1, sizeof *log);
    if (log == NULL) {
        weir__kv_close(inner);
        return weir__error_set(error, WEIR_ENOMEM, "no memory for a changelog");
    }
    log->base =
        (weir__kv){.ops = kind->logged_at_flush ? &late_ops : &changelog_ops, .inner = inner};
    log->kind = kind;
    log->sink = *sink;
    *out = &log->base;
    return WEIR_OK;
}
