/* SPDX-License-Identifier: Apache-2.0
 *
 * Restore of the store of a source table from its topic. */
#include "task/source_restore.h"

#include "core/error.h"

#define COMMITTED_TIMEOUT_MS 30000

weir_err weir__source_restore_bounds(const weir__task *task, const weir__task_store *store,
                                     int64_t *start, int64_t *log_start, int64_t *log_end,
                                     weir_error *error)
{
    if (store->spec->source_topic == NULL) {
        return WEIR_OK;
    }
    weir__offset committed = {.at = {store->topic, store->partition}, .offset = -1};
    weir_err err =
        weir__consumer_committed(task->env->consumer, &committed, 1, COMMITTED_TIMEOUT_MS, error);
    if (err != WEIR_OK) {
        return weir__error_prefix(error, err, "task %s: committed offset of %s-%d", task->name,
                                  store->topic, store->partition);
    }
    /* Nothing was committed: the table reads the topic as a new one. */
    int64_t offset = committed.offset > 0 ? committed.offset : 0;
    weir__offsets_free(&committed, 1);
    int64_t end = offset < *log_end ? offset : *log_end;
    /* Rows beyond the committed offset will be put again. */
    *start = *start > end && *start <= *log_end ? end : *start;
    *log_start = *log_start < end ? *log_start : end;
    *log_end = end;
    return WEIR_OK;
}

/* As the table would have put it, unless it would have dropped it. */
static weir_err source_row(weir__task_store *store, const weir__message_view *view,
                           weir__arena *arena, weir__row *row, bool *keep, weir_error *error)
{
    weir__source_record in = {
        .from = {.topic = store->topic, .partition = store->partition, .offset = view->offset},
        .key = view->key,
        .value = view->value,
        .timestamp_ms = view->timestamp_ms,
        .headers = view->headers,
        .header_count = view->header_count,
        .partition_time_ms = store->partition_time_ms};
    weir__log_record record;
    weir_err err = weir__graph_source_row(store->graph, store->spec->source_node, &in, arena,
                                          &record, keep, error);
    if (err != WEIR_OK || !*keep) {
        return err;
    }
    if (record.timestamp_ms > store->partition_time_ms) {
        store->partition_time_ms = record.timestamp_ms;
    }
    return store->spec->kind->from_log(&record, arena, row, error);
}

weir_err weir__restore_row(weir__task_store *store, const weir__message_view *view,
                           weir__arena *arena, weir__row *row, bool *keep, weir_error *error)
{
    *keep = view->key.data != NULL;
    if (!*keep) {
        return WEIR_OK;
    }
    if (store->spec->source_topic != NULL) {
        return source_row(store, view, arena, row, keep, error);
    }
    const weir__log_record record = {view->key, view->value, view->timestamp_ms, view->headers,
                                     view->header_count};
    return store->spec->kind->from_log(&record, arena, row, error);
}
