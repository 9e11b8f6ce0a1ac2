/* SPDX-License-Identifier: Apache-2.0
 *
 * join and left_join of a stream with a versioned table, with grace (KIP-923). A record waits in a
 * buffer until the time of the buffer, which is the greatest timestamp put into it, has passed its
 * own by the grace: table rows that come late are found, too.
 *
 *     grace 10         put @5    put @8     put @16                  @4
 *     buffer           5         5 8        8 16    joined: @5       joined at once */
#include <stdlib.h>

#include "core/saturate.h"
#include "operators/buffered.h"
#include "operators/join.h"
#include "state/keys.h"

typedef struct grace_join_op {
    weir__join join;
    int64_t grace_ms;
} grace_join_op;

/* Of a task. A record that is joined may make a record cache evict a change that leads to another
 * record for this node, before the join returns: it is put into the buffer, and nothing else. */
typedef struct grace_join {
    const grace_join_op *op;
    weir_kv *kv;
    int64_t time_ms;  /* of the buffer; -1: nothing was put */
    int64_t first_ms; /* no row is before */
    bool has_rows;
    int32_t number; /* of the last put */
    bool joining;
    weir_buf plain_key; /* of the record that is put, encoded */
    weir_buf key;
    weir_buf value;
    weir_buf row;
} grace_join;

static int64_t due_ms(const grace_join *own)
{
    return weir__sub_sat(own->time_ms, own->op->grace_ms);
}

static void note_row(grace_join *own, int64_t time_ms)
{
    own->first_ms = own->has_rows && own->first_ms < time_ms ? own->first_ms : time_ms;
    own->has_rows = true;
}

/* ---- Put ---------------------------------------------------------------------------------- */

static weir_err encode_key(weir_ctx *ctx, grace_join *own, const weir_record *in)
{
    weir__buf_reset(&own->plain_key);
    weir__buf_reset(&own->key);
    weir_err err = weir__encode(ctx, own->kv->spec->key, in->key, &own->plain_key);
    if (err != WEIR_OK) {
        return err;
    }
    weir__buffer_key key = {in->timestamp_ms, weir__buf_slice(&own->plain_key), own->number};
    weir__grace_buffer_key(&own->key, &key);
    return own->key.err == WEIR_OK ? WEIR_OK : weir__ctx_out_of_memory(ctx);
}

static weir_err put(weir_ctx *ctx, grace_join *own, const weir_record *in)
{
    weir__buffered_value values = {0};
    own->number = own->number < INT32_MAX ? own->number + 1 : 0;
    weir__buf_reset(&own->value);
    weir__buf_reset(&own->row);
    weir_err err = encode_key(ctx, own, in);
    if (err == WEIR_OK) {
        err = weir__encode(ctx, own->kv->spec->value, in->value, &own->value);
    }
    if (err == WEIR_OK) {
        values.new_value = weir__buf_slice(&own->value);
        err = weir__buffered_put(ctx, in, &values, &own->row);
    }
    if (err == WEIR_OK) {
        err = weir__typed_put_row(own->kv, weir__buf_slice(&own->key), weir__buf_slice(&own->row));
    }
    if (err == WEIR_OK) {
        own->time_ms = weir__later(own->time_ms, in->timestamp_ms);
        note_row(own, in->timestamp_ms);
    }
    return err;
}

/* ---- Release ------------------------------------------------------------------------------ */

static weir_err join_value(weir_ctx *ctx, const grace_join *own, weir__buffered *of)
{
    weir_err err = weir__decode(ctx, own->kv->spec->value, of->value.new_value, &of->record.value);
    return err == WEIR_OK ? weir__join_row(ctx, &own->op->join, &of->record, of->record.key) : err;
}

/* A failure is one of the buffered record: processing.exception.handler decides about it. */
static weir_err join_buffered(weir_ctx *ctx, grace_join *own, weir_slice key, weir_slice row)
{
    weir__buffered of;
    weir_err err = weir__buffered_begin(ctx, own->kv, key, row, &of);
    if (err != WEIR_OK) {
        return err;
    }
    own->joining = true;
    err = join_value(ctx, own, &of);
    if (err != WEIR_OK) {
        err = weir__graph_node_failed(ctx, ctx->node, err);
    }
    own->joining = false;
    weir__buffered_end(ctx, &of);
    return err;
}

static weir_err remove_row(weir_ctx *ctx, grace_join *own, weir_slice key)
{
    weir__buf_reset(&own->key);
    return weir_put(&own->key, key.data, key.len) == WEIR_OK
               ? weir__typed_put_row(own->kv, weir__buf_slice(&own->key), (weir_slice){0})
               : weir__ctx_out_of_memory(ctx);
}

/* The rows that are due now; own->first_ms is that of the first one that is not. */
static weir_err release_rows(weir_ctx *ctx, grace_join *own, weir__kv_iter *iter)
{
    weir_slice bytes;
    weir_slice row;
    weir_err err = WEIR_OK;
    while (err == WEIR_OK && iter->ops->next(iter, &bytes, &row)) {
        weir__buffer_key key;
        if (!weir__grace_buffer_key_read(bytes, &key)) {
            return weir__buffered_damaged(ctx, own->kv);
        }
        if (key.time_ms > due_ms(own)) {
            note_row(own, key.time_ms);
            return WEIR_OK;
        }
        err = join_buffered(ctx, own, key.key, row);
        if (err == WEIR_OK) {
            err = remove_row(ctx, own, bytes);
        }
    }
    return err;
}

static weir_err release(weir_ctx *ctx, grace_join *own)
{
    const weir_slice open_end = {0};
    weir_err err = WEIR_OK;
    while (err == WEIR_OK && own->has_rows && own->first_ms <= due_ms(own)) {
        weir__kv_iter *iter = NULL;
        int64_t before_ms = own->first_ms;
        err = weir__kv_range(own->kv->layers.top, open_end, open_end, false, &iter, &ctx->error);
        if (err != WEIR_OK) {
            return err;
        }
        own->has_rows = false; /* records that are put meanwhile are noted */
        err = release_rows(ctx, own, iter);
        weir_err end = iter->ops->close(iter);
        err = err != WEIR_OK ? err : end;
        if (err != WEIR_OK) {
            note_row(own, before_ms);
        }
    }
    return err;
}

static weir_err join(weir_ctx *ctx, const weir_record *in, void *state)
{
    grace_join *own = state;
    const weir__join *op = &own->op->join;
    if (weir__join_drops(ctx, op, in, in->key)) {
        return WEIR_OK;
    }
    if (in->key == NULL) {
        return weir_fail(ctx, WEIR_EINVAL,
                         "a record without a key cannot be put into the buffer '%s'",
                         own->kv->spec->name);
    }
    if (in->timestamp_ms < due_ms(own)) {
        return weir__join_row(ctx, op, in, in->key);
    }
    weir_err err = put(ctx, own, in);
    return err == WEIR_OK && !own->joining ? release(ctx, own) : err;
}

/* ---- Life --------------------------------------------------------------------------------- */

/* Time and numbers continue with those of the rows there are. */
static weir_err read_rows(weir_ctx *ctx, grace_join *own)
{
    weir__kv_iter *iter = NULL;
    weir_slice bytes;
    weir_slice row;
    const weir_slice open_end = {0};
    weir_err err =
        weir__kv_range(own->kv->layers.top, open_end, open_end, false, &iter, &ctx->error);
    while (err == WEIR_OK && iter->ops->next(iter, &bytes, &row)) {
        weir__buffer_key key;
        if (!weir__grace_buffer_key_read(bytes, &key)) {
            err = weir__buffered_damaged(ctx, own->kv);
            break;
        }
        note_row(own, key.time_ms);
        own->time_ms = weir__later(own->time_ms, key.time_ms);
        own->number = key.sequence > own->number ? key.sequence : own->number;
    }
    weir_err end = iter != NULL ? iter->ops->close(iter) : WEIR_OK;
    return err != WEIR_OK ? err : end;
}

static weir_err open_join(weir_ctx *ctx, void *user, void **state)
{
    grace_join *own = calloc(1, sizeof *own);
    *state = own; /* close_join is called after a failure, too */
    if (own == NULL) {
        return weir__ctx_out_of_memory(ctx);
    }
    own->op = user;
    own->kv = weir__store_at(ctx, 0);
    own->time_ms = -1;
    return read_rows(ctx, own);
}

static void close_join(void *state)
{
    grace_join *own = state;
    if (own == NULL) {
        return;
    }
    weir__buf_fini(&own->plain_key);
    weir__buf_fini(&own->key);
    weir__buf_fini(&own->value);
    weir__buf_fini(&own->row);
    free(own);
}

/* ---- Building ----------------------------------------------------------------------------- */

static const weir__operator join_operator = {
    .work = {"join", open_join, join, close_join},
    .prefix = "KSTREAM-JOIN-",
};

static const weir__operator left_join_operator = {
    .work = {"left_join", open_join, join, close_join},
    .prefix = "KSTREAM-LEFTJOIN-",
    .facts = WEIR__KEEPS_NULL_KEYS,
};

static weir_stream add(weir_stream left, weir_table right, const weir_serde *value, weir__join join,
                       const weir_grace_join_opts *opts)
{
    weir_builder *builder = left.builder;
    const char *name = opts != NULL ? opts->name : NULL;
    grace_join_op op = {join, opts != NULL ? opts->grace_ms : 0};
    if (op.grace_ms < 0) {
        weir__pair pair = {weir__join_label(&join),
                           name,
                           {"stream", builder, left.node},
                           {"table", right.builder, right.node}};
        weir__builder_fail(builder, WEIR_EINVAL, "%s: the grace is %lld ms, less than 0",
                           weir__pair_label(&pair), (long long)op.grace_ms);
    }
    weir__table_join spec = {.kind = join.left ? &left_join_operator : &join_operator,
                             .name = name,
                             .value = value,
                             .op = &op.join,
                             .size = sizeof op};
    weir_stream out = weir__table_join_add(left, right, &spec);
    if (out.node < 0 || !weir__builder_ok(builder)) {
        return out;
    }
    int node = builder->edges[out.node]->node;
    const char *buffer = weir__builder_text(builder, "%s-Buffer", builder->nodes[node]->node.name);
    builder->nodes[node]->reads_history = true;
    builder->nodes[node]->history_ms = op.grace_ms;
    weir__buffer_add(builder, node, buffer, builder->edges[left.node], &weir__kind_join_buffer,
                     NULL);
    return out;
}

weir_stream weir_join_table_with_grace(weir_stream left, weir_table right, const weir_serde *value,
                                       weir_joiner_fn fn, void *user,
                                       const weir_grace_join_opts *opts)
{
    return add(left, right, value, (weir__join){.fn = fn, .user = user}, opts);
}

weir_stream weir_left_join_table_with_grace(weir_stream left, weir_table right,
                                            const weir_serde *value, weir_joiner_fn fn, void *user,
                                            const weir_grace_join_opts *opts)
{
    return add(left, right, value, (weir__join){.fn = fn, .user = user, .left = true}, opts);
}
