/* SPDX-License-Identifier: Apache-2.0
 *
 * One processor alone (Kafka's MockProcessorContext): the test sets the metadata of a record and
 * the clocks, and sees what the processor forwards, schedules and asks for.
 *
 *     weir_isolated *isolated = weir_isolated_new(&reminder_ops, NULL, &opts, &error);
 *     weir_isolated_process(isolated, &(weir_input_record){.key = weir_text("k"), ...});
 *     weir_isolated_advance_to(isolated, WEIR_WALL_CLOCK_TIME, now_ms + WEIR_MINUTES(1));
 *     weir_assert_same_rows(weir_isolated_forwards(isolated, NULL), expected);
 *     weir_isolated_free(isolated);
 *
 * It is a task of the synchronous driver (weir/driver_sync.h, whose rules of threads, failures and
 * lifetimes are those here), with a source, the processor, and children that keep what they get.
 * Serdes, stores, punctuators and handlers are those of an instance. */
#ifndef WEIR_DRIVER_ISOLATED_H
#define WEIR_DRIVER_ISOLATED_H

#include <weir/driver_io.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_isolated weir_isolated;

/* Copied, but what the pointers lead to outlives the isolated processor; `config` is used only
 * during the call. Zeros: defaults. */
typedef struct weir_isolated_opts {
    const char *name; /* of the node; NULL: "processor" */
    /* Serdes of the records that it gets, and of those that it forwards; out_key and out_value
     * NULL: the same. */
    const weir_serde *key;
    const weir_serde *value;
    const weir_serde *out_key;
    const weir_serde *out_value;
    /* A processor of weir_process_values: it cannot change keys, and out_key is not used. */
    bool fixed_key;
    /* Names of the nodes that it may forward to, NULL-terminated; NULL: one, "child". */
    const char *const *children;
    /* Names of the stores that it may open, NULL-terminated (as in weir_process_opts); NULL: none.
     * add_stores adds them to the builder, by weir_add_store and its kin, connected to no
     * processor. Those without a backend of their own are in memory. */
    const char *const *stores;
    void (*add_stores)(weir_builder *builder, void *stores_user);
    void *stores_user;
    const char *application;    /* application.id; NULL: "app" */
    const char *const *config;  /* name, value, ..., NULL: settings, such as
                                   processing.exception.handler */
    weir_input_time start;      /* wall clock, WEIR_AT(0) or later; zeros: WEIR_SYNC_START_MS */
    weir_app_opts app;          /* on_log, on_step are called */
    weir_failure_fn on_failure; /* NULL: prints, aborts. See weir/driver_cmocka.h */
    void *user;
} weir_isolated_opts;

/* Opens the stores, then the processor: `user` is passed to ops->open. NULL on failure, also if
 * ops->open fails. `opts` is required, for the serdes. Its source is the node "source". */
WEIR_API weir_isolated *weir_isolated_new(const weir_processor_ops *ops, void *user,
                                          const weir_isolated_opts *opts, weir_error *error);
/* Closes the processor, then the stores. NULL allowed. */
WEIR_API void weir_isolated_free(weir_isolated *isolated);

/* ---- Records ------------------------------------------------------------------------------ */

/* Metadata of the records that follow; at first topic "topic", partition 0, offset 0. It does not
 * change with each record. The topic is copied; NULL, partition -1 and offset -1: as in a
 * punctuator. */
WEIR_API void weir_isolated_set_metadata(weir_isolated *isolated, weir_record_metadata metadata);
/* Processes a record, as a task does: if its time is later than stream time, stream time becomes
 * that; afterwards the stream-time punctuations that are due are called. Without a time it gets
 * that of the wall clock. If the processor fails, the test does; the next record may be processed.
 */
WEIR_API void weir_isolated_process(weir_isolated *isolated, const weir_input_record *record);
/* The same, for tests of a failure: returns it and sets *error. */
WEIR_API weir_err weir_isolated_try_process(weir_isolated *isolated,
                                            const weir_input_record *record, weir_error *error);

/* The records forwarded to a child since the start, or weir_isolated_forget; `child` NULL: to any
 * child, and a record that was forwarded to all children is there once for each. In order; the
 * child of each row is row->child. */
WEIR_API weir_rows *weir_isolated_forwards(weir_isolated *isolated, const char *child);
/* The processor has asked for a commit since the start, or weir_isolated_forget. */
WEIR_API bool weir_isolated_commit_requested(const weir_isolated *isolated);
/* Forgets forwarded records and the request for a commit. */
WEIR_API void weir_isolated_forget(weir_isolated *isolated);

/* ---- Time --------------------------------------------------------------------------------- */

/* Stream time is -1 until there is one. */
WEIR_API int64_t weir_isolated_time_ms(const weir_isolated *isolated, weir_time_kind kind);
/* Sets a clock, forwards or back, and calls no punctuator. Stream time may be -1. */
WEIR_API void weir_isolated_set_time(weir_isolated *isolated, weir_time_kind kind, int64_t time_ms);
/* Advances a clock and calls the punctuations that are due, each once. */
WEIR_API void weir_isolated_advance_to(weir_isolated *isolated, weir_time_kind kind,
                                       int64_t time_ms);
/* The same, for tests of a failing punctuation. WEIR_EINVAL: the clock shows a later time. */
WEIR_API weir_err weir_isolated_try_advance_to(weir_isolated *isolated, weir_time_kind kind,
                                               int64_t time_ms, weir_error *error);

/* A punctuation that the processor has scheduled. */
typedef struct weir_isolated_punctuation {
    weir_time_kind kind;
    int64_t interval_ms;
    int64_t due_ms; /* the next call */
    weir_punctuate_fn fn;
    bool cancelled; /* or ended, since its next time would be too late */
} weir_isolated_punctuation;

/* Writes the first `max` punctuations, in the order in which they were scheduled, to `out` (NULL:
 * none); returns the number of all, also of those that were cancelled. One that was both scheduled
 * and cancelled in a callback may not be there. */
WEIR_API size_t weir_isolated_punctuations(const weir_isolated *isolated,
                                           weir_isolated_punctuation *out, size_t max);
/* Calls the punctuation of that index now, due or not, with the present time of its kind. It is
 * still due when it was. */
WEIR_API void weir_isolated_punctuate(weir_isolated *isolated, size_t index);
/* The same, for tests of a failure. WEIR_ENOTFOUND: there is none of that index. WEIR_ESTATE: it
 * was cancelled. */
WEIR_API weir_err weir_isolated_try_punctuate(weir_isolated *isolated, size_t index,
                                              weir_error *error);

/* ---- Stores and rows ---------------------------------------------------------------------- */

/* A store of the processor; weir_sync_store_put writes to it. */
WEIR_API weir_store_view weir_isolated_store(weir_isolated *isolated, const char *store,
                                             const weir_serde *key, const weir_serde *value);
/* For expected rows: makes an empty list. */
WEIR_API weir_rows *weir_isolated_rows(weir_isolated *isolated, const weir_serde *key,
                                       const weir_serde *value);
/* As weir_app_dropped_records: what handlers and the processor's stores dropped. */
WEIR_API size_t weir_isolated_dropped_records(const weir_isolated *isolated,
                                              weir_dropped_records *out, size_t max);

#ifdef __cplusplus
}
#endif
#include <weir/driver_places.h>

#endif
