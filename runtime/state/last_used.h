/* SPDX-License-Identifier: Apache-2.0
 *
 * The time of last use of a task's folder, kept in a file in it. The folder's own modification time
 * changes when it is copied, and is of another clock than the runtime's. */
#ifndef WEIR_STATE_LAST_USED_H
#define WEIR_STATE_LAST_USED_H

#include <stdint.h>

#include <weir/weir.h>

/* Replaces the file in one step. One writer at a time. Best effort: without the file the age of the
 * folder is unknown. */
void weir__last_used_write(const char *folder, int64_t now_ms);
/* False: the file is missing or damaged. */
bool weir__last_used_read(const char *folder, int64_t *out);

#endif
