/* SPDX-License-Identifier: Apache-2.0
 *
 * The events of a cluster's trace, as structs: for checkers (weir/checkers.h) and for tests that
 * watch a run (weir_cluster_on_event). */
#ifndef WEIR_EVENT_H
#define WEIR_EVENT_H

#include <weir/mock_event.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The kinds: constant, name in a trace (NULL: it depends on the event), the fields that the kind
 * sets besides us, host and thread. */
#define WEIR_EVENTS(X)                                                                             \
    /* A step of the runtime (docs/steps.md): instance, application, step, and what it has of      \
     * task, topic, partition, offset, generation, reason. */                                      \
    X(WEIR_EVENT_STEP, NULL)                                                                       \
    /* An action of a broker (weir/mock_event.h): broker, and what it has of topic, partition,     \
     * offset, generation, reason. */                                                              \
    X(WEIR_EVENT_BROKER, NULL)                                                                     \
    /* The restore of a store: instance, application, restore, topic, partition, offset. */        \
    X(WEIR_EVENT_RESTORE, NULL)                                                                    \
    X(WEIR_EVENT_STATE, "state")       /* instance, application, from, to */                       \
    X(WEIR_EVENT_UNCAUGHT, "uncaught") /* instance, application, stream_thread, reason */          \
    /* What the test does to an instance: instance, and: */                                        \
    X(WEIR_EVENT_START, "start") /* application */                                                 \
    X(WEIR_EVENT_CLOSE, "close") /* application */                                                 \
    X(WEIR_EVENT_CRASH, "crash") /* reason: "as it was" or "wiped", of its disk */                 \
    X(WEIR_EVENT_PAUSE, "pause")                                                                   \
    X(WEIR_EVENT_RESUME, "resume")                                                                 \
    X(WEIR_EVENT_PARTITION, "partition") /* broker_id; 0: from all */                              \
    X(WEIR_EVENT_HEAL, "heal")           /* broker_id; 0: to all */                                \
    X(WEIR_EVENT_LATENCY, "latency")     /* ms */                                                  \
    X(WEIR_EVENT_RESET, "reset")                                                                   \
    X(WEIR_EVENT_SKEW, "skew")                     /* ms */                                        \
    X(WEIR_EVENT_BROKER_FAILURE, "broker-failure") /* reason */                                    \
    /* Of the simulation, for example "host-crash", "link-cut": reason, its text. */               \
    X(WEIR_EVENT_SIMULATION, NULL)                                                                 \
    X(WEIR_EVENT_CUSTOM, NULL) /* weir_cluster_trace: reason, its text */

/* WEIR_EVENT_STEP, ... */
typedef enum weir_event_kind {
#define WEIR_EVENT_CONSTANT(constant, name) constant,
    WEIR_EVENTS(WEIR_EVENT_CONSTANT)
#undef WEIR_EVENT_CONSTANT
        WEIR_EVENT_KINDS, /* their number */
} weir_event_kind;

/* An event. Everything is borrowed for the call. What a kind does not set is NULL, 0, or -1
 * (partition, offset, generation). */
typedef struct weir_event {
    weir_event_kind kind;
    const char *name;   /* in a trace: "process", "produce", "state", ... Never NULL */
    int64_t us;         /* virtual time from 0 */
    const char *host;   /* of the simulation: an instance's name, or the host of brokers and test */
    const char *thread; /* of the simulation; another name than the runtime's */
    const char *instance;
    const char *application; /* its application.id */
    const char *task;        /* "0_1" */
    const char *topic;
    int32_t partition;
    int64_t offset;
    int32_t generation;
    const char *reason;
    const char *stream_thread; /* the runtime's name of the thread */
    weir_state from;
    weir_state to;
    int32_t broker_id;
    int64_t ms;
    const weir_step *step;
    const weir_mock_event *broker;
    const weir_restore_progress *restore;
} weir_event;

/* Writes the event in one line as in a trace, "lines-0 offset=17 records=3 ...", without time,
 * host, thread and name; cut to `size` bytes with the NUL. "" if `event` is NULL. Any thread. */
WEIR_API void weir_event_text(const weir_event *event, char *out, size_t size);

#ifdef __cplusplus
}
#endif
#endif
