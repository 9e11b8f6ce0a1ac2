/* SPDX-License-Identifier: Apache-2.0
 *
 * What the driver cannot take (options, records, a cluster that could not be made): an error that
 * names it, or a failure of the test. */
#include "support/cluster.h"

#include <weir/dsl.h>

#include <stdio.h>

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define STRINGS &weir_string, &weir_string

/* What on_failure was told last. */
typedef struct failure {
    char message[WEIR_ERROR_MESSAGE_MAX];
    int count;
} failure;

static void remember(const char *file, int line, const char *message, void *user)
{
    (void)file;
    (void)line;
    failure *last = user;
    snprintf(last->message, sizeof last->message, "%s", message);
    last->count++;
}

static weir_cluster *told_cluster(failure *last)
{
    weir_error error;
    weir_cluster *cluster =
        weir_cluster_new(&(weir_cluster_opts){.on_failure = remember, .user = last}, &error);
    if (cluster == NULL) {
        fail_msg("%s", error.message);
    }
    return cluster;
}

static weir_topology *build(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", STRINGS, NULL);
    weir_count(weir_group_by_key(in, NULL), "counts", NULL);
    return weir_build(b, config, error);
}

static void a_record_whose_headers_are_not_given_is_refused(void **state)
{
    (void)state;
    failure last = {0};
    weir_cluster *cluster = told_cluster(&last);
    weir_input in = weir_cluster_input(cluster, "in", 1, STRINGS);
    weir_input_send(in, &(weir_input_record){.header_count = 1});
    assert_non_null(strstr(last.message, "weir_input_send: record->headers is NULL"));
    weir_input_send(in, &(weir_input_record){.headers = &(weir_header){0}, .header_count = 1});
    assert_non_null(strstr(last.message, "weir_input_send: a header's name is NULL"));
    weir_input_send_to(in, -2, &(weir_input_record){0});
    assert_non_null(strstr(last.message, "weir_input_send_to: there is no partition -2"));
    assert_int_equal(last.count, 3);
    weir_cluster_free(cluster);
}

/* ---- Options ------------------------------------------------------------------------------ */

static void invalid_cluster_options_are_named(void **state)
{
    (void)state;
    const struct {
        weir_cluster_opts opts;
        const char *told;
    } wrong[] = {
        {{.config = LIST("poll.ms", "5", "segment.ms")},
         "weir_cluster_opts.config: 'segment.ms' has no value"},
        {{.policy = (weir_policy)9}, "weir_cluster_opts.policy: no policy 9"},
        {{.threads = (weir_threads)9}, "weir_cluster_opts.threads: no kind 9"},
        {{.brokers = -1}, "brokers: 1 to"},
        {{.max_virtual_ms = -1}, "weir_cluster_opts.max_virtual_ms"},
        {{.livelock_ms = -1}, "weir_cluster_opts.livelock_ms"},
        {{.application = ""}, "weir_cluster_opts.application is empty"},
        {{.directory = ""}, "weir_cluster_opts.directory is empty"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        weir_error error = {0};
        assert_null(weir_cluster_new(&wrong[i].opts, &error));
        if (strstr(error.message, wrong[i].told) == NULL) {
            fail_msg("%s", error.message);
        }
    }
}

static void invalid_instance_options_are_named(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    const struct {
        const char *name;
        weir_instance_opts opts;
        const char *told;
    } wrong[] = {
        {"a", {.config = LIST("poll.ms")}, "weir_instance_opts.config: 'poll.ms' has no value"},
        {"a", {.threads = -1}, "weir_instance_opts.threads is negative: -1"},
        {"", {0}, "instance '': the name must be new and short"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        weir_error error = {0};
        assert_null(weir_cluster_try_start(cluster, wrong[i].name, build, &wrong[i].opts, &error));
        assert_int_equal(error.code, WEIR_EINVAL);
        if (strstr(error.message, wrong[i].told) == NULL) {
            fail_msg("%s", error.message);
        }
    }
}

/* The cluster that could not be made is NULL, and its on_failure is told what is done with it. */
static void a_call_without_a_cluster_fails_the_test(void **state)
{
    (void)state;
    failure last = {0};
    weir_cluster *cluster = weir_cluster_new(
        &(weir_cluster_opts){.brokers = -1, .on_failure = remember, .user = &last}, NULL);
    assert_null(cluster);
    weir_input in = weir_cluster_input(cluster, "in", 1, STRINGS);
    assert_non_null(strstr(last.message, ": weir_cluster_input: cluster is NULL"));
    weir_input_text(in, "k", "v");
    assert_non_null(strstr(last.message, ": weir_input_text: input is NULL"));
    assert_false(weir_run_until(cluster, weir_caught_up, WEIR_SECONDS(1)));
    assert_non_null(strstr(last.message, ": weir_run_until: cluster is NULL"));
    weir_assert_same_rows(weir_output_table((weir_output){0}), NULL);
    assert_non_null(strstr(last.message, "is NULL, not rows"));
    assert_int_equal(last.count, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_whose_headers_are_not_given_is_refused),
        cmocka_unit_test(invalid_cluster_options_are_named),
        cluster_test(invalid_instance_options_are_named),
        cmocka_unit_test(a_call_without_a_cluster_fails_the_test),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
