/* SPDX-License-Identifier: Apache-2.0
 *
 * An iterator that merges changed rows with the rows of another iterator. */
#ifndef WEIR_STATE_OVERLAY_H
#define WEIR_STATE_OVERLAY_H

#include "state/store.h"

typedef struct weir__overlay weir__overlay;

weir_err weir__overlay_new(bool reverse, weir__overlay **out);
void weir__overlay_free(weir__overlay *overlay); /* NULL allowed */
/* Copies a row, in the order of iteration; a null value hides the row below. */
weir_err weir__overlay_add(weir__overlay *overlay, weir_slice key, weir_slice value);
/* The iterator over both; it owns the overlay and `below` from now on. */
weir__kv_iter *weir__overlay_start(weir__overlay *overlay, weir__kv_iter *below);

#endif
