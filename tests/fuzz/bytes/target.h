/* SPDX-License-Identifier: Apache-2.0
 *
 * A target of libFuzzer, and how it takes its input apart. */
#ifndef WEIR_TESTS_FUZZ_TARGET_H
#define WEIR_TESTS_FUZZ_TARGET_H

#include <stdint.h>
#include <weir/weir.h>

/* Each target defines it. Ends the process for a fault; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct target_bytes {
    const uint8_t *at;
    size_t left;
} target_bytes;

/* For callbacks on_log: faults are what matters. */
static inline void ignore_log(int level, const char *text, void *user)
{
    (void)level, (void)text, (void)user;
}

/* 0 at the end. */
static inline uint8_t take_byte(target_bytes *from)
{
    if (from->left == 0) {
        return 0;
    }
    from->left--;
    return *from->at++;
}

/* A length in one byte, and as many bytes as there are of it; 255: null. */
static inline weir_slice take_slice(target_bytes *from)
{
    size_t len = take_byte(from);
    if (len == UINT8_MAX) {
        return (weir_slice){NULL, 0};
    }
    len = len < from->left ? len : from->left;
    weir_slice out = {from->at, len};
    from->at += len;
    from->left -= len;
    return out;
}

#endif
