/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of checkers with a NULL for each of their arguments: a failure that names it, or
 * nothing happens. */
#include <weir/checkers.h>

#include "support/cluster.h"
#include "support/null_rows.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define SERDES &weir_string, &weir_i64
#define none(expression) assert_null(expression)
#define nothing(expression) assert_int_equal((expression), 0)

/* X(function, argument, text of the failure or NULL, call). */
#define ROWS(X)                                                                                    \
    X(weir_cluster_checker_at, cluster, "weir_cluster_checker: cluster is NULL",                   \
      none(weir_cluster_checker_at(NULL, NULL, "file", 1)))                                        \
    X(weir_cluster_checker_at, opts, NULL,                                                         \
      assert_non_null(weir_cluster_checker_at(cluster, NULL, "file", 1)))                          \
    X(weir_cluster_checker_at, file, NULL,                                                         \
      assert_non_null(weir_cluster_checker_at(cluster, NULL, NULL, 1)))                            \
    X(weir_checker_new, opts, NULL, weir_checker_free(weir_checker_new(NULL)))                     \
    X(weir_checker_free, checker, NULL, weir_checker_free(NULL))                                   \
    X(weir_checker_event, checker, NULL, weir_checker_event(NULL, &event))                         \
    X(weir_checker_event, event, NULL, weir_checker_event(checker, NULL))                          \
    X(weir_checker_violation, checker, NULL, none(weir_checker_violation(NULL)))                   \
    X(weir_checker_found, checker, NULL, nothing(weir_checker_found(NULL, WEIR_DUPLICATE)))        \
    X(weir_checker_found, anomaly, NULL, nothing(weir_checker_found(checker, (weir_anomaly)77)))   \
    X(weir_anomaly_name, anomaly, NULL, none(weir_anomaly_name((weir_anomaly)77)))                 \
    X(weir_anomaly_meaning, anomaly, NULL, none(weir_anomaly_meaning((weir_anomaly)77)))           \
    X(weir_checker_begun, checker, NULL, nothing(weir_checker_begun(NULL, "t", 0, 0)))             \
    X(weir_checker_begun, topic, NULL, nothing(weir_checker_begun(checker, NULL, 0, 0)))           \
    X(weir_checker_is_stale, checker, NULL, nothing(weir_checker_is_stale(NULL, "t", 0, 0)))       \
    X(weir_checker_is_stale, topic, NULL, nothing(weir_checker_is_stale(checker, NULL, 0, 0)))     \
    X(weir_checker_is_visible, checker, NULL,                                                      \
      assert_true(weir_checker_is_visible(NULL, "t", 0, 0)))                                       \
    X(weir_checker_is_visible, topic, NULL,                                                        \
      assert_true(weir_checker_is_visible(checker, NULL, 0, 0)))                                   \
    X(weir_id_add, list, NULL, weir_id_add(NULL, weir_slice_of("id")))                             \
    X(weir_checker_results_at, checker, "weir_checker_results: checker is NULL",                   \
      weir_checker_results_at(NULL, &results, "file", 1))                                          \
    X(weir_checker_results_at, results, "weir_checker_results: results is NULL",                   \
      weir_checker_results_at(checker, NULL, "file", 1))                                           \
    X(weir_checker_results_at, file, NULL, weir_checker_results_at(checker, &results, NULL, 1))    \
    X(weir_checker_input, checker, NULL, weir_checker_input(NULL, &record, weir_slice_of("id")))   \
    X(weir_checker_input, record, NULL, weir_checker_input(checker, NULL, weir_slice_of("id")))    \
    X(weir_checker_output, checker, NULL, weir_checker_output(NULL, &record, weir_slice_of("id"))) \
    X(weir_checker_output, record, NULL, weir_checker_output(checker, NULL, weir_slice_of("id")))  \
    X(weir_checker_compare, checker, NULL, weir_checker_compare(NULL, &results))                   \
    X(weir_checker_compare, results, NULL, weir_checker_compare(checker, NULL))                    \
    X(weir_checker_store_at, checker, "weir_checker_store: checker is NULL",                       \
      weir_checker_store_at(NULL, "s", NULL, SERDES, "file", 1))                                   \
    X(weir_checker_store_at, store, "weir_checker_store: store is NULL",                           \
      weir_checker_store_at(checker, NULL, NULL, SERDES, "file", 1))                               \
    X(weir_checker_store_at, changelog, "there is no topic app-s-changelog",                       \
      weir_checker_store_at(checker, "s", NULL, SERDES, "file", 1))                                \
    X(weir_checker_store_at, key, "weir_checker_store: key is NULL",                               \
      weir_checker_store_at(checker, "s", NULL, NULL, &weir_i64, "file", 1))                       \
    X(weir_checker_store_at, value, "weir_checker_store: value is NULL",                           \
      weir_checker_store_at(checker, "s", NULL, &weir_string, NULL, "file", 1))                    \
    X(weir_checker_store_at, file, "there is no topic app-s-changelog",                            \
      weir_checker_store_at(checker, "s", NULL, SERDES, NULL, 1))

#define RUN(function, argument, text, ...)                                                         \
    {                                                                                              \
        int before = last.count;                                                                   \
        __VA_ARGS__;                                                                               \
        assert_failure(&last, before, (text), #function ", " #argument);                           \
    }

static void functions_of_checkers_name_the_null_argument(void **state)
{
    (void)state;
    null_failure last = {0};
    const weir_event event = {.kind = WEIR_EVENT_PAUSE, .name = "pause", .instance = "a"};
    const weir_mock_record record = {.topic = "t"};
    weir_cluster *cluster =
        weir_cluster_new(&(weir_cluster_opts){.on_failure = note_failure, .user = &last}, NULL);
    assert_non_null(cluster);
    weir_cluster_topic_create(cluster, "t", 1);
    const weir_check_results results = {.inputs = LIST("t"), .outputs = LIST("t")};
    weir_checker *checker = weir_cluster_checker(cluster, NULL);
    ROWS(RUN)
    assert_null(weir_checker_violation(checker));
    weir_cluster_free(cluster);
}

static void lists_of_topics_that_are_not_given_are_named(void **state)
{
    null_failure last = {0};
    (void)state;
    weir_cluster *cluster =
        weir_cluster_new(&(weir_cluster_opts){.on_failure = note_failure, .user = &last}, NULL);
    assert_non_null(cluster);
    weir_checker *checker = weir_cluster_checker(cluster, NULL);
    weir_checker_results(checker, &(weir_check_results){.outputs = LIST("t")});
    assert_failure(&last, 0, "weir_checker_results: results->inputs is NULL", "inputs");
    weir_checker_results(checker, &(weir_check_results){.inputs = LIST("t")});
    assert_failure(&last, 1, "weir_checker_results: results->outputs is NULL", "outputs");
    weir_checker_results(checker,
                         &(weir_check_results){.inputs = LIST("no"), .outputs = LIST("t")});
    assert_failure(&last, 2, "weir_checker_results: no: ", "a topic that does not exist");
    weir_cluster_free(cluster);
}

static void every_argument_has_a_row(void **state)
{
    (void)state;
    static const null_row rows[] = {ROWS(NULL_ROW)};
    assert_rows_complete("driver/include/weir/checkers.h", rows, sizeof rows / sizeof rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_of_checkers_name_the_null_argument),
        cmocka_unit_test(lists_of_topics_that_are_not_given_are_named),
        cmocka_unit_test(every_argument_has_a_row),
    };
    return cmocka_run_group_tests_name("null_checkers", tests, NULL, NULL);
}
