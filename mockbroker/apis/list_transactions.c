/* SPDX-License-Identifier: Apache-2.0
 *
 * ListTransactions: each broker lists the transactional ids that it coordinates. */
#include "txn_requests.h"

/* What a request asks for; the readers give the lists once more. */
typedef struct filters {
    int32_t state_count;
    weir__reader states;
    int32_t producer_count;
    weir__reader producers;
    int64_t duration_ms; /* only longer ones; -1: all */
} filters;

static filters read_filters(const weir__request *request, weir__reader *in)
{
    filters it = {.duration_ms = -1};
    it.state_count = weir__take_count(request, in);
    it.states = *in;
    for (int32_t i = 0; i < it.state_count && !in->failed; i++) {
        weir__take_text(request, in);
    }
    it.producer_count = weir__take_count(request, in);
    it.producers = *in;
    for (int32_t i = 0; i < it.producer_count && !in->failed; i++) {
        weir__read_i64(in);
    }
    if (request->version >= 1) {
        it.duration_ms = weir__read_i64(in);
    }
    weir__take_tags(request, in);
    return it;
}

static bool has_state(const weir__request *request, const filters *it, const char *state)
{
    weir__reader states = it->states;
    bool found = it->state_count <= 0;
    for (int32_t i = 0; i < it->state_count && !found; i++) {
        found = weir_slice_equal(weir__take_text(request, &states), weir_slice_of(state));
    }
    return found;
}

static bool has_producer(const filters *it, int64_t producer_id)
{
    weir__reader producers = it->producers;
    bool found = it->producer_count <= 0;
    for (int32_t i = 0; i < it->producer_count && !found; i++) {
        found = weir__read_i64(&producers) == producer_id;
    }
    return found;
}

static bool passes(const weir__request *request, const filters *it, const weir__txn *txn)
{
    const weir_mock *mock = request->mock;
    int64_t age_ms = (mock->now_us - txn->start_us) / 1000;
    bool long_enough = it->duration_ms < 0 || txn->start_us < 0 || age_ms > it->duration_ms;
    return long_enough && weir__txn_coordinator_of(mock, txn->id) == request->conn->broker &&
           has_state(request, it, weir__txn_state_name(txn->state)) &&
           has_producer(it, txn->producer_id);
}

/* The states of the filter that Kafka does not have. */
static void put_unknown_states(weir__request *request, const filters *it)
{
    static const char *const transient[] = {"Dead", "PrepareEpochFence"};
    weir_buf unknown = {0};
    size_t count = 0;
    weir__reader states = it->states;
    for (int32_t i = 0; i < it->state_count; i++) {
        weir_slice name = weir__take_text(request, &states);
        bool known = weir_slice_equal(name, weir_slice_of(transient[0])) ||
                     weir_slice_equal(name, weir_slice_of(transient[1]));
        for (int state = 0; state < WEIR__TXN_STATES && !known; state++) {
            const char *text = weir__txn_state_name((weir__txn_state)state);
            known = weir_slice_equal(name, weir_slice_of(text));
        }
        if (!known) {
            weir__put_compact_string(&unknown, name);
            count++;
        }
    }
    weir__give_count(request, count);
    weir_put(&request->answer, unknown.data, unknown.len);
    if (unknown.err != WEIR_OK) {
        request->answer.err = unknown.err;
    }
    weir__buf_fini(&unknown);
}

static void put_listed(weir__request *request, const filters *it)
{
    const weir_mock *mock = request->mock;
    size_t count = 0;
    const weir__map_entry *entry = mock->txns.txns.first;
    for (; entry != NULL; entry = entry->next) {
        count += passes(request, it, entry->value) ? 1 : 0;
    }
    weir__give_count(request, count);
    for (entry = mock->txns.txns.first; entry != NULL; entry = entry->next) {
        const weir__txn *txn = entry->value;
        if (passes(request, it, txn)) {
            weir__give_string(request, txn->id);
            weir__buf_put_i64(&request->answer, txn->producer_id);
            weir__give_string(request, weir_slice_of(weir__txn_state_name(txn->state)));
            weir__give_tags(request);
        }
    }
}

void weir__handle_list_transactions(weir__request *request, weir__reader *in)
{
    const filters it = read_filters(request, in);
    if (in->failed) {
        weir__request_malformed(request);
        return;
    }
    weir__put_throttle(request, 0);
    weir__buf_put_i16(&request->answer, request->injected);
    if (request->injected == 0) {
        put_unknown_states(request, &it);
        put_listed(request, &it);
    } else {
        weir__give_count(request, 0);
        weir__give_count(request, 0);
    }
    weir__give_tags(request);
    weir__request_answer(request);
}
