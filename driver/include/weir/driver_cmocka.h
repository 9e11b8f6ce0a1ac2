/* SPDX-License-Identifier: Apache-2.0
 *
 * Failures of the driver as failures of a cmocka test. */
#ifndef WEIR_DRIVER_CMOCKA_H
#define WEIR_DRIVER_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <weir/driver.h>

/* WEIR_TEST=name in the environment of a program with this header: only the tests of that name run
 * (* and ? stand for any text and any letter), as they do among the others. A test whose setup puts
 * its name there finds it in the command that repeats it. */
__attribute__((constructor)) static inline void weir_cmocka_choose(void)
{
    const char *only = getenv("WEIR_TEST");
    if (only != NULL && only[0] != '\0') {
        cmocka_set_test_filter(only);
    }
}

/* A weir_failure_fn: weir_cluster_opts{.on_failure = weir_cmocka_failure}. */
static inline void weir_cmocka_failure(const char *file, int line, const char *message, void *user)
{
    (void)user;
    print_error("%s\n", message);
    _fail(file != NULL ? file : "(driver)", line);
}

#endif
