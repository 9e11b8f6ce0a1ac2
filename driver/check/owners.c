/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules of threads and tasks: one owner, no record skipped, nothing processed again that was
 * committed before, and commits only of what was processed. */
#include "check/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TASK_MAX ((size_t)32)

static void *find_or_make(weir__map *map, weir_slice key, size_t size)
{
    void *found = weir__map_get(map, key);
    if (found == NULL) {
        size_t none = 0;
        found = weir__check_room(NULL, 0, &none, size);
        memset(found, 0, size);
        weir__check_put(map, key, found);
    }
    return found;
}

/* The map's copy of the key. */
static const char *name_in(const weir__map *map, weir_slice key)
{
    return weir__map_find(map, key)->key.data;
}

static weir__seen_thread *thread_of(weir_checker *checker, const weir_event *event)
{
    weir_slice key = {event->stream_thread, strlen(event->stream_thread) + 1}; /* with the NUL */
    weir__seen_thread *thread = find_or_make(&checker->threads, key, sizeof *thread);
    if (thread->name == NULL) {
        thread->name = name_in(&checker->threads, key);
        thread->generation = -1;
        thread->instance = weir__check_copy(weir_slice_of(event->instance));
    }
    return thread;
}

static weir__seen_task *task_of(weir_checker *checker, const char *name)
{
    weir_slice key = {name, strlen(name) + 1};
    weir__seen_task *task = find_or_make(&checker->tasks, key, sizeof *task);
    task->name = name_in(&checker->tasks, key);
    return task;
}

/* NULL: nobody has taken it in that generation. */
static weir__seen_thread *owner_in(const weir__seen_task *task, int32_t generation)
{
    for (size_t i = task->owner_count; i-- > 0;) {
        if (task->owners[i].generation == generation) {
            return task->owners[i].thread;
        }
    }
    return NULL;
}

/* The owner in the newest generation; NULL: none yet. */
static const weir__seen_owner *newest_owner(const weir__seen_task *task)
{
    const weir__seen_owner *newest = NULL;
    for (size_t i = 0; i < task->owner_count; i++) {
        if (newest == NULL || task->owners[i].generation >= newest->generation) {
            newest = &task->owners[i];
        }
    }
    return newest;
}

/* ---- Assignments -------------------------------------------------------------------------- */

static void own(weir_checker *checker, weir__seen_thread *thread, const char *name)
{
    weir__seen_task *task = task_of(checker, name);
    const weir__seen_thread *before = owner_in(task, thread->generation);
    if (before == thread) {
        return; /* it takes the same assignment again */
    }
    if (before != NULL) {
        weir__check_violation(checker, WEIR_TWO_OWNERS,
                              &(weir__where){.task = task->name,
                                             .partition = -1,
                                             .offset = -1,
                                             .generation = thread->generation,
                                             .thread = thread->name},
                              "taken by %s and by %s", before->name, thread->name);
    }
    task->owners = weir__check_room(task->owners, task->owner_count, &task->owner_capacity,
                                    sizeof *task->owners);
    task->owners[task->owner_count++] = (weir__seen_owner){thread->generation, thread};
}

static void take(weir_checker *checker, weir__seen_thread *thread, const weir_step *step)
{
    thread->generation = step->generation;
    thread->floor_count = 0;
    for (const weir__map_entry *at = checker->partitions.first; at != NULL; at = at->next) {
        thread->floors = weir__check_room(thread->floors, thread->floor_count,
                                          &thread->floor_capacity, sizeof *thread->floors);
        thread->floors[thread->floor_count++] =
            ((const weir__seen_partition *)at->value)->committed;
    }
    for (size_t i = 0; i < step->task_count; i++) {
        own(checker, thread, step->tasks[i]);
    }
}

/* ---- Records ------------------------------------------------------------------------------ */

/* The record before it that a consumer must get; -1: none. */
static int64_t due_before(const weir__seen_partition *partition, int64_t offset)
{
    int64_t at = offset - 1;
    while (at >= partition->start && !weir__note_is_due(partition, at)) {
        at--;
    }
    return at >= partition->start ? at : -1;
}

static void check_order(weir_checker *checker, const weir__seen_thread *thread,
                        const weir__seen_partition *partition, const weir__where *where)
{
    int64_t floor = partition->index < thread->floor_count ? thread->floors[partition->index] : 0;
    int64_t before = due_before(partition, where->offset);
    if (where->offset < floor) {
        weir__check_violation(checker, WEIR_NONMONOTONIC_POLL, where,
                              "%" PRId64 " was committed before the generation began", floor);
    } else if (!checker->opts.may_skip && before >= 0 && before >= floor &&
               !(weir__note_get(partition, before).flags & WEIR__NOTE_DONE)) {
        weir__check_violation(checker, WEIR_POLL_SKIP, where,
                              "nobody has processed offset %" PRId64, before);
    }
}

static void begin(weir_checker *checker, weir__seen_thread *thread, const weir_event *event)
{
    weir__seen_partition *partition =
        weir__seen_partition_of(checker, weir_slice_of(event->topic), event->partition);
    const weir__seen_task *task = task_of(checker, event->task);
    weir__where where = {.topic = partition->topic,
                         .partition = partition->id,
                         .offset = event->offset,
                         .task = task->name,
                         .generation = thread->generation,
                         .thread = thread->name};
    if (thread->generation < 0 || owner_in(task, thread->generation) != thread) {
        const weir__seen_owner *owner = newest_owner(task);
        weir__check_violation(checker, WEIR_NOT_THE_OWNER, &where, "the newest owner is %s",
                              owner != NULL ? owner->thread->name : "nobody");
    } else {
        check_order(checker, thread, partition, &where);
    }
    weir__note *note = weir__note_at(partition, event->offset);
    if (note->begun < UINT16_MAX) {
        note->begun++;
    }
    thread->pending = partition;
    thread->offset = event->offset;
}

void weir__owners_step(weir_checker *checker, const weir_event *event)
{
    const weir_step *step = event->step;
    if (event->stream_thread == NULL || event->instance == NULL ||
        step->kind == WEIR_STEP_STORE_CHANGE) {
        return; /* a change happens in the middle of a step */
    }
    weir__seen_thread *thread = thread_of(checker, event);
    if (thread->pending != NULL) {
        weir__note_at(thread->pending, thread->offset)->flags |= WEIR__NOTE_DONE;
        thread->pending = NULL;
    }
    if (step->kind == WEIR_STEP_PROCESS) {
        begin(checker, thread, event);
    } else if (step->kind == WEIR_STEP_ASSIGNMENT_TAKEN) {
        take(checker, thread, step);
    } else if (step->kind == WEIR_STEP_JOIN && strcmp(step->reason, "subscribe") != 0) {
        /* A thread that subscribes again has its tasks until a poll revokes them. */
        thread->generation = -1;
    }
}

void weir__owners_crash(weir_checker *checker, const char *instance)
{
    for (const weir__map_entry *at = checker->threads.first; at != NULL; at = at->next) {
        weir__seen_thread *thread = at->value;
        if (strcmp(thread->instance, instance) == 0) {
            thread->pending = NULL;
            thread->generation = -1;
        }
    }
}

/* ---- Commits, writes ---------------------------------------------------------------------- */

static bool is_group(const weir_checker *checker, weir_slice group)
{
    return checker->application == NULL ||
           weir_slice_equal(group, weir_slice_of(checker->application));
}

void weir__owners_commit(weir_checker *checker, const weir_mock_event *event)
{
    if (!is_group(checker, event->group)) {
        return;
    }
    weir__seen_partition *partition =
        weir__seen_partition_of(checker, event->topic, event->partition);
    weir__where where = {.topic = partition->topic,
                         .partition = partition->id,
                         .offset = event->offset,
                         .generation = event->generation > 0 ? event->generation : -1};
    if (event->producer_id < 0 && event->generation < 0) {
        partition->committed = event->offset; /* no member: offsets were reset */
        return;
    }
    if (event->offset < partition->committed) {
        weir__check_violation(checker, WEIR_NONMONOTONIC_COMMIT, &where,
                              "%" PRId64 " was committed before", partition->committed);
    }
    for (int64_t at = partition->committed; !checker->opts.may_skip && at < event->offset; at++) {
        if (weir__note_is_due(partition, at) &&
            !(weir__note_get(partition, at).flags & WEIR__NOTE_DONE)) {
            weir__check_violation(checker, WEIR_UNPROCESSED_COMMIT, &where,
                                  "nobody has processed offset %" PRId64, at);
            break;
        }
    }
    partition->committed = event->offset;
}

/* The thread whose client this is: "a-StreamThread-1-producer"; NULL: another client. */
static const weir__seen_thread *writer_of(const weir_checker *checker, weir_slice client)
{
    static const char suffix[] = "-producer";
    size_t tail = sizeof suffix - 1;
    const char *name = client.data;
    if (client.len <= tail || memcmp(name + client.len - tail, suffix, tail) != 0) {
        return NULL;
    }
    char *key = weir__check_copy((weir_slice){name, client.len - tail});
    const weir__seen_thread *thread =
        weir__map_get(&checker->threads, (weir_slice){key, client.len - tail + 1});
    free(key);
    return thread;
}

static void check_transactional(weir_checker *checker, const weir__seen_thread *thread,
                                const weir_mock_event *event, const weir__where *where)
{
    if (checker->opts.exactly_once && !event->transactional) {
        weir__check_violation(checker, WEIR_OUTSIDE_TRANSACTION, where, "a batch of %s",
                              thread->name);
    }
}

/* The stale writer's records are noted; NULL: the topic is not written by a task alone. */
static void check_stale(weir_checker *checker, const weir__seen_thread *thread,
                        const weir_mock_event *event, weir__seen_partition *partition)
{
    const weir_written_topic *topic = NULL;
    for (size_t i = 0; i < checker->written_count; i++) {
        if (weir_slice_equal(weir_slice_of(checker->written[i].topic), event->topic)) {
            topic = &checker->written[i];
        }
    }
    if (topic == NULL) {
        return;
    }
    char name[TASK_MAX];
    snprintf(name, sizeof name, "%d_%d", topic->subtopology, (int)event->partition);
    const weir__seen_task *task = task_of(checker, name);
    const weir__seen_owner *owner = newest_owner(task);
    if (owner != NULL && owner->thread == thread) {
        return;
    }
    for (int64_t i = 0; i < event->count; i++) {
        weir__note_at(partition, event->offset + i)->flags |= WEIR__NOTE_STALE;
    }
    if (checker->opts.no_stale_writes) {
        weir__check_violation(checker, WEIR_STALE_WRITE,
                              &(weir__where){.topic = partition->topic,
                                             .partition = partition->id,
                                             .offset = event->offset,
                                             .task = task->name,
                                             .generation = owner != NULL ? owner->generation : -1,
                                             .thread = thread->name},
                              "the task's owner is %s",
                              owner != NULL ? owner->thread->name : "nobody");
    }
}

void weir__owners_write(weir_checker *checker, const weir_mock_event *event)
{
    const weir__seen_thread *thread = writer_of(checker, event->client_id);
    if (thread == NULL) {
        return;
    }
    weir__seen_partition *partition =
        weir__seen_partition_of(checker, event->topic, event->partition);
    check_transactional(checker, thread, event,
                        &(weir__where){.topic = partition->topic,
                                       .partition = partition->id,
                                       .offset = event->offset,
                                       .generation = thread->generation,
                                       .thread = thread->name});
    check_stale(checker, thread, event, partition);
}

/* ---- The end ------------------------------------------------------------------------------ */

static void free_thread(void *of)
{
    weir__seen_thread *thread = of;
    free(thread->instance);
    free(thread->floors);
    free(thread);
}

static void free_task(void *of)
{
    weir__seen_task *task = of;
    free(task->owners);
    free(task);
}

void weir__owners_fini(weir_checker *checker)
{
    weir__map_fini(&checker->threads, free_thread);
    weir__map_fini(&checker->tasks, free_task);
}
