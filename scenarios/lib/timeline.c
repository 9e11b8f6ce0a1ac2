/* SPDX-License-Identifier: Apache-2.0
 *
 * Events of the trace as readable lines. */
#include "scenarios/lib/timeline.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#define DETAIL_MAX 512
#define NAME_SIZE 64

/* The actor named in the line, if not the event's own host. */
typedef enum actor {
    HOST,
    BROKERS,
    SUBJECT, /* the detail's first word */
} actor;

/* How an event of the trace is printed. */
typedef struct event_form {
    const char *kind;
    const char *begins; /* what the detail must begin with; NULL: any */
    actor actor;
    const char *text;
    bool detail; /* the event's detail follows */
} event_form;

static const event_form forms[] = {
    {"start", NULL, SUBJECT, "is started", false},
    {"close", NULL, SUBJECT, "closes", false},
    {"crash", NULL, SUBJECT, "CRASHES", true},
    {"state", NULL, HOST, "", true},
    {"create-topic", NULL, BROKERS, "create topic", true},
    {"join", "subscribe", HOST, "joins the group", false},
    {"member-expired", NULL, BROKERS, "session expired:", true},
    {"rebalance", NULL, BROKERS, "rebalance begins:", true},
    {"rebalance-done", NULL, BROKERS, "rebalance is done:", true},
    {"assignment-published", NULL, HOST, "gives out the tasks of", true},
    {"assignment-taken", NULL, HOST, "takes the tasks of", true},
    {"restore-start", NULL, HOST, "restores", true},
    {"restore-batch", NULL, HOST, "is restoring", true},
    {"restore-end", NULL, HOST, "has restored", true},
    {"uncaught", NULL, HOST, "fails:", true},
    {"broker-failure", NULL, BROKERS, "FAIL:", true},
};

static void print_line(int64_t us, const char *name, const char *text)
{
    printf("%5" PRId64 ".%03" PRId64 " s  %-8s  %s\n", us / 1000000, us / 1000 % 1000, name, text);
}

static void print_event(const event_form *form, const weir_event *event)
{
    char name[NAME_SIZE];
    char text[DETAIL_MAX];
    const char *detail = event->detail;
    snprintf(name, sizeof name, "%s", form->actor == BROKERS ? "brokers" : event->host);
    if (form->actor == SUBJECT) {
        size_t len = strcspn(detail, " ,");
        snprintf(name, sizeof name, "%.*s", (int)len, detail);
        detail += len;
    }
    snprintf(text, sizeof text, "%s%s%s", form->text,
             form->detail && form->actor != SUBJECT && form->text[0] != '\0' ? " " : "",
             form->detail ? detail : "");
    print_line(event->us, name, text);
}

/* A new store: there was nothing to restore. */
static bool is_empty_restore(const weir_event *event)
{
    return (strcmp(event->kind, "restore-start") == 0 &&
            strstr(event->detail, " from 0 to 0") != NULL) ||
           (strcmp(event->kind, "restore-end") == 0 &&
            strstr(event->detail, ", 0 records") != NULL);
}

static void on_event(const weir_event *event, void *user)
{
    (void)user;
    if (is_empty_restore(event)) {
        return;
    }
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        const event_form *form = &forms[i];
        if (strcmp(form->kind, event->kind) == 0 &&
            (form->begins == NULL ||
             strncmp(event->detail, form->begins, strlen(form->begins)) == 0)) {
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
