/* SPDX-License-Identifier: Apache-2.0
 *
 * Bounds, delays and clocks given to the driver, at the ends of int64: they are taken, or refused
 * with a text. */
#include <setjmp.h>
#include <string.h>

#include "fixtures/word_count.h"
#include "support/cluster.h"
#include "support/jump_out.h"

static bool never(weir_cluster *cluster, void *unused)
{
    (void)cluster;
    (void)unused;
    return false;
}

static weir_instance *word_count(weir_cluster *cluster)
{
    weir_cluster_input(cluster, "word-counts", 1, &weir_string, &weir_i64);
    weir_input lines = weir_cluster_input(cluster, "lines", 1, &weir_string, &weir_string);
    weir_input_lines(lines, "one\n");
    return weir_cluster_start(cluster, "a", fixture_word_count, NULL);
}

static void a_wait_may_have_any_bound(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_instance *a = word_count(cluster);
    weir_run_until(cluster, weir_caught_up, INT64_MAX);
    int64_t before_ms = weir_cluster_now_ms(cluster);
    assert_false(weir_cluster_run_until(cluster, never, NULL, INT64_MIN));
    weir_cluster_run_for(cluster, INT64_MIN);
    assert_int_equal(weir_cluster_now_ms(cluster), before_ms);
    assert_int_equal(weir_instance_close(a, INT64_MAX), WEIR_OK);
    weir_instance_restart(a);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    assert_int_equal(weir_instance_close(a, -1), WEIR_OK);
}

static void a_run_may_be_as_long_as_an_int64_says(void **state)
{
    weir_cluster *cluster = fixture_cluster(
        state, &(weir_cluster_opts){.max_virtual_ms = INT64_MAX, .livelock_ms = INT64_MAX});
    word_count(cluster);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
}

static void assert_refused(const weir_cluster_opts *opts, const char *name)
{
    weir_error error = {0};
    assert_null(weir_cluster_new(opts, &error));
    assert_int_equal(error.code, WEIR_EINVAL);
    assert_non_null(strstr(error.message, name));
}

static void options_that_make_no_sense_are_refused_by_name(void **state)
{
    (void)state;
    assert_refused(&(weir_cluster_opts){.max_virtual_ms = -1}, "max_virtual_ms");
    assert_refused(&(weir_cluster_opts){.livelock_ms = INT64_MIN}, "livelock_ms");
    assert_refused(&(weir_cluster_opts){.group_initial_delay_ms = INT64_MAX},
                   "group_initial_delay_ms");
}

static void a_latency_without_end_is_a_cut(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_host *host = weir_instance_host(word_count(cluster));
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_host_latency(host, INT64_MAX);
    assert_false(weir_cluster_run_until(cluster, never, NULL, WEIR_MINUTES(2)));
    weir_mock_group_info group;
    assert_int_equal(weir_mock_group(weir_cluster_mock(cluster), "app", &group), WEIR_OK);
    assert_string_equal(group.state, "Empty");
}

/* ---- What fails the test ---- */

static void assert_host_fails(void (*fn)(weir_host *host, int64_t ms), int64_t ms, const char *text)
{
    static struct failure failure;
    weir_error error = {0};
    weir_cluster *cluster =
        weir_cluster_new(&(weir_cluster_opts){.on_failure = jump_out, .user = &failure}, &error);
    assert_non_null(cluster);
    failure.message[0] = '\0';
    if (setjmp(failure.out) == 0) {
        fn(weir_instance_host(word_count(cluster)), ms);
    }
    weir_cluster_free(cluster);
    assert_non_null(strstr(failure.message, text));
}

static void an_invalid_clock_or_link_is_refused(void **state)
{
    (void)state;
    assert_host_fails(weir_host_skew, INT64_MAX, "a skew of 9223372036854775807 ms");
    assert_host_fails(weir_host_skew, INT64_MIN, "out of 1970 to 2262");
    assert_host_fails(weir_host_latency, -1, "a latency of -1 ms is negative");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_wait_may_have_any_bound),
        cluster_test(a_run_may_be_as_long_as_an_int64_says),
        cmocka_unit_test(options_that_make_no_sense_are_refused_by_name),
        cluster_test(a_latency_without_end_is_a_cut),
        cmocka_unit_test(an_invalid_clock_or_link_is_refused),
    };
    return cmocka_run_group_tests_name("driver_bounds", tests, NULL, NULL);
}
