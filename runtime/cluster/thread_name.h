/* SPDX-License-Identifier: Apache-2.0
 *
 * Names of threads as the system, debuggers and traces show them. */
#ifndef WEIR_CLUSTER_THREAD_NAME_H
#define WEIR_CLUSTER_THREAD_NAME_H

/* Names the calling thread. The system allows 15 characters. Of a longer name the last 15 are used:
 * they distinguish the threads of one instance ("StreamThread-1"). */
void weir__thread_name_set(const char *name);

#endif
