/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes in cases, and what a comparison found. */
#ifndef WEIR_TESTS_CONFORMANCE_COMPARE_BYTES_H
#define WEIR_TESTS_CONFORMANCE_COMPARE_BYTES_H

#include <ctype.h>
#include <yyjson.h>

#include "conformance/datum.h"
#include "support/driven.h"

typedef struct difference {
    char text[2048]; /* "": none */
} difference;

CASE_FN void differ(difference *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
CASE_FN void differ(difference *d, const char *format, ...)
{
    if (d->text[0] == '\0') {
        va_list args;
        va_start(args, format);
        vsnprintf(d->text, sizeof d->text, format, args);
        va_end(args);
    }
}

/* ---- Bytes -------------------------------------------------------------------------------- */

/* A datum of a case as bytes; hexadecimal ones go into the arena. */
CASE_FN weir_slice case_bytes(weir__arena *arena, yyjson_val *d)
{
    if (yyjson_is_str(d)) {
        return (weir_slice){yyjson_get_str(d), yyjson_get_len(d)};
    }
    const char *hex = yyjson_get_str(yyjson_obj_get(d, "hex"));
    if (hex == NULL) {
        return (weir_slice){NULL, 0};
    }
    size_t len = strlen(hex) / 2;
    unsigned char *bytes = weir__arena_alloc(arena, len + 1);
    weir_assert(bytes != NULL);
    for (size_t i = 0; i < len; i++) {
        char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (unsigned char)strtoul(pair, NULL, 16);
    }
    return (weir_slice){bytes, len};
}

CASE_FN const char *show(char out[128], weir_slice bytes)
{
    if (bytes.data == NULL) {
        return "null";
    }
    size_t used = 0;
    for (size_t i = 0; i < bytes.len && used + 4 < 128; i++) {
        unsigned char c = ((const unsigned char *)bytes.data)[i];
        used += (size_t)snprintf(out + used, 128 - used, isprint(c) ? "%c" : "\\%02x", c);
    }
    out[used] = '\0';
    return out;
}

/* Names that Kafka numbers: ten digits behind '-' do not count. */

#endif
