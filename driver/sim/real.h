/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions behind the interposed ones, and the lists of those. */
#ifndef WEIR_DRIVER_SIM_REAL_H
#define WEIR_DRIVER_SIM_REAL_H

/* The function of the next object that defines it: libc, or a sanitizer in front of libc. Aborts if
 * there is none. */
void *weir__real(const char *name);

/* Looked up at the first call: libraries call these before any constructor of ours could run. */
#define REAL(name)                                                                                 \
    (__extension__({                                                                               \
        static void *found;                                                                        \
        if (!__atomic_load_n(&found, __ATOMIC_RELAXED)) {                                          \
            __atomic_store_n(&found, weir__real(#name), __ATOMIC_RELAXED);                         \
        }                                                                                          \
        (__typeof__(&name))__atomic_load_n(&found, __ATOMIC_RELAXED);                              \
    }))

/* Marks a definition that libraries find instead of libc's. */
#define INTERPOSE __attribute__((visibility("default")))

/* The address from which the interposed function was called. */
#define CALLER() __builtin_return_address(0)

/* The names of the functions that each file interposes; NULL-terminated. */
extern const char *const weir__interposed_locks[];
extern const char *const weir__interposed_conds[];
extern const char *const weir__interposed_threads[];
extern const char *const weir__interposed_time[];
extern const char *const weir__interposed_random[];
extern const char *const weir__interposed_sockets[];
extern const char *const weir__interposed_io[];
extern const char *const weir__interposed_files[];
extern const char *const weir__interposed_poll[];
extern const char *const weir__interposed_ends[];
extern const char *const weir__interposed_pids[];

#endif
