/* SPDX-License-Identifier: Apache-2.0
 *
 * A processor alone: a synchronous driver whose topology is a source, the processor and children.
 * Records do not pass through a topic and a queue, so that they can have any metadata; the graph,
 * the stores and the handlers are those of its task. */
#ifndef WEIR_DRIVER_SYNC_ISOLATED_H
#define WEIR_DRIVER_SYNC_ISOLATED_H

#include "sync/driver.h"

#include <weir/dsl.h>

typedef struct weir__child {
    weir_isolated *of;
    const char *name;
} weir__child;

typedef struct weir__known_punctuation {
    weir_isolated_punctuation shown;
    uint64_t number;
    bool seen; /* at the last look */
} weir__known_punctuation;

struct weir_isolated {
    weir_sync *sync; /* NULL: it is not made yet */
    const weir_processor_ops *ops;
    void *user;
    weir_isolated_opts opts; /* with the defaults */
    weir__child *children;
    size_t child_count;
    int source;         /* index of the node */
    weir__arena record; /* of the one that is processed */
    weir__input from;   /* metadata; the topic is in the driver's arena */
    weir_rows *forwards;
    bool commit_requested;
    weir__known_punctuation *punctuations; /* in order of number */
    size_t punctuation_count;
    size_t punctuation_capacity;
};

static inline weir__task *weir__isolated_task(const weir_isolated *isolated)
{
    return isolated->sync->core.worker.tasks.tasks[0];
}

/* A call of the processor is between the two: its callbacks may not call the driver. `begin` fails
 * if they do, and after a jump out of one. `end` looks at the commit and the punctuations that the
 * processor asked for; returns `err`. */
weir_err weir__isolated_begin(weir_isolated *isolated, weir_error *error);
weir_err weir__isolated_end(weir_isolated *isolated, weir_err err);
/* Looks at the commit and the punctuations that the processor asked for. */
void weir__isolated_note(weir_isolated *isolated);
/* The test fails with an error that is not WEIR_OK. */
void weir__isolated_must(weir_isolated *isolated, weir_err err, const char *function,
                         const weir_error *error);

#endif
