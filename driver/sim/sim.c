/* SPDX-License-Identifier: Apache-2.0
 *
 * Start and end of the simulation, virtual time, seeded choice, waiting of the test. */
#include "sim/sim.h"

#include <malloc.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/saturate.h"
#include "sim/engine.h"
#include "sim/libraries.h"
#include "sim/real.h"

#define EPOCH_MS 1700000000000LL
#define PCT_LOWEST ((uint64_t)1 << 62)
#define HEAP_STEP (4 << 20)      /* bytes that the heap grows by */
#define HEAP_KEEP (64 << 20)     /* bytes free at its end before some go back to the kernel */
#define HEAP_BLOCK_MAX (1 << 20) /* larger blocks have a mapping of their own */

weir__sim weir__the_sim;

/* ---- Seeded choice ---- */

uint64_t weir__mix(uint64_t value)
{
    /* The finaliser of splitmix64 (Steele, Lea, Flood 2014). */
    value += 0x9E3779B97F4A7C15ULL;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9ULL;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBULL;
    return value ^ (value >> 31);
}

uint64_t weir_sim_random(weir_sim_stream stream)
{
    uint64_t *state = &weir__the_sim.random[stream];
    uint64_t value = weir__mix(*state);
    *state += 0x9E3779B97F4A7C15ULL;
    return value;
}

/* ---- Start and end ---- */

static const weir__backend *backend_for(const weir_sim_opts *opts)
{
    /* ThreadSanitizer itself tracks which OS thread runs, and valgrind on which stack an OS thread
     * is. */
    if (opts->backend == WEIR_SIM_THREADS || weir__tsan_runs() || weir__under_valgrind() ||
        !weir__context_supported()) {
        return &weir__backend_threads;
    }
    return &weir__backend_borrowed;
}

static void fill_defaults(weir_sim_opts *opts)
{
    if (!opts->epoch_ms) {
        opts->epoch_ms = EPOCH_MS;
    }
    if (!opts->max_virtual_us) {
        opts->max_virtual_us = WEIR_SIM_MAX_VIRTUAL_US;
    }
    if (!opts->livelock_us) {
        opts->livelock_us = WEIR_SIM_LIVELOCK_US;
    }
}

/* Threads of library pools that an earlier simulation left continue to wait. Their waits keep their
 * length although virtual time starts again from 0. Their ids are in a range of their own, so that
 * the ids of other threads do not depend on them. */
static void rebase(weir__sim *sim, int64_t elapsed_us)
{
    int pool_id = WEIR__POOL_ID;
    for (size_t i = 1; i <= sim->timer_count; i++) {
        sim->timers[i]->due_us -= elapsed_us; /* the same for all, so the order stays */
    }
    sim->halted_hosts = 0;
    for (weir__thread *thread = sim->first; thread; thread = thread->next) {
        sim->halted_hosts += !thread->home->alive;
        thread->since_us = 0;
        thread->slice_us = 0;
        if (thread->deadline_us != WEIR__NEVER) {
            thread->deadline_us -= elapsed_us;
        }
        if (thread != sim->main && thread->home == &sim->hosts[0]) {
            thread->id = pool_id++;
        }
    }
}

static void reset(weir__sim *sim, const weir_sim_opts *opts)
{
    int64_t elapsed_us = sim->now_us;
    sim->opts = *opts;
    sim->now_us = 0;
    sim->app_manual = false;
    sim->progress_us = 0;
    sim->overlong_reported = false;
    sim->next_id = 1; /* 0 is the main thread */
    sim->lowest = PCT_LOWEST;
    sim->change = 1;
    sim->pointers = 0;
    sim->hash = weir__mix(opts->seed);
    sim->stats = (weir_sim_stats){0};
    for (int i = 0; i < WEIR_SIM_STREAM_COUNT; i++) {
        sim->random[i] = weir__mix(opts->seed ^ weir__mix((uint64_t)i + 1));
    }
    memset(sim->hosts + 1, 0, sizeof sim->hosts - sizeof *sim->hosts);
    sim->hosts[0] = (weir_host){.name = "driver", .alive = true};
    sim->host_count = 1;
    rebase(sim, elapsed_us);
}

/* Threads that never run at the same time need no heaps of their own. One heap that grows in large
 * steps saves the system calls and page faults of a hundred small ones. The setting is for the
 * whole process and is never reset; sanitizers have their own heap. */
static void tune_heap(void)
{
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TOP_PAD, HEAP_STEP);
    mallopt(M_TRIM_THRESHOLD, HEAP_KEEP);
    mallopt(M_MMAP_THRESHOLD, HEAP_BLOCK_MAX);
#endif
}

weir_err weir_sim_start(const weir_sim_opts *opts, weir_error *error)
{
    weir__sim *sim = &weir__the_sim;
    static const weir_sim_opts none;
    weir_sim_opts filled = opts ? *opts : none;
    fill_defaults(&filled);
    const weir__backend *backend = backend_for(&filled);
    if (sim->running) {
        return weir__error_set(error, WEIR_ESTATE, "a simulation runs already in this process");
    }
    if (sim->thread_count > 1 && (weir__self != sim->main || backend != sim->backend)) {
        return weir__error_set(error, WEIR_ESTATE,
                               "threads of an earlier simulation remain: start this one from the "
                               "same thread, with the same backend");
    }
    weir_err err = weir__libraries_check_loaded(error);
    if (err) {
        return err;
    }
    tune_heap();
    sim->backend = backend;
    reset(sim, &filled);
    if (!sim->main) {
        sim->next_id = 0;
        sim->main = weir__thread_new(&sim->hosts[0], "test");
        if (!sim->main) {
            return weir__error_set(error, WEIR_ENOMEM, "out of memory");
        }
    }
    sim->main->handle = pthread_self();
    sim->main->state = WEIR__RUNNING;
    sim->main->spins = 0;
    sim->main->slice_us = 0;
    weir__self = sim->main;
    sim->current = sim->main;
    sim->process = REAL(syscall)(SYS_getpid);
    sim->started = sim->process;
    sim->running = true;
    if (sim->opts.on_crash) {
        weir__crash_arm();
    }
    return WEIR_OK;
}

void weir_sim_stop(void)
{
    weir__sim *sim = &weir__the_sim;
    if (!sim->running) {
        return;
    }
    weir_assert(weir__self == sim->main);
    weir__crash_disarm();
    weir__files_stop();
    weir__links_stop();
    weir__threads_stop();
    sim->running = false;
    sim->on_event = NULL;
    sim->trace_out = NULL;
    weir__sim_free(sim->stuck_report);
    sim->stuck_report = NULL;
    if (sim->thread_count == 1) { /* only the main thread is left: free everything */
        weir__sim_free(sim->timers);
        sim->timers = NULL;
        sim->timer_capacity = 0;
        weir__sim_free(sim->main->held);
        weir__sim_free(sim->main);
        sim->main = NULL;
        sim->first = NULL;
        sim->last = NULL;
        sim->thread_count = 0;
        sim->halted_hosts = 0;
        weir__self = NULL;
    }
}

bool weir__in_own_process(void)
{
    return weir__the_sim.process == REAL(syscall)(SYS_getpid);
}

bool weir_sim_running(void)
{
    return weir__the_sim.running;
}

/* ---- Time ---- */

int64_t weir_sim_now_us(void)
{
    return weir__the_sim.now_us;
}

int64_t weir__wall_us(const weir__thread *thread, bool program)
{
    const weir__sim *sim = &weir__the_sim;
    int64_t now_us = program && sim->app_manual ? sim->app_us : sim->now_us;
    return sim->opts.epoch_ms * 1000 + now_us + thread->acting->skew_us;
}

int64_t weir_sim_wall_ms(void)
{
    weir_assert(weir__self);
    return weir__wall_us(weir__self, true) / 1000;
}

int64_t weir__after_us(int64_t us)
{
    int64_t at;
    if (us < 0) {
        us = 0;
    }
    return __builtin_add_overflow(weir__the_sim.now_us, us, &at) ? WEIR__NEVER : at;
}

static bool to_us(const struct timespec *at, int64_t *us)
{
    return !__builtin_mul_overflow((int64_t)at->tv_sec, (int64_t)1000000, us) &&
           !__builtin_add_overflow(*us, (int64_t)(at->tv_nsec + 999) / 1000, us);
}

int64_t weir__deadline_on(const weir__thread *self, clockid_t clock, const struct timespec *at)
{
    int64_t us;
    if (!to_us(at, &us)) {
        return WEIR__NEVER;
    }
    if (clock == CLOCK_REALTIME) {
        return weir__add_sat(weir__sub_sat(us, weir__wall_us(self, false)), weir__the_sim.now_us);
    }
    return weir__sub_sat(us, WEIR__MONOTONIC_BASE_US);
}

int64_t weir__deadline_of(const weir__thread *self, const struct timespec *at)
{
    int64_t us;
    if (!to_us(at, &us)) {
        return WEIR__NEVER;
    }
    int64_t from_wall = weir__sub_sat(us, weir__wall_us(self, false));
    int64_t from_monotonic = weir__sub_sat(us, WEIR__MONOTONIC_BASE_US + weir__the_sim.now_us);
    bool wall = llabs(from_wall) < llabs(from_monotonic);
    return weir__add_sat(weir__the_sim.now_us, wall ? from_wall : from_monotonic);
}

/* After a call that lets other threads run, a test reads what those did. This tells ThreadSanitizer
 * that everything before the switch happened before the call returned. */
static void observe(void)
{
    weir__tsan_acquire(&weir__the_sim);
}

void weir_sim_order_writes(void)
{
    weir__tsan_release(&weir__the_sim.ordered);
}

void weir_sim_sleep_us(int64_t us)
{
    weir_assert(weir__self);
    weir__block(weir__self, WEIR__WAIT_SLEEP, weir__after_us(us));
    observe();
}

void weir_sim_yield(void)
{
    weir_assert(weir__self);
    weir__yield(weir__self);
    observe();
}

void weir_sim_progress(void)
{
    weir__the_sim.progress_us = weir__the_sim.now_us;
}

bool weir_sim_wait(int64_t wake_us)
{
    weir_assert(weir__self);
    bool notified = weir__wait_object(weir__self, WEIR__WAIT_NOTIFY, &weir__the_sim, wake_us);
    observe();
    return notified;
}

void weir_sim_notify(void)
{
    weir__wake_object(&weir__the_sim, 1);
}

void weir_sim_app_clock_manual(bool manual)
{
    weir__sim *sim = &weir__the_sim;
    if (manual && !sim->app_manual) {
        sim->app_us = sim->now_us;
    }
    sim->app_manual = manual;
}

void weir_sim_app_clock_advance_us(int64_t us)
{
    weir__the_sim.app_us = weir__add_sat(weir__the_sim.app_us, us);
}

weir_sim_stats weir_sim_get_stats(void)
{
    weir_sim_stats stats = weir__the_sim.stats;
    stats.threads = weir__the_sim.thread_count;
    return stats;
}
