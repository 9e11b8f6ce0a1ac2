/* SPDX-License-Identifier: Apache-2.0
 *
 * Where the traces of two runs begin to differ. */
#ifndef WEIR_SCENARIOS_FIRST_DIFFERENCE_H
#define WEIR_SCENARIOS_FIRST_DIFFERENCE_H

#include <stddef.h>
#include <stdio.h>

#define FIRST_DIFFERENCE_MAX ((size_t)4096)

/* Reads two traces (weir_cluster_trace_to, WEIR_TRACE_TEXT) from their beginnings, and writes the
 * number and both contents of the first event that differs into `out`, cut to `size` bytes with the
 * terminator. If all events are the same, `out` says so: then only the thread switches, which have
 * no lines, can differ. Both files are borrowed; their positions change. */
void first_difference(FILE *first, FILE *other, char *out, size_t size);

#endif
