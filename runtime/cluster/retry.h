/* SPDX-License-Identifier: Apache-2.0
 *
 * How long a temporary failure is retried: after a pause each time, until task.timeout.ms have
 * passed without a success (KIP-572). */
#ifndef WEIR_CLUSTER_RETRY_H
#define WEIR_CLUSTER_RETRY_H

#include <weir/weir.h>

#include "core/saturate.h"

#define WEIR__RETRY_PAUSE_MS 500

/* Zero-initialised: nothing has failed. */
typedef struct weir__retry {
    int64_t since_ms; /* 0: nothing fails */
    int64_t next_ms;  /* the time of the next attempt; 0: at once */
    weir_error last;  /* the failure that is retried */
} weir__retry;

/* Notes the outcome of an attempt; *error: its failure, if it failed. WEIR_OK: it succeeded, or its
 * failure is to be retried. */
static inline weir_err weir__retry_note(weir__retry *retry, weir_err err, const weir_error *error,
                                        int64_t now_ms, int64_t limit_ms)
{
    if (err == WEIR_OK) {
        retry->since_ms = retry->next_ms = 0; /* not the text: a kilobyte an iteration */
        return WEIR_OK;
    }
    if (retry->since_ms == 0) {
        retry->since_ms = now_ms;
    }
    retry->last = *error;
    retry->next_ms = weir__add_sat(now_ms, WEIR__RETRY_PAUSE_MS);
    bool is_retried =
        weir_err_is_retriable(err) && weir__sub_sat(now_ms, retry->since_ms) <= limit_ms;
    return is_retried ? WEIR_OK : err;
}

#endif
