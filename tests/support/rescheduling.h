/* SPDX-License-Identifier: Apache-2.0
 *
 * A processor whose punctuators schedule each other without end. */
#ifndef WEIR_TESTS_SUPPORT_RESCHEDULING_H
#define WEIR_TESTS_SUPPORT_RESCHEDULING_H

#include <weir/processor.h>

/* Due at once by stream time; ends itself. */
static inline weir_err schedule_again(weir_ctx *ctx, int64_t now_ms, void *state)
{
    weir_punctuator *own = state;
    (void)now_ms;
    weir_punctuator_cancel(*own);
    return weir_schedule(ctx, WEIR_STREAM_TIME, 10, schedule_again, own);
}

static inline weir_err schedule_first(weir_ctx *ctx, void *user, void **state)
{
    static weir_punctuator own;
    (void)user;
    *state = &own;
    return weir_schedule(ctx, WEIR_STREAM_TIME, 10, schedule_again, &own);
}

#endif
