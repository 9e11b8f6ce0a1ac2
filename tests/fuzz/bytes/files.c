/* SPDX-License-Identifier: Apache-2.0
 *
 * Runs a target once for each file named, without libFuzzer: the kept inputs, as a test. */
#include <stdio.h>
#include <stdlib.h>

#include "bytes/target.h"

#define INPUT_MAX ((size_t)1 << 20)

int main(int argc, char **argv)
{
    static uint8_t bytes[INPUT_MAX];
    for (int i = 1; i < argc; i++) {
        FILE *in = fopen(argv[i], "rb");
        if (in == NULL) {
            perror(argv[i]);
            return 1;
        }
        size_t size = fread(bytes, 1, sizeof bytes, in);
        fclose(in);
        /* A copy of exactly that size: reads beyond its end are found. */
        uint8_t *exact = malloc(size > 0 ? size : 1);
        if (exact == NULL) {
            return 1;
        }
        for (size_t at = 0; at < size; at++) {
            exact[at] = bytes[at];
        }
        LLVMFuzzerTestOneInput(exact, size);
        free(exact);
    }
    printf("%d inputs, no fault\n", argc - 1);
    return argc > 1 ? 0 : 1;
}
