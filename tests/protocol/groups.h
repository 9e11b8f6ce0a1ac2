/* SPDX-License-Identifier: Apache-2.0
 *
 * Requests of the members of a group, and of those who look at groups. */
#ifndef WEIR_TESTS_PROTOCOL_GROUPS_H
#define WEIR_TESTS_PROTOCOL_GROUPS_H

#include "txns.h"

#define MEMBER_SESSION_MS 30000
#define MEMBER_PROTOCOLS_MAX 3

/* A member, on a connection of its own: joins and syncs may wait. */
typedef struct member {
    connection on;
    const char *group;                           /* the scenario's name of it */
    const char *instance;                        /* group.instance.id; NULL: dynamic */
    const char *type;                            /* NULL: "consumer" */
    const char *protocols[MEMBER_PROTOCOLS_MAX]; /* none: "range" */
    const char *topic;                           /* subscribed; NULL: none */
    int32_t session_ms;                          /* 0: MEMBER_SESSION_MS */
    int16_t version;                             /* of JoinGroup; 0: 5 */
    char id[NAME_BYTES_MAX];
    int32_t generation;
} member;

/* Opens the connection. The group has to be set; the rest may be. */
void member_open(run *r, member *m);
void member_close(member *m);

void join_send(member *m);
void join_receive(member *m);
void join(member *m);
/* Gets a member id without joining, as the first JoinGroup does: quietly. */
void introduce(member *m);

typedef struct assignment {
    const member *to;
    const char *text;
} assignment;
#define NO_ASSIGNMENTS ((const assignment[]){{NULL, NULL}})
/* `assignments` up to the first without a member. */
void sync_send(member *m, const assignment *assignments);
void sync_receive(member *m);
void sync_group(member *m, const assignment *assignments);
/* Joins, and syncs as the leader, quietly: the set-up of a scenario. */
void form_group(member *m);
/* Opens both. The first forms the group, the second sends its JoinGroup. */
void begin_rebalance(run *r, member *first, member *second);

void heartbeat(member *m);
/* LeaveGroup. */
void leave(member *m);
/* LeaveGroup of version 3, by ids of instances; `instances` up to NULL. */
void remove_instances(run *r, const char *group, const char *const *instances);
void commit_as(member *m, const char *topic, int32_t partition, int64_t offset);
/* OffsetCommit without membership. `metadata` NULL: null. */
void commit_alone(run *r, const char *group, const char *topic, int32_t partition, int64_t offset,
                  const char *metadata);
/* What TxnOffsetCommit says of a member. */
membership membership_of(const member *m);

void describe_group(run *r, const char *group);
/* Waits until the group is in a state. Quiet. */
void await_state(run *r, const char *group, const char *state);
/* Groups of this run; `state` NULL: all. */
void list_groups(run *r, const char *state);
void delete_group(run *r, const char *group);
void delete_offset(run *r, const char *group, const char *topic, int32_t partition);

#endif
