/* SPDX-License-Identifier: Apache-2.0
 *
 * Sub-topologies by union-find over nodes. */
#include "topology/build.h"

static int root_of(int *root, int node)
{
    while (root[node] != node) {
        root[node] = root[root[node]];
        node = root[node];
    }
    return node;
}

/* The earlier node becomes the root, so that a group is numbered by its first node. */
static void unite(const weir_builder *builder, int *root, int a, int b)
{
    a = root_of(root, a);
    b = root_of(root, b);
    if (builder->nodes[a]->position < builder->nodes[b]->position) {
        root[b] = a;
    } else {
        root[a] = b;
    }
}

static int *find_roots(weir_builder *builder)
{
    int *root = weir__builder_alloc(builder, (builder->node_count + 1) * sizeof *root);
    if (root == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < builder->node_count; i++) {
        root[i] = (int)i;
    }
    for (size_t i = 0; i < builder->node_count; i++) {
        const weir__ints *parents = &builder->nodes[i]->parents;
        for (size_t p = 0; p < parents->count; p++) {
            unite(builder, root, (int)i, parents->at[p]);
        }
    }
    for (size_t i = 0; i < builder->store_count; i++) {
        const weir__ints *users = &builder->stores[i]->users;
        for (size_t u = 1; u < users->count; u++) {
            unite(builder, root, users->at[0], users->at[u]);
        }
    }
    return root;
}

typedef struct members {
    weir__ints nodes;
    weir__ints sources;
    weir__ints stores;
} members;

static void number(weir_builder *builder, int *root, weir__subtopology *list, members *of,
                   size_t *count)
{
    int groups = 0;
    for (size_t i = 0; i < builder->order_count; i++) {
        int index = builder->order[i];
        weir__node *node = &builder->nodes[index]->node;
        int first = root_of(root, index);
        if (first == index) {
            node->group = groups++;
            node->subtopology =
                (node->facts & WEIR__GLOBAL) != 0 ? WEIR__GLOBAL_TASK : (int)(*count)++;
        } else {
            node->group = builder->nodes[first]->node.group;
            node->subtopology = builder->nodes[first]->node.subtopology;
        }
        if (node->subtopology >= 0) {
            list[node->subtopology].id = node->group;
            weir__ints_add(builder, &of[node->subtopology].nodes, index);
            if (node->kind == WEIR__SOURCE) {
                weir__ints_add(builder, &of[node->subtopology].sources, index);
            }
        }
    }
}

void weir__build_groups(weir_builder *builder, weir_topology *topology)
{
    size_t size = builder->node_count + 1;
    int *root = find_roots(builder);
    weir__subtopology *list = weir__builder_alloc(builder, size * sizeof *list);
    members *of = weir__builder_alloc(builder, size * sizeof *of);
    if (root == NULL || list == NULL || of == NULL) {
        return;
    }
    size_t count = 0;
    number(builder, root, list, of, &count);
    for (size_t i = 0; i < builder->store_count; i++) {
        weir__store_draft *store = builder->stores[i];
        if (store->removed) {
            continue;
        }
        store->spec.subtopology = builder->nodes[store->users.at[0]]->node.subtopology;
        if (store->spec.subtopology >= 0) {
            weir__ints_add(builder, &of[store->spec.subtopology].stores, (int)i);
        }
    }
    for (size_t i = 0; i < count; i++) {
        list[i].nodes = of[i].nodes.at;
        list[i].node_count = of[i].nodes.count;
        list[i].sources = of[i].sources.at;
        list[i].source_count = of[i].sources.count;
        list[i].stores = of[i].stores.at;
        list[i].store_count = of[i].stores.count;
    }
    topology->subtopologies = list;
    topology->subtopology_count = count;
}
