/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows as text: values of a user's own serde show as the user prints them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/cluster.h"

typedef struct point {
    int16_t x;
    int16_t y;
} point;

static weir_err point_decode(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    (void)ctx;
    (void)user;
    memcpy(out, in.data, sizeof(point));
    return WEIR_OK;
}

static weir_err point_encode(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    (void)ctx;
    (void)user;
    return weir_put(out, in, sizeof(point));
}

/* A negative x cannot be printed. */
static weir_err point_print(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    const point *p = in;
    weir_put_format(out, "%s(%d,\n%d)", (const char *)user, p->x, p->y);
    return p->x >= 0 ? WEIR_OK : weir_fail(ctx, WEIR_EINVAL, "left of all");
}

static weir_err long_print(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    return weir_put_format(out, "%01200d", 7);
}

static const weir_serde printed = {.name = "point",
                                   .size = sizeof(point),
                                   .decode = point_decode,
                                   .encode = point_encode,
                                   .user = "at ",
                                   .print = point_print};
static const weir_serde unprinted = {
    .name = "plain", .size = sizeof(point), .decode = point_decode, .encode = point_encode};
static const weir_serde long_printed = {.name = "long",
                                        .size = sizeof(point),
                                        .decode = point_decode,
                                        .encode = point_encode,
                                        .print = long_print};

static weir_rows *rows_of(weir_cluster *cluster, const weir_serde *serde, point value)
{
    weir_rows *rows = weir_rows_new(cluster, &weir_string, serde);
    weir_rows_add(rows, &(weir_slice){"k", 1}, &value);
    return rows;
}

static const char *text_of(weir_cluster *cluster, const weir_serde *serde, const void *value)
{
    weir_rows *rows = weir_rows_new(cluster, serde, serde);
    weir_rows_add(rows, value, NULL);
    return weir_row_text(rows, weir_rows_at(rows, 0));
}

static void a_serde_of_the_users_own_prints_its_values(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_rows *rows = rows_of(cluster, &printed, (point){3, 4});
    assert_string_equal(weir_row_text(rows, weir_rows_at(rows, 0)), "'k' => at (3,\\n4)");
    assert_string_equal(text_of(cluster, &printed, &(point){3, 4}), "at (3,\\n4) => null");
}

static void differences_show_what_is_printed(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_rows *actual = rows_of(cluster, &printed, (point){3, 4});
    weir_rows *expected = rows_of(cluster, &printed, (point){3, 5});
    assert_string_equal(weir_rows_table_difference(actual, expected),
                        "  differs:    'k' => at (3,\\n4), expected at (3,\\n5)\n");
    assert_string_equal(weir_rows_list_difference(actual, expected),
                        "  [0]  differs:    'k' => at (3,\\n4), expected at (3,\\n5)\n");
}

static void values_without_print_show_their_bytes(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    assert_string_equal(text_of(cluster, &unprinted, &(point){3, 4}), "0x03000400 => null");
    assert_string_equal(text_of(cluster, &printed, &(point){-1, 0}), "0xffff0000 => null");
}

static void long_texts_are_cut(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    const char *text = text_of(cluster, &long_printed, &(point){0});
    assert_int_equal(strlen(text), 1000 + strlen("... => null"));
    assert_string_equal(text + 1000, "... => null");
}

static void numbers_show_the_fewest_digits_that_differ(void **state)
{
    weir_cluster *cluster = fixture_cluster(state, NULL);
    assert_string_equal(text_of(cluster, &weir_f64, &(double){0.1}), "0.1 => null");
    assert_string_equal(text_of(cluster, &weir_f64, &(double){0.1 + 0.2}),
                        "0.30000000000000004 => null");
    assert_string_equal(text_of(cluster, &weir_i64, &(int64_t){INT64_MIN}),
                        "-9223372036854775808 => null");
    assert_string_equal(text_of(cluster, &weir_i32, &(int32_t){-2}), "-2 => null");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_serde_of_the_users_own_prints_its_values),
        cluster_test(differences_show_what_is_printed),
        cluster_test(values_without_print_show_their_bytes),
        cluster_test(long_texts_are_cut),
        cluster_test(numbers_show_the_fewest_digits_that_differ),
    };
    return cmocka_run_group_tests_name("row_texts", tests, NULL, NULL);
}
