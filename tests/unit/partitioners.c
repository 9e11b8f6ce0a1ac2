/* SPDX-License-Identifier: Apache-2.0
 *
 * Partitioners of sinks and repartition topics: what they see, and what they may choose. */
#include <string.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/dsl.h>

#define STRINGS &weir_string, &weir_string
#define PARTITIONS 4

/* The partition is the first digit of the header "to"; without one it is left to the key. */
static weir_err by_header(weir_ctx *ctx, const weir_record *record, const char *topic,
                          int32_t partitions, int32_t *partition, void *user)
{
    weir_slice to;
    const weir_slice *value = record->value;
    assert_string_equal(weir_ctx_node(ctx), user);
    assert_non_null(strstr(topic, "parted"));
    assert_int_equal(partitions, PARTITIONS);
    assert_int_equal(*partition, -1);
    assert_int_equal(record->timestamp_ms, 1000);
    if (value != NULL && weir_slice_equal(*value, weir_slice_of("fails"))) {
        return weir_fail(ctx, WEIR_EUSER, "no partition for this one");
    }
    if (weir_headers_last(record->headers, "to", &to)) {
        *partition = ((const char *)to.data)[0] - '0';
    }
    return WEIR_OK;
}

/* The keys of a customer are together: what stands before the ':'. */
static weir_err by_customer(weir_ctx *ctx, const weir_record *record, const char *topic,
                            int32_t partitions, int32_t *partition, void *user)
{
    (void)ctx, (void)topic, (void)user;
    const weir_slice *key = record->key;
    const char *end = memchr(key->data, ':', key->len);
    size_t len = end != NULL ? (size_t)(end - (const char *)key->data) : key->len;
    *partition = weir_default_partition((weir_slice){key->data, len}, partitions);
    return WEIR_OK;
}

static weir_topology *to_a_sink(const weir_config *config, weir_error *error)
{
    static char sink[] = "sink";
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "in", STRINGS, NULL), "parted",
            &(weir_sink_opts){.name = sink, .partitioner = by_header, .user = sink});
    return weir_build(b, config, error);
}

static weir_topology *repartitioned(const weir_config *config, weir_error *error)
{
    static char sink[] = "parted-repartition-sink";
    weir_repartition_opts opts = {.partitioner = by_header, .user = sink};
    weir_builder *b = weir_builder_new();
    weir_to(weir_repartition(weir_source(b, "in", STRINGS, NULL), "parted", &opts), "out", NULL);
    return weir_build(b, config, error);
}

static weir_topology *with_customers(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "in", STRINGS, NULL), "parted",
            &(weir_sink_opts){.partitioner = by_customer});
    return weir_build(b, config, error);
}

WEIR_TIME_WINDOWED_SERDE(window_serde, weir_string, 10)
WEIR_SESSION_WINDOWED_SERDE(session_serde, weir_string)

static weir_topology *windowed(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_grouped by_key = weir_group_by_key(weir_source(b, "in", STRINGS, NULL), NULL);
    weir_table windows =
        weir_windowed_count(weir_windowed_by(by_key, weir_tumbling(10, 0), NULL), "windows", NULL);
    weir_table sessions = weir_session_windowed_count(
        weir_session_windowed_by(by_key, weir_session_gap(5, 0), NULL), "sessions", NULL);
    weir_to(weir_to_stream(windows, NULL), "parted", NULL);
    weir_to(weir_to_stream(sessions, NULL), "parted-sessions", NULL);
    return weir_build(b, config, error);
}

static weir_sync *made(weir_topology_fn topology)
{
    weir_error error = {0};
    weir_sync *sync = weir_sync_new(
        topology, &(weir_sync_opts){.on_failure = weir_cmocka_failure, .partitions = PARTITIONS},
        &error);
    assert_non_null(sync);
    return sync;
}

static weir_err send(weir_sync *sync, const char *key, const char *value, const char *to,
                     weir_error *error)
{
    weir_slice bytes[] = {weir_slice_of(key), weir_slice_of(value)};
    weir_header header = {"to", weir_slice_of(to)};
    return weir_input_try_send(weir_sync_input(sync, "in", STRINGS),
                               &(weir_input_record){.key = &bytes[0],
                                                    .value = &bytes[1],
                                                    .at = WEIR_AT(1000),
                                                    .headers = &header,
                                                    .header_count = to != NULL ? 1 : 0},
                               error);
}

static int32_t partition_of_next(weir_sync *sync, const char *topic)
{
    const weir_row *next = weir_output_next(weir_sync_output(sync, topic, STRINGS));
    assert_non_null(next);
    return next->partition;
}

static void assert_headers_choose(weir_topology_fn topology, const char *topic)
{
    weir_error error = {0};
    weir_sync *sync = made(topology);
    for (char to[] = "0"; to[0] < '0' + PARTITIONS; to[0]++) {
        assert_int_equal(send(sync, "key", "value", to, &error), WEIR_OK);
        assert_int_equal(partition_of_next(sync, topic), to[0] - '0');
    }
    assert_int_equal(send(sync, "key", "value", NULL, &error), WEIR_OK);
    assert_int_equal(partition_of_next(sync, topic),
                     weir_default_partition(weir_slice_of("key"), PARTITIONS));
    weir_sync_free(sync);
}

static void headers_choose_the_partition_of_a_sink(void **state)
{
    (void)state;
    assert_headers_choose(to_a_sink, "parted");
}

static void headers_choose_the_partition_of_a_repartition_topic(void **state)
{
    (void)state;
    assert_headers_choose(repartitioned, "app-parted-repartition");
}

static void a_part_of_the_key_chooses_the_partition(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync = made(with_customers);
    assert_int_equal(send(sync, "ann", "1", NULL, &error), WEIR_OK);
    int32_t ann = partition_of_next(sync, "parted");
    for (char key[] = "ann:0"; key[4] <= '9'; key[4]++) {
        assert_int_equal(send(sync, key, "1", NULL, &error), WEIR_OK);
        assert_int_equal(partition_of_next(sync, "parted"), ann);
    }
    weir_sync_free(sync);
}

/* Two windows and two sessions of each key. */
static void windows_are_in_the_partition_of_their_key(void **state)
{
    (void)state;
    const weir_serde *const keys[] = {&window_serde, &session_serde};
    static const char *const topics[] = {"parted", "parted-sessions"};
    weir_sync *sync = made(windowed);
    weir_input in = weir_sync_input(sync, "in", STRINGS);
    for (int64_t at_ms = 1; at_ms < 200; at_ms += 100) {
        for (char key[] = "a"; key[0] <= 'h'; key[0]++) {
            weir_input_send(in, &(weir_input_record){.key = weir_text(key),
                                                     .value = weir_text("x"),
                                                     .at = WEIR_AT(at_ms)});
        }
    }
    for (size_t i = 0; i < 2; i++) {
        weir_rows *rows = weir_output_all(weir_sync_output(sync, topics[i], keys[i], &weir_i64));
        assert_int_equal(weir_rows_size(rows), (size_t)2 * ('h' - 'a' + 1));
        for (size_t r = 0; r < weir_rows_size(rows); r++) {
            const weir_row *row = weir_rows_at(rows, r);
            const weir_windowed *window = row->key;
            assert_int_equal(row->partition,
                             weir_default_partition(*(const weir_slice *)window->key, PARTITIONS));
        }
    }
    weir_sync_free(sync);
}

static void a_partition_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync = made(to_a_sink);
    assert_int_equal(send(sync, "key", "value", "4", &error), WEIR_EUSER);
    assert_non_null(strstr(error.message, "node 'sink'"));
    assert_non_null(
        strstr(error.message, "the partitioner chose partition 4 of parted, which has 4"));
    weir_sync_free(sync);
}

static void an_error_of_the_partitioner_is_that_of_the_sink(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_sync *sync = made(to_a_sink);
    assert_int_equal(send(sync, "key", "fails", "1", &error), WEIR_EUSER);
    assert_non_null(strstr(error.message, "node 'sink'"));
    assert_non_null(strstr(error.message, "no partition for this one"));
    weir_sync_free(sync);
}

static void the_default_partition_is_that_of_kafka(void **state)
{
    (void)state;
    /* Murmur2's hash of "21" in Kafka's UtilsTest is -973932308. */
    assert_int_equal(weir_default_partition(weir_slice_of("21"), 1000),
                     (-973932308 & 0x7fffffff) % 1000);
    assert_int_equal(weir_default_partition((weir_slice){0}, 4), -1);
    assert_int_equal(weir_default_partition(weir_slice_of("21"), 0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_choose_the_partition_of_a_sink),
        cmocka_unit_test(headers_choose_the_partition_of_a_repartition_topic),
        cmocka_unit_test(a_part_of_the_key_chooses_the_partition),
        cmocka_unit_test(windows_are_in_the_partition_of_their_key),
        cmocka_unit_test(a_partition_that_is_not_there_is_an_error),
        cmocka_unit_test(an_error_of_the_partitioner_is_that_of_the_sink),
        cmocka_unit_test(the_default_partition_is_that_of_kafka),
    };
    return cmocka_run_group_tests_name("partitioners", tests, NULL, NULL);
}
