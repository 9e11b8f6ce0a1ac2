/* SPDX-License-Identifier: Apache-2.0
 *
 * When the folder of a task was last in use, kept in a file in it: the time of the folder itself
 * changes when it is copied, and belongs to another clock than the runtime's. */
#ifndef WEIR_STATE_LAST_USED_H
#define WEIR_STATE_LAST_USED_H

#include <stdint.h>

#include <weir/weir.h>

/* Replaces the file in one step. Best effort: without it the age of the folder is not known. */
void weir__last_used_write(const char *folder, int64_t now_ms);
/* False: there is none, or it is damaged. */
bool weir__last_used_read(const char *folder, int64_t *out);

#endif
