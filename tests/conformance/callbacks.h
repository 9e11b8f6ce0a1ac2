/* SPDX-License-Identifier: Apache-2.0
 *
 * The DSL's callbacks, which call the functions of a plan: `user` is a fn_use. */
#ifndef WEIR_TESTS_CONFORMANCE_CALLBACKS_H
#define WEIR_TESTS_CONFORMANCE_CALLBACKS_H

#include "conformance/functions.h"

struct fn_use;
typedef weir_err (*emit_fn)(weir_ctx *ctx, datum key, datum value, const struct fn_use *use);

/* One use of functions in a plan. */
typedef struct fn_use {
    const weir_serde *key; /* of the input */
    const weir_serde *value;
    const weir_serde *right; /* of a joined table's values; of an aggregate */
    value_fn fn;
    value_fn key_fn;
    predicate_fn predicate;
    emit_fn emit;
    joiner_fn joiner;
    initializer_fn initializer;
    aggregator_fn aggregator;
    aggregator_fn subtractor;
    reducer_fn reducer;
    reducer_fn undo;
    const char *pair;
} fn_use;

CASE_FN weir_err call_predicate(weir_ctx *ctx, const weir_record *in, bool *keep_it, void *user)
{
    (void)ctx;
    const fn_use *use = user;
    *keep_it = use->predicate(datum_of(use->key, in->key), datum_of(use->value, in->value));
    return WEIR_OK;
}

CASE_FN weir_err call_value(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    const fn_use *use = user;
    datum_out(ctx, use->fn(ctx, datum_of(use->key, in->key), datum_of(use->value, in->value)), out);
    return WEIR_OK;
}

/* Stands beside a joiner, so it has a function of its own. */
CASE_FN weir_err call_key(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    const fn_use *use = user;
    datum_out(ctx, use->key_fn(ctx, datum_of(use->key, in->key), datum_of(use->value, in->value)),
              out);
    return WEIR_OK;
}

CASE_FN weir_err call_pair(weir_ctx *ctx, const weir_record *in, void *key_out, void *value_out,
                           void *user)
{
    const fn_use *use = user;
    datum key = datum_of(use->key, in->key);
    datum value = datum_of(use->value, in->value);
    datum new_key = key;
    datum new_value = value;
    if (strcmp(use->pair, "swap") == 0) {
        new_key = value;
        new_value = key;
    } else if (strcmp(use->pair, "first_char_to_key") == 0) {
        new_key = value_first_char(ctx, key, value);
    } else if (strcmp(use->pair, "drop_key") == 0) {
        new_key = datum_null();
    } else {
        new_value = value_length_i64(ctx, key, value); /* key_and_length */
    }
    datum_out(ctx, new_key, key_out);
    datum_out(ctx, new_value, value_out);
    return WEIR_OK;
}

CASE_FN weir_err call_emit(weir_ctx *ctx, const weir_record *in, void *user)
{
    const fn_use *use = user;
    return use->emit(ctx, datum_of(use->key, in->key), datum_of(use->value, in->value), use);
}

CASE_FN weir_err call_nothing(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)ctx, (void)in, (void)user;
    return WEIR_OK;
}

CASE_FN weir_err call_joiner(weir_ctx *ctx, const void *key, const void *left, const void *right,
                             void *out, void *user)
{
    const fn_use *use = user;
    datum_out(ctx,
              use->joiner(ctx, datum_of(use->key, key), datum_of(use->value, left),
                          datum_of(use->right, right)),
              out);
    return WEIR_OK;
}

CASE_FN weir_err call_initializer(weir_ctx *ctx, void *out, void *user)
{
    const fn_use *use = user;
    datum_out(ctx, use->initializer != NULL ? use->initializer() : datum_null(), out);
    return WEIR_OK;
}

CASE_FN weir_err call_aggregator(weir_ctx *ctx, const weir_record *in, const void *aggregate,
                                 void *out, void *user)
{
    const fn_use *use = user;
    datum_out(
        ctx, use->aggregator(ctx, datum_of(use->value, in->value), datum_of(use->right, aggregate)),
        out);
    return WEIR_OK;
}

CASE_FN weir_err call_reducer(weir_ctx *ctx, const void *aggregate, const void *value, void *out,
                              void *user)
{
    const fn_use *use = user;
    datum_out(ctx, use->reducer(ctx, datum_of(use->value, aggregate), datum_of(use->value, value)),
              out);
    return WEIR_OK;
}

CASE_FN weir_err call_by_first_char(weir_ctx *ctx, const weir_record *in, weir_buf *topic,
                                    void *user)
{
    (void)ctx;
    const fn_use *use = user;
    datum value = datum_of(use->value, in->value);
    char first = !is_null(value) && value.bytes.len > 0 ? at(value)[0] : '\0';
    return first >= 'a' && first <= 'c' ? weir_put_format(topic, "out-%c", first)
                                        : weir_put_format(topic, "out-other");
}

/* ---- Functions that give several values or pairs ------------------------------------------ */

CASE_FN weir_err emit(weir_ctx *ctx, datum key, datum value)
{
    return weir_emit(ctx, datum_pointer(&key), datum_pointer(&value));
}

CASE_FN weir_err emit_words(weir_ctx *ctx, datum value, const datum *as_key, datum other)
{
    const char *text = is_null(value) ? "" : value.bytes.data;
    size_t len = is_null(value) ? 0 : value.bytes.len;
    for (size_t start = 0; start < len;) {
        size_t end = start;
        while (end < len && text[end] != ' ') {
            end++;
        }
        datum word = datum_string(text + start, end - start);
        weir_err err = WEIR_OK;
        if (end > start) {
            err = as_key != NULL ? emit(ctx, word, other) : weir_emit_value(ctx, &word.bytes);
        }
        if (err != WEIR_OK) {
            return err;
        }
        start = end + 1;
    }
    return WEIR_OK;
}

CASE_FN weir_err emit_split_words(weir_ctx *ctx, datum key, datum value, const fn_use *use)
{
    (void)key, (void)use;
    return emit_words(ctx, value, NULL, datum_null());
}

CASE_FN weir_err emit_word_to_key(weir_ctx *ctx, datum key, datum value, const fn_use *use)
{
    (void)use;
    return emit_words(ctx, value, &key, key);
}

CASE_FN weir_err emit_letters(weir_ctx *ctx, datum key, datum value, const fn_use *use)
{
    (void)use;
    weir_err err = WEIR_OK;
    for (size_t i = 0; !is_null(value) && i < value.bytes.len && err == WEIR_OK; i++) {
        err = emit(ctx, key, datum_string(at(value) + i, 1));
    }
    return err;
}

CASE_FN weir_err emit_letter_lengths(weir_ctx *ctx, datum key, datum value, const fn_use *use)
{
    (void)key, (void)use;
    weir_err err = WEIR_OK;
    for (size_t i = 0; !is_null(value) && i < value.bytes.len && err == WEIR_OK; i++) {
        err = emit(ctx, datum_string(at(value) + i, 1), datum_i64((int64_t)i));
    }
    return err;
}

CASE_FN weir_err emit_twice(weir_ctx *ctx, datum key, datum value, const fn_use *use)
{
    (void)use;
    weir_err err = emit(ctx, key, value);
    return err == WEIR_OK ? emit(ctx, key, value) : err;
}

CASE_FN weir_err emit_value_then_null(weir_ctx *ctx, datum key, datum value, const fn_use *use)
{
    (void)use;
    weir_err err = emit(ctx, key, value);
    return err == WEIR_OK ? emit(ctx, key, datum_null()) : err;
}

CASE_FN weir_err emit_both_ways(weir_ctx *ctx, datum key, datum value, const fn_use *use)
{
    (void)use;
    if (is_null(value) || value.bytes.len == 0) {
        return WEIR_OK;
    }
    weir_err err = emit(ctx, key, value);
    return err == WEIR_OK ? emit(ctx, value, key) : err;
}

/* ---- Timestamp extractors ----------------------------------------------------------------- */

CASE_FN int64_t extract_log_and_skip(weir_ctx *ctx, const weir_record *in, int64_t partition,
                                     void *user)
{
    (void)ctx, (void)partition, (void)user;
    return in->timestamp_ms;
}

CASE_FN int64_t extract_use_partition_time(weir_ctx *ctx, const weir_record *in, int64_t partition,
                                           void *user)
{
    (void)user;
    if (in->timestamp_ms >= 0) {
        return in->timestamp_ms;
    }
    if (partition < 0) {
        weir_fail(ctx, WEIR_EUSER, "no partition time yet");
    }
    return partition;
}

CASE_FN int64_t extract_value_i64(weir_ctx *ctx, const weir_record *in, int64_t partition,
                                  void *user)
{
    const fn_use *use = user;
    datum value = datum_of(use->value, in->value);
    if (is_null(value)) {
        return partition;
    }
    return value.kind == DATUM_I64 ? value.number
                                   : value_parse_i64(ctx, datum_null(), value).number;
}

CASE_FN int64_t extract_partition_time_plus_1(weir_ctx *ctx, const weir_record *in,
                                              int64_t partition, void *user)
{
    (void)ctx, (void)in, (void)user;
    return partition + 1;
}

#endif
