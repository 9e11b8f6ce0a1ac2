/* SPDX-License-Identifier: Apache-2.0
 *
 * Writes log lines to the application's callback or to stderr. */
#include "core/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/clock.h"
#include "core/config.h"

static const struct {
    const char *name; /* value of log.level */
    weir__log_level level;
    const char *label; /* on stderr */
} levels[] = {
    {"error", WEIR__LOG_ERROR, "ERROR"},
    {"warn", WEIR__LOG_WARNING, "WARN "},
    {"info", WEIR__LOG_INFO, "INFO "},
    {"debug", WEIR__LOG_DEBUG, "DEBUG"},
};

#define LEVEL_COUNT (sizeof levels / sizeof levels[0])

weir__log_level weir__log_level_of(const weir_config *config)
{
    const char *name = weir__config_text(config, "log.level");
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        if (strcmp(levels[i].name, name) == 0) {
            return levels[i].level;
        }
    }
    return WEIR__LOG_INFO;
}

static void write_stderr(weir__log_level level, const char *text)
{
    const char *label = "";
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        label = levels[i].level == level ? levels[i].label : label;
    }
    int64_t now_ms = weir__wall_ms();
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm utc;
    char when[32];
    gmtime_r(&seconds, &utc);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", &utc);
    fprintf(stderr, "%s.%03dZ %s %s\n", when, (int)(now_ms % 1000), label, text);
}

void weir__log_write(const weir__log *log, weir__log_level level, const char *format, ...)
{
    if (log == NULL || level > log->level) {
        return;
    }
    char text[WEIR__LOG_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (log->fn != NULL) {
        log->fn((int)level, text, log->user);
    } else {
        write_stderr(level, text);
    }
}
