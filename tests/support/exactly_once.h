/* SPDX-License-Identifier: Apache-2.0
 *
 * A word count with processing.guarantee=exactly_once_v2, checked by a reader of committed records:
 * the counts of each word must grow. A count that is seen twice, or that goes back, was a duplicate
 * or was torn from its state. */
#ifndef WEIR_TESTS_SUPPORT_EXACTLY_ONCE_H
#define WEIR_TESTS_SUPPORT_EXACTLY_ONCE_H

#include "support/scenario.h"

#define EXACTLY_ONCE_ROUND 120 /* lines */

/* Up to three instances, "a" to "c", that have counted one round. Transactions time out after 5 s,
 * before the sessions of members. */
scenario *exactly_once_start(void **state, weir_instance **instances, size_t count);
/* Settles; then: each word is counted as often as it was fed, and what is committed is that. */
void exactly_once_check(scenario *all);

#endif
