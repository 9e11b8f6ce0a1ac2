/* SPDX-License-Identifier: Apache-2.0
 *
 * The client port without a cluster: partitioner, errors, settings passed to librdkafka. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/kafka.h"

static void must(weir_err err, const weir_error *error)
{
    if (err != WEIR_OK) {
        fail_msg("%s: %s", weir_err_name(err), error->message);
    }
}

static int32_t of_text(const char *key)
{
    return weir__murmur2_partition(weir_slice_of(key), 4);
}

static int32_t of_i64(int64_t key, int32_t partitions)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)((uint64_t)key >> (56 - 8 * i));
    }
    return weir__murmur2_partition((weir_slice){bytes, sizeof bytes}, partitions);
}

static void keys_go_to_the_partitions_that_java_chooses(void **state)
{
    (void)state;
    assert_int_equal(of_text("a"), 0);
    assert_int_equal(of_text("b"), 0);
    assert_int_equal(of_text("hello"), 1);
    assert_int_equal(of_text("world"), 0);
    assert_int_equal(of_text("kafka"), 0);
    assert_int_equal(of_text(""), 1);
    assert_int_equal(of_text("customer-1"), 1);
    assert_int_equal(of_i64(0, 4), 3);
    assert_int_equal(of_i64(1, 4), 0);
    assert_int_equal(of_i64(-1, 4), 1);
    assert_int_equal(of_i64(42, 4), 0);
    assert_int_equal(of_i64(1234567890123, 4), 0);
    /* The whole hashes, as Java shows them. */
    assert_int_equal(weir__murmur2_partition(weir_slice_of("a"), INT32_MAX), 0x22d0b27c);
    assert_int_equal(weir__murmur2_partition(weir_slice_of("hello"), INT32_MAX), 0x7f1ddbbd);
    assert_int_equal(weir__murmur2_partition(weir_slice_of("customer-1"), INT32_MAX), 0x739be9c1);
    assert_int_equal(of_i64(0, INT32_MAX), 0x60d75103);
}

static void errors_know_whether_to_try_again(void **state)
{
    (void)state;
    assert_int_equal(weir__kafka_code(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION), WEIR_EFENCED);
    assert_int_equal(weir__kafka_code(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID), WEIR_EFENCED);
    assert_int_equal(weir__kafka_code(RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS), WEIR_ERETRY);
    assert_int_equal(weir__kafka_code(RD_KAFKA_RESP_ERR__TRANSPORT), WEIR_ERETRY);
    assert_int_equal(weir__kafka_code(RD_KAFKA_RESP_ERR__TIMED_OUT), WEIR_ETIMEOUT);
    assert_int_equal(weir__kafka_code(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), WEIR_ELIMIT);
    assert_int_equal(weir__kafka_code(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED), WEIR_EBROKER);
    assert_true(weir_err_is_retriable(weir__kafka_code(RD_KAFKA_RESP_ERR_NOT_COORDINATOR)));
    assert_false(weir_err_is_retriable(weir__kafka_code(RD_KAFKA_RESP_ERR__FATAL)));
}

static void settings_of_librdkafka_are_checked_by_name_and_value(void **state)
{
    (void)state;
    weir_config *config = weir_config_new();
    weir_error error = {0};
    must(weir__client_check(config, NULL, &error), &error);
    weir_config_set(config, "consumer.session.timeout.ms", "6000", NULL);
    must(weir__client_check(config, NULL, &error), &error);
    weir_config_set(config, "producer.lingerr.ms", "5", NULL);
    assert_int_equal(weir__client_check(config, NULL, &error), WEIR_ECONFIG);
    assert_non_null(strstr(error.message, "producer.lingerr.ms=5: "));
    weir_config_set(config, "restore.consumer.fetch.message.max.bytes", "few", NULL);
    assert_int_equal(weir__client_check(config, NULL, &error), WEIR_ECONFIG);
    assert_non_null(strstr(error.message, "restore.consumer.fetch.message.max.bytes=few: "));
    weir_config_free(config);
}

static void settings_that_exclude_each_other_are_named(void **state)
{
    (void)state;
    weir_config *config = weir_config_new();
    weir_error error = {0};
    weir_config_set(config, "application.id", "a", NULL);
    weir_config_set(config, "bootstrap.servers", "127.0.0.1:1", NULL);
    must(weir__client_check(config, NULL, &error), &error);
    weir_config_set(config, "producer.enable.idempotence", "true", NULL);
    weir_config_set(config, "producer.acks", "1", NULL);
    assert_int_equal(weir__client_check(config, NULL, &error), WEIR_ECONFIG);
    assert_string_equal(error.message, "acks=1 does not fit enable.idempotence=true: write "
                                       "acks=-1, or enable.idempotence=false");
    weir_config_set(config, "producer.acks", "all", NULL);
    weir_config_set(config, "consumer.receive.message.max.bytes", "1000", NULL);
    assert_int_equal(weir__client_check(config, NULL, &error), WEIR_ECONFIG);
    assert_non_null(strstr(error.message, "consumer: librdkafka refuses its settings: "));
    assert_non_null(strstr(error.message, "receive.message.max.bytes"));
    weir_config_set(config, "consumer.receive.message.max.bytes", "100000000", NULL);
    weir_config_set(config, "session.timeout.ms", "3000", NULL);
    assert_int_equal(weir__client_check(config, NULL, &error), WEIR_ECONFIG);
    assert_non_null(strstr(error.message, "heartbeat.interval.ms=3000 is not less than "
                                          "session.timeout.ms=3000"));
    weir_config_free(config);
}

static void assert_check_fails(const weir_config *config, const char *who, const char *why)
{
    weir_error error = {0};
    assert_int_equal(weir__client_check(config, NULL, &error), WEIR_ECONFIG);
    if (strncmp(error.message, who, strlen(who)) != 0 || strstr(error.message, why) == NULL) {
        fail_msg("'%s' does not begin with '%s', or '%s' is not in it", error.message, who, why);
    }
}

static void a_missing_file_of_certificates_is_named(void **state)
{
    (void)state;
    static const char none[] = "/nowhere/ca.pem";
    weir_config *config = weir_config_new();
    weir_error error = {0};
    weir_config_set(config, "application.id", "a", NULL);
    weir_config_set(config, "bootstrap.servers", "127.0.0.1:1", NULL);
    weir_config_set(config, "security.protocol", "ssl", NULL);
    must(weir__client_check(config, NULL, &error), &error);
    weir_config_set(config, "admin.ssl.ca.location", none, NULL);
    assert_check_fails(config, "admin client: ", "ssl.ca.location");
    weir_config_set(config, "producer.ssl.ca.location", none, NULL);
    assert_check_fails(config, "producer: ", "ssl.ca.location");
    weir_config_set(config, "restore.consumer.ssl.ca.location", none, NULL);
    assert_check_fails(config, "restore consumer: ", "ssl.ca.location");
    weir_config_set(config, "ssl.ca.location", none, NULL);
    assert_check_fails(config, "consumer: ", "ssl.ca.location");
    weir_config_free(config);
}

static void security_of_all_clients_is_tried_where_one_has_its_own(void **state)
{
    (void)state;
    weir_config *config = weir_config_new();
    weir_config_set(config, "application.id", "a", NULL);
    weir_config_set(config, "bootstrap.servers", "127.0.0.1:1", NULL);
    weir_config_set(config, "ssl.ca.location", "/nowhere/ca.pem", NULL);
    weir_config_set(config, "security.protocol", "ssl", NULL);
    weir_config_set(config, "main.consumer.security.protocol", "plaintext", NULL);
    assert_check_fails(config, "restore consumer: ", "ssl.ca.location");
    weir_config_free(config);
}

static size_t entries_of(const char *path)
{
    size_t count = 0;
    DIR *directory = opendir(path);
    assert_non_null(directory);
    while (readdir(directory) != NULL) {
        count++;
    }
    closedir(directory);
    return count;
}

/* A thread that has ended may still be listed for a moment. So one thread of the last check may be
 * left, but not one of each check. */
static void a_check_of_the_settings_leaves_no_thread_and_no_file(void **state)
{
    (void)state;
    enum { CHECKS = 20 };
    weir_config *config = weir_config_new();
    weir_error error = {0};
    weir_config_set(config, "application.id", "a", NULL);
    weir_config_set(config, "bootstrap.servers", "127.0.0.1:1", NULL);
    weir_config_set(config, "session.timeout.ms", "44000", NULL);
    weir_config_set(config, "producer.linger.ms", "5", NULL);
    must(weir__client_check(config, NULL, &error), &error);
    size_t threads = entries_of("/proc/self/task");
    size_t files = entries_of("/proc/self/fd");
    for (int i = 0; i < CHECKS; i++) {
        must(weir__client_check(config, NULL, &error), &error);
    }
    assert_in_range(entries_of("/proc/self/task"), 0, threads + CHECKS - 1);
    assert_int_equal(entries_of("/proc/self/fd"), files);
    weir_config_free(config);
}

static void the_special_prefix_wins_over_the_general(void **state)
{
    (void)state;
    weir_config *config = weir_config_new();
    weir_error error = {0};
    char value[64];
    size_t size = sizeof value;
    rd_kafka_conf_t *conf;
    weir_config_set(config, "restore.consumer.fetch.min.bytes", "7", NULL);
    weir_config_set(config, "consumer.fetch.min.bytes", "3", NULL);
    weir_config_set(config, "consumer.auto.offset.reset", "latest", NULL);
    must(weir__kafka_conf(config, WEIR__KAFKA_RESTORE, "c", NULL, &conf, &error), &error);
    assert_int_equal(rd_kafka_conf_get(conf, "fetch.min.bytes", value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, "7");
    size = sizeof value;
    assert_int_equal(rd_kafka_conf_get(conf, "auto.offset.reset", value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, "error"); /* a restore that jumps would lose rows */
    rd_kafka_conf_destroy(conf);
    weir_config_free(config);
}

static void assert_setting(const rd_kafka_conf_t *conf, const char *name, const char *wanted)
{
    char value[64];
    size_t size = sizeof value;
    assert_int_equal(rd_kafka_conf_get(conf, name, value, &size), RD_KAFKA_CONF_OK);
    assert_string_equal(value, wanted);
}

static void the_queue_of_fetched_records_is_bounded_by_number_by_default(void **state)
{
    (void)state;
    weir_config *config = weir_config_new();
    weir_error error = {0};
    rd_kafka_conf_t *conf;
    must(weir__kafka_conf(config, WEIR__KAFKA_MAIN, "c", NULL, &conf, &error), &error);
    assert_setting(conf, "queued.min.messages", "500000");
    assert_setting(conf, "max.partition.fetch.bytes", "262144");
    rd_kafka_conf_destroy(conf);
    must(weir__kafka_conf(config, WEIR__KAFKA_RESTORE, "c", NULL, &conf, &error), &error);
    assert_setting(conf, "queued.min.messages", "1000000");
    rd_kafka_conf_destroy(conf);
    weir_config_set(config, "consumer.queued.min.messages", "7", NULL);
    weir_config_set(config, "consumer.max.partition.fetch.bytes", "4096", NULL);
    must(weir__kafka_conf(config, WEIR__KAFKA_MAIN, "c", NULL, &conf, &error), &error);
    assert_setting(conf, "queued.min.messages", "7");
    assert_setting(conf, "fetch.message.max.bytes", "4096");
    rd_kafka_conf_destroy(conf);
    weir_config_free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_go_to_the_partitions_that_java_chooses),
        cmocka_unit_test(errors_know_whether_to_try_again),
        cmocka_unit_test(settings_of_librdkafka_are_checked_by_name_and_value),
        cmocka_unit_test(settings_that_exclude_each_other_are_named),
        cmocka_unit_test(a_missing_file_of_certificates_is_named),
        cmocka_unit_test(security_of_all_clients_is_tried_where_one_has_its_own),
        cmocka_unit_test(a_check_of_the_settings_leaves_no_thread_and_no_file),
        cmocka_unit_test(the_special_prefix_wins_over_the_general),
        cmocka_unit_test(the_queue_of_fetched_records_is_bounded_by_number_by_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
