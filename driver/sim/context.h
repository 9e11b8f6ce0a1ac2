/* SPDX-License-Identifier: Apache-2.0
 *
 * Saving and loading a thread's registers, stack and thread pointer in user space. */
#ifndef WEIR_DRIVER_SIM_CONTEXT_H
#define WEIR_DRIVER_SIM_CONTEXT_H

#include <stdbool.h>

/* The point at which a thread continues after a switch to another one. */
typedef struct weir__context {
    void *stack;          /* its registers are pushed there */
    void *thread_pointer; /* fs base, tpidr_el0: thread-locals, errno, malloc's cache follow it */
} weir__context;

/* False on other processors than x86-64 and arm64. */
bool weir__context_supported(void);

/* Continues as `to`; returns when another switch continues `from`. */
void weir__context_switch(weir__context *from, const weir__context *to);

/* Saves the caller in *self, then runs fn(arg) on the stack that ends at `top`. fn must not return:
 * it ends with weir__context_resume(self). */
void weir__context_park(weir__context *self, void *top, void (*fn)(void *arg), void *arg);

/* Continues as `self` on the calling OS thread, which must be the one that `self` was saved on. */
_Noreturn void weir__context_resume(const weir__context *self);

/* futex by system call: uses no thread-local, so a parked thread may call it. Private to the
 * process. Returns when woken, when *word != value, or spuriously. */
void weir__futex_wait(const int *word, int value);
void weir__futex_wake(const int *word);

#endif
