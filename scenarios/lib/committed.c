/* SPDX-License-Identifier: Apache-2.0
 *
 * Committed records, from the logs of the brokers. */
#include "scenarios/lib/committed.h"

#include <inttypes.h>

/* More than a transaction may take. */
#define BOUND WEIR_MINUTES(3)

static void count_open(const weir_mock_transaction *transaction, void *user)
{
    (void)transaction;
    ++*(size_t *)user;
}

bool weir_scenario_no_transactions(weir_cluster *cluster, void *unused)
{
    size_t open = 0;
    (void)unused;
    return weir_mock_transactions(weir_cluster_mock(cluster), count_open, &open) == WEIR_OK &&
           open == 0;
}

struct reading {
    weir_cluster *cluster;
    weir_rows *counts;
};

static int64_t big_endian(weir_slice bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        number = number << 8 | ((const uint8_t *)bytes.data)[i];
    }
    return (int64_t)number;
}

static weir_err take(const weir_mock_record *record, void *user)
{
    const struct reading *reading = user;
    if (record->outcome != WEIR_MOCK_COMMITTED) {
        return WEIR_OK;
    }
    const weir_row *before = weir_rows_find(reading->counts, &record->key);
    int64_t count = big_endian(record->value);
    int64_t last = before != NULL ? *(const int64_t *)before->value : 0;
    if (record->value.len != sizeof(int64_t) || count <= last) {
        weir_cluster_fail(reading->cluster,
                          "%s-%d@%" PRId64 ": a reader of committed records has '%.*s' as %" PRId64
                          " after %" PRId64,
                          record->topic, (int)record->partition, record->offset,
                          (int)record->key.len, (const char *)record->key.data, count, last);
    }
    weir_rows_put(reading->counts, &record->key, &count);
    return WEIR_OK;
}

weir_rows *weir_scenario_committed_counts(weir_cluster *cluster, const char *topic)
{
    struct reading reading = {cluster, weir_rows_new(cluster, &weir_string, &weir_i64)};
    weir_error error = {0};
    weir_run_until(cluster, weir_scenario_no_transactions, BOUND);
    if (weir_mock_topic_read(weir_cluster_mock(cluster), topic, take, &reading, &error) !=
        WEIR_OK) {
        weir_cluster_fail(cluster, "%s cannot be read: %s", topic, error.message);
    }
    return reading.counts;
}
