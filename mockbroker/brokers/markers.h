/* SPDX-License-Identifier: Apache-2.0
 *
 * Where transactions meet the logs and the groups: the markers that end them, and the check of
 * what a producer writes. */
#ifndef WEIR_MOCKBROKER_MARKERS_H
#define WEIR_MOCKBROKER_MARKERS_H

#include "mock.h"

extern const weir__txns_ops weir__txn_markers; /* their user is the mock cluster */

#endif
