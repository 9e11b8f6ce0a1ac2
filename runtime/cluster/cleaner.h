/* SPDX-License-Identifier: Apache-2.0
 *
 * Removes the folders of tasks that the instance no longer owns, as Kafka Streams' cleanup thread
 * does (state.cleanup.delay.ms). Otherwise rows that another instance has deleted meanwhile could
 * reappear when the task is assigned here again (KAFKA-19943), and the disk space would never be
 * freed. */
#ifndef WEIR_CLUSTER_CLEANER_H
#define WEIR_CLUSTER_CLEANER_H

#include "cluster/instance.h"

typedef struct weir__cleaner weir__cleaner;

/* Once, before any task is opened: folders last used state.cleanup.dir.max.age.ms ago or earlier
 * (KIP-1259); < 0: none. Those with rows that no changelog has are kept. */
void weir__cleaner_clean_at_start(const weir__instance *instance, int64_t max_age_ms);

/* The time between two rounds of the thread, for state.cleanup.delay.ms. */
int64_t weir__cleaner_round_ms(int64_t delay_ms);
/* Starts a thread that checks the folders at intervals, while the application is RUNNING.
 * `instance` is borrowed; its directory must be open until weir__cleaner_free. */
weir_err weir__cleaner_new(const weir__instance *instance, int64_t delay_ms, weir__cleaner **out);
/* Waits until the folder that is being removed is done. NULL allowed. */
void weir__cleaner_free(weir__cleaner *cleaner);

#endif
