/* SPDX-License-Identifier: Apache-2.0
 *
 * What the requests of transactional producers have in common. */
#ifndef WEIR_MOCKBROKER_TXN_REQUESTS_H
#define WEIR_MOCKBROKER_TXN_REQUESTS_H

#include "flexible.h"

/* Reads transactional id, producer id and epoch. */
weir__producer weir__take_producer(const weir__request *request, weir__reader *in);
/* The injected error, else NOT_COORDINATOR when another broker coordinates the transactional id,
 * else 0. */
int16_t weir__check_txn_coordinator(const weir__request *request, weir_slice transactional_id);
/* The error as this version of the request has it: PRODUCER_FENCED from `fenced_from` on,
 * INVALID_PRODUCER_EPOCH before (KIP-588). Reports a fenced producer as an event, and a limit that
 * was reached to on_failure. */
int16_t weir__txn_error(weir__request *request, int16_t fenced_from, const weir__producer *producer,
                        int16_t error);
/* Answers with the throttle time and an error code alone. */
void weir__answer_txn(weir__request *request, int16_t error);

#endif
