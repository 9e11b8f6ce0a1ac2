/* SPDX-License-Identifier: Apache-2.0
 *
 * The main consumer as a member of its group, on a mock cluster. */
#include "unit/client_kit.h"

#define GROUP "client-test"
#define COORDINATOR_NOT_AVAILABLE 15
#define ILLEGAL_GENERATION 22
#define ASSIGNMENTS 300
#define CLOSES 500

/* A member of the group, and the events that it got. */
typedef struct member {
    weir__consumer *consumer;
    const char *topic;
    int joins;
    int revokes;
    int losses;
    size_t given;
    int32_t generation;
    char id[128];
    weir_err commit_at_revoke; /* of t[0] at offset 9 */
} member;

static void on_joined(const weir__topic_partition *given, size_t count, void *user)
{
    member *m = user;
    const char *id = NULL;
    assert_int_equal(weir__consumer_membership(m->consumer, &m->generation, &id), WEIR_OK);
    snprintf(m->id, sizeof m->id, "%s", id);
    m->given = count;
    m->joins++;
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(given[i].topic, m->topic);
    }
    assert_int_equal(weir__consumer_assign(m->consumer, NULL, 0, NULL), WEIR_ESTATE);
}

static void on_revoked(void *user)
{
    member *m = user;
    weir__offset offset = {{"t", 0}, 9, NULL};
    m->commit_at_revoke = weir__consumer_commit(m->consumer, &offset, 1, NULL);
    m->revokes++;
}

static void on_lost(void *user)
{
    member *m = user;
    weir__offset offset = {{"t", 0}, 9, NULL};
    assert_int_equal(weir__consumer_commit(m->consumer, &offset, 1, NULL), WEIR_EFENCED);
    m->losses++;
}

static void start(fixture *f, member *m, const char *const *topics)
{
    weir_error error = {0};
    weir__consumer_events events = {
        .on_joined = on_joined, .on_revoked = on_revoked, .on_lost = on_lost, .user = m};
    *m = (member){.topic = topics[0], .commit_at_revoke = WEIR_EINVAL};
    must(weir__consumer_new(&f->opts, WEIR__MAIN_CONSUMER, &events, &m->consumer, &error), &error);
    must(weir__consumer_subscribe(m->consumer, topics, &error), &error);
}

static void poll_all(member **members, size_t count)
{
    weir_error error = {0};
    weir__message *out[16];
    size_t got;
    for (size_t i = 0; i < count; i++) {
        must(weir__consumer_poll(members[i]->consumer, POLL_MS / 5, out, 16, &got, &error), &error);
        assert_int_equal(got, 0);
    }
}

/* Polls until each has joined that often. */
static void wait_joined(member **members, size_t count, int joins)
{
    for (int i = 0; i < POLLS_MAX * 5; i++) {
        size_t done = 0;
        for (size_t m = 0; m < count; m++) {
            done += members[m]->joins >= joins ? 1 : 0;
        }
        if (done == count) {
            return;
        }
        poll_all(members, count);
    }
    fail_msg("not all %zu members have joined %d times", count, joins);
}

static const char *const subscription[] = {"t", NULL};

static void a_member_gets_its_generation_and_its_partitions(void **state)
{
    fixture *f = *state;
    member a;
    start(f, &a, subscription);
    wait_joined((member *[]){&a}, 1, 1);
    assert_int_equal(a.given, 4);
    assert_int_equal(a.generation, 1);
    assert_true(a.id[0] != '\0');
    assert_int_equal(weir__consumer_position(a.consumer, (weir__topic_partition){"t", 0}), -1);
    weir__consumer_close(a.consumer);
    assert_int_equal(a.revokes, 1);
    assert_int_equal(a.losses, 0);
}

/* A caller's lock. */
typedef struct locked {
    bool held;
    int releases;
    int joins;
    int revokes;
} locked;

static void take_lock(void *user)
{
    locked *at = user;
    assert_false(at->held);
    at->held = true;
}

static void release_lock(void *user)
{
    locked *at = user;
    assert_true(at->held);
    at->held = false;
    at->releases++;
}

static void on_joined_locked(const weir__topic_partition *given, size_t count, void *user)
{
    locked *at = user;
    (void)given;
    (void)count;
    assert_true(at->held);
    at->joins++;
}

static void on_revoked_locked(void *user)
{
    locked *at = user;
    assert_true(at->held);
    at->revokes++;
}

static void the_callers_lock_is_held_in_events_and_released_while_a_poll_waits(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir__message *out[16];
    size_t got;
    locked at = {0};
    weir__consumer *consumer = NULL;
    weir__consumer_events events = {.lock = take_lock,
                                    .unlock = release_lock,
                                    .on_joined = on_joined_locked,
                                    .on_revoked = on_revoked_locked,
                                    .user = &at};
    must(weir__consumer_new(&f->opts, WEIR__MAIN_CONSUMER, &events, &consumer, &error), &error);
    must(weir__consumer_subscribe(consumer, subscription, &error), &error);
    at.held = true;
    for (int i = 0; i < POLLS_MAX && at.joins == 0; i++) {
        int before = at.releases;
        must(weir__consumer_poll(consumer, POLL_MS, out, 16, &got, &error), &error);
        assert_true(at.held);
        assert_true(at.releases > before);
    }
    assert_int_equal(at.joins, 1);
    at.held = false; /* a close is not made under the lock */
    weir__consumer_close(consumer);
    assert_int_equal(at.revokes, 1);
    assert_false(at.held);
}

static void other_partitions_than_the_given_are_read_and_committed(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    member a;
    member b;
    weir__message *out[5];
    send_numbers(f, "one", 0, 5);
    start(f, &a, subscription);
    start(f, &b, subscription);
    wait_joined((member *[]){&a, &b}, 2, 1);
    while (a.given + b.given != 4) { /* one may have been first, alone */
        poll_all((member *[]){&a, &b}, 2);
    }
    weir__offset one = {{"one", 0}, 0, NULL};
    must(weir__consumer_assign(a.consumer, &one, 1, &error), &error);
    weir__consumer *restoring = f->consumer;
    f->consumer = a.consumer;
    receive(f, out, 5);
    f->consumer = restoring;
    free_all(out, 5);
    weir__offset commits[] = {{{"one", 0}, 5, "AgAAAYvP5W/Q"}, {{"t", 3}, 2, NULL}};
    must(weir__consumer_commit(a.consumer, commits, 2, &error), &error);
    weir__offset asked[] = {{{"t", 3}, 0, NULL}, {{"one", 0}, 0, NULL}, {{"t", 1}, 0, NULL}};
    must(weir__consumer_committed(b.consumer, asked, 3, 10000, &error), &error);
    assert_int_equal(asked[0].offset, 2);
    assert_null(asked[0].metadata);
    assert_int_equal(asked[1].offset, 5);
    assert_string_equal(asked[1].metadata, "AgAAAYvP5W/Q");
    assert_int_equal(asked[2].offset, -1);
    weir__offsets_free(asked, 3);
    weir__consumer_close(a.consumer);
    weir__consumer_close(b.consumer);
}

static void a_rebalance_revokes_and_the_last_commit_is_taken(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    member a;
    member b;
    int32_t generation;
    const char *id;
    start(f, &a, subscription);
    wait_joined((member *[]){&a}, 1, 1);
    weir__offset all = {{"t", 0}, 0, NULL};
    must(weir__consumer_assign(a.consumer, &all, 1, &error), &error);
    start(f, &b, subscription);
    wait_joined((member *[]){&a, &b}, 2, 1);
    wait_joined((member *[]){&a}, 1, 2);
    assert_int_equal(a.revokes, 1);
    assert_int_equal(a.commit_at_revoke, WEIR_OK);
    assert_int_equal(weir_mock_committed(f->mock, GROUP, "t", 0, NULL, 0), 9);
    assert_int_equal(a.generation, b.generation);
    assert_int_equal(a.given, 2);
    assert_int_equal(b.given, 2);
    assert_int_equal(weir__consumer_position(a.consumer, all.at), -1);
    assert_int_equal(weir__consumer_membership(a.consumer, &generation, &id), WEIR_OK);
    weir__consumer_close(b.consumer);
    wait_joined((member *[]){&a}, 1, 3);
    assert_int_equal(a.given, 4);
    weir__consumer_close(a.consumer);
}

static void a_member_without_partitions_is_notified_of_rebalances_too(void **state)
{
    fixture *f = *state;
    static const char *const one[] = {"one", NULL};
    weir_error error = {0};
    member a = {0};
    member b = {0};
    member *both[] = {&a, &b};
    weir__consumer_events events[] = {{.on_revoked = on_revoked, .user = &a},
                                      {.on_revoked = on_revoked, .user = &b}};
    int32_t generation[2] = {0, 0};
    const char *id;
    for (int i = 0; i < 2; i++) {
        must(weir__consumer_new(&f->opts, WEIR__MAIN_CONSUMER, &events[i], &both[i]->consumer,
                                &error),
             &error);
        must(weir__consumer_subscribe(both[i]->consumer, one, &error), &error);
    }
    for (int i = 0; i < POLLS_MAX && (generation[0] == 0 || generation[0] != generation[1]); i++) {
        poll_all(both, 2);
        weir__consumer_membership(a.consumer, &generation[0], &id);
        weir__consumer_membership(b.consumer, &generation[1], &id);
    }
    assert_int_equal(generation[0], generation[1]);
    int before = a.revokes + b.revokes;
    weir__consumer_close(a.consumer);
    for (int i = 0; i < POLLS_MAX && weir__consumer_membership(b.consumer, &generation[1], &id) +
                                             (generation[1] == generation[0]) !=
                                         0;
         i++) {
        poll_all(&both[1], 1);
    }
    assert_int_equal(generation[1], generation[0] + 1);
    assert_int_equal(a.revokes + b.revokes, before + 2);
    weir__consumer_close(b.consumer);
}

static void a_refused_commit_ends_the_membership_and_loses_the_partitions(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    member a;
    start(f, &a, subscription);
    wait_joined((member *[]){&a}, 1, 1);
    must(weir_mock_fault_add(
             f->mock, &(weir_mock_fault){.api = "OffsetCommit", .error_code = ILLEGAL_GENERATION},
             NULL, &error),
         &error);
    weir__offset offset = {{"t", 0}, 4, NULL};
    assert_int_equal(weir__consumer_commit(a.consumer, &offset, 1, &error), WEIR_EFENCED);
    wait_joined((member *[]){&a}, 1, 2);
    assert_int_equal(a.losses, 1);
    assert_int_equal(a.revokes, 0);
    assert_int_equal(weir_mock_committed(f->mock, GROUP, "t", 0, NULL, 0), -1);
    weir__consumer_close(a.consumer);
}

static void a_commit_outlives_a_coordinator_that_is_not_there_yet(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    member a;
    start(f, &a, subscription);
    wait_joined((member *[]){&a}, 1, 1);
    must(weir_mock_fault_add(
             f->mock,
             &(weir_mock_fault){.api = "OffsetCommit", .error_code = COORDINATOR_NOT_AVAILABLE},
             NULL, &error),
         &error);
    weir__offset offset = {{"t", 0}, 4, NULL};
    must(weir__consumer_commit(a.consumer, &offset, 1, &error), &error);
    assert_int_equal(weir_mock_committed(f->mock, GROUP, "t", 0, NULL, 0), 4);
    weir__consumer_close(a.consumer);
}

static void a_missing_source_topic_is_reported_by_name(void **state)
{
    fixture *f = *state;
    static const char *const topics[] = {"t", "not-there", NULL};
    weir_error error = {0};
    weir_err err = WEIR_OK;
    member a;
    start(f, &a, topics);
    for (int i = 0; i < POLLS_MAX && err == WEIR_OK; i++) {
        weir__message *message;
        size_t got;
        err = weir__consumer_poll(a.consumer, POLL_MS, &message, 1, &got, &error);
    }
    assert_int_equal(err, WEIR_EMISSING_TOPIC);
    assert_non_null(strstr(error.message, "not-there: "));
    weir__consumer_close(a.consumer);
}

/* Polls until the loss of its partitions is reported; returns the failure reported with it, or
 * WEIR_OK. */
static weir_err poll_until_lost(member *m, weir_error *error)
{
    weir_err err = WEIR_OK;
    for (int i = 0; i < POLLS_MAX && (m->losses == 0 || i < 10); i++) {
        weir__message *message;
        size_t got;
        weir_err now = weir__consumer_poll(m->consumer, POLL_MS, &message, 1, &got, error);
        err = now != WEIR_OK ? now : err;
    }
    assert_int_equal(m->losses, 1);
    assert_int_equal(m->revokes, 0);
    return err;
}

static void start_impatient(fixture *f, member *m)
{
    weir_config_set(f->config, "main.consumer.session.timeout.ms", "6000", NULL);
    weir_config_set(f->config, "main.consumer.max.poll.interval.ms", "6000", NULL);
    start(f, m, subscription);
}

static void a_consumer_past_max_poll_interval_is_notified(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    member a;
    start_impatient(f, &a);
    wait_joined((member *[]){&a}, 1, 1);
    weir_sim_sleep_us(8 * 1000000);
    assert_int_equal(poll_until_lost(&a, &error), WEIR_EFENCED);
    assert_non_null(strstr(error.message, "maximum poll interval"));
    weir__consumer_close(a.consumer);
}

/* Timers decide whether the member already knows that its membership has ended; the broker knows.
 */
static void a_member_that_missed_a_rebalance_commits_nothing_any_more(void **state)
{
    fixture *f = *state;
    member a;
    member b;
    start_impatient(f, &a);
    wait_joined((member *[]){&a}, 1, 1);
    start_impatient(f, &b);
    wait_joined((member *[]){&b}, 1, 1); /* after a's rebalance timeout */
    for (int i = 0; i < POLLS_MAX && a.losses + a.revokes == 0; i++) {
        weir__message *message;
        size_t got;
        weir__consumer_poll(a.consumer, POLL_MS, &message, 1, &got, NULL);
    }
    assert_int_equal(a.losses + a.revokes, 1);
    assert_int_equal(a.commit_at_revoke, a.revokes == 1 ? WEIR_EFENCED : WEIR_EINVAL);
    assert_int_equal(weir_mock_committed(f->mock, GROUP, "t", 0, NULL, 0), -1);
    weir__consumer_close(a.consumer);
    weir__consumer_close(b.consumer);
}

/* librdkafka aborted the process here: a second assignment was made before it had handled the
 * messages by which the first one stopped partitions. */
static void assignments_may_follow_each_other_at_once(void **state)
{
    fixture *f = *state;
    weir_error error = {0};
    weir__offset all[4];
    member a;
    start(f, &a, subscription);
    wait_joined((member *[]){&a}, 1, 1);
    for (int i = 0; i < ASSIGNMENTS; i++) {
        for (int32_t partition = 0; partition < 4; partition++) {
            all[partition] =
                (weir__offset){{"t", partition}, i % 2 == 0 ? 0 : WEIR__OFFSET_BEGINNING, NULL};
        }
        must(weir__consumer_assign(a.consumer, all, 4, &error), &error);
        if (i % 3 == 0) {
            poll_all((member *[]){&a}, 1);
        }
    }
    weir__consumer_close(a.consumer);
}

/* librdkafka may end the membership before it has read the reply to its rebalance event, and then
 * never answers that reply. */
static void a_member_that_has_not_read_its_assignment_may_close(void **state)
{
    fixture *f = *state;
    member a;
    start(f, &a, (const char *const[]){"one", NULL});
    wait_joined((member *[]){&a}, 1, 1);
    for (int i = 0; i < CLOSES; i++) {
        member b;
        int joins = a.joins;
        start(f, &b, (const char *const[]){"one", NULL});
        wait_joined((member *[]){&a}, 1, joins + 1); /* one member gets no partitions */
        weir__consumer_close(b.consumer);
        wait_joined((member *[]){&a}, 1, joins + 2);
    }
    weir__consumer_close(a.consumer);
}

/* The answers to its last requests arrive while it leaves. */
static void a_member_that_enters_a_new_generation_may_close(void **state)
{
    fixture *f = *state;
    for (int i = 0; i < CLOSES; i++) {
        member a;
        member b;
        start(f, &a, subscription);
        start(f, &b, subscription);
        wait_joined((member *[]){&a, &b}, 2, 1);
        weir__consumer_close(a.consumer);
        while (b.revokes == 0) {
            size_t got;
            weir__message *message;
            weir_error error = {0};
            must(weir__consumer_poll(b.consumer, POLL_MS / 5, &message, 1, &got, &error), &error);
        }
        weir_sim_sleep_us(i % 100 * 2);
        weir__consumer_close(b.consumer);
    }
}

static int set_up_random(void **state)
{
    return set_up_cluster_with(state, WEIR_SIM_RANDOM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        test(a_member_gets_its_generation_and_its_partitions),
        test(the_callers_lock_is_held_in_events_and_released_while_a_poll_waits),
        test(other_partitions_than_the_given_are_read_and_committed),
        test(a_rebalance_revokes_and_the_last_commit_is_taken),
        test(a_member_without_partitions_is_notified_of_rebalances_too),
        test(a_refused_commit_ends_the_membership_and_loses_the_partitions),
        test(a_commit_outlives_a_coordinator_that_is_not_there_yet),
        test(a_missing_source_topic_is_reported_by_name),
        test(a_consumer_past_max_poll_interval_is_notified),
        test(a_member_that_missed_a_rebalance_commits_nothing_any_more),
        cmocka_unit_test_setup_teardown(assignments_may_follow_each_other_at_once, set_up_random,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_member_that_enters_a_new_generation_may_close,
                                        set_up_random, tear_down),
        cmocka_unit_test_setup_teardown(a_member_that_has_not_read_its_assignment_may_close,
                                        set_up_random, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
