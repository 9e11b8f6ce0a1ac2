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

/* Runs it with that seed. It counts right in any case, since the accesses do not overlap. */
static void check_report(const char *how, int seed, bool expected)
{
    char setting[32];
    snprintf(setting, sizeof setting, "WEIR_SEED=%d", seed);
    const doomed *child = doomed_run_as(WEIR_RACY, how, NULL, setting);
    bool counted = strstr(child->output, "counted 200\n") != NULL;
    bool reported = strstr(child->output, "ThreadSanitizer: data race") != NULL &&
                    strstr(child->output, "#0 count_up") != NULL;
    bool passed = WIFEXITED(child->status) && WEXITSTATUS(child->status) == 0;
    if (!counted || reported != expected || passed == expected) {
        fprintf(stderr, "seed %d, status %#x:\n%s\n", seed, (unsigned)child->status, child->output);
        fail();
    }
}

static void an_unlocked_counter_of_two_threads_is_reported_for_each_seed(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        check_report("plain", seed, UNDER_TSAN);
    }
}

static void a_counter_with_a_mutex_is_not_reported(void **state)
{
    (void)state;
    for (int seed = 1; seed <= SEEDS; seed++) {
        check_report("mutex", seed, false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unlocked_counter_of_two_threads_is_reported_for_each_seed),
        cmocka_unit_test(a_counter_with_a_mutex_is_not_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
