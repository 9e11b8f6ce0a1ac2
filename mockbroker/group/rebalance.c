/* SPDX-License-Identifier: Apache-2.0
 *
 * Rebalances of a group as Kafka's GroupCoordinator does them: joining ends when all known members
 * have joined or the longest rebalance timeout is over. Members that did not join are removed. The
 * leader stays the leader if it joined. */
#include "rebalance.h"

#include <stdlib.h>

#include <librdkafka/rdkafka.h>

#include "core/error.h"

static const weir_slice no_bytes = {"", 0};

/* ---- Members ---- */

bool weir__member_update(weir__member *member, const weir__join *join)
{
    weir__arena memory = {0};
    weir__protocol *protocols =
        weir__arena_alloc(&memory, join->protocol_count * sizeof *protocols);
    bool ok = protocols != NULL;
    for (size_t i = 0; i < join->protocol_count && ok; i++) {
        ok = weir__arena_copy(&memory, join->protocols[i].name, &protocols[i].name) == WEIR_OK &&
             weir__arena_copy(&memory, join->protocols[i].metadata, &protocols[i].metadata) ==
                 WEIR_OK;
    }
    if (!ok) {
        weir__arena_fini(&memory);
        return false;
    }
    weir__arena_fini(&member->protocol_memory);
    member->protocol_memory = memory;
    member->protocols = protocols;
    member->protocol_count = join->protocol_count;
    member->session_us = (int64_t)join->session_ms * 1000;
    member->rebalance_us = (int64_t)join->rebalance_ms * 1000;
    return true;
}

/* The former ids stay in their arena. False: out of memory, nothing changed. */
static bool set_ids(weir__member *member, const weir__join *join, weir_slice id)
{
    weir__arena memory = {0};
    weir_slice ids[4];
    const weir_slice from[4] = {id, join->instance_id, join->client_id, join->client_host};
    for (size_t i = 0; i < 4; i++) {
        if (weir__arena_copy(&memory, from[i], &ids[i]) != WEIR_OK) {
            weir__arena_fini(&memory);
            return false;
        }
    }
    member->ids = memory;
    member->id = ids[0];
    member->instance_id = ids[1];
    member->client_id = ids[2];
    member->client_host = ids[3];
    return true;
}

weir__member *weir__member_add(weir__group *group, const weir__join *join, weir_slice id)
{
    weir__member *member = calloc(1, sizeof *member);
    if (member == NULL) {
        return NULL;
    }
    member->assignment = no_bytes;
    if (!set_ids(member, join, id) || !weir__member_update(member, join)) {
        weir__member_free(member);
        return NULL;
    }
    member->prev = group->last;
    *(group->last != NULL ? &group->last->next : &group->first) = member;
    group->last = member;
    group->member_count++;
    if (group->leader == NULL) {
        group->leader = member;
    }
    group->joined_in_delay = group->joined_in_delay || group->initial_delay;
    return member;
}

static void set_assignment(weir__member *member, weir_slice bytes)
{
    void *copy = bytes.len > 0 ? malloc(bytes.len) : NULL;
    if (copy != NULL) {
        memcpy(copy, bytes.data, bytes.len);
    }
    if (member->assignment.len > 0) {
        free((void *)(uintptr_t)member->assignment.data);
    }
    member->assignment = copy != NULL ? (weir_slice){copy, bytes.len} : no_bytes;
}

void weir__member_free(weir__member *member)
{
    set_assignment(member, no_bytes);
    weir__arena_fini(&member->ids);
    weir__arena_fini(&member->protocol_memory);
    free(member);
}

static void answer_sync(weir__groups *groups, weir__member *member, int16_t error)
{
    void *waiter = member->sync_waiter;
    if (waiter != NULL) {
        member->sync_waiter = NULL;
        groups->ops->synced(waiter, error, error == 0 ? member->assignment : no_bytes);
    }
}

void weir__join_refuse(weir__groups *groups, void *waiter, int16_t error, weir_slice member)
{
    groups->ops->joined(waiter, &(weir__join_answer){.error = error,
                                                     .generation = -1,
                                                     .protocol = no_bytes,
                                                     .leader = no_bytes,
                                                     .member = member});
}

static void end_waiting(weir__groups *groups, weir__member *member, int16_t error)
{
    void *waiter = member->join_waiter;
    if (waiter != NULL) {
        member->join_waiter = NULL;
        weir__join_refuse(groups, waiter, error, member->id);
    }
    answer_sync(groups, member, error);
}

bool weir__member_replace(weir__groups *groups, weir__member *member, const weir__join *join,
                          weir_slice id, weir__arena *ids)
{
    *ids = member->ids;
    const weir_slice former = member->id;
    if (!set_ids(member, join, id)) {
        return false;
    }
    const weir_slice own = member->id;
    member->id = former;
    end_waiting(groups, member, RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    member->id = own;
    return true;
}

void weir__member_remove(weir__groups *groups, weir__group *group, weir__member *member,
                         int16_t error)
{
    end_waiting(groups, member, error);
    *(member->prev != NULL ? &member->prev->next : &group->first) = member->next;
    *(member->next != NULL ? &member->next->prev : &group->last) = member->prev;
    group->member_count--;
    if (group->leader == member) {
        group->leader = group->first;
    }
    weir__member_free(member);
}

bool weir__member_same_protocols(const weir__member *member, const weir__join *join)
{
    if (member->protocol_count != join->protocol_count) {
        return false;
    }
    for (size_t i = 0; i < join->protocol_count; i++) {
        if (!weir_slice_equal(member->protocols[i].name, join->protocols[i].name) ||
            !weir_slice_equal(member->protocols[i].metadata, join->protocols[i].metadata)) {
            return false;
        }
    }
    return true;
}

bool weir__pending_add(weir__group *group, weir_slice id, int64_t deadline_us)
{
    weir__pending_member *pending = malloc(sizeof *pending + id.len);
    if (pending == NULL) {
        return false;
    }
    memcpy(pending + 1, id.data, id.len);
    *pending = (weir__pending_member){.deadline_us = deadline_us, .id = {pending + 1, id.len}};
    weir__pending_member **end = &group->pending;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = pending;
    return true;
}

bool weir__pending_remove(weir__group *group, weir_slice id)
{
    weir__pending_member **at = &group->pending;
    while (*at != NULL && !weir_slice_equal((*at)->id, id)) {
        at = &(*at)->next;
    }
    weir__pending_member *pending = *at;
    if (pending == NULL) {
        return false;
    }
    *at = pending->next;
    free(pending);
    return true;
}

/* ---- Protocols ---- */

static bool knows(const weir__member *member, weir_slice name)
{
    for (size_t i = 0; i < member->protocol_count; i++) {
        if (weir_slice_equal(member->protocols[i].name, name)) {
            return true;
        }
    }
    return false;
}

static bool all_know(const weir__group *group, weir_slice name)
{
    for (const weir__member *member = group->first; member != NULL; member = member->next) {
        if (!knows(member, name)) {
            return false;
        }
    }
    return true;
}

bool weir__group_accepts(const weir__group *group, const weir__join *join)
{
    if (join->protocol_type.len == 0 || join->protocol_count == 0) {
        return false;
    }
    if (group->member_count == 0) {
        return true;
    }
    if (!weir_slice_equal(group->protocol_type, join->protocol_type)) {
        return false;
    }
    for (size_t i = 0; i < join->protocol_count; i++) {
        if (all_know(group, join->protocols[i].name)) {
            return true;
        }
    }
    return false;
}

/* Each member votes for the first of its protocols that all members support; the first member's
 * order breaks ties. */
weir_slice weir__group_elect(const weir__group *group)
{
    weir_slice elected = {0};
    int most = 0;
    for (size_t i = 0; i < group->first->protocol_count; i++) {
        weir_slice candidate = group->first->protocols[i].name;
        if (!all_know(group, candidate)) {
            continue;
        }
        int votes = 0;
        for (const weir__member *member = group->first; member != NULL; member = member->next) {
            size_t vote = 0;
            while (!all_know(group, member->protocols[vote].name)) {
                vote++;
            }
            votes += weir_slice_equal(member->protocols[vote].name, candidate) ? 1 : 0;
        }
        if (votes > most) {
            most = votes;
            elected = candidate;
        }
    }
    return elected;
}

/* ---- Rebalances ---- */

static int64_t rebalance_timeout_us(const weir__group *group)
{
    int64_t longest = 0;
    for (const weir__member *member = group->first; member != NULL; member = member->next) {
        longest = member->rebalance_us > longest ? member->rebalance_us : longest;
    }
    return longest;
}

void weir__rebalance_answer_join(weir__groups *groups, weir__group *group, weir__member *member,
                                 int64_t now_us)
{
    void *waiter = member->join_waiter;
    weir_assert(waiter != NULL);
    member->join_waiter = NULL;
    member->session_deadline_us = now_us + member->session_us;
    bool leads = group->leader == member;
    bool tells_members = leads && group->state == WEIR__GROUP_COMPLETING;
    groups->ops->joined(waiter, &(weir__join_answer){.generation = group->generation,
                                                     .protocol = group->protocol,
                                                     .leader = group->leader->id,
                                                     .member = member->id,
                                                     .members_of = tells_members ? group : NULL});
}

static void drop_absent_members(weir__groups *groups, weir__group *group)
{
    weir__member *next;
    for (weir__member *member = group->first; member != NULL; member = next) {
        next = member->next;
        if (member->join_waiter == NULL) {
            groups->ops->event(groups->user, WEIR_MOCK_MEMBER_DROPPED, group, member->id);
            weir__member_remove(groups, group, member, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
        }
    }
}

static void complete(weir__groups *groups, weir__group *group, int64_t now_us)
{
    drop_absent_members(groups, group);
    group->initial_delay = false;
    group->generation++;
    if (group->first == NULL) {
        group->state = WEIR__GROUP_EMPTY;
        group->protocol = (weir_slice){0};
        groups->ops->event(groups->user, WEIR_MOCK_REBALANCE_DONE, group, no_bytes);
        return;
    }
    /* Copied: the member that owns the name may be removed during the generation. */
    weir_slice elected = weir__group_elect(group);
    weir__buf_reset(&group->protocol_memory);
    weir_put(&group->protocol_memory, elected.data, elected.len);
    group->protocol = weir__buf_slice(&group->protocol_memory);
    group->state = WEIR__GROUP_COMPLETING;
    group->sync_deadline_us = now_us + rebalance_timeout_us(group);
    groups->ops->event(groups->user, WEIR_MOCK_REBALANCE_DONE, group, group->leader->id);
    for (weir__member *member = group->first; member != NULL; member = member->next) {
        member->sync_pending = true;
        weir__rebalance_answer_join(groups, group, member, now_us);
    }
}

void weir__rebalance_try(weir__groups *groups, weir__group *group, int64_t now_us)
{
    if (group->state != WEIR__GROUP_PREPARING || group->initial_delay || group->pending != NULL) {
        return;
    }
    for (const weir__member *member = group->first; member != NULL; member = member->next) {
        if (member->join_waiter == NULL) {
            return;
        }
    }
    complete(groups, group, now_us);
}

void weir__rebalance_overdue(weir__groups *groups, weir__group *group, int64_t now_us)
{
    if (group->initial_delay && group->joined_in_delay && group->initial_left_us > 0) {
        int64_t more = groups->initial_delay_us < group->initial_left_us ? groups->initial_delay_us
                                                                         : group->initial_left_us;
        group->initial_left_us -= more;
        group->joined_in_delay = false;
        group->join_deadline_us = now_us + more;
        return;
    }
    complete(groups, group, now_us);
}

void weir__rebalance_prepare(weir__groups *groups, weir__group *group, int64_t now_us)
{
    bool initial = group->state == WEIR__GROUP_EMPTY;
    if (group->state == WEIR__GROUP_COMPLETING) {
        for (weir__member *member = group->first; member != NULL; member = member->next) {
            set_assignment(member, no_bytes);
            answer_sync(groups, member, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
        }
    }
    for (weir__member *member = group->first; member != NULL; member = member->next) {
        member->sync_pending = false;
    }
    group->state = WEIR__GROUP_PREPARING;
    int64_t timeout_us = rebalance_timeout_us(group);
    group->join_deadline_us = now_us + timeout_us;
    groups->ops->event(groups->user, WEIR_MOCK_REBALANCE, group, no_bytes);
    if (!initial) {
        weir__rebalance_try(groups, group, now_us);
        return;
    }
    /* As in Kafka the first rebalance does not wait for known members to join: it lasts
     * group.initial.rebalance.delay.ms and not longer. */
    group->initial_delay = groups->initial_delay_us > 0;
    if (!group->initial_delay) {
        complete(groups, group, now_us);
        return;
    }
    group->joined_in_delay = false;
    group->join_deadline_us = now_us + groups->initial_delay_us;
    group->initial_left_us =
        timeout_us > groups->initial_delay_us ? timeout_us - groups->initial_delay_us : 0;
}

void weir__rebalance_after_loss(weir__groups *groups, weir__group *group, int64_t now_us)
{
    if (group->state == WEIR__GROUP_PREPARING) {
        weir__rebalance_try(groups, group, now_us);
    } else if (group->state != WEIR__GROUP_EMPTY) {
        weir__rebalance_prepare(groups, group, now_us);
    }
}

void weir__rebalance_finish(weir__groups *groups, weir__group *group, const weir__sync *sync,
                            int64_t now_us)
{
    for (weir__member *member = group->first; member != NULL; member = member->next) {
        weir_slice assignment = no_bytes;
        for (size_t i = 0; i < sync->assignment_count; i++) {
            if (weir_slice_equal(sync->assignments[i].name, member->id)) {
                assignment = sync->assignments[i].metadata;
            }
        }
        set_assignment(member, assignment);
    }
    group->state = WEIR__GROUP_STABLE;
    groups->ops->event(groups->user, WEIR_MOCK_STABLE, group, group->leader->id);
    for (weir__member *member = group->first; member != NULL; member = member->next) {
        if (member->sync_waiter != NULL) {
            member->session_deadline_us = now_us + member->session_us;
            answer_sync(groups, member, 0);
        }
    }
}
