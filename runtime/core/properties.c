/* SPDX-License-Identifier: Apache-2.0
 *
 * Reader of Java's properties files (java.util.Properties.load). A logical line is one or more
 * natural lines joined by a `\` at the end; within it:
 *
 *     name \: part = value with \u00e9 and \t
 *     |- name ----| ^separator: the first unescaped '=', ':' or white space
 */
#include "core/properties.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/error.h"

#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* of UTF-8: some editors put it first */

/* `at` to `end` is the whole file for the functions that find logical lines, and one logical line
 * for the functions that parse it. */
typedef struct parser {
    const char *at;
    const char *end;
    int line; /* of `at`, from 1 */
    weir_buf logical;
    weir_buf name;
    weir_buf value;
    weir_error malformed; /* code WEIR_OK: the line is well-formed */
} parser;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f';
}

static bool is_newline(char c)
{
    return c == '\n' || c == '\r';
}

static bool at_line_end(const parser *p)
{
    return p->at == p->end || is_newline(*p->at);
}

static void skip_blanks(parser *p)
{
    while (p->at < p->end && is_blank(*p->at)) {
        p->at++;
    }
}

/* Skips "\n", "\r" or "\r\n". */
static void skip_newline(parser *p)
{
    if (p->at == p->end) {
        return;
    }
    if (*p->at == '\r' && p->end - p->at > 1 && p->at[1] == '\n') {
        p->at++;
    }
    p->at++;
    p->line++;
}

static void skip_rest_of_line(parser *p)
{
    while (!at_line_end(p)) {
        p->at++;
    }
}

/* Copies one logical line into p->logical, without each line break after a `\` and the blanks that
 * follow it. Escapes are copied as they are, so a `\uXXXX` may be broken anywhere, as in Java. */
static void join_line(parser *p)
{
    weir__buf_reset(&p->logical);
    while (!at_line_end(p)) {
        char c = *p->at++;
        if (c == '\\' && p->at < p->end && is_newline(*p->at)) {
            skip_newline(p);
            skip_blanks(p);
            continue;
        }
        weir__buf_put_u8(&p->logical, (uint8_t)c);
        if (c == '\\' && p->at < p->end) {
            weir__buf_put_u8(&p->logical, (uint8_t)*p->at++);
        }
    }
}

static void put_utf8(weir_buf *out, uint32_t code)
{
    if (code < 0x80) {
        weir__buf_put_u8(out, (uint8_t)code);
    } else if (code < 0x800) {
        weir__buf_put_u8(out, (uint8_t)(0xc0 | code >> 6));
        weir__buf_put_u8(out, (uint8_t)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        weir__buf_put_u8(out, (uint8_t)(0xe0 | code >> 12));
        weir__buf_put_u8(out, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
        weir__buf_put_u8(out, (uint8_t)(0x80 | (code & 0x3f)));
    } else {
        weir__buf_put_u8(out, (uint8_t)(0xf0 | code >> 18));
        weir__buf_put_u8(out, (uint8_t)(0x80 | (code >> 12 & 0x3f)));
        weir__buf_put_u8(out, (uint8_t)(0x80 | (code >> 6 & 0x3f)));
        weir__buf_put_u8(out, (uint8_t)(0x80 | (code & 0x3f)));
    }
}

/* Reads the four digits of \uXXXX at `at`; false when they are missing. */
static bool read_code_unit(const parser *p, const char *at, uint32_t *out)
{
    uint32_t code = 0;
    for (int i = 0; i < 4; i++, at++) {
        if (at >= p->end) {
            return false;
        }
        char c = *at;
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit > 15) {
            return false;
        }
        code = code << 4 | digit;
    }
    *out = code;
    return true;
}

/* Called after "\u" was read. Java writes a character above U+FFFF as two code units, a surrogate
 * pair. */
static void take_unicode(parser *p, weir_buf *out)
{
    uint32_t high = 0;
    uint32_t low = 0;
    if (!read_code_unit(p, p->at, &high)) {
        weir__error_set(&p->malformed, WEIR_ECONFIG, "\\u needs four hexadecimal digits");
        return;
    }
    p->at += 4;
    if (high == 0) {
        weir__error_set(&p->malformed, WEIR_ECONFIG, "\\u0000 cannot be part of a setting");
        return;
    }
    if (high < 0xd800 || high > 0xdfff) {
        put_utf8(out, high);
        return;
    }
    bool pair = high < 0xdc00 && p->end - p->at >= 6 && p->at[0] == '\\' && p->at[1] == 'u' &&
                read_code_unit(p, p->at + 2, &low) && low >= 0xdc00 && low <= 0xdfff;
    if (!pair) {
        weir__error_set(&p->malformed, WEIR_ECONFIG, "\\u%04x is half a character", high);
        return;
    }
    p->at += 6;
    put_utf8(out, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
}

/* Reads one character or one escape. */
static void take_char(parser *p, weir_buf *out)
{
    char c = *p->at++;
    if (c != '\\') {
        weir__buf_put_u8(out, (uint8_t)c);
        return;
    }
    if (p->at == p->end) {
        return; /* the file ends with a single `\`: Java drops it */
    }
    c = *p->at++;
    switch (c) {
    case 't':
        weir__buf_put_u8(out, '\t');
        break;
    case 'n':
        weir__buf_put_u8(out, '\n');
        break;
    case 'r':
        weir__buf_put_u8(out, '\r');
        break;
    case 'f':
        weir__buf_put_u8(out, '\f');
        break;
    case 'u':
        take_unicode(p, out);
        break;
    default:
        weir__buf_put_u8(out, (uint8_t)c);
    }
}

static bool is_well_formed(const parser *p)
{
    return p->malformed.code == WEIR_OK;
}

static void take_name(parser *p)
{
    while (is_well_formed(p) && p->at < p->end && !is_blank(*p->at) && *p->at != '=' &&
           *p->at != ':') {
        take_char(p, &p->name);
    }
}

static void take_separator(parser *p)
{
    skip_blanks(p);
    if (p->at < p->end && (*p->at == '=' || *p->at == ':')) {
        p->at++;
        skip_blanks(p);
    }
}

static void take_value(parser *p)
{
    while (is_well_formed(p) && p->at < p->end) {
        take_char(p, &p->value);
    }
}

/* Parses the logical line of `file` into p->name and p->value. */
static weir_err parse_line(const parser *file, parser *p)
{
    weir_slice line = weir__buf_slice(&file->logical);
    weir__buf_reset(&p->name);
    weir__buf_reset(&p->value);
    p->malformed.code = WEIR_OK;
    p->at = line.data;
    p->end = p->at + line.len;
    take_name(p);
    if (is_well_formed(p) && p->name.len == 0) {
        weir__error_set(&p->malformed, WEIR_ECONFIG, "the name of the setting is empty");
    }
    take_separator(p);
    take_value(p);
    return file->logical.err != WEIR_OK ? file->logical.err
           : p->name.err != WEIR_OK     ? p->name.err
                                        : p->value.err;
}

static weir_err parse(parser *file, parser *line, weir__property_fn fn, void *user)
{
    while (file->at < file->end) {
        skip_blanks(file);
        int number = file->line;
        if (at_line_end(file) || *file->at == '#' || *file->at == '!') {
            skip_rest_of_line(file);
        } else {
            join_line(file);
            weir_err err = parse_line(file, line);
            if (err == WEIR_OK) {
                const weir__property property = {
                    .line = number,
                    .name = weir__buf_text(&line->name),
                    .value = weir__buf_text(&line->value),
                    .malformed = is_well_formed(line) ? NULL : line->malformed.message};
                err = fn(&property, user);
            }
            if (err != WEIR_OK) {
                return err;
            }
        }
        skip_newline(file);
    }
    return WEIR_OK;
}

/* Reads the whole file into `out`. */
static weir_err read_file(const char *path, weir_buf *out, weir_error *error)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return weir__error_set(error, WEIR_EIO, "%s: %s", path, strerror(errno));
    }
    weir_err err = WEIR_OK;
    char chunk[4096];
    size_t got;
    while (err == WEIR_OK && (got = fread(chunk, 1, sizeof chunk, file)) > 0) {
        err = weir_put(out, chunk, got);
        if (err != WEIR_OK) {
            weir__error_set(error, err, "%s: %s", path, weir_err_str(err));
        } else if (out->len > WEIR__PROPERTIES_BYTES_MAX) {
            err = weir__error_set(error, WEIR_ELIMIT, "%s: larger than %zu bytes", path,
                                  WEIR__PROPERTIES_BYTES_MAX);
        }
    }
    if (err == WEIR_OK && ferror(file)) {
        err = weir__error_set(error, WEIR_EIO, "%s: %s", path, strerror(errno));
    }
    fclose(file);
    return err;
}

static weir_err check_text(weir_slice bytes, const char *path, weir_error *error)
{
    const unsigned char *first = bytes.data;
    if (bytes.len >= 2 &&
        ((first[0] == 0xff && first[1] == 0xfe) || (first[0] == 0xfe && first[1] == 0xff))) {
        return weir__error_set(error, WEIR_ECONFIG, "%s: is UTF-16; save it as UTF-8", path);
    }
    if (bytes.len > 0 && memchr(bytes.data, '\0', bytes.len) != NULL) {
        return weir__error_set(error, WEIR_ECONFIG, "%s: not a text file", path);
    }
    return WEIR_OK;
}

weir_err weir__properties_read(const char *path, weir__property_fn fn, void *user,
                               weir_error *error)
{
    weir_buf text = {0};
    parser file = {.line = 1};
    parser line = {.line = 1};
    weir_err err = read_file(path, &text, error);
    if (err != WEIR_OK) {
        goto done;
    }
    weir_slice bytes = weir__buf_slice(&text);
    err = check_text(bytes, path, error);
    if (err != WEIR_OK) {
        goto done;
    }
    size_t mark = sizeof BYTE_ORDER_MARK - 1;
    bool marked = bytes.len >= mark && memcmp(bytes.data, BYTE_ORDER_MARK, mark) == 0;
    file.at = (const char *)bytes.data + (marked ? mark : 0);
    file.end = (const char *)bytes.data + bytes.len;
    err = parse(&file, &line, fn, user);
    if (err != WEIR_OK) {
        weir__error_set(error, err, "%s: %s", path, weir_err_str(err));
    }
done:
    weir__buf_fini(&text);
    weir__buf_fini(&file.logical);
    weir__buf_fini(&line.name);
    weir__buf_fini(&line.value);
    return err;
}
