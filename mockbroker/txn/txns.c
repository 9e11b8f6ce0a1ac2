/* SPDX-License-Identifier: Apache-2.0
 *
 * The requests of transactional producers, checked and answered in the order in which Kafka's
 * TransactionCoordinator does. What Kafka first appends to its transaction log takes effect at
 * once here, so the only transition that lasts is the writing of the markers. */
#include "txns.h"

#include <stdlib.h>

#include <librdkafka/rdkafka.h>

#include "core/error.h"
#include "core/saturate.h"
#include "parts.h"

void weir__txns_init(weir__txns *txns, const weir__txns_ops *ops, void *user)
{
    *txns = (weir__txns){.ops = ops, .user = user};
}

static void txn_free(void *value)
{
    weir__txn *txn = value;
    weir__txn_parts_fini(&txn->parts);
    free(txn);
}

void weir__txns_fini(weir__txns *txns)
{
    weir__map_fini(&txns->txns, txn_free);
}

weir__txn *weir__txns_find(const weir__txns *txns, weir_slice id)
{
    return weir__map_get(&txns->txns, id);
}

const char *weir__txn_state_name(weir__txn_state state)
{
    static const char *const names[WEIR__TXN_STATES] = {
        "Empty", "Ongoing", "PrepareCommit", "PrepareAbort", "CompleteCommit", "CompleteAbort"};
    return names[state];
}

static void event(const weir__txns *txns, weir_mock_event_kind kind, const weir__txn *txn,
                  bool commit, const char *reason)
{
    txns->ops->event(txns->user, &(weir_mock_event){.kind = kind,
                                                    .transactional_id = txn->id,
                                                    .producer_id = txn->producer_id,
                                                    .epoch = txn->epoch,
                                                    .commit = commit,
                                                    .reason = reason});
}

/* ---- States ---- */

#define FROM(state) (1u << (state))

/* The only function that changes a state. */
static void enter(weir__txn *txn, weir__txn_state state)
{
    static const unsigned from[WEIR__TXN_STATES] = {
        [WEIR__TXN_EMPTY] = FROM(WEIR__TXN_EMPTY) | FROM(WEIR__TXN_COMPLETE_COMMIT) |
                            FROM(WEIR__TXN_COMPLETE_ABORT),
        [WEIR__TXN_ONGOING] = FROM(WEIR__TXN_EMPTY) | FROM(WEIR__TXN_ONGOING) |
                              FROM(WEIR__TXN_COMPLETE_COMMIT) | FROM(WEIR__TXN_COMPLETE_ABORT),
        [WEIR__TXN_PREPARE_COMMIT] = FROM(WEIR__TXN_ONGOING),
        [WEIR__TXN_PREPARE_ABORT] = FROM(WEIR__TXN_ONGOING),
        [WEIR__TXN_COMPLETE_COMMIT] = FROM(WEIR__TXN_PREPARE_COMMIT),
        [WEIR__TXN_COMPLETE_ABORT] = FROM(WEIR__TXN_PREPARE_ABORT),
    };
    weir_assert((from[state] & FROM(txn->state)) != 0);
    txn->state = state;
}

static void write_markers(weir__txns *txns, weir__txn *txn, int64_t now_us)
{
    weir__map_entry *next;
    for (weir__map_entry *at = txn->parts.first; at != NULL; at = next) {
        next = at->next;
        if (txns->ops->marker_due_us(txns->user, txn, at->value) <= now_us) {
            txns->ops->write_marker(txns->user, txn, at->value);
            weir__txn_parts_remove(&txn->parts, at);
        }
    }
    if (txn->parts.count == 0) {
        bool commit = txn->state == WEIR__TXN_PREPARE_COMMIT;
        enter(txn, commit ? WEIR__TXN_COMPLETE_COMMIT : WEIR__TXN_COMPLETE_ABORT);
        event(txns, WEIR_MOCK_TXN_COMPLETE, txn, commit, NULL);
    }
}

static void end(weir__txns *txns, weir__txn *txn, bool commit, const char *reason, int64_t now_us)
{
    enter(txn, commit ? WEIR__TXN_PREPARE_COMMIT : WEIR__TXN_PREPARE_ABORT);
    txn->end_us = now_us;
    event(txns, WEIR_MOCK_TXN_END, txn, commit, reason);
    write_markers(txns, txn, now_us);
}

/* Aborts with an epoch that no producer has, so that the one that began it is fenced. It may ask
 * for the new epoch until another producer does, as in Kafka from 4.0 on. */
static void fence(weir__txns *txns, weir__txn *txn, const char *reason, int64_t now_us)
{
    weir_assert(txn->epoch < INT16_MAX);
    txn->last_epoch = txn->epoch;
    txn->epoch++;
    end(txns, txn, false, reason, now_us);
}

/* ---- InitProducerId ---- */

static bool is_exhausted(int16_t epoch)
{
    return epoch >= WEIR__EPOCH_EXHAUSTED;
}

/* NULL: too many, or out of memory; *error says which. */
static weir__txn *find_or_add(weir__txns *txns, weir_slice id, int16_t *error)
{
    weir__txn *txn = weir__txns_find(txns, id);
    if (txn != NULL) {
        return txn;
    }
    *error = RD_KAFKA_RESP_ERR_POLICY_VIOLATION;
    if (txns->txns.count >= WEIR__TXNS_MAX) {
        return NULL;
    }
    *error = RD_KAFKA_RESP_ERR_UNKNOWN;
    txn = calloc(1, sizeof *txn);
    if (txn == NULL || weir__map_put(&txns->txns, id, txn) != WEIR_OK) {
        free(txn);
        return NULL;
    }
    txn->id = txns->txns.last->key;
    txn->producer_id = txns->producer_ids++;
    txn->previous_producer_id = WEIR__NO_PRODUCER_ID;
    txn->epoch = WEIR__NO_EPOCH;
    txn->last_epoch = WEIR__NO_EPOCH;
    txn->start_us = -1;
    return txn;
}

/* Whether the producer id that the request has may go on with this transactional id: the epoch is
 * checked when it is bumped. The previous id is a repeated request, whose answer was lost, if its
 * epochs were exhausted. */
static bool may_continue(const weir__txn *txn, const weir__init_producer *request)
{
    return request->producer_id == WEIR__NO_PRODUCER_ID || txn->epoch == WEIR__NO_EPOCH ||
           request->producer_id == txn->producer_id ||
           (request->producer_id == txn->previous_producer_id && is_exhausted(request->epoch));
}

/* The next epoch, or a new producer id. */
static int16_t bump(weir__txns *txns, weir__txn *txn, const weir__init_producer *request)
{
    bool continues = request->producer_id != WEIR__NO_PRODUCER_ID;
    bool current = txn->epoch == WEIR__NO_EPOCH || request->epoch == txn->epoch;
    if (continues && !current) {
        /* The epoch was bumped already: the answer was lost, or the coordinator did it to abort.
         * The greatest epoch is for no producer. */
        bool again = txn->last_epoch != WEIR__NO_EPOCH && request->epoch == txn->last_epoch &&
                     txn->epoch != INT16_MAX;
        if (!again) {
            return RD_KAFKA_RESP_ERR_PRODUCER_FENCED;
        }
    } else {
        int16_t old = txn->epoch;
        txn->previous_producer_id = txn->producer_id;
        if (is_exhausted(old)) {
            txn->producer_id = txns->producer_ids++;
            txn->epoch = 0;
        } else {
            txn->epoch++;
        }
        txn->last_epoch = continues ? old : WEIR__NO_EPOCH;
    }
    enter(txn, WEIR__TXN_EMPTY);
    txn->timeout_ms = request->timeout_ms;
    txn->start_us = -1;
    return 0;
}

static int16_t init_transactional(weir__txns *txns, const weir__init_producer *request,
                                  int64_t now_us, weir__producer *out)
{
    if (request->id.len == 0) {
        return RD_KAFKA_RESP_ERR_INVALID_REQUEST;
    }
    if (request->timeout_ms <= 0 || request->timeout_ms > WEIR__TXN_TIMEOUT_MS_MAX) {
        return RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT;
    }
    int16_t error = 0;
    weir__txn *txn = find_or_add(txns, request->id, &error);
    if (txn == NULL) {
        return error;
    }
    if (!may_continue(txn, request)) {
        return RD_KAFKA_RESP_ERR_PRODUCER_FENCED;
    }
    if (txn->state == WEIR__TXN_ONGOING) {
        fence(txns, txn, "fenced", now_us);
        return RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS;
    }
    if (weir__txn_is_ending(txn)) {
        return RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS;
    }
    error = bump(txns, txn, request);
    if (error == 0) {
        out->producer_id = txn->producer_id;
        out->epoch = txn->epoch;
        event(txns, WEIR_MOCK_INIT_PRODUCER, txn, false, NULL);
    }
    return error;
}

int16_t weir__txns_init_producer(weir__txns *txns, const weir__init_producer *request,
                                 int64_t now_us, weir__producer *out)
{
    *out = (weir__producer){request->id, WEIR__NO_PRODUCER_ID, WEIR__NO_EPOCH};
    if ((request->producer_id == WEIR__NO_PRODUCER_ID) != (request->epoch == WEIR__NO_EPOCH)) {
        return RD_KAFKA_RESP_ERR_INVALID_REQUEST;
    }
    if (request->id.data == NULL) {
        out->producer_id = txns->producer_ids++;
        out->epoch = 0;
        return 0;
    }
    return init_transactional(txns, request, now_us, out);
}

/* ---- The requests of a producer that has its id ---- */

static int16_t find_current(const weir__txns *txns, const weir__producer *producer, weir__txn **out)
{
    if (producer->id.len == 0) {
        return RD_KAFKA_RESP_ERR_INVALID_REQUEST;
    }
    *out = weir__txns_find(txns, producer->id);
    if (*out == NULL || (*out)->producer_id != producer->producer_id) {
        return RD_KAFKA_RESP_ERR_INVALID_PRODUCER_ID_MAPPING;
    }
    return (*out)->epoch == producer->epoch ? 0 : RD_KAFKA_RESP_ERR_PRODUCER_FENCED;
}

/* The same for requests that wait until the end of the transaction before. */
static int16_t find_settled(const weir__txns *txns, const weir__producer *producer, weir__txn **out)
{
    int16_t error = find_current(txns, producer, out);
    return error == 0 && weir__txn_is_ending(*out) ? RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS
                                                   : error;
}

static void added_event(const weir__txns *txns, const weir__txn *txn, const weir__txn_part *part)
{
    bool offsets = part->partition == WEIR__TXN_OFFSETS;
    weir_slice none = {0};
    txns->ops->event(txns->user, &(weir_mock_event){.kind = offsets ? WEIR_MOCK_TXN_ADD_OFFSETS
                                                                    : WEIR_MOCK_TXN_ADD_PARTITION,
                                                    .topic = offsets ? none : part->name,
                                                    .partition = offsets ? 0 : part->partition,
                                                    .group = offsets ? part->name : none,
                                                    .transactional_id = txn->id,
                                                    .producer_id = txn->producer_id,
                                                    .epoch = txn->epoch});
}

int16_t weir__txns_add(weir__txns *txns, const weir__producer *producer,
                       const weir__txn_part *parts, size_t count, int64_t now_us)
{
    weir__txn *txn;
    int16_t error = find_settled(txns, producer, &txn);
    if (error != 0) {
        return error;
    }
    if (count > WEIR__TXN_PARTS_MAX || txn->parts.count > WEIR__TXN_PARTS_MAX - count) {
        return RD_KAFKA_RESP_ERR_POLICY_VIOLATION;
    }
    const weir__map_entry *last = txn->parts.last;
    if (weir__txn_parts_add(&txn->parts, parts, count) != WEIR_OK) {
        return RD_KAFKA_RESP_ERR_UNKNOWN;
    }
    bool begins = txn->state != WEIR__TXN_ONGOING;
    enter(txn, WEIR__TXN_ONGOING);
    if (begins) {
        txn->start_us = now_us;
        event(txns, WEIR_MOCK_TXN_BEGIN, txn, false, NULL);
    }
    const weir__map_entry *added = last != NULL ? last->next : txn->parts.first;
    for (; added != NULL; added = added->next) {
        added_event(txns, txn, added->value);
    }
    return 0;
}

int16_t weir__txns_verify(const weir__txns *txns, const weir__producer *producer,
                          const weir__txn_part *part)
{
    weir__txn *txn;
    int16_t error = find_settled(txns, producer, &txn);
    if (error != 0) {
        return error;
    }
    return weir__txn_parts_has(&txn->parts, part) ? 0 : RD_KAFKA_RESP_ERR_INVALID_TXN_STATE;
}

int16_t weir__txns_end(weir__txns *txns, const weir__producer *producer, bool commit,
                       int64_t now_us)
{
    weir__txn *txn;
    int16_t error = find_current(txns, producer, &txn);
    if (error != 0) {
        return error;
    }
    if (txn->state == WEIR__TXN_ONGOING) {
        end(txns, txn, commit, "client", now_us);
        return 0;
    }
    weir__txn_state prepared = commit ? WEIR__TXN_PREPARE_COMMIT : WEIR__TXN_PREPARE_ABORT;
    weir__txn_state complete = commit ? WEIR__TXN_COMPLETE_COMMIT : WEIR__TXN_COMPLETE_ABORT;
    if (txn->state == complete) { /* asked again */
        return 0;
    }
    return txn->state == prepared ? RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS
                                  : RD_KAFKA_RESP_ERR_INVALID_TXN_STATE;
}

void weir__txns_moved(weir__txns *txns, weir_slice id)
{
    weir__txn *txn = weir__txns_find(txns, id);
    if (txn != NULL) {
        txn->coordinator_epoch++;
    }
}

/* ---- Time ---- */

static int64_t timeout_us(const weir__txn *txn)
{
    return txn->start_us + (int64_t)txn->timeout_ms * 1000;
}

int64_t weir__txns_deadline_us(const weir__txns *txns)
{
    int64_t deadline = INT64_MAX;
    for (const weir__map_entry *entry = txns->txns.first; entry != NULL; entry = entry->next) {
        const weir__txn *txn = entry->value;
        if (txn->state == WEIR__TXN_ONGOING) {
            deadline = weir__earlier(deadline, timeout_us(txn));
        }
        if (!weir__txn_is_ending(txn)) {
            continue;
        }
        for (const weir__map_entry *at = txn->parts.first; at != NULL; at = at->next) {
            int64_t due = txns->ops->marker_due_us(txns->user, txn, at->value);
            deadline = weir__earlier(deadline, due);
        }
    }
    return deadline;
}

void weir__txns_expire(weir__txns *txns, int64_t now_us)
{
    for (weir__map_entry *entry = txns->txns.first; entry != NULL; entry = entry->next) {
        weir__txn *txn = entry->value;
        if (weir__txn_is_ending(txn)) {
            write_markers(txns, txn, now_us);
        } else if (txn->state == WEIR__TXN_ONGOING && timeout_us(txn) <= now_us) {
            fence(txns, txn, "timeout", now_us);
        }
    }
}
