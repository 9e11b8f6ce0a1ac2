/* SPDX-License-Identifier: Apache-2.0
 *
 * Hopping (and tumbling) windows, and unlimited ones: the windows of a record, from the lowest
 * start. Whether the record is late is decided for each window. */
#include "core/saturate.h"
#include "operators/windowed.h"

static weir_err add(weir_ctx *ctx, weir__windowed *w, const weir_record *in, weir_windowed window,
                    int64_t close_ms)
{
    if (window.end_ms <= close_ms) {
        weir__window_late(ctx, w, window);
        return WEIR_OK;
    }
    return weir__window_add(ctx, w, in, window);
}

weir_err weir__hopping_windows(weir_ctx *ctx, weir__windowed *w, const weir_record *in,
                               int64_t close_ms)
{
    const weir_windows *windows = &w->op->windows->time;
    int64_t at_ms = in->timestamp_ms;
    /* The first start after at_ms - size_ms. */
    int64_t after_ms = at_ms - windows->size_ms;
    int64_t start_ms =
        after_ms >= 0 ? after_ms - after_ms % windows->advance_ms + windows->advance_ms : 0;
    weir_err err = WEIR_OK;
    while (err == WEIR_OK && start_ms <= at_ms) {
        weir_windowed window = {in->key, start_ms, weir__add_sat(start_ms, windows->size_ms)};
        err = add(ctx, w, in, window, close_ms);
        if (start_ms > INT64_MAX - windows->advance_ms) {
            break;
        }
        start_ms += windows->advance_ms;
    }
    return err;
}

weir_err weir__unlimited_window(weir_ctx *ctx, weir__windowed *w, const weir_record *in,
                                int64_t close_ms)
{
    (void)close_ms; /* it never closes */
    int64_t start_ms = w->op->windows->time.start_ms;
    if (in->timestamp_ms < start_ms) {
        return WEIR_OK;
    }
    return weir__window_add(ctx, w, in, (weir_windowed){in->key, start_ms, INT64_MAX});
}
