/* SPDX-License-Identifier: Apache-2.0
 *
 * Consumers and the admin client. A consumer walks along the records of all topics, so that it
 * returns them in the order in which they were sent. */
#include "sync/loopback_parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/error.h"

static weir__loopback_partition *find_partition(weir__loopback *loopback, weir__topic_partition at)
{
    weir__loopback_topic *topic = weir__loopback_find(loopback, at.topic);
    return topic != NULL && at.partition >= 0 && at.partition < topic->count
               ? &topic->partitions[at.partition]
               : NULL;
}

static weir_err no_partition(weir__topic_partition at, weir_error *error)
{
    return weir__error_set(error, WEIR_EMISSING_TOPIC, "there is no partition %s-%d", at.topic,
                           (int)at.partition);
}

/* ---- Consumer ---- */

/* A record as the caller gets it. It is used again when the caller has freed it. */
typedef struct polled {
    weir__message message; /* first */
    struct consumer *owner;
} polled;

typedef struct consumer {
    weir__consumer base;
    weir__loopback *loopback;
    weir__consumer_role role;
    size_t next;         /* sequence of the next record to look at */
    size_t drops;        /* of the loopback, when `next` was set */
    weir__message *free; /* of `polled` */
    weir__arena memory;
} consumer;

static int64_t *position_of(const consumer *c, weir__loopback_partition *partition)
{
    return &partition->position[c->role];
}

static void for_each_partition(consumer *c, void (*fn)(consumer *c, weir__loopback_partition *p))
{
    for (const weir__map_entry *entry = c->loopback->topics.first; entry != NULL;
         entry = entry->next) {
        const weir__loopback_topic *topic = entry->value;
        for (int32_t i = 0; i < topic->count; i++) {
            fn(c, &topic->partitions[i]);
        }
    }
}

static void unassign(consumer *c, weir__loopback_partition *partition)
{
    *position_of(c, partition) = -1;
    partition->paused[c->role] = false;
}

static void consumer_close(weir__consumer *port)
{
    consumer *c = (consumer *)port;
    for_each_partition(c, unassign);
    weir__arena_fini(&c->memory);
    free(c);
}

static void release(weir__message *message)
{
    consumer *c = ((polled *)message)->owner;
    message->next = c->free;
    c->free = message;
}

/* NULL: out of memory. */
static weir__message *take(consumer *c, const weir__loopback_record *record)
{
    weir__message *message = c->free;
    if (message != NULL) {
        c->free = message->next;
    } else {
        polled *made = weir__arena_alloc_unzeroed(&c->memory, sizeof *made);
        if (made == NULL) {
            return NULL;
        }
        made->owner = c;
        message = &made->message;
    }
    message->view = weir__loopback_view(record);
    message->free = release;
    message->next = NULL;
    return message;
}

static weir_err consumer_poll(weir__consumer *port, int64_t timeout_ms, weir__message **out,
                              size_t max, size_t *count, weir_error *error)
{
    consumer *c = (consumer *)port;
    (void)timeout_ms; /* there is nobody to wait for */
    *count = 0;
    if (c->drops != c->loopback->drops) {
        c->drops = c->loopback->drops;
        c->next = c->next < c->loopback->dropped_from ? c->next : c->loopback->dropped_from;
    }
    for (; c->next < c->loopback->count && *count < max; c->next++) {
        const weir__loopback_record *record = c->loopback->records[c->next];
        int64_t *position = position_of(c, record->partition);
        if (record->offset == *position && !record->partition->paused[c->role]) {
            out[*count] = take(c, record);
            if (out[*count] == NULL) {
                return weir__error_set(error, WEIR_ENOMEM, "consumer");
            }
            ++*count;
            ++*position;
        }
    }
    return WEIR_OK;
}

/* The walk goes on no later than at the partition's next record. */
static void look_back(consumer *c, weir__loopback_partition *partition)
{
    int64_t position = *position_of(c, partition);
    if (position >= 0 && position < partition->count &&
        partition->records[position]->sequence < c->next) {
        c->next = partition->records[position]->sequence;
    }
}

static int64_t resolve(const weir__loopback_partition *partition, int64_t offset)
{
    if (offset == WEIR__OFFSET_END) {
        return partition->count;
    }
    return offset < partition->start ? partition->start : offset;
}

static weir_err consumer_assign(weir__consumer *port, const weir__offset *partitions, size_t count,
                                weir_error *error)
{
    consumer *c = (consumer *)port;
    for_each_partition(c, unassign);
    for (size_t i = 0; i < count; i++) {
        weir__loopback_partition *partition = find_partition(c->loopback, partitions[i].at);
        if (partition == NULL) {
            return no_partition(partitions[i].at, error);
        }
        *position_of(c, partition) = resolve(partition, partitions[i].offset);
        look_back(c, partition);
    }
    return WEIR_OK;
}

static weir_err consumer_pause(weir__consumer *port, weir__topic_partition at, bool paused,
                               weir_error *error)
{
    consumer *c = (consumer *)port;
    weir__loopback_partition *partition = find_partition(c->loopback, at);
    if (partition == NULL || *position_of(c, partition) < 0) {
        return no_partition(at, error);
    }
    partition->paused[c->role] = paused;
    if (!paused) {
        look_back(c, partition);
    }
    return WEIR_OK;
}

static int64_t consumer_end_offset(weir__consumer *port, weir__topic_partition at)
{
    const weir__loopback_partition *partition = find_partition(((consumer *)port)->loopback, at);
    return partition != NULL ? partition->count : -1;
}

static int64_t consumer_position(weir__consumer *port, weir__topic_partition at)
{
    consumer *c = (consumer *)port;
    weir__loopback_partition *partition = find_partition(c->loopback, at);
    return partition != NULL ? *position_of(c, partition) : -1;
}

static weir_err consumer_committed(weir__consumer *port, weir__offset *offsets, size_t count,
                                   int64_t timeout_ms, weir_error *error)
{
    consumer *c = (consumer *)port;
    (void)timeout_ms;
    for (size_t i = 0; i < count; i++) {
        const weir__loopback_partition *partition = find_partition(c->loopback, offsets[i].at);
        offsets[i].offset = partition != NULL ? partition->committed : -1;
        offsets[i].metadata = NULL;
        if (offsets[i].offset >= 0 && partition->metadata != NULL) {
            offsets[i].metadata = strdup(partition->metadata);
            if (offsets[i].metadata == NULL) {
                return weir__error_set(error, WEIR_ENOMEM, "committed offsets");
            }
        }
    }
    return WEIR_OK;
}

static weir_err keep_metadata(weir__loopback_partition *partition, const char *metadata,
                              weir_error *error)
{
    size_t size = metadata != NULL ? strlen(metadata) + 1 : 1;
    if (size > partition->metadata_capacity) {
        char *grown = realloc(partition->metadata, size);
        if (grown == NULL) {
            return weir__error_set(error, WEIR_ENOMEM, "commit");
        }
        partition->metadata = grown;
        partition->metadata_capacity = size;
    }
    memcpy(partition->metadata, metadata != NULL ? metadata : "", size);
    return WEIR_OK;
}

weir_err weir__loopback_commit(weir__loopback *loopback, const weir__offset *offsets, size_t count,
                               weir_error *error)
{
    for (size_t i = 0; i < count; i++) {
        weir__loopback_partition *partition = find_partition(loopback, offsets[i].at);
        if (partition == NULL) {
            return no_partition(offsets[i].at, error);
        }
        weir_err err = keep_metadata(partition, offsets[i].metadata, error);
        if (err != WEIR_OK) {
            return err;
        }
        partition->committed = offsets[i].offset;
    }
    return WEIR_OK;
}

static weir_err consumer_commit(weir__consumer *port, const weir__offset *offsets, size_t count,
                                weir_error *error)
{
    return weir__loopback_commit(((consumer *)port)->loopback, offsets, count, error);
}

static const weir__consumer_ops consumer_ops = {
    .close = consumer_close,
    .poll = consumer_poll,
    .assign = consumer_assign,
    .pause = consumer_pause,
    .end_offset = consumer_end_offset,
    .position = consumer_position,
    .committed = consumer_committed,
    .commit = consumer_commit,
};

static weir_err consumer_new(const weir__client_opts *opts, weir__consumer_role role,
                             const weir__consumer_events *events, weir__consumer **out,
                             weir_error *error)
{
    consumer *c = calloc(1, sizeof *c);
    (void)events; /* there is no group */
    if (c == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "consumer");
    }
    *c = (consumer){
        .base = {.ops = &consumer_ops}, .loopback = weir__loopback_of(opts), .role = role};
    *out = &c->base;
    return WEIR_OK;
}

/* ---- Admin ---- */

typedef struct admin {
    weir__admin base;
    weir__loopback *loopback;
} admin;

static void admin_close(weir__admin *port)
{
    free(port);
}

static weir_err create_topics(weir__admin *port, const weir__new_topic *topics, size_t count,
                              weir_error *error)
{
    for (size_t i = 0; i < count; i++) {
        if (weir__loopback_make(((admin *)port)->loopback, topics[i].name, topics[i].partitions) ==
            NULL) {
            return weir__error_set(error, WEIR_ENOMEM, "topic %s", topics[i].name);
        }
    }
    return WEIR_OK;
}

static weir_err describe_topics(weir__admin *port, const char *const *topics, size_t count,
                                int32_t *partitions, weir_error *error)
{
    (void)error;
    for (size_t i = 0; i < count; i++) {
        const weir__loopback_topic *topic =
            weir__loopback_find(((admin *)port)->loopback, topics[i]);
        partitions[i] = topic != NULL ? topic->count : -1;
    }
    return WEIR_OK;
}

static weir_err list_topics(weir__admin *port,
                            void (*fn)(const char *topic, int32_t partitions, void *user),
                            void *user, weir_error *error)
{
    const weir__map *topics = &((admin *)port)->loopback->topics;
    (void)error;
    for (const weir__map_entry *entry = topics->first; entry != NULL; entry = entry->next) {
        const weir__loopback_topic *topic = entry->value;
        fn(topic->name, topic->count, user);
    }
    return WEIR_OK;
}

static weir_err delete_records(weir__admin *port, const weir__offset *before, size_t count,
                               weir_error *error)
{
    for (size_t i = 0; i < count; i++) {
        weir__loopback_partition *partition =
            find_partition(((admin *)port)->loopback, before[i].at);
        if (partition == NULL) {
            return no_partition(before[i].at, error);
        }
        if (before[i].offset > partition->start) {
            partition->start =
                before[i].offset < partition->count ? before[i].offset : partition->count;
        }
    }
    return WEIR_OK;
}

static weir_err query_offsets(weir__admin *port, weir__topic_partition at, int64_t *start,
                              int64_t *end, weir_error *error)
{
    const weir__loopback_partition *partition = find_partition(((admin *)port)->loopback, at);
    if (partition == NULL) {
        return no_partition(at, error);
    }
    *start = partition->start;
    *end = partition->count;
    return WEIR_OK;
}

static weir_err query_time(weir__admin *port, weir__topic_partition at, int64_t time_ms,
                           int64_t *offset, weir_error *error)
{
    const weir__loopback_partition *partition = find_partition(((admin *)port)->loopback, at);
    if (partition == NULL) {
        return no_partition(at, error);
    }
    int64_t found = partition->start;
    while (found < partition->count && partition->records[found]->timestamp_ms < time_ms) {
        found++;
    }
    *offset = found;
    return WEIR_OK;
}

static weir_err describe_group(weir__admin *port, const char *group,
                               void (*fn)(const char *member_id, const char *client_id, void *user),
                               void *user, size_t *members, weir_error *error)
{
    (void)port;
    (void)group;
    (void)fn;
    (void)user;
    (void)error;
    *members = 0; /* there is no group */
    return WEIR_OK;
}

static const weir__admin_ops admin_ops = {
    .close = admin_close,
    .create_topics = create_topics,
    .describe_topics = describe_topics,
    .list_topics = list_topics,
    .delete_records = delete_records,
    .query_offsets = query_offsets,
    .query_time = query_time,
    .describe_group = describe_group,
};

static weir_err admin_new(const weir__client_opts *opts, weir__admin **out, weir_error *error)
{
    admin *a = calloc(1, sizeof *a);
    if (a == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "admin client");
    }
    *a = (admin){.base = {.ops = &admin_ops}, .loopback = weir__loopback_of(opts)};
    *out = &a->base;
    return WEIR_OK;
}

const weir__client weir__loopback_port = {consumer_new, weir__loopback_producer_new, admin_new};
