/* SPDX-License-Identifier: Apache-2.0
 *
 * Records and rows are compared as lines of text, in groups: a topic, a key of a topic, a store. */
#include "random/compare.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT 3 /* lines shown before and after a difference */
#define HISTORY_TIMES 8
#define FUZZ_GROUP_MAX 64

typedef struct line {
    char *group;
    char *text;
    bool unordered; /* in its group */
    size_t number;
} line;

typedef struct lines {
    line *at;
    size_t count;
} lines;

/* ---- Text --------------------------------------------------------------------------------- */

static void *must(void *memory)
{
    if (memory == NULL) {
        abort();
    }
    return memory;
}

static void show_bytes(FILE *out, weir_slice bytes)
{
    const unsigned char *at = bytes.data;
    if (at == NULL) {
        fputs("null", out);
        return;
    }
    fputc('"', out);
    for (size_t i = 0; i < bytes.len; i++) {
        fprintf(out, at[i] >= ' ' && at[i] <= '~' ? "%c" : "\\x%02x", at[i]);
    }
    fputc('"', out);
}

/* Consumes neither; adds a line. */
static void add(lines *to, const char *group, const char *text, bool unordered)
{
    to->at = must(realloc(to->at, (to->count + 1) * sizeof *to->at));
    to->at[to->count] = (line){must(strdup(group)), must(strdup(text)), unordered, to->count};
    to->count++;
}

static int by_group(const void *a, const void *b)
{
    const line *one = a;
    const line *other = b;
    int order = strcmp(one->group, other->group);
    if (order == 0 && one->unordered) {
        order = strcmp(one->text, other->text);
    }
    return order != 0 ? order : (one->number > other->number) - (one->number < other->number);
}

static void free_lines(lines *of)
{
    for (size_t i = 0; i < of->count; i++) {
        free(of->at[i].group);
        free(of->at[i].text);
    }
    free(of->at);
    *of = (lines){0};
}

/* ---- Records ------------------------------------------------------------------------------ */

static bool is_internal(const char *topic)
{
    return strncmp(topic, RUN_APPLICATION "-", strlen(RUN_APPLICATION "-")) == 0;
}

static void add_record(lines *to, fuzz_profile profile, const case_run *run, const sent *record)
{
    char *group;
    char *text;
    size_t size;
    bool by_key = profile == FUZZ_PARTITIONS;
    bool unordered = by_key ? record->key.data == NULL : several_tasks_write(run, record->topic);
    FILE *out = must(open_memstream(&group, &size));
    fputs(record->topic, out);
    if (by_key) {
        fputc(' ', out);
        show_bytes(out, record->key);
    }
    fclose(out);
    out = must(open_memstream(&text, &size));
    fprintf(out, "step %d: ", record->step);
    show_bytes(out, record->key);
    fputs(" = ", out);
    show_bytes(out, record->value);
    fprintf(out, " @%" PRId64, record->timestamp_ms);
    for (size_t i = 0; i < record->header_count; i++) {
        fprintf(out, " %s:", record->headers[i].name);
        show_bytes(out, record->headers[i].value);
    }
    fclose(out);
    add(to, group, text, unordered);
    free(group);
    free(text);
}

static void add_records(lines *to, fuzz_profile profile, const case_run *run)
{
    for (size_t i = 0; i < run->count; i++) {
        if (!is_internal(run->records[i].topic)) {
            add_record(to, profile, run, &run->records[i]);
        }
    }
}

/* ---- Stores ------------------------------------------------------------------------------- */

static bool is_zero(weir_slice value)
{
    static const char zero[8];
    return value.len == sizeof zero && memcmp(value.data, zero, sizeof zero) == 0;
}

static void add_row(lines *to, fuzz_profile profile, const char *store, const weir_row *row)
{
    char *text;
    size_t size;
    FILE *out = must(open_memstream(&text, &size));
    show_bytes(out, *(const weir_slice *)row->key);
    fputs(" = ", out);
    show_bytes(out, *(const weir_slice *)row->value);
    if (profile != FUZZ_CACHES) {
        fprintf(out, " @%" PRId64, row->timestamp_ms);
    }
    fclose(out);
    add(to, store, text, true);
    free(text);
}

/* At some times from the first to the last of the records. */
static void add_history(lines *to, fuzz_profile profile, case_run *run, const char *store,
                        int64_t last_ms)
{
    for (int64_t i = 0; i < HISTORY_TIMES; i++) {
        char group[FUZZ_GROUP_MAX];
        int64_t time_ms = last_ms * i / HISTORY_TIMES;
        const weir_rows *rows = run->store_rows(run, store, &weir_bytes, &time_ms);
        snprintf(group, sizeof group, "%s as of %" PRId64, store, time_ms);
        for (size_t j = 0; j < weir_rows_size(rows); j++) {
            add_row(to, profile, group, weir_rows_at(rows, j));
        }
    }
}

static int64_t last_time(yyjson_val *steps)
{
    int64_t last_ms = 0;
    yyjson_val *step;
    yyjson_arr_iter iter = yyjson_arr_iter_with(steps);
    while ((step = yyjson_arr_iter_next(&iter)) != NULL) {
        int64_t time_ms = case_number(step, "ts");
        last_ms = time_ms > last_ms ? time_ms : last_ms;
    }
    return last_ms;
}

static void add_stores(lines *to, fuzz_profile profile, case_run *run, yyjson_val *root)
{
    yyjson_val *checks = yyjson_obj_get(root, "checks");
    int64_t last_ms = last_time(yyjson_obj_get(root, "steps"));
    size_t i;
    size_t count;
    yyjson_val *check;
    yyjson_arr_foreach(checks, i, count, check)
    {
        const char *store = case_text(check, "store");
        bool zero_is_none = yyjson_get_bool(yyjson_obj_get(check, "zero_is_none"));
        const weir_rows *rows = run->store_rows(run, store, &weir_bytes, NULL);
        for (size_t j = 0; j < weir_rows_size(rows); j++) {
            const weir_row *row = weir_rows_at(rows, j);
            if (profile != FUZZ_CACHES || !zero_is_none ||
                !is_zero(*(const weir_slice *)row->value)) {
                add_row(to, profile, store, row);
            }
        }
        if (yyjson_get_bool(yyjson_obj_get(check, "versioned"))) {
            add_history(to, profile, run, store, last_ms);
        }
    }
}

/* ---- Differences -------------------------------------------------------------------------- */

static bool same_line(const line *a, const line *b)
{
    return strcmp(a->group, b->group) == 0 && strcmp(a->text, b->text) == 0;
}

static void show(FILE *out, const char *name, const lines *of, size_t at)
{
    fprintf(out, "  %s:\n", name);
    for (size_t i = at > CONTEXT ? at - CONTEXT : 0; i < of->count && i <= at + CONTEXT; i++) {
        fprintf(out, "  %c %s: %s\n", i == at ? '>' : ' ', of->at[i].group, of->at[i].text);
    }
    if (at >= of->count) {
        fputs("  > (no more)\n", out);
    }
}

static void compare_lines(const char *what, lines *a, lines *b, char *difference)
{
    size_t i = 0;
    if (a->count > 0) {
        qsort(a->at, a->count, sizeof *a->at, by_group);
    }
    if (b->count > 0) {
        qsort(b->at, b->count, sizeof *b->at, by_group);
    }
    while (i < a->count && i < b->count && same_line(&a->at[i], &b->at[i])) {
        i++;
    }
    if (i < a->count || i < b->count) {
        FILE *out = must(fmemopen(difference, FUZZ_TEXT_MAX, "w"));
        fprintf(out, "%s differ\n", what);
        show(out, "first run", a, i);
        show(out, "second run", b, i);
        fclose(out);
    }
    free_lines(a);
    free_lines(b);
}

void fuzz_compare(fuzz_profile profile, case_run *a, case_run *b, yyjson_val *root,
                  char difference[FUZZ_TEXT_MAX])
{
    lines first = {0};
    lines second = {0};
    difference[0] = '\0';
    if (a->end != b->end || a->step != b->step) {
        snprintf(difference, FUZZ_TEXT_MAX, "ends differ: step %d: %s\n  and step %d: %s\n",
                 a->step, a->error, b->step, b->error);
        return;
    }
    if (profile != FUZZ_CACHES) {
        add_records(&first, profile, a);
        add_records(&second, profile, b);
        compare_lines("output records", &first, &second, difference);
    }
    if (difference[0] == '\0' && a->end == RUN_FINISHED) {
        add_stores(&first, profile, a, root);
        add_stores(&second, profile, b, root);
        compare_lines("stores", &first, &second, difference);
    }
}
