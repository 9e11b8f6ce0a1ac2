/* SPDX-License-Identifier: Apache-2.0
 *
 * An arena is a list of blocks; memory is taken from the newest. A block that is too small for a
 * request is not used again before a reset. Memory that is not allocated is poisoned. */
#include "core/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "core/poison.h"

#define ARENA_BLOCK_SIZE ((size_t)8192)
#define ARENA_ALIGN alignof(max_align_t)

struct weir__arena_block {
    struct weir__arena_block *next;
    size_t capacity;
    size_t used;
    alignas(max_align_t) unsigned char data[];
};

struct weir__arena_defer {
    struct weir__arena_defer *next;
    void (*fn)(void *arg);
    void *arg;
};

static size_t aligned(size_t size)
{
    return (size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
}

void *weir__arena_alloc_unzeroed(weir__arena *arena, size_t size)
{
    if (size > SIZE_MAX - ARENA_ALIGN - sizeof(struct weir__arena_block)) {
        return NULL;
    }
    size_t asked = size;
    size = aligned(size);
    struct weir__arena_block *block = arena->blocks;
    if (block == NULL || block->capacity - block->used < size) {
        size_t capacity = size > ARENA_BLOCK_SIZE ? size : ARENA_BLOCK_SIZE;
        block = malloc(sizeof *block + capacity);
        if (block == NULL) {
            return NULL;
        }
        *block = (struct weir__arena_block){.next = arena->blocks, .capacity = capacity};
        weir__poison(block->data, capacity);
        arena->blocks = block;
    }
    void *at = block->data + block->used;
    block->used += size;
    weir__unpoison(at, asked);
    return at;
}

void *weir__arena_alloc(weir__arena *arena, size_t size)
{
    void *at = weir__arena_alloc_unzeroed(arena, size);
    return at != NULL ? memset(at, 0, size) : NULL;
}

void *weir__arena_resize(weir__arena *arena, void *at, size_t old_size, size_t size)
{
    struct weir__arena_block *block = arena->blocks;
    size_t old_aligned = aligned(old_size);
    bool newest = block != NULL && block->used >= old_aligned &&
                  at == block->data + block->used - old_aligned;
    if (newest && size <= block->capacity - block->used + old_aligned) {
        block->used = block->used - old_aligned + aligned(size);
        weir__poison(at, old_aligned);
        weir__unpoison(at, size);
        return at;
    }
    if (size <= old_size) {
        return at;
    }
    void *moved = weir__arena_alloc_unzeroed(arena, size);
    return moved != NULL ? memcpy(moved, at, old_size) : NULL;
}

weir_err weir__arena_copy(weir__arena *arena, weir_slice bytes, weir_slice *out)
{
    if (bytes.data == NULL) {
        *out = (weir_slice){0};
        return WEIR_OK;
    }
    void *data = weir__arena_alloc(arena, bytes.len != 0 ? bytes.len : 1);
    if (data == NULL) {
        return WEIR_ENOMEM;
    }
    memcpy(data, bytes.data, bytes.len);
    *out = (weir_slice){data, bytes.len};
    return WEIR_OK;
}

char *weir__arena_strdup(weir__arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = weir__arena_alloc(arena, size);
    return copy != NULL ? memcpy(copy, text, size) : NULL;
}

weir_err weir__arena_defer(weir__arena *arena, void (*fn)(void *arg), void *arg)
{
    struct weir__arena_defer *defer = weir__arena_alloc(arena, sizeof *defer);
    if (defer == NULL) {
        fn(arg);
        return WEIR_ENOMEM;
    }
    *defer = (struct weir__arena_defer){arena->defers, fn, arg};
    arena->defers = defer;
    return WEIR_OK;
}

weir__arena_mark weir__arena_mark_take(const weir__arena *arena)
{
    return (weir__arena_mark){arena->blocks, arena->blocks != NULL ? arena->blocks->used : 0,
                              arena->defers};
}

void weir__arena_mark_reset(weir__arena *arena, weir__arena_mark mark)
{
    while (arena->defers != mark.defers) {
        struct weir__arena_defer *defer = arena->defers;
        arena->defers = defer->next;
        defer->fn(defer->arg);
    }
    while (arena->blocks != mark.block) {
        struct weir__arena_block *block = arena->blocks;
        if (block->next == NULL && block->capacity == ARENA_BLOCK_SIZE) {
            block->used = 0; /* the first block of an arena is kept */
            weir__poison(block->data, block->capacity);
            return;
        }
        arena->blocks = block->next;
        weir__unpoison(block->data, block->capacity);
        free(block);
    }
    if (mark.block != NULL) {
        mark.block->used = mark.used;
        weir__poison(mark.block->data + mark.used, mark.block->capacity - mark.used);
    }
}

void weir__arena_reset(weir__arena *arena)
{
    weir__arena_mark_reset(arena, (weir__arena_mark){0});
}

void weir__arena_fini(weir__arena *arena)
{
    weir__arena_reset(arena);
    if (arena->blocks != NULL) {
        weir__unpoison(arena->blocks->data, arena->blocks->capacity);
    }
    free(arena->blocks);
    *arena = (weir__arena){0};
}
