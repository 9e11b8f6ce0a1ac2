/* SPDX-License-Identifier: Apache-2.0
 *
 * The group coordinator with recorded answers and a clock in hand, for its tests. */
#ifndef WEIR_TESTS_UNIT_MOCK_GROUPS_KIT_H
#define WEIR_TESTS_UNIT_MOCK_GROUPS_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>

#include "group/groups.h"

#define SESSION_MS 10000
#define REBALANCE_MS 60000
#define KIT_FN __attribute__((unused)) static

/* A client: its member id, and the last answer that it got. */
typedef struct client {
    char id[64];
    char leader[64];
    char protocol[32];
    char assignment[32];
    const char *instance;   /* group.instance.id; NULL: a dynamic member */
    const char *strategies; /* "range,sticky"; NULL: "range" */
    int session_ms;         /* 0: SESSION_MS */
    int rebalance_ms;       /* 0: REBALANCE_MS */
    int waits;
    int drops;
    int16_t error;
    int32_t generation;
    int members; /* in the answer to a leader */
} client;

typedef struct kit {
    weir__groups groups;
    int64_t now_ms;
    char events[4096];
} kit;

KIT_FN void take(char *to, size_t size, weir_slice from)
{
    assert_true(from.len < size);
    memcpy(to, from.data, from.len);
    to[from.len] = '\0';
}

KIT_FN void on_joined(void *waiter, const weir__join_answer *answer)
{
    client *it = waiter;
    assert_int_equal(it->waits, 1);
    it->waits = 0;
    it->error = answer->error;
    it->generation = answer->generation;
    it->members = answer->members_of != NULL ? answer->members_of->member_count : 0;
    take(it->leader, sizeof it->leader, answer->leader);
    take(it->protocol, sizeof it->protocol, answer->protocol);
    if (answer->error != RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID) {
        take(it->id, sizeof it->id, answer->member);
    }
}

KIT_FN void on_synced(void *waiter, int16_t error, weir_slice assignment)
{
    client *it = waiter;
    assert_int_equal(it->waits, 1);
    it->waits = 0;
    it->error = error;
    take(it->assignment, sizeof it->assignment, assignment);
}

KIT_FN void on_dropped(void *waiter)
{
    client *it = waiter;
    assert_int_equal(it->waits, 1);
    it->waits = 0;
    it->drops++;
}

KIT_FN void on_event(void *user, weir_mock_event_kind kind, const weir__group *group,
                     weir_slice member)
{
    kit *k = user;
    (void)group;
    (void)member;
    size_t used = strlen(k->events);
    snprintf(k->events + used, sizeof k->events - used, "%s ", weir_mock_event_name(kind));
}

static const weir__groups_ops kit_ops = {
    .joined = on_joined, .synced = on_synced, .dropped = on_dropped, .event = on_event};

KIT_FN int kit_set_up(void **state)
{
    kit *k = calloc(1, sizeof *k);
    *state = k;
    if (k == NULL) {
        return -1;
    }
    weir__groups_init(&k->groups, &kit_ops, k, 0);
    return 0;
}

KIT_FN int kit_tear_down(void **state)
{
    kit *k = *state;
    weir__groups_fini(&k->groups);
    free(k);
    return 0;
}

KIT_FN weir_slice optional(const char *text)
{
    return text != NULL ? weir_slice_of(text) : (weir_slice){0};
}

KIT_FN weir__membership membership(const client *it)
{
    return (weir__membership){.group = weir_slice_of("g"),
                              .member = weir_slice_of(it->id),
                              .instance_id = optional(it->instance),
                              .generation = it->generation};
}

KIT_FN void join_version(kit *k, client *it, bool id_required)
{
    const char *strategies = it->strategies != NULL ? it->strategies : "range";
    weir__protocol protocols[4];
    size_t count = 0;
    for (const char *at = strategies; at != NULL && *at != '\0';) {
        const char *comma = strchr(at, ',');
        size_t len = comma != NULL ? (size_t)(comma - at) : strlen(at);
        protocols[count++] = (weir__protocol){{at, len}, weir_slice_of("topics")};
        at = comma != NULL ? comma + 1 : NULL;
    }
    const weir__join join = {.group = weir_slice_of("g"),
                             .member = weir_slice_of(it->id),
                             .instance_id = optional(it->instance),
                             .client_id = weir_slice_of("c"),
                             .client_host = weir_slice_of("/127.0.0.1"),
                             .protocol_type = weir_slice_of("consumer"),
                             .protocols = protocols,
                             .protocol_count = count,
                             .session_ms = it->session_ms != 0 ? it->session_ms : SESSION_MS,
                             .rebalance_ms =
                                 it->rebalance_ms != 0 ? it->rebalance_ms : REBALANCE_MS,
                             .id_required = id_required};
    it->waits++;
    weir__groups_join(&k->groups, &join, it, k->now_ms * 1000);
}

/* Joins; a new member first gets MEMBER_ID_REQUIRED and joins again with its id (KIP-394). */
KIT_FN void join(kit *k, client *it)
{
    bool is_new = it->id[0] == '\0' && it->instance == NULL;
    join_version(k, it, true);
    if (is_new) {
        assert_int_equal(it->error, RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED);
        join_version(k, it, true);
    }
}

/* A leader's sync: `assignments` are those of the clients in `to`, ended by NULL. */
KIT_FN void sync_as_leader(kit *k, client *it, client *const *to, const char *const *assignments)
{
    weir__protocol list[8];
    size_t count = 0;
    for (; to != NULL && to[count] != NULL; count++) {
        list[count] =
            (weir__protocol){weir_slice_of(to[count]->id), weir_slice_of(assignments[count])};
    }
    const weir__sync sync = {.who = membership(it), .assignments = list, .assignment_count = count};
    it->waits++;
    weir__groups_sync(&k->groups, &sync, it, k->now_ms * 1000);
}

KIT_FN void sync_group(kit *k, client *it)
{
    sync_as_leader(k, it, NULL, NULL);
}

KIT_FN int heartbeat(kit *k, const client *it)
{
    const weir__membership who = membership(it);
    return weir__groups_heartbeat(&k->groups, &who, k->now_ms * 1000);
}

KIT_FN int leave(kit *k, const client *it)
{
    const weir__membership who = membership(it);
    return weir__groups_leave(&k->groups, &who, k->now_ms * 1000);
}

KIT_FN int commit(kit *k, const char *member, int32_t generation)
{
    weir__group *group = NULL;
    const weir__membership who = {
        .group = weir_slice_of("g"), .member = weir_slice_of(member), .generation = generation};
    int error = weir__groups_commit(&k->groups, &who, k->now_ms * 1000, &group);
    assert_int_equal(error == 0, group != NULL);
    return error;
}

/* Lets time pass, stopping at each deadline as the front does. */
KIT_FN void pass(kit *k, int64_t ms)
{
    int64_t until = k->now_ms + ms;
    for (int steps = 0; steps < 1000; steps++) {
        int64_t deadline_us = weir__groups_deadline_us(&k->groups);
        if (deadline_us > until * 1000) {
            k->now_ms = until;
            return;
        }
        k->now_ms = deadline_us / 1000 > k->now_ms ? deadline_us / 1000 : k->now_ms;
        weir__groups_expire(&k->groups, k->now_ms * 1000);
    }
    fail_msg("deadlines that never pass");
}

KIT_FN const weir__group *the_group(const kit *k)
{
    const weir__group *group = weir__groups_find(&k->groups, weir_slice_of("g"));
    assert_non_null(group);
    return group;
}

KIT_FN const char *group_state(const kit *k)
{
    return weir__group_state_name(the_group(k)->state);
}

/* A stable group of `a`, the leader, and `b`. */
KIT_FN void form_pair(kit *k, client *a, client *b)
{
    join(k, a);
    sync_group(k, a);
    join(k, b);
    assert_int_equal(b->waits, 1);
    join(k, a);
    assert_int_equal(a->waits + b->waits, 0);
    sync_group(k, b);
    sync_as_leader(k, a, (client *const[]){a, b, NULL}, (const char *const[]){"A", "B"});
    assert_int_equal(a->waits + b->waits, 0);
    assert_string_equal(group_state(k), "Stable");
}

#endif
