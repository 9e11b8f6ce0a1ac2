/* SPDX-License-Identifier: Apache-2.0
 *
 * The transaction coordinator sends a marker to the leader of each partition, and to the
 * coordinator of each group. One that is down, or missing, delays it. */
#include "markers.h"

#include "core/saturate.h"
#include "group/txn_offsets.h"
#include "topics.h"

/* What the end of one transaction needs to report its offsets. */
typedef struct ending {
    weir_mock *mock;
    const weir__txn *txn;
    const weir__group *group;
} ending;

/* The broker that has to write it; NULL: none at present. *gone: its topic was deleted. */
static const weir__broker *writer_of(const weir_mock *mock, const weir__txn_part *part, bool *gone)
{
    *gone = false;
    if (part->partition == WEIR__TXN_OFFSETS) {
        return weir__coordinator_of(mock, part->name);
    }
    const weir__partition *partition = weir__partition_find(mock, part->name, part->partition);
    *gone = partition == NULL;
    return partition != NULL ? weir__broker_find(mock, partition->leader) : NULL;
}

/* A broker's round-trip time counts, except for its own markers. */
static int64_t marker_due_us(void *user, const weir__txn *txn, const weir__txn_part *part)
{
    const weir_mock *mock = user;
    bool gone;
    const weir__broker *writer = writer_of(mock, part, &gone);
    if (gone) {
        return txn->end_us;
    }
    if (writer == NULL || writer->listener < 0) {
        return INT64_MAX;
    }
    bool own = writer == weir__txn_coordinator_of(mock, txn->id);
    return own ? txn->end_us : weir__add_sat(txn->end_us, writer->rtt_us);
}

static void report_offset(const weir__offset *offset, bool committed, void *user)
{
    const ending *it = user;
    weir__mock_event(it->mock, &(weir_mock_event){.kind = committed ? WEIR_MOCK_OFFSET_COMMIT
                                                                    : WEIR_MOCK_OFFSET_DROPPED,
                                                  .group = it->group->id,
                                                  .topic = offset->topic,
                                                  .partition = offset->partition,
                                                  .offset = offset->offset,
                                                  .transactional_id = it->txn->id,
                                                  .producer_id = it->txn->producer_id,
                                                  .epoch = it->txn->epoch});
}

static void end_offsets(weir_mock *mock, const weir__txn *txn, weir_slice group_id, bool commit)
{
    weir__group *group = weir__groups_find(&mock->groups, group_id);
    ending it = {mock, txn, group};
    if (group != NULL && weir__txn_offsets_end(&group->txn_offsets, txn->producer_id, commit,
                                               &group->offsets, report_offset, &it) != WEIR_OK) {
        weir__mock_fail(mock, "out of memory: offsets of a transaction are lost");
    }
}

/* Nothing when the topic was deleted. */
static void end_in_log(weir_mock *mock, const weir__txn *txn, const weir__txn_part *part,
                       bool commit)
{
    weir__partition *partition = weir__partition_find(mock, part->name, part->partition);
    const weir__marker marker = {.producer_id = txn->producer_id,
                                 .epoch = txn->epoch,
                                 .coordinator_epoch = txn->coordinator_epoch,
                                 .commit = commit};
    int64_t offset;
    if (partition == NULL) {
        return;
    }
    int16_t error =
        weir__log_append_marker(&partition->log, &marker, weir__mock_now_ms(mock), &offset);
    if (error != 0) {
        weir__mock_fail(mock, "the end of a transaction is not written to %s-%d: %s",
                        partition->topic->name, (int)partition->id, rd_kafka_err2str(error));
        return;
    }
    weir__mock_event(mock, &(weir_mock_event){.kind = WEIR_MOCK_MARKER,
                                              .topic = part->name,
                                              .partition = part->partition,
                                              .offset = offset,
                                              .transactional_id = txn->id,
                                              .producer_id = txn->producer_id,
                                              .epoch = txn->epoch,
                                              .commit = commit});
    weir__partition_changed(mock, partition);
}

static void write_marker(void *user, const weir__txn *txn, const weir__txn_part *part)
{
    weir_mock *mock = user;
    bool commit = txn->state == WEIR__TXN_PREPARE_COMMIT;
    if (part->partition == WEIR__TXN_OFFSETS) {
        end_offsets(mock, txn, part->name, commit);
    } else {
        end_in_log(mock, txn, part, commit);
    }
}

static void report(void *user, const weir_mock_event *event)
{
    weir__mock_event(user, event);
}

const weir__txns_ops weir__txn_markers = {marker_due_us, write_marker, report};

/* As ReplicaManager and AddPartitionsToTxnManager translate the coordinator's answer. */
int16_t weir__txn_check_produce(const weir_mock *mock, const weir__producer *producer,
                                weir_slice topic, int32_t partition)
{
    if (producer->id.data == NULL) {
        return RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED;
    }
    const weir__txn_part part = {topic, partition};
    int16_t error = weir__txns_verify(&mock->txns, producer, &part);
    switch (error) {
    case RD_KAFKA_RESP_ERR_PRODUCER_FENCED:
        return RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
    case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:
        return RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS;
    default:
        return error;
    }
}
