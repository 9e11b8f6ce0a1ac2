/* SPDX-License-Identifier: Apache-2.0
 *
 * Joins. */
#include "plan.h"

static weir_stream join_global(weir__plan_build *b, const weir__handle *of,
                               const weir__handle *with, bool left, weir__fn_use *use,
                               const char *id)
{
    weir_stream in = {b->builder, of->node};
    weir_global_table table = {b->builder, with->node};
    weir_global_join_opts opts = {.name = id,
                                  .key_fn = weir__call_join_key,
                                  .key = use->key_fn != NULL ? use->gives_key : of->key};
    return left ? weir_left_join_global(in, table, use->gives, weir__call_joiner, use, &opts)
                : weir_join_global(in, table, use->gives, weir__call_joiner, use, &opts);
}

static weir_stream join_with_grace(weir__plan_build *b, yyjson_val *op, const weir__handle *of,
                                   const weir__handle *with, bool left, weir__fn_use *use)
{
    weir_stream in = {b->builder, of->node};
    weir_table table = {b->builder, with->node};
    weir_grace_join_opts opts = {weir__needed_text(b, op, "id"),
                                 weir__member_number(b, op, "grace_ms")};
    return left ? weir_left_join_table_with_grace(in, table, use->gives, weir__call_joiner, use,
                                                  &opts)
                : weir_join_table_with_grace(in, table, use->gives, weir__call_joiner, use, &opts);
}

static weir_stream join_table(weir__plan_build *b, const weir__handle *of, const weir__handle *with,
                              bool left, weir__fn_use *use, const char *id)
{
    weir_stream in = {b->builder, of->node};
    weir_table table = {b->builder, with->node};
    weir_named named = {id};
    return left ? weir_left_join_table(in, table, use->gives, weir__call_joiner, use, &named)
                : weir_join_table(in, table, use->gives, weir__call_joiner, use, &named);
}

weir__fn_use *weir__build_join_use(weir__plan_build *b, yyjson_val *op, const weir__handle *of,
                                   const weir__handle *with)
{
    const char *name = weir__needed_text(b, op, "joiner");
    const weir__joiner *joiner = weir__joiner_named(name);
    weir__fn_use *use = weir__build_use(b, of);
    if (joiner == NULL || use == NULL) {
        weir__unknown(b, "joiner", name);
        return NULL;
    }
    weir__check_takes(b, name, "values", joiner->takes, of->value);
    weir__check_takes(b, name, "values", joiner->takes, with->value);
    use->right = with->value;
    use->joiner = joiner;
    use->gives =
        weir__stated_type(b, op, "value", weir__type_of(joiner->gives, of->key, of->value));
    if (with->kind != HANDLE_STREAM) {
        weir__member_refused(b, op, "windows", "a join with a table");
    }
    if (with->kind == HANDLE_GLOBAL_TABLE) {
        weir__member_refused(b, op, "grace_ms", "a join with a global table");
        use->key_fn = weir__build_key_fn(b, op, "key_fn", of);
        if (use->key_fn != NULL) {
            use->gives_key = weir__type_of(use->key_fn->gives, of->key, of->value);
            weir__check_same(b, "what 'key_fn' gives", with->key, use->gives_key);
        }
    } else {
        weir__member_refused(b, op, "key_fn", "a join by the key of the records");
        weir__check_same(b, "the keys of the right side", of->key, with->key);
    }
    return weir__build_ok(b) ? use : NULL;
}

static void build_any_join(weir__plan_build *b, yyjson_val *op, const weir__handle *of, bool left)
{
    const char *id = weir__needed_text(b, op, "id");
    const weir__handle *with = weir__handle_named(b, op, "with");
    if (with == NULL) {
        return;
    }
    if (with->kind == HANDLE_STREAM) {
        weir__build_stream_join(b, op, of, with, left);
        return;
    }
    bool global = with->kind == HANDLE_GLOBAL_TABLE;
    if (!global && with->kind != HANDLE_TABLE) {
        weir__build_unsupported(b, "join of a stream with a %s",
                                weir__handle_kind_text(with->kind));
    }
    weir__fn_use *use = weir__build_join_use(b, op, of, with);
    if (use != NULL) {
        bool grace = yyjson_obj_get(op, "grace_ms") != NULL;
        weir_stream out = global  ? join_global(b, of, with, left, use, id)
                          : grace ? join_with_grace(b, op, of, with, left, use)
                                  : join_table(b, of, with, left, use, id);
        weir__handle_add(b, id, HANDLE_STREAM, out.node, of->key, use->gives);
    }
}

static void build_join(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    build_any_join(b, op, of, false);
}

static void build_left_join(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    build_any_join(b, op, of, true);
}

/* ---- Two tables --------------------------------------------------------------------------- */

typedef weir_table (*join_tables_fn)(weir_table left, weir_table right, weir_joiner_fn fn,
                                     void *user, const char *store, const weir_store_opts *opts);

static void join_tables(weir__plan_build *b, yyjson_val *op, const weir__handle *of,
                        join_tables_fn join)
{
    const char *store;
    const weir__handle *with = weir__handle_named(b, op, "with");
    weir_store_opts opts = weir__store_opts(b, op, weir__needed_text(b, op, "id"), &store);
    if (with == NULL) {
        return;
    }
    if (with->kind != HANDLE_TABLE) {
        weir__build_unsupported(b, "join of a table with a %s", weir__handle_kind_text(with->kind));
    }
    weir__member_refused(b, op, "grace_ms", "a join of two tables");
    weir__fn_use *use = weir__build_join_use(b, op, of, with);
    if (use != NULL) {
        opts.value = use->gives;
        weir_table left = {b->builder, of->node};
        weir_table right = {b->builder, with->node};
        weir_table out = join(left, right, weir__call_table_joiner, use, store, &opts);
        weir__handle_add(b, opts.node, HANDLE_TABLE, out.node, of->key, use->gives);
        weir__store_add(b, store, of->key, use->gives);
    }
}

static void build_table_join(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    join_tables(b, op, of, weir_table_join);
}

static void build_table_left_join(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    join_tables(b, op, of, weir_table_left_join);
}

static void build_table_outer_join(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    join_tables(b, op, of, weir_table_outer_join);
}

const weir__op weir__ops_join[] = {
    {"join", build_join, false, HANDLE_STREAM},
    {"left_join", build_left_join, false, HANDLE_STREAM},
    {"join", build_table_join, false, HANDLE_TABLE},
    {"left_join", build_table_left_join, false, HANDLE_TABLE},
    {"outer_join", build_table_outer_join, false, HANDLE_TABLE},
    {NULL, NULL, false, HANDLE_STREAM},
};
