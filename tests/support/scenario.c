/* SPDX-License-Identifier: Apache-2.0
 *
 * The word count under faults. The watch gets the events of the trace in order, since one thread
 * runs at a time. */
#include "support/scenario.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <weir/checkers.h>

#include "fixtures/word_count.h"
#include "scenarios/lib/counts.h"
#include "sim/sim.h"

#define LINES 600
#define KINDS_MAX 128
#define SUBTOPOLOGIES 2
#define NAME_SIZE 96
#define WARNINGS_MAX 256
#define WARNING_SIZE 256
#define INSTANCES_MAX 8
#define SETTLES_MAX 10
#define SETTLE_BOUND WEIR_MINUTES(6)

typedef struct kind_count {
    char kind[NAME_SIZE];
    size_t count;
} kind_count;

typedef struct subject {
    scenario *all;
    weir_instance *instance;
} subject;

static const weir_written_topic written_topics[] = {{"word-counts", 1}, {NULL, 0}};

struct scenario {
    weir_cluster *cluster;
    weir_checker *checker;
    fixture_text text;
    weir_input lines;
    size_t fed;
    subject subjects[INSTANCES_MAX];
    size_t subject_count;
    struct {
        const weir_instance *instance; /* NULL: none is due */
        const char *kind;
        const char *like;
        int left;
        scenario_fault fault;
        bool fault_hit;
    } fault;
    struct {
        const weir_instance *instance;
        int64_t ms;
        int left;
    } drag;
    kind_count kinds[KINDS_MAX];
    int32_t taken[SUBTOPOLOGIES][SCENARIO_PARTITIONS]; /* the newest generation, by task */
    int32_t newest;
    int generations;
    size_t counted; /* records of the repartition topic processed, again and again */
    int64_t restored;
    char warnings[WARNINGS_MAX][WARNING_SIZE];
    size_t warning_count;
};

/* ---- The watch: must not call the driver -------------------------------------------------- */

static void note_kind(scenario *all, const char *kind)
{
    for (size_t i = 0; i < KINDS_MAX; i++) {
        if (all->kinds[i].count == 0) {
            snprintf(all->kinds[i].kind, NAME_SIZE, "%s", kind);
        }
        if (strcmp(all->kinds[i].kind, kind) == 0) {
            all->kinds[i].count++;
            return;
        }
    }
}

static void note_taken(scenario *all, const weir_step *step)
{
    if (step->task_count > 0 && step->generation > all->newest) {
        all->newest = step->generation;
        all->generations++;
    }
    for (size_t i = 0; i < step->task_count; i++) {
        size_t subtopology = (size_t)(step->tasks[i][0] - '0'); /* "1_2" */
        size_t partition = (size_t)(step->tasks[i][2] - '0');
        assert_true(subtopology < SUBTOPOLOGIES && partition < SCENARIO_PARTITIONS);
        all->taken[subtopology][partition] = step->generation;
    }
}

static void watch(const weir_event *event, void *user)
{
    scenario *all = user;
    note_kind(all, event->name);
    if (event->step != NULL && event->step->kind == WEIR_STEP_ASSIGNMENT_TAKEN) {
        note_taken(all, event->step);
    } else if (event->step != NULL && event->step->kind == WEIR_STEP_PROCESS) {
        all->counted += event->task[0] == '1';
    }
}

/* ---- Callbacks of instances --------------------------------------------------------------- */

static void inject(weir_instance *instance, scenario_fault fault)
{
    weir_host *host = weir_instance_host(instance);
    switch (fault) {
    case SCENARIO_CRASH:
        weir_host_crash(host, WEIR_DISK_AS_IT_WAS);
        break;
    case SCENARIO_PAUSE:
        weir_host_pause(host);
        break;
    case SCENARIO_PARTITION:
        weir_host_partition(host);
        break;
    case SCENARIO_NOTHING:
        break;
    }
}

static bool begins(const char *text, const char *with)
{
    return text != NULL && strncmp(text, with, strlen(with)) == 0;
}

static void on_step(const weir_step *step, void *user)
{
    subject *one = user;
    scenario *all = one->all;
    if (step->kind == WEIR_STEP_PROCESS && all->drag.left > 0 &&
        all->drag.instance == one->instance) {
        all->drag.left--;
        weir_sim_sleep_us(all->drag.ms * 1000);
    }
    if (all->fault.instance != one->instance || one->instance == NULL ||
        strcmp(weir_step_name(step->kind), all->fault.kind) != 0 ||
        (all->fault.like != NULL && !begins(step->task, all->fault.like) &&
         !begins(step->reason, all->fault.like)) ||
        --all->fault.left > 0) {
        return;
    }
    all->fault.instance = NULL;
    all->fault.fault_hit = true;
    inject(one->instance, all->fault.fault);
}

static void keep_warning(scenario *all, const char *text)
{
    snprintf(all->warnings[all->warning_count++ % WARNINGS_MAX], WARNING_SIZE, "%.*s",
             (int)WARNING_SIZE - 1, text);
}

static void on_log(int level, const char *text, void *user)
{
    if (level <= 4) { /* syslog's warning */
        keep_warning(((subject *)user)->all, text);
    }
}

static weir_uncaught on_uncaught(const char *thread, const weir_error *error, void *user)
{
    (void)thread;
    keep_warning(((subject *)user)->all, error->message);
    return WEIR_SHUTDOWN_CLIENT;
}

static void on_restore(const weir_restore_progress *progress, void *user)
{
    if (progress->event == WEIR_RESTORE_BATCH) {
        ((subject *)user)->all->restored += progress->restored;
    }
}

/* ---- The run ------------------------------------------------------------------------------ */

static void free_scenario(void *memory)
{
    scenario *all = memory;
    fixture_text_fini(&all->text);
    free(all);
}

scenario *scenario_new(void **state, const weir_cluster_opts *opts)
{
    static const char *const config[] = {"commit.interval.ms", "1000", NULL};
    scenario *all = fixture_keep(state, calloc(1, sizeof *all), free_scenario);
    weir_cluster_opts mine = opts != NULL ? *opts : (weir_cluster_opts){0};
    mine.config = mine.config != NULL ? mine.config : config;
    assert_int_equal(fixture_text_make(&all->text, LINES, 1, NULL), WEIR_OK);
    all->cluster = fixture_cluster(state, &mine);
    all->checker =
        weir_cluster_checker(all->cluster, &(weir_checker_opts){.written = written_topics});
    weir_cluster_on_event(all->cluster, watch, all);
    weir_cluster_input(all->cluster, "word-counts", SCENARIO_PARTITIONS, &weir_string, &weir_i64);
    all->lines =
        weir_cluster_input(all->cluster, "lines", SCENARIO_PARTITIONS, &weir_string, &weir_string);
    return all;
}

weir_cluster *scenario_cluster(const scenario *all)
{
    return all->cluster;
}

weir_instance *scenario_start(scenario *all, const char *name, int threads,
                              const char *const *config)
{
    assert_true(all->subject_count < INSTANCES_MAX);
    subject *one = &all->subjects[all->subject_count++];
    one->all = all;
    weir_app_opts app = {.on_step = on_step,
                         .on_log = on_log,
                         .on_uncaught = on_uncaught,
                         .on_restore = on_restore,
                         .user = one};
    one->instance =
        weir_cluster_start(all->cluster, name, fixture_word_count,
                           &(weir_instance_opts){.threads = threads, .config = config, .app = app});
    return one->instance;
}

void scenario_feed(scenario *all, size_t count)
{
    assert_true(all->fed + count <= all->text.count);
    for (size_t i = 0; i < count; i++) {
        weir_input_pipe(all->lines, NULL, &all->text.lines[all->fed++]);
    }
}

void scenario_settle(scenario *all)
{
    weir_run_until(all->cluster, weir_caught_up, SETTLE_BOUND);
}

void scenario_inject_fault_at(scenario *all, weir_instance *instance, const char *kind,
                              const char *like, int nth, scenario_fault fault)
{
    all->fault.instance = instance;
    all->fault.kind = kind;
    all->fault.like = like;
    all->fault.left = nth;
    all->fault.fault = fault;
    all->fault.fault_hit = false;
}

void scenario_drag(scenario *all, weir_instance *instance, int64_t ms, int count)
{
    all->drag.instance = instance;
    all->drag.ms = ms;
    all->drag.left = count;
}

bool scenario_fault_hit(weir_cluster *cluster, void *arg)
{
    (void)cluster;
    return ((const scenario *)arg)->fault.fault_hit;
}

/* ---- Counters ----------------------------------------------------------------------------- */

size_t scenario_seen(const scenario *all, const char *kind)
{
    for (size_t i = 0; i < KINDS_MAX && all->kinds[i].count > 0; i++) {
        if (strcmp(all->kinds[i].kind, kind) == 0) {
            return all->kinds[i].count;
        }
    }
    return 0;
}

int scenario_generations(const scenario *all)
{
    return all->generations;
}

size_t scenario_warnings(const scenario *all, const char *text)
{
    size_t count = 0;
    for (size_t i = 0; i < all->warning_count && i < WARNINGS_MAX; i++) {
        count += strstr(all->warnings[i], text) != NULL;
    }
    return count;
}

int64_t scenario_restored(const scenario *all)
{
    return all->restored;
}

/* ---- The check -------------------------------------------------------------------------- */

static void check_owners(const scenario *all)
{
    for (size_t i = 0; i < SUBTOPOLOGIES; i++) {
        for (size_t p = 0; p < SCENARIO_PARTITIONS; p++) {
            assert_int_equal(all->taken[i][p], all->newest);
        }
    }
}

static int64_t sum_of(const weir_rows *rows)
{
    int64_t sum = 0;
    for (size_t i = 0; i < weir_rows_size(rows); i++) {
        sum += *(const int64_t *)weir_rows_at(rows, i)->value;
    }
    return sum;
}

static weir_rows *new_counts(const scenario *all)
{
    return weir_rows_new(all->cluster, &weir_string, &weir_i64);
}

static weir_rows *stored(const scenario *all)
{
    return weir_store_view_all(weir_cluster_store(all->cluster, "counts", &weir_string, &weir_i64));
}

/* The store while each task has its owner. A thread may lose its tasks after all is caught up and
 * before its stores are read, when a commit waited for a coordinator longer than the session
 * timeout. */
static weir_rows *settled_store(scenario *all)
{
    for (int i = 0; i < SETTLES_MAX; i++) {
        scenario_settle(all);
        weir_rows *rows = stored(all);
        if (weir_caught_up(all->cluster, NULL)) {
            return rows;
        }
    }
    weir_cluster_fail(all->cluster, "tasks change their owners again and again");
    return new_counts(all);
}

static weir_rows *output_rows(const scenario *all)
{
    return weir_output_table(
        weir_cluster_output(all->cluster, "word-counts", &weir_string, &weir_i64));
}

/* Those rows whose keys are not in `keys`. */
static weir_rows *without(const scenario *all, const weir_rows *rows, const weir_rows *keys)
{
    weir_rows *left = new_counts(all);
    for (size_t i = 0; i < weir_rows_size(rows); i++) {
        const weir_row *row = weir_rows_at(rows, i);
        if (weir_rows_find(keys, row->key) == NULL) {
            weir_rows_add(left, row->key, row->value);
        }
    }
    return left;
}

/* Adds the keys that a former owner of the task wrote to the topic. */
static void note_stale(const scenario *all, const char *topic, weir_rows *keys)
{
    const weir_rows *rows =
        weir_output_all(weir_cluster_output(all->cluster, topic, &weir_string, &weir_i64));
    for (size_t i = 0; i < weir_rows_size(rows); i++) {
        const weir_row *row = weir_rows_at(rows, i);
        if (weir_checker_is_stale(all->checker, topic, row->partition, row->offset)) {
            weir_rows_put(keys, row->key, &(int64_t){1});
        }
    }
}

void scenario_check_exact(scenario *all)
{
    weir_rows *store = settled_store(all);
    check_owners(all);
    weir_rows *counted = output_rows(all);
    weir_assert_same_rows(store, counted);
    weir_assert_same_rows(counted, weir_scenario_counts(all->cluster, all->text.lines, all->fed));
}

/* A word is counted once more only where its record, or its line, was processed once more; so all
 * counts together cannot exceed the records that were processed. A record that a former owner
 * wrote after losing the task may be the last one of its key in the changelog, from which a store
 * was restored, or in the output. Such keys must exist, but may have any value. */
void scenario_check_at_least_once(scenario *all)
{
    weir_rows *store = settled_store(all);
    check_owners(all);
    weir_rows *expected = weir_scenario_counts(all->cluster, all->text.lines, all->fed);
    weir_rows *stale = new_counts(all);
    note_stale(all, "app-counts-changelog", stale);
    for (size_t i = 0; i < weir_rows_size(stale); i++) {
        weir_rows_put(expected, weir_rows_at(stale, i)->key, &(int64_t){1});
    }
    weir_scenario_check_counts(all->cluster, store, expected, store);
    note_stale(all, "word-counts", stale);
    weir_rows *counted = output_rows(all);
    weir_assert_size(counted, weir_rows_size(store));
    weir_assert_same_rows(without(all, store, stale), without(all, counted, stale));
    int64_t sum = sum_of(store);
    if (sum > (int64_t)all->counted) {
        weir_cluster_fail(all->cluster, "%" PRId64 " words are counted, %zu records processed", sum,
                          all->counted);
    }
}
