/* SPDX-License-Identifier: Apache-2.0
 *
 * The cluster driver's own structures. Everything belongs to the thread that made the cluster,
 * except what an instance's threads write: what is atomic, and the complaints. */
#ifndef WEIR_DRIVER_CLUSTER_CLUSTER_H
#define WEIR_DRIVER_CLUSTER_CLUSTER_H

#define WEIR__WITHOUT_PLACES
#include <weir/driver.h>

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>

#include "client/client.h"
#include "cluster/inspect.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"
#include "sim/sim.h"

#define WEIR__PATH_MAX ((size_t)512)
#define WEIR__INSTANCES_MAX ((size_t)32)
#define WEIR__COMPLAINTS_MAX ((size_t)4)
#define WEIR__COMPLAINT_SIZE ((size_t)256)
#define WEIR__CRASH_SIZE ((size_t)512)
/* No key and no value is longer: more than any broker takes. */
#define WEIR__SLICE_MAX ((size_t)1 << 30)
/* Bound of what the driver itself waits for: start, close, a look into a thread. */
#define WEIR__RETRY_MS WEIR_MINUTES(5)
/* What pools of threads have at hand at the end of a simulation is done by then. */
#define WEIR__POOLS_REST_US ((int64_t)1000000)
/* A predicate is asked at least this often, also when nothing happens. */
#define WEIR__ASK_EVERY_US ((int64_t)100000)

typedef struct weir__input_topic {
    weir_cluster *cluster;
    const char *name;
    const weir_serde *key;
    const weir_serde *value;
    int32_t turn; /* partition of the next record without a key */
    bool timed;   /* next_ms counts, not the virtual wall clock */
    int64_t next_ms;
    int64_t advance_ms;
} weir__input_topic;

typedef struct weir__output_topic {
    weir_cluster *cluster;
    const char *name;
    weir_rows *rows;    /* all that was read so far */
    size_t seen;        /* of rows, handed out by weir_output_next and _rest */
    int64_t *positions; /* next offset to read, a partition */
    int32_t partitions; /* 0: the topic was not there yet */
    struct weir__output_topic *next;
} weir__output_topic;

typedef struct weir__entry {
    weir_row row;
    weir_slice key_bytes;
    weir_slice value_bytes;
} weir__entry;

struct weir_rows {
    weir_cluster *cluster;
    const weir_serde *key;
    const weir_serde *value;
    weir__entry **entries; /* entries and their bytes lie in the cluster's arena */
    size_t count;
    size_t capacity;
    weir__map last; /* key bytes -> last entry with that key */
    struct weir_rows *next;
};

typedef enum weir__life { WEIR__ALIVE, WEIR__CLOSED, WEIR__CRASHED } weir__life;

struct weir_instance {
    weir_cluster *cluster;
    char name[WEIR_SIM_NAME_MAX];
    char directory[WEIR__PATH_MAX];
    int crashes;
    weir_host *host;
    _Atomic(weir__life) life;
    bool paused;
    uint64_t cut_from; /* bit n: from broker n; bit 0: from all */
    int64_t died_ms;
    _Atomic(weir_state) state;
    weir_topology_fn build;
    weir_instance_opts opts; /* config: copied */
    weir_config *config;
    weir_topology *topology;
    weir_app *app;
    const char **topics; /* source topics, then repartition topics: what caught_up looks at */
    size_t topic_count;
    pthread_mutex_t complaining;
    char complaints[WEIR__COMPLAINTS_MAX][WEIR__COMPLAINT_SIZE]; /* the last ones, a ring */
    size_t complaint_count;
    weir_buf words; /* what its threads do, as last reported */
    /* Work that runs on the host for the driver (weir__instance_do). */
    void (*job)(struct weir_instance *instance, void *arg);
    void *job_arg;
    atomic_bool busy;
};

struct weir_cluster {
    weir_cluster_opts opts;
    uint64_t seed;
    weir__arena arena;   /* what is handed out */
    weir__arena scratch; /* while one record is encoded */
    char root[WEIR__PATH_MAX];
    bool own_root;
    /* With branches the root is /proc/self/fd/<disk_fd> instead: */
    char base[WEIR__PATH_MAX]; /* folder of the run's directory and of those of its branches */
    char disk[WEIR__PATH_MAX]; /* the one of this process */
    bool own_base;
    int disk_fd;
    int branches; /* taken so far */
    weir_mock *mock;
    weir__producer *producer; /* made with the first input */
    bool unflushed;
    weir__map inputs;
    weir__output_topic *outputs;
    weir_rows *rows; /* all lists, newest first */
    weir_instance *instances[WEIR__INSTANCES_MAX];
    size_t instance_count;
    weir_buf message;
    weir_buf explanation;
    char *repeat;                 /* command */
    char *seed_line;              /* weir__seed_line */
    char crash[WEIR__CRASH_SIZE]; /* why a thread was given up, in one line */
    weir_host *crash_host;        /* whose */
    bool failing; /* inside on_failure, or after it: no second failure while cleaning up */
    void (*on_event)(const weir_event *event, void *user);
    void *event_user;
    FILE *trace; /* WEIR_TRACE of the environment */
};

/* The one of this process, or NULL. */
weir_cluster *weir__cluster_current(void);
/* A NULL-terminated list and its texts, in the arena. */
const char *const *weir__copy_list(weir_cluster *cluster, const char *const *list);

/* ---- Failures (fail.c) ---- */
/* A call of the driver in the test's source. */
typedef struct weir__place {
    const char *file; /* borrowed; NULL: not known */
    int line;
} weir__place;
/* What fails on this thread from now on fails there; `file` NULL: where it did before. Returns the
 * place before, for weir__place_leave. */
weir__place weir__place_enter(const char *file, int line);
void weir__place_leave(const weir__place *outer);
/* The same until the end of the block. Once a block. */
#define WEIR__AT_PLACE(file, line)                                                                 \
    __attribute__((cleanup(weir__place_leave))) const weir__place outer_place =                    \
        weir__place_enter((file), (line));                                                         \
    (void)outer_place

/* At the place of the call that this thread is in. */
void weir__cluster_fail(weir_cluster *cluster, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* True when it was given; else the test fails: "weir_rows_at: rows is NULL". */
bool weir__given(bool given, const char *function, const char *argument);
/* The same for a serde that can be used. */
bool weir__serde_given(const weir_serde *serde, const char *function, const char *argument);
/* For calls that get no cluster because it could not be made: the on_failure to call; NULL: none.
 */
void weir__cluster_not_made(const weir_cluster_opts *opts);
/* Ends the process: without memory there is nothing to test. */
void *weir__must(void *memory);
char *weir__repeat_command(uint64_t seed);

/* "seed 7; repeat with: ...\n"; "" where the test prints a command of its own. */
const char *weir__seed_line(const weir_cluster *cluster);

/* ---- Threads that cannot go on (crash.c) ---- */
/* weir_sim_opts.on_crash and on_assertion; user: the cluster. */
bool weir__on_crash(const weir_sim_crash *crash, void *user);
void weir__on_assertion(void *user);
/* "node 'x' of task 0_0, record in-0 at offset 1"; place->node must be there. */
#define WEIR__PLACE_MAX ((size_t)512)
void weir__place_text(const weir__snapshot_place *place, char *out, size_t size);
/* Fails the test for the thread that was given up. */
void weir__crash_fail(weir_cluster *cluster);

/* ---- Waiting (wait.c) ---- */
/* Until `until` is false or the time has come; true: it is false. */
bool weir__wait_while(const atomic_bool *busy, const weir_host *host, int64_t bound_ms);
bool weir__brokers_failed(weir_cluster *cluster);
/* A topic that the global tables of a running instance have not read whole; NULL: none. */
const char *weir__global_topic_behind(const weir_instance *instance);

/* ---- Serdes (codec.c) ---- */
/* `*out` NULL for the null slice; lies in the cluster's arena, `in` must too. */
weir_err weir__codec_decode(weir_cluster *cluster, const weir_serde *serde, weir_slice in,
                            const void **out, weir_error *error);
/* Bytes in `arena` (the cluster's or scratch); the null slice for NULL. */
weir_err weir__codec_encode(weir__arena *arena, const weir_serde *serde, const void *in,
                            weir_slice *out, weir_error *error);
/* Its C type is weir_slice, as far as can be known of a serde of the test's own. */
bool weir__codec_takes_text(const weir_serde *serde);
/* WEIR_EINVAL where a weir_slice is expected and `decoded` cannot be one; a C string seldom can. */
weir_err weir__codec_check_slice(const weir_serde *serde, const void *decoded, weir_error *error);

/* ---- Input (input.c) ---- */
void weir__inputs_flush(weir_cluster *cluster);
void weir__inputs_close(weir_cluster *cluster);

/* ---- Rows (rows.c) ---- */
weir_slice weir__kept(weir__arena *arena, weir_slice bytes); /* a copy */
/* Takes the bytes (which lie in the arena), decodes them; position and time come from `row`. */
weir_err weir__rows_append(weir_rows *rows, weir_slice key, weir_slice value, const weir_row *row,
                           weir_error *error);
void weir__rows_push(weir_rows *rows, weir__entry *entry);
void weir__rows_sort(weir_rows *rows); /* by key bytes */
void weir__rows_free(weir_rows *rows);
/* The last value a key, by key bytes, without nulls. */
weir_rows *weir__rows_as_table(const weir_rows *rows);

/* ---- Output (output.c) ---- */
void weir__outputs_free(weir_cluster *cluster);

/* ---- Instances (instance.c) ---- */
/* Runs job(instance, arg) on the instance's host and waits; false: not done within the bound. */
bool weir__instance_do(weir_instance *instance, void (*job)(weir_instance *instance, void *arg),
                       void *arg, int64_t bound_ms);
weir_instance *weir__instance_of_host(const weir_host *host);
/* Any thread. */
void weir__instance_complain(weir_instance *instance, const char *text);
void weir__instance_set_opts(weir_instance *instance, const weir_instance_opts *opts);
/* Just before its host crashes: keeps the disk, gives up the rest. */
void weir__instance_crashed(weir_instance *instance, weir_disk disk);
void weir__instance_free(weir_instance *instance);
/* Closes or, if it does not, crashes. */
void weir__instance_end(weir_instance *instance);
/* The app callbacks of the driver around those of the user (callbacks.c). */
weir_app_opts weir__instance_callbacks(weir_instance *instance);

/* ---- Explanation (explain.c) ---- */
/* Records of a partition that are not yet committed; *committed, *end may be NULL. */
int64_t weir__partition_lag(weir_cluster *cluster, const char *topic, int32_t partition,
                            int64_t *committed, int64_t *end);

/* Threads that wait inside of a callback: where and for what, a line each. */
void weir__explain_callbacks(weir_cluster *cluster, weir_buf *out);

/* ---- Trace (trace.c) ---- */
void weir__cluster_vtrace(weir_cluster *cluster, const char *kind, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
void weir__trace_from_environment(weir_cluster *cluster);
void weir__trace_end(weir_cluster *cluster);

/* ---- Branches (branch.c) ---- */
/* Makes the directories; sets the root. */
weir_err weir__branches_prepare(weir_cluster *cluster, weir_error *error);
void weir__branches_end(weir_cluster *cluster);

/* ---- Files (files.c) ---- */
weir_err weir__folder_make(const char *path, weir_error *error);
weir_err weir__folder_copy(const char *from, const char *to, weir_error *error);
/* The same, but with what no longer changes in common. */
weir_err weir__folder_branch(const char *from, const char *to, weir_error *error);
void weir__folder_remove(const char *path);
/* A fresh directory in memory if there is such a place. */
weir_err weir__folder_fresh(char *path, size_t size, weir_error *error);

/* warm_up.c */
/* Before the first cluster of a process, with its backend; then nothing. */
weir_err weir__warm_up(weir_sim_backend backend, weir_error *error);

#endif
