/* SPDX-License-Identifier: Apache-2.0
 *
 * Results that a function of an operator writes to `out`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/driven.h"

static bool is(const void *value, const char *text)
{
    return value != NULL && weir_slice_equal(*(const weir_slice *)value, weir_slice_of(text));
}

static void assert_sent(const driven *task, size_t index, const char *key, const char *value,
                        int64_t timestamp_ms)
{
    assert_true(index < task->sent_count);
    const weir__message_view *record = driven_sent(task, index);
    assert_true(weir_slice_equal(record->key, weir_slice_of(key)));
    assert_true(weir_slice_equal(record->value, weir_slice_of(value)));
    assert_int_equal(record->timestamp_ms, timestamp_ms);
}

static weir_err maybe(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)user;
    if (is(in->value, "null")) {
        weir_out_null(ctx, out);
    } else if (!is(in->value, "untouched")) {
        *(weir_slice *)out = weir_slice_of("");
    }
    return WEIR_OK;
}

static void a_result_is_null_when_said_so_or_left_so(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_string, NULL);
    weir_to(weir_map_values(in, &weir_string, maybe, NULL, NULL), "out", NULL);
    weir_topology *topology = weir_build(b, NULL, &error);
    driven task = {0};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    driven_pipe(&task, "in", "k", "null", 1);
    driven_pipe(&task, "in", "k", "untouched", 1);
    driven_pipe(&task, "in", "k", "empty", 1);
    assert_sent(&task, 0, "k", NULL, 1);
    assert_sent(&task, 1, "k", NULL, 1);
    assert_sent(&task, 2, "k", "", 1);
    driven_close(&task);
    weir_topology_free(topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_is_null_when_said_so_or_left_so),
    };
    return cmocka_run_group_tests_name("process_results", tests, NULL, NULL);
}
