/* SPDX-License-Identifier: Apache-2.0
 *
 * Word count on a simulated cluster, of which an instance is lost. */
#include <weir/driver_cmocka.h>

#include "fixtures/word_count.h"

static int start_cluster(void **state)
{
    weir_error error;
    *state = weir_cluster_new(&(weir_cluster_opts){.on_failure = weir_cmocka_failure}, &error);
    if (*state == NULL) {
        return -1;
    }
    weir_mock *brokers = weir_cluster_mock(*state);
    return weir_mock_topic_create(brokers, "word-counts", 4, 3, NULL, &error) == WEIR_OK ? 0 : -1;
}

static int end_cluster(void **state)
{
    weir_cluster_free(*state);
    return 0;
}

static void counts_survive_the_loss_of_an_instance(void **state)
{
    weir_cluster *cluster = *state;
    weir_input lines = weir_cluster_input(cluster, "lines", 4, &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    weir_instance *b = weir_cluster_start(cluster, "b", fixture_word_count, NULL);
    weir_input_lines(lines, "to be or not to be\nthat is the question");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    weir_host_crash(weir_instance_host(b), WEIR_DISK_AS_IT_WAS);
    weir_input_lines(lines, "to be sure");
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    weir_output counts = weir_cluster_output(cluster, "word-counts", &weir_string, &weir_i64);
    const weir_row *to = weir_rows_find_text(weir_output_table(counts), "to");
    assert_non_null(to);
    assert_int_equal(*(const int64_t *)to->value, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(counts_survive_the_loss_of_an_instance, start_cluster,
                                        end_cluster),
    };
    return cmocka_run_group_tests_name("lost_instance", tests, NULL, NULL);
}
