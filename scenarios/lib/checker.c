/* SPDX-License-Identifier: Apache-2.0
 *
 * Tracks the owner of each task, how often each record was processed, the committed offsets, and
 * the writer of each record. Task 0_p reads partition p of the lines, task 1_p partition p of the
 * words and writes partition p of changelog and counts: so "slot" means a task and its one input
 * partition. */
#include "scenarios/lib/checker.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS (2 * CHECKER_PARTITIONS)
#define THREADS_MAX 64
#define GENERATIONS_MAX 1024
#define NAME_SIZE 64
#define VIOLATION_SIZE 512
#define APPLICATION "app"

/* Numbers by offset; 0 where nothing was noted. */
struct tally {
    uint16_t *items;
    size_t size;
};

struct thread {
    char name[NAME_SIZE];
    int32_t generation; /* -1: in none */
    bool owns[SLOTS];
    int64_t floor[SLOTS]; /* committed when its generation began */
    int pending;          /* slot of the record that it processes; -1: none */
    int64_t offset;
};

struct slot {
    struct tally begun;
    struct tally done;
    int64_t committed;
    uint8_t owner[GENERATIONS_MAX]; /* number of the thread, from 1; 0: none yet */
    int32_t newest;                 /* generation in which it was taken last; -1: never */
};

struct safety_checker {
    bool zombies;
    struct thread threads[THREADS_MAX];
    int thread_count;
    struct slot slots[SLOTS];
    struct tally stale[CHECKER_TOPICS][CHECKER_PARTITIONS];
    char violation[VIOLATION_SIZE];
};

static const char *const topic_names[] = {
    [CHECKER_LINES] = "lines",
    [CHECKER_WORDS] = APPLICATION "-by-word-repartition",
    [CHECKER_CHANGELOG] = APPLICATION "-counts-changelog",
    [CHECKER_COUNTS] = "word-counts",
};

__attribute__((format(printf, 2, 3))) static void violated(safety_checker *checker,
                                                           const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (checker->violation[0] == '\0') {
        vsnprintf(checker->violation, sizeof checker->violation, format, args);
    }
    va_end(args);
}

/* ---- Tallies ------------------------------------------------------------------------------ */

static uint16_t *tally_at(struct tally *tally, int64_t offset)
{
    size_t at = (size_t)offset;
    if (at >= tally->size) {
        size_t size = at * 2 + 64;
        uint16_t *items = realloc(tally->items, size * sizeof *items);
        if (items == NULL) {
            fputs("out of memory\n", stderr);
            abort();
        }
        memset(items + tally->size, 0, (size - tally->size) * sizeof *items);
        tally->items = items;
        tally->size = size;
    }
    return &tally->items[at];
}

static uint16_t tally_get(const struct tally *tally, int64_t offset)
{
    return offset >= 0 && (size_t)offset < tally->size ? tally->items[offset] : 0;
}

/* ---- Names -------------------------------------------------------------------------------- */

/* "1_2 ..." -> 6, or -1. */
static int slot_of_task(const char *task)
{
    char *end;
    long group = strtol(task, &end, 10);
    long partition = *end == '_' ? strtol(end + 1, &end, 10) : -1;
    return group >= 0 && group < 2 && partition >= 0 && partition < CHECKER_PARTITIONS
               ? (int)(group * CHECKER_PARTITIONS + partition)
               : -1;
}

/* "word-counts" -> 3, or -1. */
static int topic_index(const char *topic)
{
    int index = CHECKER_TOPICS - 1;
    while (index >= 0 && strcmp(topic, topic_names[index]) != 0) {
        index--;
    }
    return index;
}

/* Its number from 1; `len` bytes of `name`. 0: too many. */
static int thread_number(safety_checker *checker, const char *name, size_t len)
{
    for (int i = 0; i < checker->thread_count; i++) {
        if (strncmp(checker->threads[i].name, name, len) == 0 &&
            checker->threads[i].name[len] == '\0') {
            return i + 1;
        }
    }
    if (checker->thread_count == THREADS_MAX || len >= NAME_SIZE) {
        violated(checker, "more than %d threads", THREADS_MAX);
        return 0;
    }
    struct thread *added = &checker->threads[checker->thread_count++];
    *added = (struct thread){.generation = -1, .pending = -1};
    memcpy(added->name, name, len);
    return checker->thread_count;
}

/* ---- Steps -------------------------------------------------------------------------------- */

static void leave(struct thread *thread)
{
    thread->generation = -1;
    memset(thread->owns, 0, sizeof thread->owns);
}

static void own(safety_checker *checker, int number, int index)
{
    struct thread *thread = &checker->threads[number - 1];
    struct slot *slot = &checker->slots[index];
    int before = slot->owner[thread->generation];
    if (before != 0 && before != number) {
        violated(checker, "generation %d: task %d_%d is taken by %s and by %s",
                 (int)thread->generation, index / CHECKER_PARTITIONS, index % CHECKER_PARTITIONS,
                 checker->threads[before - 1].name, thread->name);
    }
    slot->owner[thread->generation] = (uint8_t)number;
    slot->newest = thread->generation > slot->newest ? thread->generation : slot->newest;
    thread->owns[index] = true;
    thread->floor[index] = slot->committed;
}

static void take(safety_checker *checker, int number, const weir_step *step)
{
    struct thread *thread = &checker->threads[number - 1];
    leave(thread);
    if (step->generation < 0 || step->generation >= GENERATIONS_MAX) {
        violated(checker, "%s: generation %d: the group does not settle", thread->name,
                 (int)step->generation);
        return;
    }
    thread->generation = step->generation;
    for (size_t i = 0; i < step->task_count; i++) {
        int index = slot_of_task(step->tasks[i]);
        if (index >= 0) {
            own(checker, number, index);
        }
    }
}

static void begin(safety_checker *checker, struct thread *thread, const weir_step *step)
{
    int index = slot_of_task(step->task);
    int64_t offset = step->offset;
    if (index < 0) {
        return;
    }
    struct slot *slot = &checker->slots[index];
    if (!thread->owns[index]) {
        violated(checker, "%s processes %s@%" PRId64 " of task %s, which it does not have",
                 thread->name, step->topic, offset, step->task);
    } else if (offset < thread->floor[index]) {
        violated(checker,
                 "%s processes %s@%" PRId64 " of task %s again, though %" PRId64
                 " was committed before generation %d",
                 thread->name, step->topic, offset, step->task, thread->floor[index],
                 (int)thread->generation);
    } else if (offset > 0 && tally_get(&slot->done, offset - 1) == 0) {
        violated(checker, "%s processes %s@%" PRId64 " of task %s, but nobody the one before it",
                 thread->name, step->topic, offset, step->task);
    }
    ++*tally_at(&slot->begun, offset);
    thread->pending = index;
    thread->offset = offset;
}

void checker_step(safety_checker *checker, const weir_step *step)
{
    int number =
        step->thread != NULL ? thread_number(checker, step->thread, strlen(step->thread)) : 0;
    if (number == 0) {
        return;
    }
    struct thread *thread = &checker->threads[number - 1];
    if (thread->pending >= 0) {
        *tally_at(&checker->slots[thread->pending].done, thread->offset) = 1;
        thread->pending = -1;
    }
    if (step->kind == WEIR_STEP_PROCESS) {
        begin(checker, thread, step);
    } else if (step->kind == WEIR_STEP_ASSIGNMENT_TAKEN) {
        take(checker, number, step);
    } else if (step->kind == WEIR_STEP_JOIN && strcmp(step->reason, "subscribe") != 0) {
        leave(thread); /* a thread that subscribes again has its tasks until a poll revokes them */
    }
}

void checker_crash(safety_checker *checker, const char *instance)
{
    size_t len = strlen(instance);
    for (int i = 0; i < checker->thread_count; i++) {
        struct thread *thread = &checker->threads[i];
        if (strncmp(thread->name, instance, len) == 0 && thread->name[len] == '-') {
            thread->pending = -1;
            leave(thread);
        }
    }
}

/* ---- Brokers ------------------------------------------------------------------------------ */

static void committed(safety_checker *checker, const weir_event *event)
{
    int topic = topic_index(event->topic);
    int32_t partition = event->partition;
    int64_t offset = event->offset;
    if (topic < 0 || topic > CHECKER_WORDS || partition >= CHECKER_PARTITIONS) {
        return;
    }
    struct slot *slot = &checker->slots[topic * CHECKER_PARTITIONS + partition];
    if (offset < slot->committed) {
        violated(checker, "the commit of %s-%d goes back from %" PRId64 " to %" PRId64,
                 topic_names[topic], (int)partition, slot->committed, offset);
    }
    for (int64_t i = slot->committed; i < offset; i++) {
        if (tally_get(&slot->done, i) == 0) {
            violated(checker,
                     "%s-%d: %" PRId64 " is committed, but %" PRId64 " has not been processed",
                     topic_names[topic], (int)partition, offset, i);
        }
    }
    slot->committed = offset;
}

/* The client "a-StreamThread-1-producer" is that of the thread "a-StreamThread-1". */
static void produced(safety_checker *checker, const weir_event *event)
{
    static const char suffix[] = "-producer";
    int topic = topic_index(event->topic);
    int32_t partition = event->partition;
    weir_slice client = event->broker->client_id;
    const char *name = client.data;
    size_t len = client.len - (sizeof suffix - 1);
    if (topic < CHECKER_CHANGELOG || partition >= CHECKER_PARTITIONS ||
        client.len < sizeof suffix || memcmp(name + len, suffix, sizeof suffix - 1) != 0) {
        return;
    }
    int number = thread_number(checker, name, len);
    const struct slot *slot = &checker->slots[CHECKER_PARTITIONS + partition];
    if (number == 0 || (slot->newest >= 0 && slot->owner[slot->newest] == number)) {
        return;
    }
    if (!checker->zombies) {
        char text[VIOLATION_SIZE / 2];
        weir_event_text(event, text, sizeof text);
        violated(checker, "%s, of which task 1_%d was taken by %s since", text, (int)partition,
                 slot->newest < 0 ? "nobody"
                                  : checker->threads[slot->owner[slot->newest] - 1].name);
    }
    for (int64_t i = 0; i < event->broker->count; i++) {
        *tally_at(&checker->stale[topic][partition], event->offset + i) = 1;
    }
}

void checker_event(safety_checker *checker, const weir_event *event)
{
    if (event->kind != WEIR_EVENT_BROKER) {
        return;
    }
    if (event->broker->kind == WEIR_MOCK_OFFSET_COMMIT) {
        committed(checker, event);
    } else if (event->broker->kind == WEIR_MOCK_PRODUCE) {
        produced(checker, event);
    }
}

/* ---- Creation, results --------------------------------------------------------------------- */

safety_checker *checker_new(bool zombies)
{
    safety_checker *checker = calloc(1, sizeof *checker);
    if (checker != NULL) {
        checker->zombies = zombies;
        for (int i = 0; i < SLOTS; i++) {
            checker->slots[i].newest = -1;
        }
    }
    return checker;
}

void checker_free(safety_checker *checker)
{
    if (checker == NULL) {
        return;
    }
    for (int i = 0; i < SLOTS; i++) {
        free(checker->slots[i].begun.items);
        free(checker->slots[i].done.items);
    }
    for (int topic = 0; topic < CHECKER_TOPICS; topic++) {
        for (int i = 0; i < CHECKER_PARTITIONS; i++) {
            free(checker->stale[topic][i].items);
        }
    }
    free(checker);
}

const char *checker_violation(const safety_checker *checker)
{
    return checker->violation[0] != '\0' ? checker->violation : NULL;
}

const char *checker_topic_name(checker_topic topic)
{
    return topic_names[topic];
}

int64_t checker_begun(const safety_checker *checker, checker_topic topic, int32_t partition,
                      int64_t offset)
{
    return tally_get(&checker->slots[(int)topic * CHECKER_PARTITIONS + partition].begun, offset);
}

void checker_stale_keys(const safety_checker *checker, weir_cluster *cluster, checker_topic topic,
                        weir_rows *keys)
{
    weir_rows *rows =
        weir_output_all(weir_cluster_output(cluster, topic_names[topic], &weir_string, &weir_i64));
    for (size_t i = 0; i < weir_rows_size(rows); i++) {
        const weir_row *row = weir_rows_at(rows, i);
        if (tally_get(&checker->stale[topic][row->partition], row->offset) != 0) {
            weir_rows_put(keys, row->key, &(int64_t){1});
        }
    }
}
