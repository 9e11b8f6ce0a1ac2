/* SPDX-License-Identifier: Apache-2.0
 *
 * The consumer's state, shared by the files that make it up: consumer.c (creation and close, group,
 * assignment), poll.c (fetching), offsets.c (commits and queries). */
#ifndef WEIR_CLIENT_CONSUMER_H
#define WEIR_CLIENT_CONSUMER_H

#include "client/assigned.h"
#include "core/map.h"

typedef struct weir__kafka_consumer {
    weir__log log; /* first: weir__kafka_conf */
    weir__consumer port;
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;   /* records and events of the consumer */
    rd_kafka_queue_t *commits; /* responses to commits */
    weir__consumer_role role;
    bool committed_only; /* isolation.level=read_committed */
    weir__consumer_events events;
    weir__assigned_list assigned;
    weir__map known;  /* topics whose metadata librdkafka has; no values */
    weir__map queues; /* of partitions ever assigned, "topic[0]": weir__drain_queues */

    char *group; /* group.id: application.id */
    /* Membership: from on_joined to the end of on_revoked or on_lost. */
    bool joined;
    int32_t generation;
    char *member_id;

    bool in_event;     /* a callback of `events` is running */
    bool in_batch;     /* rd_kafka_consume_batch_queue is running */
    bool rebalanced;   /* the assignment was revoked during this poll */
    weir_error failed; /* for the next poll to return; code WEIR_OK: none */
    bool lost_record;  /* for lack of memory: every poll fails from then on, with `failed` */
} weir__kafka_consumer;

static inline weir__kafka_consumer *weir__kafka_consumer_of(weir__consumer *port)
{
    return (weir__kafka_consumer *)((char *)port - offsetof(weir__kafka_consumer, port));
}

/* librdkafka before 2.6.1 never finishes closing a consumer if an assigned partition was deleted
 * from the brokers and a message or event of it is still queued. The queues are therefore kept, and
 * emptied before the close. `list`: the partitions that are being assigned. */
void weir__keep_queues(weir__kafka_consumer *consumer, const rd_kafka_topic_partition_list_t *list);
void weir__drain_queues(weir__kafka_consumer *consumer);

/* True while librdkafka has a member id, which it clears when it leaves the group. */
bool weir__kafka_consumer_is_member(weir__kafka_consumer *consumer);
/* leave.c: leaves the group and serves the last events, including on_revoked or on_lost. Afterwards
 * the consumer may only be closed. */
void weir__kafka_consumer_leave(weir__kafka_consumer *consumer);

/* The port's operations in poll.c and offsets.c. */
weir_err weir__kafka_consumer_poll(weir__consumer *port, int64_t timeout_ms, weir__message **out,
                                   size_t max, size_t *count, weir_error *error);
int64_t weir__kafka_consumer_end_offset(weir__consumer *port, weir__topic_partition at);
int64_t weir__kafka_consumer_position(weir__consumer *port, weir__topic_partition at);
weir_err weir__kafka_consumer_committed(weir__consumer *port, weir__offset *offsets, size_t count,
                                        int64_t timeout_ms, weir_error *error);
weir_err weir__kafka_consumer_commit(weir__consumer *port, const weir__offset *offsets,
                                     size_t count, weir_error *error);
/* Offsets with their metadata; destroy *out. */
weir_err weir__kafka_offset_list(const weir__offset *offsets, size_t count,
                                 rd_kafka_topic_partition_list_t **out, weir_error *error);
/* False while the joined generation is current. */
bool weir__kafka_consumer_has_left(weir__kafka_consumer *consumer);

/* The lock of `events`, if there is one. */
static inline void weir__kafka_consumer_lock(const weir__kafka_consumer *consumer)
{
    if (consumer->events.lock != NULL) {
        consumer->events.lock(consumer->events.user);
    }
}

static inline void weir__kafka_consumer_unlock(const weir__kafka_consumer *consumer)
{
    if (consumer->events.unlock != NULL) {
        consumer->events.unlock(consumer->events.user);
    }
}

/* Keeps a failure for the next poll, unless there is one already. */
void weir__kafka_consumer_note(weir__kafka_consumer *consumer, const weir_error *failure);
/* librdkafka's error callback. librdkafka reports a missing topic only here, not in a message. */
void weir__kafka_consumer_on_error(rd_kafka_t *rk, int cause, const char *reason, void *opaque);
/* Pauses or resumes fetching in librdkafka; does nothing if that is its state already. */
weir_err weir__kafka_consumer_stop(weir__kafka_consumer *consumer, weir__assigned *at, bool stop,
                                   weir_error *error);

#endif
