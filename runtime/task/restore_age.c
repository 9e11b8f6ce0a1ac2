/* SPDX-License-Identifier: Apache-2.0
 *
 * Which state on disk is too old to be used (docs/decisions.md). */
#include "task/restore_age.h"

#include <stdlib.h>
#include <string.h>

#include "core/saturate.h"

int64_t weir__state_age_limit(int64_t max_ms, const char *retention)
{
    int64_t half_ms = retention != NULL ? strtoll(retention, NULL, 10) / 2 : max_ms;
    return max_ms >= 0 && half_ms >= 0 && half_ms < max_ms ? half_ms : max_ms;
}

/* Rows older than this may lack a deletion; -1: no limit. */
static int64_t age_max_ms(const weir__restorer *restorer, const weir__task_store *store)
{
    int64_t max_ms = restorer->env->settings.state_age_max_ms;
    const char *const *config = store->spec->changelog_config;
    for (; config != NULL && config[0] != NULL; config += 2) {
        if (strcmp(config[0], "delete.retention.ms") == 0) {
            max_ms = weir__state_age_limit(max_ms, config[1]);
        }
    }
    return max_ms;
}

static bool has_rows(weir__kv *kv)
{
    weir__kv_iter *iter = NULL;
    weir_slice key;
    weir_slice row;
    weir_slice open_end = {0};
    if (weir__kv_range(kv, open_end, open_end, false, &iter, NULL) != WEIR_OK) {
        return true; /* a store that cannot be read is restored from the start */
    }
    bool found = iter->ops->next(iter, &key, &row);
    (void)iter->ops->close(iter);
    return found;
}

/* An empty store equals its changelog before the first record. Rows without an offset are those of
 * a task that was closed before its first commit. */
static int64_t read_as_of(const weir__restorer *restorer, weir__task_store *store, int64_t stored)
{
    if (stored != WEIR__NO_OFFSET && weir__kv_is_persistent(store->inner)) {
        return weir__kv_as_of_ms(store->inner);
    }
    return stored == WEIR__NO_OFFSET && has_rows(store->inner) ? WEIR__TIME_UNKNOWN
                                                               : restorer->env->now_ms;
}

bool weir__restore_is_outdated(const weir__restorer *restorer, weir__task_store *store,
                               int64_t stored, int64_t log_end)
{
    int64_t max_ms = age_max_ms(restorer, store);
    int64_t now_ms = restorer->env->now_ms;
    if (store->as_of_ms == 0) {
        store->as_of_ms = read_as_of(restorer, store, stored);
        store->as_of_noted = stored != WEIR__NO_OFFSET;
    }
    int64_t next = stored != WEIR__NO_OFFSET ? weir__add_sat(stored, 1) : 0;
    if (max_ms < 0 || next >= log_end) {
        return false;
    }
    int64_t age_ms = weir__sub_sat(now_ms, store->as_of_ms);
    return store->as_of_ms == WEIR__TIME_UNKNOWN || age_ms > max_ms || age_ms < -max_ms;
}

void weir__restore_mark_outdated(const weir__restorer *restorer, weir__task *task,
                                 const weir__task_store *store)
{
    task->corrupt = true;
    weir__log_write(restorer->env->log, WEIR__LOG_WARNING,
                    "%s: task %s: store %s is wiped and restored anew: it is behind %s-%d and too "
                    "old (state.cleanup.dir.max.age.ms): deletions may be missing",
                    restorer->env->observer.thread, task->name, store->spec->name, store->topic,
                    store->partition);
}
