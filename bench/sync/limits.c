/* SPDX-License-Identifier: Apache-2.0
 *
 * The loops, with the same split at spaces as the word count. */
#include "bench/sync/limits.h"

#include <rocksdb/c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/sync/workloads.h"
#include "core/map.h"

typedef void (*count_fn)(weir_slice word, void *user);

static size_t each_word(const fixture_text *text, size_t records, count_fn count, void *user)
{
    size_t words = 0;
    for (size_t i = 0; i < records; i++) {
        weir_slice line = text->lines[i % text->count];
        const char *at = line.data;
        const char *end = at + line.len;
        while (at < end) {
            const char *space = memchr(at, ' ', (size_t)(end - at));
            const char *stop = space != NULL ? space : end;
            count((weir_slice){at, (size_t)(stop - at)}, user);
            words++;
            at = stop + 1;
        }
    }
    return words;
}

static void count_in_map(weir_slice word, void *user)
{
    weir__map *map = user;
    uintptr_t before = (uintptr_t)weir__map_get(map, word);
    bench_must(weir__map_put(map, word, (void *)(before + 1)) == WEIR_OK, "out of memory");
}

size_t bench_count_in_map(const fixture_text *text, size_t records)
{
    weir__map map = {0};
    size_t words = each_word(text, records, count_in_map, &map);
    weir__map_fini(&map, NULL);
    return words;
}

typedef struct database {
    rocksdb_t *db;
    rocksdb_readoptions_t *reads;
    rocksdb_writeoptions_t *writes;
} database;

static void count_in_rocksdb(weir_slice word, void *user)
{
    const database *to = user;
    char *text = NULL;
    int64_t count = 0;
    rocksdb_pinnableslice_t *found =
        rocksdb_get_pinned(to->db, to->reads, word.data, word.len, &text);
    bench_must(text == NULL, "get");
    if (found != NULL) {
        size_t len = 0;
        memcpy(&count, rocksdb_pinnableslice_value(found, &len), sizeof count);
        rocksdb_pinnableslice_destroy(found);
    }
    count++;
    rocksdb_put(to->db, to->writes, word.data, word.len, (const char *)&count, sizeof count, &text);
    bench_must(text == NULL, "put");
}

size_t bench_count_in_rocksdb(const fixture_text *text, size_t records)
{
    char directory[] = "/tmp/bench-sync-XXXXXX";
    char *failed = NULL;
    bench_must(mkdtemp(directory) != NULL, "a directory in /tmp");
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    database to = {.db = rocksdb_open(options, directory, &failed),
                   .reads = rocksdb_readoptions_create(),
                   .writes = rocksdb_writeoptions_create()};
    bench_must(failed == NULL, "open");
    rocksdb_writeoptions_disable_WAL(to.writes, 1);
    size_t words = each_word(text, records, count_in_rocksdb, &to);
    rocksdb_close(to.db);
    rocksdb_destroy_db(options, directory, &failed);
    bench_must(failed == NULL, "destroy");
    rocksdb_readoptions_destroy(to.reads);
    rocksdb_writeoptions_destroy(to.writes);
    rocksdb_options_destroy(options);
    return words;
}
