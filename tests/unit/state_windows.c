/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows with a time, and their expiry: random operations on each stack, compared with a plain array
 * and the rules of Kafka written out. WEIR_SEED repeats a run. */
#include "state_kit.h"

#include "state/keys.h"
#include "state/tree.h"

#define OPERATIONS 1500
#define ROWS_MAX OPERATIONS
#define KEY_MAX 40
#define LOG_MAX OPERATIONS
#define BATCH 7

typedef struct kind_case {
    const char *name;
    const weir__store_kind *kind;
    bool rocksdb;
    bool time_ordered;
    int cache_bytes; /* 0: no cache */
    int64_t retention_ms;
} kind_case;

static const kind_case cases[] = {
    {"windows in memory", &weir__kind_window, false, false, 0, 50},
    {"sessions in memory", &weir__kind_session, false, false, 0, 50},
    {"join in memory", &weir__kind_duplicates, false, false, 0, 10},
    {"windows in RocksDB", &weir__kind_window, true, false, 0, 150000},
    {"sessions in RocksDB", &weir__kind_session, true, false, 0, 150000},
    {"short windows in RocksDB", &weir__kind_window, true, false, 0, 1000},
    {"time-ordered windows in RocksDB", &weir__kind_window, true, true, 0, 150000},
    {"time-ordered sessions in RocksDB", &weir__kind_session, true, true, 0, 150000},
    {"cached windows in memory", &weir__kind_window, false, false, 1 << 20, INT64_MAX},
    {"windows in RocksDB with a small cache", &weir__kind_window, true, false, 2000, INT64_MAX / 2},
    {"sessions in RocksDB with a small cache", &weir__kind_session, true, false, 2000, 1 << 30},
};
#define CASES (sizeof cases / sizeof cases[0])

typedef struct row {
    uint8_t key[KEY_MAX]; /* of the changelog */
    size_t len;
    int value; /* -1: deleted */
} row;

typedef struct run {
    const kind_case *what;
    char directory[KIT_PATH_MAX];
    weir__cache *cache;
    weir__store_layers layers;
    uint64_t random;
    int operation;
    int64_t now_ms;    /* of the operations: grows */
    int64_t stream_ms; /* of the model */
    size_t expired;
    size_t refused;
    row rows[ROWS_MAX];
    size_t count;
    row log[LOG_MAX];
    size_t logged;
} run;

static uint64_t seed_of_run(void)
{
    const char *text = getenv("WEIR_SEED");
    return text != NULL ? strtoull(text, NULL, 10) : 20261127;
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

/* ---- The model ---------------------------------------------------------------------------- */

static int64_t time_of(const run *r, const row *at)
{
    return (int64_t)weir__load_u64(at->key + at->len - r->what->kind->suffix);
}

static int64_t segment_length(const run *r)
{
    int64_t half_ms = r->what->retention_ms / 2;
    return half_ms > 60000 ? half_ms : 60000;
}

/* Kafka's rule for a put. In Java, -5 / 10 is 0, as in C. */
static bool is_live(const run *r, int64_t time_ms)
{
    int64_t oldest_ms = r->stream_ms - r->what->retention_ms;
    return r->what->rocksdb ? time_ms / segment_length(r) >= oldest_ms / segment_length(r)
                            : time_ms > oldest_ms;
}

static bool is_seen(const run *r, const row *at)
{
    int64_t oldest_ms = r->stream_ms - r->what->retention_ms;
    bool longer = r->what->time_ordered && r->what->kind == &weir__kind_window;
    return at->value >= 0 && time_of(r, at) >= oldest_ms + (longer ? 0 : 1);
}

static row *find(run *r, const row *key)
{
    for (size_t i = 0; i < r->count; i++) {
        if (r->rows[i].len == key->len && memcmp(r->rows[i].key, key->key, key->len) == 0) {
            return &r->rows[i];
        }
    }
    return NULL;
}

static void model_put(run *r, const row *put)
{
    bool counts = put->value >= 0 || r->what->kind != &weir__kind_session;
    if (counts && time_of(r, put) > r->stream_ms) {
        r->stream_ms = time_of(r, put);
    }
    if (!is_live(r, time_of(r, put))) {
        r->refused += counts ? 1 : 0;
        return;
    }
    row *old = find(r, put);
    if (old != NULL) {
        old->value = put->value;
    } else {
        assert_true(r->count < ROWS_MAX);
        r->rows[r->count++] = *put;
    }
}

/* ---- Operations --------------------------------------------------------------------------- */

/* Some are the beginning of others, followed by a time of another key. */
static weir_slice draw_key(run *r)
{
    static const weir_slice keys[] = {
        {"", 0},  {"a", 1}, {"a\0\0\0\0\0\0\0\5", 9}, {"a\0", 2}, {"ab", 2},
        {"b", 1}, {"c", 1}, {"\xff\xff", 2},
    };
    return keys[draw(r, sizeof keys / sizeof keys[0])];
}

/* So that times fall into several segments, before and after those that expire. */
static int64_t unit(const run *r)
{
    int64_t span_ms = r->what->rocksdb ? 2 * segment_length(r) : r->what->retention_ms;
    span_ms = span_ms < 1000000 ? span_ms : 1000000;
    return span_ms < 50 ? 1 : span_ms / 50;
}

static int64_t draw_time(run *r)
{
    int64_t time_ms = r->now_ms - (int64_t)draw(r, 70) * unit(r);
    return time_ms > 0 ? time_ms : 0;
}

static row draw_row(run *r)
{
    weir_buf buf = {0};
    int64_t time_ms = draw_time(r);
    weir_slice key = draw_key(r);
    if (r->what->kind->suffix == WEIR__SESSION_SUFFIX) {
        weir__session_store_key(&buf, &(weir__session_key){key, time_ms / 2, time_ms});
    } else {
        int sequence = r->what->kind == &weir__kind_duplicates ? r->operation : 0;
        weir__window_store_key(&buf, &(weir__window_key){key, time_ms, sequence});
    }
    row made = {.len = buf.len, .value = r->operation};
    assert_true(buf.err == WEIR_OK && buf.len <= KEY_MAX);
    memcpy(made.key, buf.data, buf.len);
    weir__buf_fini(&buf);
    return made;
}

static weir_slice value_of(const row *at)
{
    return at->value >= 0 ? (weir_slice){&at->value, sizeof at->value} : (weir_slice){0};
}

static void put_store(run *r, const row *put)
{
    weir_buf key = {0};
    weir__segment_key(&r->layers.retention, time_of(r, put), (weir_slice){put->key, put->len},
                      &key);
    assert_ok(weir__kv_put(r->layers.top, weir__buf_slice(&key), value_of(put), NULL));
    weir__buf_fini(&key);
}

static void step_put(run *r)
{
    row put = draw_row(r);
    r->now_ms += draw(r, 3) == 0 ? (int64_t)draw(r, 4) * unit(r) : 0;
    put.value = draw(r, 6) == 0 ? -1 : put.value;
    put_store(r, &put);
    model_put(r, &put);
}

static void step_get(run *r)
{
    row wanted = draw_row(r);
    if (r->count > 0 && draw(r, 2) == 0) {
        wanted = r->rows[draw(r, (unsigned)r->count)];
    }
    weir_buf key = {0};
    weir_slice value = {"unset", 5};
    weir__segment_key(&r->layers.retention, time_of(r, &wanted),
                      (weir_slice){wanted.key, wanted.len}, &key);
    assert_ok(weir__kv_get(r->layers.top, weir__buf_slice(&key), &value, NULL));
    weir__buf_fini(&key);
    const row *found = find(r, &wanted);
    if (found == NULL || !is_seen(r, found)) {
        check(r, value.data == NULL);
    } else {
        check(r, value.data != NULL && memcmp(value.data, &found->value, sizeof(int)) == 0);
    }
}

/* Of `order_ms`: 0: the rows are of one key. */
typedef struct ordering {
    int64_t order_ms;
    size_t suffix;
} ordering;

static int by_order(const row *a, const row *b, ordering by)
{
    int64_t time_a = (int64_t)weir__load_u64(a->key + a->len - by.suffix);
    int64_t time_b = (int64_t)weir__load_u64(b->key + b->len - by.suffix);
    int64_t segment_a = by.order_ms > 0 ? time_a / by.order_ms : 0;
    int64_t segment_b = by.order_ms > 0 ? time_b / by.order_ms : 0;
    if (segment_a != segment_b) {
        return segment_a < segment_b ? -1 : 1;
    }
    return weir__key_compare((weir_slice){a->key, a->len}, (weir_slice){b->key, b->len});
}

/* The rows that the model has in the range, in order. */
static size_t expected_rows(run *r, const weir__segments_range *range, row *out)
{
    size_t count = 0;
    bool by_segment = r->what->rocksdb && !r->what->time_ordered;
    ordering by = {range->key.data != NULL ? 0
                   : by_segment            ? segment_length(r)
                                           : 1,
                   r->what->kind->suffix};
    for (size_t i = 0; i < r->count; i++) {
        const row *at = &r->rows[i];
        weir_slice key = {at->key, at->len - by.suffix};
        if (!is_seen(r, at) || time_of(r, at) < range->from_ms || time_of(r, at) > range->to_ms ||
            (range->key.data != NULL && !weir_slice_equal(key, range->key))) {
            continue;
        }
        size_t place = count++;
        while (place > 0 && by_order(at, &out[place - 1], by) * (range->reverse ? -1 : 1) < 0) {
            out[place] = out[place - 1];
            place--;
        }
        out[place] = *at;
    }
    return count;
}

static void check_scan(run *r, const weir__segments_range *range)
{
    static row expected[ROWS_MAX];
    size_t count = expected_rows(r, range, expected);
    weir__kv_iter *iter = NULL;
    weir_slice key;
    weir_slice value;
    assert_ok(weir__segments_scan(r->layers.top, &r->layers.retention, range, &iter, NULL));
    for (size_t i = 0; i < count; i++) {
        check(r, iter->ops->next(iter, &key, &value));
        check(r, weir_slice_equal(key, (weir_slice){expected[i].key, expected[i].len}));
        check(r, memcmp(value.data, &expected[i].value, sizeof(int)) == 0);
    }
    check(r, !iter->ops->next(iter, &key, &value));
    assert_ok(iter->ops->close(iter));
}

static void step_scan(run *r)
{
    weir__segments_range range = {.suffix = r->what->kind->suffix,
                                  .from_ms = draw(r, 4) == 0 ? INT64_MIN : draw_time(r),
                                  .to_ms = draw(r, 4) == 0 ? INT64_MAX : draw_time(r),
                                  .reverse = draw(r, 2) == 0};
    if (draw(r, 3) != 0) {
        range.key = draw_key(r);
    }
    check_scan(r, &range);
}

/* ---- Life --------------------------------------------------------------------------------- */

static weir_err keep_log(void *user, const weir__log_record *record, weir_error *error)
{
    run *r = user;
    (void)error;
    assert_true(r->logged < LOG_MAX && record->key.len <= KEY_MAX);
    row *at = &r->log[r->logged++];
    *at = (row){.len = record->key.len, .value = -1};
    memcpy(at->key, record->key.data, record->key.len);
    if (record->value.data != NULL) {
        memcpy(&at->value, record->value.data, sizeof at->value);
    }
    return WEIR_OK;
}

static int64_t no_time(void *user)
{
    (void)user;
    return 0;
}

static weir__origin no_origin(void *user)
{
    (void)user;
    return (weir__origin){.topic = "input"};
}

static void count_expired(void *user)
{
    ((run *)user)->expired++;
}

static void open_run(run *r)
{
    weir__changelog_sink sink = {keep_log, no_time, r};
    weir__cache_client client = {.origin = no_origin};
    weir__store_plan plan = kit_plan(r->what->rocksdb ? r->directory : NULL, false);
    plan.kind = r->what->kind;
    plan.retention_ms = r->what->retention_ms;
    plan.time_ordered = r->what->time_ordered;
    plan.on_expired = count_expired;
    plan.user = r;
    plan.buffered = true;
    plan.sink = &sink;
    plan.client = &client;
    plan.cache = r->cache;
    assert_ok(weir__store_open(&plan, &r->layers, NULL));
}

/* A store on disk that was closed still hides what has expired. */
static void reopen(run *r)
{
    assert_ok(weir__kv_flush(r->layers.top, NULL));
    kit_commit(r->layers.top);
    if (r->what->rocksdb) {
        weir__kv_close(r->layers.top);
        open_run(r);
    }
}

static void check_all(run *r)
{
    check_scan(r, &(weir__segments_range){.suffix = r->what->kind->suffix, .to_ms = INT64_MAX});
}

/* Into an empty store. */
static void restore_all(run *r)
{
    weir__row rows[BATCH];
    for (size_t i = 0; i < r->logged; i += BATCH) {
        size_t count = 0;
        for (; count < BATCH && i + count < r->logged; count++) {
            const row *at = &r->log[i + count];
            rows[count] = (weir__row){{at->key, at->len}, value_of(at)};
        }
        assert_ok(weir__kv_restore(r->layers.base, rows, count, (int64_t)(i + count), NULL));
    }
}

static void step(run *r)
{
    unsigned kind = draw(r, 100);
    if (kind < 70) {
        step_put(r);
    } else if (kind < 80) {
        step_get(r);
    } else if (kind < 99) {
        step_scan(r);
    } else {
        reopen(r);
    }
}

static void begin(run *r, const kind_case *what)
{
    r->what = what;
    r->stream_ms = -1;
    r->random = seed_of_run() | 1;
    if (what->rocksdb) {
        kit_directory(r->directory);
    }
    if (what->cache_bytes > 0) {
        assert_ok(weir__cache_new((size_t)what->cache_bytes, &r->cache));
    }
    open_run(r);
}

static void end(run *r)
{
    weir__kv_close(r->layers.top);
    weir__cache_free(r->cache);
    if (r->what->rocksdb) {
        kit_remove(r->directory);
    }
    free(r);
}

static void random_operations_agree_with_an_array_and_the_rules_of_expiry(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        run *r = calloc(1, sizeof *r);
        begin(r, &cases[i]);
        for (; r->operation < OPERATIONS; r->operation++) {
            step(r);
        }
        check_all(r);
        check(r, r->cache != NULL || r->expired == r->refused);
        check(r, r->cache != NULL || r->refused > 0);
        end(r);
    }
}

static void a_store_restored_from_its_changelog_is_equal(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        run *r = calloc(1, sizeof *r);
        begin(r, &cases[i]);
        for (; r->operation < OPERATIONS / 4; r->operation++) {
            step(r);
        }
        assert_ok(weir__kv_flush(r->layers.top, NULL));
        kit_commit(r->layers.top);
        weir__kv_close(r->layers.top);
        if (r->what->rocksdb) {
            kit_remove(r->directory);
        }
        open_run(r);
        restore_all(r);
        check_all(r);
        reopen(r);
        for (; r->operation < OPERATIONS / 2; r->operation++) {
            step(r);
        }
        check_all(r);
        end(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_agree_with_an_array_and_the_rules_of_expiry),
        cmocka_unit_test(a_store_restored_from_its_changelog_is_equal),
    };
    print_message("WEIR_SEED=%llu\n", (unsigned long long)seed_of_run());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
