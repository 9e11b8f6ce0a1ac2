/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of Kafka's API keys: the requests that the front forwards, amends or answers itself. */
#ifndef WEIR_MOCKBROKER_APIS_H
#define WEIR_MOCKBROKER_APIS_H

#include "conn.h"
#include "wire.h"

typedef enum weir__api_kind {
    WEIR__FORWARD, /* the mock cluster's answer is the client's */
    WEIR__AMEND,   /* the mock cluster carries it out, the front changes request or answer */
    WEIR__ANSWER,  /* the front alone carries it out */
} weir__api_kind;

typedef struct weir__api {
    int16_t key;
    const char *name;
    int16_t version_min; /* as advertised */
    int16_t version_max;
    int16_t flexible_from; /* first version with compact types and tags */
    weir__api_kind kind;
    /* Reads the body from `in`, then answers, forwards, or keeps the request to answer it later.
     * When request->injected is set it does nothing but answer with that code. When the body was
     * malformed (in->failed) it changes nothing and calls weir__request_malformed. */
    void (*handle)(weir__request *request, weir__reader *in);
    const char *gap; /* what the mock cluster lacks; "" for FORWARD */
} weir__api;

const weir__api *weir__apis(size_t *count);
const weir__api *weir__api_find(int16_t key); /* NULL: not offered */

/* Reads the header and calls the handler. */
void weir__api_begin(weir__request *request);

/* api_*.c */
void weir__handle_produce(weir__request *request, weir__reader *in);
void weir__handle_fetch(weir__request *request, weir__reader *in);
/* Checks whether a waiting Fetch can be answered now. */
void weir__fetch_retry(weir__request *request);
void weir__handle_list_offsets(weir__request *request, weir__reader *in);
void weir__handle_metadata(weir__request *request, weir__reader *in);
void weir__handle_find_coordinator(weir__request *request, weir__reader *in);
void weir__handle_create_topics(weir__request *request, weir__reader *in);
void weir__handle_create_partitions(weir__request *request, weir__reader *in);
void weir__handle_delete_topics(weir__request *request, weir__reader *in);
void weir__handle_delete_records(weir__request *request, weir__reader *in);
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
void weir__handle_add_partitions(weir__request *request, weir__reader *in);
void weir__handle_txn_offsets(weir__request *request, weir__reader *in);
void weir__handle_add_offsets(weir__request *request, weir__reader *in);
void weir__handle_end_txn(weir__request *request, weir__reader *in);

extern const weir__groups_ops weir__group_answers; /* waiters are requests */

/* The injected error, else NOT_COORDINATOR when another broker coordinates the group, else 0. */
int16_t weir__check_coordinator(const weir__request *request, weir_slice group);
void weir__put_throttle(weir__request *request, int16_t from_version);
/* Writes the result for one topic of a request: name, error and, from that version on, the error's
 * text ("" or no error: null). */
void weir__put_topic_result(weir__request *request, int16_t text_from_version, weir_slice name,
                            int16_t error, const char *message);

#endif
