/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings that a driver gives to an application. */
#include "common/common.h"

weir_err weir__config_set_list(weir_config *config, const char *const *list, weir_error *error)
{
    weir_err err = WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && list != NULL && list[i] != NULL; i += 2) {
        err = weir_config_set(config, list[i], list[i + 1], error);
    }
    return err;
}
