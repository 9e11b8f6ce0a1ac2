/* SPDX-License-Identifier: Apache-2.0
 *
 * Compares a run with what Kafka Streams gave, as the suite's README.md states (section 2). */
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay/compare.h"

#define SHOWN_MAX 96
#define CONTEXT_MAX 3 /* records before a difference that are shown */
#define NAME_MAX_LENGTH 256

void differ(comparison *c, const char *format, ...)
{
    if (c->difference[0] == '\0') {
        va_list args;
        va_start(args, format);
        vsnprintf(c->difference, RUN_TEXT_MAX, format, args);
        va_end(args);
    }
}

/* Appends to the difference. */
static void explain(comparison *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void explain(comparison *c, const char *format, ...)
{
    size_t used = strlen(c->difference);
    va_list args;
    va_start(args, format);
    vsnprintf(c->difference + used, RUN_TEXT_MAX - used, format, args);
    va_end(args);
}

/* ---- Names and bytes ---------------------------------------------------------------------- */

static const char *show(char out[SHOWN_MAX], weir_slice bytes)
{
    if (bytes.data == NULL) {
        return "null";
    }
    size_t used = 0;
    out[used++] = '\'';
    for (size_t i = 0; i < bytes.len && used + 6 < SHOWN_MAX; i++) {
        unsigned char c = ((const unsigned char *)bytes.data)[i];
        used += (size_t)snprintf(out + used, SHOWN_MAX - used, isprint(c) ? "%c" : "\\%02x", c);
    }
    out[used++] = '\'';
    out[used] = '\0';
    return out;
}

static bool same_name(const char *a, const char *b)
{
    char one[NAME_MAX_LENGTH];
    char other[NAME_MAX_LENGTH];
    snprintf(one, sizeof one, "%s", a);
    snprintf(other, sizeof other, "%s", b);
    strip_numbers(one);
    strip_numbers(other);
    return strcmp(one, other) == 0;
}

bool same_datum(yyjson_val *datum, weir_slice actual)
{
    weir_slice expected = datum_bytes(datum);
    bool same = weir_slice_equal(expected, actual);
    datum_free(datum, expected);
    return same;
}

/* ---- Records ------------------------------------------------------------------------------ */

typedef enum sent_kind { SENT_OUTPUT, SENT_REPARTITION, SENT_CHANGELOG } sent_kind;

static const char *const kind_names[] = {"outputs", "repartitions", "changelogs"};

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text);
    return length >= strlen(end) && strcmp(text + length - strlen(end), end) == 0;
}

static sent_kind kind_of(const char *topic)
{
    bool internal = strncmp(topic, RUN_APPLICATION "-", sizeof RUN_APPLICATION) == 0;
    return !internal                        ? SENT_OUTPUT
           : ends_with(topic, "-changelog") ? SENT_CHANGELOG
                                            : SENT_REPARTITION;
}

/* Kafka numbers such stores: their topics inform only. */
static bool is_compared(sent_kind kind, const char *topic)
{
    return kind != SENT_CHANGELOG || strstr(topic, "-STATE-STORE-") == NULL;
}

static bool same_headers(yyjson_val *expected, const sent *actual)
{
    if (yyjson_arr_size(expected) != actual->header_count) {
        return false;
    }
    for (size_t i = 0; i < actual->header_count; i++) {
        yyjson_val *header = yyjson_arr_get(expected, i);
        if (strcmp(yyjson_get_str(yyjson_arr_get(header, 0)), actual->headers[i].name) != 0 ||
            !same_datum(yyjson_arr_get(header, 1), actual->headers[i].value)) {
            return false;
        }
    }
    return true;
}

/* Null: the producer sets it, which that of Java's driver does not. librdkafka cannot write
 * timestamp 0 to an output topic (weir_forward). */
static bool same_timestamp(const comparison *c, sent_kind kind, yyjson_val *expected,
                           int64_t actual)
{
    if (yyjson_is_null(expected)) {
        return c->run->driver == RUN_SYNC ? actual == -1 : actual > 0;
    }
    int64_t wanted = yyjson_get_sint(expected);
    bool moved = c->run->driver == RUN_CLUSTER && kind == SENT_OUTPUT && wanted == 0;
    return (moved ? 1 : wanted) == actual;
}

static bool same_record(const comparison *c, sent_kind kind, yyjson_val *expected,
                        const sent *actual)
{
    return same_name(case_text(expected, "topic"), actual->topic) &&
           case_number(expected, "step") == actual->step &&
           same_datum(yyjson_obj_get(expected, "key"), actual->key) &&
           same_datum(yyjson_obj_get(expected, "value"), actual->value) &&
           same_timestamp(c, kind, yyjson_obj_get(expected, "ts"), actual->timestamp_ms) &&
           (kind == SENT_CHANGELOG || same_headers(yyjson_obj_get(expected, "headers"), actual));
}

static void explain_header(comparison *c, const char *name, weir_slice value)
{
    char v[SHOWN_MAX];
    explain(c, ", %s: %s", name, show(v, value));
}

static void explain_expected(comparison *c, const char *mark, yyjson_val *record)
{
    char k[SHOWN_MAX];
    char v[SHOWN_MAX];
    yyjson_val *key = yyjson_obj_get(record, "key");
    yyjson_val *value = yyjson_obj_get(record, "value");
    weir_slice key_bytes = datum_bytes(key);
    weir_slice value_bytes = datum_bytes(value);
    explain(c, "  %s step %" PRId64 " %s: %s = %s @%" PRId64, mark, case_number(record, "step"),
            case_text(record, "topic"), show(k, key_bytes), show(v, value_bytes),
            case_number(record, "ts"));
    datum_free(key, key_bytes);
    datum_free(value, value_bytes);
    yyjson_val *headers = yyjson_obj_get(record, "headers");
    for (size_t i = 0; i < yyjson_arr_size(headers); i++) {
        yyjson_val *header = yyjson_arr_get(headers, i);
        yyjson_val *datum = yyjson_arr_get(header, 1);
        weir_slice bytes = datum_bytes(datum);
        explain_header(c, yyjson_get_str(yyjson_arr_get(header, 0)), bytes);
        datum_free(datum, bytes);
    }
    explain(c, "\n");
}

static void explain_actual(comparison *c, const char *mark, const sent *record)
{
    char k[SHOWN_MAX];
    char v[SHOWN_MAX];
    explain(c, "  %s step %d %s: %s = %s @%" PRId64, mark, record->step, record->topic,
            show(k, record->key), show(v, record->value), record->timestamp_ms);
    for (size_t i = 0; i < record->header_count; i++) {
        explain_header(c, record->headers[i].name, record->headers[i].value);
    }
    explain(c, "\n");
}

static void explain_step(comparison *c, int64_t number)
{
    yyjson_val *step =
        number >= 0 ? yyjson_arr_get(yyjson_obj_get(c->of->root, "steps"), (size_t)number) : NULL;
    size_t len = 0;
    char *text = yyjson_val_write(step, YYJSON_WRITE_NOFLAG, &len);
    if (text != NULL) {
        explain(c, "  step %" PRId64 " is %.300s\n", number, text);
    }
    free(text);
}

/* Expected and actual records of one list, in order. */
typedef struct pairing {
    yyjson_val **expected;
    size_t expected_count;
    const sent **actual;
    size_t actual_count;
} pairing;

int by_bytes(weir_slice a, weir_slice b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common > 0 ? memcmp(a.data, b.data, common) : 0;
    if ((a.data == NULL) != (b.data == NULL)) {
        return a.data == NULL ? -1 : 1;
    }
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int by_step_and_bytes(const sent *a, const sent *b)
{
    int order = (a->step > b->step) - (a->step < b->step);
    order = order != 0 ? order : by_bytes(a->key, b->key);
    return order != 0 ? order : by_bytes(a->value, b->value);
}

static int by_actual(const void *a, const void *b)
{
    return by_step_and_bytes(*(const sent *const *)a, *(const sent *const *)b);
}

static int by_expected(const void *a, const void *b)
{
    yyjson_val *const records[] = {*(yyjson_val *const *)a, *(yyjson_val *const *)b};
    sent both[2];
    for (int i = 0; i < 2; i++) {
        both[i] = (sent){.step = (int)case_number(records[i], "step"),
                         .key = datum_bytes(yyjson_obj_get(records[i], "key")),
                         .value = datum_bytes(yyjson_obj_get(records[i], "value"))};
    }
    int order = by_step_and_bytes(&both[0], &both[1]);
    for (int i = 0; i < 2; i++) {
        datum_free(yyjson_obj_get(records[i], "key"), both[i].key);
        datum_free(yyjson_obj_get(records[i], "value"), both[i].value);
    }
    return order;
}

/* The changelog of a buffer, a set in each step: Kafka writes it in the order of a hash table. Its
 * records have no timestamps, the tombstones of other stores have. */
static bool is_of_buffer(const pairing *p)
{
    return p->expected_count > 0 && yyjson_is_null(yyjson_obj_get(p->expected[0], "ts"));
}

static bool same_step_and_key(yyjson_val *a, yyjson_val *b)
{
    return case_number(a, "step") == case_number(b, "step") &&
           yyjson_equals(yyjson_obj_get(a, "key"), yyjson_obj_get(b, "key"));
}

/* A buffer is logged at a commit. Java's driver commits after each record of a repartition topic, a
 * cluster after some, but before the step ends: only the last record of a key and step is left. */
static void keep_last_of_steps(pairing *p)
{
    size_t expected = 0;
    size_t actual = 0;
    for (size_t i = 0; i < p->expected_count; i++) {
        bool last = true;
        for (size_t j = i + 1; j < p->expected_count; j++) {
            last = last && !same_step_and_key(p->expected[i], p->expected[j]);
        }
        p->expected[expected] = p->expected[i];
        expected += last;
    }
    for (size_t i = 0; i < p->actual_count; i++) {
        bool last = true;
        for (size_t j = i + 1; j < p->actual_count; j++) {
            last = last && (p->actual[i]->step != p->actual[j]->step ||
                            by_bytes(p->actual[i]->key, p->actual[j]->key) != 0);
        }
        p->actual[actual] = p->actual[i];
        actual += last;
    }
    p->expected_count = expected;
    p->actual_count = actual;
}

static pairing pair_up(comparison *c, yyjson_val *list, sent_kind kind, const char *topic)
{
    int end = c->run->step;
    pairing p = {calloc(yyjson_arr_size(list) + 1, sizeof *p.expected), 0,
                 calloc(c->run->count + 1, sizeof *p.actual), 0};
    if (p.expected == NULL || p.actual == NULL) {
        abort();
    }
    yyjson_val *record;
    size_t i;
    size_t count;
    yyjson_arr_foreach(list, i, count, record)
    {
        const char *name = case_text(record, "topic");
        if (is_compared(kind, name) && (topic == NULL || same_name(name, topic)) &&
            case_number(record, "step") < end) {
            p.expected[p.expected_count++] = record;
        }
    }
    for (i = 0; i < c->run->count; i++) {
        const sent *one = &c->run->records[i];
        if (kind_of(one->topic) == kind && is_compared(kind, one->topic) &&
            (topic == NULL || same_name(one->topic, topic)) && one->step < end) {
            p.actual[p.actual_count++] = one;
        }
    }
    if (topic != NULL && c->run->driver == RUN_CLUSTER && is_of_buffer(&p)) {
        keep_last_of_steps(&p);
    }
    if (topic != NULL && (several_tasks_write(c->run, topic) || is_of_buffer(&p))) {
        qsort(p.expected, p.expected_count, sizeof *p.expected, by_expected);
        qsort((void *)p.actual, p.actual_count, sizeof *p.actual, by_actual);
    }
    return p;
}

/* All records of a kind in order; of one topic only if `topic` is not NULL. */
static void compare_sent(comparison *c, yyjson_val *list, sent_kind kind, const char *topic)
{
    pairing p = pair_up(c, list, kind, topic);
    size_t most = p.expected_count > p.actual_count ? p.expected_count : p.actual_count;
    for (size_t i = 0; i < most && c->difference[0] == '\0'; i++) {
        yyjson_val *expected = i < p.expected_count ? p.expected[i] : NULL;
        const sent *actual = i < p.actual_count ? p.actual[i] : NULL;
        if (expected != NULL && actual != NULL && same_record(c, kind, expected, actual)) {
            continue;
        }
        differ(c, "%s%s%s: record %zu of %zu expected, %zu actual\n", kind_names[kind],
               topic != NULL ? ", " : "", topic != NULL ? topic : "", i, p.expected_count,
               p.actual_count);
        explain_step(c, expected != NULL ? case_number(expected, "step") : actual->step);
        for (size_t j = i > CONTEXT_MAX ? i - CONTEXT_MAX : 0; j < i; j++) {
            explain_expected(c, "       ", p.expected[j]);
        }
        if (expected != NULL) {
            explain_expected(c, "expected", expected);
        }
        if (actual != NULL) {
            explain_actual(c, "actual  ", actual);
        }
    }
    free(p.expected);
    free((void *)p.actual);
}

/* The topics that have been compared, by their first record. */
typedef struct topics {
    const char **names;
    size_t count;
} topics;

static bool add_topic(topics *t, const char *name)
{
    for (size_t i = 0; i < t->count; i++) {
        if (same_name(t->names[i], name)) {
            return false;
        }
    }
    const char **names = realloc((void *)t->names, (t->count + 1) * sizeof *names);
    if (names == NULL) {
        abort();
    }
    t->names = names;
    t->names[t->count++] = name;
    return true;
}

/* Topic by topic; those of the case first. */
static void compare_by_topic(comparison *c, yyjson_val *list, sent_kind kind)
{
    topics done = {0};
    yyjson_val *record;
    size_t i;
    size_t count;
    yyjson_arr_foreach(list, i, count, record)
    {
        const char *topic = case_text(record, "topic");
        if (c->difference[0] == '\0' && add_topic(&done, topic)) {
            compare_sent(c, list, kind, topic);
        }
    }
    for (i = 0; i < c->run->count && c->difference[0] == '\0'; i++) {
        const char *topic = c->run->records[i].topic;
        if (kind_of(topic) == kind && add_topic(&done, topic)) {
            compare_sent(c, list, kind, topic);
        }
    }
    free((void *)done.names);
}

static void compare_description(comparison *c, yyjson_val *expected)
{
    if (!yyjson_is_str(expected)) {
        return;
    }
    char *one = normal_description(yyjson_get_str(expected));
    char *other = normal_description(c->run->describe);
    if (strcmp(one, other) != 0) {
        differ(c, "describe: expected\n%.1500s\nactual\n%.1500s\n", yyjson_get_str(expected),
               c->run->describe);
    }
    free(one);
    free(other);
}

/* ---- All ---------------------------------------------------------------------------------- */

/* Kafka reports some errors at the start that Weir reports in weir_build. */
static void compare_end(comparison *c, yyjson_val *error)
{
    static const char *const ends[] = {"no error", "an error while it is built",
                                       "an error at the start", "an error"};
    const case_run *run = c->run;
    yyjson_val *at = yyjson_obj_get(error, "at");
    bool before = run->end == RUN_NOT_BUILT || run->end == RUN_NOT_STARTED;
    bool same = yyjson_is_str(at)   ? before
                : yyjson_is_int(at) ? run->end == RUN_FAILED && run->step == yyjson_get_sint(at)
                                    : run->end == RUN_FINISHED;
    if (!same) {
        const char *message = case_text(error, "message");
        differ(c, "expected is %s", yyjson_is_null(error) ? "no error" : "an error at ");
        if (yyjson_is_str(at)) {
            explain(c, "%s", yyjson_get_str(at));
        } else if (yyjson_is_int(at)) {
            explain(c, "step %" PRId64, yyjson_get_sint(at));
        }
        explain(c, " (%.300s)\n  actual is %s, step %d of %zu: %.1000s\n",
                message != NULL ? message : "", ends[run->end], run->step,
                yyjson_arr_size(yyjson_obj_get(c->of->root, "steps")), run->error);
        explain_step(c, run->step);
    }
}

void compare_run(case_run *run, const recorded_case *of, char difference[RUN_TEXT_MAX])
{
    comparison c = {run, of, difference};
    yyjson_val *error = yyjson_obj_get(of->root, "error");
    difference[0] = '\0';
    compare_end(&c, error);
    if (run->end == RUN_NOT_BUILT || run->end == RUN_NOT_STARTED) {
        return;
    }
    compare_description(&c, yyjson_obj_get(of->root, "describe"));
    compare_by_topic(&c, yyjson_obj_get(of->root, "outputs"), SENT_OUTPUT);
    if (run->driver == RUN_SYNC && difference[0] == '\0') { /* brokers do not order topics */
        compare_sent(&c, yyjson_obj_get(of->root, "outputs"), SENT_OUTPUT, NULL);
    }
    compare_by_topic(&c, yyjson_obj_get(of->root, "repartitions"), SENT_REPARTITION);
    compare_by_topic(&c, yyjson_obj_get(of->root, "changelogs"), SENT_CHANGELOG);
    if (difference[0] == '\0' && !yyjson_is_obj(error)) {
        compare_stores(&c, yyjson_obj_get(of->root, "stores"));
    }
    yyjson_val *dropped =
        yyjson_obj_get(yyjson_obj_get(of->root, "metrics"), "dropped-records-total");
    if (yyjson_is_int(dropped) && (uint64_t)yyjson_get_sint(dropped) != run->dropped) {
        differ(&c, "%" PRId64 " dropped records expected, %" PRIu64 " actual\n",
               yyjson_get_sint(dropped), run->dropped);
    }
}
