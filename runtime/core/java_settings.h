/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings of Java applications that are neither in the table of settings.c nor in that of
 * client_settings.c: deprecated names, class names of serdes, and settings that Weir does not
 * support. */
#ifndef WEIR_CORE_JAVA_SETTINGS_H
#define WEIR_CORE_JAVA_SETTINGS_H

#include "core/buf.h"

/* Another name of a setting of settings.c. */
typedef struct weir__other_name {
    const char *other;
    const char *name;
    bool old; /* Kafka Streams has deprecated or removed it: a warning is logged */
    int rank; /* the name of the highest rank wins; 0: the rank of the setting's own name */
} weir__other_name;
/* NULL: `other` is not another name of a setting. */
const weir__other_name *weir__other_name_find(const char *other);

/* A setting that Weir does not support. */
typedef struct weir__refused_setting {
    const char *name;    /* for a setting of a client: without prefix */
    bool client;         /* also with a prefix `consumer.`, `producer.`, ... */
    bool later;          /* not supported yet */
    const char *accepts; /* the one value that is accepted: what Weir does; NULL: none */
    const char *instead; /* what to write instead; text after "<name>: " */
} weir__refused_setting;
/* NULL: no such setting. `rest` is the part of the name after a client's prefix, or NULL. */
const weir__refused_setting *weir__refused_setting_find(const char *name, const char *rest);

/* The name of Weir's serde for the class name of one of Kafka's serdes; NULL: none. */
const char *weir__java_serde(const char *class_name);
/* True for the name of a Java class, "com.example.Orders$Serde". */
bool weir__is_java_class(const char *value);

/* The part of docs/config.md about them. */
weir_err weir__java_settings_markdown(weir_buf *out);

#endif
