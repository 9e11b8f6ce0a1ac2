/* SPDX-License-Identifier: Apache-2.0
 *
 * The front's thread: one poll loop for all brokers.
 *
 *   1. start and stop brokers as requested, expire transactions, write markers
 *   2. begin every request that has arrived whole, check waiting fetches, until none is left
 *   3. expire members and rebalances, delete and compact records, send answers that are due
 *   4. free connections that have ended
 *   5. wait for input, or for the next deadline (there is no periodic timer)
 *   6. accept, read, write
 *
 * Brokers are served in order of id, connections in order of acceptance. The lock is held except in
 * step 5. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "brokers/topics.h"
#include "conn.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/saturate.h"
#include "server.h"

#define BACKLOG 128

typedef struct poll_set {
    struct pollfd *fds;
    size_t capacity;
    size_t count;
} poll_set;

/* ---- Brokers ---- */

/* Port 0: any. */
static weir_err listen_on(weir__broker *broker, weir_error *error)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)broker->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return weir__error_set(error, WEIR_EIO, "socket: %s", strerror(errno));
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &length) != 0) {
        weir__error_set(error, WEIR_EIO, "cannot listen on 127.0.0.1:%d: %s", broker->port,
                        strerror(errno));
        close(fd);
        return WEIR_EIO;
    }
    if (broker->port == 0) { /* once; then it is read without the lock */
        broker->port = ntohs(address.sin_port);
    }
    broker->listener = fd;
    return WEIR_OK;
}

static void go_down(weir_mock *mock, weir__broker *broker)
{
    close(broker->listener);
    broker->listener = -1;
    for (weir__conn *conn = mock->conns; conn != NULL; conn = conn->next) {
        if (conn->broker == broker) {
            weir__conn_close(conn, true);
        }
    }
}

static void start_and_stop_brokers(weir_mock *mock)
{
    bool changed = false;
    for (int i = 0; i < mock->opts.brokers; i++) {
        weir__broker *broker = &mock->brokers[i];
        weir_error error;
        if (broker->should_be_up == (broker->listener >= 0)) {
            continue;
        }
        changed = true;
        if (!broker->should_be_up) {
            go_down(mock, broker);
        } else if (listen_on(broker, &error) != WEIR_OK) {
            weir__mock_fail(mock, "broker %d cannot come up: %s", (int)broker->id, error.message);
            broker->should_be_up = false;
        }
    }
    if (changed) {
        pthread_cond_broadcast(&mock->applied);
    }
}

/* ---- Steps of the loop ---- */

static void retry_fetches(weir_mock *mock)
{
    bool all = mock->fetches_due;
    mock->fetches_due = false;
    for (weir__conn *conn = mock->conns; conn != NULL; conn = conn->next) {
        weir__request *request = conn->current;
        if (request != NULL && request->due_us != 0 && (all || request->due_us <= mock->now_us)) {
            request->retry(request);
        }
    }
}

static void begin_requests(weir_mock *mock)
{
    bool again = true;
    while (again) {
        again = false;
        for (weir__conn *conn = mock->conns; conn != NULL; conn = conn->next) {
            again = weir__conn_step(conn) || again;
        }
        if (!again && mock->fetches_due) {
            retry_fetches(mock);
            again = true;
        }
    }
}

static void serve_time(weir_mock *mock)
{
    weir__groups_expire(&mock->groups, mock->now_us);
    weir__logs_maintain(mock);
    retry_fetches(mock);
    for (weir__conn *conn = mock->conns; conn != NULL; conn = conn->next) {
        if (weir__conn_deadline_us(conn) <= mock->now_us) {
            weir__conn_flush(conn);
        }
    }
}

static void reap(weir_mock *mock)
{
    weir__conn **at = &mock->conns;
    weir__conn *last = NULL;
    while (*at != NULL) {
        weir__conn *conn = *at;
        if (weir__conn_is_over(conn)) {
            *at = conn->next;
            weir__conn_free(conn);
        } else {
            last = conn;
            at = &conn->next;
        }
    }
    mock->conns_end = last;
}

/* The timeout for poll, in ms; -1: there is no deadline. */
static int timeout_ms(const weir_mock *mock)
{
    int64_t deadline =
        weir__earlier(weir__groups_deadline_us(&mock->groups), weir__txns_deadline_us(&mock->txns));
    deadline = weir__earlier(deadline, mock->logs_due_us);
    for (const weir__conn *conn = mock->conns; conn != NULL; conn = conn->next) {
        bool waits = conn->current != NULL && conn->current->due_us != 0;
        int64_t answer = weir__conn_deadline_us(conn);
        /* An answer that is due waits for its socket, not for a deadline. */
        deadline = weir__earlier(deadline, answer > mock->now_us ? answer : INT64_MAX);
        deadline = weir__earlier(deadline, waits ? conn->current->due_us : INT64_MAX);
        deadline = weir__earlier(deadline, weir__conn_start_us(conn));
    }
    if (deadline == INT64_MAX) {
        return -1;
    }
    int64_t left_ms = weir__add_sat(weir__sub_sat(deadline, mock->now_us), 999) / 1000;
    return left_ms < 0 ? 0 : (int)weir__earlier(left_ms, INT32_MAX);
}

/* ---- Polling ---- */

static bool add(poll_set *set, int fd, short events)
{
    if (set->count == set->capacity) {
        size_t capacity = set->capacity != 0 ? set->capacity * 2 : 32;
        struct pollfd *fds = realloc(set->fds, capacity * sizeof *fds);
        if (fds == NULL) {
            return false;
        }
        set->fds = fds;
        set->capacity = capacity;
    }
    set->fds[set->count++] = (struct pollfd){.fd = fd, .events = events};
    return true;
}

static short client_events(const weir__conn *conn)
{
    bool blocked = weir__conn_deadline_us(conn) <= conn->mock->now_us;
    return (short)((weir__conn_wants_input(conn) ? POLLIN : 0) | (blocked ? POLLOUT : 0));
}

static short upstream_events(const weir__conn *conn)
{
    return (short)(POLLIN | (conn->upstream_sent < conn->upstream_out.len ? POLLOUT : 0));
}

/* The pipe, one listener per broker, then two descriptors per connection; -1 is ignored by poll. */
static bool fill(const weir_mock *mock, poll_set *set)
{
    set->count = 0;
    bool ok = add(set, mock->wake[0], POLLIN);
    for (int i = 0; i < mock->opts.brokers && ok; i++) {
        ok = add(set, mock->brokers[i].listener, POLLIN);
    }
    for (const weir__conn *conn = mock->conns; conn != NULL && ok; conn = conn->next) {
        ok = add(set, conn->fd, client_events(conn)) &&
             add(set, conn->upstream, upstream_events(conn));
    }
    return ok;
}

static void serve_conns(weir_mock *mock, const struct pollfd *fds)
{
    for (weir__conn *conn = mock->conns; conn != NULL; conn = conn->next, fds += 2) {
        /* A descriptor may have been closed since; then conn does not own it any more. */
        if (fds[1].revents != 0 && conn->upstream == fds[1].fd) {
            if (fds[1].revents & POLLOUT) {
                weir__conn_upstream_flush(conn);
            }
            if (conn->upstream >= 0 && (fds[1].revents & ~POLLOUT)) {
                weir__conn_upstream_readable(conn);
            }
        }
        if (fds[0].revents != 0 && conn->fd == fds[0].fd) {
            if (fds[0].revents & POLLOUT) {
                weir__conn_flush(conn);
            }
            if (conn->fd >= 0 && (fds[0].revents & ~POLLOUT)) {
                weir__conn_readable(conn);
            }
        }
    }
}

static void serve_io(weir_mock *mock, const poll_set *set)
{
    if (set->fds[0].revents != 0) {
        char bytes[64];
        (void)!read(mock->wake[0], bytes, sizeof bytes);
    }
    serve_conns(mock, set->fds + 1 + mock->opts.brokers);
    for (int i = 0; i < mock->opts.brokers; i++) {
        weir__broker *broker = &mock->brokers[i];
        if (set->fds[1 + i].revents != 0 && broker->listener == set->fds[1 + i].fd &&
            weir__conn_accept(mock, broker) != WEIR_OK) {
            weir__mock_fail(mock, "out of memory");
        }
    }
}

static void *front_main(void *arg)
{
    weir_mock *mock = arg;
    poll_set set = {0};
    pthread_mutex_lock(&mock->lock);
    while (!mock->stopping) {
        start_and_stop_brokers(mock);
        mock->now_us = weir__monotonic_us();
        /* Before requests: a leader that came back has the markers that it missed. */
        weir__txns_expire(&mock->txns, mock->now_us);
        begin_requests(mock);
        serve_time(mock);
        reap(mock);
        if (mock->fetches_due) {
            continue;
        }
        if (!fill(mock, &set)) {
            weir__mock_fail(mock, "out of memory: the mock cluster stops");
            break;
        }
        int timeout = timeout_ms(mock);
        pthread_mutex_unlock(&mock->lock);
        int ready = poll(set.fds, set.count, timeout);
        pthread_mutex_lock(&mock->lock);
        mock->now_us = weir__monotonic_us();
        if (ready > 0) {
            serve_io(mock, &set);
        }
    }
    pthread_mutex_unlock(&mock->lock);
    free(set.fds);
    return NULL;
}

weir_err weir__front_start(weir_mock *mock, weir_error *error)
{
    if (pipe(mock->wake) != 0) {
        mock->wake[0] = mock->wake[1] = -1;
        return weir__error_set(error, WEIR_EIO, "pipe: %s", strerror(errno));
    }
    for (int i = 0; i < mock->opts.brokers; i++) {
        weir_err err = listen_on(&mock->brokers[i], error);
        if (err != WEIR_OK) {
            return err;
        }
        mock->brokers[i].should_be_up = true;
    }
    int code = pthread_create(&mock->thread, NULL, front_main, mock);
    if (code != 0) {
        return weir__error_set(error, WEIR_EIO, "cannot start a thread: %s", strerror(code));
    }
    pthread_setname_np(mock->thread, "mock-front");
    mock->started = true;
    return WEIR_OK;
}

void weir__front_stop(weir_mock *mock)
{
    if (mock->started) {
        pthread_mutex_lock(&mock->lock);
        mock->stopping = true;
        weir__mock_wake(mock);
        pthread_mutex_unlock(&mock->lock);
        pthread_join(mock->thread, NULL);
    }
    while (mock->conns != NULL) {
        weir__conn *conn = mock->conns;
        mock->conns = conn->next;
        weir__conn_free(conn);
    }
    for (int i = 0; i < mock->opts.brokers; i++) {
        if (mock->brokers[i].listener >= 0) {
            close(mock->brokers[i].listener);
        }
    }
    for (int i = 0; i < 2; i++) {
        if (mock->wake[i] >= 0) {
            close(mock->wake[i]);
        }
    }
}
