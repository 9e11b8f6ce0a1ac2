/* SPDX-License-Identifier: Apache-2.0
 *
 * weir_slice: borrowed bytes. */
#include <string.h>

#include <weir/weir.h>

weir_slice weir_slice_of(const char *text)
{
    return (weir_slice){text, text != NULL ? strlen(text) : 0};
}

bool weir_slice_equal(weir_slice a, weir_slice b)
{
    if (a.data == NULL || b.data == NULL) {
        return a.data == b.data;
    }
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}
