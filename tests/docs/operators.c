/* SPDX-License-Identifier: Apache-2.0
 *
 * The code of docs/operators.md, built as one topology. */
#include <weir/dsl.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Callbacks that the page names; the topology is only built. */
#define CALLBACK(name, ...)                                                                        \
    static weir_err name(__VA_ARGS__)                                                              \
    {                                                                                              \
        return WEIR_OK;                                                                            \
    }

#define MAP_VALUES(name)                                                                           \
    CALLBACK(name, __attribute__((unused)) weir_ctx *ctx,                                          \
             __attribute__((unused)) const weir_record *in, __attribute__((unused)) void *out,     \
             __attribute__((unused)) void *user)
