/* SPDX-License-Identifier: Apache-2.0
 *
 * Groups: joins, rebalances, static members, offsets. */
#include "groups.h"
#include "scenarios.h"

/* ---- Joining ---- */

static void the_first_join_asks_for_a_member_id(run *r)
{
    member m = {.group = "g"};
    member old = {.group = "old", .version = 3};
    member_open(r, &m);
    member_open(r, &old);
    join(&m);
    describe_group(r, "g");
    join(&m);
    join(&old);
    member_close(&m);
    member_close(&old);
}

static void a_single_member_forms_a_group(run *r)
{
    member m = {.group = "g", .topic = "t"};
    member_open(r, &m);
    describe_group(r, "g");
    introduce(&m);
    join(&m);
    describe_group(r, "g");
    heartbeat(&m);
    sync_group(&m, (const assignment[]){{&m, "one"}, {NULL, NULL}});
    describe_group(r, "g");
    heartbeat(&m);
    sync_group(&m, NO_ASSIGNMENTS);
    leave(&m);
    describe_group(r, "g");
    heartbeat(&m);
    member_close(&m);
}

static void a_second_member_makes_a_rebalance(run *r)
{
    member a = {.group = "g"};
    member b = {.group = "g"};
    begin_rebalance(r, &a, &b);
    heartbeat(&a);
    sync_group(&a, NO_ASSIGNMENTS);
    join(&a);
    join_receive(&b);
    heartbeat(&b);
    sync_send(&b, NO_ASSIGNMENTS);
    sync_group(&a, (const assignment[]){{&a, "left"}, {&b, "right"}, {NULL, NULL}});
    sync_receive(&b);
    sync_group(&b, NO_ASSIGNMENTS);
    describe_group(r, "g");
    leave(&a);
    heartbeat(&b);
    join(&b);
    member_close(&a);
    member_close(&b);
}

static void the_leader_may_leave_members_out(run *r)
{
    member a = {.group = "g"};
    member b = {.group = "g"};
    begin_rebalance(r, &a, &b);
    join(&a);
    join_receive(&b);
    sync_group(&a, (const assignment[]){{&a, "all"}, {NULL, NULL}});
    sync_group(&b, NO_ASSIGNMENTS);
    member_close(&a);
    member_close(&b);
}

static void a_member_joins_again_in_a_stable_group(run *r)
{
    member a = {.group = "g"};
    member b = {.group = "g"};
    begin_rebalance(r, &a, &b);
    join(&a);
    join_receive(&b);
    sync_group(&a, (const assignment[]){{&a, "left"}, {&b, "right"}, {NULL, NULL}});
    sync_group(&b, NO_ASSIGNMENTS);
    join(&b); /* nothing has changed: the same generation */
    heartbeat(&a);
    b.topic = "t"; /* another subscription */
    join_send(&b);
    await_state(r, "g", "PreparingRebalance");
    heartbeat(&a);
    join(&a);
    join_receive(&b);
    member_close(&a);
    member_close(&b);
}

static void a_leader_that_joins_again_makes_a_rebalance(run *r)
{
    member a = {.group = "g"};
    member_open(r, &a);
    form_group(&a);
    join(&a);
    describe_group(r, "g");
    member_close(&a);
}

static void members_agree_on_a_protocol(run *r)
{
    member a = {.group = "g", .protocols = {"one", "two"}};
    member b = {.group = "g", .protocols = {"two", "three"}};
    member odd = {.group = "g", .protocols = {"four"}};
    member other = {.group = "g", .type = "connect", .protocols = {"one"}};
    member_open(r, &a);
    member_open(r, &b);
    member_open(r, &odd);
    member_open(r, &other);
    form_group(&a);
    describe_group(r, "g");
    join(&odd);
    join(&other);
    introduce(&b);
    join_send(&b);
    await_state(r, "g", "PreparingRebalance");
    join(&a);
    join_receive(&b);
    member_close(&a);
    member_close(&b);
    member_close(&odd);
    member_close(&other);
}

static void wrong_joins_are_refused(run *r)
{
    member m = {.group = "g", .session_ms = 1000};
    member_open(r, &m);
    join(&m);
    m.session_ms = 1800001;
    join(&m);
    m.session_ms = 0;
    snprintf(m.id, sizeof m.id, "made-up");
    join(&m);
    m.id[0] = '\0';
    m.group = "";
    join(&m);
    heartbeat(&m);
    member_close(&m);
}

static void unknown_members_and_generations_are_refused(run *r)
{
    create_topic(r, "t", 1, NULL);
    member m = {.group = "g"};
    member stranger = {.group = "g"};
    member nowhere = {.group = "nowhere"};
    member_open(r, &m);
    member_open(r, &stranger);
    member_open(r, &nowhere);
    form_group(&m);
    snprintf(stranger.id, sizeof stranger.id, "stranger");
    snprintf(nowhere.id, sizeof nowhere.id, "stranger");
    stranger.generation = m.generation;
    heartbeat(&stranger);
    sync_group(&stranger, NO_ASSIGNMENTS);
    commit_as(&stranger, "t", 0, 3);
    leave(&stranger);
    heartbeat(&nowhere);
    sync_group(&nowhere, NO_ASSIGNMENTS);
    commit_as(&nowhere, "t", 0, 3);
    leave(&nowhere);
    m.generation++;
    heartbeat(&m);
    sync_group(&m, NO_ASSIGNMENTS);
    commit_as(&m, "t", 0, 3);
    m.generation -= 2;
    heartbeat(&m);
    commit_as(&m, "t", 0, 3);
    committed(r, "g", "t", 0);
    member_close(&m);
    member_close(&stranger);
    member_close(&nowhere);
}

static void a_silent_member_is_removed(run *r)
{
    member m = {.group = "g", .session_ms = 6000};
    member_open(r, &m);
    form_group(&m);
    await_state(r, "g", "Empty");
    heartbeat(&m);
    describe_group(r, "g");
    join(&m);
    member_close(&m);
}

/* ---- Static members ---- */

static void a_static_member_is_replaced_without_a_rebalance(run *r)
{
    create_topic(r, "t", 1, NULL);
    member first = {.group = "g", .instance = "i"};
    member second = {.group = "g", .instance = "i"};
    member_open(r, &first);
    member_open(r, &second);
    join(&first);
    sync_group(&first, (const assignment[]){{&first, "all"}, {NULL, NULL}});
    join(&second);
    sync_group(&second, NO_ASSIGNMENTS);
    heartbeat(&first);
    sync_group(&first, NO_ASSIGNMENTS);
    commit_as(&first, "t", 0, 1);
    join(&first);
    heartbeat(&second);
    commit_as(&second, "t", 0, 2);
    describe_group(r, "g");
    remove_instances(r, "g", (const char *const[]){"i", "j", NULL});
    describe_group(r, "g");
    heartbeat(&second);
    member_close(&first);
    member_close(&second);
}

static void a_static_member_has_to_name_its_instance_right(run *r)
{
    member m = {.group = "g", .instance = "i"};
    member_open(r, &m);
    form_group(&m);
    heartbeat(&m);
    m.instance = "other";
    heartbeat(&m);
    m.instance = NULL;
    heartbeat(&m);
    m.instance = "i";
    snprintf(m.id, sizeof m.id, "made-up");
    heartbeat(&m);
    member_close(&m);
}

/* ---- Offsets ---- */

static void offsets_are_committed_with_and_without_members(run *r)
{
    create_topic(r, "t", 2, NULL);
    committed(r, "g", "t", 0);
    commit_alone(r, "g", "t", 0, 5, "");
    committed(r, "g", "t", 0);
    committed(r, "g", "t", 1);
    describe_group(r, "g");
    member m = {.group = "g"};
    member_open(r, &m);
    form_group(&m);
    commit_alone(r, "g", "t", 0, 6, "");
    commit_as(&m, "t", 0, 7);
    commit_as(&m, "missing", 0, 7);
    commit_as(&m, "t", 9, 7);
    commit_as(&m, "t", 0, -1);
    committed(r, "g", "t", 0);
    leave(&m);
    commit_alone(r, "g", "t", 0, 2, "");
    committed(r, "g", "t", 0);
    member_close(&m);
}

static void long_metadata_is_refused(run *r)
{
    char text[4098];
    memset(text, 'm', sizeof text);
    text[4097] = '\0';
    create_topic(r, "t", 1, NULL);
    commit_alone(r, "g", "t", 0, 5, text);
    text[4096] = '\0';
    commit_alone(r, "g", "t", 0, 6, text);
    commit_alone(r, "g", "t", 0, 7, NULL);
    commit_alone(r, "", "t", 0, 7, NULL);
    committed(r, "g", "t", 0);
}

static void commits_in_each_state_of_a_group(run *r)
{
    create_topic(r, "t", 1, NULL);
    member a = {.group = "g"};
    member b = {.group = "g"};
    member_open(r, &a);
    member_open(r, &b);
    form_group(&a);
    commit_as(&a, "t", 0, 1);
    introduce(&b);
    join_send(&b);
    await_state(r, "g", "PreparingRebalance");
    commit_as(&a, "t", 0, 2);
    join(&a);
    join_receive(&b);
    commit_as(&a, "t", 0, 3);
    commit_as(&b, "t", 0, 4);
    committed(r, "g", "t", 0);
    sync_group(&a, NO_ASSIGNMENTS);
    commit_as(&b, "t", 0, 5);
    committed(r, "g", "t", 0);
    member_close(&a);
    member_close(&b);
}

/* ---- What admin clients do ---- */

static void groups_are_listed_by_state(run *r)
{
    create_topic(r, "t", 1, NULL);
    member m = {.group = "stable"};
    member_open(r, &m);
    form_group(&m);
    commit_alone(r, "empty", "t", 0, 1, "");
    list_groups(r, NULL);
    list_groups(r, "Stable");
    list_groups(r, "Empty");
    list_groups(r, "Nonsense");
    member_close(&m);
}

static void groups_are_deleted_when_empty(run *r)
{
    create_topic(r, "t", 1, NULL);
    member m = {.group = "g"};
    member_open(r, &m);
    form_group(&m);
    commit_as(&m, "t", 0, 1);
    delete_group(r, "g");
    leave(&m);
    delete_group(r, "g");
    delete_group(r, "g");
    describe_group(r, "g");
    committed(r, "g", "t", 0);
    member_close(&m);
}

static void offsets_of_a_group_are_deleted(run *r)
{
    create_topic(r, "t", 1, NULL);
    create_topic(r, "u", 1, NULL);
    member m = {.group = "g", .topic = "t"};
    member_open(r, &m);
    delete_offset(r, "nowhere", "t", 0);
    form_group(&m);
    commit_as(&m, "t", 0, 1);
    commit_as(&m, "u", 0, 1);
    delete_offset(r, "g", "t", 0);
    delete_offset(r, "g", "u", 0);
    committed(r, "g", "t", 0);
    committed(r, "g", "u", 0);
    leave(&m);
    delete_offset(r, "g", "t", 0);
    delete_offset(r, "g", "t", 0);
    delete_offset(r, "g", "missing", 0);
    committed(r, "g", "t", 0);
    member_close(&m);
}

const scenario group_scenarios[] = {
    SCENARIO(the_first_join_asks_for_a_member_id),
    SCENARIO(a_single_member_forms_a_group),
    SCENARIO(a_second_member_makes_a_rebalance),
    SCENARIO(the_leader_may_leave_members_out),
    SCENARIO(a_member_joins_again_in_a_stable_group),
    SCENARIO(a_leader_that_joins_again_makes_a_rebalance),
    SCENARIO(members_agree_on_a_protocol),
    SCENARIO(wrong_joins_are_refused),
    SCENARIO(unknown_members_and_generations_are_refused),
    SCENARIO(a_silent_member_is_removed),
    SCENARIO(a_static_member_is_replaced_without_a_rebalance),
    SCENARIO(a_static_member_has_to_name_its_instance_right),
    SCENARIO(offsets_are_committed_with_and_without_members),
    SCENARIO(long_metadata_is_refused),
    SCENARIO(commits_in_each_state_of_a_group),
    SCENARIO(groups_are_listed_by_state),
    SCENARIO(groups_are_deleted_when_empty),
    SCENARIO(offsets_of_a_group_are_deleted),
    {NULL, NULL},
};
