/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators on tables without a join. */
#include "random/plan_draft.h"

static bool is_table(const plan_draft *d, const draft_handle *h)
{
    (void)d;
    return h->kind == DRAFT_TABLE;
}

static const char *draw_predicate(plan_draft *d, const draft_handle *h)
{
    static const char *const of_texts[] = {"value_nonempty", "value_len_even", "value_has_x"};
    static const char *const of_numbers[] = {"i64_even", "i64_positive"};
    return h->value == DRAFT_STRING ? PICK(d, of_texts) : PICK(d, of_numbers);
}

static void add_filter(plan_draft *d)
{
    draft_handle *in = choose(d, is_table);
    draft_handle *out;
    yyjson_mut_val *op =
        in != NULL ? add_op(d, one_in(d, 2) ? "filter" : "filter_not", in, &out) : NULL;
    if (op != NULL) {
        add_text(d, op, "predicate", draw_predicate(d, in));
        if (in->windows == DRAFT_NO_WINDOWS && one_in(d, 3)) {
            add_op_store(d, op);
        }
    }
}

static void add_map_values(plan_draft *d)
{
    static const char *const texts[] = {"upper", "reverse", "append_bang", "x_to_null"};
    static const char *const numbers[] = {"times_two", "negate", "odd_to_null"};
    draft_handle *in = choose(d, is_table);
    draft_handle *out;
    bool transform = one_in(d, 3);
    yyjson_mut_val *op =
        in != NULL ? add_op(d, transform ? "transform_values" : "map_values", in, &out) : NULL;
    if (op == NULL) {
        return;
    }
    add_text(d, op, "fn", in->value == DRAFT_STRING ? PICK(d, texts) : PICK(d, numbers));
    add_type(d, op, "value", out->value);
    if (in->windows == DRAFT_NO_WINDOWS && one_in(d, 3)) {
        add_op_store(d, op);
    }
}

static void add_to_stream(plan_draft *d)
{
    draft_handle *in = choose(d, is_table);
    draft_handle *out;
    if (in != NULL && add_op(d, "to_stream", in, &out) != NULL) {
        out->kind = DRAFT_STREAM;
        out->by_updates = true;
    }
}

static bool may_be_grouped(const plan_draft *d, const draft_handle *h)
{
    return is_table(d, h) && h->key == DRAFT_STRING && h->value == DRAFT_STRING &&
           h->windows == DRAFT_NO_WINDOWS &&
           (d->profile == FUZZ_BACKENDS || (!h->repartitioned && h->source));
}

static void add_group_by(plan_draft *d)
{
    static const char *const fns[] = {"first_char_as_key", "constant", "value_as_key"};
    draft_handle *in = choose(d, may_be_grouped);
    draft_handle *out;
    yyjson_mut_val *op = in != NULL ? add_op(d, "group_by", in, &out) : NULL;
    if (op != NULL) {
        out->kind = DRAFT_GROUPED_TABLE;
        out->value = DRAFT_I64;
        out->repartitioned = true;
        add_text(d, op, "fn", PICK(d, fns));
        add_type(d, op, "key", DRAFT_STRING);
        add_text(d, op, "value_fn", "length_i64");
        add_type(d, op, "value", DRAFT_I64);
    }
}

static bool is_not_versioned(const plan_draft *d, const draft_handle *h)
{
    return is_table(d, h) && !h->versioned;
}

static void add_suppress(plan_draft *d)
{
    static const int64_t limits[] = {0, 5, 30};
    draft_handle *in = choose(d, is_not_versioned);
    draft_handle *out;
    if (in == NULL || d->profile == FUZZ_PARTITIONS || d->profile == FUZZ_CACHES) {
        return;
    }
    yyjson_mut_val *op = add_op(d, "suppress", in, &out);
    if (op == NULL) {
        return;
    }
    out->source = false;
    if (in->windows != DRAFT_NO_WINDOWS && one_in(d, 2)) {
        add_text(d, op, "until", "window_closes");
    } else {
        add_text(d, op, "until", "time_limit");
        add_number(d, op, "limit_ms", PICK(d, limits));
        if (one_in(d, 3)) {
            add_number(d, op, "max_records", 2);
            add_text(d, op, "full", "emit");
        }
    }
}

const draft_op draft_table_ops[] = {add_filter,   add_map_values, add_to_stream,
                                    add_group_by, add_suppress,   NULL};
