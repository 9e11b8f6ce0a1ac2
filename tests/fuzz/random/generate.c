/* SPDX-License-Identifier: Apache-2.0
 *
 * Inputs, operators drawn from the four lists, outputs, records. */
#include <stdio.h>
#include <string.h>

#include "random/plan_draft.h"

#define STEPS_MIN 30
#define STEPS_MORE 60
#define OPERATORS_MIN 4
#define OPERATORS_MORE 10
#define TRIES_MAX 60

const char *const fuzz_profile_names[FUZZ_PROFILES] = {"drivers", "partitions", "caches",
                                                       "backends"};

/* ---- Drawing ------------------------------------------------------------------------------ */

/* splitmix64 */
uint64_t draw(plan_draft *d, uint64_t below)
{
    uint64_t z = (d->state += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return (z ^ (z >> 31)) % below;
}

bool one_in(plan_draft *d, uint64_t n)
{
    return draw(d, n) == 0;
}

draft_handle *choose(plan_draft *d, draft_test test)
{
    draft_handle *found = NULL;
    uint64_t seen = 0;
    for (int i = 0; i < d->count; i++) {
        if (test(d, &d->handles[i]) && draw(d, ++seen) == 0) {
            found = &d->handles[i];
        }
    }
    return found;
}

/* ---- Operators ---------------------------------------------------------------------------- */

yyjson_mut_val *add_op(plan_draft *d, const char *op, draft_handle *from, draft_handle **out)
{
    if (d->count == DRAFT_HANDLES_MAX) {
        return NULL;
    }
    draft_handle *h = &d->handles[d->count];
    *h = from != NULL ? *from : (draft_handle){0};
    snprintf(h->id, sizeof h->id, "n%d", d->count++);
    h->used = false;
    h->source = false;
    h->by_counts |= h->counts;
    h->counts = false;
    yyjson_mut_val *object = yyjson_mut_arr_add_obj(d->doc, d->plan);
    add_text(d, object, "id", h->id);
    add_text(d, object, "op", op);
    if (from != NULL) {
        add_text(d, object, "of", from->id);
        from->used = true;
    }
    *out = h;
    return object;
}

void add_text(plan_draft *d, yyjson_mut_val *to, const char *member, const char *text)
{
    yyjson_mut_obj_add_strcpy(d->doc, to, member, text);
}

void add_number(plan_draft *d, yyjson_mut_val *to, const char *member, int64_t number)
{
    yyjson_mut_obj_add_sint(d->doc, to, member, number);
}

/* Rows that a cache leaves out are versions, too; what has expired depends on the partitions. */
static bool draw_versioned(plan_draft *d, const draft_handle *h, const char *op)
{
    bool table = h->kind == DRAFT_TABLE || h->kind == DRAFT_GROUPED_TABLE ||
                 (h->kind == DRAFT_GROUPED && strcmp(op, "add_store") != 0);
    return table && h->windows == DRAFT_NO_WINDOWS && d->profile != FUZZ_CACHES &&
           d->profile != FUZZ_PARTITIONS && one_in(d, 4);
}

yyjson_mut_val *add_op_store(plan_draft *d, yyjson_mut_val *op)
{
    static const int64_t histories[] = {0, 15, 60, 2000};
    draft_handle *owner = &d->handles[d->count - 1];
    char name[16];
    snprintf(name, sizeof name, "s%d", d->stores);
    owner->versioned = draw_versioned(d, owner, yyjson_mut_get_str(yyjson_mut_obj_get(op, "op")));
    d->store_versioned[d->stores] = owner->versioned;
    d->store_owners[d->stores++] = d->count - 1;
    yyjson_mut_val *store = yyjson_mut_obj_add_obj(d->doc, op, "store");
    add_text(d, store, "name", name);
    add_text(d, store, "backend", d->backend);
    if (owner->versioned) {
        add_text(d, store, "kind", "versioned");
        add_number(d, store, "history_retention_ms", PICK(d, histories));
    }
    return store;
}

void add_type(plan_draft *d, yyjson_mut_val *to, const char *member, draft_type type)
{
    add_text(d, to, member, type == DRAFT_STRING ? "string" : "i64");
}

int64_t draw_grace(plan_draft *d)
{
    static const int64_t graces[] = {0, 5, 20, 100};
    int64_t grace = PICK(d, graces);
    return d->profile == FUZZ_DRIVERS ? grace : 1000000;
}

/* Records of one topic that reach an operator by two ways, of which a repartition topic is one,
 * arrive in an order that depends on tasks. */
bool may_meet(const plan_draft *d, const draft_handle *a, const draft_handle *b)
{
    return d->profile == FUZZ_BACKENDS || (a->sources & b->sources) == 0;
}

void meet(draft_handle *result, const draft_handle *other)
{
    result->sources |= other->sources;
    result->key_changed |= other->key_changed;
    result->repartitioned |= other->repartitioned;
    result->by_updates |= other->by_updates;
    result->by_counts |= other->by_counts || other->counts;
}

/* ---- Inputs and outputs ------------------------------------------------------------------- */

static void add_input(plan_draft *d, const char *op)
{
    draft_handle *h;
    char topic[8];
    snprintf(topic, sizeof topic, "t%d", d->topics);
    yyjson_mut_val *object = add_op(d, op, NULL, &h);
    h->value = one_in(d, 3) ? DRAFT_I64 : DRAFT_STRING;
    h->sources = 1U << d->topics;
    if (strcmp(op, "stream") == 0) {
        h->kind = DRAFT_STREAM;
        yyjson_mut_val *topics = yyjson_mut_obj_add_arr(d->doc, object, "topics");
        yyjson_mut_arr_add_strcpy(d->doc, topics, topic);
    } else {
        h->kind = strcmp(op, "table") == 0 ? DRAFT_TABLE : DRAFT_GLOBAL_TABLE;
        h->source = true;
        add_text(d, object, "topic", topic);
        add_op_store(d, object);
    }
    add_type(d, object, "key", h->key);
    add_type(d, object, "value", h->value);
    d->topic_types[d->topics++] = h->value;
}

static bool has_output(const draft_handle *h)
{
    return (h->kind == DRAFT_STREAM || h->kind == DRAFT_TABLE) && !h->used;
}

static void add_outputs(plan_draft *d)
{
    for (int i = 0, count = d->count; i < count; i++) {
        draft_handle *h = &d->handles[i];
        draft_handle *out;
        if (has_output(h)) {
            char topic[24];
            snprintf(topic, sizeof topic, "out-%s", h->id);
            yyjson_mut_val *object = add_op(d, "to", h, &out);
            if (object != NULL) {
                add_text(d, object, "topic", topic);
                out->kind = DRAFT_GROUPED; /* nothing is below it */
                out->used = true;
            }
        }
    }
}

static void add_operators(plan_draft *d)
{
    static const draft_op *const lists[] = {draft_stream_ops, draft_table_ops, draft_aggregations,
                                            draft_joins};
    int wanted = d->count + OPERATORS_MIN + (int)draw(d, OPERATORS_MORE);
    for (int i = 0; i < TRIES_MAX && d->count < wanted; i++) {
        const draft_op *list = lists[draw(d, sizeof lists / sizeof lists[0])];
        uint64_t length = 0;
        while (list[length] != NULL) {
            length++;
        }
        list[draw(d, length)](d);
    }
}

/* ---- Records ------------------------------------------------------------------------------ */

static void add_value(plan_draft *d, yyjson_mut_val *step, draft_type type)
{
    static const char *const texts[] = {"a", "b", "x",    "",       "z:1",   "a:b", "xy",
                                        "c", "m", "word", "b word", "a b a", "q",   "d:"};
    if (one_in(d, 8)) {
        yyjson_mut_obj_add_null(d->doc, step, "value");
    } else if (type == DRAFT_STRING) {
        add_text(d, step, "value", PICK(d, texts));
    } else {
        char hex[17];
        snprintf(hex, sizeof hex, "%016llx", (unsigned long long)(draw(d, 9) - 3));
        yyjson_mut_val *datum = yyjson_mut_obj_add_obj(d->doc, step, "value");
        add_text(d, datum, "hex", hex);
    }
}

static void add_record(plan_draft *d, yyjson_mut_val *steps, int64_t *now)
{
    static const char *const keys[] = {"a", "b", "c", "d", "ab"};
    static const int64_t passes[] = {0, 1, 1, 2, 4, 9, 40};
    yyjson_mut_val *step = yyjson_mut_arr_add_obj(d->doc, steps);
    int topic = (int)draw(d, (uint64_t)d->topics);
    char name[8];
    snprintf(name, sizeof name, "t%d", topic);
    add_text(d, step, "pipe", name);
    if (one_in(d, 16)) {
        yyjson_mut_obj_add_null(d->doc, step, "key");
    } else {
        add_text(d, step, "key", PICK(d, keys));
    }
    add_value(d, step, d->topic_types[topic]);
    *now += PICK(d, passes);
    int64_t back = one_in(d, 4) ? (int64_t)draw(d, 50) : 0;
    add_number(d, step, "ts", *now > back ? *now - back : 1);
    if (one_in(d, 8)) {
        yyjson_mut_val *headers = yyjson_mut_obj_add_arr(d->doc, step, "headers");
        yyjson_mut_val *header = yyjson_mut_arr_add_arr(d->doc, headers);
        yyjson_mut_arr_add_str(d->doc, header, "h");
        yyjson_mut_arr_add_str(d->doc, header, "1");
    }
}

static void add_steps(plan_draft *d, yyjson_mut_val *root)
{
    yyjson_mut_val *steps = yyjson_mut_obj_add_arr(d->doc, root, "steps");
    uint64_t count = STEPS_MIN + draw(d, STEPS_MORE);
    int64_t now = 1;
    for (uint64_t i = 0; i < count; i++) {
        add_record(d, steps, &now);
    }
}

/* The stores that must be equal, whether a zero in one is the same as no row, and what kind it is.
 */
static void add_checks(plan_draft *d, yyjson_mut_val *root)
{
    yyjson_mut_val *checks = yyjson_mut_obj_add_arr(d->doc, root, "checks");
    for (int i = 0; i < d->stores; i++) {
        if (d->store_owners[i] < 0) {
            continue;
        }
        const draft_handle *h = &d->handles[d->store_owners[i]];
        char name[16];
        if (d->profile == FUZZ_CACHES && (h->by_updates || h->by_counts)) {
            continue;
        }
        snprintf(name, sizeof name, "s%d", i);
        yyjson_mut_val *check = yyjson_mut_arr_add_obj(d->doc, checks);
        add_text(d, check, "store", name);
        yyjson_mut_obj_add_bool(d->doc, check, "zero_is_none", h->counts);
        yyjson_mut_obj_add_bool(d->doc, check, "versioned", d->store_versioned[i]);
    }
}

yyjson_mut_doc *fuzz_generate(uint64_t seed, fuzz_profile profile, const char *backend)
{
    plan_draft d = {.state = seed * FUZZ_PROFILES + profile, .profile = profile};
    d.backend = backend;
    d.doc = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *root = yyjson_mut_obj(d.doc);
    yyjson_mut_doc_set_root(d.doc, root);
    yyjson_mut_obj_add_obj(d.doc, root, "config");
    yyjson_mut_obj_add_sint(d.doc, root, "start_ms", 0);
    d.plan = yyjson_mut_obj_add_arr(d.doc, root, "plan");
    add_input(&d, "stream");
    add_input(&d, one_in(&d, 2) ? "stream" : "table");
    add_input(&d, "table");
    if (one_in(&d, 4)) {
        add_input(&d, "global_table");
    }
    add_operators(&d);
    add_outputs(&d);
    add_checks(&d, root);
    add_steps(&d, root);
    return d.doc;
}
