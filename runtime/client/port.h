/* SPDX-License-Identifier: Apache-2.0
 *
 * An implementation of the port provides one constant of type weir__client, and tables of
 * operations in the objects that it makes. client.h documents each operation. */
#ifndef WEIR_CLIENT_PORT_H
#define WEIR_CLIENT_PORT_H

#include "client/client.h"

struct weir__client {
    /* On failure nothing is made and *out is not changed. */
    weir_err (*consumer_new)(const weir__client_opts *opts, weir__consumer_role role,
                             const weir__consumer_events *events, weir__consumer **out,
                             weir_error *error);
    weir_err (*producer_new)(const weir__client_opts *opts, weir__producer **out,
                             weir_error *error);
    weir_err (*admin_new)(const weir__client_opts *opts, weir__admin **out, weir_error *error);
};

/* Membership in the group `application.id`. */
typedef struct weir__group_ops {
    weir_err (*subscribe)(weir__consumer *port, const char *const *topics, weir_error *error);
    weir_err (*unsubscribe)(weir__consumer *port, weir_error *error);
    weir_err (*membership)(weir__consumer *port, int32_t *generation, const char **member_id);
    bool (*has_left)(weir__consumer *port);
} weir__group_ops;

typedef struct weir__consumer_ops {
    void (*close)(weir__consumer *port);
    weir_err (*poll)(weir__consumer *port, int64_t timeout_ms, weir__message **out, size_t max,
                     size_t *count, weir_error *error);
    weir_err (*assign)(weir__consumer *port, const weir__offset *partitions, size_t count,
                       weir_error *error);
    weir_err (*pause)(weir__consumer *port, weir__topic_partition at, bool paused,
                      weir_error *error);
    int64_t (*end_offset)(weir__consumer *port, weir__topic_partition at);
    int64_t (*position)(weir__consumer *port, weir__topic_partition at);
    weir_err (*committed)(weir__consumer *port, weir__offset *offsets, size_t count,
                          int64_t timeout_ms, weir_error *error);
    weir_err (*commit)(weir__consumer *port, const weir__offset *offsets, size_t count,
                       weir_error *error);
} weir__consumer_ops;

/* The first member of an implementation's consumer; the same for producer and admin below. */
struct weir__consumer {
    const weir__consumer_ops *ops;
    const weir__group_ops *group; /* NULL: a consumer without a group */
};

typedef struct weir__producer_ops {
    void (*close)(weir__producer *port);
    weir_err (*send)(weir__producer *port, const weir__outgoing *record,
                     const weir__delivery *delivery, weir_error *error);
    void (*poll)(weir__producer *port);
    weir_err (*flush)(weir__producer *port, int64_t timeout_ms, weir_error *error);
    weir_err (*partitions)(weir__producer *port, const char *topic, int32_t *out,
                           weir_error *error);
} weir__producer_ops;

/* Of a producer with a transactional id. */
typedef struct weir__transaction_ops {
    weir_err (*init)(weir__producer *port, int64_t timeout_ms, weir_error *error);
    weir_err (*begin)(weir__producer *port, weir_error *error);
    weir_err (*send_offsets)(weir__producer *port, weir__consumer *consumer,
                             const weir__offset *offsets, size_t count, int64_t timeout_ms,
                             weir_error *error);
    weir_err (*commit)(weir__producer *port, weir_error *error);
    weir_err (*abort_transaction)(weir__producer *port, int64_t timeout_ms, weir_error *error);
} weir__transaction_ops;

struct weir__producer {
    const weir__producer_ops *ops;
    const weir__transaction_ops *transactions; /* NULL: without a transactional id */
};

typedef struct weir__admin_ops {
    void (*close)(weir__admin *port);
    weir_err (*create_topics)(weir__admin *port, const weir__new_topic *topics, size_t count,
                              weir_error *error);
    weir_err (*describe_topics)(weir__admin *port, const char *const *topics, size_t count,
                                int32_t *partitions, weir_error *error);
    weir_err (*list_topics)(weir__admin *port,
                            void (*fn)(const char *topic, int32_t partitions, void *user),
                            void *user, weir_error *error);
    weir_err (*delete_records)(weir__admin *port, const weir__offset *before, size_t count,
                               weir_error *error);
    weir_err (*query_offsets)(weir__admin *port, weir__topic_partition at, int64_t *start,
                              int64_t *end, weir_error *error);
    weir_err (*query_time)(weir__admin *port, weir__topic_partition at, int64_t time_ms,
                           int64_t *offset, weir_error *error);
    weir_err (*describe_group)(weir__admin *port, const char *group,
                               void (*fn)(const char *member_id, const char *client_id, void *user),
                               void *user, size_t *members, weir_error *error);
} weir__admin_ops;

struct weir__admin {
    const weir__admin_ops *ops;
};

#endif
