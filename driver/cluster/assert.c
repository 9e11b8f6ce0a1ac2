/* SPDX-License-Identifier: Apache-2.0
 *
 * Assertions on rows: a failure shows a readable difference, with place and seed. */
#include "cluster/cluster.h"

static const char *named(const char *what)
{
    return what != NULL ? what : "actual";
}

static bool rows_given(const weir_rows *rows, const char *what, const char *file, int line)
{
    if (rows == NULL) {
        weir_cluster_fail_at(NULL, file, line, "%s is NULL, not rows", what);
    }
    return rows != NULL;
}

static bool both_given(const weir_rows *actual, const weir_rows *expected, const char *what,
                       const char *file, int line)
{
    return rows_given(actual, named(what), file, line) &&
           rows_given(expected, "what is expected", file, line);
}

void weir_assert_same_rows_at(const weir_rows *actual, const weir_rows *expected, const char *what,
                              const char *file, int line)
{
    if (!both_given(actual, expected, what, file, line)) {
        return;
    }
    const char *difference = weir_rows_table_difference(actual, expected);
    if (difference != NULL) {
        weir_cluster_fail_at(actual->cluster, file, line, "%s is not as expected:\n%s", named(what),
                             difference);
    }
}

void weir_assert_same_list_at(const weir_rows *actual, const weir_rows *expected, const char *what,
                              const char *file, int line)
{
    if (!both_given(actual, expected, what, file, line)) {
        return;
    }
    const char *difference = weir_rows_list_difference(actual, expected);
    if (difference != NULL) {
        weir_cluster_fail_at(actual->cluster, file, line,
                             "%s is not as expected (%zu records, expected %zu):\n%s", named(what),
                             actual->count, expected->count, difference);
    }
}

void weir_assert_size_at(const weir_rows *actual, size_t size, const char *what, const char *file,
                         int line)
{
    if (!rows_given(actual, named(what), file, line)) {
        return;
    }
    if (actual->count != size) {
        weir_cluster_fail_at(actual->cluster, file, line, "%s has %zu rows, expected %zu",
                             named(what), actual->count, size);
    }
}
