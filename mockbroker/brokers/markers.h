/* SPDX-License-Identifier: Apache-2.0
 *
 * Where transactions meet the logs and the groups: the markers that end them, and the check of
 * what a producer writes. */
#ifndef WEIR_MOCKBROKER_MARKERS_H
#define WEIR_MOCKBROKER_MARKERS_H

#include "mock.h"

/* Whether a producer may write a transactional batch to this partition, which its leader asks the
 * transaction coordinator (KIP-890). 0, or the error of Produce: INVALID_TXN_STATE (the partition
 * is not in the transaction), INVALID_PRODUCER_EPOCH, INVALID_PRODUCER_ID_MAPPING, INVALID_REQUEST
 * (no transactional id), NOT_ENOUGH_REPLICAS (the transaction before is ending: try again). */
int16_t weir__txn_check_produce(const weir_mock *mock, const weir__producer *producer,
                                weir_slice topic, int32_t partition);

extern const weir__txns_ops weir__txn_markers; /* their user is the mock cluster */

#endif
