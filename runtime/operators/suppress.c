/* SPDX-License-Identifier: Apache-2.0
 *
 * suppress (KTableSuppressProcessorSupplier, KIP-328). The buffer has one row for a key: its last
 * change, at the place of its first one.
 *
 *     until_time_limit(10)      a=1 @5    b=1 @9    a=2 @12    c=1 @15
 *     buffer                    a:5       a:5 b:9   a:5 b:9    b:9 c:15   forwarded: a=2 @12 */
#include <stdio.h>
#include <stdlib.h>

#include <weir/suppress.h>

#include "core/saturate.h"
#include "operators/buffered.h"
#include "state/buffer.h"

#define UNBOUNDED INT64_MAX

/* Of a task. A record that is forwarded may make a record cache evict a change of a table above,
 * which then reaches this node before the forward returns: the change is put into the buffer, and
 * nothing else. */
typedef struct suppression {
    const weir_suppressed *until; /* limit_ms: the grace, if it waits for windows to close */
    weir_kv *kv;
    int64_t stream_time_ms; /* -1: none yet */
    bool forwarding;
    bool put_again;                   /* the key that is being forwarded has a new row */
    const struct weir__frame *frames; /* of the context when it began to forward */
    weir_buf emitted;                 /* that key */
    weir_buf old_value;               /* of the change that is put, encoded */
    weir_buf new_value;
    weir_buf row;
} suppression;

/* ---- What is made of it ------------------------------------------------------------------- */

weir_buffer_limits weir_unbounded(void)
{
    return (weir_buffer_limits){UNBOUNDED, UNBOUNDED};
}

weir_buffer_limits weir_max_records(int64_t records)
{
    return (weir_buffer_limits){records, UNBOUNDED};
}

weir_buffer_limits weir_max_bytes(int64_t bytes)
{
    return (weir_buffer_limits){UNBOUNDED, bytes};
}

weir_buffer_limits weir_max_records_and_bytes(int64_t records, int64_t bytes)
{
    return (weir_buffer_limits){records, bytes};
}

weir_buffer weir_emit_early_when_full(weir_buffer_limits limits)
{
    return (weir_buffer){limits, false};
}

weir_buffer weir_shut_down_when_full(weir_buffer_limits limits)
{
    return (weir_buffer){limits, true};
}

weir_suppressed weir_until_window_closes(weir_buffer_limits limits)
{
    return (weir_suppressed){.buffer = weir_shut_down_when_full(limits), .window_closes = true};
}

weir_suppressed weir_until_time_limit(int64_t limit_ms, weir_buffer buffer)
{
    return (weir_suppressed){.buffer = buffer, .limit_ms = limit_ms};
}

/* ---- The buffer --------------------------------------------------------------------------- */

/* *row null: the key is not in the buffer. Valid until the next put. */
static weir_err find(const weir_kv *kv, const void *key, weir_slice *bytes, weir_slice *row)
{
    weir_err err = weir__typed_key(kv, key, bytes);
    return err == WEIR_OK ? weir__typed_get_row(kv, *bytes, row) : err;
}

/* The bytes of a value, in `buf` or its own; null for NULL. */
static weir_err encode(weir_ctx *ctx, const weir_kv *kv, const void *value, weir_buf *buf,
                       weir_slice *out)
{
    *out = (weir_slice){0};
    return value != NULL ? weir__encode_to(ctx, kv->spec->value, value, buf, out) : WEIR_OK;
}

static int64_t place_of(const suppression *own, const weir_record *in)
{
    return own->until->window_closes ? ((const weir_windowed *)in->key)->end_ms : in->timestamp_ms;
}

/* The row of the key is the one that is being forwarded. */
static bool is_forwarded(const suppression *own, weir_slice key)
{
    return own->forwarding && !own->put_again &&
           weir_slice_equal(key, weir__buf_slice(&own->emitted));
}

static weir_err keep(weir_ctx *ctx, suppression *own, const weir_record *in)
{
    const weir__change *change = in->value;
    weir__buffered_value before;
    weir__buffered_value values = {0};
    weir_slice key;
    weir_slice row = {0};
    weir_err err = encode(ctx, own->kv, change->old_value, &own->old_value, &values.old_value);
    if (err == WEIR_OK) {
        err = encode(ctx, own->kv, change->new_value, &own->new_value, &values.new_value);
    }
    if (err == WEIR_OK) {
        err = find(own->kv, in->key, &key, &row);
    }
    if (err != WEIR_OK) {
        return err;
    }
    values.prior_value = values.old_value;
    values.place_ms = place_of(own, in);
    if (is_forwarded(own, key)) {
        own->put_again = true; /* that row is as good as removed */
    } else if (row.data != NULL) {
        err = weir__buffered_read(ctx, own->kv, row, &before);
        if (err != WEIR_OK) {
            return err;
        }
        values.prior_value = before.prior_value;
        values.place_ms = before.place_ms;
    }
    weir__buf_reset(&own->row);
    err = weir__buffered_put(ctx, in, &values, &own->row);
    return err == WEIR_OK ? weir__typed_put_row(own->kv, key, weir__buf_slice(&own->row)) : err;
}

/* ---- Forwarding --------------------------------------------------------------------------- */

static weir_err forward(weir_ctx *ctx, const suppression *own, weir__buffered *of)
{
    weir__change change = {0};
    const weir_serde *serde = own->kv->spec->value;
    if (own->until->window_closes && of->value.new_value.data == NULL) {
        return WEIR_OK; /* the window was deleted before it closed */
    }
    weir_err err = weir__decode(ctx, serde, of->value.new_value, &change.new_value);
    if (err == WEIR_OK) {
        err = weir__decode(ctx, serde, of->value.old_value, &change.old_value);
    }
    of->record.value = &change;
    return err == WEIR_OK ? weir__forward(ctx, &of->record) : err;
}

/* The row stays in the buffer while it is forwarded: nodes below that read it get the value before
 * its changes. */
static weir_err emit(weir_ctx *ctx, suppression *own, const weir__buffer_row *first)
{
    weir__buffered of;
    weir__buf_reset(&own->emitted);
    if (weir_put(&own->emitted, first->key.data, first->key.len) != WEIR_OK) {
        return weir__ctx_out_of_memory(ctx);
    }
    weir_err err = weir__buffered_begin(ctx, own->kv, first->key, first->row, &of);
    if (err != WEIR_OK) {
        return err;
    }
    own->forwarding = true;
    own->put_again = false;
    own->frames = ctx->frames;
    err = forward(ctx, own, &of);
    own->forwarding = false;
    weir__buffered_end(ctx, &of);
    return err == WEIR_OK && !own->put_again
               ? weir__typed_put_row(own->kv, weir__buf_slice(&own->emitted), (weir_slice){0})
               : err;
}

static bool is_due(const suppression *own, const weir__buffer_row *row)
{
    return row->place_ms <= weir__sub_sat(own->stream_time_ms, own->until->limit_ms);
}

static weir_err emit_due(weir_ctx *ctx, suppression *own)
{
    weir__buffer_row first;
    weir_err err = WEIR_OK;
    while (err == WEIR_OK && weir__buffer_first(own->kv->layers.base, &first) &&
           is_due(own, &first)) {
        err = emit(ctx, own, &first);
    }
    return err;
}

static bool is_full(const suppression *own)
{
    const weir_buffer_limits *limits = &own->until->buffer.limits;
    const weir__kv *buffer = own->kv->layers.base;
    return weir__buffer_count(buffer) > (uint64_t)limits->max_records ||
           weir__buffer_bytes(buffer) > (uint64_t)limits->max_bytes;
}

static weir_err too_full(weir_ctx *ctx, const suppression *own)
{
    const weir_buffer_limits *limits = &own->until->buffer.limits;
    const weir__kv *buffer = own->kv->layers.base;
    char most[2][24] = {"unbounded", "unbounded"};
    if (limits->max_records != UNBOUNDED) {
        snprintf(most[0], sizeof most[0], "%lld", (long long)limits->max_records);
    }
    if (limits->max_bytes != UNBOUNDED) {
        snprintf(most[1], sizeof most[1], "%lld", (long long)limits->max_bytes);
    }
    return weir_fail(ctx, WEIR_ELIMIT,
                     "the buffer '%s' is full: %zu records (limit: %s), %zu bytes (limit: %s)",
                     own->kv->spec->name, weir__buffer_count(buffer), most[0],
                     weir__buffer_bytes(buffer), most[1]);
}

static weir_err emit_early(weir_ctx *ctx, suppression *own)
{
    weir__buffer_row first;
    weir_err err = WEIR_OK;
    while (err == WEIR_OK && is_full(own) && weir__buffer_first(own->kv->layers.base, &first)) {
        err = emit(ctx, own, &first);
    }
    return err;
}

static weir_err suppress(weir_ctx *ctx, const weir_record *in, void *state)
{
    suppression *own = state;
    own->stream_time_ms = weir__later(own->stream_time_ms, in->timestamp_ms);
    weir_err err = keep(ctx, own, in);
    if (err != WEIR_OK || own->forwarding) {
        return err;
    }
    err = emit_due(ctx, own);
    if (err != WEIR_OK || !is_full(own)) {
        return err;
    }
    return own->until->buffer.shuts_down ? too_full(ctx, own) : emit_early(ctx, own);
}

static weir_err read(weir_ctx *ctx, const weir__node *table, const void *key, weir__timed *out)
{
    const suppression *own = ctx->node->state;
    const weir_kv *kv = own->kv;
    weir_slice bytes;
    weir_slice row = {0};
    weir__buffered_value value;
    weir_err err = find(kv, key, &bytes, &row);
    if (err != WEIR_OK) {
        return err;
    }
    if (row.data == NULL) {
        return weir__table_read(ctx, table->parents[0], key, out);
    }
    if (weir__arena_copy(ctx->arena, row, &row) != WEIR_OK) {
        return weir__ctx_out_of_memory(ctx);
    }
    err = weir__buffered_read(ctx, kv, row, &value);
    if (err != WEIR_OK) {
        return err;
    }
    /* A change that a cache evicts meanwhile may come after nodes that have the new value already:
     * with the one before, the last result would be wrong. */
    bool evicted = is_forwarded(own, bytes) && ctx->frames != own->frames;
    out->timestamp_ms = evicted ? value.timestamp_ms : -1;
    return weir__decode(ctx, kv->spec->value, evicted ? value.new_value : value.prior_value,
                        &out->value);
}

/* ---- Life --------------------------------------------------------------------------------- */

/* Stream time continues with that of the rows that are restored. Kafka's begins anew. */
static weir_err restore_time(suppression *own)
{
    weir__kv_iter *iter = NULL;
    weir_slice key;
    weir_slice row;
    const weir_slice open_end = {0};
    weir_err err = weir__kv_range(own->kv->layers.base, open_end, open_end, false, &iter,
                                  &own->kv->ctx->error);
    if (err != WEIR_OK) {
        return err;
    }
    while (iter->ops->next(iter, &key, &row)) {
        weir__reader reader = weir__reader_of(row);
        own->stream_time_ms = weir__later(own->stream_time_ms, weir__read_i64(&reader));
    }
    return iter->ops->close(iter);
}

static weir_err open_suppression(weir_ctx *ctx, void *user, void **state)
{
    suppression *own = calloc(1, sizeof *own);
    *state = own; /* close_suppression is called after a failure, too */
    if (own == NULL) {
        return weir__ctx_out_of_memory(ctx);
    }
    own->until = user;
    own->kv = weir__store_at(ctx, 0);
    own->stream_time_ms = -1;
    return restore_time(own);
}

static void close_suppression(void *state)
{
    suppression *own = state;
    if (own == NULL) {
        return;
    }
    weir__buf_fini(&own->emitted);
    weir__buf_fini(&own->old_value);
    weir__buf_fini(&own->new_value);
    weir__buf_fini(&own->row);
    free(own);
}

/* ---- Building ----------------------------------------------------------------------------- */

static const weir__operator suppress_operator = {
    .work = {"suppress", open_suppression, suppress, close_suppression},
    .prefix = "KTABLE-SUPPRESS-",
    .facts = WEIR__GIVES_TABLE | WEIR__READS_PARENTS | WEIR__READS_OWN_STORES |
             WEIR__NEEDS_OLD_VALUES | WEIR__REFUSES_VERSIONS,
    .read = read,
};

static void check_number(weir_builder *builder, const char *name, const char *what, int64_t value)
{
    if (value < 0) {
        weir__builder_fail(builder, WEIR_EINVAL, "suppress '%s': %s is %lld, less than 0", name,
                           what, (long long)value);
    }
}

static bool check(weir_builder *builder, const char *name, const weir__edge *from,
                  weir_suppressed *until)
{
    check_number(builder, name, "the limit of records", until->buffer.limits.max_records);
    check_number(builder, name, "the limit of bytes", until->buffer.limits.max_bytes);
    check_number(builder, name, "the time limit", until->limit_ms);
    if (until->window_closes && from->windows != NULL && weir_windowed_wrapped(from->key) != NULL) {
        until->limit_ms = from->windows->closes_after_ms;
    } else if (until->window_closes) {
        weir__builder_fail(builder, WEIR_ETOPOLOGY,
                           "suppress '%s' waits for windows to close, but '%s' is not windowed",
                           name, weir__builder_table_name(builder, from->node));
    }
    return weir__builder_ok(builder);
}

weir_table weir_suppress(weir_table in, weir_suppressed until, const weir_suppress_opts *opts)
{
    weir_builder *builder = in.builder;
    weir_table failed = {builder, -1};
    const weir__edge *from = weir__edge_of(builder, in.node, WEIR__TABLE);
    const char *name = opts != NULL ? opts->name : NULL;
    const char *store = name != NULL ? weir__builder_text(builder, "%s-store", name) : NULL;
    if (from == NULL) {
        return failed;
    }
    if (name == NULL) { /* a name takes no numbers (KTableImpl.suppress) */
        name = weir__builder_name(builder, NULL, suppress_operator.prefix);
        store = weir__builder_name(builder, NULL, "KTABLE-SUPPRESS-STATE-STORE-");
    }
    if (!check(builder, name, from, &until)) {
        return failed;
    }
    weir__operator_at at = {.name = name, .named = true, .in = from};
    weir__edge edge = *from;
    edge.node = weir__operator_add(builder, &suppress_operator, &until, sizeof until, &at);
    weir_store_opts stored = {0};
    if (opts != NULL) {
        stored.logging = opts->logging;
        stored.changelog_config = opts->changelog_config;
    }
    if (edge.node < 0 || weir__buffer_add(builder, edge.node, store, &edge,
                                          &weir__kind_suppress_buffer, &stored) < 0) {
        return failed;
    }
    return (weir_table){builder, weir__edge_add(builder, &edge)};
}
