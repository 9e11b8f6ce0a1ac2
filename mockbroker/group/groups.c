/* SPDX-License-Identifier: Apache-2.0
 *
 * The requests of Kafka's classic group protocol, checked and answered in the order in which
 * Kafka's GroupCoordinator does. */
#include "groups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <librdkafka/rdkafka.h>

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

static weir__group *group_new(weir__groups *groups, weir_slice id)
{
    weir__group *group = calloc(1, sizeof *group);
    if (group == NULL || weir__map_put(&groups->groups, id, group) != WEIR_OK) {
        free(group);
        return NULL;
    }
    group->id = weir__map_find(&groups->groups, id)->key;
    return group;
}

static weir__member *find_member(const weir__group *group, weir_slice id)
{
    weir__member *member = group->first;
    while (member != NULL && !weir_slice_equal(member->id, id)) {
        member = member->next;
    }
    return member;
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

static void refresh(weir__member *member, int64_t now_us)
{
    member->session_deadline_us = now_us + member->session_us;
}

/* ---- JoinGroup ---- */

static void refuse_join(weir__groups *groups, void *waiter, int16_t error, weir_slice member)
{
    groups->ops->joined(waiter, &(weir__join_answer){.error = error,
                                                     .generation = -1,
                                                     .protocol = no_bytes,
                                                     .leader = no_bytes,
                                                     .member = member});
}

/* "<client id>-" and a counter in the form of a UUID: ordered by first contact, and the same in
 * every run, since assignors sort by member id. */
static weir_slice new_member_id(weir__groups *groups, weir_slice client_id, weir_buf *memory)
{
    uint64_t number = ++groups->member_ids;
    weir_put(memory, client_id.data, client_id.len);
    weir__buf_printf(memory, "-%08x-0000-4000-8000-%012x", (unsigned)number, 0);
    return weir__buf_slice(memory);
}

static void start_rebalance(weir__groups *groups, weir__group *group, int64_t now_us)
{
    if (group->state == WEIR__GROUP_PREPARING) {
        weir__rebalance_try(groups, group, now_us);
    } else {
        weir__rebalance_prepare(groups, group, now_us);
    }
}

static void join_as_new(weir__groups *groups, weir__group *group, const weir__join *join,
                        weir_slice id, void *waiter, int64_t now_us)
{
    if (group->member_count == 0 && !weir_slice_equal(group->protocol_type, join->protocol_type) &&
        weir__arena_copy(&group->memory, join->protocol_type, &group->protocol_type) != WEIR_OK) {
        refuse_join(groups, waiter, RD_KAFKA_RESP_ERR_UNKNOWN, id);
        return;
    }
    weir__member *member = weir__member_add(group, join, id);
    if (member == NULL) {
        refuse_join(groups, waiter, RD_KAFKA_RESP_ERR_UNKNOWN, id);
        return;
    }
    member->join_waiter = waiter;
    refresh(member, now_us);
    groups->ops->event(groups->user, WEIR_MOCK_JOIN, group, member->id);
    start_rebalance(groups, group, now_us);
}

static void join_without_id(weir__groups *groups, weir__group *group, const weir__join *join,
                            void *waiter, int64_t now_us)
{
    weir_buf memory = {0};
    weir_slice id = new_member_id(groups, join->client_id, &memory);
    if (memory.err != WEIR_OK) {
        refuse_join(groups, waiter, RD_KAFKA_RESP_ERR_UNKNOWN, no_bytes);
    } else if (!join->id_required) {
        join_as_new(groups, group, join, id, waiter, now_us);
    } else if (weir__pending_add(group, id, now_us + (int64_t)join->session_ms * 1000)) {
        refuse_join(groups, waiter, RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED, id);
    } else {
        refuse_join(groups, waiter, RD_KAFKA_RESP_ERR_UNKNOWN, no_bytes);
    }
    weir__buf_fini(&memory);
}

static void wait_for_join(weir__groups *groups, weir__member *member, void *waiter)
{
    if (member->join_waiter != NULL) {
        groups->ops->dropped(member->join_waiter);
    }
    member->join_waiter = waiter;
}

static void join_again(weir__groups *groups, weir__group *group, const weir__join *join,
                       weir__member *member, void *waiter, int64_t now_us)
{
    bool same = weir__member_same_protocols(member, join);
    bool current = group->state == WEIR__GROUP_COMPLETING
                       ? same
                       : group->state == WEIR__GROUP_STABLE && same && group->leader != member;
    if (!weir__member_update(member, join)) {
        refuse_join(groups, waiter, RD_KAFKA_RESP_ERR_UNKNOWN, member->id);
        return;
    }
    refresh(member, now_us);
    wait_for_join(groups, member, waiter);
    if (current) { /* it did not receive the answer */
        weir__rebalance_answer_join(groups, group, member, now_us);
        return;
    }
    groups->ops->event(groups->user, WEIR_MOCK_JOIN, group, member->id);
    start_rebalance(groups, group, now_us);
}

void weir__groups_join(weir__groups *groups, const weir__join *join, void *waiter, int64_t now_us)
{
    if (join->group.len == 0) {
        refuse_join(groups, waiter, RD_KAFKA_RESP_ERR_INVALID_GROUP_ID, join->member);
        return;
    }
    if (join->session_ms < WEIR__SESSION_MS_MIN || join->session_ms > WEIR__SESSION_MS_MAX) {
        refuse_join(groups, waiter, RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT, join->member);
        return;
    }
    weir__group *group = weir__groups_find(groups, join->group);
    if (group == NULL && join->member.len > 0) {
        refuse_join(groups, waiter, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, join->member);
        return;
    }
    if (group == NULL && (group = group_new(groups, join->group)) == NULL) {
        refuse_join(groups, waiter, RD_KAFKA_RESP_ERR_UNKNOWN, join->member);
        return;
    }
    if (!weir__group_accepts(group, join)) {
        refuse_join(groups, waiter, RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, join->member);
        return;
    }
    if (join->member.len == 0) {
        join_without_id(groups, group, join, waiter, now_us);
        return;
    }
    if (weir__pending_remove(group, join->member)) {
        join_as_new(groups, group, join, join->member, waiter, now_us);
        return;
    }
    weir__member *member = find_member(group, join->member);
    if (member == NULL) {
        refuse_join(groups, waiter, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, join->member);
        return;
    }
    join_again(groups, group, join, member, waiter, now_us);
}

/* ---- The requests of members ---- */

/* Finds the member of the generation; a Kafka error code else. */
static int16_t check_member(weir__groups *groups, weir_slice group_id, weir_slice member_id,
                            int32_t generation, weir__group **group, weir__member **member)
{
    if (group_id.len == 0) {
        return RD_KAFKA_RESP_ERR_INVALID_GROUP_ID;
    }
    *group = weir__groups_find(groups, group_id);
    *member = *group != NULL ? find_member(*group, member_id) : NULL;
    if (*member == NULL) {
        return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    }
    return generation == (*group)->generation ? 0 : RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
}

void weir__groups_sync(weir__groups *groups, const weir__sync *sync, void *waiter, int64_t now_us)
{
    weir__group *group;
    weir__member *member;
    int16_t error =
        check_member(groups, sync->group, sync->member, sync->generation, &group, &member);
    if (error == 0 && group->state == WEIR__GROUP_PREPARING) {
        error = RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
    }
    if (error != 0) {
        groups->ops->synced(waiter, error, no_bytes);
        return;
    }
    refresh(member, now_us);
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

int16_t weir__groups_heartbeat(weir__groups *groups, weir_slice group_id, weir_slice member_id,
                               int32_t generation, int64_t now_us)
{
    weir__group *group;
    weir__member *member;
    int16_t error = check_member(groups, group_id, member_id, generation, &group, &member);
    if (error != 0) {
        return error;
    }
    refresh(member, now_us);
    return group->state == WEIR__GROUP_PREPARING ? RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS : 0;
}

int16_t weir__groups_leave(weir__groups *groups, weir_slice group_id, weir_slice member_id,
                           int64_t now_us)
{
    if (group_id.len == 0) {
        return RD_KAFKA_RESP_ERR_INVALID_GROUP_ID;
    }
    weir__group *group = weir__groups_find(groups, group_id);
    if (group == NULL) {
        return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    }
    if (weir__pending_remove(group, member_id)) {
        weir__rebalance_try(groups, group, now_us);
        return 0;
    }
    weir__member *member = find_member(group, member_id);
    if (member == NULL) {
        return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    }
    groups->ops->event(groups->user, WEIR_MOCK_LEAVE, group, member->id);
    weir__member_remove(groups, group, member, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    weir__rebalance_after_loss(groups, group, now_us);
    return 0;
}

int16_t weir__groups_commit(weir__groups *groups, weir_slice group_id, weir_slice member_id,
                            int32_t generation, int64_t now_us, weir__group **out)
{
    if (group_id.len == 0) {
        return RD_KAFKA_RESP_ERR_INVALID_GROUP_ID;
    }
    weir__group *group = weir__groups_find(groups, group_id);
    if (group == NULL) {
        if (generation >= 0) {
            return RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
        }
        *out = group_new(groups, group_id);
        return *out != NULL ? 0 : RD_KAFKA_RESP_ERR_UNKNOWN;
    }
    if (generation < 0 && group->state == WEIR__GROUP_EMPTY) {
        *out = group;
        return 0;
    }
    weir__member *member = NULL;
    int16_t error = generation < 0 && member_id.len == 0
                        ? RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID
                        : check_member(groups, group_id, member_id, generation, &group, &member);
    if (error == 0 && group->state == WEIR__GROUP_COMPLETING) {
        error = RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS;
    }
    if (error == 0) {
        refresh(member, now_us);
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
        refresh(member, now_us);
        void *join = member->join_waiter;
        void *sync = member->sync_waiter;
        member->join_waiter = NULL;
        member->sync_waiter = NULL;
        if (join != NULL) {
            refuse_join(groups, join, RD_KAFKA_RESP_ERR_NOT_COORDINATOR, member->id);
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

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t weir__groups_deadline_us(const weir__groups *groups)
{
    int64_t deadline = INT64_MAX;
    for (weir__map_entry *entry = groups->groups.first; entry != NULL; entry = entry->next) {
        const weir__group *group = entry->value;
        const weir__pending_member *pending = group->pending;
        for (; pending != NULL; pending = pending->next) {
            deadline = earlier(deadline, pending->deadline_us);
        }
        for (const weir__member *member = group->first; member != NULL; member = member->next) {
            if (session_runs(member)) {
                deadline = earlier(deadline, member->session_deadline_us);
            }
        }
        if (group->state == WEIR__GROUP_PREPARING) {
            deadline = earlier(deadline, group->join_deadline_us);
        }
        if (awaits_sync(group)) {
            deadline = earlier(deadline, group->sync_deadline_us);
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
