/* SPDX-License-Identifier: Apache-2.0
 *
 * Dropped records: each reason is logged once with its place, and counted. */
#include "fixtures/word_count.h"
#include "support/log_capture.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define KINDS_MAX 16

static int occurrences(const char *text, const char *words)
{
    int found = 0;
    while ((text = strstr(text, words)) != NULL) {
        found++;
        text++;
    }
    return found;
}

#define assert_dropped(instance, node, reason, count)                                              \
    assert_dropped_at((instance), (node), (reason), (count), __FILE__, __LINE__)
static void assert_dropped_at(const weir_instance *instance, const char *node,
                              weir_drop_reason reason, int count, const char *file, int line)
{
    weir_dropped_records all[KINDS_MAX];
    size_t kinds = weir_instance_dropped_records(instance, all, KINDS_MAX);
    uint64_t found = 0;
    for (size_t i = 0; i < kinds; i++) {
        found += strcmp(all[i].node, node) == 0 && all[i].reason == reason ? all[i].count : 0;
    }
    _assert_int_equal(found, (uint64_t)count, file, line);
}

static weir_err take_left(weir_ctx *ctx, const void *key, const void *left, const void *right,
                          void *out, void *user)
{
    (void)ctx;
    (void)key;
    (void)right;
    (void)user;
    *(weir_slice *)out = *(const weir_slice *)left;
    return WEIR_OK;
}

/* The value; null for a null. */
static weir_err value_as_key(weir_ctx *ctx, const weir_record *in, void *key_out, void *user)
{
    (void)ctx;
    (void)user;
    const weir_slice *value = in->value;
    *(weir_slice *)key_out = value != NULL && value->len > 0 ? *value : (weir_slice){0};
    return WEIR_OK;
}

static int64_t time_in_value(weir_ctx *ctx, const weir_record *record, int64_t partition_time_ms,
                             void *user)
{
    (void)ctx;
    (void)partition_time_ms;
    (void)user;
    const weir_slice *value = record->value;
    return value != NULL && weir_slice_equal(*value, weir_slice_of("never")) ? -1 : 1;
}

static weir_topology *shop(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream orders =
        weir_source(b, "orders", &weir_string, &weir_string,
                    &(weir_source_opts){.name = "orders", .timestamp = time_in_value});
    weir_table customers = weir_table_source(b, "customers", "customers", &weir_string,
                                             &weir_string, &(weir_store_opts){.node = "table"});
    weir_stream joined =
        weir_join_table(orders, customers, &weir_string, take_left, NULL, &(weir_named){"joined"});
    weir_count(weir_group_by_key(orders, "kept"), "kept", &(weir_store_opts){.node = "kept"});
    weir_count(weir_group_by(orders, "moved", &weir_string, value_as_key, NULL), "moved",
               &(weir_store_opts){.node = "moved-count"});
    weir_to(joined, "copies", NULL);
    return weir_build(b, config, error);
}

typedef struct shop_run {
    weir_cluster *cluster;
    log_capture *capture;
    weir_input orders;
    weir_input customers;
    weir_instance *a;
} shop_run;

static shop_run open_shop(void **state, int32_t partitions)
{
    shop_run run = {.cluster = fixture_cluster(state, NULL), .capture = log_capture_new(state)};
    weir_cluster_input(run.cluster, "copies", 1, &weir_string, &weir_string);
    run.orders = weir_cluster_input(run.cluster, "orders", partitions, &weir_string, &weir_string);
    run.customers =
        weir_cluster_input(run.cluster, "customers", partitions, &weir_string, &weir_string);
    run.a =
        log_capture_start(run.cluster, run.capture, "a", shop, LIST("commit.interval.ms", "100"));
    return run;
}

static void records_without_a_key_are_counted_where_they_end(void **state)
{
    shop_run run = open_shop(state, 1);
    weir_input_text(run.customers, NULL, "no name");
    weir_input_text(run.customers, NULL, "no name");
    weir_input_text(run.orders, NULL, "x");
    weir_input_text(run.orders, NULL, "x");
    weir_input_text(run.orders, NULL, "x");
    weir_run_until(run.cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_dropped(run.a, "table", WEIR_DROP_NULL_KEY, 2);
    assert_dropped(run.a, "joined", WEIR_DROP_NULL_KEY, 3);
    assert_dropped(run.a, "kept", WEIR_DROP_NULL_KEY, 3);
    assert_int_equal(weir_instance_dropped_records(run.a, NULL, 0), 3);
}

static void the_first_of_a_node_and_reason_is_a_warning_with_its_place(void **state)
{
    shop_run run = open_shop(state, 1);
    weir_input_text(run.customers, "k", "fine");
    weir_input_text(run.customers, NULL, "no name");
    weir_input_text(run.customers, NULL, "no name");
    weir_run_until(run.cluster, weir_caught_up, WEIR_MINUTES(1));
    const char *log = weir__buf_text(&run.capture->log);
    assert_in(log, "4 a-StreamThread-1: dropped a record: node 'table', task 0_0, "
                   "customers-0@1: null key");
    assert_int_equal(occurrences(log, "dropped a record"), 1);
}

static void a_repartition_counts_records_without_a_key(void **state)
{
    shop_run run = open_shop(state, 2);
    weir_input_text(run.orders, "k", "");
    weir_input_text(run.orders, "k", "");
    weir_input_text(run.orders, "k", "x");
    weir_run_until(run.cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_dropped(run.a, "moved-repartition-filter", WEIR_DROP_NULL_KEY, 2);
    assert_in(weir__buf_text(&run.capture->log), "node 'moved-repartition-filter', task 0_");
}

static void records_without_a_value_are_counted(void **state)
{
    shop_run run = open_shop(state, 1);
    weir_input_text(run.orders, "k", NULL);
    weir_run_until(run.cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_dropped(run.a, "joined", WEIR_DROP_NULL_VALUE, 1);
    assert_dropped(run.a, "kept", WEIR_DROP_NULL_VALUE, 1);
}

static void negative_times_of_a_timestamp_function_are_counted(void **state)
{
    shop_run run = open_shop(state, 1);
    weir_input_text(run.orders, "k", "never");
    weir_input_text(run.orders, "k", "never");
    weir_run_until(run.cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_dropped(run.a, "orders", WEIR_DROP_NEGATIVE_TIMESTAMP, 2);
    const char *log = weir__buf_text(&run.capture->log);
    assert_in(log, "node 'orders', task 0_0, orders-0@0: negative timestamp");
    assert_int_equal(occurrences(log, "negative timestamp"), 1);
}

static void dropped_records_are_listed_in_explain(void **state)
{
    shop_run run = open_shop(state, 1);
    weir_input_text(run.customers, NULL, "no name");
    weir_input_text(run.customers, NULL, "no name");
    weir_run_until(run.cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_in(weir_cluster_explain(run.cluster), "dropped records of node 'table': 2 (null key)");
}

static void counts_stay_with_the_instance_when_tasks_move(void **state)
{
    shop_run run = open_shop(state, 2);
    weir_slice text = weir_slice_of("no name");
    weir_input_record record = {.value = &text};
    weir_input_send_to(run.customers, 0, &record);
    weir_input_send_to(run.customers, 1, &record);
    weir_run_until(run.cluster, weir_caught_up, WEIR_MINUTES(1));
    weir_instance *b = weir_cluster_start(run.cluster, "b", shop, NULL);
    weir_run_until(run.cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_input_send_to(run.customers, 0, &record);
    weir_input_send_to(run.customers, 1, &record);
    weir_run_until(run.cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_dropped_records of_a;
    weir_dropped_records of_b;
    assert_int_equal(weir_instance_dropped_records(run.a, &of_a, 1), 1);
    assert_int_equal(weir_instance_dropped_records(b, &of_b, 1), 1);
    assert_int_equal(of_a.count, 3);
    assert_int_equal(of_b.count, 1);
}

/* ---- Global tables ------------------------------------------------------------------------ */

static weir_topology *globals(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_global_table names = weir_global_table_source(b, "names", "names", &weir_i64, &weir_string,
                                                       &(weir_store_opts){.node = "names"});
    weir_stream in = weir_source(b, "events", &weir_i64, &weir_string, NULL);
    weir_to(weir_join_global(in, names, &weir_string, take_left, NULL, NULL), "copies", NULL);
    return weir_build(b, config, error);
}

static void a_global_table_counts_what_it_drops(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_cluster_input(cluster, "copies", 1, &weir_i64, &weir_string);
    weir_cluster_input(cluster, "events", 1, &weir_i64, &weir_string);
    weir_input names = weir_cluster_input(cluster, "names", 1, &weir_string, &weir_string);
    weir_input_text(names, NULL, "without a key");
    weir_input_text(names, "short", "undecodable");
    weir_input_text(names, "short", "undecodable");
    weir_instance *a = log_capture_start(cluster, capture, "a", globals, NULL);
    assert_dropped(a, "names", WEIR_DROP_NULL_KEY, 1);
    assert_dropped(a, "names-source", WEIR_DROP_UNDECODABLE, 2);
    assert_in(weir__buf_text(&capture->log), "node 'names', task global, names-0@0: null key");
    assert_int_equal(occurrences(weir__buf_text(&capture->log), "the key cannot be decoded"), 1);
}

/* ---- processing.exception.handler --------------------------------------------------------- */

static weir_err fail_on_bad(weir_ctx *ctx, const weir_record *in, bool *keep, void *user)
{
    (void)user;
    *keep = true;
    const weir_slice *value = in->value;
    return weir_slice_equal(*value, weir_slice_of("bad")) ? weir_fail(ctx, WEIR_EUSER, "too bad")
                                                          : WEIR_OK;
}

static weir_topology *picky(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "texts", &weir_string, &weir_string, NULL);
    weir_to(weir_filter(in, fail_on_bad, NULL, &(weir_named){"picky"}), "copies", NULL);
    return weir_build(b, config, error);
}

static void records_that_a_handler_skips_are_logged_once_and_counted(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    weir_input texts = weir_cluster_input(cluster, "texts", 1, &weir_string, &weir_string);
    weir_cluster_input(cluster, "copies", 1, &weir_string, &weir_string);
    weir_input_lines(texts, "bad\nbad\ngood\nbad\n");
    weir_instance *a = log_capture_start(
        cluster, capture, "a", picky,
        LIST("processing.exception.handler", "continue", "commit.interval.ms", "100"));
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(1));
    assert_dropped(a, "picky", WEIR_DROP_PROCESSING_FAILED, 3);
    assert_in(weir__buf_text(&capture->log),
              "node 'picky', task 0_0, texts-0@0: processing failed: too bad");
    assert_int_equal(occurrences(weir__buf_text(&capture->log), "too bad"), 1);
}

/* ---- Punctuators -------------------------------------------------------------------------- */

static weir_err fail_at_first(weir_ctx *ctx, int64_t now_ms, void *state)
{
    int *fired = state;
    if (++*fired == 1) {
        return weir_fail(ctx, WEIR_EUSER, "not yet");
    }
    weir_slice text = weir_slice_of("tick");
    return *fired == 2 ? weir_forward(ctx, &(weir_record){&text, &text, now_ms, NULL}) : WEIR_OK;
}

static weir_err open_clock(weir_ctx *ctx, void *user, void **state)
{
    *state = user;
    return weir_schedule(ctx, WEIR_WALL_CLOCK_TIME, 1000, fail_at_first, NULL);
}

static weir_err pass(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir_forward(ctx, in);
}

static int ticks; /* of the one task of a test, reset by it */

static weir_topology *clock_topology(const weir_config *config, weir_error *error)
{
    static const weir_processor_ops clock_ops = {"clock", open_clock, pass, NULL};
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "texts", &weir_string, &weir_string, NULL);
    weir_to(weir_process(in, &weir_string, &weir_string, &clock_ops, &ticks,
                         &(weir_process_opts){.name = "clock"}),
            "copies", NULL);
    return weir_build(b, config, error);
}

static void a_punctuator_that_fails_is_counted_and_called_again(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    ticks = 0;
    weir_cluster_input(cluster, "texts", 1, &weir_string, &weir_string);
    weir_cluster_input(cluster, "copies", 1, &weir_string, &weir_string);
    weir_instance *a = log_capture_start(
        cluster, capture, "a", clock_topology,
        LIST("processing.exception.handler", "continue", "commit.interval.ms", "100"));
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    weir_cluster_run_for(cluster, WEIR_SECONDS(5));
    assert_dropped(a, "clock", WEIR_DROP_PROCESSING_FAILED, 1);
    assert_in(weir__buf_text(&capture->log),
              "node 'clock', task 0_0, no input record: processing failed: not yet");
    weir_output out = weir_cluster_output(cluster, "copies", &weir_string, &weir_string);
    assert_int_equal(weir_output_size(out), 1);
    assert_int_equal(capture->failures, 0);
}

static void a_punctuator_that_fails_stops_the_instance_otherwise(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    log_capture *capture = log_capture_new(state);
    ticks = 0;
    weir_cluster_input(cluster, "texts", 1, &weir_string, &weir_string);
    weir_cluster_input(cluster, "copies", 1, &weir_string, &weir_string);
    weir_instance *a = log_capture_start(cluster, capture, "a", clock_topology, NULL);
    assert_stops(cluster, capture, a, WEIR_EUSER, "node 'clock', task 0_0: not yet");
}

/* ---- The call itself ---------------------------------------------------------------------- */

static void reasons_have_texts(void **state)
{
    (void)state;
    assert_string_equal(weir_drop_reason_str(WEIR_DROP_NULL_KEY), "null key");
    assert_string_equal(weir_drop_reason_str((weir_drop_reason)99), "unknown reason");
    assert_int_equal(weir_app_dropped_records(NULL, NULL, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(records_without_a_key_are_counted_where_they_end),
        cluster_test(the_first_of_a_node_and_reason_is_a_warning_with_its_place),
        cluster_test(a_repartition_counts_records_without_a_key),
        cluster_test(records_without_a_value_are_counted),
        cluster_test(negative_times_of_a_timestamp_function_are_counted),
        cluster_test(dropped_records_are_listed_in_explain),
        cluster_test(counts_stay_with_the_instance_when_tasks_move),
        cluster_test(a_global_table_counts_what_it_drops),
        cluster_test(records_that_a_handler_skips_are_logged_once_and_counted),
        cluster_test(a_punctuator_that_fails_is_counted_and_called_again),
        cluster_test(a_punctuator_that_fails_stops_the_instance_otherwise),
        cmocka_unit_test(reasons_have_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
