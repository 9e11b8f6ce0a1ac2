/* SPDX-License-Identifier: Apache-2.0
 *
 * Filling a weir_error, and assertions that stay on in release builds. */
#ifndef WEIR_CORE_ERROR_H
#define WEIR_CORE_ERROR_H

#include <stdarg.h>

#include <weir/weir.h>

/* Fills *error (NULL allowed) and returns `code`. A message that is too long is truncated. */
weir_err weir__error_set(weir_error *error, weir_err code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
weir_err weir__error_vset(weir_error *error, weir_err code, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* Puts "<prefix>: " in front of the message already in *error (NULL allowed), whose code is `code`.
 * Returns `code`. */
weir_err weir__error_prefix(weir_error *error, weir_err code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* False for a number that is not in WEIR_ERR_MAP, which only a user's callback can return. */
bool weir__err_known(weir_err err);

/* For a NULL argument that must not be NULL: "weir_config_set: name is NULL". Returns WEIR_EINVAL.
 */
weir_err weir__error_null(weir_error *error, const char *function, const char *argument);

/* Checks a list of name, value, ..., NULL. WEIR_EINVAL names the last name if it has no value.
 * `what` describes the list in the message. A NULL list is empty. */
weir_err weir__error_pairs(weir_error *error, const char *const *pairs, const char *what);

/* Asserts an invariant that no input can break. On failure prints expression and place, then
 * aborts. */
#define weir_assert(condition)                                                                     \
    ((condition) ? (void)0 : weir__assert_failed(#condition, __FILE__, __LINE__, __func__))

_Noreturn void weir__assert_failed(const char *expression, const char *file, int line,
                                   const char *function);

/* Appends a name to a list for an error, "a, b". The name that does not fit any more, and all that
 * follow, are ", ...". `list` ends with '\0'; size: its bytes, at least 6. */
void weir__error_list(char *list, size_t size, const char *name);

#endif
