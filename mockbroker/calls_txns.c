/* SPDX-License-Identifier: Apache-2.0
 *
 * The functions of mockbroker.h about transactions. */
#include "brokers/mock.h"
#include "core/arena.h"

static const char *text_of(weir__arena *arena, weir_slice bytes)
{
    char *text = weir__arena_alloc(arena, bytes.len + 1);
    return text != NULL ? memcpy(text, bytes.data, bytes.len) : NULL;
}

/* The parts of a transaction; NULL: out of memory. */
static const weir_mock_transaction_part *parts_of(weir__arena *arena, const weir__txn *txn)
{
    weir_mock_transaction_part *parts =
        weir__arena_alloc(arena, (txn->parts.count + 1) * sizeof *parts);
    size_t count = 0;
    const weir__map_entry *at = parts != NULL ? txn->parts.first : NULL;
    for (; at != NULL; at = at->next) {
        const weir__txn_part *part = at->value;
        bool offsets = part->partition == WEIR__TXN_OFFSETS;
        const char *name = text_of(arena, part->name);
        if (name == NULL) {
            return NULL;
        }
        parts[count++] = (weir_mock_transaction_part){.topic = offsets ? NULL : name,
                                                      .partition = part->partition,
                                                      .group = offsets ? name : NULL};
    }
    return parts;
}

weir_err weir_mock_transactions(const weir_mock *mock,
                                void (*fn)(const weir_mock_transaction *transaction, void *user),
                                void *user)
{
    if (mock == NULL || fn == NULL) {
        return WEIR_EINVAL;
    }
    weir_err err = WEIR_OK;
    weir__arena arena = {0};
    weir__mock_lock(mock);
    for (weir__map_entry *at = mock->txns.txns.first; at != NULL && err == WEIR_OK; at = at->next) {
        const weir__txn *txn = at->value;
        if (txn->state != WEIR__TXN_ONGOING && !weir__txn_is_ending(txn)) {
            continue;
        }
        const weir_mock_transaction transaction = {
            .transactional_id = text_of(&arena, txn->id),
            .producer_id = txn->producer_id,
            .epoch = txn->epoch,
            .state = weir__txn_state_name(txn->state),
            .age_ms = (mock->now_us - txn->start_us) / 1000,
            .timeout_ms = txn->timeout_ms,
            .parts = parts_of(&arena, txn),
            .part_count = txn->parts.count,
        };
        err = transaction.transactional_id != NULL && transaction.parts != NULL ? WEIR_OK
                                                                                : WEIR_ENOMEM;
        if (err == WEIR_OK) {
            fn(&transaction, user);
        }
        weir__arena_reset(&arena);
    }
    weir__mock_unlock(mock);
    weir__arena_fini(&arena);
    return err;
}

weir_err weir_mock_transaction_coordinator_set(weir_mock *mock, const char *transactional_id,
                                               int32_t broker)
{
    weir__broker *to = weir__broker_find(mock, broker);
    if (to == NULL || transactional_id == NULL || *transactional_id == '\0') {
        return WEIR_EINVAL;
    }
    weir_slice id = weir_slice_of(transactional_id);
    weir__mock_lock(mock);
    bool moves = weir__txn_coordinator_of(mock, id) != to;
    weir_err err = weir__map_put(&mock->txn_coordinators, id, to);
    if (err == WEIR_OK && moves) {
        weir__txns_moved(&mock->txns, id);
        weir__mock_event(mock, &(weir_mock_event){.kind = WEIR_MOCK_COORDINATOR,
                                                  .transactional_id = id,
                                                  .broker = broker});
    }
    weir__mock_wake(mock);
    weir__mock_unlock(mock);
    return err;
}

int32_t weir_mock_transaction_coordinator(const weir_mock *mock, const char *transactional_id)
{
    if (mock == NULL || transactional_id == NULL) {
        return -1;
    }
    weir__mock_lock(mock);
    int32_t broker = weir__txn_coordinator_of(mock, weir_slice_of(transactional_id))->id;
    weir__mock_unlock(mock);
    return broker;
}
