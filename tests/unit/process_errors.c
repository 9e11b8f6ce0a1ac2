/* SPDX-License-Identifier: Apache-2.0
 *
 * What an error of a callback says: also the first failure, which the callback did not return.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/driven.h"

#define AT "node 'first', task 0_0, in-0@0: "
#define NO_STORE "the topology has no store 'cuonts' (did you mean 'counts'?)"

static weir_err ignore_null(weir_ctx *ctx, const weir_record *in, void *state)
{
    const void *value = NULL;
    (void)state;
    return weir_kv_get(weir_store(ctx, "cuonts"), in->key, &value, NULL);
}

static weir_err hide_failure(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir_kv_put(weir_store(ctx, "cuonts"), in->key, in->value, 1) == WEIR_OK
               ? WEIR_OK
               : weir_fail(ctx, WEIR_EUSER, "the order is lost");
}

static weir_err return_failure(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)in;
    (void)state;
    return weir_store(ctx, "cuonts") != NULL ? WEIR_OK : weir_ctx_error(ctx);
}

static weir_err use_foreign_store(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)in;
    (void)state;
    return weir_store(ctx, "names") != NULL ? WEIR_OK : weir_ctx_error(ctx);
}

static weir_err use_unlike_name(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)in;
    (void)state;
    return weir_store(ctx, "nothing") != NULL ? WEIR_OK : weir_ctx_error(ctx);
}

/* The first record does without the store, the second one fails for another reason. */
static weir_err do_without(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    bool last = weir_slice_equal(*(const weir_slice *)in->value, weir_slice_of("last"));
    if (last) {
        return weir_fail(ctx, WEIR_EUSER, "the last one");
    }
    return weir_store(ctx, "cuonts") == NULL ? weir_forward(ctx, in) : WEIR_EUSER;
}

static weir_err swallow(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)ctx;
    (void)in;
    (void)state;
    return WEIR_OK;
}

static void assert_says(weir_err (*process)(weir_ctx *, const weir_record *, void *),
                        const char *value, weir_err code, const char *message)
{
    static const weir_processor_ops other_ops = {"other", NULL, swallow, NULL};
    const weir_processor_ops ops = {"first", NULL, process, NULL};
    const char *const in[] = {"in", NULL};
    const char *const first[] = {"first", NULL};
    const char *const other[] = {"other", NULL};
    weir_builder *b = weir_builder_new();
    weir_store_opts strings = {.key = &weir_string, .value = &weir_string};
    weir_add_source(b, "in", in, &weir_string, &weir_string, NULL);
    weir_add_processor(b, "first", in, &ops, NULL);
    weir_add_processor(b, "other", first, &other_ops, NULL);
    weir_add_store(b, "counts", &strings, first);
    weir_add_store(b, "names", &strings, other);
    driven task = {0};
    weir_topology *topology = weir_build(b, NULL, &task.error);
    assert_non_null(topology);
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    weir_err err = driven_pipe(&task, "in", "k", "v", 1);
    if (value != NULL && err == WEIR_OK) {
        err = driven_pipe(&task, "in", "k", value, 1);
    }
    assert_string_equal(weir_err_name(err), weir_err_name(code));
    assert_string_equal(task.error.message, message);
    driven_close(&task);
    weir_topology_free(topology);
}

static void a_missing_store_is_named_whatever_the_callback_returns(void **state)
{
    (void)state;
    assert_says(ignore_null, NULL, WEIR_EINVAL,
                AT "invalid argument; the first failure in the callback: " NO_STORE);
    assert_says(hide_failure, NULL, WEIR_EUSER,
                AT "the order is lost; the first failure in the callback: " NO_STORE);
    assert_says(return_failure, NULL, WEIR_ENOTFOUND, AT NO_STORE);
}

static void a_store_of_another_processor_is_told_from_one_that_does_not_exist(void **state)
{
    (void)state;
    assert_says(use_foreign_store, NULL, WEIR_ENOTFOUND,
                AT "the store 'names' is not connected to this processor");
    assert_says(use_unlike_name, NULL, WEIR_ENOTFOUND, AT "the topology has no store 'nothing'");
}

static void a_failure_of_an_earlier_record_is_not_the_first_of_the_next(void **state)
{
    (void)state;
    assert_says(do_without, "last", WEIR_EUSER, "node 'first', task 0_0, in-0@1: the last one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_missing_store_is_named_whatever_the_callback_returns),
        cmocka_unit_test(a_store_of_another_processor_is_told_from_one_that_does_not_exist),
        cmocka_unit_test(a_failure_of_an_earlier_record_is_not_the_first_of_the_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
