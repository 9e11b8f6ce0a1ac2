/* SPDX-License-Identifier: Apache-2.0
 *
 * The timeline of a run: its main events, with their virtual time, one per line. */
#ifndef WEIR_SCENARIOS_TIMELINE_H
#define WEIR_SCENARIOS_TIMELINE_H

#include <weir/driver.h>

/* Prints it to stdout from now on. */
void weir_timeline_start(weir_cluster *cluster);
/* Prints a line of the caller's, with the time now. */
void weir_timeline_say(weir_cluster *cluster, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
