/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkers on a running cluster: orders are copied to an invoice and to a shipment, and counted by
 * their key behind a repartition. A planted defect in the topology, in its stores or in what the
 * checker is told fails the test. */
#include <stdlib.h>
#include <string.h>

#include <weir/checkers.h>
#include <weir/dsl.h>

#include "support/cluster.h"

#define PARTITIONS 3
#define ORDERS 60
#define ID_MAX 20
#define BOUND WEIR_MINUTES(6)
#define STRINGS &weir_string, &weir_string
#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define RESULTS                                                                                    \
    {                                                                                              \
        .inputs = LIST("orders"), .outputs = LIST("invoices", "shipments")                         \
    }

/* ---- The topology, with a defect ---------------------------------------------------------- */

static const char bad_order[] = "order-7";

/* What happens to the record of bad_order: `no_invoice` and `no_shipment` drop it there. */
typedef struct defect {
    bool no_invoice;
    bool no_shipment;
    int invoices; /* of it; 0: one */
} defect;

static bool is_bad(const weir_record *in)
{
    return weir_slice_equal(*(const weir_slice *)in->key, weir_slice_of(bad_order));
}

static weir_err copy_invoice(weir_ctx *ctx, const weir_record *in, void *user)
{
    const defect *planted = user;
    bool bad = is_bad(in);
    int count = bad && planted->no_invoice     ? 0
                : bad && planted->invoices > 0 ? planted->invoices
                                               : 1;
    weir_err err = WEIR_OK;
    for (int i = 0; i < count && err == WEIR_OK; i++) {
        err = weir_emit_value(ctx, in->value);
    }
    return err;
}

static weir_err is_shipped(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)
{
    const defect *planted = user;
    (void)ctx;
    *keep = !(planted->no_shipment && is_bad(in));
    return WEIR_OK;
}

static weir_topology *orders_topology(const weir_config *config, weir_error *error, void *user)
{
    weir_builder *b = weir_builder_new();
    weir_stream orders = weir_source(b, "orders", STRINGS, NULL);
    weir_to(weir_flat_map_values(orders, &weir_string, copy_invoice, user, NULL), "invoices", NULL);
    weir_to(weir_filter(orders, is_shipped, user, NULL), "shipments", NULL);
    weir_count(weir_group_by_key(weir_repartition(orders, "by-order", NULL), NULL), "ordered",
               NULL);
    return weir_build(b, config, error);
}

/* ---- The run ------------------------------------------------------------------------------ */

typedef struct bench {
    weir_cluster *cluster;
    char message[2048]; /* of the first failure */
    int line;
    int failures;
} bench;

static void keep_failure(const char *file, int line, const char *message, void *user)
{
    bench *all = user;
    (void)file;
    if (all->failures++ == 0) {
        snprintf(all->message, sizeof all->message, "%s", message);
        all->line = line;
    }
}

static int set_up(void **state)
{
    static const char *const config[] = {"commit.interval.ms", "10000", NULL};
    bench *all = calloc(1, sizeof *all);
    assert_non_null(all);
    all->cluster = weir_cluster_new(
        &(weir_cluster_opts){.config = config, .on_failure = keep_failure, .user = all}, NULL);
    assert_non_null(all->cluster);
    weir_cluster_topic_create(all->cluster, "invoices", PARTITIONS);
    weir_cluster_topic_create(all->cluster, "shipments", PARTITIONS);
    *state = all;
    return 0;
}

static int tear_down(void **state)
{
    bench *all = *state;
    weir_cluster_free(all->cluster);
    free(all);
    return 0;
}

static void assert_no_failure(const bench *all)
{
    if (all->failures > 0) {
        fail_msg("%s", all->message);
    }
}

static void assert_failed(const bench *all, int line, weir_anomaly anomaly, const char *words)
{
    assert_int_equal(all->failures, 1);
    assert_int_equal(all->line, line);
    if (strstr(all->message, weir_anomaly_name(anomaly)) == NULL ||
        strstr(all->message, weir_anomaly_meaning(anomaly)) == NULL ||
        strstr(all->message, words) == NULL) {
        fail_msg("%s, %s: not in: %s", weir_anomaly_name(anomaly), words, all->message);
    }
}

static void send_orders(weir_input orders, int from, int to)
{
    for (int i = from; i < to; i++) {
        char id[ID_MAX];
        snprintf(id, sizeof id, "order-%d", i);
        weir_input_text(orders, id, "some goods");
    }
}

static weir_instance *start(weir_cluster *cluster, const char *name, const defect *planted)
{
    return weir_cluster_start(cluster, name, NULL,
                              &(weir_instance_opts){.threads = 2,
                                                    .build = orders_topology,
                                                    .build_user = (void *)planted});
}

/* All orders are sent and processed. */
static void run(weir_cluster *cluster, const defect *planted)
{
    weir_input orders = weir_cluster_input(cluster, "orders", PARTITIONS, STRINGS);
    start(cluster, "a", planted);
    send_orders(orders, 0, ORDERS);
    weir_run_until(cluster, weir_caught_up, BOUND);
}

/* How often the processing of orders was begun. */
static int64_t count_begun(weir_cluster *cluster, const weir_checker *checker)
{
    int64_t begun = 0;
    for (int32_t partition = 0; partition < PARTITIONS; partition++) {
        int64_t first;
        int64_t end;
        assert_int_equal(weir_mock_partition_offsets(weir_cluster_mock(cluster), "orders",
                                                     partition, &first, &end),
                         WEIR_OK);
        for (int64_t offset = first; offset < end; offset++) {
            begun += weir_checker_begun(checker, "orders", partition, offset);
        }
    }
    return begun;
}

/* The invoices of the first half of the orders are in their topic. */
static bool half_is_written(weir_cluster *cluster, void *unused)
{
    (void)unused;
    int64_t written = 0;
    for (int32_t partition = 0; partition < PARTITIONS; partition++) {
        int64_t first;
        int64_t end;
        assert_int_equal(weir_mock_partition_offsets(weir_cluster_mock(cluster), "invoices",
                                                     partition, &first, &end),
                         WEIR_OK);
        written += end - first;
    }
    return written >= ORDERS / 2;
}

/* ---- Runs without a defect ---------------------------------------------------------------- */

static const defect none;

static void a_run_through_a_crash_is_clean_but_for_duplicates(void **state)
{
    bench *all = *state;
    weir_checker *checker = weir_cluster_checker(all->cluster, NULL);
    weir_input orders = weir_cluster_input(all->cluster, "orders", PARTITIONS, STRINGS);
    weir_instance *a = start(all->cluster, "a", &none);
    start(all->cluster, "b", &none);
    weir_run_until(all->cluster, weir_all_running, BOUND);
    send_orders(orders, 0, ORDERS / 2);
    weir_run_until(all->cluster, half_is_written, BOUND); /* a commit is not due yet */
    weir_host_crash(weir_instance_host(a), WEIR_DISK_AS_IT_WAS);
    send_orders(orders, ORDERS / 2, ORDERS);
    weir_run_until(all->cluster, weir_caught_up, BOUND);

    weir_check_results results = RESULTS;
    results.may_duplicate = true;
    weir_checker_results(checker, &results);
    weir_checker_store(checker, "ordered", NULL, &weir_string, &weir_i64);
    assert_no_failure(all);
    assert_true(count_begun(all->cluster, checker) > ORDERS);
    results.may_duplicate = false;
    weir_checker_results(checker, &results);
    assert_failed(all, __LINE__ - 1, WEIR_DUPLICATE, "has 2 outputs in");
}

static void a_run_without_a_fault_has_each_output_once(void **state)
{
    bench *all = *state;
    weir_checker *checker =
        weir_cluster_checker(all->cluster, &(weir_checker_opts){.no_stale_writes = true});
    run(all->cluster, &none);
    weir_check_results results = RESULTS;
    weir_checker_results(checker, &results);
    weir_checker_store(checker, "ordered", NULL, &weir_string, &weir_i64);
    assert_int_equal(count_begun(all->cluster, checker), ORDERS);
    assert_no_failure(all);
}

/* ---- Planted defects ---------------------------------------------------------------------- */

static void assert_results_find(bench *all, const defect *planted, weir_anomaly anomaly,
                                const char *words)
{
    weir_checker *checker = weir_cluster_checker(all->cluster, NULL);
    run(all->cluster, planted);
    assert_no_failure(all);
    weir_check_results results = RESULTS;
    weir_checker_results(checker, &results);
    assert_failed(all, __LINE__ - 1, anomaly, words);
    assert_int_equal(weir_checker_found(checker, anomaly), 1);
    weir_cluster_run_for(all->cluster, 1);
    assert_int_equal(all->failures, 1); /* it is not reported again */
}

static void an_order_that_a_callback_drops_is_found(void **state)
{
    static const defect planted = {.no_invoice = true, .no_shipment = true};
    assert_results_find(*state, &planted, WEIR_LOST_WRITE, "'order-7' has no output in shipments");
}

static void an_order_with_half_of_its_outputs_is_found(void **state)
{
    static const defect planted = {.no_invoice = true};
    assert_results_find(*state, &planted, WEIR_TORN,
                        "'order-7' has outputs in shipments, none in invoices");
}

static void an_order_with_two_invoices_is_found(void **state)
{
    static const defect planted = {.invoices = 2};
    assert_results_find(*state, &planted, WEIR_DUPLICATE, "'order-7' has 2 outputs in invoices");
}

/* Ids of the test's own: the number in "order-7". */
static void number_of(const weir_mock_record *record, weir_id_list *list, void *user)
{
    size_t prefix = strlen("order-");
    ++*(int *)user;
    weir_id_add(list,
                (weir_slice){(const char *)record->key.data + prefix, record->key.len - prefix});
}

static void ids_may_be_anything_in_a_record(void **state)
{
    static const defect planted = {.no_shipment = true};
    bench *all = *state;
    int seen = 0;
    weir_checker *checker = weir_cluster_checker(all->cluster, NULL);
    run(all->cluster, &planted);
    weir_checker_results(checker, &(weir_check_results){.inputs = LIST("orders"),
                                                        .outputs = LIST("shipments"),
                                                        .ids = number_of,
                                                        .user = &seen});
    assert_int_equal(seen, 2 * ORDERS - 1);
    assert_int_equal(weir_checker_found(checker, WEIR_LOST_WRITE), 1);
    assert_non_null(strstr(all->message, "'7' has no output in shipments"));
}

/* The test writes to the changelog as a defective store would. */
static void a_store_that_is_not_the_fold_of_its_changelog_is_found(void **state)
{
    bench *all = *state;
    weir_checker *checker = weir_cluster_checker(all->cluster, NULL);
    run(all->cluster, &none);
    weir_checker_store(checker, "ordered", NULL, &weir_string, &weir_i64);
    assert_no_failure(all);
    weir_input changelog = weir_cluster_input(all->cluster, "app-ordered-changelog", PARTITIONS,
                                              &weir_string, &weir_i64);
    weir_input_pipe(changelog, weir_text("order-7"), &(int64_t){9});
    weir_checker_store(checker, "ordered", NULL, &weir_string, &weir_i64);
    assert_failed(all, __LINE__ - 1, WEIR_STORE_DIFFERS, "order-7");
    assert_non_null(strstr(all->message, "at app-ordered-changelog-"));
}

/* What is watched fails the wait in which it happens: the invoices are not written by 1_0 to 1_2,
 * as the checker is told. */
static void a_violation_fails_the_wait_with_its_place(void **state)
{
    static const weir_written_topic wrong[] = {{"invoices", 1}, {NULL, 0}};
    bench *all = *state;
    weir_cluster_checker(all->cluster,
                         &(weir_checker_opts){.no_stale_writes = true, .written = wrong});
    weir_input orders = weir_cluster_input(all->cluster, "orders", PARTITIONS, STRINGS);
    start(all->cluster, "a", &none);
    weir_run_until(all->cluster, weir_all_running, BOUND);
    send_orders(orders, 0, ORDERS);
    bool held = weir_run_until(all->cluster, weir_caught_up, BOUND);
    assert_failed(all, __LINE__ - 1, WEIR_STALE_WRITE, "at invoices-");
    assert_false(held);
    assert_non_null(strstr(all->message, "the task's owner is a-StreamThread-"));
    assert_non_null(strstr(all->message, "events before it:"));
}

static void mistakes_are_named(void **state)
{
    bench *all = *state;
    weir_checker *fed = weir_checker_new(NULL);
    weir_check_results results = RESULTS;
    weir_checker_results(fed, &results);
    assert_non_null(
        strstr(all->message, "weir_checker_results: the checker belongs to no cluster"));
    weir_checker_free(fed);
    weir_checker *last = NULL;
    for (int i = 0; i < 9; i++) {
        last = weir_cluster_checker(all->cluster, NULL);
    }
    assert_null(last);
    assert_int_equal(all->failures, 2);
}

int main(void)
{
#define CHECKER_TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CHECKER_TEST(a_run_through_a_crash_is_clean_but_for_duplicates),
        CHECKER_TEST(a_run_without_a_fault_has_each_output_once),
        CHECKER_TEST(an_order_that_a_callback_drops_is_found),
        CHECKER_TEST(an_order_with_half_of_its_outputs_is_found),
        CHECKER_TEST(an_order_with_two_invoices_is_found),
        CHECKER_TEST(ids_may_be_anything_in_a_record),
        CHECKER_TEST(a_store_that_is_not_the_fold_of_its_changelog_is_found),
        CHECKER_TEST(a_violation_fails_the_wait_with_its_place),
        CHECKER_TEST(mistakes_are_named),
    };
    return cmocka_run_group_tests_name("checkers", tests, NULL, NULL);
}
