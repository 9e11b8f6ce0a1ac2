/* SPDX-License-Identifier: Apache-2.0
 *
 * Java's properties files: comments, separators, continuation lines, escapes. */
#ifndef WEIR_CORE_PROPERTIES_H
#define WEIR_CORE_PROPERTIES_H

#include <weir/weir.h>

#define WEIR__PROPERTIES_BYTES_MAX ((size_t)1 << 20)

/* One setting; borrowed for the call. */
typedef struct weir__property {
    int line; /* number of its first line, from 1 */
    const char *name;
    const char *value;
    const char *malformed; /* the error in the line, e.g. in an escape; NULL: it is well-formed */
} weir__property;
typedef weir_err (*weir__property_fn)(const weir__property *property, void *user);

/* Calls fn for each setting in order; a failure of fn ends the read and is returned. WEIR_EIO when
 * the file cannot be read, WEIR_ELIMIT when it is larger than WEIR__PROPERTIES_BYTES_MAX,
 * WEIR_ECONFIG when it is not a text file in UTF-8 (or ASCII). */
weir_err weir__properties_read(const char *path, weir__property_fn fn, void *user,
                               weir_error *error);

#endif
