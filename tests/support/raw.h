/* SPDX-License-Identifier: Apache-2.0
 *
 * Frames of the Kafka protocol over a bare socket: requests that no librdkafka sends. */
#ifndef WEIR_TESTS_SUPPORT_RAW_H
#define WEIR_TESTS_SUPPORT_RAW_H

#include "support/mock.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "apis/apis.h"
#include "core/buf.h"
#include "wire/wire.h"

#define RAW_FN __attribute__((unused)) static

RAW_FN int raw_connect_to(const weir_mock *mock, int32_t broker)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)weir_mock_broker_port(mock, broker)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

RAW_FN void raw_begin(weir_buf *frame, int16_t key, int16_t version)
{
    weir__buf_reset(frame);
    weir__buf_put_i32(frame, 0);
    weir__buf_put_i16(frame, key);
    weir__buf_put_i16(frame, version);
    weir__buf_put_i32(frame, 42); /* correlation id */
    weir__put_cstring(frame, "raw");
    const weir__api *api = weir__api_find(key);
    if (api != NULL && version >= api->flexible_from) {
        weir__put_tags(frame);
    }
}

RAW_FN void raw_send_bytes(int fd, const weir_buf *bytes)
{
    assert_int_equal(write(fd, bytes->data, bytes->len), bytes->len);
}

RAW_FN void raw_send_frame(int fd, weir_buf *frame)
{
    assert_int_equal(frame->err, WEIR_OK);
    weir__store_u32(frame->data, (uint32_t)(frame->len - 4));
    raw_send_bytes(fd, frame);
}

/* False: the connection is closed. */
RAW_FN bool raw_receive_bytes(int fd, weir_buf *into, size_t len)
{
    weir__buf_reset(into);
    weir__buf_reserve(into, len + 1);
    while (into->len < len) {
        ssize_t got = read(fd, into->data + into->len, len - into->len);
        if (got <= 0) {
            return false;
        }
        into->len += (size_t)got;
    }
    return true;
}

/* The body of an answer; failed: the connection is closed. */
RAW_FN weir__reader raw_receive_frame(int fd, weir_buf *into)
{
    if (!raw_receive_bytes(fd, into, 4) ||
        !raw_receive_bytes(fd, into, weir__load_u32(into->data))) {
        return (weir__reader){.failed = true};
    }
    weir__reader in = weir__reader_of(weir__buf_slice(into));
    assert_int_equal(weir__read_i32(&in), 42);
    return in;
}

#endif
