/* SPDX-License-Identifier: Apache-2.0
 *
 * Offsets by time in the topics of the synchronous driver. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sync/loopback.h"

static void the_first_record_that_is_not_older_is_found(void **state)
{
    (void)state;
    static const int64_t times[] = {1000, 3000, 2000, 4000};
    static const struct {
        int64_t time_ms;
        int64_t offset;
    } rows[] = {{0, 0}, {1000, 0}, {1001, 1}, {3001, 3}, {4001, 4}};
    const weir__topic_partition one = {"t", 0};
    weir__loopback *loopback = weir__loopback_new(1);
    weir__admin *admin = NULL;
    int64_t offset = -1;
    assert_non_null(loopback);
    weir__loopback_topic *topic = weir__loopback_make(loopback, "t", 1);
    assert_non_null(topic);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        const weir__outgoing record = {.topic = "t",
                                       .timestamp_ms = times[i],
                                       .key = weir_slice_of("k"),
                                       .value = weir_slice_of("v")};
        assert_int_equal(weir__loopback_append(loopback, topic, &record, NULL), WEIR_OK);
    }
    const weir__client_opts opts = {.client = weir__loopback_client(loopback)};
    assert_int_equal(weir__admin_new(&opts, &admin, NULL), WEIR_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(weir__admin_query_time(admin, one, rows[i].time_ms, &offset, NULL),
                         WEIR_OK);
        assert_int_equal(offset, rows[i].offset);
    }
    assert_int_not_equal(
        weir__admin_query_time(admin, (weir__topic_partition){"nowhere", 0}, 0, &offset, NULL),
        WEIR_OK);
    weir__admin_close(admin);
    weir__loopback_free(loopback);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_record_that_is_not_older_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
