/* SPDX-License-Identifier: Apache-2.0
 *
 * Making and removing directories. */
#ifndef WEIR_STATE_FILES_H
#define WEIR_STATE_FILES_H

#include <weir/weir.h>

/* Makes `path` and what is missing above it, for owner and group. WEIR_EIO says which part could
 * not be made and why; something that is there must be a directory. */
weir_err weir__make_directories(const char *path, weir_error *error);

/* Removes a directory and all in it; never follows symbolic links. One that is missing is no
 * failure. */
weir_err weir__remove_directory(const char *path, weir_error *error);

bool weir__has_file(const char *directory, const char *name);
/* True when there is no such directory, or nothing in it. */
bool weir__is_empty_directory(const char *directory);

#endif
