/* SPDX-License-Identifier: Apache-2.0
 *
 * Fetch: it waits until there is enough data, a partition has an error, or its max wait is over.
 * Fetch sessions (KIP-227) are not kept: each answer has session id 0, as of a broker whose session
 * cache is full, so clients send full requests. */
#include "items.h"

/* fetch.max.bytes of the broker. */
#define FETCH_BYTES_MAX ((size_t)55 << 20)
#define READ_COMMITTED 1

typedef struct fetched {
    weir__item item;
    int32_t leader_epoch; /* that the client knows; -1: none */
    int64_t offset;
    size_t bytes_max;
    const weir__partition *partition; /* found by look_at; NULL: the item has an error */
} fetched;

typedef struct fetch_request {
    int32_t max_wait_ms;
    size_t min_bytes;
    size_t max_bytes;
    bool read_committed;
    int32_t session_epoch; /* of a request that goes on with a session; else 0 or -1 */
    weir__items parts;
    size_t left;      /* bytes, while the answer is written */
    bool has_records; /* the answer, so far */
} fetch_request;

static void state_fini(void *state)
{
    weir__items_fini(&((fetch_request *)state)->parts);
}

/* ---- Reading ---- */

static size_t not_negative(int32_t number)
{
    return number > 0 ? (size_t)number : 0;
}

static void read_part(const weir__request *request, weir__reader *in, void *item)
{
    fetched *part = item;
    part->leader_epoch = request->version >= 9 ? weir__read_i32(in) : -1;
    part->offset = weir__read_i64(in);
    if (request->version >= 5) {
        weir__read_i64(in); /* the follower's log start offset */
    }
    part->bytes_max = not_negative(weir__read_i32(in));
}

static void read_request(const weir__request *request, weir__reader *in, fetch_request *fetch)
{
    weir__read_i32(in); /* replica id */
    fetch->max_wait_ms = weir__read_i32(in);
    fetch->min_bytes = not_negative(weir__read_i32(in));
    fetch->max_bytes = not_negative(weir__read_i32(in));
    fetch->max_bytes = fetch->max_bytes < FETCH_BYTES_MAX ? fetch->max_bytes : FETCH_BYTES_MAX;
    fetch->read_committed = weir__read_u8(in) == READ_COMMITTED;
    if (request->version >= 7) {
        weir__read_i32(in); /* session id */
        fetch->session_epoch = weir__read_i32(in);
    }
    weir__items_read(request, in, &fetch->parts, read_part);
    if (request->version >= 7) {
        weir__skip_partitions(in); /* that the session forgets */
    }
    if (request->version >= 11) {
        weir__read_string(in); /* rack id */
    }
}

/* ---- Answering ---- */

/* The offset that the client may read up to. */
static int64_t readable(const fetch_request *fetch, const weir__log *log)
{
    return fetch->read_committed ? weir__log_last_stable(log) : log->end;
}

typedef struct aborted_list {
    weir_buf *out;
    int32_t count;
} aborted_list;

static void put_aborted(const weir__aborted *aborted, void *user)
{
    aborted_list *list = user;
    weir__buf_put_i64(list->out, aborted->producer_id);
    weir__buf_put_i64(list->out, aborted->first_offset);
    list->count++;
}

/* The records up to `next`, and before them the aborted transactions among them. */
static void put_records(weir__request *request, const fetched *part, const weir__log *log,
                        int64_t next)
{
    fetch_request *fetch = request->state;
    weir_buf *out = &request->answer;
    aborted_list aborted = {.out = out};
    size_t begin = weir__array_begin(out);
    if (fetch->read_committed) {
        weir__log_aborted(log, part->offset, next, put_aborted, &aborted);
    }
    weir__array_end(out, begin, fetch->read_committed ? aborted.count : -1);
    if (request->version >= 11) {
        weir__buf_put_i32(out, -1); /* preferred read replica */
    }
    size_t at = weir__array_begin(out); /* a length, here in bytes */
    size_t before = out->len;
    weir__log_read(log, part->offset, next, out);
    size_t bytes = out->len - before;
    weir__array_end(out, at, (int32_t)bytes);
    if (bytes == 0) {
        return;
    }
    fetch->has_records = true;
    fetch->left -= bytes < fetch->left ? bytes : fetch->left;
    weir__mock_event(request->mock, &(weir_mock_event){.kind = WEIR_MOCK_FETCH,
                                                       .topic = part->item.topic,
                                                       .partition = part->item.id,
                                                       .offset = part->offset,
                                                       .bytes = bytes,
                                                       .client_id = request->client_id});
}

static void put_part(weir__request *request, const void *item)
{
    static const weir__log nothing = {.start = -1, .end = -1};
    const fetched *part = item;
    const fetch_request *fetch = request->state;
    const weir__log *log = part->partition != NULL ? &part->partition->log : &nothing;
    weir_buf *out = &request->answer;
    weir__buf_put_i32(out, part->item.id);
    weir__buf_put_i16(out, part->item.error);
    weir__buf_put_i64(out, log->end); /* high watermark */
    weir__buf_put_i64(out, weir__log_last_stable(log));
    if (request->version >= 5) {
        weir__buf_put_i64(out, log->start);
    }
    int64_t next = part->offset;
    if (part->partition != NULL) {
        size_t room = part->bytes_max < fetch->left ? part->bytes_max : fetch->left;
        /* A batch that is larger than all limits is sent alone, so that clients go on (KIP-74). */
        next = weir__log_span(log, part->offset, readable(fetch, log), room, !fetch->has_records);
    }
    put_records(request, part, log, next);
}

/* `error`: of the whole request. */
static void answer(weir__request *request, int16_t error)
{
    fetch_request *fetch = request->state;
    weir_buf *out = &request->answer;
    weir__buf_put_i32(out, 0); /* throttle time */
    if (request->version >= 7) {
        weir__buf_put_i16(out, error);
        weir__buf_put_i32(out, 0); /* session id: none */
    }
    request->due_us = 0;
    fetch->left = fetch->max_bytes;
    weir__items_put(request, &fetch->parts, put_part);
    weir__request_answer(request);
}

/* ---- Waiting ---- */

/* Bytes that the answer would have of the partition. Finds it, or sets the item's error. */
static size_t look_at(const weir__request *request, fetched *part)
{
    const fetch_request *fetch = request->state;
    part->partition = weir__item_serve(request, &part->item, part->leader_epoch);
    if (part->partition == NULL) {
        return 0;
    }
    const weir__log *log = &part->partition->log;
    if (part->offset < log->start || part->offset > log->end) {
        part->partition = NULL;
        part->item.error = RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
        return 0;
    }
    size_t bytes = weir__log_bytes(log, part->offset, readable(fetch, log));
    return bytes < part->bytes_max ? bytes : part->bytes_max;
}

static void retry(weir__request *request)
{
    fetch_request *fetch = request->state;
    size_t bytes = 0;
    bool at_once = fetch->parts.count == 0;
    for (int32_t i = 0; i < fetch->parts.count; i++) {
        fetched *part = weir__items_at(&fetch->parts, i);
        bytes += look_at(request, part);
        at_once = at_once || part->item.error != 0;
    }
    if (request->due_us == 0) {
        request->due_us = request->mock->now_us + (int64_t)fetch->max_wait_ms * 1000;
        request->retry = retry;
    }
    if (at_once || bytes >= fetch->min_bytes || request->due_us <= request->mock->now_us) {
        answer(request, request->injected);
    }
}

void weir__handle_fetch(weir__request *request, weir__reader *in)
{
    fetch_request *fetch = weir__request_state(request, sizeof *fetch, state_fini);
    if (fetch == NULL) {
        return;
    }
    fetch->parts.size = sizeof(fetched);
    read_request(request, in, fetch);
    if (in->failed) {
        weir__request_malformed(request);
    } else if (request->conn->fd < 0) {
        weir__request_break(request); /* no client waits for the answer */
    } else if (fetch->session_epoch > 0) {
        fetch->parts.count = 0;
        answer(request, RD_KAFKA_RESP_ERR_FETCH_SESSION_ID_NOT_FOUND);
    } else {
        retry(request);
    }
}
