/* SPDX-License-Identifier: Apache-2.0
 *
 * Hosts that crash, pause and resume; locks that they share with others. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "unit/support/sim.h"

static atomic_int ticks;

static void tick_every_10_ms(void *arg)
{
    (void)arg;
    for (;;) {
        weir_sim_sleep_us(10 * MS);
        ticks++;
    }
}

static weir_host *ticking_host(void)
{
    weir_host *host = weir_sim_host_new("a");
    assert_non_null(host);
    ticks = 0;
    assert_int_equal(weir_sim_host_run(host, "ticker", tick_every_10_ms, NULL), WEIR_OK);
    weir_sim_sleep_us(105 * MS);
    assert_int_equal(ticks, 10);
    return host;
}

static void threads_of_a_crashed_host_never_run_again(void **state)
{
    (void)state;
    weir_host *host = ticking_host();
    assert_true(weir_sim_host_alive(host));
    weir_sim_host_crash(host);
    weir_sim_sleep_us(SECOND);
    weir_sim_host_resume(host);
    weir_sim_sleep_us(SECOND);
    assert_int_equal(ticks, 10);
    assert_false(weir_sim_host_alive(host));
}

static void a_paused_host_does_not_run_until_resumed(void **state)
{
    (void)state;
    weir_host *host = ticking_host();
    weir_sim_host_pause(host);
    weir_sim_sleep_us(10 * SECOND);
    assert_int_equal(ticks, 10);
    weir_sim_host_resume(host);
    weir_sim_sleep_us(MS);
    assert_int_equal(ticks, 11); /* the sleep had ended long ago */
    weir_sim_sleep_us(100 * MS);
    assert_int_equal(ticks, 21);
}

static void pause_itself(void *arg)
{
    weir_sim_host_pause(arg);
    ticks = 100;
}

static void crash_itself(void *arg)
{
    weir_sim_host_crash(arg);
    ticks = -1;
}

static void a_host_may_stop_itself(void **state)
{
    (void)state;
    weir_host *host = ticking_host();
    weir_sim_host_run(host, "pauser", pause_itself, host);
    weir_sim_sleep_us(SECOND);
    assert_int_equal(ticks, 10);
    weir_sim_host_resume(host);
    weir_sim_sleep_us(MS);
    assert_in_range(ticks, 100, 101);
    ticks = 0;
    weir_sim_host_run(host, "crasher", crash_itself, host);
    weir_sim_sleep_us(SECOND);
    assert_int_equal(ticks, 0);
}

static void *tick_in_a_thread(void *arg)
{
    tick_every_10_ms(arg);
    return NULL;
}

static void start_ticking(void *arg)
{
    spawn(tick_in_a_thread, arg);
    weir_sim_sleep_us(3600 * SECOND);
}

static void threads_made_by_a_host_share_its_fate(void **state)
{
    (void)state;
    weir_host *host = weir_sim_host_new("a");
    ticks = 0;
    weir_sim_host_run(host, "starter", start_ticking, NULL);
    weir_sim_host_enter(host);
    pthread_t entered = spawn(tick_in_a_thread, NULL);
    (void)entered;
    weir_sim_host_enter(weir_sim_host_driver());
    weir_sim_sleep_us(105 * MS);
    assert_int_equal(ticks, 20);
    weir_sim_host_crash(host);
    weir_sim_sleep_us(SECOND);
    assert_int_equal(ticks, 20);
}

static void the_wall_clock_of_a_host_may_be_wrong(void **state)
{
    (void)state;
    weir_host *host = weir_sim_host_new("late");
    int64_t right = weir_sim_wall_ms();
    weir_sim_host_skew(host, -5 * SECOND);
    weir_sim_host_enter(host);
    assert_int_equal(weir_sim_wall_ms(), right - 5000);
    assert_int_equal(time(NULL), right / 1000 - 5);
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 2;
    assert_int_equal(pthread_mutex_timedlock(&mutex, &until), 0);
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    assert_int_equal(pthread_cond_timedwait(&cond, &mutex, &until), ETIMEDOUT);
    assert_in_range(weir_sim_now_us(), 2 * SECOND, 2 * SECOND + MS);
    pthread_mutex_unlock(&mutex);
}

/* ---- Sockets ---- */

static atomic_int listener;
static atomic_int accepted;

static void serve(void *arg)
{
    (void)arg;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(7000)};
    listener = socket(AF_INET, SOCK_STREAM, 0);
    bind(listener, (struct sockaddr *)&address, sizeof address);
    listen(listener, 10);
    accepted = accept(listener, NULL, NULL);
    weir_sim_sleep_us(3600 * SECOND);
}

static int connect_to_server(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(7000)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static void peers_of_a_crashed_host_see_a_reset(void **state)
{
    (void)state;
    weir_host *host = weir_sim_host_new("server");
    weir_sim_host_run(host, "server", serve, NULL);
    weir_sim_sleep_us(MS);
    int fd = connect_to_server();
    assert_true(fd >= 0);
    weir_sim_sleep_us(MS);
    int pending = connect_to_server(); /* not accepted */
    assert_true(pending >= 0);
    weir_sim_host_crash(host);
    char got;
    assert_int_equal(read(fd, &got, 1), -1);
    assert_int_equal(errno, ECONNRESET);
    assert_int_equal(read(pending, &got, 1), -1);
    assert_int_equal(errno, ECONNRESET);
    assert_int_equal(connect_to_server(), -1);
    assert_int_equal(errno, ECONNREFUSED);
}

static void connections_of_a_paused_host_stay_open(void **state)
{
    (void)state;
    weir_host *host = weir_sim_host_new("server");
    weir_sim_host_run(host, "server", serve, NULL);
    weir_sim_sleep_us(MS);
    int fd = connect_to_server();
    weir_sim_sleep_us(MS);
    weir_sim_host_pause(host);
    struct pollfd one = {fd, POLLIN, 0};
    assert_int_equal(poll(&one, 1, 60000), 0);
    assert_int_equal(write(fd, "x", 1), 1);
}

static void a_crash_behind_a_cut_is_not_seen_until_healed(void **state)
{
    (void)state;
    weir_host *host = weir_sim_host_new("client");
    weir_sim_host_run(weir_sim_host_driver(), "server", serve, NULL);
    weir_sim_sleep_us(MS);
    weir_sim_host_enter(host);
    assert_true(connect_to_server() >= 0);
    weir_sim_host_enter(weir_sim_host_driver());
    weir_sim_sleep_us(MS);
    weir_sim_link_cut(host, 7000, true);
    weir_sim_host_crash(host);
    struct pollfd one = {accepted, POLLIN, 0};
    assert_int_equal(poll(&one, 1, 1000), 0);
    assert_int_equal(write(accepted, "x", 1), 1);
    weir_sim_link_cut(host, 7000, false);
    assert_int_equal(poll(&one, 1, 1000), 1);
    assert_true(one.revents & POLLERR);
}

/* ---- Locks of the whole process ---- */

static pthread_mutex_t process_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t other_lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int steps;

static void work_under_lock(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&process_lock);
    steps = 1;
    weir_sim_sleep_us(10 * MS);
    steps = 2;
    pthread_mutex_unlock(&process_lock);
    steps = 3;
}

static void stop_while_locked(void (*stop_host)(weir_host *host))
{
    weir_host *host = weir_sim_host_new("holder");
    steps = 0;
    weir_sim_host_run(host, "holder", work_under_lock, NULL);
    weir_sim_sleep_us(MS);
    assert_int_equal(steps, 1);
    stop_host(host);
    weir_sim_sleep_us(SECOND);
    assert_int_equal(steps, 1);
    pthread_mutex_lock(&process_lock);
    assert_int_equal(steps, 2);
    pthread_mutex_unlock(&process_lock);
    weir_sim_sleep_us(SECOND);
    assert_int_equal(steps, 2);
}

static void a_crashed_holder_runs_until_it_has_released_the_lock(void **state)
{
    (void)state;
    stop_while_locked(weir_sim_host_crash);
}

static void a_paused_holder_runs_until_it_has_released_the_lock(void **state)
{
    (void)state;
    stop_while_locked(weir_sim_host_pause);
}

static void crash_under_two_locks(void *arg)
{
    pthread_mutex_lock(&process_lock);
    pthread_mutex_lock(&other_lock);
    steps = 1;
    weir_sim_host_crash(arg);
    steps = 2;
    pthread_mutex_unlock(&other_lock);
    steps = 3;
    pthread_mutex_unlock(&process_lock);
    steps = 4;
}

static void *take_process_lock(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&process_lock);
    pthread_mutex_unlock(&process_lock);
    return NULL;
}

static void a_thread_that_crashes_its_host_still_releases_locks(void **state)
{
    (void)state;
    weir_host *host = weir_sim_host_new("holder");
    steps = 0;
    weir_sim_host_run(host, "holder", crash_under_two_locks, host);
    weir_sim_sleep_us(MS);
    assert_int_equal(steps, 1);
    join(spawn(take_process_lock, NULL));
    assert_int_equal(steps, 3);
    pthread_mutex_lock(&other_lock);
    pthread_mutex_unlock(&other_lock);
    assert_int_equal(steps, 3);
}

static void lock_then_die_waiting(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&process_lock);
    pthread_mutex_unlock(&process_lock);
    steps++;
}

static void a_waiter_that_crashes_does_not_keep_the_lock(void **state)
{
    (void)state;
    weir_host *host = weir_sim_host_new("waiter");
    steps = 0;
    pthread_mutex_lock(&process_lock);
    weir_sim_host_run(host, "waiter", lock_then_die_waiting, NULL);
    weir_sim_sleep_us(MS);
    pthread_t other = spawn(take_process_lock, NULL);
    weir_sim_sleep_us(MS);
    pthread_mutex_unlock(&process_lock); /* the next in its queue is the crashed thread */
    weir_sim_host_crash(host);
    join(other);
    assert_int_equal(steps, 0);
}

static void the_next_simulation_starts_afresh_after_a_crash(void **state)
{
    (void)state;
    weir_host *host = ticking_host();
    weir_sim_host_crash(host);
    uint64_t hashes[2];
    for (int i = 0; i < 2; i++) {
        weir_sim_stop();
        start((weir_sim_opts){.seed = 1, .policy = WEIR_SIM_RANDOM});
        host = ticking_host();
        weir_sim_host_crash(host);
        hashes[i] = weir_sim_trace_hash();
    }
    assert_true(hashes[0] == hashes[1]);
}

static void *wait_on_pipe(void *arg)
{
    struct pollfd one = {*(int *)arg, POLLIN, 0};
    poll(&one, 1, -1);
    steps = one.revents == POLLNVAL ? 1 : 2;
    return NULL;
}

static void a_thread_left_in_poll_outlives_its_descriptor(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    steps = 0;
    pthread_t left = spawn(wait_on_pipe, &ends[0]);
    weir_sim_sleep_us(MS);
    weir_sim_stop(); /* frees the pipe */
    assert_int_equal(steps, 0);
    join(left);
    assert_int_equal(steps, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        simulated(threads_of_a_crashed_host_never_run_again),
        simulated(a_paused_host_does_not_run_until_resumed),
        simulated(a_host_may_stop_itself),
        simulated(threads_made_by_a_host_share_its_fate),
        simulated(the_wall_clock_of_a_host_may_be_wrong),
        simulated(peers_of_a_crashed_host_see_a_reset),
        simulated(connections_of_a_paused_host_stay_open),
        simulated(a_crash_behind_a_cut_is_not_seen_until_healed),
        simulated(a_crashed_holder_runs_until_it_has_released_the_lock),
        simulated(a_paused_holder_runs_until_it_has_released_the_lock),
        simulated(a_thread_that_crashes_its_host_still_releases_locks),
        simulated(a_waiter_that_crashes_does_not_keep_the_lock),
        simulated(the_next_simulation_starts_afresh_after_a_crash),
        simulated(a_thread_left_in_poll_outlives_its_descriptor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
