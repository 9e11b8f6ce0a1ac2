/* SPDX-License-Identifier: Apache-2.0
 *
 * The runtime's log lines are written to a callback of the application, or to stderr. */
#ifndef WEIR_CORE_LOG_H
#define WEIR_CORE_LOG_H

#include <weir/weir.h>

/* The numbers are syslog's. */
typedef enum weir__log_level {
    WEIR__LOG_ERROR = 3,
    WEIR__LOG_WARNING = 4,
    WEIR__LOG_INFO = 6,
    WEIR__LOG_DEBUG = 7,
} weir__log_level;

#define WEIR__LOG_TEXT_MAX 2048

/* Plain data, copied freely; may be used by any number of threads if `fn` may. */
typedef struct weir__log {
    weir__log_level level;                               /* lines above it are dropped */
    void (*fn)(int level, const char *text, void *user); /* NULL: stderr */
    void *user;
} weir__log;

/* The level that the setting log.level names. */
weir__log_level weir__log_level_of(const weir_config *config);

/* Writes one line; the text has no newline at its end, and is truncated to WEIR__LOG_TEXT_MAX.
 * `log` NULL: writes nothing. */
void weir__log_write(const weir__log *log, weir__log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
