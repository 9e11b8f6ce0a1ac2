/* SPDX-License-Identifier: Apache-2.0
 *
 * Sinks that choose the topic of each record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/dsl.h>

#include "support/driven.h"

/* The value is the name. */
static weir_err named_by_value(weir_ctx *ctx, const weir_record *in, weir_buf *topic, void *user)
{
    (void)ctx;
    (void)user;
    const weir_slice *value = in->value;
    return weir_put_format(topic, "%.*s", (int)value->len, (const char *)value->data);
}

static weir_topology *build(const char *topic, const weir_sink_opts *opts, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "in", &weir_string, &weir_string, NULL), topic, opts);
    return weir_build(b, NULL, error);
}

static weir_err pipe(driven *task, const char *value)
{
    return driven_pipe(task, "in", "k", value, 1);
}

static void each_record_goes_to_the_topic_of_its_own(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "b", "a", "c", "b"};
    weir_error error = {0};
    driven task = {0};
    weir_topology *topology =
        build(NULL, &(weir_sink_opts){.name = "out", .topic_fn = named_by_value}, &error);
    assert_string_equal(error.message, "");
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(pipe(&task, names[i]), WEIR_OK);
    }
    assert_int_equal(task.sent_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(driven_sent(&task, i)->topic, names[i]);
    }
    char *text = weir_topology_describe(topology);
    assert_non_null(strstr(text, "Sink: out (extractor class: topic_fn)"));
    free(text);
    driven_close(&task);
    weir_topology_free(topology);
}

static void a_name_that_no_topic_has_is_an_error_of_the_record(void **state)
{
    (void)state;
    char name[251];
    memset(name, 'x', 250);
    name[250] = '\0';
    const char *const names[] = {"", name};
    for (size_t i = 0; i < 2; i++) {
        weir_error error = {0};
        driven task = {0};
        weir_topology *topology =
            build(NULL, &(weir_sink_opts){.name = "out", .topic_fn = named_by_value}, &error);
        assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
        assert_int_equal(pipe(&task, names[i]), WEIR_EUSER);
        assert_non_null(strstr(task.error.message, "node 'out'"));
        assert_non_null(strstr(task.error.message, i == 0 ? "0 bytes" : "250 bytes"));
        driven_close(&task);
        weir_topology_free(topology);
    }
}

static void the_number_of_topics_is_limited(void **state)
{
    (void)state;
    weir_error error = {0};
    driven task = {0};
    weir_topology *topology = build(NULL, &(weir_sink_opts){.topic_fn = named_by_value}, &error);
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    char name[16];
    for (int i = 0; i < WEIR_SINK_TOPICS_MAX; i++) {
        snprintf(name, sizeof name, "t%d", i);
        assert_int_equal(pipe(&task, name), WEIR_OK);
    }
    assert_int_equal(pipe(&task, "t0"), WEIR_OK);
    assert_int_equal(pipe(&task, "one-more"), WEIR_ELIMIT);
    driven_close(&task);
    weir_topology_free(topology);
}

static void a_sink_has_either_a_topic_or_a_function(void **state)
{
    (void)state;
    weir_error error = {0};
    assert_null(build("x", &(weir_sink_opts){.topic_fn = named_by_value}, &error));
    assert_int_equal(error.code, WEIR_EINVAL);
    assert_non_null(strstr(error.message, "both a topic and a topic_fn"));
    assert_null(build(NULL, &(weir_sink_opts){.name = "out"}, &error));
    assert_non_null(strstr(error.message, "weir_to: topic is NULL"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_record_goes_to_the_topic_of_its_own),
        cmocka_unit_test(a_name_that_no_topic_has_is_an_error_of_the_record),
        cmocka_unit_test(the_number_of_topics_is_limited),
        cmocka_unit_test(a_sink_has_either_a_topic_or_a_function),
    };
    return cmocka_run_group_tests_name("topics", tests, NULL, NULL);
}
