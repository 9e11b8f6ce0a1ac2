/* SPDX-License-Identifier: Apache-2.0
 *
 * Instances of a plan. */
#include "scenarios/lib/setup.h"

#include <inttypes.h>

weir_instance *weir_scenario_start(weir_cluster *cluster, const char *name,
                                   weir_topology_fn topology, const weir_scenario_setup *setup,
                                   const weir_app_opts *app)
{
    char commit[32];
    char cache[32];
    snprintf(commit, sizeof commit, "%" PRId64, setup->commit_interval_ms);
    snprintf(cache, sizeof cache, "%" PRId64, setup->cache_bytes);
    const char *const config[] = {"commit.interval.ms",
                                  commit,
                                  "statestore.cache.max.bytes",
                                  cache,
                                  "dsl.store",
                                  setup->memory_stores ? "memory" : "rocksdb",
                                  "processing.guarantee",
                                  setup->exactly_once ? "exactly_once_v2" : "at_least_once",
                                  NULL};
    weir_instance_opts opts = {.threads = setup->threads, .config = config, .app = *app};
    return weir_cluster_start(cluster, name, topology, &opts);
}
