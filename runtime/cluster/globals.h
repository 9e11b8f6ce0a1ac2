/* SPDX-License-Identifier: Apache-2.0
 *
 * The global tables of an instance. When they are opened their stores are empty: they are filled
 * from the topics, and so hold exactly the content of the topics, whatever an earlier run left on
 * disk. One thread (global_thread.h) polls; joins of other threads read the stores. */
#ifndef WEIR_CLUSTER_GLOBALS_H
#define WEIR_CLUSTER_GLOBALS_H

#include "cluster/instance.h"

typedef struct weir__globals weir__globals;

/* Opens the stores, and the consumer at the start of the topics. `name` is that of the thread, for
 * log lines; borrowed. WEIR_EMISSING_TOPIC: a topic is missing. */
weir_err weir__globals_open(const weir__instance *instance, const char *name, int64_t now_ms,
                            weir__globals **out, weir_error *error);
void weir__globals_close(weir__globals *globals); /* NULL allowed */
/* Its stores are valid until close. */
weir__graph *weir__globals_graph(weir__globals *globals);

/* Waits up to poll.ms for records and applies them, at the wall clock `now_ms`; *count is their
 * number. */
weir_err weir__globals_poll(weir__globals *globals, int64_t now_ms, size_t *count,
                            weir_error *error);
/* All records that the topics had at open are in the stores. */
bool weir__globals_are_read(const weir__globals *globals);
/* All records below `offset` are in the stores, or no global table reads this partition. Any
 * thread. */
bool weir__globals_have(const weir__globals *globals, const char *topic, int32_t partition,
                        int64_t offset);

#endif
