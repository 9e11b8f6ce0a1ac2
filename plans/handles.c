/* SPDX-License-Identifier: Apache-2.0
 *
 * What ids and names of a plan stand for: handles, stores, functions. */
#include <string.h>

#include "plan.h"

/* ---- Handles ------------------------------------------------------------------------------ */

const weir__handle *weir__handle_find(const weir__plan_build *b, const char *id)
{
    for (size_t i = 0; id != NULL && i < b->handle_count; i++) {
        if (strcmp(b->handles[i].id, id) == 0) {
            return &b->handles[i];
        }
    }
    return NULL;
}

const weir__handle *weir__handle_named(weir__plan_build *b, yyjson_val *op, const char *member)
{
    const char *id = weir__needed_text(b, op, member);
    const weir__handle *found = weir__handle_find(b, id);
    if (found == NULL) {
        weir__build_fail(b, WEIR_EINVAL, "'%s' names no operator before this one: '%s'", member,
                         id != NULL ? id : "");
    }
    return found;
}

void weir__handle_add(weir__plan_build *b, const char *id, weir__handle_kind kind, int node,
                      const weir_serde *key, const weir_serde *value)
{
    if (weir__handle_find(b, id) != NULL) {
        weir__build_fail(b, WEIR_EEXISTS, "an operator before this one is '%s' too", id);
    }
    if (weir__build_ok(b) && id != NULL && b->handle_count < b->handle_capacity) {
        b->handles[b->handle_count++] = (weir__handle){id, kind, node, key, value, NULL};
    }
}

const char *weir__handle_kind_text(weir__handle_kind kind)
{
    static const char *const texts[] = {"stream",
                                        "table",
                                        "global table",
                                        "grouped stream",
                                        "grouped table",
                                        "cogroup",
                                        "windowed stream",
                                        "stream of sessions",
                                        "windowed cogroup",
                                        "cogroup of sessions",
                                        "node added by hand"};
    return texts[kind];
}

/* ---- Stores ------------------------------------------------------------------------------- */

static weir__plan_store_kind read_kind(weir__plan_build *b, yyjson_val *store)
{
    const char *kind = weir__member_text(b, store, "kind");
    if (kind == NULL || strcmp(kind, "kv") == 0 || strcmp(kind, "timestamped_kv") == 0 ||
        strcmp(kind, "versioned") == 0) {
        return STORE_KEY_VALUE;
    }
    if (strcmp(kind, "window") == 0) {
        return STORE_WINDOW;
    }
    if (strcmp(kind, "session") != 0) {
        weir__build_unsupported(b, "stores of kind %s", kind);
    }
    return STORE_SESSION;
}

/* NULL: the store is not versioned. */
static const weir_history *read_history(weir__plan_build *b, yyjson_val *store)
{
    const char *kind = weir__member_text(b, store, "kind");
    if (kind == NULL || strcmp(kind, "versioned") != 0) {
        return NULL;
    }
    weir_history *history = weir__build_alloc(b, sizeof *history);
    if (history != NULL) {
        history->retention_ms = weir__member_number(b, store, "history_retention_ms");
    }
    return history;
}

weir_store_opts weir__any_store_opts(weir__plan_build *b, yyjson_val *op, const char *node,
                                     const char **name, weir__plan_store_kind *kind)
{
    yyjson_val *store = weir__member_object(b, op, "store");
    const char *backend = weir__member_text(b, store, "backend");
    weir_store_opts opts = {.node = node, .backend = WEIR_BACKEND_MEMORY};
    *name = weir__member_text(b, store, "name");
    *kind = read_kind(b, store);
    opts.history = read_history(b, store);
    opts.logging = weir__member_bool(b, store, "logging", true) ? WEIR_ON : WEIR_OFF;
    if (backend != NULL && strcmp(backend, "rocksdb") == 0) {
        opts.backend = WEIR_BACKEND_ROCKSDB;
    } else if (backend != NULL && strcmp(backend, "memory") != 0) {
        weir__build_fail(b, WEIR_EINVAL, "'backend' must be memory or rocksdb, not '%s'", backend);
    }
    return opts;
}

weir_store_opts weir__store_opts(weir__plan_build *b, yyjson_val *op, const char *node,
                                 const char **name)
{
    weir__plan_store_kind kind;
    weir_store_opts opts = weir__any_store_opts(b, op, node, name, &kind);
    if (weir__build_ok(b) && kind != STORE_KEY_VALUE) {
        weir__build_unsupported(b, "stores of kind %s",
                                kind == STORE_WINDOW ? "window" : "session");
    }
    return opts;
}

void weir__store_add(weir__plan_build *b, const char *name, const weir_serde *key,
                     const weir_serde *value)
{
    if (weir__build_ok(b) && name != NULL) {
        b->stores[b->store_count++] = (weir__plan_store){name, key, value};
    }
}

static const weir__plan_store *find_store(const weir__plan_build *b, const char *name)
{
    for (size_t i = 0; i < b->store_count; i++) {
        if (strcmp(b->stores[i].name, name) == 0) {
            return &b->stores[i];
        }
    }
    return NULL;
}

void weir__check_store_uses(weir__plan_build *b)
{
    for (size_t i = 0; i < b->store_use_count; i++) {
        const weir__store_use *use = &b->store_uses[i];
        const weir__plan_store *store = find_store(b, use->store);
        b->name = use->operator_name;
        if (store == NULL) {
            weir__build_fail(b, WEIR_ENOTFOUND, "no operator declares the store '%s' of %s",
                             use->store, use->processor);
        } else if (!weir__same_type(store->key, use->key) ||
                   !weir__same_type(store->value, use->value)) {
            weir__build_fail(b, WEIR_ETYPE,
                             "%s needs a store of %s keys and %s values; '%s' has %s and %s",
                             use->processor, use->key->name, use->value->name, use->store,
                             store->key->name, store->value->name);
        }
    }
}

/* ---- Functions ---------------------------------------------------------------------------- */

void weir__unknown(weir__plan_build *b, const char *what, const char *name)
{
    if (name != NULL) {
        weir__build_unsupported(b, "the %s %s", what, name);
    }
}

const weir__value_fn *weir__build_key_fn(weir__plan_build *b, yyjson_val *op, const char *member,
                                         const weir__handle *of)
{
    const char *name = weir__needed_text(b, op, member);
    const weir__value_fn *fn = weir__key_fn_named(name);
    const weir__value_fn *of_windows = weir__window_key_fn_named(name);
    if (of_windows != NULL) {
        fn = of_windows;
    }
    if (fn == NULL) {
        weir__unknown(b, "key function", name);
        return NULL;
    }
    weir__check_takes(b, name, "values", fn->takes, of->value);
    if (of_windows != NULL && weir_windowed_wrapped(of->key) == NULL) {
        weir__build_fail(b, WEIR_ETYPE, "%s reads windowed keys, not %s", name, of->key->name);
    }
    return fn;
}

const weir__predicate *weir__build_predicate(weir__plan_build *b, yyjson_val *op,
                                             const weir__handle *of)
{
    const char *name = weir__needed_text(b, op, "predicate");
    const weir__predicate *predicate = weir__predicate_named(name);
    if (predicate == NULL) {
        weir__unknown(b, "predicate", name);
        return NULL;
    }
    weir__check_takes(b, name, "values", predicate->takes, of->value);
    return predicate;
}
