/* SPDX-License-Identifier: Apache-2.0
 *
 * Serdes of windowed keys, which wrap the serde of the key inside (state/keys.h has the bytes). */
#include <inttypes.h>

#include <weir/windows.h>

#include "core/saturate.h"
#include "process/context.h"
#include "state/keys.h"

const weir_wrapped *weir_windowed_wrapped(const weir_serde *serde)
{
    bool windowed = serde != NULL && (serde->decode == weir_time_windowed_decode ||
                                      serde->decode == weir_session_windowed_decode);
    return windowed ? serde->user : NULL;
}

static weir_err too_short(weir_ctx *ctx, const char *what, size_t len)
{
    return weir_fail(ctx, WEIR_EDECODE, "%zu bytes are no key of a %s", len, what);
}

static weir_err read_key(weir_ctx *ctx, const weir_wrapped *wrapped, weir_slice key,
                         weir_windowed *out)
{
    if (out->start_ms < 0 || out->end_ms < out->start_ms) {
        return weir_fail(ctx, WEIR_EDECODE, "a window from %" PRId64 " to %" PRId64, out->start_ms,
                         out->end_ms);
    }
    return weir__decode(ctx, wrapped->inner, key, &out->key);
}

weir_err weir_time_windowed_decode(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    const weir_wrapped *wrapped = user;
    weir__window_key at;
    weir_err err = weir__codec_given(ctx, __func__, in.data, out, user);
    if (err != WEIR_OK) {
        return err;
    }
    if (!weir__window_topic_key_read(in, &at)) {
        return too_short(ctx, "window", in.len);
    }
    weir_windowed *window = out;
    window->start_ms = at.start_ms;
    window->end_ms = weir__add_sat(at.start_ms, wrapped->size_ms);
    return read_key(ctx, wrapped, at.key, window);
}

weir_err weir_session_windowed_decode(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    weir__session_key at;
    weir_err err = weir__codec_given(ctx, __func__, in.data, out, user);
    if (err != WEIR_OK) {
        return err;
    }
    if (!weir__session_store_key_read(in, &at)) {
        return too_short(ctx, "session", in.len);
    }
    weir_windowed *window = out;
    window->start_ms = at.start_ms;
    window->end_ms = at.end_ms;
    return read_key(ctx, user, at.key, window);
}

static weir_err put_key(weir_ctx *ctx, const weir_wrapped *wrapped, const weir_windowed *window,
                        weir_buf *out)
{
    if (weir__is_null(wrapped->inner, window->key) || window->start_ms < 0 ||
        window->end_ms < window->start_ms) {
        return weir_fail(ctx, WEIR_EINVAL, "a window from %" PRId64 " to %" PRId64 "%s",
                         window->start_ms, window->end_ms,
                         window->key == NULL ? ", without a key" : "");
    }
    return weir__encode(ctx, wrapped->inner, window->key, out);
}

weir_err weir_time_windowed_encode(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    const weir_windowed *window = in;
    weir_err err = weir__codec_given(ctx, __func__, in, out, user);
    err = err == WEIR_OK ? put_key(ctx, user, window, out) : err;
    return err == WEIR_OK ? weir__buf_put_i64(out, window->start_ms) : err;
}

weir_err weir_session_windowed_encode(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    const weir_windowed *window = in;
    weir_err err = weir__codec_given(ctx, __func__, in, out, user);
    err = err == WEIR_OK ? put_key(ctx, user, window, out) : err;
    if (err == WEIR_OK) {
        weir__buf_put_i64(out, window->end_ms);
        err = weir__buf_put_i64(out, window->start_ms);
    }
    return err;
}

/* The bytes as they are if they are text, else in hexadecimal. */
static weir_err print_bytes(weir_slice bytes, weir_buf *out)
{
    const uint8_t *at = bytes.data;
    bool text = true;
    for (size_t i = 0; i < bytes.len; i++) {
        text = text && at[i] >= 0x20 && at[i] != 0x7f;
    }
    if (text) {
        return weir_put(out, bytes.data, bytes.len);
    }
    weir_err err = weir_put_format(out, "0x");
    for (size_t i = 0; i < bytes.len && err == WEIR_OK; i++) {
        err = weir_put_format(out, "%02x", at[i]);
    }
    return err;
}

static weir_err print_key(weir_ctx *ctx, const weir_serde *inner, const void *key, weir_buf *out)
{
    weir_buf bytes = {0};
    if (inner->print != NULL) {
        return inner->print(ctx, key, out, inner->user);
    }
    weir_err err = weir__encode(ctx, inner, key, &bytes);
    err = err == WEIR_OK ? print_bytes(weir__buf_slice(&bytes), out) : err;
    weir__buf_fini(&bytes);
    return err;
}

weir_err weir_windowed_print(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    const weir_wrapped *wrapped = user;
    const weir_windowed *window = in;
    weir_err err = weir__codec_given(ctx, __func__, in, out, user);
    if (err != WEIR_OK) {
        return err;
    }
    err = weir__is_null(wrapped->inner, window->key)
              ? weir_put_format(out, "null")
              : print_key(ctx, wrapped->inner, window->key, out);
    return err == WEIR_OK
               ? weir_put_format(out, "@%" PRId64 "/%" PRId64, window->start_ms, window->end_ms)
               : err;
}
