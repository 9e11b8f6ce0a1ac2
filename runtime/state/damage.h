/* SPDX-License-Identifier: Apache-2.0
 *
 * Error codes from RocksDB's messages: its C API reports an error only as text. */
#ifndef WEIR_STATE_DAMAGE_H
#define WEIR_STATE_DAMAGE_H

#include <weir/weir.h>

/* True if `name` is one of `names`. */
bool weir__has_name(const char *const *names, size_t count, const char *name);

/* WEIR_ECORRUPT: files are damaged or missing. WEIR_ELOCKED: another owner has the database open.
 */
weir_err weir__rocksdb_code(const char *text);

#endif
