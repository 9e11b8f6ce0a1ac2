/* SPDX-License-Identifier: Apache-2.0
 *
 * Encoding and decoding with the serdes of input, output and stores, outside of a topology. */
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/common.h"
#include "core/error.h"
#include "process/context.h"

static weir_err failed(const weir_ctx *ctx, weir_err code, const weir_serde *serde,
                       weir_error *error)
{
    const char *text = ctx->error.message[0] != '\0' ? ctx->error.message : weir_err_str(code);
    return weir__error_set(error, code, "serde %s: %s", serde->name, text);
}

weir_err weir__codec_decode(weir__driver *driver, const weir_serde *serde, weir_slice in,
                            const void **out, weir_error *error)
{
    weir_ctx ctx = {.arena = &driver->arena};
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

bool weir__codec_takes_text(const weir_serde *serde)
{
    return serde->size == sizeof(weir_slice) && serde != &weir_json;
}

/* Reads a slice. The memory may be a shorter C string that was passed by mistake, so it is read
 * without the sanitizers' checks of bounds and alignment. */
__attribute__((no_sanitize("address"), no_sanitize("undefined"))) static weir_slice
read_slice(const void *memory)
{
    union {
        weir_slice slice;
        unsigned char bytes[sizeof(weir_slice)];
    } copy;
    const volatile unsigned char *from = memory;
    for (size_t i = 0; i < sizeof copy.bytes; i++) {
        copy.bytes[i] = from[i];
    }
    return copy.slice;
}

/* True if the page of this address belongs to the process. */
static bool is_mapped(uintptr_t address)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    return msync((void *)(address / page * page), 1, MS_ASYNC) == 0; /* else ENOMEM */
}

weir_err weir__codec_check_slice(const weir_serde *serde, const void *decoded, weir_error *error)
{
    if (decoded == NULL || (serde != &weir_string && serde != &weir_bytes)) {
        return WEIR_OK;
    }
    weir_slice slice = read_slice(decoded);
    uintptr_t first = (uintptr_t)slice.data;
    if (slice.data == NULL && slice.len == 0) {
        return WEIR_OK;
    }
    if (slice.len <= WEIR__SLICE_MAX && is_mapped(first) &&
        (slice.len == 0 || is_mapped(first + slice.len - 1))) {
        return WEIR_OK;
    }
    return weir__error_set(error, WEIR_EINVAL,
                           "serde %s takes a pointer to a weir_slice, and this is none (a C "
                           "string? weir_input_text and weir_rows_find_text take those)",
                           serde->name);
}
