/* SPDX-License-Identifier: Apache-2.0
 *
 * Annotations for ThreadSanitizer, if the program runs under it. The switches of the simulation are
 * hidden from it: otherwise they would order everything, and it would find no race. So it must not
 * check the simulation's own memory, and it needs annotations where real calls would order threads.
 */
#ifndef WEIR_DRIVER_SIM_TSAN_H
#define WEIR_DRIVER_SIM_TSAN_H

#include <stdbool.h>
#include <stddef.h>

bool weir__tsan_runs(void);

/* Between these calls the accesses of the calling thread are ignored. They nest. */
void weir__tsan_ignore_begin(void);
void weir__tsan_ignore_end(void);

/* Everything before `release` happens before everything after `acquire` of the same object. */
void weir__tsan_release(const void *object);
void weir__tsan_acquire(const void *object);

/* Reports a lock cycle if this mutex, which the caller is about to lock, closes one. */
void weir__tsan_check_order(const void *mutex);

/* Between these calls reports show the caller's place: functions of the simulation are not
 * instrumented, and ThreadSanitizer would begin with the caller of that. */
void weir__tsan_enter(const void *caller);
void weir__tsan_leave(void);

/* Memory of the simulation, which ThreadSanitizer does not check. */
void *weir__sim_calloc(size_t bytes);
void *weir__sim_realloc(void *memory, size_t bytes); /* aborts when out of memory */
void weir__sim_free(void *memory);
void weir__sim_copy(void *to, const void *from, size_t bytes);

#endif
