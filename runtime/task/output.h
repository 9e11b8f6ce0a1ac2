/* SPDX-License-Identifier: Apache-2.0
 *
 * What a task sends: its sinks, and the delivery reports of its records. */
#ifndef WEIR_TASK_OUTPUT_H
#define WEIR_TASK_OUTPUT_H

#include "task/env.h"

#define WEIR__TASK_NAME_SIZE 24 /* "2147483647_2147483647" */

/* It is valid as long as the thread's producer, since delivery reports may arrive after the task is
 * closed. The next task of this name has it again. */
typedef struct weir__task_output {
    weir__task_env *env;
    char task[WEIR__TASK_NAME_SIZE];
    struct weir__task_sink **sinks; /* by node of the topology; NULL: not used yet */
    size_t in_flight;               /* records of its sinks */
    /* First record that was not delivered, though a later attempt may succeed: the task is revived.
     * Code WEIR_OK: none. */
    weir_error undelivered;
    int64_t opened_us; /* monotonic; when a task last opened it */
} weir__task_output;

typedef struct weir__task_sink {
    weir__task_output *output;
    const weir__node *node;
    char *topic;                /* its real name; NULL: it has `topics` */
    weir__delivery on_delivery; /* the delivery report of its records; user: this */
    weir__map topics;           /* of a node that chooses topics: name -> weir__task_sink */
} weir__task_sink;

/* Of a task that opens. WEIR_ERETRY: records of a closed task of this name are in flight, or that
 * task was revived a moment ago; to be retried. */
weir_err weir__task_output_open(weir__task_env *env, const char *task, weir__task_output **out,
                                weir_error *error);
/* For weir__map_fini. No delivery report may follow. */
void weir__task_output_free(void *output);

/* The sink of a record; it is made at the sink's first record. */
weir_err weir__task_output_sink(weir__task_output *output, const weir__sent *record,
                                weir__task_sink **out, weir_error *error);

/* Notes a record that was not delivered and is not dropped: after a failure that may be temporary
 * the task is revived, after another one the commit fails. `what` is in front of the message. */
void weir__task_output_failed(weir__task_output *output, weir_err err, const char *what,
                              const char *message);

/* True if a later attempt to write the record would fail too. */
bool weir__is_unwritable(weir_err err);

#endif
