/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that is freed all at once, for one record's traversal. */
#ifndef WEIR_CORE_ARENA_H
#define WEIR_CORE_ARENA_H

#include <weir/weir.h>

/* Zero-initialised is empty and valid. One thread at a time. */
typedef struct weir__arena {
    struct weir__arena_block *blocks; /* newest first */
    struct weir__arena_defer *defers; /* newest first */
} weir__arena;

/* Runs the deferred calls, frees the memory and keeps one block for reuse. */
void weir__arena_reset(weir__arena *arena);
void weir__arena_fini(weir__arena *arena);

/* Zeroed, aligned for any type; NULL when out of memory. */
void *weir__arena_alloc(weir__arena *arena, size_t size);
void *weir__arena_alloc_unzeroed(weir__arena *arena, size_t size);
/* Changes the size of `at` and keeps its content. It stays in place if it is the newest allocation
 * and there is room, or if it shrinks. NULL when out of memory: `at` is not changed. */
void *weir__arena_resize(weir__arena *arena, void *at, size_t old_size, size_t size);
/* Copies the bytes; a null slice stays null, an empty one has a non-NULL address. `*out` is not
 * changed on failure. */
weir_err weir__arena_copy(weir__arena *arena, weir_slice bytes, weir_slice *out);
char *weir__arena_strdup(weir__arena *arena, const char *text);

/* Calls fn(arg) at reset, last registered first. If it cannot be registered, fn(arg) is called at
 * once: WEIR_ENOMEM. */
weir_err weir__arena_defer(weir__arena *arena, void (*fn)(void *arg), void *arg);

/* A savepoint. A reset to it runs the defers registered since and frees the memory allocated since.
 * Marks nest. */
typedef struct weir__arena_mark {
    struct weir__arena_block *block;
    size_t used;
    struct weir__arena_defer *defers;
} weir__arena_mark;
weir__arena_mark weir__arena_mark_take(const weir__arena *arena);
void weir__arena_mark_reset(weir__arena *arena, weir__arena_mark mark);

#endif
