/* SPDX-License-Identifier: Apache-2.0
 *
 * Serdes of foreign-key joins: the bytes are those of state/values.h. */
#include "operators/foreign_serdes.h"

#include "process/context.h"
#include "topology/builder.h"

static weir_err subscription_encode(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    (void)ctx;
    (void)user;
    weir__subscription_put(out, in);
    return WEIR_OK;
}

static weir_err subscription_decode(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    (void)user;
    return weir__subscription_read(in, out)
               ? WEIR_OK
               : weir_fail(ctx, WEIR_EDECODE,
                           "these %zu bytes are no subscription of a foreign-key join, version 1",
                           in.len);
}

const weir_serde weir__subscription_serde = {
    .name = "subscription of a foreign-key join",
    .size = sizeof(weir__subscription),
    .decode = subscription_decode,
    .encode = subscription_encode,
};

static weir_err answer_encode(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    const weir__foreign_answer *answer = in;
    weir__subscription_answer_put(out, &(weir__subscription_answer){.hash = answer->hash});
    return answer->value != NULL
               ? weir__encode(ctx, ((const weir_wrapped *)user)->inner, answer->value, out)
               : WEIR_OK;
}

static weir_err answer_decode(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    weir__foreign_answer *answer = out;
    weir__subscription_answer read;
    if (!weir__subscription_answer_read(in, &read)) {
        return weir_fail(ctx, WEIR_EDECODE,
                         "these %zu bytes are no answer of a foreign-key join, version 0", in.len);
    }
    *answer = (weir__foreign_answer){.hash = read.hash, .partition = -1};
    return weir__decode(ctx, ((const weir_wrapped *)user)->inner, read.value, &answer->value);
}

const weir_serde weir__foreign_answer_serde = {
    .name = "answer of a foreign-key join",
    .size = sizeof(weir__foreign_answer),
    .decode = answer_decode,
    .encode = answer_encode,
};
