/* SPDX-License-Identifier: Apache-2.0
 *
 * The layer that writes each change of a store to its changelog topic. */
#ifndef WEIR_STATE_CHANGELOG_H
#define WEIR_STATE_CHANGELOG_H

#include "state/kind.h"

typedef struct weir__changelog_sink {
    weir_err (*log)(void *user, const weir__log_record *record, weir_error *error);
    int64_t (*now_ms)(void *user); /* timestamp of the current record */
    void *user;
} weir__changelog_sink;

/* Sends the changelog record of each put (kind->to_log) to sink->log, after the row was written to
 * `inner` (consumed, also on failure). A kind with logged_at_flush: the next flush does, once for
 * each key that was put. */
weir_err weir__changelog_wrap(weir__kv *inner, const weir__store_kind *kind,
                              const weir__changelog_sink *sink, weir__kv **out, weir_error *error);

#endif
