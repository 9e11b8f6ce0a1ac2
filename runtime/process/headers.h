/* SPDX-License-Identifier: Apache-2.0
 *
 * Creation and copies of header lists; weir/processor.h has the functions for processors. */
#ifndef WEIR_PROCESS_HEADERS_H
#define WEIR_PROCESS_HEADERS_H

#include <weir/processor.h>

#include "core/arena.h"
#include "core/buf.h"

/* A small array in the record's arena. */
struct weir_headers {
    weir__arena *arena;
    weir_header *items;
    size_t count;
    size_t capacity;
};

/* Of weir__headers_new, for a list that is not empty. */
weir_headers *weir__headers_of(weir__arena *arena, const weir_header *items, size_t count);

/* A list in `arena` that borrows names and values. NULL when out of memory. */
static inline weir_headers *weir__headers_new(weir__arena *arena, const weir_header *items,
                                              size_t count)
{
    if (count > 0) {
        return weir__headers_of(arena, items, count);
    }
    weir_headers *headers = weir__arena_alloc_unzeroed(arena, sizeof *headers);
    if (headers != NULL) {
        *headers = (weir_headers){.arena = arena};
    }
    return headers;
}

/* A new list with the same names and values, which are borrowed; empty for NULL. */
static inline weir_headers *weir__headers_copy(weir__arena *arena, const weir_headers *headers)
{
    return headers != NULL ? weir__headers_new(arena, headers->items, headers->count)
                           : weir__headers_new(arena, NULL, 0);
}

/* Encodes headers for the cache; appends nothing if there are none. */
weir_err weir__headers_encode(const weir_headers *headers, weir_buf *out);
/* Decodes (copies) the bytes of weir__headers_encode. NULL when out of memory. */
weir_headers *weir__headers_decode(weir__arena *arena, weir_slice bytes);

#endif
