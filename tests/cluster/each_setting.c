/* SPDX-License-Identifier: Apache-2.0
 *
 * Two values of a setting, two outcomes: settings that no other test shows to make a difference.
 * tests/unit/setting_tests.c lists which test shows which setting. */
#include <sys/stat.h>

#include <weir/dsl.h>

#include "support/clients.h"
#include "support/log_capture.h"

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define RECORDS 20
#define THREADS_SEEN_MAX 8
#define NOBODY_LISTENS "127.0.0.1:1"

/* ---- An instance and what it does --------------------------------------------------------- */

typedef struct seen {
    log_capture capture;
    weir_cluster *cluster;
    int64_t failed_ms;
    size_t polls;
    size_t since_poll; /* records processed */
    size_t most_between_polls;
    char threads[THREADS_SEEN_MAX][64];
    size_t thread_count;
} seen;

typedef struct run {
    weir_cluster *cluster;
    weir_mock *mock;
    weir_input in;
    weir_output out;
    seen *seen;
    weir_instance *a;
} run;

static void keep_thread(seen *all, const char *thread)
{
    for (size_t i = 0; i < all->thread_count; i++) {
        if (strcmp(all->threads[i], thread) == 0) {
            return;
        }
    }
    assert_true(all->thread_count < THREADS_SEEN_MAX);
    snprintf(all->threads[all->thread_count++], sizeof all->threads[0], "%s", thread);
}

static void see_step(const weir_step *step, void *user)
{
    seen *all = user;
    if (step->kind == WEIR_STEP_POLL) {
        all->polls++;
        all->since_poll = 0;
        keep_thread(all, step->thread);
    } else if (step->kind == WEIR_STEP_PROCESS) {
        all->since_poll++;
        all->most_between_polls =
            all->since_poll > all->most_between_polls ? all->since_poll : all->most_between_polls;
    }
}

static void see_log(int level, const char *text, void *user)
{
    log_capture_log(level, text, &((seen *)user)->capture);
}

static weir_uncaught see_failure(const char *thread, const weir_error *error, void *user)
{
    seen *all = user;
    all->failed_ms = weir_cluster_now_ms(all->cluster);
    return log_capture_uncaught(thread, error, &all->capture);
}

static void see_restore(const weir_restore_progress *progress, void *user)
{
    log_capture_restore(progress, &((seen *)user)->capture);
}

static void free_seen(void *memory)
{
    seen *all = memory;
    weir__buf_fini(&all->capture.log);
    free(all);
}

/* A new cluster with an instance of these settings; RECORDS records wait for it. */
static run start(void **state, weir_topology_fn topology, const char *const *config)
{
    run r = {.cluster = fixture_cluster(state, NULL)};
    r.mock = weir_cluster_mock(r.cluster);
    r.seen = fixture_keep(state, calloc(1, sizeof(seen)), free_seen);
    r.seen->cluster = r.cluster;
    weir_cluster_input(r.cluster, "out", 1, &weir_string, &weir_string);
    weir_cluster_input(r.cluster, "other", 1, &weir_string, &weir_string);
    r.in = weir_cluster_input(r.cluster, "in", 1, &weir_string, &weir_string);
    r.out = weir_cluster_output(r.cluster, "out", &weir_string, &weir_string);
    for (int i = 0; i < RECORDS; i++) {
        weir_input_text(r.in, "k", "v");
    }
    weir_cluster_run_for(r.cluster, WEIR_SECONDS(1));
    weir_instance_opts opts = {.config = config,
                               .app = {.on_step = see_step,
                                       .on_log = see_log,
                                       .on_uncaught = see_failure,
                                       .on_restore = see_restore,
                                       .user = r.seen}};
    r.a = weir_cluster_start(r.cluster, "a", topology, &opts);
    return r;
}

static bool is_running(weir_cluster *cluster, void *instance)
{
    (void)cluster;
    return weir_instance_state(instance) == WEIR_STATE_RUNNING;
}

/* The same, running for a while. */
static run observe(void **state, weir_topology_fn topology, const char *const *config, int64_t ms)
{
    run r = start(state, topology, config);
    weir_run_until_with(r.cluster, is_running, r.a, WEIR_MINUTES(1));
    weir_cluster_run_for(r.cluster, ms);
    return r;
}

static weir_topology *copies(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "in", &weir_string, &weir_string, NULL), "out", NULL);
    return weir_build(b, config, error);
}

/* One task of two topics, of which one is empty. */
static weir_topology *merged(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_string, NULL);
    weir_stream other = weir_source(b, "other", &weir_string, &weir_string, NULL);
    weir_to(weir_merge(in, other, NULL), "out", NULL);
    return weir_build(b, config, error);
}

static weir_topology *counts(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_string, NULL);
    weir_stream moved = weir_repartition(in, "moved", NULL);
    weir_count(weir_group_by_key(moved, NULL), "counts", NULL);
    return weir_build(b, config, error);
}

/* ---- Names -------------------------------------------------------------------------------- */

static void the_group_and_internal_topics_are_named_by_the_application_id(void **state)
{
    static const char *const ids[] = {"orders", "payments"};
    static const char *const changelogs[] = {"orders-counts-changelog",
                                             "payments-counts-changelog"};
    for (int i = 0; i < 2; i++) {
        run r = observe(state, counts, LIST("application.id", ids[i], "commit.interval.ms", "100"),
                        WEIR_SECONDS(5));
        assert_int_equal(weir_mock_topic_partitions(r.mock, changelogs[i]), 1);
        assert_int_equal(weir_mock_topic_partitions(r.mock, changelogs[1 - i]), -1);
        assert_int_equal(weir_mock_committed(r.mock, ids[i], "in", 0, NULL, 0), RECORDS);
        assert_int_equal(weir_mock_committed(r.mock, ids[1 - i], "in", 0, NULL, 0), -1);
    }
}

static void threads_are_named_by_the_client_id(void **state)
{
    run red = observe(state, copies, LIST("client.id", "red"), 0);
    assert_string_equal(red.seen->threads[0], "red-StreamThread-1");
    run blue = observe(state, copies, LIST("client.id", "blue"), 0);
    assert_string_equal(blue.seen->threads[0], "blue-StreamThread-1");
}

static bool is_folder(const char *base, const char *name)
{
    char path[1024];
    struct stat found;
    snprintf(path, sizeof path, "%s/%s", base, name);
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

static void state_goes_to_the_state_dir(void **state)
{
    run usual = observe(state, counts, NULL, 0);
    assert_true(is_folder(weir_instance_directory(usual.a), "app/1_0"));
    run r = start(state, copies, NULL);
    char chosen[512];
    snprintf(chosen, sizeof chosen, "%s/chosen", weir_instance_directory(r.a));
    assert_int_equal(weir_instance_close(r.a, WEIR_MINUTES(1)), WEIR_OK);
    weir_instance *b = weir_cluster_start(
        r.cluster, "b", counts,
        &(weir_instance_opts){.config = LIST("application.id", "other", "state.dir", chosen)});
    weir_run_until_with(r.cluster, is_running, b, WEIR_MINUTES(1));
    assert_true(is_folder(chosen, "other/1_0"));
    assert_false(is_folder(weir_instance_directory(b), "other/1_0"));
}

/* ---- Threads and records ------------------------------------------------------------------ */

static void there_are_as_many_threads_as_wanted(void **state)
{
    run one = observe(state, copies, LIST("num.stream.threads", "1"), 0);
    assert_int_equal(one.seen->thread_count, 1);
    run three = observe(state, copies, LIST("num.stream.threads", "3"), 0);
    assert_int_equal(three.seen->thread_count, 3);
}

static void a_poll_takes_no_more_records_than_max_poll_records(void **state)
{
    run few = observe(state, copies, LIST("max.poll.records", "5"), WEIR_SECONDS(5));
    assert_int_equal(few.seen->most_between_polls, 5);
    assert_int_equal(weir_output_size(few.out), RECORDS);
    run many = observe(state, copies, LIST("max.poll.records", "1000"), WEIR_SECONDS(5));
    assert_int_equal(many.seen->most_between_polls, RECORDS);
    assert_int_equal(weir_output_size(many.out), RECORDS);
}

static size_t polls_of_a_minute(void **state, const char *poll_ms)
{
    run r = observe(state, copies, LIST("poll.ms", poll_ms), WEIR_SECONDS(30));
    r.seen->polls = 0;
    weir_cluster_run_for(r.cluster, WEIR_MINUTES(1));
    return r.seen->polls;
}

static void an_idle_thread_waits_for_poll_ms(void **state)
{
    size_t often = polls_of_a_minute(state, "100");
    assert_in_range(often, 500, 700);
    size_t seldom = polls_of_a_minute(state, "1000");
    assert_in_range(seldom, 50, 70);
}

/* The records wait for the other topic. */
static void fetching_is_paused_when_the_buffer_is_full(void **state)
{
    run full = observe(state, merged,
                       LIST("buffered.records.per.partition", "5", "max.task.idle.ms", "600000"),
                       WEIR_SECONDS(5));
    assert_in(weir_cluster_explain(full.cluster), "in-0: 20 paused (");
    run roomy = observe(
        state, merged, LIST("buffered.records.per.partition", "1000", "max.task.idle.ms", "600000"),
        WEIR_SECONDS(5));
    assert_in(weir_cluster_explain(roomy.cluster), "in-0: 20 (");
}

static void a_task_with_an_empty_partition_idles_for_max_task_idle_ms(void **state)
{
    run none = observe(state, merged, LIST("max.task.idle.ms", "0"), WEIR_SECONDS(10));
    assert_int_equal(weir_output_size(none.out), RECORDS);
    run idle = observe(state, merged, LIST("max.task.idle.ms", "20000"), WEIR_SECONDS(10));
    assert_int_equal(weir_output_size(idle.out), 0);
    weir_cluster_run_for(idle.cluster, WEIR_SECONDS(15));
    assert_int_equal(weir_output_size(idle.out), RECORDS);
}

static void offsets_are_committed_each_commit_interval(void **state)
{
    run often = observe(state, copies, LIST("commit.interval.ms", "100"), WEIR_SECONDS(10));
    assert_int_equal(weir_mock_committed(often.mock, "app", "in", 0, NULL, 0), RECORDS);
    run seldom = observe(state, copies, LIST("commit.interval.ms", "60000"), WEIR_SECONDS(10));
    assert_int_equal(weir_mock_committed(seldom.mock, "app", "in", 0, NULL, 0), -1);
    weir_cluster_run_for(seldom.cluster, WEIR_MINUTES(1));
    assert_int_equal(weir_mock_committed(seldom.mock, "app", "in", 0, NULL, 0), RECORDS);
}

static bool has_line_of(const run *r, char level)
{
    const char *line = weir__buf_text(&r->seen->capture.log);
    while (line[0] != '\0' && line[0] != level) {
        line = strchr(line, '\n') + 1;
    }
    return line[0] == level;
}

/* A line of each: the old name is a warning, changes of state are information. */
static void lines_below_the_log_level_are_left_out(void **state)
{
    run info =
        observe(state, copies, LIST("log.level", "info", "cache.max.bytes.buffering", "0"), 0);
    assert_true(has_line_of(&info, '4'));
    assert_true(has_line_of(&info, '6'));
    run warn =
        observe(state, copies, LIST("log.level", "warn", "cache.max.bytes.buffering", "0"), 0);
    assert_true(has_line_of(&warn, '4'));
    assert_false(has_line_of(&warn, '6'));
}

/* ---- Stores and internal topics ----------------------------------------------------------- */

static int restored_after_a_close(void **state, const char *store)
{
    run r = observe(state, counts, LIST("dsl.store", store), WEIR_SECONDS(5));
    assert_int_equal(weir_instance_close(r.a, WEIR_MINUTES(1)), WEIR_OK);
    r.seen->capture.restored = 0;
    weir_instance_restart(r.a);
    weir_run_until_with(r.cluster, is_running, r.a, WEIR_MINUTES(1));
    return r.seen->capture.restored;
}

static void dsl_store_says_whether_stores_outlive_a_close(void **state)
{
    assert_int_equal(restored_after_a_close(state, "rocksdb"), 0);
    assert_int_equal(restored_after_a_close(state, "memory"), 1);
}

static int64_t start_of_moved(void **state, const char *interval_ms)
{
    run r = observe(state, counts,
                    LIST("repartition.purge.interval.ms", interval_ms, "commit.interval.ms", "100"),
                    WEIR_SECONDS(20));
    int64_t first = -1;
    int64_t end = -1;
    assert_int_equal(weir_mock_partition_offsets(r.mock, "app-moved-repartition", 0, &first, &end),
                     WEIR_OK);
    assert_int_equal(end, RECORDS);
    return first;
}

static void repartition_topics_are_purged_each_purge_interval(void **state)
{
    assert_int_equal(start_of_moved(state, "1000"), RECORDS);
    assert_int_equal(start_of_moved(state, "600000"), 0);
}

static void assert_replicas(const run *r, const char *name, int replicas)
{
    char text[256];
    rd_kafka_t *rk = client_new(RD_KAFKA_PRODUCER, r->mock, "look", NULL);
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name, NULL);
    const rd_kafka_metadata_t *metadata = NULL;
    rd_kafka_resp_err_t err = rd_kafka_metadata(rk, 0, topic, &metadata, CLIENT_TIMEOUT_MS);
    assert_string_equal(rd_kafka_err2name(err), "NO_ERROR");
    snprintf(text, sizeof text, "%s: %d", name, metadata->topics[0].partitions[0].replica_cnt);
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
    rd_kafka_destroy(rk);
    char expected[256];
    snprintf(expected, sizeof expected, "%s: %d", name, replicas);
    assert_string_equal(text, expected);
}

/* Three brokers; their default is 1. */
static void internal_topics_have_the_replication_factor(void **state)
{
    static const char *const internal[] = {"app-moved-repartition", "app-counts-changelog",
                                           "app-assignment"};
    run three = observe(state, counts, LIST("replication.factor", "3"), 0);
    for (size_t i = 0; i < sizeof internal / sizeof internal[0]; i++) {
        assert_replicas(&three, internal[i], 3);
    }
    run one = observe(state, counts, LIST("replication.factor", "-1"), 0);
    for (size_t i = 0; i < sizeof internal / sizeof internal[0]; i++) {
        assert_replicas(&one, internal[i], 1);
    }
}

/* ---- Time limits -------------------------------------------------------------------------- */

static bool has_failed(weir_cluster *cluster, void *all)
{
    (void)cluster;
    return ((const seen *)all)->capture.failures > 0;
}

static void a_temporary_failure_is_one_after_task_timeout_ms(void **state)
{
    run minute =
        start(state, copies, LIST("bootstrap.servers", NOBODY_LISTENS, "task.timeout.ms", "60000"));
    weir_cluster_run_for(minute.cluster, WEIR_SECONDS(90));
    assert_int_equal(minute.seen->capture.failures, 1);
    assert_int_equal(weir_instance_state(minute.a), WEIR_STATE_ERROR);
    run two = start(state, copies,
                    LIST("bootstrap.servers", NOBODY_LISTENS, "task.timeout.ms", "120000"));
    weir_cluster_run_for(two.cluster, WEIR_SECONDS(90));
    assert_int_equal(two.seen->capture.failures, 0);
    weir_cluster_run_for(two.cluster, WEIR_SECONDS(60));
    assert_int_equal(two.seen->capture.failures, 1);
}

/* The broker of the output cannot be reached, and the queue has room for few records. Gives the
 * virtual time from the record that finds it full to the failure. */
static int64_t blocked_ms(void **state, const char *max_block_ms, const char *words)
{
    static const char *const others[] = {"in", "app-assignment"};
    run r = observe(
        state, copies,
        LIST("producer.max.block.ms", max_block_ms, "producer.queue.buffering.max.messages", "5"),
        WEIR_SECONDS(5));
    weir_mock_partition_set_leader(r.mock, "out", 0, 2);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_int_equal(weir_mock_partition_set_leader(r.mock, others[i], 0, 1), WEIR_OK);
    }
    assert_int_equal(weir_mock_coordinator_set(r.mock, "app", 1), WEIR_OK);
    weir_cluster_run_for(r.cluster, WEIR_SECONDS(30));
    weir_host_partition_from(weir_instance_host(r.a), 2);
    int64_t since_ms = weir_cluster_now_ms(r.cluster);
    for (int i = 0; i < RECORDS; i++) {
        weir_input_text(r.in, "k", "v");
    }
    weir_run_until_with(r.cluster, has_failed, r.seen, WEIR_MINUTES(2));
    assert_in(r.seen->capture.failure.message, words);
    return r.seen->failed_ms - since_ms;
}

static void a_full_queue_is_waited_for_producer_max_block_ms(void **state)
{
    int64_t two = blocked_ms(state, "2000", "stayed full for 2000 ms (producer.max.block.ms)");
    assert_in_range(two, 2000, 4000);
    int64_t thirty = blocked_ms(state, "30000", "stayed full for 30000 ms");
    assert_in_range(thirty, 30000, 32000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(the_group_and_internal_topics_are_named_by_the_application_id),
        cluster_test(threads_are_named_by_the_client_id),
        cluster_test(state_goes_to_the_state_dir),
        cluster_test(there_are_as_many_threads_as_wanted),
        cluster_test(a_poll_takes_no_more_records_than_max_poll_records),
        cluster_test(an_idle_thread_waits_for_poll_ms),
        cluster_test(fetching_is_paused_when_the_buffer_is_full),
        cluster_test(a_task_with_an_empty_partition_idles_for_max_task_idle_ms),
        cluster_test(offsets_are_committed_each_commit_interval),
        cluster_test(lines_below_the_log_level_are_left_out),
        cluster_test(dsl_store_says_whether_stores_outlive_a_close),
        cluster_test(repartition_topics_are_purged_each_purge_interval),
        cluster_test(internal_topics_have_the_replication_factor),
        cluster_test(a_temporary_failure_is_one_after_task_timeout_ms),
        cluster_test(a_full_queue_is_waited_for_producer_max_block_ms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
