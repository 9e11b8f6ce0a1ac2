/* SPDX-License-Identifier: Apache-2.0
 *
 * Serdes at work outside of a topology. */
#include "cluster/cluster.h"
#include "core/error.h"
#include "process/context.h"

static weir_err failed(const weir_ctx *ctx, weir_err code, const weir_serde *serde,
                       weir_error *error)
{
    const char *text = ctx->error.message[0] != '\0' ? ctx->error.message : weir_err_str(code);
    return weir__error_set(error, code, "serde %s: %s", serde->name, text);
}

weir_err weir__codec_decode(weir_cluster *cluster, const weir_serde *serde, weir_slice in,
                            const void **out, weir_error *error)
{
    weir_ctx ctx = {.arena = &cluster->arena};
    *out = NULL;
    if (in.data == NULL) {
        return WEIR_OK;
    }
    weir_err err = weir__decode(&ctx, serde, in, out);
    weir__guards_fini(&ctx);
    return err != WEIR_OK ? failed(&ctx, err, serde, error) : WEIR_OK;
}

weir_err weir__codec_encode(weir__arena *arena, const weir_serde *serde, const void *in,
                            weir_slice *out, weir_error *error)
{
    weir_ctx ctx = {.arena = arena};
    weir_buf bytes = {0};
    *out = (weir_slice){0};
    if (in == NULL) {
        return WEIR_OK;
    }
    weir_err err = weir__encode(&ctx, serde, in, &bytes);
    weir__guards_fini(&ctx);
    err = err != WEIR_OK ? failed(&ctx, err, serde, error)
                         : weir__arena_copy(arena, weir__buf_slice(&bytes), out);
    weir__buf_fini(&bytes);
    return err;
}
