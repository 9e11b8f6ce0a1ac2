/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings: the values of one application, checked as they come. */
#include "core/config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/map.h"
#include "core/properties.h"
#include "core/settings.h"

struct weir_config {
    weir__map values; /* canonical name -> malloc'ed text */
    weir__map serdes; /* name -> const weir_serde *, borrowed */
};

static const weir_serde *const built_in[] = {&weir_string, &weir_bytes, &weir_i32,
                                             &weir_i64,    &weir_f64,   &weir_json};

weir_config *weir_config_new(void)
{
    weir_config *config = calloc(1, sizeof *config);
    for (size_t i = 0; config != NULL && i < sizeof built_in / sizeof built_in[0]; i++) {
        if (weir_config_register_serde(config, built_in[i], NULL) != WEIR_OK) {
            weir_config_free(config);
            config = NULL;
        }
    }
    return config;
}

void weir_config_free(weir_config *config)
{
    if (config != NULL) {
        weir__map_fini(&config->values, free);
        weir__map_fini(&config->serdes, NULL);
        free(config);
    }
}

weir_err weir_config_register_serde(weir_config *config, const weir_serde *serde, weir_error *error)
{
    weir_assert(config != NULL);
    weir_assert(serde != NULL && serde->name != NULL);
    const weir_serde *known = weir__map_get_text(&config->serdes, serde->name);
    if (known != NULL && known != serde) {
        return weir__error_set(error, WEIR_EEXISTS, "another serde is registered as '%s'",
                               serde->name);
    }
    weir_err err = weir__map_put_text(&config->serdes, serde->name, (void *)(uintptr_t)serde);
    return err != WEIR_OK ? weir__error_set(error, err, "%s", weir_err_str(err)) : WEIR_OK;
}

static weir_err check_serde(const weir_config *config, const char *name, const char *value,
                            weir_error *error)
{
    if (weir__map_get_text(&config->serdes, value) != NULL) {
        return WEIR_OK;
    }
    char known[256] = "";
    for (const weir__map_entry *at = config->serdes.first; at != NULL; at = at->next) {
        const weir_serde *serde = at->value;
        strncat(known, known[0] != '\0' ? ", " : "", sizeof known - strlen(known) - 1);
        strncat(known, serde->name, sizeof known - strlen(known) - 1);
    }
    return weir__error_set(error, WEIR_ECONFIG, "%s: no serde '%s' is registered; there are: %s",
                           name, value, known);
}

static weir_err check_unlisted(const char *name, weir_error *error)
{
    const char *why = weir__setting_reserved(name);
    if (why != NULL) {
        return weir__error_set(error, WEIR_ECONFIG, "%s: cannot be set: %s", name, why);
    }
    if (weir__setting_passes(name)) {
        return WEIR_OK;
    }
    return weir__error_set(
        error, WEIR_ECONFIG,
        "%s: no such setting; did you mean %s? Settings of librdkafka need "
        "'consumer.', 'producer.' or 'admin.' in front, the program's own 'app.'",
        name, weir__setting_nearest(name)->name);
}

weir_err weir_config_set(weir_config *config, const char *name, const char *value,
                         weir_error *error)
{
    weir_assert(config != NULL);
    weir_assert(name != NULL && value != NULL);
    const weir__setting *setting = weir__setting_find(name);
    weir_err err = WEIR_OK;
    if (setting == NULL) {
        err = check_unlisted(name, error);
    } else {
        name = setting->name;
        err = weir__setting_check(setting, value, &value, error);
        if (err == WEIR_OK && setting->kind == WEIR__SETTING_SERDE) {
            err = check_serde(config, name, value, error);
        }
    }
    if (err != WEIR_OK) {
        return err;
    }
    char *copy = strdup(value);
    char *old = weir__map_get_text(&config->values, name);
    err = copy != NULL ? weir__map_put_text(&config->values, name, copy) : WEIR_ENOMEM;
    if (err != WEIR_OK) {
        free(copy);
        return weir__error_set(error, err, "%s: %s", name, weir_err_str(err));
    }
    free(old);
    return WEIR_OK;
}

static weir_err set_loaded(const char *name, const char *value, void *user, weir_error *error)
{
    return weir_config_set(user, name, value, error);
}

weir_err weir_config_load(weir_config *config, const char *path, weir_error *error)
{
    weir_assert(config != NULL);
    weir_assert(path != NULL);
    return weir__properties_read(path, set_loaded, config, error);
}

const char *weir_config_get(const weir_config *config, const char *name)
{
    weir_assert(config != NULL);
    weir_assert(name != NULL);
    const weir__setting *setting = weir__setting_find(name);
    const char *value = weir__map_get_text(&config->values, setting != NULL ? setting->name : name);
    return value == NULL && setting != NULL ? setting->fallback : value;
}

weir_config *weir__config_copy(const weir_config *config)
{
    weir_config *copy = calloc(1, sizeof *copy);
    if (copy == NULL) {
        return NULL;
    }
    weir_err err = WEIR_OK;
    const weir__map_entry *at;
    for (at = config->serdes.first; err == WEIR_OK && at != NULL; at = at->next) {
        err = weir__map_put(&copy->serdes, at->key, at->value);
    }
    for (at = config->values.first; err == WEIR_OK && at != NULL; at = at->next) {
        char *value = strdup(at->value);
        err = value != NULL ? weir__map_put(&copy->values, at->key, value) : WEIR_ENOMEM;
        if (err != WEIR_OK) {
            free(value);
        }
    }
    if (err != WEIR_OK) {
        weir_config_free(copy);
        return NULL;
    }
    return copy;
}

/* It becomes part of topic names: what Kafka allows there, and short enough to leave room. */
static weir_err check_application_id(const char *id, weir_error *error)
{
    static const char legal[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t len = strlen(id);
    if (len > WEIR__APPLICATION_ID_MAX || strspn(id, legal) != len || strcmp(id, ".") == 0 ||
        strcmp(id, "..") == 0) {
        return weir__error_set(error, WEIR_ECONFIG,
                               "application.id: '%s' is not a name of at most %d letters, digits, "
                               "'.', '_' or '-'",
                               id, WEIR__APPLICATION_ID_MAX);
    }
    return WEIR_OK;
}

weir_err weir__config_check(const weir_config *config, weir_error *error)
{
    static const char *const required[] = {"application.id", "bootstrap.servers"};
    for (size_t i = 0; i < sizeof required / sizeof required[0]; i++) {
        if (weir_config_get(config, required[i]) == NULL) {
            return weir__error_set(error, WEIR_ECONFIG, "%s: must be set", required[i]);
        }
    }
    return check_application_id(weir_config_get(config, "application.id"), error);
}

int64_t weir__config_i64(const weir_config *config, const char *name)
{
    const weir__setting *setting = weir__setting_find(name);
    weir_assert(setting != NULL);
    weir_assert(setting->kind == WEIR__SETTING_I64);
    return strtoll(weir_config_get(config, name), NULL, 10);
}

const char *weir__config_text(const weir_config *config, const char *name)
{
    weir_assert(weir__setting_find(name) != NULL);
    return weir_config_get(config, name);
}

const weir_serde *weir__config_serde(const weir_config *config, const char *name)
{
    const weir__setting *setting = weir__setting_find(name);
    weir_assert(setting != NULL);
    weir_assert(setting->kind == WEIR__SETTING_SERDE);
    const char *value = weir_config_get(config, name);
    return value != NULL ? weir__map_get_text(&config->serdes, value) : NULL;
}

void weir__config_each(const weir_config *config, const char *prefix,
                       void (*fn)(const char *name, const char *value, void *user), void *user)
{
    size_t len = strlen(prefix);
    for (const weir__map_entry *at = config->values.first; at != NULL; at = at->next) {
        const char *name = at->key.data;
        if (at->key.len > len && memcmp(name, prefix, len) == 0) {
            fn(name + len, at->value, user);
        }
    }
}
