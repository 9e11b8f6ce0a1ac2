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

static void emit(const weir_host *host, weir_event_kind kind, int32_t broker, int64_t ms)
{
    weir__event_emit(&(weir_event){
        .kind = kind, .instance = weir_sim_host_name(host), .broker_id = broker, .ms = ms});
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
    weir__event_emit(&(weir_event){.kind = WEIR_EVENT_CRASH,
                                   .instance = weir_sim_host_name(host),
                                   .reason = disk == WEIR_DISK_AS_IT_WAS ? "as it was" : "wiped"});
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
    emit(host, WEIR_EVENT_PAUSE, 0, 0);
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
    emit(host, WEIR_EVENT_RESUME, 0, 0);
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
    emit(host, WEIR_EVENT_PARTITION, 0, 0);
    weir_sim_link_cut(host, 0, true);
}

void weir_host_heal(weir_host *host)
{
    if (!weir__given(host != NULL, __func__, "host")) {
        return;
    }
    note_cut(host, 0, false);
    emit(host, WEIR_EVENT_HEAL, 0, 0);
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
    emit(host, cut ? WEIR_EVENT_PARTITION : WEIR_EVENT_HEAL, broker, 0);
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
    emit(host, WEIR_EVENT_LATENCY, 0, ms);
    weir_sim_link_latency(host, 0, weir__mul_sat(ms, 1000));
}

void weir_host_reset_connections(weir_host *host)
{
    if (!weir__given(host != NULL, __func__, "host")) {
        return;
    }
    emit(host, WEIR_EVENT_RESET, 0, 0);
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
    emit(host, WEIR_EVENT_SKEW, 0, ms);
}
