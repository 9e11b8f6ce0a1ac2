/* SPDX-License-Identifier: Apache-2.0
 *
 * Producer and restore consumer on a mock cluster. */
#include "client/assigned.h"
#include "process/headers.h"
#include "unit/client_kit.h"

#define TOPIC_AUTHORIZATION_FAILED 29

static void a_record_is_received_as_sent(void **state)
{
    fixture *f = *state;
    weir__message *out[4];
    weir_error error = {0};
    send_one(f, "one", 0, weir_slice_of("key"), weir_slice_of("value"));
    send_one(f, "one", -1, (weir_slice){0}, (weir_slice){"", 0});
    send_one(f, "one", -1, (weir_slice){"", 0}, (weir_slice){0});
    must(weir__producer_flush(f->producer, 60000, &error), &error);
    assign(f, &(weir__offset){{"one", 0}, WEIR__OFFSET_BEGINNING, NULL}, 1);
    receive(f, out, 3);
    weir__message_view first = weir__message_look(out[0]);
    assert_string_equal(first.topic, "one");
    assert_int_equal(first.partition, 0);
    assert_int_equal(first.offset, 0);
    assert_int_equal(first.timestamp_ms, TIMESTAMP_MS);
    assert_true(weir_slice_equal(first.key, weir_slice_of("key")));
    assert_true(weir_slice_equal(first.value, weir_slice_of("value")));
    weir__message_view second = weir__message_look(out[1]);
    assert_null(second.key.data);
    assert_non_null(second.value.data);
    assert_int_equal(second.value.len, 0);
    weir__message_view third = weir__message_look(out[2]);
    assert_non_null(third.key.data);
    assert_int_equal(third.key.len, 0);
    assert_null(third.value.data);
    free_all(out, 3);
}

static void send_at_zero(fixture *f, const weir_headers *headers, bool internal)
{
    weir_error error = {0};
    weir__outgoing record = {
        .topic = "one", .value = weir_slice_of("v"), .headers = headers, .internal = internal};
    must(weir__producer_send(f->producer, &record, NULL, &error), &error);
}

/* The value that librdkafka's producer takes for "not given". */
static void time_zero_is_kept_in_internal_topics_and_is_1_in_others(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir__message *got[4];
    weir__arena arena = {0};
    weir_header origin = {"origin", weir_slice_of("test")};
    weir_headers *headers = weir__headers_new(&arena, &origin, 1);
    send_at_zero(f, NULL, true);
    send_at_zero(f, headers, true);
    send_at_zero(f, NULL, false);
    send_at_zero(f, headers, false);
    must(weir__producer_flush(f->producer, 60000, &error), &error);
    assign(f, &(weir__offset){{"one", 0}, WEIR__OFFSET_BEGINNING, NULL}, 1);
    receive(f, got, 4);
    for (size_t i = 0; i < 4; i++) {
        weir__message_view view = weir__message_look(got[i]);
        assert_int_equal(view.timestamp_ms, i < 2 ? 0 : 1);
        assert_int_equal(view.header_count, i % 2);
        assert_true(i % 2 == 0 || strcmp(view.headers[0].name, "origin") == 0);
    }
    free_all(got, 4);
    weir__arena_fini(&arena);
}

static void keyed_records_are_partitioned_by_the_client_too(void **state)
{
    fixture *f = *state;
    weir__message *out[2];
    weir_error error = {0};
    int32_t partitions = 0;
    must(weir__producer_partitions(f->producer, "t", &partitions, &error), &error);
    assert_int_equal(partitions, 4);
    send_one(f, "t", -1, weir_slice_of("hello"), weir_slice_of("1"));
    send_one(f, "t", -1, weir_slice_of("a"), weir_slice_of("2"));
    must(weir__producer_flush(f->producer, 60000, &error), &error);
    weir__offset all[4];
    for (int32_t i = 0; i < 4; i++) {
        all[i] = (weir__offset){{"t", i}, 0, NULL};
    }
    assign(f, all, 4);
    receive(f, out, 2);
    for (int i = 0; i < 2; i++) {
        weir__message_view view = weir__message_look(out[i]);
        assert_int_equal(view.partition, weir__murmur2_partition(view.key, 4));
    }
    free_all(out, 2);
}

static void note_delivery(weir_err err, const char *message, int64_t offset, void *user)
{
    int64_t *delivered = user;
    assert_int_equal(err, WEIR_OK);
    assert_null(message);
    *delivered = offset;
}

static void a_delivery_report_has_the_offset(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    int64_t offset = -1;
    weir__delivery on_delivery = {.fn = note_delivery, .user = &offset};
    send_numbers(f, "one", 0, 3);
    weir__outgoing record = {.topic = "one", .value = weir_slice_of("x")};
    must(weir__producer_send(f->producer, &record, &on_delivery, &error), &error);
    must(weir__producer_flush(f->producer, 60000, &error), &error);
    assert_int_equal(offset, 3);
}

static void a_record_too_large_is_refused_at_once(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    size_t size = 2 << 20;
    char *large = calloc(1, size);
    int64_t offset = -1;
    weir__delivery on_delivery = {.fn = note_delivery, .user = &offset};
    weir__outgoing record = {.topic = "one", .value = {large, size}};
    assert_int_equal(weir__producer_send(f->producer, &record, &on_delivery, &error), WEIR_ELIMIT);
    must(weir__producer_flush(f->producer, 60000, &error), &error);
    free(large);
}

static void a_failed_delivery_is_returned_by_the_next_flush_once(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    must(weir_mock_fault_add(
             f->mock,
             &(weir_mock_fault){.api = "Produce", .error_code = TOPIC_AUTHORIZATION_FAILED}, NULL,
             &error),
         &error);
    send_one(f, "one", 0, weir_slice_of("k"), weir_slice_of("v"));
    assert_int_equal(weir__producer_flush(f->producer, 60000, &error), WEIR_EBROKER);
    assert_non_null(strstr(error.message, "sending to one: "));
    must(weir__producer_flush(f->producer, 60000, &error), &error);
}

static void undelivered_records_are_dropped_at_close(void **state)
{
    fixture *f = *state;
    int64_t offset = -1;
    weir__delivery on_delivery = {.fn = note_delivery, .user = &offset};
    weir_error error = {0};
    must(weir_mock_broker_set_up(f->mock, 1, false), &error);
    weir__outgoing record = {.topic = "one", .value = weir_slice_of("x")};
    must(weir__producer_send(f->producer, &record, &on_delivery, &error), &error);
    weir__producer_close(f->producer);
    f->producer = NULL;
    assert_int_equal(offset, -1);
}

static void position_and_end_are_known_after_the_first_fetch(void **state)
{
    fixture *f = *state;
    weir__topic_partition at = {"one", 0};
    send_numbers(f, "one", 0, 5);
    assert_int_equal(weir__consumer_position(f->consumer, at), -1);
    assign(f, &(weir__offset){at, WEIR__OFFSET_BEGINNING, NULL}, 1);
    assert_int_equal(weir__consumer_position(f->consumer, at), -1);
    assert_int_equal(weir__consumer_end_offset(f->consumer, at), -1);
    receive_numbers(f, 0, 5);
    assert_int_equal(weir__consumer_position(f->consumer, at), 5);
    drain(f, at, 5);
}

static void an_empty_partition_is_known_to_be_read_whole(void **state)
{
    fixture *f = *state;
    weir__topic_partition at = {"t", 2};
    assign(f, &(weir__offset){at, WEIR__OFFSET_BEGINNING, NULL}, 1);
    drain(f, at, 0);
    assert_int_equal(weir__consumer_position(f->consumer, at), 0);
}

static void a_pause_keeps_the_fetched_records(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir__topic_partition at = {"one", 0};
    send_numbers(f, "one", 0, 100);
    assign(f, &(weir__offset){at, 0, NULL}, 1);
    receive_numbers(f, 0, 10);
    must(weir__consumer_pause(f->consumer, at, true, &error), &error);
    drain(f, at, 100);
    assert_int_equal(weir__consumer_position(f->consumer, at), 10);
    must(weir__consumer_pause(f->consumer, at, false, &error), &error);
    must(weir__consumer_pause(f->consumer, at, false, &error), &error);
    receive_numbers(f, 10, 90);
}

static void a_long_pause_of_much_loses_and_repeats_nothing(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir__topic_partition at = {"t", 0};
    weir__topic_partition other = {"t", 1};
    size_t got;
    weir__message *message;
    int count = (int)WEIR__HELD_RECORDS_MAX + 5000;
    send_numbers(f, "t", 0, count);
    send_numbers(f, "t", 1, 3);
    weir__offset both[] = {{at, 0, NULL}, {other, 0, NULL}};
    assign(f, both, 2);
    must(weir__consumer_pause(f->consumer, other, true, &error), &error);
    receive_numbers(f, 0, 10);
    must(weir__consumer_pause(f->consumer, at, true, &error), &error);
    for (int i = 0; i < 30; i++) {
        must(weir__consumer_poll(f->consumer, 10, &message, 1, &got, &error), &error);
        assert_int_equal(got, 0);
    }
    must(weir__consumer_pause(f->consumer, at, false, &error), &error);
    receive_numbers(f, 10, (size_t)count - 10);
    must(weir__consumer_pause(f->consumer, other, false, &error), &error);
    receive_numbers(f, 0, 3);
}

static void partitions_that_stay_are_read_on(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir__topic_partition at = {"t", 0};
    send_numbers(f, "t", 0, 100);
    send_numbers(f, "t", 1, 20);
    assign(f, &(weir__offset){at, 0, NULL}, 1);
    receive_numbers(f, 0, 10);
    must(weir__consumer_pause(f->consumer, at, true, &error), &error);
    weir__offset both[] = {{{"t", 1}, 5, NULL}, {at, 10, NULL}};
    assign(f, both, 2);
    receive_numbers(f, 5, 15);
    assign(f, &(weir__offset){at, 10, NULL}, 1);
    must(weir__consumer_pause(f->consumer, at, false, &error), &error);
    receive_numbers(f, 10, 90);
    assign(f, &(weir__offset){at, 95, NULL}, 1);
    receive_numbers(f, 95, 5);
    assign(f, NULL, 0);
    assert_int_equal(weir__consumer_position(f->consumer, at), -1);
}

static void wrong_assignments_are_refused(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir__offset twice[] = {{{"t", 1}, 0, NULL}, {{"t", 1}, 4, NULL}};
    assert_int_equal(weir__consumer_assign(f->consumer, twice, 2, &error), WEIR_EINVAL);
    assert_string_equal(error.message, "assigning t[1]: named twice");
    weir__offset odd = {{"t", 1}, -7, NULL};
    assert_int_equal(weir__consumer_assign(f->consumer, &odd, 1, &error), WEIR_EINVAL);
}

static void an_offset_out_of_range_names_the_partition(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir_err err = WEIR_OK;
    send_numbers(f, "t", 3, 5);
    assign(f, &(weir__offset){{"t", 3}, 1000, NULL}, 1);
    for (int i = 0; i < POLLS_MAX && err == WEIR_OK; i++) {
        weir__message *message;
        size_t got;
        err = weir__consumer_poll(f->consumer, POLL_MS, &message, 1, &got, &error);
        assert_int_equal(got, 0);
    }
    assert_int_equal(err, WEIR_ERANGE);
    assert_non_null(strstr(error.message, "t[3]: "));
    assign(f, &(weir__offset){{"t", 3}, 2, NULL}, 1);
    receive_numbers(f, 2, 3);
}

static void a_consumer_outside_the_group_commits_nothing(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    int32_t generation;
    const char *member;
    weir__offset offset = {{"one", 0}, 3, "AgAAAYvP5W/Q"};
    assert_int_equal(weir__consumer_commit(f->consumer, &offset, 1, &error), WEIR_EFENCED);
    assert_int_equal(weir__consumer_membership(f->consumer, &generation, &member), WEIR_ESTATE);
}

/* The teardown closes the consumer: librdkafka's own close has no time limit and would never end.
 */
static void a_consumer_of_a_topic_that_was_deleted_closes(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir__message *message;
    size_t got = 0;
    send_numbers(f, "one", 0, 3);
    assign(f, &(weir__offset){{"one", 0}, 0, NULL}, 1);
    receive_numbers(f, 0, 3);
    assert_int_equal(weir_mock_topic_delete(f->mock, "one"), WEIR_OK);
    for (int i = 0; i < 60; i++) { /* 3 s */
        (void)weir__consumer_poll(f->consumer, POLL_MS, &message, 1, &got, &error);
        assert_int_equal(got, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_record_is_received_as_sent),
        test(time_zero_is_kept_in_internal_topics_and_is_1_in_others),
        test(keyed_records_are_partitioned_by_the_client_too),
        test(a_delivery_report_has_the_offset),
        test(a_record_too_large_is_refused_at_once),
        test(a_failed_delivery_is_returned_by_the_next_flush_once),
        test(undelivered_records_are_dropped_at_close),
        test(position_and_end_are_known_after_the_first_fetch),
        test(an_empty_partition_is_known_to_be_read_whole),
        test(a_pause_keeps_the_fetched_records),
        test(a_long_pause_of_much_loses_and_repeats_nothing),
        test(partitions_that_stay_are_read_on),
        test(wrong_assignments_are_refused),
        test(an_offset_out_of_range_names_the_partition),
        test(a_consumer_of_a_topic_that_was_deleted_closes),
        test(a_consumer_outside_the_group_commits_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
