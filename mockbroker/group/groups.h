/* SPDX-License-Identifier: Apache-2.0
 *
 * Kafka's group coordinator (the classic protocol) as a pure state machine: requests and the time
 * are its input; callbacks get the answers, at once or later. No threads, sockets or clocks. */
#ifndef WEIR_MOCKBROKER_GROUPS_H
#define WEIR_MOCKBROKER_GROUPS_H

#include <weir/mock_event.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"

/* Kafka's group.min.session.timeout.ms and group.max.session.timeout.ms. */
#define WEIR__SESSION_MS_MIN 6000
#define WEIR__SESSION_MS_MAX 1800000
#define WEIR__MEMBER_PROTOCOLS_MAX 64

/*            join                    all joined, or time is up        the leader's sync
 *   EMPTY ----------> PREPARING --------------------------> COMPLETING ---------------> STABLE
 *     ^                 |  ^                                    |                        |
 *     `- nobody joined -'  `--- join, leave, expiry, sync late -+------------------------' */
typedef enum weir__group_state {
    WEIR__GROUP_EMPTY,
    WEIR__GROUP_PREPARING,
    WEIR__GROUP_COMPLETING,
    WEIR__GROUP_STABLE,
} weir__group_state;

typedef struct weir__protocol {
    weir_slice name;
    weir_slice metadata;
} weir__protocol;

/* Ids are owned by the member, protocols are replaced when it joins again. */
typedef struct weir__member {
    struct weir__member *prev;
    struct weir__member *next; /* in the order in which they became members */
    weir_slice id;
    weir_slice instance_id; /* null: a dynamic member */
    weir_slice client_id;
    weir_slice client_host;
    int64_t session_us;
    int64_t rebalance_us;
    int64_t session_deadline_us;
    weir__protocol *protocols;
    size_t protocol_count;
    weir_slice assignment; /* malloc'ed; empty, never null */
    void *join_waiter;     /* NULL: does not wait */
    void *sync_waiter;
    bool sync_pending; /* has its JoinGroup answer, has not sent SyncGroup */
    weir__arena ids;
    weir__arena protocol_memory;
} weir__member;

/* A member id that was assigned and has not joined yet (KIP-394). */
typedef struct weir__pending_member {
    struct weir__pending_member *next;
    int64_t deadline_us;
    weir_slice id; /* behind this struct */
} weir__pending_member;

typedef struct weir__group {
    weir_slice id; /* owned by the map of groups */
    weir__group_state state;
    int32_t generation;
    weir_slice protocol_type; /* in `memory`; null before the first member */
    weir_slice protocol;      /* of the generation, in protocol_memory; null when empty */
    weir_buf protocol_memory;
    weir__member *first;
    weir__member *last;
    int member_count;
    weir__member *leader;
    weir__pending_member *pending;
    int64_t join_deadline_us; /* while PREPARING */
    int64_t sync_deadline_us; /* for sync_pending */
    bool initial_delay;       /* the first rebalance, which waits for more members */
    int64_t initial_left_us;
    bool joined_in_delay;
    weir__map offsets;                     /* committed; see offsets.h */
    struct weir__txn_offsets *txn_offsets; /* not committed yet */
    int64_t offset_writes;                 /* so far, with those of transactions */
    weir__arena memory;
} weir__group;

typedef struct weir__join {
    weir_slice group;
    weir_slice member; /* empty: a new one */
    weir_slice instance_id;
    weir_slice client_id;
    weir_slice client_host;
    weir_slice protocol_type;
    const weir__protocol *protocols;
    size_t protocol_count;
    int32_t session_ms;
    int32_t rebalance_ms;
    bool id_required; /* a new member must join again with the id it gets (KIP-394) */
} weir__join;

/* Borrowed for the callback. */
typedef struct weir__join_answer {
    int16_t error;
    int32_t generation;
    weir_slice protocol;
    weir_slice leader;
    weir_slice member;
    const weir__group *members_of; /* for the leader; NULL: the answer has no members */
} weir__join_answer;

/* The member that sends a request. */
typedef struct weir__membership {
    weir_slice group;
    weir_slice member;
    weir_slice instance_id; /* group.instance.id; null: the request names none */
    int32_t generation;     /* -1: none */
} weir__membership;

typedef struct weir__sync {
    weir__membership who;
    const weir__protocol *assignments; /* name: member id, metadata: its assignment */
    size_t assignment_count;
} weir__sync;

/* Each waiter gets exactly one of the first three. They may not call into the groups. */
typedef struct weir__groups_ops {
    void (*joined)(void *waiter, const weir__join_answer *answer);
    void (*synced)(void *waiter, int16_t error, weir_slice assignment);
    void (*dropped)(void *waiter); /* a later request of the member replaced it */
    void (*event)(void *user, weir_mock_event_kind kind, const weir__group *group,
                  weir_slice member);
} weir__groups_ops;

typedef struct weir__groups {
    weir__map groups;
    const weir__groups_ops *ops;
    void *user;
    int64_t initial_delay_us;
    uint64_t member_ids; /* assigned so far */
} weir__groups;

void weir__groups_init(weir__groups *groups, const weir__groups_ops *ops, void *user,
                       int64_t initial_delay_ms);
/* Waiters are dropped without an answer. */
void weir__groups_fini(weir__groups *groups);

weir__group *weir__groups_find(const weir__groups *groups, weir_slice id);
const char *weir__group_state_name(weir__group_state state);
/* The metadata with which a member joined for the protocol of the generation. */
weir_slice weir__member_metadata(const weir__group *group, const weir__member *member);

/* These give Kafka's error codes (rd_kafka_resp_err_t). */
void weir__groups_join(weir__groups *groups, const weir__join *join, void *waiter, int64_t now_us);
void weir__groups_sync(weir__groups *groups, const weir__sync *sync, void *waiter, int64_t now_us);
int16_t weir__groups_heartbeat(weir__groups *groups, const weir__membership *who, int64_t now_us);
/* Without a member id the instance id alone names the member. The generation does not matter. */
int16_t weir__groups_leave(weir__groups *groups, const weir__membership *who, int64_t now_us);
/* Checks that this member may commit offsets. On success *out is the group, created if necessary.
 */
int16_t weir__groups_commit(weir__groups *groups, const weir__membership *who, int64_t now_us,
                            weir__group **out);
int16_t weir__groups_delete(weir__groups *groups, weir_slice group);
/* The coordinator moved: waiters get NOT_COORDINATOR, nothing else changes. */
void weir__groups_moved(weir__groups *groups, weir_slice group, int64_t now_us);

int64_t weir__groups_deadline_us(const weir__groups *groups); /* INT64_MAX: none */
void weir__groups_expire(weir__groups *groups, int64_t now_us);

#endif
