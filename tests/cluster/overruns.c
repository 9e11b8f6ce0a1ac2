/* SPDX-License-Identifier: Apache-2.0
 *
 * A callback that wrote past the end of its result stops the instance. No handler can skip it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <weir/dsl.h>

#include "support/cluster.h"

/* As a callback does without AddressSanitizer; it would stop the test here. */
__attribute__((no_sanitize_address)) static void write_past(void *out, size_t size)
{
    volatile unsigned char *at = out;
    for (size_t i = 0; i < 2000; i++) {
        at[size + i] = 7;
    }
}

static weir_err count_letters(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(int64_t *)out = (int64_t)((const weir_slice *)in->value)->len;
    write_past(out, sizeof(int64_t));
    return WEIR_OK;
}

static weir_topology *letters(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "lines", &weir_string, &weir_string, NULL);
    weir_to(weir_map_values(in, &weir_i64, count_letters, NULL, &(weir_named){"letters"}),
            "letters-of", NULL);
    return weir_build(b, config, error);
}

static weir_err decode_past(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    write_past(out, sizeof(int64_t));
    return WEIR_OK;
}

static weir_err encode_nothing(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    return weir_put(out, "", 1);
}

static const weir_serde point = {
    .name = "point", .size = sizeof(int64_t), .decode = decode_past, .encode = encode_nothing};

static weir_topology *points(const weir_config *config, weir_error *error)
{
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "lines", &weir_string, &point, &(weir_source_opts){.name = "points"}),
            "letters-of", NULL);
    return weir_build(b, config, error);
}

static bool in_error(weir_cluster *cluster, void *instance)
{
    (void)cluster;
    return weir_instance_state(instance) == WEIR_STATE_ERROR;
}

static void assert_stops(void **state, weir_topology_fn topology, const char *words)
{
    static const char *const skip_all[] = {"processing.exception.handler", "continue",
                                           "deserialization.exception.handler", "continue", NULL};
    weir_cluster *cluster = fixture_cluster(state, NULL);
    weir_input lines = weir_cluster_input(cluster, "lines", 1, &weir_string, &weir_string);
    weir_cluster_input(cluster, "letters-of", 1, &weir_string, &weir_bytes); /* makes the topic */
    weir_output out = weir_cluster_output(cluster, "letters-of", &weir_string, &weir_bytes);
    weir_instance *a =
        weir_cluster_start(cluster, "a", topology, &(weir_instance_opts){.config = skip_all});
    weir_input_text(lines, "k", "hello");
    weir_run_until_with(cluster, in_error, a, WEIR_MINUTES(1));
    const char *explained = weir_cluster_explain(cluster);
    if (strstr(explained, words) == NULL) {
        fail_msg("'%s' expected in: %s", words, explained);
    }
    weir_assert_size(weir_output_rest(out), 0);
}

static void a_result_written_past_its_end_is_never_skipped(void **state)
{
    assert_stops(state, letters,
                 "node 'letters', task 0_0, lines-0@0: the map_values function wrote past the end "
                 "of its result, 8 bytes of i64");
}

static void a_decoded_value_written_past_its_end_is_never_skipped(void **state)
{
    assert_stops(state, points,
                 "node 'points', task 0_0, lines-0@0: decode wrote past the end of its result, 8 "
                 "bytes of point");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cluster_test(a_result_written_past_its_end_is_never_skipped),
        cluster_test(a_decoded_value_written_past_its_end_is_never_skipped),
    };
    return cmocka_run_group_tests_name("overruns", tests, NULL, NULL);
}
