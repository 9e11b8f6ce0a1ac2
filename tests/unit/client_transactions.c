/* SPDX-License-Identifier: Apache-2.0
 *
 * The transactions of the client port, on a mock cluster, and the settings that they need. */
#include "client/kafka.h"
#include "client/producer.h"
#include "unit/client_kit.h"

/* ---- Settings ---- */

static weir_config *exactly_once(void)
{
    weir_config *config = weir_config_new();
    weir_config_set(config, "application.id", "a", NULL);
    weir_config_set(config, "bootstrap.servers", "127.0.0.1:1", NULL);
    assert_int_equal(weir_config_set(config, "processing.guarantee", "exactly_once_v2", NULL),
                     WEIR_OK);
    return config;
}

static void assert_check(const char *name, const char *value, const char *refused,
                         const char *noted)
{
    weir_config *config = exactly_once();
    weir_buf notes = {0};
    weir_error error = {0};
    assert_int_equal(weir_config_set(config, name, value, &error), WEIR_OK);
    weir_err err = weir__client_check(config, &notes, &error);
    assert_string_equal(error.message, refused);
    assert_int_equal(err, refused[0] != '\0' ? WEIR_ECONFIG : WEIR_OK);
    assert_string_equal(weir__buf_text(&notes), noted);
    weir__buf_fini(&notes);
    weir_config_free(config);
}

static void settings_that_exactly_once_needs_win(void **state)
{
    (void)state;
    assert_check("app.x", "", "", "");
    assert_check("consumer.isolation.level", "read_uncommitted", "",
                 "isolation.level=read_uncommitted becomes read_committed: "
                 "processing.guarantee=exactly_once_v2 needs it\n");
    assert_check("consumer.isolation.level", "read_committed", "", "");
    assert_check("producer.enable.idempotence", "false", "",
                 "enable.idempotence=false becomes true: "
                 "processing.guarantee=exactly_once_v2 needs it\n");
    assert_check("producer.delivery.timeout.ms", "120000", "",
                 "delivery.timeout.ms=120000 becomes 10000: more than transaction.timeout.ms is of "
                 "no use\n");
    assert_check("producer.delivery.timeout.ms", "5000", "", "");
}

static void settings_that_do_not_fit_exactly_once_are_refused(void **state)
{
    (void)state;
    assert_check(
        "commit.interval.ms", "10001",
        "producer.transaction.timeout.ms=10000 is less than commit.interval.ms=10001: each "
        "transaction would time out; write a smaller commit.interval.ms, or a greater "
        "producer.transaction.timeout.ms",
        "");
    assert_check("commit.interval.ms", "10000", "", "");
    assert_check("producer.max.in.flight.requests.per.connection", "6",
                 "max.in.flight.requests.per.connection=6 does not fit "
                 "processing.guarantee=exactly_once_v2: write "
                 "max.in.flight.requests.per.connection=5",
                 "");
    assert_check("producer.acks", "1",
                 "acks=1 does not fit processing.guarantee=exactly_once_v2: write acks=-1", "");
}

/* ---- Transactions ---- */

static weir__producer *transactional(fixture *f, const char *id)
{
    weir_error error = {0};
    weir__producer *producer = NULL;
    weir__client_opts opts = f->opts;
    opts.transactional_id = id;
    must(weir__producer_new(&opts, &producer, &error), &error);
    must(weir__producer_init(producer, 60000, &error), &error);
    return producer;
}

static int set_up_exactly_once(void **state)
{
    weir_error error = {0};
    set_up_cluster(state);
    fixture *f = *state;
    must(weir_config_set(f->config, "processing.guarantee", "exactly_once_v2", &error), &error);
    f->producer = transactional(f, "one");
    must(weir__consumer_new(&f->opts, WEIR__RESTORE_CONSUMER, NULL, &f->consumer, &error), &error);
    return 0;
}

static weir_err send_to(weir__producer *producer, const char *value, weir_error *error)
{
    weir__outgoing record = {.topic = "one",
                             .partition = 0,
                             .timestamp_ms = TIMESTAMP_MS,
                             .key = weir_slice_of("k"),
                             .value = weir_slice_of(value)};
    return weir__producer_send(producer, &record, NULL, error);
}

static void begin_with(weir__producer *producer, const char *value)
{
    weir_error error = {0};
    must(weir__producer_begin(producer, &error), &error);
    must(send_to(producer, value, &error), &error);
    must(weir__producer_flush(producer, 60000, &error), &error);
}

/* Reads committed records until the end. */
static void assert_committed(fixture *f, const char *values)
{
    weir_error error = {0};
    char read[64] = "";
    assign(f, &(weir__offset){{"one", 0}, 0, NULL}, 1);
    weir__topic_partition at = {"one", 0};
    for (int i = 0; i < POLLS_MAX; i++) {
        weir__message *message = NULL;
        size_t got = 0;
        must(weir__consumer_poll(f->consumer, POLL_MS, &message, 1, &got, &error), &error);
        if (got == 1) {
            snprintf(read + strlen(read), sizeof read - strlen(read), "%.*s ",
                     (int)message->view.value.len, (const char *)message->view.value.data);
            weir__message_free(message);
        } else if (weir__consumer_end_offset(f->consumer, at) >= 0 &&
                   weir__consumer_position(f->consumer, at) >=
                       weir__consumer_end_offset(f->consumer, at)) {
            break;
        }
    }
    assert_string_equal(read, values);
}

static void only_committed_records_are_read(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    begin_with(f->producer, "a");
    must(weir__producer_commit(f->producer, &error), &error);
    begin_with(f->producer, "b");
    must(weir__producer_abort(f->producer, -1, &error), &error);
    begin_with(f->producer, "c");
    must(weir__producer_commit(f->producer, &error), &error);
    assert_committed(f, "a c ");
}

static void behind_an_open_transaction_there_is_nothing_to_wait_for(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    int64_t start = 0;
    int64_t end = 0;
    weir__admin *admin = NULL;
    begin_with(f->producer, "a");
    must(weir__producer_commit(f->producer, &error), &error);
    begin_with(f->producer, "b");
    assert_committed(f, "a ");
    assert_int_equal(weir__consumer_end_offset(f->consumer, (weir__topic_partition){"one", 0}), 2);
    must(weir__admin_new(&f->opts, &admin, &error), &error);
    must(weir__admin_query_offsets(admin, (weir__topic_partition){"one", 0}, &start, &end, &error),
         &error);
    assert_int_equal(end, 3);
    weir__admin_close(admin);
    must(weir__producer_commit(f->producer, &error), &error);
    assert_committed(f, "a b ");
    assert_int_equal(weir__consumer_end_offset(f->consumer, (weir__topic_partition){"one", 0}), 4);
}

static void note_report(weir_err err, const char *message, int64_t offset, void *user)
{
    (void)message;
    assert_int_equal(offset, -1);
    *(weir_err *)user = err;
}

static void records_that_an_abort_drops_are_reported(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir_err reported = WEIR_OK;
    weir__delivery delivery = {.fn = note_report, .user = &reported};
    must(weir_mock_broker_set_rtt(f->mock, 1, 200), &error);
    must(weir__producer_begin(f->producer, &error), &error);
    weir__outgoing record = {.topic = "one", .partition = 0, .value = weir_slice_of("a")};
    must(weir__producer_send(f->producer, &record, &delivery, &error), &error);
    must(weir__producer_abort(f->producer, -1, &error), &error);
    assert_int_equal(reported, WEIR_EABORTABLE);
    assert_committed(f, "");
}

static void a_newer_producer_of_the_same_id_fences_the_older_one(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    begin_with(f->producer, "a");
    weir__producer *newer = transactional(f, "one");
    begin_with(newer, "b");
    must(weir__producer_commit(newer, &error), &error);
    assert_int_equal(weir__producer_commit(f->producer, &error), WEIR_EFENCED);
    assert_int_equal(weir__producer_begin(f->producer, &error), WEIR_EFENCED);
    assert_int_equal(send_to(f->producer, "c", &error), WEIR_EFENCED);
    assert_committed(f, "b ");
    weir__producer_close(newer);
}

static void a_producer_that_has_failed_says_so(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    rd_kafka_t *rk = weir__kafka_producer_of(f->producer)->rk;
    begin_with(f->producer, "a");
    rd_kafka_test_fatal_error(rk, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "planted");
    assert_int_equal(send_to(f->producer, "b", &error), WEIR_EFATAL);
}

static void offsets_need_a_membership(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir__offset offset = {{"t", 0}, 7, NULL};
    begin_with(f->producer, "a");
    assert_int_equal(
        weir__producer_send_offsets(f->producer, f->consumer, &offset, 1, 1000, &error),
        WEIR_EFENCED);
    assert_string_equal(error.message, "adding offsets to the transaction: no longer a member of "
                                       "the group");
}

static void a_record_outside_a_transaction_must_not_be_sent(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    assert_int_equal(send_to(f->producer, "a", &error), WEIR_EABORTABLE);
}

#define transaction_test(fn) cmocka_unit_test_setup_teardown(fn, set_up_exactly_once, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_that_exactly_once_needs_win),
        cmocka_unit_test(settings_that_do_not_fit_exactly_once_are_refused),
        transaction_test(only_committed_records_are_read),
        transaction_test(behind_an_open_transaction_there_is_nothing_to_wait_for),
        transaction_test(records_that_an_abort_drops_are_reported),
        transaction_test(a_newer_producer_of_the_same_id_fences_the_older_one),
        transaction_test(a_producer_that_has_failed_says_so),
        transaction_test(offsets_need_a_membership),
        transaction_test(a_record_outside_a_transaction_must_not_be_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
