/* SPDX-License-Identifier: Apache-2.0
 *
 * Rules of producers and transactions: who is fenced writes nothing, a transaction ends in the same
 * way everywhere, and nobody reads what was aborted or is still open. */
#include "check/check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static weir__seen_producer *producer_of(weir_checker *checker, int64_t id)
{
    weir_slice key = {&id, sizeof id};
    weir__seen_producer *producer = weir__map_get(&checker->producers, key);
    if (producer == NULL) {
        size_t none = 0;
        producer = weir__check_room(NULL, 0, &none, sizeof *producer);
        *producer = (weir__seen_producer){.id = id, .epoch = -1};
        weir__check_put(&checker->producers, key, producer);
    }
    return producer;
}

static weir__where where_of(const weir__seen_partition *partition, int64_t offset)
{
    return (weir__where){
        .topic = partition->topic, .partition = partition->id, .offset = offset, .generation = -1};
}

/* ---- Fencing ------------------------------------------------------------------------------ */

static void init_producer(weir_checker *checker, const weir_mock_event *event)
{
    weir__seen_producer *producer = producer_of(checker, event->producer_id);
    if (event->epoch > producer->epoch) {
        producer->epoch = event->epoch;
    }
    if (event->transactional_id.len == 0) {
        return;
    }
    weir__seen_producer *before = weir__map_get(&checker->transactional, event->transactional_id);
    if (before != NULL && before != producer) {
        before->superseded = true;
    }
    weir__check_put(&checker->transactional, event->transactional_id, producer);
}

/* The producer's newest epoch in the partition, which becomes that of the event if it is higher. */
static int16_t newest_epoch(weir__seen_partition *partition, const weir_mock_event *event)
{
    for (size_t i = 0; i < partition->epoch_count; i++) {
        weir__epoch_seen *at = &partition->epochs[i];
        if (at->producer_id == event->producer_id) {
            at->epoch = event->epoch > at->epoch ? event->epoch : at->epoch;
            return at->epoch;
        }
    }
    partition->epochs = weir__check_room(partition->epochs, partition->epoch_count,
                                         &partition->epoch_capacity, sizeof *partition->epochs);
    partition->epochs[partition->epoch_count++] =
        (weir__epoch_seen){event->producer_id, event->epoch};
    return event->epoch;
}

static void check_fenced(weir_checker *checker, const weir__seen_producer *producer,
                         weir__seen_partition *partition, const weir_mock_event *event)
{
    int16_t newest = newest_epoch(partition, event);
    weir__where where = where_of(partition, event->offset);
    newest = producer->epoch > newest ? producer->epoch : newest;
    if (producer->superseded) {
        weir__check_violation(checker, WEIR_FENCED_WRITE, &where,
                              "producer %" PRId64 ": its transactional.id has another producer id",
                              producer->id);
    } else if (event->epoch < newest) {
        weir__check_violation(checker, WEIR_FENCED_WRITE, &where,
                              "producer %" PRId64 ", epoch %d: the present one is %d", producer->id,
                              (int)event->epoch, (int)newest);
    }
}

/* ---- Transactions ------------------------------------------------------------------------- */

static weir__txn_part *part_of(weir__seen_producer *producer, const weir__seen_partition *partition)
{
    for (size_t i = 0; i < producer->part_count; i++) {
        if (producer->parts[i].partition == partition) {
            return &producer->parts[i];
        }
    }
    return NULL;
}

static void appended(weir_checker *checker, const weir_mock_event *event)
{
    if (event->producer_id < 0) {
        return;
    }
    weir__seen_producer *producer = producer_of(checker, event->producer_id);
    weir__seen_partition *partition =
        weir__seen_partition_of(checker, event->topic, event->partition);
    check_fenced(checker, producer, partition, event);
    if (!event->transactional) {
        return;
    }
    if (part_of(producer, partition) == NULL) {
        producer->parts = weir__check_room(producer->parts, producer->part_count,
                                           &producer->part_capacity, sizeof *producer->parts);
        producer->parts[producer->part_count++] = (weir__txn_part){.partition = partition};
    }
    partition->open = weir__check_room(partition->open, partition->open_count,
                                       &partition->open_capacity, sizeof *partition->open);
    partition->open[partition->open_count++] =
        (weir__open_batch){event->producer_id, event->offset, event->count};
    for (int64_t i = 0; i < event->count; i++) {
        weir__note_at(partition, event->offset + i)->flags |= WEIR__NOTE_OPEN;
    }
}

/* The batches of the producer in the partition are no longer open. */
static void end_batches(weir__seen_partition *partition, int64_t producer_id, bool commit)
{
    size_t kept = 0;
    for (size_t i = 0; i < partition->open_count; i++) {
        weir__open_batch batch = partition->open[i];
        if (batch.producer_id != producer_id) {
            partition->open[kept++] = batch;
            continue;
        }
        for (int64_t j = 0; j < batch.count; j++) {
            weir__note *note = weir__note_at(partition, batch.offset + j);
            note->flags = (uint8_t)(note->flags & ~WEIR__NOTE_OPEN);
            if (!commit) {
                note->flags |= WEIR__NOTE_ABORTED;
            }
        }
    }
    partition->open_count = kept;
}

static const char *result_name(bool commit)
{
    return commit ? "commit" : "abort";
}

static void marked(weir_checker *checker, const weir_mock_event *event)
{
    weir__seen_producer *producer = producer_of(checker, event->producer_id);
    weir__seen_partition *partition =
        weir__seen_partition_of(checker, event->topic, event->partition);
    weir__txn_part *part = part_of(producer, partition);
    weir__note_at(partition, event->offset)->flags |= WEIR__NOTE_MARKER;
    newest_epoch(partition, event);
    if (producer->decided && producer->commit != event->commit) {
        weir__where where = where_of(partition, event->offset);
        weir__check_violation(checker, WEIR_TORN, &where,
                              "producer %" PRId64 ": the marker says %s, the coordinator %s",
                              producer->id, result_name(event->commit),
                              result_name(producer->commit));
    }
    if (part != NULL) {
        part->ended = true;
    }
    end_batches(partition, event->producer_id, event->commit);
}

static void pending(weir_checker *checker, const weir_mock_event *event)
{
    weir__seen_producer *producer = producer_of(checker, event->producer_id);
    weir__seen_partition *partition =
        weir__seen_partition_of(checker, event->topic, event->partition);
    producer->offsets = weir__check_room(producer->offsets, producer->offset_count,
                                         &producer->offset_capacity, sizeof *producer->offsets);
    producer->offsets[producer->offset_count++] =
        (weir__txn_offset){.partition = partition, .offset = event->offset};
}

/* The end of an offset that was pending. A later offset of the partition replaces an earlier one.
 */
static void offset_ended(weir_checker *checker, const weir_mock_event *event, bool commit)
{
    weir__seen_producer *producer = producer_of(checker, event->producer_id);
    const weir__seen_partition *partition =
        weir__seen_partition_of(checker, event->topic, event->partition);
    bool found = false;
    for (size_t i = 0; i < producer->offset_count; i++) {
        weir__txn_offset *at = &producer->offsets[i];
        if (at->partition == partition) {
            found = found || at->offset == event->offset;
            at->committed = at->committed || commit;
            at->dropped = at->dropped || !commit;
        }
    }
    weir__where where = where_of(partition, event->offset);
    if (commit && !found) {
        weir__check_violation(checker, WEIR_TORN, &where,
                              "producer %" PRId64 ": the offset was not in its transaction",
                              producer->id);
    } else if (producer->decided && producer->commit != commit) {
        weir__check_violation(checker, WEIR_TORN, &where,
                              "producer %" PRId64 ": its offset is %s, its transaction %s",
                              producer->id, commit ? "committed" : "dropped",
                              producer->commit ? "committed" : "aborted");
    }
}

/* Everything of the transaction has ended, in the same way. */
static void completed(weir_checker *checker, weir__seen_producer *producer)
{
    for (size_t i = 0; i < producer->part_count; i++) {
        const weir__txn_part *part = &producer->parts[i];
        if (!part->ended) {
            weir__where where = where_of(part->partition, -1);
            weir__check_violation(checker, WEIR_TORN, &where,
                                  "producer %" PRId64 ": the %s is complete, without a marker here",
                                  producer->id, result_name(producer->commit));
        }
    }
    for (size_t i = 0; i < producer->offset_count; i++) {
        const weir__txn_offset *at = &producer->offsets[i];
        if (producer->commit ? !at->committed : at->committed) {
            weir__where where = where_of(at->partition, at->offset);
            weir__check_violation(checker, WEIR_TORN, &where,
                                  "producer %" PRId64 ": the %s is complete, its offset is %s",
                                  producer->id, result_name(producer->commit),
                                  at->committed ? "committed" : "not committed");
        }
    }
    producer->part_count = 0;
    producer->offset_count = 0;
    producer->decided = false;
}

/* ---- Offsets outside ---------------------------------------------------------------------- */

static void committed(weir_checker *checker, const weir_mock_event *event)
{
    if (event->producer_id >= 0) {
        offset_ended(checker, event, true);
        return;
    }
    if (checker->opts.exactly_once && event->generation >= 0 && checker->application != NULL &&
        weir_slice_equal(event->group, weir_slice_of(checker->application))) {
        const weir__seen_partition *partition =
            weir__seen_partition_of(checker, event->topic, event->partition);
        weir__where where = where_of(partition, event->offset);
        weir__check_violation(checker, WEIR_OUTSIDE_TRANSACTION, &where,
                              "an offset of the group %s", checker->application);
    }
}

/* ---- Deleted topics ----------------------------------------------------------------------- */

static bool is_of(const weir__seen_partition *partition, weir_slice topic)
{
    return weir_slice_equal(weir_slice_of(partition->topic), topic);
}

/* What a transaction had in the topic needs no end any more. */
static void delete_topic(const weir_checker *checker, weir_slice topic)
{
    for (const weir__map_entry *at = checker->producers.first; at != NULL; at = at->next) {
        weir__seen_producer *producer = at->value;
        size_t parts = 0;
        size_t offsets = 0;
        for (size_t i = 0; i < producer->part_count; i++) {
            if (!is_of(producer->parts[i].partition, topic)) {
                producer->parts[parts++] = producer->parts[i];
            }
        }
        for (size_t i = 0; i < producer->offset_count; i++) {
            if (!is_of(producer->offsets[i].partition, topic)) {
                producer->offsets[offsets++] = producer->offsets[i];
            }
        }
        producer->part_count = parts;
        producer->offset_count = offsets;
    }
}

void weir__transactions_event(weir_checker *checker, const weir_mock_event *event)
{
    switch (event->kind) {
    case WEIR_MOCK_DELETE_TOPIC:
        delete_topic(checker, event->topic);
        break;
    case WEIR_MOCK_INIT_PRODUCER:
        init_producer(checker, event);
        break;
    case WEIR_MOCK_PRODUCE:
        appended(checker, event);
        break;
    case WEIR_MOCK_MARKER:
        marked(checker, event);
        break;
    case WEIR_MOCK_OFFSET_PENDING:
        pending(checker, event);
        break;
    case WEIR_MOCK_OFFSET_DROPPED:
        offset_ended(checker, event, false);
        break;
    case WEIR_MOCK_OFFSET_COMMIT:
        committed(checker, event);
        break;
    case WEIR_MOCK_TXN_END: {
        weir__seen_producer *producer = producer_of(checker, event->producer_id);
        producer->decided = true;
        producer->commit = event->commit;
        break;
    }
    case WEIR_MOCK_TXN_COMPLETE:
        completed(checker, producer_of(checker, event->producer_id));
        break;
    default:
        break;
    }
}

/* ---- Reads -------------------------------------------------------------------------------- */

void weir__transactions_read(weir_checker *checker, const weir_event *event)
{
    weir_step_kind kind = event->step->kind;
    if (!checker->opts.exactly_once || (kind != WEIR_STEP_PROCESS && kind != WEIR_STEP_RESTORE) ||
        event->topic == NULL) {
        return;
    }
    const weir__seen_partition *partition =
        weir__seen_partition_find(checker, weir_slice_of(event->topic), event->partition);
    uint8_t flags = partition != NULL ? weir__note_get(partition, event->offset).flags : 0;
    weir__where where = {.topic = event->topic,
                         .partition = event->partition,
                         .offset = event->offset,
                         .task = event->task,
                         .generation = -1,
                         .thread = event->stream_thread};
    const char *how = kind == WEIR_STEP_PROCESS ? "processed" : "restored";
    if (flags & WEIR__NOTE_ABORTED) {
        weir__check_violation(checker, WEIR_ABORTED_READ, &where, "it was %s", how);
    } else if (flags & WEIR__NOTE_OPEN) {
        weir__check_violation(checker, WEIR_PRECOMMITTED_READ, &where, "it was %s", how);
    }
}

static void free_producer(void *of)
{
    weir__seen_producer *producer = of;
    free(producer->parts);
    free(producer->offsets);
    free(producer);
}

void weir__transactions_fini(weir_checker *checker)
{
    weir__map_fini(&checker->transactional, NULL);
    weir__map_fini(&checker->producers, free_producer);
}
