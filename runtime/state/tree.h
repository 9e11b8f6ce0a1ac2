/* SPDX-License-Identifier: Apache-2.0
 *
 * An ordered map from bytes to items of the caller: a B+tree whose nodes hold the first eight bytes
 * of each key, so that most comparisons do not read an item. */
#ifndef WEIR_STATE_TREE_H
#define WEIR_STATE_TREE_H

#include <weir/weir.h>

typedef struct weir__tree_node weir__tree_node;

/* First member of an item of a tree. The key's bytes must not move or change while the item is in
 * the tree. */
typedef struct weir__tree_item {
    weir_slice key;
} weir__tree_item;

/* Zero-initialised is empty and valid. One thread at a time. */
typedef struct weir__tree {
    weir__tree_node *root;
    size_t count;
    uint64_t changes; /* counts changes that move items: older cursors must seek again */
} weir__tree;

/* Calls free_item on each item, in order. */
void weir__tree_fini(weir__tree *tree, void (*free_item)(weir__tree_item *item));

/* NULL: no such key. */
weir__tree_item *weir__tree_find(const weir__tree *tree, weir_slice key);
/* The tree must not have the key (asserted). On failure nothing has changed. */
weir_err weir__tree_insert(weir__tree *tree, weir__tree_item *item);
/* Replaces the item with the same key, which must exist (asserted), by `item`. Cursors stay valid.
 */
void weir__tree_replace(weir__tree *tree, weir__tree_item *item);
/* Returns the removed item, or NULL. */
weir__tree_item *weir__tree_remove(weir__tree *tree, weir_slice key);

/* A position in the tree; valid while tree->changes is the same as when the cursor was set. */
typedef struct weir__tree_cursor {
    weir__tree_node *leaf; /* NULL: after the last item */
    unsigned index;
} weir__tree_cursor;

/* Forward: at the first item with key >= `key` (> when `after`). Reverse: at the last one with
 * key <= `key` (< when `after`). A null key: the first, the last. */
weir__tree_cursor weir__tree_seek(const weir__tree *tree, weir_slice key, bool after, bool reverse);
/* NULL after the last item. */
weir__tree_item *weir__tree_at(weir__tree_cursor cursor);
void weir__tree_step(weir__tree_cursor *cursor, bool reverse);

/* Negative, zero, positive: by bytes, a shorter key first. Neither is null. */
int weir__key_compare(weir_slice a, weir_slice b);

#endif
