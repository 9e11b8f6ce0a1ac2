/* SPDX-License-Identifier: Apache-2.0
 *
 * How the instances of a plan are set up. */
#ifndef WEIR_SCENARIOS_SETUP_H
#define WEIR_SCENARIOS_SETUP_H

#include <weir/driver.h>

typedef struct weir_scenario_setup {
    int threads;
    int64_t commit_interval_ms;
    int64_t cache_bytes;
    bool memory_stores;
    bool exactly_once; /* processing.guarantee: exactly_once_v2, else at_least_once */
} weir_scenario_setup;

/* As weir_cluster_start. */
weir_instance *weir_scenario_start(weir_cluster *cluster, const char *name,
                                   weir_topology_fn topology, const weir_scenario_setup *setup,
                                   const weir_app_opts *app);

#endif
