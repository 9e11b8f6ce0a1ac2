/* SPDX-License-Identifier: Apache-2.0
 *
 * Annotations for ThreadSanitizer, when the program runs under it. The switches of the simulation
 * are hidden from it, else they would order everything and no race would be found. So it must not
 * check the simulation's own memory, and needs annotations of what the real calls would order. */
#ifndef WEIR_DRIVER_SIM_TSAN_H
#define WEIR_DRIVER_SIM_TSAN_H

#include <stdbool.h>
#include <stddef.h>

bool weir__tsan_runs(void);

/* Between these the calling thread's accesses do not count. They nest. */
void weir__tsan_ignore_begin(void);
void weir__tsan_ignore_end(void);

/* What happened before `release` happens before what follows `acquire` of the same object. */
void weir__tsan_release(const void *object);
void weir__tsan_acquire(const void *object);

/* Memory of the simulation, for ThreadSanitizer out of sight. */
void *weir__sim_calloc(size_t bytes);
void *weir__sim_realloc(void *memory, size_t bytes); /* aborts when out of memory */
void weir__sim_free(void *memory);
void weir__sim_copy(void *to, const void *from, size_t bytes);

#endif
