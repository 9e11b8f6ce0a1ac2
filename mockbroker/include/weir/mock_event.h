/* SPDX-License-Identifier: Apache-2.0
 *
 * What the brokers of the mock cluster do, as structs: for traces and for checkers. */
#ifndef WEIR_MOCK_EVENT_H
#define WEIR_MOCK_EVENT_H

#include <weir/weir.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The kinds: constant, name in the trace, the fields that the kind sets. Other fields are zero and
 * mean nothing. A producer is producer_id, epoch and, if it has one, transactional_id. */
#define WEIR_MOCK_EVENTS(X)                                                                        \
    /* Topics. `count` is the number of partitions from now on. */                                 \
    X(WEIR_MOCK_CREATE_TOPIC, "create-topic")           /* topic, count */                         \
    X(WEIR_MOCK_CREATE_PARTITIONS, "create-partitions") /* topic, count */                         \
    X(WEIR_MOCK_DELETE_TOPIC, "delete-topic")           /* topic */                                \
    /* Logs. */                                                                                    \
    /* A batch was appended: topic, partition, offset of its first record, count of records,       \
     * checksum, client_id, producer (-1: not idempotent), sequence, transactional. A batch that   \
     * was recognized as a duplicate is no event. */                                               \
    X(WEIR_MOCK_PRODUCE, "produce")                                                                \
    /* A control batch ended the producer's transaction in a partition: topic, partition, offset,  \
     * producer, commit. */                                                                        \
    X(WEIR_MOCK_MARKER, "marker")                                                                  \
    X(WEIR_MOCK_FETCH, "fetch")                   /* topic, partition, offset, bytes, client_id */ \
    X(WEIR_MOCK_DELETE_RECORDS, "delete-records") /* topic, partition, offset: the new start */    \
    X(WEIR_MOCK_COMPACT, "compact")               /* topic, partition, offset: up to it */         \
    /* Groups: group, generation, count of members, member (may be empty). */                      \
    X(WEIR_MOCK_JOIN, "join")                                                                      \
    X(WEIR_MOCK_REBALANCE, "rebalance")                                                            \
    X(WEIR_MOCK_MEMBER_DROPPED, "member-dropped")                                                  \
    X(WEIR_MOCK_REBALANCE_DONE, "rebalance-done")                                                  \
    X(WEIR_MOCK_SYNC, "sync")                                                                      \
    X(WEIR_MOCK_STABLE, "stable")                                                                  \
    X(WEIR_MOCK_MEMBER_EXPIRED, "member-expired")                                                  \
    X(WEIR_MOCK_LEAVE, "leave")                                                                    \
    X(WEIR_MOCK_MEMBER_FENCED, "member-fenced") /* another member has its group.instance.id */     \
    X(WEIR_MOCK_COORDINATOR, "coordinator")     /* group or transactional_id, broker */            \
    /* The offset is committed, and visible: group, topic, partition, offset, producer (-1: not by \
     * a transaction), generation (without a transaction; -1: not by a member, an admin's reset).  \
     */                                                                                            \
    X(WEIR_MOCK_OFFSET_COMMIT, "offset-commit")                                                    \
    /* Transactions: transactional_id, producer; and: */                                           \
    X(WEIR_MOCK_INIT_PRODUCER, "init-producer")         /* it has this epoch from now on */        \
    X(WEIR_MOCK_TXN_BEGIN, "txn-begin")                 /* the first partition or group */         \
    X(WEIR_MOCK_TXN_ADD_PARTITION, "txn-add-partition") /* topic, partition */                     \
    X(WEIR_MOCK_TXN_ADD_OFFSETS, "txn-add-offsets")     /* group */                                \
    /* The offset waits for the end of the transaction: group, topic, partition, offset. */        \
    X(WEIR_MOCK_OFFSET_PENDING, "offset-pending")                                                  \
    /* An abort dropped the pending offset: group, topic, partition, offset. */                    \
    X(WEIR_MOCK_OFFSET_DROPPED, "offset-dropped")                                                  \
    /* The result is decided; markers follow: commit, reason ("client", "timeout", "fenced"). */   \
    X(WEIR_MOCK_TXN_END, "txn-end")                                                                \
    X(WEIR_MOCK_TXN_COMPLETE, "txn-complete") /* all markers are written; commit */                \
    /* A request was refused since its epoch (the event's) is not the present one: reason (the     \
     * request), topic and partition if it named one, client_id. */                                \
    X(WEIR_MOCK_PRODUCER_FENCED, "producer-fenced")                                                \
    /* A rule (weir_mock_fault) fired: count is its number, reason the request; client_id, broker. \
     */                                                                                            \
    X(WEIR_MOCK_FAULT, "fault")

typedef enum weir_mock_event_kind {
#define WEIR_MOCK_EVENT_CONSTANT(constant, name) constant,
    WEIR_MOCK_EVENTS(WEIR_MOCK_EVENT_CONSTANT)
#undef WEIR_MOCK_EVENT_CONSTANT
        WEIR_MOCK_EVENT_KINDS, /* their number */
} weir_mock_event_kind;

/* An action of a broker. All texts are borrowed for the call, and need not end in NUL. */
typedef struct weir_mock_event {
    weir_mock_event_kind kind;
    weir_slice topic;
    int32_t partition;
    int64_t offset;
    int64_t count;
    size_t bytes;
    uint32_t checksum; /* CRC32C, as in the batch */
    weir_slice client_id;
    weir_slice group;
    int32_t generation;
    weir_slice member;
    weir_slice transactional_id;
    int64_t producer_id;
    int16_t epoch;
    int32_t sequence; /* of the first record */
    bool transactional;
    bool commit; /* false: aborted */
    int32_t broker;
    const char *reason; /* static */
} weir_mock_event;

/* The kind's name in a trace, "produce"; NULL: there is no such kind. Valid forever. Any thread. */
WEIR_API const char *weir_mock_event_name(weir_mock_event_kind kind);
/* Writes the fields of the kind in one line, "lines-0 offset=17 records=3 ...", without the name;
 * cut to `size` bytes with the NUL. "" if `event` is NULL. Any thread. */
WEIR_API void weir_mock_event_text(const weir_mock_event *event, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
