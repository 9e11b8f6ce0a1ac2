/* SPDX-License-Identifier: Apache-2.0
 *
 * The text of an event: made when a trace is read, never for a decision. */
#include <inttypes.h>

#include <weir/mock_event.h>

#include "core/line.h"

static void put_text(weir__line *line, const char *before, weir_slice text)
{
    weir__line_put(line, "%s%.*s", before, (int)text.len,
                   text.data != NULL ? (const char *)text.data : "");
}

static void put_partition(weir__line *line, const char *before, const weir_mock_event *event)
{
    put_text(line, before, event->topic);
    weir__line_put(line, "-%d", (int)event->partition);
}

static void put_producer(weir__line *line, const weir_mock_event *event)
{
    weir__line_put(line, " producer=%" PRId64 " epoch=%d", event->producer_id, (int)event->epoch);
}

static void put_log(weir__line *line, const weir_mock_event *event)
{
    put_partition(line, "", event);
    long long offset = (long long)event->offset;
    switch (event->kind) {
    case WEIR_MOCK_PRODUCE:
        weir__line_put(line, " offset=%lld records=%lld crc=%08x", offset, (long long)event->count,
                       (unsigned)event->checksum);
        put_text(line, " client=", event->client_id);
        if (event->producer_id >= 0) {
            put_producer(line, event);
            weir__line_put(line, " sequence=%d%s", (int)event->sequence,
                           event->transactional ? " transactional" : "");
        }
        break;
    case WEIR_MOCK_MARKER:
        weir__line_put(line, " offset=%lld %s", offset, event->commit ? "commit" : "abort");
        put_producer(line, event);
        break;
    case WEIR_MOCK_FETCH:
        weir__line_put(line, " offset=%lld bytes=%zu", offset, event->bytes);
        put_text(line, " client=", event->client_id);
        break;
    default:
        weir__line_put(line, " %s=%lld", event->kind == WEIR_MOCK_COMPACT ? "upto" : "start",
                       offset);
    }
}

static void put_group(weir__line *line, const weir_mock_event *event)
{
    put_text(line, "", event->group);
    weir__line_put(line, " generation=%d members=%lld", (int)event->generation,
                   (long long)event->count);
    put_text(line, event->member.len > 0 ? " " : "", event->member);
}

static void put_offset(weir__line *line, const weir_mock_event *event)
{
    put_text(line, "", event->group);
    put_partition(line, " ", event);
    weir__line_put(line, " offset=%lld", (long long)event->offset);
    if (event->producer_id >= 0) {
        put_producer(line, event);
    }
}

static void put_transaction(weir__line *line, const weir_mock_event *event)
{
    put_text(line, "", event->transactional_id);
    put_producer(line, event);
    switch (event->kind) {
    case WEIR_MOCK_TXN_ADD_PARTITION:
        put_partition(line, " ", event);
        break;
    case WEIR_MOCK_TXN_ADD_OFFSETS:
        put_text(line, " group=", event->group);
        break;
    case WEIR_MOCK_TXN_END:
    case WEIR_MOCK_TXN_COMPLETE:
        weir__line_put(line, " %s", event->commit ? "commit" : "abort");
        break;
    case WEIR_MOCK_PRODUCER_FENCED:
        if (event->topic.len > 0) {
            put_partition(line, " ", event);
        }
        put_text(line, " client=", event->client_id);
        break;
    default:
        break;
    }
    weir__line_put(line, "%s%s", event->reason != NULL ? " reason=" : "",
                   event->reason != NULL ? event->reason : "");
}

const char *weir_mock_event_name(weir_mock_event_kind kind)
{
    static const char *const names[] = {
#define NAME(constant, name) [constant] = (name),
        WEIR_MOCK_EVENTS(NAME)
#undef NAME
    };
    return (unsigned)kind < WEIR_MOCK_EVENT_KINDS ? names[kind] : NULL;
}

void weir_mock_event_text(const weir_mock_event *event, char *out, size_t size)
{
    if (out == NULL || size == 0) {
        return;
    }
    out[0] = '\0';
    if (event == NULL || weir_mock_event_name(event->kind) == NULL) {
        return;
    }
    weir__line line = {out, size, 0};
    switch (event->kind) {
    case WEIR_MOCK_CREATE_TOPIC:
    case WEIR_MOCK_CREATE_PARTITIONS:
        put_text(&line, "", event->topic);
        weir__line_put(&line, " partitions=%lld", (long long)event->count);
        break;
    case WEIR_MOCK_DELETE_TOPIC:
        put_text(&line, "", event->topic);
        break;
    case WEIR_MOCK_PRODUCE:
    case WEIR_MOCK_MARKER:
    case WEIR_MOCK_FETCH:
    case WEIR_MOCK_DELETE_RECORDS:
    case WEIR_MOCK_COMPACT:
        put_log(&line, event);
        break;
    case WEIR_MOCK_FAULT:
        weir__line_put(&line, "rule=%lld %s broker=%d", (long long)event->count,
                       event->reason != NULL ? event->reason : "", (int)event->broker);
        put_text(&line, " client=", event->client_id);
        break;
    case WEIR_MOCK_COORDINATOR:
        put_text(&line, "", event->group.len > 0 ? event->group : event->transactional_id);
        weir__line_put(&line, " broker=%d", (int)event->broker);
        break;
    case WEIR_MOCK_OFFSET_COMMIT:
    case WEIR_MOCK_OFFSET_PENDING:
    case WEIR_MOCK_OFFSET_DROPPED:
        put_offset(&line, event);
        break;
    default:
        (event->kind < WEIR_MOCK_COORDINATOR ? put_group : put_transaction)(&line, event);
    }
}
