/* SPDX-License-Identifier: Apache-2.0
 *
 * Assertions on rows: a failure shows a readable difference, with place and seed. */
#include "common/common.h"

__attribute__((format(printf, 4, 5))) static void fail_at(weir__driver *driver, const char *file,
                                                          int line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    weir__driver_vfail(driver, file, line, format, args);
    va_end(args);
}

/* The driver's remarks on missing rows. Begins with a line break; "" without remarks. In the arena,
 * since the failure may not return. */
static const char *remarks(weir__driver *driver)
{
    weir_buf out = {0};
    driver->ops->remark(driver, &out);
    const char *text = weir__must(weir__arena_strdup(&driver->arena, weir__buf_text(&out)));
    weir__buf_fini(&out);
    return text;
}

static const char *named(const char *what)
{
    return what != NULL ? what : "actual";
}

static bool rows_given(const weir_rows *rows, const char *what, const char *file, int line)
{
    if (rows == NULL) {
        fail_at(NULL, file, line, "%s is NULL, not rows", what);
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
        fail_at(actual->driver, file, line, "%s is not as expected:\n%s%s", named(what), difference,
                remarks(actual->driver));
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
        fail_at(actual->driver, file, line,
                "%s is not as expected (%zu records, expected %zu):\n%s%s", named(what),
                actual->count, expected->count, difference, remarks(actual->driver));
    }
}

void weir_assert_same_records_at(const weir_rows *actual, const weir_rows *expected,
                                 const char *what, const char *file, int line)
{
    if (!both_given(actual, expected, what, file, line)) {
        return;
    }
    const char *difference = weir_rows_record_difference(actual, expected);
    if (difference != NULL) {
        fail_at(actual->driver, file, line,
                "%s is not as expected (%zu records, expected %zu):\n%s%s", named(what),
                actual->count, expected->count, difference, remarks(actual->driver));
    }
}

void weir_assert_size_at(const weir_rows *actual, size_t size, const char *what, const char *file,
                         int line)
{
    if (!rows_given(actual, named(what), file, line)) {
        return;
    }
    if (actual->count != size) {
        fail_at(actual->driver, file, line, "%s has %zu rows, expected %zu%s%s", named(what),
                actual->count, size, weir__rows_list(actual), remarks(actual->driver));
    }
}
