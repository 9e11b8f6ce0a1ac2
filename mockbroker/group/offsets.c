/* SPDX-License-Identifier: Apache-2.0
 *
 * Committed offsets: each is one block of memory, with its texts behind the struct. */
#include "offsets.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

void weir__offsets_fini(weir__map *offsets)
{
    weir__map_fini(offsets, free);
}

/* Key: the partition, then the topic's name. */
static weir_err put_key(weir_buf *key, weir_slice topic, int32_t partition)
{
    weir__buf_put_i32(key, partition);
    return weir_put(key, topic.data, topic.len);
}

const weir__offset *weir__offsets_find(const weir__map *offsets, weir_slice topic,
                                       int32_t partition)
{
    weir_buf key = {0};
    const weir__offset *found = NULL;
    if (put_key(&key, topic, partition) == WEIR_OK) {
        found = weir__map_get(offsets, weir__buf_slice(&key));
    }
    weir__buf_fini(&key);
    return found;
}

weir_err weir__offsets_put(weir__map *offsets, const weir__offset *offset)
{
    weir_buf key = {0};
    weir__offset *copy = NULL;
    weir_err err = put_key(&key, offset->topic, offset->partition);
    if (err != WEIR_OK) {
        goto done;
    }
    copy = malloc(sizeof *copy + offset->topic.len + offset->metadata.len);
    if (copy == NULL) {
        err = WEIR_ENOMEM;
        goto done;
    }
    *copy = *offset;
    char *texts = (char *)(copy + 1);
    memcpy(texts, offset->topic.data, offset->topic.len);
    copy->topic = (weir_slice){texts, offset->topic.len};
    texts += offset->topic.len;
    if (offset->metadata.len > 0) {
        memcpy(texts, offset->metadata.data, offset->metadata.len);
    }
    copy->metadata =
        offset->metadata.len > 0 ? (weir_slice){texts, offset->metadata.len} : weir_slice_of("");
    void *old = weir__map_get(offsets, weir__buf_slice(&key));
    err = weir__map_put(offsets, weir__buf_slice(&key), copy);
    if (err == WEIR_OK) {
        copy = NULL;
        free(old);
    }
done:
    free(copy);
    weir__buf_fini(&key);
    return err;
}

bool weir__offsets_remove(weir__map *offsets, weir_slice topic, int32_t partition)
{
    weir_buf key = {0};
    void *old = NULL;
    if (put_key(&key, topic, partition) == WEIR_OK) {
        old = weir__map_remove(offsets, weir__buf_slice(&key));
    }
    weir__buf_fini(&key);
    free(old);
    return old != NULL;
}
