/* SPDX-License-Identifier: Apache-2.0
 *
 * The synchronous driver: a topology in this thread, without brokers and threads, microseconds a
 * record (Kafka's TopologyTestDriver).
 *
 *     weir_sync *sync = weir_sync_new(word_count, NULL, &error);
 *     weir_input lines = weir_sync_input(sync, "lines", &weir_string, &weir_string);
 *     weir_output counts = weir_sync_output(sync, "word-counts", &weir_string, &weir_i64);
 *     weir_input_text(lines, NULL, "hello world");
 *     weir_assert_same_rows(weir_output_table(counts), expected);
 *     weir_sync_free(sync);
 *
 * Tasks, choice of the next record, stores and commits are those of an instance; brokers, groups,
 * threads and restores are not there: weir/driver.h has them. A call that sends records or advances
 * the clock returns when they are processed, and all that they cause is. Time is what the test
 * sets.
 *
 * A driver belongs to one thread at a time; there can be any number of drivers. Everything that it
 * returns is valid until weir_sync_free. A call that fails and has no `error` fails the test
 * through weir_sync_opts.on_failure, also a call with the NULL of a weir_sync_new that failed.
 * After an error of the topology (a record cannot be decoded, a processor fails) nothing more is
 * processed: each later call that processes has the same error.
 *
 * Callbacks of the topology are called on the test's thread. They cannot send records, advance the
 * clock, commit or change a store through the driver (WEIR_ESTATE). An assertion of the test may
 * jump out of one (longjmp): afterwards nothing more is processed, and weir_sync_free may be
 * called.
 */
#ifndef WEIR_DRIVER_SYNC_H
#define WEIR_DRIVER_SYNC_H

#include <weir/driver_io.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_sync weir_sync;

typedef struct weir_sync_topic {
    const char *name;
    int32_t partitions;
} weir_sync_topic;

/* The wall clock at the start, unless another one is given: 2023-11-14T22:13:20Z, as in a cluster.
 */
#define WEIR_SYNC_START_MS ((int64_t)1700000000000)

/* What one call may do, unless weir_sync_opts says otherwise: a topology that writes to a topic
 * that it reads would never be done. */
#define WEIR_SYNC_RECORDS_MAX ((size_t)1000000)
#define WEIR_SYNC_BYTES_MAX ((size_t)1 << 28)

/* Zeros: defaults. Copied, but `config` and `topics` are used only during the call. */
typedef struct weir_sync_opts {
    const char *application;   /* application.id; NULL: "app" */
    const char *const *config; /* name, value, ..., NULL: settings of the application */
    int32_t partitions;        /* of topics that `topics` does not name; 0: 1; at most 1000 */
    /* Topics of sources and sinks. If each source topic has one partition, the whole topology is
     * one task with one stream time, as in TopologyTestDriver. Else there is a task for each
     * sub-topology and partition. */
    const weir_sync_topic *topics;
    size_t topic_count;
    weir_input_time start; /* wall clock, WEIR_AT(0) or later; zeros: WEIR_SYNC_START_MS */
    /* Commits as commit.interval.ms says, and record caches. Default: a commit after each record,
     * and no caches. */
    bool commit_interval;
    /* Records that the topology may read in one call, and bytes that it may write by then. More end
     * the call, and all later ones, with WEIR_ELIMIT and the names of the topics that it writes to
     * and reads; what was written can be read. 0: WEIR_SYNC_RECORDS_MAX, WEIR_SYNC_BYTES_MAX. */
    size_t records_max;
    size_t bytes_max;
    const char *directory; /* parent of the state directory: must exist; NULL: a new one in memory,
                              removed at the end */
    /* on_log, on_step, on_restore are called. Log lines are not printed: a failed assertion on rows
     * shows the last warnings. */
    weir_app_opts app;
    /* Builds the topology with `build_user`; weir_sync_new then takes no function (NULL). */
    weir_topology_build_fn build;
    void *build_user;
    weir_failure_fn on_failure; /* NULL: prints, aborts. See weir/driver_cmocka.h */
    void *user;
} weir_sync_opts;

/* Builds the topology, makes its topics, opens stores and processors. `topology` NULL: opts->build
 * does. `opts` NULL: defaults. NULL on failure. */
WEIR_API weir_sync *weir_sync_new(weir_topology_fn topology, const weir_sync_opts *opts,
                                  weir_error *error);
/* Closes processors and stores, removes what they have on disk. NULL allowed. */
WEIR_API void weir_sync_free(weir_sync *sync);

/* The topic must be one that a source reads when a record is sent to it. */
WEIR_API weir_input weir_sync_input(weir_sync *sync, const char *topic, const weir_serde *key,
                                    const weir_serde *value);
/* Any topic of a source or sink, which exists from the start, or a repartition topic or changelog
 * ("app-counts-changelog"), which must exist when it is read. */
WEIR_API weir_output weir_sync_output(weir_sync *sync, const char *topic, const weir_serde *key,
                                      const weir_serde *value);
/* The present contents of a store in all tasks, through the record cache. */
WEIR_API weir_store_view weir_sync_store(weir_sync *sync, const char *store, const weir_serde *key,
                                         const weir_serde *value);
/* Writes a row to the store as a processor would: through the record cache and the changelog, and
 * downstream of a table with a cache. Not to the store of a global table. `value` NULL deletes.
 * `timestamp_ms` (>= 0) is ignored by stores without timestamps; of a versioned store it is also
 * the time of a deletion. The task is that of weir_store_view_task, else that of the key's
 * partition by murmur2. */
WEIR_API void weir_sync_store_put(weir_store_view view, const void *key, const void *value,
                                  int64_t timestamp_ms);
/* For expected rows: makes an empty list. */
WEIR_API weir_rows *weir_sync_rows(weir_sync *sync, const weir_serde *key, const weir_serde *value);

/* The wall clock of the driver, ms since 1970. */
WEIR_API int64_t weir_sync_now_ms(const weir_sync *sync);
/* Advances the wall clock by `ms` (>= 0) and fires the wall-clock punctuations that are due, each
 * once. */
WEIR_API void weir_sync_advance(weir_sync *sync, int64_t ms);
/* The same, for tests of a failing punctuation. */
WEIR_API weir_err weir_sync_try_advance(weir_sync *sync, int64_t ms, weir_error *error);
/* Commits now: writes the record caches downstream. Of use with `commit_interval`. */
WEIR_API void weir_sync_commit(weir_sync *sync);

/* Calls fn with each topic that has a record of the topology, in order of their first ones. */
WEIR_API void weir_sync_each_output(weir_sync *sync, void (*fn)(const char *topic, void *user),
                                    void *user);
/* Calls fn with each record that the topology has sent, in order of sending over all topics (output
 * topics, repartition topics, changelogs), from number `from` on (0: the first). Key and value are
 * NULL or a const weir_slice *, the bytes of the record; they are borrowed for the call. Returns
 * the number of all records sent so far. fn NULL: no calls. */
WEIR_API size_t weir_sync_each_sent(weir_sync *sync, size_t from,
                                    void (*fn)(const char *topic, const weir_row *record,
                                               void *user),
                                    void *user);
/* As weir_app_dropped_records. */
WEIR_API size_t weir_sync_dropped_records(const weir_sync *sync, weir_dropped_records *out,
                                          size_t max);

/* Fails the test with your own message and the place. */
#define weir_sync_fail(sync, ...) weir_sync_fail_at((sync), __FILE__, __LINE__, __VA_ARGS__)
/* What weir_sync_fail calls, with the place. */
WEIR_API void weir_sync_fail_at(weir_sync *sync, const char *file, int line, const char *format,
                                ...) __attribute__((format(printf, 4, 5)));

#ifdef __cplusplus
}
#endif
#include <weir/driver_places.h>

#endif
