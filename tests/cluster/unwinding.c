/* SPDX-License-Identifier: Apache-2.0
 *
 * A test that fails at one of many moments: its memory is freed with the cluster, and the next
 * test starts with nothing left over. LeakSanitizer checks this at the end. */
#include <stdlib.h>
#include <string.h>

#include "fixtures/word_count.h"
#include "support/cluster.h"

#define PARTITIONS 4

struct failure {
    jmp_buf out;
    int64_t left; /* events until the failure */
    const char *kind;
    bool due;
};

static void jump_out(const char *file, int line, const char *message, void *user)
{
    struct failure *failure = user;
    (void)file;
    (void)line;
    (void)message;
    longjmp(failure->out, 1);
}

/* The failure happens at the n-th event of that kind. */
static void count_events(const weir_event *event, void *user)
{
    struct failure *failure = user;
    if (!failure->due && strcmp(event->name, failure->kind) == 0 && --failure->left == 0) {
        failure->due = true;
    }
}

static bool is_due(weir_cluster *cluster, void *user)
{
    (void)cluster;
    return ((struct failure *)user)->due;
}

enum faults { NONE, CRASHED, PAUSED, CUT_OFF };

static void start_two(weir_cluster *cluster, weir_instance **a, weir_instance **b)
{
    static const char *const config[] = {"commit.interval.ms", "200", NULL};
    weir_cluster_input(cluster, "word-counts", PARTITIONS, &weir_string, &weir_i64);
    weir_input lines = weir_cluster_input(cluster, "lines", PARTITIONS, &weir_string, &weir_string);
    for (int i = 0; i < 40; i++) {
        weir_input_text(lines, NULL, "one two three four");
    }
    weir_instance_opts opts = {.threads = 2, .config = config};
    *a = weir_cluster_start(cluster, "a", fixture_word_count, &opts);
    *b = weir_cluster_start(cluster, "b", fixture_word_count, &opts);
}

/* The test's body, which never reaches its end. */
static void run_until_failure(weir_cluster *cluster, struct failure *failure, enum faults faults)
{
    weir_instance *a = NULL;
    weir_instance *b = NULL;
    if (faults == NONE) {
        weir_cluster_on_event(cluster, count_events, failure);
    }
    start_two(cluster, &a, &b);
    if (faults != NONE) {
        weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    }
    weir_cluster_on_event(cluster, count_events, failure);
    switch (faults) {
    case NONE:
        break;
    case CRASHED:
        weir_host_crash(weir_instance_host(b), WEIR_DISK_AS_IT_WAS);
        weir_instance_restart(b);
        break;
    case PAUSED:
        weir_host_pause(weir_instance_host(b));
        break;
    case CUT_OFF:
        weir_host_partition(weir_instance_host(b));
        break;
    }
    (void)weir_cluster_run_until(cluster, is_due, failure, WEIR_MINUTES(2));
    weir_cluster_fail(cluster, "in the middle");
}

static void fail_at(const char *kind, int64_t nth, enum faults faults)
{
    struct failure *failure = calloc(1, sizeof *failure);
    weir_error error = {0};
    assert_non_null(failure);
    failure->kind = kind;
    failure->left = nth;
    weir_cluster *cluster = weir_cluster_new(
        &(weir_cluster_opts){.seed = 7, .on_failure = jump_out, .user = failure}, &error);
    assert_non_null(cluster);
    if (setjmp(failure->out) == 0) {
        run_until_failure(cluster, failure, faults);
        fail_msg("it did not fail");
    }
    weir_cluster_free(cluster);
    free(failure);
}

static const char *const kinds[] = {"join", "sync", "assignment-taken", "process", "commit-stores"};

static void fail_at_each(enum faults faults)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        fail_at(kinds[i], 1, faults);
    }
}

static void a_failure_while_instances_start_leaves_nothing(void **state)
{
    (void)state;
    fail_at_each(NONE);
}

static void a_failure_with_a_crashed_host_leaves_nothing(void **state)
{
    (void)state;
    fail_at_each(CRASHED);
}

static void a_failure_while_stores_are_restored_leaves_nothing(void **state)
{
    (void)state;
    fail_at("restore-start", 1, CRASHED);
    fail_at("restore", 2, CRASHED);
    fail_at("restore-end", 1, CRASHED);
}

static void a_failure_with_a_paused_host_leaves_nothing(void **state)
{
    (void)state;
    fail_at("rebalance", 1, PAUSED);
    fail_at("suspend", 1, PAUSED);
    fail_at("assignment-taken", 1, PAUSED);
}

static void a_failure_with_a_host_that_is_cut_off_leaves_nothing(void **state)
{
    (void)state;
    fail_at("rebalance", 1, CUT_OFF);
    fail_at("suspend", 1, CUT_OFF);
    fail_at("assignment-taken", 1, CUT_OFF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_while_instances_start_leaves_nothing),
        cmocka_unit_test(a_failure_with_a_crashed_host_leaves_nothing),
        cmocka_unit_test(a_failure_while_stores_are_restored_leaves_nothing),
        cmocka_unit_test(a_failure_with_a_paused_host_leaves_nothing),
        cmocka_unit_test(a_failure_with_a_host_that_is_cut_off_leaves_nothing),
    };
    return cmocka_run_group_tests_name("unwinding", tests, NULL, NULL);
}
