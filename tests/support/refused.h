/* SPDX-License-Identifier: Apache-2.0
 *
 * What weir_build says of a wrong topology. */
#ifndef WEIR_TESTS_SUPPORT_REFUSED_H
#define WEIR_TESTS_SUPPORT_REFUSED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/processor.h>

/* Builds and expects this code and text. */
static inline void refused(weir_builder *b, weir_err code, const char *text)
{
    weir_error error = {0};
    assert_null(weir_build(b, NULL, &error));
    assert_string_equal(error.message, text);
    assert_int_equal(error.code, code);
}

#endif
