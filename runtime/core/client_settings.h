/* SPDX-License-Identifier: Apache-2.0
 *
 * Settings of Kafka's clients by their Java names: the values that Java allows, and what they
 * become for librdkafka. */
#ifndef WEIR_CORE_CLIENT_SETTINGS_H
#define WEIR_CORE_CLIENT_SETTINGS_H

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

typedef enum weir__client_kind {
    WEIR__CLIENT_NUMBER,
    WEIR__CLIENT_FRACTION, /* a number; librdkafka also takes "0.5" */
    WEIR__CLIENT_BOOLEAN,
    WEIR__CLIENT_CHOICE,
    WEIR__CLIENT_TEXT,
} weir__client_kind;

typedef struct weir__range {
    int64_t min;
    int64_t max;
} weir__range;

#define WEIR__CLIENT_CHOICES_MAX 5
#define WEIR__CLIENT_VALUE_MAX 32 /* bytes of a translated number, with its NUL */

/* A setting of Kafka's Java clients. Without a prefix it applies to the clients that have it. */
typedef struct weir__client_setting {
    unsigned roles;
    const char *java;
    const char
        *kafka; /* librdkafka's name; NULL: it has no such setting, the value has no effect */
    weir__client_kind kind;
    weir__range legal; /* what Java allows */
    weir__range taken; /* what librdkafka allows, in its unit; of all supported versions */
    int divisor;       /* of a number, where librdkafka's unit is larger; 0: the same unit */
    bool same_below;   /* a number below taken.min means in Java what taken.min means */
    const char *choices[WEIR__CLIENT_CHOICES_MAX]; /* unused ones are NULL */
    const char *zero;   /* what 0 means for librdkafka, where Java means something else; or NULL */
    const char *older;  /* how a librdkafka without the setting acts; NULL: all versions have it */
    const char *remark; /* for kafka == NULL: why it has no effect */
} weir__client_setting;

/* The next setting with that Java name for one of the roles; `after` NULL: the first. */
const weir__client_setting *weir__client_setting_next(const char *java, unsigned roles,
                                                      const weir__client_setting *after);
/* The clients that a name is for; *rest: the name after its client's prefix, or all of it. */
unsigned weir__client_roles(const char *name, const char **rest);

/* Translates a value. *out: `value` itself or `number`. `name` is for the error. WEIR_ECONFIG: Java
 * does not allow the value. */
weir_err weir__client_setting_value(const weir__client_setting *setting, const char *name,
                                    const char *value, char number[WEIR__CLIENT_VALUE_MAX],
                                    const char **out, weir_error *error);
/* Checks the value of a setting of clients; other names are not checked. Appends to `note` one line
 * without '\n' if librdkafka does not get the value as it is: what it gets instead. */
weir_err weir__client_setting_check(const char *name, const char *value, weir_buf *note,
                                    weir_error *error);

/* The part of docs/config.md about them. */
void weir__client_settings_markdown(weir_buf *out);

#endif
