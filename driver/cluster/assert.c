/* SPDX-License-Identifier: Apache-2.0
 *
 * Assertions on rows: a readable difference, with place and seed. */
#include "cluster/cluster.h"

void weir_assert_same_rows_at(const weir_rows *actual, const weir_rows *expected, const char *what,
                              const char *file, int line)
{
    const char *difference = weir_rows_table_difference(actual, expected);
    if (difference != NULL) {
        weir_cluster_fail_at(actual->cluster, file, line, "%s is not as expected:\n%s", what,
                             difference);
    }
}

void weir_assert_same_list_at(const weir_rows *actual, const weir_rows *expected, const char *what,
                              const char *file, int line)
{
    const char *difference = weir_rows_list_difference(actual, expected);
    if (difference != NULL) {
        weir_cluster_fail_at(actual->cluster, file, line,
                             "%s is not as expected (%zu records, expected %zu):\n%s", what,
                             actual->count, expected->count, difference);
    }
}

void weir_assert_size_at(const weir_rows *actual, size_t size, const char *what, const char *file,
                         int line)
{
    if (actual->count != size) {
        weir_cluster_fail_at(actual->cluster, file, line, "%s has %zu rows, expected %zu", what,
                             actual->count, size);
    }
}
