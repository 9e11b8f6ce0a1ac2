/* SPDX-License-Identifier: Apache-2.0
 *
 * The parts of support/one_task.h: its records and stores, and the host of its graphs. */
#ifndef WEIR_TESTS_SUPPORT_ONE_HOST_H
#define WEIR_TESTS_SUPPORT_ONE_HOST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/error.h"
#include "process/graph.h"
#include "process/operators.h"

#define ONE_TASK_FN __attribute__((unused)) static
#define ONE_TASK_QUEUES_MAX 64
#define ONE_TASK_APPLICATION "conformance"

/* Bytes of a record; owned by the arena of the task. */
typedef struct one_record {
    int step; /* of the pipe that caused it */
    const char *topic;
    weir_slice key;
    weir_slice value;
    int64_t timestamp_ms;
    weir_header *headers;
    size_t header_count;
    const weir__node *sink; /* NULL: of a changelog, or piped in */
} one_record;

typedef struct one_records {
    one_record *at;
    size_t count;
    size_t capacity;
} one_records;

typedef struct one_queue {
    const char *topic; /* real name */
    int source;
    weir__graph *graph;
    one_records records;
    size_t next; /* to be decoded */
    int64_t partition_time_ms;
    bool has_head; /* decoded, waits in the heap */
    weir_record head;
    int64_t head_offset;
    weir__arena arena; /* of the head */
} one_queue;

typedef struct one_store {
    struct one_task *task;
    weir__graph *graph;
    const char *changelog;
} one_store;

typedef struct one_task {
    const weir_topology *topology;
    weir__graph **graphs; /* by sub-topology */
    weir__graph *globals;
    one_store *stores;
    weir__cache *cache;
    weir__arena memory;
    one_queue queues[ONE_TASK_QUEUES_MAX];
    size_t queue_count;
    one_queue *heap[ONE_TASK_QUEUES_MAX];
    size_t heap_count;
    one_records sent; /* all, in order: outputs, repartitions, changelogs */
    size_t delivered; /* of sent: already piped to topics that are read here */
    int64_t stream_time_ms;
    int64_t wall_clock_ms;
    int step;
    size_t dropped;
    weir_record_metadata dropped_at; /* the last one */
    size_t commits_asked;
    bool skip_undecodable;
    bool skip_failed;
    weir__invalid_time invalid_time;
    weir_error error;
} one_task;

ONE_TASK_FN weir_slice one_copy(one_task *task, weir_slice bytes)
{
    weir_slice copy = {0};
    weir_assert(weir__arena_copy(&task->memory, bytes, &copy) == WEIR_OK);
    return copy;
}

ONE_TASK_FN one_record *one_push(one_records *list)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity != 0 ? list->capacity * 2 : 64;
        list->at = realloc(list->at, list->capacity * sizeof *list->at);
        weir_assert(list->at != NULL);
    }
    list->at[list->count] = (one_record){0};
    return &list->at[list->count++];
}

ONE_TASK_FN void one_copy_headers(one_task *task, one_record *to, const weir_header *headers,
                                  size_t count)
{
    to->headers = weir__arena_alloc(&task->memory, (count + 1) * sizeof *to->headers);
    to->header_count = count;
    for (size_t i = 0; i < count; i++) {
        to->headers[i].name = weir__arena_strdup(&task->memory, headers[i].name);
        to->headers[i].value = one_copy(task, headers[i].value);
    }
}

/* ---- The host of the graphs --------------------------------------------------------------- */

ONE_TASK_FN weir_err one_send(void *user, const weir__sent *sent, weir_error *error)
{
    (void)error;
    one_task *task = user;
    one_record *record = one_push(&task->sent);
    char *name = weir__topic_name(ONE_TASK_APPLICATION, sent->topic);
    *record = (one_record){.step = task->step,
                           .topic = weir__arena_strdup(&task->memory, name),
                           .key = one_copy(task, sent->key),
                           .value = one_copy(task, sent->value),
                           .timestamp_ms = sent->timestamp_ms,
                           .sink = sent->sink};
    free(name);
    size_t count = weir_headers_count(sent->headers);
    record->headers = weir__arena_alloc(&task->memory, (count + 1) * sizeof(weir_header));
    record->header_count = count;
    for (size_t i = 0; i < count; i++) {
        weir_header header = weir_headers_at(sent->headers, i);
        record->headers[i].name = weir__arena_strdup(&task->memory, header.name);
        record->headers[i].value = one_copy(task, header.value);
    }
    return WEIR_OK;
}

ONE_TASK_FN int64_t one_stream_time(void *user)
{
    return ((one_task *)user)->stream_time_ms;
}

ONE_TASK_FN int64_t one_wall_clock(void *user)
{
    return ((one_task *)user)->wall_clock_ms;
}

ONE_TASK_FN void one_request_commit(void *user)
{
    ((one_task *)user)->commits_asked++;
}

/* As Kafka's dropped-records-total, which leaves out the records that a repartition drops. */
ONE_TASK_FN void one_dropped(void *user, const weir__dropped *dropped)
{
    one_task *task = user;
    const weir__node *node = &task->topology->nodes[dropped->node];
    task->dropped_at = dropped->at;
    task->dropped += node->ops != &weir__repartition_filter_ops;
}

ONE_TASK_FN weir_err one_process_failed(void *user, const char *node, const weir_error *error)
{
    (void)node;
    return ((one_task *)user)->skip_failed ? WEIR_OK : error->code;
}

ONE_TASK_FN weir_err one_log(void *user, weir_slice key, weir_slice value, int64_t timestamp_ms,
                             weir_error *error)
{
    (void)error;
    one_store *store = user;
    one_record *record = one_push(&store->task->sent);
    *record = (one_record){.step = store->task->step,
                           .topic = store->changelog,
                           .key = one_copy(store->task, key),
                           .value = one_copy(store->task, value),
                           .timestamp_ms = timestamp_ms};
    return WEIR_OK;
}

ONE_TASK_FN int64_t one_record_time(void *user)
{
    return weir__graph_record_time_ms(((one_store *)user)->graph);
}

#endif
