/* SPDX-License-Identifier: Apache-2.0
 *
 * Adds nodes and stores to a builder. The first error is kept, and all later calls do nothing. */
#include "topology/builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"

#define TEXT_USUAL ((size_t)256) /* longer ones are printed twice */
#define NODES_MAX ((size_t)1 << 16)

const weir_serde weir__default_key = {"default.key.serde", 0, NULL, NULL, NULL, NULL};
const weir_serde weir__default_value = {"default.value.serde", 0, NULL, NULL, NULL, NULL};

weir_builder *weir_builder_new(void)
{
    return calloc(1, sizeof(weir_builder));
}

void weir_builder_free(weir_builder *builder)
{
    if (builder != NULL) {
        weir__map_fini(&builder->node_names, NULL);
        weir__map_fini(&builder->store_names, NULL);
        weir__map_fini(&builder->sources, NULL);
        weir__patterns_free(builder->patterns);
        weir__arena_fini(&builder->arena);
        free(builder);
    }
}

weir_err weir_builder_error(const weir_builder *builder, weir_error *error)
{
    if (builder == NULL) {
        return weir__error_null(error, __func__, "builder");
    }
    if (builder->error.code != WEIR_OK && error != NULL) {
        *error = builder->error;
    }
    return builder->error.code;
}

bool weir__builder_ok(const weir_builder *builder)
{
    return builder != NULL && builder->error.code == WEIR_OK;
}

void weir__builder_fail(weir_builder *builder, weir_err code, const char *format, ...)
{
    if (weir__builder_ok(builder)) {
        va_list args;
        va_start(args, format);
        weir__error_vset(&builder->error, code, format, args);
        va_end(args);
    }
}

bool weir__builder_given(weir_builder *builder, bool given, const char *function,
                         const char *argument)
{
    if (!given) {
        weir__builder_fail(builder, WEIR_EINVAL, "%s: %s is NULL", function, argument);
    }
    return weir__builder_ok(builder);
}

void *weir__builder_alloc(weir_builder *builder, size_t size)
{
    void *at = weir__builder_ok(builder) ? weir__arena_alloc(&builder->arena, size) : NULL;
    if (at == NULL) {
        weir__builder_fail(builder, WEIR_ENOMEM, "out of memory");
    }
    return at;
}

/* Most formats have no directive but "%s"; printf takes ten times as long for them. This is the
 * length of such a text; -1: another format. */
static int texts_length(const char *format, va_list args)
{
    size_t length = 0;
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            length++;
        } else if (*++format == 's') {
            length += strlen(va_arg(args, const char *));
        } else {
            return -1;
        }
    }
    return (int)length;
}

static void put_texts(char *to, const char *format, va_list args)
{
    for (; *format != '\0'; format++) {
        if (*format == '%') {
            to = stpcpy(to, va_arg(args, const char *));
            format++;
        } else {
            *to++ = *format;
        }
    }
    *to = '\0';
}

const char *weir__builder_text(weir_builder *builder, const char *format, ...)
{
    char usual[TEXT_USUAL];
    va_list args;
    va_start(args, format);
    int length = texts_length(format, args);
    va_end(args);
    bool texts = length >= 0;
    if (!texts) {
        va_start(args, format);
        length = vsnprintf(usual, sizeof usual, format, args);
        va_end(args);
    }
    weir_assert(length >= 0);
    char *text = weir__builder_alloc(builder, (size_t)length + 1);
    if (text == NULL) {
        return NULL;
    }
    va_start(args, format);
    if (texts) {
        put_texts(text, format, args);
    } else if ((size_t)length < sizeof usual) {
        memcpy(text, usual, (size_t)length + 1);
    } else {
        vsnprintf(text, (size_t)length + 1, format, args);
    }
    va_end(args);
    return text;
}

/* `items` is the address of a pointer to any type; memcpy keeps its representation. */
bool weir__builder_grow(weir_builder *builder, void *items, size_t count, size_t *capacity,
                        size_t item_size)
{
    if (count < *capacity) {
        return weir__builder_ok(builder);
    }
    if (count >= NODES_MAX) {
        weir__builder_fail(builder, WEIR_ELIMIT,
                           "a topology of more than %zu nodes, or of a source with more topics",
                           NODES_MAX);
        return false;
    }
    size_t more = *capacity != 0 ? *capacity * 2 : 8;
    void *grown = weir__builder_alloc(builder, more * item_size);
    if (grown == NULL) {
        return false;
    }
    void *old;
    memcpy(&old, items, sizeof old);
    if (count != 0) {
        memcpy(grown, old, count * item_size);
    }
    memcpy(items, &grown, sizeof grown);
    *capacity = more;
    return true;
}

void weir__ints_add(weir_builder *builder, weir__ints *ints, int value)
{
    for (size_t i = 0; i < ints->count; i++) {
        if (ints->at[i] == value) {
            return;
        }
    }
    if (weir__builder_grow(builder, &ints->at, ints->count, &ints->capacity, sizeof *ints->at)) {
        ints->at[ints->count++] = value;
    }
}

void weir__ints_add_all(weir_builder *builder, weir__ints *ints, const weir__ints *more)
{
    for (size_t i = 0; i < more->count; i++) {
        weir__ints_add(builder, ints, more->at[i]);
    }
}

static const weir_serde *wrap(weir_builder *builder, const weir_serde *of, weir_wrapped content)
{
    weir__wrapped *wrapped = weir__builder_alloc(builder, sizeof *wrapped);
    if (wrapped == NULL ||
        !weir__builder_grow(builder, &builder->wrapped, builder->wrapped_count,
                            &builder->wrapped_capacity, sizeof *builder->wrapped)) {
        return NULL;
    }
    wrapped->serde = *of;
    wrapped->of = content;
    wrapped->serde.user = &wrapped->of;
    builder->wrapped[builder->wrapped_count++] = wrapped;
    return &wrapped->serde;
}

const weir_serde *weir__builder_wrap(weir_builder *builder, const weir_serde *of,
                                     const weir_serde *inner)
{
    return wrap(builder, of, (weir_wrapped){inner, 0});
}

const weir_serde *weir__builder_windowed(weir_builder *builder, const weir__windowing *windows,
                                         const weir_serde *key)
{
    static const weir_serde by_time = WEIR_TIME_WINDOWED("windowed key", NULL);
    static const weir_serde by_session = WEIR_SESSION_WINDOWED("key of a session", NULL);
    return wrap(builder, windows->sessions ? &by_session : &by_time,
                (weir_wrapped){key, windows->sessions ? 0 : windows->time.size_ms});
}

/* ---- Nodes -------------------------------------------------------------------------------- */

int weir__builder_node(weir_builder *builder, weir__node_kind kind, const char *name)
{
    if (!weir__builder_ok(builder) || !weir__builder_check_name(builder, "node", name)) {
        return -1;
    }
    if (weir__map_get_text(&builder->node_names, name) != NULL) {
        weir__builder_fail(builder, WEIR_EEXISTS, "there are two nodes named '%s'", name);
        return -1;
    }
    weir__draft *draft = weir__builder_alloc(builder, sizeof *draft);
    if (draft == NULL || !weir__builder_grow(builder, &builder->nodes, builder->node_count,
                                             &builder->node_capacity, sizeof *builder->nodes)) {
        return -1;
    }
    draft->node.kind = kind;
    draft->node.index = (int)builder->node_count;
    draft->node.table_store = -1;
    draft->connected_to = -1;
    draft->node.name = weir__builder_text(builder, "%s", name);
    if (weir__map_put_text(&builder->node_names, name, draft) != WEIR_OK) {
        weir__builder_fail(builder, WEIR_ENOMEM, "out of memory");
        return -1;
    }
    builder->nodes[builder->node_count++] = draft;
    return draft->node.index;
}

void weir__builder_parent(weir_builder *builder, int child, int parent)
{
    if (weir__builder_ok(builder)) {
        weir__ints_add(builder, &builder->nodes[child]->parents, parent);
        weir__ints_add(builder, &builder->nodes[parent]->children, child);
    }
}

void weir__builder_topic(weir_builder *builder, int node, const char *topic, bool internal)
{
    const char *copy = weir__builder_text(builder, "%s", topic);
    if (copy == NULL || !weir__builder_check_name(builder, "topic", topic)) {
        return;
    }
    weir__node *of = &builder->nodes[node]->node;
    weir__topic_ref *topics = (weir__topic_ref *)(uintptr_t)of->topics; /* of the arena */
    if (weir__builder_grow(builder, &topics, of->topic_count, &builder->nodes[node]->topic_capacity,
                           sizeof *topics)) {
        topics[of->topic_count++] = (weir__topic_ref){copy, internal};
        of->topics = topics;
    }
}

void weir__builder_sink_to(weir_builder *builder, int sink, const char *topic,
                           const weir_sink_opts *opts, const char *function)
{
    weir__node *node = &builder->nodes[sink]->node;
    bool chosen = opts != NULL && opts->topic_fn != NULL;
    if (!weir__builder_given(builder, topic != NULL || chosen, function, "topic")) {
        return;
    }
    if (topic != NULL && chosen) {
        weir__builder_fail(builder, WEIR_EINVAL, "%s: sink '%s' has both a topic and a topic_fn",
                           function, node->name);
        return;
    }
    if (opts != NULL) {
        node->sink = *opts;
        node->sink.name = node->name;
        node->sink.topic_rule = weir__builder_text(
            builder, "%s", opts->topic_rule != NULL ? opts->topic_rule : "topic_fn");
    }
    if (topic != NULL) {
        weir__builder_topic(builder, sink, topic, false);
    }
}

/* ---- Stores ------------------------------------------------------------------------------- */

static const char *const *copy_config(weir_builder *builder, const char *const *config)
{
    size_t count = 0;
    while (config[count] != NULL) {
        count++;
    }
    const char **copy = weir__builder_alloc(builder, (count + 1) * sizeof *copy);
    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = weir__builder_text(builder, "%s", config[i]);
    }
    return copy;
}

static bool check_store_opts(weir_builder *builder, const char *name, const weir_store_opts *opts)
{
    if (opts->backend < WEIR_BACKEND_DEFAULT || opts->backend > WEIR_BACKEND_MEMORY) {
        weir__builder_fail(builder, WEIR_EINVAL, "store '%s': there is no backend %d", name,
                           (int)opts->backend);
    }
    if (opts->caching < WEIR_TOGGLE_DEFAULT || opts->caching > WEIR_OFF ||
        opts->logging < WEIR_TOGGLE_DEFAULT || opts->logging > WEIR_OFF) {
        weir__builder_fail(builder, WEIR_EINVAL,
                           "store '%s': caching and logging are WEIR_ON, WEIR_OFF or the default",
                           name);
    }
    if (opts->retention_ms != 0) {
        weir__builder_fail(builder, WEIR_EINVAL,
                           "store '%s': retention_ms is for aggregations of windows", name);
    }
    const char *what = weir__builder_text(builder, "store '%s': changelog_config", name);
    if (what != NULL) {
        weir_error error;
        if (weir__error_pairs(&error, opts->changelog_config, what) != WEIR_OK) {
            weir__builder_fail(builder, error.code, "%s", error.message);
        }
    }
    return weir__builder_ok(builder);
}

int weir__builder_store(weir_builder *builder, const char *name, const weir_store_opts *opts,
                        bool caching)
{
    static const weir_store_opts defaults = {0};
    if (!weir__builder_ok(builder) || !weir__builder_check_name(builder, "store", name)) {
        return -1;
    }
    if (weir__map_get_text(&builder->store_names, name) != NULL) {
        weir__builder_fail(builder, WEIR_EEXISTS, "there are two stores named '%s'", name);
        return -1;
    }
    opts = opts != NULL ? opts : &defaults;
    if (opts->source != NULL) {
        weir__builder_fail(builder, WEIR_EINVAL,
                           "store '%s': `source` is for tables that are read from a topic", name);
        return -1;
    }
    if (!check_store_opts(builder, name, opts)) {
        return -1;
    }
    weir__store_draft *draft = weir__builder_alloc(builder, sizeof *draft);
    if (draft == NULL || !weir__builder_grow(builder, &builder->stores, builder->store_count,
                                             &builder->store_capacity, sizeof *builder->stores)) {
        return -1;
    }
    draft->spec = (weir__store_spec){
        .index = (int)builder->store_count,
        .name = weir__builder_text(builder, "%s", name),
        .key = opts->key != NULL ? opts->key : &weir__default_key,
        .value = opts->value != NULL ? opts->value : &weir__default_value,
        .backend = opts->backend,
        .caching = opts->caching == WEIR_TOGGLE_DEFAULT ? caching : opts->caching == WEIR_ON,
        .logging = opts->logging != WEIR_OFF,
        .kind = &weir__kind_timestamped_key_value,
        .owner = -1,
    };
    if (opts->history != NULL) {
        draft->history = true;
        draft->spec.kind = &weir__kind_versioned;
        draft->spec.retention_ms = opts->history->retention_ms;
        draft->spec.caching = opts->caching == WEIR_ON; /* which weir_build refuses */
    }
    if (opts->changelog_config != NULL) {
        draft->spec.changelog_config = copy_config(builder, opts->changelog_config);
    }
    if (weir__map_put_text(&builder->store_names, name, draft) != WEIR_OK) {
        weir__builder_fail(builder, WEIR_ENOMEM, "out of memory");
        return -1;
    }
    builder->stores[builder->store_count++] = draft;
    return draft->spec.index;
}

void weir__builder_use_store(weir_builder *builder, int node, int store)
{
    if (weir__builder_ok(builder)) {
        weir__ints_add(builder, &builder->nodes[node]->stores, store);
        weir__ints_add(builder, &builder->stores[store]->users, node);
    }
}

void weir__builder_own_store(weir_builder *builder, int node, int store)
{
    if (weir__builder_ok(builder)) {
        builder->nodes[node]->node.table_store = store;
        builder->stores[store]->spec.owner = node;
        weir__builder_use_store(builder, node, store);
    }
}

/* ---- Relations ---------------------------------------------------------------------------- */

void weir__builder_read(weir_builder *builder, int node, int table)
{
    if (weir__builder_ok(builder)) {
        weir__ints_add(builder, &builder->nodes[node]->reads, table);
    }
}

const char *weir__builder_table_name(const weir_builder *builder, int table)
{
    const weir__draft *draft = builder->nodes[table];
    int store = draft->node.table_store;
    return store >= 0                       ? builder->stores[store]->spec.name
           : draft->store_if_needed != NULL ? draft->store_if_needed
                                            : draft->node.name;
}

void weir__builder_check_types(weir_builder *builder, const weir__type_check *check)
{
    if (weir__builder_grow(builder, &builder->checks, builder->check_count,
                           &builder->check_capacity, sizeof *builder->checks)) {
        builder->checks[builder->check_count++] = *check;
    }
}

void weir__builder_copartition(weir_builder *builder, const weir__ints *sources, const char *reason)
{
    weir__copartition_draft draft = {.reason = weir__builder_text(builder, "%s", reason)};
    weir__ints_add_all(builder, &draft.sources, sources);
    if (weir__builder_grow(builder, &builder->copartitions, builder->copartition_count,
                           &builder->copartition_capacity, sizeof *builder->copartitions)) {
        builder->copartitions[builder->copartition_count++] = draft;
    }
}
