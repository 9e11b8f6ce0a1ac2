/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes the sample of a topic's keys: the first distinct ones, with their partitions. */
#include "task/sample.h"

#include "core/error.h"

#define TABLE_ROWS_MAX 64 /* sampled, of a store */

static void add(const weir__task *task, const weir__record_queue *queue, weir_slice key,
                int64_t offset)
{
    weir__placed_key placed = {.topic = queue->placement,
                               .key = key,
                               .partition = queue->partition,
                               .partitions = queue->partitions,
                               .offset = offset};
    weir__placement_add(task->env->placement, &placed, task->env->log, task->env->observer.thread);
}

void weir__sample_key(const weir__task *task, weir__record_queue *queue, weir_slice key)
{
    if (queue->placement < 0 || queue->placed == WEIR__PLACEMENT_RECORDS_MAX) {
        return;
    }
    queue->placed++;
    if (key.data != NULL) {
        add(task, queue, key, queue->from.offset);
    }
}

/* The queue of the topic whose table is in this store; NULL: the store has no such table. The keys
 * of such a table are those of its topic, byte by byte. */
static const weir__record_queue *queue_of(const weir__task *task, const weir__store_spec *spec)
{
    const weir__node *nodes = task->env->topology->nodes;
    if (spec->owner < 0 || (nodes[spec->owner].facts & WEIR__HAS_TOPIC_ROWS) == 0) {
        return NULL;
    }
    for (size_t i = 0; i < task->queue_count; i++) {
        if (task->queues[i].source == nodes[spec->owner].parents[0]) {
            return &task->queues[i];
        }
    }
    return NULL;
}

static weir_err sample_table(const weir__task *task, const weir__task_store *store,
                             const weir__record_queue *queue, weir_error *error)
{
    weir__kv_iter *rows = NULL;
    weir_slice key;
    weir_slice row;
    weir_err err =
        weir__kv_range(store->inner, (weir_slice){0}, (weir_slice){0}, false, &rows, error);
    if (err != WEIR_OK) {
        return err;
    }
    for (size_t i = 0; i < TABLE_ROWS_MAX && rows->ops->next(rows, &key, &row); i++) {
        add(task, queue, key, -1);
    }
    return rows->ops->close(rows);
}

/* A store that cannot be read causes no failure here: its next use fails with a better message. */
void weir__sample_tables(const weir__task *task)
{
    for (size_t i = 0; i < task->stores.count; i++) {
        const weir__task_store *store = &task->stores.items[i];
        const weir__record_queue *queue = queue_of(task, store->spec);
        weir_error error = {0};
        if (queue == NULL || queue->placement < 0) {
            continue;
        }
        if (sample_table(task, store, queue, &error) != WEIR_OK) {
            weir__log_write(task->env->log, WEIR__LOG_DEBUG, "%s: task %s: keys of '%s': %s",
                            task->env->observer.thread, task->name, store->spec->name,
                            error.message);
        }
    }
}
