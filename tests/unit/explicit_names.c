/* SPDX-License-Identifier: Apache-2.0
 *
 * ensure.explicit.internal.resource.naming: stores and topics must have names of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/dsl.h>

#define STRINGS &weir_string, &weir_string

static weir_err value_as_key(weir_ctx *ctx, const weir_record *in, void *key, void *value,
                             void *user)
{
    (void)ctx, (void)user;
    *(weir_slice *)key = *(const weir_slice *)in->value;
    *(weir_slice *)value = *(const weir_slice *)in->value;
    return WEIR_OK;
}

static weir_stream source(weir_builder *b)
{
    return weir_source(b, "in", STRINGS, NULL);
}

/* Builds with that value; returns the error's text, "" if there is none. */
static const char *build(weir_builder *b, const char *value, weir_error *error)
{
    *error = (weir_error){0};
    weir_config *config = weir_config_new();
    assert_int_equal(
        weir_config_set(config, "ensure.explicit.internal.resource.naming", value, error), WEIR_OK);
    weir_topology *topology = weir_build(b, config, error);
    assert_int_equal(topology == NULL, error->code != WEIR_OK);
    weir_topology_free(topology);
    weir_config_free(config);
    return error->message;
}

static weir_builder *unnamed_count(void)
{
    weir_builder *b = weir_builder_new();
    weir_store_opts opts = {.node = "count"};
    weir_count(weir_group_by_key(source(b), NULL), NULL, &opts);
    return b;
}

static void stores_without_names_are_refused_by_their_operators(void **state)
{
    (void)state;
    weir_error error;
    assert_string_equal(build(unnamed_count(), "true", &error),
                        "ensure.explicit.internal.resource.naming is true, and these have no "
                        "names: store 'KSTREAM-AGGREGATE-STATE-STORE-0000000002' of 'count'");
    assert_int_equal(error.code, WEIR_ETOPOLOGY);
    assert_string_equal(build(unnamed_count(), "false", &error), "");
}

/* The table remembers its rows only because of the grouping. */
static weir_builder *remembering_table(const char *store)
{
    weir_builder *b = weir_builder_new();
    weir_table t = weir_table_source(b, "t", store, STRINGS, &(weir_store_opts){.node = "t"});
    weir_table_count(weir_table_group_by(t, "by-value", STRINGS, value_as_key, NULL), "n", NULL);
    return b;
}

static void so_are_stores_that_another_operator_needs(void **state)
{
    (void)state;
    weir_error error;
    assert_non_null(strstr(build(remembering_table(NULL), "true", &error),
                           "store 't-STATE-STORE-0000000000' of 't'"));
    assert_string_equal(build(remembering_table("t"), "true", &error), "");
}

static void a_table_that_has_no_store_needs_no_name(void **state)
{
    (void)state;
    weir_error error;
    weir_builder *b = weir_builder_new();
    weir_table t = weir_table_source(b, "t", NULL, STRINGS, NULL);
    weir_to(weir_to_stream(t, NULL), "out", NULL);
    assert_string_equal(build(b, "true", &error), "");
}

static void all_of_them_are_listed(void **state)
{
    (void)state;
    weir_error error;
    weir_builder *b = unnamed_count();
    weir_count(weir_group_by_key(weir_source(b, "other", STRINGS, NULL), NULL), NULL,
               &(weir_store_opts){.node = "again"});
    const char *text = build(b, "true", &error);
    assert_non_null(strstr(text, "' of 'count', store '"));
    assert_non_null(strstr(text, "' of 'again'"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stores_without_names_are_refused_by_their_operators),
        cmocka_unit_test(so_are_stores_that_another_operator_needs),
        cmocka_unit_test(a_table_that_has_no_store_needs_no_name),
        cmocka_unit_test(all_of_them_are_listed),
    };
    return cmocka_run_group_tests_name("explicit_names", tests, NULL, NULL);
}
