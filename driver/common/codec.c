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
    weir__buf_fini(&driver->encoded_key);
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

weir_err weir__codec_bytes(weir__driver *driver, const weir_serde *serde, const void *in,
                           weir_buf *buf, weir_slice *out, weir_error *error)
{
    *out = (weir_slice){0};
    if (in == NULL) {
        return WEIR_OK;
    }
    weir_ctx *ctx = begin(driver, &driver->scratch);
    weir_err err = weir__encode_to(ctx, serde, in, buf, out);
    return err != WEIR_OK ? failed(ctx, err, serde, error) : WEIR_OK;
}

weir_err weir__codec_encode(weir__driver *driver, weir__arena *arena, const weir_serde *serde,
                            const void *in, weir_slice *out, weir_error *error)
{
    weir_slice bytes = {0};
    weir_err err = weir__codec_bytes(driver, serde, in, &driver->encoded, &bytes, error);
    return err == WEIR_OK ? weir__arena_copy(arena, bytes, out) : err;
}

bool weir__codec_takes_text(const weir_serde *serde)
{
    return serde->size == sizeof(weir_slice) && serde != &weir_json;
}

/* The memory may be a shorter C string that was passed by mistake: read as a type of any alignment,
 * without the sanitizers' checks of bounds. */
typedef struct __attribute__((packed, may_alias)) any_slice {
    const void *data;
    size_t len;
} any_slice;

__attribute__((no_sanitize("address"), no_sanitize("undefined"))) static weir_slice
read_slice(const void *memory)
{
    const volatile any_slice *from = memory;
    return (weir_slice){from->data, from->len};
}

#define PAGES 64      /* remembered, by number */
#define PAGE_SHIFT 12 /* of 4 KiB; where pages are larger, each is remembered in parts */

static bool ask_kernel(uintptr_t address)
{
    uintptr_t start = address & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
    return msync((void *)start, 1, MS_ASYNC) == 0; /* else ENOMEM */
}

/* The page of this address belongs to the process. A page that did once is taken to do so still. */
static bool is_mapped(uintptr_t address)
{
    static _Thread_local uintptr_t known[PAGES];
    uintptr_t page = address >> PAGE_SHIFT;
    if (known[page % PAGES] == page && page != 0) {
        return true;
    }
    if (!ask_kernel(address)) {
        return false;
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
