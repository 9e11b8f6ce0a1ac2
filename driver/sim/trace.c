/* SPDX-License-Identifier: Apache-2.0
 *
 * The trace: its hash covers every switch and every labelled event; an observer and a file may get
 * them, too. */
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "sim/engine.h"

#define DETAIL_MAX 1024 /* a longer text is truncated, in the hash too */

static void hash_word(uint64_t word)
{
    uint64_t *hash = &weir__the_sim.hash;
    *hash = (*hash ^ word) * 0x9E3779B97F4A7C15ULL;
    *hash ^= *hash >> 29;
}

static uint64_t hash_text(const char *text)
{
    uint64_t word = 14695981039346656037ULL; /* FNV-1a */
    for (const char *c = text; *c; c++) {
        word = (word ^ (uint8_t)*c) * 1099511628211ULL;
    }
    return word;
}

uint64_t weir_sim_trace_hash(void)
{
    return weir__the_sim.hash;
}

/* ---- Writing ---- */

static void write_json_text(FILE *out, const char *text)
{
    fputc('"', out);
    for (const char *c = text; *c; c++) {
        if (*c == '"' || *c == '\\') {
            fputc('\\', out);
            fputc(*c, out);
        } else if ((unsigned char)*c < 0x20) {
            fprintf(out, "\\u%04x", (unsigned)(unsigned char)*c);
        } else {
            fputc(*c, out);
        }
    }
    fputc('"', out);
}

static void write_json(FILE *out, const weir_sim_event *event, const char *detail)
{
    const char *const names[] = {"host", "thread", "kind", "detail"};
    const char *const values[] = {event->host, event->thread, event->kind, detail};
    fprintf(out, "{\"us\":%" PRId64, event->us);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        fprintf(out, ",\"%s\":", names[i]);
        write_json_text(out, values[i]);
    }
    fputs("}\n", out);
}

static void write_text(FILE *out, const weir_sim_event *event, const char *detail)
{
    fprintf(out, "%" PRId64 ".%06" PRId64 " %s %s %s%s%s\n", event->us / 1000000,
            event->us % 1000000, event->host, event->thread, event->kind, detail[0] ? " " : "",
            detail);
}

static void write_event(const weir_sim_event *event)
{
    const weir__sim *sim = &weir__the_sim;
    char text[DETAIL_MAX];
    if (event->data != NULL) {
        event->data->text(event->data->data, text, sizeof text);
    }
    (sim->trace_form == WEIR_SIM_TEXT ? write_text : write_json)(
        sim->trace_out, event, event->data != NULL ? text : event->detail);
}

/* Completes the event and delivers it; `wanted`, `written`: to the observer, to the file. */
static void deliver(const weir__thread *thread, weir_sim_event *event, bool wanted, bool written)
{
    weir__sim *sim = &weir__the_sim;
    char name[WEIR_SIM_NAME_MAX];
    if (!(wanted && sim->on_event) && !(written && sim->trace_out)) {
        return;
    }
    weir__tsan_ignore_begin();
    weir__thread_name(thread, name);
    event->us = sim->now_us;
    event->host = thread->acting->name;
    event->thread = name;
    if (wanted && sim->on_event) {
        sim->on_event(event, sim->on_event_user);
    }
    if (written && sim->trace_out) {
        write_event(event);
    }
    weir__tsan_ignore_end();
}

/* ---- Events ---- */

void weir__trace_switch(const weir__thread *to)
{
    weir__sim *sim = &weir__the_sim;
    hash_word((uint64_t)sim->now_us);
    hash_word((uint64_t)to->id);
    if (sim->on_event_switches || sim->trace_switches) {
        weir_sim_event event = {.kind = "switch", .detail = ""};
        deliver(to, &event, sim->on_event_switches, sim->trace_switches);
    }
}

static void trace(weir_sim_event *event, uint64_t detail_hash)
{
    weir__sim *sim = &weir__the_sim;
    const weir__thread *self = weir__self;
    sim->stats.events++;
    hash_word((uint64_t)sim->now_us);
    hash_word((uint64_t)self->id);
    hash_word((uint64_t)self->acting->id);
    hash_word(hash_text(event->kind));
    hash_word(detail_hash);
    deliver(self, event, true, true);
}

static bool is_traced(void)
{
    return weir__self && weir__the_sim.running;
}

void weir__trace_event(const char *kind, const char *detail)
{
    if (is_traced()) {
        weir_sim_event event = {.kind = kind, .detail = detail};
        trace(&event, hash_text(detail));
    }
}

void weir_sim_trace(const char *kind, const char *format, ...)
{
    char detail[DETAIL_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    weir__trace_event(kind, detail);
}

void weir_sim_trace_data(const char *kind, const weir_sim_data *data)
{
    if (is_traced()) {
        weir_sim_event event = {.kind = kind, .data = data};
        trace(&event, data->hash);
    }
}

void weir_sim_on_event(void (*fn)(const weir_sim_event *event, void *user), void *user,
                       bool switches)
{
    weir__sim *sim = &weir__the_sim;
    sim->on_event = fn;
    sim->on_event_user = user;
    sim->on_event_switches = fn && switches;
}

void weir_sim_trace_to(FILE *out, weir_sim_trace_form form, bool switches)
{
    weir__sim *sim = &weir__the_sim;
    sim->trace_out = out;
    sim->trace_form = form;
    sim->trace_switches = out && switches;
}
