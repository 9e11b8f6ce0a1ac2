/* SPDX-License-Identifier: Apache-2.0
 *
 * The unmodified RocksDB with its threads in the simulation: the same trace every time, crashes of
 * a host inside RocksDB, and a clean end of the process, which joins RocksDB's pool of threads. */
#include <rocksdb/c.h>

#include "unit/support/rerun.h"

#define KEYS 8000

typedef struct store {
    rocksdb_env_t *env;
    rocksdb_options_t *options;
    rocksdb_writeoptions_t *writing;
    rocksdb_readoptions_t *reading;
    rocksdb_t *db;
} store;

static void check(char *error)
{
    if (error) {
        fprintf(stderr, "%s\n", error);
        abort();
    }
}

/* In memory unless `path` is given. */
static store store_open(const char *path)
{
    char *error = NULL;
    store s = {.env = path ? rocksdb_create_default_env() : rocksdb_create_mem_env()};
    s.options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(s.options, 1);
    rocksdb_options_set_env(s.options, s.env);
    rocksdb_options_set_write_buffer_size(s.options, 64 << 10); /* flushes and compacts often */
    s.writing = rocksdb_writeoptions_create();
    s.reading = rocksdb_readoptions_create();
    s.db = rocksdb_open(s.options, path ? path : "/store", &error);
    check(error);
    return s;
}

static void store_fill(store *s)
{
    char *error = NULL;
    for (int i = 0; i < KEYS; i++) {
        char key[16];
        size_t len = (size_t)snprintf(key, sizeof key, "key%d", i * 7919 % KEYS);
        rocksdb_put(s->db, s->writing, key, len, (const char *)&i, sizeof i, &error);
        check(error);
    }
}

static bool store_has_all(const store *s)
{
    char *error = NULL;
    for (int i = 0; i < KEYS; i++) {
        char key[16];
        size_t got_len;
        size_t len = (size_t)snprintf(key, sizeof key, "key%d", i);
        char *got = rocksdb_get(s->db, s->reading, key, len, &got_len, &error);
        check(error);
        if (!got) {
            return false;
        }
        rocksdb_free(got);
    }
    return true;
}

static void store_flush(store *s)
{
    char *error = NULL;
    rocksdb_flushoptions_t *flushing = rocksdb_flushoptions_create();
    rocksdb_flush(s->db, flushing, &error);
    rocksdb_flushoptions_destroy(flushing);
    check(error);
}

static void store_close(store *s)
{
    rocksdb_close(s->db);
    rocksdb_readoptions_destroy(s->reading);
    rocksdb_writeoptions_destroy(s->writing);
    rocksdb_options_destroy(s->options);
    rocksdb_env_destroy(s->env);
}

static bool managed_start(rerun what)
{
    weir_sim_opts opts = {.seed = what.seed, .policy = what.policy, .backend = what.backend};
    weir_error error;
    if (weir_sim_start(&opts, &error)) {
        fprintf(stderr, "%s\n", error.message);
        return false;
    }
    return true;
}

static uint64_t run_store(rerun what)
{
    if (!managed_start(what)) {
        return 0;
    }
    store s = store_open(NULL);
    store_fill(&s);
    store_flush(&s);
    bool whole = store_has_all(&s);
    store_close(&s);
    uint64_t hash = weir_sim_trace_hash();
    weir_sim_stop();
    return whole ? hash : 0;
}

static void a_seed_gives_one_trace_on_both_backends(void **state)
{
    (void)state;
    static const weir_sim_policy policies[] = {WEIR_SIM_FIFO, WEIR_SIM_RANDOM, WEIR_SIM_PCT};
    for (int p = 0; p < 3; p++) {
        uint64_t hash = rerun_hash((rerun){policies[p], WEIR_SIM_BORROWED, 7, 0});
        assert_true(hash != 0);
        assert_true(rerun_hash((rerun){policies[p], WEIR_SIM_BORROWED, 7, 0}) == hash);
        assert_true(rerun_hash((rerun){policies[p], WEIR_SIM_THREADS, 7, 0}) == hash);
    }
}

static void one_simulation_after_the_other_uses_the_same_pool(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 3; seed++) {
        assert_true(run_store((rerun){WEIR_SIM_RANDOM, WEIR_SIM_BORROWED, seed, 0}) != 0);
    }
}

static void a_store_may_be_used_and_closed_after_the_simulation(void **state)
{
    (void)state;
    assert_true(managed_start((rerun){WEIR_SIM_FIFO, WEIR_SIM_BORROWED, 1, 0}));
    store s = store_open(NULL);
    store_fill(&s);
    weir_sim_stop();
    store_flush(&s);
    store_fill(&s);
    assert_true(store_has_all(&s));
    store_close(&s);
}

/* ---- A host that crashes inside RocksDB ---- */

static void fill_for_ever(void *arg)
{
    store s = store_open(arg);
    for (;;) {
        store_fill(&s);
    }
}

static void fill_once(void *arg)
{
    store s = store_open(NULL);
    store_fill(&s);
    store_flush(&s);
    *(bool *)arg = store_has_all(&s);
    store_close(&s);
    weir_sim_notify();
}

/* The variant moves the crash. */
static uint64_t run_crash(rerun what)
{
    bool whole = false;
    if (!managed_start(what)) {
        return 0;
    }
    weir_host *victim = weir_sim_host_new("victim");
    weir_host *survivor = weir_sim_host_new("survivor");
    weir_sim_host_run(victim, "victim", fill_for_ever, NULL);
    weir_sim_sleep_us(100 + 37 * what.variant);
    weir_sim_host_crash(victim);
    weir_sim_host_run(survivor, "survivor", fill_once, &whole);
    weir_sim_wait(weir_sim_now_us() + 600 * SECOND);
    uint64_t hash = weir_sim_trace_hash();
    weir_sim_stop();
    return whole ? hash : 0;
}

static void a_crash_inside_does_not_block_the_stores_of_other_hosts(void **state)
{
    (void)state;
    for (int i = 1; i < 8; i++) {
        rerun what = {WEIR_SIM_RANDOM, WEIR_SIM_BORROWED, (uint64_t)i, i};
        uint64_t hash = rerun_hash(what);
        assert_true(hash != 0);
        assert_true(rerun_hash(what) == hash);
    }
}

static void a_branch_copies_a_store_in_memory(void **state)
{
    (void)state;
    if (UNDER_TSAN) {
        skip();
    }
    assert_true(managed_start((rerun){WEIR_SIM_RANDOM, WEIR_SIM_BORROWED, 1, 0}));
    store s = store_open(NULL);
    for (int i = 0; i < 5; i++) {
        int status;
        int child = weir_sim_branch((uint64_t)i + 1);
        if (child == 0) {
            store_fill(&s);
            store_flush(&s);
            bool whole = store_has_all(&s);
            store_close(&s);
            weir_sim_branch_exit(whole ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
    assert_false(store_has_all(&s));
    store_close(&s);
    weir_sim_stop();
}

/* ---- A process that ends inside RocksDB ---- */

#define EXIT_INSIDE (-1) /* the variant */

/* At the end of a process RocksDB drops jobs that its pools have not begun and does not free them:
 * 16 bytes for a flush. Whether a flush is queued depends on the schedule. */
WEIR_API const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:rocksdb::DBImpl::MaybeScheduleFlushOrCompaction\n";
}

static void exit_inside(rerun what)
{
    static store s; /* not a leak */
    if (managed_start(what)) {
        s = store_open(NULL);
        store_fill(&s);
        rerun_answer(weir_sim_trace_hash());
    }
    exit(0);
}

static void a_process_may_exit_inside_the_simulation(void **state)
{
    (void)state;
    assert_true(rerun_hash((rerun){WEIR_SIM_RANDOM, WEIR_SIM_BORROWED, 1, EXIT_INSIDE}) != 0);
    assert_true(rerun_hash((rerun){WEIR_SIM_RANDOM, WEIR_SIM_THREADS, 1, EXIT_INSIDE}) != 0);
}

int main(int argc, char **argv)
{
    rerun what;
    if (rerun_asked(argc, argv, &what)) {
        if (what.variant == EXIT_INSIDE) {
            exit_inside(what);
        }
        rerun_answer(what.variant ? run_crash(what) : run_store(what));
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_seed_gives_one_trace_on_both_backends),
        cmocka_unit_test(one_simulation_after_the_other_uses_the_same_pool),
        cmocka_unit_test(a_store_may_be_used_and_closed_after_the_simulation),
        cmocka_unit_test(a_crash_inside_does_not_block_the_stores_of_other_hosts),
        cmocka_unit_test(a_branch_copies_a_store_in_memory),
        cmocka_unit_test(a_process_may_exit_inside_the_simulation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
