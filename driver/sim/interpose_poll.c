/* SPDX-License-Identifier: Apache-2.0
 *
 * Waiting for several descriptors: poll and select. */
#undef _FORTIFY_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/select.h>

#include "core/saturate.h"
#include "sim/files.h"
#include "sim/real.h"

#define WAITERS_INLINE 16 /* descriptors polled without allocation */

const char *const weir__interposed_poll[] = {
    "poll", "ppoll", "__poll_chk", "__ppoll_chk", "select", NULL,
};

/* Descriptors that are not the simulation's are polled without waiting. */
static int look(struct pollfd *list, nfds_t count)
{
    int ready = 0;
    for (nfds_t i = 0; i < count; i++) {
        weir__file *file = weir__file_of(list[i].fd);
        list[i].revents = 0;
        if (file) {
            list[i].revents = weir__file_ready(file, list[i].events);
        } else if (list[i].fd >= 0) {
            REAL(poll)(&list[i], 1, 0); /* also reports descriptors that are not open */
        }
        ready += list[i].revents != 0;
    }
    return ready;
}

static bool wait_for_any(weir__thread *self, const struct pollfd *list, nfds_t count,
                         int64_t deadline_us)
{
    weir__waiter inline_waiters[WAITERS_INLINE];
    weir__waiter *waiters = inline_waiters;
    size_t used = 0;
    if (count > WAITERS_INLINE) {
        waiters = malloc(count * sizeof *waiters);
        weir_assert(waiters);
    }
    for (nfds_t i = 0; i < count; i++) {
        weir__file *file = weir__file_of(list[i].fd);
        if (file) {
            waiters[used++] = (weir__waiter){.queue = &file->waiters};
        }
    }
    self->polled = list;
    self->polled_count = count;
    bool woken = weir__wait_queues(self, WEIR__WAIT_POLL, waiters, used, deadline_us);
    self->polled = NULL;
    self->polled_count = 0;
    if (waiters != inline_waiters) {
        free(waiters);
    }
    return woken;
}

static int wait_until_ready(weir__thread *self, struct pollfd *list, nfds_t count,
                            int64_t deadline_us)
{
    for (;;) {
        int ready = look(list, count);
        if (ready) {
            return ready;
        }
        if (!wait_for_any(self, list, count, deadline_us)) {
            return look(list, count);
        }
    }
}

static int look_once(weir__thread *self, struct pollfd *list, nfds_t count)
{
    int ready = look(list, count);
    if (!ready) {
        weir__spin(self, WEIR__SPIN_COST_US); /* a loop of empty polls is a spin */
        ready = look(list, count);
    }
    return ready;
}

INTERPOSE int poll(struct pollfd *list, nfds_t count, int timeout_ms)
{
    weir__thread *self = weir__managed();
    if (!self) {
        return REAL(poll)(list, count, timeout_ms);
    }
    if (timeout_ms == 0) {
        return look_once(self, list, count);
    }
    int64_t deadline_us = timeout_ms < 0 ? WEIR__NEVER : weir__after_us((int64_t)timeout_ms * 1000);
    return wait_until_ready(self, list, count, deadline_us);
}

INTERPOSE int ppoll(struct pollfd *list, nfds_t count, const struct timespec *timeout,
                    const sigset_t *mask)
{
    weir__thread *self = weir__managed();
    if (!self) {
        return REAL(ppoll)(list, count, timeout, mask);
    }
    if (!timeout) {
        return wait_until_ready(self, list, count, WEIR__NEVER);
    }
    int64_t us =
        weir__add_sat(weir__mul_sat(timeout->tv_sec, 1000000), (timeout->tv_nsec + 999) / 1000);
    return us ? wait_until_ready(self, list, count, weir__after_us(us))
              : look_once(self, list, count);
}

int __poll_chk(struct pollfd *list, nfds_t count, int timeout_ms, size_t size);
int __ppoll_chk(struct pollfd *list, nfds_t count, const struct timespec *timeout,
                const sigset_t *mask, size_t size);

INTERPOSE int __poll_chk(struct pollfd *list, nfds_t count, int timeout_ms, size_t size)
{
    weir_assert(count <= size / sizeof *list);
    return poll(list, count, timeout_ms);
}

INTERPOSE int __ppoll_chk(struct pollfd *list, nfds_t count, const struct timespec *timeout,
                          const sigset_t *mask, size_t size)
{
    weir_assert(count <= size / sizeof *list);
    return ppoll(list, count, timeout, mask);
}

/* ---- Select ---- */

typedef struct sets {
    fd_set *read;
    fd_set *write;
    fd_set *except;
} sets;

static bool is_in(const fd_set *set, int fd)
{
    return set && FD_ISSET(fd, set);
}

static nfds_t to_list(const sets *s, int limit, struct pollfd *list)
{
    nfds_t count = 0;
    for (int fd = 0; fd < limit; fd++) {
        int events = (is_in(s->read, fd) ? POLLIN : 0) | (is_in(s->write, fd) ? POLLOUT : 0) |
                     (is_in(s->except, fd) ? POLLPRI : 0);
        if (events) {
            list[count++] = (struct pollfd){fd, (short)events, 0};
        }
    }
    return count;
}

/* Removes `fd` from the set unless it is ready; returns 1 if it is ready. */
static int keep(fd_set *set, int fd, bool ready)
{
    if (!is_in(set, fd)) {
        return 0;
    }
    if (!ready) {
        FD_CLR(fd, set);
    }
    return ready;
}

static int from_list(const sets *s, const struct pollfd *list, nfds_t count)
{
    int total = 0;
    for (nfds_t i = 0; i < count; i++) {
        short ready = list[i].revents;
        total += keep(s->read, list[i].fd, ready & (POLLIN | POLLHUP | POLLERR));
        total += keep(s->write, list[i].fd, ready & (POLLOUT | POLLERR));
        total += keep(s->except, list[i].fd, ready & POLLPRI);
    }
    return total;
}

INTERPOSE int select(int limit, fd_set *restrict read, fd_set *restrict write,
                     fd_set *restrict except, struct timeval *restrict timeout)
{
    weir__thread *self = weir__managed();
    if (!self) {
        return REAL(select)(limit, read, write, except, timeout);
    }
    struct pollfd list[FD_SETSIZE];
    const sets s = {read, write, except};
    weir_assert(limit <= FD_SETSIZE);
    nfds_t count = to_list(&s, limit, list);
    int64_t us = timeout ? weir__add_sat(weir__mul_sat(timeout->tv_sec, 1000000), timeout->tv_usec)
                         : WEIR__NEVER;
    if (us) {
        wait_until_ready(self, list, count, weir__after_us(us));
    } else {
        look_once(self, list, count);
    }
    return from_list(&s, list, count);
}
