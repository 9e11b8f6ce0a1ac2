/* SPDX-License-Identifier: Apache-2.0
 *
 * Global stores with a processor of their own. The rows are not those of the topic: a restart shows
 * whether the processor runs again. */
#include <stdio.h>
#include <string.h>

#include <weir/dsl.h>

#include "support/cluster.h"

#define PARTITIONS 3
#define KEYS 12

/* Keeps the sum of the values of a key, and their number as another row. */
static weir_err add_up(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_kv *kv = weir_store(ctx, "sums");
    const void *before = NULL;
    weir_err err = kv != NULL ? weir_kv_get(kv, in->key, &before, NULL) : weir_ctx_error(ctx);
    if (err != WEIR_OK) {
        return err;
    }
    int64_t sum = *(const int64_t *)in->value + (before != NULL ? *(const int64_t *)before : 0);
    return weir_kv_put(kv, in->key, &sum, in->timestamp_ms);
}

/* Forwards the sum of the record's key. */
static weir_err look_up(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_kv *kv = weir_store(ctx, "sums");
    weir_record out = *in;
    weir_err err = kv != NULL ? weir_kv_get(kv, in->key, &out.value, NULL) : weir_ctx_error(ctx);
    return err == WEIR_OK ? weir_forward(ctx, &out) : err;
}

static const weir_processor_ops add_up_ops = {"add_up", NULL, add_up, NULL};
static const weir_processor_ops look_up_ops = {"look_up", NULL, look_up, NULL};

static weir_topology *sums(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_add_store(b, "sums", &(weir_store_opts){.key = &weir_string, .value = &weir_i64}, NULL);
    weir_add_global_store(b, "numbers", "sums", &weir_string, &weir_i64, &add_up_ops, NULL, NULL);
    weir_stream asked = weir_source(b, "asked", &weir_string, &weir_string, NULL);
    weir_to(weir_process_values(asked, &weir_i64, &look_up_ops, NULL, NULL), "answers", NULL);
    return weir_build(b, config, error);
}

typedef struct topics {
    weir_input numbers;
    weir_input asked;
    weir_output answers;
} topics;

static topics make_topics(weir_cluster *cluster)
{
    weir_cluster_topic_create(cluster, "answers", PARTITIONS);
    return (topics){
        .numbers = weir_cluster_input(cluster, "numbers", PARTITIONS, &weir_string, &weir_i64),
        .asked = weir_cluster_input(cluster, "asked", PARTITIONS, &weir_string, &weir_string),
        .answers = weir_cluster_output(cluster, "answers", &weir_string, &weir_i64),
    };
}

/* For each key: the number, or a question. */
static void pipe_all(weir_input input, const int64_t *number)
{
    for (int i = 0; i < KEYS; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        weir_input_pipe(input, weir_text(key),
                        number != NULL ? (const void *)number : weir_text("?"));
    }
}

static void assert_answers(weir_cluster *cluster, weir_output answers, int64_t sum)
{
    weir_rows *expected = weir_rows_new(cluster, &weir_string, &weir_i64);
    for (int i = 0; i < KEYS; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        weir_rows_put(expected, weir_text(key), &sum);
    }
    weir_assert_same_rows(weir_output_table(answers), expected);
}

static void every_instance_fills_its_own_store_whole(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    topics all = make_topics(cluster);
    weir_cluster_start(cluster, "a", sums, NULL);
    weir_cluster_start(cluster, "b", sums, NULL);
    pipe_all(all.numbers, &(int64_t){3});
    pipe_all(all.numbers, &(int64_t){4});
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    pipe_all(all.asked, NULL);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    assert_answers(cluster, all.answers, 7);
}

/* Each start reads the topic from its beginning into an empty store: nothing is added twice. */
static void the_processor_runs_again_after_a_crash(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    topics all = make_topics(cluster);
    weir_instance *a = weir_cluster_start(cluster, "a", sums, NULL);
    pipe_all(all.numbers, &(int64_t){3});
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
    weir_host_crash(weir_instance_host(a), WEIR_DISK_AS_IT_WAS);
    pipe_all(all.numbers, &(int64_t){4});
    pipe_all(all.asked, NULL);

    weir_instance_restart(a);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(3));

    assert_answers(cluster, all.answers, 7);
    weir_store_view view = weir_cluster_store(cluster, "sums", &weir_string, &weir_i64);
    weir_assert_size(weir_store_view_all(view), KEYS);
}

static bool ends_in_error(weir_cluster *cluster, void *user)
{
    (void)cluster;
    return weir_instance_state(user) == WEIR_STATE_ERROR;
}

/* As in Kafka, the thread of the global stores cannot be replaced. */
static void a_processor_that_fails_ends_the_instance(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    topics all = make_topics(cluster);
    weir_instance *a = weir_cluster_start(cluster, "a", sums, NULL);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));

    weir_input_pipe(all.numbers, NULL, &(int64_t){1});

    assert_true(weir_cluster_run_until(cluster, ends_in_error, a, WEIR_MINUTES(2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(every_instance_fills_its_own_store_whole),
        cluster_test(the_processor_runs_again_after_a_crash),
        cluster_test(a_processor_that_fails_ends_the_instance),
    };
    return cmocka_run_group_tests_name("global_stores", tests, NULL, NULL);
}
