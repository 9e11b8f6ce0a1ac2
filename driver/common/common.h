/* SPDX-License-Identifier: Apache-2.0
 *
 * What the drivers share: inputs, outputs, rows, store views, failures. A driver (the cluster
 * driver, the synchronous driver) begins with a weir__driver and gives it operations. All belongs
 * to the thread that made the driver. */
#ifndef WEIR_DRIVER_COMMON_COMMON_H
#define WEIR_DRIVER_COMMON_COMMON_H

#define WEIR__WITHOUT_PLACES
#include <weir/driver.h>
#include <weir/driver_sync.h>

#include <stdarg.h>

#include "client/client.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"
#include "process/graph.h"
#include "state/kind.h"
#include "topology/topology.h"

/* No key and no value is longer: more than any broker takes. */
#define WEIR__SLICE_MAX ((size_t)1 << 30)

typedef struct weir__driver weir__driver;

/* The records of a look into a store: weir__driver_ops.look calls it for each row. */
typedef struct weir__look {
    weir_store_view view;
    weir__rows_wanted wanted; /* by keys as on a topic */
    weir_rows *rows;
    const weir__store_kind *kind; /* of the store: set by the driver before the first row */
    bool global;                  /* the same */
    bool task_found;              /* a task of the view's name was looked at, or is not RUNNING */
    weir_err err;
    weir_error error;
} weir__look;

typedef struct weir__driver_ops {
    bool keeps_records;    /* what `read` passes to fn is valid as long as the driver */
    bool fixed_partitions; /* a topic that exists keeps its number of partitions */
    /* What the message of a failure begins and ends with; end: appended to the text. */
    const char *(*fail_head)(const weir__driver *driver);
    void (*fail_end)(const weir__driver *driver, weir_buf *message);
    /* Appends lines that may explain a missing row, each after a line break. */
    void (*remark)(weir__driver *driver, weir_buf *out);
    int64_t (*now_ms)(const weir__driver *driver);
    /* Number of partitions; -1: no such topic. */
    int32_t (*partitions)(weir__driver *driver, const char *topic);
    void (*each_topic)(weir__driver *driver,
                       void (*fn)(const char *topic, int32_t partitions, void *user), void *user);
    weir_err (*send)(weir__driver *driver, const weir__outgoing *record, weir_error *error);
    /* Offset of the first record, and that of the next one. */
    weir_err (*offsets)(weir__driver *driver, const char *topic, int32_t partition, int64_t *start,
                        int64_t *end);
    /* Calls fn for each record from `offset` on; a code other than WEIR_OK ends it. Records that
     * were sent before are delivered first. */
    weir_err (*read)(weir__driver *driver, const char *topic, int32_t partition, int64_t offset,
                     weir_err (*fn)(const weir__message_view *record, void *user), void *user,
                     weir_error *error);
    /* Delivers what was sent; for reads. */
    void (*flush)(weir__driver *driver);
    /* Adds the rows of a store with weir__look_add. Fails the test, or sets look->err. */
    void (*look)(weir__driver *driver, weir__look *look);
    /* True on the thread that may call the driver; NULL: the test sees to that. */
    bool (*on_own_thread)(const weir__driver *driver);
    /* Fails the test because of another thread, which ends. Returns if the program must end. */
    void (*fail_thread)(const char *text);
} weir__driver_ops;

struct weir__driver {
    const weir__driver_ops *ops;
    weir__arena arena;      /* of what the driver returns */
    weir__arena scratch;    /* while one record is encoded */
    struct weir_ctx *codec; /* of serdes at work; NULL: none yet */
    weir_buf encoded;
    weir_buf encoded_key;
    struct weir__output_topic *outputs;
    weir_rows *rows; /* all lists, newest first */
    weir_buf message;
    bool failing; /* inside on_failure, or after it: no second failure while cleaning up */
    weir_failure_fn on_failure;
    void *user;
};

typedef struct weir__input_topic {
    weir__driver *driver;
    const char *name;
    const weir_serde *key;
    const weir_serde *value;
    int32_t partitions; /* 0: to be asked */
    int32_t turn;       /* partition of the next record without a key */
    bool timed;         /* next_ms counts, not the wall clock */
    int64_t next_ms;
    int64_t advance_ms;
} weir__input_topic;

typedef struct weir__output_topic {
    weir__driver *driver;
    const char *name;
    weir_rows *rows;    /* all that was read so far */
    size_t seen;        /* of rows, returned by weir_output_next and _rest */
    int64_t *positions; /* next offset to read, by partition */
    int32_t partitions; /* 0: the topic did not exist at the last read */
    struct weir__output_topic *next;
} weir__output_topic;

typedef struct weir__entry {
    weir_row row;
    weir_slice key_bytes;
    weir_slice value_bytes;
    bool timed;                /* an expected row with a timestamp, which is compared */
    const weir_rows *made_for; /* other lists may have the entry, too */
    size_t added;              /* as number of that list, for entries with one key */
} weir__entry;

struct weir_rows {
    weir__driver *driver;
    const weir_serde *key;
    const weir_serde *value;
    weir__entry **entries; /* entries and their bytes are in the driver's arena */
    size_t count;
    size_t capacity;
    weir__map last; /* of weir__rows_last; of the first `indexed` entries */
    size_t indexed;
    struct weir_rows *next;
};

/* Frees what the handles have, at the end of a driver. */
void weir__driver_fini(weir__driver *driver);

/* ---- Failures (fail.c) ---- */
/* A call of the driver in the test's source. */
typedef struct weir__place {
    const char *file; /* borrowed; NULL: not known */
    int line;
} weir__place;
/* A failure on this thread is reported at this place from now on; `file` NULL: the place stays the
 * same. Returns the place before, for weir__place_leave. */
weir__place weir__place_enter(const char *file, int line);
void weir__place_leave(const weir__place *outer);
/* The same until the end of the block. Once a block. */
#define WEIR__AT_PLACE(file, line)                                                                 \
    __attribute__((cleanup(weir__place_leave))) const weir__place outer_place =                    \
        weir__place_enter((file), (line));                                                         \
    (void)outer_place

/* At the place of the call that this thread is in. `driver` NULL: that of
 * calls that have none, else the on_failure of weir__driver_not_made. */
void weir__driver_fail(weir__driver *driver, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void weir__driver_vfail(weir__driver *driver, const char *file, int line, const char *format,
                        va_list args) __attribute__((format(printf, 4, 0)));
/* True if the calling thread may call that function of weir/driver_places.h; else the test fails.
 * `driver` NULL: the call has none. */
bool weir__may_call(weir__driver *driver, const char *function);
/* The driver of calls that have none: the cluster of the process; NULL: none. */
void weir__driver_set_current(weir__driver *driver);
/* For calls on this thread that have no driver: it could not be made, or an argument is NULL. */
void weir__driver_not_made(bool set, weir_failure_fn on_failure, void *user);
/* Why it could not be made: part of the text of such a failure. */
void weir__driver_not_made_because(const char *why);
/* Of weir__given: the test fails. False. */
bool weir__not_given(const char *function, const char *argument);
/* True when it was given; else the test fails: "weir_rows_at: rows is NULL". */
static inline bool weir__given(bool given, const char *function, const char *argument)
{
    return given || weir__not_given(function, argument);
}
/* It has all that a serde must have. */
bool weir__serde_is_whole(const weir_serde *serde);
/* The same for a serde that can be used. */
bool weir__serde_given(const weir_serde *serde, const char *function, const char *argument);
/* Both serdes of a handle. */
bool weir__serdes_given(const weir_serde *key, const weir_serde *value, const char *function);
/* Ends the process: without memory there is nothing to test. */
void *weir__must(void *memory);

/* ---- Settings (settings.c) ---- */
/* Sets name, value, ..., NULL; NULL: nothing. */
weir_err weir__config_set_list(weir_config *config, const char *const *list, weir_error *error);

/* ---- Serdes (codec.c) ---- */
/* `*out` NULL for the null slice; is in the driver's arena, `in` must be too. */
weir_err weir__codec_decode(weir__driver *driver, const weir_serde *serde, weir_slice in,
                            const void **out, weir_error *error);
/* Bytes in `arena` (the driver's or scratch); the null slice for NULL. */
weir_err weir__codec_encode(weir__driver *driver, weir__arena *arena, const weir_serde *serde,
                            const void *in, weir_slice *out, weir_error *error);
/* The same without a copy: in `buf`, or the value's own bytes. */
weir_err weir__codec_bytes(weir__driver *driver, const weir_serde *serde, const void *in,
                           weir_buf *buf, weir_slice *out, weir_error *error);
void weir__codec_fini(weir__driver *driver);
/* Its C type is weir_slice, as far as can be known of a serde of the test's own. */
bool weir__codec_takes_text(const weir_serde *serde);
/* WEIR_EINVAL where a weir_slice is expected and `decoded` cannot be one; a C string seldom can. */
weir_err weir__codec_check_slice(const weir_serde *serde, const void *decoded, weir_error *error);

/* ---- Inputs (input.c), outputs (output.c), store views (views.c) ---- */
weir_input weir__input_make(weir__driver *driver, const char *topic, const weir_serde *key,
                            const weir_serde *value);
/* weir__given for the headers of a record. */
bool weir__headers_given(const weir_input_record *record, const char *function);
weir_output weir__output_make(weir__driver *driver, const char *topic, const weir_serde *key,
                              const weir_serde *value);
weir_store_view weir__view_make(weir__driver *driver, const char *store, const weir_serde *key,
                                const weir_serde *value);
/* weir__given for all that a view has. */
bool weir__view_given(weir_store_view view, const char *function);
/* WEIR_EINVAL: the view's keys cannot be those of such a store. */
weir_err weir__view_check(weir_store_view view, const weir__store_kind *kind, weir_error *error);
/* Sets the kind of the store, and the rows to read in it; checks the view. */
weir_err weir__look_begin(weir__look *look, const weir__store_kind *kind,
                          weir__rows_wanted *wanted);
/* False, and look->err, if no view can read the store: the buffer of an operator. */
bool weir__look_may(weir__look *look, const weir__store_spec *spec);
/* A row as the store has it; with a timestamp in front if it is timestamped. */
weir_err weir__look_add(weir__look *look, const char *task, weir_slice key, weir_slice row);

/* ---- Rows (rows.c) ---- */
weir_rows *weir__rows_make(weir__driver *driver, const weir_serde *key, const weir_serde *value);
weir_slice weir__kept(weir__arena *arena, weir_slice bytes); /* a copy */
/* A copy of headers and bytes; NULL: none. */
const weir_header *weir__kept_headers(weir__arena *arena, const weir_header *headers, size_t count);
/* Takes the bytes (which are in the arena), decodes them; position and time come from `row`. */
weir_err weir__rows_append(weir_rows *rows, weir_slice key, weir_slice value, const weir_row *row,
                           weir_error *error);
void weir__rows_push(weir_rows *rows, weir__entry *entry);
/* Key bytes -> the last entry with that key, of all rows. */
weir__map *weir__rows_last(const weir_rows *rows);
void weir__rows_sort(weir_rows *rows); /* by key bytes */
/* The first rows, each on a line of its own behind a line break. */
const char *weir__rows_list(const weir_rows *rows);
/* The last value of each key, by key bytes, without nulls. */
weir_rows *weir__rows_as_table(const weir_rows *rows);

#endif
