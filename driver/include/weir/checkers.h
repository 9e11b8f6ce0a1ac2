/* SPDX-License-Identifier: Apache-2.0
 *
 * Checkers of a run, for any topology: they watch the events of a cluster (weir/event.h) and report
 * what must never happen, while it happens. Names are those of Jepsen's workload for Kafka where it
 * has one.
 *
 *     weir_checker *checker = weir_cluster_checker(cluster, NULL);  // before instances start
 *     ...                                          // waits fail the test after a violation
 *     weir_run_until(cluster, weir_caught_up, WEIR_MINUTES(2));
 *     weir_checker_results(checker, &(weir_check_results){.inputs = LIST("orders"),
 *                                                         .outputs = LIST("invoices")});
 *     weir_checker_store(checker, "totals", NULL, &weir_string, &weir_i64);
 *
 * Rules that need transactions say nothing about producers without one. */
#ifndef WEIR_CHECKERS_H
#define WEIR_CHECKERS_H

#include <weir/driver.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is wrong: constant, name, meaning. */
#define WEIR_ANOMALIES(X)                                                                          \
    X(WEIR_LOST_WRITE, "lost-write", "an input that is processed has no output")                   \
    X(WEIR_DUPLICATE, "duplicate", "an input has more outputs than it may have")                   \
    X(WEIR_TORN, "torn-transaction", "one part of a transaction is visible, another is not")       \
    X(WEIR_ABORTED_READ, "aborted-read", "a record of an aborted transaction was read (G1a)")      \
    X(WEIR_PRECOMMITTED_READ, "precommitted-read",                                                 \
      "a record was read before its transaction was committed")                                    \
    X(WEIR_NONMONOTONIC_POLL, "nonmonotonic-poll",                                                 \
      "an owner processed a record again that was committed before it took the task")              \
    X(WEIR_POLL_SKIP, "poll-skip", "a record was processed, but the one before it was not")        \
    X(WEIR_NONMONOTONIC_COMMIT, "nonmonotonic-commit", "a committed offset went back")             \
    X(WEIR_UNPROCESSED_COMMIT, "unprocessed-commit",                                               \
      "an offset was committed beyond a record that was not processed")                            \
    X(WEIR_TWO_OWNERS, "two-owners", "two threads have one task in one generation")                \
    X(WEIR_NOT_THE_OWNER, "not-the-owner", "a thread processed a record of a task it has not")     \
    X(WEIR_STALE_WRITE, "stale-write",                                                             \
      "a thread that had lost a task wrote to a partition that only the task writes")              \
    X(WEIR_FENCED_WRITE, "fenced-write", "a broker took a record of a producer that was fenced")   \
    X(WEIR_OUTSIDE_TRANSACTION, "outside-transaction",                                             \
      "under exactly-once a broker took a record or an offset that was in no transaction")         \
    X(WEIR_STORE_DIFFERS, "store-differs", "a store is not what its changelog adds up to")

/* WEIR_LOST_WRITE, ... */
typedef enum weir_anomaly {
#define WEIR_ANOMALY_CONSTANT(constant, name, meaning) constant,
    WEIR_ANOMALIES(WEIR_ANOMALY_CONSTANT)
#undef WEIR_ANOMALY_CONSTANT
        WEIR_ANOMALY_COUNT, /* their number */
} weir_anomaly;

/* A topic whose partition p is written by the task <subtopology>_p only. */
typedef struct weir_written_topic {
    const char *topic; /* NULL: the end of a list */
    int subtopology;
} weir_written_topic;

/* All zero: at least once, one application. */
typedef struct weir_checker_opts {
    /* The application.id that is checked; NULL: that of the cluster, or, without a cluster, any. */
    const char *application;
    /* processing.guarantee=exactly_once_v2: the rules of transactions, and no duplicates. */
    bool exactly_once;
    /* At least once does not fence writers: a zombie may write. true: this run has none, so that
     * a stale write is a violation. */
    bool no_stale_writes;
    /* Records may be dropped before they are processed (undecodable ones, negative timestamps), or
     * partitions read from another place than their start: no poll-skip, no unprocessed-commit. */
    bool may_skip;
    /* For stale writes; ends with a topic NULL. NULL: none. A cluster's checker knows the
     * changelogs by itself. */
    const weir_written_topic *written;
} weir_checker_opts;

typedef struct weir_checker weir_checker;

/* ---- Life --------------------------------------------------------------------------------- */

/* Adds a checker to a cluster; before instances start, so that it sees everything. Each wait of the
 * test, and weir_cluster_free, fails the test after the first violation. NULL `opts`: defaults.
 * Several may be added. Valid until weir_cluster_free. */
#define weir_cluster_checker(...) weir_cluster_checker_at(__VA_ARGS__, __FILE__, __LINE__)
/* What weir_cluster_checker calls, with the place of a failure. */
WEIR_API weir_checker *weir_cluster_checker_at(weir_cluster *cluster, const weir_checker_opts *opts,
                                               const char *file, int line);
/* A checker that the caller feeds; its user frees it. NULL: out of memory. Copies `opts`. */
WEIR_API weir_checker *weir_checker_new(const weir_checker_opts *opts);
/* NULL, and one of a cluster: nothing happens. */
WEIR_API void weir_checker_free(weir_checker *checker);
/* Feeds the next event. One thread at a time. */
WEIR_API void weir_checker_event(weir_checker *checker, const weir_event *event);

/* ---- Results ------------------------------------------------------------------------------ */

/* The first violation: name, meaning, topic, partition, offset, task, generation, thread, and the
 * events before it that concern them. NULL: none. Valid until the checker is freed. */
WEIR_API const char *weir_checker_violation(const weir_checker *checker);
/* How often it was found. */
WEIR_API size_t weir_checker_found(const weir_checker *checker, weir_anomaly anomaly);
/* "lost-write"; NULL: there is no such anomaly. Valid forever. */
WEIR_API const char *weir_anomaly_name(weir_anomaly anomaly);
/* Its meaning in a sentence; NULL: there is no such anomaly. Valid forever. */
WEIR_API const char *weir_anomaly_meaning(weir_anomaly anomaly);

/* How often the processing of a record was begun. More than once: it may have its outputs more
 * often, under at-least-once. */
WEIR_API int64_t weir_checker_begun(const weir_checker *checker, const char *topic,
                                    int32_t partition, int64_t offset);
/* Whether the record is a stale write (of a thread that had lost the task). */
WEIR_API bool weir_checker_is_stale(const weir_checker *checker, const char *topic,
                                    int32_t partition, int64_t offset);
/* Whether a consumer with read_committed gets the record: it is in no transaction, or in one that
 * was committed. */
WEIR_API bool weir_checker_is_visible(const weir_checker *checker, const char *topic,
                                      int32_t partition, int64_t offset);

/* ---- Inputs and outputs ------------------------------------------------------------------- */

/* What weir_check_results.ids gives the ids of a record to. */
typedef struct weir_id_list weir_id_list;
/* The record carries this input. Copies `id`. */
WEIR_API void weir_id_add(weir_id_list *list, weir_slice id);

/* Inputs and outputs of a topology, by ids of inputs. */
typedef struct weir_check_results {
    const char *const *inputs;  /* topics; end with NULL */
    const char *const *outputs; /* topics; each input must have an output in each of them */
    /* Adds the id of an input record, or those of the inputs that an output record comes from,
     * with weir_id_add. NULL: the header named id_header; without one the key. */
    void (*ids)(const weir_mock_record *record, weir_id_list *list, void *user);
    const char *id_header;
    void *user;
    int64_t outputs_max; /* of an input in an output topic; 0: 1 */
    bool may_duplicate;  /* at least once: more than outputs_max; lost is lost in any case */
} weir_check_results;

/* Reads the topics of the checker's cluster, and compares: lost-write, duplicate, torn-transaction
 * (an input with visible outputs in some of the topics), aborted-read (an output of an input that
 * is not visible). Call it when all is caught up. Fails the test. Waits. */
#define weir_checker_results(...) weir_checker_results_at(__VA_ARGS__, __FILE__, __LINE__)
/* What weir_checker_results calls, with the place of a failure. */
WEIR_API void weir_checker_results_at(weir_checker *checker, const weir_check_results *results,
                                      const char *file, int line);
/* An input record with the id `id`, for weir_checker_compare. Copies the id. */
WEIR_API void weir_checker_input(weir_checker *checker, const weir_mock_record *record,
                                 weir_slice id);
/* An output record that carries the input `id`. */
WEIR_API void weir_checker_output(weir_checker *checker, const weir_mock_record *record,
                                  weir_slice id);
/* Compares what was given since the last comparison. Only `outputs`, outputs_max and may_duplicate
 * of `results` are used. */
WEIR_API void weir_checker_compare(weir_checker *checker, const weir_check_results *results);

/* Compares a store, on the instances that are alive, with what its changelog adds up to, by task:
 * store-differs. `changelog`: another topic with all changes, or NULL:
 * "<application>-<store>-changelog". Not for stores whose rows expire. Keys of which a stale write
 * is in the changelog are left out, unless opts.no_stale_writes. Call it when all is caught up.
 * Fails the test. Waits. */
#define weir_checker_store(...) weir_checker_store_at(__VA_ARGS__, __FILE__, __LINE__)
/* What weir_checker_store calls, with the place of a failure. */
WEIR_API void weir_checker_store_at(weir_checker *checker, const char *store, const char *changelog,
                                    const weir_serde *key, const weir_serde *value,
                                    const char *file, int line);

#ifdef __cplusplus
}
#endif
#endif
