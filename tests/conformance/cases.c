/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs the recorded cases of Kafka Streams whose operators Weir has. They are in the folder that
 * the variable WEIR_CONFORMANCE names, else in ../shared/conformance beside the sources; without
 * them the test is skipped. WEIR_CASE runs only the plans whose name contains its value, and prints
 * more about them. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "conformance/compare.h"
#include "conformance/plan_more.h"

#define SEEDS_MAX 9
#define REASONS_MAX 64

typedef struct tally {
    size_t run;
    size_t failed;
    size_t skipped;
    char reasons[REASONS_MAX][128];
    size_t counts[REASONS_MAX];
    size_t reason_count;
} tally;

/* ---- One case ----------------------------------------------------------------------------- */

static weir_config *config_of(yyjson_val *settings)
{
    static const char *const passed[] = {"application.id", "default.key.serde",
                                         "default.value.serde"};
    weir_config *config = weir_config_new();
    weir_error error = {0};
    assert_non_null(config);
    for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++) {
        const char *value = text_member(settings, passed[i]);
        if (value != NULL && weir_config_set(config, passed[i], value, &error) != WEIR_OK) {
            fail_msg("%s", error.message);
        }
    }
    return config;
}

static weir_err pipe_step(case_run *run, yyjson_val *step)
{
    yyjson_val *list = yyjson_obj_get(step, "headers");
    weir_header headers[PLAN_LIST_MAX];
    size_t count = yyjson_arr_size(list);
    assert_true(count <= PLAN_LIST_MAX);
    for (size_t i = 0; i < count; i++) {
        yyjson_val *header = yyjson_arr_get(list, i);
        headers[i].name = yyjson_get_str(yyjson_arr_get(header, 0));
        headers[i].value = case_bytes(&run->memory, yyjson_arr_get(header, 1));
    }
    return driven_pipe_record(&run->task, text_member(step, "pipe"),
                              case_bytes(&run->memory, yyjson_obj_get(step, "key")),
                              case_bytes(&run->memory, yyjson_obj_get(step, "value")),
                              yyjson_get_sint(yyjson_obj_get(step, "ts")), headers, count);
}

/* Gives the records that were sent since the last call to this step. */
static void note_records(case_run *run, int step)
{
    run->records = realloc(run->records, (run->task.sent_count + 1) * sizeof *run->records);
    assert_non_null(run->records);
    while (run->count < run->task.sent_count) {
        run->records[run->count] = (run_record){run->task.sent[run->count], step};
        run->count++;
    }
}

/* The index of the step that failed; the number of steps when none did. */
static size_t run_steps(case_run *run, yyjson_val *steps)
{
    for (size_t i = 0; i < yyjson_arr_size(steps); i++) {
        yyjson_val *step = yyjson_arr_get(steps, i);
        weir_err err = yyjson_obj_get(step, "pipe") != NULL
                           ? pipe_step(run, step)
                           : driven_advance(&run->task, number_member(step, "advance_ms"));
        note_records(run, (int)i);
        if (err != WEIR_OK) {
            return i;
        }
    }
    return yyjson_arr_size(steps);
}

static void compare_error(yyjson_val *error, size_t step, size_t steps, const char *message,
                          difference *d)
{
    yyjson_val *expected = yyjson_obj_get(error, "at");
    if (yyjson_is_int(expected) && (size_t)yyjson_get_sint(expected) != step) {
        differ(d, "error at step %lld expected, got %s%zu %s", (long long)yyjson_get_sint(expected),
               step == steps ? "none; steps: " : "step ", step, message);
    } else if (!yyjson_is_int(expected) && step != steps) {
        differ(d, "step %zu failed: %s", step, message);
    }
}

static void run_topology(yyjson_val *root, const weir_topology *topology, difference *d)
{
    static const char *const passed[] = {"deserialization.exception.handler",
                                         "processing.exception.handler",
                                         "default.timestamp.extractor"};
    enum { PASSED = sizeof passed / sizeof passed[0] };
    yyjson_val *config = yyjson_obj_get(root, "config");
    yyjson_val *steps = yyjson_obj_get(root, "steps");
    yyjson_val *error = yyjson_obj_get(root, "error");
    const char *settings[2 * PASSED + 1] = {NULL};
    size_t count = 0;
    for (size_t i = 0; i < PASSED; i++) {
        const char *value = text_member(config, passed[i]);
        if (value != NULL && strcmp(value, "fail_on_invalid") != 0) {
            settings[count++] = passed[i];
            settings[count++] = value;
        }
    }
    case_run run = {.task.settings = settings};
    if (driven_open(&run.task, topology, number_member(root, "start_ms")) != WEIR_OK) {
        differ(d, "open: %s", run.task.error.message);
        goto done;
    }
    size_t end = run_steps(&run, steps);
    int end_step = (int)end;
    compare_error(error, end, yyjson_arr_size(steps), run.task.error.message, d);
    compare_description(topology, yyjson_obj_get(root, "describe"), d);
    compare_sent(&run, yyjson_obj_get(root, "outputs"), SENT_OUTPUT, NULL, end_step, d);
    compare_by_topic(&run, yyjson_obj_get(root, "repartitions"), SENT_REPARTITION, end_step, d);
    compare_by_topic(&run, yyjson_obj_get(root, "changelogs"), SENT_CHANGELOG, end_step, d);
    if (!yyjson_is_obj(error)) {
        compare_stores(&run, yyjson_obj_get(root, "stores"), d);
    }
    yyjson_val *dropped = yyjson_obj_get(yyjson_obj_get(root, "metrics"), "dropped-records-total");
    if (yyjson_is_int(dropped) && (size_t)yyjson_get_sint(dropped) != driven_dropped(&run.task)) {
        differ(d, "%lld dropped records expected, got %zu", (long long)yyjson_get_sint(dropped),
               driven_dropped(&run.task));
    }

done:
    driven_close(&run.task);
    free(run.records);
    weir__arena_fini(&run.memory);
}

static void run_case(yyjson_val *root, char unsupported[128], difference *d)
{
    plan p = {0};
    weir_error error = {0};
    yyjson_val *at_ = yyjson_obj_get(yyjson_obj_get(root, "error"), "at");
    const char *optimization = text_member(yyjson_obj_get(root, "config"), "topology.optimization");
    if (optimization != NULL && strcmp(optimization, "all") == 0) {
        plan_skip(&p, "topology.optimization", optimization);
    }
    plan_build(&p, yyjson_obj_get(root, "plan"));
    if (p.unsupported[0] != '\0') {
        weir_builder_free(p.builder);
    } else {
        weir_config *config = config_of(yyjson_obj_get(root, "config"));
        weir_topology *topology = weir_build(p.builder, config, &error);
        /* Kafka reports this error at the start, Weir in weir_build. */
        bool fails = yyjson_is_str(at_);
        if (topology == NULL && !fails) {
            differ(d, "weir_build: %s", error.message);
        } else if (topology != NULL && fails) {
            differ(d, "weir_build should have failed: %s",
                   text_member(yyjson_obj_get(root, "error"), "message"));
        } else if (topology != NULL) {
            run_topology(root, topology, d);
        }
        weir_topology_free(topology);
        weir_config_free(config);
    }
    snprintf(unsupported, 128, "%s", p.unsupported);
    weir__arena_fini(&p.arena);
}

/* ---- All of them -------------------------------------------------------------------------- */

static void count_skip(tally *t, const char *reason)
{
    t->skipped++;
    for (size_t i = 0; i < t->reason_count; i++) {
        if (strcmp(t->reasons[i], reason) == 0) {
            t->counts[i]++;
            return;
        }
    }
    if (t->reason_count < REASONS_MAX) {
        snprintf(t->reasons[t->reason_count], sizeof t->reasons[0], "%s", reason);
        t->counts[t->reason_count++] = 1;
    }
}

static bool run_file(const char *path, tally *t)
{
    yyjson_doc *doc = yyjson_read_file(path, YYJSON_READ_NOFLAG, NULL, NULL);
    if (doc == NULL) {
        return false;
    }
    yyjson_val *root = yyjson_doc_get_root(doc);
    char unsupported[128] = "";
    difference d = {""};
    run_case(root, unsupported, &d);
    if (unsupported[0] != '\0') {
        count_skip(t, unsupported);
    } else {
        t->run++;
        if (d.text[0] != '\0') {
            t->failed++;
            print_error("%s: %s\n", text_member(root, "name"), d.text);
        } else if (getenv("WEIR_CASE") != NULL) {
            print_message("%s: ok\n", text_member(root, "name"));
        }
    }
    yyjson_doc_free(doc);
    return true;
}

static void all_cases(const char *folder, tally *t)
{
    struct dirent **plans = NULL;
    const char *only = getenv("WEIR_CASE");
    int count = scandir(folder, &plans, NULL, alphasort);
    assert_true(count > 0);
    for (int i = 0; i < count; i++) {
        bool wanted =
            plans[i]->d_name[0] != '.' && (only == NULL || strstr(plans[i]->d_name, only) != NULL);
        for (int seed = 1; wanted && seed <= SEEDS_MAX; seed++) {
            char path[1024];
            snprintf(path, sizeof path, "%s/%s/%d.json", folder, plans[i]->d_name, seed);
            if (!run_file(path, t)) {
                break;
            }
        }
        free(plans[i]);
    }
    free(plans);
}

static void plans_have_the_results_of_kafka_streams(void **state)
{
    (void)state;
    const char *given = getenv("WEIR_CONFORMANCE");
    char folder[512];
    struct stat found;
    snprintf(folder, sizeof folder, "%s/cases",
             given != NULL ? given : WEIR_SOURCE_DIR "/../shared/conformance");
    if (stat(folder, &found) != 0) {
        print_error("SKIPPED: no conformance cases at %s; set WEIR_CONFORMANCE\n", folder);
        skip();
    }
    tally t = {0};
    all_cases(folder, &t);
    for (size_t i = 0; i < t.reason_count; i++) {
        print_message("skipped %zu: %s\n", t.counts[i], t.reasons[i]);
    }
    print_message("%zu run, %zu failed, %zu skipped\n", t.run, t.failed, t.skipped);
    assert_int_equal(t.failed, 0);
    assert_true(t.run > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_have_the_results_of_kafka_streams),
    };
    return cmocka_run_group_tests_name("conformance", tests, NULL, NULL);
}
