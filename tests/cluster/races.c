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
#define DATA_RACE "ThreadSanitizer: data race"

/* Runs it with each seed. It counts right in any case, since the accesses do not overlap. `report`:
 * what is to be reported; NULL: nothing. */
static void check_reports(const char *who, const char *how, const char *report)
{
    bool expected = UNDER_TSAN && report != NULL;
    for (int seed = 1; seed <= SEEDS; seed++) {
        char setting[32];
        snprintf(setting, sizeof setting, "WEIR_SEED=%d", seed);
        const doomed *child = doomed_run_as(WEIR_RACY, who, how, setting);
        bool counted = strstr(child->output, "counted 200\n") != NULL;
        bool reported = expected && strstr(child->output, report) != NULL &&
                        strstr(child->output, " count_up") != NULL;
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
    check_reports("threads", NULL, DATA_RACE);
}

/* They share brokers, whose connections must not order them. */
static void an_unlocked_counter_of_two_instances_is_reported_for_each_seed(void **state)
{
    (void)state;
    check_reports("instances", NULL, DATA_RACE);
}

static void a_counter_with_a_mutex_is_not_reported(void **state)
{
    (void)state;
    check_reports("threads", "mutex", NULL);
    check_reports("instances", "mutex", NULL);
}

static void what_the_test_shares_with_a_callback_needs_no_lock(void **state)
{
    (void)state;
    check_reports("test", NULL, NULL);
}

/* One thread takes both, so no schedule blocks. */
static void mutexes_that_are_taken_in_two_orders_are_reported(void **state)
{
    (void)state;
    check_reports("test", "cycle", "ThreadSanitizer: lock-order-inversion");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unlocked_counter_of_two_threads_is_reported_for_each_seed),
        cmocka_unit_test(an_unlocked_counter_of_two_instances_is_reported_for_each_seed),
        cmocka_unit_test(a_counter_with_a_mutex_is_not_reported),
        cmocka_unit_test(what_the_test_shares_with_a_callback_needs_no_lock),
        cmocka_unit_test(mutexes_that_are_taken_in_two_orders_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
