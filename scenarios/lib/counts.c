/* SPDX-License-Identifier: Apache-2.0
 *
 * Direct counts. */
#include "scenarios/lib/counts.h"

#include <inttypes.h>

#include "fixtures/word_count.h"

void weir_scenario_count_line(weir_rows *counts, weir_slice line, int64_t by)
{
    char word[WEIR_FIXTURE_WORD_MAX];
    size_t len;
    while ((len = fixture_word_next(&line, word)) > 0) {
        weir_rows_count(counts, &(weir_slice){word, len}, by);
    }
}

weir_rows *weir_scenario_counts(weir_cluster *cluster, const weir_slice *lines, size_t count)
{
    weir_rows *rows = weir_rows_new(cluster, &weir_string, &weir_i64);
    fixture_counts direct;
    if (fixture_count_directly(lines, count, &direct) != WEIR_OK) {
        weir_cluster_fail(cluster, "out of memory");
        return rows;
    }
    for (size_t i = 0; i < direct.count; i++) {
        weir_rows_add(rows, &direct.rows[i].word, &direct.rows[i].count);
    }
    fixture_counts_fini(&direct);
    return rows;
}

static int64_t number(const weir_rows *rows, const void *key)
{
    const weir_row *found = weir_rows_find(rows, key);
    return found != NULL && found->value != NULL ? *(const int64_t *)found->value : 0;
}

void weir_scenario_check_counts(weir_cluster *cluster, const weir_rows *actual,
                                const weir_rows *expected, const weir_rows *extra)
{
    for (size_t i = 0; i < weir_rows_size(expected); i++) {
        const weir_row *row = weir_rows_at(expected, i);
        int64_t least = *(const int64_t *)row->value;
        int64_t spare = number(extra, row->key);
        int64_t count = number(actual, row->key);
        if (count < least) {
            weir_cluster_fail(cluster, "%s in the text, counted as %" PRId64 ": records are lost",
                              weir_row_text(expected, row), count);
        } else if (count > least + spare) {
            weir_cluster_fail(cluster,
                              "%s in the text, counted as %" PRId64 ": more than the %" PRId64
                              " that were in flight explain",
                              weir_row_text(expected, row), count, spare);
        }
    }
    if (weir_rows_size(actual) != weir_rows_size(expected)) {
        weir_cluster_fail(cluster, "%zu words were counted, the text has %zu",
                          weir_rows_size(actual), weir_rows_size(expected));
    }
}
