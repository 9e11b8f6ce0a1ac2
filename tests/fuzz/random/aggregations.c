/* SPDX-License-Identifier: Apache-2.0
 *
 * Groupings, windows, aggregations. */
#include <string.h>

#include "random/plan_draft.h"

static bool may_be_grouped(const plan_draft *d, const draft_handle *h)
{
    return h->kind == DRAFT_STREAM && h->windows == DRAFT_NO_WINDOWS &&
           (d->profile == FUZZ_BACKENDS || !h->key_changed || !h->repartitioned);
}

static bool may_change_key(const plan_draft *d, const draft_handle *h)
{
    return may_be_grouped(d, h) && h->key == DRAFT_STRING && h->value == DRAFT_STRING &&
           (d->profile == FUZZ_BACKENDS || !h->repartitioned);
}

static void add_group(plan_draft *d)
{
    static const char *const fns[] = {"value_as_key", "first_char_as_key", "constant"};
    bool by_key = !one_in(d, 3);
    draft_handle *in = choose(d, by_key ? may_be_grouped : may_change_key);
    draft_handle *out;
    yyjson_mut_val *op =
        in != NULL ? add_op(d, by_key ? "group_by_key" : "group_by", in, &out) : NULL;
    if (op == NULL) {
        return;
    }
    out->kind = DRAFT_GROUPED;
    out->repartitioned |= out->key_changed || !by_key;
    out->key_changed = false;
    if (!by_key) {
        add_text(d, op, "fn", PICK(d, fns));
        add_type(d, op, "key", DRAFT_STRING);
    }
}

static bool is_grouped(const plan_draft *d, const draft_handle *h)
{
    (void)d;
    return h->kind == DRAFT_GROUPED && !(h->used && h->sources == 0) && h->sources != 0;
}

/* The windows of a grouping; NULL: the plan is full. */
static draft_handle *window(plan_draft *d, draft_handle *in)
{
    static const int64_t sizes[] = {5, 10, 40};
    draft_handle *out;
    yyjson_mut_val *op = add_op(d, "windowed_by", in, &out);
    if (op == NULL) {
        return NULL;
    }
    yyjson_mut_val *windows = yyjson_mut_obj_add_obj(d->doc, op, "windows");
    uint64_t type = draw(d, 4);
    int64_t size = PICK(d, sizes);
    static const char *const types[] = {"tumbling", "hopping", "sliding", "session"};
    static const char *const lengths[] = {"size_ms", "size_ms", "difference_ms", "gap_ms"};
    add_text(d, windows, "type", types[type]);
    add_number(d, windows, lengths[type], size);
    if (type == 1) {
        add_number(d, windows, "advance_ms", size == 5 ? 2 : size / 2);
    }
    add_number(d, windows, "grace_ms", draw_grace(d));
    out->kind = type == 3 ? DRAFT_SESSIONS : DRAFT_WINDOWED;
    out->windows = type == 3 ? DRAFT_SESSION : DRAFT_TIME;
    /* In memory, windows that expire are lost before they close: Kafka's own difference. */
    if (d->profile == FUZZ_DRIVERS && one_in(d, 3)) {
        add_text(d, op, "emit", "on_window_close");
    }
    return out;
}

static void count(plan_draft *d, draft_handle *in, draft_handle **out)
{
    yyjson_mut_val *op = add_op(d, "count", in, out);
    if (op != NULL) {
        (*out)->value = DRAFT_I64;
        add_op_store(d, op);
    }
}

static void reduce(plan_draft *d, draft_handle *in, draft_handle **out)
{
    static const char *const texts[] = {"last", "first", "concat", "max_string"};
    static const char *const numbers[] = {"sum", "max_i64", "min_i64", "last"};
    yyjson_mut_val *op = add_op(d, "reduce", in, out);
    if (op != NULL) {
        add_text(d, op, "reducer", in->value == DRAFT_STRING ? PICK(d, texts) : PICK(d, numbers));
        add_op_store(d, op);
    }
}

static void aggregate(plan_draft *d, draft_handle *in, draft_handle **out)
{
    yyjson_mut_val *op = add_op(d, "aggregate", in, out);
    if (op == NULL) {
        return;
    }
    bool sums = one_in(d, 2);
    const char *adds = in->value == DRAFT_I64 ? "sum_i64" : "count_chars";
    add_text(d, op, "initializer", sums ? "zero" : "empty");
    add_text(d, op, "aggregator", sums ? adds : "concat_text");
    if (in->kind == DRAFT_SESSIONS) {
        add_text(d, op, "merger", sums ? "merge_sum" : "merge_comma");
    }
    (*out)->value = sums ? DRAFT_I64 : DRAFT_STRING;
    add_type(d, op, "value", (*out)->value);
    add_op_store(d, op);
}

static void fold(plan_draft *d, draft_handle *in)
{
    static void (*const of[])(plan_draft *, draft_handle *, draft_handle **) = {count, reduce,
                                                                                aggregate};
    draft_handle *out = NULL;
    PICK(d, of)(d, in, &out);
    if (out != NULL) {
        out->kind = DRAFT_TABLE;
    }
}

static void add_aggregation(plan_draft *d)
{
    draft_handle *in = choose(d, is_grouped);
    if (in != NULL) {
        fold(d, in);
    }
}

static void add_windowed_aggregation(plan_draft *d)
{
    draft_handle *in = choose(d, is_grouped);
    draft_handle *windows = in != NULL ? window(d, in) : NULL;
    if (windows != NULL) {
        fold(d, windows);
    }
}

static bool is_grouped_table(const plan_draft *d, const draft_handle *h)
{
    (void)d;
    return h->kind == DRAFT_GROUPED_TABLE;
}

static void add_table_aggregation(plan_draft *d)
{
    draft_handle *in = choose(d, is_grouped_table);
    draft_handle *out = NULL;
    if (in == NULL) {
        return;
    }
    if (one_in(d, 2)) {
        count(d, in, &out);
    } else {
        yyjson_mut_val *op = add_op(d, "reduce", in, &out);
        if (op != NULL) {
            add_text(d, op, "adder", "sum");
            add_text(d, op, "subtractor", "minus");
            add_op_store(d, op);
        }
    }
    if (out != NULL) {
        out->kind = DRAFT_TABLE;
        out->counts = true;
    }
}

/* cogroup and its aggregation. */
static void add_cogroup(plan_draft *d)
{
    draft_handle *a = choose(d, is_grouped);
    draft_handle *b = choose(d, is_grouped);
    draft_handle *grouped;
    draft_handle *out;
    if (a == NULL || b == NULL || a == b || a->key != b->key || !may_meet(d, a, b) ||
        d->count + 2 > DRAFT_HANDLES_MAX) {
        return;
    }
    yyjson_mut_val *op = add_op(d, "cogroup", a, &grouped);
    yyjson_mut_obj_remove_key(op, "of");
    add_type(d, op, "value", DRAFT_STRING);
    yyjson_mut_val *inputs = yyjson_mut_obj_add_arr(d->doc, op, "inputs");
    draft_handle *const of[] = {a, b};
    for (int i = 0; i < 2; i++) {
        yyjson_mut_val *input = yyjson_mut_arr_add_obj(d->doc, inputs);
        add_text(d, input, "of", of[i]->id);
        add_text(d, input, "aggregator", "concat_text");
        of[i]->used = true;
    }
    grouped->used = true;
    grouped->sources = 0;
    op = add_op(d, "aggregate", grouped, &out);
    *out = (draft_handle){.kind = DRAFT_TABLE, .key = a->key, .value = DRAFT_STRING};
    memcpy(out->id, yyjson_mut_get_str(yyjson_mut_obj_get(op, "id")), sizeof "n00");
    meet(out, a);
    meet(out, b);
    add_text(d, op, "initializer", "empty");
    add_type(d, op, "value", DRAFT_STRING);
    add_op_store(d, op);
}

const draft_op draft_aggregations[] = {
    add_group,       add_group,   add_windowed_aggregation, add_windowed_aggregation,
    add_aggregation, add_cogroup, add_table_aggregation,    NULL,
};
