/* SPDX-License-Identifier: Apache-2.0
 *
 * Differential fuzzing of plans: see scripts/fuzz-plans. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "random/compare.h"

#define JOBS_MAX 64
#define CACHE_BYTES "1048576"

typedef struct options {
    uint64_t first;
    uint64_t last;
    int jobs;
    int profile; /* FUZZ_PROFILES: all, in turn */
    bool print;  /* only the case */
} options;

/* How a child ended. */
enum { SAME, DIFFERENT, SKIPPED, NOT_BUILT, ENDS };

/* ---- One case, in a child ----------------------------------------------------------------- */

static fuzz_profile profile_of(const options *opts, uint64_t seed)
{
    return opts->profile == FUZZ_PROFILES ? (fuzz_profile)(seed % FUZZ_PROFILES)
                                          : (fuzz_profile)opts->profile;
}

static void headline(const options *opts, uint64_t seed)
{
    printf("seed %" PRIu64 " (%s): ", seed, fuzz_profile_names[profile_of(opts, seed)]);
}

static char *text_of(uint64_t seed, fuzz_profile profile, const char *backend)
{
    yyjson_mut_doc *doc = fuzz_generate(seed, profile, backend);
    char *text = yyjson_mut_write(doc, YYJSON_WRITE_PRETTY_TWO_SPACES, NULL);
    yyjson_mut_doc_free(doc);
    if (text == NULL) {
        abort();
    }
    return text;
}

void report_failure(const char *file, int line, const char *message, void *user)
{
    (void)file, (void)line, (void)user;
    printf("the driver failed: %s\n", message);
    fflush(stdout);
    _exit(DIFFERENT);
}

typedef struct one {
    yyjson_doc *doc;
    recorded_case of;
    case_run run;
} one;

static void start(one *run, uint64_t seed, fuzz_profile profile, bool second)
{
    weir_error error = {0};
    bool rocksdb = profile == FUZZ_BACKENDS && second;
    char *text = text_of(seed, profile, rocksdb ? "rocksdb" : "memory");
    run->doc = yyjson_read(text, strlen(text), YYJSON_READ_NOFLAG);
    run->of = (recorded_case){.name = "fuzz", .root = yyjson_doc_get_root(run->doc)};
    run->of.partitions = profile == FUZZ_PARTITIONS && second ? 4 : 1;
    run->of.cache_bytes = profile == FUZZ_CACHES && second ? CACHE_BYTES : NULL;
    run->of.plan = weir_plan_read(text, strlen(text), &error);
    free(text);
    if (run->of.plan == NULL) {
        report_failure(NULL, 0, error.message, NULL);
    }
    (profile == FUZZ_DRIVERS && second ? run_on_cluster : run_on_sync)(&run->run, &run->of);
}

static void end(one *run)
{
    run_free(&run->run);
    weir_plan_free(run->of.plan);
    yyjson_doc_free(run->doc);
}

static int compare(uint64_t seed, fuzz_profile profile)
{
    static char difference[FUZZ_TEXT_MAX];
    static one runs[2];
    int result = SAME;
    start(&runs[0], seed, profile, false);
    if (runs[0].run.skip[0] == '\0' && runs[0].run.end != RUN_NOT_BUILT) {
        start(&runs[1], seed, profile, true);
    }
    const char *skip = runs[runs[0].run.skip[0] == '\0'].run.skip;
    if (skip[0] != '\0') {
        printf("skipped: %s\n", skip);
        result = SKIPPED;
    } else if (runs[0].run.end == RUN_NOT_BUILT) {
        printf("not built: %s\n", runs[0].run.error);
        result = NOT_BUILT;
    } else {
        fuzz_compare(profile, &runs[0].run, &runs[1].run, runs[0].of.root, difference);
        result = difference[0] != '\0' ? DIFFERENT : SAME;
        printf("%s%s", result == SAME ? "same\n" : "", difference);
    }
    end(&runs[0]);
    end(&runs[1]);
    return result;
}

/* ---- All cases ---------------------------------------------------------------------------- */

typedef struct child {
    pid_t pid; /* 0: none */
    uint64_t seed;
    FILE *output;
} child;

static void run_child(const options *opts, child *of, uint64_t seed)
{
    fflush(NULL);
    *of = (child){.seed = seed, .output = tmpfile()};
    if (of->output == NULL || (of->pid = fork()) < 0) {
        perror("fuzz-plans");
        exit(2);
    }
    if (of->pid == 0) {
        dup2(fileno(of->output), STDOUT_FILENO);
        exit(compare(seed, profile_of(opts, seed)));
    }
}

static void show_output(const child *of)
{
    char text[512];
    size_t length;
    rewind(of->output);
    while ((length = fread(text, 1, sizeof text, of->output)) > 0) {
        fwrite(text, 1, length, stdout);
    }
}

static int finish(const options *opts, child *of, int status)
{
    int result = WIFEXITED(status) && WEXITSTATUS(status) < ENDS ? WEXITSTATUS(status) : DIFFERENT;
    bool crashed = !WIFEXITED(status) || WEXITSTATUS(status) >= ENDS;
    if (result != SAME) {
        headline(opts, of->seed);
        show_output(of);
        if (crashed) {
            printf("the process ended with %s %d\n", WIFSIGNALED(status) ? "signal" : "status",
                   WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
        }
    }
    fclose(of->output);
    of->pid = 0;
    return result;
}

static uint64_t run_all(const options *opts)
{
    child children[JOBS_MAX] = {0};
    uint64_t counts[ENDS] = {0};
    uint64_t next = opts->first;
    uint64_t ended = 0;
    while (ended < opts->last - opts->first + 1) {
        for (int i = 0; i < opts->jobs && next <= opts->last; i++) {
            if (children[i].pid == 0) {
                run_child(opts, &children[i], next++);
            }
        }
        int status = 0;
        pid_t pid = waitpid(-1, &status, 0);
        for (int i = 0; i < opts->jobs; i++) {
            if (children[i].pid == pid) {
                counts[finish(opts, &children[i], status)]++;
                ended++;
            }
        }
    }
    printf("%" PRIu64 " plans: %" PRIu64 " the same, %" PRIu64 " different, %" PRIu64
           " skipped, %" PRIu64 " not built\n",
           ended, counts[SAME], counts[DIFFERENT], counts[SKIPPED], counts[NOT_BUILT]);
    return counts[DIFFERENT] + counts[NOT_BUILT] + (counts[SAME] == 0);
}

static bool take_seeds(options *opts, const char *text)
{
    char *end;
    opts->first = strtoull(text, &end, 10);
    opts->last = opts->first;
    if (strncmp(end, "..", 2) == 0) {
        opts->last = strtoull(end + 2, &end, 10);
    }
    return *end == '\0' && end != text && opts->last >= opts->first;
}

static bool take_option(options *opts, const char *name, const char *value)
{
    if (strcmp(name, "--seeds") == 0) {
        return take_seeds(opts, value);
    }
    if (strcmp(name, "--jobs") == 0) {
        opts->jobs = (int)strtol(value, NULL, 10);
        return opts->jobs >= 1 && opts->jobs <= JOBS_MAX;
    }
    if (strcmp(name, "--profile") == 0) {
        opts->profile = 0;
        while (opts->profile < FUZZ_PROFILES &&
               strcmp(fuzz_profile_names[opts->profile], value) != 0) {
            opts->profile++;
        }
        return opts->profile < FUZZ_PROFILES;
    }
    opts->print = strcmp(name, "--print") == 0;
    return opts->print && take_seeds(opts, value);
}

int main(int argc, char **argv)
{
    options opts = {.first = 1, .last = 100, .jobs = 1, .profile = FUZZ_PROFILES};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc || !take_option(&opts, argv[i], argv[i + 1])) {
            fprintf(
                stderr,
                "usage: %s [--seeds FIRST..LAST] [--profile drivers|partitions|caches|backends]\n"
                "       [--jobs 1..%d] [--print SEED]\n",
                argv[0], JOBS_MAX);
            return 2;
        }
    }
    if (opts.print) {
        char *text = text_of(opts.first, profile_of(&opts, opts.first), "memory");
        puts(text);
        free(text);
        return 0;
    }
    return run_all(&opts) > 0 ? 1 : 0;
}
