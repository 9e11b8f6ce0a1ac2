/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop of a stream thread. */
#ifndef WEIR_CLUSTER_LOOP_H
#define WEIR_CLUSTER_LOOP_H

#include "cluster/stream_thread.h"

/* One iteration, on the thread, under its lock. */
weir_err weir__loop_once(weir__stream_thread *thread, weir_error *error);
/* What the main consumer calls inside a poll. */
weir__consumer_events weir__loop_events(weir__stream_thread *thread);

/* The group goes on without this member. */
void weir__loop_close_lost_tasks(weir__stream_thread *thread);
/* After a poll or a commit that lost tasks. Others own them by now: what this thread has written
 * for them and not yet delivered would come behind what they write, and undo it. */
weir_err weir__loop_drop_lost_tasks(weir__stream_thread *thread, weir_error *error);
/* After a standstill (a stopped process, a slow processor) the tasks may be lost, and the consumer
 * need not have noticed when a poll returns: asks, and then drops them. */
weir_err weir__loop_verify_membership(weir__stream_thread *thread, weir_error *error);

void weir__stream_thread_set_state(weir__stream_thread *thread, weir__thread_state to);

#endif
