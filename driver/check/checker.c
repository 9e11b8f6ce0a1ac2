/* SPDX-License-Identifier: Apache-2.0
 *
 * A checker: its life, and the way of an event to the rules. */
#include "check/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Memory ------------------------------------------------------------------------------- */

static void *must(void *memory)
{
    if (memory == NULL) {
        fputs("weir checker: out of memory\n", stderr);
        abort();
    }
    return memory;
}

void *weir__check_room(void *items, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return items;
    }
    *capacity = 2 * count + 8;
    return must(realloc(items, *capacity * size));
}

char *weir__check_copy(weir_slice text)
{
    char *copy = must(malloc(text.len + 1));
    if (text.len > 0) {
        memcpy(copy, text.data, text.len);
    }
    copy[text.len] = '\0';
    return copy;
}

void weir__check_put(weir__map *map, weir_slice key, void *value)
{
    must(weir__map_put(map, key, value) == WEIR_OK ? map : NULL);
}

/* ---- Life --------------------------------------------------------------------------------- */

weir_checker *weir_checker_new(const weir_checker_opts *opts)
{
    weir_checker *checker = calloc(1, sizeof *checker);
    weir__recent *recent = calloc(WEIR__RECENT_MAX, sizeof *recent);
    if (checker == NULL || recent == NULL) {
        free(recent);
        free(checker);
        return NULL;
    }
    checker->opts = opts != NULL ? *opts : (weir_checker_opts){0};
    checker->recent = recent;
    if (checker->opts.application != NULL) {
        checker->application = weir__check_copy(weir_slice_of(checker->opts.application));
        checker->opts.application = checker->application;
    }
    for (const weir_written_topic *at = checker->opts.written; at != NULL && at->topic != NULL;
         at++) {
        weir__check_written(checker, at->topic, at->subtopology);
    }
    checker->opts.written = NULL;
    return checker;
}

void weir__check_written(weir_checker *checker, const char *topic, int subtopology)
{
    for (size_t i = 0; i < checker->written_count; i++) {
        if (strcmp(checker->written[i].topic, topic) == 0) {
            return;
        }
    }
    checker->written = weir__check_room(checker->written, checker->written_count,
                                        &checker->written_capacity, sizeof *checker->written);
    checker->written[checker->written_count++] =
        (weir_written_topic){weir__check_copy(weir_slice_of(topic)), subtopology};
}

void weir__checker_end(weir_checker *checker)
{
    weir__results_fini(checker);
    weir__transactions_fini(checker);
    weir__owners_fini(checker);
    weir__partitions_fini(checker);
    for (size_t i = 0; i < checker->written_count; i++) {
        free((char *)checker->written[i].topic);
    }
    free(checker->written);
    free(checker->application);
    free(checker->recent);
    weir__buf_fini(&checker->violation);
    free(checker);
}

void weir_checker_free(weir_checker *checker)
{
    if (checker != NULL && checker->cluster == NULL) {
        weir__checker_end(checker);
    }
}

/* ---- Events ------------------------------------------------------------------------------- */

static bool is_own(const weir_checker *checker, const weir_event *event)
{
    return checker->application == NULL || event->application == NULL ||
           strcmp(checker->application, event->application) == 0;
}

static void broker_event(weir_checker *checker, const weir_mock_event *event)
{
    weir__partitions_event(checker, event);
    weir__transactions_event(checker, event);
    if (event->kind == WEIR_MOCK_OFFSET_COMMIT) {
        weir__owners_commit(checker, event);
    } else if (event->kind == WEIR_MOCK_PRODUCE) {
        weir__owners_write(checker, event);
    }
}

void weir_checker_event(weir_checker *checker, const weir_event *event)
{
    if (checker == NULL || event == NULL) {
        return;
    }
    weir__check_keep(checker, event);
    if (event->broker != NULL) {
        broker_event(checker, event->broker);
    } else if (event->step != NULL && is_own(checker, event)) {
        weir__transactions_read(checker, event);
        weir__owners_step(checker, event);
    } else if (event->kind == WEIR_EVENT_CRASH) {
        weir__owners_crash(checker, event->instance);
    }
}

/* ---- What was found ----------------------------------------------------------------------- */

const char *weir_checker_violation(const weir_checker *checker)
{
    return checker != NULL && checker->violation.len > 0 ? (const char *)checker->violation.data
                                                         : NULL;
}

size_t weir_checker_found(const weir_checker *checker, weir_anomaly anomaly)
{
    return checker != NULL && (unsigned)anomaly < WEIR_ANOMALY_COUNT ? checker->found[anomaly] : 0;
}

static weir__note note_of(const weir_checker *checker, const char *topic, int32_t partition,
                          int64_t offset)
{
    const weir__seen_partition *seen =
        checker != NULL && topic != NULL
            ? weir__seen_partition_find(checker, weir_slice_of(topic), partition)
            : NULL;
    return seen != NULL ? weir__note_get(seen, offset) : (weir__note){0};
}

int64_t weir_checker_begun(const weir_checker *checker, const char *topic, int32_t partition,
                           int64_t offset)
{
    return note_of(checker, topic, partition, offset).begun;
}

bool weir_checker_is_stale(const weir_checker *checker, const char *topic, int32_t partition,
                           int64_t offset)
{
    return note_of(checker, topic, partition, offset).flags & WEIR__NOTE_STALE;
}

bool weir_checker_is_visible(const weir_checker *checker, const char *topic, int32_t partition,
                             int64_t offset)
{
    return !(note_of(checker, topic, partition, offset).flags &
             (WEIR__NOTE_OPEN | WEIR__NOTE_ABORTED | WEIR__NOTE_MARKER));
}
