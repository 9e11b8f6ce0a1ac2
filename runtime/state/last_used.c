/* SPDX-License-Identifier: Apache-2.0
 *
 * The file has a line with the milliseconds since the epoch. It is written under another name and
 * then renamed. */
#include "state/last_used.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "state/files.h"

#define FILE_NAME ".last-used"
#define LINE_MAX_BYTES 32

void weir__last_used_write(const char *folder, int64_t now_ms)
{
    char line[LINE_MAX_BYTES];
    weir_buf path = {0};
    snprintf(line, sizeof line, "%" PRId64 "\n", now_ms);
    weir__buf_printf(&path, "%s/" FILE_NAME, folder);
    if (path.err == WEIR_OK) {
        (void)weir__replace_file(weir__buf_text(&path), line, false);
    }
    weir__buf_fini(&path);
}

static bool read_line(const char *path, char line[LINE_MAX_BYTES])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    ssize_t got = read(fd, line, LINE_MAX_BYTES - 1);
    close(fd);
    line[got > 0 ? got : 0] = '\0';
    return got > 0;
}

bool weir__last_used_read(const char *folder, int64_t *out)
{
    char line[LINE_MAX_BYTES];
    char *end = line;
    weir_buf path = {0};
    weir__buf_printf(&path, "%s/" FILE_NAME, folder);
    bool found = path.err == WEIR_OK && read_line(weir__buf_text(&path), line);
    weir__buf_fini(&path);
    if (!found) {
        return false;
    }
    errno = 0;
    int64_t value = strtoll(line, &end, 10);
    if (errno != 0 || end == line || *end != '\n') {
        return false;
    }
    *out = value;
    return true;
}
