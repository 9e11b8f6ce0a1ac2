/* SPDX-License-Identifier: Apache-2.0
 *
 * The scheduler: chooses the thread that runs next, and keeps the others waiting.
 *
 *      RUNNABLE --(chosen)--> RUNNING --(blocks)--> BLOCKED --(woken, or its timer)--> RUNNABLE
 *
 * The thread that stops running chooses its successor and switches to it. If none is runnable,
 * virtual time jumps to the earliest timer. If there is no timer either, the main thread is resumed
 * to report that the simulation is stuck. */
#include <stdlib.h>

#include "sim/engine.h"

#define PCT_BASE ((uint64_t)1 << 62)     /* first priorities are above, demoted ones below */
#define PCT_INTERVAL ((uint64_t)4096)    /* mean scheduling points between changes of priority */
#define RANDOM_SWITCH_MASK ((uint64_t)7) /* one scheduling point in eight yields */

_Thread_local weir__thread *weir__self;

/* ---- Run queue ---- */

bool weir__is_halted(const weir__thread *thread)
{
    return weir__the_sim.halted_hosts && (!thread->home->alive || thread->home->paused) &&
           !thread->lease;
}

void weir__enqueue(weir__thread *thread)
{
    weir__sim *sim = &weir__the_sim;
    if (thread->queued || weir__is_halted(thread)) {
        return;
    }
    thread->queued = true;
    thread->run_next = NULL;
    thread->run_prev = sim->run_last;
    *(sim->run_last ? &sim->run_last->run_next : &sim->run_first) = thread;
    sim->run_last = thread;
    sim->run_count++;
}

void weir__dequeue(weir__thread *thread)
{
    weir__sim *sim = &weir__the_sim;
    if (!thread->queued) {
        return;
    }
    thread->queued = false;
    *(thread->run_prev ? &thread->run_prev->run_next : &sim->run_first) = thread->run_next;
    *(thread->run_next ? &thread->run_next->run_prev : &sim->run_last) = thread->run_prev;
    sim->run_count--;
}

static weir__thread *highest(const weir__sim *sim)
{
    weir__thread *best = sim->run_first;
    for (weir__thread *thread = best; thread; thread = thread->run_next) {
        if (thread->priority > best->priority) {
            best = thread;
        }
    }
    return best;
}

static weir__thread *pick(const weir__sim *sim)
{
    if (sim->run_count < 2 || sim->opts.policy == WEIR_SIM_FIFO) {
        return sim->run_first;
    }
    if (sim->opts.policy == WEIR_SIM_PCT) {
        return highest(sim);
    }
    uint64_t skip = weir_sim_random(WEIR_SIM_SCHEDULE) % sim->run_count;
    weir__thread *thread = sim->run_first;
    while (skip--) {
        thread = thread->run_next;
    }
    return thread;
}

/* ---- Stuck ---- */

static weir__thread *resume_main(weir__sim *sim)
{
    weir__forget_waits(sim->main);
    weir__dequeue(sim->main);
    return sim->main;
}

/* Only the thread that started the simulation can report that it is stuck: on_stuck may jump out
 * of the calls on its stack. */
static weir__thread *stuck(weir__sim *sim, weir_sim_stuck why)
{
    weir__sim_free(sim->stuck_report);
    sim->stuck_report = weir_sim_report();
    sim->stuck_why = why;
    sim->stuck = true;
    return resume_main(sim);
}

static void report_stuck(weir__sim *sim)
{
    static const char *const texts[] = {
        [WEIR_SIM_DEADLOCK] = "deadlock: nobody can run and nothing is due",
        [WEIR_SIM_LIVELOCK] = "livelock: no progress within the bound of virtual time",
        [WEIR_SIM_OVERLONG] = "overlong: the bound of virtual time is passed",
        [WEIR_SIM_CRASHED] = "crashed: a thread cannot go on",
    };
    sim->stuck = false;
    weir__tsan_acquire(sim); /* what the others did before */
    const char *none = sim->stuck_why == WEIR_SIM_CRASHED ? "" : "(out of memory)";
    const char *report = sim->stuck_report ? sim->stuck_report : none;
    if (sim->opts.on_stuck) {
        sim->opts.on_stuck(sim->stuck_why, report, sim->opts.user);
    }
    fprintf(stderr, "simulation stuck: %s\n%s", texts[sim->stuck_why], report);
    abort();
}

/* True if a bound of virtual time has been passed for the first time. */
static bool past_bound(weir__sim *sim, weir_sim_stuck *why)
{
    if (!sim->running) {
        return false;
    }
    if (sim->now_us > sim->opts.max_virtual_us && !sim->overlong_reported) {
        sim->overlong_reported = true; /* once: the clean-up afterwards takes virtual time, too */
        *why = WEIR_SIM_OVERLONG;
        return true;
    }
    if (sim->now_us - sim->progress_us > sim->opts.livelock_us) {
        sim->progress_us = sim->now_us;
        *why = WEIR_SIM_LIVELOCK;
        return true;
    }
    return false;
}

/* ---- Choice and switch ---- */

static void fire_due(weir__sim *sim)
{
    while (sim->timer_count && sim->timers[1]->due_us <= sim->now_us) {
        weir__timer *timer = sim->timers[1];
        weir__timer_disarm(timer);
        timer->fire(timer);
    }
}

static weir__thread *choose(weir__sim *sim)
{
    for (;;) {
        weir_sim_stuck why;
        if (past_bound(sim, &why)) {
            return stuck(sim, why);
        }
        fire_due(sim);
        weir__thread *next = pick(sim);
        if (next) {
            weir__dequeue(next);
            return next;
        }
        if (!sim->timer_count) {
            return sim->running ? stuck(sim, WEIR_SIM_DEADLOCK) : resume_main(sim);
        }
        sim->now_us = sim->timers[1]->due_us;
        sim->stats.advances++;
    }
}

static void account(weir__sim *sim, weir__thread *next)
{
    next->state = WEIR__RUNNING;
    sim->current = next;
    sim->stats.switches++;
    weir__trace_switch(next);
}

/* Switches away from `self`, whose state has been set. Returns when it runs again. */
static void switch_away(weir__sim *sim, weir__thread *self)
{
    weir__thread *next = choose(sim);
    next->slice_us = sim->now_us;
    if (next == self) {
        self->state = WEIR__RUNNING;
    } else {
        account(sim, next);
        sim->backend->swap(self, next);
    }
    if (self == sim->main && sim->stuck) {
        report_stuck(sim);
    }
}

void weir__leave(weir__thread *self)
{
    weir__sim *sim = &weir__the_sim;
    self->state = WEIR__DONE;
    weir__wake_object(self, INT32_MAX);
    if (self->detached) {
        weir__thread_retire(self);
    }
    weir__thread *next = choose(sim);
    account(sim, next);
    weir__self = NULL;
    sim->backend->leave(self, next);
}

/* Stops a thread for good: it is in no queue and has no timer. It keeps the locks that it holds. */
void weir__give_up(weir__thread *self)
{
    weir__sim *sim = &weir__the_sim;
    weir__sim_free(sim->stuck_report);
    sim->stuck_report = NULL;
    sim->stuck_why = WEIR_SIM_CRASHED;
    sim->stuck = true;
    self->state = WEIR__BLOCKED;
    self->wait = WEIR__WAIT_FOREVER;
    self->since_us = sim->now_us;
    self->deadline_us = WEIR__NEVER;
    weir__thread *next = resume_main(sim);
    account(sim, next);
    sim->backend->swap(self, next);
    abort(); /* never resumed */
}

void weir__wait_while_halted(weir__thread *self)
{
    self->state = WEIR__RUNNABLE;
    switch_away(&weir__the_sim, self);
}

void weir__yield(weir__thread *self)
{
    weir__sim *sim = &weir__the_sim;
    sim->now_us += WEIR__BLOCK_COST_US;
    if (sim->opts.policy == WEIR_SIM_PCT) {
        self->priority = --sim->lowest; /* otherwise a spinning thread would starve the others */
    }
    self->state = WEIR__RUNNABLE;
    weir__enqueue(self);
    switch_away(sim, self);
}

/* A thread of the program may read the clock often because it works. A thread of librdkafka that
 * does so waits for a timer: it spins through the last fraction of a millisecond. So the cost of a
 * read increases while such a thread spins. */
static int64_t spin_cost(const weir__sim *sim, const weir__thread *self, int64_t cost_us)
{
    /* If no other thread can run, only the passing of time can end the spin. */
    int64_t cost = sim->run_count ? cost_us : WEIR__SPIN_COST_US;
    if (self->serves) {
        int doublings = (self->spins - WEIR__SPIN_FREE) / WEIR__SPIN_DOUBLE;
        cost = doublings < WEIR__SPIN_DOUBLINGS ? cost << doublings : WEIR__SPIN_MOST_US;
    }
    return cost < WEIR__SPIN_MOST_US ? cost : WEIR__SPIN_MOST_US;
}

void weir__spin(weir__thread *self, int64_t cost_us)
{
    weir__sim *sim = &weir__the_sim;
    if (++self->spins > WEIR__SPIN_FREE) {
        sim->now_us += spin_cost(sim, self, cost_us);
    }
    if (sim->now_us - self->slice_us >= WEIR__SLICE_US) {
        weir__yield(self);
    } else {
        weir__switch_point(self);
    }
}

void weir__switch_perhaps(weir__thread *self)
{
    weir__sim *sim = &weir__the_sim;
    if (sim->opts.policy == WEIR_SIM_RANDOM) {
        if ((weir_sim_random(WEIR_SIM_SCHEDULE) & RANDOM_SWITCH_MASK) == 0) {
            weir__yield(self);
        }
        return;
    }
    if (--sim->change == 0) {
        sim->change = 1 + weir_sim_random(WEIR_SIM_SCHEDULE) % (2 * PCT_INTERVAL);
        self->priority = --sim->lowest;
    }
    const weir__thread *best = highest(sim);
    if (best && best->priority > self->priority) {
        self->state = WEIR__RUNNABLE;
        weir__enqueue(self);
        switch_away(sim, self);
    }
}

/* ---- Waiting ---- */

weir__queue *weir__bucket(const void *object)
{
    /* Which objects share a bucket has no effect on the order within one object. */
    return &weir__the_sim.buckets[weir__mix((uintptr_t)object) & (WEIR__BUCKETS - 1)];
}

static void link_waiter(weir__queue *queue, weir__waiter *waiter)
{
    waiter->queue = queue;
    waiter->next = NULL;
    waiter->prev = queue->last;
    *(queue->last ? &queue->last->next : &queue->first) = waiter;
    queue->last = waiter;
}

static void unlink_waiter(weir__waiter *waiter)
{
    weir__queue *queue = waiter->queue;
    if (!queue) {
        return;
    }
    *(waiter->prev ? &waiter->prev->next : &queue->first) = waiter->next;
    *(waiter->next ? &waiter->next->prev : &queue->last) = waiter->prev;
    waiter->queue = NULL;
}

void weir__forget_waits(weir__thread *thread)
{
    for (size_t i = 0; i < thread->waiter_count; i++) {
        unlink_waiter(&thread->waiters[i]);
    }
    thread->waiter_count = 0;
    weir__timer_disarm(&thread->timer);
}

static void make_runnable(weir__thread *thread)
{
    weir__forget_waits(thread);
    thread->state = WEIR__RUNNABLE;
    weir__enqueue(thread);
}

static void time_out(weir__timer *timer)
{
    make_runnable((weir__thread *)((char *)timer - offsetof(weir__thread, timer)));
}

void weir__wake(weir__thread *thread)
{
    if (thread->state == WEIR__BLOCKED) {
        thread->woken = true;
        make_runnable(thread);
    }
}

/* A thread of a crashed host must not consume a wake-up. */
static bool deaf(const weir__thread *thread)
{
    return !thread->home->alive && !thread->lease;
}

void weir__wake_object(const void *object, int max)
{
    weir__waiter *waiter = weir__bucket(object)->first;
    while (waiter && max) {
        weir__waiter *next = waiter->next;
        if (waiter->object == object && !deaf(waiter->thread)) {
            weir__wake(waiter->thread);
            max--;
        }
        waiter = next;
    }
}

void weir__wake_for_lock(const void *object)
{
    for (weir__waiter *waiter = weir__bucket(object)->first; waiter; waiter = waiter->next) {
        if (waiter->object == object && !weir__is_halted(waiter->thread)) {
            weir__wake(waiter->thread);
            return;
        }
    }
}

void weir__wake_queue(weir__queue *queue)
{
    for (weir__waiter *waiter = queue->first; waiter;) {
        weir__waiter *next = waiter->next;
        /* A thread may be in a queue twice: waking it may remove `next`, too. */
        while (next && next->thread == waiter->thread) {
            next = next->next;
        }
        weir__wake(waiter->thread);
        waiter = next;
    }
}

bool weir__block(weir__thread *self, weir__wait wait, int64_t deadline_us)
{
    weir__sim *sim = &weir__the_sim;
    sim->now_us += WEIR__BLOCK_COST_US;
    self->state = WEIR__BLOCKED;
    self->wait = wait;
    self->since_us = sim->now_us;
    self->deadline_us = deadline_us;
    self->woken = false;
    self->spins = 0;
    if (deadline_us != WEIR__NEVER) {
        self->timer.fire = time_out;
        weir__timer_arm(&self->timer, deadline_us);
    }
    switch_away(sim, self);
    self->wait = WEIR__WAIT_NONE;
    self->object = NULL;
    return self->woken;
}

bool weir__wait_object(weir__thread *self, weir__wait wait, const void *object, int64_t deadline_us)
{
    self->waiter = (weir__waiter){.thread = self, .object = object};
    link_waiter(weir__bucket(object), &self->waiter);
    self->waiters = &self->waiter;
    self->waiter_count = 1;
    self->object = object;
    return weir__block(self, wait, deadline_us);
}

bool weir__wait_queues(weir__thread *self, weir__wait wait, weir__waiter *waiters, size_t count,
                       int64_t deadline_us)
{
    for (size_t i = 0; i < count; i++) {
        waiters[i].thread = self;
        link_waiter(waiters[i].queue, &waiters[i]);
    }
    self->waiters = waiters;
    self->waiter_count = count;
    return weir__block(self, wait, deadline_us);
}

bool weir__anybody_else(void)
{
    return weir__the_sim.run_count > 0 || weir__the_sim.timer_count > 0;
}
