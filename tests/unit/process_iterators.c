/* SPDX-License-Identifier: Apache-2.0
 *
 * Iterators that a callback leaves open: which ones are closed when it returns, and what calls on a
 * closed one return.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/driven.h"

#define CACHE_BYTES ((size_t)1 << 20)
#define KEPT_MAX 300 /* more than stay in memory */

/* The data shared by the processors of a test. */
typedef struct notes {
    weir_kv_iter *kept[KEPT_MAX];
    size_t kept_count;
    bool had_next;
    weir_err closed;
    size_t rows; /* that the outer scan saw */
} notes;

static weir_kv_iter *scan(weir_ctx *ctx)
{
    weir_kv_iter *iter = NULL;
    weir_kv *kv = weir_store(ctx, "s");
    assert_non_null(kv);
    assert_int_equal(weir_kv_range(kv, NULL, NULL, false, &iter), WEIR_OK);
    return iter;
}

static weir_err open_notes(weir_ctx *ctx, void *user, void **state)
{
    (void)ctx;
    *state = user;
    return WEIR_OK;
}

/* Opens an iterator a record; "use" uses the last of them instead, "use-all" each one. */
static weir_err keep(weir_ctx *ctx, const weir_record *in, void *state)
{
    notes *all = state;
    bool use_all = weir_slice_equal(*(const weir_slice *)in->key, weir_slice_of("use-all"));
    if (!use_all && !weir_slice_equal(*(const weir_slice *)in->key, weir_slice_of("use"))) {
        all->kept[all->kept_count++] = scan(ctx);
        return WEIR_OK;
    }
    const void *key = NULL;
    const void *value = NULL;
    all->closed = WEIR_ESTATE;
    for (size_t i = use_all ? 0 : all->kept_count - 1; i < all->kept_count; i++) {
        all->had_next = weir_kv_next(all->kept[i], &key, &value, NULL) || all->had_next;
        weir_err err = weir_kv_iter_close(all->kept[i]);
        all->closed = err != WEIR_ESTATE ? err : all->closed;
    }
    return WEIR_OK;
}

static const weir_processor_ops keep_ops = {"keep", open_notes, keep, NULL};

static weir_err leave(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)in;
    (void)state;
    scan(ctx);
    return WEIR_OK;
}

static const weir_processor_ops leave_ops = {"leave", NULL, leave, NULL};

/* Writes three rows and forwards each of them. */
static weir_err forward_rows(weir_ctx *ctx, const weir_record *in, void *state)
{
    notes *all = state;
    const void *key = NULL;
    const void *value = NULL;
    for (char c = 'a'; c <= 'c'; c++) {
        weir_slice name = {&c, 1};
        assert_int_equal(weir_kv_put(weir_store(ctx, "s"), &name, in->value, 1), WEIR_OK);
    }
    weir_kv_iter *iter = scan(ctx);
    while (weir_kv_next(iter, &key, &value, NULL)) {
        weir_record row = {key, value, 1, NULL};
        assert_int_equal(weir_forward(ctx, &row), WEIR_OK);
        all->rows++;
    }
    all->closed = weir_kv_iter_close(iter);
    return WEIR_OK;
}

static const weir_processor_ops forward_rows_ops = {"rows", open_notes, forward_rows, NULL};

static weir_topology *topology_of(const weir_processor_ops *first, const weir_processor_ops *second,
                                  notes *all)
{
    const char *const in[] = {"in", NULL};
    const char *const parent[] = {"first", NULL};
    const char *const both[] = {"first", second != NULL ? "second" : NULL, NULL};
    weir_builder *b = weir_builder_new();
    weir_error error = {0};
    weir_add_source(b, "in", in, &weir_string, &weir_string, NULL);
    weir_add_processor(b, "first", in, first, all);
    if (second != NULL) {
        weir_add_processor(b, "second", parent, second, all);
    }
    weir_store_opts opts = {.key = &weir_string, .value = &weir_string, .caching = WEIR_ON};
    weir_add_store(b, "s", &opts, both);
    weir_topology *topology = weir_build(b, NULL, &error);
    if (topology == NULL) {
        fail_msg("%s", error.message);
    }
    return topology;
}

static void run(const weir_topology *topology, size_t cache_bytes, const char *const *keys)
{
    driven task = {.cache_bytes = cache_bytes};
    if (driven_open(&task, topology, 0) != WEIR_OK) {
        fail_msg("%s", task.error.message);
    }
    for (; *keys != NULL; keys++) {
        if (driven_pipe(&task, "in", *keys, "v", 1) != WEIR_OK) {
            fail_msg("%s", task.error.message);
        }
    }
    driven_close(&task);
}

static void an_iterator_kept_for_the_next_record_gives_an_error(void **state)
{
    (void)state;
    notes all = {0};
    weir_topology *topology = topology_of(&keep_ops, NULL, &all);
    run(topology, CACHE_BYTES, (const char *const[]){"k", "use", NULL});
    assert_false(all.had_next);
    assert_string_equal(weir_err_name(all.closed), "WEIR_ESTATE");
    weir_topology_free(topology);
}

static void many_iterators_left_open_take_bounded_memory(void **state)
{
    (void)state;
    notes all = {0};
    const char *keys[KEPT_MAX + 2] = {NULL};
    for (size_t i = 0; i < KEPT_MAX; i++) {
        keys[i] = "k";
    }
    keys[KEPT_MAX] = "use"; /* the last one is still known */
    weir_topology *topology = topology_of(&keep_ops, NULL, &all);
    run(topology, 0, keys);
    assert_int_equal(all.kept_count, KEPT_MAX);
    assert_string_equal(weir_err_name(all.closed), "WEIR_ESTATE");
    weir_topology_free(topology);
}

static void even_the_oldest_iterator_left_open_may_be_used(void **state)
{
    (void)state;
    notes all = {0};
    const char *keys[KEPT_MAX + 3] = {NULL};
    for (size_t i = 0; i < KEPT_MAX; i++) {
        keys[i] = "k";
    }
    keys[KEPT_MAX] = "use-all";
    keys[KEPT_MAX + 1] = "use-all";
    weir_topology *topology = topology_of(&keep_ops, NULL, &all);
    run(topology, 0, keys);
    assert_false(all.had_next);
    assert_string_equal(weir_err_name(all.closed), "WEIR_ESTATE");
    weir_topology_free(topology);
}

/* Uses an old iterator, whose memory its own scan may have now. */
static weir_err use_oldest(weir_ctx *ctx, const weir_record *in, void *state)
{
    notes *all = state;
    const void *key = NULL;
    const void *value = NULL;
    (void)in;
    if (all->kept_count < KEPT_MAX) {
        all->kept[all->kept_count++] = scan(ctx);
        return WEIR_OK;
    }
    weir_kv_iter *mine = scan(ctx);
    for (size_t i = 0; i < all->kept_count; i++) {
        weir_kv_next(all->kept[i], &key, &value, NULL);
        weir_kv_iter_close(all->kept[i]);
    }
    all->had_next = weir_kv_next(mine, &key, &value, NULL);
    all->closed = weir_kv_iter_close(mine);
    return WEIR_OK;
}

static const weir_processor_ops use_oldest_ops = {"oldest", open_notes, use_oldest, NULL};

static void an_old_iterator_never_frees_the_one_that_has_its_memory(void **state)
{
    (void)state;
    notes all = {0};
    const char *keys[KEPT_MAX + 2] = {NULL};
    for (size_t i = 0; i <= KEPT_MAX; i++) {
        keys[i] = "k";
    }
    weir_topology *topology = topology_of(&use_oldest_ops, NULL, &all);
    run(topology, 0, keys);
    assert_false(all.had_next);
    assert_string_equal(weir_err_name(all.closed), "WEIR_ESTATE");
    weir_topology_free(topology);
}

static void an_iterator_of_a_parent_outlives_its_children(void **state)
{
    (void)state;
    for (size_t cached = 0; cached <= 1; cached++) {
        notes all = {0};
        weir_topology *topology = topology_of(&forward_rows_ops, &leave_ops, &all);
        run(topology, cached != 0 ? CACHE_BYTES : 0, (const char *const[]){"k", NULL});
        assert_int_equal(all.rows, 3);
        assert_int_equal(all.closed, WEIR_OK);
        weir_topology_free(topology);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_iterator_kept_for_the_next_record_gives_an_error),
        cmocka_unit_test(many_iterators_left_open_take_bounded_memory),
        cmocka_unit_test(even_the_oldest_iterator_left_open_may_be_used),
        cmocka_unit_test(an_old_iterator_never_frees_the_one_that_has_its_memory),
        cmocka_unit_test(an_iterator_of_a_parent_outlives_its_children),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
