/* SPDX-License-Identifier: Apache-2.0
 *
 * The joins of two streams among all operators (operators.h). */
#ifndef WEIR_TESTS_SUPPORT_OPERATORS_STREAM_JOINS_H
#define WEIR_TESTS_SUPPORT_OPERATORS_STREAM_JOINS_H

#include "support/operators.h"

/* The input, beside a join whose results are left out: how many there are depends on the records
 * before. */
weir_stream operators_stream_join(const operators_inputs *at);
weir_stream operators_stream_left_join(const operators_inputs *at);
weir_stream operators_stream_outer_join(const operators_inputs *at);

#endif
