/* SPDX-License-Identifier: Apache-2.0
 *
 * What a scenario can be played against. */
#ifndef WEIR_TESTS_PROTOCOL_TARGETS_H
#define WEIR_TESTS_PROTOCOL_TARGETS_H

#include "scenarios.h"

typedef enum target_kind {
    TARGET_MOCK,    /* the mock broker, in virtual time */
    TARGET_BARE,    /* librdkafka's mock cluster alone, in real time */
    TARGET_ADDRESS, /* a broker that runs elsewhere */
} target_kind;

typedef struct target {
    target_kind kind;
    const char *address; /* of TARGET_ADDRESS: 127.0.0.1:port */
} target;

/* Plays a scenario; in a process of its own. */
void play(const target *on, const scenario *what, observation *seen);

#endif
