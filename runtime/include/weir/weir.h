/* SPDX-License-Identifier: Apache-2.0
 *
 * Errors, bytes, configuration and the application: every user of Weir needs these. A topology is
 * built with weir/dsl.h or weir/processor.h; serdes are in weir/serde.h, state stores in
 * weir/store.h. */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WEIR_API __attribute__((visibility("default")))

/* ---- Errors ------------------------------------------------------------------------------- */

/* Name, number, text. Numbers never change. */
#define WEIR_ERR_MAP(X)                                                                            \
    X(WEIR_OK, 0, "success")                                                                       \
    X(WEIR_EINVAL, 1, "invalid argument")                                                          \
    X(WEIR_ETYPE, 2, "serdes do not agree")                                                        \
    X(WEIR_EEXISTS, 3, "name already used")                                                        \
    X(WEIR_ENOMEM, 4, "out of memory")                                                             \
    X(WEIR_EUSER, 5, "user callback failed")                                                       \
    X(WEIR_ENOTFOUND, 6, "not found")                                                              \
    X(WEIR_ESTATE, 7, "not possible in this state")                                                \
    X(WEIR_EIO, 8, "input or output failed")                                                       \
    X(WEIR_ECORRUPT, 9, "data is damaged")                                                         \
    X(WEIR_EDECODE, 10, "record cannot be decoded")                                                \
    X(WEIR_ETIMEOUT, 11, "timed out")                                                              \
    X(WEIR_EBROKER, 12, "broker or client failed")                                                 \
    X(WEIR_ERETRY, 13, "temporary failure, try again")                                             \
    X(WEIR_EFENCED, 14, "fenced by a newer member or producer")                                    \
    X(WEIR_EMISSING_TOPIC, 15, "source topic is missing")                                          \
    X(WEIR_ELOCKED, 16, "locked by another owner")                                                 \
    X(WEIR_ERANGE, 17, "offset out of range")                                                      \
    X(WEIR_ELIMIT, 18, "a limit is reached")                                                       \
    X(WEIR_ECONFIG, 19, "configuration is invalid")                                                \
    X(WEIR_ETOPOLOGY, 20, "topology is invalid")                                                   \
    X(WEIR_EUNSUPPORTED, 21, "not supported")                                                      \
    X(WEIR_EOVERRUN, 22, "a callback wrote past the end of its memory")                            \
    X(WEIR_EABORTABLE, 23, "the transaction must be aborted")                                      \
    X(WEIR_EFATAL, 24, "the client has failed and must be replaced")

typedef enum weir_err {
#define X(name, number, text) name = number,
    WEIR_ERR_MAP(X)
#undef X
} weir_err;

/* The text of WEIR_ERR_MAP; "unknown error" for other numbers. Static, never NULL. Any thread. */
WEIR_API const char *weir_err_str(weir_err err);

/* The name, "WEIR_ETYPE". Static, never NULL. Any thread. */
WEIR_API const char *weir_err_name(weir_err err);

/* True when the same call may succeed later without any change by the caller. */
WEIR_API bool weir_err_is_retriable(weir_err err);

#define WEIR_ERROR_MESSAGE_MAX 1024

/* Details of a failure, in the caller's storage; nothing to free. Calls that take a `weir_error *`
 * accept NULL, write to it only when they fail, and always terminate the message. */
typedef struct weir_error {
    weir_err code;
    char message[WEIR_ERROR_MESSAGE_MAX];
} weir_error;

/* ---- Bytes -------------------------------------------------------------------------------- */

/* Borrowed bytes. data == NULL is Kafka's null (as a value: a tombstone); an empty value has len ==
 * 0 and data != NULL. The function that returns a slice says how long it is valid. */
typedef struct weir_slice {
    const void *data;
    size_t len;
} weir_slice;

/* The bytes of a C string without its terminator; the null slice for NULL. Borrows `text`. */
WEIR_API weir_slice weir_slice_of(const char *text);

/* True when both are null, or both are not null and have the same bytes. */
WEIR_API bool weir_slice_equal(weir_slice a, weir_slice b);

/* ---- Configuration ------------------------------------------------------------------------ */

/* Settings as strings, with Kafka Streams' names ("application.id", "num.stream.threads", ...). One
 * table in runtime/core/settings.c lists, checks and documents them (see docs/config.md).
 * `consumer.`, `main.consumer.`, `restore.consumer.`, `global.consumer.`, `producer.` and `admin.`
 * are prefixes: the rest of the name is a setting of librdkafka. Names that begin with `security.`,
 * `ssl.` and `sasl.` are passed to librdkafka for all clients. Names of Java's clients are passed
 * to the clients that have such a setting. The prefix `topic.` marks settings of internal topics,
 * and `app.` settings of the program itself, which Weir stores and does not read. Not synchronised:
 * one thread at a time. */
typedef struct weir_config weir_config;
struct weir_serde;

/* NULL when out of memory. Free with weir_config_free. */
WEIR_API weir_config *weir_config_new(void);
/* Frees the configuration; topologies and applications have copies. NULL allowed. */
WEIR_API void weir_config_free(weir_config *config);

/* Copies both strings; blanks around the value are removed (except for `app.` settings). The
 * message of WEIR_ECONFIG names the setting, the value, the values allowed or the text to write
 * instead and, for an unknown name, the most similar known name. Deprecated names of Kafka Streams
 * are accepted; weir_app_new logs a warning for each. */
WEIR_API weir_err weir_config_set(weir_config *config, const char *name, const char *value,
                                  weir_error *error);
/* The same for an argument of a program, "NAME=VALUE". WEIR_ECONFIG also if it is none. */
WEIR_API weir_err weir_config_set_argument(weir_config *config, const char *argument,
                                           weir_error *error);

/* A line of a settings file that was refused or caused a warning. Borrowed for the call. */
typedef struct weir_config_problem {
    const char *path;
    int line; /* from 1; the first of several lines that `\` joins */
    const char *name;
    const char *message; /* what is wrong, and what to write instead */
    bool refused;        /* false: the line was accepted, and this is a warning */
} weir_config_problem;
typedef void (*weir_config_problem_fn)(const weir_config_problem *problem, void *user);

/* Reads a Java properties file in UTF-8: `name=value` or `name: value`, `#` and `!` comments, `\`
 * continuation and escapes. Every line that weir_config_set accepts is set, also when other lines
 * are refused. If lines are refused, the result is WEIR_ECONFIG, with file, line and text of the
 * first and the numbers of the others. WEIR_EIO when the file cannot be read. */
WEIR_API weir_err weir_config_load(weir_config *config, const char *path, weir_error *error);
/* The same, and calls `on_problem` (NULL: no call) for each line that is refused or accepted with a
 * warning, in order. `on_problem` must not change `config`. */
WEIR_API weir_err weir_config_load_with(weir_config *config, const char *path,
                                        weir_config_problem_fn on_problem, void *user,
                                        weir_error *error);

/* The value set, else the default, else NULL. Valid until the next call that changes `config`. */
WEIR_API const char *weir_config_get(const weir_config *config, const char *name);

/* Registers a serde, so that `default.key.serde` and `default.value.serde` can name it (by
 * serde->name). Register it before those settings are set. The built-in serdes are registered.
 * Borrows `serde`, which must outlive the config and everything made with it. WEIR_EEXISTS when
 * another serde has that name. */
WEIR_API weir_err weir_config_register_serde(weir_config *config, const struct weir_serde *serde,
                                             weir_error *error);

/* ---- Application -------------------------------------------------------------------------- */

typedef struct weir_topology weir_topology;

/* A function that builds a topology, for programs that pass one as an argument (the driver takes
 * one). On failure it returns NULL and sets *error. */
typedef weir_topology *(*weir_topology_fn)(const weir_config *config, weir_error *error);
/* The same with a pointer of the caller's, for topologies that are made of data. */
typedef weir_topology *(*weir_topology_build_fn)(const weir_config *config, weir_error *error,
                                                 void *user);

/* Frees a topology. No application may be using it. NULL allowed. */
WEIR_API void weir_topology_free(weir_topology *topology);

/* One instance of an application: stream threads, tasks, stores (Kafka's KafkaStreams). */
typedef struct weir_app weir_app;

/* Kafka's KafkaStreams.State:
 *
 *  CREATED -> REBALANCING <-> RUNNING            -> PENDING_SHUTDOWN -> NOT_RUNNING
 *                  `-----------`-> PENDING_ERROR -> ERROR -> PENDING_SHUTDOWN                    */
typedef enum weir_state {
    WEIR_STATE_CREATED,
    WEIR_STATE_REBALANCING,
    WEIR_STATE_RUNNING,
    WEIR_STATE_PENDING_SHUTDOWN,
    WEIR_STATE_NOT_RUNNING,
    WEIR_STATE_PENDING_ERROR,
    WEIR_STATE_ERROR,
} weir_state;

/* "RUNNING" and so on; static. */
WEIR_API const char *weir_state_name(weir_state state);

/* What to do with a stream thread that failed (KIP-671). */
typedef enum weir_uncaught {
    WEIR_REPLACE_THREAD,
    WEIR_SHUTDOWN_CLIENT,      /* stop this instance; the state becomes ERROR */
    WEIR_SHUTDOWN_APPLICATION, /* stop every instance of the application */
} weir_uncaught;

/* What happened to a restore (Kafka's StateRestoreListener). */
typedef enum weir_restore_event {
    WEIR_RESTORE_START,
    WEIR_RESTORE_BATCH,
    WEIR_RESTORE_END,
    WEIR_RESTORE_SUSPENDED, /* the task was closed before the store was restored */
} weir_restore_event;

/* The progress of one store's restore. Borrowed for the call. Offsets are those of the changelog
 * partition. */
typedef struct weir_restore_progress {
    weir_restore_event event;
    const char *store;
    const char *topic;
    int32_t partition;
    int64_t start_offset; /* of the first record of this restore */
    int64_t offset;       /* of the next record to read */
    int64_t end_offset;   /* one past the last record of this restore */
    int64_t restored;     /* at BATCH: records of this batch; else: records so far (at END the
                             total) */
} weir_restore_progress;

/* The labelled steps of the runtime (docs/steps.md): constant, name in traces, the fields that the
 * kind sets besides `thread`. */
#define WEIR_STEPS(X)                                                                              \
    X(WEIR_STEP_JOIN, "join")                                 /* reason */                         \
    X(WEIR_STEP_SYNC, "sync")                                 /* generation, reason or NULL */     \
    X(WEIR_STEP_ASSIGNMENT_PUBLISHED, "assignment-published") /* generation */                     \
    X(WEIR_STEP_ASSIGNMENT_TAKEN, "assignment-taken")         /* generation, tasks */              \
    X(WEIR_STEP_RESTORE, "restore") /* task, store; topic, partition, offset of the changelog */   \
    X(WEIR_STEP_POLL, "poll")                                                                      \
    X(WEIR_STEP_PROCESS, "process")           /* task, topic, partition, offset */                 \
    X(WEIR_STEP_STORE_CHANGE, "store-change") /* task, store, checksum */                          \
    X(WEIR_STEP_PUNCTUATE, "punctuate")       /* task, reason */                                   \
    X(WEIR_STEP_FLUSH_CACHES, "flush-caches") /* task */                                           \
    X(WEIR_STEP_FLUSH_PRODUCER, "flush-producer")                                                  \
    X(WEIR_STEP_COMMIT_OFFSETS, "commit-offsets")                                                  \
    X(WEIR_STEP_BEGIN_TRANSACTION, "begin-transaction")                                            \
    X(WEIR_STEP_SEND_OFFSETS, "send-offsets")                                                      \
    X(WEIR_STEP_COMMIT_TRANSACTION, "commit-transaction")                                          \
    X(WEIR_STEP_ABORT_TRANSACTION, "abort-transaction") /* reason or NULL */                       \
    X(WEIR_STEP_COMMIT_STORES, "commit-stores")         /* task */                                 \
    X(WEIR_STEP_SUSPEND, "suspend")                     /* task */                                 \
    X(WEIR_STEP_CLOSE, "close")                         /* task, reason */

/* WEIR_STEP_PROCESS, ... */
typedef enum weir_step_kind {
#define WEIR_STEP_CONSTANT(constant, name) constant,
    WEIR_STEPS(WEIR_STEP_CONSTANT)
#undef WEIR_STEP_CONSTANT
        WEIR_STEP_KINDS, /* their number */
} weir_step_kind;

/* A labelled step, for traces, checks and fault injection. Borrowed for the call. on_step is called
 * on the thread that takes the step, before it (WEIR_STEP_STORE_CHANGE: after the change); it must
 * not call into the application. What a kind does not set is NULL, -1, or 0 for the last ones. */
typedef struct weir_step {
    weir_step_kind kind;
    const char *thread; /* name of the stream thread, or NULL */
    const char *task;   /* "0_1" */
    const char *topic;
    int32_t partition;
    int64_t offset; /* of the record; of the first one of a batch that is restored */
    int32_t generation;
    const char *store;
    /* "subscribe", "rebalance", "lost"; "leader"; "stream time", "wall clock"; "clean", "dirty". */
    const char *reason;
    const char *const *tasks; /* those of the assignment */
    size_t task_count;
    uint64_t checksum; /* of key, value and timestamp */
} weir_step;

/* The kind's name in traces, "process"; NULL: there is no such kind. Valid forever. Any thread. */
WEIR_API const char *weir_step_name(weir_step_kind kind);
/* Writes the step in one line without its name and thread, "0_1 lines@17"; cut to `size` bytes
 * with the NUL. "" if `step` is NULL. Any thread. */
WEIR_API void weir_step_text(const weir_step *step, char *out, size_t size);

/* Every callback may be NULL; `user` is passed to each as its last argument. */
typedef struct weir_app_opts {
    void (*on_state)(weir_state from, weir_state to,
                     void *user); /* any thread of the application */
    void (*on_restore)(const weir_restore_progress *progress, void *user); /* stream threads */
    weir_uncaught (*on_uncaught)(const char *thread, const weir_error *error,
                                 void *user); /* stream threads; NULL: WEIR_SHUTDOWN_CLIENT */
    void (*on_step)(const weir_step *step, void *user);
    void (*on_log)(int level, const char *text, void *user); /* syslog levels; NULL: stderr */
    void *user;
} weir_app_opts;

/* Copies `config`; borrows `topology`, which must outlive the application and may serve several.
 * `opts` is copied; NULL: defaults. Checks the whole configuration and resolves default serdes.
 * Starts no thread and opens no connection. NULL on failure, with *error set; WEIR_EINVAL when
 * `topology` is NULL. */
WEIR_API weir_app *weir_app_new(weir_topology *topology, const weir_config *config,
                                const weir_app_opts *opts, weir_error *error);

/* Locks the state directory, reads global tables and starts the stream threads. Allowed once per
 * application, in state CREATED; otherwise WEIR_ESTATE. WEIR_ELOCKED when another process uses the
 * state directory. */
WEIR_API weir_err weir_app_start(weir_app *app, weir_error *error);

/* Any thread. */
WEIR_API weir_state weir_app_state(const weir_app *app);

/* Commits, leaves the group, closes stores and joins all threads. `timeout_ms` < 0: no limit.
 * WEIR_ETIMEOUT when threads still run: call again, or exit the process. Idempotent. Must not be
 * called in a callback of the application. */
WEIR_API weir_err weir_app_close(weir_app *app, int64_t timeout_ms);

/* Frees the application; closes it first, without a time limit, unless it is closed. NULL allowed.
 */
WEIR_API void weir_app_free(weir_app *app);

/* ---- Dropped records ---------------------------------------------------------------------- */

/* Why a record is dropped (the cases of Kafka's metric dropped-records-total), and its text. */
#define WEIR_DROP_MAP(X)                                                                           \
    X(WEIR_DROP_NULL_KEY, "null key")                                                              \
    X(WEIR_DROP_NULL_VALUE, "null value")                                                          \
    X(WEIR_DROP_NULL_FOREIGN_KEY, "null foreign key")                                              \
    /* A foreign-key join: another answer to the present value of the row follows. */              \
    X(WEIR_DROP_STALE_ANSWER, "it answers an earlier value of the row")                            \
    X(WEIR_DROP_NEGATIVE_TIMESTAMP, "negative timestamp")                                          \
    X(WEIR_DROP_EXPIRED, "it is older than its store keeps rows") /* with a retention */           \
    X(WEIR_DROP_LATE, "its window has closed")            /* a windowed aggregation or join */     \
    X(WEIR_DROP_OUT_OF_ORDER, "a later version is known") /* in a join of versioned tables */      \
    X(WEIR_DROP_UNDECODABLE, "it cannot be decoded")      /* deserialization.exception.handler */  \
    X(WEIR_DROP_PROCESSING_FAILED, "processing failed")   /* processing.exception.handler */       \
    X(WEIR_DROP_UNWRITABLE, "it cannot be written")       /* production.exception.handler */

typedef enum weir_drop_reason {
#define X(name, text) name,
    WEIR_DROP_MAP(X)
#undef X
} weir_drop_reason;

/* The text of WEIR_DROP_MAP; "unknown reason" for other numbers. Static, never NULL. Any thread. */
WEIR_API const char *weir_drop_reason_str(weir_drop_reason reason);

/* Records that one node has dropped for one reason. */
typedef struct weir_dropped_records {
    const char *node; /* its name in the topology; valid as long as the topology */
    weir_drop_reason reason;
    uint64_t count; /* more than 0 */
} weir_dropped_records;

/* Counts the records that this instance has dropped since weir_app_new, in order of the topology's
 * nodes. The counts are sums over all threads and tasks, also those that ended or moved to another
 * instance. A record that is processed again after a failure is counted again. The first dropped
 * record per node and reason is also logged as a warning, with topic, partition and offset. Fills
 * at most `max` entries of `out` and returns the number of all entries, which may be greater; `out`
 * may be NULL if `max` is 0. 0 when `app` is NULL. Any thread, also in callbacks, in every state
 * until weir_app_free. */
WEIR_API size_t weir_app_dropped_records(const weir_app *app, weir_dropped_records *out,
                                         size_t max);

/* ---- Version ------------------------------------------------------------------------------ */

#define WEIR_VERSION "0.1.0"

/* The version of Weir: "0.1.0". Static. Any thread. */
WEIR_API const char *weir_version(void);
/* The version of the loaded librdkafka. Static. Any thread. */
WEIR_API const char *weir_librdkafka_version(void);
/* The version of the loaded RocksDB. Static. Any thread. */
WEIR_API const char *weir_rocksdb_version(void);

#ifdef __cplusplus
}
#endif
#endif
