/* SPDX-License-Identifier: Apache-2.0
 *
 * The trace for users of the driver: events for on_event, and the trace file, which
 * WEIR_TRACE=file in the environment names (JSON lines if the name ends in ".jsonl"). */
#include <stdarg.h>
#include <stdlib.h>

#include "cluster/cluster.h"

#define DETAIL_MAX 512
#define TRACE_BUFFER ((size_t)1 << 14)

static void hand_on(const weir_sim_event *event, void *user)
{
    const weir_cluster *cluster = user;
    weir_event out = {event->us, event->host, event->thread, event->kind, event->detail};
    cluster->on_event(&out, cluster->event_user);
}

void weir_cluster_on_event(weir_cluster *cluster, void (*fn)(const weir_event *event, void *user),
                           void *user)
{
    if (!weir__given(cluster != NULL, __func__, "cluster")) {
        return;
    }
    cluster->on_event = fn;
    cluster->event_user = user;
    weir_sim_on_event(fn != NULL ? hand_on : NULL, cluster, false);
}

void weir__cluster_vtrace(weir_cluster *cluster, const char *kind, const char *format, va_list args)
{
    static const char function[] = "weir_cluster_trace";
    if (!weir__given(cluster != NULL, function, "cluster") ||
        !weir__given(kind != NULL, function, "kind") ||
        !weir__given(format != NULL, function, "format")) {
        return;
    }
    char detail[DETAIL_MAX];
    vsnprintf(detail, sizeof detail, format, args);
    weir_sim_trace(kind, "%s", detail);
}

void weir_cluster_trace(weir_cluster *cluster, const char *kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    weir__cluster_vtrace(cluster, kind, format, args);
    va_end(args);
}

uint64_t weir_cluster_trace_hash(const weir_cluster *cluster)
{
    return weir__given(cluster != NULL, __func__, "cluster") ? weir_sim_trace_hash() : 0;
}

void weir_cluster_trace_to(weir_cluster *cluster, FILE *out, weir_trace_form form)
{
    if (!weir__given(cluster != NULL, __func__, "cluster")) {
        return;
    }
    if (form != WEIR_TRACE_TEXT && form != WEIR_TRACE_JSON_LINES) {
        weir__cluster_fail(cluster, "%s: there is no form %d", __func__, (int)form);
        return;
    }
    weir_sim_trace_to(out, form == WEIR_TRACE_TEXT ? WEIR_SIM_TEXT : WEIR_SIM_JSON_LINES, false);
}

void weir__trace_from_environment(weir_cluster *cluster)
{
    const char *path = getenv("WEIR_TRACE");
    if (path == NULL || path[0] == '\0') {
        return;
    }
    size_t len = strlen(path);
    bool json = len > 6 && strcmp(path + len - 6, ".jsonl") == 0;
    /* The first cluster of a process truncates the file, the others append to it. */
    static bool begun;
    cluster->trace = fopen(path, begun ? "ae" : "we");
    begun = begun || cluster->trace != NULL;
    if (cluster->trace == NULL) {
        fprintf(stderr, "weir driver: cannot write WEIR_TRACE=%s\n", path);
        return;
    }
    setvbuf(cluster->trace, NULL, _IOLBF,
            TRACE_BUFFER); /* by line: the file of a run that hangs or is killed is complete */
    weir_cluster_trace_to(cluster, cluster->trace, json ? WEIR_TRACE_JSON_LINES : WEIR_TRACE_TEXT);
}

void weir__trace_end(weir_cluster *cluster)
{
    if (cluster->trace != NULL) {
        weir_sim_trace_to(NULL, WEIR_SIM_TEXT, false);
        fclose(cluster->trace);
    }
}
