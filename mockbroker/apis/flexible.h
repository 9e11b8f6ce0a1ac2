/* SPDX-License-Identifier: Apache-2.0
 *
 * Strings, counts and tags in the form of the request's version: compact from the first flexible
 * version on (KIP-482). */
#ifndef WEIR_MOCKBROKER_FLEXIBLE_H
#define WEIR_MOCKBROKER_FLEXIBLE_H

#include "apis.h"

static inline bool weir__is_flexible(const weir__request *request)
{
    return request->version >= request->api->flexible_from;
}

static inline weir_slice weir__take_string(const weir__request *request, weir__reader *in)
{
    return weir__is_flexible(request) ? weir__read_compact_string(in) : weir__read_string(in);
}

/* A string that may not be null. */
static inline weir_slice weir__take_text(const weir__request *request, weir__reader *in)
{
    weir_slice text = weir__take_string(request, in);
    in->failed = in->failed || text.data == NULL;
    return text;
}

static inline int32_t weir__take_count(const weir__request *request, weir__reader *in)
{
    return weir__is_flexible(request) ? weir__read_compact_count(in) : weir__read_count(in);
}

static inline void weir__take_tags(const weir__request *request, weir__reader *in)
{
    if (weir__is_flexible(request)) {
        weir__skip_tags(in);
    }
}

static inline void weir__give_string(weir__request *request, weir_slice text)
{
    if (weir__is_flexible(request)) {
        weir__put_compact_string(&request->answer, text);
    } else {
        weir__put_string(&request->answer, text);
    }
}

static inline void weir__give_count(weir__request *request, size_t count)
{
    if (weir__is_flexible(request)) {
        weir__put_uvarint(&request->answer, (uint64_t)count + 1);
    } else {
        weir__buf_put_i32(&request->answer, (int32_t)count);
    }
}

static inline void weir__give_tags(weir__request *request)
{
    if (weir__is_flexible(request)) {
        weir__put_tags(&request->answer);
    }
}

#endif
