/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of descriptors, and connections from connect to close.
 *
 *      SOCKET --connect--> CONNECTING --(a listener, twice the latency)--> CONNECTION
 *         |                    `--(no listener)--> BROKEN <--(reset)---------'
 *         `--listen--> LISTENER                                                        */
#include "sim/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/saturate.h"
#include "sim/real.h"

static struct {
    weir__file **by_fd;
    size_t capacity;
    weir__file *first; /* all, by creation */
    weir__file *last;
    int template_fd; /* the descriptor of which all others are copies */
    bool has_template;
    int next_port;
} table = {.next_port = WEIR__FIRST_PORT};

weir__file *weir__files_first(void)
{
    return table.first;
}

weir__file *weir__file_of(int fd)
{
    return fd >= 0 && (size_t)fd < table.capacity ? table.by_fd[fd] : NULL;
}

/* ---- Descriptors ---- */

/* ThreadSanitizer would take a descriptor of ours for a real one, used by two threads at once. */
static void close_quietly(int fd)
{
    REAL(syscall)(SYS_close, fd);
}

int weir__file_number(weir__file *file)
{
    if (!table.has_template) {
        table.template_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (table.template_fd < 0) {
            return -1;
        }
        table.has_template = true;
    }
    int fd = REAL(fcntl)(table.template_fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0) {
        return -1;
    }
    if ((size_t)fd >= table.capacity) {
        size_t capacity = table.capacity ? table.capacity : 256;
        while (capacity <= (size_t)fd) {
            capacity *= 2;
        }
        weir__file **by_fd = weir__sim_realloc(table.by_fd, capacity * sizeof(*by_fd));
        for (size_t i = table.capacity; i < capacity; i++) {
            by_fd[i] = NULL;
        }
        table.by_fd = by_fd;
        table.capacity = capacity;
    }
    table.by_fd[fd] = file;
    file->fd = fd;
    return fd;
}

static void destroy(weir__file *file)
{
    *(file->prev ? &file->prev->next : &table.first) = file->next;
    *(file->next ? &file->next->prev : &table.last) = file->prev;
    weir__wake_queue(&file->waiters); /* before the file is freed: waiters point to it */
    weir__timer_disarm(&file->connect_timer);
    weir__stream_fini(&file->in);
    if (file->fd >= 0) {
        table.by_fd[file->fd] = NULL;
        close_quietly(file->fd);
    }
    weir__sim_free(file);
}

weir__file *weir__file_new(weir__file_kind kind, const weir_host *host, bool numbered)
{
    weir__file *file = weir__sim_calloc(sizeof *file);
    if (!file) {
        errno = ENOMEM;
        return NULL;
    }
    file->fd = -1;
    file->kind = kind;
    file->family = AF_INET;
    file->host = &weir__the_sim.hosts[host->id];
    file->in.owner = file;
    file->in.limit = WEIR__SOCKET_BYTES_MAX;
    file->prev = table.last;
    *(table.last ? &table.last->next : &table.first) = file;
    table.last = file;
    if (numbered && weir__file_number(file) < 0) {
        int error = errno;
        destroy(file);
        errno = error;
        return NULL;
    }
    return file;
}

int weir__file_free_port(void)
{
    return table.next_port++;
}

weir__file *weir__file_listener(int port)
{
    for (weir__file *file = table.first; file; file = file->next) {
        if (file->port == port &&
            (file->kind == WEIR__FILE_LISTENER || (file->kind == WEIR__FILE_SOCKET && port))) {
            return file;
        }
    }
    return NULL;
}

/* ---- Connections ---- */

static void break_off(weir__file *file, int error)
{
    weir__timer_disarm(&file->connect_timer);
    weir__timer_disarm(&file->in.timer);
    file->kind = WEIR__FILE_BROKEN;
    file->error = error;
    file->in.mark_count = 0; /* bytes in flight are lost, those that have arrived can be read */
    file->in.len = file->in.arrived;
    file->peer = NULL;
    file->reset_at_heal = false;
    weir__wake_queue(&file->waiters);
}

void weir__file_reset(weir__file *file)
{
    weir__file *peer = file->peer;
    bool cut = peer && weir__link_of(file).cut;
    break_off(file, ECONNRESET);
    if (!peer) {
        return;
    }
    if (cut) {
        peer->peer = NULL;
        peer->reset_at_heal = true;
    } else {
        break_off(peer, ECONNRESET);
    }
}

static void add_pending(weir__file *listener, weir__file *file)
{
    *(listener->pending ? &listener->pending_last->pending_next : &listener->pending) = file;
    listener->pending_last = file;
    listener->pending_count++;
    weir__wake_queue(&listener->waiters);
}

static void finish_connect(weir__timer *timer)
{
    weir__file *file = (weir__file *)((char *)timer - offsetof(weir__file, connect_timer));
    if (weir__link_of(file).cut) {
        return; /* tried again when the link heals */
    }
    weir__file *listener = weir__file_listener(file->service_port);
    weir__file *server = NULL;
    if (listener && listener->kind == WEIR__FILE_LISTENER &&
        listener->pending_count < WEIR__BACKLOG_MAX) {
        server = weir__file_new(WEIR__FILE_CONNECTION, listener->host, false);
    }
    if (!server) {
        break_off(file, ECONNREFUSED);
        return;
    }
    server->family = listener->family;
    server->port = listener->port;
    server->peer_port = file->port;
    server->client = file->client;
    server->service_port = file->service_port;
    server->peer = file;
    file->peer = server;
    file->kind = WEIR__FILE_CONNECTION;
    add_pending(listener, server);
    weir__wake_queue(&file->waiters);
}

void weir__file_connect(weir__file *file, int port)
{
    file->kind = WEIR__FILE_CONNECTING;
    file->client = file->host;
    file->service_port = port;
    file->peer_port = port;
    if (!file->port) {
        file->port = weir__file_free_port();
    }
    file->connect_timer.fire = finish_connect;
    weir__link link = weir__link_of(file);
    if (link.latency_us) {
        weir__timer_arm(&file->connect_timer, weir__after_us(weir__mul_sat(2, link.latency_us)));
    } else {
        finish_connect(&file->connect_timer);
    }
}

void weir__file_shut(weir__file *file, bool reading, bool writing)
{
    file->read_shut |= reading;
    if (writing && !file->write_shut) {
        file->write_shut = true;
        if (file->peer) {
            weir__stream_put(&file->peer->in, NULL, 0, true);
        }
    }
    weir__wake_queue(&file->waiters);
}

void weir__file_close(weir__file *file)
{
    while (file->pending) {
        weir__file *pending = file->pending;
        file->pending = pending->pending_next;
        weir__file_reset(pending);
        destroy(pending);
    }
    weir__file *peer = file->peer;
    weir__file_shut(file, true, true);
    if (peer) {
        peer->peer = NULL;
        weir__wake_queue(&peer->waiters);
    }
    destroy(file);
}

void weir__files_reset_host(const weir_host *host)
{
    for (weir__file *file = table.first; file; file = file->next) {
        if (file->host != host) {
            continue;
        }
        while (file->pending) {
            weir__file *pending = file->pending;
            file->pending = pending->pending_next;
            weir__file_reset(pending);
        }
        file->pending_count = 0;
        weir__file_reset(file);
    }
}

void weir__files_stop(void)
{
    while (table.first) {
        table.first->pending = NULL;
        destroy(table.first);
    }
    weir__sim_free(table.by_fd);
    table.by_fd = NULL;
    table.capacity = 0;
    if (table.has_template) {
        close_quietly(table.template_fd);
        table.has_template = false;
    }
    table.next_port = WEIR__FIRST_PORT;
}
