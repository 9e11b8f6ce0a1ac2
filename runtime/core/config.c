/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings: the values of one application, each checked when it is set. */
#include "core/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/client_settings.h"
#include "core/error.h"
#include "core/java_settings.h"
#include "core/map.h"
#include "core/properties.h"
#include "core/servers.h"
#include "core/settings.h"

#define LISTED_MAX 20 /* number of refused lines that an error lists */
#define NOTES_BYTES_MAX ((size_t)1 << 16)

struct weir_config {
    weir__map values;    /* canonical name -> malloc'ed text */
    weir__map by_others; /* canonical name -> the other name by which it was set, static */
    weir__map serdes;    /* name -> const weir_serde *, borrowed */
    weir_buf notes;      /* lines: warnings about accepted settings */
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
        weir__map_fini(&config->by_others, NULL);
        weir__buf_fini(&config->notes);
        weir__map_fini(&config->serdes, NULL);
        free(config);
    }
}

weir_err weir_config_register_serde(weir_config *config, const weir_serde *serde, weir_error *error)
{
    if (config == NULL || serde == NULL) {
        return weir__error_null(error, __func__, config == NULL ? "config" : "serde");
    }
    if (serde->name == NULL || serde->name[0] == '\0') {
        return weir__error_set(error, WEIR_EINVAL, "%s: the serde has no name", __func__);
    }
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
        weir__error_list(known, sizeof known, serde->name);
    }
    return weir__error_set(error, WEIR_ECONFIG, "%s: no serde '%s' is registered; there are: %s",
                           name, value, known);
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static weir_err check_refused(const char *name, const char *value, weir_error *error)
{
    const weir__reserved_setting *reserved = weir__setting_reserved(name);
    if (reserved != NULL && (reserved->accepts == NULL || strcmp(reserved->accepts, value) != 0)) {
        return weir__error_set(error, WEIR_ECONFIG, "%s: cannot be set: %s", name, reserved->why);
    }
    const weir__refused_setting *refused =
        weir__refused_setting_find(name, weir__setting_of_client(name));
    if (refused != NULL && (refused->accepts == NULL || strcmp(refused->accepts, value) != 0)) {
        return weir__error_set(error, WEIR_ECONFIG,
                               refused->later ? "%s: Weir does not have this setting yet: %s"
                                              : "%s: cannot be honoured: %s",
                               name, refused->instead);
    }
    if (ends_with(name, "ssl.keystore.location") && ends_with(value, ".jks")) {
        refused = weir__refused_setting_find("ssl.keystore.type", NULL);
        return weir__error_set(error, WEIR_ECONFIG,
                               "%s: '%s' is a key store of Java, which Weir cannot read: %s", name,
                               value, refused->instead);
    }
    return WEIR_OK;
}

/* Checks a setting that is not in the table. */
static weir_err check_unlisted(const char *name, const char *value, weir_error *error)
{
    if (strncmp(name, "app.", 4) == 0 && name[4] != '\0') {
        return WEIR_OK;
    }
    weir_err err = check_refused(name, value, error);
    if (err != WEIR_OK || weir__setting_passes(name) ||
        weir__client_setting_next(name, WEIR__FOR_ALL, NULL) != NULL ||
        weir__refused_setting_find(name, NULL) != NULL || weir__setting_reserved(name) != NULL) {
        return err;
    }
    const weir__setting *nearest = weir__setting_nearest(name);
    return weir__error_set(
        error, WEIR_ECONFIG,
        "%s: no such setting%s%s%s Settings of librdkafka need 'consumer.', 'producer.' or "
        "'admin.' in front, the program's own 'app.'",
        name, nearest != NULL ? "; did you mean " : ".", nearest != NULL ? nearest->name : "",
        nearest != NULL ? "?" : "");
}

/* *canonical: the value, or the table's static string for it. */
static weir_err check(const weir_config *config, const char *name, const char *value,
                      const char **canonical, weir_error *error)
{
    const weir__setting *setting = weir__setting_find(name);
    *canonical = value;
    if (setting == NULL) {
        return check_unlisted(name, value, error);
    }
    if (strcmp(setting->name, "bootstrap.servers") == 0 && value[0] != '\0') {
        return weir__servers_check(value, error);
    }
    const char *serde = setting->kind == WEIR__SETTING_SERDE ? weir__java_serde(value) : NULL;
    if (serde != NULL) {
        *canonical = serde;
        return WEIR_OK;
    }
    weir_err err = weir__setting_check(setting, value, canonical, error);
    return err == WEIR_OK && setting->kind == WEIR__SETTING_SERDE
               ? check_serde(config, setting->name, value, error)
               : err;
}

/* ---- Setting ------------------------------------------------------------------------------ */

static void note(weir_config *config, const char *name, const char *text, const char *other)
{
    size_t before = config->notes.len;
    if (before < NOTES_BYTES_MAX) {
        weir__buf_printf(&config->notes, "%s%s%s\n", name, text, other);
        if (config->notes.len >= NOTES_BYTES_MAX) {
            weir__buf_put_text(&config->notes, "further warnings are left out\n");
        }
    }
}

const char *weir__config_notes(weir_config *config)
{
    return weir__buf_text(&config->notes);
}

/* Removes the blanks around a value, as Java does. Settings of the program itself are not changed.
 */
static char *copy_value(weir_config *config, const char *name, const char *value)
{
    static const char blanks[] = " \t\r\n\f\v";
    if (strncmp(name, "app.", 4) == 0) {
        return strdup(value);
    }
    const char *first = value + strspn(value, blanks);
    size_t len = strlen(first);
    while (len > 0 && strchr(blanks, first[len - 1]) != NULL) {
        len--;
    }
    if (len != strlen(value)) {
        note(config, name, ": the blanks around its value are left out", "");
    }
    return strndup(first, len);
}

static weir_err store(weir_config *config, const char *name, const char *value)
{
    char *copy = strdup(value);
    char *old = weir__map_get_text(&config->values, name);
    weir_err err = copy != NULL ? weir__map_put_text(&config->values, name, copy) : WEIR_ENOMEM;
    if (err != WEIR_OK) {
        free(copy);
        return err;
    }
    free(old);
    return WEIR_OK;
}

/* The name of the highest rank wins; of names of one rank the last one that was set. */
static weir_err store_named(weir_config *config, const char *name, const char *value,
                            const weir__other_name *other)
{
    const weir__other_name *before = weir__map_get_text(&config->by_others, name);
    bool known = weir__map_get_text(&config->values, name) != NULL;
    int rank = other != NULL ? other->rank : 0;
    if (other != NULL && other->old) {
        note(config, other->other, " is an old name: write ", name);
    }
    if (known && rank < (before != NULL ? before->rank : 0)) {
        note(config, other != NULL ? other->other : name, " is not looked at: there is ",
             before != NULL ? before->other : name);
        return WEIR_OK;
    }
    weir_err err = weir__map_put_text(&config->by_others, name, (void *)(uintptr_t)other);
    return err == WEIR_OK ? store(config, name, value) : err;
}

/* Checks the value of a setting of clients, and notes what librdkafka gets instead of it. */
static weir_err check_client(weir_config *config, const char *name, const char *value,
                             weir_error *error)
{
    weir_buf changed = {0};
    weir_err err = weir__client_setting_check(name, value, &changed, error);
    if (err == WEIR_OK && changed.len > 0) {
        note(config, weir__buf_text(&changed), "", "");
    }
    weir__buf_fini(&changed);
    return err;
}

weir_err weir_config_set(weir_config *config, const char *name, const char *value,
                         weir_error *error)
{
    if (config == NULL || name == NULL) {
        return weir__error_null(error, __func__, config == NULL ? "config" : "name");
    }
    if (value == NULL) {
        return weir__error_set(error, WEIR_EINVAL, "%s: the value of '%s' is NULL", __func__, name);
    }
    if (name[0] == '\0') {
        return weir__error_set(error, WEIR_ECONFIG, "the name of the setting is empty");
    }
    const weir__other_name *other = weir__other_name_find(name);
    const char *own = other != NULL ? other->name : name;
    char *trimmed = copy_value(config, name, value);
    const char *canonical = trimmed;
    weir_err err = trimmed != NULL ? check(config, own, trimmed, &canonical, error)
                                   : weir__error_set(error, WEIR_ENOMEM, "%s: %s", name,
                                                     weir_err_str(WEIR_ENOMEM));
    const weir__setting *setting = weir__setting_find(own);
    if (err == WEIR_OK && setting == NULL) {
        err = check_client(config, own, trimmed, error);
    }
    if (err != WEIR_OK && other != NULL) {
        weir__error_prefix(error, err, "%s", other->other);
    } else if (err == WEIR_OK) {
        if (setting != NULL && canonical == setting->capped) {
            note(config, name, ": the value becomes the greatest that Weir takes, ", canonical);
        }
        err = store_named(config, own, canonical, other);
        if (err != WEIR_OK) {
            weir__error_set(error, err, "%s: %s", name, weir_err_str(err));
        }
    }
    free(trimmed);
    return err;
}

weir_err weir_config_set_argument(weir_config *config, const char *argument, weir_error *error)
{
    if (config == NULL || argument == NULL) {
        return weir__error_null(error, __func__, config == NULL ? "config" : "argument");
    }
    const char *equals = strchr(argument, '=');
    if (equals == NULL || equals == argument) {
        return weir__error_set(error, WEIR_ECONFIG, "'%s' is not NAME=VALUE", argument);
    }
    char *name = strndup(argument, (size_t)(equals - argument));
    weir_err err = name != NULL ? weir_config_set(config, name, equals + 1, error)
                                : weir__error_set(error, WEIR_ENOMEM, "%s: %s", argument,
                                                  weir_err_str(WEIR_ENOMEM));
    free(name);
    return err;
}

/* ---- Files -------------------------------------------------------------------------------- */

typedef struct loading {
    weir_config *config;
    const char *path;
    weir_config_problem_fn on_problem;
    void *user;
    weir_error first;
    int first_line;
    size_t refused;
    weir_buf more; /* line numbers of the other refused lines */
} loading;

static void report(loading *all, const weir__property *property, const char *message, bool refused)
{
    if (all->on_problem != NULL) {
        const weir_config_problem problem = {.path = all->path,
                                             .line = property->line,
                                             .name = property->name,
                                             .message = message,
                                             .refused = refused};
        all->on_problem(&problem, all->user);
    }
}

/* Reports each line of `notes`, which is a copy. */
static void report_notes(loading *all, const weir__property *property, char *notes)
{
    for (char *end; (end = strchr(notes, '\n')) != NULL; notes = end + 1) {
        *end = '\0';
        report(all, property, notes, false);
    }
}

static weir_err set_loaded(const weir__property *property, void *user)
{
    loading *all = user;
    weir_error error = {.code = WEIR_ECONFIG};
    size_t noted = all->config->notes.len;
    weir_err err = WEIR_ECONFIG;
    if (property->malformed != NULL) {
        snprintf(error.message, sizeof error.message, "%s", property->malformed);
    } else {
        err = weir_config_set(all->config, property->name, property->value, &error);
    }
    if (err == WEIR_OK) {
        char *notes = strdup(weir__buf_text(&all->config->notes) + noted);
        if (notes == NULL) {
            return WEIR_ENOMEM;
        }
        report_notes(all, property, notes);
        free(notes);
        return WEIR_OK;
    }
    if (err == WEIR_ENOMEM) {
        return err;
    }
    report(all, property, error.message, true);
    if (all->refused++ == 0) {
        all->first = error;
        all->first_line = property->line;
    } else if (all->refused <= LISTED_MAX) {
        weir__buf_printf(&all->more, "%s%d", all->refused > 2 ? ", " : "", property->line);
    }
    return WEIR_OK;
}

weir_err weir_config_load_with(weir_config *config, const char *path,
                               weir_config_problem_fn on_problem, void *user, weir_error *error)
{
    if (config == NULL || path == NULL) {
        return weir__error_null(error, __func__, config == NULL ? "config" : "path");
    }
    loading all = {.config = config, .path = path, .on_problem = on_problem, .user = user};
    weir_err err = weir__properties_read(path, set_loaded, &all, error);
    if (err == WEIR_OK && all.refused > 0) {
        err = WEIR_ECONFIG;
        weir__error_set(error, err, "%s:%d: %.700s", path, all.first_line, all.first.message);
        if (all.refused > 1 && error != NULL) {
            size_t len = strlen(error->message);
            snprintf(error->message + len, sizeof error->message - len,
                     " (%zu more refused: line %s%s)", all.refused - 1, weir__buf_text(&all.more),
                     all.refused > LISTED_MAX ? ", ..." : "");
        }
    }
    weir__buf_fini(&all.more);
    return err;
}

weir_err weir_config_load(weir_config *config, const char *path, weir_error *error)
{
    if (config == NULL || path == NULL) {
        return weir__error_null(error, __func__, config == NULL ? "config" : "path");
    }
    return weir_config_load_with(config, path, NULL, NULL, error);
}

static const char *value_of(const weir_config *config, const weir__setting *setting)
{
    const char *value = weir__map_get_text(&config->values, setting->name);
    bool own =
        setting->exactly_once != NULL && value == NULL && weir__config_is_exactly_once(config);
    return value != NULL ? value : own ? setting->exactly_once : setting->fallback;
}

const char *weir_config_get(const weir_config *config, const char *name)
{
    if (config == NULL || name == NULL) {
        return NULL;
    }
    const weir__setting *setting = weir__setting_find(name);
    return setting != NULL ? value_of(config, setting) : weir__map_get_text(&config->values, name);
}

weir_config *weir__config_copy(const weir_config *config)
{
    weir_config *copy = calloc(1, sizeof *copy);
    if (copy == NULL) {
        return NULL;
    }
    weir_err err = WEIR_OK;
    const weir__map_entry *at;
    weir_slice notes = weir__buf_slice(&config->notes);
    err = notes.len > 0 ? weir_put(&copy->notes, notes.data, notes.len) : WEIR_OK;
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

/* application.id becomes part of topic names: it may have only the characters that Kafka allows
 * there, and must be short enough for the rest of the name. */
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
    return strtoll(value_of(config, setting), NULL, 10);
}

const char *weir__config_text(const weir_config *config, const char *name)
{
    const weir__setting *setting = weir__setting_find(name);
    weir_assert(setting != NULL);
    return value_of(config, setting);
}

const weir_serde *weir__config_serde(const weir_config *config, const char *name)
{
    const weir__setting *setting = weir__setting_find(name);
    weir_assert(setting != NULL);
    weir_assert(setting->kind == WEIR__SETTING_SERDE);
    const char *value = value_of(config, setting);
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
