/* SPDX-License-Identifier: Apache-2.0
 *
 * The cleanup thread. It sleeps between its rounds; only a stop wakes it earlier. */
#include "cluster/cleaner.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

#include "cluster/thread_name.h"
#include "core/clock.h"

/* The limits of the time between two rounds, which is state.cleanup.delay.ms within them. */
#define ROUND_MIN_MS 1000
#define ROUND_MAX_MS 600000

struct weir__cleaner {
    const weir__instance *instance;
    int64_t delay_ms;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stopped;
    bool stop; /* under lock */
};

static void log_removal(void *user, const char *task, int64_t age_ms, const weir_error *failure)
{
    const weir__instance *instance = user;
    if (failure != NULL) {
        weir__log_write(&instance->log, WEIR__LOG_WARNING,
                        "%s: the folder of task %s, which this instance does not have, cannot be "
                        "removed: %s",
                        instance->client_id, task, failure->message);
    } else {
        weir__log_write(&instance->log, WEIR__LOG_INFO,
                        "%s: removed the folder of task %s, last used %" PRId64 " ms ago",
                        instance->client_id, task, age_ms);
    }
}

/* ---- At the start ---- */

/* A folder's name has the number of the sub-topology, as in Java. */
static bool has_unlogged_rows(int32_t subtopology, int32_t partition, void *user)
{
    const weir__instance *instance = user;
    const weir_topology *topology = instance->topology;
    (void)partition;
    for (size_t i = 0; i < topology->subtopology_count; i++) {
        const weir__subtopology *sub = &topology->subtopologies[i];
        for (size_t s = 0; sub->id == subtopology && s < sub->store_count; s++) {
            const weir__store_spec *store = &topology->stores[sub->stores[s]];
            if (!store->logging && store->source_topic == NULL) {
                return true;
            }
        }
    }
    return false;
}

void weir__cleaner_clean_at_start(const weir__instance *instance, int64_t max_age_ms)
{
    if (max_age_ms < 0) {
        return;
    }
    weir__directory_clean(instance->directory,
                          &(weir__cleaning){.now_ms = weir__wall_ms(),
                                            .max_age_ms = max_age_ms,
                                            .keep = has_unlogged_rows,
                                            .on_removed = log_removal,
                                            .user = (void *)(uintptr_t)instance});
}

/* ---- The thread ---- */

static void clean(const weir__cleaner *cleaner)
{
    const weir__instance *instance = cleaner->instance;
    int64_t now_ms = weir__wall_ms();
    if (weir_app_state(instance->app) == WEIR_STATE_RUNNING) {
        weir__directory_clean(instance->directory,
                              &(weir__cleaning){.now_ms = now_ms,
                                                .max_age_ms = cleaner->delay_ms,
                                                .on_removed = log_removal,
                                                .user = (void *)(uintptr_t)instance});
    }
}

int64_t weir__cleaner_round_ms(int64_t delay_ms)
{
    if (delay_ms < ROUND_MIN_MS) {
        return ROUND_MIN_MS;
    }
    return delay_ms < ROUND_MAX_MS ? delay_ms : ROUND_MAX_MS;
}

static void *run(void *user)
{
    weir__cleaner *cleaner = user;
    weir__thread_name_set("Cleanup");
    pthread_mutex_lock(&cleaner->lock);
    while (!cleaner->stop) {
        struct timespec due = weir__wall_deadline(weir__cleaner_round_ms(cleaner->delay_ms));
        int waited = 0;
        while (!cleaner->stop && waited == 0) {
            waited = pthread_cond_timedwait(&cleaner->stopped, &cleaner->lock, &due);
        }
        if (!cleaner->stop) {
            pthread_mutex_unlock(&cleaner->lock);
            clean(cleaner);
            pthread_mutex_lock(&cleaner->lock);
        }
    }
    pthread_mutex_unlock(&cleaner->lock);
    return NULL;
}

weir_err weir__cleaner_new(const weir__instance *instance, int64_t delay_ms, weir__cleaner **out)
{
    weir__cleaner *cleaner = calloc(1, sizeof *cleaner);
    if (cleaner == NULL) {
        return WEIR_ENOMEM;
    }
    cleaner->instance = instance;
    cleaner->delay_ms = delay_ms;
    pthread_mutex_init(&cleaner->lock, NULL);
    pthread_cond_init(&cleaner->stopped, NULL);
    if (pthread_create(&cleaner->thread, NULL, run, cleaner) != 0) {
        pthread_cond_destroy(&cleaner->stopped);
        pthread_mutex_destroy(&cleaner->lock);
        free(cleaner);
        return WEIR_ELIMIT;
    }
    *out = cleaner;
    return WEIR_OK;
}

void weir__cleaner_free(weir__cleaner *cleaner)
{
    if (cleaner == NULL) {
        return;
    }
    pthread_mutex_lock(&cleaner->lock);
    cleaner->stop = true;
    pthread_cond_signal(&cleaner->stopped);
    pthread_mutex_unlock(&cleaner->lock);
    pthread_join(cleaner->thread, NULL);
    pthread_cond_destroy(&cleaner->stopped);
    pthread_mutex_destroy(&cleaner->lock);
    free(cleaner);
}
