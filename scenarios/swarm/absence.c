/* SPDX-License-Identifier: Apache-2.0
 *
 * Instances that are stopped for hours and days while others write and delete rows, and the
 * changelog is compacted: a restarted instance has the current rows, and none that were deleted. */
#include "scenarios/swarm/absence.h"

#include <inttypes.h>
#include <string.h>

#include <weir/dsl.h>

#define PARTITIONS 3
#define KEYS 24
#define ROUNDS 8
#define WRITES_MAX 30
#define GAP_HOURS_MAX 14 /* below and above state.cleanup.dir.max.age.ms */
#define MINUTES_MAX 4    /* with instances up, in which tasks move */
#define HOUR_MS ((int64_t)3600000)
#define BOUND WEIR_MINUTES(6)

typedef struct absence {
    weir_cluster *cluster;
    swarm_plan plan;
    weir_input input;
    weir_instance *instances[WEIR_SWARM_INSTANCES_MAX];
    bool up[WEIR_SWARM_INSTANCES_MAX];
    int64_t values[KEYS]; /* what each key should have; 0: no row */
    int64_t written;
} absence;

/* ---- The topology ---- */

static weir_err keep(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    weir_kv *rows = weir_store(ctx, "rows");
    return rows != NULL ? weir_kv_put(rows, in->key, in->value, in->timestamp_ms)
                        : weir_ctx_error(ctx);
}

static const weir_processor_ops keep_ops = {"keep", NULL, keep, NULL};

static weir_topology *rows_topology(const weir_config *config, weir_error *error)
{
    const char *const parents[] = {"in", NULL};
    const char *const keepers[] = {"keep", NULL};
    weir_builder *b = weir_builder_new();
    weir_add_source(b, "in", (const char *const[]){"changes", NULL}, &weir_i64, &weir_i64, NULL);
    weir_add_processor(b, "keep", parents, &keep_ops, NULL);
    weir_store_opts opts = {
        .key = &weir_i64, .value = &weir_i64, .backend = WEIR_BACKEND_ROCKSDB, .caching = WEIR_ON};
    weir_add_store(b, "rows", &opts, keepers);
    return weir_build(b, config, error);
}

/* ---- Steps ---- */

static void come(absence *run, int i)
{
    char commit[32];
    char cache[32];
    char name[2] = {(char)('a' + i), '\0'};
    snprintf(commit, sizeof commit, "%" PRId64, run->plan.commit_interval_ms);
    snprintf(cache, sizeof cache, "%" PRId64, run->plan.cache_bytes);
    const char *const config[] = {"commit.interval.ms", commit, "statestore.cache.max.bytes", cache,
                                  NULL};
    weir_instance_opts opts = {.threads = 1 + (int)swarm_pick(&run->plan, 2), .config = config};
    if (run->instances[i] == NULL) {
        run->instances[i] = weir_cluster_start(run->cluster, name, rows_topology, &opts);
    } else {
        weir_instance_restart_with(run->instances[i], &opts);
    }
    run->up[i] = true;
}

static void go(absence *run, int i)
{
    if (swarm_pick(&run->plan, 3) == 0) {
        weir_host_crash(weir_instance_host(run->instances[i]), WEIR_DISK_AS_IT_WAS);
    } else if (weir_instance_close(run->instances[i], WEIR_MINUTES(2)) != WEIR_OK) {
        weir_cluster_fail(run->cluster, "%c does not close\n%s", 'a' + i,
                          weir_cluster_explain(run->cluster));
    }
    run->up[i] = false;
}

/* At least one instance is up. */
static void draw_who_is_there(absence *run)
{
    int needed = (int)swarm_pick(&run->plan, (uint64_t)run->plan.instances);
    for (int i = 0; i < run->plan.instances; i++) {
        bool wanted = i == needed || swarm_pick(&run->plan, 3) == 0;
        if (wanted && !run->up[i]) {
            come(run, i);
        } else if (!wanted && run->up[i]) {
            go(run, i);
        }
    }
}

static void write_rows(absence *run)
{
    uint64_t writes = 1 + swarm_pick(&run->plan, WRITES_MAX);
    for (uint64_t i = 0; i < writes; i++) {
        int64_t key = (int64_t)swarm_pick(&run->plan, KEYS);
        bool deletes = swarm_pick(&run->plan, 2) == 0;
        run->values[key] = deletes ? 0 : ++run->written;
        weir_input_pipe(run->input, &key, deletes ? NULL : &run->values[key]);
    }
}

static void check(absence *run)
{
    weir_rows *expected = weir_rows_new(run->cluster, &weir_i64, &weir_i64);
    for (int64_t key = 0; key < KEYS; key++) {
        if (run->values[key] != 0) {
            weir_rows_add(expected, &key, &run->values[key]);
        }
    }
    weir_run_until(run->cluster, weir_caught_up, BOUND);
    weir_store_view store = weir_cluster_store(run->cluster, "rows", &weir_i64, &weir_i64);
    weir_assert_same_rows(weir_store_view_all(store), expected);
}

/* Either some minutes with the instances that are up, or hours with none. */
static void pass_time(absence *run)
{
    if (swarm_pick(&run->plan, 3) == 0) {
        weir_cluster_run_for(run->cluster,
                             WEIR_MINUTES((int64_t)swarm_pick(&run->plan, MINUTES_MAX)));
        return;
    }
    for (int i = 0; i < run->plan.instances; i++) {
        if (run->up[i]) {
            go(run, i);
        }
    }
    weir_cluster_run_for(run->cluster, HOUR_MS * (int64_t)swarm_pick(&run->plan, GAP_HOURS_MAX));
}

/* ---- The scenario ---- */

void swarm_draw_absence(swarm_plan *plan)
{
    plan->max_virtual_ms = HOUR_MS * 24 * 14;
}

void swarm_play_absence(weir_cluster *cluster, const swarm_plan *plan)
{
    absence run = {.cluster = cluster, .plan = *plan};
    run.input = weir_cluster_input(cluster, "changes", PARTITIONS, &weir_i64, &weir_i64);
    for (int round = 0; round < ROUNDS; round++) {
        draw_who_is_there(&run);
        write_rows(&run);
        check(&run);
        pass_time(&run);
        if (swarm_pick(&run.plan, 3) != 0) {
            weir_cluster_topic_compact(cluster, "app-rows-changelog");
        }
    }
    for (int i = 0; i < plan->instances; i++) {
        if (!run.up[i]) {
            come(&run, i);
        }
    }
    check(&run);
}
