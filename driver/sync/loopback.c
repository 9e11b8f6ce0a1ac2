/* SPDX-License-Identifier: Apache-2.0
 *
 * The topics. */
#include "sync/loopback_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "process/headers.h"

#define FIRST_CAPACITY 16

weir__loopback *weir__loopback_new(int32_t partitions)
{
    weir__loopback *loopback = calloc(1, sizeof *loopback);
    if (loopback != NULL) {
        loopback->client = weir__loopback_port;
        loopback->partitions = partitions;
    }
    return loopback;
}

void weir__loopback_free(weir__loopback *loopback)
{
    if (loopback == NULL) {
        return;
    }
    for (weir__map_entry *entry = loopback->topics.first; entry != NULL; entry = entry->next) {
        const weir__loopback_topic *topic = entry->value;
        for (int32_t i = 0; i < topic->count; i++) {
            free(topic->partitions[i].records);
        }
    }
    weir__map_fini(&loopback->topics, NULL);
    weir__arena_fini(&loopback->memory);
    free(loopback->records);
    free(loopback);
}

const weir__client *weir__loopback_client(const weir__loopback *loopback)
{
    return &loopback->client;
}

/* ---- Topics ---- */

/* A caller passes the same string for the same topic: the slot of the string's address usually has
 * the topic. */
weir__loopback_topic *weir__loopback_find(weir__loopback *loopback, const char *topic)
{
    weir__loopback_topic **slot =
        &loopback->recent[((uintptr_t)topic >> 4) % WEIR__LOOPBACK_RECENT];
    if (*slot == NULL || strcmp((*slot)->name, topic) != 0) {
        *slot = weir__map_get_text(&loopback->topics, topic);
    }
    return *slot;
}

weir__loopback_topic *weir__loopback_make(weir__loopback *loopback, const char *topic,
                                          int32_t partitions)
{
    weir__arena *memory = &loopback->memory;
    weir__loopback_topic *made = weir__loopback_find(loopback, topic);
    if (made != NULL) {
        return made;
    }
    made = weir__arena_alloc(memory, sizeof *made);
    if (made == NULL) {
        return NULL;
    }
    made->name = weir__arena_strdup(memory, topic);
    made->count = partitions;
    made->partitions = weir__arena_alloc(memory, (size_t)partitions * sizeof *made->partitions);
    if (made->name == NULL || made->partitions == NULL ||
        weir__map_put_text(&loopback->topics, made->name, made) != WEIR_OK) {
        return NULL;
    }
    for (int32_t i = 0; i < partitions; i++) {
        weir__loopback_partition *partition = &made->partitions[i];
        *partition = (weir__loopback_partition){.topic = made, .number = i, .committed = -1};
        for (size_t role = 0; role < WEIR__LOOPBACK_ROLES; role++) {
            partition->position[role] = -1;
        }
    }
    return made;
}

void weir__loopback_each(const weir__loopback *loopback,
                         void (*fn)(const weir__loopback_topic *topic, void *user), void *user)
{
    for (const weir__map_entry *entry = loopback->topics.first; entry != NULL;
         entry = entry->next) {
        fn(entry->value, user);
    }
}

/* ---- Records ---- */

static void keep(weir__message *message)
{
    (void)message; /* the loopback keeps its records */
}

static size_t size_of(weir_slice bytes)
{
    return bytes.data != NULL ? bytes.len : 0;
}

static weir_slice copy_bytes(unsigned char **to, weir_slice bytes)
{
    weir_slice copy = {0};
    if (bytes.data != NULL) {
        copy = (weir_slice){*to, bytes.len};
        memcpy(*to, bytes.data, bytes.len);
        *to += bytes.len;
    }
    return copy;
}

/* One allocation: the record, its headers, and all bytes. */
static weir__loopback_record *copy_record(weir__loopback *loopback, const weir__outgoing *from)
{
    size_t headers = weir_headers_count(from->headers);
    size_t bytes = size_of(from->key) + size_of(from->value);
    for (size_t i = 0; i < headers; i++) {
        weir_header header = weir_headers_at(from->headers, i);
        bytes += strlen(header.name) + 1 + size_of(header.value);
    }
    /* A byte more, so that an empty slice has an address of its own. */
    weir__loopback_record *record = weir__arena_alloc_unzeroed(
        &loopback->memory, sizeof *record + headers * sizeof(weir_header) + bytes + 1);
    if (record == NULL) {
        return NULL;
    }
    weir_header *list = (weir_header *)(record + 1);
    unsigned char *to = (unsigned char *)(list + headers);
    for (size_t i = 0; i < headers; i++) {
        weir_header header = weir_headers_at(from->headers, i);
        size_t length = strlen(header.name) + 1;
        list[i].name = memcpy(to, header.name, length);
        to += length;
        list[i].value = copy_bytes(&to, header.value);
    }
    *record = (weir__loopback_record){
        .message = {.view = {.timestamp_ms = from->timestamp_ms,
                             .key = copy_bytes(&to, from->key),
                             .value = copy_bytes(&to, from->value),
                             .headers = headers > 0 ? list : NULL,
                             .header_count = headers},
                    .free = keep},
        .internal = from->internal,
    };
    return record;
}

static weir__loopback_partition *partition_of(weir__loopback_topic *topic,
                                              const weir__outgoing *record)
{
    if (record->partition >= topic->count) {
        return NULL;
    }
    if (record->partition >= 0) {
        return &topic->partitions[record->partition];
    }
    if (topic->count == 1) {
        return topic->partitions;
    }
    if (record->key.data != NULL) {
        return &topic->partitions[weir__murmur2_partition(record->key, topic->count)];
    }
    int32_t turn = topic->turn;
    topic->turn = (turn + 1) % topic->count;
    return &topic->partitions[turn];
}

static void *grown(void *list, size_t count, size_t *capacity, size_t item)
{
    if (count < *capacity) {
        return list;
    }
    size_t more = *capacity > 0 ? 2 * *capacity : FIRST_CAPACITY;
    void *larger = realloc(list, more * item);
    if (larger != NULL) {
        *capacity = more;
    }
    return larger;
}

static weir_err reserve(weir__loopback *loopback, weir__loopback_partition *partition)
{
    size_t capacity = (size_t)partition->capacity;
    weir__loopback_record **own =
        grown(partition->records, (size_t)partition->count, &capacity, sizeof(*own));
    if (own == NULL) {
        return WEIR_ENOMEM;
    }
    partition->records = own;
    partition->capacity = (int64_t)capacity;
    weir__loopback_record **all =
        grown(loopback->records, loopback->count, &loopback->capacity, sizeof(*all));
    if (all == NULL) {
        return WEIR_ENOMEM;
    }
    loopback->records = all;
    return WEIR_OK;
}

weir_err weir__loopback_add(weir__loopback *loopback, const weir__outgoing *from, bool piped,
                            int64_t *offset, weir_error *error)
{
    weir__loopback_topic *topic = weir__loopback_find(loopback, from->topic);
    if (topic == NULL) {
        topic = weir__loopback_make(loopback, from->topic, loopback->partitions);
    }
    if (topic == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "topic %s", from->topic);
    }
    weir__loopback_partition *partition = partition_of(topic, from);
    if (partition == NULL) {
        return weir__error_set(error, WEIR_EINVAL, "topic %s has %d partitions, there is no %d",
                               topic->name, (int)topic->count, (int)from->partition);
    }
    weir__loopback_record *record =
        reserve(loopback, partition) == WEIR_OK ? copy_record(loopback, from) : NULL;
    if (record == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "topic %s", topic->name);
    }
    *offset = partition->count;
    record->message.view.topic = topic->name;
    record->message.view.partition = partition->number;
    record->message.view.offset = partition->count;
    record->partition = partition;
    record->sequence = loopback->count;
    record->piped = piped;
    partition->records[partition->count++] = record;
    loopback->records[loopback->count++] = record;
    return WEIR_OK;
}

weir_err weir__loopback_append(weir__loopback *loopback, const weir__outgoing *record,
                               weir_error *error)
{
    int64_t offset = 0;
    return weir__loopback_add(loopback, record, true, &offset, error);
}

size_t weir__loopback_size(const weir__loopback *loopback)
{
    return loopback->count;
}

const weir__loopback_record *weir__loopback_at(const weir__loopback *loopback, size_t sequence)
{
    return sequence < loopback->count ? loopback->records[sequence] : NULL;
}
