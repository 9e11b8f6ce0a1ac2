/* SPDX-License-Identifier: Apache-2.0
 *
 * Joins of two streams. The grace is longer than all records, so that none is dropped. The pairs
 * are those of the two lists of records, whatever the order in which a task got them, and a record
 * without a partner comes out alone when a last record closes all windows.
 *
 * A record comes out alone at once if stream time has passed its window (without grace) when it is
 * processed; its partner may come later. One that was processed again after a crash may give its
 * results again. It may also come out alone although it has a partner: the changelog of the records
 * that wait had it, that of the stored records had not, and the second time the partner was there
 * first. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <weir/dsl.h>

#include "scenarios/lib/committed.h"
#include "scenarios/swarm/begun.h"
#include "scenarios/swarm/workload.h"

#define PARTITIONS 4
#define KEYS 12
#define STEP_MS 1000
#define JITTER_MS 4000
#define BEFORE_MS 2500
#define AFTER_MS 1500
#define GRACE_MS ((int64_t)1000000000)
#define ALL_CLOSED_MS (2 * GRACE_MS)
#define EMIT_INTERVAL_MS 1000 /* the setting's default */
#define BOUND WEIR_MINUTES(6)
#define VALUE_MAX 24

typedef enum join_side { LEFT, RIGHT, SIDES } join_side;

static const char *const topics[SIDES] = {[LEFT] = "clicks", [RIGHT] = "views"};
static const char letters[SIDES] = {[LEFT] = 'l', [RIGHT] = 'r'};

typedef struct event {
    char key;
    int64_t time_ms;
    int32_t partition;
    int64_t offset;
    int32_t begun;  /* how often its processing was begun */
    bool late;      /* then stream time had passed its window */
    int32_t paired; /* partners that it should have */
    int32_t alone;  /* how often it came out alone */
} event;

typedef struct join_work {
    swarm_plan plan;
    weir_cluster *cluster;
    weir_checker *checker;
    bool outer[SIDES]; /* records of the side without a partner come out */
    weir_input inputs[SIDES];
    event *events[SIDES]; /* plan.lines each */
    int32_t *pairs;       /* by left * plan.lines + right: how often they came out */
    swarm_begun begun;
} join_work;

/* ---- Topologies ----------------------------------------------------------------------------- */

/* "l7+r3"; "-" for none. */
static weir_err describe(weir_ctx *ctx, const void *key, const void *left, const void *right,
                         void *out, void *user)
{
    (void)key;
    (void)user;
    const weir_slice none = {"-", 1};
    const weir_slice *l = left != NULL ? left : &none;
    const weir_slice *r = right != NULL ? right : &none;
    char *text = weir_alloc(ctx, l->len + r->len + 1);
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    memcpy(text, l->data, l->len);
    text[l->len] = '+';
    memcpy(text + l->len + 1, r->data, r->len);
    *(weir_slice *)out = (weir_slice){text, l->len + r->len + 1};
    return WEIR_OK;
}

typedef weir_stream (*join_fn)(weir_stream left, weir_stream right, weir_join_windows windows,
                               const weir_serde *value, weir_joiner_fn fn, void *user,
                               const weir_stream_join_opts *opts);

static weir_topology *topology(const weir_config *config, join_fn join, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream clicks = weir_source(b, topics[LEFT], &weir_string, &weir_string, NULL);
    weir_stream views = weir_source(b, topics[RIGHT], &weir_string, &weir_string, NULL);
    const weir_stream_join_opts opts = {.name = "seen", .store = "seen"};
    weir_join_windows windows = weir_join_within(BEFORE_MS, AFTER_MS, GRACE_MS);
    weir_to(join(clicks, views, windows, &weir_string, describe, NULL, &opts), "joined", NULL);
    return weir_build(b, config, error);
}

static weir_topology *inner_topology(const weir_config *config, weir_error *error)
{
    return topology(config, weir_join, error);
}

static weir_topology *left_topology(const weir_config *config, weir_error *error)
{
    return topology(config, weir_left_join, error);
}

static weir_topology *outer_topology(const weir_config *config, weir_error *error)
{
    return topology(config, weir_outer_join, error);
}

/* ---- Records -------------------------------------------------------------------------------- */

static bool is_pair(const event *left, const event *right)
{
    return left->key == right->key && right->time_ms >= left->time_ms - BEFORE_MS &&
           right->time_ms <= left->time_ms + AFTER_MS;
}

static void draw_events(join_work *work)
{
    swarm_plan *plan = &work->plan;
    for (size_t i = 0; i < plan->lines; i++) {
        for (int side = LEFT; side < SIDES; side++) {
            event *drawn = &work->events[side][i];
            drawn->key = (char)('a' + swarm_pick(plan, KEYS));
            /* Not 0, which an output topic has as 1. */
            drawn->time_ms = (int64_t)(i + 1) * STEP_MS + (int64_t)swarm_pick(plan, JITTER_MS);
        }
    }
    for (size_t l = 0; l < plan->lines; l++) {
        for (size_t r = 0; r < plan->lines; r++) {
            int32_t paired = is_pair(&work->events[LEFT][l], &work->events[RIGHT][r]) ? 1 : 0;
            work->events[LEFT][l].paired += paired;
            work->events[RIGHT][r].paired += paired;
        }
    }
}

static void close_join(void *of)
{
    join_work *work = of;
    swarm_begun_fini(&work->begun);
    free(work->events[LEFT]);
    free(work->events[RIGHT]);
    free(work->pairs);
    free(work);
}

static void *open_join(const swarm_plan *plan, weir_cluster *cluster, weir_checker *checker,
                       bool left_outer, bool right_outer)
{
    join_work *work = calloc(1, sizeof *work);
    if (work == NULL) {
        return NULL;
    }
    work->plan = *plan;
    work->cluster = cluster;
    work->checker = checker;
    work->outer[LEFT] = left_outer;
    work->outer[RIGHT] = right_outer;
    work->events[LEFT] = calloc(plan->lines, sizeof(event));
    work->events[RIGHT] = calloc(plan->lines, sizeof(event));
    work->pairs = calloc(plan->lines * plan->lines, sizeof *work->pairs);
    if (work->events[LEFT] == NULL || work->events[RIGHT] == NULL || work->pairs == NULL) {
        close_join(work);
        return NULL;
    }
    draw_events(work);
    for (int side = LEFT; side < SIDES; side++) {
        work->inputs[side] =
            weir_cluster_input(cluster, topics[side], PARTITIONS, &weir_string, &weir_string);
    }
    weir_cluster_input(cluster, "joined", PARTITIONS, &weir_string, &weir_string);
    return work;
}

static void *open_inner(const swarm_plan *plan, weir_cluster *cluster, weir_checker *checker)
{
    return open_join(plan, cluster, checker, false, false);
}

static void *open_left(const swarm_plan *plan, weir_cluster *cluster, weir_checker *checker)
{
    return open_join(plan, cluster, checker, true, false);
}

static void *open_outer(const swarm_plan *plan, weir_cluster *cluster, weir_checker *checker)
{
    return open_join(plan, cluster, checker, true, true);
}

static void send_events(void *of, int burst)
{
    const join_work *work = of;
    size_t to = swarm_burst_end(&work->plan, burst);
    for (size_t i = swarm_burst_end(&work->plan, burst - 1); i < to; i++) {
        for (int side = LEFT; side < SIDES; side++) {
            const event *one = &work->events[side][i];
            char value[VALUE_MAX];
            snprintf(value, sizeof value, "%c%zu", letters[side], i);
            weir_input_send(work->inputs[side],
                            &(weir_input_record){.key = &(weir_slice){&one->key, 1},
                                                 .value = weir_text(value),
                                                 .at = WEIR_AT(one->time_ms)});
        }
    }
}

static void note_step(void *of, const weir_step *step)
{
    swarm_begun_note(&((join_work *)of)->begun, step);
}

/* ---- Results -------------------------------------------------------------------------------- */

/* A last record in each partition; again after the interval in which the join does not look. */
static void close_windows(const join_work *work)
{
    for (int64_t again = 0; again < 2; again++) {
        for (int32_t partition = 0; partition < PARTITIONS; partition++) {
            weir_input_send_to(work->inputs[LEFT], partition,
                               &(weir_input_record){.key = weir_text("last"),
                                                    .value = weir_text("last"),
                                                    .at = WEIR_AT(ALL_CLOSED_MS + again)});
        }
        weir_run_until(work->cluster, weir_caught_up, BOUND);
        weir_cluster_run_for(work->cluster, (int64_t)2 * EMIT_INTERVAL_MS);
        weir_run_until(work->cluster, weir_scenario_no_transactions, BOUND);
    }
}

/* The number behind the letter of a side; -1: none ("-"), or not of this form. */
static long number_of(weir_slice text, char letter, size_t count)
{
    const char *at = text.data;
    char digits[VALUE_MAX] = "";
    if (text.len < 2 || text.len > sizeof digits || at[0] != letter) {
        return -1;
    }
    memcpy(digits, at + 1, text.len - 1);
    char *end;
    long number = strtol(digits, &end, 10);
    return *end == '\0' && (size_t)number < count ? number : -1;
}

/* Where the topics have the records. */
static void find_events(join_work *work)
{
    for (int side = LEFT; side < SIDES; side++) {
        weir_rows *records = weir_output_all(
            weir_cluster_output(work->cluster, topics[side], &weir_string, &weir_string));
        for (size_t i = 0; i < weir_rows_size(records); i++) {
            const weir_row *row = weir_rows_at(records, i);
            long number =
                number_of(*(const weir_slice *)row->value, letters[side], work->plan.lines);
            if (number >= 0) {
                work->events[side][number].partition = row->partition;
                work->events[side][number].offset = row->offset;
            }
        }
    }
}

/* NULL: a last record. */
static event *event_of(const join_work *work, const swarm_begun_record *record, int *side)
{
    for (*side = LEFT; *side < SIDES; (*side)++) {
        for (size_t i = 0; i < work->plan.lines; i++) {
            event *one = &work->events[*side][i];
            if (swarm_begun_is(&work->begun, record, topics[*side], one->partition, one->offset)) {
                return one;
            }
        }
    }
    return NULL;
}

static void count_begun(join_work *work)
{
    static const int64_t behind_ms[SIDES] = {[LEFT] = AFTER_MS, [RIGHT] = BEFORE_MS};
    int64_t stream_ms[PARTITIONS] = {0};
    if (work->begun.lost) {
        weir_cluster_fail(work->cluster, "no memory for the steps of the instances");
    }
    for (size_t i = 0; i < work->begun.count; i++) {
        int side;
        event *one = event_of(work, &work->begun.records[i], &side);
        if (one != NULL) {
            int64_t *now_ms = &stream_ms[one->partition];
            *now_ms = one->time_ms > *now_ms ? one->time_ms : *now_ms;
            one->late = one->late || one->time_ms + behind_ms[side] < *now_ms;
            /* Exactly once: what was processed before had no effect. */
            one->begun = work->plan.exactly_once ? 1 : one->begun + 1;
        }
    }
}

static void count_result(join_work *work, const weir_rows *rows, const weir_row *row)
{
    const weir_slice *value = row->value;
    const char *plus = value != NULL ? memchr(value->data, '+', value->len) : NULL;
    if (plus == NULL) {
        weir_cluster_fail(work->cluster, "not a result: %s", weir_row_text(rows, row));
        return;
    }
    size_t len = (size_t)(plus - (const char *)value->data);
    size_t lines = work->plan.lines;
    long left = number_of((weir_slice){value->data, len}, 'l', lines);
    long right = number_of((weir_slice){plus + 1, value->len - len - 1}, 'r', lines);
    event *l = left >= 0 ? &work->events[LEFT][left] : NULL;
    event *r = right >= 0 ? &work->events[RIGHT][right] : NULL;
    int64_t left_ms = l != NULL ? l->time_ms : -1;
    int64_t right_ms = r != NULL ? r->time_ms : -1;
    int64_t time_ms = left_ms > right_ms ? left_ms : right_ms;
    if (row->timestamp_ms != time_ms) {
        weir_cluster_fail(work->cluster, "%s has the time %" PRId64 ", expected %" PRId64,
                          weir_row_text(rows, row), row->timestamp_ms, time_ms);
    } else if (l != NULL && r != NULL) {
        work->pairs[(size_t)left * lines + (size_t)right]++;
    } else if (l != NULL && work->outer[LEFT]) {
        l->alone++;
    } else if (r != NULL && work->outer[RIGHT]) {
        r->alone++;
    } else {
        weir_cluster_fail(work->cluster, "a result that this join does not give: %s",
                          weir_row_text(rows, row));
    }
}

static void check_pair(const join_work *work, size_t l, size_t r)
{
    const event *left = &work->events[LEFT][l];
    const event *right = &work->events[RIGHT][r];
    int32_t times = work->pairs[l * work->plan.lines + r];
    int32_t least = is_pair(left, right) ? 1 : 0;
    /* Each time a record is processed it meets each copy of the other one in the store. */
    bool once = left->begun == 1 && right->begun == 1;
    int32_t most = least * (once ? 1 : 2 * left->begun * right->begun);
    if (times < least || times > most) {
        weir_cluster_fail(work->cluster,
                          "l%zu (%c, %" PRId64 " ms) and r%zu (%c, %" PRId64
                          " ms) came out %d times, expected %d to %d; processed %d and %d times",
                          l, left->key, left->time_ms, r, right->key, right->time_ms, (int)times,
                          (int)least, (int)most, (int)left->begun, (int)right->begun);
    }
}

static void check_alone(const join_work *work, int side, size_t i)
{
    const event *one = &work->events[side][i];
    int32_t least = work->outer[side] && one->paired == 0 ? 1 : 0;
    bool may_be = work->outer[side] && (one->late || one->begun > 1);
    int32_t most = may_be ? one->begun : least;
    if (one->alone < least || one->alone > most) {
        weir_cluster_fail(work->cluster,
                          "%c%zu (%c, %" PRId64
                          " ms) came out alone %d times, expected %d to %d; it has %d partners and "
                          "was processed %d times",
                          letters[side], i, one->key, one->time_ms, (int)one->alone, (int)least,
                          (int)most, (int)one->paired, (int)one->begun);
    }
}

/* Only the last records wait, with all copies of one that was processed again in one row. */
static void check_waiting(const join_work *work)
{
    if (work->outer[LEFT]) {
        const char *store =
            work->outer[RIGHT] ? "seen-outer-shared-join-store" : "seen-left-shared-join-store";
        size_t rows = weir_store_view_size(
            weir_cluster_store(work->cluster, store, &weir_bytes, &weir_bytes));
        if (rows != (size_t)2 * PARTITIONS) {
            weir_cluster_fail(work->cluster, "%s has %zu rows, expected %d", store, rows,
                              2 * PARTITIONS);
        }
    }
}

static void count_results(join_work *work)
{
    close_windows(work);
    find_events(work);
    count_begun(work);
    weir_rows *rows =
        weir_output_all(weir_cluster_output(work->cluster, "joined", &weir_string, &weir_string));
    for (size_t i = 0; i < weir_rows_size(rows); i++) {
        const weir_row *row = weir_rows_at(rows, i);
        if (weir_checker_is_visible(work->checker, "joined", row->partition, row->offset)) {
            count_result(work, rows, row);
        }
    }
}

static void check_join(void *of)
{
    join_work *work = of;
    count_results(work);
    for (size_t i = 0; i < work->plan.lines; i++) {
        for (size_t r = 0; r < work->plan.lines; r++) {
            check_pair(work, i, r);
        }
        check_alone(work, LEFT, i);
        check_alone(work, RIGHT, i);
    }
    check_waiting(work);
}

/* Pairs beyond one each. */
static int64_t count_duplicates(void *of)
{
    join_work *work = of;
    int64_t duplicates = 0;
    count_results(work);
    for (size_t i = 0; i < work->plan.lines * work->plan.lines; i++) {
        duplicates += work->pairs[i] > 1 ? work->pairs[i] - 1 : 0;
    }
    return duplicates;
}

#define JOIN(of_name, of_topology, of_open)                                                        \
    {                                                                                              \
        .name = (of_name), .topology = (of_topology), .open = (of_open), .close = close_join,      \
        .send = send_events, .on_step = note_step, .check = check_join,                            \
        .duplicates = count_duplicates                                                             \
    }

const swarm_workload swarm_inner_join = JOIN("join of streams", inner_topology, open_inner);
const swarm_workload swarm_left_join = JOIN("left_join of streams", left_topology, open_left);
const swarm_workload swarm_outer_join = JOIN("outer_join of streams", outer_topology, open_outer);
