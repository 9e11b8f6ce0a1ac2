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

/* One value. `java` is the name of the Java class (without package) or the spelling in Kafka
 * Streams; NULL: the same. */
typedef struct weir__choice {
    const char *value;
    const char *java;
    const char *instead; /* Kafka Streams has removed it for this value; NULL: it is allowed */
} weir__choice;

#define WEIR__CHOICES_MAX 6
#define WEIR__SETTING_NAME_MAX 64

typedef struct weir__setting {
    const char *name;
    weir__setting_kind kind;
    const char *fallback; /* NULL: none */
    const char
        *exactly_once; /* the default with processing.guarantee=exactly_once_v2; NULL: same */
    int64_t min;
    int64_t max;
    const char *capped; /* what a greater number of Java's int becomes: `max`; NULL: refused */
    weir__choice choices[WEIR__CHOICES_MAX]; /* ends with value == NULL if there are fewer */
    bool resets;                             /* weir__reset_parse decides about other values */
    bool list; /* several of the choices behind the first two, separated by commas */
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

/* Settings that are passed on, by their prefix. */
typedef struct weir__setting_prefix {
    const char *prefix; /* NULL: the end of the list */
    const char *doc;
} weir__setting_prefix;
extern const weir__setting_prefix weir__setting_prefixes[];

/* True for names that are passed to librdkafka ("consumer.session.timeout.ms", "ssl.ca.location"),
 * to the program ("app.topic") or to internal topics ("topic.segment.bytes"). */
bool weir__setting_passes(const char *name);
/* The part of the name after a client's prefix ("consumer.", "admin."); NULL: no such prefix. */
const char *weir__setting_of_client(const char *name);
/* A setting of a client that Weir sets itself. */
typedef struct weir__reserved_setting {
    const char *name; /* without prefix; NULL: the end of the list */
    const char *why;
    const char *accepts; /* the one value that is accepted: what Weir sets; NULL: none */
} weir__reserved_setting;
extern const weir__reserved_setting weir__reserved_settings[];
/* Finds it by its name, with a client's prefix or without. NULL: no such setting. */
const weir__reserved_setting *weir__setting_reserved(const char *name);

/* Writes docs/config.md. */
weir_err weir__settings_markdown(weir_buf *out);

#endif
