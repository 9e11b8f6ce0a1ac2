/* SPDX-License-Identifier: Apache-2.0
 *
 * The steps of a stream thread's loop, as far as they are without threads and a group. */
#ifndef WEIR_DRIVER_SYNC_RUN_H
#define WEIR_DRIVER_SYNC_RUN_H

#include "sync/sync.h"

/* Until every task waits, and nothing is to be read. */
weir_err weir__sync_run(weir__sync *sync, weir_error *error);
/* Commits what is not committed, before the stores are closed. */
void weir__sync_commit_rest(weir__sync *sync);

#endif
