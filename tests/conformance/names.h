/* SPDX-License-Identifier: Apache-2.0
 *
 * The names that plans use for types, functions and processors. */
#ifndef WEIR_TESTS_CONFORMANCE_NAMES_H
#define WEIR_TESTS_CONFORMANCE_NAMES_H

#include "conformance/callbacks.h"
#include "conformance/window_processors.h"

/* A name and what it gives (NULL: the type that it reads). */
typedef struct value_name {
    const char *name;
    value_fn fn;
    const weir_serde *gives;
} value_name;

static const value_name value_names[] = {
    {"same", value_same, NULL},
    {"upper", value_upper, NULL},
    {"reverse", value_reverse, NULL},
    {"append_bang", value_append_bang, NULL},
    {"first_word", value_first_word, NULL},
    {"first_char", value_first_char, NULL},
    {"x_to_null", value_x_to_null, NULL},
    {"null_to_none", value_null_to_none, NULL},
    {"key_colon_value", value_key_colon_value, &weir_string},
    {"as_text", value_as_text, &weir_string},
    {"length_i64", value_length_i64, &weir_i64},
    {"parse_i64", value_parse_i64, &weir_i64},
    {"i64_to_string", value_i64_to_string, &weir_string},
    {"times_two", value_times_two, NULL},
    {"negate", value_negate, NULL},
    {"odd_to_null", value_odd_to_null, NULL},
    {"string_to_bytes", value_string_to_bytes, &weir_bytes},
    {"bytes_to_hex", value_bytes_to_hex, &weir_string},
};

static const value_name key_names[] = {
    {"same_key", key_same_key, NULL},
    {"value_as_key", value_same, NULL},
    {"first_char_as_key", value_first_char, NULL},
    {"first_word_as_key", value_first_word, NULL},
    {"constant", key_constant, NULL},
    {"null_key", key_null_key, NULL},
    {"key_as_text", key_key_as_text, NULL},
    {"length_as_key", value_length_i64, NULL},
    {"mod3_as_key", key_mod3_as_key, NULL},
};

typedef struct emit_name {
    const char *name;
    emit_fn fn;
} emit_name;

static const emit_name emit_names[] = {
    {"split_words", emit_split_words},
    {"letters", emit_letters},
    {"twice", emit_twice},
    {"value_then_null", emit_value_then_null},
    {"word_to_key", emit_word_to_key},
    {"both_ways", emit_both_ways},
    {"letter_lengths", emit_letter_lengths},
};

typedef struct predicate_name {
    const char *name;
    predicate_fn fn;
} predicate_name;

static const predicate_name predicate_names[] = {
    {"always", predicate_always},
    {"never", predicate_never},
    {"value_is_null", predicate_value_is_null},
    {"value_not_null", predicate_value_not_null},
    {"key_not_null", predicate_key_not_null},
    {"value_nonempty", predicate_value_nonempty},
    {"value_len_even", predicate_value_len_even},
    {"value_has_x", predicate_value_has_x},
    {"value_lt_m", predicate_value_lt_m},
    {"key_lt_c", predicate_key_lt_c},
    {"i64_even", predicate_i64_even},
    {"i64_positive", predicate_i64_positive},
};

typedef struct joiner_name {
    const char *name;
    joiner_fn fn;
} joiner_name;

static const joiner_name joiner_names[] = {
    {"concat", joiner_concat},
    {"concat_with_key", joiner_concat_with_key},
    {"sum", joiner_sum},
    {"left", joiner_left},
    {"concat_unless_equal", joiner_concat_unless_equal},
};

typedef struct aggregator_name {
    const char *name;
    aggregator_fn fn;
    const weir_serde *gives;
} aggregator_name;

static const aggregator_name aggregator_names[] = {
    {"concat_comma", aggregator_concat_comma, &weir_string},
    {"concat_text", aggregator_concat_comma, &weir_string},
    {"concat_reset_on_x", aggregator_concat_reset_on_x, &weir_string},
    {"last_string", aggregator_last_string, &weir_string},
    {"max_string", aggregator_max_string, &weir_string},
    {"sum_i64", aggregator_sum_i64, &weir_i64},
    {"sum_null_at_zero", aggregator_sum_null_at_zero, &weir_i64},
    {"count_chars", aggregator_count_chars, &weir_i64},
    {"count_one", aggregator_count_one, &weir_i64},
};

typedef struct reducer_name {
    const char *name;
    reducer_fn fn;
} reducer_name;

static const reducer_name reducer_names[] = {
    {"last", reducer_last},
    {"first", reducer_first},
    {"concat", reducer_concat},
    {"max_string", reducer_max_string},
    {"null_if_equal", reducer_null_if_equal},
    {"sum", reducer_sum},
    {"minus", reducer_minus},
    {"max_i64", reducer_max_i64},
    {"min_i64", reducer_min_i64},
};

typedef struct processor_name {
    const char *name;
    weir_err (*open)(weir_ctx *ctx, processor_state *state);
    weir_err (*process)(weir_ctx *ctx, const weir_record *in, processor_state *state);
    const weir_serde *gives;
} processor_name;

static const processor_name processor_names[] = {
    {"dedupe", NULL, p_dedupe, NULL},
    {"running_total", open_running_total, p_running_total, &weir_i64},
    {"wall_clock_flush", open_wall_clock_flush, p_put, NULL},
    {"cancel_after", open_cancel_after, p_forward, NULL},
    {"anchored_tick", open_anchored_tick, p_forward, NULL},
    {"alarm", NULL, p_alarm, NULL},
    {"route_by_value", NULL, p_route_by_value, NULL},
    {"tag_headers", NULL, p_tag_headers, NULL},
    {"set_timestamp", NULL, p_set_timestamp, NULL},
    {"drop_then_emit_two", NULL, p_drop_then_emit_two, NULL},
    {"clock_reader", NULL, p_clock_reader, &weir_string},
    {"fail_on_x", NULL, p_fail_on_x, NULL},
    {"seen_count", NULL, p_seen_count, &weir_string},
    {"ttl_expire", open_ttl_expire, p_ttl_expire, NULL},
    {"kv_scan", NULL, p_kv_scan, &weir_string},
    {"window_store_scan", NULL, p_window_store_scan, &weir_string},
    {"session_store_merge", NULL, p_session_store_merge, &weir_string},
    {"put_shared", NULL, p_put, NULL},
    {"get_shared", NULL, p_get_shared, &weir_string},
    {"reads_global", NULL, p_reads_global, &weir_string},
    {"uppercase", NULL, p_uppercase, &weir_string},
};

/* The entry of a table of names, or NULL. */
#define FIND(table, wanted)                                                                        \
    find_name((table), sizeof(table) / sizeof(table)[0], sizeof(table)[0], (wanted))

CASE_FN const void *find_name(const void *table, size_t count, size_t size, const char *wanted)
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

CASE_FN const weir_serde *serde_named(const char *name)
{
    static const weir_serde *const all[] = {&weir_string, &weir_i64, &weir_bytes};
    for (size_t i = 0; name != NULL && i < sizeof all / sizeof all[0]; i++) {
        if (strcmp(all[i]->name, name) == 0) {
            return all[i];
        }
    }
    return NULL;
}

#endif
