/* SPDX-License-Identifier: Apache-2.0
 *
 * Compares the output of a run with the output of Kafka Streams (the suite's README, section 2). */
#ifndef WEIR_TESTS_CONFORMANCE_COMPARE_H
#define WEIR_TESTS_CONFORMANCE_COMPARE_H

#include <ctype.h>

#include "conformance/compare_windows.h"

CASE_FN void strip_numbers(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0';) {
        *to++ = *from++;
        if (to[-1] == '-' && strspn(from, "0123456789") == 10) {
            from += 10;
        }
    }
    *to = '\0';
}

CASE_FN bool same_name(const char *a, const char *b)
{
    char one[256];
    char other[256];
    snprintf(one, sizeof one, "%s", a);
    snprintf(other, sizeof other, "%s", b);
    strip_numbers(one);
    strip_numbers(other);
    return strcmp(one, other) == 0;
}

/* ---- Records ------------------------------------------------------------------------------ */

typedef enum sent_kind { SENT_OUTPUT, SENT_REPARTITION, SENT_CHANGELOG } sent_kind;

CASE_FN bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

CASE_FN sent_kind kind_of(const weir__loopback_record *record)
{
    return !record->internal                                     ? SENT_OUTPUT
           : ends_with(record->message.view.topic, "-changelog") ? SENT_CHANGELOG
                                                                 : SENT_REPARTITION;
}

/* A record that the topology sent, and the step that made it. */
typedef struct run_record {
    const weir__loopback_record *sent;
    int step;
} run_record;

/* A run of a case. */
typedef struct case_run {
    driven task;
    run_record *records;
    size_t count;
    weir__arena memory;
} case_run;

CASE_FN bool same_headers(weir__arena *arena, yyjson_val *expected,
                          const weir__message_view *actual)
{
    if (yyjson_arr_size(expected) != actual->header_count) {
        return false;
    }
    for (size_t i = 0; i < actual->header_count; i++) {
        yyjson_val *header = yyjson_arr_get(expected, i);
        const char *name = yyjson_get_str(yyjson_arr_get(header, 0));
        if (strcmp(name, actual->headers[i].name) != 0 ||
            !weir_slice_equal(case_bytes(arena, yyjson_arr_get(header, 1)),
                              actual->headers[i].value)) {
            return false;
        }
    }
    return true;
}

CASE_FN void compare_record(weir__arena *arena, yyjson_val *expected, const run_record *record,
                            const char *what, difference *d)
{
    const weir__message_view *actual = &record->sent->message.view;
    weir_slice key = case_bytes(arena, yyjson_obj_get(expected, "key"));
    weir_slice value = case_bytes(arena, yyjson_obj_get(expected, "value"));
    const char *topic = yyjson_get_str(yyjson_obj_get(expected, "topic"));
    long long step = yyjson_get_sint(yyjson_obj_get(expected, "step"));
    long long ts = yyjson_get_sint(yyjson_obj_get(expected, "ts"));
    char k[128];
    char v[128];
    char ak[128];
    char av[128];
    bool changelog = kind_of(record->sent) == SENT_CHANGELOG;
    if (!same_name(topic, actual->topic) || step != record->step ||
        !weir_slice_equal(key, actual->key) || !weir_slice_equal(value, actual->value) ||
        ts != actual->timestamp_ms) {
        differ(d, "%s: step %lld %s %s=%s@%lld expected, got step %d %s %s=%s@%lld", what, step,
               topic, show(k, key), show(v, value), ts, record->step, actual->topic,
               show(ak, actual->key), show(av, actual->value), (long long)actual->timestamp_ms);
    } else if (!changelog && !same_headers(arena, yyjson_obj_get(expected, "headers"), actual)) {
        differ(d, "%s: step %lld %s %s=%s: other headers", what, step, topic, show(k, key),
               show(v, value));
    }
}

/* All records of a kind in order; of one topic only if `topic` is not NULL. */
CASE_FN void compare_sent(case_run *run, yyjson_val *expected, sent_kind kind, const char *topic,
                          int end_step, difference *d)
{
    static const char *const names[] = {"outputs", "repartitions", "changelogs"};
    size_t next = 0;
    for (size_t i = 0; i < yyjson_arr_size(expected); i++) {
        yyjson_val *one = yyjson_arr_get(expected, i);
        if (topic != NULL && !same_name(topic, yyjson_get_str(yyjson_obj_get(one, "topic")))) {
            continue;
        }
        while (
            next < run->count &&
            (kind_of(run->records[next].sent) != kind ||
             (topic != NULL && !same_name(topic, run->records[next].sent->message.view.topic)))) {
            next++;
        }
        if (next == run->count) {
            differ(d, "%s: record %zu of %s is missing", names[kind], i,
                   yyjson_get_str(yyjson_obj_get(one, "topic")));
            return;
        }
        compare_record(&run->memory, one, &run->records[next++], names[kind], d);
    }
    for (; next < run->count; next++) {
        const run_record *record = &run->records[next];
        const weir__message_view *view = &record->sent->message.view;
        if (kind_of(record->sent) == kind && record->step < end_step &&
            (topic == NULL || same_name(topic, view->topic))) {
            char k[128];
            char v[128];
            differ(d, "%s: too much: step %d %s %s=%s", names[kind], record->step, view->topic,
                   show(k, view->key), show(v, view->value));
        }
    }
}

/* Topics of the task for which records are compared one by one. */
CASE_FN void compare_by_topic(case_run *run, yyjson_val *expected, sent_kind kind, int end_step,
                              difference *d)
{
    for (size_t i = 0; i < run->count; i++) {
        const weir__loopback_record *record = run->records[i].sent;
        const char *topic = record->message.view.topic;
        if (kind_of(record) == kind && strstr(topic, "-STATE-STORE-") == NULL) {
            compare_sent(run, expected, kind, topic, end_step, d);
        }
    }
    for (size_t i = 0; i < yyjson_arr_size(expected); i++) {
        const char *topic = yyjson_get_str(yyjson_obj_get(yyjson_arr_get(expected, i), "topic"));
        if (strstr(topic, "-STATE-STORE-") == NULL) {
            compare_sent(run, expected, kind, topic, end_step, d);
        }
    }
}

/* ---- Stores ------------------------------------------------------------------------------- */

CASE_FN void compare_rows(case_run *run, weir__kv_iter *iter, const char *name, yyjson_val *entries,
                          difference *d)
{
    weir_slice key;
    weir_slice row;
    size_t count = 0;
    while (iter->ops->next(iter, &key, &row)) {
        yyjson_val *entry = yyjson_arr_get(entries, count++);
        weir_slice value = {(const uint8_t *)row.data + WEIR__TIMESTAMP_SIZE,
                            row.len - WEIR__TIMESTAMP_SIZE};
        yyjson_val *ts = yyjson_arr_get(entry, 2);
        char k[128];
        if (!weir_slice_equal(key, case_bytes(&run->memory, yyjson_arr_get(entry, 0))) ||
            !weir_slice_equal(value, case_bytes(&run->memory, yyjson_arr_get(entry, 1))) ||
            (yyjson_is_int(ts) && yyjson_get_sint(ts) != (int64_t)weir__load_u64(row.data))) {
            differ(d, "store %s: another row at %zu: %s", name, count - 1, show(k, key));
        }
    }
    if (count != yyjson_arr_size(entries)) {
        differ(d, "store %s: %zu rows instead of %zu", name, count, yyjson_arr_size(entries));
    }
}

CASE_FN void compare_stores(case_run *run, yyjson_val *stores, difference *d)
{
    const weir_topology *topology = run->task.sync.topology;
    for (size_t i = 0; i < topology->store_count; i++) {
        const weir__store_spec *spec = &topology->stores[i];
        yyjson_val *expected = yyjson_obj_get(stores, spec->name);
        if (expected == NULL) {
            continue;
        }
        weir__graph *graph = spec->subtopology < 0 ? run->task.sync.instance.globals
                                                   : driven_task(&run->task)->graph;
        weir__kv *kv = weir__graph_store_layers(graph, (int)i);
        weir__kv_iter *iter = NULL;
        weir_assert(weir__kv_range(kv, (weir_slice){0}, (weir_slice){0}, false, &iter,
                                   &run->task.error) == WEIR_OK);
        yyjson_val *entries = yyjson_obj_get(expected, "entries");
        if (spec->kind->suffix != 0) {
            compare_timed_rows(&run->memory, spec, iter, entries, d);
        } else {
            compare_rows(run, iter, spec->name, entries, d);
        }
        weir_assert(iter->ops->close(iter) == WEIR_OK);
    }
}

/* ---- Description -------------------------------------------------------------------------- */

CASE_FN int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts the parts of text[0..len) that are separated by commas. */
CASE_FN void sort_list(char *text, size_t len)
{
    char copy[4096];
    char *items[128];
    size_t count = 0;
    weir_assert(len < sizeof copy);
    memcpy(copy, text, len);
    copy[len] = '\0';
    for (char *item = copy; item != NULL && count < 128; count++) {
        items[count] = item;
        item = strstr(item, ", ");
        if (item != NULL) {
            *item = '\0';
            item += 2;
        }
    }
    qsort(items, count, sizeof *items, by_text);
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(items[i]);
        memcpy(text, items[i], size);
        text += size;
        if (i + 1 < count) {
            *text++ = ',';
            *text++ = ' ';
        }
    }
}

CASE_FN char *normal_description(const char *text)
{
    static const char *const starts[] = {"      --> ", "      <-- ", "(stores: ["};
    static const char ends[] = {'\n', '\n', ']'};
    char *copy = strdup(text);
    weir_assert(copy != NULL);
    strip_numbers(copy);
    for (size_t s = 0; s < 3; s++) {
        for (char *at_ = strstr(copy, starts[s]); at_ != NULL; at_ = strstr(at_, starts[s])) {
            at_ += strlen(starts[s]);
            sort_list(at_, (size_t)(strchr(at_, ends[s]) - at_));
        }
    }
    return copy;
}

CASE_FN void compare_description(const weir_topology *topology, yyjson_val *expected, difference *d)
{
    if (!yyjson_is_str(expected)) {
        return;
    }
    char *text = weir_topology_describe(topology);
    weir_assert(text != NULL);
    char *one = normal_description(yyjson_get_str(expected));
    char *other = normal_description(text);
    if (strcmp(one, other) != 0) {
        differ(d, "describe: expected\n%s\ngot\n%s", yyjson_get_str(expected), text);
    }
    free(one);
    free(other);
    free(text);
}

#endif
