/* SPDX-License-Identifier: Apache-2.0 */
#include "requests.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#define BYTES_MAX (1 << 20)
#define CREATE_TIMEOUT_MS 30000

/* ---- Topics ---- */

static bool is_ready(run *r, const char *topic, int32_t partitions)
{
    for (int32_t i = 0; i < partitions; i++) {
        if (look_up_offset(r, topic, i, false, TIME_LATEST) < 0) {
            return false;
        }
    }
    return true;
}

static int16_t ask_to_create(run *r, const char *topic, int32_t partitions,
                             const char *const *config)
{
    weir_buf *out = request(r, API_CREATE_TOPICS, 2);
    weir__buf_put_i32(out, 1);
    weir__put_cstring(out, full(r, topic).text);
    weir__buf_put_i32(out, partitions);
    weir__buf_put_i16(out, 1);
    weir__buf_put_i32(out, 0); /* assignments */
    int32_t settings = 0;
    for (; config != NULL && config[2 * settings] != NULL; settings++) {
    }
    weir__buf_put_i32(out, settings);
    for (int32_t i = 0; i < 2 * settings; i++) {
        weir__put_cstring(out, config[i]);
    }
    weir__buf_put_i32(out, CREATE_TIMEOUT_MS);
    weir__put_bool(out, false);
    weir__reader in;
    if (!answer_quietly(r, &in)) {
        return -1;
    }
    weir__read_i32(&in); /* throttle time */
    weir__read_count(&in);
    weir__read_string(&in);
    return weir__read_i16(&in);
}

void create_topic(run *r, const char *topic, int32_t partitions, const char *const *config)
{
    int16_t error = 0;
    if (r->bare != NULL) {
        error = (int16_t)rd_kafka_mock_topic_create(r->bare, full(r, topic).text, partitions, 1);
    } else {
        error = ask_to_create(r, topic, partitions, config);
    }
    if (error != 0) {
        see(r, "create %s: %s\n", topic, error_name(error));
        return;
    }
    for (int looks = 0; !is_ready(r, topic, partitions); looks++) {
        if (looks == LOOKS_MAX) {
            see(r, "create %s: it does not become ready\n", topic);
            return;
        }
        pause_briefly();
    }
}

/* ---- Produce ---- */

static int part_count(const produce_request *wanted)
{
    int count = 0;
    while (count < PARTS_MAX && wanted->parts[count].topic != NULL) {
        count++;
    }
    return count;
}

static const producer *first_producer(const produce_request *wanted)
{
    return wanted->parts[0].batch != NULL ? wanted->parts[0].batch->by : NULL;
}

static void put_produce(run *r, const produce_request *wanted)
{
    const producer *by = first_producer(wanted);
    int16_t version = wanted->version != 0 ? wanted->version : 7;
    weir_buf *out = request(r, API_PRODUCE, version);
    connection *c = &r->main;
    const char *txn = wanted->txn != NULL ? wanted->txn : by != NULL ? by->txn : NULL;
    put_text(c, txn);
    weir__buf_put_i16(out, (int16_t)(wanted->acks - 1));
    weir__buf_put_i32(out, CREATE_TIMEOUT_MS);
    int count = part_count(wanted);
    put_count(c, count);
    for (int i = 0; i < count; i++) {
        const produce_part *part = &wanted->parts[i];
        put_text(c, full(r, part->topic).text);
        put_count(c, 1);
        weir__buf_put_i32(out, part->partition);
        weir_buf records = {0};
        if (part->batch != NULL) {
            put_batch(r, &records, part->batch);
        }
        if (part->second != NULL) {
            put_batch(r, &records, part->second);
        }
        weir_put(&records, part->bytes, part->byte_count);
        weir__put_blob(out, weir__buf_slice(&records));
        weir__buf_fini(&records);
    }
}

static void see_batch(run *r, const batch *b)
{
    for (int i = 0; i < batch_count(b); i++) {
        see(r, " %s", b->values[i]);
    }
    if (b->by != NULL) {
        see(r, " by %s epoch %d sequence %d", name_of_number(r, 'P', b->by->id), b->by->epoch,
            b->sequence);
    }
    see(r, "%s", b->transactional ? " transactional" : "");
}

static void see_produce_wanted(run *r, const produce_request *wanted)
{
    see(r, "produce");
    for (int i = 0; i < part_count(wanted); i++) {
        const produce_part *part = &wanted->parts[i];
        see(r, "%s %s/%d", i > 0 ? "," : "", part->topic, part->partition);
        if (part->batch != NULL) {
            see_batch(r, part->batch);
        }
        if (part->second != NULL) {
            see(r, " +");
            see_batch(r, part->second);
        }
    }
    see(r, ": ");
}

/* The first error of a Produce answer; observed. */
static int16_t read_produced(run *r, weir__reader *in, bool quiet)
{
    int16_t first = 0;
    int32_t topics = weir__read_count(in);
    for (int32_t i = 0; i < topics && !in->failed; i++) {
        weir__read_string(in);
        int32_t parts = weir__read_count(in);
        for (int32_t j = 0; j < parts && !in->failed; j++) {
            weir__read_i32(in);
            int16_t error = weir__read_i16(in);
            int64_t base = weir__read_i64(in);
            int64_t append_ms = weir__read_i64(in);
            int64_t start = r->main.version >= 5 ? weir__read_i64(in) : -1;
            first = first != 0 ? first : error;
            if (!quiet) {
                see(r, "%s%s at %lld", i + j > 0 ? ", " : "", error_name(error), (long long)base);
                if (append_ms != -1) {
                    see(r, " append time %s", relative_time(r, append_ms));
                }
                see(r, " start %lld", (long long)start);
            }
        }
    }
    if (!quiet) {
        see(r, "\n");
    }
    return first;
}

/* A transactional batch is checked with the coordinator, which may be busy. */
static bool is_busy(const produce_request *wanted, int16_t error, int *looks)
{
    const producer *by = first_producer(wanted);
    bool checking = error == 19 && by != NULL && by->txn != NULL;
    return not_ready(checking ? 51 : error, looks);
}

void produce_all(run *r, const produce_request *wanted)
{
    see_produce_wanted(r, wanted);
    int looks = 0;
    weir__reader in;
    for (;;) {
        put_produce(r, wanted);
        if (wanted->acks == 1) { /* acks 0: no answer */
            see(r, send_on(&r->main) ? "sent\n" : "not sent\n");
            return;
        }
        if (!answer(r, &in)) {
            return;
        }
        weir__reader again = in;
        if (!is_busy(wanted, read_produced(r, &again, true), &looks)) {
            break;
        }
    }
    read_produced(r, &in, false);
}

void produce(run *r, const char *topic, int32_t partition, const batch *b)
{
    produce_all(r, &(produce_request){.parts = {{topic, partition, b, NULL, NULL, 0}}});
}

void fill(run *r, const char *topic, int32_t partition, const char *const *values)
{
    for (; *values != NULL; values++) {
        const batch b = {.values = {*values}};
        const produce_request wanted = {.parts = {{topic, partition, &b, NULL, NULL, 0}}};
        weir__reader in;
        put_produce(r, &wanted);
        if (!answer_quietly(r, &in) || read_produced(r, &in, true) != 0) {
            see(r, "fill %s/%d: failed\n", topic, partition);
        }
    }
}

/* ---- Fetch ---- */

bool fetch_send(connection *c, const fetch_request *wanted)
{
    run *r = c->run;
    weir_buf *out = request_on(c, API_FETCH, 11);
    weir__buf_put_i32(out, -1); /* replica id */
    weir__buf_put_i32(out, wanted->wait_ms);
    weir__buf_put_i32(out, wanted->bytes_min);
    weir__buf_put_i32(out, wanted->bytes_max != 0 ? wanted->bytes_max : BYTES_MAX);
    weir__buf_put_u8(out, wanted->committed ? 1 : 0);
    weir__buf_put_i32(out, wanted->session);
    weir__buf_put_i32(out, wanted->session_epoch - 1);
    int32_t count = 0;
    while (count < PARTS_MAX && wanted->parts[count].topic != NULL) {
        count++;
    }
    weir__buf_put_i32(out, count);
    for (int32_t i = 0; i < count; i++) {
        const fetch_part *part = &wanted->parts[i];
        weir__put_cstring(out, full(r, part->topic).text);
        weir__buf_put_i32(out, 1);
        weir__buf_put_i32(out, part->partition);
        weir__buf_put_i32(out, part->epoch - 1);
        weir__buf_put_i64(out, part->offset);
        weir__buf_put_i64(out, -1); /* a follower's log start offset */
        weir__buf_put_i32(out, part->bytes_max != 0 ? part->bytes_max : BYTES_MAX);
    }
    weir__buf_put_i32(out, 0);  /* forgotten topics */
    weir__put_cstring(out, ""); /* rack */
    return send_on(c);
}

static void see_aborted(run *r, weir__reader *in)
{
    int32_t aborted = weir__read_count(in);
    if (aborted > 0) {
        see(r, " aborted");
    }
    for (int32_t i = 0; i < aborted && !in->failed; i++) {
        const char *by = name_of_number(r, 'P', weir__read_i64(in));
        see(r, " %s from %lld", by, (long long)weir__read_i64(in));
    }
}

static void see_fetched(run *r, weir_slice topic, weir__reader *in)
{
    int32_t partition = weir__read_i32(in);
    int16_t error = weir__read_i16(in);
    int64_t end = weir__read_i64(in);
    int64_t stable = weir__read_i64(in);
    int64_t start = weir__read_i64(in);
    see(r, "  ");
    see_short(r, topic);
    see(r, "/%d: %s start %lld stable %lld end %lld", partition, error_name(error),
        (long long)start, (long long)stable, (long long)end);
    see_aborted(r, in);
    weir__read_i32(in); /* preferred read replica */
    weir_slice records = weir__read_blob(in);
    see(r, "\n");
    see_batches(r, records);
}

int32_t fetch_receive(connection *c)
{
    run *r = c->run;
    weir__reader in;
    if (!answer_on(c, &in)) {
        return -1;
    }
    weir__read_i32(&in); /* throttle time */
    int16_t error = weir__read_i16(&in);
    int32_t session = weir__read_i32(&in);
    see(r, "%s%s\n", error_name(error), session != 0 ? " with a session" : "");
    int32_t topics = weir__read_count(&in);
    for (int32_t i = 0; i < topics && !in.failed; i++) {
        weir_slice topic = weir__read_string(&in);
        int32_t parts = weir__read_count(&in);
        for (int32_t j = 0; j < parts && !in.failed; j++) {
            see_fetched(r, topic, &in);
        }
    }
    return session;
}

static void see_fetch_wanted(run *r, const fetch_request *wanted)
{
    see(r, "fetch%s", wanted->committed ? " committed" : "");
    for (int i = 0; i < PARTS_MAX && wanted->parts[i].topic != NULL; i++) {
        const fetch_part *part = &wanted->parts[i];
        see(r, "%s %s/%d from %lld", i > 0 ? "," : "", part->topic, part->partition,
            (long long)part->offset);
        if (part->bytes_max != 0) {
            see(r, " up to %d bytes", part->bytes_max);
        }
        if (part->epoch != 0) {
            see(r, " epoch %d", part->epoch - 1);
        }
    }
    see(r, ": ");
}

int32_t fetch_all(run *r, const fetch_request *wanted)
{
    see_fetch_wanted(r, wanted);
    fetch_send(&r->main, wanted);
    return fetch_receive(&r->main);
}

void fetch(run *r, const char *topic, int32_t partition, int64_t offset)
{
    fetch_all(r, &(fetch_request){.parts = {{topic, partition, offset, 0, 0}}});
}

void fetch_committed(run *r, const char *topic, int32_t partition, int64_t offset)
{
    fetch_all(r, &(fetch_request){.committed = true, .parts = {{topic, partition, offset, 0, 0}}});
}

/* ---- ListOffsets ---- */

typedef struct listed {
    int16_t error;
    int64_t time_ms;
    int64_t offset;
} listed;

static void put_list_offsets(run *r, int16_t version, const char *topic, int32_t partition,
                             bool committed, int64_t time_ms)
{
    weir_buf *out = request(r, API_LIST_OFFSETS, version);
    connection *c = &r->main;
    weir__buf_put_i32(out, -1); /* replica id */
    weir__buf_put_u8(out, committed ? 1 : 0);
    put_count(c, 1);
    put_text(c, full(r, topic).text);
    put_count(c, 1);
    weir__buf_put_i32(out, partition);
    if (version >= 4) {
        weir__buf_put_i32(out, -1); /* leader epoch */
    }
    weir__buf_put_i64(out, time_ms >= 0 ? r->origin_ms + time_ms : time_ms);
    put_end(c);
    put_end(c);
    put_end(c);
}

static listed read_listed(run *r, weir__reader *in)
{
    const connection *c = &r->main;
    listed result = {.error = -1};
    weir__read_i32(in); /* throttle time */
    get_count(c, in);
    get_text(c, in);
    get_count(c, in);
    weir__read_i32(in);
    result.error = weir__read_i16(in);
    result.time_ms = weir__read_i64(in);
    result.offset = weir__read_i64(in);
    return result;
}

static void see_offset(run *r, const char *topic, int32_t partition, bool committed,
                       int64_t time_ms)
{
    int16_t version = time_ms == TIME_OF_LARGEST ? 7 : 2;
    see(r, "%s of %s/%d at %lld: ", committed ? "stable offset" : "offset", topic, partition,
        (long long)time_ms);
    put_list_offsets(r, version, topic, partition, committed, time_ms);
    weir__reader in;
    if (!answer(r, &in)) {
        return;
    }
    listed found = read_listed(r, &in);
    see(r, "%s %lld", error_name(found.error), (long long)found.offset);
    if (found.time_ms != -1) {
        see(r, " time %s", relative_time(r, found.time_ms));
    }
    see(r, "\n");
}

void list_offset(run *r, const char *topic, int32_t partition, int64_t time_ms)
{
    see_offset(r, topic, partition, false, time_ms);
}

void list_stable_offset(run *r, const char *topic, int32_t partition, int64_t time_ms)
{
    see_offset(r, topic, partition, true, time_ms);
}

int64_t look_up_offset(run *r, const char *topic, int32_t partition, bool committed,
                       int64_t time_ms)
{
    put_list_offsets(r, 2, topic, partition, committed, time_ms);
    weir__reader in;
    if (!answer_quietly(r, &in)) {
        return -1;
    }
    listed found = read_listed(r, &in);
    return found.error == 0 ? found.offset : -(int64_t)found.error - 1;
}

void settle(run *r, const char *topic, int32_t partition)
{
    int64_t end = look_up_offset(r, topic, partition, false, TIME_LATEST);
    for (int looks = 0; look_up_offset(r, topic, partition, true, TIME_LATEST) != end; looks++) {
        if (looks == LOOKS_MAX) {
            see(r, "%s/%d: a transaction stays open\n", topic, partition);
            return;
        }
        pause_briefly();
        end = look_up_offset(r, topic, partition, false, TIME_LATEST);
    }
}

/* ---- DeleteRecords ---- */

void delete_records(run *r, const char *topic, int32_t partition, int64_t before)
{
    see(r, "delete records of %s/%d below %lld: ", topic, partition, (long long)before);
    weir_buf *out = request(r, API_DELETE_RECORDS, 1);
    weir__buf_put_i32(out, 1);
    weir__put_cstring(out, full(r, topic).text);
    weir__buf_put_i32(out, 1);
    weir__buf_put_i32(out, partition);
    weir__buf_put_i64(out, before);
    weir__buf_put_i32(out, CREATE_TIMEOUT_MS);
    weir__reader in;
    if (!answer(r, &in)) {
        return;
    }
    to_only_partition(&in);
    weir__read_i32(&in);
    int64_t low = weir__read_i64(&in);
    see(r, "%s start %lld\n", error_name(weir__read_i16(&in)), (long long)low);
}
