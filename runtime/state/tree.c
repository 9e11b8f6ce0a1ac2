/* SPDX-License-Identifier: Apache-2.0
 *
 * A B+tree. Leaves hold items and are a list; an inner node holds, for each child, the smallest
 * item below it:
 *
 *              [ apple        | mango        ]
 *                 |              |
 *     [ apple | cherry ] <-> [ mango | pear | plum ]
 *
 * Full nodes are split on the way down, so that a failed allocation leaves a valid tree. Nodes are
 * freed when they are empty and never merged: stores that shrink tend to grow again. */
#include "state/tree.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/error.h"

#define TREE_WIDTH 32u
#define TREE_HEIGHT_MAX 16u /* each level needs 16 times the items */
#define PREFIX_SIZE sizeof(uint64_t)

struct weir__tree_node {
    unsigned count;
    bool leaf;
    weir__tree_node *next; /* leaves only */
    weir__tree_node *prev;
    uint64_t prefixes[TREE_WIDTH];
    weir__tree_item *items[TREE_WIDTH];
    weir__tree_node *children[]; /* inner nodes only: TREE_WIDTH */
};

/* The path to a leaf: each node and the index taken in it, root first. */
typedef struct path {
    weir__tree_node *nodes[TREE_HEIGHT_MAX];
    unsigned index[TREE_HEIGHT_MAX];
    unsigned height; /* of inner nodes */
} path;

/* ---- Keys --------------------------------------------------------------------------------- */

static uint64_t prefix_of(weir_slice key)
{
    uint8_t bytes[PREFIX_SIZE] = {0};
    if (key.len >= PREFIX_SIZE) {
        return weir__load_u64(key.data);
    }
    memcpy(bytes, key.data, key.len);
    return weir__load_u64(bytes);
}

int weir__key_compare(weir_slice a, weir_slice b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = memcmp(a.data, b.data, shorter);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Order of the node's i-th key relative to `key`. Keys with equal prefixes may differ in length. */
static int compare_at(const weir__tree_node *node, unsigned i, uint64_t prefix, weir_slice key)
{
    if (node->prefixes[i] != prefix) {
        return node->prefixes[i] < prefix ? -1 : 1;
    }
    return weir__key_compare(node->items[i]->key, key);
}

/* Index of the first key >= `key` from `first` on; *equal: it is the key itself. */
static unsigned lower_bound(const weir__tree_node *node, unsigned first, weir_slice key,
                            bool *equal)
{
    uint64_t prefix = prefix_of(key);
    unsigned low = first;
    unsigned high = node->count;
    *equal = false;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        int order = compare_at(node, middle, prefix, key);
        if (order == 0) {
            *equal = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The child whose range contains `key`: the last with a smallest key <= `key`, else the first. */
static unsigned child_of(const weir__tree_node *node, weir_slice key)
{
    bool equal;
    unsigned at = lower_bound(node, 1, key, &equal);
    return equal ? at : at - 1;
}

/* ---- Nodes -------------------------------------------------------------------------------- */

static weir__tree_node *node_new(bool leaf)
{
    weir__tree_node *node =
        malloc(sizeof *node + (leaf ? 0 : TREE_WIDTH * sizeof(weir__tree_node *)));
    if (node != NULL) {
        node->count = 0;
        node->leaf = leaf;
        node->next = NULL;
        node->prev = NULL;
    }
    return node;
}

static void set_item(weir__tree_node *node, unsigned at, weir__tree_item *item)
{
    node->items[at] = item;
    node->prefixes[at] = prefix_of(item->key);
}

/* Opens a gap at `at`. */
static void shift_up(weir__tree_node *node, unsigned at)
{
    unsigned behind = node->count - at;
    memmove(&node->prefixes[at + 1], &node->prefixes[at], behind * sizeof node->prefixes[0]);
    memmove(&node->items[at + 1], &node->items[at], behind * sizeof(weir__tree_item *));
    if (!node->leaf) {
        memmove(&node->children[at + 1], &node->children[at], behind * sizeof(weir__tree_node *));
    }
    node->count++;
}

static void shift_down(weir__tree_node *node, unsigned at)
{
    unsigned behind = node->count - at - 1;
    memmove(&node->prefixes[at], &node->prefixes[at + 1], behind * sizeof node->prefixes[0]);
    memmove(&node->items[at], &node->items[at + 1], behind * sizeof(weir__tree_item *));
    if (!node->leaf) {
        memmove(&node->children[at], &node->children[at + 1], behind * sizeof(weir__tree_node *));
    }
    node->count--;
}

/* Moves the upper half of the full child at `at` into a new one behind it. */
static weir_err split_child(weir__tree_node *parent, unsigned at)
{
    weir__tree_node *left = parent->children[at];
    weir__tree_node *right = node_new(left->leaf);
    if (right == NULL) {
        return WEIR_ENOMEM;
    }
    unsigned half = TREE_WIDTH / 2;
    unsigned moved = TREE_WIDTH - half;
    memcpy(right->prefixes, &left->prefixes[half], moved * sizeof left->prefixes[0]);
    memcpy(right->items, &left->items[half], moved * sizeof(weir__tree_item *));
    if (left->leaf) {
        right->prev = left;
        right->next = left->next;
        if (left->next != NULL) {
            left->next->prev = right;
        }
        left->next = right;
    } else {
        memcpy(right->children, &left->children[half], moved * sizeof(weir__tree_node *));
    }
    right->count = moved;
    left->count = half;
    shift_up(parent, at + 1);
    parent->children[at + 1] = right;
    set_item(parent, at + 1, right->items[0]);
    return WEIR_OK;
}

static weir_err grow_root(weir__tree *tree)
{
    if (tree->root != NULL && tree->root->count < TREE_WIDTH) {
        return WEIR_OK;
    }
    weir__tree_node *root = node_new(tree->root == NULL);
    if (root == NULL) {
        return WEIR_ENOMEM;
    }
    if (tree->root != NULL) {
        root->count = 1;
        root->children[0] = tree->root;
        set_item(root, 0, tree->root->items[0]);
        if (split_child(root, 0) != WEIR_OK) {
            free(root);
            return WEIR_ENOMEM;
        }
    }
    tree->root = root;
    return WEIR_OK;
}

/* ---- Paths -------------------------------------------------------------------------------- */

static weir__tree_node *descend(const weir__tree *tree, weir_slice key, path *way)
{
    weir__tree_node *node = tree->root;
    way->height = 0;
    while (node != NULL && !node->leaf) {
        unsigned at = child_of(node, key);
        weir_assert(way->height < TREE_HEIGHT_MAX);
        way->nodes[way->height] = node;
        way->index[way->height++] = at;
        node = node->children[at];
    }
    return node;
}

/* The first item of the node below `level` has changed: updates the nodes above. */
static void renew_first(path *way, unsigned level, weir__tree_item *first)
{
    while (level > 0) {
        level--;
        set_item(way->nodes[level], way->index[level], first);
        if (way->index[level] != 0) {
            return;
        }
    }
}

/* The leaf at the end of `way` is empty: removes it, and the nodes above that become empty. */
static void drop_empty(weir__tree *tree, path *way, weir__tree_node *node)
{
    if (node->prev != NULL) {
        node->prev->next = node->next;
    }
    if (node->next != NULL) {
        node->next->prev = node->prev;
    }
    unsigned level = way->height;
    while (node->count == 0) {
        free(node);
        if (level == 0) {
            tree->root = NULL;
            return;
        }
        level--;
        node = way->nodes[level];
        shift_down(node, way->index[level]);
    }
    if (way->index[level] == 0) {
        renew_first(way, level, node->items[0]);
    }
    while (!tree->root->leaf && tree->root->count == 1) {
        weir__tree_node *root = tree->root;
        tree->root = root->children[0];
        free(root);
    }
}

/* ---- Tree --------------------------------------------------------------------------------- */

static void free_node(weir__tree_node *node, void (*free_item)(weir__tree_item *item))
{
    for (unsigned i = 0; i < node->count; i++) {
        if (node->leaf) {
            free_item(node->items[i]);
        } else {
            free_node(node->children[i], free_item);
        }
    }
    free(node);
}

void weir__tree_fini(weir__tree *tree, void (*free_item)(weir__tree_item *item))
{
    if (tree->root != NULL) {
        free_node(tree->root, free_item);
    }
    *tree = (weir__tree){0};
}

weir__tree_item *weir__tree_find(const weir__tree *tree, weir_slice key)
{
    weir__tree_node *node = tree->root;
    if (node == NULL) {
        return NULL;
    }
    while (!node->leaf) {
        node = node->children[child_of(node, key)];
    }
    bool equal;
    unsigned at = lower_bound(node, 0, key, &equal);
    return equal ? node->items[at] : NULL;
}

weir_err weir__tree_insert(weir__tree *tree, weir__tree_item *item)
{
    tree->changes++;
    if (grow_root(tree) != WEIR_OK) {
        return WEIR_ENOMEM;
    }
    path way = {.height = 0};
    weir__tree_node *node = tree->root;
    while (!node->leaf) {
        unsigned at = child_of(node, item->key);
        if (node->children[at]->count == TREE_WIDTH) {
            if (split_child(node, at) != WEIR_OK) {
                return WEIR_ENOMEM;
            }
            at = child_of(node, item->key);
        }
        weir_assert(way.height < TREE_HEIGHT_MAX);
        way.nodes[way.height] = node;
        way.index[way.height++] = at;
        node = node->children[at];
    }
    bool equal;
    unsigned at = lower_bound(node, 0, item->key, &equal);
    weir_assert(!equal);
    shift_up(node, at);
    set_item(node, at, item);
    if (at == 0) {
        renew_first(&way, way.height, item);
    }
    tree->count++;
    return WEIR_OK;
}

void weir__tree_replace(weir__tree *tree, weir__tree_item *item)
{
    path way;
    weir__tree_node *leaf = descend(tree, item->key, &way);
    weir_assert(leaf != NULL);
    bool equal;
    unsigned at = lower_bound(leaf, 0, item->key, &equal);
    weir_assert(equal);
    leaf->items[at] = item;
    if (at == 0) {
        renew_first(&way, way.height, item);
    }
}

weir__tree_item *weir__tree_remove(weir__tree *tree, weir_slice key)
{
    path way;
    weir__tree_node *leaf = descend(tree, key, &way);
    bool equal = false;
    unsigned at = leaf != NULL ? lower_bound(leaf, 0, key, &equal) : 0;
    if (!equal) {
        return NULL;
    }
    weir__tree_item *item = leaf->items[at];
    tree->changes++;
    tree->count--;
    shift_down(leaf, at);
    if (leaf->count == 0) {
        drop_empty(tree, &way, leaf);
    } else if (at == 0) {
        renew_first(&way, way.height, leaf->items[0]);
    }
    return item;
}

/* ---- Cursors ------------------------------------------------------------------------------ */

static weir__tree_node *outermost_leaf(const weir__tree *tree, bool last)
{
    weir__tree_node *node = tree->root;
    while (node != NULL && !node->leaf) {
        node = node->children[last ? node->count - 1 : 0];
    }
    return node;
}

weir__tree_cursor weir__tree_seek(const weir__tree *tree, weir_slice key, bool after, bool reverse)
{
    if (key.data == NULL) {
        weir__tree_node *leaf = outermost_leaf(tree, reverse);
        return (weir__tree_cursor){leaf, leaf != NULL && reverse ? leaf->count - 1 : 0};
    }
    path way;
    weir__tree_cursor cursor = {descend(tree, key, &way), 0};
    if (cursor.leaf == NULL) {
        return cursor;
    }
    bool equal;
    cursor.index = lower_bound(cursor.leaf, 0, key, &equal);
    if (reverse) {
        if (!equal || after) {
            weir__tree_step(&cursor, true);
        }
    } else if (cursor.index == cursor.leaf->count) {
        cursor = (weir__tree_cursor){cursor.leaf->next, 0};
    } else if (equal && after) {
        weir__tree_step(&cursor, false);
    }
    return cursor;
}

weir__tree_item *weir__tree_at(weir__tree_cursor cursor)
{
    return cursor.leaf != NULL ? cursor.leaf->items[cursor.index] : NULL;
}

void weir__tree_step(weir__tree_cursor *cursor, bool reverse)
{
    if (reverse) {
        if (cursor->index > 0) {
            cursor->index--;
            return;
        }
        cursor->leaf = cursor->leaf->prev;
        cursor->index = cursor->leaf != NULL ? cursor->leaf->count - 1 : 0;
    } else if (++cursor->index == cursor->leaf->count) {
        *cursor = (weir__tree_cursor){cursor->leaf->next, 0};
    }
}
