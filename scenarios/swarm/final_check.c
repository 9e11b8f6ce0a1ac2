/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of a word count that is caught up. */
#include "scenarios/swarm/final_check.h"

#include <inttypes.h>

#include "scenarios/lib/counts.h"

#define ANY ((int64_t)1 << 40)

static weir_rows *new_counts(const final_check *check)
{
    return weir_rows_new(check->cluster, &weir_string, &weir_i64);
}

/* All records of a topic. */
static weir_rows *read_all(const final_check *check, checker_topic topic, const weir_serde *value)
{
    return weir_output_all(
        weir_cluster_output(check->cluster, checker_topic_name(topic), &weir_string, value));
}

/* How often the processing of a record was begun beyond once. */
static int64_t again(const final_check *check, checker_topic topic, const weir_row *row)
{
    int64_t begun = checker_begun(check->checker, topic, row->partition, row->offset);
    if (begun == 0) {
        weir_cluster_fail(check->cluster, "%s-%d: %" PRId64 " was never processed",
                          checker_topic_name(topic), (int)row->partition, row->offset);
    }
    return begun > 0 ? begun - 1 : 0;
}

/* ---- Counts ------------------------------------------------------------------------------- */

/* A former owner of the task wrote these words to the changelog after losing it. A new owner that
 * restored the store from it may have the older count: at-least-once does not fence writers. */
static void excuse_stale(const final_check *check, weir_rows *least, weir_rows *spare)
{
    weir_rows *stale = new_counts(check);
    checker_stale_keys(check->checker, check->cluster, CHECKER_CHANGELOG, stale);
    for (size_t i = 0; i < weir_rows_size(stale); i++) {
        const weir_row *row = weir_rows_at(stale, i);
        const weir_row *known = weir_rows_find(least, row->key);
        if (known != NULL) {
            int64_t beyond = *(const int64_t *)known->value - 1;
            weir_rows_count(least, row->key, -beyond);
            weir_rows_count(spare, row->key, beyond);
        }
    }
}

static void check_counts(const final_check *check, const weir_rows *store)
{
    weir_cluster *cluster = check->cluster;
    weir_rows *text = weir_scenario_counts(cluster, check->lines, check->line_count);
    weir_rows *lines = read_all(check, CHECKER_LINES, &weir_string);
    weir_rows *spare = new_counts(check);
    for (size_t i = 0; i < weir_rows_size(lines); i++) {
        const weir_row *row = weir_rows_at(lines, i);
        int64_t more = again(check, CHECKER_LINES, row);
        if (more > 0 || check->purged) {
            weir_scenario_count_line(spare, *(const weir_slice *)row->value,
                                     check->purged ? ANY : more);
        }
    }
    if (check->purged) {
        excuse_stale(check, text, spare);
        weir_scenario_check_counts(cluster, store, text, spare);
        return;
    }
    weir_rows *words = read_all(check, CHECKER_WORDS, &weir_string);
    weir_rows *sent = new_counts(check);
    weir_rows *twice = new_counts(check);
    for (size_t i = 0; i < weir_rows_size(words); i++) {
        const weir_row *row = weir_rows_at(words, i);
        int64_t more = again(check, CHECKER_WORDS, row);
        weir_rows_count(sent, row->key, 1);
        if (more > 0) {
            weir_rows_count(twice, row->key, more);
        }
    }
    weir_scenario_check_counts(cluster, sent, text, spare);
    excuse_stale(check, sent, twice);
    weir_scenario_check_counts(cluster, store, sent, twice);
}

/* ---- Stores, changelog, output ------------------------------------------------------------ */

/* One partition of a topic: key -> index of its last record in `rows`. */
static weir_rows *fold_of(const final_check *check, const weir_rows *rows, int32_t partition)
{
    weir_rows *last = new_counts(check);
    for (size_t i = 0; i < weir_rows_size(rows); i++) {
        const weir_row *row = weir_rows_at(rows, i);
        int64_t index = (int64_t)i;
        if (row->partition == partition) {
            weir_rows_put(last, row->key, &index);
        }
    }
    return last;
}

/* A row of the store against the last record of its key. */
static void check_row(const final_check *check, checker_topic topic, const weir_rows *store,
                      const weir_row *row, const weir_row *record)
{
    const char *name = checker_topic_name(topic);
    const char *text = weir_row_text(store, row);
    if (record == NULL || record->value == NULL) {
        weir_cluster_fail(check->cluster, "task %s: the store has %s, %s has no such key",
                          row->task, text, name);
    } else if (*(const int64_t *)record->value != *(const int64_t *)row->value ||
               record->timestamp_ms != row->timestamp_ms) {
        weir_cluster_fail(check->cluster,
                          "task %s: the store has %s of %" PRId64 " ms, %s@%" PRId64
                          " says %" PRId64 " of %" PRId64 " ms",
                          row->task, text, row->timestamp_ms, name, record->offset,
                          *(const int64_t *)record->value, record->timestamp_ms);
    }
}

/* The store of each task has the last value of each key of its partition of the topic. */
static void check_fold(const final_check *check, checker_topic topic, weir_store_view all,
                       const weir_rows *stale)
{
    weir_rows *rows = read_all(check, topic, &weir_i64);
    for (int32_t partition = 0; partition < CHECKER_PARTITIONS; partition++) {
        char task[] = {'1', '_', (char)('0' + partition), '\0'};
        weir_rows *store = weir_store_view_all(weir_store_view_task(all, task));
        weir_rows *last = fold_of(check, rows, partition);
        if (weir_rows_size(store) != weir_rows_size(last)) {
            weir_cluster_fail(check->cluster, "task %s: the store has %zu keys, %s %zu", task,
                              weir_rows_size(store), checker_topic_name(topic),
                              weir_rows_size(last));
        }
        for (size_t i = 0; i < weir_rows_size(store); i++) {
            const weir_row *row = weir_rows_at(store, i);
            const weir_row *index = weir_rows_find(last, row->key);
            if (weir_rows_find(stale, row->key) == NULL) {
                check_row(check, topic, store, row,
                          index != NULL
                              ? weir_rows_at(rows, (size_t) * (const int64_t *)index->value)
                              : NULL);
            }
        }
    }
}

void final_check_run(const final_check *check)
{
    weir_store_view store = weir_cluster_store(check->cluster, "counts", &weir_string, &weir_i64);
    check_counts(check, weir_store_view_all(store));
    weir_rows *stale = new_counts(check);
    checker_stale_keys(check->checker, check->cluster, CHECKER_CHANGELOG, stale);
    check_fold(check, CHECKER_CHANGELOG, store, stale);
    /* A store restored from such a changelog is behind the output, too. */
    checker_stale_keys(check->checker, check->cluster, CHECKER_COUNTS, stale);
    check_fold(check, CHECKER_COUNTS, store, stale);
}
