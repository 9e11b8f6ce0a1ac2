/* SPDX-License-Identifier: Apache-2.0
 *
 * The consumer: creation and close, group, assignment. The group's assignment only proves
 * membership: each new generation starts with nothing assigned, and weir__consumer_assign then
 * assigns the partitions that the runtime's own protocol decides. (The broker checks the generation
 * of a commit, not its partitions.)
 *
 * librdkafka 2.0.2 requires three rules, and newer versions accept them. Only paused partitions are
 * resumed (2.4 fixed a rewind). A paused partition is resumed before it is unassigned, because the
 * pause would outlive the assignment. With an eager group every change of assignment is an assign()
 * of all partitions. */
#include "client/consumer.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/clock.h"

#define METADATA_TIMEOUT_MS 5000
#define ISOLATION_BYTES_MAX 32

void weir__kafka_consumer_note(weir__kafka_consumer *consumer, const weir_error *failure)
{
    if (consumer->failed.code == WEIR_OK) {
        consumer->failed = *failure;
    }
}

weir_err weir__kafka_consumer_stop(weir__kafka_consumer *consumer, weir__assigned *at, bool stop,
                                   weir_error *error)
{
    if (at->stopped == stop) {
        return WEIR_OK;
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *one =
        rd_kafka_topic_partition_list_add(list, at->topic, at->partition);
    rd_kafka_resp_err_t err = stop ? rd_kafka_pause_partitions(consumer->rk, list)
                                   : rd_kafka_resume_partitions(consumer->rk, list);
    err = err != RD_KAFKA_RESP_ERR_NO_ERROR ? err : one->err;
    rd_kafka_topic_partition_list_destroy(list);
    if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return weir__kafka_fail(error, err, "%s %s[%d]", stop ? "pausing" : "resuming", at->topic,
                                (int)at->partition);
    }
    at->stopped = stop;
    return WEIR_OK;
}

/* ---- Group -------------------------------------------------------------------------------- */

typedef struct membership {
    int32_t generation;
    char *id; /* malloc'ed */
} membership;

/* librdkafka gives generation and member id only in its serialised form: "CGMDv2:", generation
 * (int32, native), group id, NUL, member id, NUL, ... */
static weir_err parse_membership(const char *at, size_t size, membership *out)
{
    static const char magic[] = "CGMDv2:";
    size_t head = sizeof magic - 1 + sizeof(int32_t);
    if (size < head || memcmp(at, magic, sizeof magic - 1) != 0) {
        return WEIR_EUNSUPPORTED;
    }
    const char *end = at + size;
    const char *group_end = memchr(at + head, '\0', size - head);
    if (group_end == NULL || memchr(group_end + 1, '\0', (size_t)(end - group_end) - 1) == NULL) {
        return WEIR_EUNSUPPORTED;
    }
    memcpy(&out->generation, at + sizeof magic - 1, sizeof(int32_t));
    out->id = strdup(group_end + 1);
    return out->id != NULL ? WEIR_OK : WEIR_ENOMEM;
}

/* librdkafka does not rejoin before the rebalance callback returns, so in the callback this is the
 * generation of the assignment. */
static weir_err read_membership(weir__kafka_consumer *consumer, membership *out, weir_error *error)
{
    void *bytes = NULL;
    size_t size = 0;
    rd_kafka_consumer_group_metadata_t *metadata = rd_kafka_consumer_group_metadata(consumer->rk);
    if (metadata == NULL) {
        return weir__error_set(error, WEIR_ESTATE, "reading the membership: not in a group");
    }
    rd_kafka_error_t *cause = rd_kafka_consumer_group_metadata_write(metadata, &bytes, &size);
    rd_kafka_consumer_group_metadata_destroy(metadata);
    if (cause != NULL) {
        return weir__kafka_fail_with(error, cause, "reading the membership");
    }
    weir_err err = parse_membership(bytes, size, out);
    rd_kafka_mem_free(consumer->rk, bytes);
    return err == WEIR_OK
               ? WEIR_OK
               : weir__error_set(error, err, "reading the membership: %s (librdkafka %s)",
                                 weir_err_str(err), rd_kafka_version_str());
}

bool weir__kafka_consumer_has_left(weir__kafka_consumer *consumer)
{
    membership now;
    if (!consumer->joined || rd_kafka_assignment_lost(consumer->rk)) {
        return true;
    }
    if (read_membership(consumer, &now, NULL) != WEIR_OK) {
        return false;
    }
    bool same = now.generation == consumer->generation && strcmp(now.id, consumer->member_id) == 0;
    free(now.id);
    return !same;
}

bool weir__kafka_consumer_is_member(weir__kafka_consumer *consumer)
{
    membership now;
    if (read_membership(consumer, &now, NULL) != WEIR_OK) {
        return false;
    }
    bool member = now.id[0] != '\0';
    free(now.id);
    return member;
}

static void on_assigned(weir__kafka_consumer *consumer, const rd_kafka_topic_partition_list_t *list)
{
    rd_kafka_topic_partition_list_t *none = rd_kafka_topic_partition_list_new(0);
    weir__topic_partition *given = calloc((size_t)list->cnt + 1, sizeof *given);
    membership now = {.generation = -1};
    weir_error error;
    weir_err err = given != NULL ? read_membership(consumer, &now, &error)
                                 : weir__error_set(&error, WEIR_ENOMEM, "joining: out of memory");
    /* Called also after a failure: librdkafka waits for it. */
    rd_kafka_resp_err_t cause = rd_kafka_assign(consumer->rk, none);
    rd_kafka_topic_partition_list_destroy(none);
    if (err == WEIR_OK && cause != RD_KAFKA_RESP_ERR_NO_ERROR) {
        err = weir__kafka_fail(&error, cause, "joining the group");
    }
    if (err != WEIR_OK) {
        weir__kafka_consumer_note(consumer, &error);
        free(now.id);
        free(given);
        return;
    }
    for (int i = 0; i < list->cnt; i++) {
        given[i].topic = list->elems[i].topic;
        given[i].partition = list->elems[i].partition;
    }
    consumer->generation = now.generation;
    consumer->member_id = now.id;
    consumer->joined = true;
    if (consumer->events.on_joined != NULL) {
        consumer->events.on_joined(given, (size_t)list->cnt, consumer->events.user);
    }
    free(given);
}

static void end_membership(weir__kafka_consumer *consumer)
{
    consumer->joined = false;
    consumer->generation = -1;
    free(consumer->member_id);
    consumer->member_id = NULL;
}

static void on_unassigned(weir__kafka_consumer *consumer)
{
    if (consumer->joined) {
        bool lost = weir__kafka_consumer_has_left(consumer);
        void (*on_end)(void *user) = lost ? consumer->events.on_lost : consumer->events.on_revoked;
        if (on_end != NULL) {
            on_end(consumer->events.user);
        }
    }
    end_membership(consumer);
    for (size_t i = 0; i < consumer->assigned.count; i++) {
        weir__kafka_consumer_stop(consumer, &consumer->assigned.items[i], false, NULL);
    }
    weir__assigned_fini(&consumer->assigned);
    rd_kafka_assign(consumer->rk, NULL);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t event,
                         rd_kafka_topic_partition_list_t *list, void *opaque)
{
    weir__kafka_consumer *consumer = opaque;
    weir__kafka_consumer_lock(consumer);
    consumer->in_event = true;
    if (event == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        on_assigned(consumer, list);
    } else {
        on_unassigned(consumer);
    }
    consumer->in_event = false;
    consumer->rebalanced = true;
    weir__kafka_consumer_unlock(consumer);
    if (!consumer->in_batch) {
        rd_kafka_yield(rk); /* return to the caller, which must handle the rebalance */
    }
}

static weir_err membership_of(weir__consumer *port, int32_t *generation, const char **member_id)
{
    weir__kafka_consumer *consumer = weir__kafka_consumer_of(port);
    if (!consumer->joined) {
        return WEIR_ESTATE;
    }
    *generation = consumer->generation;
    *member_id = consumer->member_id;
    return WEIR_OK;
}

static weir_err subscribe(weir__consumer *port, const char *const *topics, weir_error *error)
{
    weir__kafka_consumer *consumer = weir__kafka_consumer_of(port);
    weir_assert(consumer->role == WEIR__MAIN_CONSUMER);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(8);
    for (; *topics != NULL; topics++) {
        rd_kafka_topic_partition_list_add(list, *topics, RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_resp_err_t err = rd_kafka_subscribe(consumer->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR ? WEIR_OK
                                             : weir__kafka_fail(error, err, "subscribing");
}

static weir_err unsubscribe(weir__consumer *port, weir_error *error)
{
    weir__kafka_consumer *consumer = weir__kafka_consumer_of(port);
    rd_kafka_resp_err_t err = rd_kafka_unsubscribe(consumer->rk);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR ? WEIR_OK
                                             : weir__kafka_fail(error, err, "unsubscribing");
}

/* ---- Assignment --------------------------------------------------------------------------- */

static void add_to(rd_kafka_topic_partition_list_t *list, const weir__assigned *at)
{
    int64_t from = at->fetched >= 0 ? at->fetched : at->start;
    rd_kafka_topic_partition_list_add(list, at->topic, at->partition)->offset =
        from >= 0                        ? from
        : from == WEIR__OFFSET_BEGINNING ? RD_KAFKA_OFFSET_BEGINNING
                                         : RD_KAFKA_OFFSET_END;
}

/* Fetches the metadata of these topics into librdkafka. A topic without metadata at its assignment
 * would wait for a timer of 1 s, and 2.0.2 leaks its partitions if the next assignment is made
 * before the metadata arrives. A failure only causes that wait. */
static void fetch_metadata(weir__kafka_consumer *consumer,
                           const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++) {
        const struct rd_kafka_metadata *metadata = NULL;
        const char *topic = list->elems[i].topic;
        if (weir__map_find(&consumer->known, weir_slice_of(topic)) != NULL) {
            continue;
        }
        rd_kafka_topic_t *handle = rd_kafka_topic_new(consumer->rk, topic, NULL);
        if (handle == NULL) {
            continue;
        }
        if (rd_kafka_metadata(consumer->rk, 0, handle, &metadata, METADATA_TIMEOUT_MS) ==
            RD_KAFKA_RESP_ERR_NO_ERROR) {
            (void)weir__map_put_text(&consumer->known, topic, NULL);
            rd_kafka_metadata_destroy(metadata);
        }
        rd_kafka_topic_destroy(handle);
    }
}

/* librdkafka stops the old assignment by internal messages, also for a partition that is assigned
 * again. It aborts the process if that partition is unassigned before its message is answered.
 * librdkafka's main thread handles messages in order: when it answers the request made here, it has
 * handled those messages. */
static void await_stops(weir__kafka_consumer *consumer)
{
    rd_kafka_topic_partition_list_t *now = NULL;
    if (rd_kafka_assignment(consumer->rk, &now) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_topic_partition_list_destroy(now);
    }
}

/* Assigns the whole list. librdkafka restarts the fetch of every partition, at the right offset. */
static weir_err assign_whole(weir__kafka_consumer *consumer, weir__assigned_list *list,
                             weir_error *error)
{
    rd_kafka_topic_partition_list_t *whole = rd_kafka_topic_partition_list_new((int)list->count);
    for (size_t i = 0; i < list->count; i++) {
        add_to(whole, &list->items[i]);
    }
    fetch_metadata(consumer, whole);
    weir__keep_queues(consumer, whole);
    rd_kafka_resp_err_t err = rd_kafka_assign(consumer->rk, whole);
    await_stops(consumer);
    rd_kafka_topic_partition_list_destroy(whole);
    return err == RD_KAFKA_RESP_ERR_NO_ERROR ? WEIR_OK : weir__kafka_fail(error, err, "assigning");
}

/* Without a group: unassigns the removed partitions and assigns the added ones. The fetch of the
 * others is not interrupted. */
static weir_err assign_difference(weir__kafka_consumer *consumer,
                                  rd_kafka_topic_partition_list_t *removed,
                                  rd_kafka_topic_partition_list_t *added, weir_error *error)
{
    weir_err err = WEIR_OK;
    if (removed->cnt > 0) {
        err = weir__kafka_fail_with(error, rd_kafka_incremental_unassign(consumer->rk, removed),
                                    "unassigning");
    }
    if (err == WEIR_OK && added->cnt > 0) {
        fetch_metadata(consumer, added);
        weir__keep_queues(consumer, added);
        err = weir__kafka_fail_with(error, rd_kafka_incremental_assign(consumer->rk, added),
                                    "assigning");
    }
    return err;
}

static weir_err assign(weir__consumer *port, const weir__offset *partitions, size_t count,
                       weir_error *error)
{
    weir__kafka_consumer *consumer = weir__kafka_consumer_of(port);
    if (consumer->in_event) {
        return weir__error_set(error, WEIR_ESTATE, "assigning: not from an event");
    }
    weir__assigned_list *old = &consumer->assigned;
    weir__assigned_list next;
    weir_err err = weir__assigned_make(partitions, count, &next, error);
    if (err != WEIR_OK) {
        return err;
    }
    bool whole = consumer->role == WEIR__MAIN_CONSUMER;
    rd_kafka_topic_partition_list_t *removed = rd_kafka_topic_partition_list_new(8);
    rd_kafka_topic_partition_list_t *added = rd_kafka_topic_partition_list_new(8);
    for (size_t i = 0; i < old->count; i++) {
        weir__assigned *at = &old->items[i];
        weir__assigned *to = weir__assigned_find(&next, at->topic, at->partition);
        bool stays = to != NULL && to->start == weir__assigned_position(at);
        if (whole || !stays) {
            weir__kafka_consumer_stop(consumer, at, false, NULL);
            rd_kafka_topic_partition_list_add(removed, at->topic, at->partition);
        }
        if (stays) {
            weir__assigned_move(old, at, &next, to);
        } else if (to != NULL) {
            to->paused = at->paused;
        }
    }
    for (size_t i = 0; i < next.count; i++) {
        weir__assigned *to = &next.items[i];
        weir__assigned *at = weir__assigned_find(old, to->topic, to->partition);
        if (at == NULL ||
            rd_kafka_topic_partition_list_find(removed, to->topic, to->partition) != NULL) {
            add_to(added, to);
        }
    }
    weir__assigned_fini(old);
    *old = next;
    err = whole ? assign_whole(consumer, old, error)
                : assign_difference(consumer, removed, added, error);
    rd_kafka_topic_partition_list_destroy(removed);
    rd_kafka_topic_partition_list_destroy(added);
    return err;
}

static weir_err not_assigned(weir__topic_partition at, weir_error *error)
{
    return weir__error_set(error, WEIR_ENOTFOUND, "%s[%d] is not assigned", at.topic,
                           (int)at.partition);
}

static weir_err pause_partition(weir__consumer *port, weir__topic_partition at, bool paused,
                                weir_error *error)
{
    weir__kafka_consumer *consumer = weir__kafka_consumer_of(port);
    weir__assigned *found = weir__assigned_find(&consumer->assigned, at.topic, at.partition);
    if (found == NULL) {
        return not_assigned(at, error);
    }
    found->paused = paused;
    return paused ? WEIR_OK : weir__kafka_consumer_stop(consumer, found, false, error);
}

/* ---- Creation and close ------------------------------------------------------------------- */

static void close_consumer(weir__consumer *port)
{
    weir__kafka_consumer *consumer = weir__kafka_consumer_of(port);
    weir__kafka_consumer_leave(consumer);
    weir__drain_queues(consumer);
    end_membership(consumer);
    weir__assigned_fini(&consumer->assigned);
    weir__map_fini(&consumer->known, NULL);
    rd_kafka_queue_destroy(consumer->commits);
    rd_kafka_queue_destroy(consumer->queue);
    rd_kafka_destroy_flags(consumer->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
    free(consumer->group);
    free(consumer);
}

static bool has_left(weir__consumer *port)
{
    return weir__kafka_consumer_has_left(weir__kafka_consumer_of(port));
}

static const weir__consumer_ops consumer_ops = {
    .close = close_consumer,
    .poll = weir__kafka_consumer_poll,
    .assign = assign,
    .pause = pause_partition,
    .end_offset = weir__kafka_consumer_end_offset,
    .position = weir__kafka_consumer_position,
    .committed = weir__kafka_consumer_committed,
    .commit = weir__kafka_consumer_commit,
};

static const weir__group_ops group_ops = {.subscribe = subscribe,
                                          .unsubscribe = unsubscribe,
                                          .membership = membership_of,
                                          .has_left = has_left};

static bool reads_committed(const rd_kafka_conf_t *conf)
{
    char value[ISOLATION_BYTES_MAX];
    size_t size = sizeof value;
    return rd_kafka_conf_get(conf, "isolation.level", value, &size) == RD_KAFKA_CONF_OK &&
           strcmp(value, "read_committed") == 0;
}

weir_err weir__kafka_consumer_new(const weir__client_opts *opts, weir__consumer_role role,
                                  const weir__consumer_events *events, weir__consumer **out,
                                  weir_error *error)
{
    static const weir__kafka_role kafka_roles[] = {
        [WEIR__MAIN_CONSUMER] = WEIR__KAFKA_MAIN,
        [WEIR__RESTORE_CONSUMER] = WEIR__KAFKA_RESTORE,
        [WEIR__GLOBAL_CONSUMER] = WEIR__KAFKA_GLOBAL,
    };
    rd_kafka_conf_t *conf;
    weir__kafka_consumer *consumer = calloc(1, sizeof *consumer);
    const char *group = weir__config_text(opts->config, "application.id");
    if (consumer == NULL || (group != NULL && (consumer->group = strdup(group)) == NULL)) {
        free(consumer);
        return weir__error_set(error, WEIR_ENOMEM, "consumer: out of memory");
    }
    consumer->log = opts->log;
    consumer->role = role;
    consumer->port.ops = &consumer_ops;
    consumer->port.group = role == WEIR__MAIN_CONSUMER ? &group_ops : NULL;
    consumer->generation = -1;
    if (events != NULL) {
        consumer->events = *events;
    }
    weir_err err = weir__kafka_conf(opts->config, kafka_roles[role], opts->client_id,
                                    &consumer->log, &conf, error);
    if (err == WEIR_OK) {
        consumer->committed_only = reads_committed(conf);
        rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
        if (role == WEIR__MAIN_CONSUMER) {
            rd_kafka_conf_set_error_cb(conf, weir__kafka_consumer_on_error);
        }
        err = weir__kafka_new(RD_KAFKA_CONSUMER, conf, &consumer->rk, error);
    }
    if (err != WEIR_OK) {
        free(consumer->group);
        free(consumer);
        return err;
    }
    rd_kafka_poll_set_consumer(consumer->rk);
    consumer->queue = rd_kafka_queue_get_consumer(consumer->rk);
    consumer->commits = rd_kafka_queue_new(consumer->rk);
    *out = &consumer->port;
    return WEIR_OK;
}
