/* SPDX-License-Identifier: Apache-2.0
 *
 * Instances that crash: another one gets their tasks, and the counts stay right. */
#include "support/word_counts.h"

/* The clients of a crashed host are never destroyed, as after a real crash. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:librdkafka\n";
}

static const char *const two_threads[] = {"num.stream.threads", "2", NULL};
static const char *const in_memory[] = {"num.stream.threads", "2", "dsl.store", "memory", NULL};

static void counts_survive_a_crash_with(apps *all, const char *const *settings)
{
    word_count_topics(all);
    app *a = app_start(all, "a", fixture_word_count, settings);
    app *b = app_start(all, "b", fixture_word_count, settings);
    app_run_until(all, both_run(a, b), 60);
    for (int i = 0; i < ROUNDS; i++) {
        send_round(all, i);
    }
    app_run_until(all, count_of(all, "word-counts", "every", NULL) == ROUNDS, 60);
    weir_sim_sleep_us(2000000); /* all is committed */
    weir_sim_host_crash(b->host);
    for (int i = 0; i < ROUNDS; i++) {
        send_round(all, i);
    }
    app_run_until(all, count_of(all, "word-counts", "every", NULL) == 2 * ROUNDS, 120);
    app_run_until(all, running_tasks(a) == TASKS, 60);
    assert_true(a->restored > 0);
    app_close(a);
    assert_int_equal(count_of(all, "word-counts", "every", NULL), 2 * ROUNDS);
    assert_no_failure(all->mock);
}

static void counts_survive_the_crash_of_an_instance(void **state)
{
    counts_survive_a_crash_with(*state, two_threads);
}

static void counts_in_memory_survive_the_crash_of_an_instance(void **state)
{
    counts_survive_a_crash_with(*state, in_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        apps_test(counts_survive_the_crash_of_an_instance),
        apps_test(counts_in_memory_survive_the_crash_of_an_instance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
