/* SPDX-License-Identifier: Apache-2.0
 *
 * What a checker knows of a run. Pure: events in, violations out; no cluster, no clock. Its numbers
 * are indexed by order of appearance, so that nothing depends on hashes. */
#ifndef WEIR_DRIVER_CHECK_CHECK_H
#define WEIR_DRIVER_CHECK_CHECK_H

#define WEIR__WITHOUT_PLACES
#include <weir/checkers.h>

#include "core/buf.h"
#include "core/map.h"

#define WEIR__RECENT_MAX ((size_t)128)  /* events that are kept */
#define WEIR__RECENT_SHOWN ((size_t)8)  /* of a violation */
#define WEIR__RECENT_TEXT ((size_t)384) /* bytes of an event's texts that are kept */

/* ---- What was seen of a partition -------------------------------------------------------- */

enum {
    WEIR__NOTE_DONE = 1,    /* processed to the end */
    WEIR__NOTE_OPEN = 2,    /* in a transaction that has not ended */
    WEIR__NOTE_ABORTED = 4, /* in one that was aborted */
    WEIR__NOTE_MARKER = 8,  /* no record: a control batch */
    WEIR__NOTE_STALE = 16,
};

/* Of one offset. */
typedef struct weir__note {
    uint16_t begun; /* how often its processing was begun; saturates */
    uint8_t flags;
} weir__note;

/* A batch of an open transaction. */
typedef struct weir__open_batch {
    int64_t producer_id;
    int64_t offset;
    int64_t count;
} weir__open_batch;

/* The newest epoch of a producer in a partition. */
typedef struct weir__epoch_seen {
    int64_t producer_id;
    int16_t epoch;
} weir__epoch_seen;

typedef struct weir__seen_partition {
    const char *topic; /* of the map's key */
    int32_t id;
    size_t index;
    int64_t start;     /* offsets below are deleted, or may be missing since a compaction */
    int64_t committed; /* by the application's group; 0: nothing yet */
    weir__note *notes;
    size_t size;
    size_t capacity;
    weir__open_batch *open;
    size_t open_count;
    size_t open_capacity;
    weir__epoch_seen *epochs;
    size_t epoch_count;
    size_t epoch_capacity;
} weir__seen_partition;

/* ---- Threads and tasks -------------------------------------------------------------------- */

typedef struct weir__seen_thread {
    const char *name;
    char *instance;
    int32_t generation; /* -1: in none */
    int64_t *floors;    /* committed when its generation began, by partition->index */
    size_t floor_count;
    size_t floor_capacity;
    weir__seen_partition *pending; /* of the record that it processes; NULL: none */
    int64_t offset;
} weir__seen_thread;

typedef struct weir__seen_owner {
    int32_t generation;
    weir__seen_thread *thread;
} weir__seen_owner;

typedef struct weir__seen_task {
    const char *name;
    weir__seen_owner *owners; /* in the order in which they took it */
    size_t owner_count;
    size_t owner_capacity;
} weir__seen_task;

/* ---- Producers ---------------------------------------------------------------------------- */

/* A partition of a transaction. */
typedef struct weir__txn_part {
    weir__seen_partition *partition;
    bool ended; /* it has its marker */
} weir__txn_part;

/* An offset of a transaction. */
typedef struct weir__txn_offset {
    weir__seen_partition *partition;
    int64_t offset;
    bool committed;
    bool dropped;
} weir__txn_offset;

typedef struct weir__seen_producer {
    int64_t id;
    int16_t epoch;   /* the newest that a coordinator gave; -1: none */
    bool superseded; /* its transactional.id has another producer id by now */
    bool decided;
    bool commit;
    weir__txn_part *parts;
    size_t part_count;
    size_t part_capacity;
    weir__txn_offset *offsets;
    size_t offset_count;
    size_t offset_capacity;
} weir__seen_producer;

/* ---- Results ------------------------------------------------------------------------------ */

/* An input, or an output, by id. */
typedef struct weir__result {
    weir_slice id; /* of the map's key */
    weir__seen_partition *at;
    int64_t offset;
    bool visible;
    bool known; /* an input */
    /* Outputs, by index of the topic in checker->output_topics. */
    int64_t *visible_outputs;
    size_t output_capacity;
    weir__seen_partition *last_at; /* the last visible output */
    int64_t last_offset;
} weir__result;

/* ---- The checker -------------------------------------------------------------------------- */

/* A copy of an event. */
typedef struct weir__recent {
    weir_event event;
    weir_step step;
    weir_mock_event broker;
    weir_restore_progress restore;
    char texts[WEIR__RECENT_TEXT];
    size_t used;
} weir__recent;

/* Where a violation is; what is unknown is NULL or negative. */
typedef struct weir__where {
    const char *topic;
    int32_t partition;
    int64_t offset;
    const char *task;
    int32_t generation;
    const char *thread;
} weir__where;

struct weir_checker {
    weir_checker_opts opts;
    char *application;
    weir_written_topic *written; /* its topics are copies */
    size_t written_count;
    size_t written_capacity;
    weir_cluster *cluster; /* NULL: the caller feeds it */
    bool reported;         /* the cluster has failed the test for it */
    weir__map partitions;  /* "topic-3" -> weir__seen_partition */
    weir__map topics;      /* name -> itself, for what partitions point to */
    weir__map threads;
    weir__map tasks;
    weir__map producers;     /* its id's bytes -> weir__seen_producer */
    weir__map transactional; /* transactional.id -> weir__seen_producer */
    weir__map results;
    weir__map output_topics; /* name -> 1 + index */
    weir__recent *recent;    /* a ring */
    uint64_t recent_count;
    weir_buf violation;
    size_t found[WEIR_ANOMALY_COUNT];
};

/* ---- checker.c ---- */
/* Room for one more item of `size` bytes behind `count` ones. Ends the program without memory: a
 * checker that forgets would say that all is well. */
void *weir__check_room(void *items, size_t count, size_t *capacity, size_t size);
char *weir__check_copy(weir_slice text);
void weir__check_put(weir__map *map, weir_slice key, void *value);
/* Adds a topic to weir_checker_opts.written, unless it is there. */
void weir__check_written(weir_checker *checker, const char *topic, int subtopology);
/* Frees it, also one of a cluster. */
void weir__checker_end(weir_checker *checker);
/* ---- partitions.c ---- */
weir__seen_partition *weir__seen_partition_of(weir_checker *checker, weir_slice topic, int32_t id);
/* NULL: never seen. */
weir__seen_partition *weir__seen_partition_find(const weir_checker *checker, weir_slice topic,
                                                int32_t id);
weir__note *weir__note_at(weir__seen_partition *partition, int64_t offset);
/* Zero where nothing was noted. */
weir__note weir__note_get(const weir__seen_partition *partition, int64_t offset);
/* A record that a consumer must get: it exists, and is in no aborted transaction. */
bool weir__note_is_due(const weir__seen_partition *partition, int64_t offset);
void weir__partitions_event(weir_checker *checker, const weir_mock_event *event);
void weir__partitions_fini(weir_checker *checker);
/* ---- owners.c ---- */
void weir__owners_step(weir_checker *checker, const weir_event *event);
void weir__owners_crash(weir_checker *checker, const char *instance);
void weir__owners_commit(weir_checker *checker, const weir_mock_event *event);
/* A batch was appended. */
void weir__owners_write(weir_checker *checker, const weir_mock_event *event);
void weir__owners_fini(weir_checker *checker);
/* ---- transactions.c ---- */
void weir__transactions_event(weir_checker *checker, const weir_mock_event *event);
/* A record is read: processed, or restored. */
void weir__transactions_read(weir_checker *checker, const weir_event *event);
void weir__transactions_fini(weir_checker *checker);
/* ---- report.c ---- */
void weir__check_keep(weir_checker *checker, const weir_event *event);
void weir__check_violation(weir_checker *checker, weir_anomaly anomaly, const weir__where *where,
                           const char *format, ...) __attribute__((format(printf, 4, 5)));
/* ---- results.c ---- */
void weir__results_fini(weir_checker *checker);

#endif
