/* SPDX-License-Identifier: Apache-2.0
 *
 * Clients on a mock cluster, in virtual time, for the tests of the client port. */
#ifndef WEIR_TESTS_UNIT_CLIENT_KIT_H
#define WEIR_TESTS_UNIT_CLIENT_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <weir/mockbroker.h>

#include "client/client.h"
#include "sim/sim.h"

#define KIT_FN __attribute__((unused)) static
#define POLLS_MAX 400
#define POLL_MS 50
#define TIMESTAMP_MS ((int64_t)1700000000000)

typedef struct fixture {
    weir_mock *mock;
    weir_config *config;
    weir__client_opts opts;
    weir__producer *producer;
    weir__consumer *consumer; /* for restoring */
} fixture;

KIT_FN void no_log(int level, const char *text, void *user)
{
    (void)level;
    (void)text;
    (void)user;
}

KIT_FN void must(weir_err err, const weir_error *error)
{
    if (err != WEIR_OK) {
        fail_msg("%s: %s", weir_err_name(err), error->message);
    }
}

/* One broker with the topics "t" (4 partitions) and "one" (1). */
KIT_FN int set_up_cluster_with(void **state, weir_sim_policy policy)
{
    weir_error error = {0};
    weir_sim_opts sim = {.seed = 1, .policy = policy};
    must(weir_sim_start(&sim, &error), &error);
    fixture *f = calloc(1, sizeof *f);
    *state = f;
    f->mock = weir_mock_new(&(weir_mock_opts){.brokers = 1}, &error);
    assert_non_null(f->mock);
    f->config = weir_config_new();
    weir_config_set(f->config, "application.id", "client-test", NULL);
    weir_config_set(f->config, "bootstrap.servers", weir_mock_bootstrap(f->mock), NULL);
    weir_config_set(f->config, "producer.linger.ms", "1", NULL);
    weir_config_set(f->config, "consumer.fetch.wait.max.ms", "10", NULL);
    weir_config_set(f->config, "main.consumer.heartbeat.interval.ms", "50", NULL);
    f->opts = (weir__client_opts){
        .config = f->config, .client_id = "test", .log = {WEIR__LOG_INFO, no_log, NULL}};
    must(weir_mock_topic_create(f->mock, "t", 4, 1, NULL, &error), &error);
    must(weir_mock_topic_create(f->mock, "one", 1, 1, NULL, &error), &error);
    return 0;
}

KIT_FN int set_up_cluster(void **state)
{
    return set_up_cluster_with(state, WEIR_SIM_FIFO);
}

KIT_FN int set_up(void **state)
{
    weir_error error = {0};
    set_up_cluster(state);
    fixture *f = *state;
    must(weir__producer_new(&f->opts, &f->producer, &error), &error);
    must(weir__consumer_new(&f->opts, WEIR__RESTORE_CONSUMER, NULL, &f->consumer, &error), &error);
    return 0;
}

KIT_FN int tear_down(void **state)
{
    fixture *f = *state;
    weir__consumer_close(f->consumer);
    weir__producer_close(f->producer);
    weir_config_free(f->config);
    weir_mock_free(f->mock);
    free(f);
    weir_sim_stop();
    return 0;
}

KIT_FN void send_one(fixture *f, const char *topic, int32_t partition, weir_slice key,
                     weir_slice value)
{
    weir_error error = {0};
    weir__outgoing record = {.topic = topic,
                             .partition = partition,
                             .timestamp_ms = TIMESTAMP_MS,
                             .key = key,
                             .value = value};
    must(weir__producer_send(f->producer, &record, NULL, &error), &error);
}

/* Values "0", "1", ... into one partition. */
KIT_FN void send_numbers(fixture *f, const char *topic, int32_t partition, int count)
{
    weir_error error = {0};
    char text[16];
    for (int i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%d", i);
        send_one(f, topic, partition, weir_slice_of("k"), weir_slice_of(text));
    }
    must(weir__producer_flush(f->producer, 60000, &error), &error);
}

KIT_FN void assign(fixture *f, const weir__offset *partitions, size_t count)
{
    weir_error error = {0};
    must(weir__consumer_assign(f->consumer, partitions, count, &error), &error);
}

/* Polls until `out` has `want` records. */
KIT_FN void receive(fixture *f, weir__message **out, size_t want)
{
    size_t have = 0;
    weir_error error = {0};
    for (int i = 0; i < POLLS_MAX && have < want; i++) {
        size_t got;
        must(weir__consumer_poll(f->consumer, POLL_MS, out + have, want - have, &got, &error),
             &error);
        have += got;
    }
    assert_int_equal(have, want);
}

KIT_FN void free_all(weir__message **messages, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        weir__message_free(messages[i]);
    }
}

/* Receives `count` records of one partition, numbered from `first`. */
KIT_FN void receive_numbers(fixture *f, int first, size_t count)
{
    weir__message **out = calloc(count, sizeof(weir__message *));
    receive(f, out, count);
    for (size_t i = 0; i < count; i++) {
        weir__message_view view = weir__message_look(out[i]);
        assert_int_equal(view.offset, first + (int)i);
    }
    free_all(out, count);
    free(out);
}

/* Polls until `at` has been read to its end; no record may arrive. */
KIT_FN void drain(fixture *f, weir__topic_partition at, int64_t end)
{
    weir_error error = {0};
    for (int i = 0; i < POLLS_MAX && weir__consumer_end_offset(f->consumer, at) < end; i++) {
        weir__message *message;
        size_t got;
        must(weir__consumer_poll(f->consumer, POLL_MS, &message, 1, &got, &error), &error);
        assert_int_equal(got, 0);
    }
    assert_int_equal(weir__consumer_end_offset(f->consumer, at), end);
}

#define test(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

#endif
