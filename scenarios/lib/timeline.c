/* SPDX-License-Identifier: Apache-2.0
 *
 * Events of the trace as readable lines. */
#include "scenarios/lib/timeline.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define DETAIL_MAX 512
#define TEXT_MAX 64

/* The actor named in the line. */
typedef enum actor {
    HOST, /* of the event */
    BROKERS,
    INSTANCE, /* the event's, and its text is not repeated */
} actor;

/* How an event of the trace is printed. */
typedef struct event_form {
    const char *name;
    const char *reason; /* that the event must have; NULL: any */
    actor actor;
    const char *text;
    bool detail; /* the event's text follows */
} event_form;

static const event_form forms[] = {
    {"start", NULL, INSTANCE, "is started", false},
    {"close", NULL, INSTANCE, "closes", false},
    {"crash", NULL, INSTANCE, "CRASHES", false},
    {"state", NULL, HOST, "", true},
    {"create-topic", NULL, BROKERS, "create topic ", true},
    {"join", "subscribe", HOST, "joins the group", false},
    {"member-expired", NULL, BROKERS, "session expired: ", true},
    {"rebalance", NULL, BROKERS, "rebalance begins: ", true},
    {"rebalance-done", NULL, BROKERS, "rebalance is done: ", true},
    {"assignment-published", NULL, HOST, "gives out the tasks of ", true},
    {"assignment-taken", NULL, HOST, "takes the tasks of ", true},
    {"restore-start", NULL, HOST, "restores ", true},
    {"restore-batch", NULL, HOST, "is restoring ", true},
    {"restore-end", NULL, HOST, "has restored ", true},
    {"uncaught", NULL, HOST, "fails: ", true},
    {"broker-failure", NULL, BROKERS, "FAIL: ", true},
};

static void print_line(int64_t us, const char *name, const char *text)
{
    printf("%5" PRId64 ".%03" PRId64 " s  %-8s  %s\n", us / 1000000, us / 1000 % 1000, name, text);
}

static void print_event(const event_form *form, const weir_event *event)
{
    const char *name = form->actor == BROKERS    ? "brokers"
                       : form->actor == INSTANCE ? event->instance
                                                 : event->host;
    char detail[DETAIL_MAX] = "";
    char text[DETAIL_MAX + TEXT_MAX];
    if (form->detail) {
        weir_event_text(event, detail, sizeof detail);
    }
    snprintf(text, sizeof text, "%s%s", form->text, detail);
    if (event->kind == WEIR_EVENT_CRASH) {
        snprintf(text, sizeof text, "%s, disk %s", form->text, event->reason);
    }
    print_line(event->us, name, text);
}

/* Nothing to be seen: a new store, which has nothing to restore, or a task that closes. */
static bool is_left_out(const weir_event *event)
{
    const weir_restore_progress *at = event->restore;
    return (at != NULL && at->event == WEIR_RESTORE_START && at->offset == 0 &&
            at->end_offset == 0) ||
           (at != NULL && at->event == WEIR_RESTORE_END && at->restored == 0) ||
           (event->step != NULL && event->step->kind == WEIR_STEP_CLOSE);
}

static void on_event(const weir_event *event, void *user)
{
    (void)user;
    if (is_left_out(event)) {
        return;
    }
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const event_form *form = &forms[i];
        if (strcmp(form->name, event->name) == 0 &&
            (form->reason == NULL ||
             (event->reason != NULL && strcmp(form->reason, event->reason) == 0))) {
            print_event(form, event);
            return;
        }
    }
}

void weir_timeline_start(weir_cluster *cluster)
{
    weir_cluster_on_event(cluster, on_event, NULL);
}

void weir_timeline_say(weir_cluster *cluster, const char *name, const char *format, ...)
{
    char text[DETAIL_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    print_line(weir_cluster_now_ms(cluster) * 1000, name, text);
}
