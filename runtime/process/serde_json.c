/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON through jansson: any value, also a bare string or number. */
#include <jansson.h>

#include <weir/serde.h>

static void release(void *root)
{
    json_decref(root);
}

static weir_err json_decode(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    (void)user;
    weir_json_value *value = out;
    json_error_t error;
    json_t *root = json_loadb(in.data, in.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (root == NULL) {
        return weir_fail(ctx, WEIR_EDECODE, "json: %s (line %d, column %d)", error.text, error.line,
                         error.column);
    }
    weir_err err = weir_defer(ctx, release, root);
    if (err == WEIR_OK) {
        value->root = root;
    }
    return err;
}

static int append(const char *bytes, size_t len, void *out)
{
    return weir_put(out, bytes, len) == WEIR_OK ? 0 : -1;
}

static weir_err json_encode(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    (void)user;
    const weir_json_value *value = in;
    if (value->root == NULL) {
        return weir_fail(ctx, WEIR_EINVAL, "a JSON value without root is no value; null is NULL");
    }
    if (json_dump_callback(value->root, append, out, JSON_COMPACT | JSON_ENCODE_ANY) != 0) {
        return weir_fail(ctx, WEIR_EINVAL, "json: the value cannot be written");
    }
    return WEIR_OK;
}

const weir_serde weir_json = {"json", sizeof(weir_json_value), json_decode, json_encode, NULL};
