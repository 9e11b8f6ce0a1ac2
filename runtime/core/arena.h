/* SPDX-License-Identifier: Apache-2.0
 *
 * Memory that is freed all at once, for one record's traversal. */
#ifndef WEIR_CORE_ARENA_H
#define WEIR_CORE_ARENA_H

#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#include <weir/weir.h>

#include "core/poison.h"

#define WEIR__ARENA_ALIGN alignof(max_align_t)

/* Zero-initialised is empty and valid. One thread at a time. */
typedef struct weir__arena {
    unsigned char *next; /* the free part of the newest block */
    size_t left;
    unsigned char *start;             /* of the only block; NULL: there are more, or none */
    struct weir__arena_block *blocks; /* newest first */
    struct weir__arena_defer *defers; /* newest first */
    bool grows;
} weir__arena;

/* For an empty arena that may get large: each block is twice as large as the one before, up to
 * 4 MiB, and large ones are in huge pages if the system has them. */
static inline void weir__arena_grow(weir__arena *arena)
{
    arena->grows = true;
}

void weir__arena_fini(weir__arena *arena);

/* The size, rounded up to the alignment. */
static inline size_t weir__arena_round(size_t size)
{
    return (size + WEIR__ARENA_ALIGN - 1) / WEIR__ARENA_ALIGN * WEIR__ARENA_ALIGN;
}

/* Of weir__arena_alloc_unzeroed, when the newest block has no room. */
void *weir__arena_alloc_block(weir__arena *arena, size_t size);

/* Aligned for any type; NULL when out of memory. */
static inline void *weir__arena_alloc_unzeroed(weir__arena *arena, size_t size)
{
    if (size >= arena->left || weir__arena_round(size) > arena->left) {
        return weir__arena_alloc_block(arena, size);
    }
    void *at = arena->next;
    arena->next += weir__arena_round(size);
    arena->left -= weir__arena_round(size);
    weir__unpoison(at, size);
    return at;
}

/* The same, zeroed. */
static inline void *weir__arena_alloc(weir__arena *arena, size_t size)
{
    void *at = weir__arena_alloc_unzeroed(arena, size);
    return at != NULL ? memset(at, 0, size) : NULL;
}

/* Unzeroed, and with AddressSanitizer poisoned behind it: what reads or writes there is reported.
 */
static inline void *weir__arena_alloc_apart(weir__arena *arena, size_t size)
{
    unsigned char *at = weir__arena_alloc_unzeroed(arena, size + WEIR__POISON_GAP);
    if (at != NULL) {
        weir__poison(at + size, WEIR__POISON_GAP);
    }
    return at;
}

/* Changes the size of `at` and keeps its content. It stays in place if it is the newest allocation
 * and there is room, or if it shrinks. NULL when out of memory: `at` is not changed. */
void *weir__arena_resize(weir__arena *arena, void *at, size_t old_size, size_t size);
/* Of weir__arena_reset, when there is more to do than to begin the only block again. */
void weir__arena_reset_all(weir__arena *arena);

/* Runs the deferred calls, frees the memory and keeps one block for reuse. */
static inline void weir__arena_reset(weir__arena *arena)
{
    if (arena->start == NULL || arena->defers != NULL) {
        weir__arena_reset_all(arena);
        return;
    }
    size_t used = (size_t)(arena->next - arena->start);
    weir__poison(arena->start, used);
    arena->left += used;
    arena->next = arena->start;
}

/* Copies the bytes; a null slice stays null, an empty one has a non-NULL address. `*out` is not
 * changed on failure. */
static inline weir_err weir__arena_copy(weir__arena *arena, weir_slice bytes, weir_slice *out)
{
    if (bytes.data == NULL) {
        *out = (weir_slice){0};
        return WEIR_OK;
    }
    void *data = weir__arena_alloc_unzeroed(arena, bytes.len != 0 ? bytes.len : 1);
    if (data == NULL) {
        return WEIR_ENOMEM;
    }
    *out = (weir_slice){memcpy(data, bytes.data, bytes.len), bytes.len};
    return WEIR_OK;
}
char *weir__arena_strdup(weir__arena *arena, const char *text);

/* Calls fn(arg) at reset, last registered first. If it cannot be registered, fn(arg) is called at
 * once: WEIR_ENOMEM. */
weir_err weir__arena_defer(weir__arena *arena, void (*fn)(void *arg), void *arg);

/* A savepoint. A reset to it runs the defers registered since and frees the memory allocated since.
 * Marks nest. */
typedef struct weir__arena_mark {
    struct weir__arena_block *block;
    unsigned char *next;
    struct weir__arena_defer *defers;
} weir__arena_mark;
weir__arena_mark weir__arena_mark_take(const weir__arena *arena);
void weir__arena_mark_reset(weir__arena *arena, weir__arena_mark mark);

#endif
