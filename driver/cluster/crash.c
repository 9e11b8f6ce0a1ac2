/* SPDX-License-Identifier: Apache-2.0
 *
 * The report on a thread that cannot continue (a fatal signal, exit, a failed assertion on a thread
 * that is not the test's), and the failure of the test that follows.
 *
 * Each part of the report is written as soon as it is known, and the parts that are least likely to
 * fail come first, since memory may be damaged. */
#include <stdlib.h>
#include <unistd.h>

#include "cluster/cluster.h"

void weir__place_text(const weir__snapshot_place *place, char *out, size_t size)
{
    int used = snprintf(out, size, "node '%s' of task %s", place->node, place->task);
    if (place->topic != NULL && used > 0 && (size_t)used < size) {
        snprintf(out + used, size - (size_t)used, ", record %s-%d at offset %lld", place->topic,
                 (int)place->partition, (long long)place->offset);
    }
}

static const char *thread_of(const weir_sim_crash *crash, const weir__snapshot_place *place)
{
    return place->thread != NULL ? place->thread : crash->thread;
}

/* Keeps the report's main line for the message of the test's failure. */
static void keep(weir_cluster *cluster, const weir_sim_crash *crash,
                 const weir__snapshot_place *place, const char *where)
{
    cluster->crash_host = crash->host;
    snprintf(cluster->crash, sizeof cluster->crash, "%s: host '%s', thread '%s'%s%s", crash->what,
             weir_sim_host_name(crash->host), thread_of(crash, place), where[0] != '\0' ? ", " : "",
             where);
}

static void print_where(const weir_sim_crash *crash, const weir__snapshot_place *place,
                        const char *where)
{
    int64_t us = weir_sim_now_us();
    weir_sim_print("  host '%s', thread '%s', at %lld.%06lld s of virtual time\n",
                   weir_sim_host_name(crash->host), thread_of(crash, place),
                   (long long)(us / 1000000), (long long)(us % 1000000));
    if (where[0] != '\0') {
        weir_sim_print("  in %s\n", where);
    } else if (place->step != NULL) {
        weir_sim_print("  after its step '%s' began\n", place->step);
    }
}

bool weir__on_crash(const weir_sim_crash *crash, void *user)
{
    weir_cluster *cluster = user;
    weir__snapshot_place place = {0};
    char where[WEIR__CRASH_SIZE / 2] = "";
    bool fails = !crash->final && !cluster->driver.failing && cluster->opts.on_failure != NULL;
    if (crash->end == WEIR_SIM_EXIT && crash->test_thread && cluster->driver.failing) {
        return false; /* the reason was reported */
    }
    weir_sim_print("%sweir: %s%s\n", weir__seed_line(cluster), crash->what,
                   crash->test_thread ? " on the test's thread" : "");
    if (crash->hint[0] != '\0') {
        weir_sim_print("  %s\n", crash->hint);
    }
    if (crash->ending[0] != '\0') {
        weir_sim_print("  %s\n", crash->ending);
    }
    if (!crash->test_thread && crash->host != NULL) {
        const weir_instance *instance = weir__instance_of_host(crash->host);
        if (instance != NULL && instance->app != NULL &&
            weir__app_place(instance->app, pthread_self(), &place) && place.node != NULL) {
            weir__place_text(&place, where, sizeof where);
        }
        print_where(crash, &place, where);
        keep(cluster, crash, &place, where);
    }
    weir_sim_print_frames(crash->frames, crash->frame_count);
    return fails;
}

void weir__on_assertion(void *user)
{
    const weir_cluster *cluster = user;
    if (!cluster->driver.failing) {
        weir_sim_print("%s", weir__seed_line(cluster));
    }
}

/* A stream that the thread was writing to stays locked for ever. */
static void check_streams(void)
{
    FILE *const streams[] = {stdout, stderr};
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        if (ftrylockfile(streams[i]) != 0) {
            weir_sim_print("  it was writing to %s, which stays locked: the program ends here\n",
                           i == 0 ? "stdout" : "stderr");
            _exit(EXIT_FAILURE);
        }
        funlockfile(streams[i]);
    }
}

void weir__crash_fail(weir_cluster *cluster)
{
    check_streams();
    weir_host_crash(cluster->crash_host, WEIR_DISK_WIPED);
    weir__cluster_fail(cluster, "%s (the backtrace was written to stderr)", cluster->crash);
}
