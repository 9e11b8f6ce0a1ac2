/* SPDX-License-Identifier: Apache-2.0
 *
 * The clients of a worker: consumer, producers, restore consumer (made when it is needed). */
#ifndef WEIR_CLUSTER_WORKER_CLIENTS_H
#define WEIR_CLUSTER_WORKER_CLIENTS_H

#include "cluster/worker.h"

/* Makes the clients and the task set. Close them also after a failure. */
weir_err weir__worker_open_clients(weir__worker *worker, const weir__consumer_events *events,
                                   weir_error *error);
/* The tasks must be closed. The consumer leaves its group first; an open transaction is aborted. */
void weir__worker_close_clients(weir__worker *worker);

#endif
