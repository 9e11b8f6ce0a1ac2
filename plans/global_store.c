/* SPDX-License-Identifier: Apache-2.0
 *
 * Global stores with a processor of their own. */
#include "plan.h"

/* Its store has the types of the topic. */
static void build(weir__plan_build *b, yyjson_val *op, const char *id, const char *source_name)
{
    const char *store;
    weir__handle gives = {0};
    const char *topic = weir__needed_text(b, op, "topic");
    weir__handle of = {.key = weir__needed_type(b, op, "key"),
                       .value = weir__needed_type(b, op, "value")};
    weir_store_opts kept = weir__store_opts(b, op, NULL, &store);
    weir_source_opts source = weir__source_opts(b, op, of.value);
    source.name = source_name;
    kept.key = of.key;
    kept.value = of.value;
    if (store == NULL) {
        weir__build_fail(b, WEIR_EINVAL, "'store' needs a 'name'");
    }
    weir__processor_use *use = weir__build_ok(b) ? weir__build_processor(b, op, &of, &gives) : NULL;
    if (use == NULL) {
        return;
    }
    weir_global_store_opts opts = {.name = id, .source = &source};
    weir_add_store(b->builder, store, &kept, NULL);
    weir_add_global_store(b->builder, topic, store, of.key, of.value, &weir__plan_processor_ops,
                          use, &opts);
    weir__store_add(b, store, of.key, of.value);
    weir__handle_add(b, id, HANDLE_NODE, -1, of.key, of.value);
}

static void build_global_store(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    (void)of;
    const char *id = weir__needed_text(b, op, "id");
    build(b, op, id, weir__build_text(b, id, "-source"));
}

static void build_add_global_store(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    (void)of;
    build(b, op, weir__needed_text(b, op, "id"), weir__needed_text(b, op, "source_id"));
}

const weir__op weir__ops_global_store[] = {
    {"global_store", build_global_store, true, HANDLE_NODE},
    {"add_global_store", build_add_global_store, true, HANDLE_NODE},
    {NULL, NULL, false, HANDLE_STREAM},
};
