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
#include "task/guarantee.h"
#include "task/placement.h"

typedef struct weir__observer {
    const weir_app_opts *opts; /* never NULL; on_step, on_restore */
    const char *thread;
    _Atomic(const char *) *step; /* the thread's current step, for other threads; NULL: not kept */
} weir__observer;

/* Whether anybody gets the steps. */
static inline bool weir__step_is_seen(const weir__observer *observer)
{
    return observer->opts->on_step != NULL;
}

/* A step with what every kind sets. */
static inline weir_step weir__step_of(const weir__observer *observer, weir_step_kind kind,
                                      const char *task)
{
    return (weir_step){.kind = kind,
                       .thread = observer->thread,
                       .task = task,
                       .partition = -1,
                       .offset = -1,
                       .generation = -1};
}

/* The thread takes the step. */
static inline void weir__step_take(const weir__observer *observer, const weir_step *step)
{
    if (observer->step != NULL) {
        atomic_store_explicit(observer->step, weir_step_name(step->kind), memory_order_relaxed);
    }
    if (weir__step_is_seen(observer)) {
        observer->opts->on_step(step, observer->opts->user);
    }
}

/* A step of a kind that sets no more than these. */
static inline void weir__step(const weir__observer *observer, weir_step_kind kind, const char *task,
                              const char *reason)
{
    weir_step step = weir__step_of(observer, kind, task);
    step.reason = reason;
    weir__step_take(observer, &step);
}

/* Settings, parsed once. */
typedef struct weir__task_settings {
    bool skip_undecodable;    /* deserialization.exception.handler = continue */
    bool skip_failing;        /* processing.exception.handler = continue */
    bool skip_failing_global; /* processing.exception.handler.global.enabled, too */
    bool skip_unwritable;     /* production.exception.handler = continue */
    const char *dead_letters; /* errors.dead.letter.queue.topic.name; NULL: none. Of the config */
    bool memory_stores;       /* dsl.store = memory */
    bool uncommitted_stores;  /* exactly once: stores can be rolled back to their last commit */
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
    const weir__guarantee *guarantee;
    weir__transaction transaction;
    /* Shared by the threads of the instance. NULL: no store is persistent, no task is locked. */
    weir__directory *directory;
    weir__consumer *consumer;
    weir__producer *producer; /* of the tasks' records */
    /* Of the thread's join and assignment records, if those of the tasks are in transactions. NULL:
     * `producer` sends them, too. */
    weir__producer *control;
    weir__admin *admin; /* shared by the threads of the instance */
    weir__cache *cache;
    weir__uncommitted uncommitted; /* memory of the changes of all stores since the last commit */
    weir__graph *globals;          /* NULL: no global tables */
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
