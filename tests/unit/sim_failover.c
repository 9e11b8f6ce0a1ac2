/* SPDX-License-Identifier: Apache-2.0
 *
 * The unmodified librdkafka, with its own mock cluster, in the simulation: two group members on two
 * hosts. One crashes; the other gets its partitions when the session has expired. */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdatomic.h>

#include "unit/support/rerun.h"

#define RECORDS 1000
#define PARTITIONS 4

typedef struct member {
    const char *bootstrap;
    const char *name;
    weir_host *host;
    atomic_int assigned;
    atomic_int consumed;
    atomic_bool leave;
    atomic_bool left;
} member;

typedef struct cluster {
    rd_kafka_t *carrier;
    rd_kafka_mock_cluster_t *mock;
    member a;
    member b;
} cluster;

static rd_kafka_t *client(rd_kafka_type_t type, const char *const settings[][2], size_t count)
{
    char text[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < count; i++) {
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof text)) {
            abort();
        }
    }
    rd_kafka_t *rk = rd_kafka_new(type, conf, text, sizeof text);
    if (!rk) {
        abort();
    }
    return rk;
}

static void note_assignment(rd_kafka_t *rk, member *own)
{
    rd_kafka_topic_partition_list_t *list;
    if (rd_kafka_assignment(rk, &list)) {
        abort();
    }
    if (list->cnt != own->assigned) {
        own->assigned = list->cnt;
        weir_sim_trace("assigned", "%d", own->assigned);
        weir_sim_notify();
    }
    rd_kafka_topic_partition_list_destroy(list);
}

static void consume(void *arg)
{
    member *own = arg;
    const char *const settings[][2] = {
        {"bootstrap.servers", own->bootstrap},
        {"group.id", "group"},
        {"client.id", own->name},
        {"auto.offset.reset", "earliest"},
        {"log_level", "3"},
        {"fetch.wait.max.ms", "50"},
        {"partition.assignment.strategy", "range"},
    };
    rd_kafka_t *rk = client(RD_KAFKA_CONSUMER, settings, sizeof settings / sizeof *settings);
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(topics, "input", RD_KAFKA_PARTITION_UA);
    rd_kafka_poll_set_consumer(rk);
    rd_kafka_subscribe(rk, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    while (!own->leave) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, 100);
        if (message && !message->err) {
            own->consumed++;
            weir_sim_notify();
        }
        if (message) {
            rd_kafka_message_destroy(message);
        }
        note_assignment(rk, own);
    }
    rd_kafka_consumer_close(rk);
    rd_kafka_destroy(rk);
    own->left = true;
    weir_sim_notify();
}

static void produce(const char *bootstrap)
{
    const char *const settings[][2] = {
        {"bootstrap.servers", bootstrap}, {"linger.ms", "0"}, {"enable.idempotence", "true"}};
    rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, settings, sizeof settings / sizeof *settings);
    for (int i = 0; i < RECORDS; i++) {
        char key[16];
        int len = snprintf(key, sizeof key, "key%d", i);
        if (rd_kafka_producev(rk, RD_KAFKA_V_TOPIC("input"), RD_KAFKA_V_KEY(key, (size_t)len),
                              RD_KAFKA_V_VALUE("value", 5), RD_KAFKA_V_END)) {
            abort();
        }
    }
    rd_kafka_flush(rk, 10000);
    rd_kafka_destroy(rk);
}

static void member_start(member *m, const char *name, const char *bootstrap)
{
    *m = (member){.bootstrap = bootstrap, .name = name, .host = weir_sim_host_new(name)};
    weir_sim_host_run(m->host, name, consume, m);
}

static void cluster_start(cluster *c, rerun what)
{
    const char *const settings[][2] = {{"client.id", "mock"}, {"log_level", "0"}};
    weir_error error;
    weir_sim_opts opts = {.seed = what.seed, .policy = what.policy, .backend = what.backend};
    if (weir_sim_start(&opts, &error)) {
        fprintf(stderr, "%s\n", error.message);
        abort();
    }
    c->carrier = client(RD_KAFKA_PRODUCER, settings, 2);
    c->mock = rd_kafka_mock_cluster_new(c->carrier, 3);
    rd_kafka_mock_topic_create(c->mock, "input", PARTITIONS, 1);
    const char *bootstrap = rd_kafka_mock_cluster_bootstraps(c->mock);
    produce(bootstrap);
    member_start(&c->a, "a", bootstrap);
    member_start(&c->b, "b", bootstrap);
    while (c->a.consumed + c->b.consumed < RECORDS || c->a.assigned != PARTITIONS / 2 ||
           c->b.assigned != PARTITIONS / 2) {
        weir_sim_wait(weir_sim_now_us() + 60 * SECOND);
    }
}

static void await_takeover(cluster *c)
{
    while (c->a.assigned != PARTITIONS) {
        weir_sim_wait(weir_sim_now_us() + 600 * SECOND);
    }
}

static void leave(member *m)
{
    m->leave = true;
    while (!m->left) {
        weir_sim_wait(weir_sim_now_us() + 60 * SECOND);
    }
}

static void cluster_stop(cluster *c)
{
    leave(&c->a);
    if (weir_sim_host_alive(c->b.host)) {
        leave(&c->b);
    }
    rd_kafka_mock_cluster_destroy(c->mock);
    rd_kafka_destroy(c->carrier);
    weir_sim_stop();
}

/* Each branch runs through the crash and the failover by itself. */
static bool branch_off(cluster *c, int branches)
{
    bool all_well = true;
    for (int i = 0; i < branches; i++) {
        int status = 0;
        int child = weir_sim_branch((uint64_t)i + 1);
        if (child == 0) {
            weir_sim_sleep_us(SECOND);
            weir_sim_host_crash(c->b.host);
            await_takeover(c);
            weir_sim_branch_exit(c->a.assigned == PARTITIONS ? 0 : 1);
        }
        all_well &= waitpid(child, &status, 0) == child && status == 0;
    }
    return all_well;
}

/* The variant is the number of branches of the run. Returns 0 if one of them failed. */
static uint64_t run_failover(rerun what)
{
    cluster c;
    cluster_start(&c, what);
    bool all_well = branch_off(&c, what.variant);
    weir_sim_sleep_us(5 * SECOND);
    weir_sim_host_crash(c.b.host);
    await_takeover(&c);
    uint64_t hash = weir_sim_trace_hash();
    cluster_stop(&c);
    return all_well ? hash : 0;
}

static void the_survivor_takes_over_in_virtual_time(void **state)
{
    (void)state;
    cluster c;
    double started_ms = real_ms();
    cluster_start(&c, (rerun){WEIR_SIM_FIFO, WEIR_SIM_BORROWED, 7, 0});
    weir_sim_sleep_us(5 * SECOND);
    double crashed_ms = real_ms();
    int64_t crashed_us = weir_sim_now_us();
    weir_sim_host_crash(c.b.host);
    await_takeover(&c);
    double done_ms = real_ms();
    int64_t took_us = weir_sim_now_us() - crashed_us;
    weir_sim_stats stats = weir_sim_get_stats();
    print_message("%.1f virtual s in %.1f ms (take-over %.1f s in %.1f ms), %llu switches, "
                  "%llu advances\n",
                  (double)weir_sim_now_us() / 1e6, done_ms - started_ms, (double)took_us / 1e6,
                  done_ms - crashed_ms, (unsigned long long)stats.switches,
                  (unsigned long long)stats.advances);
    assert_in_range(took_us, 30 * SECOND, 180 * SECOND); /* the session lasts 45 s */
    assert_true(c.a.consumed + c.b.consumed >= RECORDS);
    cluster_stop(&c);
}

static void a_paused_member_is_replaced_and_comes_back(void **state)
{
    (void)state;
    cluster c;
    cluster_start(&c, (rerun){WEIR_SIM_FIFO, WEIR_SIM_BORROWED, 7, 0});
    weir_sim_host_pause(c.b.host);
    await_takeover(&c);
    weir_sim_host_resume(c.b.host);
    while (c.a.assigned != PARTITIONS / 2 || c.b.assigned != PARTITIONS / 2) {
        weir_sim_wait(weir_sim_now_us() + 600 * SECOND);
    }
    cluster_stop(&c);
}

static void a_member_cut_off_is_replaced_and_comes_back(void **state)
{
    (void)state;
    cluster c;
    cluster_start(&c, (rerun){WEIR_SIM_FIFO, WEIR_SIM_BORROWED, 7, 0});
    weir_sim_link_cut(c.b.host, 0, true);
    await_takeover(&c);
    weir_sim_link_cut(c.b.host, 0, false);
    while (c.a.assigned != PARTITIONS / 2 || c.b.assigned != PARTITIONS / 2) {
        weir_sim_wait(weir_sim_now_us() + 600 * SECOND);
    }
    cluster_stop(&c);
}

static void a_seed_gives_one_trace_on_both_backends(void **state)
{
    (void)state;
    static const weir_sim_policy policies[] = {WEIR_SIM_FIFO, WEIR_SIM_RANDOM, WEIR_SIM_PCT};
    for (int p = 0; p < 3; p++) {
        uint64_t hash = rerun_hash((rerun){policies[p], WEIR_SIM_BORROWED, 7, 0});
        assert_true(hash != 0);
        assert_true(rerun_hash((rerun){policies[p], WEIR_SIM_BORROWED, 7, 0}) == hash);
        assert_true(rerun_hash((rerun){policies[p], WEIR_SIM_THREADS, 7, 0}) == hash);
        assert_true(rerun_hash((rerun){policies[p], WEIR_SIM_BORROWED, 8, 0}) != hash);
    }
}

static void branches_do_not_disturb_the_run_that_they_left(void **state)
{
    (void)state;
    if (UNDER_TSAN) {
        skip();
    }
    rerun what = {WEIR_SIM_RANDOM, WEIR_SIM_BORROWED, 7, 0};
    rerun branching = {WEIR_SIM_RANDOM, WEIR_SIM_BORROWED, 7, 10};
    assert_true(rerun_hash(branching) == rerun_hash(what));
}

static void a_branch_goes_through_crash_and_takeover(void **state)
{
    (void)state;
    if (UNDER_TSAN) {
        skip();
    }
    cluster c;
    cluster_start(&c, (rerun){WEIR_SIM_RANDOM, WEIR_SIM_BORROWED, 7, 0});
    double started_ms = real_ms();
    assert_true(branch_off(&c, 20));
    print_message("20 branches: %.1f ms each\n", (real_ms() - started_ms) / 20);
    cluster_stop(&c);
}

int main(int argc, char **argv)
{
    rerun what;
    if (rerun_asked(argc, argv, &what)) {
        rerun_answer(run_failover(what));
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_survivor_takes_over_in_virtual_time),
        cmocka_unit_test(a_paused_member_is_replaced_and_comes_back),
        cmocka_unit_test(a_member_cut_off_is_replaced_and_comes_back),
        cmocka_unit_test(a_seed_gives_one_trace_on_both_backends),
        cmocka_unit_test(branches_do_not_disturb_the_run_that_they_left),
        cmocka_unit_test(a_branch_goes_through_crash_and_takeover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
