/* SPDX-License-Identifier: Apache-2.0
 *
 * Missing topics, and the existing topics with similar names. */
#include "cluster/missing_topics.h"

#include <stdlib.h>
#include <string.h>

#include "core/nearest.h"

typedef struct nearest_topic {
    const char *wanted;
    const char *application;
    weir_buf name; /* empty: none yet */
    size_t distance;
} nearest_topic;

/* Topics that are no useful hint: those of the brokers, and internal ones of the application. */
static bool is_internal(const nearest_topic *nearest, const char *topic)
{
    size_t len = strlen(nearest->application);
    return strncmp(topic, "__", 2) == 0 ||
           (strncmp(topic, nearest->application, len) == 0 && topic[len] == '-');
}

static void look_at(const char *topic, int32_t partitions, void *user)
{
    nearest_topic *nearest = user;
    (void)partitions;
    if (is_internal(nearest, topic)) {
        return;
    }
    size_t distance = weir__edit_distance(nearest->wanted, topic);
    if (distance < nearest->distance) {
        nearest->distance = distance;
        weir__buf_reset(&nearest->name);
        weir__buf_put_text(&nearest->name, topic);
    }
}

void weir__missing_topic_hint(const weir__instance *instance, const char *topic, weir_buf *out)
{
    /* More than half of the name must be right. */
    nearest_topic nearest = {
        .wanted = topic, .application = instance->application, .distance = strlen(topic) / 2 + 1};
    if (weir__admin_list_topics(instance->admin, look_at, &nearest, NULL) == WEIR_OK &&
        nearest.name.len > 0) {
        weir__buf_printf(out, " (did you mean '%s'?)", weir__buf_text(&nearest.name));
    }
    weir__buf_fini(&nearest.name);
}

static bool is_external_sink(const weir__node *node)
{
    return node->kind == WEIR__SINK && node->topic_count > 0 && !node->topics[0].internal;
}

/* Of several sinks of one topic, only the first one logs. */
static bool is_first(const weir_topology *topology, const weir__node *sink)
{
    for (int i = 0; i < sink->index; i++) {
        const weir__node *node = &topology->nodes[i];
        if (is_external_sink(node) && strcmp(node->topics[0].name, sink->topics[0].name) == 0) {
            return false;
        }
    }
    return true;
}

void weir__sink_topics_warn(const weir__instance *instance)
{
    const weir_topology *topology = instance->topology;
    for (size_t i = 0; i < topology->node_count; i++) {
        const weir__node *sink = &topology->nodes[i];
        int32_t partitions = -1;
        if (!is_external_sink(sink) || !is_first(topology, sink)) {
            continue;
        }
        const char *topic = sink->topics[0].name;
        weir_error error = {0};
        if (weir__admin_describe_topics(instance->admin, &topic, 1, &partitions, &error) !=
            WEIR_OK) {
            weir__log_write(&instance->log, WEIR__LOG_DEBUG, "%s: sink topics: %s",
                            instance->client_id, error.message);
            return;
        }
        if (partitions >= 0) {
            continue;
        }
        weir_buf hint = {0};
        weir__missing_topic_hint(instance, topic, &hint);
        weir__log_write(
            &instance->log, WEIR__LOG_WARNING,
            "%s: topic '%s' of sink '%s' does not exist%s: unless the brokers create it "
            "when it is written to, commits will fail",
            instance->client_id, topic, sink->name, weir__buf_text(&hint));
        weir__buf_fini(&hint);
    }
}
