/* SPDX-License-Identifier: Apache-2.0
 *
 * What the example programs share: settings, topics, the application, a clean end. */
#ifndef WEIR_EXAMPLES_PROGRAM_H
#define WEIR_EXAMPLES_PROGRAM_H

#include <weir/weir.h>

/* PROGRAM FILE.properties [NAME=VALUE...]: creates the topics of these roles (fixtures/topics.h),
 * runs the topology until SIGINT or SIGTERM, closes it. Returns main's exit status. */
int weir_example_main(int argc, char **argv, weir_topology_fn build, const char *const *topics);

#endif
