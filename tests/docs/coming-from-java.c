/* SPDX-License-Identifier: Apache-2.0
 *
 * The topology of docs/coming-from-java.md. */
#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/typed.h>

#include "coming-from-java.inc"

static void payments_are_summed(void **state)
{
    (void)state;
    weir_sync *sync = weir_sync_new(payments_topology,
                                    &(weir_sync_opts){.on_failure = weir_cmocka_failure}, NULL);
    weir_input payments = weir_sync_input(sync, "payments", &weir_string, &weir_i64);
    weir_slice account = weir_slice_of("a");
    weir_input_pipe(payments, &account, &(int64_t){20});
    weir_input_pipe(payments, &account, &(int64_t){-7});
    weir_input_pipe(payments, &account, NULL);
    weir_input_pipe(payments, &account, &(int64_t){22});
    weir_rows *expected = weir_sync_rows(sync, &weir_string, &weir_i64);
    weir_rows_add(expected, &account, &(int64_t){20});
    weir_rows_add(expected, &account, &(int64_t){42});
    weir_output balances = weir_sync_output(sync, "balances", &weir_string, &weir_i64);
    weir_assert_same_list(weir_output_all(balances), expected);
    weir_sync_free(sync);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(payments_are_summed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
