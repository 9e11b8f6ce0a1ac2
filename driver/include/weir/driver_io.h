/* SPDX-License-Identifier: Apache-2.0
 *
 * What both drivers have: topics to write and to read, rows, views of stores, assertions. The
 * functions that make the handles are in weir/driver.h (weir_cluster_input, ...) and
 * weir/driver_sync.h (weir_sync_input, ...); a test moves from one driver to the other by a change
 * of these calls. Rules of threads, failures and lifetimes: there. */
#ifndef WEIR_DRIVER_IO_H
#define WEIR_DRIVER_IO_H

#include <weir/processor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Called when a test fails, on the thread that made the cluster or the driver. In a cluster the
 * message begins with the seed and the command that repeats the run; then it says why. `file` and
 * `line` are those of the assertion or call, also if it fails while it waits; NULL and 0 for a call
 * through a pointer to a function. The function should end the test (longjmp, exit); if it returns,
 * the call that failed returns NULL, false, 0 or an empty list.
 *
 * In a cluster, a test also fails when a thread of an instance crashes (SIGSEGV, SIGBUS, SIGFPE,
 * SIGILL, SIGABRT), calls exit or fails an assertion of cmocka. Seed, host, thread, node, task,
 * record and a backtrace are written to stderr at once, the thread's host is crashed, and this
 * function is called. The program ends if it cannot continue: without this function, in a thread
 * pool of a library, inside malloc or free. Signal handlers that the program or a sanitizer has
 * installed are called then; handlers installed while a cluster exists are kept until it is freed.
 *
 * A test also fails when a thread uses 10 s of processor time (30 s under sanitizers, 200 s under
 * valgrind) without yielding, for example in an endless loop, or sleeps as long in a system call
 * that the simulation does not cover. WEIR_WATCHDOG=seconds in the environment sets another limit,
 * 0: none. There is no limit while a debugger is attached, and none for the test's own thread. */
typedef void (*weir_failure_fn)(const char *file, int line, const char *message, void *user);

/* A text as a key or value of weir_string, in a C expression: weir_input_pipe(in, weir_text("k"),
 * &number). Valid until the end of the enclosing block. NULL: null. */
#define weir_text(text) ((weir_slice[]){weir_slice_of(text)})

/* ---- Input -------------------------------------------------------------------------------- */

typedef struct weir_input {
    struct weir__driver *driver;
    struct weir__input_topic *topic;
} weir_input;

/* Timestamp of a record: WEIR_AT(0), WEIR_AT(-1). Zeros: the input's time. */
typedef struct weir_input_time {
    int64_t ms;
    bool given;
} weir_input_time;
#define WEIR_AT(time_ms) ((weir_input_time){.ms = (time_ms), .given = true})

/* All fields of a record; zeros: defaults. */
typedef struct weir_input_record {
    const void *key;    /* decoded form; NULL: null */
    const void *value;  /* the same */
    weir_input_time at; /* zeros: the input's time (weir_input_set_time) */
    const weir_header *headers;
    size_t header_count;
} weir_input_record;

/* Copies a record and sends it to the partition by murmur2 of its key; records without a key go to
 * all partitions in turn. The next call that waits begins with the wait for its acknowledgement. */
WEIR_API void weir_input_send(weir_input input, const weir_input_record *record);
/* The same to one partition, whatever the key. */
WEIR_API void weir_input_send_to(weir_input input, int32_t partition,
                                 const weir_input_record *record);
/* weir_input_send for tests of a failure: returns it and sets *error. */
WEIR_API weir_err weir_input_try_send(weir_input input, const weir_input_record *record,
                                      weir_error *error);
/* Shorthand for weir_input_send. A key or value of weir_string or weir_bytes is a pointer to a
 * weir_slice; most C strings passed instead are detected and fail the test. */
WEIR_API void weir_input_pipe(weir_input input, const void *key, const void *value);
/* Sends `count` records; arrays of the serdes' C types; `keys` NULL: null keys. */
WEIR_API void weir_input_list(weir_input input, const void *keys, const void *values, size_t count);
/* Sends a record of two texts; a NULL text is null. The test fails if a serde of the topic does not
 * decode to weir_slice. */
WEIR_API void weir_input_text(weir_input input, const char *key, const char *value);
/* Sends each line of a text as a value without a key, to a topic of such serdes; returns the number
 * of lines. */
WEIR_API size_t weir_input_lines(weir_input input, const char *text);
/* Sends each line of a file as weir_input_lines does; the test fails if it cannot be read. */
WEIR_API size_t weir_input_file(weir_input input, const char *path);
/* Sets the timestamp of the next record; `advance_ms` is added after each record, up to the limits
 * of int64. Any timestamp is allowed, 0 too. By default the timestamp is the wall clock of the
 * driver. */
WEIR_API void weir_input_set_time(weir_input input, int64_t next_ms, int64_t advance_ms);
/* Uses the wall clock for timestamps again. */
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
    const char *task;  /* "1_0" for entries of stores, else NULL */
    const char *child; /* of records that an isolated processor forwarded (weir/driver_isolated.h):
                          to which node; else NULL */
} weir_row;

typedef struct weir_rows weir_rows;

/* The number of rows. */
WEIR_API size_t weir_rows_size(const weir_rows *rows);
/* The row of that index, from 0; NULL: there is none. */
WEIR_API const weir_row *weir_rows_at(const weir_rows *rows, size_t index);
/* The last row with that key, or NULL; `key` decoded, NULL: null. */
WEIR_API const weir_row *weir_rows_find(const weir_rows *rows, const void *key);
/* The same for keys that decode to weir_slice; fails the test for others. */
WEIR_API const weir_row *weir_rows_find_text(const weir_rows *rows, const char *key);

/* Adds a row to a list of expected rows (weir_rows_new, weir_sync_rows). */
WEIR_API void weir_rows_add(weir_rows *rows, const void *key, const void *value);
/* Adds a row with the headers and, if given, the timestamp of the record, for
 * weir_assert_same_records. */
WEIR_API void weir_rows_add_record(weir_rows *rows, const weir_input_record *record);
/* Replaces the value of a key, or adds a row. Other lists do not change, and neither does what an
 * output or a store returns. */
WEIR_API void weir_rows_put(weir_rows *rows, const void *key, const void *value);
/* Adds `by` to the value of a key (values: weir_i64). */
WEIR_API void weir_rows_count(weir_rows *rows, const void *key, int64_t by);

/* One line: `'hello' => 3`; "(no row)" for NULL. A serde with `print` shows its values itself. */
WEIR_API const char *weir_row_text(const weir_rows *rows, const weir_row *row);
/* The value of the last header of that name; false: the row has none. */
WEIR_API bool weir_row_header(const weir_row *row, const char *name, weir_slice *value);
/* The differences, one a line, as tables (last value per key, order ignored); NULL: none.
 * Timestamps, partitions and offsets are not compared. A row without a key is a difference of
 * tables. So are other serdes: rows that differ in type are not compared. */
WEIR_API const char *weir_rows_table_difference(const weir_rows *actual, const weir_rows *expected);
/* The same as lists: every row, in order. */
WEIR_API const char *weir_rows_list_difference(const weir_rows *actual, const weir_rows *expected);
/* As lists, with headers, and with the timestamps of the expected rows that have one
 * (weir_rows_add_record). */
WEIR_API const char *weir_rows_record_difference(const weir_rows *actual,
                                                 const weir_rows *expected);

/* ---- Output ------------------------------------------------------------------------------- */

typedef struct weir_output {
    struct weir__driver *driver;
    struct weir__output_topic *topic;
} weir_output;

/* The next record not yet returned through `output` or another handle for the same topic, or NULL
 * when there is none now. Records of a partition are in order; partitions are read lowest first. */
WEIR_API const weir_row *weir_output_next(weir_output output);
/* All records not yet returned, in the order of weir_output_next. */
WEIR_API weir_rows *weir_output_rest(weir_output output);
/* All records of the topic, returned or not. */
WEIR_API weir_rows *weir_output_all(weir_output output);
/* The last value of each key in order of key bytes, without keys whose last value is null. A record
 * without a key fails the test, as in Kafka's readKeyValuesToMap. */
WEIR_API weir_rows *weir_output_table(weir_output output);
/* The number of records in the topic. */
WEIR_API size_t weir_output_size(weir_output output);

/* ---- Stores ------------------------------------------------------------------------------- */

/* The present contents of a store in its active tasks, on all instances that are alive. The store
 * of a global table is read on the first of them, which has all rows; its task is "global".
 *
 * The keys of window and session stores are weir_windowed: name them with a serde of windowed keys
 * (WEIR_TIME_WINDOWED_SERDE, WEIR_SESSION_WINDOWED_SERDE), which gives the windows' size, too. Key
 * bytes are those on a topic, which weir_bytes shows as they are. Rows that have expired are not in
 * the view. */
typedef struct weir_store_view {
    struct weir__driver *driver;
    const char *store;
    const char *task; /* NULL: all, merged */
    const weir_serde *key;
    const weir_serde *value;
    bool as_of; /* of a versioned store: its rows as of as_of_ms */
    int64_t as_of_ms;
} weir_store_view;

/* The part of one task ("1_0"). A read of it fails the test if there is no such task with the
 * store: in a cluster, on no instance that is alive. */
WEIR_API weir_store_view weir_store_view_task(weir_store_view view, const char *task);
/* A versioned store as it was at that time, as far back as its history is kept; a view without a
 * time has the latest versions. */
WEIR_API weir_store_view weir_store_view_as_of(weir_store_view view, int64_t time_ms);
/* The entry of a key; NULL: none. This call and the next ones wait for the threads that own the
 * store. */
WEIR_API const weir_row *weir_store_view_get(weir_store_view view, const void *key);
/* The entries between two keys, in order of key bytes; both ends included, NULL: open. */
WEIR_API weir_rows *weir_store_view_range(weir_store_view view, const void *from, const void *to);
/* All entries, in order of key bytes. */
WEIR_API weir_rows *weir_store_view_all(weir_store_view view);
/* The entries whose key bytes begin with `prefix`. */
WEIR_API weir_rows *weir_store_view_prefix(weir_store_view view, weir_slice prefix);
/* The number of entries. */
WEIR_API size_t weir_store_view_size(weir_store_view view);

/* ---- Assertions --------------------------------------------------------------------------- */

/* These print a readable difference, with place and seed, and fail the test. Then follows what may
 * explain a missing row: the last warnings of each instance; in the synchronous driver the counts
 * of dropped records. */
#define weir_assert_same_rows(actual, expected)                                                    \
    weir_assert_same_rows_at((actual), (expected), #actual, __FILE__, __LINE__)
#define weir_assert_same_list(actual, expected)                                                    \
    weir_assert_same_list_at((actual), (expected), #actual, __FILE__, __LINE__)
#define weir_assert_same_records(actual, expected)                                                 \
    weir_assert_same_records_at((actual), (expected), #actual, __FILE__, __LINE__)
#define weir_assert_size(actual, size)                                                             \
    weir_assert_size_at((actual), (size), #actual, __FILE__, __LINE__)
/* As tables: last value per key. */
WEIR_API void weir_assert_same_rows_at(const weir_rows *actual, const weir_rows *expected,
                                       const char *what, const char *file, int line);
/* As lists: all records, in order. */
WEIR_API void weir_assert_same_list_at(const weir_rows *actual, const weir_rows *expected,
                                       const char *what, const char *file, int line);
/* As lists, with headers and timestamps (weir_rows_record_difference). */
WEIR_API void weir_assert_same_records_at(const weir_rows *actual, const weir_rows *expected,
                                          const char *what, const char *file, int line);
/* A failure lists the first rows. */
WEIR_API void weir_assert_size_at(const weir_rows *actual, size_t size, const char *what,
                                  const char *file, int line);
#ifdef __cplusplus
}
#endif
#endif
