/* SPDX-License-Identifier: Apache-2.0
 *
 * Making and copying header lists; weir/processor.h has what processors may do with them. */
#ifndef WEIR_PROCESS_HEADERS_H
#define WEIR_PROCESS_HEADERS_H

#include <weir/processor.h>

#include "core/arena.h"
#include "core/buf.h"

/* A list in `arena` that borrows names and values. NULL when out of memory. */
weir_headers *weir__headers_new(weir__arena *arena, const weir_header *items, size_t count);
/* A list of its own with the same, borrowed, names and values; empty for NULL. */
weir_headers *weir__headers_copy(weir__arena *arena, const weir_headers *headers);

/* As bytes, for the cache: nothing when there are none. */
weir_err weir__headers_encode(const weir_headers *headers, weir_buf *out);
/* Copies from what weir__headers_encode gave. NULL when out of memory. */
weir_headers *weir__headers_decode(weir__arena *arena, weir_slice bytes);

#endif
