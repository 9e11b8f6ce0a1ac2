/* SPDX-License-Identifier: Apache-2.0
 *
 * The layer of a time-ordered buffer: it keeps the rows of the store below, which is in memory, in
 * order of place, too (Kafka's InMemoryTimeOrderedKeyValueChangeBuffer). Rows are
 * weir__buffered_value; a put of a null row removes the key.
 *
 *     place 10: "a", "c"    place 12: "b"                   first: place 10, "a" */
#ifndef WEIR_STATE_BUFFER_H
#define WEIR_STATE_BUFFER_H

#include "state/store.h"

/* `inner` is consumed, also on failure, and empty. */
weir_err weir__buffer_wrap(weir__kv *inner, weir__kv **out, weir_error *error);

/* The row with the smallest place, and of those the smallest key by bytes. Borrowed until the next
 * put. False: the buffer is empty. `buffer`: a layer that weir__buffer_wrap made, or one above it.
 */
typedef struct weir__buffer_row {
    int64_t place_ms;
    weir_slice key;
    weir_slice row;
} weir__buffer_row;
bool weir__buffer_first(const weir__kv *buffer, weir__buffer_row *out);
size_t weir__buffer_count(const weir__kv *buffer);
/* Size of all rows as Kafka counts it (computeRecordSize): place, key, context, and prior, old and
 * new value; an old value that equals the prior one counts once. */
size_t weir__buffer_bytes(const weir__kv *buffer);

#endif
