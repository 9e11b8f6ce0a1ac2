/* SPDX-License-Identifier: Apache-2.0
 *
 * Commit and rollback of each kind of store over both backends: what is seen then, and after a
 * close or a kill between two commits. WEIR_SEED repeats a run. */
#include <sys/wait.h>

#include "commit_kit.h"

#define MEMORY_RUNS 60
#define ROCKSDB_RUNS 6
#define TRANSACTIONS 8
#define SMALL_VALUE 40
#define KILLED_TRANSACTIONS 300
#define CLOSED_AT 50
#define KILLED_VALUE 16000
#define KILLED_KEYS 1000

static uint64_t seed_of_run(void)
{
    const char *text = getenv("WEIR_SEED");
    return text != NULL ? strtoull(text, NULL, 10) : 20261128;
}

typedef enum outcome { COMMIT, ROLLBACK, CLOSE } outcome;

typedef struct transaction {
    op ops[OPS_MAX];
    size_t count;
    outcome outcome;
} transaction;

static transaction draw_transaction(draws *from, const commit_case *what)
{
    transaction drawn = {.count = 1 + draw(from, OPS_MAX)};
    for (size_t i = 0; i < drawn.count; i++) {
        drawn.ops[i] = draw_op(from, what);
    }
    unsigned end = draw(from, 30);
    /* Nothing in memory outlives a close. */
    drawn.outcome = end < 18 ? COMMIT : end < 29 || !what->rocksdb ? ROLLBACK : CLOSE;
    return drawn;
}

static void apply_all(subject *of, const transaction *done)
{
    for (size_t i = 0; i < done->count; i++) {
        assert_ok(subject_apply(of, &done->ops[i]));
    }
}

static void commit_on(subject *of, const transaction *done, int64_t offset)
{
    apply_all(of, done);
    assert_ok(subject_commit(of, offset));
}

static void check_seen(const subject *of, const weir_buf *expected, const char *when, uint64_t seed)
{
    weir_buf seen = {0};
    subject_see(of, &seen);
    if (!weir_slice_equal(weir__buf_slice(&seen), weir__buf_slice(expected))) {
        fail_msg("%s differ after %s; repeat with WEIR_SEED=%llu", of->what->name, when,
                 (unsigned long long)seed);
    }
    weir__buf_fini(&seen);
}

/* The store and its twin, and what both have been seen to have at the last commit. */
typedef struct pair {
    subject store;
    subject twin;
    weir_buf committed;
    int64_t offset;
} pair;

static void begin(pair *both, const commit_case *what)
{
    *both = (pair){.offset = 0};
    subject_begin(&both->store, what, true);
    subject_begin(&both->twin, what, false);
    subject_see(&both->twin, &both->committed);
}

static void end(pair *both)
{
    subject_end(&both->store);
    subject_end(&both->twin);
    weir__buf_fini(&both->committed);
}

static void run_transaction(pair *both, const transaction *drawn, uint64_t seed)
{
    subject *store = &both->store;
    apply_all(store, drawn);
    if (drawn->outcome == COMMIT) {
        assert_ok(subject_commit(store, ++both->offset));
        commit_on(&both->twin, drawn, both->offset);
        assert_int_equal(store->uncommitted.bytes, 0);
        assert_true(
            weir_slice_equal(weir__buf_slice(&store->log), weir__buf_slice(&both->twin.log)));
        weir__buf_reset(&both->committed);
        subject_see(&both->twin, &both->committed);
    } else if (drawn->outcome == ROLLBACK) {
        assert_ok(weir__kv_rollback(store->layers.top, NULL));
        assert_int_equal(store->uncommitted.bytes, 0);
    } else {
        weir__kv_close(store->layers.top);
        assert_ok(subject_open(store, NULL));
    }
    weir__buf_reset(&store->log);
    weir__buf_reset(&both->twin.log);
    static const char *const names[] = {"a commit", "a rollback", "a close without a commit"};
    check_seen(store, &both->committed, names[drawn->outcome], seed);
}

/* A rolled back transaction leaves no trace: the store goes on like the twin that never had it. */
static void random_transactions_leave_what_was_committed(void **state)
{
    const commit_case *what = *state;
    int runs = what->rocksdb ? 1 : MEMORY_RUNS;
    for (int run = 0; run < runs; run++) {
        pair both;
        uint64_t seed = seed_of_run() + (uint64_t)run;
        draws from = {.random = seed * 7919 | 1, .value_max = SMALL_VALUE};
        begin(&both, what);
        for (int i = 0; i < TRANSACTIONS * (what->rocksdb ? ROCKSDB_RUNS : 1); i++) {
            transaction drawn = draw_transaction(&from, what);
            run_transaction(&both, &drawn, seed);
        }
        end(&both);
    }
}

/* ---- Expiry ------------------------------------------------------------------------------- */

/* A put that makes all rows before it expire. */
static void rows_that_expire_in_a_transaction_come_back(void **state)
{
    const commit_case *what = *state;
    if (what->retention_ms == 0) {
        return;
    }
    pair both;
    begin(&both, what);
    transaction early = {.count = 3};
    for (unsigned i = 0; i < early.count; i++) {
        early.ops[i] = (op){.kind = OP_PUT, .key = i, .time_ms = 10 + i, .number = 1 + (int32_t)i};
    }
    run_transaction(&both, &early, 0);
    transaction late = {.count = 1, .outcome = ROLLBACK};
    late.ops[0] = (op){.kind = OP_PUT, .key = 5, .time_ms = 10000000, .number = 4};
    run_transaction(&both, &late, 0);
    /* A late put is not refused: stream time is that of the commit. */
    early.ops[0].time_ms = 5;
    run_transaction(&both, &early, 0);
    late.outcome = COMMIT;
    run_transaction(&both, &late, 0);
    end(&both);
}

/* ---- A kill ------------------------------------------------------------------------------- */

/* What is flushed after the close, if anything, depends on the threads of RocksDB. */
static void run_killed(subject *of)
{
    draws from = {.random = seed_of_run() | 1, .value_max = KILLED_VALUE, .keys = KILLED_KEYS};
    int64_t offset = 0;
    for (int i = 0; i < KILLED_TRANSACTIONS; i++) {
        transaction drawn = draw_transaction(&from, of->what);
        apply_all(of, &drawn);
        if (i == CLOSED_AT) {
            weir__kv_close(of->layers.top);
            assert_ok(subject_open(of, NULL));
        }
        assert_ok(drawn.outcome == COMMIT && i != CLOSED_AT
                      ? subject_commit(of, ++offset)
                      : weir__kv_rollback(of->layers.top, NULL));
        weir__buf_reset(&of->log);
    }
}

/* In a process that ends without closing the store. */
static void run_and_kill(size_t index, const char *directory)
{
    char number[16];
    snprintf(number, sizeof number, "%zu", index);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        execl("/proc/self/exe", "state_commit", number, directory, (char *)NULL);
        _exit(127);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_killed_store_has_the_rows_of_one_commit_and_its_offset(void **state)
{
    const commit_case *what = *state;
    if (!what->rocksdb) {
        return;
    }
    subject store = {.what = what, .can_roll_back = true};
    subject twin;
    kit_directory(store.directory);
    run_and_kill((size_t)(what - commit_cases), store.directory);
    if (what->cached) {
        assert_ok(weir__cache_new(1 << 20, &store.cache));
    }
    assert_ok(subject_open(&store, NULL));
    int64_t last = weir__kv_offset(store.layers.base);
    assert_in_range(last, 10, KILLED_TRANSACTIONS);

    subject_begin(&twin, what, false);
    draws from = {.random = seed_of_run() | 1, .value_max = KILLED_VALUE, .keys = KILLED_KEYS};
    int64_t offset = 0;
    for (int i = 0; offset < last; i++) {
        transaction drawn = draw_transaction(&from, what);
        if (drawn.outcome == COMMIT && i != CLOSED_AT) {
            commit_on(&twin, &drawn, ++offset);
            weir__buf_reset(&twin.log);
        }
    }
    weir_buf expected = {0};
    subject_see(&twin, &expected);
    check_seen(&store, &expected, "a kill", seed_of_run());
    weir__buf_fini(&expected);
    subject_end(&twin);
    subject_end(&store);
}

/* ---- Restore ------------------------------------------------------------------------------ */

/* The records that the twin logs are a changelog. */
typedef struct changelog {
    weir__arena arena;
    weir__row rows[OPS_MAX];
    size_t count;
} changelog;

static weir_err keep_record(void *user, const weir__log_record *record, weir_error *error)
{
    changelog *to = user;
    weir_slice key;
    weir_slice value;
    (void)error;
    assert_true(to->count < OPS_MAX);
    assert_ok(weir__arena_copy(&to->arena, record->key, &key));
    assert_ok(weir__arena_copy(&to->arena, record->value, &value));
    weir__log_record copy = *record;
    copy.key = key;
    copy.value = value;
    return weir__kind_versioned.from_log(&copy, &to->arena, &to->rows[to->count++], NULL);
}

/* The rows of a versioned store are put one by one. */
static void restored_versions_cannot_be_rolled_back(void **state)
{
    (void)state;
    const commit_case *what = &commit_cases[16];
    assert_ptr_equal(what->kind, &weir__kind_versioned);
    subject store;
    changelog log = {.count = 0};
    weir__changelog_sink sink = {keep_record, subject_now, &log};
    weir__kv *source = NULL;
    subject_begin(&store, what, true);
    assert_ok(weir__memory_open(&source, NULL));
    weir__versioned_opts opts = {.retention_ms = what->retention_ms};
    assert_ok(weir__versioned_wrap(source, &opts, &source, NULL));
    assert_ok(weir__changelog_wrap(source, what->kind, &sink, &source, NULL));
    weir_buf key = {0};
    for (int i = 0; i < 5; i++) {
        weir__buf_reset(&key);
        (void)weir_put(&key, "k1", 2);
        weir__buf_put_i64(&key, 100 + i);
        assert_ok(weir__kv_put(source, weir__buf_slice(&key), s("v"), NULL));
    }
    weir_buf before = {0};
    assert_ok(weir__kv_restore(store.layers.base, log.rows, log.count, 4, NULL));
    assert_int_equal(store.uncommitted.bytes, 0);
    subject_see(&store, &before);
    assert_ok(weir__kv_rollback(store.layers.top, NULL));
    check_seen(&store, &before, "a rollback", 0);
    weir__kv_close(store.layers.top);
    assert_ok(subject_open(&store, NULL));
    assert_int_equal(weir__kv_offset(store.layers.base), 4);
    check_seen(&store, &before, "a close", 0);

    /* The third record is damaged. */
    weir__row bad[] = {log.rows[0], log.rows[1], {s("short"), s("v")}};
    assert_int_equal(weir__kv_restore(store.layers.base, bad, 3, 9, NULL), WEIR_ECORRUPT);
    check_seen(&store, &before, "a failed restore", 0);
    weir__buf_fini(&before);
    weir__buf_fini(&key);
    weir__kv_close(source);
    weir__arena_fini(&log.arena);
    subject_end(&store);
}

/* ---- Memory, at least once ---------------------------------------------------------------- */

static void uncommitted_bytes_are_those_of_all_stores_together(void **state)
{
    (void)state;
    subject memory;
    subject disk;
    op one = {.kind = OP_PUT, .key = 1, .number = 1, .len = 500};
    subject_begin(&memory, &commit_cases[0], true);
    subject_begin(&disk, &commit_cases[9], true);
    assert_ok(subject_apply(&memory, &one));
    assert_in_range(memory.uncommitted.bytes, 50, 500); /* that there was no such row */
    assert_ok(subject_commit(&memory, 1));
    one.len = 10;
    assert_ok(subject_apply(&memory, &one));
    assert_in_range(memory.uncommitted.bytes, 500, 1000); /* the row of the commit */
    assert_ok(subject_apply(&disk, &one));
    size_t first = disk.uncommitted.bytes;
    assert_ok(subject_apply(&disk, &one));
    assert_int_equal(disk.uncommitted.bytes, first);
    assert_ok(weir__kv_rollback(memory.layers.top, NULL));
    assert_ok(weir__kv_rollback(disk.layers.top, NULL));
    subject_end(&memory);
    subject_end(&disk);
}

static void a_store_that_was_not_opened_for_it_is_not_rolled_back(void **state)
{
    const commit_case *what = *state;
    weir_error error = {0};
    subject store;
    subject_begin(&store, what, false);
    assert_int_equal(weir__kv_rollback(store.layers.top, &error), WEIR_ESTATE);
    assert_non_null(strstr(error.message, "not opened to be rolled back"));
    subject_end(&store);
}

static void open_at_least_once(subject *of)
{
    weir__kv_close(of->layers.top);
    of->can_roll_back = false;
    assert_ok(subject_open(of, NULL));
}

static void rows_newer_than_their_offset_are_not_used_exactly_once(void **state)
{
    (void)state;
    weir_error error = {0};
    subject store;
    op one = {.kind = OP_PUT, .key = 1, .number = 1};
    subject_begin(&store, &commit_cases[9], true);
    open_at_least_once(&store);
    assert_ok(subject_apply(&store, &one));
    assert_ok(subject_commit(&store, 3));
    weir__kv_close(store.layers.top);
    store.can_roll_back = true;
    assert_ok(subject_open(&store, NULL));
    assert_int_equal(weir__kv_offset(store.layers.base), 3);

    open_at_least_once(&store);
    assert_ok(subject_apply(&store, &one));
    weir__kv_close(store.layers.top);
    store.can_roll_back = true;
    assert_int_equal(subject_open(&store, &error), WEIR_ECORRUPT);
    assert_non_null(strstr(error.message, "newer than their offset"));
    store.can_roll_back = false;
    assert_ok(subject_open(&store, NULL));
    subject_end(&store);
}

/* Runs a test with each case: "windows in memory: ...". */
static struct CMUnitTest *each_case(const struct CMUnitTest *tests, size_t count)
{
    static char names[8 * COMMIT_CASES][160];
    struct CMUnitTest *all = calloc(count * COMMIT_CASES, sizeof *all);
    assert_in_range(count, 1, 8);
    for (size_t i = 0; i < count * COMMIT_CASES; i++) {
        const commit_case *what = &commit_cases[i % COMMIT_CASES];
        const struct CMUnitTest *one = &tests[i / COMMIT_CASES];
        snprintf(names[i], sizeof names[i], "%s: %s", what->name, one->name);
        all[i] = (struct CMUnitTest){names[i], one->test_func, NULL, NULL, (void *)(uintptr_t)what};
    }
    return all;
}

static int run_all(void)
{
    const struct CMUnitTest of_each[] = {
        cmocka_unit_test(random_transactions_leave_what_was_committed),
        cmocka_unit_test(rows_that_expire_in_a_transaction_come_back),
        cmocka_unit_test(a_killed_store_has_the_rows_of_one_commit_and_its_offset),
        cmocka_unit_test(a_store_that_was_not_opened_for_it_is_not_rolled_back),
    };
    const struct CMUnitTest others[] = {
        cmocka_unit_test(restored_versions_cannot_be_rolled_back),
        cmocka_unit_test(uncommitted_bytes_are_those_of_all_stores_together),
        cmocka_unit_test(rows_newer_than_their_offset_are_not_used_exactly_once),
    };
    size_t count = sizeof of_each / sizeof of_each[0];
    struct CMUnitTest *all = each_case(of_each, count);
    int failed = _cmocka_run_group_tests("state_commit", all, count * COMMIT_CASES, NULL, NULL);
    failed += cmocka_run_group_tests_name("state_commit_others", others, NULL, NULL);
    free(all);
    return failed;
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        subject store = {.what = &commit_cases[strtoul(argv[1], NULL, 10)], .can_roll_back = true};
        snprintf(store.directory, sizeof store.directory, "%s", argv[2]);
        if (store.what->cached) {
            assert_ok(weir__cache_new(1 << 20, &store.cache));
        }
        assert_ok(subject_open(&store, NULL));
        run_killed(&store);
        _exit(0);
    }
    print_message("WEIR_SEED=%llu\n", (unsigned long long)seed_of_run());
    return run_all();
}
