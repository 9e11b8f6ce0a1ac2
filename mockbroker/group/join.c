/* SPDX-License-Identifier: Apache-2.0
 *
 * JoinGroup: new members, members that join again, and static members that come back. */
#include <librdkafka/rdkafka.h>

#include "rebalance.h"

static const weir_slice no_bytes = {"", 0};

/* "<group.instance.id, else client id>-" and a counter in the form of a UUID: ordered by first
 * contact, and the same in every run, since assignors sort by member id. */
static weir_slice new_member_id(weir__groups *groups, const weir__join *join, weir_buf *memory)
{
    uint64_t number = ++groups->member_ids;
    weir_slice prefix = join->instance_id.data != NULL ? join->instance_id : join->client_id;
    weir_put(memory, prefix.data, prefix.len);
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
        weir__join_refuse(groups, waiter, RD_KAFKA_RESP_ERR_UNKNOWN, id);
        return;
    }
    weir__member *member = weir__member_add(group, join, id);
    if (member == NULL) {
        weir__join_refuse(groups, waiter, RD_KAFKA_RESP_ERR_UNKNOWN, id);
        return;
    }
    member->join_waiter = waiter;
    weir__member_refresh(member, now_us);
    groups->ops->event(groups->user, WEIR_MOCK_JOIN, group, member->id);
    start_rebalance(groups, group, now_us);
}

static void wait_for_join(weir__groups *groups, weir__member *member, void *waiter)
{
    if (member->join_waiter != NULL) {
        groups->ops->dropped(member->join_waiter);
    }
    member->join_waiter = waiter;
}

/* While the group is stable the answer names the former leader id, so that a leader that restarts
 * does not assign: its assignment would reach nobody in this generation (KIP-345). */
static void answer_replaced(weir__groups *groups, const weir__group *group,
                            const weir__member *member, weir_slice former, void *waiter)
{
    bool leads = group->leader == member;
    groups->ops->joined(waiter, &(weir__join_answer){.generation = group->generation,
                                                     .protocol = group->protocol,
                                                     .leader = leads ? former : group->leader->id,
                                                     .member = member->id});
}

/* A static member is back without its member id: it takes the place of the one with its instance
 * id, which is fenced from now on, and its assignment (KIP-345). */
static void join_in_place(weir__groups *groups, weir__group *group, const weir__join *join,
                          weir_slice id, void *waiter, int64_t now_us)
{
    weir__member *member = weir__member_static(group, join->instance_id);
    weir_slice former = member->id;
    weir__arena former_ids;
    if (!weir__member_update(member, join) ||
        !weir__member_replace(groups, member, join, id, &former_ids)) {
        weir__join_refuse(groups, waiter, RD_KAFKA_RESP_ERR_UNKNOWN, no_bytes);
        return;
    }
    groups->ops->event(groups->user, WEIR_MOCK_MEMBER_FENCED, group, former);
    groups->ops->event(groups->user, WEIR_MOCK_JOIN, group, member->id);
    weir__member_refresh(member, now_us);
    if (group->state == WEIR__GROUP_STABLE &&
        weir_slice_equal(weir__group_elect(group), group->protocol)) {
        answer_replaced(groups, group, member, former, waiter);
    } else {
        member->join_waiter = waiter;
        start_rebalance(groups, group, now_us);
    }
    weir__arena_fini(&former_ids);
}

static void join_without_id(weir__groups *groups, weir__group *group, const weir__join *join,
                            void *waiter, int64_t now_us)
{
    weir_buf memory = {0};
    weir_slice id = new_member_id(groups, join, &memory);
    bool is_static = join->instance_id.data != NULL;
    if (memory.err != WEIR_OK) {
        weir__join_refuse(groups, waiter, RD_KAFKA_RESP_ERR_UNKNOWN, no_bytes);
    } else if (weir__member_static(group, join->instance_id) != NULL) {
        join_in_place(groups, group, join, id, waiter, now_us);
    } else if (is_static || !join->id_required) {
        join_as_new(groups, group, join, id, waiter, now_us);
    } else if (weir__pending_add(group, id, now_us + (int64_t)join->session_ms * 1000)) {
        weir__join_refuse(groups, waiter, RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED, id);
    } else {
        weir__join_refuse(groups, waiter, RD_KAFKA_RESP_ERR_UNKNOWN, no_bytes);
    }
    weir__buf_fini(&memory);
}

static void join_again(weir__groups *groups, weir__group *group, const weir__join *join,
                       weir__member *member, void *waiter, int64_t now_us)
{
    bool same = weir__member_same_protocols(member, join);
    bool current = group->state == WEIR__GROUP_COMPLETING
                       ? same
                       : group->state == WEIR__GROUP_STABLE && same && group->leader != member;
    if (!weir__member_update(member, join)) {
        weir__join_refuse(groups, waiter, RD_KAFKA_RESP_ERR_UNKNOWN, member->id);
        return;
    }
    weir__member_refresh(member, now_us);
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
        weir__join_refuse(groups, waiter, RD_KAFKA_RESP_ERR_INVALID_GROUP_ID, join->member);
        return;
    }
    if (join->session_ms < WEIR__SESSION_MS_MIN || join->session_ms > WEIR__SESSION_MS_MAX) {
        weir__join_refuse(groups, waiter, RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT, join->member);
        return;
    }
    weir__group *group = weir__groups_find(groups, join->group);
    if (group == NULL && join->member.len > 0) {
        weir__join_refuse(groups, waiter, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, join->member);
        return;
    }
    if (group == NULL && (group = weir__group_new(groups, join->group)) == NULL) {
        weir__join_refuse(groups, waiter, RD_KAFKA_RESP_ERR_UNKNOWN, join->member);
        return;
    }
    if (!weir__group_accepts(group, join)) {
        weir__join_refuse(groups, waiter, RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL,
                          join->member);
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
    weir__member *member = NULL;
    const weir__membership who = {.member = join->member, .instance_id = join->instance_id};
    int16_t error = weir__member_check(group, &who, &member);
    if (error != 0) {
        weir__join_refuse(groups, waiter, error, join->member);
        return;
    }
    join_again(groups, group, join, member, waiter, now_us);
}
