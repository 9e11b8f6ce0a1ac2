/* SPDX-License-Identifier: Apache-2.0
 *
 * The watchdog finds a thread that uses the processor, or sleeps in the kernel, for seconds of real
 * time without yielding. Virtual time does not advance meanwhile, so its bounds cannot end the run.
 *
 * A timer of the kernel sends a signal every few seconds. The handler checks whether there was a
 * switch, or virtual time has passed, since the last signal; a switch itself costs nothing more. It
 * does not use the wall clock, which advances when the machine is busy or stopped. It measures
 *
 *  - processor time, for an endless loop;
 *  - signals that woke the OS thread from a sleep although it had used no processor time since the
 *    signal before, for a call that blocks in the kernel. A wait for child processes (branches) is
 *    allowed.
 *
 * The report of a crash has the same limit: the thread that writes it may wait for a lock that the
 * crashed thread holds, or for a reader of stderr. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sim/engine.h"
#include "sim/libraries.h"
#include "sim/real.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZER_SLOWER 3
#else
#define SANITIZER_SLOWER 1
#endif
#define VALGRIND_SLOWER 20

#define TICKS_A_LIMIT 5
#define SLEEP_CPU_MS 50 /* less processor time between two signals counts as a sleep */
#define PUT_OFF_MAX 10
static struct {
    bool on;
    timer_t timer;
    struct sigaction before;
    int64_t limit_ms;
    uint64_t switches; /* these three: at the signal that started the measurement */
    int64_t now_us;
    int64_t cpu_ms;
    int64_t last_cpu_ms; /* at the last signal */
    long last_sleeps;
    int asleep; /* signals in a row that woke the OS thread */
    int put_off;
    int reporting; /* signals in a row that found a crash being reported */
} watchdog;

/* The processor time of the one OS thread that runs borrowed threads and gets the signal; with real
 * threads, of the process. */
static int64_t cpu_ms(void)
{
    bool borrowed = weir__the_sim.backend == &weir__backend_borrowed;
    struct timespec now;
    REAL(clock_gettime)(borrowed ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static long sleeps(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) ? 0 : usage.ru_nvcsw;
}

static void start_measuring(void)
{
    const weir__sim *sim = &weir__the_sim;
    watchdog.switches = sim->stats.switches;
    watchdog.now_us = sim->now_us;
    watchdog.cpu_ms = cpu_ms();
    watchdog.last_cpu_ms = watchdog.cpu_ms;
    watchdog.last_sleeps = sleeps();
    watchdog.asleep = 0;
    watchdog.put_off = 0;
}

static bool has_children(void)
{
    siginfo_t info;
    return REAL(syscall)(SYS_waitid, (long)P_ALL, 0L, (long)&info,
                         (long)(WEXITED | WSTOPPED | WNOHANG | WNOWAIT), 0L) == 0;
}

/* True if a debugger is attached: its user may stop a thread for any time. */
static bool is_traced(void)
{
    char text[2048];
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0) {
        close(fd);
    }
    text[len > 0 ? len : 0] = '\0';
    const char *tracer = strstr(text, "TracerPid:");
    return tracer && strtol(tracer + 10, NULL, 10) != 0;
}

/* Reports `self`, on its OS thread. A thread that is in malloc gets a little more time. */
static void report_stall(weir__thread *self, bool runs, void *context)
{
    void *frames[WEIR__FRAMES_MAX];
    char what[128];
    size_t count = weir__backtrace(weir__context_pc(context), frames);
    if (weir__backtrace_allocates(frames, count) && watchdog.put_off++ < PUT_OFF_MAX) {
        return;
    }
    snprintf(what, sizeof what,
             runs ? "a thread has run for %lld ms of processor time and does "
                    "not yield"
                  : "a thread sleeps in the kernel, for %lld ms now",
             (long long)watchdog.limit_ms);
    weir_sim_crash seen = {.end = WEIR_SIM_STALLED,
                           .what = what,
                           .hint = runs ? "an endless loop? For another limit: "
                                          "WEIR_WATCHDOG=seconds, 0 for none"
                                        : "in a call that the simulation does not cover; for "
                                          "another limit: WEIR_WATCHDOG=seconds, 0 for none",
                           .frames = frames,
                           .frame_count = count};
    if (weir__crash_report(&seen, self)) {
        weir__give_up(self);
    }
    weir__crash_abort();
}

/* Ends a report that takes too long. Printing may block, too: the second time nothing is printed.
 */
static void bound_report(void)
{
    watchdog.reporting++;
    if (watchdog.reporting == TICKS_A_LIMIT) {
        weir_sim_print("(the report ends here: it takes too long)\n");
    }
    if (watchdog.reporting >= TICKS_A_LIMIT) {
        weir__crash_abort();
    }
}

/* True if the thread has used the limit of processor time, or has slept through it. */
static bool is_stalled(bool *runs)
{
    int64_t cpu = cpu_ms();
    long slept = sleeps();
    bool borrowed = weir__the_sim.backend == &weir__backend_borrowed;
    bool woken =
        borrowed && cpu - watchdog.last_cpu_ms < SLEEP_CPU_MS && slept > watchdog.last_sleeps;
    watchdog.asleep = woken && !has_children() ? watchdog.asleep + 1 : 0;
    watchdog.last_cpu_ms = cpu;
    watchdog.last_sleeps = slept;
    *runs = cpu - watchdog.cpu_ms >= watchdog.limit_ms;
    return *runs || watchdog.asleep >= TICKS_A_LIMIT;
}

static void on_tick(int number, siginfo_t *info, void *context)
{
    const weir__sim *sim = &weir__the_sim;
    weir__thread *current = sim->current;
    bool runs = true;
    int saved = errno;
    if (weir__crash_is_reporting()) {
        bound_report();
    } else {
        watchdog.reporting = 0;
    }
    if (weir__crash_is_ours() && info->si_code != SI_TIMER) {
        report_stall(weir__self, true, context); /* sent by pthread_kill below */
    } else if (weir__crash_is_ours()) {
        bool test = !current || current == sim->main; /* it need not yield */
        if (test || sim->stats.switches != watchdog.switches || sim->now_us != watchdog.now_us) {
            start_measuring();
        } else if (is_stalled(&runs)) {
            if (is_traced()) {
                start_measuring();
            } else if (weir__self == current) {
                report_stall(current, runs, context);
            } else {
                pthread_kill(current->handle, number);
            }
        }
    }
    errno = saved;
}

static int64_t limit_ms(void)
{
    int64_t given = weir__the_sim.opts.watchdog_ms;
    if (given != 0) {
        return given;
    }
    return WEIR_SIM_WATCHDOG_MS * (weir__under_valgrind() ? VALGRIND_SLOWER : SANITIZER_SLOWER);
}

void weir__watchdog_start(void)
{
    watchdog.limit_ms = limit_ms();
    if (watchdog.limit_ms < 0 || is_traced()) {
        return;
    }
    struct sigaction action = {.sa_sigaction = on_tick,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = WEIR__WATCHDOG_SIGNAL};
    event._sigev_un._tid = (pid_t)REAL(syscall)(SYS_gettid);
    sigemptyset(&action.sa_mask); /* no signal stays blocked if the handler does not return */
    if (timer_create(CLOCK_MONOTONIC, &event, &watchdog.timer)) {
        return;
    }
    REAL(sigaction)(WEIR__WATCHDOG_SIGNAL, &action, &watchdog.before);
    start_measuring();
    int64_t tick_ms = watchdog.limit_ms / TICKS_A_LIMIT + 1;
    struct timespec tick = {tick_ms / 1000, tick_ms % 1000 * 1000000};
    watchdog.on = timer_settime(watchdog.timer, 0, &(struct itimerspec){tick, tick}, NULL) == 0;
}

/* A signal that is still pending is ignored: that is its default action. */
void weir__watchdog_stop(void)
{
    if (watchdog.on) {
        timer_delete(watchdog.timer);
        REAL(sigaction)(WEIR__WATCHDOG_SIGNAL, &watchdog.before, NULL);
        watchdog.on = false;
    }
}

void weir__watchdog_in_branch(void)
{
    struct sigaction before = watchdog.before;
    if (watchdog.on) { /* a fork copies handlers, but not timers */
        watchdog.on = false;
        weir__watchdog_start();
        watchdog.before = before;
    }
}
