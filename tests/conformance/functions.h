/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions that plans name, as the conformance suite's FUNCTIONS.md defines them. */
#ifndef WEIR_TESTS_CONFORMANCE_FUNCTIONS_H
#define WEIR_TESTS_CONFORMANCE_FUNCTIONS_H

#include "conformance/datum.h"

/* Arithmetic wraps, as in Java. */
CASE_FN datum plus(datum a, datum b)
{
    return datum_i64((int64_t)((uint64_t)a.number + (uint64_t)b.number));
}

CASE_FN datum minus(datum a, datum b)
{
    return datum_i64((int64_t)((uint64_t)a.number - (uint64_t)b.number));
}

CASE_FN const char *at(datum x)
{
    return x.bytes.data;
}

CASE_FN datum first_bytes(datum value, size_t len)
{
    return datum_string(value.bytes.data, value.bytes.len < len ? value.bytes.len : len);
}

/* ---- value(key, value) -------------------------------------------------------------------- */

typedef datum (*value_fn)(weir_ctx *ctx, datum key, datum value);

CASE_FN datum value_same(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    return value;
}

CASE_FN datum value_upper(weir_ctx *ctx, datum key, datum value)
{
    (void)key;
    if (is_null(value)) {
        return value;
    }
    char *text = case_alloc(ctx, value.bytes.len);
    for (size_t i = 0; i < value.bytes.len; i++) {
        char c = at(value)[i];
        text[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    return datum_string(text, value.bytes.len);
}

CASE_FN datum value_reverse(weir_ctx *ctx, datum key, datum value)
{
    (void)key;
    if (is_null(value)) {
        return value;
    }
    char *text = case_alloc(ctx, value.bytes.len);
    for (size_t i = 0; i < value.bytes.len; i++) {
        text[i] = at(value)[value.bytes.len - 1 - i];
    }
    return datum_string(text, value.bytes.len);
}

CASE_FN datum value_append_bang(weir_ctx *ctx, datum key, datum value)
{
    (void)key;
    return is_null(value) ? value : join_texts(ctx, value.bytes, "!", weir_slice_of(""));
}

CASE_FN datum value_first_word(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    const char *space = is_null(value) || value.bytes.len == 0
                            ? NULL
                            : memchr(value.bytes.data, ' ', value.bytes.len);
    return space != NULL ? first_bytes(value, (size_t)(space - at(value))) : value;
}

CASE_FN datum value_first_char(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    return is_null(value) ? value : first_bytes(value, 1);
}

CASE_FN datum value_x_to_null(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    return !is_null(value) && value.bytes.len > 0 && at(value)[0] == 'x' ? datum_null() : value;
}

CASE_FN datum value_null_to_none(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    return is_null(value) ? datum_text("none") : value;
}

CASE_FN datum value_key_colon_value(weir_ctx *ctx, datum key, datum value)
{
    return join_texts(ctx, text_of(ctx, key), ":", text_of(ctx, value));
}

CASE_FN datum value_as_text(weir_ctx *ctx, datum key, datum value)
{
    (void)key;
    weir_slice text = text_of(ctx, value);
    return datum_string(text.data, text.len);
}

CASE_FN datum value_length_i64(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    return is_null(value) ? value : datum_i64((int64_t)value.bytes.len);
}

CASE_FN datum value_parse_i64(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    if (is_null(value)) {
        return value;
    }
    size_t sign = value.bytes.len > 0 && at(value)[0] == '-';
    size_t digits = value.bytes.len - sign;
    int64_t number = 0;
    if (digits < 1 || digits > 18) {
        return datum_i64(0);
    }
    for (size_t i = sign; i < value.bytes.len; i++) {
        if (at(value)[i] < '0' || at(value)[i] > '9') {
            return datum_i64(0);
        }
        number = number * 10 + (at(value)[i] - '0');
    }
    return datum_i64(sign ? -number : number);
}

CASE_FN datum value_i64_to_string(weir_ctx *ctx, datum key, datum value)
{
    return is_null(value) ? value : value_as_text(ctx, key, value);
}

CASE_FN datum value_times_two(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    return is_null(value) ? value : plus(value, value);
}

CASE_FN datum value_negate(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    return is_null(value) ? value : minus(datum_i64(0), value);
}

CASE_FN datum value_odd_to_null(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    return !is_null(value) && value.number % 2 != 0 ? datum_null() : value;
}

CASE_FN datum value_string_to_bytes(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    value.kind = is_null(value) ? DATUM_NULL : DATUM_BYTES;
    return value;
}

CASE_FN datum value_bytes_to_hex(weir_ctx *ctx, datum key, datum value)
{
    return is_null(value) ? value : value_as_text(ctx, key, value);
}

/* ---- key(key, value) ---------------------------------------------------------------------- */

CASE_FN datum key_same_key(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)value;
    return key;
}

CASE_FN datum key_constant(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key, (void)value;
    return datum_text("all");
}

CASE_FN datum key_null_key(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key, (void)value;
    return datum_null();
}

CASE_FN datum key_key_as_text(weir_ctx *ctx, datum key, datum value)
{
    (void)value;
    weir_slice text = text_of(ctx, key);
    return is_null(key) ? key : datum_string(text.data, text.len);
}

CASE_FN datum key_mod3_as_key(weir_ctx *ctx, datum key, datum value)
{
    static const char *const names[] = {"m0", "m1", "m2"};
    (void)ctx, (void)key;
    return is_null(value) ? value : datum_text(names[(value.number % 3 + 3) % 3]);
}

/* ---- predicate(key, value) ---------------------------------------------------------------- */

typedef bool (*predicate_fn)(datum key, datum value);

CASE_FN bool predicate_always(datum key, datum value)
{
    (void)key, (void)value;
    return true;
}

CASE_FN bool predicate_never(datum key, datum value)
{
    (void)key, (void)value;
    return false;
}

CASE_FN bool predicate_value_is_null(datum key, datum value)
{
    (void)key;
    return is_null(value);
}

CASE_FN bool predicate_value_not_null(datum key, datum value)
{
    (void)key;
    return !is_null(value);
}

CASE_FN bool predicate_key_not_null(datum key, datum value)
{
    (void)value;
    return !is_null(key);
}

CASE_FN bool predicate_value_nonempty(datum key, datum value)
{
    (void)key;
    return !is_null(value) && value.bytes.len > 0;
}

CASE_FN bool predicate_value_len_even(datum key, datum value)
{
    (void)key;
    return !is_null(value) && value.bytes.len % 2 == 0;
}

CASE_FN bool predicate_value_has_x(datum key, datum value)
{
    (void)key;
    return !is_null(value) && value.bytes.len > 0 &&
           memchr(value.bytes.data, 'x', value.bytes.len) != NULL;
}

CASE_FN bool predicate_value_lt_m(datum key, datum value)
{
    (void)key;
    return !is_null(value) && datum_compare(value, datum_text("m")) < 0;
}

CASE_FN bool predicate_key_lt_c(datum key, datum value)
{
    (void)value;
    return !is_null(key) && datum_compare(key, datum_text("c")) < 0;
}

CASE_FN bool predicate_i64_even(datum key, datum value)
{
    (void)key;
    return !is_null(value) && value.number % 2 == 0;
}

CASE_FN bool predicate_i64_positive(datum key, datum value)
{
    (void)key;
    return !is_null(value) && value.number > 0;
}

/* ---- joiner(key, left, right) ------------------------------------------------------------- */

typedef datum (*joiner_fn)(weir_ctx *ctx, datum key, datum left, datum right);

CASE_FN datum joiner_concat(weir_ctx *ctx, datum key, datum left, datum right)
{
    (void)key;
    return join_texts(ctx, text_of(ctx, left), "|", text_of(ctx, right));
}

CASE_FN datum joiner_concat_with_key(weir_ctx *ctx, datum key, datum left, datum right)
{
    datum both = joiner_concat(ctx, key, left, right);
    return join_texts(ctx, text_of(ctx, key), ":", both.bytes);
}

CASE_FN datum joiner_sum(weir_ctx *ctx, datum key, datum left, datum right)
{
    (void)ctx, (void)key;
    return plus(left, right);
}

CASE_FN datum joiner_left(weir_ctx *ctx, datum key, datum left, datum right)
{
    (void)ctx, (void)key, (void)right;
    return left;
}

CASE_FN datum joiner_concat_unless_equal(weir_ctx *ctx, datum key, datum left, datum right)
{
    return weir_slice_equal(text_of(ctx, left), text_of(ctx, right))
               ? datum_null()
               : joiner_concat(ctx, key, left, right);
}

/* ---- Aggregation -------------------------------------------------------------------------- */

typedef datum (*initializer_fn)(void);
typedef datum (*aggregator_fn)(weir_ctx *ctx, datum value, datum aggregate);
typedef datum (*reducer_fn)(weir_ctx *ctx, datum aggregate, datum value);

CASE_FN datum initializer_empty(void)
{
    return datum_text("");
}

CASE_FN datum initializer_zero(void)
{
    return datum_i64(0);
}

CASE_FN datum comma(weir_ctx *ctx, datum a, datum b)
{
    return is_null(a) || a.bytes.len == 0 ? b : join_texts(ctx, a.bytes, ",", b.bytes);
}

CASE_FN datum aggregator_concat_comma(weir_ctx *ctx, datum value, datum aggregate)
{
    weir_slice text = text_of(ctx, value);
    return comma(ctx, aggregate, datum_string(text.data, text.len));
}

CASE_FN datum aggregator_concat_reset_on_x(weir_ctx *ctx, datum value, datum aggregate)
{
    bool reset = !is_null(value) && weir_slice_equal(value.bytes, weir_slice_of("x"));
    return reset ? datum_null() : aggregator_concat_comma(ctx, value, aggregate);
}

CASE_FN datum aggregator_last_string(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx, (void)aggregate;
    return value;
}

CASE_FN datum aggregator_max_string(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx;
    return datum_compare(aggregate, value) >= 0 ? aggregate : value;
}

CASE_FN datum aggregator_sum_i64(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx;
    return plus(aggregate, value);
}

CASE_FN datum aggregator_sum_null_at_zero(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx;
    datum sum = plus(aggregate, value);
    return sum.number == 0 ? datum_null() : sum;
}

CASE_FN datum aggregator_count_chars(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx;
    return plus(aggregate, datum_i64((int64_t)value.bytes.len));
}

CASE_FN datum aggregator_count_one(weir_ctx *ctx, datum value, datum aggregate)
{
    (void)ctx, (void)value;
    return plus(aggregate, datum_i64(1));
}

CASE_FN datum reducer_last(weir_ctx *ctx, datum aggregate, datum value)
{
    (void)ctx, (void)aggregate;
    return value;
}

CASE_FN datum reducer_first(weir_ctx *ctx, datum aggregate, datum value)
{
    (void)ctx, (void)value;
    return aggregate;
}

CASE_FN datum reducer_concat(weir_ctx *ctx, datum aggregate, datum value)
{
    return join_texts(ctx, text_of(ctx, aggregate), ",", text_of(ctx, value));
}

CASE_FN datum reducer_max_string(weir_ctx *ctx, datum aggregate, datum value)
{
    return aggregator_max_string(ctx, value, aggregate);
}

CASE_FN datum reducer_null_if_equal(weir_ctx *ctx, datum aggregate, datum value)
{
    (void)ctx;
    return datum_compare(aggregate, value) == 0 ? datum_null() : value;
}

CASE_FN datum reducer_sum(weir_ctx *ctx, datum aggregate, datum value)
{
    (void)ctx;
    return plus(aggregate, value);
}

CASE_FN datum reducer_minus(weir_ctx *ctx, datum aggregate, datum value)
{
    (void)ctx;
    return minus(aggregate, value);
}

CASE_FN datum reducer_max_i64(weir_ctx *ctx, datum aggregate, datum value)
{
    (void)ctx;
    return datum_i64(aggregate.number > value.number ? aggregate.number : value.number);
}

CASE_FN datum reducer_min_i64(weir_ctx *ctx, datum aggregate, datum value)
{
    (void)ctx;
    return datum_i64(aggregate.number < value.number ? aggregate.number : value.number);
}

#endif
