/* SPDX-License-Identifier: Apache-2.0
 *
 * Predicates. */
#include <string.h>

#include "functions.h"

static bool predicate_always(datum key, datum value)
{
    (void)key, (void)value;
    return true;
}

static bool predicate_never(datum key, datum value)
{
    (void)key, (void)value;
    return false;
}

static bool predicate_value_is_null(datum key, datum value)
{
    (void)key;
    return is_null(value);
}

static bool predicate_value_not_null(datum key, datum value)
{
    (void)key;
    return !is_null(value);
}

static bool predicate_key_not_null(datum key, datum value)
{
    (void)value;
    return !is_null(key);
}

static bool predicate_value_nonempty(datum key, datum value)
{
    (void)key;
    return !is_null(value) && value.bytes.len > 0;
}

static bool predicate_value_len_even(datum key, datum value)
{
    (void)key;
    return !is_null(value) && value.bytes.len % 2 == 0;
}

static bool predicate_value_has_x(datum key, datum value)
{
    (void)key;
    return !is_null(value) && value.bytes.len > 0 &&
           memchr(value.bytes.data, 'x', value.bytes.len) != NULL;
}

static bool predicate_value_lt_m(datum key, datum value)
{
    (void)key;
    return !is_null(value) && weir__datum_compare(value, weir__datum_text("m")) < 0;
}

static bool predicate_key_lt_c(datum key, datum value)
{
    (void)value;
    return key.kind == DATUM_STRING && weir__datum_compare(key, weir__datum_text("c")) < 0;
}

static bool predicate_i64_even(datum key, datum value)
{
    (void)key;
    return !is_null(value) && value.number % 2 == 0;
}

static bool predicate_i64_positive(datum key, datum value)
{
    (void)key;
    return !is_null(value) && value.number > 0;
}

static const weir__predicate predicates[] = {
    {"always", predicate_always, TYPE_ANY},
    {"never", predicate_never, TYPE_ANY},
    {"value_is_null", predicate_value_is_null, TYPE_ANY},
    {"value_not_null", predicate_value_not_null, TYPE_ANY},
    {"key_not_null", predicate_key_not_null, TYPE_ANY},
    {"value_nonempty", predicate_value_nonempty, TYPE_STRING},
    {"value_len_even", predicate_value_len_even, TYPE_STRING},
    {"value_has_x", predicate_value_has_x, TYPE_STRING},
    {"value_lt_m", predicate_value_lt_m, TYPE_STRING},
    {"key_lt_c", predicate_key_lt_c, TYPE_ANY},
    {"i64_even", predicate_i64_even, TYPE_I64},
    {"i64_positive", predicate_i64_positive, TYPE_I64},
};

const weir__predicate *weir__predicate_named(const char *name)
{
    return WEIR__NAMED(predicates, name);
}
