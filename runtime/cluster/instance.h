/* SPDX-License-Identifier: Apache-2.0
 *
 * The data that the threads of one application instance share. It is set before they start and does
 * not change while they run. The objects behind the pointers have their own locks. */
#ifndef WEIR_CLUSTER_INSTANCE_H
#define WEIR_CLUSTER_INSTANCE_H

#include "cluster/purge.h"
#include "task/env.h"

/* Stores that may have a cache have none: each change is sent at once, also the deletion of a key
 * that does not exist. */
#define WEIR__NO_CACHE SIZE_MAX

typedef struct weir__instance {
    weir_app *app;
    const weir_topology *topology;
    const weir_config *config;
    const weir__client *client; /* NULL: librdkafka */
    weir_app_opts opts;
    weir__log log;
    const char *application; /* application.id */
    const char *client_id;   /* prefix of the names of threads and clients */
    const char *process_id;
    weir__task_settings settings;
    size_t cache_bytes;       /* of each stream thread; WEIR__NO_CACHE */
    size_t uncommitted_bytes; /* of each stream thread, before it commits early */
    int64_t commit_interval_ms;
    int64_t purge_interval_ms;
    int64_t note_used_ms; /* between two notes that a folder of a task is in use */
    int64_t poll_ms;
    int64_t task_timeout_ms;
    size_t poll_records_max;
    int16_t replication_factor;
    weir__admin *admin;
    weir__directory *directory;
    weir__graph *globals;          /* NULL: no global tables */
    weir__purger *purger;          /* NULL: no repartition topics */
    struct weir__cleaner *cleaner; /* NULL: no stores */
    weir__placement *placement;    /* NULL: no joins */
    weir__drop_counts *drops;
    /* Called by stream threads, on their thread. */
    void (*on_thread_state)(weir_app *app);
    /* Called when a thread has failed and its tasks are closed; returns the application's reply.
     * `replaceable`: false for the thread of the global tables. */
    weir_uncaught (*on_failure)(weir_app *app, const char *thread, bool replaceable,
                                const weir_error *error);
    /* Called when another instance has requested that all instances stop. */
    void (*on_stop_asked)(weir_app *app);
} weir__instance;

/* Reads the settings of `config`, which was checked, into the members; `opts` must be set. */
void weir__instance_read(weir__instance *instance);
/* Divides statestore.cache.max.bytes and statestore.uncommitted.max.bytes as Kafka does: the stream
 * threads and the thread of the global tables get equal parts. */
void weir__instance_share_memory(weir__instance *instance, size_t threads);

#endif
