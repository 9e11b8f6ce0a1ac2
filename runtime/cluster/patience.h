/* SPDX-License-Identifier: Apache-2.0
 *
 * How long failures that may pass are borne: tried again after a pause, until task.timeout.ms have
 * gone by without a success. */
#ifndef WEIR_CLUSTER_PATIENCE_H
#define WEIR_CLUSTER_PATIENCE_H

#include <weir/weir.h>

#define WEIR__PATIENCE_PAUSE_MS 500

/* Zero-initialised: nothing has failed. */
typedef struct weir__patience {
    int64_t since_ms; /* 0: nothing fails */
    int64_t next_ms;  /* not to be tried before; 0: at once */
    weir_error last;  /* the failure that is borne */
} weir__patience;

/* Tells the outcome of an attempt; *error: its failure, if it failed. WEIR_OK: it succeeded, or
 * failed in a way that is still borne. */
static inline weir_err weir__patience_bear(weir__patience *patience, weir_err err,
                                           const weir_error *error, int64_t now_ms,
                                           int64_t limit_ms)
{
    if (err == WEIR_OK) {
        patience->since_ms = patience->next_ms = 0; /* not the text: a kilobyte an iteration */
        return WEIR_OK;
    }
    if (patience->since_ms == 0) {
        patience->since_ms = now_ms;
    }
    patience->last = *error;
    patience->next_ms = now_ms + WEIR__PATIENCE_PAUSE_MS;
    bool borne = weir_err_is_retriable(err) && now_ms - patience->since_ms <= limit_ms;
    return borne ? WEIR_OK : err;
}

#endif
