/* SPDX-License-Identifier: Apache-2.0
 *
 * The stores that the nodes of a graph are connected to. */
#include <string.h>

#include "core/error.h"
#include "process/typed_store.h"

weir_kv *weir__store_at(weir_ctx *ctx, size_t index)
{
    return ctx->graph->stores[ctx->node->spec->stores[index]];
}

/* NULL: the running node does not see such a store. */
static weir_kv *find_store(weir_ctx *ctx, const char *name)
{
    const weir_topology *topology = ctx->graph->topology;
    const weir__node *node = ctx->node != NULL ? ctx->node->spec : NULL;
    for (size_t i = 0; node != NULL && i < node->store_count; i++) {
        if (strcmp(topology->stores[node->stores[i]].name, name) == 0) {
            return ctx->graph->stores[node->stores[i]];
        }
    }
    /* Global stores need no connection. */
    for (size_t i = 0; i < topology->store_count; i++) {
        weir_kv *kv = ctx->graph->stores[i];
        if (kv != NULL && kv->view && strcmp(kv->spec->name, name) == 0) {
            return kv;
        }
    }
    weir__ctx_no_store(ctx, name);
    return NULL;
}

static weir_kv *store_of_type(weir_ctx *ctx, const char *name, weir__store_type type,
                              const char *function)
{
    static const char *const types[] = {
        "key-value store: use weir_store", "window store: use weir_window_store",
        "session store: use weir_session_store", "versioned store: use weir_versioned_store",
        "buffer: only its operator uses it"};
    if (ctx == NULL || ctx->graph == NULL || name == NULL) {
        weir__ctx_null(ctx, function, name == NULL ? "name" : "ctx");
        return NULL;
    }
    weir_kv *kv = find_store(ctx, name);
    if (kv != NULL && kv->spec->kind->type != type) {
        weir_fail(ctx, WEIR_EINVAL, "the store '%s' is a %s", name, types[kv->spec->kind->type]);
        return NULL;
    }
    return kv;
}

/* The same with these serdes. */
static weir_kv *typed_store(weir_ctx *ctx, const char *name, weir__store_type type,
                            const weir_serde *key, const weir_serde *value, const char *function)
{
    if (key == NULL || value == NULL) {
        weir__ctx_null(ctx, function, key == NULL ? "key" : "value");
        return NULL;
    }
    weir_kv *kv = store_of_type(ctx, name, type, function);
    if (kv == NULL) {
        return NULL;
    }
    bool keys = weir__serde_same(kv->spec->key, key);
    if (!keys || !weir__serde_same(kv->spec->value, value)) {
        const weir_serde *is = keys ? kv->spec->value : kv->spec->key;
        const weir_serde *wanted = keys ? value : key;
        weir_fail(ctx, WEIR_ETYPE,
                  "the store '%s': its %s are %s, this processor takes them for %s", name,
                  keys ? "values" : "keys", is->name, wanted->name);
        return NULL;
    }
    return kv;
}

weir_kv *weir_store(weir_ctx *ctx, const char *name)
{
    return store_of_type(ctx, name, WEIR__TYPE_KEY_VALUE, __func__);
}

weir_window *weir_window_store(weir_ctx *ctx, const char *name)
{
    return (weir_window *)store_of_type(ctx, name, WEIR__TYPE_WINDOW, __func__);
}

weir_session *weir_session_store(weir_ctx *ctx, const char *name)
{
    return (weir_session *)store_of_type(ctx, name, WEIR__TYPE_SESSION, __func__);
}

weir_versioned *weir_versioned_store(weir_ctx *ctx, const char *name)
{
    return (weir_versioned *)store_of_type(ctx, name, WEIR__TYPE_VERSIONED, __func__);
}

weir_kv *weir_store_of(weir_ctx *ctx, const char *name, const weir_serde *key,
                       const weir_serde *value)
{
    return typed_store(ctx, name, WEIR__TYPE_KEY_VALUE, key, value, __func__);
}

weir_window *weir_window_store_of(weir_ctx *ctx, const char *name, const weir_serde *key,
                                  const weir_serde *value)
{
    return (weir_window *)typed_store(ctx, name, WEIR__TYPE_WINDOW, key, value, __func__);
}

weir_session *weir_session_store_of(weir_ctx *ctx, const char *name, const weir_serde *key,
                                    const weir_serde *value)
{
    return (weir_session *)typed_store(ctx, name, WEIR__TYPE_SESSION, key, value, __func__);
}

weir_versioned *weir_versioned_store_of(weir_ctx *ctx, const char *name, const weir_serde *key,
                                        const weir_serde *value)
{
    return (weir_versioned *)typed_store(ctx, name, WEIR__TYPE_VERSIONED, key, value, __func__);
}
