/* SPDX-License-Identifier: Apache-2.0
 *
 * The serdes of bench-json as they would be with jansson. */
#include "bench/json/jansson.h"

#include <jansson.h>

#include "fixtures/id_mapping.h"

static void release(void *root)
{
    json_decref(root);
}

static weir_err decode_member(weir_ctx *ctx, const json_t *root, const char *name, weir_slice *out)
{
    const json_t *value = json_object_get(root, name);
    if (value == NULL || json_is_null(value)) {
        return WEIR_OK;
    }
    if (!json_is_string(value)) {
        return weir_fail(ctx, WEIR_EDECODE, "\"%s\" is not a string", name);
    }
    *out = (weir_slice){json_string_value(value), json_string_length(value)};
    return WEIR_OK;
}

static weir_err identity_decode(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    (void)user;
    fixture_identity *identity = out;
    json_error_t failure;
    json_t *root = json_loadb(in.data, in.len, 0, &failure);
    if (root == NULL) {
        return weir_fail(ctx, WEIR_EDECODE, "not JSON: %s", failure.text);
    }
    weir_err err = weir_defer(ctx, release, root); /* it owns the strings */
    if (err != WEIR_OK) {
        return err;
    }
    if (!json_is_object(root)) {
        return weir_fail(ctx, WEIR_EDECODE, "not a JSON object");
    }
    err = decode_member(ctx, root, "deviceId", &identity->device_id);
    if (err == WEIR_OK) {
        err = decode_member(ctx, root, "idCard", &identity->id_card);
    }
    if (err == WEIR_OK) {
        err = decode_member(ctx, root, "phone", &identity->phone);
    }
    return err;
}

static bool encode_member(json_t *root, const char *name, weir_slice value)
{
    return value.data == NULL ||
           json_object_set_new(root, name, json_stringn(value.data, value.len)) == 0;
}

static int put_json(const char *data, size_t len, void *out)
{
    return weir_put(out, data, len) == WEIR_OK ? 0 : -1;
}

static weir_err identity_encode(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    (void)user;
    const fixture_identity *identity = in;
    json_t *root = json_object();
    bool done = root != NULL && encode_member(root, "deviceId", identity->device_id) &&
                encode_member(root, "idCard", identity->id_card) &&
                encode_member(root, "phone", identity->phone) &&
                json_dump_callback(root, put_json, out, JSON_COMPACT) == 0;
    json_decref(root);
    return done ? WEIR_OK : weir_fail(ctx, WEIR_EINVAL, "identity cannot be written as JSON");
}

const weir_serde bench_jansson_identity = {.name = "identity",
                                           .size = sizeof(fixture_identity),
                                           .decode = identity_decode,
                                           .encode = identity_encode};

static weir_err value_decode(weir_ctx *ctx, weir_slice in, void *out, void *user)
{
    (void)user;
    json_error_t failure;
    json_t *root = json_loadb(in.data, in.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &failure);
    if (root == NULL) {
        return weir_fail(ctx, WEIR_EDECODE, "not JSON: %s", failure.text);
    }
    weir_err err = weir_defer(ctx, release, root);
    if (err == WEIR_OK) {
        *(json_t **)out = root;
    }
    return err;
}

static weir_err value_encode(weir_ctx *ctx, const void *in, weir_buf *out, void *user)
{
    (void)user;
    return json_dump_callback(*(json_t *const *)in, put_json, out,
                              JSON_COMPACT | JSON_ENCODE_ANY) == 0
               ? WEIR_OK
               : weir_fail(ctx, WEIR_EINVAL, "the value cannot be written as JSON");
}

const weir_serde bench_jansson_value = {
    .name = "json", .size = sizeof(json_t *), .decode = value_decode, .encode = value_encode};
