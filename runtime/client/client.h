/* SPDX-License-Identifier: Apache-2.0
 *
 * The port to Kafka: consumer, restore consumer, producer, admin. port.h says what an
 * implementation provides; weir__kafka_client, in this folder, is librdkafka's. The code above the
 * port does not know which one it uses. An object belongs to one thread unless a call says
 * otherwise. */
#ifndef WEIR_CLIENT_CLIENT_H
#define WEIR_CLIENT_CLIENT_H

#include <weir/processor.h>

#include "core/config.h"
#include "core/log.h"

/* An implementation of the port. */
typedef struct weir__client weir__client;
extern const weir__client weir__kafka_client;

/* What every client needs. Copied, but `config` is used only during the call. */
typedef struct weir__client_opts {
    const weir__client *client; /* NULL: weir__kafka_client */
    const weir_config *config;
    const char *client_id;
    weir__log log; /* librdkafka's lines too: its threads call log.fn */
} weir__client_opts;

/* Checks all settings that go through to librdkafka; contacts nobody. */
weir_err weir__client_check(const weir_config *config, weir_error *error);

typedef struct weir__topic_partition {
    const char *topic; /* borrowed for the call; where a call returns lists: until it says */
    int32_t partition;
} weir__topic_partition;

typedef struct weir__offset {
    weir__topic_partition at;
    int64_t offset;       /* next to read; -1: none committed */
    const char *metadata; /* NULL: none */
} weir__offset;

#define WEIR__OFFSET_BEGINNING ((int64_t)-2)
#define WEIR__OFFSET_END ((int64_t)-1)

typedef struct weir__message_view {
    const char *topic; /* as long as the message */
    int32_t partition;
    int64_t offset;
    int64_t timestamp_ms; /* -1: none */
    weir_slice key;
    weir_slice value;
    const weir_header *headers; /* as long as the message */
    size_t header_count;
} weir__message_view;

/* A record as it came. Held, not copied: free with weir__message_free on any thread, before its
 * consumer is closed. */
typedef struct weir__message {
    weir__message_view view;
    void (*free)(struct weir__message *message);
    struct weir__message *next; /* in a list of whoever holds it */
} weir__message;

static inline weir__message_view weir__message_look(weir__message *message)
{
    return message->view;
}

static inline void weir__message_free(weir__message *message) /* NULL allowed */
{
    if (message != NULL) {
        message->free(message);
    }
}

/* ---- Consumer ----------------------------------------------------------------------------- */

typedef struct weir__consumer weir__consumer;

/* Called inside weir__consumer_poll or _close, on that thread. */
typedef struct weir__consumer_events {
    /* A new generation: what the group gave this member (borrowed). The assignment of partitions is
     * then empty until weir__consumer_assign. */
    void (*on_joined)(const weir__topic_partition *given, size_t count, void *user);
    /* The generation ends (commits are still accepted) ... */
    void (*on_revoked)(void *user);
    /* ... or has ended long ago: commits would be refused. */
    void (*on_lost)(void *user);
    void *user;
} weir__consumer_events;

typedef enum weir__consumer_role {
    WEIR__MAIN_CONSUMER,    /* member of the group application.id: eager, strategy range */
    WEIR__RESTORE_CONSUMER, /* no group, offset reset "error" */
    WEIR__GLOBAL_CONSUMER,  /* the same, for global tables */
} weir__consumer_role;

/* `events` is copied; NULL for the roles without a group. */
weir_err weir__consumer_new(const weir__client_opts *opts, weir__consumer_role role,
                            const weir__consumer_events *events, weir__consumer **out,
                            weir_error *error);
/* Leaves the group (KIP-568 not needed: classic LeaveGroup) and frees. Waits at most a named limit.
 */
void weir__consumer_close(weir__consumer *consumer);

weir_err weir__consumer_subscribe(weir__consumer *consumer, const char *const *topics,
                                  weir_error *error);
/* Leaves the group as soon as the tasks are let go, so that the next subscribe makes a new member,
 * and with it a new generation. (To subscribe again is not enough: to a member that is not the
 * group's leader the coordinator then only repeats the generation there is.) */
weir_err weir__consumer_unsubscribe(weir__consumer *consumer, weir_error *error);
/* Generation and member id of the current membership; WEIR_ESTATE when there is none. `member_id`
 * is valid until the next poll. */
weir_err weir__consumer_membership(weir__consumer *consumer, int32_t *generation,
                                   const char **member_id);

/* True when the membership is over, though its end may not have been told yet: the session may run
 * out while the caller is busy. */
bool weir__consumer_has_left(weir__consumer *consumer);

/* Up to `max` messages into `out`, in order per partition; *count tells how many. Waits up to
 * timeout_ms for the first. A failure that the caller must know (source topic missing, fatal error,
 * offset out of range with partition named) comes as code with *error, after what was fetched
 * before it. */
weir_err weir__consumer_poll(weir__consumer *consumer, int64_t timeout_ms, weir__message **out,
                             size_t max, size_t *count, weir_error *error);

/* Exactly these partitions, from these offsets (WEIR__OFFSET_BEGINNING and _END allowed).
 * Positions, pauses and fetched records of partitions that stay are kept when `offset` equals their
 * position. Not from an event: WEIR_ESTATE. */
weir_err weir__consumer_assign(weir__consumer *consumer, const weir__offset *partitions,
                               size_t count, weir_error *error);
/* A paused partition gives no records. What was fetched of it is kept, so that pausing is cheap. It
 * ends with the assignment. */
weir_err weir__consumer_pause(weir__consumer *consumer, weir__topic_partition at, bool paused,
                              weir_error *error);
/* End offset as last told by a fetch since it was assigned (cached, no request); -1: not known
 * yet. */
int64_t weir__consumer_end_offset(weir__consumer *consumer, weir__topic_partition at);
/* Offset of the next record to come. It moves on past what lies at the end without being a record
 * (transaction markers, compacted records) when a fetch has told so (PARTITION_EOF), and is known
 * for an empty partition too; -1: not known yet. No request. A partition has been read whole when
 * position and end offset are known and position >= end offset. */
int64_t weir__consumer_position(weir__consumer *consumer, weir__topic_partition at);
/* Committed offsets and metadata of the group: fills offset and metadata of each (metadata: free
 * with weir__offsets_free). */
weir_err weir__consumer_committed(weir__consumer *consumer, weir__offset *offsets, size_t count,
                                  int64_t timeout_ms, weir_error *error);
void weir__offsets_free(weir__offset *offsets, size_t count);
/* Synchronous, with the group's generation and member: WEIR_EFENCED when no longer a member of it.
 */
weir_err weir__consumer_commit(weir__consumer *consumer, const weir__offset *offsets, size_t count,
                               weir_error *error);

/* ---- Producer ----------------------------------------------------------------------------- */

typedef struct weir__producer weir__producer;

typedef struct weir__outgoing {
    const char *topic;
    int32_t partition;    /* negative: murmur2 of the key as Java does; a null key: any */
    int64_t timestamp_ms; /* any; 0: below */
    weir_slice key;
    weir_slice value;
    const weir_headers *headers; /* NULL: none */
    bool internal;               /* to a changelog or a repartition topic */
} weir__outgoing;

/* librdkafka's producer takes a timestamp of 0 for "not given", and would send the wall clock. So 1
 * is sent in its place. In a record to an internal topic this header, the last one, says that it is
 * 0; who reads gets 0 again, without the header. */
#define WEIR__TIME_ZERO_SENT 1
#define WEIR__TIME_ZERO_HEADER "weir.timestamp" /* value: the text "0" */

/* Whom to tell that a record is delivered (err WEIR_OK: `offset` is the record's) or has failed for
 * good. Called in weir__producer_poll, _send, _flush. Many records may share one. */
typedef struct weir__delivery {
    void (*fn)(weir_err err, const char *message, int64_t offset, void *user);
    void *user;
} weir__delivery;

/* acks=all, idempotent. */
weir_err weir__producer_new(const weir__client_opts *opts, weir__producer **out, weir_error *error);
/* Copies the record. Waits while the queue is full. `told` is borrowed until it was called or the
 * producer is closed; NULL: failures are told by the next flush. If send fails it is never called.
 */
weir_err weir__producer_send(weir__producer *producer, const weir__outgoing *record,
                             const weir__delivery *told, weir_error *error);
void weir__producer_poll(weir__producer *producer);
/* Waits until everything sent is delivered. The first failure since the last flush of a record
 * whose delivery is told to nobody is returned. WEIR_ETIMEOUT: some records are still under way
 * after timeout_ms; flush again. */
weir_err weir__producer_flush(weir__producer *producer, int64_t timeout_ms, weir_error *error);
void weir__producer_close(weir__producer *producer); /* drops what is not delivered */
/* Partitions of a topic, cached; WEIR_EMISSING_TOPIC. */
weir_err weir__producer_partitions(weir__producer *producer, const char *topic, int32_t *out,
                                   weir_error *error);
/* Java's default partitioner for keyed records: murmur2(key) & 0x7fffffff mod partitions. Any
 * thread. */
int32_t weir__murmur2_partition(weir_slice key, int32_t partitions);

/* ---- Admin -------------------------------------------------------------------------------- */

/* Any thread; calls are serialised. */
typedef struct weir__admin weir__admin;

weir_err weir__admin_new(const weir__client_opts *opts, weir__admin **out, weir_error *error);
void weir__admin_close(weir__admin *admin);

typedef struct weir__new_topic {
    const char *name;
    int32_t partitions;
    int16_t replication_factor; /* -1: the broker's default */
    const char *const *config;  /* name, value, ..., NULL; NULL: none */
} weir__new_topic;
/* A topic that exists is no failure. Waits until the new ones are seen in metadata. */
weir_err weir__admin_create_topics(weir__admin *admin, const weir__new_topic *topics, size_t count,
                                   weir_error *error);
/* partitions[i] = number of partitions of topics[i], -1 when there is no such topic. Creates
 * nothing. */
weir_err weir__admin_describe_topics(weir__admin *admin, const char *const *topics, size_t count,
                                     int32_t *partitions, weir_error *error);
/* fn for the name of each topic that the brokers show, internal ones too; it must not call back. */
weir_err weir__admin_list_topics(weir__admin *admin, void (*fn)(const char *topic, void *user),
                                 void *user, weir_error *error);
/* Deletes records before each offset. */
weir_err weir__admin_delete_records(weir__admin *admin, const weir__offset *before, size_t count,
                                    weir_error *error);
/* First offset of a partition and the one past its last record, committed or not. Not asked through
 * a consumer: there an answer would wait behind a fetch that waits for records. */
weir_err weir__admin_query_offsets(weir__admin *admin, weir__topic_partition at, int64_t *start,
                                   int64_t *end, weir_error *error);
/* Number of members of the group and, in order of member id, fn for each. */
weir_err weir__admin_describe_group(weir__admin *admin, const char *group,
                                    void (*fn)(const char *member_id, const char *client_id,
                                               void *user),
                                    void *user, size_t *members, weir_error *error);

const char *weir__client_version(void); /* librdkafka's, static */

#endif
