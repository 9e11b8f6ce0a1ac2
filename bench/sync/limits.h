/* SPDX-License-Identifier: Apache-2.0
 *
 * Bare loops: what is below a word count. */
#ifndef WEIR_BENCH_SYNC_LIMITS_H
#define WEIR_BENCH_SYNC_LIMITS_H

#include "fixtures/text.h"

/* Counts the words of the lines in a hash map; returns the number of words. */
size_t bench_count_in_map(const fixture_text *text, size_t records);
/* The same in RocksDB: for each word one get and one put, without write-ahead log. */
size_t bench_count_in_rocksdb(const fixture_text *text, size_t records);

#endif
