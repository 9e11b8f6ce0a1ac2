/* SPDX-License-Identifier: Apache-2.0 */
#include "runner.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOOK_MS 5

static int64_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static void begin(const target *on, result *one)
{
    void *shared =
        mmap(NULL, sizeof(observation), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        perror("mmap");
        exit(2);
    }
    one->seen = shared;
    one->began_s = now_s();
    fflush(NULL);
    one->pid = fork();
    if (one->pid == 0) {
        play(on, one->what, one->seen);
        exit(0);
    }
}

static void end(result *one, int status)
{
    run r = {.seen = one->seen};
    if (WIFSIGNALED(status)) {
        see(&r,
            WTERMSIG(status) == SIGKILL ? "the scenario does not end\n"
                                        : "the process ends by signal %d\n",
            WTERMSIG(status));
    } else if (WEXITSTATUS(status) != 0) {
        see(&r, "the process ends with status %d\n", WEXITSTATUS(status));
    }
    one->pid = 0;
    fprintf(stderr, "%s/%s ended after %d s\n", one->area, one->what->name,
            (int)(now_s() - one->began_s));
}

/* The number of those that still run. */
static int look(result *results, size_t begun)
{
    int running = 0;
    for (size_t i = 0; i < begun; i++) {
        result *one = &results[i];
        int status = 0;
        if (one->pid == 0) {
            continue;
        }
        if (waitpid(one->pid, &status, WNOHANG) == one->pid) {
            end(one, status);
            continue;
        }
        if (now_s() - one->began_s > SCENARIO_SECONDS_MAX) {
            kill(one->pid, SIGKILL);
        }
        running++;
    }
    return running;
}

void play_all(const target *on, result *results, size_t count, int jobs)
{
    size_t begun = 0;
    for (int running = 0; begun < count || running > 0;) {
        for (; begun < count && running < jobs; running++) {
            begin(on, &results[begun++]);
        }
        poll(NULL, 0, LOOK_MS);
        running = look(results, begun);
    }
}
