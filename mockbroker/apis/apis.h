/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of Kafka's API keys: the requests that the front forwards, amends or answers itself. */
#ifndef WEIR_MOCKBROKER_APIS_H
#define WEIR_MOCKBROKER_APIS_H

#include "server/api.h"
#include "server/conn.h"
#include "wire/wire.h"

#define WEIR__HOST "127.0.0.1" /* of every broker */
#define WEIR__CLUSTER_ID "weir-mock-cluster"

const weir__api *weir__apis(size_t *count);
const weir__api *weir__api_find(int16_t key); /* NULL: not offered */
const weir__api *weir__api_named(const char *name);

/* Reads the header, chooses faults and calls the handler, at once or after a delay. */
void weir__api_begin(weir__request *request);

/* ---- One file an API ---- */
void weir__handle_api_versions(weir__request *request, weir__reader *in);
void weir__handle_produce(weir__request *request, weir__reader *in);
void weir__handle_fetch(weir__request *request, weir__reader *in);
void weir__handle_list_offsets(weir__request *request, weir__reader *in);
void weir__handle_offset_for_leader_epoch(weir__request *request, weir__reader *in);
void weir__handle_metadata(weir__request *request, weir__reader *in);
void weir__handle_find_coordinator(weir__request *request, weir__reader *in);
void weir__handle_create_topics(weir__request *request, weir__reader *in);
void weir__handle_create_partitions(weir__request *request, weir__reader *in);
void weir__handle_delete_topics(weir__request *request, weir__reader *in);
void weir__handle_delete_records(weir__request *request, weir__reader *in);
void weir__handle_alter_configs(weir__request *request, weir__reader *in);
void weir__handle_incremental_alter_configs(weir__request *request, weir__reader *in);
void weir__handle_describe_cluster(weir__request *request, weir__reader *in);
void weir__handle_describe_configs(weir__request *request, weir__reader *in);
void weir__handle_join_group(weir__request *request, weir__reader *in);
void weir__handle_sync_group(weir__request *request, weir__reader *in);
void weir__handle_heartbeat(weir__request *request, weir__reader *in);
void weir__handle_leave_group(weir__request *request, weir__reader *in);
void weir__handle_describe_groups(weir__request *request, weir__reader *in);
void weir__handle_list_groups(weir__request *request, weir__reader *in);
void weir__handle_delete_groups(weir__request *request, weir__reader *in);
void weir__handle_offset_commit(weir__request *request, weir__reader *in);
void weir__handle_offset_fetch(weir__request *request, weir__reader *in);
void weir__handle_offset_delete(weir__request *request, weir__reader *in);
void weir__handle_init_producer_id(weir__request *request, weir__reader *in);
void weir__handle_add_partitions_to_txn(weir__request *request, weir__reader *in);
void weir__handle_add_offsets_to_txn(weir__request *request, weir__reader *in);
void weir__handle_end_txn(weir__request *request, weir__reader *in);
void weir__handle_txn_offset_commit(weir__request *request, weir__reader *in);
void weir__handle_describe_producers(weir__request *request, weir__reader *in);
void weir__handle_describe_transactions(weir__request *request, weir__reader *in);
void weir__handle_list_transactions(weir__request *request, weir__reader *in);

extern const weir__groups_ops weir__group_answers; /* waiters are requests */
void weir__answer_join(void *waiter, const weir__join_answer *answer);
void weir__answer_sync(void *waiter, int16_t error, weir_slice assignment);

/* The injected error, else NOT_COORDINATOR when another broker coordinates the group, else 0. */
int16_t weir__check_coordinator(const weir__request *request, weir_slice group);
/* ---- metadata.c ---- */
/* Brokers that are down are not told to clients, as in Kafka. */
static inline bool weir__broker_is_told(const weir__broker *broker)
{
    return broker->listener >= 0;
}
int32_t weir__brokers_told(const weir_mock *mock); /* their number */
/* The lowest broker that is up; -1: none. */
int32_t weir__controller(const weir_mock *mock);

/* ---- answers.c ---- */
/* Reads topics with the ids of their partitions. */
void weir__skip_partitions(weir__reader *in);
void weir__put_throttle(weir__request *request, int16_t from_version);
/* Writes the result for one topic of a request: name, error and, from that version on, the error's
 * text ("" or no error: null). */
void weir__put_topic_result(weir__request *request, int16_t text_from_version, weir_slice name,
                            int16_t error, const char *message);

#endif
