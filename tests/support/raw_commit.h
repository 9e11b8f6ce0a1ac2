/* SPDX-License-Identifier: Apache-2.0
 *
 * A commit of offsets as a frame, for tests of rules. */
#ifndef WEIR_TESTS_SUPPORT_RAW_COMMIT_H
#define WEIR_TESTS_SUPPORT_RAW_COMMIT_H

#include "support/raw.h"

/* Sends a commit of `offset` for partitions 0 to count - 1 of topic t, from client "raw". */
RAW_FN void send_commit(int fd, int32_t count, int64_t offset)
{
    weir_buf frame = {0};
    raw_begin(&frame, 8, 2);
    weir__put_cstring(&frame, "g");
    weir__buf_put_i32(&frame, -1);
    weir__put_cstring(&frame, "");
    weir__buf_put_i64(&frame, -1);
    weir__buf_put_i32(&frame, 1);
    weir__put_cstring(&frame, "t");
    weir__buf_put_i32(&frame, count);
    for (int32_t i = 0; i < count; i++) {
        weir__buf_put_i32(&frame, i);
        weir__buf_put_i64(&frame, offset);
        weir__put_cstring(&frame, "");
    }
    raw_send_frame(fd, &frame);
    weir__buf_fini(&frame);
}

#endif
