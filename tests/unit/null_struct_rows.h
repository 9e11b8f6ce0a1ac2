/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of unit/null_runtime: serdes of structs. */
#ifndef WEIR_TESTS_NULL_STRUCT_ROWS_H
#define WEIR_TESTS_NULL_STRUCT_ROWS_H

#include <weir/serde.h>

typedef struct null_number {
    int64_t value;
} null_number;
WEIR_STRUCT_SERDE(null_number_serde, null_number, WEIR_FIELD(null_number, value))
#define NUMBER null_number_serde.user
#define NUMBER_BYTES ((weir_slice){"12345678", 8})
static const null_number one = {1};
static null_number number_out;

/* X(function, argument, check). */
#define STRUCT_ROWS(X)                                                                             \
    X(weir_struct_decode, ctx,                                                                     \
      refused(weir_struct_decode(NULL, NUMBER_BYTES, &number_out, NUMBER)))                        \
    X(weir_struct_decode, out, reported(weir_struct_decode(ctx, NUMBER_BYTES, NULL, NUMBER)))      \
    X(weir_struct_encode, ctx, refused(weir_struct_encode(NULL, &one, &buf, NUMBER)))              \
    X(weir_struct_encode, in, reported(weir_struct_encode(ctx, NULL, &buf, NUMBER)))               \
    X(weir_struct_encode, out, reported(weir_struct_encode(ctx, &one, NULL, NUMBER)))              \
    X(weir_struct_print, ctx, refused(weir_struct_print(NULL, &one, &buf, NUMBER)))                \
    X(weir_struct_print, in, reported(weir_struct_print(ctx, NULL, &buf, NUMBER)))                 \
    X(weir_struct_print, out, reported(weir_struct_print(ctx, &one, NULL, NUMBER)))

#endif
