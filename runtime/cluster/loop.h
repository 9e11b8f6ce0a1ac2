/* SPDX-License-Identifier: Apache-2.0
 *
 * The loop of a stream thread. */
#ifndef WEIR_CLUSTER_LOOP_H
#define WEIR_CLUSTER_LOOP_H

#include "cluster/stream_thread.h"

/* One iteration, on the thread, under its lock. */
weir_err weir__loop_once(weir__stream_thread *thread, weir_error *error);
/* The callbacks of the main consumer; it calls them inside a poll. */
weir__consumer_events weir__loop_events(weir__stream_thread *thread);

/* The group has removed this member. */
void weir__loop_close_lost_tasks(weir__stream_thread *thread);
/* After a poll or a commit that lost tasks: renews the producer. Other members own the tasks now. A
 * record of this thread that is still in flight would follow the records of the new owner in the
 * log and overwrite them. */
weir_err weir__loop_drop_lost_tasks(weir__stream_thread *thread, weir_error *error);
/* After WEIR_EFENCED of a commit: closes the tasks, renews the producer, and joins the group again
 * if the group does not know about it. */
weir_err weir__loop_migrate(weir__stream_thread *thread, weir_error *error);
/* After the thread was stalled (a stopped process, a slow processor) its tasks may be lost, and the
 * consumer may not know that yet when a poll returns. Verifies the membership with the coordinator,
 * and drops the tasks if they are lost. */
weir_err weir__loop_verify_membership(weir__stream_thread *thread, weir_error *error);

void weir__stream_thread_set_state(weir__stream_thread *thread, weir__thread_state to);

#endif
