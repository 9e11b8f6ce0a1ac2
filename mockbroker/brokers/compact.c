/* SPDX-License-Identifier: Apache-2.0
 *
 * Log compaction of a partition. The mock cluster cannot compact, so the records left at
 * compacted offsets are kept here, in new batches; later offsets are read from the mock cluster.
 *
 *     offset      0 1 2 3 4 5 6 7 8 9 | 10 11          compacted.upto = 10
 *     key         a b a c b b a c d d |  a  b
 *     compacted               b a c   d                the last record of each key
 *
 * As in Kafka a batch keeps its range of offsets when records are removed from it. A batch with
 * no record left is dropped, except the last one: consumers take the next offset from it. */
#include "compact.h"

#include <stdlib.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/saturate.h"
#include "topics.h"
#include "wire/records.h"

/* Offsets of a batch made by compaction. */
#define BATCH_OFFSETS 64

/* A record read from the log. */
typedef struct kept {
    weir_mock_record record;
    bool dropped;
} kept;

/* A compaction in progress. */
typedef struct compaction {
    weir__arena memory;
    kept *records;
    size_t count;
    size_t capacity;
    weir__map latest; /* key -> kept, the last one */
} compaction;

/* ---- Reading ---- */

static weir_err copy_headers(compaction *all, weir_mock_record *record)
{
    weir_mock_header *headers =
        weir__arena_alloc(&all->memory, record->header_count * sizeof *headers + 1);
    if (headers == NULL) {
        return WEIR_ENOMEM;
    }
    for (size_t i = 0; i < record->header_count; i++) {
        headers[i].name = weir__arena_strdup(&all->memory, record->headers[i].name);
        if (headers[i].name == NULL || weir__arena_copy(&all->memory, record->headers[i].value,
                                                        &headers[i].value) != WEIR_OK) {
            return WEIR_ENOMEM;
        }
    }
    record->headers = headers;
    return WEIR_OK;
}

static weir_err keep(const weir_mock_record *record, void *user)
{
    compaction *all = user;
    if (all->count == all->capacity) {
        size_t capacity = all->capacity != 0 ? all->capacity * 2 : 64;
        kept *records = realloc(all->records, capacity * sizeof *records);
        if (records == NULL) {
            return WEIR_ENOMEM;
        }
        all->records = records;
        all->capacity = capacity;
    }
    kept *added = &all->records[all->count];
    *added = (kept){.record = *record};
    weir_err err = weir__arena_copy(&all->memory, record->key, &added->record.key);
    if (err == WEIR_OK) {
        err = weir__arena_copy(&all->memory, record->value, &added->record.value);
    }
    if (err == WEIR_OK) {
        err = copy_headers(all, &added->record);
    }
    all->count += err == WEIR_OK;
    return err;
}

/* ---- Records that are removed ---- */

/* Removes records whose key has a later record, and records without a key. */
static weir_err drop_replaced(compaction *all)
{
    for (size_t i = 0; i < all->count; i++) {
        weir_slice key = all->records[i].record.key;
        if (key.data == NULL) {
            all->records[i].dropped = true;
            continue;
        }
        kept *before = weir__map_get(&all->latest, key);
        if (before != NULL) {
            before->dropped = true;
        }
        weir_err err = weir__map_put(&all->latest, key, &all->records[i]);
        if (err != WEIR_OK) {
            return err;
        }
    }
    return WEIR_OK;
}

/* When the broker appended the record; INT64_MAX: it is not known. */
static int64_t appended_us(const weir__partition *partition, int64_t offset)
{
    const weir__batch *batches = partition->batches + partition->oldest;
    size_t low = 0;
    size_t high = partition->batch_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (batches[middle].last_offset < offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < partition->batch_count ? batches[low].appended_us : INT64_MAX;
}

/* Removes tombstones older than delete.retention.ms. */
static void drop_tombstones(compaction *all, const weir__partition *partition)
{
    const char *setting = weir__topic_config_get(partition->topic, "delete.retention.ms");
    int64_t retention_us = weir__mul_sat(strtoll(setting, NULL, 10), 1000);
    int64_t before_us = weir__sub_sat(weir__monotonic_us(), retention_us);
    for (size_t i = 0; i < all->count; i++) {
        kept *at = &all->records[i];
        at->dropped = at->dropped || (at->record.value.data == NULL &&
                                      appended_us(partition, at->record.offset) <= before_us);
    }
}

/* ---- Records that are kept ---- */

/* The records with offsets from `base` to `last`; false: none, and nothing is written. */
static bool write_batch(const compaction *all, size_t *at, int64_t base, int64_t last, bool always,
                        weir_buf *out)
{
    weir__batch_writer writer;
    weir__batch_begin(&writer, out, base, last);
    for (; *at < all->count && all->records[*at].record.offset <= last; (*at)++) {
        if (!all->records[*at].dropped) {
            weir__batch_add(&writer, &all->records[*at].record);
        }
    }
    if (writer.count == 0 && !always) {
        out->len = writer.begin;
        return false;
    }
    weir__batch_end(&writer);
    return true;
}

static weir_err write_batches(const compaction *all, int64_t start, int64_t upto,
                              weir__compacted *out)
{
    size_t room = (size_t)((upto - start) / BATCH_OFFSETS + 1);
    out->batches = calloc(room, sizeof *out->batches);
    if (out->batches == NULL) {
        return WEIR_ENOMEM;
    }
    size_t at = 0;
    for (int64_t base = start; base < upto && out->bytes.err == WEIR_OK;) {
        int64_t last = upto - base > BATCH_OFFSETS ? base + BATCH_OFFSETS - 1 : upto - 1;
        if (write_batch(all, &at, base, last, last == upto - 1, &out->bytes)) {
            weir_assert(out->count < room);
            out->batches[out->count++] = (weir__compacted_batch){last, out->bytes.len};
        }
        base = last + 1;
    }
    out->upto = upto;
    return out->bytes.err;
}

void weir__compacted_fini(weir__compacted *compacted)
{
    weir__buf_fini(&compacted->bytes);
    free(compacted->batches);
    *compacted = (weir__compacted){0};
}

weir_slice weir__compacted_from(const weir__compacted *compacted, int64_t offset, size_t max_bytes)
{
    size_t first = 0;
    while (first < compacted->count && compacted->batches[first].last_offset < offset) {
        first++;
    }
    if (first == compacted->count) {
        return (weir_slice){0};
    }
    size_t begin = first > 0 ? compacted->batches[first - 1].end : 0;
    size_t end = compacted->batches[first].end; /* one at least, however large */
    for (size_t i = first + 1; i < compacted->count; i++) {
        if (compacted->batches[i].end - begin > max_bytes) {
            break;
        }
        end = compacted->batches[i].end;
    }
    return (weir_slice){compacted->bytes.data + begin, end - begin};
}

/* ---- The call ---- */

static bool is_compacted(const weir__partition *partition)
{
    return strstr(weir__topic_config_get(partition->topic, "cleanup.policy"), "compact") != NULL;
}

/* Looks the partition up again: the topic may have been deleted while its records were read. */
static weir_err replace(weir_mock *mock, const char *topic, int32_t id, compaction *all,
                        int64_t start, int64_t upto, weir_error *error)
{
    weir__compacted made = {0};
    pthread_mutex_lock(&mock->lock);
    weir__partition *partition = weir__partition_find(mock, weir_slice_of(topic), id);
    weir_err err = partition != NULL && partition->end >= upto ? WEIR_OK : WEIR_ENOTFOUND;
    if (err == WEIR_OK) {
        drop_tombstones(all, partition);
        err = write_batches(all, start, upto, &made);
    }
    if (err == WEIR_OK) {
        weir__compacted_fini(&partition->compacted);
        partition->compacted = made;
        made = (weir__compacted){0};
        mock->fetches_due = true;
        weir__mock_event(mock, &(weir_mock_event){.kind = WEIR_MOCK_COMPACT,
                                                  .topic = weir_slice_of(topic),
                                                  .partition = id,
                                                  .offset = upto});
        weir__mock_wake(mock);
    }
    pthread_mutex_unlock(&mock->lock);
    weir__compacted_fini(&made);
    return err == WEIR_OK
               ? WEIR_OK
               : weir__error_set(error, err, "compacting %s-%d: %s", topic, (int)id,
                                 err == WEIR_ENOTFOUND ? "the topic was deleted" : "out of memory");
}

weir_err weir_mock_partition_compact(weir_mock *mock, const char *topic, int32_t partition,
                                     weir_error *error)
{
    if (mock == NULL || topic == NULL) {
        return weir__error_null(error, __func__, mock == NULL ? "mock" : "topic");
    }
    pthread_mutex_lock(&mock->lock);
    const weir__partition *found = weir__partition_find(mock, weir_slice_of(topic), partition);
    bool may = found != NULL && is_compacted(found);
    int64_t start = found != NULL ? found->start : 0;
    int64_t upto = found != NULL ? found->end : 0;
    pthread_mutex_unlock(&mock->lock);
    if (found == NULL) {
        return weir__error_set(error, WEIR_ENOTFOUND, "no partition %d of topic '%s'",
                               (int)partition, topic);
    }
    if (!may) {
        return weir__error_set(error, WEIR_EINVAL,
                               "topic '%s' is not compacted: its cleanup.policy has no \"compact\"",
                               topic);
    }
    if (start == upto) {
        return WEIR_OK;
    }
    compaction all = {0};
    weir_err err = weir__partition_read_upto(mock, topic, partition, upto, keep, &all, error);
    if (err == WEIR_OK) {
        err = drop_replaced(&all);
        if (err != WEIR_OK) {
            weir__error_set(error, err, "compacting %s-%d: out of memory", topic, (int)partition);
        }
    }
    if (err == WEIR_OK) {
        err = replace(mock, topic, partition, &all, start, upto, error);
    }
    weir__map_fini(&all.latest, NULL);
    weir__arena_fini(&all.memory);
    free(all.records);
    return err;
}
