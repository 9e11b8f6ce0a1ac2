/* SPDX-License-Identifier: Apache-2.0
 *
 * Connections: parses bytes into requests, sends answers, forwards requests to the mock cluster. */
#include "conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api.h"
#include "core/error.h"
#include "faults.h"
#include "wire/wire.h"

#define READ_BYTES ((size_t)64 << 10)
#define FRAME_LENGTH_BYTES ((size_t)4)
/* API key, version, correlation id, length of the client id. */
#define FRAME_BYTES_MIN ((size_t)10)
/* Pipelined requests of a client are buffered up to this size; then its socket fills. */
#define INPUT_BYTES_MAX (WEIR__REQUEST_BYTES_MAX + FRAME_LENGTH_BYTES)

/* ---- Sockets ---- */

static void tune(int fd)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* Bytes sent; 0: not now; -1: broken. */
static ssize_t send_some(int fd, const uint8_t *data, size_t len)
{
    struct iovec part = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    return sent;
}

/* Appends the bytes that have arrived. 1: read; 0: nothing now; -1: closed or broken. Most
 * connections never get more than a few bytes: room for READ_BYTES in the buffers of a hundred
 * would cost more than to copy.
 */
static int receive_some(int fd, weir_buf *buf)
{
    uint8_t bytes[READ_BYTES];
    struct iovec part = {.iov_base = bytes, .iov_len = sizeof bytes};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t got = recvmsg(fd, &message, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return 0;
    }
    if (got <= 0 || weir_put(buf, bytes, (size_t)got) != WEIR_OK) {
        return -1;
    }
    return 1;
}

weir_err weir__conn_accept(weir_mock *mock, weir__broker *broker)
{
    int fd = accept(broker->listener, NULL, NULL);
    if (fd < 0) {
        return WEIR_OK; /* the client has disconnected already */
    }
    weir__conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL) {
        close(fd);
        return WEIR_ENOMEM;
    }
    tune(fd);
    *conn = (weir__conn){.mock = mock, .broker = broker, .fd = fd, .upstream = -1};
    *(mock->conns_end != NULL ? &mock->conns_end->next : &mock->conns) = conn;
    mock->conns_end = conn;
    return WEIR_OK;
}

static void request_free(weir__request *request)
{
    if (request->state != NULL && request->state_fini != NULL) {
        request->state_fini(request->state);
    }
    free(request->state);
    weir__buf_fini(&request->part_faults);
    weir__buf_fini(&request->frame);
    weir__buf_fini(&request->answer);
    free(request);
}

static void drop_answers(weir__conn *conn)
{
    while (conn->answers != NULL) {
        weir__answer *answer = conn->answers;
        conn->answers = answer->next;
        weir__buf_fini(&answer->bytes);
        free(answer);
    }
    conn->answers_end = NULL;
}

static void close_upstream(weir__conn *conn)
{
    if (conn->upstream >= 0) {
        close(conn->upstream);
        conn->upstream = -1;
    }
    weir__buf_reset(&conn->upstream_out);
    weir__buf_reset(&conn->upstream_in);
    conn->upstream_sent = 0;
}

void weir__conn_close(weir__conn *conn, bool lose_input)
{
    if (conn->fd >= 0) {
        close(conn->fd);
        conn->fd = -1;
    }
    drop_answers(conn);
    if (lose_input) {
        weir__buf_reset(&conn->in);
        conn->in_at = 0;
    }
    const weir__request *current = conn->current;
    bool waits_for_data = current != NULL && current->due_us != 0; /* not any more */
    bool not_begun = current != NULL && current->start_us != 0;
    if (waits_for_data || (not_begun && lose_input)) {
        request_free(conn->current);
        conn->current = NULL;
    }
}

void weir__conn_free(weir__conn *conn)
{
    weir__conn_close(conn, true);
    if (conn->current != NULL) {
        request_free(conn->current);
    }
    close_upstream(conn);
    weir__buf_fini(&conn->in);
    weir__buf_fini(&conn->upstream_in);
    weir__buf_fini(&conn->upstream_out);
    free(conn);
}

/* ---- Requests and answers ---- */

static void request_end(weir__request *request)
{
    weir__conn *conn = request->conn;
    weir_assert(conn->current == request);
    conn->current = NULL;
    request_free(request);
}

void weir__request_break(weir__request *request)
{
    weir__conn *conn = request->conn;
    request->due_us = 0;
    weir__conn_close(conn, true);
    request_end(request);
}

static void discard_input(weir__conn *conn)
{
    weir__buf_reset(&conn->in);
    conn->in_at = 0;
}

void weir__request_drop(weir__request *request)
{
    weir__conn *conn = request->conn;
    conn->silent = true;
    drop_answers(conn);
    discard_input(conn);
    request_end(request);
}

void weir__request_malformed(weir__request *request)
{
    weir__mock_fail(request->mock, "malformed %s request (version %d) from client '%.*s'",
                    request->api->name, request->version, (int)request->client_id.len,
                    request->client_id.data != NULL ? (const char *)request->client_id.data : "");
    weir__request_break(request);
}

void weir__request_answer(weir__request *request)
{
    weir__conn *conn = request->conn;
    weir_buf *bytes = &request->answer;
    if (bytes->err != WEIR_OK) {
        weir__mock_fail(request->mock, "answer to %s: %s", request->api->name,
                        weir_err_str(bytes->err));
    }
    if (bytes->err != WEIR_OK || request->lose_answer ||
        weir__fault_is(request, WEIR_MOCK_DISCONNECT_AFTER)) {
        weir__request_break(request);
        return;
    }
    if (weir__fault_is(request, WEIR_MOCK_DROP_ANSWER)) {
        weir__request_drop(request);
        return;
    }
    weir__answer *answer = conn->fd >= 0 && !request->silent ? calloc(1, sizeof *answer) : NULL;
    if (answer != NULL) {
        weir__store_u32(bytes->data, (uint32_t)(bytes->len - FRAME_LENGTH_BYTES));
        int64_t rtt_us = conn->broker->rtt_us;
        *answer = (weir__answer){.due_us = rtt_us > 0 ? request->mock->now_us + rtt_us : 0,
                                 .bytes = *bytes};
        *bytes = (weir_buf){0};
        *(conn->answers_end != NULL ? &conn->answers_end->next : &conn->answers) = answer;
        conn->answers_end = answer;
    }
    request_end(request);
    weir__conn_flush(conn);
}

void *weir__request_state(weir__request *request, size_t size, void (*fini)(void *state))
{
    request->state = calloc(1, size);
    request->state_fini = fini;
    if (request->state == NULL) {
        weir__mock_fail(request->mock, "out of memory");
        weir__request_break(request);
        return NULL;
    }
    return request->state;
}

/* The header of the front's own requests; their client id has no meaning. */
void weir__upstream_begin(const weir__request *request, weir_buf *frame, int16_t key,
                          int16_t version)
{
    weir__buf_put_i32(frame, 0); /* the length, set when it is sent */
    weir__buf_put_i16(frame, key);
    weir__buf_put_i16(frame, version);
    weir__buf_put_i32(frame, request->correlation);
    weir__put_cstring(frame, "front");
}

static weir_err open_upstream(weir__conn *conn)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)conn->mock->upstream_port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        weir__mock_fail(conn->mock, "cannot connect to the mock cluster: %s", strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return WEIR_EIO;
    }
    tune(fd);
    conn->upstream = fd;
    return WEIR_OK;
}

void weir__request_forward_frame(weir__request *request, weir_buf *frame)
{
    weir__conn *conn = request->conn;
    if (frame->err != WEIR_OK || (conn->upstream < 0 && open_upstream(conn) != WEIR_OK)) {
        weir__request_break(request);
        return;
    }
    weir__store_u32(frame->data, (uint32_t)(frame->len - FRAME_LENGTH_BYTES));
    weir_assert(conn->upstream_out.len == conn->upstream_sent); /* one request at a time */
    weir__buf_reset(&conn->upstream_out);
    conn->upstream_sent = 0;
    if (weir_put(&conn->upstream_out, frame->data, frame->len) != WEIR_OK) {
        weir__request_break(request);
        return;
    }
    weir__conn_upstream_flush(conn);
}

void weir__request_forward(weir__request *request)
{
    weir_buf frame = {0};
    weir__buf_put_i32(&frame, 0);
    weir_put(&frame, request->frame.data, request->frame.len);
    weir__request_forward_frame(request, &frame);
    weir__buf_fini(&frame);
}

/* ---- Input ---- */

bool weir__conn_wants_input(const weir__conn *conn)
{
    return conn->in.len - conn->in_at < INPUT_BYTES_MAX;
}

void weir__conn_readable(weir__conn *conn)
{
    if (conn->fd >= 0 && receive_some(conn->fd, &conn->in) < 0) {
        weir__conn_close(conn, false); /* requests received before are carried out */
    }
}

/* Length of the next frame if all of it has arrived, else 0; -1: not a frame. */
static int64_t whole_frame(const weir__conn *conn)
{
    size_t left = conn->in.len - conn->in_at;
    if (left < FRAME_LENGTH_BYTES) {
        return 0;
    }
    uint32_t len = weir__load_u32(conn->in.data + conn->in_at);
    if (len < FRAME_BYTES_MIN || len > WEIR__REQUEST_BYTES_MAX) {
        return -1;
    }
    return left - FRAME_LENGTH_BYTES >= len ? (int64_t)len : 0;
}

static weir__request *request_new(weir__conn *conn, size_t len)
{
    weir__request *request = calloc(1, sizeof *request);
    if (request == NULL) {
        return NULL;
    }
    request->mock = conn->mock;
    request->conn = conn;
    if (weir_put(&request->frame, conn->in.data + conn->in_at + FRAME_LENGTH_BYTES, len) !=
        WEIR_OK) {
        request_free(request);
        return NULL;
    }
    conn->in_at += FRAME_LENGTH_BYTES + len;
    if (conn->in_at == conn->in.len) {
        weir__buf_reset(&conn->in);
        conn->in_at = 0;
    } else if (conn->in_at > conn->in.len / 2) {
        conn->in.len -= conn->in_at;
        memmove(conn->in.data, conn->in.data + conn->in_at, conn->in.len);
        conn->in_at = 0;
    }
    conn->current = request;
    return request;
}

bool weir__conn_step(weir__conn *conn)
{
    if (weir__conn_start_us(conn) <= conn->mock->now_us) {
        conn->current->start_us = 0;
        conn->mock->begin(conn->current);
        return true;
    }
    if (conn->silent) {
        discard_input(conn);
    }
    if (conn->current != NULL) {
        return false;
    }
    int64_t len = whole_frame(conn);
    if (len == 0) {
        return false;
    }
    if (len < 0) {
        weir__mock_fail(conn->mock, "a client sent a frame that is no request, or is over %u bytes",
                        WEIR__REQUEST_BYTES_MAX);
        weir__conn_close(conn, true);
        return false;
    }
    weir__request *request = request_new(conn, (size_t)len);
    if (request == NULL) {
        weir__mock_fail(conn->mock, "out of memory");
        weir__conn_close(conn, true);
        return false;
    }
    conn->mock->begin(request);
    return true;
}

/* ---- Output ---- */

int64_t weir__conn_deadline_us(const weir__conn *conn)
{
    return conn->answers != NULL && conn->fd >= 0 ? conn->answers->due_us : INT64_MAX;
}

int64_t weir__conn_start_us(const weir__conn *conn)
{
    const weir__request *request = conn->current;
    return request != NULL && request->start_us != 0 ? request->start_us : INT64_MAX;
}

void weir__conn_flush(weir__conn *conn)
{
    while (conn->answers != NULL && conn->fd >= 0 && conn->answers->due_us <= conn->mock->now_us) {
        weir__answer *answer = conn->answers;
        ssize_t sent = send_some(conn->fd, answer->bytes.data + answer->sent,
                                 answer->bytes.len - answer->sent);
        if (sent < 0) {
            weir__conn_close(conn, false);
            return;
        }
        answer->sent += (size_t)sent;
        if (answer->sent < answer->bytes.len) {
            return;
        }
        conn->answers = answer->next;
        if (conn->answers == NULL) {
            conn->answers_end = NULL;
        }
        weir__buf_fini(&answer->bytes);
        free(answer);
    }
}

bool weir__conn_is_over(const weir__conn *conn)
{
    return conn->fd < 0 && conn->current == NULL && whole_frame(conn) == 0;
}

/* ---- The mock cluster's side ---- */

static void upstream_lost(weir__conn *conn)
{
    weir__mock_fail(conn->mock, "the mock cluster closed a connection");
    close_upstream(conn);
    if (conn->current != NULL) {
        weir__request_break(conn->current);
    }
}

void weir__conn_upstream_flush(weir__conn *conn)
{
    weir_buf *out = &conn->upstream_out;
    while (conn->upstream_sent < out->len) {
        ssize_t sent = send_some(conn->upstream, out->data + conn->upstream_sent,
                                 out->len - conn->upstream_sent);
        if (sent < 0) {
            upstream_lost(conn);
            return;
        }
        if (sent == 0) {
            return;
        }
        conn->upstream_sent += (size_t)sent;
    }
}

static void upstream_answered(weir__conn *conn, size_t frame_len)
{
    weir__request *request = conn->current;
    weir_buf *in = &conn->upstream_in;
    if (request->forwarded != NULL) {
        weir__reader reader = weir__reader_of((weir_slice){in->data, frame_len});
        weir__read_bytes(&reader, FRAME_LENGTH_BYTES + sizeof(int32_t));
        request->forwarded(request, &reader);
    } else {
        weir__buf_reset(&request->answer);
        weir_put(&request->answer, in->data, frame_len);
        weir__request_answer(request);
    }
    weir__buf_reset(in);
}

void weir__conn_upstream_readable(weir__conn *conn)
{
    weir_buf *in = &conn->upstream_in;
    int got = receive_some(conn->upstream, in);
    if (got < 0 || (got > 0 && conn->current == NULL)) {
        upstream_lost(conn);
        return;
    }
    if (in->len < FRAME_LENGTH_BYTES) {
        return;
    }
    size_t frame_len = FRAME_LENGTH_BYTES + weir__load_u32(in->data);
    if (in->len >= frame_len) {
        upstream_answered(conn, frame_len);
    }
}
