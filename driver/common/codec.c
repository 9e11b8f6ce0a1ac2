/* SPDX-License-Identifier: Apache-2.0
 *
 * Encoding and decoding with the serdes of input, output and stores, outside of a topology. */
#include <inttypes.h>
#include <stdlib.h>
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

/* The context of the driver, as new: its guards keep their memory from call to call. */
static weir_ctx *begin(weir__driver *driver, weir__arena *arena)
{
    if (driver->codec == NULL) {
        driver->codec = weir__must(calloc(1, sizeof *driver->codec));
    }
    weir_ctx *ctx = driver->codec;
    ctx->arena = arena;
    ctx->error.code = WEIR_OK;
    ctx->error.message[0] = '\0';
    ctx->guards.count = ctx->guards.first = 0; /* a test may have jumped out of a serde */
    return ctx;
}

void weir__codec_fini(weir__driver *driver)
{
    if (driver->codec != NULL) {
        weir__guards_fini(driver->codec);
        free(driver->codec);
    }
    weir__buf_fini(&driver->encoded);
}

weir_err weir__codec_decode(weir__driver *driver, const weir_serde *serde, weir_slice in,
                            const void **out, weir_error *error)
{
    *out = NULL;
    if (in.data == NULL) {
        return WEIR_OK;
    }
    weir_ctx *ctx = begin(driver, &driver->arena);
    weir_err err = weir__decode(ctx, serde, in, out);
    return err != WEIR_OK ? failed(ctx, err, serde, error) : WEIR_OK;
}

weir_err weir__codec_encode(weir__driver *driver, weir__arena *arena, const weir_serde *serde,
                            const void *in, weir_slice *out, weir_error *error)
{
    *out = (weir_slice){0};
    if (in == NULL) {
        return WEIR_OK;
    }
    weir_ctx *ctx = begin(driver, arena);
    weir__buf_reset(&driver->encoded);
    weir_err err = weir__encode(ctx, serde, in, &driver->encoded);
    return err != WEIR_OK ? failed(ctx, err, serde, error)
                          : weir__arena_copy(arena, weir__buf_slice(&driver->encoded), out);
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

#define PAGES 64 /* remembered, by number */

/* The page of this address belongs to the process. A page that did once is taken to do so still. */
static bool is_mapped(uintptr_t address)
{
    static _Thread_local uintptr_t known[PAGES];
    static _Thread_local uintptr_t size;
    if (size == 0) {
        size = (uintptr_t)sysconf(_SC_PAGESIZE);
    }
    uintptr_t page = address / size;
    if (known[page % PAGES] == page && page != 0) {
        return true;
    }
    if (msync((void *)(page * size), 1, MS_ASYNC) != 0) {
        return false; /* ENOMEM */
    }
    known[page % PAGES] = page;
    return true;
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
