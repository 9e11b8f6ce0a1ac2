/* SPDX-License-Identifier: Apache-2.0
 *
 * Processors without stores. */
#include <stdlib.h>
#include <string.h>

#include "processors.h"

weir_err weir__forward_value(weir_ctx *ctx, const weir_record *in, datum value)
{
    weir_record out = *in;
    if (value.kind == DATUM_FAILED) {
        return WEIR_ENOMEM;
    }
    out.value = weir__datum_pointer(&value);
    out.headers = weir_headers_copy(ctx, in->headers);
    return weir_forward(ctx, &out);
}

static weir_err forward_pair(weir_ctx *ctx, const char *key, int64_t number, int64_t timestamp_ms)
{
    datum key_text = weir__datum_text(key);
    weir_slice digits = weir__datum_show(ctx, datum_i64(number));
    return weir_forward(ctx, &(weir_record){&key_text.bytes, &digits, timestamp_ms, NULL});
}

/* ---- Without stores ----------------------------------------------------------------------- */

static weir_err p_uppercase(weir_ctx *ctx, const weir_record *in, weir__processor_state *state)
{
    return weir__forward_value(ctx, in, weir__upper(ctx, weir__state_value(state, in)));
}

static weir_err p_fail_on_x(weir_ctx *ctx, const weir_record *in, weir__processor_state *state)
{
    datum value = weir__state_value(state, in);
    if (!is_null(value) && weir_slice_equal(value.bytes, weir_slice_of("x"))) {
        return weir_fail(ctx, WEIR_EUSER, "the value is x");
    }
    return weir_forward(ctx, in);
}

static weir_err p_set_timestamp(weir_ctx *ctx, const weir_record *in, weir__processor_state *state)
{
    weir_record out = *in;
    if (__builtin_add_overflow(in->timestamp_ms, state->use->add_ms, &out.timestamp_ms)) {
        return weir_fail(ctx, WEIR_EINVAL, "add_ms: the timestamp leaves the range of int64");
    }
    if (out.timestamp_ms < 0) {
        out.timestamp_ms = 0;
    }
    out.headers = weir_headers_copy(ctx, in->headers);
    return weir_forward(ctx, &out);
}

static weir_err p_clock_reader(weir_ctx *ctx, const weir_record *in, weir__processor_state *state)
{
    (void)state;
    weir_slice stream = weir__datum_show(ctx, datum_i64(weir_ctx_stream_time_ms(ctx)));
    weir_slice wall = weir__datum_show(ctx, datum_i64(weir_ctx_wall_clock_ms(ctx)));
    return weir__forward_value(ctx, in, weir__datum_join(ctx, stream, "/", wall));
}

static weir_err p_tag_headers(weir_ctx *ctx, const weir_record *in, weir__processor_state *state)
{
    weir_slice from = weir_slice_of(weir_ctx_metadata(ctx).topic);
    weir_slice seen = weir__datum_show(ctx, datum_i64(++state->count));
    weir_headers_remove(in->headers, "drop");
    weir_err err = weir_headers_add(in->headers, "seen", seen);
    err = err == WEIR_OK ? weir_headers_add(in->headers, "from", from) : err;
    return err == WEIR_OK ? weir_forward(ctx, in) : err;
}

static weir_err p_route_by_value(weir_ctx *ctx, const weir_record *in, weir__processor_state *state)
{
    datum value = weir__state_value(state, in);
    if (is_null(value)) {
        return weir_forward(ctx, in);
    }
    bool first = value.bytes.len > 0 && bytes_of(value)[0] == 'a';
    return weir_forward_to(ctx, in, state->use->texts[first ? 0 : 1]);
}

static void forget(weir__kept *kept)
{
    free((void *)(uintptr_t)kept->key.bytes.data);
    free((void *)(uintptr_t)kept->value.bytes.data);
    *kept = (weir__kept){datum_null(), datum_null()};
}

/* Gives the datum bytes of its own. */
static datum own(datum from)
{
    if (from.bytes.data == NULL) {
        return from;
    }
    char *bytes = malloc(from.bytes.len + 1);
    if (bytes == NULL) {
        return datum_failed();
    }
    memcpy(bytes, from.bytes.data, from.bytes.len);
    from.bytes.data = bytes;
    return from;
}

static weir_err p_drop_then_emit_two(weir_ctx *ctx, const weir_record *in,
                                     weir__processor_state *state)
{
    weir__kept *kept = &state->kept;
    if (++state->count % 2 == 1) {
        forget(kept);
        kept->key = own(weir__state_key(state, in));
        kept->value = own(weir__state_value(state, in));
        bool failed = kept->key.kind == DATUM_FAILED || kept->value.kind == DATUM_FAILED;
        return failed ? WEIR_ENOMEM : WEIR_OK;
    }
    weir_record first = *in;
    first.key = weir__datum_pointer(&kept->key);
    first.value = weir__datum_pointer(&kept->value);
    first.headers = weir_headers_copy(ctx, in->headers);
    weir_err err = weir_forward(ctx, &first);
    return err == WEIR_OK ? weir_forward(ctx, in) : err;
}

/* ---- Punctuations ------------------------------------------------------------------------- */

static weir_err p_forward(weir_ctx *ctx, const weir_record *in, weir__processor_state *state)
{
    (void)state;
    return weir_forward(ctx, in);
}

static weir_err fire_cancel_after(weir_ctx *ctx, int64_t now_ms, void *user)
{
    weir__processor_state *state = user;
    weir_err err = forward_pair(ctx, "tick", ++state->count, now_ms);
    if (state->count == 3) {
        weir_punctuator_cancel(state->active);
    }
    return err;
}

static weir_err open_cancel_after(weir_ctx *ctx, weir__processor_state *state)
{
    return weir_schedule(ctx, state->use->clock, state->use->interval_ms, fire_cancel_after,
                         &state->active);
}

static weir_err fire_tick(weir_ctx *ctx, int64_t now_ms, void *user)
{
    weir__processor_state *state = user;
    return forward_pair(ctx, "tick", ++state->count, now_ms);
}

static weir_err open_anchored_tick(weir_ctx *ctx, weir__processor_state *state)
{
    return weir_schedule_from(ctx, state->use->clock, state->use->start_ms, state->use->interval_ms,
                              fire_tick, NULL);
}

static weir_err fire_alarm(weir_ctx *ctx, int64_t now_ms, void *user)
{
    weir__processor_state *state = user;
    return forward_pair(ctx, "alarm", ++state->count, now_ms);
}

static weir_err p_alarm(weir_ctx *ctx, const weir_record *in, weir__processor_state *state)
{
    datum value = weir__state_value(state, in);
    if (is_null(value)) {
        return WEIR_OK;
    }
    if (weir_slice_equal(value.bytes, weir_slice_of("go")) && state->active.number == 0) {
        return weir_schedule(ctx, state->use->clock, state->use->interval_ms, fire_alarm,
                             &state->active);
    }
    if (weir_slice_equal(value.bytes, weir_slice_of("stop")) && state->active.number != 0) {
        weir_punctuator_cancel(state->active);
        state->active = (weir_punctuator){0};
    }
    return WEIR_OK;
}

/* ---- Names -------------------------------------------------------------------------------- */

static const weir__processor processors[] = {
    {"cancel_after",
     open_cancel_after,
     p_forward,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_ANY,
     TYPE_ANY,
     {NULL}},
    {"anchored_tick",
     open_anchored_tick,
     p_forward,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_ANY,
     TYPE_ANY,
     {NULL}},
    {"alarm", NULL, p_alarm, TYPE_STRING, TYPE_STRING, TYPE_STRING, TYPE_ANY, TYPE_ANY, {NULL}},
    {"route_by_value",
     NULL,
     p_route_by_value,
     TYPE_ANY,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_ANY,
     TYPE_ANY,
     {"first", "second"}},
    {"tag_headers",
     NULL,
     p_tag_headers,
     TYPE_ANY,
     TYPE_ANY,
     TYPE_VALUE,
     TYPE_ANY,
     TYPE_ANY,
     {NULL}},
    {"set_timestamp",
     NULL,
     p_set_timestamp,
     TYPE_ANY,
     TYPE_ANY,
     TYPE_VALUE,
     TYPE_ANY,
     TYPE_ANY,
     {NULL}},
    {"drop_then_emit_two",
     NULL,
     p_drop_then_emit_two,
     TYPE_ANY,
     TYPE_ANY,
     TYPE_VALUE,
     TYPE_ANY,
     TYPE_ANY,
     {NULL}},
    {"clock_reader",
     NULL,
     p_clock_reader,
     TYPE_ANY,
     TYPE_ANY,
     TYPE_STRING,
     TYPE_ANY,
     TYPE_ANY,
     {NULL}},
    {"fail_on_x",
     NULL,
     p_fail_on_x,
     TYPE_ANY,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_ANY,
     TYPE_ANY,
     {NULL}},
    {"uppercase",
     NULL,
     p_uppercase,
     TYPE_ANY,
     TYPE_STRING,
     TYPE_STRING,
     TYPE_ANY,
     TYPE_ANY,
     {NULL}},
};

const weir__processor *weir__processor_named(const char *name)
{
    const weir__processor *found = WEIR__NAMED(processors, name);
    found = found != NULL ? found : weir__store_processor_named(name);
    found = found != NULL ? found : weir__window_processor_named(name);
    return found != NULL ? found : weir__versioned_processor_named(name);
}

/* ---- Life --------------------------------------------------------------------------------- */

static weir_err open_use(weir_ctx *ctx, void *user, void **out)
{
    const weir__processor_use *use = user;
    weir__processor_state *state = calloc(1, sizeof *state);
    if (state == NULL) {
        return WEIR_ENOMEM;
    }
    state->use = use;
    *out = state;
    return use->processor->open != NULL ? use->processor->open(ctx, state) : WEIR_OK;
}

static weir_err process_use(weir_ctx *ctx, const weir_record *in, void *state)
{
    weir__processor_state *of = state;
    return of->use->processor->process(ctx, in, of);
}

static void close_use(void *state)
{
    weir__processor_state *of = state;
    if (of != NULL) {
        forget(&of->kept);
        free(of);
    }
}

const weir_processor_ops weir__plan_processor_ops = {"plan", open_use, process_use, close_use};
