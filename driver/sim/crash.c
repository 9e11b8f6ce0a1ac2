/* SPDX-License-Identifier: Apache-2.0
 *
 * Threads that cannot continue: fatal signals, exit, a failed assertion of cmocka, whose jump back
 * to the test works on the test's own thread only. While a simulation with on_crash runs, the
 * handlers here are called first. Handlers that the program, cmocka or a sanitizer has installed
 * before, or installs meanwhile, are kept and get the signal afterwards.
 *
 * Handlers run on a stack of their own, since a stack that overflows has no room for them. */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim/engine.h"
#include "sim/libraries.h"
#include "sim/real.h"

#define SIGNAL_COUNT 5
#define HANDLER_STACK ((size_t)256 << 10) /* bytes; sanitizers need large frames */
#define OVERFLOW_BELOW                                                                             \
    ((uintptr_t)1 << 20) /* a frame may be larger than the guard of its stack                      \
                          */
#define HINT_MAX 256

const char *const weir__interposed_ends[] = {
    "exit", "_exit", "_Exit", "signal", "sigaction", "getenv", NULL,
};

static const int signals[SIGNAL_COUNT] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

static struct {
    bool armed;
    bool reporting;
    bool
        assertion; /* cmocka's assertion failed on a thread that is not the test's: abort follows */
    bool reported; /* a crash is reported: a sanitizer's abort after it needs no report */
    struct sigaction behind[SIGNAL_COUNT];
    void *stack;
    stack_t stack_before;
} crash;

static int index_of(int number)
{
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        if (signals[i] == number) {
            return i;
        }
    }
    return -1;
}

static const char *name_of_signal(int number)
{
    static const char *const names[SIGNAL_COUNT] = {"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL",
                                                    "SIGABRT"};
    int i = index_of(number);
    return i >= 0 ? names[i] : "a signal";
}

static bool is_ours(void)
{
    return crash.armed && weir__in_own_process();
}

/* ---- Report ---- */

void weir_sim_print(const char *format, ...)
{
    char text[WEIR_SIM_PRINT_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t left = len < 0 ? 0 : (size_t)len < sizeof text ? (size_t)len : sizeof text - 1;
    for (const char *at = text; left > 0;) {
        long written = REAL(syscall)(SYS_write, (long)STDERR_FILENO, (long)at, (long)left);
        if (written <= 0) {
            return;
        }
        at += written;
        left -= (size_t)written;
    }
}

/* The bounds of the calling thread's stack. */
static bool own_stack(uintptr_t *low, size_t *bytes)
{
    pthread_attr_t attr;
    void *begin = NULL;
    if (pthread_getattr_np(REAL(pthread_self)(), &attr)) {
        return false;
    }
    bool known = !pthread_attr_getstack(&attr, &begin, bytes);
    pthread_attr_destroy(&attr);
    *low = (uintptr_t)begin;
    return known;
}

static bool is_overflow(int number, const siginfo_t *info, void *context, size_t *bytes)
{
    uintptr_t low;
    if ((number != SIGSEGV && number != SIGBUS) || !own_stack(&low, bytes)) {
        return false;
    }
    uintptr_t at = (uintptr_t)info->si_addr;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t sp = weir__context_sp(context);
    return at < low + page && at + OVERFLOW_BELOW > low && sp < low + OVERFLOW_BELOW;
}

static void overflow_hint(const weir__thread *self, size_t bytes, char *hint, size_t size)
{
    if (self && self->stack) {
        snprintf(hint, size,
                 "the stack of %zu KiB has overflowed; the simulation gives that to each thread of "
                 "librdkafka",
                 bytes >> 10);
    } else {
        snprintf(hint, size,
                 "the stack of %zu KiB has overflowed; for a larger one: ulimit -s %zu before the "
                 "program is run",
                 bytes >> 10, (bytes >> 10) * 8);
    }
}

static const char *name_of(const weir__thread *self, char name[WEIR_SIM_NAME_MAX])
{
    if (!self) {
        return "?";
    }
    weir__thread_name(self, name);
    return name;
}

bool weir__crash_report(weir_sim_crash *what, weir__thread *self)
{
    weir__sim *sim = &weir__the_sim;
    char name[WEIR_SIM_NAME_MAX];
    what->test_thread = self == sim->main;
    what->host = self ? self->home : NULL;
    what->thread = name_of(self, name);
    what->ending = weir__crash_ending(what, self);
    what->final = what->final || what->test_thread || !sim->running || what->ending[0] != '\0';
    crash.reporting = true;
    crash.reported = true;
    bool wanted = sim->opts.on_crash(what, sim->opts.user);
    crash.reporting = false;
    return wanted && !what->final;
}

/* ---- Signals ---- */

static void set_default(int number)
{
    struct sigaction plain = {.sa_handler = SIG_DFL};
    REAL(sigaction)(number, &plain, NULL);
}

/* A fault is raised again when the handler returns; a signal that was sent is not. */
static void end_by(int number, const siginfo_t *info)
{
    set_default(number);
    if (info->si_code <= 0) {
        REAL(syscall)
        (SYS_tgkill, REAL(syscall)(SYS_getpid), REAL(syscall)(SYS_gettid), (long)number);
    }
}

/* Does what would happen without the handlers here. */
static void pass_on(int number, siginfo_t *info, void *context, const weir__thread *self)
{
    int i = index_of(number);
    weir_assert(i >= 0);
    const struct sigaction *behind = &crash.behind[i];
    bool plain = behind->sa_handler == SIG_DFL || behind->sa_handler == SIG_IGN;
    /* cmocka's handler would jump on its own thread, and ends the program without a message on
     * others. */
    bool foreign = !plain && self && self != weir__the_sim.main &&
                   weir__caller_of((void *)(uintptr_t)behind->sa_handler) == WEIR__CALLER_LIBRARY;
    if (plain || foreign) {
        end_by(number, info);
    } else if (behind->sa_flags & SA_SIGINFO) {
        behind->sa_sigaction(number, info, context);
    } else {
        behind->sa_handler(number);
    }
}

/* True if the program itself has installed a handler: it may handle the signal, so it gets it. */
static bool has_own_handler(int number)
{
    int i = index_of(number);
    weir_assert(i >= 0);
    const struct sigaction *behind = &crash.behind[i];
    return behind->sa_handler != SIG_DFL && behind->sa_handler != SIG_IGN &&
           weir__caller_of((void *)(uintptr_t)behind->sa_handler) == WEIR__CALLER_PROGRAM;
}

static void describe(int number, const siginfo_t *info, char *out, size_t size)
{
    const char *name = name_of_signal(number);
    if (number == SIGABRT && crash.assertion) {
        crash.assertion = false;
        weir_sim_print("\n"); /* ends cmocka's text */
        snprintf(out, size, "an assertion of cmocka failed");
    } else if (info->si_code <= 0) { /* sent: abort, raise, kill */
        snprintf(out, size, "%s", name);
    } else {
        snprintf(out, size, "%s at address %#lx", name, (unsigned long)info->si_addr);
    }
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    weir__thread *self = weir__self;
    void *frames[WEIR__FRAMES_MAX];
    char what[64];
    char hint[HINT_MAX] = "";
    size_t bytes = 0;
    int saved = errno;
    if (!is_ours()) {
        pass_on(number, info, context, self);
        return;
    }
    if (crash.reporting) {
        weir_sim_print("(the report ends here: %s)\n", name_of_signal(number));
        end_by(number, info);
        return;
    }
    describe(number, info, what, sizeof what);
    if (is_overflow(number, info, context, &bytes)) {
        overflow_hint(self, bytes, hint, sizeof hint);
    }
    weir_sim_crash seen = {.end = WEIR_SIM_SIGNAL,
                           .what = what,
                           .hint = hint,
                           .frames = frames,
                           .frame_count = weir__backtrace(weir__context_pc(context), frames),
                           .final = has_own_handler(number)};
    if (weir__crash_report(&seen, self)) {
        weir__give_up(self);
    }
    pass_on(number, info, context, self);
    errno = saved;
}

bool weir__crash_is_ours(void)
{
    return is_ours() && !crash.reporting;
}

bool weir__crash_is_reporting(void)
{
    return is_ours() && crash.reporting;
}

/* Aborts without a second report. */
void weir__crash_abort(void)
{
    set_default(SIGABRT);
    abort();
}

void weir__crash_signals(sigset_t *set)
{
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        sigdelset(set, signals[i]);
    }
    sigdelset(set, WEIR__WATCHDOG_SIGNAL);
}

/* ---- Stacks of handlers ---- */

static void *use_stack(stack_t *before)
{
    void *memory = mmap(NULL, HANDLER_STACK, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    stack_t mine = {.ss_sp = memory, .ss_size = HANDLER_STACK};
    if (memory == MAP_FAILED) {
        return NULL;
    }
    if (sigaltstack(&mine, before)) {
        munmap(memory, HANDLER_STACK);
        return NULL;
    }
    return memory;
}

void *weir__crash_stack_new(void)
{
    stack_t now;
    if (!weir__the_sim.opts.on_crash || sigaltstack(NULL, &now) || !(now.ss_flags & SS_DISABLE)) {
        return NULL; /* sanitizers have given the thread one */
    }
    return use_stack(NULL);
}

void weir__crash_stack_free(void *stack)
{
    if (stack) {
        munmap(stack, HANDLER_STACK);
    }
}

/* ---- Sanitizers ---- */

static void on_death(void)
{
    weir__thread *self = weir__self;
    if (is_ours() && !crash.reporting && !crash.reported) {
        weir_sim_crash seen = {
            .end = WEIR_SIM_SANITIZER, .what = "a sanitizer ends the program", .hint = ""};
        weir__crash_report(&seen, self);
    }
}

/* Several sanitizers may be loaded, each with a function of its own. */
static int set_death_callback(struct dl_phdr_info *info, size_t size, void *user)
{
    (void)size;
    if (!info->dlpi_name[0] || !strstr(info->dlpi_name, "san.so")) {
        return 0;
    }
    void *library = dlopen(info->dlpi_name, RTLD_LAZY | RTLD_NOLOAD);
    if (library) {
        void (*set)(void (*)(void));
        *(void **)&set = dlsym(library, "__sanitizer_set_death_callback");
        if (set) {
            set(*(bool *)user ? on_death : NULL);
        }
        dlclose(library);
    }
    return 0;
}

/* ---- Arming ---- */

static void install(void)
{
    struct sigaction mine = {.sa_sigaction = on_signal,
                             .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&mine.sa_mask);
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        REAL(sigaction)(signals[i], &mine, &crash.behind[i]);
    }
}

void weir__crash_arm(void)
{
    bool on = true;
    weir__backtrace_prepare();
    crash.reporting = false;
    crash.reported = false;
    crash.assertion = false;
    crash.stack = use_stack(&crash.stack_before);
    install();
    dl_iterate_phdr(set_death_callback, &on);
    crash.armed = true;
    weir__watchdog_start();
}

void weir__crash_disarm(void)
{
    bool on = false;
    if (!crash.armed) {
        return;
    }
    weir__watchdog_stop();
    crash.armed = false;
    dl_iterate_phdr(set_death_callback, &on);
    for (int i = 0; i < SIGNAL_COUNT; i++) {
        REAL(sigaction)(signals[i], &crash.behind[i], NULL);
    }
    if (crash.stack) {
        sigaltstack(&crash.stack_before, NULL);
        munmap(crash.stack, HANDLER_STACK);
        crash.stack = NULL;
    }
}

INTERPOSE int sigaction(int number, const struct sigaction *restrict action,
                        struct sigaction *restrict before)
{
    int i = crash.armed ? index_of(number) : -1;
    if (i < 0) {
        return REAL(sigaction)(number, action, before);
    }
    struct sigaction old = crash.behind[i];
    if (action) {
        crash.behind[i] = *action;
    }
    if (before) {
        *before = old;
    }
    return 0;
}

INTERPOSE void (*signal(int number, void (*handler)(int)))(int)
{
    int i = crash.armed ? index_of(number) : -1;
    if (i < 0) {
        return REAL(signal)(number, handler);
    }
    void (*old)(int) = crash.behind[i].sa_handler;
    crash.behind[i] = (struct sigaction){.sa_handler = handler, .sa_flags = SA_RESTART};
    return old;
}

/* ---- Other ends ---- */

/* Reports a call that ends the program. Returns if the program shall end. */
static void report_exit(const char *call, int status, void *caller)
{
    weir__thread *self = weir__self;
    void *frames[WEIR__FRAMES_MAX];
    char what[64];
    bool end_of_test = self == weir__the_sim.main;
    if (!is_ours() || crash.reporting || !self || (end_of_test && status == 0)) {
        return;
    }
    snprintf(what, sizeof what, "%s(%d)", call, status);
    weir_sim_crash seen = {.end = WEIR_SIM_EXIT,
                           .what = what,
                           .hint = "",
                           .frames = frames,
                           .frame_count = end_of_test ? 0 : weir__backtrace(caller, frames)};
    frames[0] =
        (char *)caller - 1; /* a call that does not return may be the last of its function */
    if (weir__crash_report(&seen, self)) {
        weir__give_up(self);
    }
}

/* An exit with status 0 on a thread that is not the test's is a failure. */
static int status_of(int status)
{
    const weir__thread *self = weir__self;
    return is_ours() && self && self != weir__the_sim.main && status == 0 ? EXIT_FAILURE : status;
}

INTERPOSE void exit(int status)
{
    report_exit("exit", status, CALLER());
    REAL(exit)(status_of(status));
    __builtin_unreachable();
}

static _Noreturn void exit_at_once(int status, void *caller)
{
    if (weir__self != weir__the_sim.main) {
        report_exit("_exit", status, caller);
    }
    REAL(_exit)(status_of(status));
    __builtin_unreachable();
}

INTERPOSE void _exit(int status)
{
    exit_at_once(status, CALLER());
}

INTERPOSE void _Exit(int status)
{
    exit_at_once(status, CALLER());
}

/* cmocka asks for this variable when an assertion has failed, before it jumps back to the test, and
 * for nothing else. On another thread it cannot jump, and would end the program without the text
 * of the assertion: with "1" it prints the text and aborts instead. */
INTERPOSE char *getenv(const char *name)
{
    static char abort_test[] = "1";
    if (name[0] == 'C' && strcmp(name, "CMOCKA_TEST_ABORT") == 0 && is_ours() && weir__self) {
        if (weir__self != weir__the_sim.main) {
            crash.assertion = true;
            return abort_test;
        }
        if (weir__the_sim.opts.on_assertion) {
            weir__the_sim.opts.on_assertion(weir__the_sim.opts.user);
        }
    }
    return REAL(getenv)(name);
}
