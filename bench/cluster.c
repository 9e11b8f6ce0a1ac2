/* SPDX-License-Identifier: Apache-2.0
 *
 * How fast whole clusters run under virtual time; one JSON object per line. Each measurement runs
 * in child processes of its own; the best of a few is printed, and the median.
 *
 *     bench-cluster [--repeats N] [--only NAME]
 *
 * The plain librdkafka loop on the same brokers under the same scheduler is the limit of what the
 * word count can reach. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#include "fixtures/text.h"
#include "fixtures/word_count.h"
#include "scenarios/lib/failover.h"

#define PARTITIONS 4
#define REPEATS_DEFAULT 5
#define REPEATS_MAX 100
#define LOOP_MESSAGES 50000
#define COUNT_LINES 5000
#define MESSAGE_BYTES 60
/* All of these lie in the logs at the end. */
#define RECORDS 1000000
#define RECORD_PARTITIONS 8
#define RECORD_BYTES 100
#define POLL_MS 100

/* The result of a child. */
typedef struct figures {
    int64_t real_us;
    int64_t virtual_ms;
    int64_t messages; /* records that were produced, in all topics */
    int64_t cpu_us;   /* of the child, without the warm-up */
    int64_t peak_kib;
} figures;

typedef struct variant {
    const char *name;
    void (*run)(const struct variant *variant, figures *out);
    size_t lines;
    const char *store;
    const char *cache_bytes;
    bool warm; /* the process had a cluster before, as most tests of a program have */
} variant;

/* The real clocks: the C library's are the simulation's. */
static int64_t clock_us(clockid_t clock)
{
    struct timespec now;
    syscall(SYS_clock_gettime, clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t real_us(void)
{
    return clock_us(CLOCK_MONOTONIC);
}

static weir_cluster *new_cluster(const char *const *config)
{
    weir_error error = {0};
    weir_cluster *cluster = weir_cluster_new(
        &(weir_cluster_opts){.seed = 1, .policy = WEIR_POLICY_FIFO, .config = config}, &error);
    if (cluster == NULL) {
        fprintf(stderr, "%s\n", error.message);
        exit(1);
    }
    return cluster;
}

/* ---- Failover, start and close ------------------------------------------------------------ */

static void run_failover(const variant *what, figures *out)
{
    weir_failover_plan plan = weir_failover_plan_plain(what->lines);
    int64_t begin = real_us();
    weir_cluster *cluster = new_cluster(NULL);
    weir_failover_run(weir_failover_new(), cluster, &plan);
    out->virtual_ms = weir_cluster_now_ms(cluster);
    weir_cluster_free(cluster);
    out->real_us = real_us() - begin;
}

static void run_start_close(const variant *what, figures *out)
{
    (void)what;
    int64_t begin = real_us();
    weir_cluster *cluster = new_cluster(NULL);
    weir_cluster_input(cluster, "lines", PARTITIONS, &weir_string, &weir_string);
    weir_cluster_input(cluster, "word-counts", PARTITIONS, &weir_string, &weir_i64);
    weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    out->virtual_ms = weir_cluster_now_ms(cluster);
    weir_cluster_free(cluster);
    out->real_us = real_us() - begin;
}

/* ---- Throughput --------------------------------------------------------------------------- */

#define TOPICS_MAX 16

struct topics {
    const char *names[TOPICS_MAX];
    int32_t partitions[TOPICS_MAX];
    size_t count;
};

static void note_topic(const char *topic, int32_t partitions, void *user)
{
    struct topics *topics = user;
    if (topics->count < TOPICS_MAX) {
        topics->names[topics->count] = strdup(topic);
        topics->partitions[topics->count++] = partitions;
    }
}

/* Records that were ever written, in all topics. */
static int64_t messages_written(weir_cluster *cluster)
{
    struct topics topics = {{0}, {0}, 0};
    int64_t sum = 0;
    weir_mock *mock = weir_cluster_mock(cluster);
    weir_mock_topics(mock, note_topic, &topics);
    for (size_t i = 0; i < topics.count; i++) {
        for (int32_t partition = 0; partition < topics.partitions[i]; partition++) {
            int64_t start;
            int64_t end;
            weir_mock_partition_offsets(mock, topics.names[i], partition, &start, &end);
            sum += end;
        }
    }
    return sum;
}

static void run_word_count(const variant *what, figures *out)
{
    const char *const config[] = {"dsl.store", what->store, "statestore.cache.max.bytes",
                                  what->cache_bytes, NULL};
    fixture_text text = {0};
    weir_cluster *cluster = new_cluster(config);
    fixture_text_make(&text, what->lines, 1, NULL);
    weir_input lines = weir_cluster_input(cluster, "lines", PARTITIONS, &weir_string, &weir_string);
    weir_cluster_input(cluster, "word-counts", PARTITIONS, &weir_string, &weir_i64);
    weir_cluster_start(cluster, "a", fixture_word_count, NULL);
    weir_run_until(cluster, weir_all_running, WEIR_MINUTES(1));
    int64_t begin = real_us();
    weir_input_list(lines, NULL, text.lines, text.count);
    weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(10));
    out->real_us = real_us() - begin;
    out->virtual_ms = weir_cluster_now_ms(cluster);
    out->messages = messages_written(cluster);
    weir_cluster_free(cluster);
    fixture_text_fini(&text);
}

static rd_kafka_conf_t *client_conf(weir_cluster *cluster, const char *const *settings)
{
    char error[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", weir_mock_bootstrap(weir_cluster_mock(cluster)),
                      error, sizeof error);
    for (; *settings != NULL; settings += 2) {
        if (rd_kafka_conf_set(conf, settings[0], settings[1], error, sizeof error) !=
            RD_KAFKA_CONF_OK) {
            fprintf(stderr, "%s\n", error);
            exit(1);
        }
    }
    return conf;
}

static rd_kafka_t *new_client(rd_kafka_type_t type, rd_kafka_conf_t *conf)
{
    char error[512];
    rd_kafka_t *client = rd_kafka_new(type, conf, error, sizeof error);
    if (client == NULL) {
        fprintf(stderr, "%s\n", error);
        exit(1);
    }
    return client;
}

/* The messages of a loop. */
typedef struct load {
    const char *topic;
    int64_t count;
    int32_t partitions;
    size_t bytes; /* of a value, up to RECORD_BYTES */
} load;

static void produce_all(weir_cluster *cluster, const load *what)
{
    static const char *const settings[] = {"enable.idempotence", "true", "linger.ms", "5", NULL};
    char value[RECORD_BYTES] = "a line as long as those of the word count's text";
    rd_kafka_t *producer = new_client(RD_KAFKA_PRODUCER, client_conf(cluster, settings));
    for (int64_t i = 0; i < what->count;) {
        rd_kafka_resp_err_t err =
            rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(what->topic),
                              RD_KAFKA_V_PARTITION((int32_t)(i % what->partitions)),
                              RD_KAFKA_V_VALUE(value, what->bytes),
                              RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        rd_kafka_poll(producer, err == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : POLL_MS);
        i += err == RD_KAFKA_RESP_ERR_NO_ERROR ? 1 : 0;
    }
    rd_kafka_flush(producer, -1);
    rd_kafka_destroy(producer);
}

static void consume_all(weir_cluster *cluster, const load *what)
{
    static const char *const settings[] = {"group.id", "loop", "fetch.wait.max.ms", "10", NULL};
    rd_kafka_t *consumer = new_client(RD_KAFKA_CONSUMER, client_conf(cluster, settings));
    rd_kafka_topic_partition_list_t *partitions =
        rd_kafka_topic_partition_list_new(what->partitions);
    rd_kafka_poll_set_consumer(consumer);
    for (int32_t partition = 0; partition < what->partitions; partition++) {
        rd_kafka_topic_partition_list_add(partitions, what->topic, partition)->offset = 0;
    }
    rd_kafka_assign(consumer, partitions);
    rd_kafka_topic_partition_list_destroy(partitions);
    for (int64_t count = what->count; count > 0;) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer, POLL_MS);
        if (message != NULL) {
            count -= message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? 1 : 0;
            rd_kafka_message_destroy(message);
        }
    }
    rd_kafka_destroy(consumer);
}

static void run_load(const load *what, figures *out)
{
    weir_cluster *cluster = new_cluster(NULL);
    weir_cluster_input(cluster, what->topic, what->partitions, &weir_string, &weir_string);
    int64_t begin = real_us();
    produce_all(cluster, what);
    consume_all(cluster, what);
    out->real_us = real_us() - begin;
    out->virtual_ms = weir_cluster_now_ms(cluster);
    out->messages = what->count;
    weir_cluster_free(cluster);
}

static void run_loop(const variant *what, figures *out)
{
    run_load(&(load){"loop", (int64_t)what->lines, PARTITIONS, MESSAGE_BYTES}, out);
}

static void run_records(const variant *what, figures *out)
{
    run_load(&(load){"records", (int64_t)what->lines, RECORD_PARTITIONS, RECORD_BYTES}, out);
}

/* ---- Children, results -------------------------------------------------------------------- */

static int64_t peak_kib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static bool measure(const variant *what, figures *out)
{
    int ends[2];
    int status = 0;
    if (pipe(ends) != 0) {
        return false;
    }
    pid_t pid = fork();
    if (pid == 0) {
        figures mine = {0};
        if (what->warm) {
            weir_cluster_free(new_cluster(NULL));
        }
        int64_t before_us = clock_us(CLOCK_PROCESS_CPUTIME_ID);
        what->run(what, &mine);
        mine.cpu_us = clock_us(CLOCK_PROCESS_CPUTIME_ID) - before_us;
        mine.peak_kib = peak_kib();
        _exit(write(ends[1], &mine, sizeof mine) == sizeof mine ? 0 : 1);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], out, sizeof *out);
    close(ends[0]);
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0 && got == sizeof *out;
}

static int by_real(const void *left, const void *right)
{
    const figures *a = left;
    const figures *b = right;
    return (a->real_us > b->real_us) - (a->real_us < b->real_us);
}

static void print(const variant *what, const figures *runs, int repeats)
{
    const figures *best = &runs[0];
    printf("{\"bench\":\"%s\"", what->name);
    if (what->store != NULL) {
        printf(",\"store\":\"%s\",\"cache_bytes\":%s", what->store, what->cache_bytes);
    }
    if (what->warm) {
        printf(",\"warm\":true");
    }
    if (what->lines > 0) {
        printf(",\"lines\":%zu", what->lines);
    }
    printf(",\"real_ms\":%.2f,\"real_ms_median\":%.2f,\"cpu_ms\":%.2f,\"virtual_s\":%.1f",
           (double)best->real_us / 1e3, (double)runs[repeats / 2].real_us / 1e3,
           (double)best->cpu_us / 1e3, (double)best->virtual_ms / 1e3);
    if (best->messages > 0) {
        printf(",\"messages\":%" PRId64 ",\"messages_per_s\":%.0f,\"lines_per_s\":%.0f",
               best->messages, (double)best->messages * 1e6 / (double)best->real_us,
               (double)what->lines * 1e6 / (double)best->real_us);
    }
    printf(",\"peak_mib\":%.1f}\n", (double)best->peak_kib / 1024);
    fflush(stdout);
}

static const variant variants[] = {
    {"start-assign-close", run_start_close, 0, NULL, NULL, false},
    {"start-assign-close", run_start_close, 0, NULL, NULL, true},
    {"failover", run_failover, 1000, NULL, NULL, false},
    {"failover", run_failover, 10000, NULL, NULL, false},
    {"librdkafka-loop", run_loop, LOOP_MESSAGES, NULL, NULL, false},
    {"librdkafka-records", run_records, RECORDS, NULL, NULL, false},
    {"word-count", run_word_count, COUNT_LINES, "memory", "10485760", false},
    {"word-count", run_word_count, COUNT_LINES, "memory", "0", false},
    {"word-count", run_word_count, COUNT_LINES, "rocksdb", "10485760", false},
    {"word-count", run_word_count, COUNT_LINES, "rocksdb", "0", false},
};

static int usage(void)
{
    fprintf(stderr, "usage: bench-cluster [--repeats 1..%d] [--only NAME]\n", REPEATS_MAX);
    return 2;
}

int main(int argc, char **argv)
{
    static figures runs[REPEATS_MAX];
    int repeats = REPEATS_DEFAULT;
    const char *only = NULL;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && strcmp(argv[i], "--repeats") == 0) {
            repeats = (int)strtol(argv[i + 1], NULL, 10);
        } else if (i + 1 < argc && strcmp(argv[i], "--only") == 0) {
            only = argv[i + 1];
        } else {
            return usage();
        }
    }
    if (repeats < 1 || repeats > REPEATS_MAX) {
        return usage();
    }
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        if (only != NULL && strcmp(only, variants[i].name) != 0) {
            continue;
        }
        for (int run = 0; run < repeats; run++) {
            if (!measure(&variants[i], &runs[run])) {
                fprintf(stderr, "%s failed\n", variants[i].name);
                return 1;
            }
        }
        qsort(runs, (size_t)repeats, sizeof runs[0], by_real);
        print(&variants[i], runs, repeats);
    }
    return 0;
}
