/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings of Java applications that the table of settings.c does not have: old names, settings of
 * Kafka's clients by their Java names, class names of serdes, and what Weir cannot honour. */
#ifndef WEIR_CORE_JAVA_SETTINGS_H
#define WEIR_CORE_JAVA_SETTINGS_H

#include "core/buf.h"

/* Bits of the clients that a setting is for. */
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
    bool old; /* Kafka Streams has given it up, or will: a warning says so */
    int rank; /* the highest that is set wins; 0: as the setting's own name */
} weir__other_name;
/* NULL: it is no other name. */
const weir__other_name *weir__other_name_find(const char *other);

/* A setting of Kafka's Java clients. Without a prefix it goes to the clients that know it. */
typedef struct weir__client_setting {
    unsigned roles;
    const char *java;
    const char *kafka; /* librdkafka's name */
    int divisor;       /* of a number, where librdkafka's unit is larger; 0: as it is */
} weir__client_setting;
/* The next one of that Java name for one of the roles; `after` NULL: the first. */
const weir__client_setting *weir__client_setting_next(const char *java, unsigned roles,
                                                      const weir__client_setting *after);

/* A setting that Weir does not honour. */
typedef struct weir__refused_setting {
    const char *name;    /* for a client's: without prefix */
    bool client;         /* the same behind `consumer.`, `producer.`, ... */
    bool later;          /* Weir does not have it yet */
    const char *accepts; /* the one value that says what Weir does anyway; NULL: none */
    const char *instead; /* what to write instead; text behind "<name>: " */
} weir__refused_setting;
/* NULL when there is none of that name; `rest` is the part behind a client's prefix, or NULL. */
const weir__refused_setting *weir__refused_setting_find(const char *name, const char *rest);

/* The name of Weir's serde for the class name of one of Kafka's; NULL: there is none. */
const char *weir__java_serde(const char *class_name);
/* True for the name of a Java class, "com.example.Orders$Serde". */
bool weir__is_java_class(const char *value);

/* The part of docs/config.md about them. */
weir_err weir__java_settings_markdown(weir_buf *out);

#endif
