/* SPDX-License-Identifier: Apache-2.0
 *
 * What Java's driver does and no cluster can: rules about plans, never about the name of one. */
#include <stdio.h>
#include <string.h>

#include "replay/run.h"

/* Processors whose output tells a time that the record does not have. */
static const char *const stream_time[] = {"running_total", "ttl_expire", "cancel_after",
                                          "anchored_tick", "alarm",      "clock_reader"};
static const char *const wall_clock[] = {"wall_clock_flush", "clock_reader"};

#define NAME_MAX_LENGTH 300
#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static bool is_one_of(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; name != NULL && i < count; i++) {
        if (strcmp(name, list[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool reads_wall_clock(yyjson_val *op)
{
    const char *clock = case_text(yyjson_obj_get(op, "params"), "clock");
    return is_one_of(case_text(op, "processor"), wall_clock, COUNT(wall_clock)) ||
           (clock != NULL && strcmp(clock, "wall") == 0);
}

/* ---- The description of a topology, line by line ------------------------------------------ */

typedef struct line {
    const char *text; /* of the rest of the description */
    size_t len;
    int subtopology; /* from 0; -1: before the first, or of a global store */
    int count;       /* of sub-topologies so far, without those of global stores */
    bool begun;
} line;

static bool has(const line *of, const char *text)
{
    const char *found = strstr(of->text, text);
    return found != NULL && found + strlen(text) <= of->text + of->len;
}

/* Begin with {description, 0, -1, 0, false}. */
static bool next_line(line *at)
{
    at->text += at->begun ? at->len + 1 : 0;
    at->begun = true;
    at->len = strcspn(at->text, "\n");
    if (has(at, "Sub-topology: ")) {
        bool global = has(at, "for global store");
        at->subtopology = global ? -1 : at->count;
        at->count += !global;
    }
    return at->text[at->len] != '\0';
}

static int subtopologies(const char *describe)
{
    line at = {describe, 0, -1, 0, false};
    while (next_line(&at)) {
    }
    return at.count;
}

/* A sub-topology reads two repartition topics. */
static bool repartitions_meet(const char *describe)
{
    line at = {describe, 0, -1, 0, false};
    int reader = -1;
    while (next_line(&at)) {
        if (at.subtopology >= 0 && has(&at, "Source: ") && has(&at, "-repartition]")) {
            if (reader == at.subtopology) {
                return true;
            }
            reader = at.subtopology;
        }
    }
    return false;
}

bool several_tasks_write(const case_run *run, const char *topic)
{
    line at = {run->describe, 0, -1, 0, false};
    char sink[NAME_MAX_LENGTH];
    int writer = -1;
    snprintf(sink, sizeof sink, "(topic: %s)", topic);
    while (run->driver == RUN_CLUSTER && next_line(&at)) {
        if (has(&at, "Sink: ") && has(&at, sink)) {
            if (writer >= 0 && writer != at.subtopology) {
                return true;
            }
            writer = at.subtopology;
        }
    }
    return false;
}

/* ---- Rules -------------------------------------------------------------------------------- */

static const char *reason(yyjson_val *op, bool several)
{
    if (reads_wall_clock(op)) {
        return "the wall clock of a cluster passes while records are processed";
    }
    if (several && is_one_of(case_text(op, "processor"), stream_time, COUNT(stream_time))) {
        return "each task of a cluster has its own stream time, Java's driver has one";
    }
    if (case_number(op, "partitions") > 1) {
        return "Java's driver makes one partition where several are asked for";
    }
    return NULL;
}

void skip_on_cluster(case_run *run, const recorded_case *of)
{
    yyjson_val *op;
    size_t i;
    size_t count;
    const char *why = NULL;
    yyjson_arr_foreach(yyjson_obj_get(of->root, "plan"), i, count, op)
    {
        why = why != NULL ? why : reason(op, subtopologies(run->describe) > 1);
    }
    if (why == NULL && repartitions_meet(run->describe)) {
        why = "a task of a cluster reads several repartition topics in the order of delivery";
    }
    snprintf(run->skip, sizeof run->skip, "%s", why != NULL ? why : "");
}
