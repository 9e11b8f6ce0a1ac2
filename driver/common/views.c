/* SPDX-License-Identifier: Apache-2.0
 *
 * Views of stores: decoded rows, in order of key bytes. */
#include "common/common.h"
#include "core/error.h"
#include "process/graph.h"
#include "state/tree.h"

weir_store_view weir__view_make(weir__driver *driver, const char *store, const weir_serde *key,
                                const weir_serde *value)
{
    const char *name = weir__must(weir__arena_strdup(&driver->arena, store));
    return (weir_store_view){.driver = driver, .store = name, .key = key, .value = value};
}

/* A view may be zeroed, or the result of a call that failed. */
bool weir__view_given(weir_store_view view, const char *function)
{
    return weir__given(view.driver != NULL, function, "view") &&
           weir__given(view.store != NULL, function, "view.store") &&
           weir__serde_given(view.key, function, "view.key") &&
           weir__serde_given(view.value, function, "view.value");
}

weir_store_view weir_store_view_task(weir_store_view view, const char *task)
{
    if (!weir__view_given(view, __func__) || !weir__given(task != NULL, __func__, "task")) {
        return (weir_store_view){0};
    }
    view.task = weir__must(weir__arena_strdup(&view.driver->arena, task));
    return view;
}

weir_store_view weir_store_view_as_of(weir_store_view view, int64_t time_ms)
{
    if (!weir__view_given(view, __func__)) {
        return (weir_store_view){0};
    }
    view.as_of = true;
    view.as_of_ms = time_ms;
    return view;
}

bool weir__look_may(weir__look *look, const weir__store_spec *spec)
{
    if (spec->kind->type == WEIR__TYPE_BUFFER) {
        look->err = weir__error_set(&look->error, WEIR_EINVAL,
                                    "it is the buffer of an operator, whose rows are not of the "
                                    "types of its keys and values");
    }
    return look->err == WEIR_OK;
}

weir_err weir__view_check(weir_store_view view, const weir__store_kind *kind, weir_error *error)
{
    bool sessions = kind->type == WEIR__TYPE_SESSION;
    if (kind->suffix == 0 || view.key == &weir_bytes ||
        (weir_windowed_wrapped(view.key) != NULL &&
         sessions == (view.key->decode == weir_session_windowed_decode))) {
        return WEIR_OK;
    }
    return weir__error_set(error, WEIR_EINVAL, "its keys are %s, not %s: name them with %s",
                           sessions ? "sessions" : "windows", view.key->name,
                           sessions ? "WEIR_SESSION_WINDOWED_SERDE" : "WEIR_TIME_WINDOWED_SERDE");
}

/* Rows with times are in another order than keys on a topic: all are read. */
weir_err weir__look_begin(weir__look *look, const weir__store_kind *kind, weir__rows_wanted *wanted)
{
    bool timed = kind->suffix != 0;
    look->kind = kind;
    *wanted = look->wanted;
    if (timed) {
        wanted->from = wanted->to = (weir_slice){0};
    }
    return weir__view_check(look->view, kind, &look->error);
}

static bool is_in_range(const weir__look *look, weir_slice key)
{
    const weir__rows_wanted *wanted = &look->wanted;
    return (wanted->from.data == NULL || weir__key_compare(key, wanted->from) >= 0) &&
           (wanted->to.data == NULL || weir__key_compare(key, wanted->to) <= 0);
}

weir_err weir__look_add(weir__look *look, const char *task, weir_slice key, weir_slice row)
{
    weir__arena *arena = &look->view.driver->arena;
    weir_slice shown = weir__kind_topic_key(look->kind, key);
    if (!is_in_range(look, shown)) {
        return WEIR_OK;
    }
    weir_row meta = {
        .partition = -1,
        .offset = -1,
        .task = weir__must(weir__arena_strdup(arena, task)),
    };
    if (look->kind->timestamped) {
        if (row.len < WEIR__TIMESTAMP_SIZE) {
            return weir__error_set(&look->error, WEIR_ECORRUPT, "a row of %zu bytes", row.len);
        }
        meta.timestamp_ms = (int64_t)weir__load_u64(row.data);
        row.data = (const uint8_t *)row.data + WEIR__TIMESTAMP_SIZE;
        row.len -= WEIR__TIMESTAMP_SIZE;
    }
    return weir__rows_append(look->rows, weir__kept(arena, shown), weir__kept(arena, row), &meta,
                             &look->error);
}

static weir_rows *look_up(weir_store_view view, weir_slice from, weir_slice to)
{
    weir__driver *driver = view.driver;
    /* In the arena: a thread of the driver that reads may never end. */
    weir__look *look = weir__must(weir__arena_alloc(&driver->arena, sizeof *look));
    look->view = view;
    look->wanted = (weir__rows_wanted){from, to, view.as_of ? &look->view.as_of_ms : NULL};
    look->rows = weir__rows_make(driver, view.key, view.value);
    driver->ops->look(driver, look);
    if (look->err != WEIR_OK) {
        weir__driver_fail(driver, "store '%s': %s", view.store, look->error.message);
    } else if (view.task != NULL && look->kind != NULL && !look->task_found) {
        weir__driver_fail(driver, "store '%s': there is no task '%s' with it", view.store,
                          view.task);
    }
    weir__rows_sort(look->rows);
    return look->rows;
}

/* False, and the test fails: the key cannot be encoded. */
static bool encode_key(weir_store_view view, const void *key, weir_slice *out)
{
    weir_error error;
    weir_err err = weir__codec_check_slice(view.key, key, &error);
    if (err == WEIR_OK) {
        err = weir__codec_encode(view.driver, &view.driver->arena, view.key, key, out, &error);
    }
    if (err != WEIR_OK) {
        weir__driver_fail(view.driver, "store '%s': key: %s", view.store, error.message);
    }
    return err == WEIR_OK;
}

weir_rows *weir_store_view_range(weir_store_view view, const void *from, const void *to)
{
    if (!weir__view_given(view, __func__)) {
        return NULL;
    }
    weir_slice first = {0};
    weir_slice last = {0};
    if (!encode_key(view, from, &first) || !encode_key(view, to, &last)) {
        return weir__rows_make(view.driver, view.key, view.value);
    }
    return look_up(view, first, last);
}

weir_rows *weir_store_view_all(weir_store_view view)
{
    return weir__view_given(view, __func__) ? weir_store_view_range(view, NULL, NULL) : NULL;
}

const weir_row *weir_store_view_get(weir_store_view view, const void *key)
{
    if (!weir__view_given(view, __func__) || !weir__given(key != NULL, __func__, "key")) {
        return NULL;
    }
    return weir_rows_at(weir_store_view_range(view, key, key), 0);
}

/* The least key that is greater than all with the prefix; a null slice: there is none. */
static weir_slice end_of_prefix(weir__arena *arena, weir_slice prefix)
{
    weir_slice end = weir__kept(arena, prefix);
    unsigned char *bytes = (unsigned char *)(uintptr_t)end.data;
    while (end.len > 0 && bytes[end.len - 1] == UINT8_MAX) {
        end.len--;
    }
    if (end.len == 0) {
        return (weir_slice){0};
    }
    bytes[end.len - 1]++;
    return end;
}

static bool begins_with(weir_slice bytes, weir_slice prefix)
{
    return bytes.len >= prefix.len &&
           (prefix.len == 0 || memcmp(bytes.data, prefix.data, prefix.len) == 0);
}

weir_rows *weir_store_view_prefix(weir_store_view view, weir_slice prefix)
{
    if (!weir__view_given(view, __func__) ||
        !weir__given(prefix.data != NULL, __func__, "prefix.data")) {
        return NULL;
    }
    weir__arena *arena = &view.driver->arena;
    weir_slice from = prefix.len > 0 ? weir__kept(arena, prefix) : (weir_slice){0};
    weir_rows *rows = look_up(view, from, end_of_prefix(arena, prefix));
    weir_rows *found = weir__rows_make(view.driver, view.key, view.value);
    for (size_t i = 0; i < rows->count; i++) {
        if (begins_with(rows->entries[i]->key_bytes, prefix)) {
            weir__rows_push(found, rows->entries[i]);
        }
    }
    return found;
}

size_t weir_store_view_size(weir_store_view view)
{
    return weir__view_given(view, __func__) ? weir_rows_size(weir_store_view_all(view)) : 0;
}
