/* SPDX-License-Identifier: Apache-2.0
 *
 * Topologies that would never be done: virtual time bounds each wait, and the failure says what is
 * not processed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <weir/dsl.h>

#include "support/cluster.h"
#include "support/rescheduling.h"

static weir_topology *to_itself(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "in", &weir_string, &weir_string, NULL), "in", NULL);
    return weir_build(b, config, error);
}

static void a_topology_that_writes_to_the_topic_it_reads_is_bounded_by_time(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input in = weir_cluster_input(cluster, "in", 1, &weir_string, &weir_string);
    weir_output all = weir_cluster_output(cluster, "in", &weir_string, &weir_string);
    weir_cluster_start(cluster, "a", to_itself, NULL);
    weir_input_text(in, "k", "v");
    assert_false(weir_cluster_run_until(cluster, weir_caught_up, NULL, WEIR_MINUTES(2)));
    assert_true(weir_output_size(all) > 2);
    const char *why = weir_cluster_explain(cluster);
    if (strstr(why, "in-0: ") == NULL) {
        fail_msg("%s", why);
    }
}

/* ---- Punctuators ---- */

static weir_err forward(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir_forward(ctx, in);
}

static weir_topology *rescheduling(const weir_config *config, weir_error *error)
{
    static const weir_processor_ops ops = {"rescheduling", schedule_first, forward, NULL};
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "source", (const char *const[]){"in", NULL}, &weir_string, &weir_string,
                    NULL);
    weir_add_processor(b, "p", (const char *const[]){"source", NULL}, &ops, NULL);
    return weir_build(b, config, error);
}

typedef struct failed {
    char message[WEIR_ERROR_MESSAGE_MAX];
} failed;

static weir_uncaught note_failure(const char *thread, const weir_error *error, void *user)
{
    failed *of = user;
    (void)thread;
    snprintf(of->message, sizeof of->message, "%s", error->message);
    return WEIR_SHUTDOWN_CLIENT;
}

static bool has_failed(weir_cluster *cluster, void *user)
{
    (void)cluster;
    return weir_instance_state(user) == WEIR_STATE_ERROR;
}

static void punctuators_that_schedule_each_other_without_end_stop_the_instance(void **state)
{
    failed of = {""};
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input in = weir_cluster_input(cluster, "in", 1, &weir_string, &weir_string);
    weir_instance *a = weir_cluster_start(
        cluster, "a", rescheduling,
        &(weir_instance_opts){.app = {.on_uncaught = note_failure, .user = &of}});
    weir_input_text(in, "k", "v");
    weir_run_until_with(cluster, has_failed, a, WEIR_MINUTES(2));
    if (strstr(of.message, "262144 punctuations at one time") == NULL) {
        fail_msg("%s", of.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_topology_that_writes_to_the_topic_it_reads_is_bounded_by_time),
        cluster_test(punctuators_that_schedule_each_other_without_end_stop_the_instance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
