/* SPDX-License-Identifier: Apache-2.0
 *
 * Mutexes, condition variables, read-write locks, once, join: as with real threads, in virtual
 * time. */
#include <errno.h>
#include <stdatomic.h>
#include <threads.h>

#include "unit/support/sim.h"

typedef struct shared {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    pthread_rwlock_t rwlock;
    atomic_int inside;
    atomic_int most_inside;
    atomic_int value;
    atomic_bool go;
} shared;

static shared *shared_new(void)
{
    shared *s = calloc(1, sizeof *s);
    assert_non_null(s);
    pthread_mutex_init(&s->mutex, NULL);
    pthread_cond_init(&s->cond, NULL);
    pthread_rwlock_init(&s->rwlock, NULL);
    return s;
}

static void shared_free(shared *s)
{
    assert_int_equal(pthread_mutex_destroy(&s->mutex), 0);
    assert_int_equal(pthread_cond_destroy(&s->cond), 0);
    assert_int_equal(pthread_rwlock_destroy(&s->rwlock), 0);
    free(s);
}

static struct timespec in(int64_t us)
{
    struct timespec at;
    clock_gettime(CLOCK_REALTIME, &at);
    us += at.tv_nsec / 1000;
    at.tv_sec += us / SECOND;
    at.tv_nsec = us % SECOND * 1000;
    return at;
}

static void *count_under_mutex(void *arg)
{
    shared *s = arg;
    for (int i = 0; i < 100; i++) {
        pthread_mutex_lock(&s->mutex);
        s->inside++;
        s->most_inside = s->inside > s->most_inside ? s->inside : s->most_inside;
        int before = s->value;
        weir_sim_yield();
        s->value = before + 1;
        s->inside--;
        pthread_mutex_unlock(&s->mutex);
    }
    return NULL;
}

static void a_mutex_excludes(void **state)
{
    (void)state;
    shared *s = shared_new();
    pthread_t threads[5];
    for (int i = 0; i < 5; i++) {
        threads[i] = spawn(count_under_mutex, s);
    }
    for (int i = 0; i < 5; i++) {
        join(threads[i]);
    }
    assert_int_equal(s->value, 500);
    assert_int_equal(s->most_inside, 1);
    shared_free(s);
}

static void *hold_mutex_for_a_second(void *arg)
{
    shared *s = arg;
    pthread_mutex_lock(&s->mutex);
    weir_sim_sleep_us(SECOND);
    pthread_mutex_unlock(&s->mutex);
    return NULL;
}

static void a_timed_lock_times_out_in_virtual_time(void **state)
{
    (void)state;
    shared *s = shared_new();
    pthread_t holder = spawn(hold_mutex_for_a_second, s);
    weir_sim_yield();
    assert_int_equal(pthread_mutex_trylock(&s->mutex), EBUSY);
    struct timespec until = in(100 * MS);
    assert_int_equal(pthread_mutex_timedlock(&s->mutex, &until), ETIMEDOUT);
    assert_in_range(weir_sim_now_us(), 100 * MS, 101 * MS);
    until = in(10 * SECOND);
    assert_int_equal(pthread_mutex_timedlock(&s->mutex, &until), 0);
    assert_in_range(weir_sim_now_us(), SECOND, SECOND + MS);
    pthread_mutex_unlock(&s->mutex);
    join(holder);
    shared_free(s);
}

static void mutex_types_behave_as_libc_says(void **state)
{
    (void)state;
    pthread_mutexattr_t attr;
    pthread_mutex_t mutex;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&mutex, &attr);
    assert_int_equal(pthread_mutex_lock(&mutex), 0);
    assert_int_equal(pthread_mutex_lock(&mutex), 0);
    assert_int_equal(pthread_mutex_unlock(&mutex), 0);
    assert_int_equal(pthread_mutex_unlock(&mutex), 0);
    assert_int_equal(pthread_mutex_destroy(&mutex), 0);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&mutex, &attr);
    assert_int_equal(pthread_mutex_lock(&mutex), 0);
    assert_int_equal(pthread_mutex_lock(&mutex), EDEADLK);
    assert_int_equal(pthread_mutex_unlock(&mutex), 0);
    if (!UNDER_TSAN) { /* which reports it */
        assert_int_equal(pthread_mutex_unlock(&mutex), EPERM);
    }
    assert_int_equal(pthread_mutex_destroy(&mutex), 0);
    pthread_mutexattr_destroy(&attr);
}

static void *wait_for_go(void *arg)
{
    shared *s = arg;
    pthread_mutex_lock(&s->mutex);
    while (!s->go) {
        pthread_cond_wait(&s->cond, &s->mutex);
    }
    s->value++;
    pthread_mutex_unlock(&s->mutex);
    return NULL;
}

static void signal_wakes_one_and_broadcast_all(void **state)
{
    (void)state;
    shared *s = shared_new();
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        threads[i] = spawn(wait_for_go, s);
    }
    weir_sim_sleep_us(MS);
    s->go = true;
    pthread_cond_signal(&s->cond);
    weir_sim_sleep_us(MS);
    assert_int_equal(s->value, 1);
    pthread_cond_broadcast(&s->cond);
    weir_sim_sleep_us(MS);
    assert_int_equal(s->value, 4);
    for (int i = 0; i < 4; i++) {
        join(threads[i]);
    }
    shared_free(s);
}

static void timed_waits_end_exactly_when_due(void **state)
{
    (void)state;
    shared *s = shared_new();
    pthread_mutex_lock(&s->mutex);
    struct timespec until = in(250 * MS);
    assert_int_equal(pthread_cond_timedwait(&s->cond, &s->mutex, &until), ETIMEDOUT);
    assert_int_equal(weir_sim_now_us(), 250 * MS);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 3;
    assert_int_equal(pthread_cond_clockwait(&s->cond, &s->mutex, CLOCK_MONOTONIC, &until),
                     ETIMEDOUT);
    assert_int_equal(weir_sim_now_us(), 3250 * MS);
    until = in(-SECOND);
    assert_int_equal(pthread_cond_timedwait(&s->cond, &s->mutex, &until), ETIMEDOUT);
    assert_in_range(weir_sim_now_us(), 3250 * MS, 3251 * MS);
    pthread_mutex_unlock(&s->mutex);
    shared_free(s);
}

static void a_condition_on_the_monotonic_clock_keeps_its_length(void **state)
{
    (void)state;
    shared *s = shared_new();
    pthread_condattr_t attr;
    pthread_cond_t cond;
    struct timespec until;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&cond, &attr);
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += 7;
    pthread_mutex_lock(&s->mutex);
    assert_int_equal(pthread_cond_timedwait(&cond, &s->mutex, &until), ETIMEDOUT);
    pthread_mutex_unlock(&s->mutex);
    assert_int_equal(weir_sim_now_us(), 7 * SECOND);
    pthread_cond_destroy(&cond);
    pthread_condattr_destroy(&attr);
    shared_free(s);
}

static void *read_for_a_while(void *arg)
{
    shared *s = arg;
    pthread_rwlock_rdlock(&s->rwlock);
    s->inside++;
    s->most_inside = s->inside > s->most_inside ? s->inside : s->most_inside;
    weir_sim_sleep_us(10 * MS);
    s->inside--;
    pthread_rwlock_unlock(&s->rwlock);
    return NULL;
}

static void readers_share_and_a_writer_excludes(void **state)
{
    (void)state;
    shared *s = shared_new();
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        threads[i] = spawn(read_for_a_while, s);
    }
    weir_sim_sleep_us(MS);
    assert_int_equal(s->inside, 3);
    assert_int_equal(pthread_rwlock_trywrlock(&s->rwlock), EBUSY);
    struct timespec until = in(2 * MS);
    assert_int_equal(pthread_rwlock_timedwrlock(&s->rwlock, &until), ETIMEDOUT);
    pthread_rwlock_wrlock(&s->rwlock);
    assert_int_equal(s->inside, 0);
    assert_in_range(weir_sim_now_us(), 10 * MS, 11 * MS);
    pthread_rwlock_unlock(&s->rwlock);
    for (int i = 0; i < 3; i++) {
        join(threads[i]);
    }
    assert_int_equal(s->most_inside, 3);
    shared_free(s);
}

static int times_initialised;

static void initialise_slowly(void)
{
    weir_sim_sleep_us(10 * MS);
    times_initialised++;
}

static pthread_once_t once;

static void *initialise(void *arg)
{
    (void)arg;
    pthread_once(&once, initialise_slowly);
    return (void *)(intptr_t)times_initialised;
}

static void once_runs_once_and_all_wait_for_it(void **state)
{
    (void)state;
    once = (pthread_once_t)PTHREAD_ONCE_INIT;
    times_initialised = 0;
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) {
        threads[i] = spawn(initialise, NULL);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal((intptr_t)join(threads[i]), 1);
    }
}

static void *leave_early(void *arg)
{
    pthread_exit(arg);
}

static int number_seven(void *arg)
{
    (void)arg;
    weir_sim_sleep_us(MS);
    return 7;
}

static void join_gives_the_result(void **state)
{
    (void)state;
    int value;
    thrd_t thread;
    assert_ptr_equal(join(spawn(leave_early, &value)), &value);
    assert_int_equal(thrd_create(&thread, number_seven, NULL), thrd_success);
    assert_int_equal(thrd_join(thread, &value), thrd_success);
    assert_int_equal(value, 7);
    assert_int_equal(weir_sim_get_stats().threads, 1);
}

static pthread_key_t key;

static void destroy_under_lock(void *arg)
{
    shared *s = arg;
    pthread_mutex_lock(&s->mutex);
    weir_sim_sleep_us(MS);
    s->value++;
    pthread_mutex_unlock(&s->mutex);
}

static void *set_key(void *arg)
{
    pthread_setspecific(key, arg);
    return NULL;
}

static void destructors_of_thread_locals_run_before_join_returns(void **state)
{
    (void)state;
    shared *s = shared_new();
    pthread_key_create(&key, destroy_under_lock);
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        threads[i] = spawn(set_key, s);
    }
    for (int i = 0; i < 3; i++) {
        join(threads[i]);
    }
    assert_int_equal(s->value, 3);
    pthread_key_delete(key);
    shared_free(s);
}

static void many_detached_threads_leave_nothing_behind(void **state)
{
    (void)state;
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    shared *s = shared_new();
    for (int i = 0; i < 100; i++) {
        if (i % 2) {
            assert_int_equal(pthread_create(&thread, &attr, read_for_a_while, s), 0);
        } else {
            pthread_detach(spawn(read_for_a_while, s));
        }
    }
    weir_sim_sleep_us(SECOND);
    assert_int_equal(s->most_inside, 100);
    assert_int_equal(weir_sim_get_stats().threads, 1);
    pthread_attr_destroy(&attr);
    shared_free(s);
}

static void *real_waiter(void *arg)
{
    shared *s = arg;
    pthread_mutex_lock(&s->mutex);
    s->value = 1;
    while (!s->go) {
        pthread_cond_wait(&s->cond, &s->mutex);
    }
    s->value = 2;
    pthread_mutex_unlock(&s->mutex);
    return NULL;
}

static void without_a_simulation_everything_is_real(void **state)
{
    (void)state;
    shared *s = shared_new();
    pthread_t thread = spawn(real_waiter, s);
    struct timespec until = in(MS);
    pthread_mutex_lock(&s->mutex);
    assert_int_equal(pthread_cond_timedwait(&s->cond, &s->mutex, &until), ETIMEDOUT);
    s->go = true;
    pthread_cond_broadcast(&s->cond);
    pthread_mutex_unlock(&s->mutex);
    join(thread);
    assert_int_equal(s->value, 2);
    shared_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        simulated(a_mutex_excludes),
        simulated(a_timed_lock_times_out_in_virtual_time),
        simulated(mutex_types_behave_as_libc_says),
        simulated(signal_wakes_one_and_broadcast_all),
        simulated(timed_waits_end_exactly_when_due),
        simulated(a_condition_on_the_monotonic_clock_keeps_its_length),
        simulated(readers_share_and_a_writer_excludes),
        simulated(once_runs_once_and_all_wait_for_it),
        simulated(join_gives_the_result),
        simulated(destructors_of_thread_locals_run_before_join_returns),
        simulated(many_detached_threads_leave_nothing_behind),
        cmocka_unit_test(without_a_simulation_everything_is_real),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
