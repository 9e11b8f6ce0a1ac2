/* SPDX-License-Identifier: Apache-2.0
 *
 * Rows of unit/null_runtime: settings. */
#ifndef WEIR_TESTS_NULL_CONFIG_ROWS_H
#define WEIR_TESTS_NULL_CONFIG_ROWS_H

#include <weir/serde.h>

/* X(function, argument, check). */
#define CONFIG_ROWS(X)                                                                             \
    X(weir_config_free, config, weir_config_free(NULL))                                            \
    X(weir_config_set, config, names(weir_config_set(NULL, "poll.ms", "5", &error)))               \
    X(weir_config_set, name, names(weir_config_set(config, NULL, "5", &error)))                    \
    X(weir_config_set, value, names(weir_config_set(config, "poll.ms", NULL, &error)))             \
    X(weir_config_set, error, refused(weir_config_set(config, "poll.ms", NULL, NULL)))             \
    X(weir_config_set_argument, config,                                                            \
      names(weir_config_set_argument(NULL, "poll.ms=5", &error)))                                  \
    X(weir_config_set_argument, argument, names(weir_config_set_argument(config, NULL, &error)))   \
    X(weir_config_set_argument, error, refused(weir_config_set_argument(config, NULL, NULL)))      \
    X(weir_config_load, config, names(weir_config_load(NULL, "/nowhere", &error)))                 \
    X(weir_config_load, path, names(weir_config_load(config, NULL, &error)))                       \
    X(weir_config_load, error, refused(weir_config_load(config, NULL, NULL)))                      \
    X(weir_config_load_with, config, names(weir_config_load_with(NULL, "/x", 0, 0, &error)))       \
    X(weir_config_load_with, path, names(weir_config_load_with(config, NULL, 0, 0, &error)))       \
    X(weir_config_load_with, on_problem,                                                           \
      assert_int_equal(weir_config_load_with(config, "/nowhere", NULL, NULL, &error), WEIR_EIO))   \
    X(weir_config_load_with, error, refused(weir_config_load_with(config, NULL, 0, 0, NULL)))      \
    X(weir_config_get, config, assert_null(weir_config_get(NULL, "poll.ms")))                      \
    X(weir_config_get, name, assert_null(weir_config_get(config, NULL)))                           \
    X(weir_config_register_serde, config,                                                          \
      names(weir_config_register_serde(NULL, &weir_i64, &error)))                                  \
    X(weir_config_register_serde, serde, names(weir_config_register_serde(config, NULL, &error)))  \
    X(weir_config_register_serde, error, refused(weir_config_register_serde(config, NULL, NULL)))

#endif
