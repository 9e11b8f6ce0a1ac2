/* SPDX-License-Identifier: Apache-2.0
 *
 * Decompression by the libraries that librdkafka uses, too. Each codec fills the output piece by
 * piece, so that bytes which grow beyond all bounds end at the limit. */
#include "compression.h"

#include <lz4frame.h>
#include <snappy-c.h>
#include <zlib.h>
#include <zstd.h>

#define PIECE_BYTES ((size_t)64 << 10)
/* Java's snappy library: a magic number, two versions, then blocks that begin with their length. */
#define SNAPPY_MAGIC "\x82SNAPPY\0"
#define SNAPPY_MAGIC_BYTES ((size_t)8)
#define SNAPPY_HEADER_BYTES ((size_t)16)
/* A window of gzip or zlib, whichever the header says. */
#define WINDOW_BITS (15 + 32)

/* Room for another piece. */
static weir_err reserve_piece(weir_buf *out, size_t begin)
{
    if (out->len - begin > WEIR__DECOMPRESSED_BYTES_MAX) {
        return WEIR_ELIMIT;
    }
    return weir__buf_reserve(out, PIECE_BYTES);
}

static weir_err within_limit(const weir_buf *out, size_t begin)
{
    return out->len - begin > WEIR__DECOMPRESSED_BYTES_MAX ? WEIR_ELIMIT : WEIR_OK;
}

static weir_err gunzip(weir_slice bytes, weir_buf *out)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)bytes.data, .avail_in = (uInt)bytes.len};
    size_t begin = out->len;
    weir_err err = WEIR_OK;
    int code = inflateInit2(&stream, WINDOW_BITS);
    if (code != Z_OK) {
        return code == Z_MEM_ERROR ? WEIR_ENOMEM : WEIR_ECORRUPT;
    }
    while (code == Z_OK && err == WEIR_OK) {
        err = reserve_piece(out, begin);
        if (err == WEIR_OK) {
            stream.next_out = out->data + out->len;
            stream.avail_out = (uInt)PIECE_BYTES;
            code = inflate(&stream, Z_NO_FLUSH);
            out->len += PIECE_BYTES - stream.avail_out;
        }
    }
    inflateEnd(&stream);
    if (err != WEIR_OK) {
        return err;
    }
    if (code == Z_MEM_ERROR) {
        return WEIR_ENOMEM;
    }
    return code == Z_STREAM_END ? within_limit(out, begin) : WEIR_ECORRUPT;
}

static weir_err unsnap_block(weir_slice block, weir_buf *out, size_t begin)
{
    size_t len = 0;
    if (snappy_uncompressed_length(block.data, block.len, &len) != SNAPPY_OK) {
        return WEIR_ECORRUPT;
    }
    if (len > WEIR__DECOMPRESSED_BYTES_MAX - (out->len - begin)) {
        return WEIR_ELIMIT;
    }
    weir_err err = weir__buf_reserve(out, len + 1); /* not NULL, even for nothing */
    if (err != WEIR_OK) {
        return err;
    }
    if (snappy_uncompress(block.data, block.len, (char *)out->data + out->len, &len) != SNAPPY_OK) {
        return WEIR_ECORRUPT;
    }
    out->len += len;
    return WEIR_OK;
}

static weir_err unsnap(weir_slice bytes, weir_buf *out)
{
    size_t begin = out->len;
    if (bytes.len < SNAPPY_HEADER_BYTES ||
        memcmp(bytes.data, SNAPPY_MAGIC, SNAPPY_MAGIC_BYTES) != 0) {
        return unsnap_block(bytes, out, begin);
    }
    weir__reader in = weir__reader_of(bytes);
    weir_err err = WEIR_OK;
    weir__read_bytes(&in, SNAPPY_HEADER_BYTES);
    while (weir__reader_left(&in) > 0 && err == WEIR_OK) {
        int32_t len = weir__read_i32(&in);
        weir_slice block = weir__read_bytes(&in, len > 0 ? (size_t)len : 0);
        err = in.failed || len <= 0 ? WEIR_ECORRUPT : unsnap_block(block, out, begin);
    }
    return err;
}

static weir_err unlz4(weir_slice bytes, weir_buf *out)
{
    LZ4F_dctx *context = NULL;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION))) {
        return WEIR_ENOMEM;
    }
    const uint8_t *at = bytes.data;
    size_t left = bytes.len;
    size_t begin = out->len;
    size_t hint = 1; /* 0: the frame has ended */
    weir_err err = WEIR_OK;
    while (hint != 0 && err == WEIR_OK) {
        size_t taken = left;
        size_t given = PIECE_BYTES;
        err = reserve_piece(out, begin);
        if (err != WEIR_OK) {
            break;
        }
        hint = LZ4F_decompress(context, out->data + out->len, &given, at, &taken, NULL);
        if (LZ4F_isError(hint) || (hint != 0 && taken == 0 && given == 0)) {
            err = WEIR_ECORRUPT;
            break;
        }
        out->len += given;
        at += taken;
        left -= taken;
    }
    LZ4F_freeDecompressionContext(context);
    return err == WEIR_OK ? within_limit(out, begin) : err;
}

static weir_err unzstd(weir_slice bytes, weir_buf *out)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    if (stream == NULL) {
        return WEIR_ENOMEM;
    }
    ZSTD_inBuffer in = {.src = bytes.data, .size = bytes.len};
    size_t begin = out->len;
    size_t hint = 1; /* 0: the frame has ended */
    weir_err err = WEIR_OK;
    while (hint != 0 && err == WEIR_OK) {
        size_t before = in.pos;
        err = reserve_piece(out, begin);
        if (err != WEIR_OK) {
            break;
        }
        ZSTD_outBuffer piece = {.dst = out->data + out->len, .size = PIECE_BYTES};
        hint = ZSTD_decompressStream(stream, &piece, &in);
        if (ZSTD_isError(hint) || (hint != 0 && in.pos == before && piece.pos == 0)) {
            err = WEIR_ECORRUPT;
            break;
        }
        out->len += piece.pos;
    }
    ZSTD_freeDStream(stream);
    return err == WEIR_OK ? within_limit(out, begin) : err;
}

weir_err weir__decompress(int codec, weir_slice bytes, weir_buf *out)
{
    switch (codec) {
    case WEIR__CODEC_NONE:
        return weir_put(out, bytes.data, bytes.len);
    case WEIR__CODEC_GZIP:
        return gunzip(bytes, out);
    case WEIR__CODEC_SNAPPY:
        return unsnap(bytes, out);
    case WEIR__CODEC_LZ4:
        return unlz4(bytes, out);
    case WEIR__CODEC_ZSTD:
        return unzstd(bytes, out);
    default:
        return WEIR_EUNSUPPORTED;
    }
}
