/* SPDX-License-Identifier: Apache-2.0
 *
 * When a warning reports that sampled keys of joined topics are in different partitions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "client/client.h"
#include "task/placement.h"

#define PARTITIONS 4

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

typedef struct fixture {
    weir_topology *topology;
    weir__placement *placement;
    int orders;
    int customers;
    int warnings;
    char last[WEIR__LOG_TEXT_MAX];
    weir__log log;
} fixture;

static void on_log(int level, const char *text, void *user)
{
    fixture *f = user;
    assert_int_equal(level, WEIR__LOG_WARNING);
    f->warnings++;
    snprintf(f->last, sizeof f->last, "%s", text);
}

static int set_up(void **state)
{
    static fixture f;
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_stream orders = weir_source(b, "orders", &weir_string, &weir_string, NULL);
    weir_table customers =
        weir_table_source(b, "customers", "store", &weir_string, &weir_string, NULL);
    weir_join_table(orders, customers, &weir_string, take_left, NULL, &(weir_named){"named"});
    weir_source(b, "alone", &weir_string, &weir_string, NULL);
    f = (fixture){.topology = weir_build(b, NULL, &error),
                  .log = {.level = WEIR__LOG_WARNING, .fn = on_log, .user = &f}};
    assert_non_null(f.topology);
    assert_int_equal(weir__placement_new(f.topology, "app", &f.placement), WEIR_OK);
    f.orders = weir__placement_find(f.placement, "orders");
    f.customers = weir__placement_find(f.placement, "customers");
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    weir__placement_free(f->placement);
    weir_topology_free(f->topology);
    return 0;
}

/* Of `count` keys from number `from` on, which murmur2 puts into a partition: into the one that is
 * `shift` behind it. */
static void add_keys(fixture *f, int topic, int32_t partitions, int from, int count, int32_t shift)
{
    for (int i = from; i < from + count; i++) {
        char text[16];
        snprintf(text, sizeof text, "k%d", i);
        weir_slice key = weir_slice_of(text);
        int32_t partition = (weir__murmur2_partition(key, partitions) + shift) % partitions;
        weir__placed_key placed = {topic, key, partition, partitions, i};
        weir__placement_add(f->placement, &placed, &f->log, "thread-1");
    }
}

static void topics_that_are_not_joined_are_not_sampled(void **state)
{
    fixture *f = *state;
    assert_int_not_equal(f->orders, f->customers);
    assert_int_equal(weir__placement_find(f->placement, "alone"), -1);
    assert_int_equal(weir__placement_find(NULL, "orders"), -1);
}

static void a_topic_not_placed_by_murmur2_beside_one_that_is_is_logged_once(void **state)
{
    fixture *f = *state;
    add_keys(f, f->customers, PARTITIONS, 0, 6, 0);
    add_keys(f, f->orders, PARTITIONS, 0, 1, 1);
    assert_int_equal(f->warnings, 0);
    add_keys(f, f->orders, PARTITIONS, 1, 30, 1);
    assert_int_equal(f->warnings, 1);
    char place[64];
    int32_t murmur2 = weir__murmur2_partition(weir_slice_of("k0"), PARTITIONS);
    int32_t found = (murmur2 + 1) % PARTITIONS;
    snprintf(place, sizeof place, "key 'k0' is in partition %d (orders-%d@0), by murmur2 in %d",
             (int)found, (int)found, (int)murmur2);
    assert_non_null(strstr(f->last, place));
    assert_non_null(strstr(
        f->last, "thread-1: join 'named' of stream 'orders' and table 'store' misses records: "
                 "topic 'orders' has 2 of 2 keys in other partitions"));
    assert_non_null(strstr(f->last, "partitioner=murmur2_random"));
    weir_buf all = {0};
    weir__placement_explain(f->placement, &all);
    assert_non_null(strstr(weir__buf_text(&all), place));
    weir__buf_fini(&all);
}

static void it_does_not_matter_which_side_is_read_first(void **state)
{
    fixture *f = *state;
    add_keys(f, f->orders, PARTITIONS, 0, 64, 1);
    assert_int_equal(f->warnings, 0);
    add_keys(f, f->customers, PARTITIONS, 0, 64, 0);
    assert_int_equal(f->warnings, 1);
    assert_non_null(strstr(f->last, "topic 'orders' has 64 of 64 keys"));
}

static void topics_filled_alike_are_not_logged(void **state)
{
    fixture *f = *state;
    add_keys(f, f->orders, PARTITIONS, 0, 64, 1);
    add_keys(f, f->customers, PARTITIONS, 0, 64, 1);
    assert_int_equal(f->warnings, 0);
}

static void repeated_keys_are_no_evidence(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < 100; i++) {
        add_keys(f, f->orders, PARTITIONS, 0, 2, 1);
        add_keys(f, f->customers, PARTITIONS, 0, 5, 0);
    }
    assert_int_equal(f->warnings, 0);
}

static void a_few_exceptions_are_not_logged(void **state)
{
    fixture *f = *state;
    add_keys(f, f->customers, PARTITIONS, 0, 64, 0);
    add_keys(f, f->orders, PARTITIONS, 0, 1, 1);
    add_keys(f, f->orders, PARTITIONS, 1, 7, 0);
    add_keys(f, f->orders, PARTITIONS, 8, 1, 1);
    assert_int_equal(f->warnings, 0);
}

static void one_partition_has_all_keys_alike(void **state)
{
    fixture *f = *state;
    add_keys(f, f->customers, 1, 0, 64, 0);
    add_keys(f, f->orders, 1, 0, 64, 1);
    assert_int_equal(f->warnings, 0);
}

static void a_topic_that_grows_is_sampled_again(void **state)
{
    fixture *f = *state;
    add_keys(f, f->orders, PARTITIONS, 0, 64, 1);
    add_keys(f, f->orders, 2 * PARTITIONS, 0, 64, 0);
    add_keys(f, f->customers, 2 * PARTITIONS, 0, 64, 0);
    assert_int_equal(f->warnings, 0);
}

static void keys_that_are_no_text_are_shown_in_hex(void **state)
{
    fixture *f = *state;
    add_keys(f, f->customers, PARTITIONS, 0, 64, 0);
    for (uint8_t i = 1; i < 9; i++) {
        weir_slice key = {(uint8_t[]){0, i}, 2};
        int32_t partition = (weir__murmur2_partition(key, PARTITIONS) + 1) % PARTITIONS;
        weir__placed_key placed = {f->orders, key, partition, PARTITIONS, i};
        weir__placement_add(f->placement, &placed, &f->log, "thread-1");
    }
    assert_int_equal(f->warnings, 1);
    assert_non_null(strstr(f->last, "key 0x0001 is in partition"));
}

static void a_topology_without_joins_has_no_samples(void **state)
{
    (void)state;
    weir_error error = {0};
    weir__placement *placement = NULL;
    weir_builder *b = weir_builder_new();
    weir_table_source(b, "alone", "store", &weir_string, &weir_string, NULL);
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_non_null(topology);
    assert_int_equal(weir__placement_new(topology, "app", &placement), WEIR_OK);
    assert_null(placement);
    weir__placement_explain(placement, NULL);
    weir__placement_free(placement);
    weir_topology_free(topology);
}

#define test(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(topics_that_are_not_joined_are_not_sampled),
        test(a_topic_not_placed_by_murmur2_beside_one_that_is_is_logged_once),
        test(it_does_not_matter_which_side_is_read_first),
        test(topics_filled_alike_are_not_logged),
        test(repeated_keys_are_no_evidence),
        test(a_few_exceptions_are_not_logged),
        test(one_partition_has_all_keys_alike),
        test(a_topic_that_grows_is_sampled_again),
        test(keys_that_are_no_text_are_shown_in_hex),
        cmocka_unit_test(a_topology_without_joins_has_no_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
