/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings as parsed values, for the runtime itself. weir/weir.h has the public side. */
#ifndef WEIR_CORE_CONFIG_H
#define WEIR_CORE_CONFIG_H

#include <string.h>

#include <weir/serde.h>

#define WEIR__APPLICATION_ID_MAX 200

/* A deep copy; only the registered serdes are shared. NULL: out of memory. */
weir_config *weir__config_copy(const weir_config *config);
/* Checks the settings together: required settings are present, and no settings exclude each other.
 */
weir_err weir__config_check(const weir_config *config, weir_error *error);

/* Warnings about accepted settings (a deprecated name): lines, each ended by '\n'. Valid until the
 * next change. */
const char *weir__config_notes(weir_config *config);

/* The value of a setting that is in the table (asserted), or its default. */
int64_t weir__config_i64(const weir_config *config, const char *name);
const char *weir__config_text(const weir_config *config, const char *name); /* NULL: none */
/* processing.guarantee=exactly_once_v2. */
static inline bool weir__config_is_exactly_once(const weir_config *config)
{
    return strcmp(weir_config_get(config, "processing.guarantee"), "exactly_once_v2") == 0;
}
/* The registered serde that the setting names; NULL when not set. */
const weir_serde *weir__config_serde(const weir_config *config, const char *name);

/* Calls fn(name without prefix, value) for each setting with the prefix ("consumer."). */
void weir__config_each(const weir_config *config, const char *prefix,
                       void (*fn)(const char *name, const char *value, void *user), void *user);

#endif
