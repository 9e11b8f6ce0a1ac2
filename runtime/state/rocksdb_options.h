/* SPDX-License-Identifier: Apache-2.0
 *
 * The options of a RocksDB store. */
#ifndef WEIR_STATE_ROCKSDB_OPTIONS_H
#define WEIR_STATE_ROCKSDB_OPTIONS_H

#include <rocksdb/c.h>

#include "state/store.h"

/* The caller destroys them. */
rocksdb_options_t *weir__rocksdb_options(const weir__rocksdb_opts *opts);

#endif
