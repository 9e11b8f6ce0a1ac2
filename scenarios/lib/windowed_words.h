/* SPDX-License-Identifier: Apache-2.0
 *
 * The windowed word count with a few lines, of which some are late, and some too late. */
#ifndef WEIR_SCENARIOS_WINDOWED_WORDS_H
#define WEIR_SCENARIOS_WINDOWED_WORDS_H

#include <weir/driver.h>

/* Starts an instance, sends the lines one by one, and says in the timeline what becomes of each:
 * the windows that it closes, and whether it was dropped. Fails the cluster unless the counts are
 * those of a direct count. */
void weir_scenario_windowed_words(weir_cluster *cluster);

#endif
