/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads members of operators. Whatever the JSON is, a wrong member is a failure that names it. */
#include <string.h>

#include "plan.h"

static yyjson_val *member(weir__plan_build *b, yyjson_val *of, const char *name,
                          bool (*is)(yyjson_val *), const char *what)
{
    yyjson_val *found = yyjson_obj_get(of, name);
    if (found == NULL || yyjson_is_null(found)) {
        return NULL;
    }
    if (!is(found)) {
        weir__build_fail(b, WEIR_EINVAL, "'%s' must be %s", name, what);
        return NULL;
    }
    return found;
}

static void missing(weir__plan_build *b, const char *name)
{
    weir__build_fail(b, WEIR_EINVAL, "'%s' is missing", name);
}

const char *weir__member_text(weir__plan_build *b, yyjson_val *of, const char *name)
{
    return yyjson_get_str(member(b, of, name, yyjson_is_str, "a text"));
}

const char *weir__needed_text(weir__plan_build *b, yyjson_val *of, const char *name)
{
    const char *text = weir__member_text(b, of, name);
    if (text == NULL) {
        missing(b, name);
    }
    return text;
}

int64_t weir__member_number(weir__plan_build *b, yyjson_val *of, const char *name)
{
    yyjson_val *found = member(b, of, name, yyjson_is_int, "an integer");
    if (yyjson_is_uint(found) && yyjson_get_uint(found) > INT64_MAX) {
        weir__build_fail(b, WEIR_EINVAL, "'%s' is beyond the range of int64", name);
        return 0;
    }
    return yyjson_get_sint(found);
}

void weir__member_refused(weir__plan_build *b, yyjson_val *of, const char *name, const char *what)
{
    if (yyjson_obj_get(of, name) != NULL) {
        weir__build_fail(b, WEIR_EINVAL, "'%s' is not for %s", name, what);
    }
}

bool weir__member_bool(weir__plan_build *b, yyjson_val *of, const char *name, bool absent)
{
    yyjson_val *found = member(b, of, name, yyjson_is_bool, "true or false");
    return found != NULL ? yyjson_get_bool(found) : absent;
}

yyjson_val *weir__member_object(weir__plan_build *b, yyjson_val *of, const char *name)
{
    return member(b, of, name, yyjson_is_obj, "an object");
}

yyjson_val *weir__member_list(weir__plan_build *b, yyjson_val *of, const char *name)
{
    yyjson_val *list = member(b, of, name, yyjson_is_arr, "a list");
    if (yyjson_arr_size(list) > WEIR_PLAN_LIST_MAX) {
        weir__build_fail(b, WEIR_ELIMIT, "'%s' has %zu entries, allowed are %zu", name,
                         yyjson_arr_size(list), WEIR_PLAN_LIST_MAX);
        return NULL;
    }
    return list;
}

const char *const *weir__member_texts(weir__plan_build *b, yyjson_val *of, const char *name)
{
    yyjson_val *list = weir__member_list(b, of, name);
    size_t count = yyjson_arr_size(list);
    const char **out = weir__build_alloc(b, (count + 1) * sizeof *out);
    for (size_t i = 0; out != NULL && i < count; i++) {
        out[i] = yyjson_get_str(yyjson_arr_get(list, i));
        if (out[i] == NULL) {
            weir__build_fail(b, WEIR_EINVAL, "'%s' must be a list of texts", name);
            return NULL;
        }
    }
    return out;
}

const weir_serde *weir__type_named(const char *name)
{
    static const weir_serde *const all[] = {&weir_string, &weir_i64, &weir_bytes};
    for (size_t i = 0; name != NULL && i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i]->name, name) == 0) {
            return all[i];
        }
    }
    return NULL;
}

const weir_serde *weir__member_type(weir__plan_build *b, yyjson_val *of, const char *name)
{
    const char *text = weir__member_text(b, of, name);
    const weir_serde *type = weir__type_named(text);
    if (text != NULL && type == NULL) {
        weir__build_fail(b, WEIR_EINVAL, "'%s': no type is named '%s'", name, text);
    }
    return type;
}

const weir_serde *weir__needed_type(weir__plan_build *b, yyjson_val *of, const char *name)
{
    const weir_serde *type = weir__member_type(b, of, name);
    if (type == NULL) {
        missing(b, name);
    }
    return type;
}

/* ---- Types -------------------------------------------------------------------------------- */

const weir_serde *weir__type_of(weir__plan_type type, const weir_serde *key,
                                const weir_serde *value)
{
    switch (type) {
    case TYPE_STRING:
        return &weir_string;
    case TYPE_I64:
        return &weir_i64;
    case TYPE_BYTES:
        return &weir_bytes;
    case TYPE_KEY:
        return key;
    case TYPE_INNER:
        return weir_windowed_wrapped(key) != NULL ? weir_windowed_wrapped(key)->inner : NULL;
    case TYPE_VALUE:
    case TYPE_ANY:
        break;
    }
    return value;
}

bool weir__same_type(const weir_serde *a, const weir_serde *b)
{
    const weir_wrapped *left = weir_windowed_wrapped(a);
    const weir_wrapped *right = weir_windowed_wrapped(b);
    return a == b || (left != NULL && right != NULL && a->decode == b->decode &&
                      weir__same_type(left->inner, right->inner));
}

void weir__check_takes(weir__plan_build *b, const char *what, const char *role,
                       weir__plan_type wanted, const weir_serde *have)
{
    const weir_serde *type = weir__type_of(wanted, have, have);
    if (type != have) {
        weir__build_fail(b, WEIR_ETYPE, "%s reads %s %s, not %s", what, type->name, role,
                         have != NULL ? have->name : "nothing");
    }
}

void weir__check_same(weir__plan_build *b, const char *what, const weir_serde *wanted,
                      const weir_serde *have)
{
    if (!weir__same_type(wanted, have)) {
        weir__build_fail(b, WEIR_ETYPE, "%s must be %s, not %s", what,
                         wanted != NULL ? wanted->name : "unknown",
                         have != NULL ? have->name : "unknown");
    }
}

const weir_serde *weir__stated_type(weir__plan_build *b, yyjson_val *op, const char *member_name,
                                    const weir_serde *gives)
{
    const weir_serde *stated = weir__member_type(b, op, member_name);
    if (stated != NULL && stated != gives) {
        weir__build_fail(b, WEIR_ETYPE, "'%s' states %s, but the operator gives %s", member_name,
                         stated->name, gives != NULL ? gives->name : "nothing");
    }
    return gives;
}
