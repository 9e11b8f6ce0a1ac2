/* SPDX-License-Identifier: Apache-2.0
 *
 * A window store through which 100 segments of a minute pass, two or three of which are kept; one
 * JSON object per line and backend. `longest_us` is the longest get and put: in RocksDB that which
 * writes the buffered rows out, or drops a segment. `open_us` is the time to open the store again,
 * and `files` are those in its directory then.
 *
 *     bench-windows */
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "state/files.h"
#include "state/keys.h"
#include "state/open.h"

#define SEGMENTS 100
#define KEYS 1000
#define WINDOWS 10 /* of a key in a segment */
#define WINDOW_MS (WEIR__SEGMENT_MS_MIN / WINDOWS)
#define RETENTION_MS (2 * WEIR__SEGMENT_MS_MIN)
#define FETCHES 100000

typedef struct bench {
    char directory[64]; /* "": in memory */
    weir__store_layers layers;
    weir_buf log_key;
    weir_buf key;
} bench;

static void must(weir_err err, const char *what)
{
    if (err != WEIR_OK) {
        fprintf(stderr, "bench-windows: %s: %s\n", what, weir_err_str(err));
        exit(1);
    }
}

/* CPU time of this thread: a busy machine does not count, nor do the threads of RocksDB. */
static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void open_store(bench *b)
{
    weir__store_plan plan = {.kind = &weir__kind_timestamped_window,
                             .retention_ms = RETENTION_MS,
                             .directory = b->directory[0] != '\0' ? b->directory : NULL,
                             .offset_key = "bench-changelog-0",
                             .buffered = true};
    must(weir__store_open(&plan, &b->layers, NULL), "open");
}

static void make_key(bench *b, int key, int64_t start_ms)
{
    char text[16];
    int len = snprintf(text, sizeof text, "key-%05d", key);
    weir__buf_reset(&b->log_key);
    weir__buf_reset(&b->key);
    weir__window_store_key(&b->log_key, &(weir__window_key){{text, (size_t)len}, start_ms, 0});
    weir__segment_key(&b->layers.retention, start_ms, weir__buf_slice(&b->log_key), &b->key);
}

/* A get and a put, as a count does. Returns the longest, in us. */
static int64_t fill(bench *b)
{
    static const char row[16] = {0};
    int64_t longest_us = 0;
    for (int i = 0; i < SEGMENTS * WINDOWS; i++) {
        for (int key = 0; key < KEYS; key++) {
            weir_slice found;
            make_key(b, key, i * WINDOW_MS);
            int64_t before_us = now_us();
            must(weir__kv_get(b->layers.top, weir__buf_slice(&b->key), &found, NULL), "get");
            must(weir__kv_put(b->layers.top, weir__buf_slice(&b->key),
                              (weir_slice){row, sizeof row}, NULL),
                 "put");
            int64_t took_us = now_us() - before_us;
            longest_us = took_us > longest_us ? took_us : longest_us;
        }
    }
    must(weir__kv_flush(b->layers.top, NULL), "flush");
    must(weir__kv_commit(b->layers.top, WEIR__NO_OFFSET, WEIR__TIME_UNKNOWN, NULL), "commit");
    return longest_us;
}

static size_t fetch(bench *b)
{
    size_t rows = 0;
    for (int i = 0; i < FETCHES; i++) {
        char text[16];
        int len = snprintf(text, sizeof text, "key-%05d", i % KEYS);
        weir__segments_range range = {.key = {text, (size_t)len},
                                      .suffix = WEIR__WINDOW_SUFFIX,
                                      .from_ms = (SEGMENTS - 1) * WEIR__SEGMENT_MS_MIN,
                                      .to_ms = INT64_MAX};
        weir__kv_iter *iter = NULL;
        weir_slice key;
        weir_slice value;
        must(weir__segments_scan(b->layers.top, &b->layers.retention, &range, &iter, NULL), "scan");
        while (iter->ops->next(iter, &key, &value)) {
            rows++;
        }
        must(iter->ops->close(iter), "scan");
    }
    return rows;
}

static int count_files(const char *directory)
{
    int files = 0;
    DIR *open = opendir(directory);
    while (open != NULL && readdir(open) != NULL) {
        files++;
    }
    if (open != NULL) {
        closedir(open);
    }
    return files > 2 ? files - 2 : 0; /* without "." and ".." */
}

static void run(const char *name, const char *directory)
{
    bench b = {.directory = ""};
    snprintf(b.directory, sizeof b.directory, "%s", directory);
    open_store(&b);
    int64_t start_us = now_us();
    int64_t longest_us = fill(&b);
    int64_t filled_us = now_us();
    size_t rows = fetch(&b);
    int64_t fetched_us = now_us();
    weir__kv_close(b.layers.top);
    int64_t closed_us = now_us();
    open_store(&b);
    int64_t opened_us = now_us();
    int64_t puts = (int64_t)SEGMENTS * WINDOWS * KEYS;
    printf("{\"bench\":\"windows\",\"store\":\"%s\",\"get_put_per_s\":%" PRId64
           ",\"fetches_per_s\":%" PRId64 ",\"rows_a_fetch\":%zu,\"longest_us\":%" PRId64
           ",\"open_us\":%" PRId64 ",\"files\":%d}\n",
           name, puts * 1000000 / (filled_us - start_us),
           (int64_t)FETCHES * 1000000 / (fetched_us - filled_us), rows / FETCHES, longest_us,
           opened_us - closed_us, count_files(directory));
    weir__kv_close(b.layers.top);
    weir__buf_fini(&b.log_key);
    weir__buf_fini(&b.key);
}

int main(void)
{
    char directory[] = "/tmp/weir-windows-XXXXXX";
    if (mkdtemp(directory) == NULL) {
        perror("bench-windows");
        return 1;
    }
    run("memory", "");
    run("rocksdb", directory);
    must(weir__remove_directory(directory, NULL), "remove");
    return 0;
}
