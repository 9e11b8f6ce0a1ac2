/* SPDX-License-Identifier: Apache-2.0
 *
 * Red zones. The memory that a callback may write to has a pattern behind it, which is checked when
 * the callback has returned. The list of red zones is in other memory: a callback that writes past
 * the end does not overwrite it.
 *
 * With AddressSanitizer the red zone is poisoned, so the line that writes there is reported. */
#include <stdlib.h>
#include <string.h>

#include "core/poison.h"
#include "process/context.h"

#define RED_ZONE_SIZE ((size_t)64)
#define RED_ZONE_BYTE 0xb5
#define RED_ZONE_WORD UINT64_C(0xb5b5b5b5b5b5b5b5)

#define GUARDS_MIN ((size_t)16)

struct weir__guard {
    unsigned char *at;
    size_t size;
    const weir_serde *serde; /* of a result; NULL: an area of weir_alloc */
};

static bool grow(weir__guards *guards)
{
    size_t capacity = guards->capacity != 0 ? guards->capacity * 2 : GUARDS_MIN;
    struct weir__guard *items = realloc(guards->items, capacity * sizeof *items);
    if (items != NULL) {
        guards->items = items;
        guards->capacity = capacity;
    }
    return items != NULL;
}

void *weir__guarded_new(weir_ctx *ctx, size_t size, const weir_serde *serde)
{
    unsigned char *at = size <= SIZE_MAX - RED_ZONE_SIZE
                            ? weir__arena_alloc_unzeroed(ctx->arena, size + RED_ZONE_SIZE)
                            : NULL;
    weir__guards *guards = &ctx->guards;
    if (at == NULL || (guards->count == guards->capacity && !grow(guards))) {
        return NULL;
    }
    guards->items[guards->count++] = (struct weir__guard){at, size, serde};
    memset(at, 0, size);
    memset(at + size, RED_ZONE_BYTE, RED_ZONE_SIZE);
    weir__poison(at + size, RED_ZONE_SIZE);
    return at;
}

static bool is_whole(const struct weir__guard *guard)
{
    const unsigned char *zone = guard->at + guard->size;
    weir__unpoison(zone, RED_ZONE_SIZE);
    uint64_t differs = 0;
    for (size_t i = 0; i < RED_ZONE_SIZE; i += sizeof differs) {
        uint64_t word;
        memcpy(&word, zone + i, sizeof word);
        differs |= word ^ RED_ZONE_WORD;
    }
    weir__poison(zone, RED_ZONE_SIZE);
    return differs == 0;
}

static weir_err overrun(weir_ctx *ctx, const char *callback, const struct weir__guard *guard)
{
    ctx->overrun = true;
    if (guard->serde == NULL) {
        return weir_fail(ctx, WEIR_EOVERRUN, "%s wrote past the end of %zu bytes of weir_alloc",
                         callback, guard->size);
    }
    return weir_fail(ctx, WEIR_EOVERRUN, "%s wrote past the end of its result, %zu bytes of %s",
                     callback, guard->size, guard->serde->name);
}

weir_err weir__guards_compare(weir_ctx *ctx, const char *callback, weir_err err)
{
    weir__guards *guards = &ctx->guards;
    size_t end = guards->count;
    guards->count = guards->first;
    for (size_t i = guards->first; i < end; i++) {
        if (!is_whole(&guards->items[i])) {
            return overrun(ctx, callback, &guards->items[i]);
        }
    }
    return err;
}

void weir__guards_fini(weir_ctx *ctx)
{
    free(ctx->guards.items);
    ctx->guards = (weir__guards){0};
}
