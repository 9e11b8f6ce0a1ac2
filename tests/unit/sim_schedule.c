/* SPDX-License-Identifier: Apache-2.0
 *
 * Virtual time, the order in which threads run, and the report when no thread can run. */
#include <poll.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/time.h>

#include "unit/support/sim.h"

static void hours_of_sleep_pass_at_once(void **state)
{
    (void)state;
    start((weir_sim_opts){.livelock_us = 10 * 3600 * SECOND});
    struct timespec before, after;
    clock_gettime(CLOCK_REALTIME, &before);
    sleep(5 * 3600);
    clock_gettime(CLOCK_REALTIME, &after);
    assert_in_range(after.tv_sec - before.tv_sec, 5 * 3600, 5 * 3600 + 1);
    assert_in_range(weir_sim_now_us(), 5 * 3600 * SECOND, 5 * 3600 * SECOND + 100);
    assert_int_equal(weir_sim_get_stats().advances, 1);
    weir_sim_stop();
}

static void all_clocks_agree(void **state)
{
    (void)state;
    usleep(1234567);
    struct timespec wall, monotonic;
    struct timeval day;
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_MONOTONIC, &monotonic);
    gettimeofday(&day, NULL);
    assert_int_equal(wall.tv_sec, 1700000001);
    assert_int_equal(wall.tv_nsec / 1000, monotonic.tv_nsec / 1000);
    assert_int_equal(day.tv_usec, wall.tv_nsec / 1000);
    assert_int_equal(time(NULL), wall.tv_sec);
    assert_int_equal(weir_sim_wall_ms(), (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000);
}

typedef struct sleeper {
    int64_t us;
    int id;
} sleeper;

static _Atomic int order[8];
static _Atomic int order_count;

static void assert_order(const int *expected, size_t count)
{
    assert_int_equal(order_count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(order[i], expected[i]);
    }
}

static void *sleep_then_note(void *arg)
{
    const sleeper *own = arg;
    weir_sim_sleep_us(own->us);
    order[order_count++] = own->id;
    return NULL;
}

static void sleepers_wake_by_deadline_and_ties_by_order(void **state)
{
    (void)state;
    sleeper sleepers[] = {{30 * MS, 0}, {10 * MS, 1}, {20 * MS, 2}, {10 * MS - 2, 3}};
    pthread_t threads[4];
    order_count = 0;
    for (int i = 0; i < 4; i++) {
        threads[i] = spawn(sleep_then_note, &sleepers[i]);
    }
    for (int i = 0; i < 4; i++) {
        join(threads[i]);
    }
    const int expected[] = {1, 3, 2, 0};
    assert_order(expected, sizeof expected / sizeof *expected);
}

static void *note_thrice(void *arg)
{
    for (int i = 0; i < 2; i++) {
        order[order_count++] = *(int *)arg;
        weir_sim_yield();
    }
    return NULL;
}

static void fifo_runs_the_longest_runnable_first(void **state)
{
    (void)state;
    int ids[] = {0, 1, 2};
    pthread_t threads[3];
    order_count = 0;
    for (int i = 0; i < 3; i++) {
        threads[i] = spawn(note_thrice, &ids[i]);
    }
    for (int i = 0; i < 3; i++) {
        join(threads[i]);
    }
    const int expected[] = {0, 1, 2, 0, 1, 2};
    assert_order(expected, sizeof expected / sizeof *expected);
}

static void *set_flag(void *arg)
{
    *(atomic_bool *)arg = true;
    return NULL;
}

static void a_thread_that_spins_on_the_clock_lets_others_run(void **state)
{
    (void)state;
    atomic_bool flag = false;
    pthread_t thread = spawn(set_flag, &flag);
    while (!flag) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
    join(thread);
}

static void a_thread_that_spins_on_the_clock_sees_it_advance(void **state)
{
    (void)state;
    time_t until = time(NULL) + 2;
    while (time(NULL) < until) {
    }
    assert_in_range(weir_sim_now_us(), 1 * SECOND, 3 * SECOND);
}

static void an_empty_poll_lets_others_run_and_time_pass(void **state)
{
    (void)state;
    atomic_bool flag = false;
    pthread_t thread = spawn(set_flag, &flag);
    for (int i = 0; i < 100; i++) {
        assert_int_equal(poll(NULL, 0, 0), 0);
    }
    assert_true(flag);
    assert_true(weir_sim_now_us() > 100);
    join(thread);
}

static void *notify_later(void *arg)
{
    (void)arg;
    weir_sim_sleep_us(5 * MS);
    weir_sim_notify();
    return NULL;
}

static void the_test_waits_until_notified_or_due(void **state)
{
    (void)state;
    pthread_t thread = spawn(notify_later, NULL);
    assert_true(weir_sim_wait(SECOND));
    assert_in_range(weir_sim_now_us(), 5 * MS, 6 * MS);
    assert_false(weir_sim_wait(SECOND));
    assert_int_equal(weir_sim_now_us(), SECOND);
    join(thread);
}

static void the_program_clock_moves_only_by_hand_when_manual(void **state)
{
    (void)state;
    weir_sim_app_clock_manual(true);
    int64_t before = weir_sim_wall_ms();
    sleep(60);
    assert_int_equal(weir_sim_wall_ms(), before);
    assert_int_equal(time(NULL), before / 1000);
    weir_sim_app_clock_advance_us(90 * SECOND);
    assert_int_equal(weir_sim_wall_ms(), before + 90000);
    struct timespec monotonic;
    clock_gettime(CLOCK_MONOTONIC, &monotonic);
    assert_in_range(monotonic.tv_sec, 1060, 1061); /* infrastructure time passed */
    weir_sim_app_clock_manual(false);
    assert_in_range(weir_sim_wall_ms() - before, 60000, 60010);
}

static void random_streams_do_not_disturb_each_other(void **state)
{
    (void)state;
    uint64_t alone[3];
    for (int i = 0; i < 3; i++) {
        alone[i] = weir_sim_random(WEIR_SIM_FAULTS);
    }
    weir_sim_stop();
    start((weir_sim_opts){.seed = 1});
    for (int i = 0; i < 3; i++) {
        weir_sim_random(WEIR_SIM_TEST);
        rand();
        assert_true(weir_sim_random(WEIR_SIM_FAULTS) == alone[i]);
    }
}

static void off_means_off(void **state)
{
    (void)state;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    double interposed = (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
    assert_true(real_ms() - interposed < 1e6 && interposed <= real_ms());
    assert_false(weir_sim_running());
}

static void only_one_simulation_at_a_time(void **state)
{
    (void)state;
    weir_error error;
    assert_int_equal(weir_sim_start(NULL, &error), WEIR_ESTATE);
    weir_sim_stop();
    assert_int_equal(weir_sim_start(NULL, &error), WEIR_OK);
    assert_int_equal(weir_sim_now_us(), 0);
}

/* ---- Stuck ---- */

typedef struct stuck_report {
    weir_sim_stuck why;
    char report[4096];
    jmp_buf back;
} stuck_report;

static void on_stuck(weir_sim_stuck why, const char *report, void *user)
{
    stuck_report *out = user;
    out->why = why;
    snprintf(out->report, sizeof out->report, "%s", report);
    longjmp(out->back, 1);
}

static void *wait_for_ever(void *arg)
{
    pthread_mutex_t *mutex = arg;
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    pthread_setname_np(pthread_self(), "waiter");
    pthread_mutex_lock(mutex);
    pthread_cond_wait(&cond, mutex);
    return NULL;
}

static void *lock_for_ever(void *arg)
{
    pthread_setname_np(pthread_self(), "locker");
    pthread_mutex_lock(arg);
    pthread_mutex_lock(arg);
    return NULL;
}

static void a_deadlock_names_every_thread_and_what_it_waits_for(void **state)
{
    (void)state;
    static pthread_mutex_t first = PTHREAD_MUTEX_INITIALIZER;
    static pthread_mutex_t second = PTHREAD_MUTEX_INITIALIZER;
    static stuck_report out;
    start((weir_sim_opts){.on_stuck = on_stuck, .user = &out});
    weir_host *host = weir_sim_host_new("north");
    weir_sim_host_enter(host);
    pthread_t waiter = spawn(wait_for_ever, &first);
    spawn(lock_for_ever, &second);
    if (!setjmp(out.back)) {
        join(waiter);
        fail();
    }
    weir_sim_stop();
    assert_int_equal(out.why, WEIR_SIM_DEADLOCK);
    assert_non_null(strstr(out.report, "'waiter' on host 'north': waits for condition variable"));
    assert_non_null(strstr(out.report, "'locker' on host 'north': waits for mutex held by locker"));
    assert_non_null(strstr(out.report, "'test' on host 'driver': waits for join of waiter"));
}

static void *sleep_on_and_on(void *arg)
{
    pthread_setname_np(pthread_self(), "dozer");
    while (!*(atomic_bool *)arg) {
        sleep(10);
    }
    return NULL;
}

static void no_progress_is_a_livelock(void **state)
{
    (void)state;
    static stuck_report out;
    static atomic_bool end;
    start((weir_sim_opts){.livelock_us = 60 * SECOND, .on_stuck = on_stuck, .user = &out});
    end = false;
    pthread_t thread = spawn(sleep_on_and_on, &end);
    sleep(40);
    weir_sim_progress();
    sleep(40);
    if (!setjmp(out.back)) {
        sleep(100);
        fail();
    }
    assert_int_equal(out.why, WEIR_SIM_LIVELOCK);
    assert_non_null(strstr(out.report, "'dozer' on host 'driver': sleeps since"));
    assert_in_range(weir_sim_now_us(), 100 * SECOND, 101 * SECOND);
    end = true;
    join(thread);
    weir_sim_stop();
}

static void a_run_past_its_bound_is_overlong_and_can_be_torn_down(void **state)
{
    (void)state;
    static stuck_report out;
    static atomic_bool end;
    start((weir_sim_opts){.max_virtual_us = 60 * SECOND, .on_stuck = on_stuck, .user = &out});
    end = false;
    pthread_t thread = spawn(sleep_on_and_on, &end);
    if (!setjmp(out.back)) {
        sleep(100);
        fail();
    }
    assert_int_equal(out.why, WEIR_SIM_OVERLONG);
    end = true;
    join(thread);
    weir_sim_stop();
}

static void timers_are_listed_earliest_first(void **state)
{
    (void)state;
    sleeper sleepers[] = {{30 * MS, 0}, {10 * MS, 1}};
    pthread_t late = spawn(sleep_then_note, &sleepers[0]);
    pthread_t early = spawn(sleep_then_note, &sleepers[1]);
    pthread_setname_np(late, "late");
    pthread_setname_np(early, "early");
    weir_sim_yield();
    char *timers = weir_sim_timers(10);
    assert_non_null(timers);
    const char *at = strstr(timers, "'early' on host '");
    assert_non_null(at);
    assert_non_null(strstr(at, "' ends its sleep\n"));
    assert_non_null(strstr(at, "'late' on host '"));
    free(timers);
    join(late);
    join(early);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hours_of_sleep_pass_at_once),
        simulated(all_clocks_agree),
        simulated(sleepers_wake_by_deadline_and_ties_by_order),
        simulated(fifo_runs_the_longest_runnable_first),
        simulated(a_thread_that_spins_on_the_clock_lets_others_run),
        simulated(a_thread_that_spins_on_the_clock_sees_it_advance),
        simulated(an_empty_poll_lets_others_run_and_time_pass),
        simulated(the_test_waits_until_notified_or_due),
        simulated(the_program_clock_moves_only_by_hand_when_manual),
        simulated(random_streams_do_not_disturb_each_other),
        cmocka_unit_test(off_means_off),
        simulated(only_one_simulation_at_a_time),
        cmocka_unit_test(a_deadlock_names_every_thread_and_what_it_waits_for),
        cmocka_unit_test(no_progress_is_a_livelock),
        cmocka_unit_test(a_run_past_its_bound_is_overlong_and_can_be_torn_down),
        simulated(timers_are_listed_earliest_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
