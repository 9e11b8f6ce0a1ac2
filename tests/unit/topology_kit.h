/* SPDX-License-Identifier: Apache-2.0
 *
 * For tests of topologies that are built and never run: functions that only fill a place. */
#ifndef WEIR_TESTS_TOPOLOGY_KIT_H
#define WEIR_TESTS_TOPOLOGY_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/dsl.h>

static inline weir_err kit_value_as_key(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)out = *(const weir_slice *)in->value;
    return WEIR_OK;
}

static inline weir_err kit_join(weir_ctx *ctx, const void *key, const void *left, const void *right,
                                void *out, void *user)
{
    (void)key;
    (void)left;
    (void)right;
    (void)user;
    weir_out_null(ctx, out);
    return WEIR_OK;
}

#endif
