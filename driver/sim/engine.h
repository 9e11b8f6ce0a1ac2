/* SPDX-License-Identifier: Apache-2.0
 *
 * The internals of the simulation: its one state, threads, wait queues, timers, and the functions
 * that the files of this folder call in each other. Only the one running managed thread uses the
 * state, so it needs no lock. */
#ifndef WEIR_DRIVER_SIM_ENGINE_H
#define WEIR_DRIVER_SIM_ENGINE_H

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "core/buf.h"
#include "core/error.h"
#include "sim/context.h"
#include "sim/sim.h"
#include "sim/tsan.h"

#define WEIR__NEVER INT64_MAX                 /* no deadline */
#define WEIR__BUCKETS 1024                    /* of wait queues, a power of two */
#define WEIR__PARK_STACK 4096                 /* bytes; a parked thread only waits on a futex */
#define WEIR__STACK_BYTES ((size_t)448 << 10) /* of a thread of librdkafka */
#define WEIR__BLOCK_COST_US 1                 /* virtual time that a switch takes */
#define WEIR__SPIN_FREE 16
#define WEIR__READ_COST_US 2 /* virtual time of each clock read after those */
#define WEIR__SPIN_COST_US 20
#define WEIR__SLICE_US 1000    /* of virtual time, after which a thread that spins must yield */
#define WEIR__POOL_ID 1000000  /* first id of threads that an earlier simulation left (pools) */
#define WEIR__SPIN_DOUBLE 4    /* calls after which the cost doubles for a thread of librdkafka, */
#define WEIR__SPIN_DOUBLINGS 8 /* at most so often, */
#define WEIR__SPIN_MOST_US 256 /* and up to this cost */
#define WEIR__MONOTONIC_BASE_US                                                                    \
    1000000000LL /* CLOCK_MONOTONIC at virtual time 0: not 0, which                                \
                  programs take for "never" */

typedef struct weir__thread weir__thread;
typedef struct weir__queue weir__queue;

typedef enum weir__wait {
    WEIR__WAIT_NONE,
    WEIR__WAIT_SLEEP,
    WEIR__WAIT_MUTEX,
    WEIR__WAIT_READ_LOCK,
    WEIR__WAIT_WRITE_LOCK,
    WEIR__WAIT_COND,
    WEIR__WAIT_JOIN,
    WEIR__WAIT_ONCE,
    WEIR__WAIT_FUTEX,
    WEIR__WAIT_POLL,
    WEIR__WAIT_FD,
    WEIR__WAIT_NOTIFY,
    WEIR__WAIT_FOREVER, /* it never runs again */
} weir__wait;

typedef enum weir__state {
    WEIR__RUNNABLE, /* in the run queue, or held back because its host is halted */
    WEIR__RUNNING,
    WEIR__BLOCKED,
    WEIR__DONE,
} weir__state;

/* fire() runs on whichever thread looks for work; it must not block. */
typedef struct weir__timer {
    int64_t due_us;
    uint64_t sequence;
    size_t slot; /* place in the heap, from 1; 0: not armed */
    void (*fire)(struct weir__timer *timer);
} weir__timer;

/* A thread's place in one wait queue. */
typedef struct weir__waiter {
    weir__thread *thread;
    const void *object; /* which of the objects that share the bucket */
    weir__queue *queue; /* NULL: in none */
    struct weir__waiter *prev;
    struct weir__waiter *next;
} weir__waiter;

/* Threads in the order in which they began to wait. */
struct weir__queue {
    weir__waiter *first;
    weir__waiter *last;
};

struct weir_host {
    int id;
    char name[WEIR_SIM_NAME_MAX];
    bool alive;
    bool paused;
    int64_t skew_us;
};

struct weir__thread {
    int id;
    char name[WEIR_SIM_NAME_MAX];
    weir_host *home;   /* it crashes and pauses with this host */
    weir_host *acting; /* the host of the sockets and threads that it makes */
    weir__thread *prev;
    weir__thread *next; /* by creation */

    weir__state state;
    bool queued; /* in the run queue */
    weir__thread *run_prev;
    weir__thread *run_next;
    uint64_t priority; /* PCT: higher runs first */
    bool serves;       /* a thread of librdkafka: it only ever waits for timers and messages */
    int spins;         /* calls since it last blocked that may belong to a spin */
    int64_t slice_us;  /* time of the last switch to it */

    weir__wait wait;
    const void *object; /* what it waits for */
    int object_fd;      /* WEIR__WAIT_FD */
    const struct pollfd *polled;
    size_t polled_count;
    int64_t since_us;
    int64_t deadline_us;
    bool woken; /* not by its timer */
    weir__waiter waiter;
    weir__waiter *waiters; /* the queues that it is in */
    size_t waiter_count;
    weir__timer timer;

    const void **held; /* locks, oldest first; one entry an acquisition */
    size_t held_count;
    size_t held_capacity;
    const void *lease; /* of a halted host: the lock which it may run to release */

    void *(*fn)(void *arg);
    int (*fn_c11)(void *arg); /* instead of fn */
    void *arg;
    void *result;
    pthread_t handle;
    void *stack; /* of the pool; NULL: libc's */
    bool detached;
    bool joined;
    bool gone;  /* its OS thread has exited and is joined */
    bool late;  /* runs only when it is joined */
    int branch; /* the branch (weir__sim.branch) whose process has its OS thread */
    int rounds; /* rounds of thread-local destructors so far */

    weir__context context; /* borrowed backend */
    int parked;
    int release;
    int baton;         /* threads backend */
    void *crash_stack; /* threads backend; NULL: a tool's stack, or none */
    _Alignas(16) unsigned char park_stack[WEIR__PARK_STACK];
};

/* How managed threads run on threads of the operating system. */
typedef struct weir__backend {
    /* Called first on each new OS thread; returns when the thread is switched to. */
    void (*begin)(weir__thread *thread);
    /* Called by the creator: waits until the new thread can be switched to. */
    void (*await)(weir__thread *thread);
    void (*swap)(weir__thread *from, weir__thread *to);
    /* `from` has ended: its OS thread returns from here and exits. */
    void (*leave)(weir__thread *from, weir__thread *to);
    bool join_at_once; /* so that tools see the join */
} weir__backend;

extern const weir__backend weir__backend_borrowed;
extern const weir__backend weir__backend_threads;

typedef struct weir__sim {
    bool running;
    weir_sim_opts opts;
    const weir__backend *backend;
    long process; /* the process in which it runs */
    long started; /* the process in which the run was started: not a branch */
    int branch;   /* depth of branches: 0: the run, 1: a branch of it, ... */

    int64_t now_us;
    uint64_t sequence;
    uint64_t random[WEIR_SIM_STREAM_COUNT];
    bool app_manual;
    int64_t app_us; /* while app_manual: the program's now_us */
    int64_t progress_us;
    bool overlong_reported;

    weir__thread *main;
    weir__thread *current; /* the running thread */
    weir__thread *first;   /* all threads, by creation */
    weir__thread *last;
    int thread_count;
    int next_id;
    weir__thread *run_first;
    weir__thread *run_last;
    size_t run_count;
    uint64_t lowest;         /* PCT: priorities of demoted threads count down from here */
    uint64_t change;         /* PCT: scheduling points until the next change of priority */
    weir__thread *ended[16]; /* joined or detached; their OS threads are exiting */
    size_t ended_count;

    weir__timer **timers; /* heap, [1] is the earliest */
    size_t timer_count;
    size_t timer_capacity;
    weir__queue buckets[WEIR__BUCKETS];
    size_t lock_waits; /* threads that wait for a lock, those of crashed hosts too */

    weir_host hosts[WEIR_SIM_HOST_MAX];
    int host_count;
    int halted_hosts; /* above 0 when threads of crashed or paused hosts may exist */

    bool stuck; /* `main` was resumed to report it */
    weir_sim_stuck stuck_why;
    char *stuck_report;

    char ordered; /* stands for weir_sim_order_writes in annotations */

    uint64_t pointers; /* last number given to a library that prints an address as an id */

    uint64_t hash;
    weir_sim_stats stats;
    void (*on_event)(const weir_sim_event *event, void *user);
    void *on_event_user;
    bool on_event_switches;
    FILE *trace_out;
    weir_sim_trace_form trace_form;
    bool trace_switches;
} weir__sim;

extern weir__sim weir__the_sim;
extern _Thread_local weir__thread *weir__self; /* NULL: not managed */

/* The calling thread if clocks, sockets and randomness are simulated for it; else NULL. */
static inline weir__thread *weir__managed(void)
{
    weir__thread *self = weir__self;
    return self && (weir__the_sim.running || self != weir__the_sim.main) ? self : NULL;
}

/* The calling thread if its locks and joins use the scheduler; else NULL. They do so even after the
 * end of a simulation, since threads of library pools outlive it and are joined at exit. */
static inline weir__thread *weir__synced(void)
{
    weir__thread *self = weir__self;
    return self && (weir__the_sim.running || weir__the_sim.thread_count > 1) ? self : NULL;
}

/* scheduler.c */
/* Blocks `self`. False: the deadline has passed (or, after the end of the simulation, no thread is
 * left that could wake it). The caller fills waiter.object and the fields that the report needs. */
bool weir__block(weir__thread *self, weir__wait wait, int64_t deadline_us);
bool weir__wait_object(weir__thread *self, weir__wait wait, const void *object,
                       int64_t deadline_us);
/* Waits in several queues at once. The caller owns `waiters` and has set their `queue`. */
bool weir__wait_queues(weir__thread *self, weir__wait wait, weir__waiter *waiters, size_t count,
                       int64_t deadline_us);
void weir__wake(weir__thread *thread);
void weir__wake_object(const void *object, int max);
/* Wakes one waiter that can run: a thread of a halted host could not take the lock. */
void weir__wake_for_lock(const void *object);
void weir__wake_queue(weir__queue *queue);
void weir__yield(weir__thread *self);
/* Called for each call that a thread may be spinning on (a clock read, an empty poll): takes
 * virtual time, and yields after some calls. */
void weir__spin(weir__thread *self, int64_t cost_us);
void weir__switch_perhaps(weir__thread *self);
void weir__enqueue(weir__thread *thread);
void weir__dequeue(weir__thread *thread);
/* Ends `self`, which never runs again as a managed thread. */
void weir__leave(weir__thread *self);
/* Runs other threads until the host of `self` is resumed. */
void weir__wait_while_halted(weir__thread *self);
bool weir__is_halted(const weir__thread *thread);
void weir__lease_where_needed(weir__thread *thread);
void weir__forget_waits(weir__thread *thread);
bool weir__anybody_else(void); /* after the end: another thread can still run */
weir__queue *weir__bucket(const void *object);

/* A point at which the policies RANDOM and PCT may also switch. */
static inline void weir__switch_point(weir__thread *self)
{
    if (weir__the_sim.opts.policy != WEIR_SIM_FIFO && weir__the_sim.running) {
        weir__switch_perhaps(self);
    }
}

/* False in a child that the program forks by itself, and in a thread that a tool makes in this
 * memory (LeakSanitizer's tracer). */
bool weir__in_own_process(void);

/* Stops `self` for good and resumes main, which reports that the simulation is stuck. */
_Noreturn void weir__give_up(weir__thread *self);

/* crash.c */
void weir__crash_arm(void);
void weir__crash_disarm(void);
void weir__crash_signals(sigset_t *signals); /* removes the signals that a thread must not block */
void *weir__crash_stack_new(void);           /* for handlers on the calling OS thread; NULL: none */
void weir__crash_stack_free(void *stack);

bool weir__crash_is_ours(void); /* armed, for this process, and not reporting already */
bool weir__crash_is_reporting(void);
/* Fills the fields of `what` about the thread and reports the crash; true: stop `self` for good. */
bool weir__crash_report(weir_sim_crash *what, weir__thread *self);
/* Why the program must end after a crash, in a line; "": it need not. A test cannot end without the
 * threads of pools and brokers. A thread that crashes in malloc keeps the heap locked. */
const char *weir__crash_ending(const weir_sim_crash *what, const weir__thread *self);
_Noreturn void weir__crash_abort(void); /* after the report */

/* watchdog.c */
#define WEIR__WATCHDOG_SIGNAL SIGURG /* debuggers and libc ignore it */
void weir__watchdog_start(void);
void weir__watchdog_stop(void);
void weir__watchdog_in_branch(void);

/* backtrace.c */
#define WEIR__FRAMES_MAX 64
/* The frames of the calling thread, from the one at `pc` outwards. Returns their number, 1 at
 * least.
 */
size_t weir__backtrace(void *pc, void **frames);
void weir__backtrace_prepare(void); /* loads the libraries that a backtrace needs */
void *weir__context_pc(void *context);
uintptr_t weir__context_sp(void *context);
/* True when one of the frames is in malloc, free and the like. */
bool weir__backtrace_allocates(void *const *frames, size_t count);

/* interpose_random.c */
/* What the kernel would give to `caller`. */
void weir__random_fill(const void *caller, void *out, size_t len);

/* timers.c */
void weir__timer_arm(weir__timer *timer, int64_t due_us);
void weir__timer_disarm(weir__timer *timer);

/* threads.c */
int weir__thread_start(weir__thread *thread, const pthread_attr_t *attr);
weir__thread *weir__thread_new(weir_host *home, const char *name);
weir__thread *weir__thread_of(pthread_t handle); /* not joined yet; NULL: not managed */
void weir__thread_set_name(weir__thread *thread, const char *name);
void weir__thread_show_name(const weir__thread *thread);
void weir__thread_name(const weir__thread *thread, char out[WEIR_SIM_NAME_MAX]);
int weir__thread_join(weir__thread *self, weir__thread *other, void **result);
void weir__thread_retire(weir__thread *thread); /* joined or detached, and ended */
void weir__threads_reap(void);
/* Waits until the OS threads of all managed threads that have ended have exited. */
void weir__threads_settle(void);
void weir__threads_stop(void);
pthread_t weir__stable_handle(const weir__thread *thread);

/* stacks.c */
void *weir__stack_take(void); /* WEIR__STACK_BYTES with a guard below; NULL: there is none */
void weir__stack_give(void *stack);

/* locks.c */
void weir__held_add(weir__thread *self, const void *lock);
void weir__held_remove(weir__thread *self, const void *lock);
bool weir__holds(const weir__thread *thread, const void *lock);
weir__thread *weir__holder(const void *lock); /* NULL: no managed thread */

/* sim.c */
uint64_t weir__mix(uint64_t value);
int64_t weir__wall_us(const weir__thread *thread, bool program);
/* The virtual time of an absolute deadline of CLOCK_REALTIME or CLOCK_MONOTONIC. The first function
 * guesses the clock from the size of the number. */
int64_t weir__deadline_of(const weir__thread *self, const struct timespec *at);
int64_t weir__deadline_on(const weir__thread *self, clockid_t clock, const struct timespec *at);
int64_t weir__after_us(int64_t us); /* now + us, saturating */

/* trace.c */
void weir__trace_switch(const weir__thread *to);
void weir__trace_event(const char *kind, const char *detail);

/* sockets.c */
void weir__files_reset_host(const weir_host *host);
void weir__files_stop(void);
/* links.c */
void weir__links_stop(void);

#endif
