/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of threads as the system, debuggers and traces show them. */
#ifndef WEIR_CLUSTER_THREAD_NAME_H
#define WEIR_CLUSTER_THREAD_NAME_H

/* Names the calling thread. The system keeps 15 characters: of a longer name the last ones, which
 * tell threads of one instance apart ("StreamThread-1"). */
void weir__thread_name_set(const char *name);

#endif
