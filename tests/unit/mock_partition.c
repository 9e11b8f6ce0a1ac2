/* SPDX-License-Identifier: Apache-2.0
 *
 * The front's record of a partition's log: its batches, offsets and sizes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "brokers/topics.h"

#define BATCH_BYTES ((size_t)100)

static void append(weir__partition *partition, int64_t base, int32_t records)
{
    assert_int_equal(weir__partition_appended(partition, base, records, BATCH_BYTES, 0), WEIR_OK);
}

/* Two producers' batches are appended one after the other; the offsets of the
 * second one are reported first. */
static void the_end_does_not_decrease_when_answers_are_reordered(void **state)
{
    (void)state;
    weir__partition partition = {0};
    append(&partition, 0, 809);
    append(&partition, 832, 19);
    append(&partition, 809, 23);

    assert_int_equal(partition.end, 851);
    free(partition.batches);
}

static void bytes_to_read_follow_the_log_when_answers_overtake_each_other(void **state)
{
    (void)state;
    weir__partition partition = {0};
    append(&partition, 20, 10);
    append(&partition, 0, 10);
    append(&partition, 10, 10);

    assert_int_equal(weir__partition_bytes_from(&partition, 0, SIZE_MAX), 3 * BATCH_BYTES);
    assert_int_equal(weir__partition_bytes_from(&partition, 10, SIZE_MAX), 2 * BATCH_BYTES);
    assert_int_equal(weir__partition_bytes_from(&partition, 29, SIZE_MAX), BATCH_BYTES);
    assert_int_equal(weir__partition_bytes_from(&partition, 30, SIZE_MAX), 0);
    free(partition.batches);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_does_not_decrease_when_answers_are_reordered),
        cmocka_unit_test(bytes_to_read_follow_the_log_when_answers_overtake_each_other),
    };
    return cmocka_run_group_tests_name("mock_partition", tests, NULL, NULL);
}
