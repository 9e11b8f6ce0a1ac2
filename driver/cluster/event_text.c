/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of an event: made for a reader of the trace, never for a decision. */
#include <inttypes.h>

#include "cluster/cluster.h"

static const char *restore_name(weir_restore_event event)
{
    static const char *const names[] = {
        [WEIR_RESTORE_START] = "restore-start",
        [WEIR_RESTORE_BATCH] = "restore-batch",
        [WEIR_RESTORE_END] = "restore-end",
        [WEIR_RESTORE_SUSPENDED] = "restore-suspended",
    };
    return names[event];
}

const char *weir__event_name(const weir_event *event)
{
    static const char *const names[] = {
#define NAME(constant, name) [constant] = (name),
        WEIR_EVENTS(NAME)
#undef NAME
    };
    switch (event->kind) {
    case WEIR_EVENT_STEP:
        return weir_step_name(event->step->kind);
    case WEIR_EVENT_BROKER:
        return weir_mock_event_name(event->broker->kind);
    case WEIR_EVENT_RESTORE:
        return restore_name(event->restore->event);
    default:
        return names[event->kind] != NULL ? names[event->kind] : event->name;
    }
}

static void restore_text(const weir_restore_progress *at, char *out, size_t size)
{
    int len = snprintf(out, size, "%s-%" PRId32, at->store, at->partition);
    if (len < 0 || (size_t)len >= size) {
        return;
    }
    out += len;
    size -= (size_t)len;
    switch (at->event) {
    case WEIR_RESTORE_START:
        snprintf(out, size, " from %" PRId64 " to %" PRId64, at->offset, at->end_offset);
        break;
    case WEIR_RESTORE_END:
        snprintf(out, size, ", %" PRId64 " records", at->restored);
        break;
    case WEIR_RESTORE_BATCH:
    case WEIR_RESTORE_SUSPENDED:
        snprintf(out, size, " at %" PRId64 " of %" PRId64, at->offset, at->end_offset);
        break;
    }
}

/* "a from all brokers", "a to broker 2" */
static void link_text(const weir_event *event, char *out, size_t size)
{
    const char *word = event->kind == WEIR_EVENT_PARTITION ? "from" : "to";
    if (event->broker_id == 0) {
        snprintf(out, size, "%s %s all brokers", event->instance, word);
    } else {
        snprintf(out, size, "%s %s broker %" PRId32, event->instance, word, event->broker_id);
    }
}

void weir_event_text(const weir_event *event, char *out, size_t size)
{
    if (out == NULL || size == 0) {
        return;
    }
    out[0] = '\0';
    if (event == NULL) {
        return;
    }
    switch (event->kind) {
    case WEIR_EVENT_STEP:
        weir_step_text(event->step, out, size);
        break;
    case WEIR_EVENT_BROKER:
        weir_mock_event_text(event->broker, out, size);
        break;
    case WEIR_EVENT_RESTORE:
        restore_text(event->restore, out, size);
        break;
    case WEIR_EVENT_STATE:
        snprintf(out, size, "%s -> %s", weir_state_name(event->from), weir_state_name(event->to));
        break;
    case WEIR_EVENT_UNCAUGHT:
        snprintf(out, size, "%s %s", event->stream_thread, event->reason);
        break;
    case WEIR_EVENT_CRASH:
        snprintf(out, size, "%s, disk %s", event->instance, event->reason);
        break;
    case WEIR_EVENT_PARTITION:
    case WEIR_EVENT_HEAL:
        link_text(event, out, size);
        break;
    case WEIR_EVENT_LATENCY:
    case WEIR_EVENT_SKEW:
        snprintf(out, size, "%s %" PRId64 " ms", event->instance, event->ms);
        break;
    case WEIR_EVENT_BROKER_FAILURE:
    case WEIR_EVENT_SIMULATION:
    case WEIR_EVENT_CUSTOM:
        snprintf(out, size, "%s", event->reason);
        break;
    default:
        snprintf(out, size, "%s", event->instance != NULL ? event->instance : "");
    }
}
