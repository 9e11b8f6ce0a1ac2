/* SPDX-License-Identifier: Apache-2.0
 *
 * Versioned stores: random puts, compared with a plain list of marks for each key and the rules of
 * Kafka written out. WEIR_SEED repeats a run. */
#include "version_model.h"

#include "state/tree.h"

#define BATCH 7

typedef struct store_case {
    const char *name;
    bool rocksdb;
    int64_t retention_ms;
} store_case;

static const store_case cases[] = {
    {"no history in memory", false, 0},
    {"a short history in memory", false, 40},
    {"some segments in memory", false, 50000},
    {"a history without end in memory", false, INT64_MAX},
    {"a short history in RocksDB", true, 40},
    {"some segments in RocksDB", true, 50000},
    {"a long history in RocksDB", true, 400000},
};
#define CASES (sizeof cases / sizeof cases[0])

/* Some are the beginning of others, followed by a time of another key. */
static const weir_slice keys[KEYS] = {
    {"", 0}, {"a", 1}, {"a\0\0\0\0\0\0\0\5", 9}, {"a\0", 2}, {"\xff\xff", 2}};

typedef struct run {
    const store_case *what;
    char directory[KIT_PATH_MAX];
    weir__store_layers layers;
    uint64_t random;
    int operation;
    int64_t now_ms; /* of the operations: grows */
    size_t expired;
    model model;
    put log[OPERATIONS];
    size_t logged;
} run;

static uint64_t seed_of_run(void)
{
    const char *text = getenv("WEIR_SEED");
    return text != NULL ? strtoull(text, NULL, 10) : 20261128;
}

static unsigned draw(run *r, unsigned below)
{
    r->random ^= r->random >> 12;
    r->random ^= r->random << 25;
    r->random ^= r->random >> 27;
    return (unsigned)((r->random * 2685821657736338717u) >> 33) % below;
}

#define check(r, condition) check_at((r), (condition), #condition, __LINE__)
static void check_at(const run *r, bool condition, const char *what, int line)
{
    if (!condition) {
        fail_msg("%s: %s (line %d, operation %d; repeat with WEIR_SEED=%llu)", r->what->name, what,
                 line, r->operation, (unsigned long long)seed_of_run());
    }
}

/* ---- Operations --------------------------------------------------------------------------- */

/* So that times fall into several segments, before and after those that expire. */
static int64_t unit(const run *r)
{
    int64_t span_ms = r->what->retention_ms < 1000000 ? r->what->retention_ms : 1000000;
    return span_ms < 50 ? 1 : span_ms / 50;
}

static int64_t draw_time(run *r)
{
    int64_t time_ms = r->now_ms - (int64_t)draw(r, 70) * unit(r) + (int64_t)draw(r, 3);
    return time_ms > 0 ? time_ms : 0;
}

static weir_slice value_of(const put *p)
{
    return p->value >= 0 ? (weir_slice){&p->value, sizeof p->value} : (weir_slice){0};
}

static weir_slice versioned_key(const put *p, weir_buf *out)
{
    (void)weir_put(out, keys[p->key].data, keys[p->key].len);
    assert_ok(weir__buf_put_i64(out, p->time_ms));
    return weir__buf_slice(out);
}

static void step_put(run *r)
{
    weir_buf key = {0};
    put p = {draw(r, KEYS), draw_time(r), r->operation};
    r->now_ms += draw(r, 3) == 0 ? (int64_t)draw(r, 4) * unit(r) : 0;
    const history *h = &r->model.keys[p.key];
    if (h->count > 0 && draw(r, 4) == 0) {
        p.time_ms = h->marks[draw(r, 2) == 0 ? h->count - 1 : draw(r, (unsigned)h->count)].time_ms;
    }
    p.value = draw(r, 3) == 0 ? -1 : p.value;
    assert_ok(weir__kv_put(r->layers.top, versioned_key(&p, &key), value_of(&p), NULL));
    int64_t end_ms = model_put(&r->model, &p);
    check(r, weir__versioned_last_end(r->layers.base) == end_ms);
    weir__buf_fini(&key);
}

static void check_version(const run *r, const history *h, const mark *expected,
                          const weir__version *found)
{
    if (expected == NULL) {
        check(r, found->value.data == NULL);
        return;
    }
    check(r, found->value.data != NULL && found->valid_from_ms == expected->time_ms);
    check(r, memcmp(found->value.data, &expected->value, sizeof(int)) == 0);
    check(r, found->valid_to_ms == end_of(h, (size_t)(expected - h->marks)));
}

static void check_as_of(run *r, size_t key, int64_t time_ms)
{
    weir__version found = {.valid_from_ms = 7};
    assert_ok(weir__versioned_as_of(r->layers.base, keys[key], time_ms, &found, NULL));
    check_version(r, &r->model.keys[key], model_as_of(&r->model, &r->model.keys[key], time_ms),
                  &found);
}

static void check_latest(run *r, size_t key)
{
    const history *h = &r->model.keys[key];
    const mark *last = h->count > 0 ? &h->marks[h->count - 1] : NULL;
    weir_slice row = {"unset", 5};
    assert_ok(weir__kv_get(r->layers.top, keys[key], &row, NULL));
    if (last == NULL || last->value < 0) {
        check(r, row.data == NULL);
        return;
    }
    check(r, row.len == WEIR__TIMESTAMP_SIZE + sizeof(int));
    check(r, (int64_t)weir__load_u64(row.data) == last->time_ms);
    check(r,
          memcmp((const uint8_t *)row.data + WEIR__TIMESTAMP_SIZE, &last->value, sizeof(int)) == 0);
}

static void check_history(run *r, size_t key, int64_t from_ms, int64_t to_ms, bool reverse)
{
    const history *h = &r->model.keys[key];
    weir__kv_iter *iter = NULL;
    weir_slice at;
    weir__version found = {.valid_from_ms = 7};
    assert_ok(
        weir__versioned_history(r->layers.base, keys[key], from_ms, to_ms, reverse, &iter, NULL));
    for (size_t i = 0; i < h->count; i++) {
        size_t place = reverse ? h->count - 1 - i : i;
        const mark *m = &h->marks[place];
        int64_t first_ms = from_ms > oldest(&r->model) ? from_ms : oldest(&r->model);
        bool reached = to_ms >= oldest(&r->model) && end_of(h, place) > first_ms;
        if (m->value < 0 || from_ms > to_ms || m->time_ms > to_ms ||
            (!is_latest(h, place) && !reached)) {
            continue;
        }
        check(r, iter->ops->next(iter, &at, &found.value));
        check(r, at.len == 2 * sizeof(int64_t));
        found.valid_from_ms = (int64_t)weir__load_u64(at.data);
        found.valid_to_ms =
            (int64_t)weir__load_u64((const uint8_t *)at.data + sizeof found.valid_from_ms);
        check_version(r, h, m, &found);
    }
    check(r, !iter->ops->next(iter, &at, &found.value));
    assert_ok(iter->ops->close(iter));
}

static bool is_between(weir_slice key, const weir_slice bounds[2])
{
    return (bounds[0].data == NULL || weir__key_compare(key, bounds[0]) >= 0) &&
           (bounds[1].data == NULL || weir__key_compare(key, bounds[1]) <= 0);
}

static void check_range_as_of(run *r, int64_t time_ms, const weir_slice bounds[2])
{
    bool seen[KEYS] = {false};
    weir__kv_iter *iter = NULL;
    weir_slice at;
    weir_slice row;
    assert_ok(
        weir__versioned_range_as_of(r->layers.base, bounds[0], bounds[1], time_ms, &iter, NULL));
    while (iter->ops->next(iter, &at, &row)) {
        size_t key = 0;
        while (key < KEYS && !weir_slice_equal(keys[key], at)) {
            key++;
        }
        check(r, key < KEYS && !seen[key] && is_between(at, bounds));
        const mark *m = model_as_of(&r->model, &r->model.keys[key], time_ms);
        check(r, m != NULL && (int64_t)weir__load_u64(row.data) == m->time_ms);
        check(r, memcmp((const uint8_t *)row.data + WEIR__TIMESTAMP_SIZE, &m->value, sizeof(int)) ==
                     0);
        seen[key] = true;
    }
    assert_ok(iter->ops->close(iter));
    for (size_t key = 0; key < KEYS; key++) {
        bool expected = is_between(keys[key], bounds) &&
                        model_as_of(&r->model, &r->model.keys[key], time_ms) != NULL;
        check(r, seen[key] == expected);
    }
}

static void check_range(run *r, bool reverse)
{
    weir__kv_iter *iter = NULL;
    weir_slice at;
    weir_slice row;
    size_t count = 0;
    weir_slice before = {0};
    char copy[16];
    assert_ok(
        weir__kv_range(r->layers.top, (weir_slice){0}, (weir_slice){0}, reverse, &iter, NULL));
    while (iter->ops->next(iter, &at, &row)) {
        check(r, before.data == NULL || weir__key_compare(before, at) * (reverse ? -1 : 1) < 0);
        memcpy(copy, at.data, at.len);
        before = (weir_slice){copy, at.len};
        count++;
    }
    assert_ok(iter->ops->close(iter));
    for (size_t key = 0; key < KEYS; key++) {
        const history *h = &r->model.keys[key];
        count -= h->count > 0 && h->marks[h->count - 1].value >= 0 ? 1 : 0;
    }
    check(r, count == 0);
}

static void step_read(run *r)
{
    size_t key = draw(r, KEYS);
    weir_slice bounds[2] = {{0}};
    switch (draw(r, 5)) {
    case 0:
        check_latest(r, key);
        check_range(r, draw(r, 2) == 0);
        break;
    case 1:
        bounds[0] = draw(r, 2) == 0 ? keys[key] : bounds[0];
        bounds[1] = draw(r, 2) == 0 ? keys[draw(r, KEYS)] : bounds[1];
        check_range_as_of(r, draw(r, 8) == 0 ? INT64_MAX : draw_time(r), bounds);
        break;
    case 2:
        check_history(r, key, draw(r, 4) == 0 ? INT64_MIN : draw_time(r),
                      draw(r, 4) == 0 ? INT64_MAX : draw_time(r), draw(r, 2) == 0);
        break;
    case 3:
        check_as_of(r, key, draw(r, 2) == 0 ? INT64_MAX : -1);
        break;
    default:
        check_as_of(r, key, draw_time(r));
    }
}

/* ---- Life --------------------------------------------------------------------------------- */

static weir_err keep_log(void *user, const weir__log_record *record, weir_error *error)
{
    run *r = user;
    (void)error;
    put *p = &r->log[r->logged++];
    *p = (put){.time_ms = record->timestamp_ms, .value = -1};
    while (!weir_slice_equal(keys[p->key], record->key)) {
        p->key++;
    }
    if (record->value.data != NULL) {
        memcpy(&p->value, record->value.data, sizeof p->value);
    }
    return WEIR_OK;
}

static int64_t no_time(void *user)
{
    (void)user;
    return 12345;
}

static void count_expired(void *user)
{
    ((run *)user)->expired++;
}

static void open_run(run *r)
{
    weir__changelog_sink sink = {keep_log, no_time, r};
    weir__store_plan plan = kit_plan(r->what->rocksdb ? r->directory : NULL, false);
    plan.kind = &weir__kind_versioned;
    plan.retention_ms = r->what->retention_ms;
    plan.on_expired = count_expired;
    plan.user = r;
    plan.buffered = true;
    plan.sink = &sink;
    assert_ok(weir__store_open(&plan, &r->layers, NULL));
}

static void reopen(run *r)
{
    kit_commit(r->layers.top);
    if (r->what->rocksdb) {
        weir__kv_close(r->layers.top);
        open_run(r);
    }
}

/* From what was logged, into the present store. */
static void restore_all(run *r)
{
    for (size_t i = 0; i < r->logged; i += BATCH) {
        weir__arena arena = {0};
        weir__row rows[BATCH];
        size_t count = 0;
        for (; count < BATCH && i + count < r->logged; count++) {
            const put *p = &r->log[i + count];
            weir__log_record record = {.key = keys[p->key], .value = value_of(p)};
            record.timestamp_ms = p->time_ms;
            assert_ok(weir__kind_versioned.from_log(&record, &arena, &rows[count], NULL));
        }
        assert_ok(weir__kv_restore(r->layers.base, rows, count, (int64_t)(i + count), NULL));
        weir__arena_fini(&arena);
    }
}

static void check_all(run *r)
{
    static const weir_slice open_ends[2];
    for (size_t key = 0; key < KEYS; key++) {
        const history *h = &r->model.keys[key];
        check_latest(r, key);
        check_history(r, key, INT64_MIN, INT64_MAX, false);
        for (size_t i = 0; i < h->count; i++) {
            check_as_of(r, key, h->marks[i].time_ms - 1);
            check_as_of(r, key, h->marks[i].time_ms);
        }
    }
    check_range_as_of(r, r->model.stream_ms, open_ends);
}

static run *begin(const store_case *what)
{
    run *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->what = what;
    r->model.retention_ms = what->retention_ms;
    r->model.stream_ms = -1;
    r->random = seed_of_run() | 1;
    if (what->rocksdb) {
        kit_directory(r->directory);
    }
    open_run(r);
    return r;
}

static void end(run *r)
{
    weir__kv_close(r->layers.top);
    if (r->what->rocksdb) {
        kit_remove(r->directory);
    }
    free(r);
}

static void operate(run *r)
{
    for (; r->operation < OPERATIONS; r->operation++) {
        unsigned kind = draw(r, 100);
        if (kind < 60) {
            step_put(r);
        } else if (kind < 99) {
            step_read(r);
        } else {
            reopen(r);
        }
    }
}

static void reads_agree_with_a_plain_list(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        run *r = begin(&cases[i]);
        operate(r);
        check_all(r);
        check(r, r->expired == r->model.refused);
        check(r, r->what->retention_ms == INT64_MAX || r->model.refused > 0);
        end(r);
    }
}

static void a_restore_gives_the_same_versions(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        run *r = begin(&cases[i]);
        operate(r);
        weir__kv_close(r->layers.top);
        if (r->what->rocksdb) {
            kit_remove(r->directory);
        }
        r->expired = 0;
        open_run(r);
        restore_all(r);
        check_all(r);
        check(r, r->expired == 0);
        reopen(r);
        check_all(r);
        end(r);
    }
}

/* A task that crashed reads its changelog again from an offset before the rows on disk. Without
 * deletions at the time of a latest version, that changes nothing. */
static void records_that_are_restored_twice_change_nothing(void **state)
{
    (void)state;
    run *r = begin(&cases[5]);
    for (r->operation = 0; r->operation < 300; r->operation++) {
        weir_buf key = {0};
        put p = {draw(r, KEYS), draw_time(r), r->operation};
        r->now_ms += (int64_t)draw(r, 3) * unit(r);
        const history *h = &r->model.keys[p.key];
        size_t next = after(h, p.time_ms);
        bool taken = next > 0 && h->marks[next - 1].time_ms == p.time_ms;
        p.value = draw(r, 3) == 0 && !taken ? -1 : p.value;
        assert_ok(weir__kv_put(r->layers.top, versioned_key(&p, &key), value_of(&p), NULL));
        (void)model_put(&r->model, &p);
        weir__buf_fini(&key);
    }
    restore_all(r);
    check_all(r);
    end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_agree_with_a_plain_list),
        cmocka_unit_test(a_restore_gives_the_same_versions),
        cmocka_unit_test(records_that_are_restored_twice_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
