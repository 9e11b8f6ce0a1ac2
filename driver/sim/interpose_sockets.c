/* SPDX-License-Identifier: Apache-2.0
 *
 * The socket calls. Managed threads get TCP (and local pairs) in memory. */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "core/saturate.h"
#include "sim/files.h"
#include "sim/real.h"

const char *const weir__interposed_sockets[] = {
    "socket",   "socketpair",  "bind",        "listen",         "connect",     "accept",
    "accept4",  "getsockname", "getpeername", "setsockopt",     "getsockopt",  "shutdown",
    "send",     "sendto",      "sendmsg",     "recv",           "recvfrom",    "recvmsg",
    "sendmmsg", "recvmmsg",    "__recv_chk",  "__recvfrom_chk", "getaddrinfo", NULL,
};

/* The file and the thread for a call on `fd`; NULL: the call is not ours. */
static weir__file *ours(int fd)
{
    return weir__managed() ? weir__file_of(fd) : NULL;
}

static int fail(int error)
{
    errno = error;
    return -1;
}

INTERPOSE int socket(int family, int type, int protocol)
{
    const weir__thread *self = weir__managed();
    if (!self || (family != AF_INET && family != AF_INET6)) {
        return REAL(socket)(family, type, protocol);
    }
    if ((type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM) {
        return fail(EPROTONOSUPPORT);
    }
    weir__file *file = weir__file_new(WEIR__FILE_SOCKET, self->acting, true);
    if (!file) {
        return -1;
    }
    file->family = family;
    file->nonblocking = (type & SOCK_NONBLOCK) != 0;
    return file->fd;
}

INTERPOSE int socketpair(int family, int type, int protocol, int pair[2])
{
    const weir__thread *self = weir__managed();
    if (!self || (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM) {
        return REAL(socketpair)(family, type, protocol, pair);
    }
    weir__file *a = weir__file_new(WEIR__FILE_CONNECTION, self->acting, true);
    weir__file *b = a ? weir__file_new(WEIR__FILE_CONNECTION, self->acting, true) : NULL;
    if (!b) {
        int error = errno;
        if (a) {
            weir__file_close(a);
        }
        return fail(error);
    }
    a->nonblocking = b->nonblocking = (type & SOCK_NONBLOCK) != 0;
    a->family = b->family = family;
    a->peer = b;
    b->peer = a;
    pair[0] = a->fd;
    pair[1] = b->fd;
    return 0;
}

/* ---- Addresses: everything is on the loopback ---- */

static void put_address(const weir__file *file, int port, struct sockaddr *out, socklen_t *len)
{
    union {
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {0};
    socklen_t size;
    if (!out || !len) {
        return;
    }
    if (file->family == AF_INET6) {
        size = sizeof address.v6;
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons((uint16_t)port);
        address.v6.sin6_addr = in6addr_loopback;
    } else if (file->family == AF_INET) {
        size = sizeof address.v4;
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons((uint16_t)port);
        address.v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else { /* a local pair has no names */
        size = offsetof(struct sockaddr, sa_data);
        address.v4.sin_family = AF_UNIX;
    }
    memcpy(out, &address, size < *len ? size : *len);
    *len = size;
}

/* -1: not an internet address. */
static int port_of(const struct sockaddr *address, socklen_t len)
{
    if (address->sa_family == AF_INET && len >= sizeof(struct sockaddr_in)) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return ntohs(v4.sin_port);
    }
    if (address->sa_family == AF_INET6 && len >= sizeof(struct sockaddr_in6)) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        return ntohs(v6.sin6_port);
    }
    return -1;
}

INTERPOSE int bind(int fd, const struct sockaddr *address, socklen_t len)
{
    weir__file *file = ours(fd);
    if (!file) {
        return REAL(bind)(fd, address, len);
    }
    int port = port_of(address, len);
    if (port < 0 || file->kind != WEIR__FILE_SOCKET || file->port) {
        return fail(EINVAL);
    }
    if (port && weir__file_listener(port)) {
        return fail(EADDRINUSE);
    }
    while (!port || (port >= WEIR__FIRST_PORT && weir__file_listener(port))) {
        port = weir__file_free_port();
    }
    file->port = port;
    return 0;
}

INTERPOSE int listen(int fd, int backlog)
{
    weir__file *file = ours(fd);
    if (!file) {
        return REAL(listen)(fd, backlog);
    }
    if (file->kind != WEIR__FILE_SOCKET) {
        return file->kind == WEIR__FILE_LISTENER ? 0 : fail(EINVAL);
    }
    if (!file->port) {
        file->port = weir__file_free_port();
    }
    file->kind = WEIR__FILE_LISTENER;
    return 0;
}

INTERPOSE int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    weir__file *file = ours(fd);
    if (!file) {
        return REAL(connect)(fd, address, len);
    }
    int port = port_of(address, len);
    if (file->kind != WEIR__FILE_SOCKET) {
        return fail(file->kind == WEIR__FILE_CONNECTING ? EALREADY : EISCONN);
    }
    if (port <= 0) {
        return fail(EAFNOSUPPORT);
    }
    weir__file_connect(file, port);
    if (file->nonblocking) {
        return fail(EINPROGRESS);
    }
    while (file && file->kind == WEIR__FILE_CONNECTING) {
        weir__file_wait(weir__self, file, WEIR__NEVER);
        file = weir__file_of(fd);
    }
    if (!file) {
        return fail(EBADF);
    }
    int error = file->error;
    file->error = 0;
    return error ? fail(error) : 0;
}

static int take_pending(int fd, struct sockaddr *address, socklen_t *len, int flags)
{
    weir__file *file = weir__file_of(fd);
    while (file && file->kind == WEIR__FILE_LISTENER && !file->pending) {
        if (file->nonblocking) {
            weir__spin(weir__self, WEIR__SPIN_COST_US);
            return fail(EAGAIN);
        }
        weir__file_wait(weir__self, file, WEIR__NEVER);
        file = weir__file_of(fd);
    }
    if (!file || file->kind != WEIR__FILE_LISTENER) {
        return fail(file ? EINVAL : EBADF);
    }
    weir__file *taken = file->pending;
    if (weir__file_number(taken) < 0) {
        return -1;
    }
    file->pending = taken->pending_next;
    file->pending_count--;
    taken->pending_next = NULL;
    taken->nonblocking = (flags & SOCK_NONBLOCK) != 0;
    put_address(taken, taken->peer_port, address, len);
    return taken->fd;
}

INTERPOSE int accept4(int fd, struct sockaddr *restrict address, socklen_t *restrict len, int flags)
{
    return ours(fd) ? take_pending(fd, address, len, flags)
                    : REAL(accept4)(fd, address, len, flags);
}

INTERPOSE int accept(int fd, struct sockaddr *restrict address, socklen_t *restrict len)
{
    return ours(fd) ? take_pending(fd, address, len, 0) : REAL(accept)(fd, address, len);
}

INTERPOSE int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict len)
{
    const weir__file *file = ours(fd);
    if (!file) {
        return REAL(getsockname)(fd, address, len);
    }
    put_address(file, file->port, address, len);
    return 0;
}

INTERPOSE int getpeername(int fd, struct sockaddr *restrict address, socklen_t *restrict len)
{
    const weir__file *file = ours(fd);
    if (!file) {
        return REAL(getpeername)(fd, address, len);
    }
    if (file->kind != WEIR__FILE_CONNECTION) {
        return fail(ENOTCONN);
    }
    put_address(file, file->peer_port, address, len);
    return 0;
}

/* ---- Options: only those that change what can be observed do something ---- */

INTERPOSE int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
    weir__file *file = ours(fd);
    if (!file) {
        return REAL(setsockopt)(fd, level, option, value, len);
    }
    if (level == SOL_SOCKET && option == SO_RCVTIMEO && len >= sizeof(struct timeval)) {
        struct timeval timeout;
        memcpy(&timeout, value, sizeof timeout);
        file->receive_timeout_us =
            weir__add_sat(weir__mul_sat(timeout.tv_sec, 1000000), timeout.tv_usec);
    }
    return 0;
}

INTERPOSE int getsockopt(int fd, int level, int option, void *restrict value,
                         socklen_t *restrict len)
{
    weir__file *file = ours(fd);
    if (!file) {
        return REAL(getsockopt)(fd, level, option, value, len);
    }
    int number = 0;
    if (level == SOL_SOCKET && option == SO_ERROR) {
        number = file->error;
        file->error = 0;
    } else if (level == SOL_SOCKET && option == SO_TYPE) {
        number = SOCK_STREAM;
    } else if (level == SOL_SOCKET && (option == SO_SNDBUF || option == SO_RCVBUF)) {
        number = (int)WEIR__SOCKET_BYTES_MAX;
    }
    socklen_t size = sizeof number < *len ? sizeof number : *len;
    memcpy(value, &number, size);
    *len = size;
    return 0;
}

INTERPOSE int shutdown(int fd, int how)
{
    weir__file *file = ours(fd);
    if (!file) {
        return REAL(shutdown)(fd, how);
    }
    if (file->kind == WEIR__FILE_LISTENER) {
        weir__file_reset(file);
        return 0;
    }
    if (file->kind != WEIR__FILE_CONNECTION) {
        return fail(ENOTCONN);
    }
    weir__file_shut(file, how != SHUT_WR, how != SHUT_RD);
    return 0;
}

/* ---- Bytes ---- */

static ssize_t send_bytes(int fd, const void *data, size_t len, int flags)
{
    const struct iovec part = {(void *)(uintptr_t)data, len};
    return weir__file_write(weir__self, fd, &part, 1, flags);
}

static ssize_t receive_bytes(int fd, void *data, size_t len, int flags)
{
    const struct iovec part = {data, len};
    return weir__file_read(weir__self, fd, &part, 1, flags);
}

INTERPOSE ssize_t send(int fd, const void *data, size_t len, int flags)
{
    return ours(fd) ? send_bytes(fd, data, len, flags) : REAL(send)(fd, data, len, flags);
}

INTERPOSE ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *to,
                         socklen_t to_len)
{
    return ours(fd) ? send_bytes(fd, data, len, flags)
                    : REAL(sendto)(fd, data, len, flags, to, to_len);
}

INTERPOSE ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    return ours(fd) ? weir__file_write(weir__self, fd, message->msg_iov, message->msg_iovlen, flags)
                    : REAL(sendmsg)(fd, message, flags);
}

INTERPOSE ssize_t recv(int fd, void *data, size_t len, int flags)
{
    return ours(fd) ? receive_bytes(fd, data, len, flags) : REAL(recv)(fd, data, len, flags);
}

INTERPOSE ssize_t recvfrom(int fd, void *restrict data, size_t len, int flags,
                           struct sockaddr *restrict from, socklen_t *restrict from_len)
{
    if (!ours(fd)) {
        return REAL(recvfrom)(fd, data, len, flags, from, from_len);
    }
    if (from_len) {
        *from_len = 0; /* as for every connected stream */
    }
    return receive_bytes(fd, data, len, flags);
}

INTERPOSE ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    if (!ours(fd)) {
        return REAL(recvmsg)(fd, message, flags);
    }
    message->msg_namelen = 0;
    message->msg_controllen = 0;
    message->msg_flags = 0;
    return weir__file_read(weir__self, fd, message->msg_iov, message->msg_iovlen, flags);
}

/* Stops at the first message that fails; its error counts only if it is the first of all. */
INTERPOSE int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    if (!ours(fd)) {
        return REAL(sendmmsg)(fd, messages, count, flags);
    }
    unsigned done = 0;
    for (; done < count; done++) {
        ssize_t sent = sendmsg(fd, &messages[done].msg_hdr, flags);
        if (sent < 0) {
            break;
        }
        messages[done].msg_len = (unsigned)sent;
    }
    return done || !count ? (int)done : -1;
}

/* Receives one message: a stream has no message borders, so all available bytes are one message. */
INTERPOSE int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
                       struct timespec *timeout)
{
    if (!ours(fd)) {
        return REAL(recvmmsg)(fd, messages, count, flags, timeout);
    }
    ssize_t got = count ? recvmsg(fd, &messages[0].msg_hdr, flags) : 0;
    if (got < 0) {
        return -1;
    }
    if (count) {
        messages[0].msg_len = (unsigned)got;
    }
    return count ? 1 : 0;
}

/* The forms that code compiled with _FORTIFY_SOURCE calls. */
ssize_t __recv_chk(int fd, void *data, size_t len, size_t size, int flags);
ssize_t __recvfrom_chk(int fd, void *restrict data, size_t len, size_t size, int flags,
                       struct sockaddr *restrict from, socklen_t *restrict from_len);

INTERPOSE ssize_t __recv_chk(int fd, void *data, size_t len, size_t size, int flags)
{
    weir_assert(len <= size);
    return recv(fd, data, len, flags);
}

INTERPOSE ssize_t __recvfrom_chk(int fd, void *restrict data, size_t len, size_t size, int flags,
                                 struct sockaddr *restrict from, socklen_t *restrict from_len)
{
    weir_assert(len <= size);
    return recvfrom(fd, data, len, flags, from, from_len);
}

/* Names are resolved without files and name servers: a numeric address stands for itself, any name
 * for the loopback address. */
INTERPOSE int getaddrinfo(const char *restrict node, const char *restrict service,
                          const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
    if (!weir__managed()) {
        return REAL(getaddrinfo)(node, service, hints, out);
    }
    struct addrinfo own = hints ? *hints : (struct addrinfo){0};
    bool any_family = own.ai_family == AF_UNSPEC;
    own.ai_flags &= ~AI_ADDRCONFIG;
    own.ai_flags |= AI_NUMERICHOST | AI_NUMERICSERV;
    int error = REAL(getaddrinfo)(node, service, &own, out);
    if (error == EAI_NONAME && node && !(hints && (hints->ai_flags & AI_NUMERICHOST))) {
        if (any_family) {
            own.ai_family = AF_INET;
        }
        const char *loopback = own.ai_family == AF_INET6 ? "::1" : "127.0.0.1";
        error = REAL(getaddrinfo)(loopback, service, &own, out);
    }
    return error;
}
