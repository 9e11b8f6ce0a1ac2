/* SPDX-License-Identifier: Apache-2.0
 *
 * A whole topology as one task with one partition a topic, without clients and threads: records
 * piped in, everything sent kept. Which record comes next, and when punctuations and commits
 * happen, follows Kafka's TopologyTestDriver. */
#ifndef WEIR_TESTS_SUPPORT_ONE_TASK_H
#define WEIR_TESTS_SUPPORT_ONE_TASK_H

#include "support/one_host.h"

/* ---- Creation ---------------------------------------------------------------------------------
 */

ONE_TASK_FN weir_err one_open_stores(one_task *task, weir__graph *graph, int subtopology)
{
    const weir_topology *topology = task->topology;
    for (size_t i = 0; i < topology->store_count; i++) {
        const weir__store_spec *spec = &topology->stores[i];
        if (spec->subtopology != subtopology) {
            continue;
        }
        char *name = weir__changelog_name(ONE_TASK_APPLICATION, spec->name);
        task->stores[i] = (one_store){task, graph, weir__arena_strdup(&task->memory, name)};
        free(name);
        weir__kv *kv = NULL;
        weir_err err = weir__memory_open(&kv, &task->error);
        if (err == WEIR_OK && spec->logging) {
            weir__changelog_sink sink = {one_log, one_record_time, &task->stores[i]};
            err = weir__changelog_wrap(kv, spec->timestamped, &sink, &kv, &task->error);
        }
        if (err == WEIR_OK) {
            err = weir__graph_set_store(graph, (int)i, kv, task->cache, &task->error);
        }
        if (err != WEIR_OK) {
            return err;
        }
    }
    return WEIR_OK;
}

ONE_TASK_FN weir_err one_add_graph(one_task *task, int subtopology, weir__graph **out)
{
    weir__graph_host host = {
        .application = ONE_TASK_APPLICATION,
        .task = "0_0",
        .invalid_time = task->invalid_time,
        .send = one_send,
        .stream_time_ms = one_stream_time,
        .wall_clock_ms = one_wall_clock,
        .request_commit = one_request_commit,
        .dropped = one_dropped,
        .process_failed = one_process_failed,
        .user = task,
    };
    weir_err err = weir__graph_new(task->topology, subtopology, &host, out, &task->error);
    if (err == WEIR_OK) {
        err = one_open_stores(task, *out, subtopology);
    }
    if (err == WEIR_OK && subtopology >= 0) {
        err = weir__graph_set_globals(*out, task->globals, &task->error);
    }
    return err == WEIR_OK ? weir__graph_open(*out, &task->error) : err;
}

ONE_TASK_FN void one_add_queues(one_task *task)
{
    const weir_topology *topology = task->topology;
    for (size_t i = 0; i < topology->node_count; i++) {
        const weir__node *node = &topology->nodes[i];
        for (size_t t = 0; node->kind == WEIR__SOURCE && t < node->topic_count; t++) {
            weir_assert(task->queue_count < ONE_TASK_QUEUES_MAX);
            char *name = weir__topic_name(ONE_TASK_APPLICATION, node->topics[t]);
            task->queues[task->queue_count++] = (one_queue){
                .topic = weir__arena_strdup(&task->memory, name),
                .source = (int)i,
                .graph = node->subtopology < 0 ? task->globals : task->graphs[node->subtopology],
                .partition_time_ms = -1};
            free(name);
        }
    }
}

/* `cache_bytes` 0: no cache. Also after a failure: close. */
ONE_TASK_FN weir_err one_task_open(one_task *task, const weir_topology *topology,
                                   size_t cache_bytes, int64_t start_ms)
{
    task->topology = topology;
    task->stream_time_ms = -1;
    task->wall_clock_ms = start_ms;
    task->graphs = calloc(topology->subtopology_count + 1, sizeof(weir__graph *));
    task->stores = calloc(topology->store_count + 1, sizeof *task->stores);
    weir_assert(task->graphs != NULL && task->stores != NULL);
    weir_err err = WEIR_OK;
    if (cache_bytes > 0) {
        err = weir__cache_new(cache_bytes, &task->cache);
    }
    if (err == WEIR_OK) {
        err = one_add_graph(task, -1, &task->globals);
    }
    for (size_t i = 0; i < topology->subtopology_count && err == WEIR_OK; i++) {
        err = one_add_graph(task, (int)i, &task->graphs[i]);
    }
    if (err == WEIR_OK) {
        one_add_queues(task);
    }
    return err;
}

ONE_TASK_FN void one_task_close(one_task *task)
{
    for (size_t i = 0; i < task->queue_count; i++) {
        free(task->queues[i].records.at);
        weir__arena_fini(&task->queues[i].arena);
    }
    for (size_t i = 0; task->graphs != NULL && i < task->topology->subtopology_count; i++) {
        weir__graph_free(task->graphs[i]);
    }
    weir__graph_free(task->globals);
    weir__cache_free(task->cache);
    free(task->graphs);
    free(task->stores);
    free(task->sent.at);
    weir__arena_fini(&task->memory);
    *task = (one_task){0};
}

/* ---- Queues ------------------------------------------------------------------------------- */

ONE_TASK_FN void one_heap_insert(one_task *task, one_queue *queue)
{
    size_t at = task->heap_count++;
    while (at > 0 && task->heap[(at - 1) / 2]->head.timestamp_ms > queue->head.timestamp_ms) {
        task->heap[at] = task->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    task->heap[at] = queue;
}

ONE_TASK_FN one_queue *one_heap_take(one_task *task)
{
    one_queue *first = task->heap[0];
    one_queue *last = task->heap[--task->heap_count];
    size_t at = 0;
    for (size_t child = 1; child < task->heap_count; child = 2 * at + 1) {
        if (child + 1 < task->heap_count &&
            task->heap[child + 1]->head.timestamp_ms < task->heap[child]->head.timestamp_ms) {
            child++;
        }
        if (last->head.timestamp_ms <= task->heap[child]->head.timestamp_ms) {
            break;
        }
        task->heap[at] = task->heap[child];
        at = child;
    }
    task->heap[at] = last;
    return first;
}

/* Decodes records until one is good; the queue then has a head and enters the heap. */
ONE_TASK_FN weir_err one_next_head(one_task *task, one_queue *queue)
{
    while (!queue->has_head && queue->next < queue->records.count) {
        const one_record *raw = &queue->records.at[queue->next];
        weir__input from = {queue->topic, 0, (int64_t)queue->next++};
        weir__arena_reset(&queue->arena);
        weir_err err =
            weir__graph_decode(queue->graph, queue->source, &from, raw->key, raw->value,
                               raw->timestamp_ms, raw->headers, raw->header_count,
                               queue->partition_time_ms, &queue->arena, &queue->head, &task->error);
        bool skip =
            err == WEIR_EDECODE && (task->skip_undecodable || queue->graph == task->globals);
        if (skip || (err == WEIR_OK && queue->head.timestamp_ms < 0)) {
            task->dropped++;
            continue;
        }
        if (err != WEIR_OK) {
            return err;
        }
        queue->has_head = true;
        queue->head_offset = from.offset;
    }
    return WEIR_OK;
}

ONE_TASK_FN weir_err one_enqueue(one_task *task, one_queue *queue, const one_record *record)
{
    *one_push(&queue->records) = *record;
    if (queue->has_head) {
        return WEIR_OK;
    }
    weir_err err = one_next_head(task, queue);
    if (err == WEIR_OK && queue->has_head) {
        one_heap_insert(task, queue);
    }
    return err;
}

ONE_TASK_FN one_queue *one_queue_of(one_task *task, const char *topic)
{
    for (size_t i = 0; i < task->queue_count; i++) {
        if (strcmp(task->queues[i].topic, topic) == 0) {
            return &task->queues[i];
        }
    }
    return NULL;
}

ONE_TASK_FN weir_err one_process_global(one_task *task, one_queue *queue, const one_record *record)
{
    *one_push(&queue->records) = *record;
    weir_err err = one_next_head(task, queue);
    if (err == WEIR_OK && queue->has_head) {
        weir__input from = {queue->topic, 0, queue->head_offset};
        queue->has_head = false;
        err = weir__graph_process(queue->graph, queue->source, &from, &queue->head, &queue->arena,
                                  &task->error);
    }
    return err;
}

/* Commits, then pipes the records sent to the topics that are read here; global ones last. */
ONE_TASK_FN weir_err one_commit(one_task *task)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < task->topology->subtopology_count && err == WEIR_OK; i++) {
        err = weir__graph_flush(task->graphs[i], &task->error);
    }
    size_t from = task->delivered;
    task->delivered = task->sent.count;
    for (int global = 0; global <= 1; global++) {
        for (size_t i = from; i < task->delivered && err == WEIR_OK; i++) {
            one_record record = task->sent.at[i];
            one_queue *queue = one_queue_of(task, record.topic);
            if (queue == NULL || (queue->graph == task->globals) != global) {
                continue;
            }
            err = global ? one_process_global(task, queue, &record)
                         : one_enqueue(task, queue, &record);
        }
    }
    return err;
}

ONE_TASK_FN weir_err one_punctuate(one_task *task, weir_time_kind kind, int64_t now_ms)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < task->topology->subtopology_count && err == WEIR_OK; i++) {
        err = weir__graph_punctuate(task->graphs[i], kind, now_ms, NULL, &task->error);
    }
    return err;
}

ONE_TASK_FN weir_err one_take(one_task *task)
{
    one_queue *queue = one_heap_take(task);
    int64_t timestamp_ms = queue->head.timestamp_ms;
    if (timestamp_ms > queue->partition_time_ms) {
        queue->partition_time_ms = timestamp_ms;
    }
    if (timestamp_ms > task->stream_time_ms) {
        task->stream_time_ms = timestamp_ms;
    }
    /* The next head is decoded before this one is processed: keep its memory apart. */
    weir__arena arena = queue->arena;
    weir_record record = queue->head;
    weir__input from = {queue->topic, 0, queue->head_offset};
    queue->arena = (weir__arena){0};
    queue->has_head = false;
    weir_err err = one_next_head(task, queue);
    if (err == WEIR_OK && queue->has_head) {
        one_heap_insert(task, queue);
    }
    if (err == WEIR_OK) {
        err =
            weir__graph_process(queue->graph, queue->source, &from, &record, &arena, &task->error);
    }
    weir__arena_fini(&arena);
    if (err == WEIR_OK) {
        err = one_punctuate(task, WEIR_STREAM_TIME, task->stream_time_ms);
    }
    return err == WEIR_OK ? one_commit(task) : err;
}

ONE_TASK_FN weir_err one_drain(one_task *task)
{
    weir_err err = WEIR_OK;
    while (err == WEIR_OK && task->heap_count > 0) {
        err = one_take(task);
    }
    return err;
}

/* ---- For tests -------------------------------------------------------------------------- */

ONE_TASK_FN weir_err one_pipe_headers(one_task *task, const char *topic, weir_slice key,
                                      weir_slice value, int64_t timestamp_ms,
                                      const weir_header *headers, size_t header_count)
{
    one_queue *queue = one_queue_of(task, topic);
    if (queue == NULL) {
        return weir__error_set(&task->error, WEIR_ENOTFOUND, "topic '%s' is not read", topic);
    }
    one_record record = {.topic = queue->topic,
                         .key = one_copy(task, key),
                         .value = one_copy(task, value),
                         .timestamp_ms = timestamp_ms};
    one_copy_headers(task, &record, headers, header_count);
    if (queue->graph == task->globals) {
        return one_process_global(task, queue, &record);
    }
    weir_err err = one_enqueue(task, queue, &record);
    return err == WEIR_OK ? one_drain(task) : err;
}

ONE_TASK_FN weir_err one_pipe(one_task *task, const char *topic, const char *key, const char *value,
                              int64_t timestamp_ms)
{
    return one_pipe_headers(task, topic, weir_slice_of(key), weir_slice_of(value), timestamp_ms,
                            NULL, 0);
}

ONE_TASK_FN weir_err one_advance(one_task *task, int64_t ms)
{
    task->wall_clock_ms += ms;
    weir_err err = one_punctuate(task, WEIR_WALL_CLOCK_TIME, task->wall_clock_ms);
    if (err == WEIR_OK) {
        err = one_commit(task);
    }
    return err == WEIR_OK ? one_drain(task) : err;
}

#endif
