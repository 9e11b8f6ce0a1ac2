/* SPDX-License-Identifier: Apache-2.0
 *
 * core/saturate.h, compared with arithmetic of 128 bits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "core/saturate.h"
#include "support/boundaries.h"

static int64_t clamp(__int128 exact)
{
    if (exact > INT64_MAX) {
        return INT64_MAX;
    }
    return exact < INT64_MIN ? INT64_MIN : (int64_t)exact;
}

static void results_are_exact_or_the_nearest_int64(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOUNDARY_COUNT; i++) {
        for (size_t j = 0; j < BOUNDARY_COUNT; j++) {
            int64_t a = boundaries[i];
            int64_t b = boundaries[j];
            assert_int_equal(weir__add_sat(a, b), clamp((__int128)a + b));
            assert_int_equal(weir__sub_sat(a, b), clamp((__int128)a - b));
            assert_int_equal(weir__mul_sat(a, b), clamp((__int128)a * b));
        }
    }
}

static void a_difference_that_wrapped_leads_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < BOUNDARY_COUNT; i++) {
        for (size_t j = 0; j < BOUNDARY_COUNT; j++) {
            int64_t delta = (int64_t)((uint64_t)boundaries[j] - (uint64_t)boundaries[i]);
            assert_int_equal(weir__add_wrap(boundaries[i], delta), boundaries[j]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_are_exact_or_the_nearest_int64),
        cmocka_unit_test(a_difference_that_wrapped_leads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
