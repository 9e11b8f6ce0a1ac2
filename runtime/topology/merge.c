/* SPDX-License-Identifier: Apache-2.0
 *
 * One sub-topology out of all. Nodes and stores keep their indexes. */
#include <stdlib.h>
#include <string.h>

#include "topology/build.h"

/* A copy in the arena; NULL when out of memory, or after an earlier NULL in *ok. */
static void *copy(weir__arena *arena, const void *list, size_t count, size_t item, bool *ok)
{
    void *made = *ok ? weir__arena_alloc(arena, (count + 1) * item) : NULL;
    if (made == NULL) {
        *ok = false;
    } else if (count > 0) {
        memcpy(made, list, count * item);
    }
    return made;
}

static int *first_numbers(weir__arena *arena, size_t count, bool *ok)
{
    int *numbers = *ok ? weir__arena_alloc(arena, (count + 1) * sizeof *numbers) : NULL;
    *ok = numbers != NULL;
    return numbers;
}

static void merge_nodes(weir_topology *topology, weir__subtopology *all, weir__node *nodes,
                        int *members, int *sources)
{
    for (size_t i = 0; i < topology->order_count; i++) {
        int index = topology->order[i];
        if (nodes[index].subtopology < 0) {
            continue;
        }
        nodes[index].subtopology = 0;
        members[all->node_count++] = index;
        if (nodes[index].kind == WEIR__SOURCE) {
            sources[all->source_count++] = index;
        }
    }
    all->nodes = members;
    all->sources = sources;
    topology->nodes = nodes;
}

static void merge_stores(weir_topology *topology, weir__subtopology *all, weir__store_spec *stores,
                         int *members)
{
    for (size_t i = 0; i < topology->store_count; i++) {
        if (stores[i].subtopology >= 0) {
            stores[i].subtopology = 0;
            members[all->store_count++] = (int)i;
        }
    }
    all->stores = members;
    topology->stores = stores;
}

static bool merge(const weir_topology *from, weir_topology *topology, weir__arena *arena)
{
    bool ok = true;
    size_t nodes = from->node_count;
    size_t stores = from->store_count;
    size_t repartitions = from->repartition_count;
    weir__node *node_list = copy(arena, from->nodes, nodes, sizeof *node_list, &ok);
    weir__store_spec *store_list = copy(arena, from->stores, stores, sizeof *store_list, &ok);
    weir__repartition_spec *repartition_list =
        copy(arena, from->repartitions, repartitions, sizeof *repartition_list, &ok);
    weir__subtopology *all = copy(arena, NULL, 0, sizeof *all, &ok);
    int *node_members = first_numbers(arena, nodes, &ok);
    int *sources = first_numbers(arena, nodes, &ok);
    int *store_members = first_numbers(arena, stores, &ok);
    if (!ok) {
        return false;
    }
    struct weir__topology_memory *memory = topology->memory;
    *topology = *from;
    topology->memory = memory;
    merge_nodes(topology, all, node_list, node_members, sources);
    merge_stores(topology, all, store_list, store_members);
    for (size_t i = 0; i < repartitions; i++) {
        repartition_list[i].partitions = 1;
        repartition_list[i].writer = repartition_list[i].reader = 0;
    }
    topology->repartitions = repartition_list;
    topology->subtopologies = all;
    topology->subtopology_count = all->node_count > 0 ? 1 : 0;
    topology->one_task = true;
    return true;
}

weir_topology *weir__topology_merged(const weir_topology *topology)
{
    weir_topology *merged = calloc(1, sizeof *merged);
    struct weir__topology_memory *memory = calloc(1, sizeof *memory);
    if (merged == NULL || memory == NULL) {
        free(memory);
        free(merged);
        return NULL;
    }
    merged->memory = memory;
    if (!merge(topology, merged, &memory->arena)) {
        weir_topology_free(merged);
        return NULL;
    }
    return merged;
}
