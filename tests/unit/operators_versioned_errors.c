/* SPDX-License-Identifier: Apache-2.0
 *
 * Versioned tables and stores where they cannot be: errors of the topology. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/dsl.h>

#define STRINGS &weir_string, &weir_string

static const weir_history history = {.retention_ms = 100};
static const weir_store_opts versioned = {.history = &history};

static weir_err keep(weir_ctx *ctx, const weir_record *in, bool *out, void *user)
{
    (void)ctx, (void)in, (void)user;
    *out = true;
    return WEIR_OK;
}

static weir_err left_side(weir_ctx *ctx, const void *key, const void *left, const void *right,
                          void *out, void *user)
{
    (void)ctx, (void)key, (void)right, (void)user;
    *(weir_slice *)out = *(const weir_slice *)left;
    return WEIR_OK;
}

static weir_table source(weir_builder *b)
{
    return weir_table_source(b, "rows", "rows", STRINGS, &versioned);
}

typedef void (*mistake_fn)(weir_builder *b);

static void cached(weir_builder *b)
{
    weir_store_opts opts = {.history = &history, .caching = WEIR_ON};
    weir_table_source(b, "rows", "rows", STRINGS, &opts);
}

static void negative(weir_builder *b)
{
    weir_history never = {.retention_ms = -5};
    weir_table_source(b, "rows", "rows", STRINGS, &(weir_store_opts){.history = &never});
}

static void without_store(weir_builder *b)
{
    weir_table_source(b, "rows", NULL, STRINGS, &versioned);
}

static void filter_without_store(weir_builder *b)
{
    weir_store_opts opts = {.history = &history, .node = "f"};
    weir_table_filter(source(b), keep, NULL, NULL, &opts);
}

static void to_table_without_store(weir_builder *b)
{
    weir_to_table(weir_source(b, "in", STRINGS, NULL), NULL, &versioned);
}

static void join_without_store(weir_builder *b)
{
    weir_store_opts opts = {.history = &history, .value = &weir_string, .node = "j"};
    weir_table_join(source(b), weir_table_source(b, "other", "other", STRINGS, NULL), left_side,
                    NULL, NULL, &opts);
}

static void global(weir_builder *b)
{
    weir_global_table_source(b, "rows", "rows", STRINGS, &versioned);
}

static weir_err ignore(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)ctx, (void)in, (void)state;
    return WEIR_OK;
}

static const weir_processor_ops ignore_ops = {.name = "ignore", .process = ignore};

static void processor_with(weir_builder *b)
{
    static const char *const stores[] = {"s", NULL};
    weir_process(weir_source(b, "in", STRINGS, NULL), STRINGS, &ignore_ops, NULL,
                 &(weir_process_opts){.stores = stores});
}

static void windows(weir_builder *b)
{
    weir_store_opts opts = {.key = &weir_string, .value = &weir_string, .history = &history};
    processor_with(b);
    weir_add_window_store(b, "s", &(weir_window_opts){.retention_ms = 1}, &opts, NULL);
}

static void sessions(weir_builder *b)
{
    weir_store_opts opts = {.key = &weir_string, .value = &weir_string, .history = &history};
    processor_with(b);
    weir_add_session_store(b, "s", 1, &opts, NULL);
}

static void twice(weir_builder *b)
{
    weir_add_versioned_store(b, "s", 5, &versioned, NULL);
}

static void versions_in_the_wrong_place_are_errors_of_the_topology(void **state)
{
    (void)state;
    static const struct {
        mistake_fn make;
        const char *text;
    } mistakes[] = {
        {cached, "store 'rows' is versioned and cannot be cached"},
        {negative, "store 'rows': the retention_ms of its history is -5, less than 0"},
        {without_store, "table_source of topic 'rows': a history needs a store, so give it a name"},
        {filter_without_store,
         "table_filter 'f' below 'rows': a history needs a store, so give it a name"},
        {to_table_without_store, "to_table below 'in': a history needs a store, so give it a name"},
        {join_without_store,
         "join 'j' of tables 'rows' and 'other': a history needs a store, so give it a name"},
        {global, "store 'rows': a global table cannot be versioned"},
        {windows, "store 's': windows or sessions cannot be versioned"},
        {sessions, "store 's': windows or sessions cannot be versioned"},
        {twice, "store 's': its history is given by retention_ms, not in the options"},
    };
    for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
        weir_error error = {0};
        weir_builder *b = weir_builder_new();
        mistakes[i].make(b);
        assert_null(weir_build(b, NULL, &error));
        assert_string_equal(error.message, mistakes[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions_in_the_wrong_place_are_errors_of_the_topology),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
