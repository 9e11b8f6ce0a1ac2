/* SPDX-License-Identifier: Apache-2.0
 *
 * Members and rebalances of one group, for the requests in groups.c. */
#ifndef WEIR_MOCKBROKER_REBALANCE_H
#define WEIR_MOCKBROKER_REBALANCE_H

#include "groups.h"

weir__group *weir__group_new(weir__groups *groups, weir_slice id);        /* NULL: out of memory */
weir__member *weir__member_find(const weir__group *group, weir_slice id); /* NULL: none */
/* The member with this group.instance.id; NULL: none, or the id is null. */
weir__member *weir__member_static(const weir__group *group, weir_slice instance_id);
/* Finds the member that sent a request. UNKNOWN_MEMBER_ID; FENCED_INSTANCE_ID: a later member has
 * its instance id. */
int16_t weir__member_check(const weir__group *group, const weir__membership *who,
                           weir__member **member);
/* It was heard of: its session begins again. */
void weir__member_refresh(weir__member *member, int64_t now_us);
/* The new member waits for its join answer. NULL: out of memory. */
weir__member *weir__member_add(weir__group *group, const weir__join *join, weir_slice id);
/* Takes the protocols and timeouts of a later join. False: out of memory, nothing changed. */
bool weir__member_update(weir__member *member, const weir__join *join);
/* The member gets another id, and client id and host of the join. Its waiters get
 * FENCED_INSTANCE_ID. *ids gets the memory of the former id, which is the caller's then. False: out
 * of memory, nothing changed. */
bool weir__member_replace(weir__groups *groups, weir__member *member, const weir__join *join,
                          weir_slice id, weir__arena *ids);
/* Unlinks and frees; its waiters get `error`. The caller updates the group's state. */
void weir__member_remove(weir__groups *groups, weir__group *group, weir__member *member,
                         int16_t error);
void weir__member_free(weir__member *member);
bool weir__member_same_protocols(const weir__member *member, const weir__join *join);

bool weir__pending_add(weir__group *group, weir_slice id, int64_t deadline_us);
bool weir__pending_remove(weir__group *group, weir_slice id);

/* True when the group has, or can have, a protocol that all members support. */
bool weir__group_accepts(const weir__group *group, const weir__join *join);

/* The protocol of the next generation, if the members stay the same. */
weir_slice weir__group_elect(const weir__group *group);
void weir__join_refuse(weir__groups *groups, void *waiter, int16_t error, weir_slice member);

void weir__rebalance_prepare(weir__groups *groups, weir__group *group, int64_t now_us);
/* Ends the joining when all members have joined. */
void weir__rebalance_try(weir__groups *groups, weir__group *group, int64_t now_us);
/* The time for joining is up. */
void weir__rebalance_overdue(weir__groups *groups, weir__group *group, int64_t now_us);
/* Updates the group after a member was removed. */
void weir__rebalance_after_loss(weir__groups *groups, weir__group *group, int64_t now_us);
/* All assignments are known: STABLE. */
void weir__rebalance_finish(weir__groups *groups, weir__group *group, const weir__sync *sync,
                            int64_t now_us);
void weir__rebalance_answer_join(weir__groups *groups, weir__group *group, weir__member *member,
                                 int64_t now_us);

#endif
