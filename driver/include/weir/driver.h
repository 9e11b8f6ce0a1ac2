/* SPDX-License-Identifier: Apache-2.0
 *
 * The cluster driver: the real runtime on a mock Kafka cluster, in virtual time, from one seed.
 *
 *     weir_cluster *cluster = weir_cluster_new(&(weir_cluster_opts){.seed = 7}, &error);
 *     weir_input lines = weir_cluster_input(cluster, "lines", 4, &weir_string, &weir_string);
 *     weir_instance *a = weir_cluster_start(cluster, "a", word_count, NULL);
 *     weir_input_text(lines, NULL, "hello world");
 *     weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
 *     weir_output counts = weir_cluster_output(cluster, "word-counts", &weir_string, &weir_i64);
 *     weir_assert_same_rows(weir_output_table(counts), expected);
 *     weir_cluster_free(cluster);
 *
 * One cluster at a time in a process; its run does not depend on those before it. All calls are for
 * the thread that made it, except where they say otherwise; time passes only in calls that say that
 * they wait. A call that cannot do what it should (and has no `error`) fails the test through
 * weir_cluster_opts.on_failure. So does NULL where something is needed: "weir_rows_at: rows is
 * NULL". A cluster that could not be made is such a NULL: the first call with it tells the
 * on_failure that it was to have. Everything that the driver hands out (handles, instances, rows,
 * texts) is valid until weir_cluster_free. */
#ifndef WEIR_DRIVER_H
#define WEIR_DRIVER_H

#include <stdio.h>

#include <weir/mockbroker.h>
#include <weir/processor.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_SECONDS(n) ((int64_t)(n)*1000)
#define WEIR_MINUTES(n) ((int64_t)(n)*60000)

/* ---- Cluster ------------------------------------------------------------------------------ */

typedef struct weir_cluster weir_cluster;

/* Which thread runs next where several could. */
typedef enum weir_policy {
    WEIR_POLICY_DEFAULT, /* WEIR_POLICY of the environment (fifo, random, pct), else fifo */
    WEIR_POLICY_FIFO,    /* the one that waits longest */
    WEIR_POLICY_RANDOM,  /* any, from the seed; switches at locks, clock reads and writes too */
    WEIR_POLICY_PCT,     /* seeded priorities with a few change points */
} weir_policy;

/* The same for all clusters of a process. */
typedef enum weir_threads {
    WEIR_THREADS_DEFAULT,  /* WEIR_THREADS of the environment (borrowed, real), else borrowed; real
                              under ThreadSanitizer */
    WEIR_THREADS_BORROWED, /* switched in user space: fast */
    WEIR_THREADS_REAL,     /* real ones, one at a time: for debuggers; always so under valgrind */
} weir_threads;

/* Told why a test fails, on the thread that made the cluster; the message begins with the seed and
 * the command that repeats the run. Where: the assertion's place, or NULL and 0. It should end the
 * test (longjmp, exit); when it returns the call that failed returns NULL, false, 0 or an empty
 * list.
 *
 * A thread of an instance that crashes (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT), calls exit or
 * fails an assertion of cmocka is a failure, too: seed, host, thread, node, task, record and a
 * backtrace go to stderr at once, the thread's host is crashed, and this is called. The program
 * ends where it cannot go on: without this function, in a library's pool of threads, in the middle
 * of malloc or free. Handlers of signals that the program or a sanitizer has installed are called
 * then; those installed while a cluster is alive are kept until it is freed.
 *
 * So is a thread that uses 10 s of processor time (30 s under sanitizers, 200 s under valgrind)
 * without giving way, in an endless loop, say, or that sleeps as long in a call of the kernel that
 * the simulation does not cover. WEIR_WATCHDOG=seconds in the environment is another limit, 0:
 * none; there is none while a debugger is attached. The test's own thread may take as long as it
 * likes. */
typedef void (*weir_failure_fn)(const char *file, int line, const char *message, void *user);

typedef struct weir_cluster_opts {
    int brokers;   /* 0: 3 */
    uint64_t seed; /* 0: WEIR_SEED of the environment, else drawn once a process; told on failure */
    weir_policy policy;
    weir_threads threads;
    bool auto_create_topics;        /* by a look at a topic's metadata; default: never */
    int64_t group_initial_delay_ms; /* group.initial.rebalance.delay.ms */
    const char *application;        /* application.id; NULL: "app" */
    const char *const *config;      /* name, value, ..., NULL: settings of every instance */
    const char *directory;  /* where state directories go: must exist; NULL: a fresh one in memory
                               (/dev/shm, else TMPDIR), removed at the end */
    bool branches;          /* weir_cluster_branch may be called; `directory` must be NULL */
    int64_t max_virtual_ms; /* a longer run fails; 0: 24 hours; at most 200 years */
    int64_t livelock_ms;    /* so long without progress fails; 0: 1 hour */
    const char *repeat_command; /* told on failure; "": none, for who tells one of its own; NULL:
                                   "WEIR_SEED=7 <this program>" */
    weir_failure_fn on_failure; /* NULL: prints, aborts. See weir/driver_cmocka.h */
    void *user;
} weir_cluster_opts;

/* Starts the simulation and the brokers; `opts` NULL: defaults. Copied. NULL on failure. */
WEIR_API weir_cluster *weir_cluster_new(const weir_cluster_opts *opts, weir_error *error);
/* Closes what still runs, ends the simulation, removes the state directories. Also right after a
 * test that failed half-way. NULL allowed. Waits. */
WEIR_API void weir_cluster_free(weir_cluster *cluster);

WEIR_API uint64_t weir_cluster_seed(const weir_cluster *cluster);
WEIR_API const char *weir_cluster_application(const weir_cluster *cluster);
/* For what is the brokers' own: topics, leaders, coordinators, broker faults. */
WEIR_API weir_mock *weir_cluster_mock(weir_cluster *cluster);
WEIR_API int64_t weir_cluster_now_ms(const weir_cluster *cluster); /* virtual, from 0 */
/* From the seed, and independent of how threads are scheduled: for moments, sizes, choices. */
WEIR_API uint64_t weir_cluster_random(weir_cluster *cluster);
/* weir_cluster_opts.repeat_command. */
WEIR_API const char *weir_cluster_repeat_command(const weir_cluster *cluster);

/* ---- Input -------------------------------------------------------------------------------- */

typedef struct weir_input {
    weir_cluster *cluster;
    struct weir__input_topic *topic;
} weir_input;

/* A topic to write to; created unless it exists (then with that many partitions). */
WEIR_API weir_input weir_cluster_input(weir_cluster *cluster, const char *topic, int32_t partitions,
                                       const weir_serde *key, const weir_serde *value);

/* What becomes of any topic (repartition topics and changelogs too), as an operator does it; the
 * instances learn of it when they look at metadata again. All wait for records already sent. */
/* To `partitions` in all: more than there are. Records without a key use them all. */
WEIR_API void weir_cluster_topic_grow(weir_cluster *cluster, const char *topic, int32_t partitions);
/* With its records and committed offsets; weir_cluster_input makes it anew. */
WEIR_API void weir_cluster_topic_delete(weir_cluster *cluster, const char *topic);
/* Drops the first records of a partition, as retention does, until `left` are left. Not those of a
 * topic that is only compacted. */
WEIR_API void weir_cluster_topic_trim(weir_cluster *cluster, const char *topic, int32_t partition,
                                      int64_t left);

/* Compacts all partitions of a topic now (weir_mock_partition_compact). Waits. */
WEIR_API void weir_cluster_topic_compact(weir_cluster *cluster, const char *topic);

/* Timestamp of a record: WEIR_AT(0), WEIR_AT(-1). Zeros: the input's time. */
typedef struct weir_input_time {
    int64_t ms;
    bool given;
} weir_input_time;
#define WEIR_AT(time_ms) ((weir_input_time){.ms = (time_ms), .given = true})

/* Everything of a record; zeros: defaults. */
typedef struct weir_input_record {
    const void *key;    /* decoded form; NULL: null */
    const void *value;  /* the same */
    weir_input_time at; /* zeros: the input's time (weir_input_set_time) */
    const weir_header *headers;
    size_t header_count;
} weir_input_record;

/* Records are copied and sent; they are acknowledged when the next call that waits begins to wait.
 * The partition is by murmur2 of the key; records without a key take each in turn. */
WEIR_API void weir_input_send(weir_input input, const weir_input_record *record);
WEIR_API void weir_input_send_to(weir_input input, int32_t partition,
                                 const weir_input_record *record);
/* Shorthands for weir_input_send. A key or value of weir_string or weir_bytes is a pointer to a
 * weir_slice; most C strings passed in its place are noticed, and fail the test. */
WEIR_API void weir_input_pipe(weir_input input, const void *key, const void *value);
/* `count` records; arrays of the serdes' C types; `keys` NULL: null keys. */
WEIR_API void weir_input_list(weir_input input, const void *keys, const void *values, size_t count);
/* These are for topics whose serdes decode to weir_slice, and fail the test for others. A NULL text
 * is null. */
WEIR_API void weir_input_text(weir_input input, const char *key, const char *value);
/* Each line of a text or file as a value without key; returns how many. */
WEIR_API size_t weir_input_lines(weir_input input, const char *text);
WEIR_API size_t weir_input_file(weir_input input, const char *path);
/* Timestamp of the next record, and what is added after each, up to the ends of int64. Any time
 * counts, 0 too. At first: virtual wall clock. */
WEIR_API void weir_input_set_time(weir_input input, int64_t next_ms, int64_t advance_ms);
/* From now on the virtual wall clock again. */
WEIR_API void weir_input_follow_clock(weir_input input);

/* ---- Rows --------------------------------------------------------------------------------- */

/* A record of a topic or an entry of a store. */
typedef struct weir_row {
    const void *key;   /* decoded; NULL: null */
    const void *value; /* decoded; NULL: null */
    int64_t timestamp_ms;
    int32_t partition; /* -1: not from a topic */
    int64_t offset;    /* -1: not from a topic */
    const weir_header *headers;
    size_t header_count;
    const char *task; /* "1_0" for entries of stores, else NULL */
} weir_row;

typedef struct weir_rows weir_rows;

WEIR_API size_t weir_rows_size(const weir_rows *rows);
WEIR_API const weir_row *weir_rows_at(const weir_rows *rows, size_t index);
/* The last row with that key, or NULL; `key` decoded, NULL: null. */
WEIR_API const weir_row *weir_rows_find(const weir_rows *rows, const void *key);
/* The same for keys that decode to weir_slice; fails the test for others. */
WEIR_API const weir_row *weir_rows_find_text(const weir_rows *rows, const char *key);

/* To write down what is expected: an empty list, and what goes into it. */
WEIR_API weir_rows *weir_rows_new(weir_cluster *cluster, const weir_serde *key,
                                  const weir_serde *value);
WEIR_API void weir_rows_add(weir_rows *rows, const void *key, const void *value);
/* Replaces the value of a key that is there. */
WEIR_API void weir_rows_put(weir_rows *rows, const void *key, const void *value);
/* Adds to the number of a key (values: weir_i64). */
WEIR_API void weir_rows_count(weir_rows *rows, const void *key, int64_t by);

/* One line: `'hello' => 3`; "(no row)" for NULL. A serde with `print` shows its values itself. */
WEIR_API const char *weir_row_text(const weir_rows *rows, const weir_row *row);
/* What differs, line by line, as tables (last value a key, order ignored) or as lists; NULL: the
 * same. Timestamps, partitions and offsets do not count. */
WEIR_API const char *weir_rows_table_difference(const weir_rows *actual, const weir_rows *expected);
WEIR_API const char *weir_rows_list_difference(const weir_rows *actual, const weir_rows *expected);

/* ---- Output ------------------------------------------------------------------------------- */

typedef struct weir_output {
    weir_cluster *cluster;
    struct weir__output_topic *topic;
} weir_output;

/* A topic to read from. It must exist when it is read, not yet when the handle is made; one that
 * was deleted has the rows that were read before. Rows are what lies on the brokers: what the
 * application wrote at time 0 has the time 1 (weir_forward). */
WEIR_API weir_output weir_cluster_output(weir_cluster *cluster, const char *topic,
                                         const weir_serde *key, const weir_serde *value);
/* The next record not yet seen through `output` or any handle for the same topic, or NULL when
 * there is none now. In order within a partition; of several partitions, lowest first. */
WEIR_API const weir_row *weir_output_next(weir_output output);
WEIR_API weir_rows *weir_output_rest(weir_output output); /* all that are not yet seen */
WEIR_API weir_rows *weir_output_all(weir_output output);  /* all, seen or not */
/* The last value of each key, without those that are null, in order of key bytes. */
WEIR_API weir_rows *weir_output_table(weir_output output);
WEIR_API size_t weir_output_size(weir_output output); /* records in the topic */

/* ---- Instances ---------------------------------------------------------------------------- */

typedef struct weir_instance weir_instance;
typedef struct weir_host weir_host;

/* Zeros: defaults. */
typedef struct weir_instance_opts {
    int threads;               /* num.stream.threads */
    const char *const *config; /* name, value, ..., NULL: wins over the cluster's */
    /* Called after the driver's own, on the instance's threads, of which one runs at a time: what
     * the callbacks share with each other and with the test needs no lock. */
    weir_app_opts app;
} weir_instance_opts;

/* Makes a host of that name and starts an instance of the application on it. Returns when
 * weir_app_start has: stream threads run, tasks are not yet assigned. Waits. */
WEIR_API weir_instance *weir_cluster_start(weir_cluster *cluster, const char *name,
                                           weir_topology_fn topology,
                                           const weir_instance_opts *opts);
/* The same, for tests of what does not start: NULL and *error. */
WEIR_API weir_instance *weir_cluster_try_start(weir_cluster *cluster, const char *name,
                                               weir_topology_fn topology,
                                               const weir_instance_opts *opts, weir_error *error);
/* The instance of that name, also while it starts; NULL: there is none. Any thread. */
WEIR_API weir_instance *weir_cluster_instance(const weir_cluster *cluster, const char *name);
WEIR_API const char *weir_instance_name(const weir_instance *instance);
/* The present one: a restart after a crash gives a new host. Any thread. */
WEIR_API weir_host *weir_instance_host(const weir_instance *instance);
/* NOT_RUNNING when closed or crashed. */
WEIR_API weir_state weir_instance_state(const weir_instance *instance);
/* weir_app_dropped_records of its application since its last start; 0 when it is not alive. */
WEIR_API size_t weir_instance_dropped_records(const weir_instance *instance,
                                              weir_dropped_records *out, size_t max);
/* Its state directory as it is now. */
WEIR_API const char *weir_instance_directory(const weir_instance *instance);
/* Ends it in good order. WEIR_ETIMEOUT: it still closes after timeout_ms (< 0: no limit). Waits. */
WEIR_API weir_err weir_instance_close(weir_instance *instance, int64_t timeout_ms);
/* After a crash or close: starts it again, with the disk that is left. Waits. */
WEIR_API void weir_instance_restart(weir_instance *instance);
/* With other options; NULL: as before. */
WEIR_API void weir_instance_restart_with(weir_instance *instance, const weir_instance_opts *opts);
/* Empties the state directory of one that is closed or crashed. */
WEIR_API void weir_instance_wipe(weir_instance *instance);

/* ---- Faults ------------------------------------------------------------------------------- */

typedef enum weir_disk {
    WEIR_DISK_AS_IT_WAS, /* a restart finds the state directory as it was at this moment */
    WEIR_DISK_WIPED,     /* a restart finds an empty one */
} weir_disk;

/* Power off: its threads never run again, its connections are reset. From any thread; does not
 * return when the caller belongs to the host. */
WEIR_API void weir_host_crash(weir_host *host, weir_disk disk);
/* Its threads stand still while the world goes on (long GC, SIGSTOP). */
WEIR_API void weir_host_pause(weir_host *host);
WEIR_API void weir_host_resume(weir_host *host);
/* Nothing passes between the host and the brokers. */
WEIR_API void weir_host_partition(weir_host *host);
WEIR_API void weir_host_heal(weir_host *host);
/* The same for one broker (1..n). */
WEIR_API void weir_host_partition_from(weir_host *host, int32_t broker);
WEIR_API void weir_host_heal_from(weir_host *host, int32_t broker);
/* Each direction, to all brokers; >= 0. */
WEIR_API void weir_host_latency(weir_host *host, int64_t ms);
/* Breaks its connections once. */
WEIR_API void weir_host_reset_connections(weir_host *host);
/* Its wall clock is that much ahead; it must stay within 1970 to 2262. */
WEIR_API void weir_host_skew(weir_host *host, int64_t ms);

/* ---- Branches ----------------------------------------------------------------------------- */

/* Copies the cluster as it is now into a process of its own (a fork): brokers, instances, what is
 * under way, timers, state directories. Both go on from here, and neither sees the other. 0: this
 * is the branch; > 0: its process id, for waitpid; -1: *error. From any thread of the simulation,
 * also in the callbacks of an instance (weir_app_opts.on_step: at that very step); in the branch
 * all threads go on, the one that made the cluster too. `reseed`: from here on the branch makes
 * other choices (schedule, faults, weir_cluster_random), the same for the same number; 0: those
 * that the run would have made. The run itself goes on as if it had not branched. */
WEIR_API int weir_cluster_branch(weir_cluster *cluster, uint64_t reseed, weir_error *error);
/* How a branch ends, in place of weir_cluster_free and exit: coverage is written, its directories
 * are removed, nothing else happens. Any thread. */
WEIR_API void weir_cluster_branch_end(weir_cluster *cluster, int status) __attribute__((noreturn));

/* ---- Waiting ------------------------------------------------------------------------------ */

/* Must not wait. It is asked whenever something has happened. */
typedef bool (*weir_predicate)(weir_cluster *cluster, void *arg);

/* Lets time pass until the predicate holds; false when it does not within `bound_ms`. */
WEIR_API bool weir_cluster_run_until(weir_cluster *cluster, weir_predicate predicate, void *arg,
                                     int64_t bound_ms);
/* Lets that much time pass. */
WEIR_API void weir_cluster_run_for(weir_cluster *cluster, int64_t ms);
/* Lets time pass until the predicate holds, and fails the test with the place and weir_cluster_
 * explain when it does not; at once when no instance can do anything about it any more (each is in
 * state ERROR, closed or crashed). */
#define weir_run_until(cluster, predicate, bound_ms)                                               \
    weir_run_until_with((cluster), predicate, NULL, (bound_ms))
#define weir_run_until_with(cluster, predicate, arg, bound_ms)                                     \
    weir_cluster_run_until_at((cluster), (predicate), (arg), (bound_ms), #predicate, __FILE__,     \
                              __LINE__)
WEIR_API bool weir_cluster_run_until_at(weir_cluster *cluster, weir_predicate predicate, void *arg,
                                        int64_t bound_ms, const char *text, const char *file,
                                        int line);

/* Every instance that is alive is RUNNING, and there is one. */
WEIR_API bool weir_all_running(weir_cluster *cluster, void *unused);
/* weir_all_running, the group is stable and has no dead members left (others have their tasks), and
 * every record of source and repartition topics is processed and committed, and the global tables
 * of each instance have every record of their topics. */
WEIR_API bool weir_caught_up(weir_cluster *cluster, void *unused);

/* What the cluster waits for, in words: states, tasks, dropped records, lag a partition, groups,
 * timers. May wait a little. */
WEIR_API const char *weir_cluster_explain(weir_cluster *cluster);

/* ---- Stores ------------------------------------------------------------------------------- */

/* A store as its active tasks have it now, on all instances that are alive. The store of a global
 * table as the first of them has it, which knows all of it; its task is "global". */
typedef struct weir_store_view {
    weir_cluster *cluster;
    const char *store;
    const char *task; /* NULL: all, merged */
    const weir_serde *key;
    const weir_serde *value;
} weir_store_view;

WEIR_API weir_store_view weir_cluster_store(weir_cluster *cluster, const char *store,
                                            const weir_serde *key, const weir_serde *value);
/* The part of one task ("1_0"). */
WEIR_API weir_store_view weir_store_view_task(weir_store_view view, const char *task);
/* These wait for the threads that own the store. NULL: no such key. */
WEIR_API const weir_row *weir_store_view_get(weir_store_view view, const void *key);
/* In order of key bytes; both ends included, NULL: open. */
WEIR_API weir_rows *weir_store_view_range(weir_store_view view, const void *from, const void *to);
WEIR_API weir_rows *weir_store_view_all(weir_store_view view);

/* ---- Assertions --------------------------------------------------------------------------- */

/* These print a readable difference, with place and seed, and fail the test. */
#define weir_assert_same_rows(actual, expected)                                                    \
    weir_assert_same_rows_at((actual), (expected), #actual, __FILE__, __LINE__)
#define weir_assert_same_list(actual, expected)                                                    \
    weir_assert_same_list_at((actual), (expected), #actual, __FILE__, __LINE__)
#define weir_assert_size(actual, size)                                                             \
    weir_assert_size_at((actual), (size), #actual, __FILE__, __LINE__)
/* As tables: last value a key. */
WEIR_API void weir_assert_same_rows_at(const weir_rows *actual, const weir_rows *expected,
                                       const char *what, const char *file, int line);
/* As lists: all records, in order. */
WEIR_API void weir_assert_same_list_at(const weir_rows *actual, const weir_rows *expected,
                                       const char *what, const char *file, int line);
WEIR_API void weir_assert_size_at(const weir_rows *actual, size_t size, const char *what,
                                  const char *file, int line);
/* Fails the test with a message of one's own; adds the place, the seed and how to repeat it. */
#define weir_cluster_fail(cluster, ...)                                                            \
    weir_cluster_fail_at((cluster), __FILE__, __LINE__, __VA_ARGS__)
WEIR_API void weir_cluster_fail_at(weir_cluster *cluster, const char *file, int line,
                                   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* ---- Trace -------------------------------------------------------------------------------- */

/* A labelled event: steps of the runtime (docs/steps.md), changes of state, what brokers do,
 * faults. "produce" has the checksum (CRC32C, as in the batch) of the keys, values, headers and
 * timestamps that were appended: to sinks, to repartition topics, and to changelogs, which hold
 * what is written to stores. So a run that produces something else has another trace hash. Texts
 * are borrowed for the call. WEIR_TRACE=file in the environment writes all of them without a change
 * to the program, as JSON lines when the name ends in ".jsonl"; the clusters of a program come one
 * after the other in it, each from time 0. */
typedef struct weir_event {
    int64_t us; /* virtual time from 0 */
    const char *host;
    const char *thread;
    const char *kind;
    const char *detail;
} weir_event;

/* Called on the thread that makes the event; must not wait or call the driver. NULL: no more. */
WEIR_API void weir_cluster_on_event(weir_cluster *cluster,
                                    void (*fn)(const weir_event *event, void *user), void *user);
/* Adds an event of one's own. Any thread of the simulation. No addresses in texts. */
WEIR_API void weir_cluster_trace(weir_cluster *cluster, const char *kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Of all events and thread switches so far: the same for the same seed and program. */
WEIR_API uint64_t weir_cluster_trace_hash(const weir_cluster *cluster);
typedef enum weir_trace_form { WEIR_TRACE_TEXT, WEIR_TRACE_JSON_LINES } weir_trace_form;
/* Writes events as they come; NULL ends it. Borrows `out`. */
WEIR_API void weir_cluster_trace_to(weir_cluster *cluster, FILE *out, weir_trace_form form);

#ifdef __cplusplus
}
#endif
#endif
