/* SPDX-License-Identifier: Apache-2.0
 *
 * A record's headers. */
#include "process/headers.h"

#include <string.h>

#define FIRST_CAPACITY 4

weir_headers *weir__headers_of(weir__arena *arena, const weir_header *items, size_t count)
{
    weir_headers *headers = weir__arena_alloc_unzeroed(arena, sizeof *headers);
    weir_header *own = weir__arena_alloc_unzeroed(arena, count * sizeof *own);
    if (headers == NULL || own == NULL) {
        return NULL;
    }
    memcpy(own, items, count * sizeof *own);
    *headers = (weir_headers){arena, own, count, count};
    return headers;
}

size_t weir_headers_count(const weir_headers *headers)
{
    return headers != NULL ? headers->count : 0;
}

weir_header weir_headers_at(const weir_headers *headers, size_t index)
{
    return index < weir_headers_count(headers) ? headers->items[index] : (weir_header){0};
}

bool weir_headers_last(const weir_headers *headers, const char *name, weir_slice *value)
{
    for (size_t i = name != NULL ? weir_headers_count(headers) : 0; i-- > 0;) {
        if (strcmp(headers->items[i].name, name) == 0) {
            if (value != NULL) {
                *value = headers->items[i].value;
            }
            return true;
        }
    }
    return false;
}

weir_err weir_headers_add(weir_headers *headers, const char *name, weir_slice value)
{
    if (headers == NULL || name == NULL) {
        return WEIR_EINVAL;
    }
    if (headers->count == headers->capacity) {
        size_t capacity = headers->capacity != 0 ? headers->capacity * 2 : FIRST_CAPACITY;
        weir_header *items = weir__arena_alloc(headers->arena, capacity * sizeof *items);
        if (items == NULL) {
            return WEIR_ENOMEM;
        }
        if (headers->count != 0) {
            memcpy(items, headers->items, headers->count * sizeof *items);
        }
        headers->items = items;
        headers->capacity = capacity;
    }
    weir_header added = {weir__arena_strdup(headers->arena, name), {0}};
    if (added.name == NULL || weir__arena_copy(headers->arena, value, &added.value) != WEIR_OK) {
        return WEIR_ENOMEM;
    }
    headers->items[headers->count++] = added;
    return WEIR_OK;
}

size_t weir_headers_remove(weir_headers *headers, const char *name)
{
    if (headers == NULL || name == NULL) {
        return 0;
    }
    size_t kept = 0;
    for (size_t i = 0; i < headers->count; i++) {
        if (strcmp(headers->items[i].name, name) != 0) {
            headers->items[kept++] = headers->items[i];
        }
    }
    size_t removed = headers->count - kept;
    headers->count = kept;
    return removed;
}

/* Count (4), then for each: name with its terminator, length of the value (4, -1: null), value. */
weir_err weir__headers_encode(const weir_headers *headers, weir_buf *out)
{
    size_t count = weir_headers_count(headers);
    if (count == 0) {
        return WEIR_OK;
    }
    weir__buf_put_i32(out, (int32_t)count);
    for (size_t i = 0; i < count; i++) {
        const weir_header *header = &headers->items[i];
        weir_put(out, header->name, strlen(header->name) + 1);
        weir__buf_put_i32(out, header->value.data != NULL ? (int32_t)header->value.len : -1);
        if (header->value.data != NULL) {
            weir_put(out, header->value.data, header->value.len);
        }
    }
    return out->err;
}

weir_headers *weir__headers_decode(weir__arena *arena, weir_slice bytes)
{
    weir_headers *headers = weir__headers_new(arena, NULL, 0);
    if (headers == NULL || bytes.data == NULL || bytes.len == 0) {
        return headers;
    }
    weir__reader reader = weir__reader_of(bytes);
    int32_t count = weir__read_i32(&reader);
    for (int32_t i = 0; i < count; i++) {
        const char *name = (const char *)reader.at;
        weir__read_bytes(&reader, strlen(name) + 1);
        int32_t len = weir__read_i32(&reader);
        weir_slice value = len >= 0 ? weir__read_bytes(&reader, (size_t)len) : (weir_slice){0};
        if (reader.failed || weir_headers_add(headers, name, value) != WEIR_OK) {
            return NULL;
        }
    }
    return headers;
}
