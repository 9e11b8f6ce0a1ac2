/* SPDX-License-Identifier: Apache-2.0
 *
 * Between the files of segments.h. */
#ifndef WEIR_STATE_SEGMENTS_PARTS_H
#define WEIR_STATE_SEGMENTS_PARTS_H

#include "state/segments.h"

/* The rows of a scan, in order of time, then of their changelog records' keys. It copies the rows
 * and consumes `from`, also on failure. */
weir_err weir__segments_sort(weir__kv_iter *from, size_t suffix, bool reverse, weir__kv_iter **out,
                             weir_error *error);

#endif
