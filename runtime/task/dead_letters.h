/* SPDX-License-Identifier: Apache-2.0
 *
 * Records that an exception handler got, for the topic errors.dead.letter.queue.topic.name
 * (KIP-1034). */
#ifndef WEIR_TASK_DEAD_LETTERS_H
#define WEIR_TASK_DEAD_LETTERS_H

#include "task/env.h"

#define WEIR__PLACE_MAX 320 /* "node 'x', task 0_1" */

typedef struct weir__dead_letter {
    weir_slice key; /* as they were read or written; null also if no record was processed */
    weir_slice value;
    int64_t timestamp_ms;    /* a negative one is sent as 0 */
    weir_record_metadata at; /* of the input record; topic NULL: none */
    const char *place;       /* node and task that failed */
    weir_err code;
    const char *message;
} weir__dead_letter;

/* The place of a dead letter. */
void weir__place_print(char out[WEIR__PLACE_MAX], const char *node, const char *task);

/* Sends the record if there is such a topic. `final`: the thread ends now, so this waits until the
 * record is delivered. A record that cannot be written is logged, and false is returned: then the
 * failure that it is about must not be skipped. */
bool weir__dead_letter_send(weir__task_env *env, const weir__dead_letter *letter, bool final);

#endif
