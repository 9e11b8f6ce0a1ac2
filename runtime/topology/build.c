/* SPDX-License-Identifier: Apache-2.0
 *
 * Makes a topology of a builder: default serdes, checks, sub-topologies, internal topics. */
#include "topology/build.h"
#include "topology/explicit_names.h"
#include "topology/optimize.h"

#include <stdlib.h>
#include <string.h>

#include "core/config.h"
#include "core/error.h"

/* ---- Types -------------------------------------------------------------------------------- */

static const weir_serde *resolve(weir_builder *builder, const weir_config *config,
                                 const weir_serde *serde, const char *role, const char *what)
{
    if (serde != &weir__default_key && serde != &weir__default_value) {
        return serde;
    }
    const weir_serde *found = config != NULL ? weir__config_serde(config, serde->name) : NULL;
    if (found == NULL) {
        weir__builder_fail(builder, WEIR_ETYPE, "%s has no serde for %s, and %s is not set", what,
                           role, serde->name);
    }
    return found;
}

static const char *describe_node(weir_builder *builder, const weir__draft *draft)
{
    static const char *const kinds[] = {"source", "processor", "sink"};
    const weir__node *node = &draft->node;
    return draft->what != NULL ? draft->what
                               : weir__builder_text(builder, "%s '%s'",
                                                    node->made_by != NULL ? node->made_by->work.name
                                                                          : kinds[node->kind],
                                                    node->name);
}

static const char *name_of(const weir_serde *serde)
{
    return serde->name != NULL ? serde->name : "";
}

bool weir__serde_same(const weir_serde *a, const weir_serde *b)
{
    const weir_wrapped *left = weir_windowed_wrapped(a);
    const weir_wrapped *right = weir_windowed_wrapped(b);
    return a == b || (left != NULL && right != NULL && a->decode == b->decode &&
                      weir__serde_same(left->inner, right->inner));
}

static void resolve_serdes(weir_builder *builder, const weir_config *config)
{
    for (size_t i = 0; i < builder->node_count && weir__builder_ok(builder); i++) {
        weir__node *node = &builder->nodes[i]->node;
        const char *what = describe_node(builder, builder->nodes[i]);
        node->key = resolve(builder, config, node->key, "its key", what);
        const char *result = builder->nodes[i]->result;
        node->value =
            resolve(builder, config, node->value, result != NULL ? result : "its value", what);
    }
    for (size_t i = 0; i < builder->store_count && weir__builder_ok(builder); i++) {
        weir__store_spec *store = &builder->stores[i]->spec;
        const char *what = weir__builder_text(builder, "store '%s'", store->name);
        store->key = resolve(builder, config, store->key, "its key", what);
        store->value = resolve(builder, config, store->value, "its value", what);
    }
    for (size_t i = 0; i < builder->wrapped_count && weir__builder_ok(builder); i++) {
        weir__wrapped *wrapped = builder->wrapped[i];
        wrapped->of.inner =
            resolve(builder, config, wrapped->of.inner, "its content", wrapped->serde.name);
    }
    for (size_t i = 0; i < builder->check_count && weir__builder_ok(builder); i++) {
        weir__type_check *check = &builder->checks[i];
        check->left = resolve(builder, config, check->left, check->left_role, check->what);
        check->right = resolve(builder, config, check->right, check->right_role, check->what);
        if (weir__builder_ok(builder) && !weir__serde_same(check->left, check->right)) {
            weir__builder_fail(builder, WEIR_ETYPE, "%s: %s is %s, %s is %s", check->what,
                               check->left_role, name_of(check->left), check->right_role,
                               name_of(check->right));
        }
    }
}

static void check_serde(weir_builder *builder, const weir_serde *serde, const char *what)
{
    if (serde != NULL && (serde->name == NULL || serde->decode == NULL || serde->encode == NULL ||
                          serde->size == 0 || serde->size > WEIR_SERDE_SIZE_MAX)) {
        weir__builder_fail(builder, WEIR_EINVAL,
                           "%s: the serde '%s' must have a name, decode, encode and a size of 1 "
                           "to %d",
                           what, name_of(serde), WEIR_SERDE_SIZE_MAX);
    }
}

static void check_serdes(weir_builder *builder)
{
    for (size_t i = 0; i < builder->node_count && weir__builder_ok(builder); i++) {
        const weir__node *node = &builder->nodes[i]->node;
        const char *what = describe_node(builder, builder->nodes[i]);
        check_serde(builder, node->key, what);
        check_serde(builder, node->value, what);
    }
    for (size_t i = 0; i < builder->store_count && weir__builder_ok(builder); i++) {
        const weir__store_spec *store = &builder->stores[i]->spec;
        const char *what = weir__builder_text(builder, "store '%s'", store->name);
        check_serde(builder, store->key, what);
        check_serde(builder, store->value, what);
    }
}

/* ---- Stores ------------------------------------------------------------------------------- */

static void connect_stores(weir_builder *builder)
{
    for (size_t i = 0; i < builder->connection_count && weir__builder_ok(builder); i++) {
        const weir__connection *connection = &builder->connections[i];
        const weir__draft *node = weir__map_get_text(&builder->node_names, connection->processor);
        const weir__store_draft *store =
            weir__map_get_text(&builder->store_names, connection->store);
        if (node == NULL || node->node.kind != WEIR__PROCESSOR) {
            weir__builder_fail(builder, WEIR_ENOTFOUND,
                               "store '%s' is for processor '%s', which is not there",
                               connection->store, connection->processor);
        } else if (store == NULL) {
            weir__builder_fail(builder, WEIR_ENOTFOUND,
                               "processor '%s' uses store '%s', which is not there",
                               connection->processor, connection->store);
        } else if (store->spec.global_topic != NULL) {
            weir__builder_fail(builder, WEIR_ETOPOLOGY,
                               "processor '%s' must not be connected to '%s': a global store is "
                               "open to all",
                               connection->processor, connection->store);
        } else {
            weir__builder_use_store(builder, node->node.index, store->spec.index);
        }
    }
    for (size_t i = 0; i < builder->store_count && weir__builder_ok(builder); i++) {
        if (builder->stores[i]->users.count == 0 && !builder->stores[i]->removed) {
            weir__builder_fail(
                builder, WEIR_ETOPOLOGY,
                "no processor uses the store '%s': name it in weir_process_opts.stores "
                "of one, or call weir_connect",
                builder->stores[i]->spec.name);
        }
    }
}

/* ---- Internal topics ---------------------------------------------------------------------- */

static void check_sinks(weir_builder *builder, const weir_config *config)
{
    const char *application = config != NULL ? weir_config_get(config, "application.id") : NULL;
    weir__map internal = {0};
    if (application == NULL) {
        return;
    }
    for (size_t i = 0; i < builder->repartition_count && weir__builder_ok(builder); i++) {
        const char *name =
            weir__builder_text(builder, "%s-%s", application, builder->repartitions[i].topic);
        weir__map_put_text(&internal, name, builder);
    }
    for (size_t i = 0; i < builder->store_count && weir__builder_ok(builder); i++) {
        const char *name = weir__builder_text(builder, "%s-%s-changelog", application,
                                              builder->stores[i]->spec.name);
        weir__map_put_text(&internal, name, builder);
    }
    for (size_t i = 0; i < builder->node_count; i++) {
        const weir__node *node = &builder->nodes[i]->node;
        if (node->kind == WEIR__SINK && node->topic_count > 0 && !node->topics[0].internal &&
            weir__map_get_text(&internal, node->topics[0].name) != NULL) {
            weir__builder_fail(builder, WEIR_ETOPOLOGY,
                               "sink '%s' writes to '%s', an internal topic of this application",
                               node->name, node->topics[0].name);
        }
    }
    weir__map_fini(&internal, NULL);
}

static void finish_repartitions(weir_builder *builder, weir_topology *topology)
{
    weir__repartition_spec *specs =
        weir__builder_alloc(builder, (builder->repartition_count + 1) * sizeof *specs);
    for (size_t i = 0; specs != NULL && i < builder->repartition_count; i++) {
        const weir__repartition_draft *draft = &builder->repartitions[i];
        specs[i] = (weir__repartition_spec){draft->topic, draft->partitions,
                                            builder->nodes[draft->sink]->node.subtopology,
                                            builder->nodes[draft->source]->node.subtopology};
    }
    topology->repartitions = specs;
    topology->repartition_count = builder->repartition_count;
}

static void finish_copartitions(weir_builder *builder, weir_topology *topology)
{
    weir__copartition_group *groups =
        weir__builder_alloc(builder, (builder->copartition_count + 1) * sizeof *groups);
    for (size_t i = 0; groups != NULL && i < builder->copartition_count; i++) {
        const weir__copartition_draft *draft = &builder->copartitions[i];
        size_t count = 0;
        for (size_t s = 0; s < draft->sources.count; s++) {
            count += builder->nodes[draft->sources.at[s]]->node.topic_count;
        }
        weir__topic_ref *topics = weir__builder_alloc(builder, (count + 1) * sizeof *topics);
        size_t used = 0;
        for (size_t s = 0; topics != NULL && s < draft->sources.count; s++) {
            const weir__node *source = &builder->nodes[draft->sources.at[s]]->node;
            for (size_t t = 0; t < source->topic_count; t++) {
                topics[used++] = source->topics[t];
            }
        }
        groups[i] = (weir__copartition_group){.topics = topics,
                                              .count = used,
                                              .sources = draft->sources.at,
                                              .source_count = draft->sources.count,
                                              .reason = draft->reason};
    }
    topology->copartitions = groups;
    topology->copartition_count = builder->copartition_count;
}

/* ---- The topology ------------------------------------------------------------------------- */

static void finish_nodes(weir_builder *builder, weir_topology *topology)
{
    weir__node *nodes = weir__builder_alloc(builder, (builder->node_count + 1) * sizeof *nodes);
    for (size_t i = 0; nodes != NULL && i < builder->node_count; i++) {
        const weir__draft *draft = builder->nodes[i];
        nodes[i] = draft->node;
        if (draft->removed) {
            nodes[i].subtopology = WEIR__NOT_RUN;
            nodes[i].group = WEIR__NOT_RUN;
        }
        nodes[i].parents = draft->parents.at;
        nodes[i].parent_count = draft->parents.count;
        nodes[i].children = draft->children.at;
        nodes[i].child_count = draft->children.count;
        nodes[i].stores = draft->stores.at;
        nodes[i].store_count = draft->stores.count;
        nodes[i].reads = draft->reads.at;
        nodes[i].read_count = draft->reads.count;
    }
    topology->nodes = nodes;
    topology->node_count = builder->node_count;
    topology->order = builder->order;
    topology->order_count = builder->order_count;
}

static void finish_stores(weir_builder *builder, weir_topology *topology)
{
    weir__store_spec *stores =
        weir__builder_alloc(builder, (builder->store_count + 1) * sizeof *stores);
    for (size_t i = 0; stores != NULL && i < builder->store_count; i++) {
        stores[i] = builder->stores[i]->spec;
        if (builder->stores[i]->removed) {
            stores[i].subtopology = WEIR__NOT_RUN;
        }
    }
    topology->stores = stores;
    topology->store_count = builder->store_count;
}

/* weir_app_new checks the names again, because the application may have another id. */
static void check_names(weir_builder *builder, const weir_config *config,
                        const weir_topology *topology)
{
    const char *application = config != NULL ? weir_config_get(config, "application.id") : NULL;
    weir_error error;
    if (application != NULL && weir__builder_ok(builder) &&
        weir__topology_check_names(topology, application, &error) != WEIR_OK) {
        weir__builder_fail(builder, error.code, "%s", error.message);
    }
}

static void set_order(weir_builder *builder)
{
    builder->order = weir__builder_alloc(builder, (builder->node_count + 1) * sizeof(int));
    builder->order_count = builder->order != NULL ? builder->node_count : 0;
    for (size_t i = 0; i < builder->order_count; i++) {
        builder->order[i] = builder->nodes[i]->position = (int)i;
    }
}

/* Stores are known by now, and types. */
static void optimize(weir_builder *builder, unsigned optimizations)
{
    if (weir__builder_ok(builder) && (optimizations & WEIR__REUSE_SOURCE_TOPICS) != 0) {
        weir__pass_source_changelogs(builder);
    }
    if (weir__builder_ok(builder) && (optimizations & WEIR__MERGE_REPARTITIONS) != 0) {
        weir__pass_merge_repartitions(builder);
    }
    if (weir__builder_ok(builder) && (optimizations & WEIR__SINGLE_STORE_SELF_JOIN) != 0) {
        weir__pass_self_joins(builder);
    }
}

static void finish(weir_builder *builder, const weir_config *config, weir_topology *topology)
{
    if (weir__builder_ok(builder) && builder->node_count == 0) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY, "the topology has no nodes");
    }
    set_order(builder);
    weir__pass_tables(builder);
    if (weir__builder_ok(builder)) {
        weir__pass_versioned(builder);
    }
    weir__declared_types(builder);
    resolve_serdes(builder, config);
    check_serdes(builder);
    weir__check_explicit_names(builder, config);
    optimize(builder, weir__optimizations(config));
    connect_stores(builder);
    if (weir__builder_ok(builder)) {
        weir__pass_null_keys(builder);
        check_sinks(builder, config);
        weir__build_groups(builder, topology);
    }
    if (weir__builder_ok(builder)) {
        finish_nodes(builder, topology);
        finish_stores(builder, topology);
        finish_repartitions(builder, topology);
        finish_copartitions(builder, topology);
        check_names(builder, config, topology);
    }
}

weir_topology *weir_build(weir_builder *builder, const weir_config *config, weir_error *error)
{
    if (builder == NULL) {
        weir__error_set(error, WEIR_EINVAL,
                        "%s: builder is NULL: weir_builder_new had no memory, or was not called",
                        __func__);
        return NULL;
    }
    weir_topology *topology = calloc(1, sizeof *topology);
    struct weir__topology_memory *memory = calloc(1, sizeof *memory);
    if (topology == NULL || memory == NULL) {
        weir__error_set(error, WEIR_ENOMEM, "weir_build: out of memory");
        goto failed;
    }
    finish(builder, config, topology);
    topology->wrapper = builder->wrapper;
    if (!weir__builder_ok(builder)) {
        if (error != NULL) {
            *error = builder->error;
        }
        goto failed;
    }
    memory->arena = builder->arena;
    memory->patterns = builder->patterns;
    builder->arena = (weir__arena){0};
    builder->patterns = NULL;
    topology->memory = memory;
    weir_builder_free(builder);
    return topology;

failed:
    weir_builder_free(builder);
    free(memory);
    free(topology);
    return NULL;
}

void weir_topology_free(weir_topology *topology)
{
    if (topology != NULL) {
        weir__patterns_free(topology->memory->patterns);
        weir__arena_fini(&topology->memory->arena);
        free(topology->memory);
        free(topology);
    }
}
