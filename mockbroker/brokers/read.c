/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a topic for assertions: on the caller's thread, from the mock cluster itself, so that
 * neither injected faults nor the front's thread affect it. A librdkafka consumer reads compressed
 * batches, since it can decompress them. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/error.h"
#include "core/saturate.h"
#include "mock.h"
#include "topics.h"
#include "wire/records.h"
#include "wire/wire.h"

#define FETCH_KEY 1
#define FETCH_VERSION 4
#define FETCH_BYTES_MAX (64 << 20)
#define POLL_MS 100
#define CONSUMER_TIMEOUT_US ((int64_t)60 * 1000000)

typedef weir_err (*record_fn)(const weir_mock_record *record, void *user);

/* One partition to be read, up to `end`. */
typedef struct job {
    weir_mock *mock;
    const char *topic;
    int32_t partition;
    const char *upstream; /* name of the topic that stores it in the mock cluster */
    int32_t upstream_id;
    int64_t next;
    int64_t end;
    weir_buf compacted; /* batches for the offsets below compacted_upto */
    int64_t compacted_upto;
    record_fn fn;
    void *user;
    weir_error *error;
} job;

/* ---- One request and its answer ---- */

static weir_err io_error(weir_error *error, const char *what)
{
    return weir__error_set(error, WEIR_EIO, "reading from the mock cluster: %s: %s", what,
                           strerror(errno));
}

static weir_err send_all(int fd, const weir_buf *frame, weir_error *error)
{
    for (size_t at = 0; at < frame->len;) {
        struct iovec part = {.iov_base = frame->data + at, .iov_len = frame->len - at};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return io_error(error, "sendmsg");
        }
        at += sent > 0 ? (size_t)sent : 0;
    }
    return WEIR_OK;
}

static weir_err receive_all(int fd, weir_buf *into, size_t len, weir_error *error)
{
    weir__buf_reset(into);
    if (weir__buf_reserve(into, len) != WEIR_OK) {
        return weir__error_set(error, WEIR_ENOMEM, "out of memory");
    }
    while (into->len < len) {
        struct iovec part = {.iov_base = into->data + into->len, .iov_len = len - into->len};
        struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
        ssize_t got = recvmsg(fd, &message, 0);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return io_error(error, "recvmsg");
        }
        into->len += got > 0 ? (size_t)got : 0;
    }
    return WEIR_OK;
}

static void put_fetch(const job *read, weir_buf *frame)
{
    weir__buf_reset(frame);
    weir__buf_put_i32(frame, 0); /* the length */
    weir__buf_put_i16(frame, FETCH_KEY);
    weir__buf_put_i16(frame, FETCH_VERSION);
    weir__buf_put_i32(frame, 0); /* correlation id */
    weir__put_cstring(frame, "reader");
    weir__buf_put_i32(frame, -1); /* replica id */
    weir__buf_put_i32(frame, 0);  /* max wait */
    weir__buf_put_i32(frame, 0);  /* min bytes */
    weir__buf_put_i32(frame, FETCH_BYTES_MAX);
    weir__buf_put_u8(frame, 0); /* isolation level */
    weir__buf_put_i32(frame, 1);
    weir__put_cstring(frame, read->upstream);
    weir__buf_put_i32(frame, 1);
    weir__buf_put_i32(frame, read->upstream_id);
    weir__buf_put_i64(frame, read->next);
    weir__buf_put_i32(frame, FETCH_BYTES_MAX);
    if (frame->err == WEIR_OK) {
        weir__store_u32(frame->data, (uint32_t)(frame->len - sizeof(int32_t)));
    }
}

/* Leaves the answer in `frame`; *batches points into it. */
static weir_err fetch(const job *read, int fd, weir_buf *frame, weir_slice *batches)
{
    put_fetch(read, frame);
    if (frame->err != WEIR_OK) {
        return weir__error_set(read->error, frame->err, "out of memory");
    }
    weir_err err = send_all(fd, frame, read->error);
    if (err == WEIR_OK) {
        err = receive_all(fd, frame, sizeof(int32_t), read->error);
    }
    if (err == WEIR_OK) {
        err = receive_all(fd, frame, weir__load_u32(frame->data), read->error);
    }
    if (err != WEIR_OK) {
        return err;
    }
    weir__reader in = weir__reader_of(weir__buf_slice(frame));
    weir__read_bytes(&in, 3 * sizeof(int32_t)); /* correlation id, throttle time, topics: 1 */
    weir__read_string(&in);
    weir__read_bytes(&in, 2 * sizeof(int32_t)); /* partitions: 1, its id */
    int16_t code = weir__read_i16(&in);
    weir__read_bytes(&in, 2 * sizeof(int64_t)); /* high watermark, last stable offset */
    int32_t aborted = weir__read_count(&in);
    weir__read_bytes(&in, aborted > 0 ? (size_t)aborted * 2 * sizeof(int64_t) : 0);
    *batches = weir__read_blob(&in);
    if (in.failed || code != 0) {
        return weir__error_set(read->error, WEIR_EBROKER, "reading %s-%d at offset %lld: %s",
                               read->topic, (int)read->partition, (long long)read->next,
                               rd_kafka_err2str(code));
    }
    return WEIR_OK;
}

/* ---- Compressed batches ---- */

static rd_kafka_t *consumer_new(const job *read)
{
    static const char *const settings[][2] = {{"client.id", "reader"},
                                              {"group.id", "reader"},
                                              {"enable.auto.commit", "false"},
                                              {"auto.offset.reset", "error"}};
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *rk = NULL;
    bool ok = rd_kafka_conf_set(conf, "bootstrap.servers",
                                rd_kafka_mock_cluster_bootstraps(read->mock->cluster), text,
                                sizeof text) == RD_KAFKA_CONF_OK;
    for (size_t i = 0; i < sizeof settings / sizeof *settings && ok; i++) {
        ok = rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof text) ==
             RD_KAFKA_CONF_OK;
    }
    rk = ok ? rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text) : NULL;
    if (rk == NULL) {
        rd_kafka_conf_destroy(conf);
        weir__error_set(read->error, WEIR_EBROKER, "%s", text);
    }
    return rk;
}

static weir_err tell_message(const job *read, rd_kafka_message_t *message)
{
    weir_mock_header headers[64];
    weir_mock_record record = {.topic = read->topic,
                               .partition = read->partition,
                               .offset = message->offset,
                               .timestamp_ms = rd_kafka_message_timestamp(message, NULL),
                               .key = {message->key, message->key_len},
                               .value = {message->payload, message->len},
                               .headers = headers};
    rd_kafka_headers_t *from = NULL;
    if (rd_kafka_message_headers(message, &from) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        size_t count = rd_kafka_header_cnt(from);
        if (count > sizeof headers / sizeof *headers) {
            return weir__error_set(read->error, WEIR_ELIMIT, "more than 64 headers in a record");
        }
        for (; record.header_count < count; record.header_count++) {
            weir_mock_header *header = &headers[record.header_count];
            rd_kafka_header_get_all(from, record.header_count, &header->name, &header->value.data,
                                    &header->value.len);
        }
    }
    return read->fn(&record, read->user);
}

static weir_err consume(job *read, rd_kafka_t *rk)
{
    int64_t until_us = weir__monotonic_us() + CONSUMER_TIMEOUT_US;
    weir_err err = WEIR_OK;
    while (err == WEIR_OK && read->next < read->end) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, POLL_MS);
        if (message != NULL && message->err == 0 && message->offset < read->end) {
            err = tell_message(read, message);
        }
        if (message != NULL && message->err == 0) {
            read->next = weir__add_sat(message->offset, 1);
        }
        if (message != NULL) {
            rd_kafka_message_destroy(message);
        } else if (weir__monotonic_us() > until_us) {
            err =
                weir__error_set(read->error, WEIR_ETIMEOUT, "reading %s-%d stopped at offset %lld",
                                read->topic, (int)read->partition, (long long)read->next);
        }
    }
    return err;
}

/* From read->next to the end. */
static weir_err read_compressed(job *read)
{
    rd_kafka_t *rk = consumer_new(read);
    if (rk == NULL) {
        return WEIR_EBROKER;
    }
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, read->upstream, read->upstream_id)->offset = read->next;
    rd_kafka_resp_err_t code = rd_kafka_assign(rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    weir_err err = code == 0 ? consume(read, rk)
                             : weir__error_set(read->error, WEIR_EBROKER, "assign: %s",
                                               rd_kafka_err2str(code));
    rd_kafka_destroy(rk);
    return err;
}

/* ---- A partition, a topic ---- */

static weir_err read_batches(job *read, weir_slice batches)
{
    const weir_mock_record at = {.topic = read->topic, .partition = read->partition};
    while (batches.len > 0 && read->next < read->end) {
        weir__batch_header batch;
        weir_err err = weir__batch_read(batches, &batch);
        if (err != WEIR_OK) {
            return weir__error_set(read->error, err, "a batch of %s-%d is damaged", read->topic,
                                   (int)read->partition);
        }
        if (batch.attributes & WEIR__BATCH_COMPRESSION) {
            return read_compressed(read);
        }
        if (!(batch.attributes & WEIR__BATCH_CONTROL)) {
            weir_slice bytes = {batches.data, batch.bytes};
            err = weir__batch_records(bytes, &at, read->next, read->fn, read->user);
        }
        if (err != WEIR_OK) {
            return weir__error_set(read->error, err, "reading %s-%d at offset %lld: %s",
                                   read->topic, (int)read->partition, (long long)batch.base_offset,
                                   weir_err_str(err));
        }
        int64_t next = weir__add_sat(batch.base_offset, (int64_t)batch.last_offset_delta + 1);
        read->next = next > read->next ? next : read->next;
        batches =
            (weir_slice){(const uint8_t *)batches.data + batch.bytes, batches.len - batch.bytes};
    }
    return WEIR_OK;
}

static int connect_to(const weir_mock *mock)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)mock->upstream_port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* From the partition's start to its end as they are now. */
static weir_err begin(job *read)
{
    pthread_mutex_lock(&read->mock->lock);
    const weir__partition *partition =
        weir__partition_find(read->mock, weir_slice_of(read->topic), read->partition);
    if (partition != NULL) {
        read->upstream = partition->upstream;
        read->upstream_id = partition->upstream_id;
        read->next = partition->start;
        read->end = partition->end;
        read->compacted_upto = partition->compacted.upto;
        weir_put(&read->compacted, partition->compacted.bytes.data, partition->compacted.bytes.len);
    }
    pthread_mutex_unlock(&read->mock->lock);
    if (read->compacted.err != WEIR_OK) {
        return weir__error_set(read->error, WEIR_ENOMEM, "out of memory");
    }
    return partition != NULL
               ? WEIR_OK
               : weir__error_set(read->error, WEIR_ENOTFOUND, "no partition %d of topic '%s'",
                                 (int)read->partition, read->topic != NULL ? read->topic : "");
}

/* Reads the compacted batches. */
static weir_err read_compacted(job *read)
{
    int64_t upto = read->compacted_upto < read->end ? read->compacted_upto : read->end;
    if (read->next >= upto) {
        return WEIR_OK;
    }
    weir_err err = read_batches(read, weir__buf_slice(&read->compacted));
    read->next = read->next > upto ? read->next : upto;
    return err;
}

static weir_err read_partition(job *read)
{
    weir_err before_it = read_compacted(read);
    if (before_it != WEIR_OK || read->next >= read->end) {
        return before_it;
    }
    weir_buf frame = {0};
    int fd = connect_to(read->mock);
    weir_err err = fd >= 0 ? WEIR_OK : io_error(read->error, "connect");
    while (err == WEIR_OK && read->next < read->end) {
        int64_t before = read->next;
        weir_slice batches;
        err = fetch(read, fd, &frame, &batches);
        if (err == WEIR_OK) {
            err = read_batches(read, batches);
        }
        if (err == WEIR_OK && read->next == before) {
            err = weir__error_set(read->error, WEIR_ECORRUPT, "%s-%d ends at %lld, not at %lld",
                                  read->topic, (int)read->partition, (long long)before,
                                  (long long)read->end);
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    weir__buf_fini(&frame);
    return err;
}

static weir_err read_one(job *read, int64_t from, int64_t upto)
{
    weir_err err = begin(read);
    read->next = from > read->next ? from : read->next;
    read->end = upto < read->end ? upto : read->end;
    if (err == WEIR_OK) {
        err = read_partition(read);
    }
    weir__buf_fini(&read->compacted);
    return err;
}

weir_err weir__partition_read_upto(weir_mock *mock, const char *topic, int32_t partition,
                                   int64_t upto, record_fn fn, void *user, weir_error *error)
{
    job read = {.mock = mock,
                .topic = topic,
                .partition = partition,
                .fn = fn,
                .user = user,
                .error = error};
    return read_one(&read, 0, upto);
}

static weir_err check(const weir_mock *mock, const char *topic, record_fn fn, const char *function,
                      weir_error *error)
{
    if (mock == NULL || topic == NULL) {
        return weir__error_null(error, function, mock == NULL ? "mock" : "topic");
    }
    return fn != NULL ? WEIR_OK : weir__error_null(error, function, "fn");
}

weir_err weir_mock_partition_read(weir_mock *mock, const char *topic, int32_t partition,
                                  int64_t from, record_fn fn, void *user, weir_error *error)
{
    weir_err err = check(mock, topic, fn, __func__, error);
    if (err != WEIR_OK) {
        return err;
    }
    job read = {.mock = mock,
                .topic = topic,
                .partition = partition,
                .fn = fn,
                .user = user,
                .error = error};
    return read_one(&read, from, INT64_MAX);
}

/* All end offsets are taken before the first record is read. */
weir_err weir_mock_topic_read(weir_mock *mock, const char *topic, record_fn fn, void *user,
                              weir_error *error)
{
    weir_err err = check(mock, topic, fn, __func__, error);
    if (err != WEIR_OK) {
        return err;
    }
    int32_t count = weir_mock_topic_partitions(mock, topic);
    if (count < 0) {
        return weir__error_set(error, WEIR_ENOTFOUND, "no topic '%s'", topic);
    }
    job *reads = calloc((size_t)count, sizeof *reads);
    err = reads != NULL ? WEIR_OK : weir__error_set(error, WEIR_ENOMEM, "out of memory");
    for (int32_t i = 0; i < count && err == WEIR_OK; i++) {
        reads[i] = (job){
            .mock = mock, .topic = topic, .partition = i, .fn = fn, .user = user, .error = error};
        err = begin(&reads[i]);
    }
    for (int32_t i = 0; i < count && err == WEIR_OK; i++) {
        err = read_partition(&reads[i]);
    }
    for (int32_t i = 0; reads != NULL && i < count; i++) {
        weir__buf_fini(&reads[i].compacted);
    }
    free(reads);
    return err;
}
