/* SPDX-License-Identifier: Apache-2.0
 *
 * The offsets of open transactions in a group, and which members may send them. */
#include "mock_groups_kit.h"

#include "group/txn_offsets.h"

#define test(name) cmocka_unit_test_setup_teardown(name, kit_set_up, kit_tear_down)

static int txn_commit(kit *k, const char *member, const char *instance, int32_t generation)
{
    const weir__membership who = {.group = weir_slice_of("g"),
                                  .member = weir_slice_of(member),
                                  .instance_id =
                                      instance != NULL ? weir_slice_of(instance) : (weir_slice){0},
                                  .generation = generation};
    weir__group *group = NULL;
    int error = weir__groups_txn_commit(&k->groups, &who, k->now_ms * 1000, &group);
    assert_int_equal(error == 0, group != NULL);
    return error;
}

/* The group, with no members. */
static weir__group *empty_group(kit *k)
{
    weir__group *group = NULL;
    assert_int_equal(
        weir__groups_commit(&k->groups,
                            &(weir__membership){.group = weir_slice_of("g"), .generation = -1}, 0,
                            &group),
        0);
    return group;
}

static weir__offset offset_of(weir__group *group, int32_t partition, int64_t offset)
{
    return (weir__offset){.topic = weir_slice_of("t"),
                          .partition = partition,
                          .offset = offset,
                          .metadata = weir_slice_of(""),
                          .written = ++group->offset_writes};
}

static void put_pending(weir__group *group, int64_t producer_id, int32_t partition, int64_t offset)
{
    const weir__offset put = offset_of(group, partition, offset);
    assert_int_equal(weir__txn_offsets_put(&group->txn_offsets, producer_id, &put), WEIR_OK);
}

/* Those that were committed, as a sum; those that were dropped count as -1000 each. */
static void add_up(const weir__offset *offset, bool is_committed, void *user)
{
    *(int64_t *)user += is_committed ? offset->offset : -1000;
}

static int64_t end(weir__group *group, int64_t producer_id, bool commit)
{
    int64_t sum = 0;
    assert_int_equal(weir__txn_offsets_end(&group->txn_offsets, producer_id, commit,
                                           &group->offsets, add_up, &sum),
                     WEIR_OK);
    return sum;
}

static int64_t committed(const weir__group *group, int32_t partition)
{
    const weir__offset *found = weir__offsets_find(&group->offsets, weir_slice_of("t"), partition);
    return found != NULL ? found->offset : -1;
}

static bool is_pending(const weir__group *group, int32_t partition)
{
    return weir__txn_offsets_has(group->txn_offsets, weir_slice_of("t"), partition);
}

static void offsets_wait_for_the_commit_of_their_own_producer(void **state)
{
    weir__group *group = empty_group(*state);
    put_pending(group, 1, 0, 10);
    put_pending(group, 2, 1, 20);
    put_pending(group, 1, 0, 11);
    assert_int_equal(committed(group, 0), -1);
    assert_true(is_pending(group, 0) && is_pending(group, 1) && !is_pending(group, 2));
    assert_int_equal(end(group, 1, true), 11);
    assert_int_equal(committed(group, 0), 11);
    assert_int_equal(committed(group, 1), -1);
    assert_true(!is_pending(group, 0) && is_pending(group, 1));
    end(group, 1, true); /* has none any more */
    assert_true(is_pending(group, 1));
}

static void offsets_of_an_aborted_transaction_are_dropped(void **state)
{
    weir__group *group = empty_group(*state);
    put_pending(group, 1, 0, 10);
    assert_int_equal(end(group, 1, false), -1000);
    assert_int_equal(committed(group, 0), -1);
    assert_false(is_pending(group, 0));
}

static void an_offset_that_was_committed_later_is_kept(void **state)
{
    weir__group *group = empty_group(*state);
    put_pending(group, 1, 0, 10);
    const weir__offset later = offset_of(group, 0, 5);
    assert_int_equal(weir__offsets_put(&group->offsets, &later), WEIR_OK);
    assert_int_equal(end(group, 1, true), -1000);
    assert_int_equal(committed(group, 0), 5);
}

static void a_removed_partition_is_not_committed(void **state)
{
    weir__group *group = empty_group(*state);
    put_pending(group, 1, 0, 10);
    put_pending(group, 1, 1, 20);
    weir__txn_offsets_remove(group->txn_offsets, weir_slice_of("t"), 0);
    end(group, 1, true);
    assert_int_equal(committed(group, 0), -1);
    assert_int_equal(committed(group, 1), 20);
}

static void members_of_the_generation_may_send_offsets(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_pair(k, &a, &b);
    assert_int_equal(txn_commit(k, a.id, NULL, 2), 0);
    assert_int_equal(txn_commit(k, b.id, NULL, 2), 0);
    assert_int_equal(txn_commit(k, a.id, NULL, 1), RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    assert_int_equal(txn_commit(k, a.id, NULL, -1), RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    assert_int_equal(txn_commit(k, "stranger", NULL, 2), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_int_equal(txn_commit(k, "", NULL, 2), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    assert_int_equal(txn_commit(k, a.id, "i", 2), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
}

static void offsets_are_taken_during_a_rebalance(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    client c = {0};
    form_pair(k, &a, &b);
    join(k, &c);
    assert_string_equal(group_state(k), "PreparingRebalance");
    assert_int_equal(txn_commit(k, a.id, NULL, 2), 0);
    join(k, &a);
    join(k, &b);
    assert_string_equal(group_state(k), "CompletingRebalance");
    assert_int_equal(txn_commit(k, a.id, NULL, 2), RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    assert_int_equal(txn_commit(k, a.id, NULL, 3), 0);
}

static void a_request_without_group_metadata_is_not_checked(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_pair(k, &a, &b);
    assert_int_equal(txn_commit(k, "", NULL, -1), 0);
}

static void a_group_is_made_for_a_request_without_group_metadata(void **state)
{
    kit *k = *state;
    assert_int_equal(txn_commit(k, "m", NULL, 1), RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
    assert_null(weir__groups_find(&k->groups, weir_slice_of("g")));
    assert_int_equal(txn_commit(k, "", NULL, -1), 0);
    assert_string_equal(group_state(k), "Empty");
    assert_int_equal(txn_commit(k, "m", NULL, 1), RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
}

static void a_static_member_that_was_replaced_is_fenced(void **state)
{
    kit *k = *state;
    client a = {0};
    client b = {0};
    form_pair(k, &a, &b);
    weir__member *member = weir__groups_find(&k->groups, weir_slice_of("g"))->first;
    member->instance_id = weir_slice_of("i");
    assert_int_equal(txn_commit(k, a.id, "i", 2), 0);
    assert_int_equal(txn_commit(k, b.id, "i", 2), RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
    assert_int_equal(txn_commit(k, "before", "i", 2), RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(offsets_wait_for_the_commit_of_their_own_producer),
        test(offsets_of_an_aborted_transaction_are_dropped),
        test(an_offset_that_was_committed_later_is_kept),
        test(a_removed_partition_is_not_committed),
        test(members_of_the_generation_may_send_offsets),
        test(offsets_are_taken_during_a_rebalance),
        test(a_request_without_group_metadata_is_not_checked),
        test(a_group_is_made_for_a_request_without_group_metadata),
        test(a_static_member_that_was_replaced_is_fenced),
    };
    return cmocka_run_group_tests_name("mock_txn_offsets", tests, NULL, NULL);
}
