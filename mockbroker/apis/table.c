/* SPDX-License-Identifier: Apache-2.0
 *
 * The table. A row that is not FORWARD names the gap that it closes and has a test that fails
 * without it (tests/unit/mock_*.c); a row can be removed when librdkafka closes its gap. */
#include <string.h>

#include "apis.h"
#include "server/faults.h"
#include "server/server.h"

/* Versions: the highest that librdkafka 2.0.2 uses with its mock cluster, so that both ends of the
 * supported range of librdkafka take the same path. */
static const weir__api apis[] = {
    /* librdkafka compresses only if Produce begins at version 0 (Kafka 4 says so too, KAFKA-18659),
     * though no client sends a version below 3. */
    {0, "Produce", 0, 7, 9, WEIR__ANSWER, weir__handle_produce,
     "drops the oldest batches silently past 5 MiB or 100,000 batches; LogAppendTime is 1234; "
     "appends what an idempotent producer sends again; no min.insync.replicas"},
    {1, "Fetch", 4, 11, 12, WEIR__ANSWER, weir__handle_fetch,
     "one batch a partition; no last stable offset, no aborted transactions; no log start offset; "
     "new data does not wake a waiting fetch"},
    {2, "ListOffsets", 1, 7, 6, WEIR__ANSWER, weir__handle_list_offsets,
     "no log start offset; a lookup by time finds nothing and reports no error"},
    {3, "Metadata", 0, 7, 9, WEIR__ANSWER, weir__handle_metadata,
     "a metadata request creates the topic, with four partitions; addresses are the mock "
     "cluster's"},
    {8, "OffsetCommit", 2, 7, 8, WEIR__ANSWER, weir__handle_offset_commit,
     "refused while members join; accepted by any broker"},
    {9, "OffsetFetch", 1, 7, 6, WEIR__ANSWER, weir__handle_offset_fetch,
     "offsets are stored where OffsetCommit puts them; open transactions do not make them "
     "unstable"},
    {10, "FindCoordinator", 0, 3, 3, WEIR__ANSWER, weir__handle_find_coordinator,
     "aborts the process on a coordinator that does not exist; addresses"},
    {11, "JoinGroup", 0, 5, 6, WEIR__ANSWER, weir__handle_join_group,
     "joining lasts a fixed time; aborts on mixed protocols and on a join from a new connection; "
     "member ids are addresses"},
    {12, "Heartbeat", 0, 3, 4, WEIR__ANSWER, weir__handle_heartbeat,
     "does not refresh the session in a rebalance"},
    {13, "LeaveGroup", 0, 3, 4, WEIR__ANSWER, weir__handle_leave_group,
     "the rebalance that follows lasts until the session timeout"},
    {14, "SyncGroup", 0, 3, 4, WEIR__ANSWER, weir__handle_sync_group,
     "a late follower gets INVALID_REQUEST instead of its assignment"},
    {15, "DescribeGroups", 0, 4, 5, WEIR__ANSWER, weir__handle_describe_groups, "absent"},
    {16, "ListGroups", 0, 4, 3, WEIR__ANSWER, weir__handle_list_groups, "absent"},
    {18, "ApiVersions", 0, 3, 3, WEIR__ANSWER, weir__handle_api_versions,
     "returns the mock cluster's versions, not this table's"},
    {19, "CreateTopics", 0, 4, 5, WEIR__ANSWER, weir__handle_create_topics, "absent"},
    {20, "DeleteTopics", 0, 3, 4, WEIR__ANSWER, weir__handle_delete_topics, "absent"},
    {21, "DeleteRecords", 0, 1, 2, WEIR__ANSWER, weir__handle_delete_records, "absent"},
    {22, "InitProducerId", 0, 4, 2, WEIR__ANSWER, weir__handle_init_producer_id,
     "a new producer fences no older one and aborts nothing; producer ids are random"},
    {23, "OffsetForLeaderEpoch", 0, 3, 4, WEIR__ANSWER, weir__handle_offset_for_leader_epoch,
     "absent before librdkafka 2.1"},
    {24, "AddPartitionsToTxn", 0, 3, 3, WEIR__ANSWER, weir__handle_add_partitions_to_txn,
     "no state, no error of a state"},
    {25, "AddOffsetsToTxn", 0, 3, 3, WEIR__ANSWER, weir__handle_add_offsets_to_txn,
     "no state, no error of a state"},
    {26, "EndTxn", 0, 3, 3, WEIR__ANSWER, weir__handle_end_txn,
     "an abort is a commit; no markers; no transaction timeout"},
    {28, "TxnOffsetCommit", 0, 3, 3, WEIR__ANSWER, weir__handle_txn_offset_commit,
     "offsets are dropped; member and generation are not checked"},
    {32, "DescribeConfigs", 0, 1, 4, WEIR__ANSWER, weir__handle_describe_configs, "absent"},
    {33, "AlterConfigs", 0, 1, 2, WEIR__ANSWER, weir__handle_alter_configs, "absent"},
    {37, "CreatePartitions", 0, 1, 2, WEIR__ANSWER, weir__handle_create_partitions, "absent"},
    {42, "DeleteGroups", 0, 1, 2, WEIR__ANSWER, weir__handle_delete_groups, "absent"},
    {44, "IncrementalAlterConfigs", 0, 0, 1, WEIR__ANSWER, weir__handle_incremental_alter_configs,
     "absent"},
    {47, "OffsetDelete", 0, 0, 1, WEIR__ANSWER, weir__handle_offset_delete, "absent"},
    {60, "DescribeCluster", 0, 0, 0, WEIR__ANSWER, weir__handle_describe_cluster, "absent"},
    {61, "DescribeProducers", 0, 0, 0, WEIR__ANSWER, weir__handle_describe_producers, "absent"},
    {65, "DescribeTransactions", 0, 0, 0, WEIR__ANSWER, weir__handle_describe_transactions,
     "absent"},
    {66, "ListTransactions", 0, 1, 0, WEIR__ANSWER, weir__handle_list_transactions, "absent"},
};

const weir__api *weir__apis(size_t *count)
{
    *count = sizeof apis / sizeof *apis;
    return apis;
}

const weir__api *weir__api_find(int16_t key)
{
    for (size_t i = 0; i < sizeof apis / sizeof *apis; i++) {
        if (apis[i].key == key) {
            return &apis[i];
        }
    }
    return NULL;
}

const weir__api *weir__api_named(const char *name)
{
    for (size_t i = 0; i < sizeof apis / sizeof *apis; i++) {
        if (strcmp(apis[i].name, name) == 0) {
            return &apis[i];
        }
    }
    return NULL;
}

/* Reads the header and begins the answer. False: the version is not offered. */
static bool begin(weir__request *request, weir__reader *in)
{
    int16_t key = weir__read_i16(in);
    request->version = weir__read_i16(in);
    request->correlation = weir__read_i32(in);
    request->client_id = weir__read_string(in);
    const weir__api *api = weir__api_find(key);
    bool versions = api != NULL && api->handle == weir__handle_api_versions;
    if (api == NULL || in->failed ||
        (!versions &&
         (request->version < api->version_min || request->version > api->version_max))) {
        weir__mock_fail(request->mock,
                        "a client asks for API key %d version %d, which is not offered", key,
                        request->version);
        return false;
    }
    request->api = api;
    bool flexible = request->version >= api->flexible_from;
    if (flexible && !versions) {
        weir__skip_tags(in);
    }
    weir__buf_put_i32(&request->answer, 0); /* the length */
    weir__buf_put_i32(&request->answer, request->correlation);
    if (flexible && !versions) {
        weir__put_tags(&request->answer);
    }
    return true;
}

static void carry_out(weir__request *request, weir__reader *in)
{
    if (weir__fault_is(request, WEIR_MOCK_DROP_REQUEST)) {
        weir__request_drop(request);
    } else if (weir__fault_is(request, WEIR_MOCK_DISCONNECT)) {
        weir__request_break(request);
    } else {
        request->api->handle(request, in);
    }
}

void weir__api_begin(weir__request *request)
{
    weir__reader in = weir__reader_of(weir__buf_slice(&request->frame));
    if (request->api != NULL) { /* it was delayed */
        weir__read_bytes(&in, request->body_at);
        carry_out(request, &in);
        return;
    }
    if (!begin(request, &in)) {
        weir__request_break(request);
        return;
    }
    request->body_at = request->frame.len - weir__reader_left(&in);
    weir__faults_choose(request, in);
    if (request->start_us == 0) {
        carry_out(request, &in);
    }
}
