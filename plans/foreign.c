/* SPDX-License-Identifier: Apache-2.0
 *
 * Joins of tables by a foreign key, and the functions that give it. */
#include <string.h>

#include "plan.h"

static datum value_prefix(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    const char *end = value.bytes.len > 0 ? memchr(value.bytes.data, ':', value.bytes.len) : NULL;
    return end != NULL ? datum_string(value.bytes.data, (size_t)(end - bytes_of(value)))
                       : datum_null();
}

static datum value_itself(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    return value;
}

static datum key_first_char(weir_ctx *ctx, datum key, datum value)
{
    (void)value;
    return weir__first_char(ctx, key);
}

static const weir__value_fn foreign_fns[] = {
    {"value_prefix", value_prefix, TYPE_STRING, TYPE_STRING},
    {"value_itself", value_itself, TYPE_STRING, TYPE_STRING},
    {"key_first_char", key_first_char, TYPE_ANY, TYPE_STRING},
};

/* The functions of a join; NULL after a failure. */
static weir__fn_use *foreign_use(weir__plan_build *b, yyjson_val *op, const weir__handle *of,
                                 const weir__handle *with)
{
    const char *names[] = {weir__needed_text(b, op, "foreign_fn"),
                           weir__needed_text(b, op, "joiner")};
    const weir__value_fn *foreign = WEIR__NAMED(foreign_fns, names[0]);
    const weir__joiner *joiner = weir__joiner_named(names[1]);
    weir__fn_use *use = weir__build_use(b, of);
    if (foreign == NULL || joiner == NULL || use == NULL) {
        weir__unknown(b, foreign == NULL ? "foreign key function" : "joiner",
                      names[foreign == NULL ? 0 : 1]);
        return NULL;
    }
    weir__check_takes(b, names[0], "values", foreign->takes, of->value);
    if (foreign->fn == key_first_char) {
        weir__check_takes(b, names[0], "keys", TYPE_STRING, of->key);
    }
    weir__check_takes(b, names[1], "values", joiner->takes, of->value);
    weir__check_takes(b, names[1], "values", joiner->takes, with->value);
    use->fn = foreign;
    use->gives_key = weir__type_of(foreign->gives, of->key, of->value);
    weir__check_same(b, "what 'foreign_fn' gives", with->key, use->gives_key);
    use->joiner = joiner;
    use->right = with->value;
    use->gives =
        weir__stated_type(b, op, "value", weir__type_of(joiner->gives, of->key, of->value));
    return weir__build_ok(b) ? use : NULL;
}

static void build_any(weir__plan_build *b, yyjson_val *op, const weir__handle *of, bool left)
{
    const char *store;
    const weir__handle *with = weir__handle_named(b, op, "with");
    weir_store_opts opts = weir__store_opts(b, op, weir__needed_text(b, op, "id"), &store);
    if (with == NULL) {
        return;
    }
    if (with->kind != HANDLE_TABLE) {
        weir__build_unsupported(b, "a foreign-key join of a table with a %s",
                                weir__handle_kind_text(with->kind));
    }
    weir__fn_use *use = foreign_use(b, op, of, with);
    if (use == NULL) {
        return;
    }
    weir__member_refused(b, op, "grace_ms", "a join by foreign key");
    opts.value = use->gives;
    weir_table tables[] = {{b->builder, of->node}, {b->builder, with->node}};
    weir_foreign_joiner fn = {.foreign_key = weir__call_select_key,
                              .key = use->gives_key,
                              .joiner = weir__call_table_joiner,
                              .user = use};
    weir_table out = left ? weir_table_foreign_left_join(tables[0], tables[1], &fn, store, &opts)
                          : weir_table_foreign_join(tables[0], tables[1], &fn, store, &opts);
    weir__handle_add(b, opts.node, HANDLE_TABLE, out.node, of->key, use->gives);
    weir__store_add(b, store, of->key, use->gives);
}

static void build_join(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    build_any(b, op, of, false);
}

static void build_left_join(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    build_any(b, op, of, true);
}

const weir__op weir__ops_foreign[] = {
    {"fk_join", build_join, false, HANDLE_TABLE},
    {"fk_left_join", build_left_join, false, HANDLE_TABLE},
    {NULL, NULL, false, HANDLE_STREAM},
};
