/* SPDX-License-Identifier: Apache-2.0
 *
 * The purge thread. It collects offsets, sends them in one request, and waits for more. */
#include "cluster/purge.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/thread_name.h"
#include "core/buf.h"
#include "core/map.h"

struct weir__purger {
    weir__admin *admin;
    const weir__log *log;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    weir__map asked; /* "<partition> <topic>" -> request; under lock */
    bool stop;       /* under lock */
};

typedef struct purge_request {
    weir__offset before;
    char *topic;
} purge_request;

static void free_request(void *value)
{
    purge_request *request = value;
    free(request->topic);
    free(request);
}

static void purge(weir__purger *purger, const weir__map *asked)
{
    weir__offset *before = calloc(asked->count, sizeof(*before));
    if (before == NULL) {
        return;
    }
    size_t count = 0;
    for (const weir__map_entry *entry = asked->first; entry != NULL; entry = entry->next) {
        before[count++] = ((purge_request *)entry->value)->before;
    }
    weir_error error = {0};
    if (weir__admin_delete_records(purger->admin, before, count, &error) != WEIR_OK) {
        weir__log_write(purger->log, WEIR__LOG_WARNING,
                        "repartition topics could not be purged: %s", error.message);
    }
    free(before);
}

static void *run(void *user)
{
    weir__purger *purger = user;
    weir__thread_name_set("Purger");
    pthread_mutex_lock(&purger->lock);
    while (!purger->stop) {
        if (purger->asked.count == 0) {
            pthread_cond_wait(&purger->changed, &purger->lock);
            continue;
        }
        weir__map asked = purger->asked;
        purger->asked = (weir__map){0};
        pthread_mutex_unlock(&purger->lock);
        purge(purger, &asked);
        weir__map_fini(&asked, free_request);
        pthread_mutex_lock(&purger->lock);
    }
    pthread_mutex_unlock(&purger->lock);
    return NULL;
}

weir_err weir__purger_new(weir__admin *admin, const weir__log *log, weir__purger **out)
{
    weir__purger *purger = calloc(1, sizeof *purger);
    if (purger == NULL) {
        return WEIR_ENOMEM;
    }
    purger->admin = admin;
    purger->log = log;
    pthread_mutex_init(&purger->lock, NULL);
    pthread_cond_init(&purger->changed, NULL);
    if (pthread_create(&purger->thread, NULL, run, purger) != 0) {
        pthread_cond_destroy(&purger->changed);
        pthread_mutex_destroy(&purger->lock);
        free(purger);
        return WEIR_ELIMIT;
    }
    *out = purger;
    return WEIR_OK;
}

void weir__purger_free(weir__purger *purger)
{
    if (purger == NULL) {
        return;
    }
    pthread_mutex_lock(&purger->lock);
    purger->stop = true;
    pthread_cond_signal(&purger->changed);
    pthread_mutex_unlock(&purger->lock);
    pthread_join(purger->thread, NULL);
    pthread_cond_destroy(&purger->changed);
    pthread_mutex_destroy(&purger->lock);
    weir__map_fini(&purger->asked, free_request);
    free(purger);
}

static weir_err remember(weir__purger *purger, const char *name, weir__topic_partition at,
                         int64_t offset)
{
    purge_request *found = weir__map_get_text(&purger->asked, name);
    if (found != NULL) {
        found->before.offset = offset;
        return WEIR_OK;
    }
    found = calloc(1, sizeof *found);
    if (found == NULL) {
        return WEIR_ENOMEM;
    }
    found->topic = strdup(at.topic);
    found->before = (weir__offset){.at = {found->topic, at.partition}, .offset = offset};
    weir_err err =
        found->topic != NULL ? weir__map_put_text(&purger->asked, name, found) : WEIR_ENOMEM;
    if (err != WEIR_OK) {
        free_request(found);
    }
    return err;
}

void weir__purger_ask(weir__purger *purger, weir__topic_partition at, int64_t offset)
{
    weir_buf name = {0};
    weir__buf_printf(&name, "%d %s", at.partition, at.topic);
    pthread_mutex_lock(&purger->lock);
    /* Without memory the records stay until the next purge. */
    if (name.err == WEIR_OK && remember(purger, weir__buf_text(&name), at, offset) == WEIR_OK) {
        pthread_cond_signal(&purger->changed);
    }
    pthread_mutex_unlock(&purger->lock);
    weir__buf_fini(&name);
}
