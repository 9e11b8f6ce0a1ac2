/* SPDX-License-Identifier: Apache-2.0
 *
 * Callbacks declared with their types (weir/typed.h): each kind once, in one topology. That wrong
 * types do not compile is tests/tidy/typed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <weir/typed.h>

#include "support/driven.h"

/* ---- A serde ------------------------------------------------------------------------------- */

typedef struct pair {
    int64_t count;
    int64_t sum;
} pair;

static weir_err read_pair(weir_ctx *ctx, weir_slice in, pair *out, void *user)
{
    (void)user;
    if (in.len != sizeof *out) {
        return weir_fail(ctx, WEIR_EDECODE, "%zu bytes", in.len);
    }
    memcpy(out, in.data, sizeof *out);
    return WEIR_OK;
}

static weir_err write_pair(weir_ctx *ctx, const pair *in, weir_buf *out, void *user)
{
    (void)ctx;
    (void)user;
    return weir_put(out, in, sizeof *in);
}

WEIR_TYPED_DECODE(pair_decode, read_pair, pair)
WEIR_TYPED_ENCODE(pair_encode, write_pair, pair)
static const weir_serde pair_serde = {
    .name = "pair", .size = sizeof(pair), .decode = pair_decode, .encode = pair_encode};
WEIR_SERDE_TYPE(pair_serde, pair);

/* ---- Callbacks ----------------------------------------------------------------------------- */

static weir_err is_long(weir_ctx *ctx, const weir_record *in, const weir_slice *value, bool *keep,
                        void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    *keep = value->len > 1;
    return WEIR_OK;
}
WEIR_TYPED_FILTER(is_long_fn, is_long, weir_string)

static weir_err twice(weir_ctx *ctx, const weir_record *in, const weir_slice *value, void *user)
{
    (void)in;
    (void)user;
    weir_err err = weir_emit_value(ctx, value);
    return err == WEIR_OK ? weir_emit_value(ctx, value) : err;
}
WEIR_TYPED_FOR_EACH(twice_fn, twice, weir_string)

static weir_err length(weir_ctx *ctx, const weir_record *in, const weir_slice *value, int64_t *out,
                       void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    *out = (int64_t)value->len;
    return WEIR_OK;
}
WEIR_TYPED_MAP_VALUES(length_fn, length, weir_string, weir_i64)

static weir_err as_key(weir_ctx *ctx, const weir_record *in, const int64_t *value, int64_t *key_out,
                       void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    *key_out = *value;
    return WEIR_OK;
}
WEIR_TYPED_SELECT_KEY(as_key_fn, as_key, weir_i64, weir_i64)

static weir_err swap(weir_ctx *ctx, const weir_record *in, const int64_t *value, int64_t *key_out,
                     double *value_out, void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    *key_out = *value + 1;
    *value_out = (double)*value / 2;
    return WEIR_OK;
}
WEIR_TYPED_MAP(swap_fn, swap, weir_i64, weir_i64, weir_f64)

static weir_err start(weir_ctx *ctx, pair *out, void *user)
{
    (void)ctx;
    (void)user;
    *out = (pair){0, 100};
    return WEIR_OK;
}
WEIR_TYPED_INITIALIZER(start_fn, start, pair_serde)

static weir_err add(weir_ctx *ctx, const weir_record *in, const int64_t *value,
                    const pair *aggregate, pair *out, void *user)
{
    (void)ctx;
    (void)in;
    (void)user;
    *out = (pair){aggregate->count + 1, aggregate->sum + *value};
    return WEIR_OK;
}
WEIR_TYPED_AGGREGATOR(add_fn, add, weir_i64, pair_serde)

static weir_err larger(weir_ctx *ctx, const int64_t *aggregate, const int64_t *value, int64_t *out,
                       void *user)
{
    (void)ctx;
    (void)user;
    *out = *value > *aggregate ? *value : *aggregate;
    return WEIR_OK;
}
WEIR_TYPED_REDUCER(larger_fn, larger, weir_i64)

static weir_err both(weir_ctx *ctx, const int64_t *key, const pair *left, const pair *right,
                     pair *out, void *user)
{
    (void)ctx;
    (void)key;
    (void)user;
    *out = (pair){left->count + right->count, left->sum + right->sum - 100};
    return WEIR_OK;
}
WEIR_TYPED_MERGER(both_fn, both, weir_i64, pair_serde)

static weir_err mean(weir_ctx *ctx, const int64_t *key, const int64_t *left, const pair *right,
                     double *out, void *user)
{
    (void)ctx;
    (void)key;
    (void)user;
    *out = (double)*left + (double)right->sum;
    return WEIR_OK;
}
WEIR_TYPED_JOINER(mean_fn, mean, weir_i64, weir_i64, pair_serde, weir_f64)

/* ---- Tests --------------------------------------------------------------------------------- */

static void assert_last(const driven *task, const char *topic, const void *value, size_t size)
{
    for (size_t i = task->sent_count; i > 0; i--) {
        const weir__message_view *record = driven_sent(task, i - 1);
        if (strcmp(record->topic, topic) == 0) {
            assert_int_equal(record->value.len, size);
            assert_memory_equal(record->value.data, value, size);
            return;
        }
    }
    fail_msg("nothing in %s", topic);
}

static void each_kind_gets_and_gives_its_types(void **state)
{
    (void)state;
    weir_error error = {0};
    weir_builder *b = weir_builder_new();
    weir_stream texts =
        weir_filter(weir_source(b, "in", &weir_string, &weir_string, NULL), is_long_fn, NULL, NULL);
    weir_stream doubled = weir_flat_map_values(texts, &weir_string, twice_fn, NULL, NULL);
    weir_stream lengths = weir_map_values(doubled, length_fn_value, length_fn, NULL, NULL);
    weir_stream swapped = weir_map(lengths, swap_fn_key, swap_fn_value, swap_fn, NULL, NULL);
    weir_to(swapped, "swapped", NULL);
    weir_stream by_length =
        weir_select_key(lengths, as_key_fn_key, as_key_fn, NULL, &(weir_named){"by"});
    weir_grouped grouped = weir_group_by_key(by_length, "grouped");
    weir_table sums = weir_aggregate(grouped, start_fn, add_fn, NULL, "sums",
                                     &(weir_store_opts){.value = add_fn_value});
    weir_to(weir_to_stream(sums, NULL), "sums", NULL);
    weir_to(weir_to_stream(weir_reduce(grouped, larger_fn, NULL, "largest", NULL), NULL), "largest",
            NULL);
    weir_table sessions = weir_session_windowed_aggregate(
        weir_session_windowed_by(grouped, weir_session_gap(10, 0), NULL), start_fn, add_fn, both_fn,
        NULL, "sessions", &(weir_store_opts){.value = add_fn_value});
    weir_to(weir_to_stream(sessions, NULL), "sessions", NULL);
    weir_to(weir_join_table(weir_source(b, "left", &weir_i64, &weir_i64, NULL), sums, mean_fn_value,
                            mean_fn, NULL, NULL),
            "means", NULL);
    weir_topology *topology = weir_build(b, NULL, &error);
    if (topology == NULL) {
        fail_msg("%s", error.message);
    }
    driven task = {0};
    assert_int_equal(driven_open(&task, topology, 0), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "k", "x", 0), WEIR_OK);
    assert_int_equal(driven_pipe(&task, "in", "k", "four", 0), WEIR_OK);
    assert_last(&task, "swapped", "\x40\0\0\0\0\0\0\0", 8);
    assert_last(&task, "sums", &(pair){2, 108}, sizeof(pair));
    assert_last(&task, "sessions", &(pair){2, 108}, sizeof(pair));
    assert_last(&task, "largest", "\0\0\0\0\0\0\0\4", 8);
    weir_slice four = {"\0\0\0\0\0\0\0\4", 8};
    assert_int_equal(driven_pipe_record(&task, "left", four, four, 1, NULL, 0), WEIR_OK);
    assert_last(&task, "means", "\x40\x5c\0\0\0\0\0\0", 8);
    driven_close(&task);
    weir_topology_free(topology);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_gets_and_gives_its_types),
    };
    return cmocka_run_group_tests_name("typed_callbacks", tests, NULL, NULL);
}
