/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults on the hosts of instances. */
#include "cluster/cluster.h"
#include "core/saturate.h"

weir_instance *weir__instance_of_host(const weir_host *host)
{
    weir_cluster *cluster = weir__cluster_current();
    for (size_t i = 0; cluster != NULL && i < cluster->instance_count; i++) {
        if (cluster->instances[i]->host == host) {
            return cluster->instances[i];
        }
    }
    return NULL;
}

void weir_host_crash(weir_host *host, weir_disk disk)
{
    if (!weir__given(host != NULL, __func__, "host")) {
        return;
    }
    if (disk != WEIR_DISK_AS_IT_WAS && disk != WEIR_DISK_WIPED) {
        weir__cluster_fail(weir__cluster_current(), "%s: there is no disk %d", __func__, (int)disk);
        return;
    }
    weir_instance *instance = weir__instance_of_host(host);
    if (!weir_sim_host_alive(host)) {
        return;
    }
    weir_sim_trace("crash", "%s, disk %s", weir_sim_host_name(host),
                   disk == WEIR_DISK_AS_IT_WAS ? "as it was" : "wiped");
    if (instance != NULL) {
        weir__instance_crashed(instance, disk);
    }
    weir_sim_notify();
    weir_sim_host_crash(host);
}

void weir_host_pause(weir_host *host)
{
    if (!weir__given(host != NULL, __func__, "host")) {
        return;
    }
    weir_instance *instance = weir__instance_of_host(host);
    if (instance != NULL) {
        instance->paused = true;
    }
    weir_sim_trace("pause", "%s", weir_sim_host_name(host));
    weir_sim_host_pause(host);
}

void weir_host_resume(weir_host *host)
{
    if (!weir__given(host != NULL, __func__, "host")) {
        return;
    }
    weir_instance *instance = weir__instance_of_host(host);
    if (instance != NULL) {
        instance->paused = false;
    }
    weir_sim_trace("resume", "%s", weir_sim_host_name(host));
    weir_sim_host_resume(host);
}

/* For weir_cluster_explain. Broker 0: all. */
static void note_cut(const weir_host *host, int32_t broker, bool cut)
{
    weir_instance *instance = weir__instance_of_host(host);
    if (instance != NULL) {
        uint64_t bit = (uint64_t)1 << (broker < 64 ? broker : 0);
        instance->cut_from = cut ? instance->cut_from | bit : instance->cut_from & ~bit;
    }
}

void weir_host_partition(weir_host *host)
{
    if (!weir__given(host != NULL, __func__, "host")) {
        return;
    }
    note_cut(host, 0, true);
    weir_sim_trace("partition", "%s from all brokers", weir_sim_host_name(host));
    weir_sim_link_cut(host, 0, true);
}

void weir_host_heal(weir_host *host)
{
    if (!weir__given(host != NULL, __func__, "host")) {
        return;
    }
    note_cut(host, 0, false);
    weir_sim_trace("heal", "%s to all brokers", weir_sim_host_name(host));
    weir_sim_link_cut(host, 0, false);
}

static void cut_from(weir_host *host, int32_t broker, bool cut)
{
    weir_cluster *cluster = weir__cluster_current();
    int port = weir_mock_broker_port(cluster->mock, broker);
    if (port < 0) {
        weir__cluster_fail(cluster, "there is no broker %d", (int)broker);
        return;
    }
    note_cut(host, broker, cut);
    weir_sim_trace(cut ? "partition" : "heal", "%s %s broker %d", weir_sim_host_name(host),
                   cut ? "from" : "to", (int)broker);
    weir_sim_link_cut(host, port, cut);
}

void weir_host_partition_from(weir_host *host, int32_t broker)
{
    if (!weir__given(host != NULL, __func__, "host")) {
        return;
    }
    cut_from(host, broker, true);
}

void weir_host_heal_from(weir_host *host, int32_t broker)
{
    if (!weir__given(host != NULL, __func__, "host")) {
        return;
    }
    cut_from(host, broker, false);
}

void weir_host_latency(weir_host *host, int64_t ms)
{
    if (!weir__given(host != NULL, __func__, "host")) {
        return;
    }
    if (ms < 0) {
        weir__cluster_fail(weir__cluster_current(), "a latency of %lld ms is negative",
                           (long long)ms);
        return;
    }
    weir_sim_trace("latency", "%s %lld ms", weir_sim_host_name(host), (long long)ms);
    weir_sim_link_latency(host, 0, weir__mul_sat(ms, 1000));
}

void weir_host_reset_connections(weir_host *host)
{
    if (!weir__given(host != NULL, __func__, "host")) {
        return;
    }
    weir_sim_trace("reset", "%s", weir_sim_host_name(host));
    weir_sim_link_reset(host, 0);
}

void weir_host_skew(weir_host *host, int64_t ms)
{
    if (!weir__given(host != NULL, __func__, "host")) {
        return;
    }
    if (!weir_sim_host_skew(host, weir__mul_sat(ms, 1000))) {
        weir__cluster_fail(weir__cluster_current(),
                           "a skew of %lld ms takes the wall clock out of 1970 to 2262",
                           (long long)ms);
        return;
    }
    weir_sim_trace("skew", "%s %lld ms", weir_sim_host_name(host), (long long)ms);
}
