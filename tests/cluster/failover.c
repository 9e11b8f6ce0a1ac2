/* SPDX-License-Identifier: Apache-2.0
 *
 * Word count through the loss of an instance. */
#include <stdlib.h>

#include "fixtures/word_count.h"
#include "scenarios/lib/counts.h"
#include "scenarios/lib/failover.h"
#include "support/cluster.h"

#define PARTITIONS 4

static void free_text(void *memory)
{
    fixture_text_fini(memory);
    free(memory);
}

static const fixture_text *made_text(void **state, size_t lines)
{
    fixture_text *text = fixture_keep(state, calloc(1, sizeof *text), free_text);
    assert_int_equal(fixture_text_make(text, lines, 1, NULL), WEIR_OK);
    return text;
}

static void pipe_text(weir_input lines, const fixture_text *text, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        weir_input_pipe(lines, NULL, &text->lines[i]);
    }
}

static void free_run(void *memory)
{
    weir_failover_free(memory);
}

static weir_instance *start(weir_cluster *cluster, const char *name)
{
    return weir_cluster_start(cluster, name, fixture_word_count,
                              &(weir_instance_opts){.threads = 2});
}

/* Topics of the word count; the handle is that of its input. */
static weir_input word_count_topics(weir_cluster *cluster)
{
    weir_cluster_input(cluster, "word-counts", PARTITIONS, &weir_string, &weir_i64);
    return weir_cluster_input(cluster, "lines", PARTITIONS, &weir_string, &weir_string);
}

static weir_rows *word_counts(weir_cluster *cluster)
{
    return weir_output_table(weir_cluster_output(cluster, "word-counts", &weir_string, &weir_i64));
}

static void words_are_counted(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input lines = word_count_topics(cluster);
    start(cluster, "a");
    weir_input_lines(lines, "Hello, world\nhello again\n");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    weir_rows *expected = weir_rows_new(cluster, &weir_string, &weir_i64);
    weir_rows_count(expected, &(weir_slice){"hello", 5}, 2);
    weir_rows_count(expected, &(weir_slice){"world", 5}, 1);
    weir_rows_count(expected, &(weir_slice){"again", 5}, 1);
    weir_assert_same_rows(word_counts(cluster), expected);
}

/* Everything is committed when b crashes, so nothing may count twice. */
static void counts_survive_the_loss_of_an_instance(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    const fixture_text *text = made_text(state, 400);
    weir_input lines = word_count_topics(cluster);
    start(cluster, "a");
    weir_instance *b = start(cluster, "b");
    weir_run_until(cluster, weir_all_running, WEIR_SECONDS(30));
    pipe_text(lines, text, 0, 200);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));

    weir_host_crash(weir_instance_host(b), WEIR_DISK_AS_IT_WAS);
    pipe_text(lines, text, 200, 400);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));

    weir_assert_same_rows(word_counts(cluster),
                          weir_scenario_counts(cluster, text->lines, text->count));
}

static void
a_crash_in_the_middle_counts_nothing_less_and_only_uncommitted_records_twice(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_failover_plan plan = weir_failover_plan_plain(500);
    weir_failover *run = fixture_keep(state, weir_failover_new(), free_run);
    weir_failover_run(run, cluster, &plan);
}

static void a_crash_in_the_middle_is_survived_by_stores_in_memory(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_failover_plan plan = weir_failover_plan_plain(500);
    weir_failover *run = fixture_keep(state, weir_failover_new(), free_run);
    plan.memory_stores = true;
    weir_failover_run(run, cluster, &plan);
}

static void restart(void **state, weir_disk disk)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    const fixture_text *text = made_text(state, 300);
    weir_input lines = word_count_topics(cluster);
    start(cluster, "a");
    weir_instance *b = start(cluster, "b");
    pipe_text(lines, text, 0, 100);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    weir_host_crash(weir_instance_host(b), disk);
    pipe_text(lines, text, 100, 200);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));
    weir_instance_restart(b);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(2));
    pipe_text(lines, text, 200, 300);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    weir_assert_same_rows(word_counts(cluster),
                          weir_scenario_counts(cluster, text->lines, text->count));
}

static void an_instance_restarts_from_its_disk_as_it_was(void **state)
{
    restart(state, WEIR_DISK_AS_IT_WAS);
}

static void an_instance_restarts_with_an_empty_disk(void **state)
{
    restart(state, WEIR_DISK_WIPED);
}

static void a_closed_instance_hands_over_at_once(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    const fixture_text *text = made_text(state, 200);
    weir_input lines = word_count_topics(cluster);
    start(cluster, "a");
    weir_instance *b = start(cluster, "b");
    pipe_text(lines, text, 0, 100);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    assert_int_equal(weir_instance_close(b, WEIR_SECONDS(30)), WEIR_OK);
    pipe_text(lines, text, 100, 200);
    int64_t closed = weir_cluster_now_ms(cluster);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    /* Less than a session timeout, so no member waited for one. */
    assert_true(weir_cluster_now_ms(cluster) - closed < WEIR_SECONDS(40));
    weir_assert_same_rows(word_counts(cluster),
                          weir_scenario_counts(cluster, text->lines, text->count));
}

/* A paused instance loses its session. What it had fetched it may still process when it wakes up,
 * and so count twice; but nothing that the others own now may be lost. */
static void a_zombie_loses_nothing(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    const fixture_text *text = made_text(state, 300);
    weir_input lines = word_count_topics(cluster);
    start(cluster, "a");
    weir_instance *b = start(cluster, "b");
    pipe_text(lines, text, 0, 100);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    weir_host_pause(weir_instance_host(b));
    pipe_text(lines, text, 100, 200);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));
    weir_host_resume(weir_instance_host(b));
    pipe_text(lines, text, 200, 300);
    weir_cluster_run_for(cluster, WEIR_MINUTES(1));
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));

    weir_store_view store = weir_cluster_store(cluster, "counts", &weir_string, &weir_i64);
    weir_scenario_check_counts(cluster, weir_store_view_all(store),
                               weir_scenario_counts(cluster, text->lines, text->count),
                               weir_scenario_counts(cluster, text->lines + 100, 200));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(words_are_counted),
        cluster_test(counts_survive_the_loss_of_an_instance),
        cluster_test(a_crash_in_the_middle_counts_nothing_less_and_only_uncommitted_records_twice),
        cluster_test(a_crash_in_the_middle_is_survived_by_stores_in_memory),
        cluster_test(an_instance_restarts_from_its_disk_as_it_was),
        cluster_test(an_instance_restarts_with_an_empty_disk),
        cluster_test(a_closed_instance_hands_over_at_once),
        cluster_test(a_zombie_loses_nothing),
    };
    return cmocka_run_group_tests_name("failover", tests, NULL, NULL);
}
