/* SPDX-License-Identifier: Apache-2.0
 *
 * Twenty recorded plans, each run with 1 and with 4 partitions, on the synchronous driver and on a
 * cluster: the final tables and the outputs of each key are the same.
 *
 *     plan-partitions CASES       CASES: the folder of the recorded cases
 *
 * What a window takes depends on the stream time of its task, and so on the partitions: the grace
 * of all windows is made longer than the records. Plans whose results depend on the stream time or
 * on the state of a task are left out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "random/compare.h"

#define LONG_GRACE_MS 1000000
#define SEVERAL_PARTITIONS 4
#define PATH_SIZE 4096

static const char *const plans[] = {
    "word-count",
    "two-level-count",
    "reduce-concat",
    "aggregate-concat",
    "through-a-topic",
    "select-key",
    "flat-map",
    "to-table-rekeyed",
    "table-group-reduce",
    "table-group-aggregate",
    "table-join-inner",
    "table-join-outer",
    "table-join-aggregates",
    "fk-join",
    "fk-left-join",
    "tumbling-aggregate",
    "hopping",
    "sliding-count",
    "session-reduce",
    "cogroup-rekeyed",
};
#define PLAN_COUNT (sizeof plans / sizeof plans[0])

/* Called in a child. */
void report_failure(const char *file, int line, const char *message, void *user)
{
    (void)file, (void)line, (void)user;
    printf("the driver failed: %s\n", message);
    fflush(stdout);
    _exit(1);
}

static void give_up(const char *what, const char *text)
{
    printf("%s: %s\n", what, text);
    fflush(stdout);
    _exit(1);
}

/* ---- The case ----------------------------------------------------------------------------- */

static void widen_grace(yyjson_mut_doc *doc, yyjson_mut_val *op)
{
    yyjson_mut_val *windows = yyjson_mut_obj_get(op, "windows");
    if (yyjson_mut_obj_get(windows, "grace_ms") != NULL) {
        yyjson_mut_obj_remove_key(windows, "grace_ms");
        yyjson_mut_obj_add_int(doc, windows, "grace_ms", LONG_GRACE_MS);
    }
}

/* All stores are compared. */
static void add_check(yyjson_mut_doc *doc, yyjson_mut_val *checks, yyjson_mut_val *op)
{
    const char *store =
        yyjson_mut_get_str(yyjson_mut_obj_get(yyjson_mut_obj_get(op, "store"), "name"));
    if (store != NULL) {
        yyjson_mut_obj_add_strcpy(doc, yyjson_mut_arr_add_obj(doc, checks), "store", store);
    }
}

/* A cluster writes time 0 to an output topic as 1. */
static void begin_at_one(yyjson_mut_val *step)
{
    yyjson_mut_val *time_ms = yyjson_mut_obj_get(step, "ts");
    if (time_ms != NULL) {
        yyjson_mut_set_sint(time_ms, yyjson_mut_get_sint(time_ms) + 1);
    }
}

/* The text of the case with a long grace, times from 1, and "checks". */
static char *read_case(const char *folder, const char *name)
{
    char path[PATH_SIZE];
    yyjson_read_err failure;
    snprintf(path, sizeof path, "%s/%s/1.json", folder, name);
    yyjson_doc *read = yyjson_read_file(path, YYJSON_READ_NOFLAG, NULL, &failure);
    if (read == NULL) {
        give_up(path, failure.msg);
    }
    yyjson_mut_doc *doc = yyjson_doc_mut_copy(read, NULL);
    yyjson_mut_val *root = yyjson_mut_doc_get_root(doc);
    yyjson_mut_val *checks = yyjson_mut_obj_add_arr(doc, root, "checks");
    yyjson_mut_val *op;
    size_t i;
    size_t count;
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(root, "plan"), i, count, op)
    {
        widen_grace(doc, op);
        add_check(doc, checks, op);
    }
    yyjson_mut_val *step;
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(root, "steps"), i, count, step)
    {
        begin_at_one(step);
    }
    char *text = yyjson_mut_write(doc, YYJSON_WRITE_NOFLAG, NULL);
    yyjson_mut_doc_free(doc);
    yyjson_doc_free(read);
    return text;
}

/* ---- Runs --------------------------------------------------------------------------------- */

typedef void (*run_fn)(case_run *run, const recorded_case *of);

typedef struct way {
    const char *name;
    run_fn run;
    int32_t partitions;
} way;

static void start(case_run *run, recorded_case *of, const way *by)
{
    of->partitions = by->partitions;
    by->run(run, of);
    if (run->skip[0] != '\0' || run->end != RUN_FINISHED) {
        give_up(by->name, run->skip[0] != '\0' ? run->skip : run->error);
    }
    if (run->count == 0) {
        give_up(by->name, "no record came out");
    }
}

/* In a child: ends with 0 if all ways give the same. */
static int compare(const char *folder, const char *name)
{
    static char difference[FUZZ_TEXT_MAX];
    static case_run first;
    static case_run other;
    static const way one = {"synchronous, 1 partition", run_on_sync, 1};
    static const way others[] = {{"synchronous, 4 partitions", run_on_sync, SEVERAL_PARTITIONS},
                                 {"cluster, 1 partition", run_on_cluster, 1},
                                 {"cluster, 4 partitions", run_on_cluster, SEVERAL_PARTITIONS}};
    weir_error error = {0};
    char *text = read_case(folder, name);
    yyjson_doc *doc = yyjson_read(text, strlen(text), YYJSON_READ_NOFLAG);
    recorded_case of = {.name = name, .root = yyjson_doc_get_root(doc)};
    of.plan = weir_plan_read(text, strlen(text), &error);
    free(text);
    if (of.plan == NULL) {
        give_up("the plan", error.message);
    }
    start(&first, &of, &one);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        start(&other, &of, &others[i]);
        fuzz_compare(FUZZ_PARTITIONS, &first, &other, of.root, difference);
        run_free(&other);
        if (difference[0] != '\0') {
            give_up(others[i].name, difference);
        }
    }
    run_free(&first);
    weir_plan_free(of.plan);
    yyjson_doc_free(doc);
    return 0;
}

int main(int argc, char **argv)
{
    size_t failed = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: %s CASES\n", argv[0]);
        return 2;
    }
    for (size_t i = 0; i < PLAN_COUNT; i++) {
        int status = 0;
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            exit(compare(argv[1], plans[i]));
        }
        if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0) {
            printf("%s FAILED (status %d)\n", plans[i], status);
            failed++;
        }
    }
    printf("%zu plans: %zu the same, %zu not\n", PLAN_COUNT, PLAN_COUNT - failed, failed);
    return failed > 0 ? 1 : 0;
}
