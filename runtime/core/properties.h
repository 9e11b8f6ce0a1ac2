/* SPDX-License-Identifier: Apache-2.0
 *
 * Java's properties files: comments, separators, continuation lines, escapes. */
#ifndef WEIR_CORE_PROPERTIES_H
#define WEIR_CORE_PROPERTIES_H

#include <weir/weir.h>

#define WEIR__PROPERTIES_BYTES_MAX ((size_t)1 << 20)

/* One setting; strings are borrowed for the call. */
typedef weir_err (*weir__property_fn)(const char *name, const char *value, void *user,
                                      weir_error *error);

/* Calls fn for each setting in order; its first failure ends the reading and is returned, with
 * "path:line: " in front of the message. WEIR_EIO when unreadable, WEIR_ELIMIT when larger than
 * WEIR__PROPERTIES_BYTES_MAX, WEIR_ECONFIG for a malformed escape or a NUL byte. */
weir_err weir__properties_read(const char *path, weir__property_fn fn, void *user,
                               weir_error *error);

#endif
