/* SPDX-License-Identifier: Apache-2.0
 *
 * Deletes committed records of repartition topics (DeleteRecords, KIP-107), on a thread of its own:
 * a broker that does not answer must not block a stream thread. */
#ifndef WEIR_CLUSTER_PURGE_H
#define WEIR_CLUSTER_PURGE_H

#include "client/client.h"
#include "core/log.h"

typedef struct weir__purger weir__purger;

/* `admin` and `log` are borrowed. */
weir_err weir__purger_new(weir__admin *admin, const weir__log *log, weir__purger **out);
/* Waits for the request in flight; drops the other offsets. NULL allowed. */
void weir__purger_free(weir__purger *purger);
/* Requests the deletion of the records before `offset`, which must be committed. `at` is copied. A
 * later offset of a partition replaces an earlier one. Any thread. Best effort: a failure is only
 * logged. */
void weir__purger_ask(weir__purger *purger, weir__topic_partition at, int64_t offset);

#endif
