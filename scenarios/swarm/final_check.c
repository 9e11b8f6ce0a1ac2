/* SPDX-License-Identifier: Apache-2.0
 *
 * The checks of a word count that is caught up. */
#include "scenarios/swarm/final_check.h"

#include <inttypes.h>

#include "scenarios/lib/committed.h"
#include "scenarios/lib/counts.h"

#define ANY ((int64_t)1 << 40)

static weir_rows *new_counts(const final_check *check)
{
    return weir_rows_new(check->cluster, &weir_string, &weir_i64);
}

/* All records of a topic. */
static weir_rows *read_all(const final_check *check, const char *topic, const weir_serde *value)
{
    return weir_output_all(weir_cluster_output(check->cluster, topic, &weir_string, value));
}

/* How often the processing of a record was begun beyond once. */
static int64_t again(const final_check *check, const char *topic, const weir_row *row)
{
    int64_t begun = weir_checker_begun(check->checker, topic, row->partition, row->offset);
    if (begun == 0) {
        weir_cluster_fail(check->cluster, "%s-%d: %" PRId64 " was never processed", topic,
                          (int)row->partition, row->offset);
    }
    return begun > 0 ? begun - 1 : 0;
}

/* ---- Counts ------------------------------------------------------------------------------- */

/* A former owner of the task wrote these words to the changelog after losing it. A new owner that
 * restored the store from it may have the older count: at-least-once does not fence writers. */
static void excuse_stale(const final_check *check, weir_rows *least, weir_rows *spare)
{
    const weir_rows *records = read_all(check, FINAL_CHECK_CHANGELOG, &weir_i64);
    for (size_t i = 0; i < weir_rows_size(records); i++) {
        const weir_row *row = weir_rows_at(records, i);
        const weir_row *known = weir_rows_find(least, row->key);
        if (known != NULL && weir_checker_is_stale(check->checker, FINAL_CHECK_CHANGELOG,
                                                   row->partition, row->offset)) {
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
    weir_rows *lines = read_all(check, FINAL_CHECK_LINES, &weir_string);
    weir_rows *spare = new_counts(check);
    for (size_t i = 0; i < weir_rows_size(lines); i++) {
        const weir_row *row = weir_rows_at(lines, i);
        int64_t more = again(check, FINAL_CHECK_LINES, row);
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
    weir_rows *words = read_all(check, FINAL_CHECK_WORDS, &weir_string);
    weir_rows *sent = new_counts(check);
    weir_rows *twice = new_counts(check);
    for (size_t i = 0; i < weir_rows_size(words); i++) {
        const weir_row *row = weir_rows_at(words, i);
        int64_t more = again(check, FINAL_CHECK_WORDS, row);
        weir_rows_count(sent, row->key, 1);
        if (more > 0) {
            weir_rows_count(twice, row->key, more);
        }
    }
    weir_scenario_check_counts(cluster, sent, text, spare);
    excuse_stale(check, sent, twice);
    weir_scenario_check_counts(cluster, store, sent, twice);
}

static void check_exact(const final_check *check, const weir_rows *store)
{
    const weir_rows *expected =
        weir_scenario_counts(check->cluster, check->lines, check->line_count);
    weir_assert_same_rows(store, expected);
    weir_assert_same_rows(weir_scenario_committed_counts(check->cluster, FINAL_CHECK_CHANGELOG),
                          expected);
    weir_assert_same_rows(weir_scenario_committed_counts(check->cluster, FINAL_CHECK_COUNTS),
                          expected);
}

int64_t final_check_duplicates(const final_check *check)
{
    const weir_rows *expected =
        weir_scenario_counts(check->cluster, check->lines, check->line_count);
    weir_store_view view = weir_cluster_store(check->cluster, "counts", &weir_string, &weir_i64);
    const weir_rows *store = weir_store_view_all(view);
    int64_t duplicates = 0;
    for (size_t i = 0; i < weir_rows_size(store); i++) {
        const weir_row *row = weir_rows_at(store, i);
        const weir_row *right = weir_rows_find(expected, row->key);
        int64_t more =
            *(const int64_t *)row->value - (right != NULL ? *(const int64_t *)right->value : 0);
        duplicates += more > 0 ? more : 0;
    }
    return duplicates;
}

/* A store restored from a changelog with stale writes is behind the output, too: weir_checker_store
 * leaves their keys out. */
void final_check_run(const final_check *check)
{
    weir_store_view store = weir_cluster_store(check->cluster, "counts", &weir_string, &weir_i64);
    if (check->exactly_once) {
        check_exact(check, weir_store_view_all(store));
        return;
    }
    check_counts(check, weir_store_view_all(store));
    weir_checker_store(check->checker, "counts", NULL, &weir_string, &weir_i64);
    weir_checker_store(check->checker, "counts", FINAL_CHECK_COUNTS, &weir_string, &weir_i64);
}
