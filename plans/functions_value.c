/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions that give one value or key. */
#include <string.h>

#include "functions.h"

static datum first_bytes(datum value, size_t len)
{
    return datum_string(value.bytes.data, value.bytes.len < len ? value.bytes.len : len);
}

static datum text_datum(weir_slice text)
{
    return text.data != NULL ? datum_string(text.data, text.len) : datum_failed();
}

/* ---- value(key, value) -------------------------------------------------------------------- */

static datum value_same(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    return value;
}

static datum value_upper(weir_ctx *ctx, datum key, datum value)
{
    (void)key;
    if (is_null(value)) {
        return value;
    }
    char *text = weir_alloc(ctx, value.bytes.len + 1);
    for (size_t i = 0; text != NULL && i < value.bytes.len; i++) {
        char c = bytes_of(value)[i];
        text[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    return text != NULL ? datum_string(text, value.bytes.len) : datum_failed();
}

static datum value_reverse(weir_ctx *ctx, datum key, datum value)
{
    (void)key;
    if (is_null(value)) {
        return value;
    }
    char *text = weir_alloc(ctx, value.bytes.len + 1);
    for (size_t i = 0; text != NULL && i < value.bytes.len; i++) {
        text[i] = bytes_of(value)[value.bytes.len - 1 - i];
    }
    return text != NULL ? datum_string(text, value.bytes.len) : datum_failed();
}

static datum value_append_bang(weir_ctx *ctx, datum key, datum value)
{
    (void)key;
    return is_null(value) ? value : weir__datum_join(ctx, value.bytes, "!", weir_slice_of(""));
}

static datum value_first_word(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    const char *space = is_null(value) || value.bytes.len == 0
                            ? NULL
                            : memchr(value.bytes.data, ' ', value.bytes.len);
    return space != NULL ? first_bytes(value, (size_t)(space - bytes_of(value))) : value;
}

static datum value_first_char(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    return is_null(value) ? value : first_bytes(value, 1);
}

static datum value_x_to_null(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    bool is_x = value.bytes.len > 0 && bytes_of(value)[0] == 'x';
    return is_x ? datum_null() : value;
}

static datum value_null_to_none(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    return is_null(value) ? weir__datum_text("none") : value;
}

static datum value_key_colon_value(weir_ctx *ctx, datum key, datum value)
{
    return weir__datum_join(ctx, weir__datum_show(ctx, key), ":", weir__datum_show(ctx, value));
}

static datum value_as_text(weir_ctx *ctx, datum key, datum value)
{
    (void)key;
    return text_datum(weir__datum_show(ctx, value));
}

static datum value_length_i64(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    return is_null(value) ? value : datum_i64((int64_t)value.bytes.len);
}

static datum value_parse_i64(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    if (is_null(value)) {
        return value;
    }
    size_t sign = value.bytes.len > 0 && bytes_of(value)[0] == '-';
    size_t digits = value.bytes.len - sign;
    int64_t number = 0;
    if (digits < 1 || digits > 18) {
        return datum_i64(0);
    }
    for (size_t i = sign; i < value.bytes.len; i++) {
        if (bytes_of(value)[i] < '0' || bytes_of(value)[i] > '9') {
            return datum_i64(0);
        }
        number = number * 10 + (bytes_of(value)[i] - '0');
    }
    return datum_i64(sign ? -number : number);
}

static datum value_i64_to_string(weir_ctx *ctx, datum key, datum value)
{
    return is_null(value) ? value : value_as_text(ctx, key, value);
}

static datum value_times_two(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    return is_null(value) ? value : plus(value, value);
}

static datum value_negate(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    return is_null(value) ? value : minus(datum_i64(0), value);
}

static datum value_odd_to_null(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    return !is_null(value) && value.number % 2 != 0 ? datum_null() : value;
}

static datum value_string_to_bytes(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key;
    value.kind = is_null(value) ? DATUM_NULL : DATUM_BYTES;
    return value;
}

static datum value_bytes_to_hex(weir_ctx *ctx, datum key, datum value)
{
    return is_null(value) ? value : value_as_text(ctx, key, value);
}

/* ---- key(key, value) ---------------------------------------------------------------------- */

static datum key_same_key(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)value;
    return key;
}

static datum key_constant(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key, (void)value;
    return weir__datum_text("all");
}

static datum key_null_key(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)key, (void)value;
    return datum_null();
}

static datum key_key_as_text(weir_ctx *ctx, datum key, datum value)
{
    (void)value;
    return is_null(key) ? key : text_datum(weir__datum_show(ctx, key));
}

static datum key_mod3_as_key(weir_ctx *ctx, datum key, datum value)
{
    static const char *const names[] = {"m0", "m1", "m2"};
    (void)ctx, (void)key;
    return is_null(value) ? value : weir__datum_text(names[(value.number % 3 + 3) % 3]);
}

/* The build has checked that keys are windowed. */
static datum key_inner_key(weir_ctx *ctx, datum key, datum value)
{
    (void)ctx, (void)value;
    return weir__datum_inner(key);
}

static datum key_key_at_start(weir_ctx *ctx, datum key, datum value)
{
    (void)value;
    if (is_null(key)) {
        return key;
    }
    datum start = datum_i64(key.window->start_ms);
    return weir__datum_join(ctx, weir__datum_show(ctx, weir__datum_inner(key)), "@",
                            weir__datum_show(ctx, start));
}

/* ---- Names -------------------------------------------------------------------------------- */

static const weir__value_fn values[] = {
    {"same", value_same, TYPE_ANY, TYPE_VALUE},
    {"upper", value_upper, TYPE_STRING, TYPE_STRING},
    {"reverse", value_reverse, TYPE_STRING, TYPE_STRING},
    {"append_bang", value_append_bang, TYPE_STRING, TYPE_STRING},
    {"first_word", value_first_word, TYPE_STRING, TYPE_STRING},
    {"first_char", value_first_char, TYPE_STRING, TYPE_STRING},
    {"x_to_null", value_x_to_null, TYPE_STRING, TYPE_STRING},
    {"null_to_none", value_null_to_none, TYPE_STRING, TYPE_STRING},
    {"key_colon_value", value_key_colon_value, TYPE_ANY, TYPE_STRING},
    {"as_text", value_as_text, TYPE_ANY, TYPE_STRING},
    {"length_i64", value_length_i64, TYPE_STRING, TYPE_I64},
    {"parse_i64", value_parse_i64, TYPE_STRING, TYPE_I64},
    {"i64_to_string", value_i64_to_string, TYPE_I64, TYPE_STRING},
    {"times_two", value_times_two, TYPE_I64, TYPE_I64},
    {"negate", value_negate, TYPE_I64, TYPE_I64},
    {"odd_to_null", value_odd_to_null, TYPE_I64, TYPE_I64},
    {"string_to_bytes", value_string_to_bytes, TYPE_STRING, TYPE_BYTES},
    {"bytes_to_hex", value_bytes_to_hex, TYPE_BYTES, TYPE_STRING},
};

static const weir__value_fn keys[] = {
    {"same_key", key_same_key, TYPE_ANY, TYPE_KEY},
    {"value_as_key", value_same, TYPE_ANY, TYPE_VALUE},
    {"first_char_as_key", value_first_char, TYPE_STRING, TYPE_STRING},
    {"first_word_as_key", value_first_word, TYPE_STRING, TYPE_STRING},
    {"constant", key_constant, TYPE_ANY, TYPE_STRING},
    {"null_key", key_null_key, TYPE_ANY, TYPE_STRING},
    {"key_as_text", key_key_as_text, TYPE_ANY, TYPE_STRING},
    {"length_as_key", value_length_i64, TYPE_STRING, TYPE_I64},
    {"mod3_as_key", key_mod3_as_key, TYPE_I64, TYPE_STRING},
};

static const weir__value_fn window_keys[] = {
    {"inner_key", key_inner_key, TYPE_ANY, TYPE_INNER},
    {"key_at_start", key_key_at_start, TYPE_ANY, TYPE_STRING},
};

const weir__value_fn *weir__value_fn_named(const char *name)
{
    return WEIR__NAMED(values, name);
}

const weir__value_fn *weir__key_fn_named(const char *name)
{
    return WEIR__NAMED(keys, name);
}

const weir__value_fn *weir__window_key_fn_named(const char *name)
{
    return WEIR__NAMED(window_keys, name);
}

datum weir__first_char(weir_ctx *ctx, datum value)
{
    return value_first_char(ctx, datum_null(), value);
}

datum weir__length(weir_ctx *ctx, datum value)
{
    return value_length_i64(ctx, datum_null(), value);
}

datum weir__parse(weir_ctx *ctx, datum value)
{
    return value_parse_i64(ctx, datum_null(), value);
}

datum weir__upper(weir_ctx *ctx, datum value)
{
    return value_upper(ctx, datum_null(), value);
}
