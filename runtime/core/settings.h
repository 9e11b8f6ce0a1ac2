/* SPDX-License-Identifier: Apache-2.0
 *
 * The one table of settings: what there is, what is allowed, what it is for. */
#ifndef WEIR_CORE_SETTINGS_H
#define WEIR_CORE_SETTINGS_H

#include "core/buf.h"

typedef enum weir__setting_kind {
    WEIR__SETTING_TEXT,
    WEIR__SETTING_I64,
    WEIR__SETTING_CHOICE,
    WEIR__SETTING_SERDE, /* name of a registered serde */
} weir__setting_kind;

/* One allowed value. `java` is the name of the Java class (without package) or the spelling that
 * stands for it in Kafka Streams, NULL: the same. */
typedef struct weir__choice {
    const char *value;
    const char *java;
    bool unsupported; /* known, but Weir does not do it yet */
} weir__choice;

#define WEIR__CHOICES_MAX 6
#define WEIR__SETTING_NAME_MAX 64

typedef struct weir__setting {
    const char *name;
    weir__setting_kind kind;
    const char *fallback; /* NULL: none */
    int64_t min;
    int64_t max;
    weir__choice choices[WEIR__CHOICES_MAX]; /* ended by value == NULL when fewer */
    const char *doc;
} weir__setting;

/* Also by another name of it ("cache.max.bytes.buffering"). NULL when there is none of that name.
 */
const weir__setting *weir__setting_find(const char *name);
/* In order; NULL past the last one. */
const weir__setting *weir__setting_at(size_t index);
/* The one whose name is nearest by edit distance, the first in the table when several are; NULL
 * when none is like it. */
const weir__setting *weir__setting_nearest(const char *name);

/* Checks a value; *canonical is then `value` or, for a choice, the static string that stands for
 * it. Serde names are not looked up here. */
weir_err weir__setting_check(const weir__setting *setting, const char *value,
                             const char **canonical, weir_error *error);

/* True for names that go through to librdkafka or to the program: "consumer.session.timeout.ms",
 * "ssl.ca.location", "app.topic"; or to internal topics: "topic.segment.bytes". */
bool weir__setting_passes(const char *name);
/* The part behind a client's prefix ("consumer.", "admin."); NULL: there is none. */
const char *weir__setting_of_client(const char *name);
/* The reason why Weir does not let a setting of a client be set; NULL when it may. */
const char *weir__setting_reserved(const char *name);

/* docs/config.md. */
weir_err weir__settings_markdown(weir_buf *out);

#endif
