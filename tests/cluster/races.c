/* SPDX-License-Identifier: Apache-2.0
 *
 * ThreadSanitizer reports a race of a user's callbacks in the simulation, although only one of its
 * threads runs at a time, for each schedule. */
#include "support/doomed.h"

#if defined(__SANITIZE_THREAD__)
#define UNDER_TSAN true
#else
#define UNDER_TSAN false
#endif

#define SEEDS 8

/* Runs it with each seed. It counts right in any case, since the accesses do not overlap. */
static void check_reports(const char *who, const char *how, bool expected)
{
    for (int seed = 1; seed <= SEEDS; seed++) {
        char setting[32];
        snprintf(setting, sizeof setting, "WEIR_SEED=%d", seed);
        const doomed *child = doomed_run_as(WEIR_RACY, who, how, setting);
        bool counted = strstr(child->output, "counted 200\n") != NULL;
        bool reported = strstr(child->output, "ThreadSanitizer: data race") != NULL &&
                        strstr(child->output, "#0 count_up") != NULL;
        bool passed = WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0;
        if (!counted || reported != expected || passed == expected) {
            fprintf(stderr, "seed %d, status %#x:\n%s\n", seed, (unsigned)child->status,
                    child->output);
            fail();
        }
    }
}

static void an_unlocked_counter_of_two_threads_is_reported_for_each_seed(void **state)
{
    (void)state;
    check_reports("threads", NULL, UNDER_TSAN);
}

/* They share brokers, whose connections must not order them. */
static void an_unlocked_counter_of_two_instances_is_reported_for_each_seed(void **state)
{
    (void)state;
    check_reports("instances", NULL, UNDER_TSAN);
}

static void a_counter_with_a_mutex_is_not_reported(void **state)
{
    (void)state;
    check_reports("threads", "mutex", false);
    check_reports("instances", "mutex", false);
}

static void what_the_test_shares_with_a_callback_needs_no_lock(void **state)
{
    (void)state;
    check_reports("test", NULL, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unlocked_counter_of_two_threads_is_reported_for_each_seed),
        cmocka_unit_test(an_unlocked_counter_of_two_instances_is_reported_for_each_seed),
        cmocka_unit_test(a_counter_with_a_mutex_is_not_reported),
        cmocka_unit_test(what_the_test_shares_with_a_callback_needs_no_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
