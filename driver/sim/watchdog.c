/* SPDX-License-Identifier: Apache-2.0
 *
 * The watchdog: a thread that keeps the processor, or sleeps in the kernel, for seconds of real
 * time without yielding. Virtual time does not advance meanwhile, so no bound on it can pass.
 *
 * A timer of the kernel sends a signal now and then. Its handler looks whether there was a switch
 * or virtual time has passed since the last one; a run costs it nothing. What counts is not the
 * wall clock, which runs on when the machine is busy with others or stopped, but
 *
 *  - processor time: of an endless loop;
 *  - signals that woke the OS thread from a sleep, when it had used no processor time since the one
 *    before: of a call that blocks in the kernel. One that waits for child processes (branches) is
 *    left alone.
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
#define SLEEP_CPU_MS 50 /* less between two signals is no work */
#define PUT_OFF_MAX 10
static struct {
    bool on;
    timer_t timer;
    struct sigaction before;
    int64_t limit_ms;
    uint64_t switches; /* as they were at the signal that began to count */
    int64_t now_us;
    int64_t cpu_ms;
    int64_t last_cpu_ms; /* at the last signal */
    long last_sleeps;
    int asleep; /* signals in a row that woke the OS thread */
    int put_off;
    int reporting; /* signals in a row that found a crash being reported */
} dog;

/* With borrowed threads the one OS thread, which is the one that gets the signal; else all. */
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

static void count_anew(void)
{
    const weir__sim *sim = &weir__the_sim;
    dog.switches = sim->stats.switches;
    dog.now_us = sim->now_us;
    dog.cpu_ms = cpu_ms();
    dog.last_cpu_ms = dog.cpu_ms;
    dog.last_sleeps = sleeps();
    dog.asleep = 0;
    dog.put_off = 0;
}

static bool has_children(void)
{
    siginfo_t info;
    return REAL(syscall)(SYS_waitid, (long)P_ALL, 0L, (long)&info,
                         (long)(WEXITED | WSTOPPED | WNOHANG | WNOWAIT), 0L) == 0;
}

/* By a debugger: a person may look at a stopped thread for as long as they like. */
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

/* On the OS thread of `self`. In the middle of malloc it is given a little more time. */
static void bark(weir__thread *self, bool runs, void *context)
{
    void *frames[WEIR__FRAMES_MAX];
    char what[128];
    size_t count = weir__backtrace(weir__context_pc(context), frames);
    if (weir__backtrace_allocates(frames, count) && dog.put_off++ < PUT_OFF_MAX) {
        return;
    }
    snprintf(what, sizeof what,
             runs ? "a thread has run for %lld ms of processor time and does "
                    "not yield"
                  : "a thread sleeps in the kernel, for %lld ms now",
             (long long)dog.limit_ms);
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

/* A word may wait for ever, too: the second time there is none. */
static void bound_report(void)
{
    dog.reporting++;
    if (dog.reporting == TICKS_A_LIMIT) {
        weir_sim_print("(the crash cannot be told further: that takes too long)\n");
    }
    if (dog.reporting >= TICKS_A_LIMIT) {
        weir__crash_abort();
    }
}

/* One signal in five has to find it so. */
static bool is_stalled(bool *runs)
{
    int64_t cpu = cpu_ms();
    long slept = sleeps();
    bool borrowed = weir__the_sim.backend == &weir__backend_borrowed;
    bool woken = borrowed && cpu - dog.last_cpu_ms < SLEEP_CPU_MS && slept > dog.last_sleeps;
    dog.asleep = woken && !has_children() ? dog.asleep + 1 : 0;
    dog.last_cpu_ms = cpu;
    dog.last_sleeps = slept;
    *runs = cpu - dog.cpu_ms >= dog.limit_ms;
    return *runs || dog.asleep >= TICKS_A_LIMIT;
}

static void look(int number, siginfo_t *info, void *context)
{
    const weir__sim *sim = &weir__the_sim;
    weir__thread *current = sim->current;
    bool runs = true;
    int saved = errno;
    if (weir__crash_is_reporting()) {
        bound_report();
    } else {
        dog.reporting = 0;
    }
    if (weir__crash_is_ours() && info->si_code != SI_TIMER) {
        bark(weir__self, true, context); /* handed on by the test's thread, below */
    } else if (weir__crash_is_ours()) {
        bool test = !current || current == sim->main; /* does what it likes between two calls */
        if (test || sim->stats.switches != dog.switches || sim->now_us != dog.now_us) {
            count_anew();
        } else if (is_stalled(&runs)) {
            if (is_traced()) {
                count_anew();
            } else if (weir__self == current) {
                bark(current, runs, context);
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
    dog.limit_ms = limit_ms();
    if (dog.limit_ms < 0 || is_traced()) {
        return;
    }
    struct sigaction action = {.sa_sigaction = look,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_NODEFER};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = WEIR__WATCHDOG_SIGNAL};
    event._sigev_un._tid = (pid_t)REAL(syscall)(SYS_gettid);
    sigemptyset(&action.sa_mask); /* the handler may not return: nothing stays blocked */
    if (timer_create(CLOCK_MONOTONIC, &event, &dog.timer)) {
        return;
    }
    REAL(sigaction)(WEIR__WATCHDOG_SIGNAL, &action, &dog.before);
    count_anew();
    int64_t tick_ms = dog.limit_ms / TICKS_A_LIMIT + 1;
    struct timespec tick = {tick_ms / 1000, tick_ms % 1000 * 1000000};
    dog.on = timer_settime(dog.timer, 0, &(struct itimerspec){tick, tick}, NULL) == 0;
}

/* What may still be under way is ignored by default. */
void weir__watchdog_stop(void)
{
    if (dog.on) {
        timer_delete(dog.timer);
        REAL(sigaction)(WEIR__WATCHDOG_SIGNAL, &dog.before, NULL);
        dog.on = false;
    }
}

void weir__watchdog_in_branch(void)
{
    struct sigaction before = dog.before;
    if (dog.on) { /* timers are not copied, handlers are */
        dog.on = false;
        weir__watchdog_start();
        dog.before = before;
    }
}
