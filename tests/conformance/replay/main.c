/* SPDX-License-Identifier: Apache-2.0
 *
 * Replays recorded cases of Kafka Streams on a driver of Weir: see scripts/conformance. */
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replay/run.h"

#define REASONS_MAX 256
#define REASON_MAX 160
#define FOLDERS_OPEN 16
#define JOBS_MAX 64

typedef struct options {
    const char *folder;
    const char *filter; /* NULL: all */
    run_driver driver;
    int jobs;
    size_t every; /* only each n-th case */
} options;

/* ---- Files -------------------------------------------------------------------------------- */

static struct {
    char **paths;
    size_t count;
    size_t prefix; /* of the folder */
    const char *filter;
} found;

static int add_file(const char *path, const struct stat *about, int type, struct FTW *place)
{
    (void)about, (void)place;
    size_t length = strlen(path);
    bool json = length > 5 && strcmp(path + length - 5, ".json") == 0;
    if (type == FTW_F && json &&
        (found.filter == NULL || strstr(path + found.prefix, found.filter) != NULL)) {
        found.paths = realloc(found.paths, (found.count + 1) * sizeof *found.paths);
        if (found.paths == NULL || (found.paths[found.count] = strdup(path)) == NULL) {
            abort();
        }
        found.count++;
    }
    return 0;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool find_files(const options *opts)
{
    found.filter = opts->filter;
    found.prefix = strlen(opts->folder);
    if (nftw(opts->folder, add_file, FOLDERS_OPEN, FTW_PHYS) != 0) {
        fprintf(stderr, "%s: %s\n", opts->folder, strerror(errno));
        return false;
    }
    if (found.count > 0) {
        qsort(found.paths, found.count, sizeof *found.paths, by_path);
    }
    size_t kept = 0;
    for (size_t i = 0; i < found.count; i++) {
        if (i % opts->every == 0) {
            found.paths[kept++] = found.paths[i];
        } else {
            free(found.paths[i]);
        }
    }
    found.count = kept;
    return true;
}

/* ---- A case, in a worker ------------------------------------------------------------------ */

/* A worker writes "begin", then one result, for each case:
 *
 *   begin <case>
 *   pass | skip <reason> | fail <number of bytes>, a line break and the difference */
static FILE *results;

static void report_fail(const char *text)
{
    fprintf(results, "fail %zu\n%s\n", strlen(text), text);
    fflush(results);
}

void report_failure(const char *file, int line, const char *message, void *user)
{
    (void)file, (void)line, (void)user;
    report_fail(message);
    _exit(1); /* the next worker continues after this case */
}

static char *read_file(const char *path, size_t *size)
{
    FILE *in = fopen(path, "rb");
    long end = -1;
    char *text = NULL;
    if (in != NULL && fseek(in, 0, SEEK_END) == 0) {
        end = ftell(in);
    }
    if (end >= 0 && fseek(in, 0, SEEK_SET) == 0 && (text = malloc((size_t)end + 1)) != NULL) {
        *size = fread(text, 1, (size_t)end, in);
    }
    if (in != NULL) {
        fclose(in);
    }
    return text;
}

static void run_case(const options *opts, const char *path)
{
    weir_error error = {0};
    size_t size = 0;
    char *text = read_file(path, &size);
    yyjson_doc *doc = text != NULL ? yyjson_read(text, size, YYJSON_READ_NOFLAG) : NULL;
    recorded_case of = {.name = path, .root = yyjson_doc_get_root(doc)};
    of.plan = text != NULL ? weir_plan_read(text, size, &error) : NULL;
    if (doc == NULL || of.plan == NULL) {
        report_fail(text == NULL ? strerror(errno) : error.message);
    } else {
        static char difference[RUN_TEXT_MAX];
        static case_run run;
        (opts->driver == RUN_SYNC ? run_on_sync : run_on_cluster)(&run, &of);
        if (run.skip[0] != '\0') {
            fprintf(results, "skip %.*s\n", REASON_MAX, run.skip);
        } else {
            compare_run(&run, &of, difference);
            if (difference[0] != '\0') {
                report_fail(difference);
            } else {
                fputs("pass\n", results);
            }
        }
        run_free(&run);
    }
    fflush(results);
    weir_plan_free(of.plan);
    yyjson_doc_free(doc);
    free(text);
}

static void work(const options *opts, size_t from)
{
    for (size_t i = from; i < found.count; i += (size_t)opts->jobs) {
        fprintf(results, "begin %zu\n", i);
        fflush(results);
        run_case(opts, found.paths[i]);
    }
    for (size_t i = 0; i < found.count; i++) {
        free(found.paths[i]);
    }
    free(found.paths);
    exit(0);
}

/* ---- Workers ------------------------------------------------------------------------------ */

typedef struct outcome {
    enum { NOT_RUN, PASSED, SKIPPED, FAILED } kind;
    char *text; /* reason or difference */
} outcome;

typedef struct worker {
    FILE *file;
    pid_t pid; /* 0: it has ended */
    size_t last;
    long read; /* results up to here are taken */
} worker;

static void start_worker(const options *opts, worker *w, size_t from)
{
    fflush(NULL);
    w->pid = fork();
    if (w->pid == 0) {
        results = w->file;
        fseek(results, 0, SEEK_END);
        work(opts, from);
    }
    if (w->pid < 0) {
        perror("fork");
        exit(2);
    }
}

static char *take_text(FILE *in, size_t size)
{
    char *text = calloc(1, size + 1);
    if (text == NULL || fread(text, 1, size, in) != size) {
        abort();
    }
    return text;
}

/* Reads what a worker that has ended wrote. True: it did not finish; w->last is the case. */
static bool take_results(worker *w, outcome *outcomes)
{
    char line[RUN_TEXT_MAX];
    bool open = false;
    fseek(w->file, w->read, SEEK_SET);
    while (fgets(line, sizeof line, w->file) != NULL) {
        outcome *one = &outcomes[w->last];
        size_t size;
        line[strcspn(line, "\n")] = '\0';
        if (sscanf(line, "begin %zu", &w->last) == 1) {
            open = true;
        } else if (sscanf(line, "fail %zu", &size) == 1) {
            *one = (outcome){FAILED, take_text(w->file, size)};
            open = false;
        } else if (strncmp(line, "skip ", 5) == 0) {
            *one = (outcome){SKIPPED, strdup(line + 5)};
            open = false;
        } else if (strcmp(line, "pass") == 0) {
            *one = (outcome){PASSED, NULL};
            open = false;
        }
    }
    w->read = ftell(w->file);
    return open;
}

/* A worker that a case ended; another one takes the cases after it. */
static void continue_after(const options *opts, worker *w, outcome *outcomes, int status, bool open)
{
    outcome *one = &outcomes[w->last];
    if (open) {
        char text[128];
        snprintf(text, sizeof text, "the process ended with %s %d",
                 WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        *one = (outcome){FAILED, strdup(text)};
    }
    size_t next = w->last + (size_t)opts->jobs;
    if (next < found.count) {
        start_worker(opts, w, next);
    } else if (one->kind != FAILED) {
        *one = (outcome){FAILED, strdup("the process failed after this, its last case")};
    }
}

static void run_all(const options *opts, outcome *outcomes)
{
    worker workers[JOBS_MAX];
    int alive = 0;
    for (int i = 0; i < opts->jobs && (size_t)i < found.count; i++, alive++) {
        workers[i] = (worker){.file = tmpfile(), .last = (size_t)i};
        if (workers[i].file == NULL) {
            perror("tmpfile");
            exit(2);
        }
        start_worker(opts, &workers[i], (size_t)i);
    }
    int started = alive;
    while (alive > 0) {
        int status = 0;
        pid_t pid = waitpid(-1, &status, 0);
        for (int i = 0; i < started; i++) {
            worker *w = &workers[i];
            if (w->pid != pid) {
                continue;
            }
            w->pid = 0;
            bool open = take_results(w, outcomes);
            if (open || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
                continue_after(opts, w, outcomes, status, open);
            }
            if (w->pid == 0) {
                fclose(w->file);
                alive--;
            }
        }
    }
}

/* ---- Report ------------------------------------------------------------------------------- */

static void count_reasons(const outcome *outcomes)
{
    const char *reasons[REASONS_MAX];
    size_t counts[REASONS_MAX] = {0};
    size_t count = 0;
    for (size_t i = 0; i < found.count; i++) {
        size_t j = 0;
        if (outcomes[i].kind != SKIPPED) {
            continue;
        }
        while (j < count && strcmp(reasons[j], outcomes[i].text) != 0) {
            j++;
        }
        if (j == count && count < REASONS_MAX) {
            reasons[count++] = outcomes[i].text;
        }
        if (j < count) {
            counts[j]++;
        }
    }
    for (size_t j = 0; j < count; j++) {
        printf("skipped %zu: %s\n", counts[j], reasons[j]);
    }
}

/* The number of failures. */
static size_t report(const outcome *outcomes)
{
    size_t numbers[4] = {0};
    count_reasons(outcomes);
    for (size_t i = 0; i < found.count; i++) {
        numbers[outcomes[i].kind]++;
        if (outcomes[i].kind == FAILED) {
            printf("FAILED %s\n%s\n", found.paths[i], outcomes[i].text);
        }
    }
    printf("%zu passed, %zu failed, %zu skipped\n", numbers[PASSED],
           numbers[FAILED] + numbers[NOT_RUN], numbers[SKIPPED]);
    return numbers[FAILED] + numbers[NOT_RUN] + (numbers[PASSED] == 0);
}

static bool take_option(options *opts, const char *name, const char *value)
{
    if (strcmp(name, "--cases") == 0) {
        opts->folder = value;
    } else if (strcmp(name, "--filter") == 0) {
        opts->filter = value;
    } else if (strcmp(name, "--driver") == 0) {
        opts->driver = strcmp(value, "cluster") == 0 ? RUN_CLUSTER : RUN_SYNC;
        return strcmp(value, "cluster") == 0 || strcmp(value, "sync") == 0;
    } else if (strcmp(name, "--jobs") == 0) {
        opts->jobs = (int)strtol(value, NULL, 10);
        return opts->jobs >= 1 && opts->jobs <= JOBS_MAX;
    } else if (strcmp(name, "--every") == 0) {
        opts->every = (size_t)strtoul(value, NULL, 10);
        return opts->every >= 1;
    } else {
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    options opts = {.folder = WEIR_SOURCE_DIR "/tests/conformance/cases", .jobs = 1, .every = 1};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc || !take_option(&opts, argv[i], argv[i + 1])) {
            fprintf(stderr,
                    "usage: %s [--cases DIR] [--driver sync|cluster] [--filter NAME]\n"
                    "       [--jobs 1..%d] [--every N]\n",
                    argv[0], JOBS_MAX);
            return 2;
        }
    }
    if (!find_files(&opts)) {
        return 2;
    }
    outcome *outcomes = calloc(found.count + 1, sizeof *outcomes);
    if (outcomes == NULL) {
        abort();
    }
    run_all(&opts, outcomes);
    size_t failures = report(outcomes);
    for (size_t i = 0; i < found.count; i++) {
        free(outcomes[i].text);
        free(found.paths[i]);
    }
    free(outcomes);
    free(found.paths);
    return failures > 0 ? 1 : 0;
}
