/* SPDX-License-Identifier: Apache-2.0
 *
 * What was seen of each offset of each partition. */
#include "check/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX ((size_t)264) /* a topic's name and a partition */

static weir_slice key_of(weir_slice topic, int32_t id, char *out)
{
    int len = snprintf(out, KEY_MAX, "%.*s-%d", (int)topic.len,
                       topic.data != NULL ? (const char *)topic.data : "", (int)id);
    return (weir_slice){out, (size_t)len < KEY_MAX ? (size_t)len : KEY_MAX - 1};
}

weir__seen_partition *weir__seen_partition_find(const weir_checker *checker, weir_slice topic,
                                                int32_t id)
{
    char key[KEY_MAX];
    return weir__map_get(&checker->partitions, key_of(topic, id, key));
}

static const char *topic_name(weir_checker *checker, weir_slice topic)
{
    char *name = weir__map_get(&checker->topics, topic);
    if (name == NULL) {
        name = weir__check_copy(topic);
        weir__check_put(&checker->topics, topic, name);
    }
    return name;
}

weir__seen_partition *weir__seen_partition_of(weir_checker *checker, weir_slice topic, int32_t id)
{
    char key[KEY_MAX];
    weir_slice at = key_of(topic, id, key);
    weir__seen_partition *partition = weir__map_get(&checker->partitions, at);
    if (partition == NULL) {
        size_t none = 0;
        partition = weir__check_room(NULL, 0, &none, sizeof *partition);
        *partition = (weir__seen_partition){
            .topic = topic_name(checker, topic), .id = id, .index = checker->partitions.count};
        weir__check_put(&checker->partitions, at, partition);
    }
    return partition;
}

weir__note *weir__note_at(weir__seen_partition *partition, int64_t offset)
{
    size_t at = (size_t)offset;
    while (partition->size <= at) {
        size_t before = partition->capacity;
        partition->notes = weir__check_room(partition->notes, partition->size, &partition->capacity,
                                            sizeof *partition->notes);
        if (partition->capacity != before) {
            memset(partition->notes + before, 0,
                   (partition->capacity - before) * sizeof *partition->notes);
        }
        partition->size = at < partition->capacity ? at + 1 : partition->capacity;
    }
    return &partition->notes[at];
}

weir__note weir__note_get(const weir__seen_partition *partition, int64_t offset)
{
    return offset >= 0 && (size_t)offset < partition->size ? partition->notes[offset]
                                                           : (weir__note){0};
}

bool weir__note_is_due(const weir__seen_partition *partition, int64_t offset)
{
    return offset >= partition->start &&
           !(weir__note_get(partition, offset).flags & (WEIR__NOTE_MARKER | WEIR__NOTE_ABORTED));
}

/* ---- Events ------------------------------------------------------------------------------- */

static void forget(weir__seen_partition *partition)
{
    if (partition->size > 0) {
        memset(partition->notes, 0, partition->size * sizeof *partition->notes);
    }
    partition->size = 0;
    partition->start = 0;
    partition->committed = 0;
    partition->open_count = 0;
    partition->epoch_count = 0;
}

static void delete_topic(weir_checker *checker, weir_slice topic)
{
    for (const weir__map_entry *at = checker->partitions.first; at != NULL; at = at->next) {
        weir__seen_partition *partition = at->value;
        if (weir_slice_equal(weir_slice_of(partition->topic), topic)) {
            forget(partition);
        }
    }
}

void weir__partitions_event(weir_checker *checker, const weir_mock_event *event)
{
    switch (event->kind) {
    case WEIR_MOCK_DELETE_TOPIC:
        delete_topic(checker, event->topic);
        break;
    case WEIR_MOCK_DELETE_RECORDS:
    case WEIR_MOCK_COMPACT: {
        weir__seen_partition *partition =
            weir__seen_partition_of(checker, event->topic, event->partition);
        if (event->offset > partition->start) {
            partition->start = event->offset;
        }
        break;
    }
    default:
        break;
    }
}

static void free_partition(void *of)
{
    weir__seen_partition *partition = of;
    free(partition->notes);
    free(partition->open);
    free(partition->epochs);
    free(partition);
}

void weir__partitions_fini(weir_checker *checker)
{
    weir__map_fini(&checker->partitions, free_partition);
    weir__map_fini(&checker->topics, free);
}
