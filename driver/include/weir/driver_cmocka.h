/* SPDX-License-Identifier: Apache-2.0
 *
 * Failures of the driver as failures of a cmocka test. */
#ifndef WEIR_DRIVER_CMOCKA_H
#define WEIR_DRIVER_CMOCKA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/driver.h>

/* A weir_failure_fn: weir_cluster_opts{.on_failure = weir_cmocka_failure}. */
static inline void weir_cmocka_failure(const char *file, int line, const char *message, void *user)
{
    (void)user;
    print_error("%s\n", message);
    _fail(file != NULL ? file : "(driver)", line);
}

#endif
