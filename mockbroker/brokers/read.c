/* SPDX-License-Identifier: Apache-2.0
 *
 * Reading a topic for assertions: from the logs themselves, so that neither injected faults nor
 * brokers that are down affect it. The batches are copied piece by piece under the lock, and given
 * to the caller without it. */
#include <stdlib.h>

#include "core/error.h"
#include "core/saturate.h"
#include "topics.h"
#include "wire/records.h"

#define PIECE_BYTES ((size_t)1 << 20)

typedef weir_err (*record_fn)(const weir_mock_record *record, void *user);

/* One partition to be read, up to `end`. */
typedef struct job {
    weir_mock *mock;
    const char *topic;
    int32_t partition;
    int64_t next;
    int64_t end;
    record_fn fn;
    void *user;
    weir_error *error;
} job;

/* Batches copied from the log, and what became of the transaction of each. */
typedef struct piece {
    weir_buf bytes;
    weir_buf outcomes; /* a byte for each batch */
    int64_t next;
} piece;

static weir_mock_outcome outcome_of(const weir__log *log, const weir__batch_header *batch)
{
    if ((batch->attributes & WEIR__BATCH_TRANSACTIONAL) == 0) {
        return WEIR_MOCK_NO_TRANSACTION;
    }
    const weir__log_producer *producer =
        weir__log_producer_find(&log->producers, batch->producer_id);
    if (producer != NULL && producer->txn_first >= 0 && batch->base_offset >= producer->txn_first) {
        return WEIR_MOCK_OPEN;
    }
    return weir__log_is_aborted(log, batch->producer_id, batch->base_offset) ? WEIR_MOCK_ABORTED
                                                                             : WEIR_MOCK_COMMITTED;
}

static weir_err copy_piece(const weir__log *log, const job *read, piece *out)
{
    int64_t upto = weir__log_span(log, read->next, read->end, PIECE_BYTES, true);
    weir__log_read(log, read->next, upto, &out->bytes);
    weir_slice left = weir__buf_slice(&out->bytes);
    while (left.len > 0 && out->bytes.err == WEIR_OK) {
        weir__batch_header batch;
        weir_err err = weir__batch_read(left, &batch);
        if (err != WEIR_OK) {
            return err;
        }
        weir__buf_put_u8(&out->outcomes, (uint8_t)outcome_of(log, &batch));
        left = (weir_slice){(const uint8_t *)left.data + batch.bytes, left.len - batch.bytes};
    }
    out->next = out->bytes.len > 0 ? upto : read->end; /* the rest was removed by compaction */
    return out->bytes.err != WEIR_OK ? out->bytes.err : out->outcomes.err;
}

static weir_err tell_piece(const job *read, const piece *from)
{
    weir_slice left = weir__buf_slice(&from->bytes);
    weir_err err = WEIR_OK;
    for (size_t i = 0; left.len > 0 && err == WEIR_OK; i++) {
        weir__batch_header batch;
        weir_mock_record at = {.topic = read->topic,
                               .partition = read->partition,
                               .outcome = (weir_mock_outcome)from->outcomes.data[i]};
        err = weir__batch_read(left, &batch);
        if (err == WEIR_OK && !(batch.attributes & WEIR__BATCH_CONTROL)) {
            err = weir__batch_records((weir_slice){left.data, batch.bytes}, &at, read->next,
                                      read->fn, read->user);
        }
        left = (weir_slice){(const uint8_t *)left.data + batch.bytes, left.len - batch.bytes};
    }
    return err;
}

static weir_err failed(const job *read, weir_err err)
{
    if (err == WEIR_ENOTFOUND) {
        return weir__error_set(read->error, err, "no partition %d of topic '%s'",
                               (int)read->partition, read->topic);
    }
    return weir__error_set(read->error, err, "reading %s-%d at offset %lld: %s", read->topic,
                           (int)read->partition, (long long)read->next, weir_err_str(err));
}

static const weir__log *log_of(const job *read)
{
    const weir__partition *partition =
        weir__partition_find(read->mock, weir_slice_of(read->topic), read->partition);
    return partition != NULL ? &partition->log : NULL;
}

/* From the partition's start, or `from`, to its end as they are now. */
static weir_err begin(job *read, int64_t from)
{
    pthread_mutex_lock(&read->mock->lock);
    const weir__log *log = log_of(read);
    if (log != NULL) {
        read->next = weir__later(log->start, from);
        read->end = log->end;
    }
    pthread_mutex_unlock(&read->mock->lock);
    return log != NULL ? WEIR_OK : failed(read, WEIR_ENOTFOUND);
}

static weir_err read_partition(job *read)
{
    piece copy = {0};
    weir_err err = WEIR_OK;
    while (err == WEIR_OK && read->next < read->end) {
        weir__buf_reset(&copy.bytes);
        weir__buf_reset(&copy.outcomes);
        pthread_mutex_lock(&read->mock->lock);
        const weir__log *log = log_of(read); /* the topic may have been deleted meanwhile */
        err = log != NULL ? copy_piece(log, read, &copy) : WEIR_ENOTFOUND;
        pthread_mutex_unlock(&read->mock->lock);
        if (err == WEIR_OK) {
            err = tell_piece(read, &copy);
        }
        if (err == WEIR_OK) {
            read->next = copy.next;
        }
    }
    weir__buf_fini(&copy.bytes);
    weir__buf_fini(&copy.outcomes);
    return err == WEIR_OK ? WEIR_OK : failed(read, err);
}

static weir_err check(const weir_mock *mock, const char *topic, record_fn fn, const char *function,
                      weir_error *error)
{
    if (mock == NULL || topic == NULL) {
        return weir__error_null(error, function, mock == NULL ? "mock" : "topic");
    }
    return fn != NULL ? WEIR_OK : weir__error_null(error, function, "fn");
}

weir_err weir_mock_partition_read(weir_mock *mock, const char *topic, int32_t partition,
                                  int64_t from, record_fn fn, void *user, weir_error *error)
{
    weir_err err = check(mock, topic, fn, __func__, error);
    if (err != WEIR_OK) {
        return err;
    }
    job read = {.mock = mock,
                .topic = topic,
                .partition = partition,
                .fn = fn,
                .user = user,
                .error = error};
    err = begin(&read, from);
    return err == WEIR_OK ? read_partition(&read) : err;
}

/* All end offsets are taken before the first record is read. */
weir_err weir_mock_topic_read(weir_mock *mock, const char *topic, record_fn fn, void *user,
                              weir_error *error)
{
    weir_err err = check(mock, topic, fn, __func__, error);
    if (err != WEIR_OK) {
        return err;
    }
    int32_t count = weir_mock_topic_partitions(mock, topic);
    if (count < 0) {
        return weir__error_set(error, WEIR_ENOTFOUND, "no topic '%s'", topic);
    }
    job *reads = calloc((size_t)count, sizeof *reads);
    err = reads != NULL ? WEIR_OK : weir__error_set(error, WEIR_ENOMEM, "out of memory");
    for (int32_t i = 0; i < count && err == WEIR_OK; i++) {
        reads[i] = (job){
            .mock = mock, .topic = topic, .partition = i, .fn = fn, .user = user, .error = error};
        err = begin(&reads[i], 0);
    }
    for (int32_t i = 0; i < count && err == WEIR_OK; i++) {
        err = read_partition(&reads[i]);
    }
    free(reads);
    return err;
}
