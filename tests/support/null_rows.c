/* SPDX-License-Identifier: Apache-2.0
 *
 * Reads declarations of the public headers: they are formatted by clang-format. */
#include "support/null_rows.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#define NAME_MAX_BYTES 64

typedef struct header {
    const char *path;
    char *text;
    size_t arguments; /* that need a row */
    size_t functions;
} header;

static char *read_file(const char *path)
{
    char whole[512];
    snprintf(whole, sizeof whole, "%s/%s", WEIR_SOURCE_DIR, path);
    FILE *file = fopen(whole, "re");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    assert_true(size > 0);
    rewind(file);
    char *text = calloc(1, (size_t)size + 1);
    assert_non_null(text);
    assert_int_equal(fread(text, 1, (size_t)size, file), size);
    fclose(file);
    return text;
}

static void blank_comments(char *text)
{
    bool inside = false;
    for (char *at = text; *at != '\0'; at++) {
        if (!inside && at[0] == '/' && at[1] == '*') {
            inside = true;
        }
        if (inside && at[0] == '*' && at[1] == '/') {
            at[0] = at[1] = ' ';
            inside = false;
        }
        if (inside) {
            *at = ' ';
        }
    }
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The word that ends before `end`. */
static void word_before(const char *start, const char *end, char *out)
{
    while (end > start && !is_word(end[-1])) {
        end--;
    }
    const char *from = end;
    while (from > start && is_word(from[-1])) {
        from--;
    }
    size_t len = (size_t)(end - from);
    assert_true(len < NAME_MAX_BYTES);
    memcpy(out, from, len);
    out[len] = '\0';
}

static bool has(const char *start, const char *end, const char *part)
{
    for (const char *at = start; at + strlen(part) <= end; at++) {
        if (strncmp(at, part, strlen(part)) == 0) {
            return true;
        }
    }
    return false;
}

/* Pointers, callbacks (a typedef of Weir's own by value), handles and enums. */
static bool needs_row(const char *start, const char *end, const char *name)
{
    if (strcmp(name, "user") == 0 || strcmp(name, "arg") == 0 || strcmp(name, "unused") == 0) {
        return false;
    }
    return has(start, end, "*") || (has(start, end, "weir_") && !has(start, end, "weir_slice "));
}

static void check_argument(header *of, const char *function, const char *start, const char *end,
                           const null_row *rows, size_t count)
{
    char name[NAME_MAX_BYTES];
    const char *pointer = strstr(start, "(*");
    if (pointer != NULL && pointer < end) {
        word_before(start, strchr(pointer, ')'), name);
    } else {
        word_before(start, end, name);
    }
    if (!needs_row(start, end, name)) {
        return;
    }
    of->arguments++;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].function, function) == 0 && strcmp(rows[i].argument, name) == 0) {
            return;
        }
    }
    free(of->text);
    fail_msg("%s: %s: no row tries its argument '%s'", of->path, function, name);
}

static void check_arguments(header *of, const char *function, const char *at, const null_row *rows,
                            size_t count)
{
    const char *start = at;
    for (int depth = 1; depth > 0; at++) {
        assert_true(*at != '\0');
        depth += *at == '(' ? 1 : *at == ')' ? -1 : 0;
        if (depth == 0 || (depth == 1 && *at == ',')) {
            if (at > start && !has(start, at, "...") &&
                !(at - start == 4 && has(start, at, "void"))) {
                check_argument(of, function, start, at, rows, count);
            }
            start = at + 1;
        }
    }
}

/* A duplicate row, or a row of an argument that does not exist. */
static void check_rows(const header *of, const null_row *rows, size_t count)
{
    size_t here = 0;
    for (size_t i = 0; i < count; i++) {
        char call[NAME_MAX_BYTES + 1];
        snprintf(call, sizeof call, "%s(", rows[i].function);
        here += strstr(of->text, call) != NULL ? 1 : 0;
        for (size_t j = 0; j < i; j++) {
            if (strcmp(rows[i].function, rows[j].function) == 0 &&
                strcmp(rows[i].argument, rows[j].argument) == 0) {
                fail_msg("%s: two rows for '%s'", rows[i].function, rows[i].argument);
            }
        }
    }
    assert_int_equal(here, of->arguments);
}

void assert_rows_complete(const char *path, const null_row *rows, size_t count)
{
    static const char start[] = "WEIR_API ";
    header of = {.path = path, .text = read_file(path)};
    blank_comments(of.text);
    for (const char *at = of.text; (at = strstr(at, start)) != NULL;) {
        char function[NAME_MAX_BYTES];
        at += strlen(start);
        const char *open = strchr(at, '(');
        const char *end = strchr(at, ';');
        if (open == NULL || end < open || strncmp(at, "extern ", 7) == 0 ||
            strncmp(at, "__attribute__", 13) == 0) {
            continue; /* no function: a serde, the macro itself */
        }
        word_before(at, open, function);
        of.functions++;
        check_arguments(&of, function, open + 1, rows, count);
    }
    assert_true(of.functions > 0);
    check_rows(&of, rows, count);
    free(of.text);
}

void assert_names(const null_row *row, weir_err err, const weir_error *error)
{
    if (err != WEIR_EINVAL) {
        fail_msg("%s: '%s' NULL gives %s", row->function, row->argument, weir_err_name(err));
    }
    if (error != NULL &&
        (error->code != WEIR_EINVAL || strstr(error->message, row->function) == NULL ||
         strstr(error->message, row->argument) == NULL)) {
        fail_msg("%s: '%s' NULL is reported as: %s", row->function, row->argument, error->message);
    }
}

void note_failure(const char *file, int line, const char *message, void *user)
{
    (void)file;
    (void)line;
    null_failure *last = user;
    snprintf(last->message, sizeof last->message, "%s", message);
    last->count++;
}

void assert_failure(const null_failure *last, int before, const char *wanted, const char *row)
{
    bool named = wanted == NULL || strstr(last->message, wanted) != NULL;
    if (last->count != before + (wanted != NULL ? 1 : 0) || !named) {
        fail_msg("%s NULL: %s", row, last->message);
    }
}
