/* SPDX-License-Identifier: Apache-2.0
 *
 * Commit and rollback of each kind of store when an allocation fails, each one in turn: a failure
 * leaves a store that can be rolled back to its last commit, or committed again. */
#include "commit_kit.h"
#include "failing_allocations.h"

#define BEFORE 4   /* operations */
#define CHANGES 12 /* operations */
#define SMALL_VALUE 60
#define FAILURES_MAX 2000

typedef struct fixture {
    subject store;
    weir_buf committed; /* what is seen of the commit */
    op changes[CHANGES];
} fixture;

/* A store with a commit, and changes to come, of which the last one makes rows expire. */
static void begin(fixture *f, const commit_case *what)
{
    draws from = {.random = 99991, .now_ms = what->rocksdb ? 40000 : 20, .value_max = SMALL_VALUE};
    *f = (fixture){.committed = {0}};
    subject_begin(&f->store, what, true);
    for (int i = 0; i < BEFORE; i++) {
        op one = draw_op(&from, what);
        one.kind = OP_PUT;
        assert_ok(subject_apply(&f->store, &one));
    }
    assert_ok(subject_commit(&f->store, 1));
    subject_see(&f->store, &f->committed);
    for (int i = 0; i < CHANGES; i++) {
        f->changes[i] = draw_op(&from, what);
    }
    f->changes[2] = (op){.kind = OP_DROP, .key = 6};
    f->changes[CHANGES - 1] = (op){.kind = OP_PUT, .key = 3, .time_ms = 1000000, .number = 1000};
}

static void end(fixture *f)
{
    subject_end(&f->store);
    weir__buf_fini(&f->committed);
}

/* The first failure ends it, as in a task. */
static weir_err change(fixture *f)
{
    weir_err err = WEIR_OK;
    for (int i = 0; i < CHANGES && err == WEIR_OK; i++) {
        err = subject_apply(&f->store, &f->changes[i]);
    }
    return err;
}

static void check_seen(const fixture *f, const weir_buf *expected, int failure)
{
    weir_buf seen = {0};
    subject_see(&f->store, &seen);
    if (!weir_slice_equal(weir__buf_slice(&seen), weir__buf_slice(expected))) {
        fail_msg("%s differ after allocation %d failed", f->store.what->name, failure);
    }
    weir__buf_fini(&seen);
}

static void a_change_that_lacks_memory_can_be_rolled_back(void **state)
{
    fixture f;
    int failures = 0;
    begin(&f, *state);
    for (bool failed = true; failed; failures += failed ? 1 : 0) {
        fail_allocation(failures);
        weir_err err = change(&f);
        failed = allocation_failed();
        assert_true(err == WEIR_OK || err == WEIR_ENOMEM);
        assert_true(err == WEIR_OK || failed);
        assert_ok(weir__kv_rollback(f.store.layers.top, NULL));
        check_seen(&f, &f.committed, failures);
        assert_true(failures < FAILURES_MAX);
    }
    assert_true(failures > 5);
    end(&f);
}

static void a_rollback_that_lacks_memory_can_be_repeated(void **state)
{
    fixture f;
    int failures = 0;
    begin(&f, *state);
    for (bool failed = true; failed; failures += failed ? 1 : 0) {
        assert_ok(change(&f));
        fail_allocation(failures);
        weir_err err = weir__kv_rollback(f.store.layers.top, NULL);
        failed = allocation_failed();
        assert_int_equal(err, failed ? WEIR_ENOMEM : WEIR_OK);
        if (failed) {
            assert_ok(weir__kv_rollback(f.store.layers.top, NULL));
        }
        check_seen(&f, &f.committed, failures);
        assert_true(failures < FAILURES_MAX);
    }
    end(&f);
}

/* What the store has after the changes; they are rolled back. */
static void see_changed(fixture *f, weir_buf *out)
{
    fixture other;
    begin(&other, f->store.what);
    assert_ok(change(&other));
    assert_ok(subject_commit(&other.store, 2));
    subject_see(&other.store, out);
    end(&other);
}

/* False: a part of the commit was made. */
static bool rolls_back(fixture *f)
{
    weir_err err = weir__kv_rollback(f->store.layers.top, NULL);
    assert_true(err == WEIR_OK || (err == WEIR_ESTATE && f->store.what->rocksdb));
    return err == WEIR_OK;
}

/* Each commit fails once, and is then repeated, or rolled back. A database takes long to make, so
 * there each third allocation fails. */
static void fail_commits(void **state, bool repeat)
{
    const commit_case *what = *state;
    int step = what->rocksdb ? 3 : 1;
    weir_buf changed = {0};
    int failures = repeat || step == 1 ? 0 : 1;
    for (bool failed = true; failed; failures += step) {
        fixture f;
        begin(&f, what);
        if (changed.len == 0) {
            see_changed(&f, &changed);
        }
        assert_ok(change(&f));
        fail_allocation(failures);
        weir_err err = subject_commit(&f.store, 2);
        failed = allocation_failed();
        assert_true(err == WEIR_OK || (failed && err == WEIR_ENOMEM));
        bool again = err != WEIR_OK && (repeat || !rolls_back(&f));
        if (again) {
            assert_ok(subject_commit(&f.store, 2));
        }
        check_seen(&f, err == WEIR_OK || again ? &changed : &f.committed, failures);
        end(&f);
        assert_true(failures < FAILURES_MAX);
    }
    weir__buf_fini(&changed);
}

static void a_commit_that_lacks_memory_can_be_repeated(void **state)
{
    fail_commits(state, true);
}

static void a_commit_that_lacks_memory_can_be_rolled_back(void **state)
{
    fail_commits(state, false);
}

static void a_store_that_lacks_memory_is_not_opened(void **state)
{
    subject of;
    int failures = 0;
    subject_begin(&of, *state, true);
    weir__kv_close(of.layers.top);
    for (bool failed = true; failed; failures += failed ? 1 : 0) {
        weir_error error = {0};
        fail_allocation(failures);
        weir_err err = subject_open(&of, &error);
        failed = allocation_failed();
        assert_int_equal(err, failed ? WEIR_ENOMEM : WEIR_OK);
        assert_int_equal(of.uncommitted.bytes, 0);
        assert_true(failures < FAILURES_MAX);
    }
    subject_end(&of);
}

int main(void)
{
    static char names[5 * COMMIT_CASES][160];
    const struct CMUnitTest of_each[] = {
        cmocka_unit_test(a_change_that_lacks_memory_can_be_rolled_back),
        cmocka_unit_test(a_rollback_that_lacks_memory_can_be_repeated),
        cmocka_unit_test(a_commit_that_lacks_memory_can_be_repeated),
        cmocka_unit_test(a_commit_that_lacks_memory_can_be_rolled_back),
        cmocka_unit_test(a_store_that_lacks_memory_is_not_opened),
    };
    struct CMUnitTest all[5 * COMMIT_CASES];
    for (size_t i = 0; i < 5 * COMMIT_CASES; i++) {
        const commit_case *what = &commit_cases[i % COMMIT_CASES];
        const struct CMUnitTest *one = &of_each[i / COMMIT_CASES];
        snprintf(names[i], sizeof names[i], "%s: %s", what->name, one->name);
        all[i] = (struct CMUnitTest){names[i], one->test_func, NULL, NULL, (void *)(uintptr_t)what};
    }
    return _cmocka_run_group_tests("state_commit_memory", all, 5 * COMMIT_CASES, NULL, NULL);
}
