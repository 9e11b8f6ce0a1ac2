/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators without state. */
#include "plan.h"

static weir_stream stream_of(const weir__plan_build *b, const weir__handle *of)
{
    return (weir_stream){b->builder, of->node};
}

/* ---- Filters and branches ----------------------------------------------------------------- */

static void build_any_filter(weir__plan_build *b, yyjson_val *op, const weir__handle *of,
                             bool negate)
{
    weir_named named = {weir__needed_text(b, op, "id")};
    weir__fn_use *use = weir__build_use(b, of);
    const weir__predicate *predicate = weir__build_predicate(b, op, of);
    if (!weir__build_ok(b)) {
        return;
    }
    use->predicate = predicate;
    weir_stream out = negate ? weir_filter_not(stream_of(b, of), weir__call_predicate, use, &named)
                             : weir_filter(stream_of(b, of), weir__call_predicate, use, &named);
    weir__handle_add(b, named.name, HANDLE_STREAM, out.node, of->key, of->value);
}

static void build_filter(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    build_any_filter(b, op, of, false);
}

static void build_filter_not(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    build_any_filter(b, op, of, true);
}

static void build_split(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    weir_branch branches[WEIR_PLAN_LIST_MAX + 1] = {{0}};
    weir_stream out[WEIR_PLAN_LIST_MAX + 1];
    const char *id = weir__needed_text(b, op, "id");
    const char *other = weir__member_text(b, op, "default");
    yyjson_val *list = weir__member_list(b, op, "branches");
    size_t count = yyjson_arr_size(list);
    for (size_t i = 0; i < count; i++) {
        yyjson_val *branch = yyjson_arr_get(list, i);
        weir__fn_use *use = weir__build_use(b, of);
        branches[i] = (weir_branch){weir__needed_text(b, branch, "id"), weir__call_predicate, use};
        const weir__predicate *predicate = weir__build_predicate(b, branch, of);
        if (use != NULL) {
            use->predicate = predicate;
        }
    }
    if (other != NULL) {
        branches[count++] = (weir_branch){other, NULL, NULL};
    }
    if (!weir__build_ok(b)) {
        return;
    }
    weir_split(stream_of(b, of), branches, count, out, &(weir_named){id});
    for (size_t i = 0; i < count; i++) {
        const char *name = weir__build_text(b, id, branches[i].name);
        weir__handle_add(b, name, HANDLE_STREAM, out[i].node, of->key, of->value);
    }
}

/* ---- Values and keys ---------------------------------------------------------------------- */

static void build_map_values(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    weir_named named = {weir__needed_text(b, op, "id")};
    const char *name = weir__needed_text(b, op, "fn");
    const weir__value_fn *fn = weir__value_fn_named(name);
    weir__fn_use *use = weir__build_use(b, of);
    if (fn == NULL || use == NULL) {
        weir__unknown(b, "value function", name);
        return;
    }
    weir__check_takes(b, name, "values", fn->takes, of->value);
    use->fn = fn;
    use->gives = weir__stated_type(b, op, "value", weir__type_of(fn->gives, of->key, of->value));
    if (weir__build_ok(b)) {
        weir_stream out =
            weir_map_values(stream_of(b, of), use->gives, weir__call_value, use, &named);
        weir__handle_add(b, named.name, HANDLE_STREAM, out.node, of->key, use->gives);
    }
}

/* `node`: of the operator; NULL: numbered. */
static void select_key(weir__plan_build *b, yyjson_val *op, weir_stream in, const weir__handle *of,
                       const char *node)
{
    const char *id = weir__needed_text(b, op, "id");
    const weir__value_fn *fn = weir__build_key_fn(b, op, "fn", of);
    weir__fn_use *use = weir__build_use(b, of);
    if (fn == NULL || use == NULL) {
        return;
    }
    use->fn = fn;
    use->gives_key = weir__stated_type(b, op, "key", weir__type_of(fn->gives, of->key, of->value));
    if (weir__build_ok(b)) {
        weir_stream out =
            weir_select_key(in, use->gives_key, weir__call_select_key, use, &(weir_named){node});
        weir__handle_add(b, id, HANDLE_STREAM, out.node, use->gives_key, of->value);
    }
}

static void build_select_key(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    select_key(b, op, stream_of(b, of), of, weir__member_text(b, op, "id"));
}

static void build_to_stream(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *id = weir__needed_text(b, op, "id");
    if (!weir__build_ok(b)) {
        return;
    }
    weir_stream out = weir_to_stream((weir_table){b->builder, of->node}, &(weir_named){id});
    if (weir__member_text(b, op, "fn") != NULL) {
        select_key(b, op, out, of, NULL);
    } else {
        weir__handle_add(b, id, HANDLE_STREAM, out.node, of->key, of->value);
    }
}

static void build_map(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    weir_named named = {weir__needed_text(b, op, "id")};
    const char *name = weir__needed_text(b, op, "fn");
    const weir__pair_fn *fn = weir__pair_fn_named(name);
    weir__fn_use *use = weir__build_use(b, of);
    if (fn == NULL || use == NULL) {
        weir__unknown(b, "pair function", name);
        return;
    }
    weir__check_takes(b, name, "values", fn->takes, of->value);
    use->pair = fn;
    use->gives_key =
        weir__stated_type(b, op, "key", weir__type_of(fn->gives_key, of->key, of->value));
    use->gives = weir__stated_type(b, op, "value", weir__type_of(fn->gives, of->key, of->value));
    if (weir__build_ok(b)) {
        weir_stream out =
            weir_map(stream_of(b, of), use->gives_key, use->gives, weir__call_pair, use, &named);
        weir__handle_add(b, named.name, HANDLE_STREAM, out.node, use->gives_key, use->gives);
    }
}

static void build_any_flat_map(weir__plan_build *b, yyjson_val *op, const weir__handle *of,
                               bool values)
{
    weir_named named = {weir__needed_text(b, op, "id")};
    const char *name = weir__needed_text(b, op, "fn");
    const weir__emit_fn *fn = values ? weir__values_fn_named(name) : weir__pairs_fn_named(name);
    weir__fn_use *use = weir__build_use(b, of);
    if (fn == NULL || use == NULL) {
        weir__unknown(b, values ? "function of several values" : "function of several pairs", name);
        return;
    }
    weir__check_takes(b, name, "keys", fn->takes_key, of->key);
    weir__check_takes(b, name, "values", fn->takes, of->value);
    use->emit = fn;
    use->gives_key =
        weir__stated_type(b, op, "key", weir__type_of(fn->gives_key, of->key, of->value));
    use->gives = weir__stated_type(b, op, "value", weir__type_of(fn->gives, of->key, of->value));
    if (!weir__build_ok(b)) {
        return;
    }
    weir_stream in = stream_of(b, of);
    weir_stream out =
        values ? weir_flat_map_values(in, use->gives, weir__call_emit, use, &named)
               : weir_flat_map(in, use->gives_key, use->gives, weir__call_emit, use, &named);
    weir__handle_add(b, named.name, HANDLE_STREAM, out.node, use->gives_key, use->gives);
}

static void build_flat_map(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    build_any_flat_map(b, op, of, false);
}

static void build_flat_map_values(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    build_any_flat_map(b, op, of, true);
}

/* ---- The rest ----------------------------------------------------------------------------- */

static void build_peek(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    weir_named named = {weir__needed_text(b, op, "id")};
    if (weir__build_ok(b)) {
        weir_stream out = weir_peek(stream_of(b, of), weir__call_nothing, NULL, &named);
        weir__handle_add(b, named.name, HANDLE_STREAM, out.node, of->key, of->value);
    }
}

static void build_foreach(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    weir_named named = {weir__needed_text(b, op, "id")};
    if (weir__build_ok(b)) {
        weir_for_each(stream_of(b, of), weir__call_nothing, NULL, &named);
    }
}

static void build_merge(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    weir_named named = {weir__needed_text(b, op, "id")};
    const weir__handle *with = weir__handle_named(b, op, "with");
    if (with != NULL && with->kind != HANDLE_STREAM) {
        weir__build_unsupported(b, "merge with a %s", weir__handle_kind_text(with->kind));
    }
    if (weir__build_ok(b)) {
        weir_stream out = weir_merge(stream_of(b, of), stream_of(b, with), &named);
        weir__handle_add(b, named.name, HANDLE_STREAM, out.node, of->key, of->value);
    }
}

static void build_repartition(weir__plan_build *b, yyjson_val *op, const weir__handle *of)
{
    const char *id = weir__needed_text(b, op, "id");
    int64_t partitions = weir__member_number(b, op, "partitions");
    if (partitions < INT32_MIN || partitions > INT32_MAX) {
        weir__build_fail(b, WEIR_EINVAL, "'partitions' is beyond the range of int32");
    }
    weir_repartition_opts opts = {.partitions = (int32_t)partitions};
    if (weir__build_ok(b)) {
        weir_stream out = weir_repartition(stream_of(b, of), id, &opts);
        weir__handle_add(b, id, HANDLE_STREAM, out.node, of->key, of->value);
    }
}

const weir__op weir__ops_stateless[] = {
    {"filter", build_filter, false, HANDLE_STREAM},
    {"filter_not", build_filter_not, false, HANDLE_STREAM},
    {"split", build_split, false, HANDLE_STREAM},
    {"map_values", build_map_values, false, HANDLE_STREAM},
    {"select_key", build_select_key, false, HANDLE_STREAM},
    {"to_stream", build_to_stream, false, HANDLE_TABLE},
    {"map", build_map, false, HANDLE_STREAM},
    {"flat_map", build_flat_map, false, HANDLE_STREAM},
    {"flat_map_values", build_flat_map_values, false, HANDLE_STREAM},
    {"peek", build_peek, false, HANDLE_STREAM},
    {"foreach", build_foreach, false, HANDLE_STREAM},
    {"merge", build_merge, false, HANDLE_STREAM},
    {"repartition", build_repartition, false, HANDLE_STREAM},
    {NULL, NULL, false, HANDLE_STREAM},
};
