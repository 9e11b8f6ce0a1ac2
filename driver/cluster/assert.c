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

/* What the instances have warned of: rows are often missing because records were dropped. Begins
 * with a line break; "" without warnings. In the arena, since the failure may not return. */
static const char *warnings(weir_cluster *cluster)
{
    weir_buf out = {0};
    for (size_t i = 0; i < cluster->instance_count; i++) {
        weir_instance *instance = cluster->instances[i];
        weir_buf said = {0};
        weir__instance_put_warnings(&said, instance, "    said: ");
        if (said.len > 0) {
            weir__buf_printf(&out, "\n  %s:\n%s", instance->name, weir__buf_text(&said));
        }
        weir__buf_fini(&said);
    }
    const char *text = weir__must(weir__arena_strdup(&cluster->arena, weir__buf_text(&out)));
    weir__buf_fini(&out);
    return text;
}

void weir_assert_same_rows_at(const weir_rows *actual, const weir_rows *expected, const char *what,
                              const char *file, int line)
{
    if (!both_given(actual, expected, what, file, line)) {
        return;
    }
    const char *difference = weir_rows_table_difference(actual, expected);
    if (difference != NULL) {
        weir_cluster_fail_at(actual->cluster, file, line, "%s is not as expected:\n%s%s",
                             named(what), difference, warnings(actual->cluster));
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
        weir_cluster_fail_at(
            actual->cluster, file, line, "%s is not as expected (%zu records, expected %zu):\n%s%s",
            named(what), actual->count, expected->count, difference, warnings(actual->cluster));
    }
}

void weir_assert_size_at(const weir_rows *actual, size_t size, const char *what, const char *file,
                         int line)
{
    if (!rows_given(actual, named(what), file, line)) {
        return;
    }
    if (actual->count != size) {
        weir_cluster_fail_at(actual->cluster, file, line, "%s has %zu rows, expected %zu%s",
                             named(what), actual->count, size, warnings(actual->cluster));
    }
}
