/* SPDX-License-Identifier: Apache-2.0
 *
 * The command line of weir-mockbroker. */
#ifndef WEIR_PROGRAMS_OPTIONS_H
#define WEIR_PROGRAMS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOPICS_MAX 256
#define SETTINGS_MAX 32 /* of a topic */

/* The texts are those of argv. */
typedef struct topic_option {
    char *name;
    int32_t partitions;
    const char *settings[2 * SETTINGS_MAX + 1]; /* name, value, ..., NULL */
} topic_option;

typedef struct options {
    int port; /* 0: any */
    int brokers;
    int32_t partitions; /* num.partitions */
    long log_bytes; /* of all logs */
    bool auto_create;
    bool verbose;
    topic_option *topics;
    size_t topic_count;
} options;

/* Ends the program for --help and --version, and after a mistake, which it reports on stderr with
 * the option and its value. False: out of memory. */
bool options_read(int argc, char **argv, options *out);
void options_free(options *opts);

#endif
