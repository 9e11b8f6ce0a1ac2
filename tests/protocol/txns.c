/* SPDX-License-Identifier: Apache-2.0 */
#include "txns.h"

#include <stdlib.h>

/* The older version by default: the newer one knows PRODUCER_FENCED. */
static int16_t version(const run *r, int16_t older, int16_t newer)
{
    return r->newer ? newer : older;
}

static void see_producer(run *r, const producer *by)
{
    see(r, "%s epoch %d", name_of_number(r, 'P', by->id), by->epoch);
}

/* ---- InitProducerId ---- */

static producer init(run *r, const producer *by, int32_t timeout_ms)
{
    producer result = NO_PRODUCER;
    result.txn = by->txn;
    int16_t error = 0;
    int looks = 0;
    do {
        weir_buf *out = request(r, API_INIT_PRODUCER_ID, version(r, 3, 4));
        put_text(&r->main, by->txn);
        weir__buf_put_i32(out, timeout_ms);
        weir__buf_put_i64(out, by->id);
        weir__buf_put_i16(out, by->epoch);
        put_end(&r->main);
        weir__reader in;
        if (!answer(r, &in)) {
            return result;
        }
        weir__read_i32(&in); /* throttle time */
        error = weir__read_i16(&in);
        result.id = weir__read_i64(&in);
        result.epoch = weir__read_i16(&in);
    } while (not_ready(error, &looks));
    see(r, "%s", error_name(error));
    if (error == 0) {
        see(r, " ");
        see_producer(r, &result);
    }
    see(r, "\n");
    return result;
}

producer init_idempotent(run *r)
{
    see(r, "init idempotent: ");
    return init(r, &NO_PRODUCER, INT32_MAX);
}

producer init_txn(run *r, const char *txn, full_name *name)
{
    *name = full(r, txn);
    see(r, "init %s: ", txn);
    return init(r, &(producer){-1, -1, name->text}, TXN_TIMEOUT_MS);
}

producer init_again(run *r, const producer *by, int32_t timeout_ms)
{
    see(r, "init again ");
    see_producer(r, by);
    if (timeout_ms != TXN_TIMEOUT_MS) {
        see(r, " timeout %d ms", timeout_ms);
    }
    see(r, ": ");
    return init(r, by, timeout_ms);
}

/* ---- The transaction ---- */

static void put_owner(run *r, const producer *by)
{
    put_text(&r->main, by->txn);
    weir__buf_put_i64(&r->main.out, by->id);
    weir__buf_put_i16(&r->main.out, by->epoch);
}

static void put_parts(run *r, const part *parts)
{
    int count = 0;
    while (parts[count].topic != NULL) {
        count++;
    }
    put_count(&r->main, count);
    for (int i = 0; i < count; i++) {
        put_text(&r->main, full(r, parts[i].topic).text);
        put_count(&r->main, 1);
        weir__buf_put_i32(&r->main.out, parts[i].partition);
        put_end(&r->main);
    }
    put_end(&r->main);
}

/* The errors of partitions in an answer. Their order means nothing: they are observed sorted. */
#define ERRORS_MAX 16
#define ERROR_TEXT_MAX 128
typedef struct part_errors {
    int16_t first;
    int count;
    char text[ERRORS_MAX][ERROR_TEXT_MAX];
} part_errors;

static int compare_texts(const void *a, const void *b)
{
    return strcmp(a, b);
}

static part_errors read_part_errors(const run *r, weir__reader *in)
{
    const connection *c = &r->main;
    part_errors errors = {0};
    weir__read_i32(in); /* throttle time */
    int32_t topics = get_count(c, in);
    for (int32_t i = 0; i < topics && !in->failed; i++) {
        weir_slice topic = short_name(r, get_text(c, in));
        int32_t count = get_count(c, in);
        for (int32_t j = 0; j < count && !in->failed && errors.count < ERRORS_MAX; j++) {
            int32_t partition = weir__read_i32(in);
            int16_t error = weir__read_i16(in);
            get_end(c, in);
            errors.first = errors.first != 0 ? errors.first : error;
            snprintf(errors.text[errors.count++], ERROR_TEXT_MAX, "%.*s/%d %s", (int)topic.len,
                     (const char *)topic.data, partition, error_name(error));
        }
        get_end(c, in);
    }
    qsort(errors.text, (size_t)errors.count, ERROR_TEXT_MAX, compare_texts);
    return errors;
}

static void see_parts(run *r, const part_errors *errors)
{
    for (int i = 0; i < errors->count; i++) {
        see(r, "%s%s", i > 0 ? ", " : "", errors->text[i]);
    }
    see(r, "\n");
}

void add_partitions(run *r, const producer *by, const part *parts)
{
    see(r, "add partitions ");
    see_producer(r, by);
    see(r, ": ");
    weir__reader in;
    part_errors errors;
    int looks = 0;
    do {
        request(r, API_ADD_PARTITIONS_TO_TXN, version(r, 1, 3));
        put_owner(r, by);
        put_parts(r, parts);
        if (!answer(r, &in)) {
            return;
        }
        errors = read_part_errors(r, &in);
    } while (not_ready(errors.first, &looks));
    see_parts(r, &errors);
}

void add_partition(run *r, const producer *by, const char *topic, int32_t partition)
{
    add_partitions(r, by, (const part[]){{topic, partition}, {NULL, 0}});
}

/* A request whose answer is one error, begun by the caller's function. */
static void ask_one(run *r, void (*put)(run *r, const producer *by, const void *what),
                    const producer *by, const void *what)
{
    int16_t error = 0;
    int looks = 0;
    do {
        put(r, by, what);
        weir__reader in;
        if (!answer(r, &in)) {
            return;
        }
        weir__read_i32(&in); /* throttle time */
        error = weir__read_i16(&in);
    } while (not_ready(error, &looks));
    see(r, "%s\n", error_name(error));
}

static void put_add_offsets(run *r, const producer *by, const void *group)
{
    request(r, API_ADD_OFFSETS_TO_TXN, version(r, 1, 3));
    put_owner(r, by);
    put_text(&r->main, full(r, group).text);
    put_end(&r->main);
}

void add_offsets(run *r, const producer *by, const char *group)
{
    see(r, "add offsets ");
    see_producer(r, by);
    see(r, " of %s: ", group);
    ask_one(r, put_add_offsets, by, group);
}

static void put_end_txn(run *r, const producer *by, const void *commit)
{
    request(r, API_END_TXN, version(r, 1, 3));
    put_owner(r, by);
    weir__put_bool(&r->main.out, commit != NULL);
    put_end(&r->main);
}

void end_txn(run *r, const producer *by, bool commit)
{
    see(r, "%s ", commit ? "commit" : "abort");
    see_producer(r, by);
    see(r, ": ");
    ask_one(r, put_end_txn, by, commit ? "" : NULL);
}

/* ---- Offsets ---- */

void commit_in_txn(run *r, const producer *by, const char *group, const membership *as,
                   const char *topic, int32_t partition, int64_t offset)
{
    see(r, "commit %s/%d at %lld of %s in the transaction of ", topic, partition, (long long)offset,
        group);
    see_producer(r, by);
    see(r, ": ");
    weir__reader in;
    part_errors errors;
    int looks = 0;
    do {
        weir_buf *out = request(r, API_TXN_OFFSET_COMMIT, 3);
        connection *c = &r->main;
        put_text(c, by->txn);
        put_text(c, full(r, group).text);
        weir__buf_put_i64(out, by->id);
        weir__buf_put_i16(out, by->epoch);
        weir__buf_put_i32(out, as->generation);
        put_text(c, as->member != NULL ? as->member : "");
        put_text(c, as->instance);
        put_count(c, 1);
        put_text(c, full(r, topic).text);
        put_count(c, 1);
        weir__buf_put_i32(out, partition);
        weir__buf_put_i64(out, offset);
        weir__buf_put_i32(out, -1); /* leader epoch */
        put_text(c, "");            /* metadata */
        put_end(c);
        put_end(c);
        put_end(c);
        if (!answer(r, &in)) {
            return;
        }
        errors = read_part_errors(r, &in);
    } while (not_ready(errors.first, &looks));
    see_parts(r, &errors);
}

static int16_t ask_committed(run *r, const char *group, const char *topic, int32_t partition,
                             bool stable, int64_t *offset)
{
    connection *c = &r->main;
    weir_buf *out = request(r, API_OFFSET_FETCH, stable ? 7 : 5);
    put_text(c, full(r, group).text);
    put_count(c, 1);
    put_text(c, full(r, topic).text);
    put_count(c, 1);
    weir__buf_put_i32(out, partition);
    put_end(c);
    if (stable) {
        weir__put_bool(out, true);
    }
    put_end(c);
    weir__reader in;
    if (!answer(r, &in)) {
        return INT16_MIN;
    }
    weir__read_i32(&in); /* throttle time */
    int32_t topics = get_count(c, &in);
    if (topics <= 0) {
        return weir__read_i16(&in);
    }
    get_text(c, &in);
    get_count(c, &in);
    weir__read_i32(&in);
    *offset = weir__read_i64(&in);
    weir__read_i32(&in); /* leader epoch */
    get_text(c, &in);    /* metadata */
    return weir__read_i16(&in);
}

static void see_committed(run *r, const char *group, const char *topic, int32_t partition,
                          bool stable)
{
    see(r, "%s of %s, %s/%d: ", stable ? "stable committed offset" : "committed offset", group,
        topic, partition);
    int64_t offset = -1;
    int looks = 0;
    int16_t error;
    do {
        error = ask_committed(r, group, topic, partition, stable, &offset);
    } while (not_ready(error, &looks));
    if (error != INT16_MIN) {
        see(r, "%s %lld\n", error_name(error), (long long)offset);
    }
}

void committed(run *r, const char *group, const char *topic, int32_t partition)
{
    see_committed(r, group, topic, partition, false);
}

void committed_stable(run *r, const char *group, const char *topic, int32_t partition)
{
    see_committed(r, group, topic, partition, true);
}

/* ---- What admin clients see ---- */

typedef struct described {
    int16_t error;
    weir_slice state;
    int32_t timeout_ms;
    int64_t start_ms;
    producer by;
    int32_t topics;
} described;

static void put_describe(run *r, const char *txn)
{
    request(r, API_DESCRIBE_TRANSACTIONS, 0);
    put_count(&r->main, 1);
    put_text(&r->main, txn);
    put_end(&r->main);
}

/* Up to the topics. */
static described read_described(run *r, weir__reader *in)
{
    const connection *c = &r->main;
    described result = {.by = NO_PRODUCER};
    weir__read_i32(in); /* throttle time */
    get_count(c, in);
    result.error = weir__read_i16(in);
    get_text(c, in);
    result.state = get_text(c, in);
    result.timeout_ms = weir__read_i32(in);
    result.start_ms = weir__read_i64(in);
    result.by.id = weir__read_i64(in);
    result.by.epoch = weir__read_i16(in);
    result.topics = get_count(c, in);
    return result;
}

void complete(run *r, const producer *by)
{
    for (int looks = 0; looks < LOOKS_MAX; looks++) {
        put_describe(r, by->txn);
        weir__reader in;
        if (!answer_quietly(r, &in)) {
            return; /* such a broker completes at once */
        }
        described now = read_described(r, &in);
        if (now.state.len < 7 || memcmp(now.state.data, "Prepare", 7) != 0) {
            return;
        }
        pause_briefly();
    }
    see(r, "the transaction is not completed\n");
}

void describe_txn(run *r, const char *txn)
{
    const connection *c = &r->main;
    see(r, "transaction %s: ", txn);
    put_describe(r, full(r, txn).text);
    weir__reader in;
    if (!answer(r, &in)) {
        return;
    }
    described now = read_described(r, &in);
    see(r, "%s", error_name(now.error));
    if (now.error != 0) {
        see(r, "\n");
        return;
    }
    see(r, " ");
    see_slice(r, now.state);
    see(r, " timeout %d ms, %s, ", now.timeout_ms, now.start_ms > 0 ? "begun" : "not begun");
    see_producer(r, &now.by);
    for (int32_t i = 0; i < now.topics && !in.failed; i++) {
        see(r, " ");
        see_short(r, get_text(c, &in));
        int32_t count = get_count(c, &in);
        for (int32_t j = 0; j < count && !in.failed; j++) {
            see(r, "/%d", weir__read_i32(&in));
        }
        get_end(c, &in);
    }
    see(r, "\n");
}

/* True: of this scenario. */
static bool is_own(const run *r, weir_slice name)
{
    return short_name(r, name).len < name.len;
}

void list_txns(run *r, const char *state)
{
    connection *c = &r->main;
    see(r, "transactions%s%s: ", state != NULL ? " in " : "", state != NULL ? state : "");
    request(r, API_LIST_TRANSACTIONS, 0);
    put_count(c, state != NULL ? 1 : 0);
    if (state != NULL) {
        put_text(c, state);
    }
    put_count(c, 0); /* producer ids */
    put_end(c);
    weir__reader in;
    if (!answer(r, &in)) {
        return;
    }
    weir__read_i32(&in); /* throttle time */
    see(r, "%s", error_name(weir__read_i16(&in)));
    int32_t unknown = get_count(c, &in);
    for (int32_t i = 0; i < unknown && !in.failed; i++) {
        see(r, " unknown state ");
        see_slice(r, get_text(c, &in));
    }
    int32_t count = get_count(c, &in);
    for (int32_t i = 0; i < count && !in.failed; i++) {
        weir_slice txn = get_text(c, &in);
        int64_t id = weir__read_i64(&in);
        weir_slice now = get_text(c, &in);
        get_end(c, &in);
        if (is_own(r, txn)) {
            see(r, " ");
            see_short(r, txn);
            see(r, " %s ", name_of_number(r, 'P', id));
            see_slice(r, now);
        }
    }
    see(r, "\n");
}

void describe_producers(run *r, const char *topic, int32_t partition)
{
    connection *c = &r->main;
    see(r, "producers of %s/%d: ", topic, partition);
    weir_buf *out = request(r, API_DESCRIBE_PRODUCERS, 0);
    put_count(c, 1);
    put_text(c, full(r, topic).text);
    put_count(c, 1);
    weir__buf_put_i32(out, partition);
    put_end(c);
    put_end(c);
    weir__reader in;
    if (!answer(r, &in)) {
        return;
    }
    weir__read_i32(&in); /* throttle time */
    get_count(c, &in);
    get_text(c, &in);
    get_count(c, &in);
    weir__read_i32(&in);
    see(r, "%s", error_name(weir__read_i16(&in)));
    get_text(c, &in); /* message */
    int32_t count = get_count(c, &in);
    for (int32_t i = 0; i < count && !in.failed; i++) {
        int64_t id = weir__read_i64(&in);
        int32_t epoch = weir__read_i32(&in);
        int32_t sequence = weir__read_i32(&in);
        int64_t last_ms = weir__read_i64(&in);
        int32_t coordinator_epoch = weir__read_i32(&in);
        int64_t start = weir__read_i64(&in);
        get_end(c, &in);
        see(r, " %s epoch %d last sequence %d%s coordinator epoch %d open from %lld",
            name_of_number(r, 'P', id), epoch, sequence, last_ms > 0 ? "" : " without a time",
            coordinator_epoch, (long long)start);
    }
    see(r, "\n");
}
