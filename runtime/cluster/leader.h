/* SPDX-License-Identifier: Apache-2.0
 *
 * The leader of a generation: the member to which the group gave partition 0 of the first source
 * topic. It waits for the join records of all members, creates the internal topics, and assigns
 * the tasks. A member that sends no join record gets no task: it may have failed, and its session
 * timeout has not expired yet. If its join record arrives later, a new generation is needed. */
#ifndef WEIR_CLUSTER_LEADER_H
#define WEIR_CLUSTER_LEADER_H

#include "cluster/assignment_codec.h"
#include "cluster/instance.h"

typedef struct weir__leader {
    bool active;
    bool listed;           /* `members` is complete */
    int64_t wait_from_ms;  /* when it read its own join record; 0: not yet */
    bool decided;          /* `decision` is the value of the assignment record */
    const char *member_id; /* its own */
    int32_t generation;
    weir__map members; /* member id -> its weir__join_record; NULL: no join record yet */
    weir_buf decision;
    weir__arena memory;
} weir__leader;

void weir__leader_begin(weir__leader *leader, int32_t generation, const char *member_id);
void weir__leader_end(weir__leader *leader);

typedef enum weir__join_status {
    WEIR__JOIN_NOTED,    /* nothing to be done */
    WEIR__JOIN_REPEATED, /* the member has not read the decision: it must be written again */
    WEIR__JOIN_LATE,     /* the decision was made without that member */
} weir__join_status;

/* Adds a join record of this generation (copied). */
weir__join_status weir__leader_add_join(weir__leader *leader, const weir__join_record *join);
/* Lists the members of the group unless that was done. *ready: nothing is decided yet, and each
 * member has sent its join record or the time to wait for it has passed. */
weir_err weir__leader_gather(weir__leader *leader, const weir__instance *instance, int64_t now_ms,
                             bool *ready, weir_error *error);
/* When gather has work to do even if no record arrives; INT64_MAX: never. */
int64_t weir__leader_due_ms(const weir__leader *leader);
/* Decides; `decision` is then the value of the assignment record. If the application cannot run,
 * the decision is the error. */
weir_err weir__leader_decide(weir__leader *leader, const weir__instance *instance,
                             weir_error *error);
/* How many members have not sent their join record yet. */
size_t weir__leader_missing(const weir__leader *leader);

#endif
