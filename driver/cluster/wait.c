/* SPDX-License-Identifier: Apache-2.0
 *
 * Waiting of the test: for a predicate, within a bound in virtual time, never by a sleep. Brokers
 * and state listeners wake the waiting test when something has changed. */
#include "cluster/cluster.h"
#include "core/saturate.h"
#include "sim/tsan.h"
#include "topology/topology.h"

/* The virtual time `bound_ms` from now, in us; INT64_MAX if it does not fit. */
static int64_t deadline_in(int64_t bound_ms)
{
    return weir__add_sat(weir_sim_now_us(), weir__mul_sat(bound_ms, 1000));
}

bool weir__wait_while(const atomic_bool *busy, const weir_host *host, int64_t bound_ms)
{
    int64_t deadline = deadline_in(bound_ms);
    while (*busy && weir_sim_host_alive(host) && weir_sim_now_us() < deadline) {
        weir_sim_wait(deadline);
    }
    return !*busy;
}

bool weir__brokers_failed(weir_cluster *cluster)
{
    const char *failure = weir_mock_failure(cluster->mock);
    if (failure != NULL) {
        weir__cluster_fail(cluster, "the brokers cannot go on: %s", failure);
    }
    return failure != NULL;
}

static bool is_in_error(const weir_instance *instance)
{
    return instance->life == WEIR__ALIVE && instance->state == WEIR_STATE_ERROR;
}

bool weir__no_instance_works(const weir_cluster *cluster)
{
    for (size_t i = 0; i < cluster->instance_count; i++) {
        const weir_instance *instance = cluster->instances[i];
        if (instance->busy || (instance->life == WEIR__ALIVE && !is_in_error(instance))) {
            return false;
        }
    }
    return true;
}

static bool is_own(weir_predicate predicate)
{
    return predicate == weir_all_running || predicate == weir_caught_up;
}

/* True if no record will be processed any more, and the predicate waits for that. A predicate of
 * the test's own may wait for something that does not depend on instances, so its wait is ended
 * only if an instance has failed. */
static bool is_hopeless(const weir_cluster *cluster, weir_predicate predicate)
{
    bool waits = is_own(predicate);
    for (size_t i = 0; i < cluster->instance_count; i++) {
        waits = waits || is_in_error(cluster->instances[i]);
    }
    return waits && weir__no_instance_works(cluster);
}

/* A predicate of the test's reads what callbacks write, before and after it. To order the callbacks
 * after each of its calls would order them by each other (weir_sim_order_writes), so
 * ThreadSanitizer does not check its accesses. */
static bool holds(weir_cluster *cluster, weir_predicate predicate, void *arg)
{
    if (is_own(predicate)) {
        return predicate(cluster, arg);
    }
    weir__tsan_ignore_begin();
    bool held = predicate(cluster, arg);
    weir__tsan_ignore_end();
    return held;
}

/* How a wait ended for which the predicate does not hold. */
typedef struct wait_end {
    bool failed;   /* the test was told why */
    bool hopeless; /* nothing will change any more */
} wait_end;

/* `end` NULL: waits until the bound even if it is hopeless. */
static bool run_until(weir_cluster *cluster, weir_predicate predicate, void *arg, int64_t bound_ms,
                      wait_end *end)
{
    int64_t deadline = deadline_in(bound_ms);
    weir__inputs_flush(cluster);
    for (;;) {
        if (weir__brokers_failed(cluster) || weir__checkers_failed(cluster)) {
            if (end != NULL) {
                end->failed = true;
            }
            return false;
        }
        if (holds(cluster, predicate, arg)) {
            return true;
        }
        if (end != NULL && is_hopeless(cluster, predicate)) {
            end->hopeless = true;
            return false;
        }
        int64_t now = weir_sim_now_us();
        if (now >= deadline) {
            return false;
        }
        weir_sim_wait(deadline - now < WEIR__ASK_EVERY_US ? deadline : now + WEIR__ASK_EVERY_US);
    }
}

bool weir_cluster_run_until(weir_cluster *cluster, weir_predicate predicate, void *arg,
                            int64_t bound_ms)
{
    if (!weir__given(cluster != NULL, __func__, "cluster") ||
        !weir__given(predicate != NULL, __func__, "predicate")) {
        return false;
    }
    return run_until(cluster, predicate, arg, bound_ms, NULL);
}

bool weir_cluster_run_until_at(weir_cluster *cluster, weir_predicate predicate, void *arg,
                               int64_t bound_ms, const char *text, const char *file, int line)
{
    if (cluster == NULL || predicate == NULL) {
        weir_cluster_fail_at(cluster, file, line, "weir_run_until: %s is NULL",
                             cluster == NULL ? "cluster" : "predicate");
        return false;
    }
    WEIR__AT_PLACE(file, line);
    if (!weir__may_call(&cluster->driver, "weir_run_until")) {
        return false;
    }
    text = text != NULL ? text : "the predicate";
    wait_end end = {0};
    bool held = run_until(cluster, predicate, arg, bound_ms, &end);
    if (held || end.failed || cluster->driver.failing) {
        return held;
    }
    if (end.hopeless) {
        weir_cluster_fail_at(cluster, file, line, "%s %s\n%s", text,
                             cluster->instance_count == 0
                                 ? "cannot hold: no instance was started (weir_cluster_start)"
                                 : "can no longer hold: every instance has failed or ended",
                             weir_cluster_explain(cluster));
    } else {
        weir_cluster_fail_at(cluster, file, line, "%s does not hold after %lld ms\n%s", text,
                             (long long)bound_ms, weir_cluster_explain(cluster));
    }
    return held;
}

void weir_cluster_run_for(weir_cluster *cluster, int64_t ms)
{
    if (!weir__given(cluster != NULL, __func__, "cluster")) {
        return;
    }
    weir__inputs_flush(cluster);
    weir_sim_sleep_us(weir__mul_sat(ms, 1000));
    if (!weir__brokers_failed(cluster)) {
        weir__checkers_failed(cluster);
    }
}

bool weir_all_running(weir_cluster *cluster, void *unused)
{
    (void)unused;
    size_t alive = 0;
    if (!weir__given(cluster != NULL, __func__, "cluster")) {
        return false;
    }
    for (size_t i = 0; i < cluster->instance_count; i++) {
        const weir_instance *instance = cluster->instances[i];
        if (instance->life == WEIR__ALIVE) {
            if (instance->state != WEIR_STATE_RUNNING) {
                return false;
            }
            alive++;
        }
    }
    return alive > 0;
}

struct looking {
    weir_cluster *cluster;
    bool done;
};

static bool topic_is_done(weir_cluster *cluster, const char *topic)
{
    int32_t partitions = weir_mock_topic_partitions(cluster->mock, topic);
    for (int32_t partition = 0; partition < partitions; partition++) {
        if (weir__partition_lag(cluster, topic, partition, NULL, NULL) > 0) {
            return false;
        }
    }
    return partitions >= 0;
}

static void look_at_topic(const char *topic, void *user)
{
    struct looking *looking = user;
    looking->done = looking->done && topic_is_done(looking->cluster, topic);
}

/* A crashed member belongs to the group until its session expires; then others get its tasks. */
static bool group_is_settled(weir_cluster *cluster)
{
    weir_mock_group_info group;
    int64_t threads = 0;
    for (size_t i = 0; i < cluster->instance_count; i++) {
        const weir_instance *instance = cluster->instances[i];
        if (instance->life == WEIR__ALIVE) {
            threads += weir__config_i64(instance->config, "num.stream.threads");
        }
    }
    return weir_mock_group(cluster->mock, cluster->opts.application, &group) == WEIR_OK &&
           strcmp(group.state, "Stable") == 0 && group.members <= threads;
}

static bool has_read_whole(const weir_instance *instance, const char *topic)
{
    weir_mock *mock = instance->cluster->mock;
    int32_t partitions = weir_mock_topic_partitions(mock, topic);
    for (int32_t partition = 0; partition < partitions; partition++) {
        int64_t start;
        int64_t end;
        if (weir_mock_partition_offsets(mock, topic, partition, &start, &end) == WEIR_OK &&
            start < end && !weir__app_globals_have_read(instance->app, topic, partition, end)) {
            return false;
        }
    }
    return true;
}

const char *weir__global_topic_behind(const weir_instance *instance)
{
    const weir_topology *topology = instance->topology;
    for (size_t i = 0; i < topology->store_count; i++) {
        const char *topic = topology->stores[i].global_topic;
        if (topic != NULL && !has_read_whole(instance, topic)) {
            return topic;
        }
    }
    return NULL;
}

/* Offsets of a source are committed after all records that its records caused are delivered. Topics
 * are checked from sources downwards. So when the last topic is caught up, all earlier ones are. */
bool weir_caught_up(weir_cluster *cluster, void *unused)
{
    if (!weir__given(cluster != NULL, __func__, "cluster") || !weir_all_running(cluster, unused) ||
        !group_is_settled(cluster)) {
        return false;
    }
    for (size_t i = 0; i < cluster->instance_count; i++) {
        const weir_instance *instance = cluster->instances[i];
        if (instance->life != WEIR__ALIVE) {
            continue;
        }
        struct looking looking = {cluster, true};
        weir__instance_each_topic(instance, look_at_topic, &looking);
        if (!looking.done) {
            return false;
        }
        /* It may have crashed meanwhile: the brokers' locks let other threads run. */
        if (instance->life != WEIR__ALIVE || weir__global_topic_behind(instance) != NULL) {
            return false;
        }
    }
    return true;
}
