/* SPDX-License-Identifier: Apache-2.0
 *
 * The wrapper around every processor (KIP-1112). */
#include "core/error.h"
#include "process/graph_internal.h"
#include "process/headers.h"
#include "topology/builder.h"

/* ---- Building ----------------------------------------------------------------------------- */

void weir_wrap_processors(weir_builder *builder, const weir_processor_wrapper *wrapper, void *user)
{
    bool given = wrapper != NULL && wrapper->process != NULL;
    if (!weir__builder_given(builder, given, __func__,
                             wrapper == NULL ? "wrapper" : "wrapper->process")) {
        return;
    }
    weir__wrapper *copy = weir__builder_alloc(builder, sizeof *copy);
    if (copy != NULL) {
        *copy = (weir__wrapper){*wrapper, user};
        builder->wrapper = copy;
    }
}

/* ---- Running ------------------------------------------------------------------------------ */

weir_err weir__wrapper_process(weir_ctx *ctx, weir__running *node, const weir_record *record)
{
    const weir__running *outer = ctx->wrapped;
    ctx->wrapped = node;
    weir_err err = node->wrapper->calls.process(ctx, record, node->wrapper_state);
    ctx->wrapped = outer;
    return err;
}

weir_err weir__wrapper_punctuate(weir_ctx *ctx, weir__running *node, weir_punctuate_fn fn,
                                 int64_t now_ms)
{
    if (node->wrapper->calls.punctuate == NULL) {
        return fn(ctx, now_ms, node->state);
    }
    ctx->wrapped = node;
    ctx->punctuator = fn;
    weir_err err = node->wrapper->calls.punctuate(ctx, now_ms, node->wrapper_state);
    ctx->wrapped = NULL;
    ctx->punctuator = NULL;
    return err;
}

weir_err weir_call_wrapped(weir_ctx *ctx, const weir_record *record)
{
    if (ctx == NULL || record == NULL) {
        return weir__ctx_null(ctx, __func__, ctx == NULL ? "ctx" : "record");
    }
    weir__running *node = ctx->node;
    const weir_record *outer = ctx->record;
    int64_t time_ms = ctx->time_ms;
    if (node == NULL || ctx->wrapped != node || outer == NULL) {
        return weir_fail(ctx, WEIR_ESTATE, "%s is for the process function of a wrapper", __func__);
    }
    if (record->timestamp_ms < 0) {
        return weir_fail(ctx, WEIR_EINVAL, "a record with the negative timestamp %lld",
                         (long long)record->timestamp_ms);
    }
    weir_record own = *record;
    if ((node->spec->facts & WEIR__FIXED_KEY) != 0) {
        own.key = outer->key;
    }
    if (own.headers == NULL && (own.headers = weir__headers_copy(ctx->arena, NULL)) == NULL) {
        return weir__ctx_out_of_memory(ctx);
    }
    ctx->wrapped = NULL;
    ctx->record = &own;
    ctx->time_ms = own.timestamp_ms;
    weir_err err = node->spec->ops->process(ctx, &own, node->state);
    ctx->wrapped = node;
    ctx->record = outer;
    ctx->time_ms = time_ms;
    return err;
}

weir_err weir_call_wrapped_punctuator(weir_ctx *ctx, int64_t now_ms)
{
    if (ctx == NULL) {
        return weir__ctx_null(ctx, __func__, "ctx");
    }
    weir__running *node = ctx->node;
    weir_punctuate_fn fn = ctx->punctuator;
    if (node == NULL || ctx->wrapped != node || fn == NULL) {
        return weir_fail(ctx, WEIR_ESTATE, "%s is for the punctuate function of a wrapper",
                         __func__);
    }
    ctx->wrapped = NULL;
    ctx->punctuator = NULL;
    weir_err err = fn(ctx, now_ms, node->state);
    ctx->wrapped = node;
    ctx->punctuator = fn;
    return err;
}
