/* SPDX-License-Identifier: Apache-2.0
 *
 * The report of all threads: the state of each and what it waits for, as text. */
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine.h"

#define SECONDS_FORMAT "%" PRId64 ".%06" PRId64
#define SECONDS(us) (us) / 1000000, (us) % 1000000

static const char *const waits[] = {
    [WEIR__WAIT_NONE] = "nothing",
    [WEIR__WAIT_SLEEP] = "sleep",
    [WEIR__WAIT_MUTEX] = "mutex",
    [WEIR__WAIT_READ_LOCK] = "read lock",
    [WEIR__WAIT_WRITE_LOCK] = "write lock",
    [WEIR__WAIT_COND] = "condition variable",
    [WEIR__WAIT_JOIN] = "join of",
    [WEIR__WAIT_ONCE] = "once",
    [WEIR__WAIT_FUTEX] = "futex",
    [WEIR__WAIT_POLL] = "poll of fd",
    [WEIR__WAIT_FD] = "fd",
    [WEIR__WAIT_NOTIFY] = "weir_sim_notify",
    [WEIR__WAIT_FOREVER] = "nothing: it has crashed,",
};

static bool is_lock(weir__wait wait)
{
    return wait == WEIR__WAIT_MUTEX || wait == WEIR__WAIT_READ_LOCK ||
           wait == WEIR__WAIT_WRITE_LOCK || wait == WEIR__WAIT_ONCE;
}

static void put_wait(weir_buf *out, const weir__thread *thread)
{
    char name[WEIR_SIM_NAME_MAX];
    if (thread->wait == WEIR__WAIT_SLEEP) {
        weir__buf_put_text(out, "sleeps");
    } else {
        weir__buf_printf(out, "waits for %s", waits[thread->wait]);
    }
    if (thread->wait == WEIR__WAIT_JOIN) {
        weir__thread_name(thread->object, name);
        weir__buf_printf(out, " %s", name);
    } else if (is_lock(thread->wait)) {
        const weir__thread *holder = weir__holder(thread->object);
        if (holder) {
            weir__thread_name(holder, name);
        }
        weir__buf_printf(out, " held by %s", holder ? name : "nobody known");
        if (holder == thread) {
            weir__buf_put_text(out, ", which is itself: it waits for ever,");
        }
    } else if (thread->wait == WEIR__WAIT_FD) {
        weir__buf_printf(out, " %d", thread->object_fd);
    } else if (thread->wait == WEIR__WAIT_POLL) {
        for (size_t i = 0; i < thread->polled_count; i++) {
            weir__buf_printf(out, "%s%d", i ? "," : " ", thread->polled[i].fd);
        }
    }
    weir__buf_printf(out, " since " SECONDS_FORMAT, SECONDS(thread->since_us));
    if (thread->deadline_us != WEIR__NEVER) {
        weir__buf_printf(out, " until " SECONDS_FORMAT, SECONDS(thread->deadline_us));
    }
}

static void put_thread(weir_buf *out, const weir__thread *thread)
{
    char name[WEIR_SIM_NAME_MAX];
    weir__thread_name(thread, name);
    const weir_host *host = thread->home;
    weir__buf_printf(out, "  t%d '%s' on host '%s'%s: ", thread->id, name, host->name,
                     !host->alive   ? " (crashed)"
                     : host->paused ? " (paused)"
                                    : "");
    switch (thread->state) {
    case WEIR__RUNNABLE:
        weir__buf_printf(out, thread->late ? "runs when it is joined" : "runnable");
        break;
    case WEIR__RUNNING:
        weir__buf_printf(out, "running");
        break;
    case WEIR__BLOCKED:
        put_wait(out, thread);
        break;
    case WEIR__DONE:
        weir__buf_printf(out, "ended, not joined");
        break;
    }
    weir__buf_put_text(out, "\n");
}

void weir_sim_each_wait(const weir_host *host,
                        void (*fn)(pthread_t thread, const char *what, void *user), void *user)
{
    weir__tsan_ignore_begin();
    for (const weir__thread *thread = weir__the_sim.first; thread; thread = thread->next) {
        if (thread->home == host && thread->state == WEIR__BLOCKED) {
            weir_buf text = {0};
            put_wait(&text, thread);
            fn(thread->handle, weir__buf_text(&text), user);
            weir__buf_fini(&text);
        }
    }
    weir__tsan_ignore_end();
}

static char *text_of(weir_buf *buf)
{
    char *text = strdup(weir__buf_text(buf));
    weir__buf_fini(buf);
    return text;
}

char *weir_sim_report(void)
{
    const weir__sim *sim = &weir__the_sim;
    weir_buf out = {0};
    weir__tsan_ignore_begin();
    weir__buf_printf(&out, "virtual time " SECONDS_FORMAT " s, %d threads\n", SECONDS(sim->now_us),
                     sim->thread_count);
    for (const weir__thread *thread = sim->first; thread; thread = thread->next) {
        put_thread(&out, thread);
    }
    char *text = text_of(&out);
    weir__tsan_ignore_end();
    return text;
}

static int by_deadline(const void *left, const void *right)
{
    const weir__thread *a = *(weir__thread *const *)left;
    const weir__thread *b = *(weir__thread *const *)right;
    if (a->timer.due_us != b->timer.due_us) {
        return a->timer.due_us < b->timer.due_us ? -1 : 1;
    }
    return a->timer.sequence < b->timer.sequence ? -1 : 1;
}

/* A description for the user of a thread that no test has made. */
static const char *owner_of(const char *thread)
{
    if (strncmp(thread, "rdk:", 4) == 0) {
        return " (a thread of librdkafka)";
    }
    return strncmp(thread, "rocksdb:", 8) == 0 ? " (a thread of RocksDB)" : "";
}

char *weir_sim_timers(int max)
{
    const weir__sim *sim = &weir__the_sim;
    weir_buf out = {0};
    size_t count = 0;
    weir__thread **due = calloc((size_t)sim->thread_count + 1, sizeof *due);
    if (!due) {
        return NULL;
    }
    for (weir__thread *thread = sim->first; thread; thread = thread->next) {
        if (thread->timer.slot) {
            due[count++] = thread;
        }
    }
    qsort(due, count, sizeof *due, by_deadline);
    for (size_t i = 0; i < count && (int)i < max; i++) {
        char name[WEIR_SIM_NAME_MAX];
        weir__thread_name(due[i], name);
        bool sleeps = due[i]->wait == WEIR__WAIT_SLEEP;
        weir__buf_printf(&out, "  at " SECONDS_FORMAT " s: '%s'%s on host '%s' %s\n",
                         SECONDS(due[i]->timer.due_us), name, owner_of(name), due[i]->home->name,
                         sleeps ? "ends its sleep" : "wakes up, if nothing wakes it before");
    }
    free(due);
    return text_of(&out);
}
