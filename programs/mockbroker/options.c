/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads the command line, by argp of glibc. */
#include "mockbroker/options.h"

#include <argp.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#define PORT_DEFAULT 9092
#define LOG_BYTES_DEFAULT (256L << 20)
#define PORT_MAX 65535
#define BROKERS_MAX 64
#define PARTITIONS_MAX 1024

/* argp looks for it. */
__attribute__((visibility("default"))) const char *argp_program_version =
    "weir-mockbroker " WEIR_VERSION;

static const char documentation[] =
    "A Kafka cluster in one process, for tests of clients in any language: the brokers of Weir's "
    "test harness, on TCP ports of 127.0.0.1. All data is in memory, and gone at the end."
    "\v"
    "It prints the line \"bootstrap.servers=127.0.0.1:PORT,...\" when clients may connect, and ends "
    "on SIGINT or SIGTERM with status 0. Requests that it cannot serve are reported on stderr.\n\n"
    "A topic is NAME:PARTITIONS, then settings of the topic, separated by commas:\n\n"
    "  --topic=lines:4 --topic=counts:2:cleanup.policy=compact,segment.ms=1000";

static const struct argp_option rows[] = {
    {"port", 'p', "N", 0,
     "port of the first broker; the next one has N + 1, and so on. 0: any free ports (default 9092)",
     0},
    {"brokers", 'b', "N", 0, "number of brokers, 1 to 64 (default 1)", 0},
    {"partitions", 'n', "N", 0,
     "num.partitions: of topics that are created without a number (default 1)", 0},
    {"log-bytes", 'l', "N", 0,
     "bytes that all logs hold; a batch beyond them is refused (default 268435456)", 0},
    {"topic", 't', "TOPIC", 0, "create this topic; may be repeated", 0},
    {"auto-create", 'a', NULL, 0, "create topics that clients ask for", 0},
    {"verbose", 'v', NULL, 0, "print what the brokers do on stderr, one event a line", 0},
    {0},
};

/* Reads a number in [min, max]; reports a mistake. */
static long number(const char *option, const char *text, long min, long max,
                   const struct argp_state *state)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < min || value > max) {
        argp_error(state, "--%s=%s: not a number from %ld to %ld", option, text, min, max);
    }
    return value;
}

/* "a=1,b=2"; a part without "=" belongs to the value before it, as in cleanup.policy=compact,delete.
 * Cuts the text into pieces. */
static void read_settings(topic_option *topic, char *text, const char *argument,
                          const struct argp_state *state)
{
    size_t count = 0;
    while (text != NULL && *text != '\0') {
        char *equals = strchr(text, '=');
        if (equals == NULL || equals == text) {
            argp_error(state, "--topic=%s: '%s' is not NAME=VALUE", argument, text);
        }
        if (count == SETTINGS_MAX) {
            argp_error(state, "--topic=%s: more than %d settings", argument, SETTINGS_MAX);
        }
        *equals = '\0';
        topic->settings[2 * count] = text;
        topic->settings[2 * count + 1] = equals + 1;
        count++;
        const char *next_equals = strchr(equals + 1, '=');
        char *comma = NULL; /* the last one before the next name */
        for (char *at = equals + 1; next_equals != NULL && at < next_equals; at++) {
            comma = *at == ',' ? at : comma;
        }
        if (next_equals != NULL && comma == NULL) {
            argp_error(state, "--topic=%s: a comma is missing before the second '=' of '%s'",
                       argument, text);
        }
        if (comma != NULL) {
            *comma = '\0';
        }
        text = comma != NULL ? comma + 1 : NULL;
    }
}

static void read_topic(options *opts, const char *argument, const struct argp_state *state)
{
    char *text = strdup(argument);
    topic_option *topic = &opts->topics[opts->topic_count];
    if (text == NULL) {
        argp_failure(state, 1, 0, "out of memory");
        return;
    }
    topic->name = text; /* owns all of it */
    opts->topic_count++;
    char *partitions = strchr(text, ':');
    if (partitions == NULL || partitions == text) {
        argp_error(state, "--topic=%s: not NAME:PARTITIONS", argument);
        return;
    }
    *partitions++ = '\0';
    char *settings = strchr(partitions, ':');
    if (settings != NULL) {
        *settings++ = '\0';
    }
    char *end;
    errno = 0;
    long count = strtol(partitions, &end, 10);
    if (errno != 0 || end == partitions || *end != '\0' || count < 1 || count > PARTITIONS_MAX) {
        argp_error(state, "--topic=%s: '%s' is not a number of partitions from 1 to %d", argument,
                   partitions, PARTITIONS_MAX);
    }
    topic->partitions = (int32_t)count;
    read_settings(topic, settings, argument, state);
}

static error_t read_option(int key, char *argument, struct argp_state *state)
{
    options *opts = state->input;
    switch (key) {
    case 'p':
        opts->port = (int)number("port", argument, 0, PORT_MAX, state);
        return 0;
    case 'b':
        opts->brokers = (int)number("brokers", argument, 1, BROKERS_MAX, state);
        return 0;
    case 'n':
        opts->partitions = (int32_t)number("partitions", argument, 1, PARTITIONS_MAX, state);
        return 0;
    case 'l':
        opts->log_bytes = number("log-bytes", argument, 1, LONG_MAX, state);
        return 0;
    case 't':
        if (opts->topic_count == TOPICS_MAX) {
            argp_error(state, "--topic=%s: more than %d topics", argument, TOPICS_MAX);
        }
        read_topic(opts, argument, state);
        return 0;
    case 'a':
        opts->auto_create = true;
        return 0;
    case 'v':
        opts->verbose = true;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is not an option", argument);
        return 0;
    case ARGP_KEY_END:
        if (opts->port != 0 && opts->port + opts->brokers - 1 > PORT_MAX) {
            argp_error(state, "--port=%d: with --brokers=%d the last port would be %d", opts->port,
                       opts->brokers, opts->port + opts->brokers - 1);
        }
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

bool options_read(int argc, char **argv, options *out)
{
    static const struct argp parser = {rows, read_option, NULL, documentation, NULL, NULL, NULL};
    *out = (options){.port = PORT_DEFAULT, .brokers = 1, .partitions = 1, .log_bytes = LOG_BYTES_DEFAULT};
    out->topics = calloc(TOPICS_MAX, sizeof *out->topics);
    return out->topics != NULL && argp_parse(&parser, argc, argv, 0, NULL, out) == 0;
}

void options_free(options *opts)
{
    for (size_t i = 0; i < opts->topic_count; i++) {
        free(opts->topics[i].name);
    }
    free(opts->topics);
}
