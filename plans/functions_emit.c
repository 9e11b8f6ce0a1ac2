/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions that give a pair, several values or several pairs. */
#include <string.h>

#include "functions.h"

/* ---- pair(key, value) --------------------------------------------------------------------- */

static void pair_swap(weir_ctx *ctx, datum *key, datum *value)
{
    (void)ctx;
    datum before = *key;
    *key = *value;
    *value = before;
}

static void pair_first_char_to_key(weir_ctx *ctx, datum *key, datum *value)
{
    *key = weir__first_char(ctx, *value);
}

static void pair_drop_key(weir_ctx *ctx, datum *key, datum *value)
{
    (void)ctx, (void)value;
    *key = datum_null();
}

static void pair_key_and_length(weir_ctx *ctx, datum *key, datum *value)
{
    (void)key;
    *value = weir__length(ctx, *value);
}

static const weir__pair_fn pair_fns[] = {
    {"swap", pair_swap, TYPE_ANY, TYPE_VALUE, TYPE_KEY},
    {"first_char_to_key", pair_first_char_to_key, TYPE_STRING, TYPE_STRING, TYPE_STRING},
    {"drop_key", pair_drop_key, TYPE_ANY, TYPE_KEY, TYPE_VALUE},
    {"key_and_length", pair_key_and_length, TYPE_STRING, TYPE_KEY, TYPE_I64},
};

const weir__pair_fn *weir__pair_fn_named(const char *name)
{
    return WEIR__NAMED(pair_fns, name);
}

/* ---- values(key, value) ------------------------------------------------------------------- */

static weir_err emit_value(weir_ctx *ctx, datum value)
{
    return weir_emit_value(ctx, weir__datum_pointer(&value));
}

static weir_err emit(weir_ctx *ctx, datum key, datum value)
{
    return weir_emit(ctx, weir__datum_pointer(&key), weir__datum_pointer(&value));
}

/* The next piece between spaces, from *start on, that is not empty; false: there is none. */
static bool next_word(datum value, size_t *start, datum *word)
{
    const char *text = bytes_of(value);
    size_t len = value.bytes.len;
    while (*start < len && text[*start] == ' ') {
        ++*start;
    }
    size_t end = *start;
    while (end < len && text[end] != ' ') {
        end++;
    }
    if (end == *start) {
        return false;
    }
    *word = datum_string(text + *start, end - *start);
    *start = end;
    return true;
}

static weir_err values_split_words(weir_ctx *ctx, datum key, datum value)
{
    (void)key;
    weir_err err = WEIR_OK;
    datum word;
    for (size_t start = 0; err == WEIR_OK && next_word(value, &start, &word);) {
        err = emit_value(ctx, word);
    }
    return err;
}

static weir_err values_letters(weir_ctx *ctx, datum key, datum value)
{
    (void)key;
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < value.bytes.len && err == WEIR_OK; i++) {
        err = emit_value(ctx, datum_string(bytes_of(value) + i, 1));
    }
    return err;
}

static weir_err values_twice(weir_ctx *ctx, datum key, datum value)
{
    (void)key;
    weir_err err = emit_value(ctx, value);
    return err == WEIR_OK ? emit_value(ctx, value) : err;
}

static weir_err values_value_then_null(weir_ctx *ctx, datum key, datum value)
{
    (void)key;
    weir_err err = emit_value(ctx, value);
    return err == WEIR_OK ? emit_value(ctx, datum_null()) : err;
}

static const weir__emit_fn values_fns[] = {
    {"split_words", values_split_words, TYPE_ANY, TYPE_STRING, TYPE_KEY, TYPE_STRING},
    {"letters", values_letters, TYPE_ANY, TYPE_STRING, TYPE_KEY, TYPE_STRING},
    {"twice", values_twice, TYPE_ANY, TYPE_ANY, TYPE_KEY, TYPE_VALUE},
    {"value_then_null", values_value_then_null, TYPE_ANY, TYPE_ANY, TYPE_KEY, TYPE_VALUE},
};

const weir__emit_fn *weir__values_fn_named(const char *name)
{
    return WEIR__NAMED(values_fns, name);
}

/* ---- pairs(key, value) -------------------------------------------------------------------- */

static weir_err pairs_word_to_key(weir_ctx *ctx, datum key, datum value)
{
    weir_err err = WEIR_OK;
    datum word;
    for (size_t start = 0; err == WEIR_OK && next_word(value, &start, &word);) {
        err = emit(ctx, word, key);
    }
    return err;
}

static weir_err pairs_both_ways(weir_ctx *ctx, datum key, datum value)
{
    if (value.bytes.len == 0) {
        return WEIR_OK;
    }
    weir_err err = emit(ctx, key, value);
    return err == WEIR_OK ? emit(ctx, value, key) : err;
}

static weir_err pairs_letter_lengths(weir_ctx *ctx, datum key, datum value)
{
    (void)key;
    weir_err err = WEIR_OK;
    for (size_t i = 0; i < value.bytes.len && err == WEIR_OK; i++) {
        err = emit(ctx, datum_string(bytes_of(value) + i, 1), datum_i64((int64_t)i));
    }
    return err;
}

static const weir__emit_fn pairs_fns[] = {
    {"word_to_key", pairs_word_to_key, TYPE_ANY, TYPE_STRING, TYPE_STRING, TYPE_KEY},
    {"both_ways", pairs_both_ways, TYPE_STRING, TYPE_STRING, TYPE_STRING, TYPE_STRING},
    {"letter_lengths", pairs_letter_lengths, TYPE_ANY, TYPE_STRING, TYPE_STRING, TYPE_I64},
};

const weir__emit_fn *weir__pairs_fn_named(const char *name)
{
    return WEIR__NAMED(pairs_fns, name);
}

/* ---- Tables of names ---------------------------------------------------------------------- */

const void *weir__find_name(const void *table, size_t count, size_t size, const char *wanted)
{
    for (size_t i = 0; wanted != NULL && i < count; i++) {
        const char *entry = (const char *)table + i * size;
        const char *name;
        memcpy(&name, entry, sizeof name);
        if (strcmp(name, wanted) == 0) {
            return entry;
        }
    }
    return NULL;
}
