/* SPDX-License-Identifier: Apache-2.0
 *
 * Joins. */
#include "random/plan_draft.h"

static bool has_plain_keys(const draft_handle *h)
{
    return h->windows == DRAFT_NO_WINDOWS && h->key == DRAFT_STRING;
}

/* A stream whose records are, or will be, where their keys belong. */
static bool is_stream(const plan_draft *d, const draft_handle *h)
{
    return h->kind == DRAFT_STREAM && has_plain_keys(h) &&
           (d->profile == FUZZ_BACKENDS || !h->key_changed || !h->repartitioned);
}

static bool is_table(const plan_draft *d, const draft_handle *h)
{
    (void)d;
    return h->kind == DRAFT_TABLE && has_plain_keys(h);
}

static bool is_global_table(const plan_draft *d, const draft_handle *h)
{
    (void)d;
    return h->kind == DRAFT_GLOBAL_TABLE;
}

static void add_joiner(plan_draft *d, yyjson_mut_val *op, const draft_handle *left,
                       const draft_handle *right, draft_handle *out)
{
    bool sums = left->value == DRAFT_I64 && right->value == DRAFT_I64 && one_in(d, 2);
    add_text(d, op, "joiner", sums ? "sum" : "concat");
    out->value = sums ? DRAFT_I64 : DRAFT_STRING;
    add_type(d, op, "value", out->value);
}

static yyjson_mut_val *add_join(plan_draft *d, const char *name, draft_handle *left,
                                draft_handle *right, draft_handle **out)
{
    yyjson_mut_val *op = NULL;
    if (left != NULL && right != NULL && may_meet(d, left, right)) {
        op = add_op(d, name, left, out);
    }
    if (op != NULL) {
        add_text(d, op, "with", right->id);
        right->used = true;
        add_joiner(d, op, left, right, *out);
    }
    return op;
}

static void add_stream_table(plan_draft *d)
{
    draft_handle *left = choose(d, is_stream);
    draft_handle *right = choose(d, is_table);
    draft_handle *out;
    if (add_join(d, one_in(d, 2) ? "join" : "left_join", left, right, &out) != NULL) {
        bool repartitions = out->key_changed;
        meet(out, right);
        out->repartitioned |= repartitions;
        out->key_changed = false;
        out->by_updates |= !right->source;
    }
}

static void add_stream_global_table(plan_draft *d)
{
    draft_handle *left = choose(d, is_stream);
    draft_handle *right = choose(d, is_global_table);
    draft_handle *out;
    yyjson_mut_val *op = add_join(d, one_in(d, 2) ? "join" : "left_join", left, right, &out);
    if (op != NULL) {
        add_text(d, op, "key_fn", "same_key");
        out->sources |= right->sources;
    }
}

static void add_streams(plan_draft *d)
{
    static const char *const names[] = {"join", "left_join", "outer_join"};
    static const int64_t lengths[] = {0, 3, 10, 30};
    draft_handle *left = choose(d, is_stream);
    draft_handle *right = choose(d, is_stream);
    draft_handle *out;
    /* When a row without a match comes out depends on the stream time of a task. */
    const char *name = d->profile == FUZZ_PARTITIONS ? names[0] : PICK(d, names);
    if (left == right) {
        return;
    }
    yyjson_mut_val *op = add_join(d, name, left, right, &out);
    if (op != NULL) {
        yyjson_mut_val *windows = yyjson_mut_obj_add_obj(d->doc, op, "windows");
        bool repartitions = left->key_changed || right->key_changed;
        add_number(d, windows, "before_ms", PICK(d, lengths));
        add_number(d, windows, "after_ms", PICK(d, lengths));
        add_number(d, windows, "grace_ms", draw_grace(d));
        meet(out, right);
        out->repartitioned |= repartitions;
        out->key_changed = false;
        add_op_store(d, op);
        d->store_owners[d->stores - 1] = -1;
    }
}

static void add_tables(plan_draft *d)
{
    static const char *const names[] = {"join", "left_join", "outer_join"};
    draft_handle *left = choose(d, is_table);
    draft_handle *right = choose(d, is_table);
    draft_handle *out;
    yyjson_mut_val *op = left != right ? add_join(d, PICK(d, names), left, right, &out) : NULL;
    if (op != NULL) {
        meet(out, right);
        if (one_in(d, 2)) {
            add_op_store(d, op);
        }
    }
}

static void add_foreign_key(plan_draft *d)
{
    static const char *const fns[] = {"value_prefix", "key_first_char", "value_itself"};
    draft_handle *left = choose(d, is_table);
    draft_handle *right = choose(d, is_table);
    draft_handle *out;
    if (left == NULL || left == right || left->value != DRAFT_STRING ||
        (d->profile != FUZZ_BACKENDS && (left->repartitioned || right->repartitioned))) {
        return;
    }
    yyjson_mut_val *op = add_join(d, one_in(d, 2) ? "fk_join" : "fk_left_join", left, right, &out);
    if (op != NULL) {
        add_text(d, op, "foreign_fn", PICK(d, fns));
        meet(out, right);
        out->repartitioned = true;
        if (one_in(d, 2)) {
            add_op_store(d, op);
        }
    }
}

const draft_op draft_joins[] = {add_stream_table, add_stream_global_table, add_streams,
                                add_tables,       add_foreign_key,         NULL};
