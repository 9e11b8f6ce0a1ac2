/* SPDX-License-Identifier: Apache-2.0
 *
 * The file kafka-streams-process-metadata: {"processId":"<uuid>"}, byte for byte as Kafka Streams
 * writes it. A new file is renamed into place, so that a crash leaves no incomplete file. */
#include "state/process_id.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yyjson.h>

#include "core/buf.h"
#include "core/clock.h"
#include "core/error.h"
#include "state/files.h"

#define METADATA_FILE "kafka-streams-process-metadata"
#define METADATA_BYTES_MAX 4096

static bool is_uuid(const char *text)
{
    for (size_t i = 0; i < WEIR__PROCESS_ID_SIZE - 1; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return text[WEIR__PROCESS_ID_SIZE - 1] == '\0';
}

/* Makes a UUID of version 4: random except for version and variant. */
static void make_uuid(char out[WEIR__PROCESS_ID_SIZE])
{
    uint8_t r[16];
    weir__random_bytes(r, sizeof r);
    r[6] = (uint8_t)((r[6] & 0x0f) | 0x40);
    r[8] = (uint8_t)((r[8] & 0x3f) | 0x80);
    snprintf(out, WEIR__PROCESS_ID_SIZE,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0], r[1],
             r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14],
             r[15]);
}

static weir_err fail(weir_error *error, const char *what, const char *path)
{
    return weir__error_set(error, WEIR_EIO, "cannot %s the process id: %s: '%s'", what,
                           strerror(errno), path);
}

/* *found false: there is no file. */
static weir_err read_file(const char *path, char content[METADATA_BYTES_MAX], size_t *len,
                          bool *found, weir_error *error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    *found = fd >= 0;
    if (fd < 0) {
        return errno == ENOENT ? WEIR_OK : fail(error, "read", path);
    }
    ssize_t got = read(fd, content, METADATA_BYTES_MAX);
    weir_err err = got >= 0 ? WEIR_OK : fail(error, "read", path);
    *len = got >= 0 ? (size_t)got : 0;
    close(fd);
    return err;
}

static weir_err write_file(const char *path, const char *id, weir_error *error)
{
    weir_buf text = {0};
    weir__buf_printf(&text, "{\"processId\":\"%s\"}", id);
    weir_err err =
        text.err == WEIR_OK ? weir__replace_file(path, weir__buf_text(&text), true) : text.err;
    if (err == WEIR_EIO) {
        fail(error, "write", path);
    } else if (err != WEIR_OK) {
        weir__error_set(error, err, "cannot write the process id: out of memory");
    }
    weir__buf_fini(&text);
    return err;
}

static bool parse(const char *content, size_t len, char out[WEIR__PROCESS_ID_SIZE])
{
    yyjson_doc *doc = yyjson_read(content, len, YYJSON_READ_NOFLAG);
    yyjson_val *id = yyjson_obj_get(yyjson_doc_get_root(doc), "processId");
    const char *text = yyjson_get_str(id);
    bool good = text != NULL && yyjson_get_len(id) == WEIR__PROCESS_ID_SIZE - 1 && is_uuid(text);
    if (good) {
        memcpy(out, text, WEIR__PROCESS_ID_SIZE);
    }
    yyjson_doc_free(doc);
    return good;
}

static weir_err load(const char *path, char out[WEIR__PROCESS_ID_SIZE], char **warning,
                     weir_error *error)
{
    char content[METADATA_BYTES_MAX];
    size_t len = 0;
    bool found;
    weir_err err = read_file(path, content, &len, &found, error);
    if (err != WEIR_OK || (found && parse(content, len, out))) {
        return err;
    }
    make_uuid(out);
    err = write_file(path, out, error);
    if (err == WEIR_OK && found) {
        weir_buf text = {0};
        weir__buf_printf(&text, "'%s' was damaged; the process id is now %s", path, out);
        *warning = strdup(weir__buf_text(&text));
        weir__buf_fini(&text);
    }
    return err;
}

weir_err weir__process_id_load(const char *directory, char out[WEIR__PROCESS_ID_SIZE],
                               char **warning, weir_error *error)
{
    weir_buf path = {0};
    weir__buf_printf(&path, "%s/%s", directory, METADATA_FILE);
    weir_err err = path.err == WEIR_OK
                       ? load(weir__buf_text(&path), out, warning, error)
                       : weir__error_set(error, WEIR_ENOMEM, "process id: out of memory");
    weir__buf_fini(&path);
    return err;
}
