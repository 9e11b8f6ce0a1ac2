/* SPDX-License-Identifier: Apache-2.0
 *
 * A case on the cluster driver: the whole runtime, brokers, no cache, a commit after each
 * step. */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/driver.h>

#include "replay/run.h"

#define DROPS_MAX 256
#define TOPICS_MAX 256
#define START_MS WEIR_MINUTES(5)
#define STEP_MS WEIR_MINUTES(5)

typedef struct topic {
    const char *name; /* valid as long as the cluster */
    weir_output output;
    weir_input input;
    bool source;
    bool piped; /* its next row is that of the step */
} topic;

typedef struct cluster_run {
    weir_cluster *cluster;
    weir_instance *instance;
    case_run *run;
    int32_t partitions; /* of a topic */
    topic topics[TOPICS_MAX];
    size_t count;
    bool failed; /* a stream thread */
} cluster_run;

/* ---- Topics ------------------------------------------------------------------------------- */

static topic *find_topic(cluster_run *of, const char *name)
{
    for (size_t i = 0; i < of->count; i++) {
        if (strcmp(of->topics[i].name, name) == 0) {
            return &of->topics[i];
        }
    }
    return NULL;
}

static void add_topic(const char *name, int32_t partitions, void *user)
{
    cluster_run *of = user;
    (void)partitions;
    /* Of the runtime itself: how tasks are assigned. */
    if (strcmp(name, RUN_APPLICATION "-assignment") == 0) {
        return;
    }
    if (find_topic(of, name) == NULL && of->count < TOPICS_MAX) {
        of->topics[of->count++].name = name;
    }
}

static void create_topic(weir_plan_topic use, const char *name, void *user)
{
    cluster_run *of = user;
    if (use == WEIR_PLAN_SINK) {
        weir_cluster_topic_create(of->cluster, name, of->partitions);
        return;
    }
    weir_input input =
        weir_cluster_input(of->cluster, name, of->partitions, &weir_bytes, &weir_bytes);
    weir_mock_topics(weir_cluster_mock(of->cluster), add_topic, of);
    topic *found = find_topic(of, name);
    if (found != NULL) {
        found->source = true;
        found->input = input;
    }
}

/* Whole names, as Java's Pattern.matches. */
static bool pattern_matches(const char *pattern, const char *name)
{
    char whole[256];
    regex_t compiled;
    snprintf(whole, sizeof whole, "^(%s)$", pattern);
    bool compiles = regcomp(&compiled, whole, REG_EXTENDED | REG_NOSUB) == 0;
    bool matches = compiles && regexec(&compiled, name, 0, NULL, 0) == 0;
    if (compiles) {
        regfree(&compiled);
    }
    return matches;
}

static bool plan_matches(const recorded_case *of, const char *name)
{
    yyjson_val *plan = yyjson_obj_get(of->root, "plan");
    bool matches = false;
    for (size_t i = 0; i < yyjson_arr_size(plan); i++) {
        const char *pattern = case_text(yyjson_arr_get(plan, i), "pattern");
        matches = matches || (pattern != NULL && pattern_matches(pattern, name));
    }
    return matches;
}

/* The topics of the steps that patterns match: a step would have to wait until they are noticed. */
static void create_matching(cluster_run *to, const recorded_case *of)
{
    yyjson_val *steps = yyjson_obj_get(of->root, "steps");
    for (size_t i = 0; i < yyjson_arr_size(steps); i++) {
        const char *name = case_text(yyjson_arr_get(steps, i), "pipe");
        if (name != NULL && find_topic(to, name) == NULL && plan_matches(of, name)) {
            create_topic(WEIR_PLAN_SOURCE, name, to);
        }
    }
}

/* librdkafka cannot write timestamp 0: in internal topics a header, the last one, stands for it.
 * The consumer of the runtime restores the timestamp. */
static weir_row restored(const char *name, const weir_row *row)
{
    weir_row out = *row;
    bool internal = strncmp(name, RUN_APPLICATION "-", sizeof RUN_APPLICATION) == 0;
    if (internal && row->header_count > 0 &&
        strcmp(row->headers[row->header_count - 1].name, "weir.timestamp") == 0) {
        out.timestamp_ms = 0;
        out.header_count--;
    }
    return out;
}

/* Notes what was written since the last step. */
static void note_topics(cluster_run *of, int step)
{
    weir_mock_topics(weir_cluster_mock(of->cluster), add_topic, of);
    for (size_t i = 0; i < of->count; i++) {
        topic *one = &of->topics[i];
        if (one->output.driver == NULL) {
            one->output = weir_cluster_output(of->cluster, one->name, &weir_bytes, &weir_bytes);
        }
        const weir_rows *rows = weir_output_rest(one->output);
        for (size_t j = one->piped ? 1 : 0; j < weir_rows_size(rows); j++) {
            weir_row row = restored(one->name, weir_rows_at(rows, j));
            run_note(of->run, step, one->name, &row);
        }
        one->piped = false;
    }
}

/* ---- The instance ------------------------------------------------------------------------- */

static void on_log(int level, const char *text, void *user)
{
    (void)level, (void)text, (void)user;
}

static weir_uncaught on_uncaught(const char *thread, const weir_error *error, void *user)
{
    cluster_run *of = user;
    (void)thread;
    of->failed = true;
    snprintf(of->run->error, sizeof of->run->error, "%s", error->message);
    return WEIR_SHUTDOWN_CLIENT;
}

static bool is_settled(weir_cluster *cluster, void *user)
{
    const cluster_run *of = user;
    return of->failed ? weir_instance_state(of->instance) == WEIR_STATE_ERROR
                      : weir_caught_up(cluster, NULL);
}

static bool start(cluster_run *of, const recorded_case *from)
{
    weir_error error = {0};
    weir_instance_opts opts = {
        .app = {.on_log = on_log, .on_uncaught = on_uncaught, .user = of},
        .build = weir_plan_build,
        .build_user = from->plan,
    };
    of->instance = weir_cluster_try_start(of->cluster, "a", NULL, &opts, &error);
    if (of->instance == NULL) {
        of->run->end = RUN_NOT_STARTED;
        snprintf(of->run->error, sizeof of->run->error, "%s", error.message);
        return false;
    }
    weir_run_until_with(of->cluster, is_settled, of, START_MS);
    note_topics(of, -1);
    return true;
}

/* ---- Steps -------------------------------------------------------------------------------- */

static void fail_at(cluster_run *of, int step, const char *message)
{
    of->run->end = RUN_FAILED;
    of->run->step = step;
    if (message != NULL) {
        snprintf(of->run->error, sizeof of->run->error, "%s", message);
    }
}

static void run_step(cluster_run *of, yyjson_val *step, int number)
{
    const char *name = case_text(step, "pipe");
    topic *to = name != NULL ? find_topic(of, name) : NULL;
    weir_error error = {0};
    if (name == NULL) {
        weir_cluster_run_for(of->cluster, case_number(step, "advance_ms"));
    } else if (to == NULL || !to->source) {
        fail_at(of, number, "no source reads the topic");
        return;
    } else if (run_pipe(to->input, step, &error) != WEIR_OK) {
        fail_at(of, number, error.message);
        return;
    } else {
        to->piped = true;
    }
    weir_run_until_with(of->cluster, is_settled, of, STEP_MS);
    note_topics(of, number);
    of->run->step = number + 1;
    if (of->failed) {
        fail_at(of, number, NULL);
    }
}

static weir_rows *store_rows(case_run *run, const char *store, const weir_serde *key,
                             const int64_t *as_of_ms)
{
    const cluster_run *of = run->state;
    weir_store_view view = weir_cluster_store(of->cluster, store, key, &weir_bytes);
    return weir_store_view_all(as_of_ms != NULL ? weir_store_view_as_of(view, *as_of_ms) : view);
}

static void close_cluster(case_run *run)
{
    cluster_run *of = run->state;
    weir_cluster_free(of->cluster);
    free(of);
}

void run_on_cluster(case_run *run, const recorded_case *of)
{
    static const char *const more[] = {
        "dsl.store",
        "memory",
        "statestore.cache.max.bytes",
        "0",
        "commit.interval.ms",
        "10",
        "__emit.interval.ms.kstreams.windowed.aggregation__",
        "0",
        "__emit.interval.ms.kstreams.outer.join.spurious.results.fix__",
        "0",
        "__emit.interval.ms.kstreams.windowed.aggregation__",
        "0"};
    const char *pairs[RUN_PAIRS_MAX + sizeof more / sizeof more[0] + 1];
    weir_error error = {0};
    run->driver = RUN_CLUSTER;
    if (!run_describe(run, of)) {
        return;
    }
    skip_on_cluster(run, of);
    if (run->skip[0] != '\0') {
        return;
    }
    size_t count = run_settings(of, pairs);
    memcpy(&pairs[count], more, sizeof more);
    pairs[count + sizeof more / sizeof more[0]] = NULL;
    weir_cluster_opts opts = {.brokers = 1,
                              .seed = 1,
                              .application = RUN_APPLICATION,
                              .config = pairs,
                              .auto_create_topics = true,
                              .repeat_command = "",
                              .on_failure = report_failure};
    cluster_run *state = calloc(1, sizeof *state);
    if (state == NULL || (state->cluster = weir_cluster_new(&opts, &error)) == NULL) {
        report_failure(NULL, 0, error.message, NULL);
        return;
    }
    state->run = run;
    state->partitions = of->partitions > 0 ? of->partitions : 1;
    run->state = state;
    run->store_rows = store_rows;
    run->close = close_cluster;
    weir_plan_each_topic(of->plan, create_topic, state);
    create_matching(state, of);
    yyjson_val *steps = yyjson_obj_get(of->root, "steps");
    bool runs = start(state, of);
    for (size_t i = 0; runs && i < yyjson_arr_size(steps) && run->end == RUN_FINISHED; i++) {
        run_step(state, yyjson_arr_get(steps, i), (int)i);
    }
    if (runs) {
        weir_dropped_records dropped[DROPS_MAX];
        size_t kinds = weir_instance_dropped_records(state->instance, dropped, DROPS_MAX);
        run_count_dropped(run, dropped, kinds < DROPS_MAX ? kinds : DROPS_MAX);
    }
}
