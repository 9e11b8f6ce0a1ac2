/* SPDX-License-Identifier: Apache-2.0
 *
 * Violations, with the events before them. */
#include "check/check.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_BYTES ((size_t)512)

const char *weir_anomaly_name(weir_anomaly anomaly)
{
    static const char *const names[] = {
#define NAME(constant, name, meaning) [constant] = (name),
        WEIR_ANOMALIES(NAME)
#undef NAME
    };
    return (unsigned)anomaly < WEIR_ANOMALY_COUNT ? names[anomaly] : NULL;
}

const char *weir_anomaly_meaning(weir_anomaly anomaly)
{
    static const char *const meanings[] = {
#define MEANING(constant, name, meaning) [constant] = (meaning),
        WEIR_ANOMALIES(MEANING)
#undef MEANING
    };
    return (unsigned)anomaly < WEIR_ANOMALY_COUNT ? meanings[anomaly] : NULL;
}

/* ---- Recent events ------------------------------------------------------------------------ */

/* A copy of `len` bytes, or of what has room; NULL of NULL. */
static const char *keep_bytes(weir__recent *to, const char *text, size_t *len)
{
    size_t room = sizeof to->texts - to->used;
    if (text == NULL || room == 0) {
        *len = 0;
        return NULL;
    }
    *len = *len < room ? *len : room - 1;
    char *copy = to->texts + to->used;
    memcpy(copy, text, *len);
    copy[*len] = '\0';
    to->used += *len + 1;
    return copy;
}

static void keep_text(weir__recent *to, const char **text)
{
    size_t len = *text != NULL ? strlen(*text) : 0;
    *text = keep_bytes(to, *text, &len);
}

static void keep_slice(weir__recent *to, weir_slice *text)
{
    text->data = keep_bytes(to, text->data, &text->len);
}

static void keep_step(weir__recent *to)
{
    weir_step *step = &to->step;
    *step = *to->event.step;
    to->event.step = step;
    keep_text(to, &step->task);
    keep_text(to, &step->topic);
    keep_text(to, &step->store);
    step->tasks = NULL; /* the list is not kept */
    step->task_count = 0;
}

static void keep_broker(weir__recent *to)
{
    weir_mock_event *broker = &to->broker;
    *broker = *to->event.broker;
    to->event.broker = broker;
    keep_slice(to, &broker->topic);
    keep_slice(to, &broker->client_id);
    keep_slice(to, &broker->group);
    keep_slice(to, &broker->transactional_id);
    keep_slice(to, &broker->member);
}

static void keep_restore(weir__recent *to)
{
    to->restore = *to->event.restore;
    to->event.restore = &to->restore;
    keep_text(to, &to->restore.store);
    keep_text(to, &to->restore.topic);
}

/* Polls and fetches explain nothing, and would replace what does. */
static bool is_worth_it(const weir_event *event)
{
    return !(event->step != NULL && event->step->kind == WEIR_STEP_POLL) &&
           !(event->broker != NULL && event->broker->kind == WEIR_MOCK_FETCH);
}

void weir__check_keep(weir_checker *checker, const weir_event *event)
{
    if (!is_worth_it(event)) {
        return;
    }
    weir__recent *to = &checker->recent[checker->recent_count++ % WEIR__RECENT_MAX];
    to->event = *event;
    to->used = 0;
    keep_text(to, &to->event.name);
    keep_text(to, &to->event.host);
    keep_text(to, &to->event.instance);
    keep_text(to, &to->event.stream_thread);
    keep_text(to, &to->event.task);
    keep_text(to, &to->event.topic);
    to->event.thread = NULL;
    to->event.application = NULL;
    if (event->step != NULL) {
        keep_step(to);
    } else if (event->broker != NULL) {
        keep_broker(to);
    } else if (event->restore != NULL) {
        keep_restore(to);
    } else {
        keep_text(to, &to->event.reason);
    }
}

static bool same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

static bool concerns(const weir_event *event, const weir__where *where)
{
    return (same(event->topic, where->topic) && event->partition == where->partition) ||
           same(event->task, where->task) ||
           (same(event->stream_thread, where->thread) && event->task == NULL) ||
           event->kind == WEIR_EVENT_CRASH;
}

static void put_recent(weir_checker *checker, const weir__where *where)
{
    const weir__recent *shown[WEIR__RECENT_SHOWN];
    size_t count = 0;
    uint64_t oldest =
        checker->recent_count > WEIR__RECENT_MAX ? checker->recent_count - WEIR__RECENT_MAX : 0;
    for (uint64_t at = checker->recent_count; at > oldest && count < WEIR__RECENT_SHOWN; at--) {
        const weir__recent *recent = &checker->recent[(at - 1) % WEIR__RECENT_MAX];
        if (concerns(&recent->event, where)) {
            shown[count++] = recent;
        }
    }
    weir__buf_printf(&checker->violation, count > 0 ? "\n  events before it:" : "");
    while (count > 0) {
        const weir_event *event = &shown[--count]->event;
        char text[LINE_MAX_BYTES];
        weir_event_text(event, text, sizeof text);
        const char *actor = event->stream_thread != NULL ? event->stream_thread : event->host;
        weir__buf_printf(&checker->violation, "\n    %" PRId64 ".%06" PRId64 " s  %s  %s %s",
                         event->us / 1000000, event->us % 1000000, actor != NULL ? actor : "",
                         event->name != NULL ? event->name : "", text);
    }
}

/* ---- Violations --------------------------------------------------------------------------- */

static void put_where(weir_buf *out, const weir__where *where)
{
    const char *between = "";
    weir__buf_printf(out, "\n  at ");
    if (where->topic != NULL) {
        weir__buf_printf(out, "%s-%d", where->topic, (int)where->partition);
        between = ", ";
    }
    if (where->offset >= 0) {
        weir__buf_printf(out, "%soffset %" PRId64, between, where->offset);
        between = ", ";
    }
    if (where->task != NULL) {
        weir__buf_printf(out, "%stask %s", between, where->task);
        between = ", ";
    }
    if (where->generation >= 0) {
        weir__buf_printf(out, "%sgeneration %d", between, (int)where->generation);
        between = ", ";
    }
    if (where->thread != NULL) {
        weir__buf_printf(out, "%sthread %s", between, where->thread);
    }
}

void weir__check_violation(weir_checker *checker, weir_anomaly anomaly, const weir__where *where,
                           const char *format, ...)
{
    char text[LINE_MAX_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    checker->found[anomaly]++;
    if (checker->violation.len > 0) {
        return; /* what follows may be a consequence of the first one */
    }
    weir__buf_printf(&checker->violation, "%s: %s", weir_anomaly_name(anomaly),
                     weir_anomaly_meaning(anomaly));
    put_where(&checker->violation, where);
    weir__buf_printf(&checker->violation, ": %s", text);
    put_recent(checker, where);
    (void)weir__buf_text(&checker->violation);
}
