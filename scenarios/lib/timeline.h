/* SPDX-License-Identifier: Apache-2.0
 *
 * A run as a story: the events that people ask about, with their virtual time, one a line. */
#ifndef WEIR_SCENARIOS_TIMELINE_H
#define WEIR_SCENARIOS_TIMELINE_H

#include <weir/driver.h>

/* Prints it to stdout from now on. */
void weir_timeline_start(weir_cluster *cluster);
/* A line of one's own, now. */
void weir_timeline_say(weir_cluster *cluster, const char *who, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
