/* SPDX-License-Identifier: Apache-2.0
 *
 * Committed offsets: commits and queries. */
#include "client/consumer.h"

#include <stdlib.h>
#include <string.h>

#define COMMIT_TIMEOUT_MS 60000

static rd_kafka_topic_partition_list_t *list_of(const weir__offset *offsets, size_t count)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_topic_partition_list_add(list, offsets[i].at.topic, offsets[i].at.partition);
    }
    return list;
}

weir_err weir__kafka_offset_list(const weir__offset *offsets, size_t count,
                                 rd_kafka_topic_partition_list_t **out, weir_error *error)
{
    rd_kafka_topic_partition_list_t *list = list_of(offsets, count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_topic_partition_t *one = &list->elems[i];
        one->offset = offsets[i].offset;
        if (offsets[i].metadata != NULL) {
            one->metadata = strdup(offsets[i].metadata); /* the list frees it */
            one->metadata_size = one->metadata != NULL ? strlen(one->metadata) : 0;
            if (one->metadata == NULL) {
                rd_kafka_topic_partition_list_destroy(list);
                return weir__error_set(error, WEIR_ENOMEM, "committing offsets: out of memory");
            }
        }
    }
    *out = list;
    return WEIR_OK;
}

void weir__offsets_free(weir__offset *offsets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free((char *)(uintptr_t)offsets[i].metadata);
        offsets[i].metadata = NULL;
    }
}

/* Returns the first failure of a partition; the message names the partition. */
static weir_err check_each(const rd_kafka_topic_partition_list_t *list, const char *what,
                           weir_error *error)
{
    for (int i = 0; i < list->cnt; i++) {
        if (list->elems[i].err != RD_KAFKA_RESP_ERR_NO_ERROR) {
            return weir__kafka_fail(error, list->elems[i].err, "%s %s[%d]", what,
                                    list->elems[i].topic, (int)list->elems[i].partition);
        }
    }
    return WEIR_OK;
}

weir_err weir__kafka_consumer_committed(weir__consumer *port, weir__offset *offsets, size_t count,
                                        int64_t timeout_ms, weir_error *error)
{
    weir__kafka_consumer *consumer = weir__kafka_consumer_of(port);
    if (count == 0) {
        return WEIR_OK;
    }
    rd_kafka_topic_partition_list_t *list = list_of(offsets, count);
    rd_kafka_resp_err_t cause =
        rd_kafka_committed(consumer->rk, list, weir__kafka_timeout(timeout_ms));
    weir_err err = cause != RD_KAFKA_RESP_ERR_NO_ERROR
                       ? weir__kafka_fail(error, cause, "asking for committed offsets")
                       : check_each(list, "asking for the committed offset of", error);
    for (size_t i = 0; i < count && err == WEIR_OK; i++) {
        const rd_kafka_topic_partition_t *found =
            rd_kafka_topic_partition_list_find(list, offsets[i].at.topic, offsets[i].at.partition);
        offsets[i].offset = found->offset >= 0 ? found->offset : -1;
        offsets[i].metadata = NULL;
        if (found->metadata_size > 0) {
            offsets[i].metadata = strndup(found->metadata, found->metadata_size);
            if (offsets[i].metadata == NULL) {
                weir__offsets_free(offsets, i);
                err = weir__error_set(error, WEIR_ENOMEM, "committed offsets: out of memory");
            }
        }
    }
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}

static weir_err commit_result(weir__kafka_consumer *consumer, rd_kafka_resp_err_t sent,
                              weir_error *error)
{
    if (sent != RD_KAFKA_RESP_ERR_NO_ERROR) {
        return weir__kafka_fail(error, sent, "committing offsets");
    }
    rd_kafka_event_t *event = rd_kafka_queue_poll(consumer->commits, COMMIT_TIMEOUT_MS);
    if (event == NULL) {
        /* A late response must not be taken for that of the next commit. */
        rd_kafka_queue_destroy(consumer->commits);
        consumer->commits = rd_kafka_queue_new(consumer->rk);
        return weir__error_set(error, WEIR_ETIMEOUT,
                               "committing offsets: no answer within %d ms, the outcome is "
                               "unknown",
                               COMMIT_TIMEOUT_MS);
    }
    rd_kafka_resp_err_t cause = rd_kafka_event_error(event);
    const rd_kafka_topic_partition_list_t *list = rd_kafka_event_topic_partition_list(event);
    weir_err err = list != NULL ? check_each(list, "committing", error) : WEIR_OK;
    if (err == WEIR_OK && cause != RD_KAFKA_RESP_ERR_NO_ERROR) {
        err = weir__kafka_fail(error, cause, "committing offsets");
    }
    rd_kafka_event_destroy(event);
    return err;
}

weir_err weir__kafka_consumer_commit(weir__consumer *port, const weir__offset *offsets,
                                     size_t count, weir_error *error)
{
    weir__kafka_consumer *consumer = weir__kafka_consumer_of(port);
    if (count == 0) {
        return WEIR_OK;
    }
    /* Without a membership librdkafka would commit without generation and member id, which an empty
     * group accepts. */
    if (weir__kafka_consumer_has_left(consumer)) {
        return weir__error_set(error, WEIR_EFENCED,
                               "committing offsets: no longer a member of the group");
    }
    rd_kafka_topic_partition_list_t *list = NULL;
    weir_err err = weir__kafka_offset_list(offsets, count, &list, error);
    if (err != WEIR_OK) {
        return err;
    }
    rd_kafka_resp_err_t sent =
        rd_kafka_commit_queue(consumer->rk, list, consumer->commits, NULL, NULL);
    err = commit_result(consumer, sent, error);
    rd_kafka_topic_partition_list_destroy(list);
    return err;
}
