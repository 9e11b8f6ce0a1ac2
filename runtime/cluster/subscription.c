/* SPDX-License-Identifier: Apache-2.0
 *
 * The subscription of a member. */
#include "cluster/subscription.h"

#include <stdlib.h>
#include <string.h>

#include "cluster/topic_watch.h"
#include "core/error.h"
#include "core/saturate.h"
#include "topology/pattern.h"

/* The topics that have names. With patterns also the members' own topic: then the members agree on
 * the leader although they may know other topics that match. Nothing is read because of it. */
weir_err weir__subscribe(weir__membership *membership, weir_error *error)
{
    size_t count = 0;
    const char **topics = weir__topology_source_topics(membership->instance->topology, &count);
    const char **list = calloc(count + 2, sizeof(*list)); /* ends with NULL */
    weir_err err = topics != NULL && list != NULL ? WEIR_OK : WEIR_ENOMEM;
    if (err != WEIR_OK) {
        weir__error_set(error, err, "subscription");
    } else {
        if (count > 0) {
            memcpy(list, topics, count * sizeof(*list));
        }
        if (weir__topology_has_patterns(membership->instance->topology)) {
            list[count] = membership->topic;
        }
        weir__step(&membership->env->observer, WEIR_STEP_JOIN, NULL, "subscribe");
        err = weir__consumer_subscribe(membership->env->consumer, list, error);
    }
    free(list);
    free(topics);
    return err;
}

weir_err weir__subscribe_again(weir__membership *membership, weir_error *error)
{
    weir_err err = weir__consumer_unsubscribe(membership->env->consumer, error);
    return err == WEIR_OK ? weir__subscribe(membership, error) : err;
}

/* The topic whose partition 0 the leader has. NULL: out of memory, or no topic. */
static const char *leader_topic(const weir__membership *membership)
{
    size_t count = 0;
    const char *first = NULL;
    if (weir__topology_has_patterns(membership->instance->topology)) {
        return membership->topic;
    }
    const char **topics = weir__topology_source_topics(membership->instance->topology, &count);
    for (size_t i = 0; topics != NULL && i < count; i++) {
        if (first == NULL || strcmp(topics[i], first) < 0) {
            first = topics[i];
        }
    }
    free(topics);
    return first;
}

bool weir__subscription_leads(const weir__membership *membership)
{
    const char *topic = leader_topic(membership);
    for (size_t i = 0; topic != NULL && i < membership->given_count; i++) {
        if (membership->given[i].partition == 0 && strcmp(membership->given[i].topic, topic) == 0) {
            return true;
        }
    }
    return false;
}

/* A failure is not fatal: it looks again. */
void weir__subscription_watch(weir__membership *membership)
{
    int64_t now_ms = membership->env->now_ms;
    bool changed = false;
    weir_error error = {0};
    if (!membership->leader.active || now_ms < membership->watch_ms) {
        return;
    }
    membership->watch_ms =
        weir__add_sat(now_ms, weir__topic_watch_interval_ms(membership->instance));
    weir_err err = weir__matching_topics_changed(membership->instance, membership->assignment,
                                                 &changed, &error);
    if (err == WEIR_OK && changed) {
        weir__log_write(membership->env->log, WEIR__LOG_INFO,
                        "%s: the topics that patterns match have changed: a new generation",
                        membership->env->observer.thread);
        err = weir__subscribe_again(membership, &error);
        membership->leader.active = err != WEIR_OK; /* once is enough */
    }
    if (err != WEIR_OK) {
        weir__log_write(membership->env->log, WEIR__LOG_WARNING, "%s: topics of patterns: %s",
                        membership->env->observer.thread, error.message);
    }
}
