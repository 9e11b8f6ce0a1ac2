/* SPDX-License-Identifier: Apache-2.0
 *
 * Tests of public functions with an argument that is NULL (or an enum value that does not
 * exist): a row for each such argument. The rows are complete by construction: the public headers
 * are read, and an argument without a row fails the test. */
#ifndef WEIR_TESTS_SUPPORT_NULL_ROWS_H
#define WEIR_TESTS_SUPPORT_NULL_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <weir/weir.h>

typedef struct null_row {
    const char *function;
    const char *argument;
} null_row;

/* For lists of rows written as X(function, argument, ...). */
#define NULL_ROW(function, argument, ...) {#function, #argument},

/* Every argument of every function declared in `header` (below the project's root) that is a
 * pointer, a callback, a handle or an enum has a row, and every row is of such an argument. What
 * is passed to a callback ("user", "arg", "unused") may always be NULL, and a weir_slice
 * is null by its data. */
void assert_rows_complete(const char *header, const null_row *rows, size_t count);

/* The last failure that on_failure received. */
typedef struct null_failure {
    char message[WEIR_ERROR_MESSAGE_MAX];
    int count;
} null_failure;

/* An on_failure; its `user` is a null_failure. */
void note_failure(const char *file, int line, const char *message, void *user);

/* One failure since there were `before`, whose message has `wanted`; NULL: none. `row` says which
 * call it is. */
void assert_failure(const null_failure *last, int before, const char *wanted, const char *row);

/* WEIR_EINVAL, and the message (if there is an error) names function and argument. */
void assert_names(const null_row *row, weir_err err, const weir_error *error);

#endif
