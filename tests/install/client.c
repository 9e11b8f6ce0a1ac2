/* SPDX-License-Identifier: Apache-2.0
 *
 * What a user of an installed Weir writes first: everything comes from <weir/...>. */
#include <stdio.h>
#include <string.h>

#include <weir/dsl.h>

int main(void)
{
    printf("%s\n", weir_err_str(WEIR_OK));
    return weir_slice_equal(weir_slice_of("weir"), weir_slice_of("weir")) ? 0 : 1;
}
