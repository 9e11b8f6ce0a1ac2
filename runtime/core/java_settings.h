/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings of Java applications that are not in the table of settings.c: deprecated names, settings
 * of Kafka's clients by their Java names, class names of serdes, and settings that Weir does not
 * support. */
#ifndef WEIR_CORE_JAVA_SETTINGS_H
#define WEIR_CORE_JAVA_SETTINGS_H

#include "core/buf.h"

/* The clients to which a setting applies, as bits. */
enum {
    WEIR__FOR_MAIN = 1,
    WEIR__FOR_RESTORE = 2,
    WEIR__FOR_GLOBAL = 4,
    WEIR__FOR_PRODUCER = 8,
    WEIR__FOR_ADMIN = 16,
    WEIR__FOR_CONSUMERS = WEIR__FOR_MAIN | WEIR__FOR_RESTORE | WEIR__FOR_GLOBAL,
    WEIR__FOR_ALL = WEIR__FOR_CONSUMERS | WEIR__FOR_PRODUCER | WEIR__FOR_ADMIN,
};

/* Another name of a setting of settings.c. */
typedef struct weir__other_name {
    const char *other;
    const char *name;
    bool old; /* Kafka Streams has deprecated or removed it: a warning is logged */
    int rank; /* the name of the highest rank wins; 0: the rank of the setting's own name */
} weir__other_name;
/* NULL: `other` is not another name of a setting. */
const weir__other_name *weir__other_name_find(const char *other);

/* A setting of Kafka's Java clients. Without a prefix it applies to the clients that have it. */
typedef struct weir__client_setting {
    unsigned roles;
    const char *java;
    const char *kafka; /* librdkafka's name */
    int divisor;       /* of a number, where librdkafka's unit is larger; 0: unchanged */
} weir__client_setting;
/* The next setting with that Java name for one of the roles; `after` NULL: the first. */
const weir__client_setting *weir__client_setting_next(const char *java, unsigned roles,
                                                      const weir__client_setting *after);

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
