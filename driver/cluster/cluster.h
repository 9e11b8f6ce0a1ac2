/* SPDX-License-Identifier: Apache-2.0
 *
 * The internal structures of the cluster driver. Everything belongs to the thread that made the
 * cluster, except the atomic fields and the warnings, which an instance's threads write. */
#ifndef WEIR_DRIVER_CLUSTER_CLUSTER_H
#define WEIR_DRIVER_CLUSTER_CLUSTER_H

#include <pthread.h>
#include <stdatomic.h>

#include "cluster/inspect.h"
#include "common/common.h"
#include "common/files.h"
#include "common/warnings.h"
#include "sim/sim.h"

#define WEIR__INSTANCES_MAX ((size_t)32)
#define WEIR__CHECKERS_MAX ((size_t)8)
#define WEIR__CRASH_SIZE ((size_t)2048)
/* The bound of waits of the driver itself: start, close, a job on an instance's host. */
#define WEIR__RETRY_MS WEIR_MINUTES(5)
/* In this virtual time thread pools of libraries finish their jobs at the end of a simulation. */
#define WEIR__POOLS_REST_US ((int64_t)1000000)
/* A predicate is called at least this often, even if there was no event. */
#define WEIR__ASK_EVERY_US ((int64_t)100000)

typedef enum weir__life { WEIR__ALIVE, WEIR__CLOSED, WEIR__CRASHED } weir__life;

struct weir_instance {
    weir_cluster *cluster;
    char name[WEIR_SIM_NAME_MAX];
    char directory[WEIR__PATH_MAX];
    const char *application; /* its application.id; NULL: it was never built */
    int crashes;
    weir_host *host;
    _Atomic(weir__life) life;
    bool paused;
    uint64_t cut_from; /* bit n: from broker n; bit 0: from all */
    int64_t died_ms;
    _Atomic(weir_state) state;
    weir_topology_fn topology_fn; /* NULL: build */
    weir_topology_build_fn build;
    void *build_user;
    weir_instance_opts opts; /* config: copied */
    weir_config *config;
    weir_topology *topology;
    weir_app *app;
    const char **topics; /* named source topics, then repartition topics: for weir_caught_up */
    size_t topic_count;
    pthread_mutex_t warnings_lock;
    weir__warnings warnings;
    weir_buf words; /* the activity of its threads, as last reported */
    /* A job that runs on the host for the driver (weir__instance_do). */
    void (*job)(struct weir_instance *instance, void *arg);
    void *job_arg;
    atomic_bool busy;
};

struct weir_cluster {
    weir__driver driver; /* first */
    weir_cluster_opts opts;
    int64_t start_ms; /* wall clock at virtual time 0 */
    uint64_t seed;
    char root[WEIR__PATH_MAX];
    bool own_root;
    /* With branches the root is /proc/self/fd/<disk_fd> instead: */
    char base[WEIR__PATH_MAX]; /* parent of the directories of the run and of its branches */
    char disk[WEIR__PATH_MAX]; /* this process's directory in it */
    bool own_base;
    int disk_fd;
    int branches; /* number of branches so far */
    weir_mock *mock;
    weir__producer *producer; /* made with the first input */
    bool unflushed;
    weir_instance *instances[WEIR__INSTANCES_MAX];
    size_t instance_count;
    weir_buf explanation;
    char *repeat;                 /* the command that repeats the run */
    char *seed_line;              /* weir__seed_line */
    char crash[WEIR__CRASH_SIZE]; /* why a thread crashed, in one line; "": none did */
    weir_host *crash_host;        /* the host of that thread */
    void (*on_event)(const weir_event *event, void *user); /* the test's */
    void *event_user;
    struct weir_checker *checkers[WEIR__CHECKERS_MAX];
    size_t checker_count;
    FILE *trace; /* WEIR_TRACE of the environment */
};

/* The cluster of this process, or NULL. */
weir_cluster *weir__cluster_current(void);
/* Copies a NULL-terminated list and its texts into the arena. */
const char *const *weir__copy_list(weir_cluster *cluster, const char *const *list);

/* ---- Failures (fail.c) ---- */
/* weir__driver_fail; NULL allowed. */
#define weir__cluster_fail(cluster, ...) weir__driver_fail((weir__driver *)(cluster), __VA_ARGS__)
/* weir__driver_not_made with the on_failure of `opts`; NULL: forgets it. */
void weir__cluster_not_made(const weir_cluster_opts *opts);
char *weir__repeat_command(uint64_t seed);

/* "seed 7; repeat with: ...\n"; "" if the test prints a command of its own. */
const char *weir__seed_line(const weir_cluster *cluster);

/* ---- Threads that crash (crash.c) ---- */
/* weir_sim_opts.on_crash and on_assertion; user: the cluster. */
bool weir__on_crash(const weir_sim_crash *crash, void *user);
void weir__on_assertion(void *user);
/* "node 'x' of task 0_0, record in-0 at offset 1"; place->node must not be NULL. */
#define WEIR__PLACE_MAX ((size_t)512)
void weir__place_text(const weir__snapshot_place *place, char *out, size_t size);
/* Fails the test because a thread crashed. */
void weir__crash_fail(weir_cluster *cluster);

/* ---- Waiting (wait.c) ---- */
/* Waits until `until` is false, at most until that time; true: it is false. */
bool weir__wait_while(const atomic_bool *busy, const weir_host *host, int64_t bound_ms);
bool weir__brokers_failed(weir_cluster *cluster);
/* True if each instance is closed, crashed or in state ERROR, or there is none. No instance leaves
 * these states by itself, and only the test's thread could start one. */
bool weir__no_instance_works(const weir_cluster *cluster);
/* A topic of which a global table of a running instance has not read all records; NULL: none. */
const char *weir__global_topic_behind(const weir_instance *instance);
/* Calls fn with each topic that its tasks read: `topics`, then those that patterns match now. */
void weir__instance_each_topic(const weir_instance *instance,
                               void (*fn)(const char *topic, void *user), void *user);

/* ---- Operations for weir__driver (topics.c, stores.c) ---- */
/* Each wait of the test begins with it: the input is delivered first, and what the test did is
 * ordered before what the instances do during the wait (weir_sim_order_writes). */
void weir__inputs_flush(weir_cluster *cluster);
void weir__inputs_close(weir_cluster *cluster);
extern const weir__driver_ops weir__cluster_driver_ops;
void weir__cluster_look(weir__driver *driver, weir__look *look);

/* ---- Instances (instance.c) ---- */
/* Runs job(instance, arg) on the instance's host and waits; false: not done within the bound. */
bool weir__instance_do(weir_instance *instance, void (*job)(weir_instance *instance, void *arg),
                       void *arg, int64_t bound_ms);
weir_instance *weir__instance_of_host(const weir_host *host);
/* Any thread. */
void weir__instance_note_warning(weir_instance *instance, const char *text);
/* Appends the last warnings, one a line, each behind `before`. Any thread. */
void weir__instance_put_warnings(weir_buf *out, weir_instance *instance, const char *before);
void weir__instance_set_opts(weir_instance *instance, const weir_instance_opts *opts);
/* Called just before its host crashes: keeps the state directory. The rest is never freed. */
void weir__instance_crashed(weir_instance *instance, weir_disk disk);
void weir__instance_free(weir_instance *instance);
/* Closes the instance; crashes it if it does not close in time. */
void weir__instance_end(weir_instance *instance);
/* The driver's callbacks, which call those of the user (callbacks.c). */
weir_app_opts weir__instance_callbacks(weir_instance *instance);

/* ---- Explanation (explain.c) ---- */
/* Records of a partition that are not yet committed; *committed, *end may be NULL. */
int64_t weir__partition_lag(weir_cluster *cluster, const char *topic, int32_t partition,
                            int64_t *committed, int64_t *end);

/* One line for each thread that waits inside of a callback: the place, and what it waits for. */
void weir__explain_callbacks(weir_cluster *cluster, weir_buf *out);

/* ---- Faults of requests (faults.c) ---- */
/* True: a rule never fired, and the test has not failed yet; `message` says which, with the seed.
 */
bool weir__faults_unfired(const weir_cluster *cluster, char *message, size_t size);

/* ---- Trace (trace.c) ---- */
/* Adds the event to the trace. Sets: kind, `name` of a custom one, instance, application, and what
 * belongs to the kind; the rest is copied out of step, broker or restore for an observer. */
void weir__event_emit(const weir_event *event);
/* Observes the simulation if the test or a checker wants events. */
void weir__events_observe(weir_cluster *cluster);
/* event_text.c, event_hash.c */
const char *weir__event_name(const weir_event *event);
uint64_t weir__event_hash(const weir_event *event);
void weir__cluster_vtrace(weir_cluster *cluster, const char *kind, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));
void weir__trace_from_environment(weir_cluster *cluster);
void weir__trace_end(weir_cluster *cluster);

/* ---- Checkers (checkers.c) ---- */
void weir__checkers_event(const weir_cluster *cluster, const weir_event *event);
/* The instance has a topology: its changelogs are written by its tasks. */
void weir__checkers_topology(const weir_instance *instance);
/* Fails the test after a violation that it was not told of; false: there is none. */
bool weir__checkers_failed(weir_cluster *cluster);
/* The violation that the test was not told of, or NULL; from now on it was. */
const char *weir__checkers_news(const weir_cluster *cluster);
void weir__checkers_end(weir_cluster *cluster);

/* ---- Branches (branch.c) ---- */
/* Makes the directories of a cluster with branches, and sets the root. */
weir_err weir__branches_prepare(weir_cluster *cluster, weir_error *error);
void weir__branches_end(weir_cluster *cluster);

/* warm_up.c */
/* Called before each cluster is started, with its backend. Does its work for the first one only. */
weir_err weir__warm_up(weir_sim_backend backend, weir_error *error);

#endif
