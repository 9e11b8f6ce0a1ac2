/* SPDX-License-Identifier: Apache-2.0
 *
 * The port to Kafka: consumer, restore consumer, producer, admin. port.h declares the operations of
 * an implementation; weir__kafka_client, in this folder, is the one over librdkafka. The code above
 * the port does not depend on the implementation. An object belongs to one thread unless a call
 * says otherwise. */
#ifndef WEIR_CLIENT_CLIENT_H
#define WEIR_CLIENT_CLIENT_H

#include <weir/processor.h>

#include "core/buf.h"
#include "core/config.h"
#include "core/log.h"

/* An implementation of the port. */
typedef struct weir__client weir__client;
extern const weir__client weir__kafka_client;

/* Options of every client. Copied, but `config` is used only during the call. */
typedef struct weir__client_opts {
    const weir__client *client; /* NULL: weir__kafka_client */
    const weir_config *config;
    const char *client_id;
    const char *transactional_id; /* of a producer; NULL: it has no transactions */
    weir__log log;                /* librdkafka's lines too: its threads call log.fn */
} weir__client_opts;

/* Checks all settings that are passed to librdkafka; opens no connection. Appends to `notes` (NULL
 * allowed) a line, ended by '\n', for each value that is changed to fit another one. */
weir_err weir__client_check(const weir_config *config, weir_buf *notes, weir_error *error);

typedef struct weir__topic_partition {
    const char *topic; /* borrowed for the call; a call that returns lists says how long */
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

/* A fetched record. Its bytes are not copied: free it with weir__message_free on any thread, before
 * its consumer is closed. */
typedef struct weir__message {
    weir__message_view view;
    void (*free)(struct weir__message *message);
    struct weir__message *next; /* in a list of its owner */
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
    /* The lock under which the caller uses the consumer; NULL: none. poll is called with the lock
     * held, and releases it only while it waits or serves events. The calls below are made with the
     * lock held. So another thread that holds the lock may ask for positions and end offsets.
     * _close is called without it. */
    void (*lock)(void *user);
    void (*unlock)(void *user);
    /* A new generation with the partitions that the group gave this member (borrowed). Nothing is
     * assigned until weir__consumer_assign. */
    void (*on_joined)(const weir__topic_partition *given, size_t count, void *user);
    /* The generation ends (commits are still accepted) ... */
    void (*on_revoked)(void *user);
    /* ... or has ended already: commits would be rejected. */
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
/* Leaves the group (KIP-568 not needed: classic LeaveGroup) and frees the consumer. Waits for at
 * most the limits in leave.c. */
void weir__consumer_close(weir__consumer *consumer);

weir_err weir__consumer_subscribe(weir__consumer *consumer, const char *const *topics,
                                  weir_error *error);
/* Leaves the group when the tasks have been revoked. The next subscribe then makes a new member,
 * and with it a new generation. (Another subscribe alone is not enough: the coordinator answers the
 * JoinGroup of a member that is not the leader with the current generation.) */
weir_err weir__consumer_unsubscribe(weir__consumer *consumer, weir_error *error);
/* Generation and member id of the current membership; WEIR_ESTATE when the consumer is not a
 * member. `member_id` is valid until the next poll. */
weir_err weir__consumer_membership(weir__consumer *consumer, int32_t *generation,
                                   const char **member_id);

/* True when the membership has ended, even if no event has reported it yet: the session may time
 * out while the caller is busy. */
bool weir__consumer_has_left(weir__consumer *consumer);

/* Up to `max` messages into `out`, in order per partition; *count is their number. Waits up to
 * timeout_ms for the first. A failure that the caller must handle (source topic missing, fatal
 * error, offset out of range with partition named) is returned with *error, after the messages that
 * were fetched before it. */
weir_err weir__consumer_poll(weir__consumer *consumer, int64_t timeout_ms, weir__message **out,
                             size_t max, size_t *count, weir_error *error);

/* Assigns exactly these partitions, from these offsets (WEIR__OFFSET_BEGINNING and _END allowed). A
 * partition that stays assigned keeps its position, pause and fetched records if `offset` equals
 * its position. Not from an event: WEIR_ESTATE. */
weir_err weir__consumer_assign(weir__consumer *consumer, const weir__offset *partitions,
                               size_t count, weir_error *error);
/* Pauses or resumes a partition. poll returns no records of a paused partition; the records fetched
 * of it are kept, so that pausing is cheap. A pause ends with the assignment. */
weir_err weir__consumer_pause(weir__consumer *consumer, weir__topic_partition at, bool paused,
                              weir_error *error);
/* End offset of a partition in the last fetch response since it was assigned (cached, no request);
 * -1: not known yet. With isolation.level=read_committed it is the last stable offset when all
 * before it have been read. */
int64_t weir__consumer_end_offset(weir__consumer *consumer, weir__topic_partition at);
/* Offset of the next record to return; -1: not known yet. When a fetch has reached the end
 * (PARTITION_EOF), the position skips offsets at the end without records (transaction markers,
 * compacted records); it is then known for an empty partition too. No request. A partition has been
 * read to the end when position and end offset are known and position >= end offset. */
int64_t weir__consumer_position(weir__consumer *consumer, weir__topic_partition at);
/* Committed offsets and metadata of the group: fills offset and metadata of each (metadata: free
 * with weir__offsets_free). */
weir_err weir__consumer_committed(weir__consumer *consumer, weir__offset *offsets, size_t count,
                                  int64_t timeout_ms, weir_error *error);
void weir__offsets_free(weir__offset *offsets, size_t count);
/* Commits synchronously, with generation and member id. WEIR_EFENCED: no longer a member of that
 * generation. */
weir_err weir__consumer_commit(weir__consumer *consumer, const weir__offset *offsets, size_t count,
                               weir_error *error);

/* ---- Producer ----------------------------------------------------------------------------- */

typedef struct weir__producer weir__producer;

typedef struct weir__outgoing {
    const char *topic;
    int32_t partition;    /* negative: murmur2 of the key as Java does; a null key: any */
    int64_t timestamp_ms; /* any; 0: below; WEIR__TIME_NOT_GIVEN: the wall clock */
    weir_slice key;
    weir_slice value;
    const weir_headers *headers; /* NULL: none */
    bool internal;               /* to a changelog or a repartition topic */
} weir__outgoing;

/* librdkafka's producer takes timestamp 0 for "not given" and would send the wall clock. Timestamp
 * 1 is sent instead. A record to an internal topic then has this header as its last one; the
 * consumer restores timestamp 0 and removes the header. */
#define WEIR__TIME_NOT_GIVEN ((int64_t)-1)
#define WEIR__TIME_ZERO_SENT 1
#define WEIR__TIME_ZERO_HEADER "weir.timestamp" /* value: the text "0" */

struct weir__undelivered;

/* A callback for the delivery report of a record: it is delivered (err WEIR_OK: `offset` is the
 * record's) or has finally failed. Called in weir__producer_poll, _send, _flush. Many records may
 * share one. */
typedef struct weir__delivery {
    void (*fn)(weir_err err, const char *message, int64_t offset, void *user);
    void *user;
    /* Called before `fn` for a record that has failed, with its bytes; it may send. NULL: not. */
    void (*failed)(const struct weir__undelivered *record, void *user);
} weir__delivery;

/* Borrowed for the call. */
typedef struct weir__undelivered {
    weir_slice key;
    weir_slice value;
    weir_err code;
    const char *message;
} weir__undelivered;

/* acks=all, idempotent. With opts.transactional_id it sends in transactions only, by the calls
 * below. */
weir_err weir__producer_new(const weir__client_opts *opts, weir__producer **out, weir_error *error);
/* Copies the record. Waits while the queue is full. `delivery` is borrowed until it was called or
 * the producer is closed; NULL: the next flush returns a failure. If send fails it is never called.
 */
weir_err weir__producer_send(weir__producer *producer, const weir__outgoing *record,
                             const weir__delivery *delivery, weir_error *error);
void weir__producer_poll(weir__producer *producer);
/* Waits until all sent records are delivered. Returns the first failure since the last flush of a
 * record without a delivery callback. WEIR_ETIMEOUT: some records are still in flight after
 * timeout_ms; flush again. */
weir_err weir__producer_flush(weir__producer *producer, int64_t timeout_ms, weir_error *error);
void weir__producer_close(weir__producer *producer); /* drops undelivered records */
/* Partitions of a topic, cached; WEIR_EMISSING_TOPIC. */
weir_err weir__producer_partitions(weir__producer *producer, const char *topic, int32_t *out,
                                   weir_error *error);
/* The transactions of a producer with a transactional id (KIP-98). Each call waits for the
 * coordinator. Failures of the producer: WEIR_EABORTABLE: abort the transaction. WEIR_EFENCED: a
 * newer producer has this transactional id, or the consumer is no longer a member of its
 * generation. WEIR_EFATAL: close the producer. WEIR_ETIMEOUT, WEIR_ERETRY: call again. */

/* Once, before anything else. Fences older producers of this transactional id and waits until their
 * last transaction has ended: a commit that had begun is completed, any other one is aborted. */
weir_err weir__producer_init(weir__producer *producer, int64_t timeout_ms, weir_error *error);
weir_err weir__producer_begin(weir__producer *producer, weir_error *error);
/* Adds offsets of the consumer's group to the transaction, with the generation and member id that
 * the consumer joined with (KIP-447). `offsets` is not empty. */
weir_err weir__producer_send_offsets(weir__producer *producer, weir__consumer *consumer,
                                     const weir__offset *offsets, size_t count, int64_t timeout_ms,
                                     weir_error *error);
/* Waits for up to transaction.timeout.ms. After a temporary failure the commit goes on in the
 * background: nothing but this call may follow, until its outcome is known. */
weir_err weir__producer_commit(weir__producer *producer, weir_error *error);
/* Drops the records that are not delivered: their delivery callbacks are called, with
 * WEIR_EABORTABLE. Otherwise as _commit. timeout_ms < 0: up to transaction.timeout.ms. */
weir_err weir__producer_abort(weir__producer *producer, int64_t timeout_ms, weir_error *error);

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
/* Creates topics; a topic that exists is not a failure. Waits until the new topics are in the
 * metadata. */
weir_err weir__admin_create_topics(weir__admin *admin, const weir__new_topic *topics, size_t count,
                                   weir_error *error);
/* partitions[i] = number of partitions of topics[i], -1 when there is no such topic. Creates no
 * topic. */
weir_err weir__admin_describe_topics(weir__admin *admin, const char *const *topics, size_t count,
                                     int32_t *partitions, weir_error *error);
/* Calls fn with name and partitions of each topic in the brokers' metadata, internal ones too; -1:
 * the brokers cannot tell them now. fn must not call the admin client. */
weir_err weir__admin_list_topics(weir__admin *admin,
                                 void (*fn)(const char *topic, int32_t partitions, void *user),
                                 void *user, weir_error *error);
/* Deletes records before each offset. */
weir_err weir__admin_delete_records(weir__admin *admin, const weir__offset *before, size_t count,
                                    weir_error *error);
/* First offset of a partition, and the offset after its last record, committed or not (high
 * watermark). The request is not sent through a consumer, where it would wait behind a fetch that
 * waits for records. */
weir_err weir__admin_query_offsets(weir__admin *admin, weir__topic_partition at, int64_t *start,
                                   int64_t *end, weir_error *error);
/* The offset of the first record of a partition whose timestamp is time_ms (>= 0) or later; the end
 * offset if there is none. */
weir_err weir__admin_query_time(weir__admin *admin, weir__topic_partition at, int64_t time_ms,
                                int64_t *offset, weir_error *error);
/* Returns the number of members of the group and calls fn for each, in order of member id. */
weir_err weir__admin_describe_group(weir__admin *admin, const char *group,
                                    void (*fn)(const char *member_id, const char *client_id,
                                               void *user),
                                    void *user, size_t *members, weir_error *error);

const char *weir__client_version(void); /* librdkafka's, static */

#endif
