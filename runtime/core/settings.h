/* SPDX-License-Identifier: Apache-2.0
 *
 * The one table of settings: names, allowed values and descriptions. */
#ifndef WEIR_CORE_SETTINGS_H
#define WEIR_CORE_SETTINGS_H

#include "core/buf.h"

typedef enum weir__setting_kind {
    WEIR__SETTING_TEXT,
    WEIR__SETTING_I64,
    WEIR__SETTING_CHOICE,
    WEIR__SETTING_SERDE, /* name of a registered serde */
} weir__setting_kind;

/* One allowed value. `java` is the name of the Java class (without package) or the spelling in
 * Kafka Streams; NULL: the same. */
typedef struct weir__choice {
    const char *value;
    const char *java;
    bool unsupported; /* known, but not supported yet */
} weir__choice;

#define WEIR__CHOICES_MAX 6
#define WEIR__SETTING_NAME_MAX 64

typedef struct weir__setting {
    const char *name;
    weir__setting_kind kind;
    const char *fallback; /* NULL: none */
    int64_t min;
    int64_t max;
    weir__choice choices[WEIR__CHOICES_MAX]; /* ends with value == NULL if there are fewer */
    const char *doc;
} weir__setting;

/* Finds a setting, also by another name of it ("cache.max.bytes.buffering"). NULL: no such setting.
 */
const weir__setting *weir__setting_find(const char *name);
/* The settings in order; NULL after the last one. */
const weir__setting *weir__setting_at(size_t index);
/* The setting whose name has the smallest edit distance, the first in the table if several have;
 * NULL when no name is similar. */
const weir__setting *weir__setting_nearest(const char *name);

/* Checks a value; *canonical is then `value` or, for a choice, the table's static string for it.
 * Serde names are not looked up here. */
weir_err weir__setting_check(const weir__setting *setting, const char *value,
                             const char **canonical, weir_error *error);

/* True for names that are passed to librdkafka ("consumer.session.timeout.ms", "ssl.ca.location"),
 * to the program ("app.topic") or to internal topics ("topic.segment.bytes"). */
bool weir__setting_passes(const char *name);
/* The part of the name after a client's prefix ("consumer.", "admin."); NULL: no such prefix. */
const char *weir__setting_of_client(const char *name);
/* The reason why a setting of a client must not be set; NULL when it may be set. */
const char *weir__setting_reserved(const char *name);

/* Writes docs/config.md. */
weir_err weir__settings_markdown(weir_buf *out);

#endif
