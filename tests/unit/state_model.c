/* SPDX-License-Identifier: Apache-2.0
 *
 * Random operations on each stack, compared with a plain sorted array. WEIR_SEED repeats a run. */
#include "state_stacks.h"

#define OPERATIONS 4000
#define KEYS 300
#define ITERS_MAX 4
#define KEY_MAX 24
#define VALUE_MAX 40

typedef struct model_row {
    char key[KEY_MAX];
    char value[VALUE_MAX];
} model_row;

typedef struct model {
    size_t count;
    model_row rows[KEYS];
} model;

/* An open iterator and the rows that it must still return, the last one first. */
typedef struct watched {
    weir__kv_iter *iter;
    model rest;
} watched;

typedef struct run {
    weir__kv *kv;
    uint64_t random;
    model model;
    watched iters[ITERS_MAX];
    int operation;
} run;

static uint64_t seed_of_run(void)
{
    const char *text = getenv("WEIR_SEED");
    return text != NULL ? strtoull(text, NULL, 10) : 20240229;
}

/* xorshift64*: the same numbers everywhere. */
static unsigned draw(run *r, unsigned below)
{
    r->random ^= r->random >> 12;
    r->random ^= r->random << 25;
    r->random ^= r->random >> 27;
    return (unsigned)((r->random * 2685821657736338717u) >> 33) % below;
}

static void check(const run *r, bool condition, const char *what)
{
    if (!condition) {
        fail_msg("%s (operation %d; repeat with WEIR_SEED=%llu)", what, r->operation,
                 (unsigned long long)seed_of_run());
    }
}

/* Keys with long common beginnings and of many lengths. */
static void draw_key(run *r, char key[KEY_MAX])
{
    static const char *const stems[] = {"", "a", "common-stem-", "common-stem-longer-"};
    snprintf(key, KEY_MAX, "%s%u", stems[draw(r, 4)], draw(r, KEYS / 4));
}

static size_t place_of(const model *m, const char *key, bool *found)
{
    size_t at = 0;
    while (at < m->count && strcmp(m->rows[at].key, key) < 0) {
        at++;
    }
    *found = at < m->count && strcmp(m->rows[at].key, key) == 0;
    return at;
}

static void model_put(model *m, const char *key, const char *value)
{
    bool found;
    size_t at = place_of(m, key, &found);
    if (value == NULL) {
        if (found) {
            memmove(&m->rows[at], &m->rows[at + 1], (--m->count - at) * sizeof m->rows[0]);
        }
        return;
    }
    if (!found) {
        assert_true(m->count < KEYS);
        memmove(&m->rows[at + 1], &m->rows[at], (m->count++ - at) * sizeof m->rows[0]);
        snprintf(m->rows[at].key, KEY_MAX, "%s", key);
    }
    snprintf(m->rows[at].value, VALUE_MAX, "%s", value);
}

static void step_put(run *r)
{
    char key[KEY_MAX];
    char value[VALUE_MAX];
    draw_key(r, key);
    snprintf(value, sizeof value, "%0*d", (int)draw(r, VALUE_MAX - 5) + 1, r->operation);
    const char *put = draw(r, 3) == 0 ? NULL : draw(r, 20) == 0 ? "" : value;
    kit_put(r->kv, key, put);
    model_put(&r->model, key, put);
}

static void step_get(run *r)
{
    char key[KEY_MAX];
    bool found;
    draw_key(r, key);
    size_t at = place_of(&r->model, key, &found);
    weir_slice value = kit_get(r->kv, key);
    check(r, weir_slice_equal(value, s(found ? r->model.rows[at].value : NULL)), "get differs");
}

static void step_open(run *r, watched *w)
{
    char from[KEY_MAX];
    char to[KEY_MAX];
    draw_key(r, from);
    draw_key(r, to);
    bool reverse = draw(r, 2) == 0;
    const char *low = draw(r, 3) == 0 ? NULL : from;
    const char *high = draw(r, 3) == 0 ? NULL : to;
    w->iter = kit_range(r->kv, low, high, reverse);
    w->rest.count = 0;
    for (size_t i = 0; i < r->model.count; i++) {
        const model_row *row = &r->model.rows[reverse ? i : r->model.count - 1 - i];
        if ((low == NULL || strcmp(low, row->key) <= 0) &&
            (high == NULL || strcmp(row->key, high) <= 0)) {
            w->rest.rows[w->rest.count++] = *row;
        }
    }
}

static void step_read(run *r, watched *w, unsigned count)
{
    weir_slice key;
    weir_slice value;
    for (unsigned i = 0; i < count && w->rest.count > 0; i++) {
        const model_row *row = &w->rest.rows[--w->rest.count];
        check(r, w->iter->ops->next(w->iter, &key, &value), "the iterator ends too early");
        check(r, weir_slice_equal(key, s(row->key)), "the iterator's key differs");
        check(r, weir_slice_equal(value, s(row->value)), "the iterator's value differs");
    }
}

/* To a key that the iterator has not passed yet. */
static void step_seek(run *r, watched *w)
{
    if (w->rest.count == 0) {
        return;
    }
    size_t skipped = draw(r, (unsigned)w->rest.count);
    w->rest.count -= skipped;
    w->iter->ops->seek(w->iter, s(w->rest.rows[w->rest.count - 1].key));
    step_read(r, w, 1);
}

static void step_close(run *r, watched *w, bool drain)
{
    weir_slice key;
    weir_slice value;
    if (drain) {
        step_read(r, w, KEYS);
        check(r, !w->iter->ops->next(w->iter, &key, &value), "the iterator ends too late");
    }
    assert_ok(w->iter->ops->close(w->iter));
    w->iter = NULL;
}

static void step(run *r)
{
    unsigned kind = draw(r, 100);
    watched *w = &r->iters[draw(r, ITERS_MAX)];
    if (kind < 55) {
        step_put(r);
    } else if (kind < 80) {
        step_get(r);
    } else if (kind == 80) {
        assert_ok(weir__kv_flush(r->kv, NULL));
        kit_commit(r->kv);
    } else if (w->iter == NULL) {
        step_open(r, w);
    } else if (kind < 85) {
        step_seek(r, w);
    } else if (kind < 95) {
        step_read(r, w, draw(r, 20));
    } else {
        step_close(r, w, draw(r, 2) == 0);
    }
}

static void random_operations_agree_with_a_sorted_array(void **state)
{
    run *r = calloc(1, sizeof *r);
    r->kv = ((opened *)*state)->kv;
    r->random = seed_of_run() | 1;
    for (r->operation = 0; r->operation < OPERATIONS; r->operation++) {
        step(r);
    }
    for (size_t i = 0; i < ITERS_MAX; i++) {
        if (r->iters[i].iter == NULL) {
            step_open(r, &r->iters[i]);
        }
        step_close(r, &r->iters[i], true);
    }
    free(r);
}

int main(void)
{
    const struct CMUnitTest cases[] = {
        cmocka_unit_test(random_operations_agree_with_a_sorted_array),
    };
    print_message("WEIR_SEED=%llu\n", (unsigned long long)seed_of_run());
    return run_over_stacks("state_model", cases, 1);
}
