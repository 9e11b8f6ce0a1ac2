/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes sent to one end of a connection: those that have arrived and those in flight.
 *
 *      head                       head + arrived                       head + len
 *       | readable ................ | mark[0].bytes | mark[1].bytes | ... |
 */
#include "sim/files.h"

static void grow(weir__stream *stream, size_t needed)
{
    size_t capacity = stream->capacity ? stream->capacity : 512;
    while (capacity < needed) {
        capacity *= 2;
    }
    if (capacity == stream->capacity) {
        return;
    }
    uint8_t *data = weir__sim_calloc(capacity);
    weir_assert(data);
    size_t first = stream->capacity - stream->head;
    first = first < stream->len ? first : stream->len;
    if (stream->len) {
        weir__sim_copy(data, stream->data + stream->head, first);
        weir__sim_copy(data + first, stream->data, stream->len - first);
    }
    weir__sim_free(stream->data);
    stream->data = data;
    stream->head = 0;
    stream->capacity = capacity;
}

static void append(weir__stream *stream, const void *data, size_t bytes)
{
    if (!bytes) {
        return;
    }
    grow(stream, stream->len + bytes);
    size_t tail = (stream->head + stream->len) & (stream->capacity - 1);
    size_t first = stream->capacity - tail;
    first = first < bytes ? first : bytes;
    weir__sim_copy(stream->data + tail, data, first);
    weir__sim_copy(stream->data, (const uint8_t *)data + first, bytes - first);
    stream->len += bytes;
}

static weir__mark *mark_at(weir__stream *stream, size_t index)
{
    return &stream->marks[(stream->mark_head + index) % stream->mark_capacity];
}

static void push_mark(weir__stream *stream, weir__mark mark)
{
    if (stream->mark_count == stream->mark_capacity) {
        size_t capacity = stream->mark_capacity ? stream->mark_capacity * 2 : 8;
        weir__mark *marks = weir__sim_calloc(capacity * sizeof *marks);
        weir_assert(marks);
        for (size_t i = 0; i < stream->mark_count; i++) {
            marks[i] = *mark_at(stream, i);
        }
        weir__sim_free(stream->marks);
        stream->marks = marks;
        stream->mark_head = 0;
        stream->mark_capacity = capacity;
    }
    stream->mark_count++;
    *mark_at(stream, stream->mark_count - 1) = mark;
}

static void on_timer(weir__timer *timer)
{
    weir__stream_deliver((weir__stream *)((char *)timer - offsetof(weir__stream, timer)));
}

void weir__stream_deliver(weir__stream *stream)
{
    bool any = false;
    weir__timer_disarm(&stream->timer);
    if (!stream->mark_count || weir__link_of(stream->owner).cut) {
        return;
    }
    while (stream->mark_count) {
        const weir__mark *mark = mark_at(stream, 0);
        if (mark->due_us > weir__the_sim.now_us) {
            stream->timer.fire = on_timer;
            weir__timer_arm(&stream->timer, mark->due_us);
            break;
        }
        stream->arrived += mark->bytes;
        stream->fin |= mark->fin;
        stream->mark_head = (stream->mark_head + 1) % stream->mark_capacity;
        stream->mark_count--;
        any = true;
    }
    if (any) {
        weir__wake_queue(&stream->owner->waiters);
    }
}

void weir__stream_put(weir__stream *stream, const void *data, size_t bytes, bool fin)
{
    weir__link link = weir__link_of(stream->owner);
    append(stream, data, bytes);
    if (!link.cut && !link.latency_us && !stream->mark_count) {
        stream->arrived += bytes;
        stream->fin |= fin;
        weir__wake_queue(&stream->owner->waiters);
        return;
    }
    int64_t due_us = weir__after_us(link.latency_us);
    if (stream->mark_count) { /* nothing overtakes */
        int64_t before_us = mark_at(stream, stream->mark_count - 1)->due_us;
        due_us = due_us > before_us ? due_us : before_us;
    }
    push_mark(stream, (weir__mark){due_us, bytes, fin});
    if (!stream->timer.slot) {
        weir__stream_deliver(stream);
    }
}

size_t weir__stream_get(weir__stream *stream, void *out, size_t bytes, size_t skip)
{
    size_t left = stream->arrived - skip;
    bytes = bytes < left ? bytes : left;
    if (!bytes) {
        return 0;
    }
    size_t from = (stream->head + skip) & (stream->capacity - 1);
    size_t first = stream->capacity - from;
    first = first < bytes ? first : bytes;
    weir__sim_copy(out, stream->data + from, first);
    weir__sim_copy((uint8_t *)out + first, stream->data, bytes - first);
    return bytes;
}

void weir__stream_drop(weir__stream *stream, size_t bytes)
{
    if (!bytes) {
        return;
    }
    stream->head = (stream->head + bytes) & (stream->capacity - 1);
    stream->len -= bytes;
    stream->arrived -= bytes;
}

void weir__stream_fini(weir__stream *stream)
{
    weir__timer_disarm(&stream->timer);
    weir__sim_free(stream->data);
    weir__sim_free(stream->marks);
}
