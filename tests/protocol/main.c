/* SPDX-License-Identifier: Apache-2.0
 *
 * Plays the protocol scenarios against a broker and compares what a client can see with what was
 * observed on a real one.
 *
 *   protocol-scenarios [--target mock|bare|127.0.0.1:PORT] [--observed DIR] [--known FILE]
 *                      [--record DIR] [--filter TEXT] [--jobs N] [--show] [--list]
 *
 * --record writes the observations instead of comparing them. --known: scenarios that are known to
 * differ, one a line with the reason ("area/name: reason"); one that does not differ fails. --show
 * prints the observations. On the target "bare" differences are listed, and are no failures. */
#include <stdlib.h>
#include <sys/stat.h>

#include <librdkafka/rdkafka.h>

#include "compare.h"
#include "runner.h"

#define SCENARIOS_MAX 300
#define PATH_MAX_BYTES 1024
#define JOBS_MAX 16

static const struct {
    const char *name;
    const scenario *scenarios;
} areas[] = {
    {"idempotence", idempotence_scenarios},
    {"transactions", transaction_scenarios},
    {"offsets", txn_offset_scenarios},
    {"groups", group_scenarios},
    {"fetch", fetch_scenarios},
    {"log", log_scenarios},
    {"admin", admin_scenarios},
    {"clients", client_scenarios},
};

typedef struct options {
    target on;
    const char *target_name;
    const char *observed;
    const char *known;
    const char *record;
    const char *filter;
    int jobs;
    bool show;
    bool list;
} options;

typedef struct summary {
    int passed;
    int failed;
    int known;
} summary;

static void usage(const char *complaint)
{
    fprintf(stderr, "protocol-scenarios: %s\n", complaint);
    exit(2);
}

static options read_options(int argc, char **argv)
{
    options o = {.target_name = "mock", .observed = WEIR_SOURCE_DIR "/tests/protocol/observed"};
    o.jobs = 1;
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        if (strcmp(name, "--show") == 0) {
            o.show = true;
            continue;
        }
        if (strcmp(name, "--list") == 0) {
            o.list = true;
            continue;
        }
        const char *value = i + 1 < argc ? argv[++i] : NULL;
        if (value == NULL) {
            usage("an option is unknown or without a value");
        } else if (strcmp(name, "--target") == 0) {
            o.target_name = value;
        } else if (strcmp(name, "--observed") == 0) {
            o.observed = value;
        } else if (strcmp(name, "--known") == 0) {
            o.known = value;
        } else if (strcmp(name, "--record") == 0) {
            o.record = value;
        } else if (strcmp(name, "--filter") == 0) {
            o.filter = value;
        } else if (strcmp(name, "--jobs") == 0) {
            o.jobs = (int)strtol(value, NULL, 10);
        } else {
            usage("an option is unknown");
        }
    }
    if (o.jobs < 1 || o.jobs > JOBS_MAX) {
        usage("--jobs is out of range");
    }
    if (strcmp(o.target_name, "mock") == 0) {
        o.on.kind = TARGET_MOCK;
    } else if (strcmp(o.target_name, "bare") == 0) {
        o.on.kind = TARGET_BARE;
    } else if (strchr(o.target_name, ':') != NULL) {
        o.on = (target){TARGET_ADDRESS, o.target_name};
    } else {
        usage("--target is mock, bare or an address");
    }
    return o;
}

static size_t choose(const options *o, result *results)
{
    size_t count = 0;
    for (size_t i = 0; i < sizeof areas / sizeof *areas; i++) {
        for (const scenario *s = areas[i].scenarios; s->name != NULL; s++) {
            char path[PATH_MAX_BYTES];
            snprintf(path, sizeof path, "%s/%s", areas[i].name, s->name);
            if ((o->filter == NULL || strstr(path, o->filter) != NULL) && count < SCENARIOS_MAX) {
                results[count++] = (result){.area = areas[i].name, .what = s};
            }
        }
    }
    return count;
}

/* The file of an observation below a folder. */
static const char *file_of(const char *folder, const result *one)
{
    static char path[PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, one->area);
    mkdir(path, 0777); /* exists mostly */
    snprintf(path, sizeof path, "%s/%s/%s.txt", folder, one->area, one->what->name);
    return path;
}

/* The reason why a scenario is known to differ; to be freed. NULL: it is not. */
static char *known_reason(const char *known, const result *one)
{
    char name[PATH_MAX_BYTES];
    snprintf(name, sizeof name, "%s/%s: ", one->area, one->what->name);
    for (const char *line = known; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');
        size_t len = end != NULL ? (size_t)(end - line) : strlen(line);
        if (strncmp(line, name, strlen(name)) == 0) {
            return strndup(line + strlen(name), len - strlen(name));
        }
        line += len + (end != NULL ? 1 : 0);
    }
    return NULL;
}

/* ---- Comparing ---- */

static void judge(const options *o, const result *one, const char *known, summary *sum)
{
    char *expected = read_text(file_of(o->observed, one));
    char *reason = known_reason(known, one);
    bool same = expected != NULL && strcmp(expected, one->seen->text) == 0;
    if (expected == NULL) {
        printf("FAILED %s/%s: nothing was recorded for it\n", one->area, one->what->name);
        sum->failed++;
    } else if (same && reason != NULL) {
        printf("FAILED %s/%s: listed as different (%s), but it is the same\n", one->area,
               one->what->name, reason);
        sum->failed++;
    } else if (same) {
        sum->passed++;
    } else if (reason != NULL) {
        printf("known difference: %s/%s: %s\n", one->area, one->what->name, reason);
        sum->known++;
    } else {
        printf("FAILED %s/%s\n", one->area, one->what->name);
        print_differences("kafka", expected, "mock", one->seen->text);
        sum->failed++;
    }
    free(reason);
    free(expected);
}

static int compare_all(const options *o, const result *results, size_t count)
{
    char *known = o->known != NULL ? read_text(o->known) : NULL;
    if (o->known != NULL && known == NULL) {
        usage("the file of --known cannot be read");
    }
    summary sum = {0};
    for (size_t i = 0; i < count; i++) {
        judge(o, &results[i], known, &sum);
    }
    free(known);
    if (sum.known > 0) {
        printf("%d known differences\n", sum.known);
    }
    printf("%d passed, %d failed\n", sum.passed, sum.failed);
    return sum.failed > 0 || sum.passed == 0 ? 1 : 0;
}

/* The mock cluster alone says that each batch was appended at the same time: named once, not in
 * every scenario. Removes it from a text. */
static void strip_append_times(char *text)
{
    static const char what[] = " append time ";
    char *to = text;
    for (const char *from = text; *from != '\0';) {
        if (strncmp(from, what, sizeof what - 1) == 0) {
            from += sizeof what - 1;
            from += strcspn(from, " \n");
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
}

/* Each scenario that differs, with its first difference, for a table. */
static int list_differences(const options *o, result *results, size_t count)
{
    int same = 0;
    for (size_t i = 0; i < count; i++) {
        char *expected = read_text(file_of(o->observed, &results[i]));
        if (expected != NULL) {
            strip_append_times(expected);
        }
        strip_append_times(results[i].seen->text);
        char *line = first_difference(expected != NULL ? expected : "", results[i].seen->text);
        if (line != NULL) {
            printf("differs: %s/%s: %s\n", results[i].area, results[i].what->name, line);
        }
        same += line == NULL ? 1 : 0;
        free(line);
        free(expected);
    }
    printf("librdkafka %s, its mock cluster alone: %d of %zu scenarios as on Kafka, beside wrong"
           " append times\n",
           rd_kafka_version_str(), same, count);
    return 0;
}

static int record_all(const options *o, const result *results, size_t count)
{
    mkdir(o->record, 0777); /* exists mostly */
    for (size_t i = 0; i < count; i++) {
        if (!write_text(file_of(o->record, &results[i]), results[i].seen->text)) {
            return 1;
        }
    }
    printf("%zu observations recorded\n", count);
    return 0;
}

int main(int argc, char **argv)
{
    static result results[SCENARIOS_MAX];
    options o = read_options(argc, argv);
    size_t count = choose(&o, results);
    for (size_t i = 0; o.list && i < count; i++) {
        printf("%s/%s\n", results[i].area, results[i].what->name);
    }
    if (o.list) {
        return 0;
    }
    play_all(&o.on, results, count, o.jobs);
    for (size_t i = 0; o.show && i < count; i++) {
        printf("== %s/%s\n%s", results[i].area, results[i].what->name, results[i].seen->text);
    }
    if (o.record != NULL) {
        return record_all(&o, results, count);
    }
    return o.on.kind == TARGET_BARE ? list_differences(&o, results, count)
                                    : compare_all(&o, results, count);
}
