/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of operators, and what each does. */
#include "support/operators.h"

#include "support/operators_buffered.h"
#include "support/operators_foreign_joins.h"
#include "support/operators_stream_joins.h"
#include "support/operators_windowed.h"

/* ---- Callbacks: they change nothing that matters ---- */

static weir_err keep(weir_ctx *ctx, const weir_record *in, bool *out, void *user)
{
    (void)ctx, (void)in, (void)user;
    *out = true;
    return WEIR_OK;
}

static weir_err refuse(weir_ctx *ctx, const weir_record *in, bool *out, void *user)
{
    (void)ctx, (void)in, (void)user;
    *out = false;
    return WEIR_OK;
}

static weir_err same_value(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)out = *(const weir_slice *)in->value;
    return WEIR_OK;
}

static weir_err same_key(weir_ctx *ctx, const weir_record *in, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)out = *(const weir_slice *)in->key;
    return WEIR_OK;
}

static weir_err same_both(weir_ctx *ctx, const weir_record *in, void *key, void *value, void *user)
{
    weir_err err = same_key(ctx, in, key, user);
    return err == WEIR_OK ? same_value(ctx, in, value, user) : err;
}

static weir_err emit_it(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)user;
    return weir_emit(ctx, in->key, in->value);
}

static weir_err emit_its_value(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)user;
    return weir_emit_value(ctx, in->value);
}

static weir_err look(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)ctx, (void)in, (void)user;
    return WEIR_OK;
}

weir_err operators_newer(weir_ctx *ctx, const void *aggregate, const void *value, void *out,
                         void *user)
{
    (void)ctx;
    (void)aggregate;
    (void)user;
    *(weir_slice *)out = *(const weir_slice *)value;
    return WEIR_OK;
}

weir_err operators_nothing(weir_ctx *ctx, void *out, void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)out = weir_slice_of("");
    return WEIR_OK;
}

weir_err operators_newer_record(weir_ctx *ctx, const weir_record *in, const void *aggregate,
                                void *out, void *user)
{
    return operators_newer(ctx, aggregate, in->value, out, user);
}

weir_err operators_left_side(weir_ctx *ctx, const void *key, const void *left, const void *right,
                             void *out, void *user)
{
    (void)ctx;
    (void)key;
    (void)right;
    (void)user;
    *(weir_slice *)out = *(const weir_slice *)left;
    return WEIR_OK;
}

static weir_err pass_on(weir_ctx *ctx, const weir_record *in, void *state)
{
    (void)state;
    return weir_forward(ctx, in);
}

static const weir_processor_ops pass_on_ops = {.name = "pass-on", .process = pass_on};

static weir_err open_name(weir_ctx *ctx, void *user, void **state)
{
    (void)ctx;
    *state = user;
    return WEIR_OK;
}

/* Through the store whose name is the state: the row's time becomes the record's. */
static weir_err keep_in_store(weir_ctx *ctx, const weir_record *in, void *state)
{
    weir_record out = *in;
    weir_kv *store = weir_store(ctx, state);
    if (store == NULL) {
        return weir_ctx_error(ctx);
    }
    weir_err err = weir_kv_put(store, in->key, in->value, in->timestamp_ms);
    if (err == WEIR_OK) {
        err = weir_kv_get(store, in->key, &out.value, &out.timestamp_ms);
    }
    return err == WEIR_OK ? weir_forward(ctx, &out) : err;
}

static const weir_processor_ops keep_in_store_ops = {
    .name = "keep-in-store", .open = open_name, .process = keep_in_store};

/* ---- Operators ---- */

static weir_stream filter(const operators_inputs *at)
{
    return weir_filter(at->in, keep, NULL, NULL);
}

static weir_stream filter_not(const operators_inputs *at)
{
    return weir_filter_not(at->in, refuse, NULL, NULL);
}

static weir_stream map(const operators_inputs *at)
{
    return weir_map(at->in, &weir_string, &weir_string, same_both, NULL, NULL);
}

static weir_stream map_values(const operators_inputs *at)
{
    return weir_map_values(at->in, &weir_string, same_value, NULL, NULL);
}

static weir_stream flat_map(const operators_inputs *at)
{
    return weir_flat_map(at->in, &weir_string, &weir_string, emit_it, NULL, NULL);
}

static weir_stream flat_map_values(const operators_inputs *at)
{
    return weir_flat_map_values(at->in, &weir_string, emit_its_value, NULL, NULL);
}

static weir_stream select_key(const operators_inputs *at)
{
    return weir_select_key(at->in, &weir_string, same_key, NULL, NULL);
}

static weir_stream peek(const operators_inputs *at)
{
    return weir_peek(at->in, look, NULL, NULL);
}

static weir_stream for_each(const operators_inputs *at)
{
    weir_for_each(at->in, look, NULL, NULL);
    return at->in;
}

static weir_stream merge(const operators_inputs *at)
{
    return weir_merge(at->in, weir_filter(at->in, keep, NULL, NULL), NULL);
}

static weir_stream split(const operators_inputs *at)
{
    const weir_branch branches[] = {{"-none", refuse, NULL}, {"-rest", NULL, NULL}};
    weir_stream out[2];
    weir_split(at->in, branches, 2, out, &(weir_named){at->name});
    return out[1];
}

static weir_stream repartition(const operators_inputs *at)
{
    return weir_repartition(at->in, at->name, NULL);
}

static weir_err named_topic(weir_ctx *ctx, const weir_record *record, weir_buf *topic, void *user)
{
    (void)ctx;
    (void)record;
    return weir_put_format(topic, "%s", (const char *)user);
}

/* Also written to its topic by a sink that chooses the topic. */
static weir_stream to_chosen(const operators_inputs *at)
{
    weir_to(at->in, NULL,
            &(weir_sink_opts){.topic_fn = named_topic, .user = (void *)(uintptr_t)at->name});
    return at->in;
}

static weir_stream process(const operators_inputs *at)
{
    return weir_process(at->in, &weir_string, &weir_string, &pass_on_ops, NULL, NULL);
}

static weir_stream process_values(const operators_inputs *at)
{
    return weir_process_values(at->in, &weir_string, &pass_on_ops, NULL, NULL);
}

static weir_stream process_store(const operators_inputs *at)
{
    const char *const stores[] = {at->name, NULL};
    weir_add_store(at->builder, at->name,
                   &(weir_store_opts){.key = &weir_string, .value = &weir_string}, NULL);
    return weir_process(at->in, &weir_string, &weir_string, &keep_in_store_ops,
                        (void *)(uintptr_t)at->name, &(weir_process_opts){.stores = stores});
}

/* Converts the values to texts before they are written. */
static weir_stream as_text(weir_table table)
{
    return weir_map_values(weir_to_stream(table, NULL), &weir_string, same_key, NULL, NULL);
}

static weir_stream count(const operators_inputs *at)
{
    return as_text(weir_count(weir_group_by_key(at->in, NULL), at->name, NULL));
}

static weir_stream count_by(const operators_inputs *at)
{
    weir_grouped grouped = weir_group_by(at->in, at->name, &weir_string, same_key, NULL);
    return as_text(weir_count(grouped, at->name, NULL));
}

static weir_stream reduce(const operators_inputs *at)
{
    return as_text(
        weir_reduce(weir_group_by_key(at->in, NULL), operators_newer, NULL, at->name, NULL));
}

static weir_stream aggregate(const operators_inputs *at)
{
    return as_text(weir_aggregate(weir_group_by_key(at->in, NULL), operators_nothing,
                                  operators_newer_record, NULL, at->name,
                                  &(weir_store_opts){.value = &weir_string}));
}

/* The stream and itself under another handle: an input each. */
static weir_stream cogroup(const operators_inputs *at)
{
    weir_cogrouped all = weir_cogroup_add(
        weir_cogroup(weir_group_by_key(at->in, NULL), operators_newer_record, NULL),
        weir_group_by_key(weir_filter(at->in, keep, NULL, NULL), NULL), operators_newer_record,
        NULL);
    return as_text(weir_cogroup_aggregate(all, operators_nothing, NULL, at->name,
                                          &(weir_store_opts){.value = &weir_string}));
}

static weir_stream to_table(const operators_inputs *at)
{
    return weir_to_stream(weir_to_table(at->in, at->name, NULL), NULL);
}

static weir_stream versioned_table(const operators_inputs *at)
{
    static const weir_history history = {.retention_ms = INT64_MAX};
    return weir_to_stream(weir_to_table(at->in, at->name, &(weir_store_opts){.history = &history}),
                          NULL);
}

static weir_stream to_stream(const operators_inputs *at)
{
    return weir_to_stream(at->rows, NULL);
}

static weir_stream table_filter(const operators_inputs *at)
{
    return weir_to_stream(weir_table_filter(at->rows, keep, NULL, NULL, NULL), NULL);
}

static weir_stream table_filter_not(const operators_inputs *at)
{
    return weir_to_stream(weir_table_filter_not(at->rows, refuse, NULL, at->name, NULL), NULL);
}

static weir_stream table_map_values(const operators_inputs *at)
{
    return weir_to_stream(
        weir_table_map_values(at->rows, &weir_string, same_value, NULL, at->name, NULL), NULL);
}

static weir_stream table_transform_values(const operators_inputs *at)
{
    return weir_to_stream(
        weir_table_transform_values(at->rows, &weir_string, same_value, NULL, NULL, NULL), NULL);
}

static weir_grouped_table group_rows(const operators_inputs *at)
{
    return weir_table_group_by(at->rows, at->name, &weir_string, &weir_string, same_both, NULL);
}

static weir_stream table_count(const operators_inputs *at)
{
    return as_text(weir_table_count(group_rows(at), at->name, NULL));
}

static weir_stream table_reduce(const operators_inputs *at)
{
    return as_text(
        weir_table_reduce(group_rows(at), operators_newer, operators_newer, NULL, at->name, NULL));
}

static weir_stream table_aggregate(const operators_inputs *at)
{
    const weir_table_aggregator fn = {operators_newer_record, operators_newer_record, NULL};
    return as_text(weir_table_aggregate(group_rows(at), operators_nothing, &fn, at->name,
                                        &(weir_store_opts){.value = &weir_string}));
}

/* The table beside a table without a store: it is computed where the join reads it. */
static weir_stream join_rows(const operators_inputs *at,
                             weir_table (*join)(weir_table left, weir_table right,
                                                weir_joiner_fn fn, void *user, const char *store,
                                                const weir_store_opts *opts),
                             const char *store)
{
    weir_table other = weir_table_map_values(at->rows, &weir_string, same_value, NULL, NULL, NULL);
    weir_store_opts opts = {.value = &weir_string};
    return weir_to_stream(join(at->rows, other, operators_left_side, NULL, store, &opts), NULL);
}

static weir_stream table_join(const operators_inputs *at)
{
    return join_rows(at, weir_table_join, NULL);
}

static weir_stream table_left_join(const operators_inputs *at)
{
    return join_rows(at, weir_table_left_join, at->name);
}

static weir_stream table_outer_join(const operators_inputs *at)
{
    return join_rows(at, weir_table_outer_join, NULL);
}

static weir_stream join_table(const operators_inputs *at)
{
    return weir_join_table(at->in, at->rows, &weir_string, operators_left_side, NULL, NULL);
}

static weir_stream left_join_table(const operators_inputs *at)
{
    return weir_left_join_table(at->in, at->rows, &weir_string, operators_left_side, NULL, NULL);
}

static weir_stream join_global(const operators_inputs *at)
{
    return weir_join_global(at->in, at->refs, &weir_string, operators_left_side, NULL, NULL);
}

static weir_stream left_join_global(const operators_inputs *at)
{
    return weir_left_join_global(at->in, at->refs, &weir_string, operators_left_side, NULL, NULL);
}

const operators_case operators_all[] = {
    {"filter", filter, 1, 0},
    {"filter-not", filter_not, 1, 0},
    {"map", map, 1, 0},
    {"map-values", map_values, 1, 0},
    {"flat-map", flat_map, 1, 0},
    {"flat-map-values", flat_map_values, 1, 0},
    {"select-key", select_key, 1, 0},
    {"peek", peek, 1, 0},
    {"for-each", for_each, 1, 0},
    {"merge", merge, 2, 0},
    {"split", split, 1, 0},
    {"repartition", repartition, 1, 0},
    {"to-chosen", to_chosen, 2, 0},
    {"process", process, 1, 0},
    {"process-values", process_values, 1, 0},
    {"process-store", process_store, 1, 0},
    {"count", count, 1, 0},
    {"count-by", count_by, 1, 0},
    {"reduce", reduce, 1, 0},
    {"aggregate", aggregate, 1, 0},
    {"cogroup", cogroup, 2, 0},
    {"windowed-count", operators_windowed_count, 1, 0},
    {"windowed-reduce", operators_windowed_reduce, 1, 0},
    {"windowed-aggregate", operators_windowed_aggregate, 1, 0},
    {"sliding", operators_sliding, 1, 0},
    {"session-count", operators_session_count, 1, 0},
    {"session-reduce", operators_session_reduce, 1, 0},
    {"session-aggregate", operators_session_aggregate, 1, 0},
    {"windowed-cogroup", operators_windowed_cogroup, 1, 0},
    {"session-cogroup", operators_session_cogroup, 1, 0},
    {"to-table", to_table, 1, 0},
    {"versioned-table", versioned_table, 1, 0},
    {"to-stream", to_stream, 0, 1},
    {"table-filter", table_filter, 0, 1},
    {"table-filter-not", table_filter_not, 0, 1},
    {"table-map-values", table_map_values, 0, 1},
    {"table-transform-values", table_transform_values, 0, 1},
    {"table-count", table_count, 0, 1},
    {"table-reduce", table_reduce, 0, 1},
    {"table-aggregate", table_aggregate, 0, 1},
    {"table-join", table_join, 0, 2}, /* a change of each side */
    {"table-left-join", table_left_join, 0, 2},
    {"table-outer-join", table_outer_join, 0, 2},
    {"suppress", operators_suppress, 0, 1},
    {"table-foreign-join", operators_foreign_join, 0, 0},
    {"table-foreign-left-join", operators_foreign_left_join, 0, 1},
    {"join-table", join_table, 1, 0},
    {"left-join-table", left_join_table, 1, 0},
    {"join-with-grace", operators_join_with_grace, 1, 0},
    {"left-join-with-grace", operators_left_join_with_grace, 1, 0},
    {"join-global", join_global, 1, 0},
    {"left-join-global", left_join_global, 1, 0},
    {"stream-join", operators_stream_join, 1, 0},
    {"stream-left-join", operators_stream_left_join, 1, 0},
    {"stream-outer-join", operators_stream_outer_join, 1, 0},
};
const size_t operators_count = sizeof operators_all / sizeof operators_all[0];

/* ---- The topology ---- */

static int64_t broker_time(weir_ctx *ctx, const weir_record *record, int64_t partition_time_ms,
                           void *user)
{
    (void)ctx;
    (void)partition_time_ms;
    (void)user;
    return record->timestamp_ms;
}

weir_topology *operators_topology(const weir_config *config, weir_error *error)
{
    weir_builder *builder = weir_builder_new();
    operators_inputs inputs = {
        .builder = builder,
        .in = weir_source(builder, OPERATORS_IN, &weir_string, &weir_string,
                          &(weir_source_opts){.timestamp = broker_time}),
        .rows = weir_table_source(builder, OPERATORS_ROWS, OPERATORS_ROWS, &weir_string,
                                  &weir_string, NULL),
        .refs = weir_global_table_source(builder, OPERATORS_REFS, OPERATORS_REFS, &weir_string,
                                         &weir_string, NULL),
    };
    for (size_t i = 0; i < operators_count; i++) {
        inputs.name = operators_all[i].name;
        weir_to(operators_all[i].add(&inputs), inputs.name, NULL);
    }
    return weir_build(builder, config, error);
}
