/* SPDX-License-Identifier: Apache-2.0
 *
 * Record queues, the choice of the next record, commit metadata: with made-up messages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/error.h"
#include "task/chooser.h"

#define MESSAGES_MAX 64

/* Stands for a message: the queue only passes pointers on. */
typedef struct fake {
    weir__message_view view;
    bool undecodable;
    bool freed;
} fake;

typedef struct fakes {
    fake items[MESSAGES_MAX];
    int count;
    int decoded;
    int without_time;
    bool drop; /* the handler of undecodable records */
} fakes;

static const weir__message_view *look(const weir__message *message)
{
    return &((const fake *)(const void *)message)->view;
}

static void release(weir__message *message)
{
    fake *one = (fake *)(void *)message;
    assert_false(one->freed);
    one->freed = true;
}

static weir_err decode(void *user, weir__record_queue *queue, const weir__message_view *raw,
                       weir_record *out, weir_error *error)
{
    fakes *all = user;
    const fake *one = (const fake *)(const void *)queue->head;
    all->decoded++;
    *out = (weir_record){.timestamp_ms = raw->timestamp_ms};
    return one->undecodable ? weir__error_set(error, WEIR_EDECODE, "bad") : WEIR_OK;
}

static weir_err undecodable(void *user, weir__record_queue *queue, weir_error *error)
{
    (void)queue;
    return ((const fakes *)user)->drop ? WEIR_OK : error->code;
}

static void without_time(void *user, weir__record_queue *queue)
{
    (void)queue;
    ((fakes *)user)->without_time++;
}

static const weir__record_queue_ops ops = {.look = look,
                                           .free = release,
                                           .decode = decode,
                                           .undecodable = undecodable,
                                           .without_time = without_time};

static weir__message *make(fakes *all, int64_t offset, int64_t timestamp_ms)
{
    assert_true(all->count < MESSAGES_MAX);
    fake *one = &all->items[all->count++];
    *one = (fake){.view = {.topic = "t", .offset = offset, .timestamp_ms = timestamp_ms}};
    return (weir__message *)(void *)one;
}

static void add(fakes *all, weir__record_queue *queue, int64_t offset, int64_t timestamp_ms)
{
    assert_int_equal(weir__record_queue_add(queue, make(all, offset, timestamp_ms)), WEIR_OK);
}

static void assert_all_freed(const fakes *all)
{
    for (int i = 0; i < all->count; i++) {
        assert_true(all->items[i].freed);
    }
}

/* ---- Queue ---- */

static void records_are_in_order_and_only_the_head_is_decoded(void **state)
{
    (void)state;
    fakes all = {0};
    weir__record_queue queue;
    weir_error error;
    assert_int_equal(weir__record_queue_init(&queue, &ops, &all, "t", 3), WEIR_OK);
    weir__record_queue_start(&queue, 10, -1);
    for (int i = 0; i < 40; i++) {
        add(&all, &queue, 10 + i, 1000 - i);
    }
    for (int i = 0; i < 40; i++) {
        assert_int_equal(weir__record_queue_prepare(&queue, &error), WEIR_OK);
        assert_int_equal(all.decoded, i + 1);
        assert_int_equal(queue.from.offset, 10 + i);
        assert_int_equal(queue.next_offset, 10 + i);
        assert_int_equal(weir__record_queue_size(&queue), 40 - i);
        weir__record_queue_done(&queue);
    }
    assert_int_equal(queue.next_offset, 50);
    assert_int_equal(queue.partition_time_ms, 1000);
    weir__record_queue_fini(&queue);
    assert_all_freed(&all);
}

static void records_had_before_are_dropped(void **state)
{
    (void)state;
    fakes all = {0};
    weir__record_queue queue;
    assert_int_equal(weir__record_queue_init(&queue, &ops, &all, "t", 0), WEIR_OK);
    weir__record_queue_start(&queue, 5, -1);
    add(&all, &queue, 4, 0);
    add(&all, &queue, 5, 0);
    add(&all, &queue, 5, 0);
    add(&all, &queue, 9, 0);
    assert_int_equal(weir__record_queue_size(&queue), 2);
    assert_int_equal(queue.fetch_offset, 10);
    weir__record_queue_fini(&queue);
    assert_all_freed(&all);
}

static void the_last_offset_of_all_has_no_next_one(void **state)
{
    (void)state;
    fakes all = {0};
    weir__record_queue queue;
    weir_error error;
    assert_int_equal(weir__record_queue_init(&queue, &ops, &all, "t", 0), WEIR_OK);
    weir__record_queue_start(&queue, INT64_MAX - 1, -1);
    add(&all, &queue, INT64_MAX - 1, INT64_MAX);
    add(&all, &queue, INT64_MAX, -1);
    assert_int_equal(weir__record_queue_prepare(&queue, &error), WEIR_OK);
    weir__record_queue_done(&queue);
    assert_int_equal(weir__record_queue_prepare(&queue, &error), WEIR_OK);
    assert_int_equal(all.without_time, 1);
    assert_int_equal(queue.next_offset, INT64_MAX);
    assert_int_equal(queue.fetch_offset, INT64_MAX);
    assert_int_equal(queue.partition_time_ms, INT64_MAX);
    weir__record_queue_fini(&queue);
    assert_all_freed(&all);
}

static void an_emptied_queue_fetches_its_records_again(void **state)
{
    (void)state;
    fakes all = {0};
    weir__record_queue queue;
    weir_error error;
    assert_int_equal(weir__record_queue_init(&queue, &ops, &all, "t", 0), WEIR_OK);
    weir__record_queue_start(&queue, 0, -1);
    add(&all, &queue, 0, 7);
    add(&all, &queue, 1, 8);
    assert_int_equal(weir__record_queue_prepare(&queue, &error), WEIR_OK);
    weir__record_queue_done(&queue);
    assert_int_equal(weir__record_queue_prepare(&queue, &error), WEIR_OK);
    weir__record_queue_clear(&queue);
    assert_int_equal(queue.next_offset, 1);
    assert_int_equal(queue.fetch_offset, 1);
    assert_int_equal(queue.partition_time_ms, 7);
    assert_false(queue.ready);
    weir__record_queue_fini(&queue);
    assert_all_freed(&all);
}

static void undecodable_heads_are_dropped_if_the_handler_lets_them(void **state)
{
    (void)state;
    fakes all = {.drop = true};
    weir__record_queue queue;
    weir_error error;
    assert_int_equal(weir__record_queue_init(&queue, &ops, &all, "t", 0), WEIR_OK);
    weir__record_queue_start(&queue, 0, -1);
    add(&all, &queue, 0, 1);
    all.items[0].undecodable = true;
    add(&all, &queue, 1, -1); /* decoded, but its time is negative */
    assert_int_equal(weir__record_queue_prepare(&queue, &error), WEIR_OK);
    assert_false(queue.ready);
    assert_int_equal(queue.next_offset, 2);
    assert_int_equal(queue.partition_time_ms, -1);
    assert_int_equal(all.without_time, 1);
    weir__record_queue_fini(&queue);
    assert_all_freed(&all);
}

static void a_head_that_stops_the_task_keeps_its_offset(void **state)
{
    (void)state;
    fakes all = {0};
    weir__record_queue queue;
    weir_error error;
    assert_int_equal(weir__record_queue_init(&queue, &ops, &all, "t", 0), WEIR_OK);
    weir__record_queue_start(&queue, 6, -1);
    add(&all, &queue, 6, 1);
    all.items[0].undecodable = true;
    assert_int_equal(weir__record_queue_prepare(&queue, &error), WEIR_EDECODE);
    assert_int_equal(queue.next_offset, 6);
    weir__record_queue_fini(&queue);
    assert_all_freed(&all);
}

/* ---- Chooser ---- */

#define QUEUES 4

typedef struct contest {
    fakes all;
    weir__record_queue queues[QUEUES];
    weir__chooser chooser;
    int64_t lags[QUEUES];
    int asked;
} contest;

static int64_t lag(void *user, const weir__record_queue *queue)
{
    contest *choice = user;
    choice->asked++;
    return choice->lags[queue->partition];
}

static void begin(contest *choice, size_t queues, int64_t idle_ms)
{
    *choice = (contest){0};
    for (size_t i = 0; i < queues; i++) {
        assert_int_equal(
            weir__record_queue_init(&choice->queues[i], &ops, &choice->all, "t", (int32_t)i),
            WEIR_OK);
        weir__record_queue_start(&choice->queues[i], 0, -1);
    }
    assert_int_equal(weir__chooser_init(&choice->chooser, choice->queues, queues, idle_ms),
                     WEIR_OK);
    choice->chooser.lag = lag;
    choice->chooser.user = choice;
}

static void end(contest *choice)
{
    for (size_t i = 0; i < choice->chooser.queue_count; i++) {
        weir__record_queue_fini(&choice->queues[i]);
    }
    weir__chooser_fini(&choice->chooser);
    assert_all_freed(&choice->all);
}

static void put(contest *choice, int queue, int64_t offset, int64_t timestamp_ms)
{
    weir_error error;
    weir__record_queue *to = &choice->queues[queue];
    add(&choice->all, to, offset, timestamp_ms);
    if (!to->ready) {
        assert_int_equal(weir__record_queue_prepare(to, &error), WEIR_OK);
        weir__chooser_enter(&choice->chooser, to);
    }
}

static int take(contest *choice)
{
    weir_error error;
    weir__record_queue *from = weir__chooser_take(&choice->chooser);
    weir__record_queue_done(from);
    assert_int_equal(weir__record_queue_prepare(from, &error), WEIR_OK);
    if (from->ready) {
        weir__chooser_enter(&choice->chooser, from);
    }
    return from->partition;
}

static void the_smallest_timestamp_is_first(void **state)
{
    (void)state;
    contest choice;
    begin(&choice, 3, -1);
    put(&choice, 0, 0, 30);
    put(&choice, 0, 1, 40);
    put(&choice, 1, 0, 10);
    put(&choice, 1, 1, 35);
    put(&choice, 2, 0, 20);
    const int expected[] = {1, 2, 0, 1, 0};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_int_equal(weir__chooser_wait_reason(&choice.chooser, 0, NULL), WEIR__WAIT_NONE);
        assert_int_equal(take(&choice), expected[i]);
    }
    assert_int_equal(weir__chooser_wait_reason(&choice.chooser, 0, NULL), WEIR__WAIT_EMPTY);
    end(&choice);
}

/* The heap decides between equal timestamps, as java.util.PriorityQueue does. After 0 is taken, the
 * last one (3) is moved to the root and stays there, since no child is smaller; 0 is appended
 * again. */
static void ties_follow_the_heap_of_java(void **state)
{
    (void)state;
    contest choice;
    begin(&choice, QUEUES, -1);
    for (int queue = 0; queue < QUEUES; queue++) {
        put(&choice, queue, 0, 5);
        put(&choice, queue, 1, 5);
    }
    const int expected[] = {0, 3, 0, 3, 2, 1, 2, 1};
    int actual[2 * QUEUES];
    for (int i = 0; i < 2 * QUEUES; i++) {
        actual[i] = take(&choice);
    }
    assert_memory_equal(actual, expected, sizeof expected);
    end(&choice);
}

static void without_idling_it_waits_only_for_data_that_is_there(void **state)
{
    (void)state;
    contest choice;
    const weir__record_queue *who = NULL;
    begin(&choice, 2, 0);
    put(&choice, 0, 0, 1);
    choice.lags[1] = -1;
    assert_int_equal(weir__chooser_wait_reason(&choice.chooser, 0, &who), WEIR__WAIT_UNKNOWN);
    assert_ptr_equal(who, &choice.queues[1]);
    choice.lags[1] = 4;
    assert_int_equal(weir__chooser_wait_reason(&choice.chooser, 0, NULL), WEIR__WAIT_UNKNOWN);
    assert_int_equal(choice.asked, 1); /* it does not change between two polls */
    weir__chooser_refresh(&choice.chooser);
    assert_int_equal(weir__chooser_wait_reason(&choice.chooser, 0, NULL), WEIR__WAIT_LAG);
    choice.lags[1] = 0;
    weir__chooser_refresh(&choice.chooser);
    assert_int_equal(weir__chooser_wait_reason(&choice.chooser, 0, NULL), WEIR__WAIT_NONE);
    end(&choice);
}

static void idling_begins_when_a_partition_has_been_read_whole(void **state)
{
    (void)state;
    contest choice;
    begin(&choice, 2, 100);
    put(&choice, 0, 0, 1);
    assert_int_equal(weir__chooser_wait_reason(&choice.chooser, 1000, NULL), WEIR__WAIT_IDLE);
    assert_int_equal(weir__chooser_wait_reason(&choice.chooser, 1099, NULL), WEIR__WAIT_IDLE);
    choice.lags[1] = 1; /* its record is in flight: the wait starts again after it */
    weir__chooser_refresh(&choice.chooser);
    assert_int_equal(weir__chooser_wait_reason(&choice.chooser, 1100, NULL), WEIR__WAIT_LAG);
    choice.lags[1] = 0;
    weir__chooser_refresh(&choice.chooser);
    assert_int_equal(weir__chooser_wait_reason(&choice.chooser, 1150, NULL), WEIR__WAIT_IDLE);
    assert_int_equal(weir__chooser_wait_reason(&choice.chooser, 1249, NULL), WEIR__WAIT_IDLE);
    assert_int_equal(weir__chooser_wait_reason(&choice.chooser, 1250, NULL), WEIR__WAIT_NONE);
    end(&choice);
}

static void the_last_reason_asks_for_nothing_and_changes_nothing(void **state)
{
    (void)state;
    contest choice;
    const weir__record_queue *who = NULL;
    begin(&choice, 2, 100);
    assert_int_equal(weir__chooser_last_reason(&choice.chooser, 0, NULL), WEIR__WAIT_EMPTY);
    put(&choice, 0, 0, 1);
    assert_int_equal(weir__chooser_last_reason(&choice.chooser, 0, &who), WEIR__WAIT_UNKNOWN);
    assert_ptr_equal(who, &choice.queues[1]);
    assert_int_equal(choice.asked, 0);
    assert_int_equal(choice.queues[1].idle_until_ms, -1);
    choice.lags[1] = 3;
    assert_int_equal(weir__chooser_wait_reason(&choice.chooser, 0, NULL), WEIR__WAIT_LAG);
    choice.lags[1] = 0;
    weir__chooser_refresh(&choice.chooser);
    assert_int_equal(weir__chooser_last_reason(&choice.chooser, 0, NULL), WEIR__WAIT_LAG);
    assert_int_equal(weir__chooser_wait_reason(&choice.chooser, 1000, NULL), WEIR__WAIT_IDLE);
    assert_int_equal(weir__chooser_last_reason(&choice.chooser, 1099, NULL), WEIR__WAIT_IDLE);
    assert_int_equal(weir__chooser_last_reason(&choice.chooser, 1100, NULL), WEIR__WAIT_NONE);
    assert_int_equal(choice.asked, 2);
    end(&choice);
}

static void without_waiting_no_lag_is_requested(void **state)
{
    (void)state;
    contest choice;
    begin(&choice, 2, -1);
    put(&choice, 0, 0, 1);
    choice.lags[1] = 7;
    assert_int_equal(weir__chooser_wait_reason(&choice.chooser, 0, NULL), WEIR__WAIT_NONE);
    assert_int_equal(choice.asked, 0);
    end(&choice);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_in_order_and_only_the_head_is_decoded),
        cmocka_unit_test(records_had_before_are_dropped),
        cmocka_unit_test(the_last_offset_of_all_has_no_next_one),
        cmocka_unit_test(an_emptied_queue_fetches_its_records_again),
        cmocka_unit_test(undecodable_heads_are_dropped_if_the_handler_lets_them),
        cmocka_unit_test(a_head_that_stops_the_task_keeps_its_offset),
        cmocka_unit_test(the_smallest_timestamp_is_first),
        cmocka_unit_test(ties_follow_the_heap_of_java),
        cmocka_unit_test(without_idling_it_waits_only_for_data_that_is_there),
        cmocka_unit_test(idling_begins_when_a_partition_has_been_read_whole),
        cmocka_unit_test(the_last_reason_asks_for_nothing_and_changes_nothing),
        cmocka_unit_test(without_waiting_no_lag_is_requested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
