/* SPDX-License-Identifier: Apache-2.0
 *
 * Keeps the last warnings, each once. */
#include "common/warnings.h"

#include <stdio.h>

#define COMPARED_MAX ((size_t)200) /* bytes of what a line says: the end may be cut off */

/* True if the line contains what the earlier one says behind "<thread>: ". */
static bool contains(const char *line, const char *earlier)
{
    char what[COMPARED_MAX];
    const char *behind = strstr(earlier, ": ");
    snprintf(what, sizeof what, "%s", behind != NULL ? behind + 2 : earlier);
    return what[0] != '\0' && strstr(line, what) != NULL;
}

static size_t kept(const weir__warnings *warnings)
{
    return warnings->count < WEIR__WARNINGS_MAX ? warnings->count : WEIR__WARNINGS_MAX;
}

void weir__warnings_note(weir__warnings *warnings, const char *text)
{
    char line[WEIR__WARNING_SIZE];
    snprintf(line, sizeof line, "%s", text);
    for (size_t i = 0; i < kept(warnings); i++) {
        struct weir__warning *earlier = &warnings->last[i];
        if (strcmp(earlier->text, line) == 0) {
            earlier->times++;
            return;
        }
        if (contains(line, earlier->text)) {
            memcpy(earlier->text, line, sizeof line);
            return;
        }
    }
    struct weir__warning *added = &warnings->last[warnings->count++ % WEIR__WARNINGS_MAX];
    memcpy(added->text, line, sizeof line);
    added->times = 1;
}

bool weir__warnings_have(const weir__warnings *warnings, const char *what)
{
    bool found = false;
    for (size_t i = 0; i < kept(warnings) && !found; i++) {
        found = strstr(warnings->last[i].text, what) != NULL;
    }
    return found;
}

void weir__warnings_put(const weir__warnings *warnings, const char *before, const char *after,
                        weir_buf *out)
{
    size_t first = warnings->count - kept(warnings);
    for (size_t i = first; i < warnings->count; i++) {
        const struct weir__warning *line = &warnings->last[i % WEIR__WARNINGS_MAX];
        weir__buf_printf(out, "%s%s", before, line->text);
        if (line->times > 1) {
            weir__buf_printf(out, " (%zu times)", line->times);
        }
        weir__buf_put_text(out, after);
    }
}
