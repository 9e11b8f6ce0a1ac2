/* SPDX-License-Identifier: Apache-2.0
 *
 * The joins by foreign key among all operators (operators.h). */
#ifndef WEIR_TESTS_SUPPORT_OPERATORS_FOREIGN_JOINS_H
#define WEIR_TESTS_SUPPORT_OPERATORS_FOREIGN_JOINS_H

#include "support/operators.h"

weir_stream operators_foreign_join(const operators_inputs *at);
weir_stream operators_foreign_left_join(const operators_inputs *at);

#endif
