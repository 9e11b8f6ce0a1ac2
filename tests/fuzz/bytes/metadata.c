/* SPDX-License-Identifier: Apache-2.0
 *
 * The metadata of a committed offset, which any client of the group can write: what is read of it
 * is written, and reads as the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes/target.h"
#include "task/metadata.h"

typedef struct read_times {
    weir__arena arena;
    weir__kept_time *times; /* the last first */
    size_t count;
} read_times;

static void keep(weir_slice name, int64_t ms, void *user)
{
    read_times *to = user;
    weir__kept_time *time = weir__arena_alloc(&to->arena, sizeof *time + name.len + 1);
    if (time == NULL) {
        abort();
    }
    memcpy(time->name, name.data, name.len);
    if (strlen(time->name) != name.len) {
        return; /* no node has a name with a zero byte */
    }
    time->ms = ms;
    time->used = true;
    time->next = to->times;
    to->times = time;
    to->count++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_times first = {0};
    read_times second = {0};
    char *text = calloc(1, size + 1);
    if (text == NULL) {
        abort();
    }
    memcpy(text, data, size);
    int64_t time_ms = weir__commit_metadata_decode(text, keep, &first);
    const char *again = weir__commit_metadata_encode(&first.arena, time_ms, first.times);
    if (again == NULL || strlen(again) > WEIR__COMMIT_METADATA_MAX ||
        weir__commit_metadata_decode(again, keep, &second) != time_ms ||
        second.count != first.count) {
        abort();
    }
    weir__arena_fini(&first.arena);
    weir__arena_fini(&second.arena);
    free(text);
    return 0;
}
