/* SPDX-License-Identifier: Apache-2.0
 *
 * Operators with windows, for the table of operators.c. No record is late for them. */
#ifndef WEIR_TESTS_SUPPORT_OPERATORS_WINDOWED_H
#define WEIR_TESTS_SUPPORT_OPERATORS_WINDOWED_H

#include "support/operators.h"

weir_stream operators_windowed_count(const operators_inputs *at);
weir_stream operators_windowed_reduce(const operators_inputs *at);
weir_stream operators_windowed_aggregate(const operators_inputs *at);
weir_stream operators_sliding(const operators_inputs *at);
weir_stream operators_session_count(const operators_inputs *at);
weir_stream operators_session_reduce(const operators_inputs *at);
weir_stream operators_session_aggregate(const operators_inputs *at);
weir_stream operators_windowed_cogroup(const operators_inputs *at);
weir_stream operators_session_cogroup(const operators_inputs *at);

#endif
