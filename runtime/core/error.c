/* SPDX-License-Identifier: Apache-2.0
 *
 * Error codes and their texts. */
#include "core/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *weir_err_str(weir_err err)
{
    switch (err) {
#define X(name, number, text)                                                                      \
    case name:                                                                                     \
        return text;
        WEIR_ERR_MAP(X)
#undef X
    }
    return "unknown error";
}

const char *weir_err_name(weir_err err)
{
    switch (err) {
#define X(name, number, text)                                                                      \
    case name:                                                                                     \
        return #name;
        WEIR_ERR_MAP(X)
#undef X
    }
    return "WEIR_EUNKNOWN";
}

bool weir__err_known(weir_err err)
{
    switch (err) {
#define X(name, number, text) case name:
        WEIR_ERR_MAP(X)
#undef X
        return true;
    }
    return false;
}

bool weir_err_is_retriable(weir_err err)
{
    return err == WEIR_ERETRY || err == WEIR_ETIMEOUT || err == WEIR_ELOCKED;
}

weir_err weir__error_vset(weir_error *error, weir_err code, const char *format, va_list args)
{
    if (error != NULL) {
        error->code = code;
        vsnprintf(error->message, sizeof error->message, format, args);
    }
    return code;
}

weir_err weir__error_set(weir_error *error, weir_err code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    weir__error_vset(error, code, format, args);
    va_end(args);
    return code;
}

weir_err weir__error_prefix(weir_error *error, weir_err code, const char *format, ...)
{
    char old[WEIR_ERROR_MESSAGE_MAX];
    if (error == NULL) {
        return code;
    }
    memcpy(old, error->message, sizeof old);
    va_list args;
    va_start(args, format);
    vsnprintf(error->message, sizeof error->message, format, args);
    va_end(args);
    size_t used = strlen(error->message);
    size_t room = sizeof error->message - 1 - used;
    strncat(error->message, ": ", room);
    strncat(error->message, old, room > 2 ? room - 2 : 0);
    return code;
}

weir_err weir__error_null(weir_error *error, const char *function, const char *argument)
{
    return weir__error_set(error, WEIR_EINVAL, "%s: %s is NULL", function, argument);
}

weir_err weir__error_pairs(weir_error *error, const char *const *pairs, const char *what)
{
    for (size_t i = 0; pairs != NULL && pairs[i] != NULL; i += 2) {
        if (pairs[i + 1] == NULL) {
            return weir__error_set(error, WEIR_EINVAL, "%s: '%s' has no value", what, pairs[i]);
        }
    }
    return WEIR_OK;
}

_Noreturn void weir__assert_failed(const char *expression, const char *file, int line,
                                   const char *function)
{
    fprintf(stderr, "%s:%d: %s: assertion failed: %s\n", file, line, function, expression);
    abort();
}

void weir__error_list(char *list, size_t size, const char *name)
{
    static const char more[] = ", ...";
    size_t len = strlen(list);
    size_t end_len = sizeof more - 1;
    bool is_full = len >= end_len && strcmp(list + len - end_len, more) == 0;
    if (is_full) {
        return;
    }
    bool fits = len + 2 + strlen(name) + end_len < size;
    snprintf(list + len, size - len, "%s%s", fits && len == 0 ? "" : ", ", fits ? name : "...");
}
