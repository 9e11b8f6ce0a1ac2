/* SPDX-License-Identifier: Apache-2.0
 *
 * The restore of a store of 1 million rows after an unclean stop; one JSON object per case.
 *
 *     bench-restore [--rounds N]
 *
 * A process of its own restores the store from its changelog, commits transactions under
 * exactly-once, and ends in the middle of another one, without closing the store. Then it is
 * restored: `kept` from what is on disk, which is the state of a commit; `wiped` from the beginning
 * of the changelog, as Kafka Streams does. Both contain opening the database, reading the records,
 * and writing the rows. The changelog is a topic in the memory of the process (the client port of
 * the synchronous driver): a real restore has the broker and the network besides, for each record.
 * Afterwards, not measured, all rows are compared with those that were committed. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <weir/dsl.h>

#include "state/files.h"
#include "sync/loopback.h"
#include "task/guarantee.h"
#include "task/restore.h"

#define APPLICATION "bench"
#define STORE "rows"
#define CHANGELOG APPLICATION "-" STORE "-changelog"
#define ROWS 1000000
#define VALUE_BYTES 100
#define TRANSACTIONS 100
#define CHANGES 1000 /* rows of a transaction */
#define STRIDE 7919  /* between two rows that change */
#define RECORDS (ROWS + TRANSACTIONS * CHANGES)
#define ROUNDS_DEFAULT 3
#define ROUNDS_MAX 20
#define PATH_BYTES 128

typedef struct bench {
    weir_config *config;
    weir_topology *topology;
    weir__loopback *loopback;
    weir_app_opts opts;
    weir__log log;
    weir__directory *directory;
    weir__task_env env;
    weir__restorer restorer;
    weir__task *task;
} bench;

static void must(weir_err err, const char *what, const weir_error *error)
{
    if (err != WEIR_OK) {
        fprintf(stderr, "bench-restore: %s: %s\n", what,
                error->message[0] != '\0' ? error->message : weir_err_str(err));
        exit(1);
    }
}

static int64_t clock_us(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- Rows --------------------------------------------------------------------------------- */

typedef struct row_bytes {
    char key[16];
    char value[VALUE_BYTES];
} row_bytes;

/* Version 0 of a row is the one before the transactions. */
static void make_row(int number, int version, row_bytes *out)
{
    snprintf(out->key, sizeof out->key, "key-%07d", number);
    memset(out->value, 'v', sizeof out->value);
    snprintf(out->value, sizeof out->value, "%d of row %d", version, number);
}

static weir_slice value_of(const row_bytes *row)
{
    return (weir_slice){row->value, sizeof row->value};
}

static int changed_row(int64_t change)
{
    return (int)(change * STRIDE % ROWS);
}

static void append(bench *b, int number, int version)
{
    row_bytes row;
    weir_error error = {0};
    make_row(number, version, &row);
    weir__outgoing record = {.topic = CHANGELOG,
                             .timestamp_ms = version,
                             .key = weir_slice_of(row.key),
                             .value = value_of(&row),
                             .internal = true};
    must(weir__loopback_append(b->loopback, weir__loopback_find(b->loopback, CHANGELOG), &record,
                               &error),
         "changelog", &error);
}

/* `changes`: those of the committed transactions, too. */
static void fill_changelog(bench *b, bool changes)
{
    if (weir__loopback_make(b->loopback, CHANGELOG, 1) == NULL) {
        must(WEIR_ENOMEM, "changelog", &(weir_error){0});
    }
    for (int i = 0; i < ROWS; i++) {
        append(b, i, 0);
    }
    for (int64_t i = 0; changes && i < TRANSACTIONS * CHANGES; i++) {
        append(b, changed_row(i), 1);
    }
}

/* ---- A task ------------------------------------------------------------------------------- */

static const char *input_at(size_t index, int32_t *partitions, void *user)
{
    (void)user;
    *partitions = 1;
    return index == 0 ? "in" : NULL;
}

static void begin(bench *b, const char *directory, bool changes)
{
    weir_error error = {0};
    *b = (bench){.config = weir_config_new(), .loopback = weir__loopback_new(1)};
    weir_builder *builder = weir_builder_new();
    weir_table_source(builder, "in", STORE, &weir_string, &weir_string, NULL);
    b->topology = weir_build(builder, NULL, &error);
    if (b->config == NULL || b->loopback == NULL || b->topology == NULL) {
        must(WEIR_ENOMEM, "topology", &error);
    }
    fill_changelog(b, changes);
    must(weir__directory_open(directory, APPLICATION, &b->directory, &error), "directory", &error);
    weir__client_opts client = {
        .client = weir__loopback_client(b->loopback), .config = b->config, .client_id = "bench"};
    /* The stores are those of exactly-once; the producer's transactions are not measured. */
    b->env = (weir__task_env){.topology = b->topology,
                              .application = APPLICATION,
                              .guarantee = &weir__at_least_once,
                              .settings = {.uncommitted_stores = true, .state_age_max_ms = -1},
                              .directory = b->directory,
                              .log = &b->log,
                              .observer = {.opts = &b->opts, .thread = "bench"},
                              .uncommitted = {.max_bytes = SIZE_MAX}};
    must(weir__admin_new(&client, &b->env.admin, &error), "admin", &error);
    must(weir__producer_new(&client, &b->env.producer, &error), "producer", &error);
    must(weir__restorer_init(&b->restorer, &b->env, &client), "restorer", &error);
}

static void end(bench *b)
{
    weir__restorer_fini(&b->restorer);
    weir__producer_close(b->env.producer);
    weir__admin_close(b->env.admin);
    weir__map_fini(&b->env.changelogs, free);
    weir__map_fini(&b->env.outputs, weir__task_output_free);
    weir__directory_close(b->directory);
    weir__loopback_free(b->loopback);
    weir_topology_free(b->topology);
    weir_config_free(b->config);
}

/* Opens the task and restores its store; returns the records that were restored. */
static int64_t open_and_restore(bench *b)
{
    weir_error error = {0};
    const weir__task_topics topics = {input_at, NULL};
    must(weir__task_new(&b->env, (weir__task_id){0, 0}, &topics, &b->task, &error), "task", &error);
    must(weir__task_open(b->task, &error), "open", &error);
    must(weir__restorer_add(&b->restorer, b->task), "restore", &error);
    while (!weir__restorer_is_whole(b->task)) {
        must(weir__restorer_slice(&b->restorer, 0, &error), "restore", &error);
    }
    weir__restorer_remove(&b->restorer, b->task);
    return b->task->stores.items[0].restored;
}

static void close_task(bench *b)
{
    weir__task_close(b->task, true, false);
    weir__task_free(b->task);
}

/* ---- The process that stops uncleanly ------------------------------------------------------ */

static void put_change(weir__kv *kv, int64_t change, int version)
{
    row_bytes row;
    weir_error error = {0};
    uint8_t bytes[WEIR__TIMESTAMP_SIZE + VALUE_BYTES];
    make_row(changed_row(change), version, &row);
    weir__store_u64(bytes, (uint64_t)version);
    memcpy(bytes + WEIR__TIMESTAMP_SIZE, row.value, sizeof row.value);
    must(weir__kv_put(kv, weir_slice_of(row.key), (weir_slice){bytes, sizeof bytes}, &error), "put",
         &error);
}

static void run_and_stop(const char *directory)
{
    bench b;
    weir_error error = {0};
    begin(&b, directory, false);
    (void)open_and_restore(&b);
    weir__kv *kv = weir__graph_store_layers(b.task->graph, 0);
    for (int64_t i = 0; i < TRANSACTIONS * CHANGES; i++) {
        put_change(kv, i, 1);
        if ((i + 1) % CHANGES == 0) {
            must(weir__producer_flush(b.env.producer, 1000, &error), "flush", &error);
            must(weir__task_stores_commit(&b.task->stores, &error), "commit", &error);
        }
    }
    for (int64_t i = 0; i < CHANGES; i++) {
        put_change(kv, i, 2); /* of a transaction that does not commit */
    }
    _exit(0);
}

static void run_in_process(const char *program, const char *directory)
{
    pid_t child = fork();
    if (child == 0) {
        execl(program, "bench-restore", "--run", directory, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 0) {
        must(WEIR_EIO, "the process that stops", &(weir_error){0});
    }
}

/* ---- Measurements ------------------------------------------------------------------------- */

typedef struct figures {
    int64_t real_us;
    int64_t cpu_us;
    int64_t restored;
} figures;

static void check_rows(bench *b)
{
    static bool changed[ROWS];
    weir_error error = {0};
    weir__kv *kv = weir__graph_store_layers(b->task->graph, 0);
    memset(changed, 0, sizeof changed);
    for (int64_t i = 0; i < TRANSACTIONS * CHANGES; i++) {
        changed[changed_row(i)] = true;
    }
    for (int i = 0; i < ROWS; i++) {
        row_bytes row;
        weir_slice found = {0};
        make_row(i, changed[i] ? 1 : 0, &row);
        must(weir__kv_get(kv, weir_slice_of(row.key), &found, &error), "get", &error);
        if (found.len != WEIR__TIMESTAMP_SIZE + VALUE_BYTES ||
            memcmp((const char *)found.data + WEIR__TIMESTAMP_SIZE, row.value, VALUE_BYTES) != 0) {
            must(WEIR_ECORRUPT, row.key, &(weir_error){0});
        }
    }
}

static figures measure(const char *directory)
{
    bench b;
    begin(&b, directory, true);
    int64_t real_us = clock_us(CLOCK_MONOTONIC);
    int64_t cpu_us = clock_us(CLOCK_PROCESS_CPUTIME_ID);
    figures out = {.restored = open_and_restore(&b)};
    out.real_us = clock_us(CLOCK_MONOTONIC) - real_us;
    out.cpu_us = clock_us(CLOCK_PROCESS_CPUTIME_ID) - cpu_us;
    check_rows(&b);
    close_task(&b);
    end(&b);
    return out;
}

static int by_real(const void *a, const void *b)
{
    int64_t left = ((const figures *)a)->real_us;
    int64_t right = ((const figures *)b)->real_us;
    return (left > right) - (left < right);
}

static void report(const char *name, figures *all, int rounds)
{
    qsort(all, (size_t)rounds, sizeof *all, by_real);
    const figures *middle = &all[rounds / 2];
    printf("{\"bench\":\"restore\",\"case\":\"%s\",\"rows\":%d,\"changelog_records\":%d,"
           "\"restored\":%" PRId64 ",\"real_ms\":%.1f,\"best_ms\":%.1f,\"cpu_ms\":%.1f}\n",
           name, ROWS, RECORDS, middle->restored, (double)middle->real_us / 1e3,
           (double)all[0].real_us / 1e3, (double)middle->cpu_us / 1e3);
}

int main(int argc, char **argv)
{
    figures kept[ROUNDS_MAX];
    figures wiped[ROUNDS_MAX];
    char directory[PATH_BYTES];
    int rounds = argc == 3 && strcmp(argv[1], "--rounds") == 0 ? (int)strtol(argv[2], NULL, 10)
                                                               : ROUNDS_DEFAULT;
    if (argc == 3 && strcmp(argv[1], "--run") == 0) {
        run_and_stop(argv[2]);
    }
    if ((argc != 1 && argc != 3) || rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: bench-restore [--rounds 1..%d]\n", ROUNDS_MAX);
        return 1;
    }
    const char *base = getenv("TMPDIR");
    for (int i = 0; i < rounds; i++) {
        weir_error error = {0};
        snprintf(directory, sizeof directory, "%s/bench-restore-XXXXXX",
                 base != NULL ? base : "/tmp");
        if (mkdtemp(directory) == NULL) {
            must(WEIR_EIO, directory, &error);
        }
        run_in_process("/proc/self/exe", directory);
        kept[i] = measure(directory);
        must(weir__remove_directory(directory, &error), "wipe", &error);
        wiped[i] = measure(directory);
        must(weir__remove_directory(directory, &error), "wipe", &error);
    }
    report("kept", kept, rounds);
    report("wiped", wiped, rounds);
    return 0;
}
