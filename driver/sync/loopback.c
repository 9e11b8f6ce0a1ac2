/* SPDX-License-Identifier: Apache-2.0
 *
 * The topics. */
#include "sync/loopback_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "process/headers.h"

#define FIRST_CAPACITY 16
#define ADDRESS_FACTOR UINT64_C(0x9E3779B97F4A7C15) /* spreads addresses over the highest bits */
#define RECORD_SIDE_MAX ((size_t)1 << 31) /* of a key or a value: more than any broker takes */

weir__loopback *weir__loopback_new(int32_t partitions)
{
    weir__loopback *loopback = calloc(1, sizeof *loopback);
    if (loopback != NULL) {
        loopback->client = weir__loopback_port;
        loopback->partitions = partitions;
        weir__arena_grow(&loopback->memory);
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
            free(topic->partitions[i].metadata);
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
    uint64_t mixed = (uint64_t)(uintptr_t)topic * ADDRESS_FACTOR;
    weir__loopback_topic **slot = &loopback->recent[mixed >> (64 - WEIR__LOOPBACK_RECENT_BITS)];
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

static unsigned char *put_bytes(unsigned char *to, weir_slice bytes, uint32_t *size)
{
    if (bytes.data == NULL) {
        *size = WEIR__LOOPBACK_NULL;
        return to;
    }
    memcpy(to, bytes.data, bytes.len);
    *size = (uint32_t)bytes.len;
    return to + bytes.len;
}

static size_t headers_size(const weir_headers *headers, size_t count)
{
    size_t bytes = count * sizeof(weir_header);
    for (size_t i = 0; i < count; i++) {
        weir_header header = weir_headers_at(headers, i);
        bytes += strlen(header.name) + 1 + (header.value.data != NULL ? header.value.len : 0);
    }
    return bytes;
}

/* The list, then the bytes of names and values. */
static void put_headers(const weir_headers *headers, size_t count, unsigned char *to)
{
    weir_header *list = (weir_header *)(void *)to;
    to += count * sizeof *list;
    for (size_t i = 0; i < count; i++) {
        weir_header header = weir_headers_at(headers, i);
        size_t length = strlen(header.name) + 1;
        list[i] = (weir_header){.name = memcpy(to, header.name, length)};
        to += length;
        if (header.value.data != NULL) {
            list[i].value = (weir_slice){to, header.value.len};
            memcpy(to, header.value.data, header.value.len);
            to += header.value.len;
        }
    }
}

/* NULL: out of memory. */
static weir__loopback_record *copy_record(weir__loopback *loopback, const weir__outgoing *from)
{
    size_t count = from->headers != NULL ? from->headers->count : 0;
    size_t headers = count > 0 ? headers_size(from->headers, count) : 0;
    size_t key = from->key.data != NULL ? from->key.len : 0;
    size_t value = from->value.data != NULL ? from->value.len : 0;
    /* A byte more, so that an empty slice has an address of its own. */
    weir__loopback_record *record =
        weir__arena_alloc_unzeroed(&loopback->memory, sizeof *record + headers + key + value + 1);
    if (record == NULL) {
        return NULL;
    }
    unsigned char *to = (unsigned char *)(record + 1);
    if (count > 0) {
        put_headers(from->headers, count, to);
        to += headers;
    }
    to = put_bytes(to, from->key, &record->key_size);
    put_bytes(to, from->value, &record->value_size);
    record->header_count = (uint32_t)count;
    record->headers_size = (uint32_t)headers;
    record->timestamp_ms = from->timestamp_ms;
    record->internal = from->internal;
    loopback->bytes += headers + key + value;
    return record;
}

static weir_slice slice_of(const unsigned char *at, uint32_t size)
{
    return size != WEIR__LOOPBACK_NULL ? (weir_slice){at, size} : (weir_slice){0};
}

weir__message_view weir__loopback_view(const weir__loopback_record *record)
{
    const unsigned char *bytes = (const unsigned char *)(record + 1);
    const unsigned char *key = bytes + record->headers_size;
    size_t key_size = record->key_size != WEIR__LOOPBACK_NULL ? record->key_size : 0;
    return (weir__message_view){
        .topic = record->partition->topic->name,
        .partition = record->partition->number,
        .offset = record->offset,
        .timestamp_ms = record->timestamp_ms,
        .key = slice_of(key, record->key_size),
        .value = slice_of(key + key_size, record->value_size),
        .headers = record->header_count > 0 ? (const weir_header *)(const void *)bytes : NULL,
        .header_count = record->header_count,
    };
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

static void *grown(void *list, size_t *capacity, size_t item)
{
    size_t more = *capacity > 0 ? 2 * *capacity : FIRST_CAPACITY;
    void *larger = realloc(list, more * item);
    if (larger != NULL) {
        *capacity = more;
    }
    return larger;
}

/* Makes room for a record in the two lists. */
static weir_err reserve(weir__loopback *loopback, weir__loopback_partition *partition)
{
    if (partition->count == partition->capacity) {
        size_t capacity = (size_t)partition->capacity;
        weir__loopback_record **own = grown(partition->records, &capacity, sizeof(*own));
        if (own == NULL) {
            return WEIR_ENOMEM;
        }
        partition->records = own;
        partition->capacity = (int64_t)capacity;
    }
    if (loopback->count == loopback->capacity) {
        weir__loopback_record **all = grown(loopback->records, &loopback->capacity, sizeof(*all));
        if (all == NULL) {
            return WEIR_ENOMEM;
        }
        loopback->records = all;
    }
    return WEIR_OK;
}

static weir_err add_to(weir__loopback *loopback, weir__loopback_topic *topic,
                       const weir__outgoing *from, bool piped, int64_t *offset, weir_error *error)
{
    weir__loopback_partition *partition = partition_of(topic, from);
    if (partition == NULL) {
        return weir__error_set(error, WEIR_EINVAL, "topic %s has %d partitions, there is no %d",
                               topic->name, (int)topic->count, (int)from->partition);
    }
    if (from->key.len > RECORD_SIDE_MAX || from->value.len > RECORD_SIDE_MAX) {
        return weir__error_set(error, WEIR_ELIMIT, "topic %s: a record of %zu and %zu bytes",
                               topic->name, from->key.len, from->value.len);
    }
    weir__loopback_record *record =
        reserve(loopback, partition) == WEIR_OK ? copy_record(loopback, from) : NULL;
    if (record == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "topic %s", topic->name);
    }
    *offset = partition->count;
    record->offset = partition->count;
    record->partition = partition;
    record->sequence = loopback->count;
    record->piped = piped;
    partition->records[partition->count++] = record;
    loopback->records[loopback->count++] = record;
    if (partition->position[WEIR__MAIN_CONSUMER] >= 0) {
        loopback->unread_end = loopback->count;
    }
    return WEIR_OK;
}

weir_err weir__loopback_send(weir__loopback *loopback, const weir__outgoing *from, int64_t *offset,
                             weir_error *error)
{
    weir__loopback_topic *topic = weir__loopback_find(loopback, from->topic);
    if (topic == NULL) {
        topic = weir__loopback_make(loopback, from->topic, loopback->partitions);
    }
    return topic != NULL ? add_to(loopback, topic, from, false, offset, error)
                         : weir__error_set(error, WEIR_ENOMEM, "topic %s", from->topic);
}

weir_err weir__loopback_append(weir__loopback *loopback, weir__loopback_topic *topic,
                               const weir__outgoing *record, weir_error *error)
{
    int64_t offset = 0;
    return add_to(loopback, topic, record, true, &offset, error);
}

static size_t bytes_of(const weir__loopback_record *record)
{
    size_t key = record->key_size != WEIR__LOOPBACK_NULL ? record->key_size : 0;
    size_t value = record->value_size != WEIR__LOOPBACK_NULL ? record->value_size : 0;
    return record->headers_size + key + value;
}

void weir__loopback_drop(weir__loopback *loopback, size_t from)
{
    size_t kept = from;
    for (size_t i = loopback->count; i > from; i--) { /* each partition ends at its first of them */
        const weir__loopback_record *record = loopback->records[i - 1];
        record->partition->count = record->offset;
    }
    for (size_t i = from; i < loopback->count; i++) {
        weir__loopback_record *record = loopback->records[i];
        weir__loopback_partition *partition = record->partition;
        if (!record->piped) {
            loopback->bytes -= bytes_of(record);
            continue;
        }
        record->offset = partition->count;
        record->sequence = kept;
        partition->records[partition->count++] = record;
        loopback->records[kept++] = record;
    }
    loopback->count = kept;
    loopback->unread_end = loopback->unread_end < kept ? loopback->unread_end : kept;
    loopback->drops++;
    loopback->dropped_from = from;
}

size_t weir__loopback_size(const weir__loopback *loopback)
{
    return loopback->count;
}

size_t weir__loopback_bytes(const weir__loopback *loopback)
{
    return loopback->bytes;
}

size_t weir__loopback_unread_end(const weir__loopback *loopback)
{
    return loopback->unread_end;
}

const weir__loopback_record *weir__loopback_at(const weir__loopback *loopback, size_t sequence)
{
    return sequence < loopback->count ? loopback->records[sequence] : NULL;
}
