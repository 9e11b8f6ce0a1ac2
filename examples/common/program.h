/* SPDX-License-Identifier: Apache-2.0
 *
 * Common code of the example programs: settings, topics, the application, a clean end. */
#ifndef WEIR_EXAMPLES_PROGRAM_H
#define WEIR_EXAMPLES_PROGRAM_H

#include <weir/weir.h>

/* PROGRAM FILE.properties [NAME=VALUE...]: creates the topics of these roles (fixtures/topics.h),
 * runs the topology until SIGINT or SIGTERM, closes it. Returns main's exit status. */
int weir_example_main(int argc, char **argv, weir_topology_fn build, const char *const *topics);

/* Settings as arguments: `count` texts NAME=VALUE. */
weir_err weir_example_settings(weir_config *config, int count, char **texts, weir_error *error);

/* The objects of a program; each may be NULL. */
typedef struct weir_example {
    weir_config *config;
    weir_topology *topology;
    weir_app *app;
} weir_example;

/* Frees them; prints on stderr why `program` failed, if it did. Returns main's exit status. */
int weir_example_end(const char *program, weir_example *made, weir_err err,
                     const weir_error *error);

#endif
