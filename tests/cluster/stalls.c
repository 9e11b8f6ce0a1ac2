/* SPDX-License-Identifier: Apache-2.0
 *
 * Callbacks that do not return: each cause has a text of its own. */
#include "support/doomed.h"

#define PLACE "node 'the-doomed-node' of task 0_0, record in-0 at offset 1"
#define SECOND "WEIR_WATCHDOG=1"

#define assert_printed(child, words) assert_printed_at((child), (words), __FILE__, __LINE__)
static void assert_printed_at(const doomed *child, const char *words, const char *file, int line)
{
    if (strstr(child->output, words) == NULL) {
        fprintf(stderr, "'%s' is not in\n%s\n", words, child->output);
        _fail(file, line);
    }
}

/* Only its test fails; the place is reported. */
static const doomed *run(const char *how, char *setting)
{
    const doomed *child = doomed_run(how, NULL, setting);
    assert_printed(child, "seed 7; repeat with: WEIR_SEED=7 WEIR_TEST=the_first_test");
    assert_printed(child, "a-StreamThread-1");
    assert_printed(child, PLACE);
    assert_printed(child, "[  FAILED  ] the_first_test");
    assert_printed(child, "[       OK ] the_second_test");
    return child;
}

static void an_endless_loop_is_reported_with_its_place_and_a_backtrace(void **state)
{
    static char setting[] = SECOND;
    static const char *const loops[] = {"loop", "wall-clock"};
    (void)state;
    for (size_t i = 0; i < sizeof loops / sizeof loops[0]; i++) {
        const doomed *child = run(loops[i], setting);
        assert_printed(child, "has run for 1000 ms of processor time and does not yield");
        assert_printed(child, "WEIR_WATCHDOG=seconds, 0 for none");
        assert_printed(child, "doomed_value+0x");
    }
}

static void a_call_that_blocks_in_the_kernel_is_reported(void **state)
{
    static char setting[] = SECOND;
    (void)state;
    const char *threads = getenv("WEIR_THREADS");
    if (threads != NULL && strcmp(threads, "real") == 0) {
        print_message("skipped: needs WEIR_THREADS=borrowed\n");
        skip();
    }
    const doomed *child = run("kernel", setting);
    assert_printed(child, "sleeps in the kernel");
    assert_printed(child, "in a call that the simulation does not cover");
    assert_printed(child, "doomed_value+0x");
}

static void a_sleep_and_a_lock_that_the_thread_holds_itself_are_distinguished(void **state)
{
    (void)state;
    const doomed *sleeper = run("sleep", NULL);
    assert_printed(sleeper, PLACE ": sleeps since ");
    assert_printed(sleeper, " until 10000"); /* 100,000 s after the first seconds */
    assert_printed(run("deadlock", NULL),
                   PLACE ": waits for mutex held by StreamThread-1, which is itself");
}

static void a_run_that_is_killed_leaves_its_trace(void **state)
{
    static char setting[64];
    static char path[] = "/tmp/weir-trace-XXXXXX";
    char text[1 << 16];
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    snprintf(setting, sizeof setting, "WEIR_TRACE=%s", path);
    doomed_run("kill", "plain", setting);
    ssize_t len = read(fd, text, sizeof text - 1);
    close(fd);
    unlink(path);
    assert_true(len > 0);
    text[len] = '\0';
    assert_non_null(strstr(text, "process 0_0 in@1\n"));
}

static void a_wrong_limit_is_refused(void **state)
{
    static char setting[] = "WEIR_WATCHDOG=soon";
    (void)state;
    assert_printed(doomed_run("live", "plain", setting), "WEIR_WATCHDOG=soon is not a number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_endless_loop_is_reported_with_its_place_and_a_backtrace),
        cmocka_unit_test(a_call_that_blocks_in_the_kernel_is_reported),
        cmocka_unit_test(a_sleep_and_a_lock_that_the_thread_holds_itself_are_distinguished),
        cmocka_unit_test(a_run_that_is_killed_leaves_its_trace),
        cmocka_unit_test(a_wrong_limit_is_refused),
    };
    return cmocka_run_group_tests_name("stalls", tests, NULL, NULL);
}
