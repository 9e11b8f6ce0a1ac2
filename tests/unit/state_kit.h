/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of state stores share: short names for rows, a directory for each test, and the
 * table of stacks that must all keep the contract of state/store.h. */
#ifndef WEIR_TESTS_STATE_KIT_H
#define WEIR_TESTS_STATE_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "state/files.h"
#include "state/open.h"

#define KIT_PATH_MAX 256
#define KIT_OFFSET_KEY "app-counts-changelog-0"

static inline weir_slice s(const char *text)
{
    return weir_slice_of(text);
}

#define assert_ok(call) kit_assert_ok((call), #call, __FILE__, __LINE__)
static inline void kit_assert_ok(weir_err err, const char *call, const char *file, int line)
{
    if (err != WEIR_OK) {
        print_error("%s: %s\n", call, weir_err_name(err));
        _fail(file, line);
    }
}

#define assert_slice(actual, text) kit_assert_slice((actual), (text), __FILE__, __LINE__)
static inline void kit_assert_slice(weir_slice actual, const char *text, const char *file, int line)
{
    if (!weir_slice_equal(actual, s(text))) {
        print_error("expected %s, got %.*s\n", text != NULL ? text : "null",
                    actual.data != NULL ? (int)actual.len : 4,
                    actual.data != NULL ? (const char *)actual.data : "null");
        _fail(file, line);
    }
}

/* Makes a new directory, whose path is written to `out`; kit_remove removes it. */
static inline void kit_directory(char out[KIT_PATH_MAX])
{
    const char *base = getenv("TMPDIR");
    snprintf(out, KIT_PATH_MAX, "%s/weir-state-XXXXXX", base != NULL ? base : "/tmp");
    assert_non_null(mkdtemp(out));
}

static inline void kit_remove(const char *directory)
{
    assert_ok(weir__remove_directory(directory, NULL));
}

/* For tests whose state is the name of a directory of their own. */
static inline int kit_setup(void **state)
{
    char *directory = malloc(KIT_PATH_MAX);
    kit_directory(directory);
    *state = directory;
    return 0;
}

static inline int kit_teardown(void **state)
{
    kit_remove(*state);
    free(*state);
    return 0;
}

static inline void kit_put(weir__kv *kv, const char *key, const char *value)
{
    assert_ok(weir__kv_put(kv, s(key), s(value), NULL));
}

/* Without an offset. */
static inline void kit_commit(weir__kv *kv)
{
    assert_ok(weir__kv_commit(kv, WEIR__NO_OFFSET, WEIR__TIME_UNKNOWN, NULL));
}

static inline weir_slice kit_get(weir__kv *kv, const char *key)
{
    weir_slice value = {"unset", 5};
    assert_ok(weir__kv_get(kv, s(key), &value, NULL));
    return value;
}

static inline weir__kv_iter *kit_range(weir__kv *kv, const char *from, const char *to, bool reverse)
{
    weir__kv_iter *iter = NULL;
    assert_ok(weir__kv_range(kv, s(from), s(to), reverse, &iter, NULL));
    return iter;
}

/* The rest of the rows as "key=value key=value"; closes the iterator. */
static inline void kit_drain(weir__kv_iter *iter, char *out, size_t size)
{
    weir_slice key;
    weir_slice value;
    size_t used = 0;
    out[0] = '\0';
    while (iter->ops->next(iter, &key, &value)) {
        assert_non_null(value.data);
        int wrote =
            snprintf(out + used, size - used, "%s%.*s=%.*s", used != 0 ? " " : "", (int)key.len,
                     (const char *)key.data, (int)value.len, (const char *)value.data);
        assert_true(wrote >= 0 && (size_t)wrote < size - used);
        used += (size_t)wrote;
    }
    assert_false(iter->ops->next(iter, &key, &value));
    assert_ok(iter->ops->close(iter));
}

#define assert_rows(iter, text) kit_assert_rows((iter), (text), __FILE__, __LINE__)
static inline void kit_assert_rows(weir__kv_iter *iter, const char *text, const char *file,
                                   int line)
{
    char rows[4096];
    kit_drain(iter, rows, sizeof rows);
    _assert_string_equal(rows, text, file, line);
}

static inline weir__store_plan kit_plan(const char *directory, bool timestamped)
{
    return (weir__store_plan){.kind = timestamped ? &weir__kind_timestamped_key_value
                                                  : &weir__kind_key_value,
                              .directory = directory,
                              .offset_key = KIT_OFFSET_KEY,
                              .write_buffer_bytes = 1 << 20,
                              .block_cache_bytes = 1 << 20};
}

/* A store of which only the backend is of interest; its first write makes the database. */
static inline weir__kv *kit_lazy(const char *directory, bool timestamped)
{
    weir_error error = {.message = ""};
    weir__store_layers layers;
    weir__store_plan plan = kit_plan(directory, timestamped);
    if (weir__store_open(&plan, &layers, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
    return layers.top;
}

/* The database is there at once. */
static inline weir__kv *kit_rocksdb(const char *directory, bool timestamped)
{
    weir__kv *kv = NULL;
    weir_error error = {.message = ""};
    weir__rocksdb_opts opts = {.offset_key = KIT_OFFSET_KEY,
                               .family = kit_plan(NULL, timestamped).kind->family,
                               .write_buffer_bytes = 1 << 20,
                               .block_cache_bytes = 1 << 20};
    if (weir__rocksdb_open(directory, &opts, &kv, &error) != WEIR_OK) {
        fail_msg("%s", error.message);
    }
    return kv;
}

static inline weir__kv *kit_memory(void)
{
    weir__kv *kv = NULL;
    assert_ok(weir__memory_open(&kv, NULL));
    return kv;
}

#endif
