/* SPDX-License-Identifier: Apache-2.0
 *
 * How many seeds of a sweep one CPU does in a second: whole runs, each in a process of its own, one
 * after the other; one JSON object.
 *
 *     bench-seeds [--seeds N] [--only SCENARIO] */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "scenarios/swarm/run.h"

#define SEEDS_DEFAULT 100
#define SEEDS_MAX 100000

static void failed(const char *file, int line, const char *message, void *user)
{
    (void)file;
    (void)line;
    (void)user;
    fprintf(stderr, "%s\n", message);
    _exit(1);
}

static _Noreturn void run_seed(const swarm_scenario *scenario, uint64_t seed)
{
    weir_error error = {0};
    swarm_plan plan = swarm_plan_draw(scenario, seed);
    weir_cluster_opts opts = swarm_cluster_opts(&plan);
    opts.on_failure = failed;
    weir_cluster *cluster = weir_cluster_new(&opts, &error);
    swarm_run *run = cluster != NULL ? swarm_run_new(scenario, &plan, cluster) : NULL;
    if (run == NULL) {
        failed(NULL, 0, cluster == NULL ? error.message : "out of memory", NULL);
    }
    swarm_run_all(run); /* ends with the process */
    weir_cluster_free(cluster);
    _exit(0);
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Of all children that have ended. */
static int64_t children_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static bool measure(const swarm_scenario *scenario, uint64_t seeds)
{
    int64_t begin_us = now_us();
    int64_t cpu_begin_us = children_us();
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        int status = 0;
        pid_t pid = fork();
        if (pid == 0) {
            run_seed(scenario, seed);
        }
        if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
            fprintf(stderr, "%s: seed %" PRIu64 " failed\n", scenario->name, seed);
            return false;
        }
    }
    double real_s = (double)(now_us() - begin_us) / 1e6;
    double cpu_s = (double)(children_us() - cpu_begin_us) / 1e6;
    printf("{\"bench\":\"seeds\",\"scenario\":\"%s\",\"seeds\":%" PRIu64
           ",\"real_s\":%.2f,\"cpu_s\":%.2f,\"seeds_per_real_s\":%.1f,\"seeds_per_cpu_s\":%.1f}\n",
           scenario->name, seeds, real_s, cpu_s, (double)seeds / real_s, (double)seeds / cpu_s);
    return true;
}

int main(int argc, char **argv)
{
    uint64_t seeds = SEEDS_DEFAULT;
    const char *name = "failover";
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seeds") == 0) {
            seeds = strtoull(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--only") == 0) {
            name = argv[i + 1];
        } else {
            seeds = 0;
        }
    }
    const swarm_scenario *scenario = swarm_scenario_find(name);
    if (argc % 2 == 0 || seeds < 1 || seeds > SEEDS_MAX || scenario == NULL) {
        fprintf(stderr, "usage: bench-seeds [--seeds 1..%d] [--only SCENARIO]\n", SEEDS_MAX);
        return 2;
    }
    return measure(scenario, seeds) ? 0 : 1;
}
