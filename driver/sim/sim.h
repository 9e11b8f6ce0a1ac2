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

/* Why a simulation cannot continue. */
typedef enum weir_sim_stuck {
    WEIR_SIM_DEADLOCK, /* no thread is runnable and there is no timer */
    WEIR_SIM_LIVELOCK, /* no progress (weir_sim_progress) within livelock_us of virtual time */
    WEIR_SIM_OVERLONG, /* virtual time passed max_virtual_us */
    WEIR_SIM_CRASHED,  /* a thread crashed (weir_sim_opts.on_crash); the report is empty */
} weir_sim_stuck;

/* Why a thread cannot continue. */
typedef enum weir_sim_end {
    WEIR_SIM_SIGNAL,    /* SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT */
    WEIR_SIM_EXIT,      /* it calls exit, or _exit */
    WEIR_SIM_STALLED,   /* the watchdog: it does not yield */
    WEIR_SIM_MISUSED,   /* weir_sim_fail_thread */
    WEIR_SIM_SANITIZER, /* a sanitizer ends the program; its own report is written */
} weir_sim_end;

/* A thread that cannot continue, for on_crash. Everything is borrowed for the call. */
typedef struct weir_sim_crash {
    weir_sim_end end;
    const char *what;       /* one line: "SIGSEGV at address 0x10" */
    const char *hint;       /* what the user can do about it, or "" */
    bool test_thread;       /* the thread that started the simulation */
    struct weir_host *host; /* NULL: not a thread of the simulation */
    const char *thread;     /* its name */
    void *const *frames;    /* return addresses, innermost first */
    size_t frame_count;
    bool final;         /* the program cannot continue after it */
    const char *ending; /* why it cannot, or "" */
} weir_sim_crash;

typedef struct weir_sim_opts {
    uint64_t seed;
    weir_sim_policy policy;
    weir_sim_backend backend;
    int64_t epoch_ms;       /* wall clock at virtual time 0; 0: 1700000000000 */
    int64_t max_virtual_us; /* 0: WEIR_SIM_MAX_VIRTUAL_US */
    int64_t livelock_us;    /* 0: WEIR_SIM_LIVELOCK_US */
    /* Called with a report: every thread's name, host, state, what it waits for, and since when.
     * It may longjmp or _exit. If it is NULL or returns, the report is written to stderr and the
     * process aborts. */
    void (*on_stuck)(weir_sim_stuck why, const char *report, void *user);
    /* Called when a thread of this process cannot continue, on that thread, perhaps in a signal
     * handler: it may write (weir_sim_print), but not allocate or lock. If it returns true and
     * crash->final is false, the thread never runs again, and the simulation is stuck for the
     * reason WEIR_SIM_CRASHED. Otherwise the signal or exit has its usual effect: the other handler
     * that is installed is called, or the program ends. NULL: signals and exit are not intercepted.
     */
    bool (*on_crash)(const weir_sim_crash *crash, void *user);
    /* With on_crash: processor time that a thread may use without yielding; 0:
     * WEIR_SIM_WATCHDOG_MS, more under valgrind and sanitizers; negative: no limit. There is none
     * while a debugger is attached. */
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
/* Ends the simulation. Threads that still exist (crashed hosts, pools of libraries) stay parked and
 * do not disturb the exit of the process. */
void weir_sim_stop(void);
bool weir_sim_running(void);
/* True on the thread that started the simulation, and while there is no simulation. */
bool weir_sim_on_test_thread(void);

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
    WEIR_SIM_ENTROPY, /* the kernel's random numbers */
    WEIR_SIM_FAULTS,
    WEIR_SIM_TEST,
    WEIR_SIM_RESEEDING, /* the kernel's random numbers that seed generators that outlive a run */
    WEIR_SIM_STREAM_COUNT
} weir_sim_stream;
uint64_t weir_sim_random(weir_sim_stream stream);
void weir_sim_progress(void); /* reports progress: the time of livelock_us starts again */

/* For ThreadSanitizer: what this thread did so far happens before what the others do from now on.
 * For the test's thread, when it begins to wait. Not at each switch of a wait: the test's thread is
 * ordered after the others, so this would order all others by each other, and hide their races. */
void weir_sim_order_writes(void);

/* Sleeps until `wake_us` or until another managed thread calls weir_sim_notify, whichever is first.
 * True: notified. How run_until waits without polling. One waiter at a time. */
bool weir_sim_wait(int64_t wake_us);
void weir_sim_notify(void);

/* A wall clock of the application apart from the time of the infrastructure. When manual,
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
/* Makes the calling thread act on `host`: sockets and threads that it makes belong there. Returns
 * the host on which it acted before. */
weir_host *weir_sim_host_enter(weir_host *host);

/* Crashes a host: its threads never run again, its sockets close at once (peers see a reset). Does
 * not return if the caller belongs to the host. There is one exception, also for pauses: a thread
 * that holds a lock for which a thread of another host waits (a process-wide lock of a library)
 * runs until it has released that lock. */
void weir_sim_host_crash(weir_host *host);
/* Pauses a host: its threads do not run (SIGSTOP, long GC); connections stay open. */
void weir_sim_host_pause(weir_host *host);
void weir_sim_host_resume(weir_host *host);
bool weir_sim_host_alive(const weir_host *host); /* not crashed */

/* Faults of the links between `host` and the listening port `port` (0: all ports). While a link is
 * cut, bytes in flight stay in flight, and connects wait. */
void weir_sim_link_cut(weir_host *host, int port, bool cut);
void weir_sim_link_latency(weir_host *host, int port, int64_t us); /* each direction */
void weir_sim_link_reset(weir_host *host, int port);               /* breaks the connections once */
/* The chance in a million that a send resets the connection instead (how TCP shows loss). */
void weir_sim_link_loss(weir_host *host, int port, uint32_t per_million);
/* Changes the host's wall clock only. False, and no change, if the clock would leave the years 1970
 * to 2262, beyond which nanoseconds do not fit into 64 bits. */
bool weir_sim_host_skew(weir_host *host, int64_t us);

/* ---- Trace ---- */
/* Adds a labelled event. The hash covers every switch (time, thread) and every event. Texts must
 * not hold addresses. */
void weir_sim_trace(const char *kind, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What an event tells, as data of the caller: its text is made only for a reader. */
typedef struct weir_sim_data {
    const void *data;
    uint64_t hash; /* of the content */
    void (*text)(const void *data, char *out, size_t size);
} weir_sim_data;
/* Adds a labelled event whose detail is data. Both are borrowed for the call. */
void weir_sim_trace_data(const char *kind, const weir_sim_data *data);
uint64_t weir_sim_trace_hash(void);

typedef struct weir_sim_event {
    int64_t us;
    const char *host;
    const char *thread;
    const char *kind;
    const char *detail; /* NULL: `data` has it */
    const weir_sim_data *data;
} weir_sim_event;
/* Called for every labelled event (and switches when `switches`), on the thread that makes it; must
 * not block. */
void weir_sim_on_event(void (*fn)(const weir_sim_event *event, void *user), void *user,
                       bool switches);
typedef enum weir_sim_trace_form { WEIR_SIM_TEXT, WEIR_SIM_JSON_LINES } weir_sim_trace_form;
/* Writes each event to `out` when it happens; NULL ends it. Borrows `out`. */
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
/* Ends the calling thread, which is not the one that started the simulation, as a crash does:
 * on_crash is called with the text, and the simulation is stuck. Returns if the program must end.
 */
void weir_sim_fail_thread(const char *what);
/* Calls fn for each thread of the host that waits: "waits for sleep since 1.0 until 5.0". */
void weir_sim_each_wait(const weir_host *host,
                        void (*fn)(pthread_t thread, const char *what, void *user), void *user);
/* Writes a text of up to WEIR_SIM_PRINT_MAX bytes to stderr at once. Works in signal handlers. */
#define WEIR_SIM_PRINT_MAX 2048
void weir_sim_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Writes a backtrace to stderr in the same way, a line a frame. */
void weir_sim_print_frames(void *const *frames, size_t count);

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
