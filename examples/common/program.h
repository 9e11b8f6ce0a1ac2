/* SPDX-License-Identifier: Apache-2.0
 *
 * What the example programs do beside weir_main: topics that settings name, lines on stdout. */
#ifndef WEIR_EXAMPLES_PROGRAM_H
#define WEIR_EXAMPLES_PROGRAM_H

#include <weir/main.h>

/* weir_main, with the topics of these roles (fixtures/topics.h). Prints states and restored stores
 * on stdout. */
int weir_example_main(int argc, char **argv, weir_topology_fn build, const char *const *topics);

#endif
