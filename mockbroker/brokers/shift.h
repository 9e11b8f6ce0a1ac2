/* SPDX-License-Identifier: Apache-2.0
 *
 * weir_mock_shift_timestamps, as Produce applies it. */
#ifndef WEIR_MOCKBROKER_SHIFT_H
#define WEIR_MOCKBROKER_SHIFT_H

#include <weir/mockbroker.h>

/* What to add to the timestamps of this client; 0: nothing. */
int64_t weir__shift_of(const weir_mock *mock, weir_slice client_id);
/* Adds `ms`, modulo 2^64, to the timestamps of one whole batch. */
void weir__shift_batch(uint8_t *batch, size_t len, int64_t ms);

#endif
