/* SPDX-License-Identifier: Apache-2.0
 *
 * Versioned tables (KIP-914): those with a versioned store, and those that are computed from one
 * without a store of their own, by operators that say so. Nodes below know that their input is
 * versioned, and what to do with changes that are out of order. */
#include "topology/build.h"

/* Facts that all tables above have. */
static unsigned facts_above(const weir_builder *builder, const weir__draft *draft)
{
    unsigned facts = draft->parents.count > 0 ? WEIR__VERSIONED | WEIR__HAS_HISTORY : 0;
    for (size_t i = 0; i < draft->parents.count; i++) {
        facts &= builder->nodes[draft->parents.at[i]]->node.facts;
    }
    return facts;
}

static unsigned facts_of_table(const weir_builder *builder, const weir__node *node, unsigned above)
{
    if (node->table_store >= 0) {
        bool versions = builder->stores[node->table_store]->spec.kind->versions;
        return versions ? WEIR__VERSIONED | WEIR__HAS_HISTORY : 0;
    }
    return ((node->facts & WEIR__PASSES_VERSIONS) != 0 ? above & WEIR__VERSIONED : 0) |
           ((node->facts & WEIR__PASSES_HISTORY) != 0 ? above & WEIR__HAS_HISTORY : 0);
}

static void check_history(weir_builder *builder, const weir__store_draft *draft)
{
    const weir__store_spec *spec = &draft->spec;
    bool global_table = spec->global_topic != NULL && spec->owner >= 0;
    const char *of = !spec->kind->versions ? "windows or sessions"
                     : global_table        ? "a global table"
                                           : NULL;
    if (of != NULL) {
        weir__builder_fail(builder, WEIR_EINVAL, "store '%s': %s cannot be versioned", spec->name,
                           of);
    } else if (spec->caching) {
        weir__builder_fail(builder, WEIR_EINVAL, "store '%s' is versioned and cannot be cached",
                           spec->name);
    } else if (spec->retention_ms < 0) {
        weir__builder_fail(builder, WEIR_EINVAL,
                           "store '%s': the retention_ms of its history is %lld, less than 0",
                           spec->name, (long long)spec->retention_ms);
    }
}

static void check_histories(weir_builder *builder)
{
    for (size_t i = 0; i < builder->store_count; i++) {
        const weir__store_draft *draft = builder->stores[i];
        if (draft->history) {
            check_history(builder, draft);
        }
    }
}

/* How long the rows of a table can be read as of a time; -1: it has no history. */
static int64_t history_of(const weir_builder *builder, int table)
{
    const weir__draft *draft = builder->nodes[table];
    if (draft->node.table_store >= 0 || (draft->node.facts & WEIR__HAS_HISTORY) == 0) {
        return (draft->node.facts & WEIR__HAS_HISTORY) != 0
                   ? builder->stores[draft->node.table_store]->spec.retention_ms
                   : -1;
    }
    int64_t least_ms = INT64_MAX;
    for (size_t i = 0; i < draft->parents.count; i++) {
        int64_t above_ms = history_of(builder, draft->parents.at[i]);
        least_ms = above_ms < least_ms ? above_ms : least_ms;
    }
    return least_ms;
}

/* Kafka's StreamTableJoinNode. */
static void check_reader(weir_builder *builder, const weir__draft *draft)
{
    for (size_t i = 0; draft->reads_history && i < draft->reads.count; i++) {
        int table = draft->reads.at[i];
        int64_t history_ms = history_of(builder, table);
        const char *name = weir__builder_table_name(builder, table);
        if (history_ms < 0) {
            weir__builder_fail(builder, WEIR_ETOPOLOGY,
                               "join '%s' has a grace, but table '%s' is not versioned "
                               "(weir_store_opts.history)",
                               draft->node.name, name);
        } else if (history_ms < draft->history_ms) {
            weir__builder_fail(builder, WEIR_ETOPOLOGY,
                               "join '%s': its grace is %lld ms, more than the history of table "
                               "'%s', which is %lld ms",
                               draft->node.name, (long long)draft->history_ms, name,
                               (long long)history_ms);
        }
    }
    unsigned refused = WEIR__REFUSES_VERSIONS | WEIR__INPUT_VERSIONED;
    if ((draft->node.facts & refused) == refused) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY, "%s '%s': table '%s' is versioned",
                           draft->node.made_by->work.name, draft->node.name,
                           weir__builder_table_name(builder, draft->parents.at[0]));
    }
}

void weir__pass_versioned(weir_builder *builder)
{
    check_histories(builder);
    for (size_t i = 0; i < builder->node_count && weir__builder_ok(builder); i++) {
        weir__draft *draft = builder->nodes[i];
        unsigned above = facts_above(builder, draft);
        draft->node.facts |= facts_of_table(builder, &draft->node, above) |
                             ((above & WEIR__VERSIONED) != 0 ? WEIR__INPUT_VERSIONED : 0);
    }
    for (size_t i = 0; i < builder->node_count && weir__builder_ok(builder); i++) {
        check_reader(builder, builder->nodes[i]);
    }
}
