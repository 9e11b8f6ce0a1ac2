/* SPDX-License-Identifier: Apache-2.0
 *
 * The hash of an event, of its fields: no text is made for it. */
#include "cluster/cluster.h"

#define START 14695981039346656037ULL
#define PRIME 1099511628211ULL

static uint64_t number(uint64_t hash, int64_t value)
{
    hash = (hash ^ (uint64_t)value) * PRIME;
    return hash ^ hash >> 29;
}

/* With the length in front: null and empty, "a" "bc" and "ab" "c" are not the same. */
static uint64_t bytes(uint64_t hash, weir_slice text)
{
    if (text.data == NULL) {
        return number(hash, -1);
    }
    hash = number(hash, (int64_t)text.len);
    for (size_t i = 0; i < text.len; i++) {
        hash = (hash ^ ((const uint8_t *)text.data)[i]) * PRIME;
    }
    return hash;
}

static uint64_t words(uint64_t hash, const char *text)
{
    return bytes(hash, weir_slice_of(text));
}

static uint64_t of_step(uint64_t hash, const weir_step *step)
{
    hash = number(hash, (int64_t)step->kind);
    hash = words(hash, step->task);
    hash = words(hash, step->topic);
    hash = number(hash, step->partition);
    hash = number(hash, step->offset);
    hash = number(hash, step->generation);
    hash = words(hash, step->store);
    hash = words(hash, step->reason);
    for (size_t i = 0; i < step->task_count; i++) {
        hash = words(hash, step->tasks[i]);
    }
    return number(hash, (int64_t)step->checksum);
}

static uint64_t of_broker(uint64_t hash, const weir_mock_event *event)
{
    hash = number(hash, (int64_t)event->kind);
    hash = bytes(hash, event->topic);
    hash = number(hash, event->partition);
    hash = number(hash, event->offset);
    hash = number(hash, event->count);
    hash = number(hash, (int64_t)event->bytes);
    hash = number(hash, event->checksum);
    hash = bytes(hash, event->client_id);
    hash = bytes(hash, event->group);
    hash = number(hash, event->generation);
    hash = bytes(hash, event->member);
    hash = bytes(hash, event->transactional_id);
    hash = number(hash, event->producer_id);
    hash = number(hash, event->epoch);
    hash = number(hash, event->sequence);
    hash = number(hash, event->transactional << 1 | event->commit);
    hash = number(hash, event->broker);
    return words(hash, event->reason);
}

static uint64_t of_restore(uint64_t hash, const weir_restore_progress *at)
{
    hash = number(hash, (int64_t)at->event);
    hash = words(hash, at->store);
    hash = words(hash, at->topic);
    hash = number(hash, at->partition);
    hash = number(hash, at->start_offset);
    hash = number(hash, at->offset);
    hash = number(hash, at->end_offset);
    return number(hash, at->restored);
}

uint64_t weir__event_hash(const weir_event *event)
{
    uint64_t hash = number(START, (int64_t)event->kind);
    switch (event->kind) {
    case WEIR_EVENT_STEP:
        return of_step(hash, event->step);
    case WEIR_EVENT_BROKER:
        return of_broker(hash, event->broker);
    case WEIR_EVENT_RESTORE:
        return of_restore(hash, event->restore);
    default:
        hash = words(hash, event->instance);
        hash = words(hash, event->reason);
        hash = words(hash, event->stream_thread);
        hash = number(hash, (int64_t)event->from);
        hash = number(hash, (int64_t)event->to);
        hash = number(hash, event->broker_id);
        return number(hash, event->ms);
    }
}
