/* SPDX-License-Identifier: Apache-2.0
 *
 * The port's calls: each calls the implementation that made the object. */
#include "client/port.h"

#include "core/error.h"

/* ---- Consumer ----------------------------------------------------------------------------- */

static const weir__client *client_of(const weir__client_opts *opts)
{
    return opts->client != NULL ? opts->client : &weir__kafka_client;
}

weir_err weir__consumer_new(const weir__client_opts *opts, weir__consumer_role role,
                            const weir__consumer_events *events, weir__consumer **out,
                            weir_error *error)
{
    return client_of(opts)->consumer_new(opts, role, events, out, error);
}

void weir__consumer_close(weir__consumer *consumer)
{
    if (consumer != NULL) {
        consumer->ops->close(consumer);
    }
}

weir_err weir__consumer_subscribe(weir__consumer *consumer, const char *const *topics,
                                  weir_error *error)
{
    weir_assert(consumer->group != NULL);
    return consumer->group->subscribe(consumer, topics, error);
}

weir_err weir__consumer_unsubscribe(weir__consumer *consumer, weir_error *error)
{
    weir_assert(consumer->group != NULL);
    return consumer->group->unsubscribe(consumer, error);
}

weir_err weir__consumer_membership(weir__consumer *consumer, int32_t *generation,
                                   const char **member_id)
{
    return consumer->group != NULL ? consumer->group->membership(consumer, generation, member_id)
                                   : WEIR_ESTATE;
}

bool weir__consumer_has_left(weir__consumer *consumer)
{
    return consumer->group == NULL || consumer->group->has_left(consumer);
}

weir_err weir__consumer_poll(weir__consumer *consumer, int64_t timeout_ms, weir__message **out,
                             size_t max, size_t *count, weir_error *error)
{
    return consumer->ops->poll(consumer, timeout_ms, out, max, count, error);
}

weir_err weir__consumer_assign(weir__consumer *consumer, const weir__offset *partitions,
                               size_t count, weir_error *error)
{
    return consumer->ops->assign(consumer, partitions, count, error);
}

weir_err weir__consumer_pause(weir__consumer *consumer, weir__topic_partition at, bool paused,
                              weir_error *error)
{
    return consumer->ops->pause(consumer, at, paused, error);
}

int64_t weir__consumer_end_offset(weir__consumer *consumer, weir__topic_partition at)
{
    return consumer->ops->end_offset(consumer, at);
}

int64_t weir__consumer_position(weir__consumer *consumer, weir__topic_partition at)
{
    return consumer->ops->position(consumer, at);
}

weir_err weir__consumer_committed(weir__consumer *consumer, weir__offset *offsets, size_t count,
                                  int64_t timeout_ms, weir_error *error)
{
    return consumer->ops->committed(consumer, offsets, count, timeout_ms, error);
}

weir_err weir__consumer_commit(weir__consumer *consumer, const weir__offset *offsets, size_t count,
                               weir_error *error)
{
    return consumer->ops->commit(consumer, offsets, count, error);
}

/* ---- Producer ----------------------------------------------------------------------------- */

weir_err weir__producer_new(const weir__client_opts *opts, weir__producer **out, weir_error *error)
{
    return client_of(opts)->producer_new(opts, out, error);
}

void weir__producer_close(weir__producer *producer)
{
    if (producer != NULL) {
        producer->ops->close(producer);
    }
}

weir_err weir__producer_send(weir__producer *producer, const weir__outgoing *record,
                             const weir__delivery *delivery, weir_error *error)
{
    return producer->ops->send(producer, record, delivery, error);
}

void weir__producer_poll(weir__producer *producer)
{
    producer->ops->poll(producer);
}

weir_err weir__producer_flush(weir__producer *producer, int64_t timeout_ms, weir_error *error)
{
    return producer->ops->flush(producer, timeout_ms, error);
}

weir_err weir__producer_partitions(weir__producer *producer, const char *topic, int32_t *out,
                                   weir_error *error)
{
    return producer->ops->partitions(producer, topic, out, error);
}

weir_err weir__producer_init(weir__producer *producer, int64_t timeout_ms, weir_error *error)
{
    weir_assert(producer->transactions != NULL);
    return producer->transactions->init(producer, timeout_ms, error);
}

weir_err weir__producer_begin(weir__producer *producer, weir_error *error)
{
    weir_assert(producer->transactions != NULL);
    return producer->transactions->begin(producer, error);
}

weir_err weir__producer_send_offsets(weir__producer *producer, weir__consumer *consumer,
                                     const weir__offset *offsets, size_t count, int64_t timeout_ms,
                                     weir_error *error)
{
    weir_assert(producer->transactions != NULL);
    return producer->transactions->send_offsets(producer, consumer, offsets, count, timeout_ms,
                                                error);
}

weir_err weir__producer_commit(weir__producer *producer, weir_error *error)
{
    weir_assert(producer->transactions != NULL);
    return producer->transactions->commit(producer, error);
}

weir_err weir__producer_abort(weir__producer *producer, int64_t timeout_ms, weir_error *error)
{
    weir_assert(producer->transactions != NULL);
    return producer->transactions->abort_transaction(producer, timeout_ms, error);
}

/* ---- Admin -------------------------------------------------------------------------------- */

weir_err weir__admin_new(const weir__client_opts *opts, weir__admin **out, weir_error *error)
{
    return client_of(opts)->admin_new(opts, out, error);
}

void weir__admin_close(weir__admin *admin)
{
    if (admin != NULL) {
        admin->ops->close(admin);
    }
}

weir_err weir__admin_create_topics(weir__admin *admin, const weir__new_topic *topics, size_t count,
                                   weir_error *error)
{
    return admin->ops->create_topics(admin, topics, count, error);
}

weir_err weir__admin_describe_topics(weir__admin *admin, const char *const *topics, size_t count,
                                     int32_t *partitions, weir_error *error)
{
    return admin->ops->describe_topics(admin, topics, count, partitions, error);
}

weir_err weir__admin_list_topics(weir__admin *admin,
                                 void (*fn)(const char *topic, int32_t partitions, void *user),
                                 void *user, weir_error *error)
{
    return admin->ops->list_topics(admin, fn, user, error);
}

weir_err weir__admin_delete_records(weir__admin *admin, const weir__offset *before, size_t count,
                                    weir_error *error)
{
    return admin->ops->delete_records(admin, before, count, error);
}

weir_err weir__admin_query_offsets(weir__admin *admin, weir__topic_partition at, int64_t *start,
                                   int64_t *end, weir_error *error)
{
    return admin->ops->query_offsets(admin, at, start, end, error);
}

weir_err weir__admin_query_time(weir__admin *admin, weir__topic_partition at, int64_t time_ms,
                                int64_t *offset, weir_error *error)
{
    return admin->ops->query_time(admin, at, time_ms, offset, error);
}

weir_err weir__admin_describe_group(weir__admin *admin, const char *group,
                                    void (*fn)(const char *member_id, const char *client_id,
                                               void *user),
                                    void *user, size_t *members, weir_error *error)
{
    return admin->ops->describe_group(admin, group, fn, user, members, error);
}
