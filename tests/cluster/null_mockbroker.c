/* SPDX-License-Identifier: Apache-2.0
 *
 * The mock cluster's functions with a NULL for each of their arguments: an error, or nothing
 * happens. */
#include "support/mock.h"
#include "support/null_rows.h"

#define names(err) assert_names(&row, (err), &error)
/* A rule that is good; it may stay without a request. */
#define FAULT ((weir_mock_fault){.error_code = 3, .optional = true})
#define refused(err) assert_names(&row, (err), NULL)

#define LIFE_ROWS(X)                                                                               \
    X(weir_mock_new, opts, weir_mock_free(weir_mock_new(NULL, &error)))                            \
    X(weir_mock_new, error, assert_null(weir_mock_new(&(weir_mock_opts){.brokers = -1}, NULL)))    \
    X(weir_mock_free, mock, weir_mock_free(NULL))                                                  \
    X(weir_mock_bootstrap, mock, assert_null(weir_mock_bootstrap(NULL)))                           \
    X(weir_mock_broker_port, mock, assert_int_equal(weir_mock_broker_port(NULL, 1), -1))           \
    X(weir_mock_broker_count, mock, assert_int_equal(weir_mock_broker_count(NULL), 0))             \
    X(weir_mock_broker_is_up, mock, assert_false(weir_mock_broker_is_up(NULL, 1)))                 \
    X(weir_mock_failure, mock, assert_null(weir_mock_failure(NULL)))                               \
    X(weir_mock_broker_set_up, mock, refused(weir_mock_broker_set_up(NULL, 1, true)))              \
    X(weir_mock_broker_set_rtt, mock, refused(weir_mock_broker_set_rtt(NULL, 1, 1)))               \
    X(weir_mock_fault_add, mock, names(weir_mock_fault_add(NULL, &FAULT, &id, &error)))            \
    X(weir_mock_fault_add, fault, names(weir_mock_fault_add(mock, NULL, &id, &error)))             \
    X(weir_mock_fault_add, id, is(weir_mock_fault_add(mock, &FAULT, NULL, &error), WEIR_OK))       \
    X(weir_mock_fault_add, error, refused(weir_mock_fault_add(mock, NULL, &id, NULL)))             \
    X(weir_mock_fault_fired, mock, is(weir_mock_fault_fired(NULL, 1), -1))                         \
    X(weir_mock_fault_remove, mock, refused(weir_mock_fault_remove(NULL, 1)))                      \
    X(weir_mock_faults_check, mock, names(weir_mock_faults_check(NULL, &error)))                   \
    X(weir_mock_faults_check, error, is(weir_mock_faults_check(mock, NULL), WEIR_OK))              \
    X(weir_mock_shift_timestamps, mock, refused(weir_mock_shift_timestamps(NULL, "c", 1)))         \
    X(weir_mock_shift_timestamps, client_id, refused(weir_mock_shift_timestamps(mock, NULL, 1)))

#define TOPIC_ROWS(X)                                                                              \
    X(weir_mock_topic_create, mock, names(weir_mock_topic_create(NULL, "x", 1, 1, 0, &error)))     \
    X(weir_mock_topic_create, topic, names(weir_mock_topic_create(mock, NULL, 1, 1, 0, &error)))   \
    X(weir_mock_topic_create, config,                                                              \
      assert_int_equal(weir_mock_topic_create(mock, "x", 1, 1, NULL, &error), WEIR_OK))            \
    X(weir_mock_topic_create, error, refused(weir_mock_topic_create(mock, NULL, 1, 1, 0, NULL)))   \
    X(weir_mock_topic_grow, mock, names(weir_mock_topic_grow(NULL, "t", 9, &error)))               \
    X(weir_mock_topic_grow, topic, names(weir_mock_topic_grow(mock, NULL, 9, &error)))             \
    X(weir_mock_topic_grow, error, refused(weir_mock_topic_grow(mock, NULL, 9, NULL)))             \
    X(weir_mock_topic_delete, mock, refused(weir_mock_topic_delete(NULL, "t")))                    \
    X(weir_mock_topic_delete, topic, refused(weir_mock_topic_delete(mock, NULL)))                  \
    X(weir_mock_topic_partitions, mock, is(weir_mock_topic_partitions(NULL, "t"), -1))             \
    X(weir_mock_topic_partitions, topic, is(weir_mock_topic_partitions(mock, NULL), -1))           \
    X(weir_mock_topic_config, mock, assert_null(weir_mock_topic_config(NULL, "t", "n")))           \
    X(weir_mock_topic_config, topic, assert_null(weir_mock_topic_config(mock, NULL, "n")))         \
    X(weir_mock_topic_config, name, assert_null(weir_mock_topic_config(mock, "t", NULL)))          \
    X(weir_mock_topics, mock, weir_mock_topics(NULL, see_topic, NULL))                             \
    X(weir_mock_topics, fn, weir_mock_topics(mock, NULL, NULL))                                    \
    X(weir_mock_partition_set_leader, mock,                                                        \
      refused(weir_mock_partition_set_leader(NULL, "t", 0, 1)))                                    \
    X(weir_mock_partition_set_leader, topic,                                                       \
      refused(weir_mock_partition_set_leader(mock, NULL, 0, 1)))                                   \
    X(weir_mock_partition_leader, mock, is(weir_mock_partition_leader(NULL, "t", 0), -1))          \
    X(weir_mock_partition_leader, topic, is(weir_mock_partition_leader(mock, NULL, 0), -1))        \
    X(weir_mock_topic_hide, mock, refused(weir_mock_topic_hide(NULL, "t", 1)))                     \
    X(weir_mock_topic_hide, topic, refused(weir_mock_topic_hide(mock, NULL, 1)))                   \
    X(weir_mock_topic_hidden, mock, is(weir_mock_topic_hidden(NULL, "t"), 0))                      \
    X(weir_mock_topic_hidden, topic, is(weir_mock_topic_hidden(mock, NULL), 0))                    \
    X(weir_mock_partition_offsets, mock,                                                           \
      refused(weir_mock_partition_offsets(NULL, "t", 0, &start, &end)))                            \
    X(weir_mock_partition_offsets, topic,                                                          \
      refused(weir_mock_partition_offsets(mock, NULL, 0, &start, &end)))                           \
    X(weir_mock_partition_offsets, start,                                                          \
      refused(weir_mock_partition_offsets(mock, "t", 0, NULL, &end)))                              \
    X(weir_mock_partition_offsets, end,                                                            \
      refused(weir_mock_partition_offsets(mock, "t", 0, &start, NULL)))                            \
    X(weir_mock_partition_trim, mock, refused(weir_mock_partition_trim(NULL, "t", 0, -1)))         \
    X(weir_mock_partition_trim, topic, refused(weir_mock_partition_trim(mock, NULL, 0, -1)))       \
    X(weir_mock_partition_compact, mock, names(weir_mock_partition_compact(NULL, "t", 0, &error))) \
    X(weir_mock_partition_compact, topic, names(weir_mock_partition_compact(mock, 0, 0, &error)))  \
    X(weir_mock_partition_compact, error, refused(weir_mock_partition_compact(mock, 0, 0, NULL)))  \
    X(weir_mock_topic_read, mock, names(weir_mock_topic_read(NULL, "t", see, NULL, &error)))       \
    X(weir_mock_topic_read, topic, names(weir_mock_topic_read(mock, NULL, see, NULL, &error)))     \
    X(weir_mock_topic_read, fn, names(weir_mock_topic_read(mock, "t", NULL, NULL, &error)))        \
    X(weir_mock_topic_read, error, refused(weir_mock_topic_read(mock, "t", NULL, NULL, NULL)))     \
    X(weir_mock_partition_read, mock,                                                              \
      names(weir_mock_partition_read(NULL, "t", 0, 0, see, NULL, &error)))                         \
    X(weir_mock_partition_read, topic,                                                             \
      names(weir_mock_partition_read(mock, NULL, 0, 0, see, NULL, &error)))                        \
    X(weir_mock_partition_read, fn,                                                                \
      names(weir_mock_partition_read(mock, "t", 0, 0, NULL, NULL, &error)))                        \
    X(weir_mock_partition_read, error,                                                             \
      refused(weir_mock_partition_read(mock, "t", 0, 0, NULL, NULL, NULL)))

#define GROUP_ROWS(X)                                                                              \
    X(weir_mock_committed, mock, is(weir_mock_committed(NULL, "g", "t", 0, text, 4), -1))          \
    X(weir_mock_committed, group, is(weir_mock_committed(mock, NULL, "t", 0, text, 4), -1))        \
    X(weir_mock_committed, topic, is(weir_mock_committed(mock, "g", NULL, 0, text, 4), -1))        \
    X(weir_mock_committed, metadata, is(weir_mock_committed(mock, "g", "t", 0, NULL, 4), -1))      \
    X(weir_mock_group, mock, refused(weir_mock_group(NULL, "g", &group)))                          \
    X(weir_mock_group, group, refused(weir_mock_group(mock, NULL, &group)))                        \
    X(weir_mock_group, out, refused(weir_mock_group(mock, "g", NULL)))                             \
    X(weir_mock_coordinator_set, mock, refused(weir_mock_coordinator_set(NULL, "g", 1)))           \
    X(weir_mock_coordinator_set, group, refused(weir_mock_coordinator_set(mock, NULL, 1)))         \
    X(weir_mock_coordinator, mock, is(weir_mock_coordinator(NULL, "g"), -1))                       \
    X(weir_mock_coordinator, group, is(weir_mock_coordinator(mock, NULL), -1))

#define TXN_ROWS(X)                                                                                \
    X(weir_mock_transactions, mock, refused(weir_mock_transactions(NULL, see_txn, NULL)))          \
    X(weir_mock_transactions, fn, refused(weir_mock_transactions(mock, NULL, NULL)))               \
    X(weir_mock_transaction_coordinator_set, mock,                                                 \
      refused(weir_mock_transaction_coordinator_set(NULL, "t", 1)))                                \
    X(weir_mock_transaction_coordinator_set, transactional_id,                                     \
      refused(weir_mock_transaction_coordinator_set(mock, NULL, 1)))                               \
    X(weir_mock_transaction_coordinator, mock,                                                     \
      is(weir_mock_transaction_coordinator(NULL, "t"), -1))                                        \
    X(weir_mock_transaction_coordinator, transactional_id,                                         \
      is(weir_mock_transaction_coordinator(mock, NULL), -1))

/* Those of weir/mock_event.h. */
#define EVENT_ROWS(X)                                                                              \
    X(weir_mock_event_name, kind, assert_null(weir_mock_event_name((weir_mock_event_kind)-1)))     \
    X(weir_mock_event_text, event, weir_mock_event_text(NULL, text, sizeof text))                  \
    X(weir_mock_event_text, out, weir_mock_event_text(&(weir_mock_event){0}, NULL, 9))

#define is(actual, expected) assert_int_equal((actual), (expected))

#define RUN(function, argument, ...)                                                               \
    {                                                                                              \
        const null_row row = {#function, #argument};                                               \
        weir_error error = {0};                                                                    \
        (void)row;                                                                                 \
        (void)error;                                                                               \
        __VA_ARGS__;                                                                               \
    }

static void see_txn(const weir_mock_transaction *transaction, void *user)
{
    (void)transaction;
    (void)user;
}

static void see_topic(const char *topic, int32_t partitions, void *user)
{
    (void)topic;
    (void)partitions;
    (void)user;
}

static weir_err see(const weir_mock_record *record, void *user)
{
    (void)record;
    (void)user;
    return WEIR_OK;
}

static void functions_of_the_mock_cluster_refuse_null(void **state)
{
    weir_mock *mock = *state;
    int64_t start;
    int64_t end;
    char text[4];
    int id;
    weir_mock_group_info group;
    mock_create(mock, "t", 1);
    LIFE_ROWS(RUN)
    TOPIC_ROWS(RUN)
    GROUP_ROWS(RUN)
    TXN_ROWS(RUN)
    EVENT_ROWS(RUN)
}

static void a_topic_setting_without_a_value_is_named(void **state)
{
    weir_error error = {0};
    const char *const config[] = {"cleanup.policy", "compact", "segment.ms", NULL};
    is(weir_mock_topic_create(*state, "x", 1, 1, config, &error), WEIR_EINVAL);
    assert_string_equal(error.message, "config of topic 'x': 'segment.ms' has no value");
    is(weir_mock_topic_partitions(*state, "x"), -1);
}

static void every_argument_has_a_row(void **state)
{
    (void)state;
    static const null_row rows[] = {LIFE_ROWS(NULL_ROW) TOPIC_ROWS(NULL_ROW) GROUP_ROWS(NULL_ROW)
                                        TXN_ROWS(NULL_ROW)};
    assert_rows_complete("mockbroker/include/weir/mockbroker.h", rows,
                         sizeof rows / sizeof rows[0]);
    static const null_row event_rows[] = {EVENT_ROWS(NULL_ROW)};
    assert_rows_complete("mockbroker/include/weir/mock_event.h", event_rows,
                         sizeof event_rows / sizeof event_rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        mock_test(functions_of_the_mock_cluster_refuse_null),
        mock_test(a_topic_setting_without_a_value_is_named),
        cmocka_unit_test(every_argument_has_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
