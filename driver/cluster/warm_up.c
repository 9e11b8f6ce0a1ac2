/* SPDX-License-Identifier: Apache-2.0
 *
 * The warm-up: makes the libraries do, before the first cluster, what they do once a process.
 * Otherwise the first cluster would run differently from the later ones. librdkafka initialises
 * itself, and seeds random numbers in each thread that draws some. RocksDB starts its thread pools
 * and its timer. One database stays open for the life of the process. It keeps the timer running,
 * which otherwise would end and start again depending on the databases that crashed hosts left. */
#include <rocksdb/c.h>
#include <stdlib.h>

#include "cluster/cluster.h"
#include "core/error.h"

static struct {
    rocksdb_env_t *env;
    rocksdb_t *database; /* NULL: not warm */
} warm;

static void use_pools(char **failure)
{
    rocksdb_writeoptions_t *writes = rocksdb_writeoptions_create();
    rocksdb_flushoptions_t *flushes = rocksdb_flushoptions_create();
    for (int i = 0; i < 2 && *failure == NULL; i++) { /* overlapping files cause a compaction */
        rocksdb_put(warm.database, writes, "key", 3, "value", 5, failure);
        if (*failure == NULL) {
            rocksdb_flush(warm.database, flushes, failure);
        }
    }
    rocksdb_compact_range(warm.database, NULL, 0, NULL, 0);
    rocksdb_flushoptions_destroy(flushes);
    rocksdb_writeoptions_destroy(writes);
}

static weir_err warm_rocksdb(weir_error *error)
{
    char *failure = NULL;
    weir_err err = WEIR_OK;
    rocksdb_options_t *options = rocksdb_options_create();
    warm.env = rocksdb_create_mem_env();
    rocksdb_options_set_env(options, warm.env);
    rocksdb_options_set_create_if_missing(options, 1);
    rocksdb_options_set_compression(options, rocksdb_no_compression);
    rocksdb_options_set_max_file_opening_threads(options, 1); /* there are no files to open */
    rocksdb_options_set_stats_dump_period_sec(options, 0);
    rocksdb_options_set_stats_persist_period_sec(options, 0);
    warm.database = rocksdb_open(options, "/warm-up", &failure);
    if (failure == NULL) {
        use_pools(&failure);
    }
    if (failure != NULL) {
        err = weir__error_set(error, WEIR_EIO, "RocksDB does not start: %s", failure);
        rocksdb_free(failure);
    }
    rocksdb_options_destroy(options);
    return err;
}

static weir_err warm_rdkafka(weir_error *error)
{
    weir_config *config = weir__must(weir_config_new());
    weir__client_opts opts = {.config = config, .client_id = "warm-up"};
    weir__producer *producer = NULL;
    /* Two brokers, since librdkafka draws no random number for a single one. */
    weir_mock *mock = weir_mock_new(&(weir_mock_opts){.brokers = 2}, error);
    weir_err err = mock != NULL ? WEIR_OK : WEIR_EBROKER;
    if (err == WEIR_OK) {
        err = weir_config_set(config, "bootstrap.servers", weir_mock_bootstrap(mock), error);
    }
    err = err != WEIR_OK ? err : weir_config_set(config, "application.id", "warm-up", error);
    err = err != WEIR_OK ? err : weir__producer_new(&opts, &producer, error);
    weir__producer_close(producer);
    weir_mock_free(mock);
    weir_config_free(config);
    return err;
}

weir_err weir__warm_up(weir_sim_backend backend, weir_error *error)
{
    if (warm.database != NULL) {
        return WEIR_OK;
    }
    weir_err err = weir_sim_start(&(weir_sim_opts){.seed = 1, .backend = backend}, error);
    if (err != WEIR_OK) {
        return err;
    }
    err = warm_rocksdb(error);
    err = err != WEIR_OK ? err : warm_rdkafka(error);
    weir_sim_sleep_us(WEIR__POOLS_REST_US);
    weir_sim_stop();
    return err;
}
