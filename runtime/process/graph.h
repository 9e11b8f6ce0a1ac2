/* SPDX-License-Identifier: Apache-2.0
 *
 * The graph of a sub-topology for one task: it opens the processors and processes records with
 * them. The task gives it its callbacks in weir__graph_host. One thread at a time. */
#ifndef WEIR_PROCESS_GRAPH_H
#define WEIR_PROCESS_GRAPH_H

#include "core/arena.h"
#include "state/open.h"
#include "topology/topology.h"

typedef struct weir__graph weir__graph;

/* A record for a topic, as bytes; borrowed for the call. */
typedef struct weir__sent {
    const weir__node *sink;
    weir_record_metadata from; /* of the input record; topic NULL: there is none */
    weir__topic_ref topic;
    int32_t partition; /* chosen by the sink's partitioner; -1: by the key */
    weir_slice key;
    weir_slice value;
    int64_t timestamp_ms;
    const weir_headers *headers;
} weir__sent;

/* A dropped record. Borrowed for the call. */
typedef struct weir__dropped {
    int node; /* the node that dropped it: an index in the topology */
    weir_drop_reason reason;
    weir_record_metadata at; /* of the input record; topic NULL: there is none */
    const char *why;         /* text of the failure; NULL: the reason says all */
    bool complete;           /* `why` names node, task and place */
} weir__dropped;

/* The default.timestamp.extractor: it handles negative timestamps, or all timestamps, of a source
 * without a timestamp function. */
typedef enum weir__invalid_time {
    WEIR__INVALID_TIME_FAILS,     /* FailOnInvalidTimestamp */
    WEIR__INVALID_TIME_SKIPS,     /* LogAndSkipOnInvalidTimestamp */
    WEIR__INVALID_TIME_PARTITION, /* UsePartitionTimeOnInvalidTimestamp: it gets partition time */
    WEIR__TIME_WALL_CLOCK, /* WallclockTimestampExtractor: every record gets the wall clock */
} weir__invalid_time;

/* The data and callbacks that a task gives to its graph. */
typedef struct weir__graph_host {
    const char *application; /* application.id */
    const char *task;        /* "0_1" */
    int32_t partition;       /* of the task */
    bool cached;             /* there is a record cache */
    weir__invalid_time invalid_time;
    int64_t emit_interval_ms; /* between two looks for closed windows to emit, by the wall clock */
    /* Between two looks of a join of streams for records without partner, by the wall clock. */
    int64_t join_emit_interval_ms;
    weir_err (*send)(void *user, const weir__sent *record, weir_error *error);
    /* For a sink with a partitioner: the real name of the record's topic, valid until the record is
     * sent, and its number of partitions. */
    weir_err (*topic_of)(void *user, const weir__sent *record, const char **topic,
                         int32_t *partitions, weir_error *error);
    int64_t (*stream_time_ms)(void *user);
    int64_t (*wall_clock_ms)(void *user);
    void (*request_commit)(void *user);
    void (*dropped)(void *user, const weir__dropped *dropped);
    /* A callback of the node (NULL: of no node) returned with an iterator of the store open, which
     * the graph has closed. NULL: not called. */
    void (*left_open)(void *user, const weir__node *node, const weir__store_spec *store);
    /* A node failed with a record or a punctuation (processing.exception.handler). WEIR_OK: the
     * graph counts it as dropped and continues with the next sibling. Another code ends the
     * traversal. NULL: it ends. */
    weir_err (*process_failed)(void *user, const char *node, const weir_error *error);
    void *user;
} weir__graph_host;

/* Builds the graph of a sub-topology (an index; -1: the global one) without opening it. `host` is
 * copied. */
weir_err weir__graph_new(const weir_topology *topology, int subtopology,
                         const weir__graph_host *host, weir__graph **out, weir_error *error);
/* Opens a store of the sub-topology, once, before weir__graph_open. Kind and the cache's client are
 * set here; plan->cache NULL (also if its size is set to 0): changes are forwarded at once. The
 * graph closes the store; *out (NULL allowed) is borrowed. */
weir_err weir__graph_open_store(weir__graph *graph, int store, const weir__store_plan *plan,
                                weir__store_layers *out, weir_error *error);
/* Sets the global graph whose stores the joins and processors of this graph read. They read under
 * the lock that the global graph takes for its own reads and writes. Before open; `globals`
 * outlives the graph, and has all its stores. */
weir_err weir__graph_set_globals(weir__graph *graph, weir__graph *globals, weir_error *error);
/* A time of a node that outlives the task: it is committed with the offsets of the input, so that
 * it is that of the records that were processed by then. It never decreases. */
typedef struct weir__kept_time {
    struct weir__kept_time *next;
    int64_t ms; /* -1: none yet */
    bool used;  /* a node has asked for it */
    char name[];
} weir__kept_time;

/* Sets a time that was committed, before open; the greatest one counts. `name` is copied.
 * WEIR_ENOMEM has no message: the caller names the task. */
weir_err weir__graph_restore_time(weir__graph *graph, weir_slice name, int64_t ms);
/* The times, in order of name; NULL: none. Some may be unused or -1. */
const weir__kept_time *weir__graph_kept_times(const weir__graph *graph);
/* Opens the processors, parents first. */
weir_err weir__graph_open(weir__graph *graph, weir_error *error);
/* Closes processors and stores, frees. NULL allowed. Does not flush. */
void weir__graph_free(weir__graph *graph);

/* Where a record came from. */
typedef struct weir__input {
    const char *topic; /* real name; outlives the graph */
    int32_t partition;
    int64_t offset;
} weir__input;

/* Decodes a record for a source node into `arena` and extracts its timestamp. The bytes, header
 * names and header values must live as long as the arena's content. WEIR_EDECODE: undecodable, and
 * *error says what and where: the task applies its handler. Other codes are final (a negative
 * timestamp without an extractor is WEIR_EINVAL, as Kafka's FailOnInvalidTimestamp). WEIR_OK with
 * out->timestamp_ms < 0: the extractor gave a negative timestamp; drop the record and count it. */
weir_err weir__graph_decode(weir__graph *graph, int source, const weir__input *from, weir_slice key,
                            weir_slice value, int64_t timestamp_ms, const weir_header *headers,
                            size_t header_count, int64_t partition_time_ms, weir__arena *arena,
                            weir_record *out, weir_error *error);
/* A record of a source's topic, as bytes. */
typedef struct weir__source_record {
    weir__input from;
    weir_slice key;
    weir_slice value;
    int64_t timestamp_ms;
    const weir_header *headers;
    size_t header_count;
    int64_t partition_time_ms;
} weir__source_record;

/* What the table of a source keeps of a record: decoded and encoded again, with the timestamp that
 * the source gives it. *keep false: the table drops it. *out is in `arena`. */
weir_err weir__graph_source_row(weir__graph *graph, int source, const weir__source_record *in,
                                weir__arena *arena, weir__log_record *out, bool *keep,
                                weir_error *error);
/* Processes a decoded record. `arena` is the one into which it was decoded; the operators allocate
 * in it too. */
weir_err weir__graph_process(weir__graph *graph, int source, const weir__input *from,
                             const weir_record *record, weir__arena *arena, weir_error *error);
/* Runs the punctuations of `kind` that are due at `now_ms`, once. *fired (NULL allowed): how many.
 */
weir_err weir__graph_punctuate(weir__graph *graph, weir_time_kind kind, int64_t now_ms,
                               size_t *fired, weir_error *error);
/* A punctuation that has not ended. */
typedef struct weir__scheduled {
    weir_time_kind kind;
    uint64_t number; /* in order of scheduling, over both kinds, from 1 */
    int64_t interval_ms;
    int64_t due_ms;
    weir_punctuate_fn fn;
    bool cancelled; /* it will not be called again */
} weir__scheduled;

/* Calls fn for each of them, in no particular order. */
void weir__graph_each_punctuation(const weir__graph *graph,
                                  void (*fn)(const weir__scheduled *scheduled, void *user),
                                  void *user);
/* Runs one now, whether it is due or not; when it is due does not change. WEIR_ENOTFOUND: it has
 * ended, or was cancelled. */
weir_err weir__graph_fire(weir__graph *graph, weir_time_kind kind, uint64_t number, int64_t now_ms,
                          weir_error *error);
/* The node and the record that a graph processes now. */
typedef struct weir__graph_place {
    const char *node;        /* NULL: no node runs */
    weir_record_metadata at; /* the current record; topic NULL: none (open, punctuators) */
} weir__graph_place;

/* Takes no lock: for the thread that runs the graph, or while that thread is blocked. */
weir__graph_place weir__graph_at(const weir__graph *graph);
/* The timestamp of the current record (in a punctuation: its time). It is the timestamp of
 * tombstones in changelogs. */
int64_t weir__graph_record_time_ms(const weir__graph *graph);
/* True if a punctuation of the kind is due at now_ms. */
bool weir__graph_punctuation_is_due(const weir__graph *graph, weir_time_kind kind, int64_t now_ms);
/* When the next punctuation of the kind is due; INT64_MAX: none, or at that time. */
int64_t weir__graph_next_punctuation(const weir__graph *graph, weir_time_kind kind);
/* Flushes the caches of all stores, tables before those below them: forwards the changes and writes
 * them to the changelogs. */
weir_err weir__graph_flush(weir__graph *graph, weir_error *error);
/* False: no store has a cache, or is logged at a flush, so that a flush does nothing. */
bool weir__graph_flushes(const weir__graph *graph);
/* The layers given by set_store (for restore, offsets), NULL: not of this graph. */
weir__kv *weir__graph_store_layers(weir__graph *graph, int store);
/* The store as processors see it, through the cache; on the owning thread. NULL: not of this graph.
 */
weir__kv *weir__graph_store_top(weir__graph *graph, int store);

/* Puts a row (null: deletes it) through the cache, under its key as on a topic, whose time is
 * `time_ms` in a store whose rows expire. On the owning thread; not into a store that retains
 * duplicates. */
weir_err weir__graph_store_put(weir__graph *graph, int store, int64_t time_ms, weir_slice key,
                               weir_slice row, weir_error *error);

/* Rows of a store: from <= key <= to by bytes, null slices: open ends. */
typedef struct weir__rows_wanted {
    weir_slice from;
    weir_slice to;
    const int64_t *as_of_ms; /* of a versioned store: as of that time; NULL: the latest rows */
} weir__rows_wanted;

/* Iterates over rows of a store of this graph as processors see them, through the cache; on the
 * owning thread. As of a time they are in no particular order. WEIR_EINVAL: the store is not
 * versioned. */
weir_err weir__graph_store_range(weir__graph *graph, int store, const weir__rows_wanted *wanted,
                                 weir__kv_iter **out, weir_error *error);

/* Calls fn for such rows; a code other than WEIR_OK ends it and is returned. For stores of a global
 * graph on any thread: it holds their lock during the call. */
weir_err weir__graph_store_scan(weir__graph *graph, int store, const weir__rows_wanted *wanted,
                                weir_err (*fn)(weir_slice key, weir_slice row, void *user),
                                void *user, weir_error *error);

#endif
