/* SPDX-License-Identifier: Apache-2.0
 *
 * The leader of a generation: the member to which the group gave partition 0 of the first source
 * topic. It waits until all members have spoken, sees to the internal topics, and says who runs
 * which task. A member that stays silent (it may be dead without the group knowing yet) gets no
 * task; if it speaks after all, a new generation is needed. */
#ifndef WEIR_CLUSTER_LEADER_H
#define WEIR_CLUSTER_LEADER_H

#include "cluster/assignment_codec.h"
#include "cluster/instance.h"

typedef struct weir__leader {
    bool active;
    bool listed;           /* `members` is complete */
    int64_t listens_ms;    /* since then it would hear who speaks; 0: not yet */
    bool decided;          /* `decision` is what the members were told */
    const char *member_id; /* its own */
    int32_t generation;
    weir__map members; /* member id -> the weir__join, or NULL while it has not spoken */
    weir_buf decision;
    weir__arena memory;
} weir__leader;

void weir__leader_begin(weir__leader *leader, int32_t generation, const char *member_id);
void weir__leader_end(weir__leader *leader);

typedef enum weir__heard {
    WEIR__HEARD,       /* nothing to be done */
    WEIR__HEARD_AGAIN, /* the decision is to be repeated: that member did not get it */
    WEIR__HEARD_LATE,  /* the decision was made without that member */
} weir__heard;

/* A join record of this generation (copied). */
weir__heard weir__leader_hear(weir__leader *leader, const weir__join *join);
/* Lists the members if that was not done. *ready: all have spoken, or had time enough, and nothing
 * is decided yet. */
weir_err weir__leader_gather(weir__leader *leader, const weir__instance *instance, int64_t now_ms,
                             bool *ready, weir_error *error);
/* When gather has something to do without being told anything new; INT64_MAX: never. */
int64_t weir__leader_due_ms(const weir__leader *leader);
/* Decides; `decision` is then the value of the assignment record. A failure that makes the
 * application impossible is a decision too. */
weir_err weir__leader_decide(weir__leader *leader, const weir__instance *instance,
                             weir_error *error);
/* How many have not spoken yet. */
size_t weir__leader_missing(const weir__leader *leader);

#endif
