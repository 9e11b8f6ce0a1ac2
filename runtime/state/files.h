/* SPDX-License-Identifier: Apache-2.0
 *
 * Making and removing directories; replacing small files. */
#ifndef WEIR_STATE_FILES_H
#define WEIR_STATE_FILES_H

#include <weir/weir.h>

/* Makes `path` and its missing parents, for owner and group. WEIR_EIO names the part that could not
 * be made, and the reason; a part that exists must be a directory. */
weir_err weir__make_directories(const char *path, weir_error *error);

/* Removes a directory with its content; never follows symbolic links. A missing directory is not a
 * failure. */
weir_err weir__remove_directory(const char *path, weir_error *error);

/* Writes the file under another name, "<path>.tmp", and renames it, so that a crash leaves no
 * incomplete file. `durable`: on disk before it is renamed. WEIR_EIO leaves errno; WEIR_ENOMEM. */
weir_err weir__replace_file(const char *path, const char *text, bool durable);

bool weir__has_file(const char *directory, const char *name);
/* True if the directory is missing or empty. */
bool weir__is_empty_directory(const char *directory);

#endif
