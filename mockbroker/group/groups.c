/* SPDX-License-Identifier: Apache-2.0
 *
 * The requests of Kafka's classic group protocol, checked and answered in the order in which
 * Kafka's GroupCoordinator does. */
#include "groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

#include "core/saturate.h"
#include "offsets.h"
#include "rebalance.h"
#include "txn_offsets.h"

static const weir_slice no_bytes = {"", 0};

void weir__groups_init(weir__groups *groups, const weir__groups_ops *ops, void *user,
                       int64_t initial_delay_ms)
{
    *groups = (weir__groups){.ops = ops, .user = user, .initial_delay_us = initial_delay_ms * 1000};
}

static void group_free(void *value)
{
    weir__group *group = value;
    weir__member *next;
    for (weir__member *member = group->first; member != NULL; member = next) {
        next = member->next;
        weir__member_free(member);
    }
    while (group->pending != NULL) {
        weir__pending_remove(group, group->pending->id);
    }
    weir__offsets_fini(&group->offsets);
    weir__txn_offsets_fini(&group->txn_offsets);
    weir__buf_fini(&group->protocol_memory);
    weir__arena_fini(&group->memory);
    free(group);
}

void weir__groups_fini(weir__groups *groups)
{
    weir__map_fini(&groups->groups, group_free);
}

weir__group *weir__groups_find(const weir__groups *groups, weir_slice id)
{
    return weir__map_get(&groups->groups, id);
}

weir__group *weir__group_new(weir__groups *groups, weir_slice id)
{
    weir__group *group = calloc(1, sizeof *group);
    if (group == NULL || weir__map_put(&groups->groups, id, group) != WEIR_OK) {
        free(group);
        return NULL;
    }
    group->id = weir__map_find(&groups->groups, id)->key;
    return group;
}

weir__member *weir__member_find(const weir__group *group, weir_slice id)
{
    weir__member *member = group->first;
    while (member != NULL && !weir_slice_equal(member->id, id)) {
        member = member->next;
    }
    return member;
}

weir__member *weir__member_static(const weir__group *group, weir_slice instance_id)
{
    weir__member *member = instance_id.data != NULL ? group->first : NULL;
    while (member != NULL && (member->instance_id.data == NULL ||
                              !weir_slice_equal(member->instance_id, instance_id))) {
        member = member->next;
    }
    return member;
}

int16_t weir__member_check(const weir__group *group, const weir__membership *who,
                           weir__member **member)
{
    const weir__member *owner = weir__member_static(group, who->instance_id);
    if (who->instance_id.data != NULL && owner == NULL) {
        return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    }
    if (owner != NULL && !weir_slice_equal(owner->id, who->member)) {
        return RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID;
    }
    *member = weir__member_find(group, who->member);
    return *member != NULL ? 0 : RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
}

const char *weir__group_state_name(weir__group_state state)
{
    static const char *const names[] = {"Empty", "PreparingRebalance", "CompletingRebalance",
                                        "Stable"};
    return names[state];
}

weir_slice weir__member_metadata(const weir__group *group, const weir__member *member)
{
    for (size_t i = 0; i < member->protocol_count; i++) {
        if (weir_slice_equal(member->protocols[i].name, group->protocol)) {
            return member->protocols[i].metadata;
        }
    }
    return no_bytes;
}

void weir__member_refresh(weir__member *member, int64_t now_us)
{
    member->session_deadline_us = now_us + member->session_us;
}

/* ---- The requests of members ---- */

/* Finds the member of the generation; a Kafka error code else. */
static int16_t check_membership(weir__groups *groups, const weir__membership *who,
                                weir__group **group, weir__member **member)
{
    if (who->group.len == 0) {
        return RD_KAFKA_RESP_ERR_INVALID_GROUP_ID;
    }
    *group = weir__groups_find(groups, who->group);
    int16_t error = *group != NULL ? weir__member_check(*group, who, member)
                                   : RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    if (error == 0 && who->generation != (*group)->generation) {
        error = RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
    }
    return error;
}

void weir__groups_sync(weir__groups *groups, const weir__sync *sync, void *waiter, int64_t now_us)
{
    weir__group *group;
    weir__member *member;
    int16_t error = check_membership(groups, &sync->who, &group, &member);
    if (error == 0 && group->state == WEIR__GROUP_PREPARING) {
        error = RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
    }
    if (error != 0) {
        groups->ops->synced(waiter, error, no_bytes);
        return;
    }
    weir__member_refresh(member, now_us);
    member->sync_pending = false;
    groups->ops->event(groups->user, WEIR_MOCK_SYNC, group, member->id);
    if (group->state == WEIR__GROUP_STABLE) {
        groups->ops->synced(waiter, 0, member->assignment);
        return;
    }
    if (member->sync_waiter != NULL) {
        groups->ops->dropped(member->sync_waiter);
    }
    member->sync_waiter = waiter;
    if (group->leader == member) {
        weir__rebalance_finish(groups, group, sync, now_us);
    }
}

int16_t weir__groups_heartbeat(weir__groups *groups, const weir__membership *who, int64_t now_us)
{
    weir__group *group;
    weir__member *member;
    int16_t error = check_membership(groups, who, &group, &member);
    if (error != 0) {
        return error;
    }
    weir__member_refresh(member, now_us);
    return group->state == WEIR__GROUP_PREPARING ? RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS : 0;
}

int16_t weir__groups_leave(weir__groups *groups, const weir__membership *who, int64_t now_us)
{
    if (who->group.len == 0) {
        return RD_KAFKA_RESP_ERR_INVALID_GROUP_ID;
    }
    weir__group *group = weir__groups_find(groups, who->group);
    if (group == NULL) {
        return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    }
    weir__member *member = NULL;
    if (who->member.len == 0) { /* an administrator removes a static member (KIP-345) */
        member = weir__member_static(group, who->instance_id);
    } else if (weir__pending_remove(group, who->member)) {
        weir__rebalance_try(groups, group, now_us);
        return 0;
    } else {
        int16_t error = weir__member_check(group, who, &member);
        if (error != 0) {
            return error;
        }
    }
    if (member == NULL) {
        return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    }
    groups->ops->event(groups->user, WEIR_MOCK_LEAVE, group, member->id);
    weir__member_remove(groups, group, member, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    weir__rebalance_after_loss(groups, group, now_us);
    return 0;
}

int16_t weir__groups_commit(weir__groups *groups, const weir__membership *who, int64_t now_us,
                            weir__group **out)
{
    if (who->group.len == 0) {
        return RD_KAFKA_RESP_ERR_INVALID_GROUP_ID;
    }
    weir__group *group = weir__groups_find(groups, who->group);
    if (group == NULL) {
        if (who->generation >= 0) {
            return RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
        }
        *out = weir__group_new(groups, who->group);
        return *out != NULL ? 0 : RD_KAFKA_RESP_ERR_UNKNOWN;
    }
    if (who->generation < 0 && group->state == WEIR__GROUP_EMPTY) {
        *out = group;
        return 0;
    }
    weir__member *member = NULL;
    bool named = who->generation >= 0 || who->member.len > 0 || who->instance_id.data != NULL;
    int16_t error = named ? check_membership(groups, who, &group, &member)
                          : RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    if (error == 0 && group->state == WEIR__GROUP_COMPLETING) {
        error = RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
    }
    if (error == 0) {
        weir__member_refresh(member, now_us);
        *out = group;
    }
    return error;
}

int16_t weir__groups_delete(weir__groups *groups, weir_slice id)
{
    weir__group *group = weir__groups_find(groups, id);
    if (group == NULL) {
        return RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND;
    }
    if (group->state != WEIR__GROUP_EMPTY || group->pending != NULL) {
        return RD_KAFKA_RESP_ERR_NON_EMPTY_GROUP;
    }
    group_free(weir__map_remove(&groups->groups, id));
    return 0;
}

void weir__groups_moved(weir__groups *groups, weir_slice id, int64_t now_us)
{
    weir__group *group = weir__groups_find(groups, id);
    for (weir__member *member = group != NULL ? group->first : NULL; member != NULL;
         member = member->next) {
        weir__member_refresh(member, now_us);
        void *join = member->join_waiter;
        void *sync = member->sync_waiter;
        member->join_waiter = NULL;
        member->sync_waiter = NULL;
        if (join != NULL) {
            weir__join_refuse(groups, join, RD_KAFKA_RESP_ERR_NOT_COORDINATOR, member->id);
        }
        if (sync != NULL) {
            member->sync_pending = true;
            groups->ops->synced(sync, RD_KAFKA_RESP_ERR_NOT_COORDINATOR, no_bytes);
        }
    }
}

/* ---- Time ---- */

/* The session of a member that waits for an answer does not expire. */
static bool session_runs(const weir__member *member)
{
    return member->join_waiter == NULL && member->sync_waiter == NULL;
}

static bool awaits_sync(const weir__group *group)
{
    const weir__member *member = group->first;
    while (member != NULL && !member->sync_pending) {
        member = member->next;
    }
    return member != NULL;
}

int64_t weir__groups_deadline_us(const weir__groups *groups)
{
    int64_t deadline = INT64_MAX;
    for (weir__map_entry *entry = groups->groups.first; entry != NULL; entry = entry->next) {
        const weir__group *group = entry->value;
        const weir__pending_member *pending = group->pending;
        for (; pending != NULL; pending = pending->next) {
            deadline = weir__earlier(deadline, pending->deadline_us);
        }
        for (const weir__member *member = group->first; member != NULL; member = member->next) {
            if (session_runs(member)) {
                deadline = weir__earlier(deadline, member->session_deadline_us);
            }
        }
        if (group->state == WEIR__GROUP_PREPARING) {
            deadline = weir__earlier(deadline, group->join_deadline_us);
        }
        if (awaits_sync(group)) {
            deadline = weir__earlier(deadline, group->sync_deadline_us);
        }
    }
    return deadline;
}

static void expire_members(weir__groups *groups, weir__group *group, int64_t now_us)
{
    weir__member *next;
    for (weir__member *member = group->first; member != NULL; member = next) {
        next = member->next;
        if (session_runs(member) && member->session_deadline_us <= now_us) {
            groups->ops->event(groups->user, WEIR_MOCK_MEMBER_EXPIRED, group, member->id);
            weir__member_remove(groups, group, member, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
            weir__rebalance_after_loss(groups, group, now_us);
        }
    }
}

static void expire_pending(weir__groups *groups, weir__group *group, int64_t now_us)
{
    weir__pending_member *next;
    bool expired = false;
    for (weir__pending_member *pending = group->pending; pending != NULL; pending = next) {
        next = pending->next;
        if (pending->deadline_us <= now_us) {
            weir__pending_remove(group, pending->id);
            expired = true;
        }
    }
    if (expired) {
        weir__rebalance_try(groups, group, now_us);
    }
}

/* Kafka's DelayedSync: removes members that did not send SyncGroup within the rebalance timeout. */
static void expire_syncs(weir__groups *groups, weir__group *group, int64_t now_us)
{
    weir__member *next;
    for (weir__member *member = group->first; member != NULL; member = next) {
        next = member->next;
        if (member->sync_pending) {
            groups->ops->event(groups->user, WEIR_MOCK_MEMBER_DROPPED, group, member->id);
            weir__member_remove(groups, group, member, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
        }
    }
    weir__rebalance_after_loss(groups, group, now_us);
}

void weir__groups_expire(weir__groups *groups, int64_t now_us)
{
    for (weir__map_entry *entry = groups->groups.first; entry != NULL; entry = entry->next) {
        weir__group *group = entry->value;
        expire_pending(groups, group, now_us);
        expire_members(groups, group, now_us);
        if (awaits_sync(group) && group->sync_deadline_us <= now_us) {
            expire_syncs(groups, group, now_us);
        }
        if (group->state == WEIR__GROUP_PREPARING && group->join_deadline_us <= now_us) {
            weir__rebalance_overdue(groups, group, now_us);
        }
    }
}
