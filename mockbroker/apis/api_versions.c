/* SPDX-License-Identifier: Apache-2.0
 *
 * ApiVersions: the table's versions, not the mock cluster's. */
#include "apis.h"

/* A version that is not offered gets an answer of version 0, so that any client can read it. */
void weir__handle_api_versions(weir__request *request, weir__reader *in)
{
    (void)in; /* the client's name and version are not used */
    const weir__api *self = request->api;
    weir_buf *out = &request->answer;
    size_t offered;
    const weir__api *apis = weir__apis(&offered);
    bool supported = request->version >= self->version_min && request->version <= self->version_max;
    bool flexible = supported && request->version >= self->flexible_from;
    int16_t error = supported ? request->injected : RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION;
    size_t count = supported ? offered : 1;
    weir__buf_put_i16(out, error);
    if (flexible) {
        weir__put_uvarint(out, count + 1);
    } else {
        weir__buf_put_i32(out, (int32_t)count);
    }
    for (size_t i = 0; i < count; i++) {
        const weir__api *api = supported ? &apis[i] : self;
        weir__buf_put_i16(out, api->key);
        weir__buf_put_i16(out, api->version_min);
        weir__buf_put_i16(out, api->version_max);
        if (flexible) {
            weir__put_tags(out);
        }
    }
    if (supported) {
        weir__put_throttle(request, 1);
    }
    if (flexible) {
        weir__put_tags(out);
    }
    weir__request_answer(request);
}
