/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators on streams without a join. */
#include <string.h>

#include "random/plan_draft.h"

static bool is_stream(const plan_draft *d, const draft_handle *h)
{
    (void)d;
    return h->kind == DRAFT_STREAM;
}

static bool has_plain_keys(const plan_draft *d, const draft_handle *h)
{
    return is_stream(d, h) && h->windows == DRAFT_NO_WINDOWS;
}

/* Behind a repartition topic another key would bring records of several tasks together. */
static bool may_change_key(const plan_draft *d, const draft_handle *h)
{
    return has_plain_keys(d, h) && h->key == DRAFT_STRING &&
           (d->profile == FUZZ_BACKENDS || !h->repartitioned);
}

static bool is_text_stream(const plan_draft *d, const draft_handle *h)
{
    return may_change_key(d, h) && h->value == DRAFT_STRING;
}

static const char *draw_predicate(plan_draft *d, const draft_handle *h)
{
    static const char *const any[] = {"always", "value_not_null", "value_is_null", "key_not_null"};
    static const char *const of_texts[] = {"value_nonempty", "value_len_even", "value_has_x",
                                           "value_lt_m"};
    static const char *const of_numbers[] = {"i64_even", "i64_positive"};
    if (one_in(d, 3)) {
        return PICK(d, any);
    }
    return h->value == DRAFT_STRING ? PICK(d, of_texts) : PICK(d, of_numbers);
}

static void add_filter(plan_draft *d)
{
    draft_handle *in = choose(d, is_stream);
    draft_handle *out;
    yyjson_mut_val *op =
        in != NULL ? add_op(d, one_in(d, 2) ? "filter" : "filter_not", in, &out) : NULL;
    if (op != NULL) {
        add_text(d, op, "predicate", draw_predicate(d, in));
    }
}

static void add_map_values(plan_draft *d)
{
    static const char *const texts[] = {"upper",      "reverse",   "append_bang",
                                        "first_word", "x_to_null", "null_to_none"};
    static const char *const numbers[] = {"times_two", "negate", "odd_to_null"};
    draft_handle *in = choose(d, is_stream);
    draft_handle *out;
    yyjson_mut_val *op = in != NULL ? add_op(d, "map_values", in, &out) : NULL;
    if (op == NULL) {
        return;
    }
    if (one_in(d, 4)) {
        out->value = in->value == DRAFT_STRING ? DRAFT_I64 : DRAFT_STRING;
        add_text(d, op, "fn", in->value == DRAFT_STRING ? "length_i64" : "i64_to_string");
    } else {
        add_text(d, op, "fn", in->value == DRAFT_STRING ? PICK(d, texts) : PICK(d, numbers));
    }
    add_type(d, op, "value", out->value);
}

static void add_flat_map_values(plan_draft *d)
{
    static const char *const any[] = {"twice", "value_then_null"};
    static const char *const texts[] = {"split_words", "letters"};
    draft_handle *in = choose(d, is_stream);
    draft_handle *out;
    yyjson_mut_val *op = in != NULL ? add_op(d, "flat_map_values", in, &out) : NULL;
    if (op != NULL) {
        bool text = in->value == DRAFT_STRING && !one_in(d, 3);
        add_text(d, op, "fn", text ? PICK(d, texts) : PICK(d, any));
        add_type(d, op, "value", out->value);
    }
}

static void add_select_key(plan_draft *d)
{
    static const char *const fns[] = {"value_as_key", "first_char_as_key", "first_word_as_key",
                                      "constant"};
    draft_handle *in = choose(d, is_text_stream);
    draft_handle *out;
    yyjson_mut_val *op = in != NULL ? add_op(d, "select_key", in, &out) : NULL;
    if (op != NULL) {
        add_text(d, op, "fn", PICK(d, fns));
        add_type(d, op, "key", DRAFT_STRING);
        out->key_changed = true;
    }
}

static void add_map(plan_draft *d)
{
    static const char *const fns[] = {"swap", "first_char_to_key"};
    draft_handle *in = choose(d, is_text_stream);
    draft_handle *out;
    bool flat = one_in(d, 2);
    yyjson_mut_val *op = in != NULL ? add_op(d, flat ? "flat_map" : "map", in, &out) : NULL;
    if (op != NULL) {
        add_text(d, op, "fn", flat ? "word_to_key" : PICK(d, fns));
        add_type(d, op, "key", DRAFT_STRING);
        add_type(d, op, "value", DRAFT_STRING);
        out->key_changed = true;
    }
}

static void add_merge(plan_draft *d)
{
    draft_handle *in = choose(d, has_plain_keys);
    draft_handle *with = choose(d, has_plain_keys);
    draft_handle *out;
    if (in == NULL || with == NULL || with == in || with->key != in->key ||
        with->value != in->value || !may_meet(d, in, with)) {
        return;
    }
    yyjson_mut_val *op = add_op(d, "merge", in, &out);
    if (op != NULL) {
        add_text(d, op, "with", with->id);
        with->used = true;
        meet(out, with);
    }
}

static void add_repartition(plan_draft *d)
{
    draft_handle *in = choose(d, may_change_key);
    draft_handle *out;
    if (in != NULL && add_op(d, "repartition", in, &out) != NULL) {
        out->key_changed = false;
        out->repartitioned = true;
    }
}

static bool has_keyed_values(const plan_draft *d, const draft_handle *h)
{
    return has_plain_keys(d, h) && !h->key_changed;
}

static void add_process(plan_draft *d)
{
    draft_handle *in = choose(d, has_keyed_values);
    draft_handle *out;
    if (in == NULL || d->count + 1 >= DRAFT_HANDLES_MAX) {
        return;
    }
    yyjson_mut_val *rows = add_op(d, "add_store", NULL, &out);
    out->kind = DRAFT_GROUPED; /* nothing is below it */
    out->used = true;
    out->by_updates = in->by_updates;
    out->by_counts = in->by_counts || in->counts;
    add_type(d, rows, "key", in->key);
    bool counts = one_in(d, 2);
    add_type(d, rows, "value", counts ? DRAFT_I64 : in->value);
    yyjson_mut_val *store = add_op_store(d, rows);
    yyjson_mut_val *op = add_op(d, "process_values", in, &out);
    add_text(d, op, "processor", counts ? "seen_count" : "dedupe");
    yyjson_mut_val *stores = yyjson_mut_obj_add_arr(d->doc, op, "stores");
    yyjson_mut_arr_add_val(stores,
                           yyjson_mut_val_mut_copy(d->doc, yyjson_mut_obj_get(store, "name")));
    out->value = counts ? DRAFT_STRING : in->value;
}

static bool may_be_table(const plan_draft *d, const draft_handle *h)
{
    return has_plain_keys(d, h) && (!h->key_changed || may_change_key(d, h));
}

static void add_to_table(plan_draft *d)
{
    draft_handle *in = choose(d, may_be_table);
    draft_handle *out;
    yyjson_mut_val *op = in != NULL ? add_op(d, "to_table", in, &out) : NULL;
    if (op != NULL) {
        out->kind = DRAFT_TABLE;
        out->repartitioned |= out->key_changed;
        out->key_changed = false;
        add_op_store(d, op);
    }
}

const draft_op draft_stream_ops[] = {
    add_filter, add_map_values,  add_flat_map_values, add_select_key, add_map,
    add_merge,  add_repartition, add_process,         add_to_table,   NULL};
