/* SPDX-License-Identifier: Apache-2.0
 *
 * The operators that keep records in a buffer, for the table of all operators. */
#ifndef WEIR_TESTS_SUPPORT_OPERATORS_BUFFERED_H
#define WEIR_TESTS_SUPPORT_OPERATORS_BUFFERED_H

#include "support/operators.h"

weir_stream operators_suppress(const operators_inputs *at);
weir_stream operators_join_with_grace(const operators_inputs *at);
weir_stream operators_left_join_with_grace(const operators_inputs *at);

#endif
