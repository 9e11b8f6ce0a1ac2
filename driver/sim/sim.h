/* SPDX-License-Identifier: Apache-2.0
 *
 * The simulation: virtual time, one managed thread at a time, sockets in memory, hosts, faults, the
 * trace, branches. One per process (libc can be interposed only once). The thread that starts it is
 * managed thread 0. All calls are for managed threads; without a simulation every interposed libc
 * function is the real one. */
#ifndef WEIR_DRIVER_SIM_SIM_H
#define WEIR_DRIVER_SIM_SIM_H

#include <pthread.h>
#include <stdio.h>

#include <weir/weir.h>

typedef enum weir_sim_policy {
    WEIR_SIM_FIFO,   /* longest runnable first */
    WEIR_SIM_RANDOM, /* any runnable thread, from the seed; also switches at lock and clock calls,
                        and where RocksDB writes to a file */
    WEIR_SIM_PCT,    /* seeded priorities with a few seeded change points (probabilistic concurrency
                        testing) */
} weir_sim_policy;

typedef enum weir_sim_backend {
    WEIR_SIM_BORROWED, /* threads switched in user space on one OS thread */
    WEIR_SIM_THREADS,  /* real threads, one at a time: for TSan, debuggers, other CPUs */
} weir_sim_backend;

/* Why a simulation cannot go on. */
typedef enum weir_sim_stuck {
    WEIR_SIM_DEADLOCK, /* nobody is runnable and nothing is due */
    WEIR_SIM_LIVELOCK, /* no progress (weir_sim_progress) within livelock_us of virtual time */
    WEIR_SIM_OVERLONG, /* virtual time passed max_virtual_us */
    WEIR_SIM_CRASHED,  /* a thread was given up (weir_sim_opts.on_crash); the report is empty */
} weir_sim_stuck;

/* Why a thread cannot go on. */
typedef enum weir_sim_end {
    WEIR_SIM_SIGNAL,    /* SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT */
    WEIR_SIM_EXIT,      /* it calls exit, or _exit */
    WEIR_SIM_STALLED,   /* the watchdog: it does not give way */
    WEIR_SIM_SANITIZER, /* a sanitizer ends the program; its report is written */
} weir_sim_end;

/* Everything is borrowed for the call. */
typedef struct weir_sim_crash {
    weir_sim_end end;
    const char *what;       /* one line: "SIGSEGV at address 0x10" */
    const char *hint;       /* what can be done about it; "": nothing to say */
    bool test_thread;       /* the thread that started the simulation */
    struct weir_host *host; /* NULL: not a thread of the simulation */
    const char *thread;     /* its name */
    void *const *frames;    /* return addresses, innermost first */
    size_t frame_count;
    bool final; /* the program cannot go on after it */
} weir_sim_crash;

typedef struct weir_sim_opts {
    uint64_t seed;
    weir_sim_policy policy;
    weir_sim_backend backend;
    int64_t epoch_ms;       /* wall clock at virtual time 0; 0: 1700000000000 */
    int64_t max_virtual_us; /* 0: WEIR_SIM_MAX_VIRTUAL_US */
    int64_t livelock_us;    /* 0: WEIR_SIM_LIVELOCK_US */
    /* Told with a report (every thread's name, host, state, what it waits for, since when). NULL,
     * or when it returns: the report goes to stderr and the process aborts. It may longjmp or
     * _exit. */
    void (*on_stuck)(weir_sim_stuck why, const char *report, void *user);
    /* NULL: signals and exit are left alone. Called when a thread of this process cannot go on, on
     * that thread, perhaps in a signal handler: it may write (weir_sim_print), not allocate, not
     * lock. True: unless crash->final, the thread is given up for good, and the simulation is stuck
     * for the reason WEIR_SIM_CRASHED. Else what would have happened happens: the handler that was
     * installed before or since, the end of the program. */
    bool (*on_crash)(const weir_sim_crash *crash, void *user);
    /* With on_crash: real time that a thread may run without giving way; 0: WEIR_SIM_WATCHDOG_MS,
     * more under valgrind and sanitizers; negative: no bound. Not while a debugger is attached. */
    int64_t watchdog_ms;
    /* Called when an assertion of cmocka has failed on the thread that started the simulation. */
    void (*on_assertion)(void *user);
    void *user;
} weir_sim_opts;

#define WEIR_SIM_MAX_VIRTUAL_US ((int64_t)24 * 3600 * 1000000)
#define WEIR_SIM_LIVELOCK_US ((int64_t)3600 * 1000000)
#define WEIR_SIM_WATCHDOG_MS ((int64_t)10000)
#define WEIR_SIM_HOST_MAX 64
#define WEIR_SIM_NAME_MAX 64

/* WEIR_EUNSUPPORTED when a loaded library imports a blocking, clock or random function that is not
 * covered: the message names the library and the functions. WEIR_ESTATE when one runs already. */
weir_err weir_sim_start(const weir_sim_opts *opts, weir_error *error);
/* Ends it. Threads that still exist (crashed hosts, pools of libraries) stay parked and do no harm
 * at exit. */
void weir_sim_stop(void);
bool weir_sim_running(void);

/* The check of weir_sim_start on one library by its path (loaded or not). */
weir_err weir_sim_check_library(const char *path, weir_error *error);

/* ---- Time and choice ---- */
int64_t weir_sim_now_us(void);      /* virtual, from 0; monotonic */
int64_t weir_sim_wall_ms(void);     /* epoch + now (+ the host's skew) */
void weir_sim_sleep_us(int64_t us); /* blocks the calling managed thread */
void weir_sim_yield(void);
/* Seeded; each stream is independent of the schedule and of the other streams, so that faults are
 * not reshuffled by scheduling. */
typedef enum weir_sim_stream {
    WEIR_SIM_SCHEDULE,
    WEIR_SIM_LIBRARY,
    WEIR_SIM_ENTROPY, /* what the kernel gives: seeds of generators that outlive a run */
    WEIR_SIM_FAULTS,
    WEIR_SIM_TEST,
    WEIR_SIM_STREAM_COUNT
} weir_sim_stream;
uint64_t weir_sim_random(weir_sim_stream stream);
void weir_sim_progress(void); /* something useful happened: livelock counts anew */

/* Sleeps until `wake_us` or until another managed thread calls weir_sim_notify, whichever is first.
 * True: notified. How run_until waits without polling. One waiter at a time. */
bool weir_sim_wait(int64_t wake_us);
void weir_sim_notify(void);

/* Application wall-clock apart from infrastructure time (design: two clock domains). When manual,
 * code of the program itself (runtime, tests; not librdkafka, RocksDB) that reads the wall clock
 * (CLOCK_REALTIME, gettimeofday, time, timespec_get) sees one that moves only by
 * weir_sim_app_clock_advance_us; CLOCK_MONOTONIC, sleeps and timed waits stay on infrastructure
 * time. */
void weir_sim_app_clock_manual(bool manual);
void weir_sim_app_clock_advance_us(int64_t us);

/* ---- Hosts ---- */
typedef struct weir_host weir_host;

/* Host 0, "driver", exists from the start and cannot fail. Valid until weir_sim_stop. NULL:
 * WEIR_SIM_HOST_MAX reached. */
weir_host *weir_sim_host_new(const char *name);
weir_host *weir_sim_host_driver(void);
const char *weir_sim_host_name(const weir_host *host);

/* Runs fn(arg) as a new managed thread of the host. Threads created by a thread belong to its host;
 * those of process-wide pools (RocksDB's) belong to the driver's host. */
weir_err weir_sim_host_run(weir_host *host, const char *name, void (*fn)(void *arg), void *arg);
/* Makes the calling thread act on `host` (sockets and threads that it makes belong there); returns
 * the former. */
weir_host *weir_sim_host_enter(weir_host *host);

/* Its threads never run again, its sockets close at once (peers see a reset). Final. If the caller
 * belongs to the host it does not return. The exception, for pauses too: a thread that holds a lock
 * which a thread of another host wants (a process-wide one of a library) goes on, when that is so,
 * just until it has released it. */
void weir_sim_host_crash(weir_host *host);
/* Its threads do not run (SIGSTOP, long GC); connections stay open. */
void weir_sim_host_pause(weir_host *host);
void weir_sim_host_resume(weir_host *host);
bool weir_sim_host_alive(const weir_host *host); /* not crashed */

/* Faults of the links between `host` and the listening port `port` (0: all ports). Bytes under way
 * stay so while cut; connecting hangs while cut. */
void weir_sim_link_cut(weir_host *host, int port, bool cut);
void weir_sim_link_latency(weir_host *host, int port, int64_t us); /* each direction */
void weir_sim_link_reset(weir_host *host, int port);               /* breaks the connections once */
/* Chance in a million that bytes sent break the connection instead (TCP's visible form of loss). */
void weir_sim_link_loss(weir_host *host, int port, uint32_t per_million);
/* Wall clock only. False, and no change, if it would leave 1970 to 2262, where nanoseconds end. */
bool weir_sim_host_skew(weir_host *host, int64_t us);

/* ---- Trace ---- */
/* Adds a labelled event. The hash covers every switch (time, thread) and every event. Texts must
 * not hold addresses. */
void weir_sim_trace(const char *kind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void weir_sim_trace_text(const char *kind, const char *detail); /* the text as it is */
uint64_t weir_sim_trace_hash(void);

typedef struct weir_sim_event {
    int64_t us;
    const char *host;
    const char *thread;
    const char *kind;
    const char *detail;
} weir_sim_event;
/* Called for every labelled event (and switches when `switches`), on the thread that makes it; must
 * not block. */
void weir_sim_on_event(void (*fn)(const weir_sim_event *event, void *user), void *user,
                       bool switches);
typedef enum weir_sim_trace_form { WEIR_SIM_TEXT, WEIR_SIM_JSON_LINES } weir_sim_trace_form;
/* Writes events as they come; NULL ends it. Borrows `out`. */
void weir_sim_trace_to(FILE *out, weir_sim_trace_form form, bool switches);

typedef struct weir_sim_stats {
    uint64_t switches;
    uint64_t advances;
    uint64_t events;
    int threads; /* that exist now */
} weir_sim_stats;
weir_sim_stats weir_sim_get_stats(void);

/* Every thread's name, host, state and what it waits for. malloc'ed: free() it. */
char *weir_sim_report(void);
/* Calls fn for each thread of the host that waits: "waits for sleep since 1.0 until 5.0". */
void weir_sim_each_wait(const weir_host *host,
                        void (*fn)(pthread_t thread, const char *what, void *user), void *user);
/* Writes a text of up to WEIR_SIM_TELL_MAX bytes to stderr, at once and whatever has happened. */
#define WEIR_SIM_TELL_MAX 2048
void weir_sim_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Writes a backtrace to stderr in the same way, a line a frame. */
void weir_sim_tell_frames(void *const *frames, size_t count);

/* The earliest due timers: thread, what, when; up to `max` lines. malloc'ed. */
char *weir_sim_timers(int max);

/* ---- Branches ---- */
/* Forks the whole simulation by raw system call. Returns 0 in the branch (other choices from
 * `reseed`), the child's pid in the parent, -1 on failure (errno; ENOTSUP: not the borrowed
 * backend). A branch ends with weir_sim_branch_exit. */
int weir_sim_branch(uint64_t reseed);
bool weir_sim_in_branch(void);
/* Writes coverage, flushes stdio, _exit(status). */
_Noreturn void weir_sim_branch_exit(int status);

#endif
