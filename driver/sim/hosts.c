/* SPDX-License-Identifier: Apache-2.0
 *
 * Hosts: the threads, sockets and files that crash and pause together. */
#include <stdio.h>
#include <stdlib.h>

#include "core/saturate.h"
#include "sim/engine.h"

#define WALL_CLOCK_MAX_US (INT64_MAX / 1000) /* the year 2262 */

weir_host *weir_sim_host_new(const char *name)
{
    weir__sim *sim = &weir__the_sim;
    weir_assert(sim->running);
    if (sim->host_count == WEIR_SIM_HOST_MAX) {
        return NULL;
    }
    weir_host *host = &sim->hosts[sim->host_count];
    *host = (weir_host){.id = sim->host_count++, .alive = true};
    snprintf(host->name, sizeof host->name, "%s", name);
    return host;
}

weir_host *weir_sim_host_driver(void)
{
    return &weir__the_sim.hosts[0];
}

const char *weir_sim_host_name(const weir_host *host)
{
    return host->name;
}

bool weir_sim_host_alive(const weir_host *host)
{
    return host->alive;
}

bool weir_sim_host_skew(weir_host *host, int64_t us)
{
    const weir__sim *sim = &weir__the_sim;
    int64_t wall_us = weir__add_sat(sim->opts.epoch_ms * 1000 + sim->now_us, us);
    if (wall_us < 0 || wall_us > WALL_CLOCK_MAX_US) {
        return false;
    }
    host->skew_us = us;
    return true;
}

weir_host *weir_sim_host_enter(weir_host *host)
{
    weir_assert(weir__self);
    weir_host *former = weir__self->acting;
    weir__self->acting = host;
    return former;
}

/* ---- Threads of a host ---- */

typedef struct start {
    void (*fn)(void *arg);
    void *arg;
} start;

static void *run_start(void *arg)
{
    start own = *(start *)arg;
    weir__sim_free(arg);
    own.fn(own.arg);
    return NULL;
}

weir_err weir_sim_host_run(weir_host *host, const char *name, void (*fn)(void *arg), void *arg)
{
    weir_assert(weir__self && weir__the_sim.running);
    start *own = weir__sim_calloc(sizeof *own);
    if (!own) {
        return WEIR_ENOMEM;
    }
    *own = (start){fn, arg};
    weir__thread *thread = weir__thread_new(host, name);
    if (!thread) {
        weir__sim_free(own);
        return WEIR_ENOMEM;
    }
    thread->fn = run_start;
    thread->arg = own;
    thread->detached = true;
    if (weir__thread_start(thread, NULL)) {
        weir__sim_free(own);
        return WEIR_ELIMIT;
    }
    return WEIR_OK;
}

static bool waits_for_lock(const weir__thread *thread)
{
    return thread->wait == WEIR__WAIT_MUTEX || thread->wait == WEIR__WAIT_READ_LOCK ||
           thread->wait == WEIR__WAIT_WRITE_LOCK || thread->wait == WEIR__WAIT_ONCE;
}

/* Called when the host has just been halted. */
static void freeze(const weir_host *host)
{
    for (weir__thread *thread = weir__the_sim.first; thread; thread = thread->next) {
        if (thread->home != host || thread->lease) {
            continue;
        }
        weir__dequeue(thread);
        weir__timer_disarm(&thread->timer);
        if (thread->state == WEIR__RUNNABLE && waits_for_lock(thread)) {
            /* It was woken to take the lock; another waiter must take it now. */
            weir__wake_for_lock(thread->object);
        }
        weir__lease_where_needed(thread);
    }
}

void weir_sim_host_crash(weir_host *host)
{
    weir__sim *sim = &weir__the_sim;
    weir__thread *self = weir__self;
    weir_assert(self && host != &sim->hosts[0]);
    if (!host->alive) {
        return;
    }
    weir__trace_event("host-crash", host->name);
    sim->halted_hosts += !host->paused;
    host->alive = false;
    weir__files_reset_host(host);
    freeze(host);
    if (weir__is_halted(self)) {
        weir__wait_while_halted(self); /* returns only under a lease */
    }
}

void weir_sim_host_pause(weir_host *host)
{
    weir__sim *sim = &weir__the_sim;
    weir__thread *self = weir__self;
    weir_assert(self && host != &sim->hosts[0]);
    if (!host->alive || host->paused) {
        return;
    }
    weir__trace_event("host-pause", host->name);
    sim->halted_hosts++;
    host->paused = true;
    freeze(host);
    if (weir__is_halted(self)) {
        weir__wait_while_halted(self);
    }
}

void weir_sim_host_resume(weir_host *host)
{
    weir__sim *sim = &weir__the_sim;
    if (!host->paused || !host->alive) {
        return;
    }
    weir__trace_event("host-resume", host->name);
    sim->halted_hosts--;
    host->paused = false;
    for (weir__thread *thread = sim->first; thread; thread = thread->next) {
        if (thread->home != host) {
            continue;
        }
        thread->lease = NULL;
        if (thread->state == WEIR__RUNNABLE) {
            weir__enqueue(thread);
        } else if (thread->state == WEIR__BLOCKED && thread->deadline_us != WEIR__NEVER) {
            weir__timer_arm(&thread->timer, thread->deadline_us);
        }
    }
}
