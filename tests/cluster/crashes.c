/* SPDX-License-Identifier: Apache-2.0
 *
 * A test that crashes reports the cause, the place and how to repeat it. Only that test fails,
 * where that is possible.
 */
#include <signal.h>

#include "support/doomed.h"

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN true
#else
#define UNDER_ASAN false
#endif
#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN true
#else
#define UNDER_TSAN false
#endif

#define REPEAT "seed 7; repeat with: WEIR_SEED=7 WEIR_TEST=the_first_test"
#define PLACE "node 'the-doomed-node' of task 0_0, record in-0 at offset 1"

#define assert_printed(child, words) assert_printed_at((child), (words), __FILE__, __LINE__)
static const char *assert_printed_at(const doomed *child, const char *words, const char *file,
                                     int line)
{
    const char *at = strstr(child->output, words);
    if (at == NULL) {
        fprintf(stderr, "'%s' is not in\n%s\n", words, child->output);
        _fail(file, line);
    }
    return at;
}

/* The program continues, and its next test passes. */
#define assert_one_failed(child) assert_one_failed_at((child), __FILE__, __LINE__)
static void assert_one_failed_at(const doomed *child, const char *file, int line)
{
    assert_printed_at(child, "[  FAILED  ] the_first_test", file, line);
    assert_printed_at(child, "[       OK ] the_second_test", file, line);
    if (!WIFEXITED(child->status) || WEXITSTATUS(child->status) != 1) {
        fprintf(stderr, "status %#x\n%s\n", (unsigned)child->status, child->output);
        _fail(file, line);
    }
}

static const doomed *assert_reported_from_a_callback(const char *how, const char *what)
{
    const doomed *child = doomed_run(how, NULL, NULL);
    const char *seed = assert_printed(child, REPEAT);
    assert_true(seed < assert_printed(child, what));
    assert_printed(child, "host 'a', thread 'a-StreamThread-1'");
    assert_printed(child, PLACE);
    assert_printed(child, "doomed_value+0x"); /* a frame of the backtrace */
    assert_printed(child, "addr2line");
    return child;
}

static void a_crash_in_a_callback_fails_its_test_and_says_where_it_was(void **state)
{
    static const char *const ways[][2] = {
        {"segv", "SIGSEGV at address 0"},
        {"fpe", "SIGFPE"},
        {"raise", "SIGILL"},
        {"abort", "SIGABRT"},
        {"assert", "Assertion `zero == 1' failed"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const doomed *child = assert_reported_from_a_callback(ways[i][0], "weir: SIG");
        assert_printed(child, ways[i][1]);
        assert_one_failed(child);
    }
}

static void an_exit_in_a_callback_fails_its_test(void **state)
{
    (void)state;
    assert_one_failed(assert_reported_from_a_callback("exit", "weir: exit(3)"));
    assert_one_failed(assert_reported_from_a_callback("exit-0", "weir: exit(0)"));
    assert_one_failed(assert_reported_from_a_callback("_exit", "weir: _exit(3)"));
}

static void an_assertion_of_cmocka_in_a_callback_fails_its_test_with_its_text(void **state)
{
    (void)state;
    const doomed *child =
        assert_reported_from_a_callback("cmocka", "an assertion of cmocka failed");
    assert_printed(child, "0x11 != 0x1267");
    assert_printed(child, "doomed.c:");
    assert_one_failed(child);
}

static void a_call_of_the_driver_that_a_callback_may_not_make_fails_the_test(void **state)
{
    static const char *const ways[][2] = {
        {"run_for", "weir_cluster_run_for: only the thread that made the cluster may call it"},
        {"run_until", "weir_run_until: only the thread that made the cluster may call it"},
        {"start", "weir_cluster_start: only the thread that made the cluster may call it"},
        {"close", "weir_instance_close: only the thread that made the cluster may call it"},
        {"output", "weir_cluster_output: only the thread that made the cluster may call it"},
        {"rows_at", "weir_rows_at: rows is NULL"},
        {"cluster_fail", "no die wanted"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        const doomed *child = assert_reported_from_a_callback(ways[i][0], ways[i][1]);
        assert_printed(child, "doomed.c:"); /* the place */
        assert_one_failed(child);
    }
    const doomed *child = doomed_run("run_for", "plain", NULL);
    assert_printed(child, "seed 7; repeat with: WEIR_SEED=7");
    assert_printed(child, PLACE);
    assert_true(!WIFEXITED(child->status) || WEXITSTATUS(child->status) != 0);
}

static void a_stack_overflow_names_the_limit_and_how_to_raise_it(void **state)
{
    (void)state;
    const doomed *child = doomed_run("overflow", NULL, NULL);
    assert_printed(child, REPEAT);
    assert_printed(child, "the stack of ");
    assert_printed(child, " KiB has overflowed; for a larger one: ulimit -s ");
    assert_printed(child, "thread 'a-StreamThread-1'");
    assert_printed(child, PLACE);
    assert_printed(child, "fall+0x");
    assert_one_failed(child);
}

/* The allocator's lock stays locked: no test could run after that one. */
static void a_damaged_heap_ends_the_program_after_a_report(void **state)
{
    (void)state;
    if (UNDER_ASAN || UNDER_TSAN) {
        print_message("skipped: sanitizers have allocators of their own\n");
        skip();
    }
    const doomed *child = assert_reported_from_a_callback("free", "weir: SIGABRT");
    assert_true(WIFSIGNALED(child->status));
    assert_int_equal(WTERMSIG(child->status), SIGABRT);
    assert_printed(child, "inside malloc or free: the heap is damaged, and stays locked. The "
                          "program ends here: no more tests run");
    assert_null(strstr(child->output, "the_second_test"));
}

static void without_a_function_for_failures_the_program_ends_by_the_signal(void **state)
{
    (void)state;
    const doomed *child = doomed_run("segv", "plain", NULL);
    const char *seed = assert_printed(child, "seed 7; repeat with: WEIR_SEED=7");
    assert_printed(child, PLACE);
    if (UNDER_ASAN) { /* its handler is called after the driver's */
        assert_true(seed < assert_printed(child, "ERROR: AddressSanitizer: SEGV"));
    } else if (UNDER_TSAN) {
        assert_true(seed < assert_printed(child, "ERROR: ThreadSanitizer: SEGV"));
    } else {
        assert_true(WIFSIGNALED(child->status));
        assert_int_equal(WTERMSIG(child->status), SIGSEGV);
    }
    child = doomed_run("exit-0", "plain", NULL);
    assert_printed(child, PLACE);
    assert_true(WIFEXITED(child->status) && WEXITSTATUS(child->status) != 0);
}

/* Like a test that fails before it frees its cluster. */
static void a_program_ends_that_has_a_cluster_yet(void **state)
{
    (void)state;
    static char no_thread_leaks[] = "TSAN_OPTIONS=report_thread_leaks=0"; /* it has some */
    const doomed *child = doomed_run("unfreed", "plain", no_thread_leaks);
    assert_true(WIFEXITED(child->status));
    assert_null(strstr(child->output, "weir:"));
}

static void a_handler_of_the_program_gets_its_signal(void **state)
{
    (void)state;
    const doomed *child = doomed_run("handler", NULL, NULL);
    assert_printed(child, PLACE);
    assert_printed(child, "[       OK ] the_first_test");
    assert_int_equal(child->status, 0);
}

static void the_report_of_a_sanitizer_is_followed_by_seed_and_place(void **state)
{
    (void)state;
    if (!UNDER_ASAN) {
        print_message("skipped: there is no AddressSanitizer\n");
        skip();
    }
    const doomed *child = doomed_run("use-after-free", NULL, NULL);
    assert_printed(child, "ERROR: AddressSanitizer: heap-use-after-free");
    assert_printed(child, REPEAT);
    assert_printed(child, "weir: a sanitizer ends the program");
    assert_printed(child, "no more tests run");
    assert_printed(child, PLACE);
}

static void the_seed_comes_first_where_the_test_itself_fails(void **state)
{
    (void)state;
    const doomed *child = doomed_run("test-assertion", NULL, NULL);
    assert_true(assert_printed(child, REPEAT) < assert_printed(child, "0x11 != 0x1267"));
    assert_one_failed(child);
    child = doomed_run("test-segv", NULL, NULL);
    assert_true(assert_printed(child, REPEAT) < assert_printed(child, "Segmentation fault"));
    assert_printed(child, "SIGSEGV at address 0 on the test's thread");
    assert_one_failed(child);
    child = doomed_run("test-exit", "plain", NULL);
    assert_printed(child, "seed 7; repeat with: WEIR_SEED=7");
    assert_int_equal(WEXITSTATUS(child->status), 3);
}

static void a_long_failure_is_printed_whole_after_the_seed(void **state)
{
    (void)state;
    const doomed *child = doomed_run("long-text", NULL, NULL);
    assert_true(assert_printed(child, REPEAT) < assert_printed(child, "xxx THE END"));
    assert_one_failed(child);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_crash_in_a_callback_fails_its_test_and_says_where_it_was),
        cmocka_unit_test(an_exit_in_a_callback_fails_its_test),
        cmocka_unit_test(an_assertion_of_cmocka_in_a_callback_fails_its_test_with_its_text),
        cmocka_unit_test(a_call_of_the_driver_that_a_callback_may_not_make_fails_the_test),
        cmocka_unit_test(a_stack_overflow_names_the_limit_and_how_to_raise_it),
        cmocka_unit_test(a_damaged_heap_ends_the_program_after_a_report),
        cmocka_unit_test(without_a_function_for_failures_the_program_ends_by_the_signal),
        cmocka_unit_test(a_program_ends_that_has_a_cluster_yet),
        cmocka_unit_test(a_handler_of_the_program_gets_its_signal),
        cmocka_unit_test(the_report_of_a_sanitizer_is_followed_by_seed_and_place),
        cmocka_unit_test(the_seed_comes_first_where_the_test_itself_fails),
        cmocka_unit_test(a_long_failure_is_printed_whole_after_the_seed),
    };
    return cmocka_run_group_tests_name("crashes", tests, NULL, NULL);
}
