/* SPDX-License-Identifier: Apache-2.0
 *
 * The callbacks of the word count of the anchors: lines are split at spaces, words are keys. */
#ifndef WEIR_BENCH_WORDS_H
#define WEIR_BENCH_WORDS_H

#include <string.h>

#include <weir/dsl.h>

static inline weir_err bench_split(weir_ctx *ctx, const weir_record *in, void *user)
{
    (void)user;
    weir_slice line = *(const weir_slice *)in->value;
    const char *at = line.data;
    const char *end = at + line.len;
    while (at < end) {
        const char *space = memchr(at, ' ', (size_t)(end - at));
        const char *stop = space != NULL ? space : end;
        weir_err err = weir_emit_value(ctx, &(weir_slice){at, (size_t)(stop - at)});
        if (err != WEIR_OK) {
            return err;
        }
        at = stop + 1;
    }
    return WEIR_OK;
}

static inline weir_err bench_word_as_key(weir_ctx *ctx, const weir_record *in, void *key_out,
                                         void *user)
{
    (void)ctx;
    (void)user;
    *(weir_slice *)key_out = *(const weir_slice *)in->value;
    return WEIR_OK;
}

#endif
