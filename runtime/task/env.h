/* SPDX-License-Identifier: Apache-2.0
 *
 * The environment that a stream thread gives to its tasks: clients, cache, settings, observers.
 * Each thread has its own and is its only user; it outlives the tasks. */
#ifndef WEIR_TASK_ENV_H
#define WEIR_TASK_ENV_H

#include <stdatomic.h>

#include "client/client.h"
#include "core/log.h"
#include "core/map.h"
#include "core/reset.h"
#include "process/drops.h"
#include "process/graph.h"
#include "state/directory.h"
#include "task/placement.h"

typedef struct weir__observer {
    const weir_app_opts *opts; /* never NULL; on_step, on_restore */
    const char *thread;
    _Atomic(const char *) *step; /* the thread's current step, for other threads; NULL: not kept */
} weir__observer;

static inline void weir__step_at(const weir__observer *observer, const char *kind, const char *task,
                                 const char *detail, int64_t offset)
{
    if (observer->step != NULL) {
        atomic_store_explicit(observer->step, kind, memory_order_relaxed);
    }
    if (observer->opts->on_step != NULL) {
        weir_step step = {kind, observer->thread, task, detail, offset};
        observer->opts->on_step(&step, observer->opts->user);
    }
}

static inline void weir__step(const weir__observer *observer, const char *kind, const char *task,
                              const char *detail)
{
    weir__step_at(observer, kind, task, detail, -1);
}

/* Settings, parsed once. */
typedef struct weir__task_settings {
    bool skip_undecodable;    /* deserialization.exception.handler = continue */
    bool skip_failing;        /* processing.exception.handler = continue */
    bool skip_failing_global; /* processing.exception.handler.global.enabled, too */
    bool skip_unwritable;     /* production.exception.handler = continue */
    const char *dead_letters; /* errors.dead.letter.queue.topic.name; NULL: none. Of the config */
    bool memory_stores;       /* dsl.store = memory */
    weir__invalid_time invalid_time; /* default.timestamp.extractor */
    weir__reset reset;               /* auto.offset.reset */
    int64_t emit_interval_ms;        /* __emit.interval.ms.kstreams.windowed.aggregation__ */
    /* __emit.interval.ms.kstreams.outer.join.spurious.results.fix__ */
    int64_t join_emit_interval_ms;
    int64_t idle_ms;          /* max.task.idle.ms */
    int64_t state_age_max_ms; /* state.cleanup.dir.max.age.ms; < 0: any */
    size_t buffered_max;      /* buffered.records.per.partition */
} weir__task_settings;

typedef struct weir__task_env {
    const weir_topology *topology;
    const char *application;
    weir__task_settings settings;
    /* Shared by the threads of the instance. NULL: no store is persistent, no task is locked. */
    weir__directory *directory;
    weir__consumer *consumer;
    weir__producer *producer;
    weir__admin *admin; /* shared by the threads of the instance */
    weir__cache *cache;
    weir__graph *globals; /* NULL: no global tables */
    const weir__log *log;
    weir__observer observer;
    bool polling;         /* in a callback of the consumer: it may hold records not queued yet */
    int64_t now_ms;       /* wall clock, read in each iteration of the thread's loop */
    weir__map outputs;    /* weir__task_output by name of the task */
    weir__map changelogs; /* acknowledgements of the producer by "<topic>-<partition>" */
    /* First record since the last commit that could not be written, where a later attempt fails
     * too. */
    weir_error first_send_failure;
    weir__delivery on_dead_letter; /* the delivery report of a record for settings.dead_letters */
    weir__placement *placement;    /* shared by the threads of the instance; NULL: no joins */
    weir__drop_counts *drops;      /* shared by the threads of the instance */
    weir__arena commit;            /* memory of a commit; empty between commits */
} weir__task_env;

#endif
