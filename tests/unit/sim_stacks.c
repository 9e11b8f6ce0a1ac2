/* SPDX-License-Identifier: Apache-2.0
 *
 * The pool of stacks for librdkafka's threads. */
#include <signal.h>
#include <sys/wait.h>

#include "sim/engine.h"
#include "unit/support/sim.h"

static void stacks_do_not_touch_each_other_and_are_used_again(void **state)
{
    enum { COUNT = 200 };
    unsigned char *stacks[COUNT];
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        stacks[i] = weir__stack_take();
        assert_non_null(stacks[i]);
        memset(stacks[i], i, WEIR__STACK_BYTES);
    }
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(stacks[i][0], (unsigned char)i);
        assert_int_equal(stacks[i][WEIR__STACK_BYTES - 1], (unsigned char)i);
        weir__stack_give(stacks[i]);
    }
    unsigned char *again = weir__stack_take();
    assert_ptr_equal(again, stacks[COUNT - 1]);
    weir__stack_give(again);
}

static void a_stack_that_overflows_ends_the_process(void **state)
{
    (void)state;
    volatile unsigned char *stack = weir__stack_take();
    int status = 0;
    assert_non_null(stack);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGSEGV, SIG_DFL); /* not a sanitizer's report */
        stack[-1] = 1;
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    weir__stack_give((void *)stack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stacks_do_not_touch_each_other_and_are_used_again),
        cmocka_unit_test(a_stack_that_overflows_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
