/* SPDX-License-Identifier: Apache-2.0
 *
 * Directories of the drivers. */
#ifndef WEIR_DRIVER_COMMON_FILES_H
#define WEIR_DRIVER_COMMON_FILES_H

#include <weir/weir.h>

#define WEIR__PATH_MAX ((size_t)512)

weir_err weir__folder_make(const char *path, weir_error *error);
weir_err weir__folder_copy(const char *from, const char *to, weir_error *error);
/* The same for a branch: files that never change again are linked, not copied. */
weir_err weir__folder_branch(const char *from, const char *to, weir_error *error);
void weir__folder_remove(const char *path);
/* Makes a new directory, in memory if there is a file system for that. */
weir_err weir__folder_fresh(char *path, size_t size, weir_error *error);

#endif
