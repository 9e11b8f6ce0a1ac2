/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a RocksDB store. */
#include "state/rocksdb_options.h"

#define WRITE_BUFFER_BYTES ((size_t)16 << 20)
#define BLOCK_CACHE_BYTES ((size_t)50 << 20)
#define WRITE_BUFFERS 3
#define BLOCK_BYTES ((size_t)4096)
#define BLOOM_BITS_PER_KEY 10.0
#define BACKGROUND_JOBS 2 /* one flush, one compaction */

static void set_table_options(rocksdb_options_t *options, size_t block_cache_bytes)
{
    rocksdb_block_based_table_options_t *table = rocksdb_block_based_options_create();
    rocksdb_cache_t *cache = rocksdb_cache_create_lru(block_cache_bytes);
    rocksdb_block_based_options_set_block_cache(table, cache);
    rocksdb_block_based_options_set_block_size(table, BLOCK_BYTES);
    rocksdb_block_based_options_set_filter_policy(
        table, rocksdb_filterpolicy_create_bloom_full(BLOOM_BITS_PER_KEY));
    rocksdb_options_set_block_based_table_factory(options, table);
    rocksdb_block_based_options_destroy(table);
    rocksdb_cache_destroy(cache);
}

/* Sets Kafka's options where they matter, and disables everything that is timed or starts threads
 * besides the two pools. */
rocksdb_options_t *weir__rocksdb_options(const weir__rocksdb_opts *opts)
{
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_create_missing_column_families(options, 1);
    rocksdb_options_set_atomic_flush(options, 1);
    rocksdb_options_set_write_buffer_size(
        options, opts->write_buffer_bytes != 0 ? opts->write_buffer_bytes : WRITE_BUFFER_BYTES);
    rocksdb_options_set_max_write_buffer_number(options, WRITE_BUFFERS);
    rocksdb_options_set_compression(options, rocksdb_no_compression);
    rocksdb_options_set_compaction_style(options, rocksdb_universal_compaction);
    rocksdb_options_set_max_background_jobs(options, BACKGROUND_JOBS);
    rocksdb_options_set_max_file_opening_threads(options, 1);
    rocksdb_options_set_skip_stats_update_on_db_open(options, 1);
    rocksdb_options_set_allow_concurrent_memtable_write(options, 0); /* one writer */
    rocksdb_options_set_enable_write_thread_adaptive_yield(options, 0);
    rocksdb_options_set_stats_dump_period_sec(options, 0);
    rocksdb_options_set_stats_persist_period_sec(options, 0);
    rocksdb_options_set_info_log_level(options, 3); /* errors */
    rocksdb_options_set_keep_log_file_num(options, 1);
    rocksdb_options_set_manifest_preallocation_size(options, 64 << 10); /* not 4 MiB */
    set_table_options(options,
                      opts->block_cache_bytes != 0 ? opts->block_cache_bytes : BLOCK_CACHE_BYTES);
    return options;
}
