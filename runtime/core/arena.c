/* SPDX-License-Identifier: Apache-2.0
 *
 * An arena is a list of blocks; memory is taken from the newest. A block that is too small for a
 * request is not used again before a reset. Memory that is not allocated is poisoned. */
#include "core/arena.h"

#include <stdlib.h>
#include <sys/mman.h>

#define ARENA_BLOCK_SIZE ((size_t)8192)
#define ARENA_BLOCK_MAX ((size_t)4 << 20) /* of an arena that grows; with the block's head */
#define HUGE_PAGE ((size_t)2 << 20)

struct weir__arena_block {
    struct weir__arena_block *next;
    size_t capacity;
    alignas(max_align_t) unsigned char data[];
};

struct weir__arena_defer {
    struct weir__arena_defer *next;
    void (*fn)(void *arg);
    void *arg;
};

/* Allocation continues at `next` in the newest block. */
static void continue_at(weir__arena *arena, unsigned char *next)
{
    struct weir__arena_block *block = arena->blocks;
    arena->next = next;
    arena->left = block != NULL ? block->capacity - (size_t)(next - block->data) : 0;
    arena->start = block != NULL && block->next == NULL && block->capacity == ARENA_BLOCK_SIZE
                       ? block->data
                       : NULL;
    weir__poison(next, arena->left);
}

/* Huge pages save most page faults, which take more time than everything else that is done with the
 * memory of a record. */
static struct weir__arena_block *huge_block(size_t *capacity)
{
    struct weir__arena_block *block = aligned_alloc(HUGE_PAGE, ARENA_BLOCK_MAX);
    if (block != NULL) {
        (void)madvise(block, ARENA_BLOCK_MAX,
                      MADV_HUGEPAGE); /* a hint: without it pages are small */
        *capacity = ARENA_BLOCK_MAX - sizeof *block;
    }
    return block;
}

/* A block with room for `size` bytes. */
static struct weir__arena_block *new_block(const weir__arena *arena, size_t size)
{
    size_t capacity = ARENA_BLOCK_SIZE;
    if (arena->grows && arena->blocks != NULL) {
        capacity = 2 * arena->blocks->capacity;
    }
    struct weir__arena_block *block;
    if (capacity >= ARENA_BLOCK_MAX / 2 && size <= ARENA_BLOCK_MAX - sizeof *block) {
        block = huge_block(&capacity);
    } else {
        capacity = size > capacity ? size : capacity;
        block = malloc(sizeof *block + capacity);
    }
    if (block != NULL) {
        *block = (struct weir__arena_block){.next = arena->blocks, .capacity = capacity};
    }
    return block;
}

void *weir__arena_alloc_block(weir__arena *arena, size_t size)
{
    if (size > SIZE_MAX - WEIR__ARENA_ALIGN - sizeof(struct weir__arena_block)) {
        return NULL;
    }
    size_t rounded = weir__arena_round(size);
    struct weir__arena_block *block = new_block(arena, rounded);
    if (block == NULL) {
        return NULL;
    }
    arena->blocks = block;
    continue_at(arena, block->data + rounded);
    weir__poison(block->data, rounded);
    weir__unpoison(block->data, size);
    return block->data;
}

void *weir__arena_resize(weir__arena *arena, void *at, size_t old_size, size_t size)
{
    size_t old_rounded = weir__arena_round(old_size);
    bool newest = arena->next != NULL && (unsigned char *)at + old_rounded == arena->next;
    if (newest && size <= arena->left + old_rounded) {
        arena->left = arena->left + old_rounded - weir__arena_round(size);
        arena->next = (unsigned char *)at + weir__arena_round(size);
        weir__poison(at, old_rounded);
        weir__unpoison(at, size);
        return at;
    }
    if (size <= old_size) {
        return at;
    }
    void *moved = weir__arena_alloc_unzeroed(arena, size);
    return moved != NULL ? memcpy(moved, at, old_size) : NULL;
}

char *weir__arena_strdup(weir__arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = weir__arena_alloc_unzeroed(arena, size);
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
    return (weir__arena_mark){arena->blocks, arena->next, arena->defers};
}

void weir__arena_mark_reset(weir__arena *arena, weir__arena_mark mark)
{
    while (arena->defers != mark.defers) {
        struct weir__arena_defer *defer = arena->defers;
        arena->defers = defer->next;
        defer->fn(defer->arg);
    }
    if (arena->blocks == mark.block && mark.block != NULL) {
        size_t freed = (size_t)(arena->next - mark.next);
        weir__poison(mark.next, freed);
        arena->left += freed;
        arena->next = mark.next;
        return;
    }
    while (arena->blocks != mark.block) {
        struct weir__arena_block *block = arena->blocks;
        if (block->next == NULL && block->capacity == ARENA_BLOCK_SIZE) {
            continue_at(arena, block->data); /* the first block of an arena is kept */
            return;
        }
        arena->blocks = block->next;
        weir__unpoison(block->data, block->capacity);
        free(block);
    }
    continue_at(arena, mark.next);
}

void weir__arena_reset_all(weir__arena *arena)
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
    *arena = (weir__arena){.grows = arena->grows};
}
