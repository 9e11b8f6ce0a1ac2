/* SPDX-License-Identifier: Apache-2.0
 *
 * The trace for users of the driver: events for on_event, and the trace file, which
 * WEIR_TRACE=file in the environment names (JSON lines if the name ends in ".jsonl"). */
#include <stdarg.h>
#include <stdlib.h>

#include "cluster/cluster.h"

#define DETAIL_MAX 512
#define TRACE_BUFFER ((size_t)1 << 14)
#define TOPIC_MAX ((size_t)250) /* with the NUL */

/* ---- Events ------------------------------------------------------------------------------- */

static void event_text(const void *data, char *out, size_t size)
{
    weir_event_text(data, out, size);
}

void weir__event_emit(const weir_event *event)
{
    weir_sim_data data = {.data = event, .hash = weir__event_hash(event), .text = event_text};
    weir_sim_trace_data(weir__event_name(event), &data);
}

static void take_step(weir_event *out)
{
    const weir_step *step = out->step;
    out->task = step->task;
    out->topic = step->topic;
    out->partition = step->partition;
    out->offset = step->offset;
    out->generation = step->generation;
    out->reason = step->reason;
    out->stream_thread = step->thread;
}

static void take_restore(weir_event *out)
{
    out->topic = out->restore->topic;
    out->partition = out->restore->partition;
    out->offset = out->restore->offset;
}

/* The topic's name, which is no C string, is copied to `topic`. */
static void take_broker(weir_event *out, char *topic)
{
    const weir_mock_event *broker = out->broker;
    if (broker->topic.len > 0 && broker->topic.len < TOPIC_MAX) {
        memcpy(topic, broker->topic.data, broker->topic.len);
        topic[broker->topic.len] = '\0';
        out->topic = topic;
        out->partition = broker->partition;
        out->offset = broker->offset;
    }
    if (broker->group.len > 0) {
        out->generation = broker->generation;
    }
    out->reason = broker->reason;
}

static void hand_on(const weir_sim_event *event, void *user)
{
    const weir_cluster *cluster = user;
    char topic[TOPIC_MAX];
    weir_event out = {.kind = WEIR_EVENT_SIMULATION, .reason = event->detail};
    if (event->data != NULL) {
        out = *(const weir_event *)event->data->data;
    }
    out.name = event->kind;
    out.us = event->us;
    out.host = event->host;
    out.thread = event->thread;
    out.partition = -1;
    out.offset = -1;
    out.generation = -1;
    if (out.step != NULL) {
        take_step(&out);
    } else if (out.broker != NULL) {
        take_broker(&out, topic);
    } else if (out.restore != NULL) {
        take_restore(&out);
    }
    weir__checkers_event(cluster, &out);
    if (cluster->on_event != NULL) {
        cluster->on_event(&out, cluster->event_user);
    }
}

void weir__events_observe(weir_cluster *cluster)
{
    bool wanted = cluster->on_event != NULL || cluster->checker_count > 0;
    weir_sim_on_event(wanted ? hand_on : NULL, cluster, false);
}

void weir_cluster_on_event(weir_cluster *cluster, void (*fn)(const weir_event *event, void *user),
                           void *user)
{
    if (!weir__given(cluster != NULL, __func__, "cluster")) {
        return;
    }
    cluster->on_event = fn;
    cluster->event_user = user;
    weir__events_observe(cluster);
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
    weir__event_emit(&(weir_event){.kind = WEIR_EVENT_CUSTOM, .name = kind, .reason = detail});
}

void weir_cluster_trace(weir_cluster *cluster, const char *kind, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    weir__cluster_vtrace(cluster, kind, format, args);
    va_end(args);
}

/* ---- The file ----------------------------------------------------------------------------- */

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
