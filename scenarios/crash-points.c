/* SPDX-License-Identifier: Apache-2.0
 *
 * The crash points of one run: see scripts/crash-points. */
#include <stdlib.h>
#include <string.h>

#include "scenarios/lib/crash_points.h"

static const char *const policies[] = {"", "fifo", "random", "pct"};

static bool parse_policy(const char *text, weir_policy *policy)
{
    for (int i = 1; i < (int)(sizeof policies / sizeof policies[0]); i++) {
        if (strcmp(text, policies[i]) == 0) {
            *policy = (weir_policy)i;
            return true;
        }
    }
    return false;
}

static bool parse_guarantee(const char *text, bool *exactly_once)
{
    *exactly_once = strcmp(text, "exactly-once") == 0;
    return *exactly_once || strcmp(text, "at-least-once") == 0;
}

static bool parse_option(const char *name, const char *value, weir_crash_points_opts *opts)
{
    char *end = NULL;
    uint64_t number = strtoull(value, &end, 10);
    bool is_number = *end == '\0' && number > 0;
    if (strcmp(name, "--policy") == 0) {
        return parse_policy(value, &opts->policy);
    } else if (strcmp(name, "--guarantee") == 0) {
        return parse_guarantee(value, &opts->exactly_once);
    } else if (strcmp(name, "--seed") == 0) {
        opts->seed = number;
    } else if (strcmp(name, "--point") == 0) {
        opts->point = number;
    } else if (strcmp(name, "--every") == 0) {
        opts->every = number;
    } else if (strcmp(name, "--jobs") == 0) {
        opts->jobs = (int)number;
    } else {
        return false;
    }
    return is_number;
}

static bool parse(int argc, char **argv, weir_crash_points_opts *opts)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--verbose") == 0) {
            opts->verbose = true;
        } else if (strcmp(argv[i], "--memory") == 0) {
            opts->memory_stores = true;
        } else if (i + 1 == argc || !parse_option(argv[i], argv[i + 1], opts)) {
            return false;
        } else {
            i++;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    weir_crash_points_opts opts = {.seed = 1, .policy = WEIR_POLICY_RANDOM};
    if (!parse(argc, argv, &opts)) {
        fputs("usage: crash-points [--seed N] [--policy fifo|random|pct] [--memory]\n"
              "                    [--guarantee at-least-once|exactly-once] [--every N]\n"
              "                    [--point N] [--jobs N] [--verbose]\n",
              stderr);
        return 2;
    }
    return weir_crash_points_run(&opts) ? 0 : 1;
}
