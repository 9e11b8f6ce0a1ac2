/* SPDX-License-Identifier: Apache-2.0
 *
 * Which topics a task reads: those that its sources name, and those that match their patterns. */
#include "task/inputs.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "task/process.h"
#include "topology/pattern.h"

typedef struct inputs {
    weir__task *task;
    const weir__task_topics *topics;
    weir__record_queue *queues; /* with room for all */
    size_t count;
} inputs;

static const weir__subtopology *subtopology_of(const weir__task *task)
{
    return &task->env->topology->subtopologies[task->id.subtopology];
}

static int32_t partitions_of(const weir__task_topics *topics, const char *name)
{
    int32_t partitions = 0;
    const char *topic;
    for (size_t i = 0; (topic = topics->at(i, &partitions, topics->user)) != NULL; i++) {
        if (strcmp(topic, name) == 0) {
            return partitions;
        }
    }
    return 0;
}

static weir_err add_queue(inputs *in, const weir__node *source, const char *name,
                          int32_t partitions, bool repartition)
{
    if (in->task->id.partition >= partitions) {
        return WEIR_OK;
    }
    weir__record_queue *queue = &in->queues[in->count];
    weir_err err = weir__record_queue_init(queue, &weir__task_queue_ops, in->task, name,
                                           in->task->id.partition);
    queue->source = source->index;
    queue->partitions = partitions;
    queue->placement = weir__placement_find(in->task->env->placement, name);
    queue->repartition = repartition;
    queue->index = in->count++;
    return err;
}

static weir_err add_named(inputs *in, const weir__node *source)
{
    weir_err err = WEIR_OK;
    for (size_t t = 0; t < source->topic_count && err == WEIR_OK; t++) {
        char *name = weir__topic_name(in->task->env->application, source->topics[t]);
        err = name != NULL ? add_queue(in, source, name, partitions_of(in->topics, name),
                                       source->topics[t].internal)
                           : WEIR_ENOMEM;
        free(name);
    }
    return err;
}

static weir_err add_matching(inputs *in, const weir__node *source)
{
    const weir__task_env *env = in->task->env;
    int32_t partitions = 0;
    const char *topic;
    weir_err err = WEIR_OK;
    for (size_t i = 0;
         err == WEIR_OK && (topic = in->topics->at(i, &partitions, in->topics->user)) != NULL;
         i++) {
        if (weir__pattern_matches(source->pattern, topic) &&
            weir__topology_matching(env->topology, env->application, topic, NULL) == source) {
            err = add_queue(in, source, topic, partitions, false);
        }
    }
    return err;
}

static void free_queues(weir__record_queue *queues, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        weir__record_queue_fini(&queues[i]);
    }
    free(queues);
}

/* At most as many queues as named topics and, for each pattern, all topics. */
static weir_err make_queues(weir__task *task, const weir__task_topics *topics, inputs *out)
{
    const weir_topology *topology = task->env->topology;
    const weir__subtopology *sub = subtopology_of(task);
    int32_t partitions = 0;
    size_t all = 0;
    size_t most = 0;
    while (topics->at(all, &partitions, topics->user) != NULL) {
        all++;
    }
    for (size_t i = 0; i < sub->source_count; i++) {
        const weir__node *source = &topology->nodes[sub->sources[i]];
        most += source->pattern != NULL ? all : source->topic_count;
    }
    *out = (inputs){.task = task, .topics = topics};
    out->queues = calloc(most + 1, sizeof(*out->queues));
    weir_err err = out->queues != NULL ? WEIR_OK : WEIR_ENOMEM;
    for (size_t i = 0; i < sub->source_count && err == WEIR_OK; i++) {
        const weir__node *source = &topology->nodes[sub->sources[i]];
        err = source->pattern != NULL ? add_matching(out, source) : add_named(out, source);
    }
    if (err != WEIR_OK) {
        free_queues(out->queues, out->count);
    }
    return err;
}

static weir_err take_queues(weir__task *task, const inputs *made)
{
    weir_err err =
        weir__chooser_init(&task->chooser, made->queues, made->count, task->env->settings.idle_ms);
    task->chooser.lag = weir__task_lag;
    task->chooser.user = task;
    task->queues = made->queues;
    task->queue_count = made->count;
    return err;
}

weir_err weir__task_inputs_open(weir__task *task, const weir__task_topics *topics)
{
    inputs made;
    weir_err err = make_queues(task, topics, &made);
    err = err == WEIR_OK ? take_queues(task, &made) : err;
    if (err != WEIR_OK) {
        weir__task_inputs_close(task);
    }
    return err;
}

void weir__task_inputs_close(weir__task *task)
{
    weir__chooser_fini(&task->chooser);
    free_queues(task->queues, task->queue_count);
    task->queues = NULL;
    task->queue_count = 0;
}

weir_err weir__task_reads(const weir__task *task, const weir__task_topics *topics, bool *out,
                          weir_error *error)
{
    inputs made;
    /* The queues keep the task as their user, and are freed before they are used. */
    weir_err err = make_queues((weir__task *)(uintptr_t)task, topics, &made);
    if (err != WEIR_OK) {
        return weir__error_set(error, err, "task %s", task->name);
    }
    bool same = made.count == task->queue_count;
    for (size_t i = 0; i < made.count && same; i++) {
        same = made.queues[i].source == task->queues[i].source &&
               strcmp(made.queues[i].topic, task->queues[i].topic) == 0;
    }
    free_queues(made.queues, made.count);
    *out = same;
    return WEIR_OK;
}

weir_err weir__task_change_topics(weir__task *task, const weir__task_topics *topics,
                                  weir_error *error)
{
    weir_assert(task->state == WEIR__TASK_SUSPENDED && !task->touched);
    inputs made;
    weir_err err = make_queues(task, topics, &made);
    if (err == WEIR_OK) {
        weir__task_inputs_close(task);
        err = take_queues(task, &made);
    }
    task->new_topics = task->graph_open;
    return err == WEIR_OK ? WEIR_OK : weir__error_set(error, err, "task %s", task->name);
}
