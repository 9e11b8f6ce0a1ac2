/* SPDX-License-Identifier: Apache-2.0
 *
 * Branches from the middle of a rebalance: see scripts/explore. */
#include <stdlib.h>
#include <string.h>

#include "scenarios/lib/explore.h"

static bool parse_number(const char *name, const char *value, weir_explore_opts *opts)
{
    char *end = NULL;
    uint64_t number = strtoull(value, &end, 10);
    if (strcmp(name, "--seed") == 0) {
        opts->seed = number;
    } else if (strcmp(name, "--branches") == 0) {
        opts->branches = number;
    } else if (strcmp(name, "--branch") == 0) {
        opts->branch = number;
    } else if (strcmp(name, "--jobs") == 0) {
        opts->jobs = (int)number;
    } else {
        return false;
    }
    return *end == '\0' && number > 0;
}

static bool parse(int argc, char **argv, weir_explore_opts *opts)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--verbose") == 0) {
            opts->verbose = true;
        } else if (strcmp(argv[i], "--memory") == 0) {
            opts->memory_stores = true;
        } else if (argv[i][0] != '-' && opts->name == NULL) {
            opts->name = argv[i];
        } else if (i + 1 == argc || !parse_number(argv[i], argv[i + 1], opts)) {
            return false;
        } else {
            i++;
        }
    }
    bool known = false;
    for (size_t i = 0; opts->name != NULL && weir_explore_name(i) != NULL; i++) {
        known = known || strcmp(opts->name, weir_explore_name(i)) == 0;
    }
    return known && opts->branch <= opts->branches;
}

int main(int argc, char **argv)
{
    weir_explore_opts opts = {.seed = 1, .branches = 100};
    if (parse(argc, argv, &opts)) {
        return weir_explore_run(&opts) ? 0 : 1;
    }
    fputs("usage: explore NAME [--branches N] [--seed N] [--branch N] [--memory] [--jobs N]\n"
          "               [--verbose]\nnames:",
          stderr);
    for (size_t i = 0; weir_explore_name(i) != NULL; i++) {
        fprintf(stderr, " %s", weir_explore_name(i));
    }
    fputs("\n", stderr);
    return 2;
}
