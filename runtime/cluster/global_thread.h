/* SPDX-License-Identifier: Apache-2.0
 *
 * The thread of the global tables (globals.h) of an instance. It reads their topics to the end
 * before the stream threads start, and then applies each new record. */
#ifndef WEIR_CLUSTER_GLOBAL_THREAD_H
#define WEIR_CLUSTER_GLOBAL_THREAD_H

#include "cluster/instance.h"

typedef struct weir__global_thread weir__global_thread;

/* Reads the topics to their end, then starts the thread. WEIR_EMISSING_TOPIC: a topic is missing.
 */
weir_err weir__global_thread_open(const weir__instance *instance, weir__global_thread **out,
                                  weir_error *error);
/* Its stores are valid until close. */
weir__graph *weir__global_thread_graph(weir__global_thread *thread);
/* All records below `offset` are in its stores, or it does not read this partition. Any thread. */
bool weir__global_thread_has_read(const weir__global_thread *thread, const char *topic,
                                  int32_t partition, int64_t offset);
void weir__global_thread_stop(weir__global_thread *thread); /* any thread */
bool weir__global_thread_has_ended(const weir__global_thread *thread);
/* Stops the thread if it runs, waits for its end, closes the stores. The stream threads must have
 * ended. NULL allowed. */
void weir__global_thread_close(weir__global_thread *thread);

#endif
