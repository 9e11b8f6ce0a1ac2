/* SPDX-License-Identifier: Apache-2.0
 *
 * The admin client. It sends a request, then waits for the response on its own queue, with a time
 * limit. */
#include "client/kafka.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"

#define REQUEST_TIMEOUT_MS 60000
#define DESCRIBE_TIMEOUT_MS 10000 /* callers retry; a close must not wait for long */
#define QUERY_TIMEOUT_MS 10000
#define RESPONSE_TIMEOUT_MS (REQUEST_TIMEOUT_MS + 5000) /* librdkafka's own expires first */
#define VISIBLE_TIMEOUT_MS 60000
#define VISIBLE_RETRY_MS 50
#define REASON_MAX_BYTES 512

typedef struct kafka_admin {
    weir__log log; /* first: weir__kafka_conf */
    weir__admin port;
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    pthread_mutex_t lock;  /* one request at a time */
    rd_kafka_conf_t *conf; /* for renew_client */
} kafka_admin;

static kafka_admin *admin_of(weir__admin *port)
{
    return (kafka_admin *)((char *)port - offsetof(kafka_admin, port));
}

static void close_admin(weir__admin *port)
{
    kafka_admin *admin = admin_of(port);
    rd_kafka_queue_destroy(admin->queue);
    rd_kafka_destroy(admin->rk);
    rd_kafka_conf_destroy(admin->conf);
    pthread_mutex_destroy(&admin->lock);
    free(admin);
}

static rd_kafka_AdminOptions_t *options_for(kafka_admin *admin, rd_kafka_admin_op_t kind)
{
    char reason[REASON_MAX_BYTES];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(admin->rk, kind);
    weir_assert(options != NULL);
    rd_kafka_resp_err_t err = rd_kafka_AdminOptions_set_request_timeout(options, REQUEST_TIMEOUT_MS,
                                                                        reason, sizeof reason);
    weir_assert(err == RD_KAFKA_RESP_ERR_NO_ERROR);
    return options;
}

/* `event` NULL: no response in time. */
static weir_err check_event(rd_kafka_event_t *event, const char *what, weir_error *error)
{
    if (event == NULL) {
        return weir__error_set(error, WEIR_ETIMEOUT, "%s: no answer within %d ms", what,
                               RESPONSE_TIMEOUT_MS);
    }
    rd_kafka_resp_err_t cause = rd_kafka_event_error(event);
    return cause == RD_KAFKA_RESP_ERR_NO_ERROR
               ? WEIR_OK
               : weir__error_set(error, weir__kafka_code(cause), "%s: %s", what,
                                 rd_kafka_event_error_string(event));
}

/* The response to the request just sent; NULL with *error. The caller destroys it. */
static rd_kafka_event_t *answer(kafka_admin *admin, const char *what, weir_err *err,
                                weir_error *error)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(admin->queue, RESPONSE_TIMEOUT_MS);
    *err = check_event(event, what, error);
    if (event == NULL) {
        /* A late response must not be taken for that of the next request. */
        rd_kafka_queue_destroy(admin->queue);
        admin->queue = rd_kafka_queue_new(admin->rk);
        return NULL;
    }
    if (*err != WEIR_OK) {
        rd_kafka_event_destroy(event);
        return NULL;
    }
    return event;
}

/* ---- Topics ------------------------------------------------------------------------------- */

static weir_err describe_one(kafka_admin *admin, const char *topic, int32_t *partitions,
                             weir_error *error)
{
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_topic_t *handle = rd_kafka_topic_new(admin->rk, topic, NULL);
    if (handle == NULL) {
        return weir__kafka_fail(error, rd_kafka_last_error(), "describing %s", topic);
    }
    rd_kafka_resp_err_t cause =
        rd_kafka_metadata(admin->rk, 0, handle, &metadata, DESCRIBE_TIMEOUT_MS);
    rd_kafka_topic_destroy(handle);
    if (cause == RD_KAFKA_RESP_ERR_NO_ERROR) {
        weir_assert(metadata->topic_cnt == 1);
        cause = metadata->topics[0].err;
        *partitions = metadata->topics[0].partition_cnt;
        rd_kafka_metadata_destroy(metadata);
    }
    if (cause == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
        cause == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC) {
        *partitions = -1;
        return WEIR_OK;
    }
    return cause == RD_KAFKA_RESP_ERR_NO_ERROR
               ? WEIR_OK
               : weir__kafka_fail(error, cause, "describing %s", topic);
}

static weir_err describe_topics(weir__admin *port, const char *const *topics, size_t count,
                                int32_t *partitions, weir_error *error)
{
    kafka_admin *admin = admin_of(port);
    weir_err err = WEIR_OK;
    pthread_mutex_lock(&admin->lock);
    for (size_t i = 0; i < count && err == WEIR_OK; i++) {
        err = describe_one(admin, topics[i], &partitions[i], error);
    }
    pthread_mutex_unlock(&admin->lock);
    return err;
}

static weir_err list_topics(weir__admin *port,
                            void (*fn)(const char *topic, int32_t partitions, void *user),
                            void *user, weir_error *error)
{
    kafka_admin *admin = admin_of(port);
    const struct rd_kafka_metadata *metadata = NULL;
    pthread_mutex_lock(&admin->lock);
    rd_kafka_resp_err_t cause =
        rd_kafka_metadata(admin->rk, 1, NULL, &metadata, DESCRIBE_TIMEOUT_MS);
    if (cause == RD_KAFKA_RESP_ERR_NO_ERROR) {
        for (int i = 0; i < metadata->topic_cnt; i++) {
            const rd_kafka_metadata_topic_t *topic = &metadata->topics[i];
            bool known = topic->err == RD_KAFKA_RESP_ERR_NO_ERROR;
            fn(topic->topic, known ? topic->partition_cnt : -1, user);
        }
        rd_kafka_metadata_destroy(metadata);
    }
    pthread_mutex_unlock(&admin->lock);
    return cause == RD_KAFKA_RESP_ERR_NO_ERROR ? WEIR_OK
                                               : weir__kafka_fail(error, cause, "listing topics");
}

/* librdkafka returns the same error for a partition without a leader and for a missing partition.
 */
static weir_err without_leader(kafka_admin *admin, weir__topic_partition at, weir_error *error)
{
    int32_t partitions = -1;
    weir_err err = describe_one(admin, at.topic, &partitions, error);
    if (err == WEIR_OK && at.partition < partitions) {
        return weir__error_set(error, WEIR_ERETRY,
                               "asking for the offsets of %s[%d]: no broker leads it just now",
                               at.topic, (int)at.partition);
    }
    return err != WEIR_OK
               ? err
               : weir__kafka_fail(error, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
                                  "asking for the offsets of %s[%d]", at.topic, (int)at.partition);
}

/* librdkafka 2.0.2 asks a former leader until its metadata is old: the next attempt gets the new.
 */
static void refresh_leader(kafka_admin *admin, rd_kafka_resp_err_t cause, const char *topic)
{
    int32_t ignored;
    if (cause == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION) {
        (void)describe_one(admin, topic, &ignored, NULL);
    }
}

static weir_err query_offsets(weir__admin *port, weir__topic_partition at, int64_t *start,
                              int64_t *end, weir_error *error)
{
    kafka_admin *admin = admin_of(port);
    int64_t low = 0;
    int64_t high = 0;
    weir_err err = WEIR_OK;
    pthread_mutex_lock(&admin->lock);
    rd_kafka_resp_err_t cause = rd_kafka_query_watermark_offsets(admin->rk, at.topic, at.partition,
                                                                 &low, &high, QUERY_TIMEOUT_MS);
    if (cause == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) {
        err = without_leader(admin, at, error);
    } else if (cause != RD_KAFKA_RESP_ERR_NO_ERROR) {
        refresh_leader(admin, cause, at.topic);
        err = weir__kafka_fail(error, cause, "asking for the offsets of %s[%d]", at.topic,
                               (int)at.partition);
    }
    pthread_mutex_unlock(&admin->lock);
    if (err == WEIR_OK) {
        *start = low;
        *end = high;
    }
    return err;
}

static weir_err query_time(weir__admin *port, weir__topic_partition at, int64_t time_ms,
                           int64_t *offset, weir_error *error)
{
    kafka_admin *admin = admin_of(port);
    int64_t start = 0;
    int64_t end = 0;
    /* Before the lookup: a record that is written in between is not skipped. */
    weir_err err = query_offsets(port, at, &start, &end, error);
    if (err != WEIR_OK) {
        return err;
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *one =
        rd_kafka_topic_partition_list_add(list, at.topic, at.partition);
    one->offset = time_ms;
    pthread_mutex_lock(&admin->lock);
    rd_kafka_resp_err_t cause = rd_kafka_offsets_for_times(admin->rk, list, QUERY_TIMEOUT_MS);
    pthread_mutex_unlock(&admin->lock);
    cause = cause == RD_KAFKA_RESP_ERR_NO_ERROR ? one->err : cause;
    int64_t found = one->offset;
    rd_kafka_topic_partition_list_destroy(list);
    if (cause != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return weir__kafka_fail(error, cause, "asking for the offset of %s[%d] at a time", at.topic,
                                (int)at.partition);
    }
    *offset = found >= 0 ? found : end; /* no record is so young */
    return WEIR_OK;
}

static weir_err new_topic(const weir__new_topic *topic, rd_kafka_NewTopic_t **out,
                          weir_error *error)
{
    char reason[REASON_MAX_BYTES];
    rd_kafka_NewTopic_t *made = rd_kafka_NewTopic_new(
        topic->name, topic->partitions, topic->replication_factor, reason, sizeof reason);
    if (made == NULL) {
        return weir__error_set(error, WEIR_EINVAL, "creating %s: %s", topic->name, reason);
    }
    for (const char *const *at = topic->config; at != NULL && at[0] != NULL; at += 2) {
        rd_kafka_resp_err_t err = rd_kafka_NewTopic_set_config(made, at[0], at[1]);
        if (err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_NewTopic_destroy(made);
            return weir__kafka_fail(error, err, "creating %s with %s", topic->name, at[0]);
        }
    }
    *out = made;
    return WEIR_OK;
}

static weir_err check_topic_results(const rd_kafka_topic_result_t **results, size_t count,
                                    weir_error *error)
{
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t cause = rd_kafka_topic_result_error(results[i]);
        if (cause != RD_KAFKA_RESP_ERR_NO_ERROR &&
            cause != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
            const char *text = rd_kafka_topic_result_error_string(results[i]);
            return weir__error_set(error, weir__kafka_code(cause), "creating %s: %s",
                                   rd_kafka_topic_result_name(results[i]),
                                   text != NULL ? text : rd_kafka_err2str(cause));
        }
    }
    return WEIR_OK;
}

static weir_err send_create(kafka_admin *admin, rd_kafka_NewTopic_t **topics, size_t count,
                            weir_error *error)
{
    weir_err err;
    rd_kafka_AdminOptions_t *options = options_for(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS);
    rd_kafka_CreateTopics(admin->rk, topics, count, options, admin->queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_event_t *event = answer(admin, "creating topics", &err, error);
    if (event != NULL) {
        size_t result_count;
        const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(
            rd_kafka_event_CreateTopics_result(event), &result_count);
        err = check_topic_results(results, result_count, error);
        rd_kafka_event_destroy(event);
    }
    return err;
}

/* Other brokers know a new topic later than the controller. */
static weir_err wait_visible(kafka_admin *admin, const char *topic, weir_error *error)
{
    int64_t deadline_us = weir__monotonic_us() + (int64_t)VISIBLE_TIMEOUT_MS * 1000;
    for (;;) {
        int32_t partitions = -1;
        weir_err err = describe_one(admin, topic, &partitions, error);
        if (partitions > 0 || (err != WEIR_OK && !weir_err_is_retriable(err))) {
            return err;
        }
        if (weir__monotonic_us() >= deadline_us) {
            return weir__error_set(error, WEIR_ETIMEOUT,
                                   "creating %s: not in the metadata after %d ms", topic,
                                   VISIBLE_TIMEOUT_MS);
        }
        rd_kafka_poll(admin->rk, VISIBLE_RETRY_MS);
    }
}

static weir_err create_topics(weir__admin *port, const weir__new_topic *topics, size_t count,
                              weir_error *error)
{
    kafka_admin *admin = admin_of(port);
    weir_err err = WEIR_OK;
    size_t made = 0;
    rd_kafka_NewTopic_t **list = calloc(count + 1, sizeof(rd_kafka_NewTopic_t *));
    if (list == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "creating topics: out of memory");
    }
    pthread_mutex_lock(&admin->lock);
    for (; made < count && err == WEIR_OK; made += err == WEIR_OK ? 1 : 0) {
        err = new_topic(&topics[made], &list[made], error);
    }
    if (err == WEIR_OK && count > 0) {
        err = send_create(admin, list, count, error);
    }
    for (size_t i = 0; i < count && err == WEIR_OK; i++) {
        err = wait_visible(admin, topics[i].name, error);
    }
    pthread_mutex_unlock(&admin->lock);
    rd_kafka_NewTopic_destroy_array(list, made);
    free(list);
    return err;
}

static weir_err delete_records(weir__admin *port, const weir__offset *before, size_t count,
                               weir_error *error)
{
    kafka_admin *admin = admin_of(port);
    weir_err err;
    if (count == 0) {
        return WEIR_OK;
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_topic_partition_list_add(list, before[i].at.topic, before[i].at.partition)
            ->offset = before[i].offset;
    }
    rd_kafka_DeleteRecords_t *request = rd_kafka_DeleteRecords_new(list);
    pthread_mutex_lock(&admin->lock);
    rd_kafka_AdminOptions_t *options = options_for(admin, RD_KAFKA_ADMIN_OP_DELETERECORDS);
    rd_kafka_DeleteRecords(admin->rk, &request, 1, options, admin->queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_event_t *event = answer(admin, "deleting records", &err, error);
    if (event != NULL) {
        const rd_kafka_topic_partition_list_t *done =
            rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event));
        for (int i = 0; i < done->cnt && err == WEIR_OK; i++) {
            if (done->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
                err = weir__kafka_fail(error, done->elems[i].err, "deleting records of %s[%d]",
                                       done->elems[i].topic, (int)done->elems[i].partition);
            }
        }
        rd_kafka_event_destroy(event);
    }
    pthread_mutex_unlock(&admin->lock);
    rd_kafka_DeleteRecords_destroy(request);
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}

/* ---- Groups ------------------------------------------------------------------------------- */

typedef struct member {
    const char *id;
    const char *client_id;
} member;

static int compare_members(const void *a, const void *b)
{
    return strcmp(((const member *)a)->id, ((const member *)b)->id);
}

static weir_err report_members(const rd_kafka_ConsumerGroupDescription_t *group,
                               void (*fn)(const char *member_id, const char *client_id, void *user),
                               void *user, size_t *members, weir_error *error)
{
    size_t count = rd_kafka_ConsumerGroupDescription_member_count(group);
    member *list = calloc(count + 1, sizeof *list);
    if (list == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "describing the group: out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        const rd_kafka_MemberDescription_t *at = rd_kafka_ConsumerGroupDescription_member(group, i);
        list[i].id = rd_kafka_MemberDescription_consumer_id(at);
        list[i].client_id = rd_kafka_MemberDescription_client_id(at);
    }
    qsort(list, count, sizeof *list, compare_members);
    for (size_t i = 0; i < count && fn != NULL; i++) {
        fn(list[i].id, list[i].client_id, user);
    }
    *members = count;
    free(list);
    return WEIR_OK;
}

static weir_err report_group(rd_kafka_event_t *event, const char *group,
                             void (*fn)(const char *member_id, const char *client_id, void *user),
                             void *user, size_t *members, weir_error *error)
{
    size_t count = 0;
    const rd_kafka_ConsumerGroupDescription_t **groups =
        rd_kafka_DescribeConsumerGroups_result_groups(
            rd_kafka_event_DescribeConsumerGroups_result(event), &count);
    weir_assert(count == 1);
    const rd_kafka_error_t *cause = rd_kafka_ConsumerGroupDescription_error(groups[0]);
    if (cause != NULL) {
        return weir__error_set(error, weir__kafka_code(rd_kafka_error_code(cause)),
                               "describing group %s: %s", group, rd_kafka_error_string(cause));
    }
    return report_members(groups[0], fn, user, members, error);
}

/* librdkafka caches the coordinator of a group as long as requests use it, even if the coordinator
 * has moved. A request that timed out is kept: when its coordinator can be reached again, it is
 * failed a second time, and the process aborts (rdkafka_coord.c, 2.16). A new client is therefore
 * made after a failed request. */
static weir_err renew_client(kafka_admin *admin, weir_error *error)
{
    rd_kafka_t *fresh = NULL;
    weir_err err =
        weir__kafka_new(RD_KAFKA_CONSUMER, rd_kafka_conf_dup(admin->conf), &fresh, error);
    if (err == WEIR_OK) {
        rd_kafka_queue_destroy(admin->queue);
        rd_kafka_destroy(admin->rk);
        admin->rk = fresh;
        admin->queue = rd_kafka_queue_new(fresh);
    }
    return err;
}

static weir_err describe_group(weir__admin *port, const char *group,
                               void (*fn)(const char *member_id, const char *client_id, void *user),
                               void *user, size_t *members, weir_error *error)
{
    kafka_admin *admin = admin_of(port);
    weir_err err;
    pthread_mutex_lock(&admin->lock);
    rd_kafka_AdminOptions_t *options = options_for(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
    rd_kafka_DescribeConsumerGroups(admin->rk, &group, 1, options, admin->queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_event_t *event = answer(admin, "describing the group", &err, error);
    if (event != NULL) {
        err = report_group(event, group, fn, user, members, error);
        rd_kafka_event_destroy(event);
    }
    if (err != WEIR_OK && weir_err_is_retriable(err)) {
        weir_err renewed = renew_client(admin, error);
        err = renewed != WEIR_OK ? renewed : err;
    }
    pthread_mutex_unlock(&admin->lock);
    return err;
}

/* ---- Creation ----------------------------------------------------------------------------- */

static const weir__admin_ops admin_ops = {.close = close_admin,
                                          .create_topics = create_topics,
                                          .describe_topics = describe_topics,
                                          .list_topics = list_topics,
                                          .delete_records = delete_records,
                                          .query_offsets = query_offsets,
                                          .query_time = query_time,
                                          .describe_group = describe_group};

weir_err weir__kafka_admin_new(const weir__client_opts *opts, weir__admin **out, weir_error *error)
{
    rd_kafka_conf_t *conf;
    kafka_admin *admin = calloc(1, sizeof *admin);
    if (admin == NULL) {
        return weir__error_set(error, WEIR_ENOMEM, "admin client: out of memory");
    }
    admin->port.ops = &admin_ops;
    admin->log = opts->log;
    weir_err err = weir__kafka_conf(opts->config, WEIR__KAFKA_ADMIN, opts->client_id, &admin->log,
                                    &conf, error);
    if (err == WEIR_OK) {
        admin->conf = rd_kafka_conf_dup(conf);
        /* A consumer, because a metadata request of a producer may create the topic. */
        err = weir__kafka_new(RD_KAFKA_CONSUMER, conf, &admin->rk, error);
    }
    if (err != WEIR_OK) {
        if (admin->conf != NULL) {
            rd_kafka_conf_destroy(admin->conf);
        }
        free(admin);
        return err;
    }
    admin->queue = rd_kafka_queue_new(admin->rk);
    pthread_mutex_init(&admin->lock, NULL);
    *out = &admin->port;
    return WEIR_OK;
}
