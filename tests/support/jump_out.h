/* SPDX-License-Identifier: Apache-2.0
 *
 * An on_failure that keeps the message and jumps back to the test, which set `out` by setjmp. */
#ifndef WEIR_TESTS_SUPPORT_JUMP_OUT_H
#define WEIR_TESTS_SUPPORT_JUMP_OUT_H

#include <setjmp.h>
#include <stdio.h>

struct failure {
    jmp_buf out;
    char message[4096];
};

static inline void jump_out(const char *file, int line, const char *message, void *user)
{
    struct failure *failure = user;
    (void)file;
    (void)line;
    snprintf(failure->message, sizeof failure->message, "%s", message);
    longjmp(failure->out, 1);
}

#endif
