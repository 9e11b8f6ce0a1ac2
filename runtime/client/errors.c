/* SPDX-License-Identifier: Apache-2.0
 *
 * librdkafka's errors, wrapped where they enter. */
#include "client/kafka.h"

#include <stdio.h>

static const struct {
    rd_kafka_resp_err_t cause;
    weir_err code;
} codes[] = {
    {RD_KAFKA_RESP_ERR_NO_ERROR, WEIR_OK},
    {RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, WEIR_EFENCED},
    {RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, WEIR_EFENCED},
    {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, WEIR_EFENCED},
    {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, WEIR_EFENCED},
    {RD_KAFKA_RESP_ERR_PRODUCER_FENCED, WEIR_EFENCED},
    {RD_KAFKA_RESP_ERR__FENCED, WEIR_EFENCED},
    {RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST, WEIR_EFENCED},
    {RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, WEIR_EFENCED},
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, WEIR_EMISSING_TOPIC},
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, WEIR_EMISSING_TOPIC},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, WEIR_EMISSING_TOPIC},
    {RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, WEIR_ERANGE},
    {RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, WEIR_ERANGE},
    {RD_KAFKA_RESP_ERR__NO_OFFSET, WEIR_ERANGE},
    {RD_KAFKA_RESP_ERR__TIMED_OUT, WEIR_ETIMEOUT},
    {RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, WEIR_ETIMEOUT},
    {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, WEIR_ETIMEOUT},
    {RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, WEIR_ETIMEOUT},
    /* Temporary: leader or coordinator has moved, or the broker cannot be reached. */
    {RD_KAFKA_RESP_ERR__TRANSPORT, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR__RESOLVE, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR__WAIT_COORD, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR__WAIT_CACHE, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR__IN_PROGRESS, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR__RETRY, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR__QUEUE_FULL, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_NOT_COORDINATOR, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_NOT_CONTROLLER, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR_THROTTLING_QUOTA_EXCEEDED, WEIR_ERETRY},
    {RD_KAFKA_RESP_ERR__BAD_MSG, WEIR_ECORRUPT},
    {RD_KAFKA_RESP_ERR__BAD_COMPRESSION, WEIR_ECORRUPT},
    {RD_KAFKA_RESP_ERR_INVALID_MSG, WEIR_ECORRUPT},
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, WEIR_ELIMIT},
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, WEIR_ELIMIT},
    {RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, WEIR_EEXISTS},
    {RD_KAFKA_RESP_ERR__INVALID_ARG, WEIR_EINVAL},
    {RD_KAFKA_RESP_ERR__STATE, WEIR_ESTATE},
    {RD_KAFKA_RESP_ERR__DESTROY, WEIR_ESTATE},
    {RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, WEIR_EUNSUPPORTED},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, WEIR_EUNSUPPORTED},
};

weir_err weir__kafka_code(rd_kafka_resp_err_t err)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        if (codes[i].cause == err) {
            return codes[i].code;
        }
    }
    return WEIR_EBROKER;
}

weir_err weir__kafka_fail(weir_error *error, rd_kafka_resp_err_t err, const char *format, ...)
{
    char what[WEIR_ERROR_MESSAGE_MAX / 2];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    return weir__error_set(error, weir__kafka_code(err), "%s: %s", what, rd_kafka_err2str(err));
}

weir_err weir__kafka_fail_with(weir_error *error, rd_kafka_error_t *cause, const char *what)
{
    if (cause == NULL) {
        return WEIR_OK;
    }
    weir_err err = weir__kafka_code(rd_kafka_error_code(cause));
    if (err != WEIR_EFENCED) {
        err = rd_kafka_error_is_fatal(cause)             ? WEIR_EFATAL
              : rd_kafka_error_txn_requires_abort(cause) ? WEIR_EABORTABLE
              : rd_kafka_error_is_retriable(cause)       ? WEIR_ERETRY
                                                         : err;
    }
    weir__error_set(error, err, "%s: %s", what, rd_kafka_error_string(cause));
    rd_kafka_error_destroy(cause);
    return err;
}
