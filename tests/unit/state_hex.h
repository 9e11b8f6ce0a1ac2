/* SPDX-License-Identifier: Apache-2.0
 *
 * Bytes compared with hexadecimal text. */
#ifndef WEIR_TESTS_STATE_HEX_H
#define WEIR_TESTS_STATE_HEX_H

#include "state_kit.h"

#define HEX_BYTES_MAX 256

/* Compares with hexadecimal text; spaces in it are skipped. */
#define assert_hex(bytes, text) check_hex((bytes), (text), __FILE__, __LINE__)
static inline void check_hex(weir_slice bytes, const char *text, const char *file, int line)
{
    char actual[2 * HEX_BYTES_MAX + 1] = "";
    char expected[2 * HEX_BYTES_MAX + 1];
    size_t len = 0;
    assert_true(bytes.len <= HEX_BYTES_MAX);
    for (size_t i = 0; i < bytes.len; i++) {
        snprintf(actual + 2 * i, 3, "%02x", ((const uint8_t *)bytes.data)[i]);
    }
    for (; *text != '\0'; text++) {
        if (*text != ' ') {
            expected[len++] = *text;
        }
    }
    expected[len] = '\0';
    _assert_string_equal(actual, expected, file, line);
}

/* The bytes of hexadecimal text, in `out`. */
static inline weir_slice hex_bytes(const char *text, uint8_t out[HEX_BYTES_MAX])
{
    size_t len = 0;
    for (; *text != '\0'; text++) {
        if (*text != ' ') {
            char digits[] = {text[0], text[1], '\0'};
            assert_true(len < HEX_BYTES_MAX && text[1] != '\0');
            out[len++] = (uint8_t)strtoul(digits, NULL, 16);
            text++;
        }
    }
    return (weir_slice){out, len};
}

#endif
