/* SPDX-License-Identifier: Apache-2.0
 *
 * How fast byte stores are at what a count does: a get and a put of the same key, a few keys much
 * more often than others. One JSON object a line; the argument is the number of counts. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "state/cache.h"
#include "state/files.h"

#define COUNTS 2000000
#define KEYS 100000
#define KEY_BYTES ((size_t)10)
#define ROW_BYTES ((size_t)16) /* timestamp, count */
#define CACHE_BYTES ((size_t)10 << 20)

typedef struct setup {
    const char *store;
    bool rocksdb;
    long long cache_bytes; /* negative: no cache */
} setup;

static const setup setups[] = {
    {"memory", false, -1},          {"memory", false, 0},       {"memory", false, CACHE_BYTES},
    {"memory", false, 1 << 20},     {"rocksdb", true, -1},      {"rocksdb", true, 0},
    {"rocksdb", true, CACHE_BYTES}, {"rocksdb", true, 1 << 20},
};

static size_t changes;

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static weir__origin origin(void *user)
{
    (void)user;
    return (weir__origin){.topic = "lines", .offset = 1, .timestamp_ms = 1700000000000};
}

static weir_err on_flush(void *user, const weir__flushed *flushed, weir_error *error)
{
    (void)user;
    (void)flushed;
    (void)error;
    changes++;
    return WEIR_OK;
}

static void must(weir_err err, const weir_error *error)
{
    if (err != WEIR_OK) {
        fprintf(stderr, "%s: %s\n", weir_err_name(err), error->message);
        exit(1);
    }
}

/* The cube of an even distribution: a tenth of the keys gets nearly half of the counts. */
static void draw_key(uint64_t *random, char key[KEY_BYTES])
{
    *random ^= *random >> 12;
    *random ^= *random << 25;
    *random ^= *random >> 27;
    double even = (double)(*random >> 11) * 0x1p-53;
    uint32_t number = (uint32_t)(even * even * even * KEYS) * 2654435761u;
    for (size_t i = 0; i < KEY_BYTES; i++) {
        key[i] = (char)('a' + number % 16);
        number = number >> 4 | number << 28;
    }
}

static void count(weir__kv *kv, weir_slice key)
{
    weir_error error = {.message = ""};
    weir_slice row;
    uint8_t next[ROW_BYTES];
    must(kv->ops->get(kv, key, &row, &error), &error);
    uint64_t before = row.data != NULL ? weir__load_u64((const uint8_t *)row.data + 8) : 0;
    weir__store_u64(next, 1700000000000);
    weir__store_u64(next + 8, before + 1);
    must(kv->ops->put(kv, key, (weir_slice){next, sizeof next}, &error), &error);
}

static void run(const setup *one, long counts)
{
    char directory[] = "/tmp/weir-bench-XXXXXX";
    weir_error error = {.message = ""};
    weir__kv *kv = NULL;
    weir__cache *cache = NULL;
    if (one->rocksdb) {
        weir__rocksdb_opts opts = {.offset_key = "bench-0", .timestamped = true};
        if (mkdtemp(directory) == NULL) {
            perror(directory);
            exit(1);
        }
        must(weir__rocksdb_open(directory, &opts, &kv, &error), &error);
    } else {
        must(weir__memory_open(&kv, &error), &error);
    }
    if (one->cache_bytes >= 0) {
        weir__cache_client client = {.origin = origin, .on_flush = on_flush, .old_rows = true};
        must(weir__cache_new((size_t)one->cache_bytes, &cache), &error);
        must(weir__cache_wrap(cache, kv, &client, &kv, &error), &error);
    }
    char key[KEY_BYTES];
    uint64_t random = 88172645463325252u;
    changes = 0;
    double start = seconds();
    for (long i = 0; i < counts; i++) {
        draw_key(&random, key);
        count(kv, (weir_slice){key, KEY_BYTES});
    }
    must(kv->ops->flush(kv, &error), &error);
    double took = seconds() - start;
    printf("{\"bench\":\"stores\",\"store\":\"%s\",\"cache_bytes\":%lld,\"keys\":%d,\"counts\":%ld,"
           "\"changes\":%zu,\"seconds\":%.3f,\"get_put_per_second\":%.0f}\n",
           one->store, one->cache_bytes, KEYS, counts, changes, took, (double)counts / took);
    fflush(stdout);
    kv->ops->close(kv);
    weir__cache_free(cache);
    if (one->rocksdb) {
        must(weir__remove_directory(directory, &error), &error);
    }
}

int main(int argc, char **argv)
{
    long counts = argc > 1 ? strtol(argv[1], NULL, 10) : COUNTS;
    if (counts <= 0) {
        fprintf(stderr, "usage: %s [counts]\n", argv[0]);
        return 2;
    }
    for (size_t i = 0; i < sizeof setups / sizeof setups[0]; i++) {
        run(&setups[i], counts);
    }
    return 0;
}
