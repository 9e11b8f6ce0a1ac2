/* SPDX-License-Identifier: Apache-2.0
 *
 * Aggregations of hopping windows with late records. The value of a window is the list of the
 * numbers of its records, so that a lost one, a foreign one and one that was counted twice are all
 * seen. What a window must have is computed from the input topic alone: its records in the order of
 * their partition, each with the greatest time so far.
 *
 * A record that was processed again after a crash may be in its windows more than once. The store
 * keeps all windows: one that was restored is ahead of the committed offsets, and would otherwise
 * expire rows that the records to be processed again still need. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <weir/dsl.h>

#include "scenarios/lib/committed.h"
#include "scenarios/swarm/begun.h"
#include "scenarios/swarm/workload.h"

#define PARTITIONS 4
#define KEYS 12
#define STEP_MS 300
#define JITTER_MS 12000
#define UNIT_MS 100 /* of times, so that many are at the edge of a window */
#define SIZE_MS 10000
#define ADVANCE_MS 4000
#define GRACE_MS 3000
#define ALL_CLOSED_MS ((int64_t)1000000)
#define RETENTION_MS (10 * ALL_CLOSED_MS)
#define EMIT_INTERVAL_MS 1000 /* the setting's default */
#define BOUND WEIR_MINUTES(6)
#define NUMBER_MAX 24

static const char input_topic[] = "visits";
static const char output_topic[] = "windows";
static const char store_name[] = "windows";
static const char last_text[] = "last"; /* key and value of the records that close all windows */

WEIR_TIME_WINDOWED_SERDE(window_serde, weir_string, SIZE_MS)

typedef struct visit {
    char key;
    int64_t time_ms;
    int32_t partition;
    int64_t offset;
    int64_t stream_ms; /* the greatest time of its partition up to this record */
    int32_t begun;     /* how often its processing was begun */
    int32_t listed;    /* in the window that is checked at the moment */
} visit;

typedef struct windowed_work {
    swarm_plan plan;
    weir_cluster *cluster;
    weir_checker *checker;
    bool on_close; /* a window is emitted when it closes, not at each change */
    weir_input input;
    visit *visits; /* plan.lines */
    swarm_begun begun;
} windowed_work;

/* ---- Topologies ----------------------------------------------------------------------------- */

static weir_err begin_list(weir_ctx *ctx, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)out = weir_slice_of("");
    return WEIR_OK;
}

static weir_err add_number(weir_ctx *ctx, const weir_record *in, const void *aggregate, void *out,
                           void *user)
{
    (void)user;
    const weir_slice *list = aggregate;
    const weir_slice *number = in->value;
    char *text = weir_alloc(ctx, list->len + number->len + 1);
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    memcpy(text, list->data, list->len);
    memcpy(text + list->len, number->data, number->len);
    text[list->len + number->len] = ' ';
    *(weir_slice *)out = (weir_slice){text, list->len + number->len + 1};
    return WEIR_OK;
}

static weir_topology *topology(const weir_config *config, weir_emit_strategy emit,
                               weir_error *error)
{
    weir_builder *b = weir_builder_new();
    const weir_store_opts opts = {.value = &weir_string, .retention_ms = RETENTION_MS};
    weir_grouped by_key =
        weir_group_by_key(weir_source(b, input_topic, &weir_string, &weir_string, NULL), NULL);
    weir_windowed_stream windows = weir_windowed_by(
        by_key, weir_hopping(SIZE_MS, ADVANCE_MS, GRACE_MS), &(weir_windowed_opts){emit});
    weir_table lists =
        weir_windowed_aggregate(windows, begin_list, add_number, NULL, store_name, &opts);
    weir_to(weir_to_stream(lists, NULL), output_topic, NULL);
    return weir_build(b, config, error);
}

static weir_topology *update_topology(const weir_config *config, weir_error *error)
{
    return topology(config, WEIR_EMIT_ON_UPDATE, error);
}

static weir_topology *close_topology(const weir_config *config, weir_error *error)
{
    return topology(config, WEIR_EMIT_ON_CLOSE, error);
}

/* ---- The run -------------------------------------------------------------------------------- */

static void close_work(void *of)
{
    windowed_work *work = of;
    swarm_begun_fini(&work->begun);
    free(work->visits);
    free(work);
}

static void *open_work(const swarm_plan *plan, weir_cluster *cluster, weir_checker *checker,
                       bool on_close)
{
    windowed_work *work = calloc(1, sizeof *work);
    if (work == NULL) {
        return NULL;
    }
    work->plan = *plan;
    work->cluster = cluster;
    work->checker = checker;
    work->on_close = on_close;
    work->visits = calloc(plan->lines, sizeof *work->visits);
    if (work->visits == NULL) {
        close_work(work);
        return NULL;
    }
    for (size_t i = 0; i < plan->lines; i++) {
        work->visits[i].key = (char)('a' + swarm_pick(&work->plan, KEYS));
        work->visits[i].time_ms = (int64_t)(i + 1) * STEP_MS +
                                  (int64_t)swarm_pick(&work->plan, JITTER_MS / UNIT_MS) * UNIT_MS;
    }
    work->input = weir_cluster_input(cluster, input_topic, PARTITIONS, &weir_string, &weir_string);
    weir_cluster_topic_create(cluster, output_topic, PARTITIONS);
    return work;
}

static void *open_update(const swarm_plan *plan, weir_cluster *cluster, weir_checker *checker)
{
    return open_work(plan, cluster, checker, false);
}

static void *open_close(const swarm_plan *plan, weir_cluster *cluster, weir_checker *checker)
{
    return open_work(plan, cluster, checker, true);
}

static void send_visits(void *of, int burst)
{
    const windowed_work *work = of;
    size_t to = swarm_burst_end(&work->plan, burst);
    for (size_t i = swarm_burst_end(&work->plan, burst - 1); i < to; i++) {
        const visit *one = &work->visits[i];
        char value[NUMBER_MAX];
        snprintf(value, sizeof value, "%zu", i);
        weir_input_send(work->input, &(weir_input_record){.key = &(weir_slice){&one->key, 1},
                                                          .value = weir_text(value),
                                                          .at = WEIR_AT(one->time_ms)});
    }
}

static void note_step(void *of, const weir_step *step)
{
    swarm_begun_note(&((windowed_work *)of)->begun, step);
}

/* ---- What is expected ----------------------------------------------------------------------- */

/* The record's number in `text`, up to a blank; -1: none. */
static long number_in(const char *text, size_t len, size_t count)
{
    char digits[NUMBER_MAX] = "";
    if (len == 0 || len >= sizeof digits) {
        return -1;
    }
    memcpy(digits, text, len);
    char *end;
    long number = strtol(digits, &end, 10);
    return *end == '\0' && number >= 0 && (size_t)number < count ? number : -1;
}

/* Where the topic has the records, and the stream time at each. */
static void find_visits(windowed_work *work)
{
    int64_t stream_ms[PARTITIONS] = {0};
    weir_rows *records = weir_output_all(
        weir_cluster_output(work->cluster, input_topic, &weir_string, &weir_string));
    for (size_t i = 0; i < weir_rows_size(records); i++) {
        const weir_row *row = weir_rows_at(records, i);
        const weir_slice *value = row->value;
        long number = number_in(value->data, value->len, work->plan.lines);
        if (number >= 0) {
            visit *one = &work->visits[number];
            int64_t *now_ms = &stream_ms[row->partition];
            *now_ms = one->time_ms > *now_ms ? one->time_ms : *now_ms;
            one->partition = row->partition;
            one->offset = row->offset;
            one->stream_ms = *now_ms;
        }
    }
}

static void count_begun(windowed_work *work)
{
    if (work->begun.lost) {
        weir_cluster_fail(work->cluster, "no memory for the steps of the instances");
    }
    for (size_t i = 0; i < work->begun.count; i++) {
        for (size_t v = 0; v < work->plan.lines; v++) {
            visit *one = &work->visits[v];
            one->begun += swarm_begun_is(&work->begun, &work->begun.records[i], input_topic,
                                         one->partition, one->offset);
        }
    }
    for (size_t v = 0; v < work->plan.lines && work->plan.exactly_once; v++) {
        work->visits[v].begun = 1; /* what was processed before had no effect */
    }
}

/* A window takes a record until stream time has reached its end and grace. */
static bool takes(int64_t start_ms, const visit *one)
{
    return start_ms <= one->time_ms && one->time_ms < start_ms + SIZE_MS &&
           one->stream_ms < start_ms + SIZE_MS + GRACE_MS;
}

/* ---- Results -------------------------------------------------------------------------------- */

/* A last record in each partition; again after the interval in which closed windows are not looked
 * for. */
static void close_windows(const windowed_work *work)
{
    for (int64_t again = 0; again < 2; again++) {
        for (int32_t partition = 0; partition < PARTITIONS; partition++) {
            weir_input_send_to(work->input, partition,
                               &(weir_input_record){.key = weir_text(last_text),
                                                    .value = weir_text(last_text),
                                                    .at = WEIR_AT(ALL_CLOSED_MS + again)});
        }
        weir_run_until(work->cluster, weir_caught_up, BOUND);
        weir_cluster_run_for(work->cluster, (int64_t)2 * EMIT_INTERVAL_MS);
        weir_run_until(work->cluster, weir_scenario_no_transactions, BOUND);
    }
}

/* Counts the numbers of a window's value in `listed`. */
static void read_list(windowed_work *work, const weir_rows *rows, const weir_row *row)
{
    const weir_slice *list = row->value;
    const char *at = list != NULL ? list->data : NULL;
    size_t left = list != NULL ? list->len : 0;
    for (size_t i = 0; i < work->plan.lines; i++) {
        work->visits[i].listed = 0;
    }
    while (left > 0) {
        const char *blank = memchr(at, ' ', left);
        size_t len = blank != NULL ? (size_t)(blank - at) : left;
        long number = number_in(at, len, work->plan.lines);
        if (blank == NULL || number < 0) {
            weir_cluster_fail(work->cluster, "not a list: %s", weir_row_text(rows, row));
            return;
        }
        work->visits[number].listed++;
        at += len + 1;
        left -= len + 1;
    }
}

static bool is_visible(const windowed_work *work, const weir_row *row)
{
    return weir_checker_is_visible(work->checker, output_topic, row->partition, row->offset);
}

static bool is_last(const weir_row *row)
{
    const weir_slice *key = ((const weir_windowed *)row->key)->key;
    return key->len == strlen(last_text);
}

/* The window of a row has its records, each at least once, and no others. */
static void check_row(windowed_work *work, const char *where, const weir_rows *rows,
                      const weir_row *row)
{
    const weir_windowed *window = row->key;
    char key = *(const char *)((const weir_slice *)window->key)->data;
    int64_t latest_ms = -1;
    read_list(work, rows, row);
    for (size_t i = 0; i < work->plan.lines; i++) {
        const visit *one = &work->visits[i];
        bool taken = one->key == key && takes(window->start_ms, one);
        int32_t least = taken ? 1 : 0;
        int32_t most = taken ? one->begun : 0;
        latest_ms = taken && one->time_ms > latest_ms ? one->time_ms : latest_ms;
        if (one->listed < least || one->listed > most) {
            weir_cluster_fail(work->cluster,
                              "%s: %s has record %zu (%c, %" PRId64 " ms, stream time %" PRId64
                              ") %d times, expected %d to %d",
                              where, weir_row_text(rows, row), i, one->key, one->time_ms,
                              one->stream_ms, (int)one->listed, (int)least, (int)most);
        }
    }
    if (window->end_ms != window->start_ms + SIZE_MS || row->timestamp_ms != latest_ms) {
        weir_cluster_fail(work->cluster,
                          "%s: %s has the time %" PRId64 ", expected %" PRId64
                          " and a window of %d ms",
                          where, weir_row_text(rows, row), row->timestamp_ms, latest_ms, SIZE_MS);
    }
}

/* Every window that took a record has a row. */
static void check_complete(const windowed_work *work, const char *where, const weir_rows *rows)
{
    for (size_t i = 0; i < work->plan.lines; i++) {
        const visit *one = &work->visits[i];
        for (int64_t start_ms = 0; start_ms <= one->time_ms; start_ms += ADVANCE_MS) {
            weir_slice key = {&one->key, 1};
            weir_windowed window = {&key, start_ms, start_ms + SIZE_MS};
            if (takes(start_ms, one) && weir_rows_find(rows, &window) == NULL) {
                weir_cluster_fail(work->cluster,
                                  "%s: no window %c@%" PRId64 "/%" PRId64
                                  ", which took record %zu (%" PRId64 " ms)",
                                  where, one->key, start_ms, window.end_ms, i, one->time_ms);
            }
        }
    }
}

static void check_rows(windowed_work *work, const char *where, const weir_rows *rows)
{
    for (size_t i = 0; i < weir_rows_size(rows); i++) {
        const weir_row *row = weir_rows_at(rows, i);
        if (!is_last(row)) {
            check_row(work, where, rows, row);
        }
    }
    check_complete(work, where, rows);
}

static bool was_repeated(const windowed_work *work, int32_t partition)
{
    for (size_t i = 0; i < work->plan.lines; i++) {
        if (work->visits[i].partition == partition && work->visits[i].begun > 1) {
            return true;
        }
    }
    return false;
}

static bool is_same_window(const weir_row *left, const weir_row *right)
{
    const weir_windowed *a = left->key;
    const weir_windowed *b = right->key;
    const weir_slice *a_key = a->key;
    const weir_slice *b_key = b->key;
    return a->start_ms == b->start_ms && a_key->len == b_key->len &&
           memcmp(a_key->data, b_key->data, a_key->len) == 0;
}

/* A closed window comes out once, unless a record of its partition was processed again. */
static void check_emitted_once(const windowed_work *work, const weir_rows *rows)
{
    for (size_t i = 0; i < weir_rows_size(rows); i++) {
        const weir_row *row = weir_rows_at(rows, i);
        if (was_repeated(work, row->partition) || !is_visible(work, row)) {
            continue;
        }
        for (size_t before = 0; before < i; before++) {
            const weir_row *earlier = weir_rows_at(rows, before);
            if (is_visible(work, earlier) && is_same_window(earlier, row)) {
                weir_cluster_fail(work->cluster, "%s came out twice", weir_row_text(rows, row));
            }
        }
    }
}

/* Window -> index of its last record that a reader of committed records gets. */
static weir_rows *last_records(const windowed_work *work, const weir_rows *records)
{
    weir_rows *last = weir_rows_new(work->cluster, &window_serde, &weir_i64);
    for (size_t i = 0; i < weir_rows_size(records); i++) {
        const weir_row *row = weir_rows_at(records, i);
        int64_t index = (int64_t)i;
        if (is_visible(work, row)) {
            weir_rows_put(last, row->key, &index);
        }
    }
    return last;
}

static const weir_row *record_of(const weir_rows *records, const weir_row *last)
{
    return weir_rows_at(records, (size_t) * (const int64_t *)last->value);
}

static void check_last_records(windowed_work *work, const weir_rows *records)
{
    static const char where[] = "the topic of windows";
    const weir_rows *last = last_records(work, records);
    for (size_t i = 0; i < weir_rows_size(last); i++) {
        const weir_row *row = record_of(records, weir_rows_at(last, i));
        if (!is_last(row)) {
            check_row(work, where, records, row);
        }
    }
    check_complete(work, where, last);
}

static weir_rows *read_windows(windowed_work *work)
{
    if (work->on_close) {
        close_windows(work);
    }
    find_visits(work);
    count_begun(work);
    return weir_output_all(
        weir_cluster_output(work->cluster, output_topic, &window_serde, &weir_string));
}

static void check_windows(void *of)
{
    windowed_work *work = of;
    const weir_rows *records = read_windows(work);
    check_last_records(work, records);
    if (work->on_close) {
        check_emitted_once(work, records);
    }
    weir_store_view store =
        weir_cluster_store(work->cluster, store_name, &window_serde, &weir_string);
    check_rows(work, "the store of windows", weir_store_view_all(store));
}

/* Records that a window has more than once. */
static int64_t count_duplicates(void *of)
{
    windowed_work *work = of;
    int64_t duplicates = 0;
    const weir_rows *records = read_windows(work);
    const weir_rows *last = last_records(work, records);
    for (size_t i = 0; i < weir_rows_size(last); i++) {
        const weir_row *row = record_of(records, weir_rows_at(last, i));
        if (is_last(row)) {
            continue;
        }
        read_list(work, records, row);
        for (size_t v = 0; v < work->plan.lines; v++) {
            int32_t more = work->visits[v].listed - 1;
            duplicates += more > 0 ? more : 0;
        }
    }
    return duplicates;
}

const swarm_workload swarm_windows = {
    .name = "hopping windows",
    .topology = update_topology,
    .open = open_update,
    .close = close_work,
    .send = send_visits,
    .on_step = note_step,
    .check = check_windows,
    .duplicates = count_duplicates,
};

const swarm_workload swarm_closed_windows = {
    .name = "hopping windows, emitted when they close",
    .topology = close_topology,
    .open = open_close,
    .close = close_work,
    .send = send_visits,
    .on_step = note_step,
    .check = check_windows,
    .duplicates = count_duplicates,
};
