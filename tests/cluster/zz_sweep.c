/* SPDX-License-Identifier: Apache-2.0
 * sweep */
#include "support/word_counts.h"
#include <sys/wait.h>
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:librdkafka\n"; }
static const char *const two_threads[] = {"num.stream.threads", "2", NULL};
static uint64_t seed_;
static int policy_;
static void show_event(const char *kind, const char *detail, void *user) { (void)user;
 if (getenv("SHOW") && strcmp(kind,"produce") && strcmp(kind,"fetch") && strcmp(kind, "offset-commit")) fprintf(stderr, "%.3f mock %s %s\n", (double)weir_sim_now_us()/1e6, kind, detail); }
static void scenario(void **state)
{
    apps *all = calloc(1, sizeof *all);
    weir_error error;
    const weir_sim_opts sim = {.seed = seed_, .policy = (weir_sim_policy)policy_};
    assert_int_equal(weir_sim_start(&sim, &error), WEIR_OK);
    all->mock = weir_mock_new(&(weir_mock_opts){.on_event = show_event}, &error);
    assert_non_null(all->mock);
    all->producer = client_producer(all->mock, "input", NULL);
    snprintf(all->directory, sizeof all->directory, "/dev/shm/weir-sweep-%d", (int)getpid());
    *state = all;
    word_count_topics(all);
    app *a = app_start(all, "a", weir_fixture_word_count, two_threads);
    app *b = app_start(all, "b", weir_fixture_word_count, two_threads);
    int64_t crash_us = (int64_t)(weir_sim_random(WEIR_SIM_TEST) % 12000000);
    bool crashed = false;
    for (int i = 0; i < 200; i++) {
        send_round(all, i);
        weir_sim_sleep_us(50000);
        if (!crashed && weir_sim_now_us() > crash_us) {
            crashed = true;
            weir_sim_host_crash(b->host);
        }
    }
    if (!crashed) weir_sim_host_crash(b->host);
    app_run_until(all, count_of(all, "word-counts", "every", NULL) >= 200, 200);
    app_run_until(all, app_is(a, WEIR_STATE_RUNNING) && running_tasks(a) == TASKS, 100);
    weir_sim_sleep_us(3000000);
    int64_t n = count_of(all, "word-counts", "every", NULL);
    printf("seed %d crash %lld us count %lld virtual %lld hash %llx\n", (int)seed_, (long long)crash_us, (long long)n,
           (long long)weir_sim_now_us() / 1000, (unsigned long long)weir_sim_trace_hash());
    fflush(stdout);
    if (getenv("SHOW")) apps_explain(all);
    app_close(a);
    assert_int_equal(a->failures, 0);
    assert_no_failure(all->mock);
}
int main(int argc, char **argv)
{
    int from = atoi(argv[1]), to = atoi(argv[2]);
    policy_ = argc > 3 ? atoi(argv[3]) : 1;
    int failed = 0;
    for (int s = from; s <= to; s++) {
        pid_t pid = fork();
        if (pid == 0) {
            seed_ = (uint64_t)s;
            const struct CMUnitTest tests[] = {cmocka_unit_test(scenario)};
            _exit(cmocka_run_group_tests(tests, NULL, NULL) != 0);
        }
        int status;
        waitpid(pid, &status, 0);
        if (status != 0) { failed++; printf("seed %d FAILED %x\n", s, status); fflush(stdout); }
        char cmd[100]; snprintf(cmd, sizeof cmd, "rm -rf /dev/shm/weir-sweep-%d", (int)pid); if (system(cmd)) {}
    }
    printf("%d failed\n", failed);
    return failed != 0;
}
