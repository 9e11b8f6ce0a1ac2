/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors of a group coordinator: temporary ones are retried, a member whose membership has ended
 * rejoins, and fatal ones stop the instance, which reports why. */
#include <stdlib.h>
#include <string.h>

#include "support/scenario.h"

#define ROUND 40
#define TIMES 3 /* each error, one after the other */

/* Kafka's error codes. */
enum {
    BREAK = 0, /* none: the connection breaks instead of an answer */
    LOAD_IN_PROGRESS = 14,
    NOT_AVAILABLE = 15,
    NOT_COORDINATOR = 16,
    ILLEGAL_GENERATION = 22,
    UNKNOWN_MEMBER_ID = 25,
    REBALANCE_IN_PROGRESS = 27,
    GROUP_AUTHORIZATION_FAILED = 30,
    UNSTABLE_OFFSET_COMMIT = 88,
    END = INT16_MAX,
};

typedef struct trial {
    const char *api;
    int16_t code;
} trial;

/* `client_id` NULL: any. */
static void add_fault(weir_cluster *cluster, trial one, const char *client_id, int times)
{
    const weir_mock_fault fault = {.client_id = client_id,
                                   .api = one.api,
                                   .action =
                                       one.code == BREAK ? WEIR_MOCK_DISCONNECT : WEIR_MOCK_ERROR,
                                   .error_code = one.code,
                                   .times = times};
    weir_cluster_fault_add(cluster, NULL, &fault);
}

/* While a and b process, c joins; the effects of the error are over before the end. */
static void check_error(void **state, trial one, bool exact)
{
    print_message("    %s, error %d\n", one.api, one.code);
    scenario *all = scenario_new(state, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    scenario_start(all, "a", 1, NULL);
    scenario_start(all, "b", 1, NULL);
    scenario_feed(all, ROUND);
    scenario_settle(all);
    add_fault(cluster, one, NULL, TIMES);
    scenario_feed(all, ROUND);
    weir_cluster_run_for(cluster, WEIR_SECONDS(8)); /* past heartbeats and a commit */
    scenario_start(all, "c", 1, NULL);
    scenario_feed(all, ROUND);
    if (exact) {
        scenario_check_exact(all);
    } else {
        scenario_check_at_least_once(all);
    }
}

/* `codes` end with END. */
static void check_each_error(void **state, const char *api, const int16_t *codes, bool exact)
{
    for (size_t i = 0; codes[i] != END; i++) {
        check_error(state, (trial){api, codes[i]}, exact);
    }
}

/* With these errors no member loses a task, so nothing may count twice. */
static const int16_t passing[] = {BREAK, LOAD_IN_PROGRESS, NOT_AVAILABLE, NOT_COORDINATOR, END};

static void a_join_that_fails_temporarily_is_retried(void **state)
{
    check_each_error(state, "JoinGroup", passing, true);
}

static void a_member_unknown_to_the_coordinator_joins_as_a_new_one(void **state)
{
    static const int16_t codes[] = {UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, END};
    check_each_error(state, "JoinGroup", codes, true);
}

static void a_sync_that_fails_temporarily_ends_in_another_generation(void **state)
{
    static const int16_t codes[] = {REBALANCE_IN_PROGRESS, ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID,
                                    END};
    check_each_error(state, "SyncGroup", passing, true);
    check_each_error(state, "SyncGroup", codes, true);
}

static void a_heartbeat_that_fails_temporarily_changes_nothing(void **state)
{
    check_each_error(state, "Heartbeat", passing, true);
}

static void a_heartbeat_that_asks_for_a_rebalance_costs_nothing(void **state)
{
    static const int16_t codes[] = {REBALANCE_IN_PROGRESS, END};
    check_each_error(state, "Heartbeat", codes, true);
}

/* The membership has ended: records processed since the last commit are processed again. */
static void a_heartbeat_that_is_refused_makes_the_member_rejoin(void **state)
{
    static const int16_t codes[] = {ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, END};
    check_each_error(state, "Heartbeat", codes, false);
}

static void a_commit_that_the_coordinator_cannot_take_yet_is_retried(void **state)
{
    static const int16_t codes[] = {LOAD_IN_PROGRESS, END};
    check_each_error(state, "OffsetCommit", codes, true);
}

/* librdkafka keeps the commit and retries it. If the connection ends before it is open, librdkafka
 * takes that for another failure of the coordinator, and may repeat this until the session expires.
 * So the test can only require that no record is lost. */
static void a_commit_that_finds_no_coordinator_loses_nothing(void **state)
{
    static const int16_t codes[] = {BREAK, NOT_AVAILABLE, NOT_COORDINATOR, END};
    check_each_error(state, "OffsetCommit", codes, false);
}

static void a_commit_in_a_rebalance_is_retried(void **state)
{
    static const int16_t codes[] = {REBALANCE_IN_PROGRESS, END};
    check_each_error(state, "OffsetCommit", codes, false);
}

static void a_commit_that_is_refused_ends_the_membership(void **state)
{
    static const int16_t codes[] = {ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, END};
    check_each_error(state, "OffsetCommit", codes, false);
}

static void committed_offsets_that_cannot_be_read_yet_are_requested_again(void **state)
{
    static const int16_t codes[] = {UNSTABLE_OFFSET_COMMIT, END};
    check_each_error(state, "OffsetFetch", passing, true);
    check_each_error(state, "OffsetFetch", codes, true);
}

static void a_coordinator_that_is_not_found_is_searched_again(void **state)
{
    static const int16_t codes[] = {BREAK, NOT_AVAILABLE, END};
    check_each_error(state, "FindCoordinator", codes, true);
}

static void members_that_cannot_be_listed_yet_are_requested_again(void **state)
{
    check_each_error(state, "DescribeGroups", passing, true);
}

/* ---- Fatal errors ------------------------------------------------------------------------- */

static bool in_error(weir_cluster *cluster, void *instance)
{
    (void)cluster;
    return weir_instance_state(instance) == WEIR_STATE_ERROR;
}

/* b gets a fatal error; a continues alone. */
static scenario *refuse(void **state, trial one, const char *words)
{
    print_message("    %s, error %d\n", one.api, one.code);
    scenario *all = scenario_new(state, NULL);
    weir_cluster *cluster = scenario_cluster(all);
    scenario_start(all, "a", 1, NULL);
    scenario_feed(all, ROUND);
    scenario_settle(all);
    add_fault(cluster, one, "b-StreamThread-1-consumer", WEIR_MOCK_ALWAYS);
    weir_instance *b = scenario_start(all, "b", 1, NULL);
    if (strcmp(one.api, "OffsetCommit") == 0) {
        scenario_settle(all); /* b has its tasks */
    }
    scenario_feed(all, ROUND);
    weir_run_until_with(cluster, in_error, b, WEIR_MINUTES(5));
    assert_int_not_equal(scenario_warnings(all, words), 0);
    assert_int_equal(weir_instance_close(b, WEIR_MINUTES(1)), WEIR_OK);
    scenario_feed(all, ROUND);
    return all;
}

static void a_group_that_may_not_be_joined_stops_the_instance(void **state)
{
    scenario_check_exact(refuse(state, (trial){"JoinGroup", GROUP_AUTHORIZATION_FAILED},
                                "Group authorization failed"));
}

static void a_commit_that_is_forbidden_stops_the_instance(void **state)
{
    /* Its output is written, its offsets are not. */
    scenario_check_at_least_once(refuse(state, (trial){"OffsetCommit", GROUP_AUTHORIZATION_FAILED},
                                        "Group authorization failed"));
}

static void committed_offsets_that_may_not_be_read_stop_the_instance(void **state)
{
    scenario_check_exact(refuse(state, (trial){"OffsetFetch", GROUP_AUTHORIZATION_FAILED},
                                "Group authorization failed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_join_that_fails_temporarily_is_retried),
        cluster_test(a_member_unknown_to_the_coordinator_joins_as_a_new_one),
        cluster_test(a_sync_that_fails_temporarily_ends_in_another_generation),
        cluster_test(a_heartbeat_that_fails_temporarily_changes_nothing),
        cluster_test(a_heartbeat_that_asks_for_a_rebalance_costs_nothing),
        cluster_test(a_heartbeat_that_is_refused_makes_the_member_rejoin),
        cluster_test(a_commit_that_the_coordinator_cannot_take_yet_is_retried),
        cluster_test(a_commit_that_finds_no_coordinator_loses_nothing),
        cluster_test(a_commit_in_a_rebalance_is_retried),
        cluster_test(a_commit_that_is_refused_ends_the_membership),
        cluster_test(committed_offsets_that_cannot_be_read_yet_are_requested_again),
        cluster_test(a_coordinator_that_is_not_found_is_searched_again),
        cluster_test(members_that_cannot_be_listed_yet_are_requested_again),
        cluster_test(a_group_that_may_not_be_joined_stops_the_instance),
        cluster_test(a_commit_that_is_forbidden_stops_the_instance),
        cluster_test(committed_offsets_that_may_not_be_read_stop_the_instance),
    };
    return cmocka_run_group_tests_name("coordinator_errors", tests, NULL, NULL);
}
