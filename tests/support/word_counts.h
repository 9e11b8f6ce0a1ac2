/* SPDX-License-Identifier: Apache-2.0
 *
 * The word count as a load for tests of rebalances: 4 partitions, 8 tasks. */
#ifndef WEIR_TESTS_SUPPORT_WORD_COUNTS_H
#define WEIR_TESTS_SUPPORT_WORD_COUNTS_H

#include "support/apps.h"

#define ROUNDS 40
#define TASKS 8

CLIENT_FN void word_count_topics(apps *all)
{
    mock_create(all->mock, "lines", 4);
    mock_create(all->mock, "word-counts", 4);
}

CLIENT_FN void send_round(apps *all, int round)
{
    char line[64];
    snprintf(line, sizeof line, "every round%d", round % 7);
    send_line(all, "lines", round % 4, line);
}

/* The tasks of an instance, by calls of inspect. */
typedef struct task_tally {
    int tasks;
    int running;
} task_tally;

CLIENT_FN void tally_thread(const weir__snapshot_thread *thread, void *user)
{
    task_tally *tally = user;
    for (size_t i = 0; i < thread->task_count; i++) {
        tally->tasks++;
        tally->running += strcmp(thread->tasks[i].state, "RUNNING") == 0;
    }
}

CLIENT_FN int running_tasks(const app *one)
{
    task_tally tally = {0};
    weir_error error;
    if (weir__app_inspect(one->app, 1000, tally_thread, &tally, &error) != WEIR_OK) {
        return -1;
    }
    return tally.running;
}

CLIENT_FN bool both_run(const app *a, const app *b)
{
    return app_is(a, WEIR_STATE_RUNNING) && app_is(b, WEIR_STATE_RUNNING) &&
           running_tasks(a) + running_tasks(b) == TASKS;
}

#endif
