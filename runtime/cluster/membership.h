/* SPDX-License-Identifier: Apache-2.0
 *
 * A stream thread as a member of the application's group. In each generation it reports the tasks
 * and the state that it has, and reads which tasks to run. Kafka's group protocol gives membership,
 * generations and fencing. The members exchange everything else through the topic
 * <application.id>-assignment.
 *
 *      OUT --joined--> JOINED --join record written--> SYNCING --assignment read--> ASSIGNED
 *       ^                 |                               |                            |
 *       `-----------------+---- revoked or lost ----------+----------------------------'
 */
#ifndef WEIR_CLUSTER_MEMBERSHIP_H
#define WEIR_CLUSTER_MEMBERSHIP_H

#include "cluster/assignment_codec.h"
#include "cluster/instance.h"
#include "cluster/leader.h"
#include "cluster/retry.h"

typedef enum weir__membership_state {
    WEIR__MEMBER_OUT,
    WEIR__MEMBER_JOINED,
    WEIR__MEMBER_SYNCING,
    WEIR__MEMBER_ASSIGNED,
} weir__membership_state;

/* Reports the tasks whose state the member has. The callee mallocs *out. */
typedef weir_err (*weir__progress_fn)(void *user, weir__task_progress **out, size_t *count);

typedef struct weir__membership {
    const weir__instance *instance;
    weir__task_env *env; /* of the thread: clients, log, observer */
    weir__progress_fn progress;
    void *user;
    weir__membership_state state;
    char *topic;      /* <application.id>-assignment */
    int64_t position; /* offset of the next record to read in `topic` */
    int32_t generation;
    char *member_id;
    weir__topic_partition *given; /* names in `memory` */
    size_t given_count;
    weir__arena memory; /* of the generation */
    const weir__assignment *assignment;
    const weir__member_tasks *mine;
    bool stop_asked; /* a member has requested the shutdown of the whole application */
    weir__retry retry;
    int64_t repeat_ms;   /* when to send the join record again without an assignment */
    weir__leader leader; /* active if this member leads */
    int64_t watch_ms;    /* when the leader looks for topics that patterns match */
} weir__membership;

/* The environment must have its clients. Creates the topic, stores its end offset, then subscribes.
 * In this order no record of a generation of this member is missed. WEIR_EMISSING_TOPIC: source
 * topics do not exist. */
weir_err weir__membership_open(weir__membership *membership, const weir__instance *instance,
                               weir__task_env *env, weir_error *error);
void weir__membership_fini(weir__membership *membership);

/* From the consumer's callbacks. */
void weir__membership_joined(weir__membership *membership, const weir__topic_partition *given,
                             size_t count);
void weir__membership_left(weir__membership *membership);

/* A record of the topic. */
void weir__membership_read(weir__membership *membership, const weir__message_view *record);

/* Does the work that is due: sends the join record, leads. *taken is set once a generation, as soon
 * as there is an assignment for this member; it is valid until the next `joined`.
 * WEIR_EMISSING_TOPIC, WEIR_ETOPOLOGY: the leader found that the application cannot run. */
weir_err weir__membership_tick(weir__membership *membership, const weir__assignment **taken,
                               weir_error *error);
/* Wall clock at which tick has something to do again; INT64_MAX: after the next record. */
int64_t weir__membership_due_ms(const weir__membership *membership);

/* The consumer does not find a topic any more: it may be one that a pattern matched. */
void weir__membership_topic_missing(weir__membership *membership);

/* Verifies the membership with the coordinator and waits for the answer. WEIR_EFENCED: the group
 * has removed this member. WEIR_OK: no other member has any of its tasks yet. */
weir_err weir__membership_verify(const weir__membership *membership, weir_error *error);

/* Requests all members to stop. Best effort: waits for the broker as long as the producer does. */
weir_err weir__membership_ask_stop(weir__membership *membership, weir_error *error);

/* A text for people; static. */
const char *weir__membership_waits_for(const weir__membership *membership);

#endif
