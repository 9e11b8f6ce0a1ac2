/* SPDX-License-Identifier: Apache-2.0
 *
 * Tasks whose topics change: patterns match new ones, or a topic has more partitions. */
#include "cluster/task_topics.h"

static const char *topic_at(size_t index, int32_t *partitions, void *user)
{
    const weir__assignment *assignment = user;
    if (index >= assignment->topic_count) {
        return NULL;
    }
    *partitions = assignment->topics[index].partitions;
    return assignment->topics[index].topic;
}

weir__task_topics weir__assigned_topics(const weir__assignment *assignment)
{
    return (weir__task_topics){topic_at, (void *)(uintptr_t)assignment};
}

weir_err weir__task_follow_topics(weir__task *task, const weir__assignment *assignment,
                                  bool consecutive, bool *keep, weir_error *error)
{
    weir__task_topics topics = weir__assigned_topics(assignment);
    bool same = true;
    weir_err err = weir__task_reads(task, &topics, &same, error);
    /* Its queues do not have the committed offsets that would tell whether another one has run it.
     */
    bool unknown = task->new_topics && !consecutive;
    *keep = !unknown && (same || (task->state == WEIR__TASK_SUSPENDED && consecutive &&
                                  !task->touched && !task->verify));
    return err == WEIR_OK && !same && *keep ? weir__task_change_topics(task, &topics, error) : err;
}
