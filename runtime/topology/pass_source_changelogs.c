/* SPDX-License-Identifier: Apache-2.0
 *
 * topology.optimization: the topic of a table is its changelog, too (reuse.ktable.source.topics).
 * Its store is then restored from that topic, up to the group's committed offset. */
#include <string.h>

#include "core/config.h"
#include "topology/optimize.h"

unsigned weir__optimizations(const weir_config *config)
{
    static const struct {
        const char *name;
        unsigned bits;
    } names[] = {
        {"all",
         WEIR__REUSE_SOURCE_TOPICS | WEIR__MERGE_REPARTITIONS | WEIR__SINGLE_STORE_SELF_JOIN},
        {"reuse.ktable.source.topics", WEIR__REUSE_SOURCE_TOPICS},
        {"merge.repartition.topics", WEIR__MERGE_REPARTITIONS},
        {"single.store.self.join", WEIR__SINGLE_STORE_SELF_JOIN},
    };
    unsigned bits = 0;
    const char *text = config != NULL ? weir__config_text(config, "topology.optimization") : NULL;
    for (size_t i = 0; text != NULL && i < sizeof names / sizeof names[0]; i++) {
        /* The names are checked, and none is a part of another one. */
        bits |= strstr(text, names[i].name) != NULL ? names[i].bits : 0;
    }
    return bits;
}

/* The topic whose records are the rows of the store as they are; NULL: none. */
static const char *source_topic(const weir_builder *builder, const weir__store_spec *store)
{
    if (store->owner < 0 || store->global_topic != NULL) {
        return NULL;
    }
    const weir__draft *table = builder->nodes[store->owner];
    if ((table->node.facts & WEIR__HAS_TOPIC_ROWS) == 0 || table->parents.count != 1) {
        return NULL;
    }
    const weir__node *source = &builder->nodes[table->parents.at[0]]->node;
    bool named = source->kind == WEIR__SOURCE && source->topic_count == 1;
    return named && !source->topics[0].internal ? source->topics[0].name : NULL;
}

void weir__pass_source_changelogs(weir_builder *builder)
{
    for (size_t i = 0; i < builder->store_count; i++) {
        weir__store_spec *store = &builder->stores[i]->spec;
        store->source_topic = source_topic(builder, store);
        if (store->source_topic != NULL) {
            store->source_node = builder->nodes[store->owner]->parents.at[0];
            store->logging = false;
        }
    }
}
