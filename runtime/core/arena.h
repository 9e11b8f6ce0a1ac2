/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that is freed all at once: what one record's traversal needs. */
#ifndef WEIR_CORE_ARENA_H
#define WEIR_CORE_ARENA_H

#include <weir/weir.h>

/* Zero-initialised is empty and valid. One thread at a time. */
typedef struct weir__arena {
    struct weir__arena_block *blocks; /* newest first */
    struct weir__arena_defer *defers; /* newest first */
} weir__arena;

/* Runs the deferred calls, keeps one block for reuse. */
void weir__arena_reset(weir__arena *arena);
void weir__arena_fini(weir__arena *arena);

/* Zeroed, aligned for any type; NULL when out of memory. */
void *weir__arena_alloc(weir__arena *arena, size_t size);
void *weir__arena_alloc_unzeroed(weir__arena *arena, size_t size);
/* `at` with another size, its content kept; in place if it is the newest allocation and there is
 * room, or if it shrinks. NULL when out of memory: `at` stays as it is. */
void *weir__arena_resize(weir__arena *arena, void *at, size_t old_size, size_t size);
/* A copy; the null slice stays null, an empty one keeps a non-NULL address. `*out` untouched on
 * failure. */
weir_err weir__arena_copy(weir__arena *arena, weir_slice bytes, weir_slice *out);
char *weir__arena_strdup(weir__arena *arena, const char *text);

/* fn(arg) at reset, last registered first. On failure it is called at once: WEIR_ENOMEM. */
weir_err weir__arena_defer(weir__arena *arena, void (*fn)(void *arg), void *arg);

/* A point to return to; resetting to it runs the defers registered since and frees what was
 * allocated since. Marks nest. */
typedef struct weir__arena_mark {
    struct weir__arena_block *block;
    size_t used;
    struct weir__arena_defer *defers;
} weir__arena_mark;
weir__arena_mark weir__arena_mark_take(const weir__arena *arena);
void weir__arena_mark_reset(weir__arena *arena, weir__arena_mark mark);

#endif
