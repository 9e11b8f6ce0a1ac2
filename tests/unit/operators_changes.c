/* SPDX-License-Identifier: Apache-2.0
 *
 * The bytes of changes of tables (Kafka's ChangedSerializer, KIP-904), and the groupings that read
 * them from their repartition topic. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <weir/dsl.h>

#include "support/driven.h"

static weir_err into_one_group(weir_ctx *ctx, const weir_record *in, void *key, void *value,
                               void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)key = weir_slice_of("g");
    *(weir_slice *)value = *(const weir_slice *)in->value;
    return WEIR_OK;
}

/* The number of bytes of all values in a group. */
static weir_err none(weir_ctx *ctx, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(int64_t *)out = 0;
    return WEIR_OK;
}

static weir_err more(weir_ctx *ctx, const weir_record *in, const void *aggregate, void *out,
                     void *user)
{
    (void)ctx;
    (void)user;
    *(int64_t *)out = *(const int64_t *)aggregate + (int64_t)((const weir_slice *)in->value)->len;
    return WEIR_OK;
}

static weir_err less(weir_ctx *ctx, const weir_record *in, const void *aggregate, void *out,
                     void *user)
{
    (void)ctx;
    (void)user;
    *(int64_t *)out = *(const int64_t *)aggregate - (int64_t)((const weir_slice *)in->value)->len;
    return WEIR_OK;
}

static weir_topology *grouped(void)
{
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_table rows = weir_table_source(b, "rows", "rows", &weir_string, &weir_string, NULL);
    weir_grouped_table by =
        weir_table_group_by(rows, "by", &weir_string, &weir_string, into_one_group, NULL);
    const weir_table_aggregator fn = {more, less, NULL};
    weir_table sizes =
        weir_table_aggregate(by, none, &fn, "sizes", &(weir_store_opts){.value = &weir_i64});
    weir_to(weir_to_stream(sizes, NULL), "out", NULL);
    weir_topology *topology = weir_build(b, NULL, &error);
    assert_string_equal(error.message, "");
    return topology;
}

/* A row of the key "k"; NULL: it is deleted. */
static void pipe(driven *task, const char *value, int64_t time_ms)
{
    if (driven_pipe(task, "rows", "k", value, time_ms) != WEIR_OK) {
        fail_msg("%s", task->error.message);
    }
}

static const weir__message_view *last_to(const driven *task, const char *topic)
{
    for (size_t i = task->sent_count; i-- > 0;) {
        if (strcmp(driven_sent(task, i)->topic, topic) == 0) {
            return driven_sent(task, i);
        }
    }
    fail_msg("nothing was sent to %s", topic);
    return NULL;
}

#define TOPIC "conformance-by-repartition"

static void assert_change(const driven *task, const char *bytes, size_t len)
{
    weir_slice value = last_to(task, TOPIC)->value;
    assert_int_equal(value.len, len);
    assert_memory_equal(value.data, bytes, len);
}

static int64_t size_of_group(const driven *task)
{
    weir_slice value = last_to(task, "out")->value;
    assert_int_equal(value.len, 8);
    int64_t size = 0;
    for (size_t i = 0; i < 8; i++) {
        size = size << 8 | ((const uint8_t *)value.data)[i];
    }
    return size;
}

static void new_and_old_values_are_written_as_by_kafka(void **state)
{
    (void)state;
    driven task = {0};
    weir_topology *topology = grouped();
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    pipe(&task, "abc", 1);
    assert_change(&task, "abc\x01", 4);
    assert_int_equal(size_of_group(&task), 3);
    pipe(&task, "de", 2);
    assert_change(&task,
                  "\x04"
                  "deabc\x02",
                  7);
    assert_int_equal(size_of_group(&task), 2);
    pipe(&task, NULL, 3);
    assert_change(&task, "de\x00", 3);
    assert_int_equal(size_of_group(&task), 0);
    driven_close(&task);
    weir_topology_free(topology);
}

/* The length takes two bytes from 64 on. */
static void lengths_of_long_values_are_varints(void **state)
{
    (void)state;
    driven task = {0};
    char text[301];
    memset(text, 'x', 300);
    text[300] = '\0';
    weir_topology *topology = grouped();
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    pipe(&task, "abc", 1);
    pipe(&task, text, 2);
    weir_slice value = last_to(&task, TOPIC)->value;
    assert_int_equal(value.len, 2 + 300 + 3 + 1);
    assert_memory_equal(value.data, "\xd8\x04xxx", 5); /* 2 * 300 */
    assert_int_equal(size_of_group(&task), 300);
    driven_close(&task);
    weir_topology_free(topology);
}

/* Bytes that no change has: each is an error of the record, and nothing is read beyond them. */
static void other_bytes_cannot_be_decoded(void **state)
{
    (void)state;
    static const weir_slice bad[] = {
        {"", 0},
        {"abc\x03", 4},
        {"\x02", 1},
        {"\x08"
         "ab\x02",
         4},
        {"\x03"
         "ab\x02",
         4},
        {"\xff\xff\xff\xff\xff\xff\x02", 7},
        {"\xff\xff\xff\xff\x0f"
         "a\x02",
         7},
        {"\x80\x02", 2},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        driven task = {0};
        weir_topology *topology = grouped();
        assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
        weir_err err = driven_pipe_record(&task, TOPIC, weir_slice_of("g"), bad[i], 1, NULL, 0);
        assert_int_equal(err, WEIR_EDECODE);
        assert_non_null(strstr(task.error.message, "not the bytes of a change"));
        driven_close(&task);
        weir_topology_free(topology);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_and_old_values_are_written_as_by_kafka),
        cmocka_unit_test(lengths_of_long_values_are_varints),
        cmocka_unit_test(other_bytes_cannot_be_decoded),
    };
    return cmocka_run_group_tests_name("changes", tests, NULL, NULL);
}
