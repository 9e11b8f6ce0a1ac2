/* SPDX-License-Identifier: Apache-2.0
 *
 * What the joiners of all joins see: key, both values, and timestamp and headers of the result. */
#include <stdio.h>
#include <string.h>

#include <weir/driver_cmocka.h>
#include <weir/driver_sync.h>
#include <weir/dsl.h>

#define STRINGS &weir_string, &weir_string
#define TEXT_MAX 128

static const char *text_of(const void *value)
{
    static const char none[] = "-";
    return value != NULL ? ((const weir_slice *)value)->data : none;
}

static int length_of(const void *value)
{
    return value != NULL ? (int)((const weir_slice *)value)->len : 1;
}

/* "key left right @timestamp header" */
static weir_err describe(weir_ctx *ctx, const void *key, const void *left, const void *right,
                         void *out, void *user)
{
    (void)user;
    weir_slice from = {0};
    char *text = weir_alloc(ctx, TEXT_MAX);
    if (text == NULL) {
        return WEIR_ENOMEM;
    }
    bool found = weir_headers_last(weir_ctx_headers(ctx), "from", &from);
    int len = snprintf(text, TEXT_MAX, "%.*s %.*s %.*s @%lld %.*s", length_of(key), text_of(key),
                       length_of(left), text_of(left), length_of(right), text_of(right),
                       (long long)weir_ctx_timestamp_ms(ctx), found ? (int)from.len : 1,
                       found ? (const char *)from.data : "-");
    *(weir_slice *)out = (weir_slice){text, (size_t)len};
    return WEIR_OK;
}

static weir_topology *joins(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    const weir_store_opts text = {.value = &weir_string};
    weir_stream s = weir_source(b, "s", STRINGS, NULL);
    weir_table t = weir_table_source(b, "t", "t", STRINGS, NULL);
    weir_table u = weir_table_source(b, "u", "u", STRINGS, NULL);
    weir_global_table g = weir_global_table_source(b, "g", "g", STRINGS, NULL);
    weir_to(weir_join_table(s, t, &weir_string, describe, NULL, NULL), "with-table", NULL);
    weir_to(weir_left_join_global(s, g, &weir_string, describe, NULL, NULL), "with-global", NULL);
    weir_table both = weir_table_join(t, u, describe, NULL, NULL, &text);
    weir_to(weir_to_stream(both, NULL), "of-tables", NULL);
    weir_to(weir_join_table(s, both, &weir_string, describe, NULL, NULL), "with-join", NULL);
    return weir_build(b, config, error);
}

static int start(void **state)
{
    weir_error error = {0};
    *state = weir_sync_new(joins, &(weir_sync_opts){.on_failure = weir_cmocka_failure}, &error);
    return *state != NULL ? 0 : -1;
}

static int end(void **state)
{
    weir_sync_free(*state);
    return 0;
}

/* A record of the key "k" whose header "from" has the topic's name. */
static void send_text(weir_sync *sync, const char *topic, const char *value, int64_t time_ms)
{
    const weir_header headers[] = {{"from", weir_slice_of(topic)}};
    weir_input_send(weir_sync_input(sync, topic, STRINGS),
                    &(weir_input_record){.key = weir_text("k"),
                                         .value = weir_text(value),
                                         .at = WEIR_AT(time_ms),
                                         .headers = headers,
                                         .header_count = 1});
}

static void assert_joined(weir_sync *sync, const char *topic, const char *expected)
{
    const weir_row *row = weir_output_next(weir_sync_output(sync, topic, STRINGS));
    assert_non_null(row);
    const weir_slice *text = row->value;
    assert_int_equal(text->len, strlen(expected));
    assert_memory_equal(text->data, expected, text->len);
    char time[TEXT_MAX];
    snprintf(time, sizeof time, "@%lld ", (long long)row->timestamp_ms);
    assert_non_null(strstr(expected, time)); /* the joiner saw the timestamp of the result */
}

static void joiners_see_the_timestamp_and_the_headers_of_the_result(void **state)
{
    send_text(*state, "g", "G", 70);
    send_text(*state, "t", "T", 50);
    send_text(*state, "u", "U", 40);
    assert_joined(*state, "of-tables", "k T U @50 u");
    send_text(*state, "s", "S", 60);
    assert_joined(*state, "with-table", "k S T @60 s");
    assert_joined(*state, "with-global", "k S G @60 s");
}

static void a_row_that_is_computed_has_the_timestamp_of_its_join(void **state)
{
    send_text(*state, "t", "T", 50);
    send_text(*state, "u", "U", 80);
    send_text(*state, "s", "S", 60);
    assert_joined(*state, "with-join", "k S k T U @80 s @60 s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(joiners_see_the_timestamp_and_the_headers_of_the_result,
                                        start, end),
        cmocka_unit_test_setup_teardown(a_row_that_is_computed_has_the_timestamp_of_its_join, start,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
