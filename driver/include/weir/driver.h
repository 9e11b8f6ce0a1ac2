/* SPDX-License-Identifier: Apache-2.0
 *
 * The cluster driver: the real runtime on a mock Kafka cluster, in virtual time, from one seed.
 *
 *     weir_cluster *cluster = weir_cluster_new(&(weir_cluster_opts){.seed = 7}, &error);
 *     weir_input lines = weir_cluster_input(cluster, "lines", 4, &weir_string, &weir_string);
 *     weir_cluster_topic_create(cluster, "word-counts", 4);
 *     weir_instance *a = weir_cluster_start(cluster, "a", word_count, NULL);
 *     weir_input_text(lines, NULL, "hello world");
 *     weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
 *     weir_output counts = weir_cluster_output(cluster, "word-counts", &weir_string, &weir_i64);
 *     weir_assert_same_rows(weir_output_table(counts), expected);
 *     weir_cluster_free(cluster);
 *
 * A process has at most one cluster at a time; its run does not depend on earlier clusters. Only
 * the thread that made the cluster may make these calls, except where they say "Any thread": any
 * other call in a callback of an instance fails the test, as a crash there does. Virtual time
 * passes only in calls that say that they wait. Everything that the driver returns (handles,
 * instances, rows, texts) is valid until weir_cluster_free.
 *
 * Only one thread runs at a time. What the test shares with callbacks (of a topology or of an
 * application) needs no lock: a call that waits orders what the test did before it, what the
 * callbacks do during it, and what the test does after it. What the callbacks of two stream threads
 * share needs a lock, as in production; without one ThreadSanitizer reports a race
 * (docs/debugging.md).
 *
 * A call that fails and has no `error` fails the test through weir_cluster_opts.on_failure, with
 * file and line of the call: each function is also a macro that passes them
 * (weir/driver_places.h). A NULL argument where a value is required fails the test in the same
 * way: "weir_rows_at: rows is NULL". If weir_cluster_new failed, a call with the NULL that it
 * returned calls the on_failure of its opts. */
#ifndef WEIR_DRIVER_H
#define WEIR_DRIVER_H

#include <stdio.h>

#include <weir/driver_io.h>
#include <weir/event.h>
#include <weir/mockbroker.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_SECONDS(n) ((int64_t)(n)*1000)
#define WEIR_MINUTES(n) ((int64_t)(n)*60000)

/* ---- Cluster ------------------------------------------------------------------------------ */

typedef struct weir_cluster weir_cluster;

/* Scheduling policy: which of several runnable threads runs next. */
typedef enum weir_policy {
    WEIR_POLICY_DEFAULT, /* WEIR_POLICY of the environment (fifo, random, pct), else fifo */
    WEIR_POLICY_FIFO,    /* the one that has waited longest */
    WEIR_POLICY_RANDOM,  /* any, from the seed; also switches at locks, clock reads and writes */
    WEIR_POLICY_PCT,     /* probabilistic concurrency testing (Burckhardt et al., ASPLOS 2010):
                            random priorities, which change at a few points */
} weir_policy;

/* How threads run; the same for all clusters of a process. */
typedef enum weir_threads {
    WEIR_THREADS_DEFAULT,  /* WEIR_THREADS of the environment (borrowed, real), else borrowed; real
                              under ThreadSanitizer */
    WEIR_THREADS_BORROWED, /* all on one OS thread, switched in user space: fast */
    WEIR_THREADS_REAL,     /* an OS thread for each, which run one at a time: for debuggers;
                              always used under valgrind */
} weir_threads;

/* 2023-11-14T22:13:20Z, as in the synchronous driver. */
#define WEIR_CLUSTER_START_MS ((int64_t)1700000000000)
/* One day after the beginning of 1970: librdkafka and the runtime subtract timeouts and ages (of
 * metadata, state, back-off) from their wall clock, and a time before 1970 means "not given" or is
 * refused in the Kafka protocol. */
#define WEIR_CLUSTER_START_MIN_MS ((int64_t)86400000)
/* The year 2060: with the longest run, nanoseconds still fit into 64 bits. */
#define WEIR_CLUSTER_START_MAX_MS ((int64_t)2840140800000)

typedef struct weir_cluster_opts {
    int brokers;   /* 0: 3 */
    uint64_t seed; /* 0: $WEIR_SEED, else drawn once per process; reported on failure */
    weir_policy policy;
    weir_threads threads;
    bool auto_create_topics;        /* a metadata request creates a missing topic; default: no */
    int64_t group_initial_delay_ms; /* group.initial.rebalance.delay.ms */
    int64_t log_bytes_max;          /* of all logs of the brokers together; 0: 256 MiB */
    const char *application;        /* application.id; NULL: "app" */
    const char *const *config;      /* name, value, ..., NULL: settings of every instance */
    const char *directory;      /* parent of the state directories: must exist; NULL: a new one in
                                   memory (/dev/shm, else TMPDIR), removed at the end */
    bool branches;              /* weir_cluster_branch may be called; `directory` must be NULL */
    weir_input_time start;      /* wall clock of all hosts at virtual time 0: WEIR_AT(ms), ms from
                                   WEIR_CLUSTER_START_MIN_MS to
                                   WEIR_CLUSTER_START_MAX_MS; zeros:
                                   WEIR_CLUSTER_START_MS */
    int64_t max_virtual_ms;     /* a longer run fails; 0: 24 hours; at most 200 years */
    int64_t livelock_ms;        /* longer without progress fails; 0: 1 hour */
    const char *repeat_command; /* reported on failure; "": none, if on_failure reports its own;
                                   NULL: "WEIR_SEED=7 <this program>" */
    weir_failure_fn on_failure; /* NULL: prints, aborts. See weir/driver_cmocka.h */
    void *user;
} weir_cluster_opts;

/* Starts the simulation and the brokers; `opts` NULL: defaults. Copied. NULL on failure. */
WEIR_API weir_cluster *weir_cluster_new(const weir_cluster_opts *opts, weir_error *error);
/* Closes the instances that still run, ends the simulation and removes the state directories. Also
 * allowed after a test that failed half-way. NULL allowed. Waits. At the end it fails the test if a
 * rule never fired (weir_cluster_fault_add). */
WEIR_API void weir_cluster_free(weir_cluster *cluster);

/* The seed of the run. Any thread. */
WEIR_API uint64_t weir_cluster_seed(const weir_cluster *cluster);
/* The application.id of the instances. Any thread. */
WEIR_API const char *weir_cluster_application(const weir_cluster *cluster);
/* The mock cluster, for calls about brokers: topics, leaders, coordinators, broker faults. Any
 * thread. */
WEIR_API weir_mock *weir_cluster_mock(weir_cluster *cluster);
/* Virtual time, ms, from 0. Any thread. */
WEIR_API int64_t weir_cluster_now_ms(const weir_cluster *cluster);
/* The wall clock, ms since 1970: the default timestamp of inputs. The same as weir_cluster_now_ms
 * plus the start (weir_cluster_opts.start), without the skews of hosts (weir_host_skew). Any
 * thread. */
WEIR_API int64_t weir_cluster_wall_clock_ms(const weir_cluster *cluster);
/* A random number from the seed, independent of thread scheduling: for times, sizes, choices.
 * Any thread. */
WEIR_API uint64_t weir_cluster_random(weir_cluster *cluster);
/* weir_cluster_opts.repeat_command. Any thread. */
WEIR_API const char *weir_cluster_repeat_command(const weir_cluster *cluster);

/* ---- Topics ------------------------------------------------------------------------------- */

/* A topic to write to. It is created unless it exists; an existing one must have that many
 * partitions. The serdes are those of this handle: topics contain bytes, so that texts may be sent
 * with weir_string to a topic that the application reads as JSON. */
WEIR_API weir_input weir_cluster_input(weir_cluster *cluster, const char *topic, int32_t partitions,
                                       const weir_serde *key, const weir_serde *value);

/* Administration of any topic (repartition topics and changelogs too), as by an operator. Instances
 * see the change after their next metadata request. All these calls wait for records already sent.
 */
/* Creates a topic, for example one that the application writes to. An existing one must have that
 * many partitions. */
WEIR_API void weir_cluster_topic_create(weir_cluster *cluster, const char *topic,
                                        int32_t partitions);
/* Adds partitions, up to `partitions` in all, which must be more than before. Records without a key
 * use all of them. */
WEIR_API void weir_cluster_topic_grow(weir_cluster *cluster, const char *topic, int32_t partitions);
/* Deletes a topic with its records and committed offsets; weir_cluster_input creates it again. */
WEIR_API void weir_cluster_topic_delete(weir_cluster *cluster, const char *topic);
/* Deletes the first records of a partition, as retention does, until `left` records are left. Not
 * for a topic that is only compacted. */
WEIR_API void weir_cluster_topic_trim(weir_cluster *cluster, const char *topic, int32_t partition,
                                      int64_t left);

/* Compacts all partitions of a topic now (weir_mock_partition_compact). Waits. */
WEIR_API void weir_cluster_topic_compact(weir_cluster *cluster, const char *topic);

/* A topic to read from. It must exist when it is read, but not yet when the handle is made:
 * weir_cluster_topic_create. JSON can be read with weir_string, as text. A deleted topic keeps the
 * rows that were read before. Rows are the records in the brokers' log: a record that the
 * application wrote with timestamp 0 has timestamp 1 (weir_forward). */
WEIR_API weir_output weir_cluster_output(weir_cluster *cluster, const char *topic,
                                         const weir_serde *key, const weir_serde *value);
/* For expected rows: makes an empty list. */
WEIR_API weir_rows *weir_rows_new(weir_cluster *cluster, const weir_serde *key,
                                  const weir_serde *value);

/* ---- Instances ---------------------------------------------------------------------------- */

typedef struct weir_instance weir_instance;
typedef struct weir_host weir_host;

/* Zeros: defaults. */
typedef struct weir_instance_opts {
    int threads;               /* num.stream.threads */
    const char *const *config; /* name, value, ..., NULL: wins over the cluster's */
    /* Called after the driver's own callbacks, on the instance's threads. Data that these callbacks
     * share with each other needs no lock in a test: ThreadSanitizer does not check them. */
    weir_app_opts app;
    /* Builds the topology with `build_user`; weir_cluster_start then takes no function (NULL). */
    weir_topology_build_fn build;
    void *build_user;
} weir_instance_opts;

/* Makes a host of that name and starts an instance of the application on it. Returns when
 * weir_app_start has returned: stream threads run, tasks are not yet assigned. Waits. */
WEIR_API weir_instance *weir_cluster_start(weir_cluster *cluster, const char *name,
                                           weir_topology_fn topology,
                                           const weir_instance_opts *opts);
/* The same, for tests of a failing start: returns NULL and sets *error. */
WEIR_API weir_instance *weir_cluster_try_start(weir_cluster *cluster, const char *name,
                                               weir_topology_fn topology,
                                               const weir_instance_opts *opts, weir_error *error);
/* The instance of that name, also while it starts; NULL: no such instance. Any thread. */
WEIR_API weir_instance *weir_cluster_instance(const weir_cluster *cluster, const char *name);
/* Any thread. */
WEIR_API const char *weir_instance_name(const weir_instance *instance);
/* The current host: a restart after a crash makes a new host. Any thread. */
WEIR_API weir_host *weir_instance_host(const weir_instance *instance);
/* The state of the instance's application; NOT_RUNNING if it is closed or its host crashed. Any
 * thread. */
WEIR_API weir_state weir_instance_state(const weir_instance *instance);
/* weir_app_dropped_records of the instance's application since its last start; 0 if it does not
 * run. */
WEIR_API size_t weir_instance_dropped_records(const weir_instance *instance,
                                              weir_dropped_records *out, size_t max);
/* The path of the instance's present state directory. */
WEIR_API const char *weir_instance_directory(const weir_instance *instance);
/* Closes the instance (weir_app_close). WEIR_ETIMEOUT: it is still closing after timeout_ms (< 0:
 * no limit). Waits. */
WEIR_API weir_err weir_instance_close(weir_instance *instance, int64_t timeout_ms);
/* Starts the instance again after a crash or close, with the state directory that is left. Waits.
 */
WEIR_API void weir_instance_restart(weir_instance *instance);
/* The same with other options; NULL: as before. */
WEIR_API void weir_instance_restart_with(weir_instance *instance, const weir_instance_opts *opts);
/* Empties the state directory of an instance that is closed or crashed. */
WEIR_API void weir_instance_wipe(weir_instance *instance);

/* ---- Faults ------------------------------------------------------------------------------- */

/* These calls do not wait. Any thread: a fault can hit at a step (weir_app_opts.on_step). */

typedef enum weir_disk {
    WEIR_DISK_AS_IT_WAS, /* a restart finds the state directory as it was at this moment */
    WEIR_DISK_WIPED,     /* a restart finds an empty one */
} weir_disk;

/* A power failure: the host's threads never run again, its connections are reset. Does not
 * return if the caller is a thread of the host. */
WEIR_API void weir_host_crash(weir_host *host, weir_disk disk);
/* Stops all threads of the host while time passes elsewhere (long GC, SIGSTOP). */
WEIR_API void weir_host_pause(weir_host *host);
/* Ends weir_host_pause; threads continue where they were. */
WEIR_API void weir_host_resume(weir_host *host);
/* A network partition: no data passes between the host and the brokers until weir_host_heal. */
WEIR_API void weir_host_partition(weir_host *host);
/* Ends weir_host_partition. */
WEIR_API void weir_host_heal(weir_host *host);
/* The same between the host and one broker (1..n). */
WEIR_API void weir_host_partition_from(weir_host *host, int32_t broker);
/* Ends weir_host_partition_from. */
WEIR_API void weir_host_heal_from(weir_host *host, int32_t broker);
/* Sets the latency of each direction, to all brokers; >= 0. */
WEIR_API void weir_host_latency(weir_host *host, int64_t ms);
/* Resets the host's connections to the brokers, once. */
WEIR_API void weir_host_reset_connections(weir_host *host);
/* Sets the host's wall clock ahead by `ms`; it must stay within 1970 to 2262. */
WEIR_API void weir_host_skew(weir_host *host, int64_t ms);

/* Adds a rule that makes chosen requests fail (weir_mock_fault_add): an error, a delay, a lost
 * request or answer, a broken connection. With an instance (NULL: no matter whose) only requests of
 * its clients count, also after a restart; fault->client_id must then be NULL. These are the
 * clients whose client.id begins with the instance's name and "-". Returns the number of the rule.
 * A wrong rule fails the test. So does, in weir_cluster_free, a rule that has never fired and is
 * not optional: the test would pass without the fault that it is about. */
WEIR_API int weir_cluster_fault_add(weir_cluster *cluster, const weir_instance *instance,
                                    const weir_mock_fault *fault);
/* How often the rule has fired. A number that is no rule's fails the test. */
WEIR_API int64_t weir_cluster_fault_fired(const weir_cluster *cluster, int fault);
/* Ends the rule: it fires no more. */
WEIR_API void weir_cluster_fault_remove(weir_cluster *cluster, int fault);

/* ---- Branches ----------------------------------------------------------------------------- */

/* Copies the cluster into a new process (a fork): brokers, instances, data in flight, timers, state
 * directories. Both processes continue from here, and neither affects the other. Returns 0 in the
 * branch; > 0: the branch's process id, for waitpid; -1: *error. Any thread of the simulation, also
 * in the callbacks of an instance (weir_app_opts.on_step: exactly at that step). In the branch all
 * threads continue, including the one that made the cluster. `reseed`: from here on the branch
 * makes other choices (schedule, faults, weir_cluster_random), the same for the same number; 0: the
 * choices that the run would have made. The run itself continues as if it had not branched. */
WEIR_API int weir_cluster_branch(weir_cluster *cluster, uint64_t reseed, weir_error *error);
/* Ends a branch, instead of weir_cluster_free and exit: writes coverage and removes its
 * directories, nothing else. Any thread. */
WEIR_API void weir_cluster_branch_end(weir_cluster *cluster, int status) __attribute__((noreturn));

/* ---- Waiting ------------------------------------------------------------------------------ */

/* Must not wait. It is called again after each event of the simulation, by the test's thread, and
 * may read without a lock what callbacks write. ThreadSanitizer does not check it. */
typedef bool (*weir_predicate)(weir_cluster *cluster, void *arg);

/* Lets time pass until the predicate is true; returns false when it is not within `bound_ms`. */
WEIR_API bool weir_cluster_run_until(weir_cluster *cluster, weir_predicate predicate, void *arg,
                                     int64_t bound_ms);
/* Lets that much time pass. */
WEIR_API void weir_cluster_run_for(weir_cluster *cluster, int64_t ms);
/* Lets time pass until the predicate is true. If it is not within `bound_ms`, the test fails with
 * the place and the text of weir_cluster_explain. The test fails at once when no instance can make
 * progress (each is in state ERROR, closed or crashed), or a predicate of this header waits and
 * none was started. */
#define weir_run_until(cluster, predicate, bound_ms)                                               \
    weir_run_until_with((cluster), predicate, NULL, (bound_ms))
#define weir_run_until_with(cluster, predicate, arg, bound_ms)                                     \
    weir_cluster_run_until_at((cluster), (predicate), (arg), (bound_ms), #predicate, __FILE__,     \
                              __LINE__)
/* What weir_run_until_with calls: `text` is the predicate's, for the failure. */
WEIR_API bool weir_cluster_run_until_at(weir_cluster *cluster, weir_predicate predicate, void *arg,
                                        int64_t bound_ms, const char *text, const char *file,
                                        int line);

/* At least one instance is alive, and all instances that are alive are RUNNING. */
WEIR_API bool weir_all_running(weir_cluster *cluster, void *unused);
/* weir_all_running is true; the group is stable and has no crashed members (their tasks are
 * assigned to other members); every record of source and repartition topics is processed and
 * committed; and the global tables of each instance have every record of their topics. */
WEIR_API bool weir_caught_up(weir_cluster *cluster, void *unused);

/* Describes what the cluster waits for: states, tasks, dropped records, lag per partition, groups,
 * and the next timers if an instance runs. May wait for a short time. */
WEIR_API const char *weir_cluster_explain(weir_cluster *cluster);

/* ---- Stores and failures ------------------------------------------------------------------ */

/* The present contents of a store on all instances that are alive (weir_store_view). */
WEIR_API weir_store_view weir_cluster_store(weir_cluster *cluster, const char *store,
                                            const weir_serde *key, const weir_serde *value);
/* Fails the test with your own message; adds the place, the seed and the command that repeats it.
 * Any thread. */
#define weir_cluster_fail(cluster, ...)                                                            \
    weir_cluster_fail_at((cluster), __FILE__, __LINE__, __VA_ARGS__)
/* What weir_cluster_fail calls, with the place. */
WEIR_API void weir_cluster_fail_at(weir_cluster *cluster, const char *file, int line,
                                   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* ---- Trace -------------------------------------------------------------------------------- */

/* The events (weir/event.h) are the steps of the runtime (docs/steps.md), changes of state, actions
 * of brokers, faults. "produce" has the checksum (CRC32C, as in the batch) of the keys, values,
 * headers and timestamps that were appended: to output topics, to repartition topics, and to
 * changelogs, which contain all writes to stores. A run that produces other records therefore has
 * another trace hash. WEIR_TRACE=file in the environment writes all events without a change to the
 * program, as JSON lines when the name ends in ".jsonl". The file has the clusters of a program one
 * after the other, each from time 0. */

/* Calls fn for each event, on the thread that causes it; fn must not wait or call the driver. NULL:
 * no more calls. */
WEIR_API void weir_cluster_on_event(weir_cluster *cluster,
                                    void (*fn)(const weir_event *event, void *user), void *user);
/* Adds an event of your own. Any thread of the simulation. The text must not contain addresses. */
WEIR_API void weir_cluster_trace(weir_cluster *cluster, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Hash of all events and thread switches so far: the same for the same seed and program. Events
 * have hashes of what is produced and of changes of stores, so another output gives another hash.
 */
WEIR_API uint64_t weir_cluster_trace_hash(const weir_cluster *cluster);
typedef enum weir_trace_form { WEIR_TRACE_TEXT, WEIR_TRACE_JSON_LINES } weir_trace_form;
/* Writes each event to `out` when it happens; NULL ends it. Borrows `out`. */
WEIR_API void weir_cluster_trace_to(weir_cluster *cluster, FILE *out, weir_trace_form form);

#ifdef __cplusplus
}
#endif

#include <weir/driver_places.h>

#endif
