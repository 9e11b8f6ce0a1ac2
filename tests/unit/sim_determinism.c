/* SPDX-License-Identifier: Apache-2.0
 *
 * The same seed gives the same trace, in any process and on both backends; other seeds give
 * others. */
#include <poll.h>
#include <sys/random.h>

#include "unit/support/rerun.h"

#define WORKERS 8

/* Threads that lock, wait, spin, sleep, send and draw random numbers. */
typedef struct world {
    pthread_mutex_t *mutexes[3]; /* apart on the heap: addresses and their order differ */
    pthread_cond_t cond;
    int pipes[WORKERS][2];
} world;

typedef struct worker {
    world *world;
    int id;
} worker;

static void talk(world *w, int id)
{
    char token = (char)rand();
    int to = (id + 1 + (unsigned char)token % (WORKERS - 1)) % WORKERS;
    if (write(w->pipes[to][1], &token, 1) < 0) {
        abort();
    }
    struct pollfd own = {w->pipes[id][0], POLLIN, 0};
    if (poll(&own, 1, (unsigned char)token % 4) == 1 && read(own.fd, &token, 1) == 1) {
        weir_sim_trace("received", "%d", token);
    }
}

static void *work(void *arg)
{
    const worker *own = arg;
    world *w = own->world;
    struct timespec until;
    uint32_t draw;
    for (int i = 0; i < 200; i++) {
        getrandom(&draw, sizeof draw, 0);
        pthread_mutex_t *mutex = w->mutexes[draw % 3];
        pthread_mutex_lock(mutex);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec = (until.tv_nsec + (long)(draw % 1000) * 1000) % 1000000000;
        if (mutex == w->mutexes[0] && draw % 5 == 0) {
            pthread_cond_timedwait(&w->cond, mutex, &until);
        }
        pthread_mutex_unlock(mutex);
        pthread_cond_signal(&w->cond);
        free(malloc(draw % 5000));
        talk(w, own->id);
    }
    return NULL;
}

static uint64_t run_world(rerun what)
{
    world w = {.cond = PTHREAD_COND_INITIALIZER};
    worker workers[WORKERS];
    pthread_t threads[WORKERS];
    weir_error error;
    weir_sim_opts opts = {.seed = what.seed, .policy = what.policy, .backend = what.backend};
    if (weir_sim_start(&opts, &error)) {
        return 0;
    }
    for (int i = 0; i < 3; i++) {
        w.mutexes[i] = malloc(sizeof(pthread_mutex_t));
        pthread_mutex_init(w.mutexes[i], NULL);
    }
    for (int i = 0; i < WORKERS; i++) {
        if (pipe(w.pipes[i])) {
            return 0;
        }
        workers[i] = (worker){&w, i};
        pthread_create(&threads[i], NULL, work, &workers[i]);
    }
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(threads[i], NULL);
    }
    uint64_t hash = weir_sim_trace_hash();
    weir_sim_stop();
    for (int i = 0; i < 3; i++) {
        free(w.mutexes[i]);
    }
    return hash;
}

static const weir_sim_policy policies[] = {WEIR_SIM_FIFO, WEIR_SIM_RANDOM, WEIR_SIM_PCT};

static void a_seed_gives_one_trace_in_every_process(void **state)
{
    (void)state;
    for (int p = 0; p < 3; p++) {
        rerun what = {policies[p], WEIR_SIM_BORROWED, 7, 0};
        uint64_t hash = rerun_hash(what);
        assert_true(hash != 0);
        for (int i = 0; i < 4; i++) {
            assert_true(rerun_hash(what) == hash);
        }
    }
}

static void both_backends_give_the_same_trace(void **state)
{
    (void)state;
    for (int p = 0; p < 3; p++) {
        assert_true(rerun_hash((rerun){policies[p], WEIR_SIM_BORROWED, 3, 0}) ==
                    rerun_hash((rerun){policies[p], WEIR_SIM_THREADS, 3, 0}));
    }
}

static void two_runs_in_one_process_give_the_same_trace(void **state)
{
    (void)state;
    rerun what = {WEIR_SIM_RANDOM, WEIR_SIM_BORROWED, 5, 0};
    uint64_t hash = run_world(what);
    assert_true(hash != 0);
    assert_true(run_world(what) == hash);
}

static void other_seeds_and_policies_give_other_traces(void **state)
{
    (void)state;
    uint64_t seen[24];
    int count = 0;
    for (int p = 0; p < 3; p++) {
        for (uint64_t seed = 0; seed < 8; seed++) {
            seen[count] = run_world((rerun){policies[p], WEIR_SIM_BORROWED, seed, 0});
            for (int i = 0; i < count; i++) {
                assert_true(seen[i] != seen[count]);
            }
            count++;
        }
    }
}

/* ---- What observers see ---- */

typedef struct seen {
    int labelled;
    int switches;
    char detail[64];
} seen;

static void note(const weir_sim_event *event, void *user)
{
    seen *out = user;
    if (strcmp(event->kind, "switch") == 0) {
        out->switches++;
    } else {
        out->labelled++;
        snprintf(out->detail, sizeof out->detail, "%s %s %s", event->host, event->thread,
                 event->detail);
    }
}

static void observers_see_events_with_host_and_thread(void **state)
{
    (void)state;
    seen out = {0};
    weir_sim_on_event(note, &out, true);
    weir_sim_host_enter(weir_sim_host_new("left"));
    weir_sim_trace("kind", "number %d", 5);
    weir_sim_sleep_us(MS);
    assert_string_equal(out.detail, "left test number 5");
    assert_int_equal(out.labelled, 1);
    assert_int_equal((uint64_t)out.switches, weir_sim_get_stats().switches);
    uint64_t before = weir_sim_trace_hash();
    weir_sim_trace("kind", "number %d", 6);
    assert_true(weir_sim_trace_hash() != before);
}

static void the_trace_can_be_written_as_text_and_as_json(void **state)
{
    (void)state;
    char text[256] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    weir_sim_sleep_us(1500 * MS - 1);
    weir_sim_trace_to(out, WEIR_SIM_TEXT, false);
    weir_sim_trace("joined", "group \"g\"");
    weir_sim_trace_to(out, WEIR_SIM_JSON_LINES, false);
    weir_sim_trace("joined", "group \"g\"");
    weir_sim_trace_to(NULL, WEIR_SIM_TEXT, false);
    fclose(out);
    assert_string_equal(text, "1.499999 driver test joined group \"g\"\n"
                              "{\"us\":1499999,\"host\":\"driver\",\"thread\":\"test\","
                              "\"kind\":\"joined\",\"detail\":\"group \\\"g\\\"\"}\n");
}

int main(int argc, char **argv)
{
    rerun what;
    if (rerun_asked(argc, argv, &what)) {
        rerun_answer(run_world(what));
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_gives_one_trace_in_every_process),
        cmocka_unit_test(both_backends_give_the_same_trace),
        cmocka_unit_test(two_runs_in_one_process_give_the_same_trace),
        cmocka_unit_test(other_seeds_and_policies_give_other_traces),
        simulated(observers_see_events_with_host_and_thread),
        simulated(the_trace_can_be_written_as_text_and_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
