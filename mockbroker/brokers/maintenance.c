/* SPDX-License-Identifier: Apache-2.0
 *
 * What brokers do with their logs from time to time: retention and compaction. There is no periodic
 * timer: each change of a log says when it will have something to do. */
#include "core/clock.h"
#include "core/error.h"
#include "core/saturate.h"
#include "topics.h"

static int64_t us_of(const weir_mock *mock, int64_t wall_ms)
{
    return wall_ms == INT64_MAX ? INT64_MAX
                                : weir__sub_sat(weir__mul_sat(wall_ms, 1000), mock->wall_offset_us);
}

/* The next check of retention at `us` or later: log.retention.check.interval.ms since the start. */
static int64_t next_check_us(const weir_mock *mock, int64_t us)
{
    int64_t every_us = mock->opts.retention_check_ms * 1000;
    if (every_us < 0 || us == INT64_MAX) {
        return INT64_MAX;
    }
    int64_t since_us = weir__later(us - mock->started_us, 1);
    return weir__add_sat(mock->started_us, (since_us + every_us - 1) / every_us * every_us);
}

static void note_due(weir_mock *mock, const weir__log *log)
{
    int64_t now_ms = weir__mock_now_ms(mock);
    int64_t retained_us = us_of(mock, weir__log_retention_due_ms(log, now_ms));
    int64_t cleaned_us = us_of(mock, weir__log_cleaning_due_ms(log, now_ms));
    int64_t due_us = weir__earlier(next_check_us(mock, retained_us), cleaned_us);
    mock->logs_due_us = weir__earlier(mock->logs_due_us, due_us);
}

void weir__partition_changed(weir_mock *mock, const weir__partition *partition)
{
    mock->fetches_due = true;
    note_due(mock, &partition->log);
}

static void event(weir_mock *mock, weir_mock_event_kind kind, const weir__partition *partition,
                  int64_t offset)
{
    weir__mock_event(mock, &(weir_mock_event){.kind = kind,
                                              .topic = weir_slice_of(partition->topic->name),
                                              .partition = partition->id,
                                              .offset = offset});
    mock->fetches_due = true;
}

int16_t weir__partition_trim(weir_mock *mock, weir__partition *partition, int64_t before)
{
    weir__log *log = &partition->log;
    int64_t start = log->start;
    if (!log->config.deletes) {
        return RD_KAFKA_RESP_ERR_POLICY_VIOLATION;
    }
    int16_t error = weir__log_trim(log, before);
    if (error == 0 && log->start > start) {
        event(mock, WEIR_MOCK_DELETE_RECORDS, partition, log->start);
    }
    return error;
}

static weir_err compact(weir_mock *mock, weir__partition *partition, int64_t upto, int64_t now_ms)
{
    weir_err err = weir__log_compact(&partition->log, upto, now_ms, NULL);
    if (err == WEIR_OK) {
        event(mock, WEIR_MOCK_COMPACT, partition, upto);
    }
    return err;
}

static void maintain(weir_mock *mock, weir__partition *partition)
{
    int64_t now_ms = weir__mock_now_ms(mock);
    weir__log *log = &partition->log;
    if (mock->opts.retention_check_ms > 0 && weir__log_retain(log, now_ms)) {
        event(mock, WEIR_MOCK_DELETE_RECORDS, partition, log->start);
    }
    int64_t upto = weir__log_cleanable(log, now_ms);
    if (upto >= 0 && compact(mock, partition, upto, now_ms) != WEIR_OK) {
        weir__mock_fail(mock, "compacting %s-%d: out of memory", partition->topic->name,
                        (int)partition->id);
    }
    note_due(mock, log);
}

void weir__logs_maintain(weir_mock *mock)
{
    if (mock->now_us < mock->logs_due_us) {
        return;
    }
    mock->logs_due_us = INT64_MAX;
    for (weir__map_entry *at = mock->topics.first; at != NULL; at = at->next) {
        const weir__topic *topic = at->value;
        for (int32_t i = 0; i < topic->partition_count; i++) {
            maintain(mock, topic->partitions[i]);
        }
    }
}

weir_err weir_mock_partition_compact(weir_mock *mock, const char *topic, int32_t partition,
                                     weir_error *error)
{
    if (mock == NULL || topic == NULL) {
        return weir__error_null(error, __func__, mock == NULL ? "mock" : "topic");
    }
    weir__mock_lock(mock);
    weir__partition *found = weir__partition_find(mock, weir_slice_of(topic), partition);
    weir_err err = WEIR_OK;
    if (found == NULL) {
        err = weir__error_set(error, WEIR_ENOTFOUND, "no partition %d of topic '%s'",
                              (int)partition, topic);
    } else if (!found->log.config.compacts) {
        err = weir__error_set(error, WEIR_EINVAL,
                              "topic '%s' is not compacted: its cleanup.policy has no \"compact\"",
                              topic);
    } else {
        mock->now_us = weir__monotonic_us();
        err = compact(mock, found, found->log.end, weir__mock_now_ms(mock));
        if (err != WEIR_OK) {
            weir__error_set(error, err, "compacting %s-%d: %s", topic, (int)partition,
                            weir_err_str(err));
        }
        weir__mock_wake(mock);
    }
    weir__mock_unlock(mock);
    return err;
}
