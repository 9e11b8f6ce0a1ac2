/* SPDX-License-Identifier: Apache-2.0
 *
 * Stores of each kind over both backends, random transactions for them, and all that can be seen of
 * a store as bytes. A twin that can not be rolled back gets only what was committed. */
#ifndef WEIR_TESTS_COMMIT_KIT_H
#define WEIR_TESTS_COMMIT_KIT_H

#include "state_kit.h"

#include "state/buffer.h"
#include "state/keys.h"
#include "state/tree.h"
#include "state/values.h"
#include "state/versioned.h"

#define KEYS 8
#define OPS_MAX 12
#define VALUE_MAX 16384

typedef struct commit_case {
    const char *name;
    const weir__store_kind *kind;
    bool rocksdb;
    bool time_ordered;
    bool cached;
    int64_t retention_ms;
} commit_case;

static const commit_case commit_cases[] = {
    {"rows in memory", &weir__kind_key_value, false, false, false, 0},
    {"cached rows in memory", &weir__kind_timestamped_key_value, false, false, true, 0},
    {"windows in memory", &weir__kind_window, false, false, false, 50},
    {"time-ordered windows in memory", &weir__kind_timestamped_window, false, true, false, 50},
    {"join windows in memory", &weir__kind_duplicates, false, false, false, 50},
    {"sessions in memory", &weir__kind_session, false, false, true, 50},
    {"versions in memory", &weir__kind_versioned, false, false, false, 50000},
    {"a suppress buffer", &weir__kind_suppress_buffer, false, false, false, 0},
    {"a join buffer in memory", &weir__kind_join_buffer, false, false, false, 0},
    {"rows in RocksDB", &weir__kind_key_value, true, false, false, 0},
    {"cached rows in RocksDB", &weir__kind_timestamped_key_value, true, false, true, 0},
    {"windows in RocksDB", &weir__kind_window, true, false, false, 150000},
    {"time-ordered windows in RocksDB", &weir__kind_window, true, true, false, 150000},
    {"cached windows in RocksDB", &weir__kind_timestamped_window, true, false, true, 150000},
    {"join windows in RocksDB", &weir__kind_duplicates, true, false, false, 150000},
    {"sessions in RocksDB", &weir__kind_session, true, false, false, 150000},
    {"versions in RocksDB", &weir__kind_versioned, true, false, false, 50000},
    {"a join buffer in RocksDB", &weir__kind_join_buffer, true, false, false, 0},
};
#define COMMIT_CASES (sizeof commit_cases / sizeof commit_cases[0])

/* ---- A store ------------------------------------------------------------------------------ */

typedef struct subject {
    const commit_case *what;
    char directory[KIT_PATH_MAX]; /* of RocksDB */
    bool can_roll_back;
    weir__uncommitted uncommitted;
    weir__cache *cache;
    weir__store_layers layers;
    weir_buf log; /* changelog records since the last commit */
} subject;

static inline void add_bytes(weir_buf *out, weir_slice bytes)
{
    weir__buf_put_i64(out, bytes.data != NULL ? (int64_t)bytes.len : -1);
    if (bytes.len > 0) {
        (void)weir_put(out, bytes.data, bytes.len);
    }
}

static inline weir_err subject_log(void *user, const weir__log_record *record, weir_error *error)
{
    subject *of = user;
    (void)error;
    add_bytes(&of->log, record->key);
    add_bytes(&of->log, record->value);
    return WEIR_OK;
}

static inline int64_t subject_now(void *user)
{
    (void)user;
    return 7;
}

static inline weir__origin subject_origin(void *user)
{
    (void)user;
    return (weir__origin){.topic = "input"};
}

static inline weir_err subject_open(subject *of, weir_error *error)
{
    weir__changelog_sink sink = {subject_log, subject_now, of};
    weir__cache_client client = {.origin = subject_origin};
    weir__store_plan plan = kit_plan(of->what->rocksdb ? of->directory : NULL, false);
    plan.kind = of->what->kind;
    plan.retention_ms = of->what->retention_ms;
    plan.time_ordered = of->what->time_ordered;
    plan.sink = &sink;
    plan.uncommitted = of->can_roll_back ? &of->uncommitted : NULL;
    plan.exact = of->can_roll_back;
    plan.client = &client;
    plan.cache = of->cache;
    return weir__store_open(&plan, &of->layers, error);
}

static inline void subject_begin(subject *of, const commit_case *what, bool can_roll_back)
{
    *of = (subject){.what = what, .can_roll_back = can_roll_back};
    if (what->rocksdb) {
        kit_directory(of->directory);
    }
    if (what->cached) {
        assert_ok(weir__cache_new(1 << 20, &of->cache));
    }
    assert_ok(subject_open(of, NULL));
}

static inline void subject_end(subject *of)
{
    weir__kv_close(of->layers.top);
    assert_int_equal(of->uncommitted.bytes, 0);
    weir__cache_free(of->cache);
    weir__buf_fini(&of->log);
    if (of->what->rocksdb) {
        kit_remove(of->directory);
    }
}

static inline weir_err subject_commit(subject *of, int64_t offset)
{
    weir_err err = weir__kv_flush(of->layers.top, NULL);
    return err == WEIR_OK ? weir__kv_commit(of->layers.base, offset, 1000 + offset, NULL) : err;
}

/* ---- What can be seen --------------------------------------------------------------------- */

static inline void add_rows(weir_buf *out, weir__kv_iter *iter)
{
    weir_slice key;
    weir_slice value;
    while (iter->ops->next(iter, &key, &value)) {
        add_bytes(out, key);
        add_bytes(out, value);
    }
    assert_ok(iter->ops->close(iter));
}

static inline void add_segments(weir_buf *out, const subject *of)
{
    weir__kv_iter *iter;
    for (int i = 0; i < 4; i++) {
        weir__segments_range range = {.suffix = of->what->kind->suffix,
                                      .from_ms = INT64_MIN,
                                      .to_ms = INT64_MAX,
                                      .reverse = i % 2 == 1};
        if (i >= 2) {
            range.key = s("k1");
        }
        assert_ok(weir__segments_scan(of->layers.top, &of->layers.retention, &range, &iter, NULL));
        add_rows(out, iter);
        assert_ok(
            weir__segments_scan_kept(of->layers.base, &of->layers.retention, &range, &iter, NULL));
        add_rows(out, iter);
    }
    weir__buf_put_i64(out, weir__segments_stream_ms(of->layers.base));
    weir__buf_put_i64(out, weir__segments_last_number(of->layers.base));
}

static inline void add_versions(weir_buf *out, const subject *of)
{
    char key[8];
    weir__kv_iter *iter;
    for (int i = 0; i < KEYS; i++) {
        snprintf(key, sizeof key, "k%d", i);
        assert_ok(weir__versioned_history(of->layers.base, s(key), INT64_MIN, INT64_MAX, false,
                                          &iter, NULL));
        add_rows(out, iter);
    }
}

/* All of the store, through all layers; appended. */
static inline void subject_see(const subject *of, weir_buf *out)
{
    const weir_slice open_end = {0};
    weir__kv_iter *iter;
    for (int reverse = 0; reverse < 2; reverse++) {
        assert_ok(weir__kv_range(of->layers.top, open_end, open_end, reverse == 1, &iter, NULL));
        add_rows(out, iter);
    }
    if (of->what->kind->suffix != 0) {
        add_segments(out, of);
    }
    if (of->what->kind->versions) {
        add_versions(out, of);
    }
    weir__buffer_row first = {0};
    if (of->what->kind->by_place && weir__buffer_first(of->layers.base, &first)) {
        add_bytes(out, first.key);
        weir__buf_put_i64(out, first.place_ms);
        weir__buf_put_i64(out, (int64_t)weir__buffer_count(of->layers.base));
        weir__buf_put_i64(out, (int64_t)weir__buffer_bytes(of->layers.base));
    }
    weir__buf_put_i64(out, weir__kv_offset(of->layers.base));
    weir__buf_put_i64(out, weir__kv_as_of_ms(of->layers.base));
    assert_int_equal(out->err, WEIR_OK);
}

/* ---- Random transactions ------------------------------------------------------------------ */

typedef enum op_kind { OP_PUT, OP_DELETE, OP_DROP, OP_FLUSH } op_kind;

typedef struct op {
    op_kind kind;
    unsigned key;
    int64_t time_ms;
    int32_t number;
    size_t len; /* of the value */
} op;

typedef struct draws {
    uint64_t random;
    int64_t now_ms; /* of the operations: grows */
    int32_t number;
    size_t value_max;
    unsigned keys; /* 0: KEYS */
} draws;

/* xorshift64*: the same numbers everywhere. */
static inline unsigned draw(draws *from, unsigned below)
{
    from->random ^= from->random >> 12;
    from->random ^= from->random << 25;
    from->random ^= from->random >> 27;
    return (unsigned)((from->random * 2685821657736338717u) >> 33) % below;
}

static inline op draw_op(draws *from, const commit_case *what)
{
    unsigned kind = draw(from, 20);
    int64_t unit_ms = what->rocksdb ? 4000 : 2;
    from->now_ms += draw(from, 3) == 0 ? (int64_t)draw(from, 5) * unit_ms : 0;
    int64_t time_ms = from->now_ms - (int64_t)draw(from, 50) * unit_ms;
    return (op){.kind = kind < 14   ? OP_PUT
                        : kind < 18 ? OP_DELETE
                        : kind < 19 ? OP_DROP
                                    : OP_FLUSH,
                .key = draw(from, from->keys > 0 ? from->keys : KEYS),
                .time_ms = time_ms > 0 ? time_ms : 0,
                .number = ++from->number,
                .len = draw(from, (unsigned)from->value_max)};
}

static inline void op_key(const subject *of, const op *o, weir_slice key, weir_buf *out)
{
    weir_buf log_key = {0};
    switch (of->what->kind->suffix) {
    case WEIR__WINDOW_SUFFIX:
        weir__window_store_key(
            &log_key,
            &(weir__window_key){key, o->time_ms,
                                of->what->kind == &weir__kind_duplicates ? o->number : 0});
        break;
    case WEIR__SESSION_SUFFIX:
        weir__session_store_key(&log_key, &(weir__session_key){key, o->time_ms / 2, o->time_ms});
        break;
    default:
        (void)weir_put(out, key.data, key.len);
        if (of->what->kind->versions) {
            weir__buf_put_i64(out, o->time_ms);
        }
        return;
    }
    weir__segment_key(&of->layers.retention, o->time_ms, weir__buf_slice(&log_key), out);
    out->err = log_key.err != WEIR_OK ? log_key.err : out->err;
    weir__buf_fini(&log_key);
}

static inline void op_value(const subject *of, const op *o, weir_buf *out)
{
    static const char filling[VALUE_MAX];
    if (of->what->kind->type == WEIR__TYPE_BUFFER) {
        weir__buffered_value row = {
            .topic = s("in"), .new_value = {filling, o->len}, .place_ms = o->time_ms % 5};
        weir__buffered_value_put(out, &row);
        return;
    }
    weir__buf_put_i64(out, o->number);
    (void)weir_put(out, filling, o->len);
}

/* A range of keys is dropped below the layers that expire rows. */
static inline bool can_drop(const subject *of)
{
    return !of->what->cached && of->what->kind->type == WEIR__TYPE_KEY_VALUE;
}

static inline weir_err subject_apply(subject *of, const op *o)
{
    char name[8];
    weir_buf key = {0};
    weir_buf value = {0};
    weir_err err = WEIR_OK;
    snprintf(name, sizeof name, "k%u", o->key);
    if (o->kind == OP_FLUSH) {
        return weir__kv_flush(of->layers.top, NULL);
    }
    if (o->kind == OP_DROP) {
        return can_drop(of) && strcmp(name, "k2") > 0
                   ? weir__kv_drop_range(of->layers.base, s("k2"), s(name), NULL)
                   : WEIR_OK;
    }
    op_key(of, o, s(name), &key);
    op_value(of, o, &value);
    err = key.err != WEIR_OK ? key.err : value.err;
    if (err == WEIR_OK) {
        err = weir__kv_put(of->layers.top, weir__buf_slice(&key),
                           o->kind == OP_DELETE ? (weir_slice){0} : weir__buf_slice(&value), NULL);
    }
    weir__buf_fini(&key);
    weir__buf_fini(&value);
    return err;
}

#endif
