/* SPDX-License-Identifier: Apache-2.0
 *
 * Patterns are compiled by the C library as POSIX extended regular expressions. What Java's Pattern
 * has beyond these is translated if it is simple (\d, \w, \s, lazy quantifiers, which make no
 * difference for a match of the whole name), and refused otherwise: a pattern does not silently
 * mean something else than in Java. Only [:alpha:] and its like are POSIX's. */
#include "topology/pattern.h"

#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/error.h"

#define REASON_MAX 128

struct weir__pattern {
    const char *text;
    regex_t compiled;
    struct weir__pattern *next;
};

/* ---- Translation -------------------------------------------------------------------------- */

typedef struct translation {
    const char *at;    /* the next character */
    weir_buf *out;     /* POSIX extended */
    bool has_atom;     /* there is something that a quantifier repeats */
    size_t repeats;    /* product of all bounds {n,m}: the compiled size grows with it */
    const char *fault; /* NULL: none yet */
} translation;

/* Of an extended regular expression, outside of brackets. Behind a backslash other characters have
 * a meaning of their own in GNU's library, as in "\<". */
static const char special[] = "^.[$()|*+?{\\";

/* \d, \w, \s and their opposites; NULL: another character. */
static const char *class_of(char letter)
{
    switch (letter) {
    case 'd':
        return "0-9";
    case 'w':
        return "A-Za-z0-9_";
    case 's':
        return "[:space:]";
    default:
        return NULL;
    }
}

static void escape(translation *t)
{
    char c = *t->at;
    bool negated = c == 'D' || c == 'W' || c == 'S';
    const char *class = class_of(negated ? (char)tolower(c) : c);
    if (class != NULL) {
        weir__buf_printf(t->out, "[%s%s]", negated ? "^" : "", class);
    } else if (c == '\0' || isalnum((unsigned char)c)) {
        t->fault = c == '\0'
                       ? "it ends with a backslash"
                       : "a backslash before a letter or digit other than \\d \\D \\w \\W \\s "
                         "\\S";
        return;
    } else {
        weir__buf_printf(t->out, "%s%c", strchr(special, c) != NULL ? "\\" : "", c);
    }
    t->at++;
}

/* An escape between brackets, where POSIX has none. `first` is the first character there. */
static void escape_in_brackets(translation *t, const char *first)
{
    char c = *t->at;
    const char *before = t->at - 2; /* in front of the backslash */
    if (class_of(c) != NULL && before > first && *before == '-') {
        t->fault = "a range that ends with \\d, \\w or \\s; put '-' last";
        return;
    }
    if (class_of(c) != NULL && t->at[1] == '-' && t->at[2] != ']') {
        t->fault = "a range that begins with \\d, \\w or \\s; put '-' last";
        return;
    }
    if (class_of(c) != NULL) {
        weir__buf_put_text(t->out, class_of(c));
    } else if (c != '\0' && !isalnum((unsigned char)c) && strchr("]^-[\\", c) == NULL) {
        weir__buf_printf(t->out, "%c", c);
    } else {
        t->fault = "a backslash in [...] other than \\d \\w \\s or before a character like '.'; "
                   "put ']' first and '-' last instead";
        return;
    }
    t->at++;
}

static void brackets(translation *t)
{
    const char *start = t->at;
    weir__buf_put_text(t->out, "[");
    if (*t->at == '^') {
        weir__buf_printf(t->out, "%c", *t->at++);
        start = t->at;
    }
    while (t->fault == NULL && *t->at != '\0' && (*t->at != ']' || t->at == start)) {
        char c = *t->at++;
        if (c == '\\') {
            escape_in_brackets(t, start);
        } else if (c == '[' && *t->at != ':') {
            t->fault = "'[' in [...]";
        } else if (c == '[') {
            const char *end = strstr(t->at, ":]");
            size_t size = end != NULL ? (size_t)(end + 2 - t->at) : 0;
            weir__buf_printf(t->out, "[%.*s", (int)size, t->at);
            t->at += size;
            t->fault = end == NULL ? "a '[:' without ':]'" : NULL;
        } else if (c == '&' && *t->at == '&') {
            t->fault = "'&&' in [...]";
        } else {
            weir__buf_printf(t->out, "%c", c);
        }
    }
    if (t->fault == NULL && *t->at != ']') {
        t->fault = "a '[' without ']'";
    } else if (t->fault == NULL) {
        weir__buf_printf(t->out, "%c", *t->at++);
    }
}

/* The bounds of a repetition, behind its '{'. */
static void bounds(translation *t)
{
    size_t digits = strspn(t->at, "0123456789");
    size_t most = (size_t)strtoul(t->at, NULL, 10);
    size_t length = digits;
    if (t->at[length] == ',') {
        size_t second = strspn(t->at + length + 1, "0123456789");
        most = second > 0 ? (size_t)strtoul(t->at + length + 1, NULL, 10) : most;
        length += 1 + second;
    }
    if (digits == 0 || t->at[length] != '}') {
        t->fault = "a '{' that is no repetition {n}, {n,} or {n,m}";
        return;
    }
    if (most > WEIR_PATTERN_REPEATS_MAX / t->repeats) {
        t->fault = "repetitions {n,m} whose product is above WEIR_PATTERN_REPEATS_MAX";
        return;
    }
    t->repeats *= most > 0 ? most : 1;
    weir__buf_printf(t->out, "{%.*s", (int)(length + 1), t->at);
    t->at += length + 1;
}

/* Behind a quantifier: a lazy one matches the same whole names. */
static void lazy_or_possessive(translation *t)
{
    if (*t->at == '?') {
        t->at++;
    } else if (*t->at == '+') {
        t->fault = "a possessive quantifier ('*+')";
    }
    if (t->fault == NULL && *t->at != '\0' && strchr("*+?{", *t->at) != NULL) {
        t->fault = "two quantifiers after each other";
    }
}

static void translate(translation *t)
{
    while (*t->at != '\0' && t->fault == NULL) {
        char c = *t->at++;
        bool repeats = strchr("*+?{", c) != NULL;
        if (repeats && !t->has_atom) {
            t->fault = "a quantifier with nothing before it";
            return;
        }
        t->has_atom = strchr("(|^", c) == NULL;
        switch (c) {
        case '\\':
            escape(t);
            break;
        case '[':
            brackets(t);
            break;
        case '{':
            bounds(t);
            lazy_or_possessive(t);
            break;
        case '*':
        case '+':
        case '?':
            weir__buf_printf(t->out, "%c", c);
            lazy_or_possessive(t);
            break;
        case '(':
            t->fault = *t->at == '?' ? "a group '(?...'" : NULL;
            weir__buf_put_text(t->out, "(");
            break;
        default:
            weir__buf_printf(t->out, "%c", c);
            break;
        }
    }
}

/* ---- Patterns ----------------------------------------------------------------------------- */

/* Compiles "^(text)$". The text alone is compiled first: it must not close the group. */
static weir_err compile(regex_t *out, const char *text, char reason[REASON_MAX])
{
    weir_buf whole = {0};
    int failed = regcomp(out, text, REG_EXTENDED | REG_NOSUB);
    if (failed == 0) {
        regfree(out);
        weir__buf_printf(&whole, "^(%s)$", text);
        failed = whole.err == WEIR_OK
                     ? regcomp(out, weir__buf_text(&whole), REG_EXTENDED | REG_NOSUB)
                     : REG_ESPACE;
    }
    weir__buf_fini(&whole);
    if (failed != 0) {
        regerror(failed, NULL, reason, REASON_MAX);
    }
    return failed == 0 ? WEIR_OK : failed == REG_ESPACE ? WEIR_ENOMEM : WEIR_EINVAL;
}

weir_err weir__pattern_add(weir__pattern **list, weir__arena *arena, const char *text,
                           const weir__pattern **out, weir_error *error)
{
    weir_buf posix = {0};
    translation t = {.at = text, .out = &posix, .repeats = 1};
    char reason[REASON_MAX] = "";
    weir_err err = WEIR_OK;
    if (text[0] == '\0' || strlen(text) > WEIR_PATTERN_LENGTH_MAX) {
        return weir__error_set(error, WEIR_EINVAL,
                               "a pattern of topics must have 1 to %zu characters, not %zu",
                               WEIR_PATTERN_LENGTH_MAX, strlen(text));
    }
    weir__pattern *made = weir__arena_alloc(arena, sizeof *made);
    translate(&t);
    if (t.fault != NULL) {
        err = weir__error_set(error, WEIR_EINVAL, "pattern '%s': not supported: %s", text, t.fault);
    } else if (made == NULL || posix.err != WEIR_OK) {
        err = weir__error_set(error, WEIR_ENOMEM, "pattern '%s': out of memory", text);
    } else if ((err = compile(&made->compiled, weir__buf_text(&posix), reason)) != WEIR_OK) {
        weir__error_set(error, err, "pattern '%s': %s", text, reason);
    } else {
        made->text = text;
        made->next = *list;
        *list = made;
        *out = made;
    }
    weir__buf_fini(&posix);
    return err;
}

void weir__patterns_free(weir__pattern *list)
{
    for (weir__pattern *pattern = list; pattern != NULL; pattern = pattern->next) {
        regfree(&pattern->compiled);
    }
}

const char *weir__pattern_text(const weir__pattern *pattern)
{
    return pattern->text;
}

bool weir__pattern_matches(const weir__pattern *pattern, const char *topic)
{
    return regexec(&pattern->compiled, topic, 0, NULL, 0) == 0;
}
