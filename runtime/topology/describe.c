/* SPDX-License-Identifier: Apache-2.0
 *
 * The text that Kafka Streams prints for a topology, so that its tools and users can read it:
 *
 *     Topologies:
 *        Sub-topology: 0
 *         Source: lines (topics: [lines])
 *           --> words */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "topology/pattern.h"

/* ---- Order of strings in Java's HashSet ------------------------------------------------- */

static uint32_t java_hash(const char *text)
{
    uint32_t hash = 0;
    for (const char *at = text; *at != '\0'; at++) {
        hash = hash * 31 + (unsigned char)*at;
    }
    return hash ^ (hash >> 16);
}

/* The table of new HashSet<>(collection): a power of two above count / 0.75, at least 16. */
static uint32_t java_table(size_t count)
{
    uint32_t needed = (uint32_t)((double)count / 0.75) + 1;
    uint32_t size = 16;
    while (size < needed) {
        size *= 2;
    }
    return size;
}

typedef struct hashed {
    const char *name;
    uint32_t bucket;
    size_t inserted; /* its place among the names */
} hashed;

static int by_bucket(const void *a, const void *b)
{
    const hashed *left = a;
    const hashed *right = b;
    if (left->bucket != right->bucket) {
        return left->bucket < right->bucket ? -1 : 1;
    }
    return left->inserted < right->inserted ? -1 : left->inserted > right->inserted;
}

/* By bucket; in a bucket by insertion. */
static void put_set(weir_buf *out, const char *const *names, size_t count)
{
    uint32_t size = java_table(count);
    hashed *sorted = calloc(count + 1, sizeof *sorted);
    if (sorted == NULL) {
        out->err = WEIR_ENOMEM;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = (hashed){names[i], java_hash(names[i]) & (size - 1), i};
    }
    qsort(sorted, count, sizeof *sorted, by_bucket);
    weir__buf_put_text(out, "[");
    for (size_t i = 0; i < count; i++) {
        weir__buf_printf(out, "%s%s", i == 0 ? "" : ", ", sorted[i].name);
    }
    weir__buf_put_text(out, "]");
    free(sorted);
}

/* ---- Nodes -------------------------------------------------------------------------------- */

typedef struct sized {
    const weir__node *node;
    size_t size; /* 1 + the sizes of its children */
} sized;

static int by_size(const void *a, const void *b)
{
    const sized *left = *(const sized *const *)a;
    const sized *right = *(const sized *const *)b;
    if (left->size != right->size) {
        return left->size > right->size ? -1 : 1;
    }
    return strcmp(left->node->name, right->node->name);
}

static void put_names(weir_buf *out, const char *arrow, const int *nodes, size_t count,
                      const sized *all, const sized **scratch)
{
    for (size_t i = 0; i < count; i++) {
        scratch[i] = &all[nodes[i]];
    }
    qsort(scratch, count, sizeof *scratch, by_size);
    weir__buf_printf(out, "\n      %s ", arrow);
    for (size_t i = 0; i < count; i++) {
        weir__buf_printf(out, "%s%s", i == 0 ? "" : ", ", scratch[i]->node->name);
    }
    if (count == 0) {
        weir__buf_put_text(out, "none");
    }
}

static void put_node(weir_buf *out, const weir_topology *topology, const weir__node *node,
                     const sized *all, const sized **scratch)
{
    const char **names = calloc(node->topic_count + node->store_count + 1, sizeof *names);
    if (names == NULL) {
        out->err = WEIR_ENOMEM;
        return;
    }
    switch (node->kind) {
    case WEIR__SOURCE:
        for (size_t i = 0; i < node->topic_count; i++) {
            names[i] = node->topics[i].name;
        }
        weir__buf_printf(out, "    Source: %s (topics: ", node->name);
        if (node->pattern != NULL) {
            weir__buf_put_text(out, weir__pattern_text(node->pattern));
        } else {
            put_set(out, names, node->topic_count);
        }
        weir__buf_put_text(out, ")");
        break;
    case WEIR__PROCESSOR:
        for (size_t i = 0; i < node->store_count; i++) {
            names[i] = topology->stores[node->stores[i]].name;
        }
        weir__buf_printf(out, "    Processor: %s (stores: ", node->name);
        put_set(out, names, node->store_count);
        weir__buf_put_text(out, ")");
        break;
    case WEIR__SINK:
        if (node->topic_count > 0) {
            weir__buf_printf(out, "    Sink: %s (topic: %s)", node->name, node->topics[0].name);
        } else {
            weir__buf_printf(out, "    Sink: %s (extractor class: %s)", node->name,
                             node->sink.topic_rule);
        }
        break;
    }
    if (node->kind != WEIR__SINK) {
        put_names(out, "-->", node->children, node->child_count, all, scratch);
    }
    if (node->kind != WEIR__SOURCE) {
        put_names(out, "<--", node->parents, node->parent_count, all, scratch);
    }
    weir__buf_put_text(out, "\n");
    free(names);
}

/* ---- Groups ------------------------------------------------------------------------------- */

static void put_group(weir_buf *out, const weir_topology *topology, int group, const sized *all,
                      const sized **scratch)
{
    size_t count = 0;
    bool global = false;
    for (size_t i = 0; i < topology->node_count; i++) {
        if (topology->nodes[i].group == group) {
            global = topology->nodes[i].subtopology < 0;
            scratch[count++] = &all[i];
        }
    }
    qsort(scratch, count, sizeof *scratch, by_size);
    weir__buf_printf(out, "  Sub-topology: %d%s\n", group,
                     global ? " for global store (will not generate tasks)" : "");
    for (size_t i = 0; i < count; i++) {
        put_node(out, topology, scratch[i]->node, all, scratch + count);
    }
    if (!global) {
        weir__buf_put_text(out, "\n");
    }
}

static int count_groups(const weir_topology *topology)
{
    int groups = 0;
    for (size_t i = 0; i < topology->node_count; i++) {
        if (topology->nodes[i].group >= groups) {
            groups = topology->nodes[i].group + 1;
        }
    }
    return groups;
}

char *weir_topology_describe(const weir_topology *topology)
{
    if (topology == NULL) {
        return NULL;
    }
    weir_buf out = {0};
    char *text = NULL;
    sized *all = calloc(topology->node_count + 1, sizeof *all);
    /* Room for a group's nodes, followed by a node's parents or children. */
    const sized **scratch = calloc(2 * topology->node_count + 1, sizeof *scratch);
    if (all == NULL || scratch == NULL) {
        goto done;
    }
    for (size_t i = topology->order_count; i-- > 0;) {
        const weir__node *node = &topology->nodes[topology->order[i]];
        sized *of = &all[node->index];
        *of = (sized){node, 1};
        for (size_t c = 0; c < node->child_count; c++) {
            of->size += all[node->children[c]].size;
        }
    }
    weir__buf_put_text(&out, "Topologies:\n ");
    int groups = count_groups(topology);
    for (int group = 0; group < groups; group++) {
        put_group(&out, topology, group, all, scratch);
    }
    if (out.err == WEIR_OK) {
        text = strdup(weir__buf_text(&out));
    }

done:
    weir__buf_fini(&out);
    free(scratch);
    free(all);
    return text;
}
