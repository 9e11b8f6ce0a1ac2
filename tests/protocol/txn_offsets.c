/* SPDX-License-Identifier: Apache-2.0
 *
 * Offsets in transactions: stored at the commit, checked against the group (KIP-447). */
#include "groups.h"
#include "scenarios.h"

static const membership nobody = {-1, NULL, NULL};

/* A topic, and a producer with the group's offsets in its transaction. */
static producer begin(run *r, full_name *name)
{
    create_topic(r, "t", 1, NULL);
    commit_alone(r, "g", "t", 0, 1, "");
    producer p = init_txn(r, "txn", name);
    add_offsets(r, &p, "g");
    return p;
}

static void offsets_are_stored_at_the_commit(run *r)
{
    full_name name;
    producer p = begin(r, &name);
    commit_in_txn(r, &p, "g", &nobody, "t", 0, 5);
    committed(r, "g", "t", 0);
    committed_stable(r, "g", "t", 0);
    end_txn(r, &p, true);
    complete(r, &p);
    committed(r, "g", "t", 0);
    committed_stable(r, "g", "t", 0);
}

static void offsets_of_an_aborted_transaction_are_dropped(run *r)
{
    full_name name;
    producer p = begin(r, &name);
    commit_in_txn(r, &p, "g", &nobody, "t", 0, 5);
    commit_in_txn(r, &p, "g", &nobody, "t", 0, 6);
    end_txn(r, &p, false);
    complete(r, &p);
    committed(r, "g", "t", 0);
    committed_stable(r, "g", "t", 0);
}

static void the_last_offset_of_a_transaction_counts(run *r)
{
    full_name name;
    producer p = begin(r, &name);
    commit_in_txn(r, &p, "g", &nobody, "t", 0, 8);
    commit_in_txn(r, &p, "g", &nobody, "t", 0, 6);
    commit_alone(r, "g", "t", 0, 3, "");
    committed(r, "g", "t", 0);
    end_txn(r, &p, true);
    complete(r, &p);
    committed(r, "g", "t", 0);
}

static void a_commit_outside_is_later_than_one_that_is_pending(run *r)
{
    full_name name;
    producer p = begin(r, &name);
    commit_in_txn(r, &p, "g", &nobody, "t", 0, 5);
    commit_alone(r, "g", "t", 0, 9, "");
    end_txn(r, &p, true);
    complete(r, &p);
    committed(r, "g", "t", 0);
}

static void a_fenced_producer_leaves_no_pending_offsets(run *r)
{
    full_name name;
    producer old = begin(r, &name);
    commit_in_txn(r, &old, "g", &nobody, "t", 0, 5);
    producer now = init_txn(r, "txn", &name);
    complete(r, &now);
    committed_stable(r, "g", "t", 0);
    commit_in_txn(r, &old, "g", &nobody, "t", 0, 6);
    add_offsets(r, &now, "g");
    commit_in_txn(r, &now, "g", &nobody, "t", 0, 7);
    end_txn(r, &now, true);
    complete(r, &now);
    committed_stable(r, "g", "t", 0);
}

static void generations_and_members_are_checked(run *r)
{
    full_name name;
    producer p = begin(r, &name);
    member m = {.group = "g"};
    member_open(r, &m);
    form_group(&m);
    membership right = membership_of(&m);
    membership past = right;
    membership future = right;
    membership stranger = {right.generation, "stranger", NULL};
    past.generation--;
    future.generation++;
    commit_in_txn(r, &p, "g", &past, "t", 0, 2);
    commit_in_txn(r, &p, "g", &future, "t", 0, 3);
    commit_in_txn(r, &p, "g", &stranger, "t", 0, 4);
    commit_in_txn(r, &p, "g", &nobody, "t", 0, 5);
    commit_in_txn(r, &p, "g", &right, "t", 0, 6);
    end_txn(r, &p, true);
    complete(r, &p);
    committed(r, "g", "t", 0);
    member_close(&m);
}

static void instances_are_checked(run *r)
{
    full_name name;
    producer p = begin(r, &name);
    member m = {.group = "g", .instance = "i"};
    member_open(r, &m);
    form_group(&m);
    membership right = membership_of(&m);
    membership wrong = {right.generation, "made-up", "i"};
    membership unknown = {right.generation, m.id, "j"};
    commit_in_txn(r, &p, "g", &wrong, "t", 0, 2);
    commit_in_txn(r, &p, "g", &unknown, "t", 0, 3);
    commit_in_txn(r, &p, "g", &right, "t", 0, 4);
    end_txn(r, &p, true);
    complete(r, &p);
    committed(r, "g", "t", 0);
    member_close(&m);
}

static void offsets_of_a_transaction_in_a_rebalance(run *r)
{
    full_name name;
    producer p = begin(r, &name);
    member a = {.group = "g"};
    member b = {.group = "g"};
    begin_rebalance(r, &a, &b);
    membership as = membership_of(&a);
    commit_in_txn(r, &p, "g", &as, "t", 0, 5);
    join(&a);
    join_receive(&b);
    commit_in_txn(r, &p, "g", &as, "t", 0, 6);
    as = membership_of(&a);
    commit_in_txn(r, &p, "g", &as, "t", 0, 7);
    end_txn(r, &p, true);
    complete(r, &p);
    committed(r, "g", "t", 0);
    member_close(&a);
    member_close(&b);
}

static void offsets_need_a_transaction_that_has_them(run *r)
{
    full_name name;
    create_topic(r, "t", 1, NULL);
    producer p = init_txn(r, "txn", &name);
    commit_in_txn(r, &p, "g", &nobody, "t", 0, 5);
    add_offsets(r, &p, "other");
    commit_in_txn(r, &p, "g", &nobody, "t", 0, 6);
    end_txn(r, &p, false);
    complete(r, &p);
    committed(r, "g", "t", 0);
}

static void a_group_with_pending_offsets_is_not_deleted(run *r)
{
    full_name name;
    producer p = begin(r, &name);
    commit_in_txn(r, &p, "g", &nobody, "t", 0, 5);
    delete_offset(r, "g", "t", 0);
    end_txn(r, &p, true);
    complete(r, &p);
    committed(r, "g", "t", 0);
    delete_group(r, "g");
    committed(r, "g", "t", 0);
}

static void offsets_and_records_end_together(run *r)
{
    full_name name;
    producer p = begin(r, &name);
    add_partition(r, &p, "t", 0);
    produce(r, "t", 0, &(batch){.values = {"a"}, .by = &p, .transactional = true});
    commit_in_txn(r, &p, "g", &nobody, "t", 0, 5);
    commit_in_txn(r, &p, "g", &nobody, "missing", 0, 5);
    end_txn(r, &p, true);
    complete(r, &p);
    committed(r, "g", "t", 0);
    fetch_committed(r, "t", 0, 0);
}

const scenario txn_offset_scenarios[] = {
    SCENARIO(offsets_are_stored_at_the_commit),
    SCENARIO(offsets_of_an_aborted_transaction_are_dropped),
    SCENARIO(the_last_offset_of_a_transaction_counts),
    SCENARIO(a_commit_outside_is_later_than_one_that_is_pending),
    SCENARIO(a_fenced_producer_leaves_no_pending_offsets),
    SCENARIO(generations_and_members_are_checked),
    SCENARIO(instances_are_checked),
    SCENARIO(offsets_of_a_transaction_in_a_rebalance),
    SCENARIO(offsets_need_a_transaction_that_has_them),
    SCENARIO(a_group_with_pending_offsets_is_not_deleted),
    SCENARIO(offsets_and_records_end_together),
    {NULL, NULL},
};
