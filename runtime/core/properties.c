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

typedef struct parser {
    const char *at;
    const char *end;
    int line; /* of `at`, from 1 */
    weir_buf name;
    weir_buf value;
    weir_err err; /* of a malformed escape */
    weir_error *error;
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

/* Past "\n", "\r" or "\r\n". */
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

/* A `\` at the end of a line: the next line, without its leading blanks, belongs to this one. */
static bool skip_continuation(parser *p)
{
    if (p->at == p->end || *p->at != '\\' || p->end - p->at < 2 || !is_newline(p->at[1])) {
        return false;
    }
    p->at++;
    skip_newline(p);
    skip_blanks(p);
    return true;
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

/* The four digits of \uXXXX at `at`; false when they are not there. */
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

/* `at` is behind "\u". Java writes characters past U+FFFF as two code units, a surrogate pair. */
static void take_unicode(parser *p, weir_buf *out)
{
    uint32_t high = 0;
    uint32_t low = 0;
    if (!read_code_unit(p, p->at, &high)) {
        p->err = weir__error_set(p->error, WEIR_ECONFIG, "\\u needs four hexadecimal digits");
        return;
    }
    p->at += 4;
    if (high == 0) {
        p->err = weir__error_set(p->error, WEIR_ECONFIG, "\\u0000 cannot be part of a setting");
        return;
    }
    if (high < 0xd800 || high > 0xdfff) {
        put_utf8(out, high);
        return;
    }
    bool pair = high < 0xdc00 && p->end - p->at >= 6 && p->at[0] == '\\' && p->at[1] == 'u' &&
                read_code_unit(p, p->at + 2, &low) && low >= 0xdc00 && low <= 0xdfff;
    if (!pair) {
        p->err = weir__error_set(p->error, WEIR_ECONFIG, "\\u%04x is half a character", high);
        return;
    }
    p->at += 6;
    put_utf8(out, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
}

/* One character, or what an escape stands for. */
static void take_char(parser *p, weir_buf *out)
{
    char c = *p->at++;
    if (c != '\\') {
        weir__buf_put_u8(out, (uint8_t)c);
        return;
    }
    if (p->at == p->end) {
        return; /* a lone `\` ends the file: Java drops it */
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

static void take_name(parser *p)
{
    while (p->err == WEIR_OK && !at_line_end(p) && !is_blank(*p->at) && *p->at != '=' &&
           *p->at != ':') {
        if (!skip_continuation(p)) {
            take_char(p, &p->name);
        }
    }
}

static void take_separator(parser *p)
{
    bool seen = false;
    while (!at_line_end(p)) {
        if (is_blank(*p->at)) {
            p->at++;
        } else if (!seen && (*p->at == '=' || *p->at == ':')) {
            seen = true;
            p->at++;
        } else if (!skip_continuation(p)) {
            return;
        }
    }
}

static void take_value(parser *p)
{
    while (p->err == WEIR_OK && !at_line_end(p)) {
        if (!skip_continuation(p)) {
            take_char(p, &p->value);
        }
    }
}

/* Reads one logical line; false when it is blank or a comment. */
static bool take_setting(parser *p)
{
    skip_blanks(p);
    if (at_line_end(p)) {
        return false;
    }
    if (*p->at == '#' || *p->at == '!') {
        skip_rest_of_line(p);
        return false;
    }
    weir__buf_reset(&p->name);
    weir__buf_reset(&p->value);
    take_name(p);
    take_separator(p);
    take_value(p);
    return true;
}

static weir_err parse(parser *p, const char *path, weir__property_fn fn, void *user)
{
    while (p->at < p->end) {
        int line = p->line;
        if (take_setting(p)) {
            weir_err err = p->err;
            if (err == WEIR_OK) {
                const char *name = weir__buf_text(&p->name);
                const char *value = weir__buf_text(&p->value);
                err = p->name.err != WEIR_OK ? p->name.err : p->value.err;
                err = err == WEIR_OK ? fn(name, value, user, p->error)
                                     : weir__error_set(p->error, err, "%s", weir_err_str(err));
            }
            if (err != WEIR_OK) {
                weir__error_prefix(p->error, "%s:%d", path, line);
                return err;
            }
        }
        skip_newline(p);
    }
    return WEIR_OK;
}

/* The whole file, into `out`. */
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

weir_err weir__properties_read(const char *path, weir__property_fn fn, void *user,
                               weir_error *error)
{
    weir_buf text = {0};
    parser p = {.line = 1, .error = error};
    weir_err err = read_file(path, &text, error);
    if (err != WEIR_OK) {
        goto done;
    }
    weir_slice bytes = weir__buf_slice(&text);
    if (memchr(bytes.data, '\0', bytes.len) != NULL) {
        err = weir__error_set(error, WEIR_ECONFIG, "%s: not a text file", path);
        goto done;
    }
    p.at = bytes.data;
    p.end = p.at + bytes.len;
    err = parse(&p, path, fn, user);
done:
    weir__buf_fini(&text);
    weir__buf_fini(&p.name);
    weir__buf_fini(&p.value);
    return err;
}
