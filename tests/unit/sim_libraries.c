/* SPDX-License-Identifier: Apache-2.0
 *
 * The check that libraries call nothing sensitive that is not covered. */
#include <librdkafka/rdkafka.h>
#include <rocksdb/c.h>

#include "unit/support/sim.h"

static void functions_of_a_library_that_are_not_covered_are_named(void **state)
{
    (void)state;
    weir_error error;
    assert_int_equal(weir_sim_check_library(WEIR_TEST_UNCOVERED_LIBRARY, &error),
                     WEIR_EUNSUPPORTED);
    assert_non_null(strstr(error.message, WEIR_TEST_UNCOVERED_LIBRARY));
    assert_non_null(strstr(error.message, "sem_wait"));
    assert_non_null(strstr(error.message, "epoll_wait"));
    assert_null(strstr(error.message, "pthread_mutex_lock"));
}

static void a_library_that_is_covered_passes(void **state)
{
    (void)state;
    weir_error error;
    assert_int_equal(weir_sim_check_library(WEIR_TEST_COVERED_LIBRARY, &error), WEIR_OK);
}

static void a_file_that_is_no_library_is_an_error(void **state)
{
    (void)state;
    weir_error error;
    assert_int_equal(weir_sim_check_library("/nowhere", &error), WEIR_EIO);
    assert_int_equal(weir_sim_check_library("/etc/passwd", &error), WEIR_ECORRUPT);
}

/* Refers to both, so that they are loaded. */
static void the_loaded_librdkafka_and_rocksdb_pass(void **state)
{
    (void)state;
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_destroy(options);
    assert_non_null(rd_kafka_version_str());
    weir_error error;
    if (weir_sim_start(NULL, &error)) {
        fail_msg("%s", error.message);
    }
    weir_sim_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_of_a_library_that_are_not_covered_are_named),
        cmocka_unit_test(a_library_that_is_covered_passes),
        cmocka_unit_test(a_file_that_is_no_library_is_an_error),
        cmocka_unit_test(the_loaded_librdkafka_and_rocksdb_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
