/* SPDX-License-Identifier: Apache-2.0
 *
 * Faults of requests: the brokers' rules, with instances instead of client ids. */
#include "cluster/cluster.h"
#include "core/error.h"

/* The clients of an instance are "<name>-StreamThread-1-consumer" and so on. */
#define CLIENT_PATTERN_MAX (WEIR_SIM_NAME_MAX + sizeof "-*")

int weir_cluster_fault_add(weir_cluster *cluster, const weir_instance *instance,
                           const weir_mock_fault *fault)
{
    char pattern[CLIENT_PATTERN_MAX];
    weir_error error;
    int id = 0;
    if (!weir__given(cluster != NULL, __func__, "cluster") ||
        !weir__given(fault != NULL, __func__, "fault")) {
        return 0;
    }
    if (instance != NULL && fault->client_id != NULL) {
        weir__cluster_fail(cluster, "%s: fault.client_id: only without an instance", __func__);
        return 0;
    }
    weir_mock_fault rule = *fault;
    if (instance != NULL) {
        snprintf(pattern, sizeof pattern, "%s-*", instance->name);
        rule.client_id = pattern;
    }
    if (weir_mock_fault_add(cluster->mock, &rule, &id, &error) != WEIR_OK) {
        weir__cluster_fail(cluster, "%s: %s", __func__, error.message);
    }
    return id;
}

int64_t weir_cluster_fault_fired(const weir_cluster *cluster, int fault)
{
    if (!weir__given(cluster != NULL, __func__, "cluster")) {
        return 0;
    }
    int64_t fired = weir_mock_fault_fired(cluster->mock, fault);
    if (fired < 0) {
        weir__cluster_fail(cluster, "%s: there is no fault %d", __func__, fault);
    }
    return fired < 0 ? 0 : fired;
}

void weir_cluster_fault_remove(weir_cluster *cluster, int fault)
{
    if (weir__given(cluster != NULL, __func__, "cluster") &&
        weir_mock_fault_remove(cluster->mock, fault) != WEIR_OK) {
        weir__cluster_fail(cluster, "%s: there is no fault %d", __func__, fault);
    }
}

bool weir__faults_unfired(const weir_cluster *cluster, char *message, size_t size)
{
    weir_error error;
    bool unfired = cluster->mock != NULL && !cluster->driver.failing &&
                   weir_mock_faults_check(cluster->mock, &error) != WEIR_OK;
    if (unfired) {
        snprintf(message, size, "%s%s", weir__seed_line(cluster), error.message);
    }
    return unfired;
}
