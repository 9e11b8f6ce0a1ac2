/* SPDX-License-Identifier: Apache-2.0
 *
 * The built-in serdes: they write the same bytes as Kafka's, report errors, and never get null. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <yyjson.h>

#include "support/driven.h"

/* A topology that decodes and encodes values of one type. */
typedef struct copier {
    weir_topology *topology;
    driven task;
} copier;

static void copier_open(copier *c, const weir_serde *serde)
{
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_to(weir_source(b, "in", serde, serde, &(weir_source_opts){.name = "in"}), "out", NULL);
    *c = (copier){.topology = weir_build(b, NULL, &error)};
    assert_non_null(c->topology);
    assert_int_equal(driven_open(&c->task, c->topology, 0), WEIR_OK);
}

static void copier_close(copier *c)
{
    driven_close(&c->task);
    weir_topology_free(c->topology);
}

static void assert_copied(const weir_serde *serde, const void *bytes, size_t len)
{
    copier c;
    copier_open(&c, serde);
    weir_slice in = {bytes, len};
    if (driven_pipe_record(&c.task, "in", in, in, 0, NULL, 0) != WEIR_OK) {
        fail_msg("%s", c.task.error.message);
    }
    assert_true(weir_slice_equal(driven_sent(&c.task, 0)->key, in));
    assert_true(weir_slice_equal(driven_sent(&c.task, 0)->value, in));
    copier_close(&c);
}

static void assert_refused(const weir_serde *serde, const char *bytes, const char *message)
{
    copier c;
    copier_open(&c, serde);
    assert_int_equal(driven_pipe(&c.task, "in", NULL, bytes, 0), WEIR_EDECODE);
    const char *text = strstr(c.task.error.message, "decoded: ");
    assert_non_null(text);
    assert_string_equal(text + strlen("decoded: "), message);
    copier_close(&c);
}

static void bytes_go_through_unchanged(void **state)
{
    (void)state;
    assert_copied(&weir_string, "", 0);
    assert_copied(&weir_string, "h\0llo", 5);
    assert_copied(&weir_bytes, "\xff\x00", 2);
    assert_copied(&weir_i32, "\x80\x00\x00\x01", 4);
    assert_copied(&weir_i64, "\xff\xff\xff\xff\xff\xff\xff\xfe", 8);
    assert_copied(&weir_f64, "\x40\x09\x21\xfb\x54\x44\x2d\x18", 8);
    assert_copied(&weir_json, "{\"b\":1,\"a\":[true,null,\"x\"]}", 27);
    assert_copied(&weir_json, "\"bare\"", 6);
}

static void wrong_bytes_are_refused(void **state)
{
    (void)state;
    assert_refused(&weir_i32, "abc", "i32: 3 bytes instead of 4");
    assert_refused(&weir_i64, "", "i64: 0 bytes instead of 8");
    assert_refused(&weir_f64, "123456789", "f64: 9 bytes instead of 8");
    assert_refused(&weir_json, "", "json: input length is 0 (line 1, column 1)");
    assert_refused(&weir_json, "{\"a\":}",
                   "json: unexpected character, expected a valid JSON value (line 1, column 6)");
}

static weir_err never(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    (void)in;
    (void)out;
    (void)user;
    return weir_fail(ctx, WEIR_ESTATE, "decode of null");
}

static weir_err never_encode(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    (void)in;
    (void)out;
    (void)user;
    return weir_fail(ctx, WEIR_ESTATE, "encode of null");
}

static void null_never_reaches_a_serde(void **state)
{
    (void)state;
    static const weir_serde touchy = {"touchy", 1, never, never_encode, NULL, NULL};
    copier c;
    copier_open(&c, &touchy);
    assert_int_equal(driven_pipe(&c.task, "in", NULL, NULL, 0), WEIR_OK);
    assert_null(driven_sent(&c.task, 0)->key.data);
    assert_null(driven_sent(&c.task, 0)->value.data);
    copier_close(&c);
}

/* ---- Decoded forms ------------------------------------------------------------------------ */

typedef struct seen {
    int32_t i32;
    double f64;
    char name[16];
} seen;

static weir_err see_i32(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)ctx;
    ((seen *)user)->i32 = *(const int32_t *)in->value;
    return WEIR_OK;
}

static weir_err see_f64(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)ctx;
    ((seen *)user)->f64 = *(const double *)in->value;
    return WEIR_OK;
}

static weir_err see_json(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)ctx;
    const weir_json_value *value = in->value;
    const char *name = yyjson_get_str(yyjson_obj_get(value->root, "name"));
    snprintf(((seen *)user)->name, sizeof((seen *)user)->name, "%s", name);
    return WEIR_OK;
}

static void see(const weir_serde *serde, weir_for_each_fn fn, seen *what, weir_slice bytes)
{
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_for_each(weir_source(b, "in", serde, serde, NULL), fn, what, NULL);
    weir_topology *topology = weir_build(b, NULL, &error);
    driven task = {0};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    assert_int_equal(driven_pipe_record(&task, "in", (weir_slice){0}, bytes, 0, NULL, 0), WEIR_OK);
    driven_close(&task);
    weir_topology_free(topology);
}

static void callbacks_get_plain_c_values(void **state)
{
    (void)state;
    seen what = {0};
    see(&weir_i32, see_i32, &what, (weir_slice){"\xff\xff\xff\xfe", 4});
    assert_int_equal(what.i32, -2);
    see(&weir_f64, see_f64, &what, (weir_slice){"\xbf\xf8\x00\x00\x00\x00\x00\x00", 8});
    assert_true(fabs(what.f64 + 1.5) < 1e-12);
    see(&weir_json, see_json, &what, weir_slice_of("{\"name\": \"weir\"}"));
    assert_string_equal(what.name, "weir");
}

/* ---- Values that are none ----------------------------------------------------------------- */

static weir_err empty_json(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx;
    (void)in;
    (void)out;
    (void)user;
    return WEIR_OK;
}

static void a_json_value_without_root_is_an_error(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_stream in = weir_source(b, "in", &weir_string, &weir_string, NULL);
    weir_to(weir_map_values(in, &weir_json, empty_json, NULL, NULL), "out",
            &(weir_sink_opts){.name = "out"});
    weir_topology *topology = weir_build(b, NULL, &error);
    driven task = {0};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "k", "v", 0), WEIR_EINVAL);
    assert_string_equal(
        task.error.message,
        "node 'out', task 0_0, in-0@0: a JSON value without root is no value; null is NULL");
    driven_close(&task);
    weir_topology_free(topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_through_unchanged),
        cmocka_unit_test(wrong_bytes_are_refused),
        cmocka_unit_test(null_never_reaches_a_serde),
        cmocka_unit_test(callbacks_get_plain_c_values),
        cmocka_unit_test(a_json_value_without_root_is_an_error),
    };
    return cmocka_run_group_tests_name("process_serdes", tests, NULL, NULL);
}
