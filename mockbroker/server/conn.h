/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections of clients, each with its own connection to the mock cluster's broker, opened when
 * the first request is forwarded. As in Kafka a connection carries out one request at a time, so
 * that answers are sent in order. */
#ifndef WEIR_MOCKBROKER_CONN_H
#define WEIR_MOCKBROKER_CONN_H

#include "brokers/mock.h"

struct weir__api;
typedef struct weir__conn weir__conn;
typedef struct weir__request weir__request;

/* A request, from the receipt of its last byte to its answer. It ends with exactly one call of
 * weir__request_answer, weir__request_break or weir__request_drop; until then it may wait. */
struct weir__request {
    weir_mock *mock;
    weir__conn *conn;
    const struct weir__api *api;
    int16_t version;
    int32_t correlation;
    weir_slice client_id;
    int16_t injected; /* a Kafka error code to be answered instead of carrying it out; 0: none */
    bool silent;      /* carried out, not answered (a Produce with acks=0) */
    bool lose_answer; /* carried out, then the connection breaks */
    const struct weir__fault *fault; /* the rule for the whole request; NULL: none */
    weir_buf part_faults;            /* pointers to the rules for parts of it */
    int64_t start_us;                /* when a delayed request begins; 0: it has begun */
    weir_buf frame;                  /* as received, without the length */
    size_t body_at;                  /* in the frame, behind the header */
    weir_buf answer;                 /* begun: length, correlation id, tags */
    int64_t due_us;                  /* until when it waits for data; 0: does not wait */
    /* Checks whether a request that waits for data can be answered now. */
    void (*retry)(weir__request *request);
    /* Called when the mock cluster has answered the forwarded request; `in` is behind the header.
     * NULL: the answer is sent to the client unchanged. */
    void (*forwarded)(weir__request *request, weir__reader *in);
    void *state; /* the API's own; calloc'ed */
    void (*state_fini)(void *state);
};

typedef struct weir__answer {
    struct weir__answer *next;
    int64_t due_us;
    size_t sent;
    weir_buf bytes;
} weir__answer;

struct weir__conn {
    weir__conn *next;
    weir_mock *mock;
    weir__broker *broker;
    int fd;      /* -1: closed; the rest is freed when no request is in flight */
    bool silent; /* requests are not carried out any more, answers not sent */
    weir_buf in;
    size_t in_at;
    weir__answer *answers;
    weir__answer *answers_end;
    weir__request *current;
    int upstream; /* -1: not open */
    weir_buf upstream_out;
    size_t upstream_sent;
    weir_buf upstream_in;
};

/* Sends the answer (or not, as the request says) and frees the request. */
void weir__request_answer(weir__request *request);
/* Breaks the connection instead of answering; frees the request. */
void weir__request_break(weir__request *request);
/* Frees the request without an answer; the connection is silent from now on. */
void weir__request_drop(weir__request *request);
/* As weir__request_break for bytes that are not a request of the protocol; reported to on_failure.
 */
void weir__request_malformed(weir__request *request);
/* Sends the request itself to the mock cluster. */
void weir__request_forward(weir__request *request);
/* Sends another request instead: a frame with its length, begun by weir__upstream_begin. */
void weir__request_forward_frame(weir__request *request, weir_buf *frame);
void weir__upstream_begin(const weir__request *request, weir_buf *frame, int16_t key,
                          int16_t version);
/* State of `size` zeroed bytes for request->state; NULL: out of memory, the connection breaks. */
void *weir__request_state(weir__request *request, size_t size, void (*fini)(void *state));

weir_err weir__conn_accept(weir_mock *mock, weir__broker *broker);
void weir__conn_free(weir__conn *conn);
/* Closes the client's side. With `lose_input`, requests received and not begun are lost. */
void weir__conn_close(weir__conn *conn, bool lose_input);
/* True if the connection can be freed: it is closed and has no request. */
bool weir__conn_is_over(const weir__conn *conn);

void weir__conn_readable(weir__conn *conn);
void weir__conn_flush(weir__conn *conn); /* sends the answers that are due */
void weir__conn_upstream_readable(weir__conn *conn);
void weir__conn_upstream_flush(weir__conn *conn);
/* Begins the next request, or a delayed one that is due. False: there is nothing to do. */
bool weir__conn_step(weir__conn *conn);
bool weir__conn_wants_input(const weir__conn *conn);
/* When the next answer is due; INT64_MAX: none waits. */
int64_t weir__conn_deadline_us(const weir__conn *conn);
/* When the delayed request begins; INT64_MAX: there is none. */
int64_t weir__conn_start_us(const weir__conn *conn);

#endif
