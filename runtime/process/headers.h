/* SPDX-License-Identifier: Apache-2.0
 *
 * Creation and copies of header lists; weir/processor.h has the functions for processors. */
#ifndef WEIR_PROCESS_HEADERS_H
#define WEIR_PROCESS_HEADERS_H

#include <weir/processor.h>

#include "core/arena.h"
#include "core/buf.h"

/* A list in `arena` that borrows names and values. NULL when out of memory. */
weir_headers *weir__headers_new(weir__arena *arena, const weir_header *items, size_t count);
/* A new list with the same names and values, which are borrowed; empty for NULL. */
weir_headers *weir__headers_copy(weir__arena *arena, const weir_headers *headers);

/* Encodes headers for the cache; appends nothing if there are none. */
weir_err weir__headers_encode(const weir_headers *headers, weir_buf *out);
/* Decodes (copies) the bytes of weir__headers_encode. NULL when out of memory. */
weir_headers *weir__headers_decode(weir__arena *arena, weir_slice bytes);

#endif
