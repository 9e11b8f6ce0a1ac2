/* SPDX-License-Identifier: Apache-2.0
 *
 * Sockets and pipes in memory, and the faults of the links. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>

#include "unit/support/sim.h"

#define MUCH ((size_t)8 << 20) /* more than fits into a socket */

static int listen_on(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 10), 0);
    return fd;
}

static int port_of(int fd)
{
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

/* Without blocking; the connection may not be complete yet. */
static int begin_connect(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), -1);
    assert_int_equal(errno, EINPROGRESS);
    return fd;
}

static short wait_ready(int fd, short events, int timeout_ms)
{
    struct pollfd one = {fd, events, 0};
    poll(&one, 1, timeout_ms);
    return one.revents;
}

static int pending_error(int fd)
{
    int error;
    socklen_t len = sizeof error;
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len), 0);
    return error;
}

typedef struct net {
    weir_host *host; /* of the client */
    int listener;
    int port;
    int client; /* does not block */
    int server; /* blocks */
} net;

static net connected(void)
{
    net n;
    n.host = weir_sim_host_new("client");
    n.listener = listen_on(0);
    n.port = port_of(n.listener);
    weir_host *former = weir_sim_host_enter(n.host);
    n.client = begin_connect(n.port);
    weir_sim_host_enter(former);
    n.server = accept(n.listener, NULL, NULL);
    assert_true(n.server >= 0);
    assert_int_equal(wait_ready(n.client, POLLOUT, -1), POLLOUT);
    return n;
}

static void bytes_arrive_in_order(void **state)
{
    (void)state;
    net n = connected();
    char got[16];
    struct iovec parts[] = {{"ab", 2}, {"", 0}, {"cdef", 4}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};
    assert_int_equal(sendmsg(n.client, &message, 0), 6);
    assert_int_equal(send(n.client, "gh", 2, 0), 2);
    assert_int_equal(recv(n.server, got, 3, MSG_PEEK), 3);
    assert_int_equal(recv(n.server, got, 3, 0), 3);
    assert_memory_equal(got, "abc", 3);
    assert_int_equal(read(n.server, got, sizeof got), 5);
    assert_memory_equal(got, "defgh", 5);
    assert_int_equal(recv(n.client, got, sizeof got, 0), -1);
    assert_int_equal(errno, EAGAIN);
}

static void *drain(void *arg)
{
    static char chunk[100000];
    size_t total = 0;
    for (ssize_t got; (got = read(*(int *)arg, chunk, sizeof chunk)) > 0;) {
        for (ssize_t i = 0; i < got; i++) {
            if (chunk[i] != (char)((total + (size_t)i) % 251)) {
                return (void *)1;
            }
        }
        total += (size_t)got;
        weir_sim_yield();
    }
    return (void *)(total == MUCH ? 0 : (uintptr_t)2);
}

static void a_full_socket_takes_a_part_and_reports_when_there_is_room(void **state)
{
    (void)state;
    net n = connected();
    char *data = malloc(MUCH);
    assert_non_null(data);
    for (size_t i = 0; i < MUCH; i++) {
        data[i] = (char)(i % 251);
    }
    ssize_t sent = write(n.client, data, MUCH);
    assert_true(sent > 0 && (size_t)sent < MUCH);
    assert_int_equal(write(n.client, data, 1), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(wait_ready(n.client, POLLOUT, 10), 0);
    pthread_t reader = spawn(drain, &n.server);
    for (size_t done = (size_t)sent; done < MUCH; done += (size_t)sent) {
        assert_int_equal(wait_ready(n.client, POLLOUT, 1000), POLLOUT);
        sent = write(n.client, data + done, MUCH - done);
        assert_true(sent > 0);
    }
    shutdown(n.client, SHUT_WR);
    assert_int_equal((uintptr_t)join(reader), 0);
    free(data);
}

static void a_blocking_write_waits_for_all(void **state)
{
    (void)state;
    net n = connected();
    assert_int_equal(fcntl(n.client, F_SETFL, 0), 0);
    pthread_t reader = spawn(drain, &n.server);
    char *data = malloc(MUCH);
    assert_non_null(data);
    for (size_t i = 0; i < MUCH; i++) {
        data[i] = (char)(i % 251);
    }
    assert_int_equal(send(n.client, data, MUCH, 0), MUCH);
    close(n.client);
    assert_int_equal((uintptr_t)join(reader), 0);
    free(data);
}

static void close_is_the_end_after_the_last_byte(void **state)
{
    (void)state;
    net n = connected();
    char got[4];
    assert_int_equal(write(n.client, "x", 1), 1);
    assert_int_equal(close(n.client), 0);
    assert_int_equal(read(n.server, got, sizeof got), 1);
    assert_int_equal(wait_ready(n.server, POLLIN | POLLRDHUP, -1), POLLIN | POLLRDHUP);
    assert_int_equal(read(n.server, got, sizeof got), 0);
    assert_int_equal(write(n.server, "y", 1), -1);
    assert_int_equal(errno, EPIPE);
    assert_int_equal(read(n.client, got, sizeof got), -1);
    assert_int_equal(errno, EBADF);
}

static void a_connect_without_a_listener_is_refused(void **state)
{
    (void)state;
    int fd = begin_connect(4711);
    assert_true(wait_ready(fd, POLLOUT, -1) & POLLERR);
    assert_int_equal(pending_error(fd), ECONNREFUSED);
}

static void a_port_has_one_listener(void **state)
{
    (void)state;
    listen_on(4711);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(4711)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), -1);
    assert_int_equal(errno, EADDRINUSE);
}

static void latency_delays_both_directions_and_keeps_the_order(void **state)
{
    (void)state;
    net n = connected();
    char got[8];
    weir_sim_link_latency(n.host, n.port, 20 * MS);
    int64_t before = weir_sim_now_us();
    assert_int_equal(write(n.client, "ab", 2), 2);
    weir_sim_sleep_us(5 * MS);
    assert_int_equal(write(n.client, "cd", 2), 2);
    weir_sim_link_latency(n.host, n.port, 0);
    assert_int_equal(write(n.client, "ef", 2), 2);
    assert_int_equal(read(n.server, got, sizeof got), 2);
    assert_in_range(weir_sim_now_us() - before, 20 * MS, 20 * MS + 50);
    assert_int_equal(read(n.server, got, sizeof got), 4);
    assert_memory_equal(got, "cdef", 4);
    assert_in_range(weir_sim_now_us() - before, 25 * MS, 25 * MS + 50);
}

static void connecting_takes_a_round_trip(void **state)
{
    (void)state;
    weir_host *host = weir_sim_host_new("far");
    int listener = listen_on(0);
    weir_sim_link_latency(host, 0, 30 * MS);
    weir_sim_host_enter(host);
    int fd = begin_connect(port_of(listener));
    assert_int_equal(wait_ready(fd, POLLOUT, -1), POLLOUT);
    assert_in_range(weir_sim_now_us(), 60 * MS, 60 * MS + 50);
    assert_int_equal(pending_error(fd), 0);
}

static void a_cut_holds_bytes_and_connections_until_healed(void **state)
{
    (void)state;
    net n = connected();
    char got[8];
    weir_sim_link_cut(n.host, n.port, true);
    assert_int_equal(write(n.client, "ab", 2), 2);
    assert_int_equal(write(n.server, "cd", 2), 2);
    weir_sim_host_enter(n.host);
    int second = begin_connect(n.port);
    assert_int_equal(wait_ready(n.server, POLLIN, 1000), 0);
    assert_int_equal(wait_ready(n.client, POLLIN, 1000), 0);
    assert_int_equal(wait_ready(second, POLLOUT, 1000), 0);
    weir_sim_link_cut(n.host, n.port, false);
    assert_int_equal(read(n.server, got, sizeof got), 2);
    assert_int_equal(read(n.client, got, sizeof got), 2);
    assert_int_equal(wait_ready(second, POLLOUT, -1), POLLOUT);
}

static void a_cut_touches_only_its_host_and_port(void **state)
{
    (void)state;
    net n = connected();
    net other = connected();
    char got[8];
    weir_sim_link_cut(n.host, other.port, true);
    weir_sim_link_cut(other.host, n.port, true);
    assert_int_equal(write(n.client, "ab", 2), 2);
    assert_int_equal(read(n.server, got, sizeof got), 2);
    assert_int_equal(write(other.client, "ab", 2), 2);
    assert_int_equal(read(other.server, got, sizeof got), 2);
}

static void a_reset_reaches_both_ends_once(void **state)
{
    (void)state;
    net n = connected();
    char got[8];
    weir_sim_link_reset(n.host, 0);
    assert_true(wait_ready(n.client, POLLIN, 0) & POLLERR);
    assert_int_equal(read(n.client, got, sizeof got), -1);
    assert_int_equal(errno, ECONNRESET);
    assert_int_equal(read(n.client, got, sizeof got), 0);
    assert_int_equal(write(n.server, "x", 1), -1);
    assert_int_equal(errno, ECONNRESET);
    assert_int_equal(write(n.server, "x", 1), -1);
    assert_int_equal(errno, EPIPE);
    int again = begin_connect(n.port);
    assert_int_equal(wait_ready(again, POLLOUT, 0), POLLOUT);
}

static void certain_loss_breaks_the_connection(void **state)
{
    (void)state;
    net n = connected();
    weir_sim_link_loss(n.host, n.port, 1000000);
    assert_int_equal(write(n.client, "x", 1), -1);
    assert_int_equal(errno, ECONNRESET);
    assert_true(wait_ready(n.server, POLLIN, 0) & POLLERR);
}

static void *write_soon(void *arg)
{
    weir_sim_sleep_us(10 * MS);
    return (void *)(intptr_t)write(*(int *)arg, "!", 1);
}

static void a_blocked_reader_is_woken_by_the_writer(void **state)
{
    (void)state;
    int ends[2];
    char got[4];
    assert_int_equal(pipe(ends), 0);
    pthread_t writer = spawn(write_soon, &ends[1]);
    assert_int_equal(read(ends[0], got, sizeof got), 1);
    assert_in_range(weir_sim_now_us(), 10 * MS, 11 * MS);
    join(writer);
    close(ends[1]);
    assert_int_equal(read(ends[0], got, sizeof got), 0);
    assert_int_equal(wait_ready(ends[0], POLLIN, -1), POLLHUP);
}

static void poll_waits_for_many_and_times_out_exactly(void **state)
{
    (void)state;
    struct pollfd list[40];
    int ends[2];
    for (int i = 0; i < 40; i++) {
        assert_int_equal(pipe(ends), 0);
        list[i] = (struct pollfd){ends[0], POLLIN, 0};
    }
    assert_int_equal(poll(list, 40, 100), 0);
    assert_int_equal(weir_sim_now_us(), 100 * MS);
    pthread_t writer = spawn(write_soon, &ends[1]);
    assert_int_equal(poll(list, 40, 100), 1);
    assert_int_equal(list[39].revents, POLLIN);
    assert_in_range(weir_sim_now_us(), 110 * MS, 111 * MS);
    join(writer);
}

static void select_waits_like_poll(void **state)
{
    (void)state;
    int ends[2];
    fd_set reading;
    struct timeval timeout = {0, 5000};
    assert_int_equal(pipe(ends), 0);
    FD_ZERO(&reading);
    FD_SET(ends[0], &reading);
    assert_int_equal(select(ends[0] + 1, &reading, NULL, NULL, &timeout), 0);
    assert_int_equal(weir_sim_now_us(), 5 * MS);
    assert_false(FD_ISSET(ends[0], &reading));
    pthread_t writer = spawn(write_soon, &ends[1]);
    FD_SET(ends[0], &reading);
    assert_int_equal(select(ends[0] + 1, &reading, NULL, NULL, NULL), 1);
    assert_true(FD_ISSET(ends[0], &reading));
    assert_in_range(weir_sim_now_us(), 15 * MS, 16 * MS);
    join(writer);
}

static void an_event_counter_counts(void **state)
{
    (void)state;
    int fd = eventfd(0, EFD_NONBLOCK);
    uint64_t value = 3;
    assert_int_equal(wait_ready(fd, POLLIN, 0), 0);
    assert_int_equal(write(fd, &value, sizeof value), sizeof value);
    assert_int_equal(write(fd, &value, sizeof value), sizeof value);
    assert_int_equal(wait_ready(fd, POLLIN, 0), POLLIN);
    assert_int_equal(read(fd, &value, sizeof value), sizeof value);
    assert_int_equal(value, 6);
    assert_int_equal(read(fd, &value, sizeof value), -1);
    assert_int_equal(errno, EAGAIN);
}

static void a_socket_pair_talks_both_ways(void **state)
{
    (void)state;
    int pair[2];
    char got[4];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(write(pair[0], "a", 1), 1);
    assert_int_equal(write(pair[1], "bc", 2), 2);
    assert_int_equal(read(pair[1], got, sizeof got), 1);
    assert_int_equal(read(pair[0], got, sizeof got), 2);
}

static void files_stay_real(void **state)
{
    (void)state;
    char got[4];
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_int_equal(read(fd, got, sizeof got), 4);
    assert_memory_equal(got, "\177ELF", 4);
    assert_int_equal(close(fd), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        simulated(bytes_arrive_in_order),
        simulated(a_full_socket_takes_a_part_and_reports_when_there_is_room),
        simulated(a_blocking_write_waits_for_all),
        simulated(close_is_the_end_after_the_last_byte),
        simulated(a_connect_without_a_listener_is_refused),
        simulated(a_port_has_one_listener),
        simulated(latency_delays_both_directions_and_keeps_the_order),
        simulated(connecting_takes_a_round_trip),
        simulated(a_cut_holds_bytes_and_connections_until_healed),
        simulated(a_cut_touches_only_its_host_and_port),
        simulated(a_reset_reaches_both_ends_once),
        simulated(certain_loss_breaks_the_connection),
        simulated(a_blocked_reader_is_woken_by_the_writer),
        simulated(poll_waits_for_many_and_times_out_exactly),
        simulated(select_waits_like_poll),
        simulated(an_event_counter_counts),
        simulated(a_socket_pair_talks_both_ways),
        simulated(files_stay_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
