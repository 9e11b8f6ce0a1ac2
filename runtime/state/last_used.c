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

#define FILE_NAME ".last-used"
#define FILE_MODE 0640
#define LINE_MAX_BYTES 32

static weir_err write_line(const char *path, int64_t now_ms)
{
    char line[LINE_MAX_BYTES];
    int len = snprintf(line, sizeof line, "%" PRId64 "\n", now_ms);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, FILE_MODE);
    if (fd < 0) {
        return WEIR_EIO;
    }
    bool whole = write(fd, line, (size_t)len) == len;
    close(fd);
    return whole ? WEIR_OK : WEIR_EIO;
}

void weir__last_used_write(const char *folder, int64_t now_ms)
{
    weir_buf path = {0};
    weir_buf temporary = {0};
    weir__buf_printf(&path, "%s/" FILE_NAME, folder);
    weir__buf_printf(&temporary, "%s/" FILE_NAME ".tmp", folder);
    if (path.err == WEIR_OK && temporary.err == WEIR_OK &&
        write_line(weir__buf_text(&temporary), now_ms) == WEIR_OK) {
        (void)rename(weir__buf_text(&temporary), weir__buf_text(&path));
    }
    weir__buf_fini(&path);
    weir__buf_fini(&temporary);
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
